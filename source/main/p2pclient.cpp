// p2pclient: options, one io_context, a session with its console. Nothing else.

#include "main/options.hpp"
#include "net/listener.hpp"
#include "net/logging.hpp"
#include "net/process.hpp"
#include "net/signals.hpp"
#include "peer/console.hpp"
#include "peer/session.hpp"
#include "storage/chunk_folder.hpp"
#include "storage/split_join.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cctype>
#include <unistd.h>

namespace {

using p2p::exit_code;

struct client_command {
    p2p::peer_options peer;
    std::string log_level = "info";
    std::string file;
    std::string folder;
    p2p::byte_count chunk_size = p2p::byte_count{1} << 20U;
};

int say(exit_code code, std::string_view message) {
    fmt::print(stderr, "p2pclient: {}\n", message);
    return static_cast<int>(code);
}

// The original command line: "-transfer_port 6001" means "--transfer-port 6001".
std::string modern(std::string word) {
    const bool original =
        word.size() > 2 && word[0] == '-' && std::isalpha(static_cast<unsigned char>(word[1])) != 0;
    if (original) word.insert(0, "-");
    const auto end_of_name = std::find(word.begin(), word.end(), '=');
    if (word.starts_with("--")) std::replace(word.begin(), end_of_name, '_', '-');
    return word;
}

std::string host_name() {
    std::string name(p2p::max_name_length, '\0');
    if (::gethostname(name.data(), name.size() - 1) != 0) return "peer";
    name.resize(name.find('\0'));
    return p2p::is_name(name) ? name : "peer";
}

CLI::Validator must_be_name() {
    const auto why_not = [](const std::string& text) -> std::string {
        const bool utf8 = p2p::printable(text, text.size()) == text;
        if (utf8 && p2p::is_name(text)) return {};
        return fmt::format("must be 1 to {} bytes of UTF-8 without control characters", p2p::max_name_length);
    };
    return {why_not, ""};
}

CLI::Validator must_be_host() {
    const auto why_not = [](const std::string& text) -> std::string {
        return p2p::is_host(text) ? "" : "must be a host name or address";
    };
    return {why_not, ""};
}

void add_peer_options(CLI::App& app, client_command& command) {
    p2p::peer_options& peer = command.peer;
    app.add_option("--folder", peer.folder, "Chunk folder: its local_chunks.txt says which chunks are there")
        ->type_name("PATH");
    app.add_option("--transfer-port", peer.listen.port, "Port that other peers fetch from; 0 is any free one")
        ->type_name("PORT")
        ->capture_default_str();
    peer.name = host_name();
    app.add_option("--name", peer.name,
                   "What this peer is called in logs and lists; by default, as this machine")
        ->check(must_be_name());
    p2p::add_endpoint(app, "--tracker", peer.tracker, "The tracker");
    app.add_option("--fileset", peer.fileset, "Which file-set this folder belongs to")
        ->check(must_be_name())
        ->capture_default_str();
    app.add_option("--advertise", peer.advertise,
                   "Host that others should connect to, where it is not the one that the "
                   "tracker sees")
        ->type_name("HOST")
        ->check(must_be_host());
    app.add_option("--listen", peer.listen.host, "Address to listen on")
        ->type_name("HOST")
        ->capture_default_str();
    app.add_option("--log-level", command.log_level, "trace, debug, info, warn, error or off")
        ->capture_default_str();

    auto* once = app.add_flag("--once", peer.once, "One-shot: exit as soon as every chunk is there")
                     ->group("One-shot");
    p2p::add_duration(app, "--seed-for", peer.seed_for, "Serve for so long after that (30s, 5min)")
        ->needs(once)
        ->group("One-shot");
    p2p::add_duration(app, "--give-up-after", peer.give_up_after, "Exit when nothing has arrived for so long")
        ->needs(once)
        ->group("One-shot");

    p2p::add_rate(app, "--limit-up", peer.limit_up, "Send at most so much (20Mbit, 2MiB/s)")->group("Limits");
    p2p::add_rate(app, "--limit-down", peer.limit_down, "Receive at most so much")->group("Limits");
    p2p::add_count(app, "--upload-slots", peer.uploads.slots, 1, 1000, "Peers that are served at a time")
        ->group("Limits");
    p2p::add_count(app, "--open-requests", peer.scheduling.open_total, 1, 10000,
                   "Requests open at all peers together")
        ->group("Limits");
    p2p::add_count(app, "--open-per-peer", peer.scheduling.open_per_peer, 1, 1000,
                   "Requests open at one peer, fewer where many are connected")
        ->group("Limits");
    p2p::add_count(app, "--copies-at-end", peer.scheduling.copies_at_end, 1, 10,
                   "Most peers that a late chunk is asked of")
        ->group("Limits");
    p2p::add_count(app, "--wrong-chunks", peer.scheduling.wrong_limit, 1, 1000,
                   "Wrong chunks after which a peer is dropped")
        ->group("Limits");
    p2p::add_duration(app, "--stall-after", peer.scheduling.stall_after,
                      "A peer that delivers nothing for so long is taken over by others")
        ->default_str("10s")
        ->group("Limits");
    p2p::add_count(app, "--connections", peer.most_connections, 1, 10000,
                   "Connections that this peer opens to others, at most")
        ->group("Limits");
}

int split(const client_command& command) {
    const auto chunks = p2p::split_file(command.file, command.folder, command.chunk_size);
    if (!chunks) return say(exit_code::storage, chunks.error());
    fmt::print("{}: {} chunks of {}\n", command.folder, *chunks, p2p::show_size(command.chunk_size));
    return 0;
}

int join(const client_command& command) {
    const auto size = p2p::join_chunks(command.folder, command.file);
    if (!size) return say(exit_code::storage, size.error());
    fmt::print("{}: {}\n", command.file, p2p::show_size(*size));
    return 0;
}

// Runs the session to its end, and what belongs to it (console, signals) no longer than that.
p2p::awaitable<exit_code> run_session(p2p::session& session, bool interactive) {
    const auto executor = co_await asio::this_coro::executor;
    p2p::stop_signals signals(executor, [&session] { session.stop(); });
    p2p::task_group beside(executor);
    std::unique_ptr<p2p::console> console;
    if (interactive) {
        p2p::console_actions actions;
        actions.status = [&session] { return session.status(); };
        actions.quit = [&session] { session.stop(); };
        console = std::make_unique<p2p::console>(executor, std::move(actions));
        console->take_log();
        beside.spawn(console->read_commands());
        beside.spawn(console->show_status());
    }
    std::exception_ptr failure;
    exit_code code = exit_code::ok;
    try {
        code = co_await session.run();
    } catch (...) {
        failure = std::current_exception();
    }
    beside.cancel();
    co_await beside.join();
    if (failure) std::rethrow_exception(failure);
    co_return code;
}

// Often it is not the network: a chunk of which there is only one copy is never handed out.
std::string why_missing(const p2p::session& session) {
    const p2p::chunk_set open = session.not_agreed();
    return open.empty()
               ? ""
               : fmt::format("; too few peers have announced the same of chunks {}", open.to_ranges());
}

int serve(const client_command& command) {
    auto folder = p2p::chunk_folder::open(command.peer.folder);
    if (!folder) return say(exit_code::storage, folder.error());

    asio::io_context io;
    asio::thread_pool pool;
    std::exception_ptr failure;
    exit_code code = exit_code::ok;
    p2p::session session(io.get_executor(), pool, std::move(*folder), command.peer);
    const bool interactive = !command.peer.once && p2p::console::has_input();
    asio::co_spawn(io, run_session(session, interactive), [&](std::exception_ptr error, exit_code result) {
        failure = error;
        code = result;
    });
    io.run();
    pool.join();
    if (failure) std::rethrow_exception(failure);
    if (code == exit_code::incomplete)
        return say(code, fmt::format("{}: chunks {} are still missing{}", command.peer.folder.native(),
                                     session.missing().to_ranges(), why_missing(session)));
    if (code == exit_code::disputed)
        return say(code, fmt::format("{}: complete, but chunks {} differ from what other peers agreed on",
                                     command.peer.folder.native(), session.status().disputed.to_ranges()));
    return static_cast<int>(code);
}

}  // namespace

int main(int argc, char** argv) {
    client_command command;
    CLI::App app{
        "A peer: announces the chunks of a folder, fetches the missing ones from other peers, serves them "
        "on.",
        "p2pclient"};
    app.require_subcommand(0, 1);
    add_peer_options(app, command);
    app.footer(
        "Exit codes: 0 complete or stopped as asked, 1 unexpected failure, 2 usage, 3 folder or disk, 4 "
        "network,\n"
        "5 stopped before complete, 6 complete but chunks differ from what others agreed on.");

    CLI::App* split_command = app.add_subcommand("split", "Makes a chunk folder out of a file");
    split_command->add_option("FILE", command.file, "The file")->required();
    split_command->add_option("--into", command.folder, "The folder, made where it is not there")
        ->type_name("DIR")
        ->required();
    p2p::add_size(*split_command, "--chunk-size", command.chunk_size, "Size of each chunk but the last")
        ->default_str("1MiB");
    CLI::App* join_command = app.add_subcommand("join", "Puts the chunks of a folder together again");
    join_command->add_option("DIR", command.folder, "The chunk folder")->required();
    join_command->add_option("OUTFILE", command.file, "The file to write")->required();

    std::vector<std::string> words;
    for (int i = argc - 1; i > 0; --i) words.push_back(modern(argv[i]));  // CLI11 wants them last one first
    try {
        app.parse(words);
        p2p::start_logging(command.log_level);
        if (split_command->parsed()) return split(command);
        if (join_command->parsed()) return join(command);
        if (command.peer.folder.empty())
            return say(exit_code::usage, "--folder is missing (see p2pclient --help)");
        p2p::prepare_process();
        return serve(command);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : static_cast<int>(exit_code::usage);
    } catch (const std::invalid_argument& error) {
        return say(exit_code::usage, error.what());
    } catch (const p2p::session_failure& failure) {
        return say(failure.code, failure.what());
    } catch (const p2p::network_failure& failure) {
        return say(exit_code::network, failure.what());
    } catch (const std::exception& failure) {
        return say(exit_code::failure, failure.what());
    }
}
