// p2ptracker: options, one io_context, the server. Nothing else.

#include "main/options.hpp"
#include "main/program.hpp"
#include "main/security_options.hpp"
#include "main/visitor_limits.hpp"
#include "main/web_settings.hpp"
#include "net/logging.hpp"
#include "net/process.hpp"
#include "net/service_manager.hpp"
#include "net/signals.hpp"
#include "net/standard_streams.hpp"
#include "net/worker_pool.hpp"
#include "storage/files.hpp"
#include "storage/key_file.hpp"
#include "tracker/server.hpp"
#include "tracker/sqlite_state.hpp"
#include "tracker/tracker_site.hpp"
#include "web/server.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <random>
#include <span>
#include <string>
#include <system_error>
#include <unistd.h>

namespace {

enum exit_codes { ok = 0, failure = 1, usage = 2, storage = 3, network = 4 };

void add_limits(CLI::App& app, p2p::tracker_options& options) {
    const auto count = [&app](const std::string& name, auto& value, int least, int most,
                              const std::string& help) {
        p2p::add_count(app, name, value, least, most, help)->group("Limits");
    };
    p2p::add_visitor_limits(app, {.connections = options.connections,
                                  .hello = options.hello_limit,
                                  .silence = options.silence_limit,
                                  .line = options.messages.line,
                                  .buffered = options.buffers.buffered});
    count("--max-json-depth", options.messages.depth, p2p::least_depth_limit, 1000,
          "Levels of nesting in a line");
    count("--max-name", options.messages.name, 1, p2p::max_name_length,
          "Length of the name of a peer or a file-set, in bytes");
    p2p::add_size(app, "--max-buffered-in-all", options.buffers.in_all, p2p::max_line_length,
                  p2p::byte_count{1} << 40U,
                  "What was not sent, or not read to the end of a line, on all connections")
        ->group("Limits");
    count("--max-sets-per-peer", options.sets.sets_per_peer, 1, p2p::any_number,
          "File-sets that one peer is a member of, of each kind");
    count("--max-sets", options.sets.sets, 1, p2p::any_number, "File-sets of each kind");
    count(
        "--max-chunks-per-peer", options.sets.chunks_per_peer, 1, p2p::any_number,
        "Chunks of chunk folders that one peer announces before they are agreed, 128 bytes each; 512 chunks "
        "of a published set count as one");
    count("--max-chunks", options.sets.chunks, 1, p2p::any_number, "Such chunks of all peers, of each kind");
    count("--announce-rate", options.announce_rate, 1, p2p::any_number,
          "Chunks that one peer announces or asks for, in a second");
}

int say(int code, const std::string& message) {
    p2p::write_message(fmt::format("p2ptracker: {}\n", message));
    return code;
}

// Into the log, as what happened before.
int explain(const std::exception_ptr& error) {
    spdlog::error("{}", p2p::message_of(error));
    try {
        std::rethrow_exception(error);
    } catch (const p2p::state_failure&) {
        return storage;
    } catch (...) {
        return failure;
    }
}

int run_tracker(p2p::tracker_options options, const std::filesystem::path& state,
                const p2p::security_options& files, const p2p::web_settings& web) {
    const auto secured = p2p::open_security(files);
    options.secured = secured;
    asio::io_context io;
    p2p::worker_pool disk(1);
    if (!state.empty()) options.state = p2p::open_sqlite_state(state, disk);
    p2p::task_group tasks(io.get_executor());
    p2p::tracker_server server(io.get_executor(), options);
    p2p::tracker_site site(server, P2P_VERSION);
    const auto pages = p2p::open_pages(io.get_executor(), web, site);
    if (pages) tasks.spawn(pages->run());
    int code = ok;
    tasks.spawn(server.run());
    const auto stop = [&tasks] {
        spdlog::info("tracker stops");
        p2p::tell_service_manager("STOPPING=1");
        tasks.cancel();
    };
    const auto hangup = p2p::catch_hangup(io.get_executor(), files, secured, stop);
    const p2p::caught_signals signals(io.get_executor(), p2p::stop_signals, stop);
    p2p::warn_if_open(options.listen.host, options.secured.get());
    spdlog::info("tracker listens on {}", p2p::endpoint{options.listen.host, server.port()}.to_string());
    auto wait = [&]() -> p2p::awaitable<void> { co_await tasks.join(); };
    asio::co_spawn(io, wait, [&](std::exception_ptr error) {
        if (error) code = explain(error);
        io.stop();
    });
    io.run();
    return code;
}

// Into a file it goes so that nobody else can read it: others would not be taken for a key file.
int print_new_secret() {
    p2p::make_private(STDOUT_FILENO);
    const std::string line = p2p::new_swarm_key().to_hex() + "\n";
    const int error = p2p::write_all(STDOUT_FILENO, std::as_bytes(std::span{line}));
    if (error == 0) return ok;
    const std::string why = std::generic_category().message(error);
    return say(failure, "--new-secret cannot write the key to standard output: " + why);
}

}  // namespace

int main(int argc, char** argv) {
    p2p::prepare_process();
    p2p::tracker_options options;
    std::string log_level = "info";
    std::string one_vote_per = "peer";
    p2p::security_options security;
    p2p::web_settings web;
    std::filesystem::path state;
    bool new_secret = false;

    CLI::App app{"Keeps track of which peer has which chunk, and decides which chunk hashes are trusted.",
                 "p2ptracker"};
    p2p::add_listen_endpoint(app, "--listen", options.listen,
                             "Address and port to listen on; port 0 is any free one");
    p2p::add_count(app, "--quorum", options.agreement.quorum, 1, 1000,
                   "Voters that must agree on a chunk's hash");
    app.add_option("--one-vote-per", one_vote_per,
                   "What counts as one voter: each peer, or all peers of a host")
        ->check(CLI::IsMember({"peer", "host"}).description(""))
        ->type_name("peer|host")
        ->capture_default_str();
    p2p::add_count(
        app, "--reports-to-ban", options.reports.reports_to_ban, 1, 1000,
        "Hosts, and a third of a file-set's, that must report wrong bytes before a peer is put out");
    app.add_flag("--allow-advertise", options.allow_advertise,
                 "Let peers say at which host others reach them (--advertise): for networks you trust");
    app.add_option("--state", state,
                   "Remember what is agreed and published in this file, which is made where it is not there; "
                   "otherwise it is gone when the tracker stops")
        ->type_name("FILE");
    p2p::add_duration(
        app, "--forget-after", options.forget_after,
        "A file-set that nobody has any more is remembered for so long: what is agreed about a chunk folder, "
        "what is published")
        ->default_str("168h");
    add_limits(app, options);
    p2p::add_security(app, security);
    app.add_flag(
           "--new-secret", new_secret,
           "Print a new key for --secret-file, and do nothing else (p2ptracker --new-secret > swarm.key)")
        ->group("Security");
    p2p::add_web(app, web);
    app.add_option("--log-level", log_level, "trace, debug, info, warn, error or off")->capture_default_str();
    app.footer(
        "Options may also come from a file (--config) and from the environment (P2PTRACKER_QUORUM=1); "
        "what the\n"
        "command line says goes first, then the file.\n\n"
        "Exit codes: 0 stopped as asked, 1 unexpected failure, 2 usage, 3 the state file, 4 cannot listen.");

    p2p::add_standard_options(app);
    p2p::add_configuration(app);

    try {
        app.parse(argc, argv);
        p2p::start_logging(log_level);
    } catch (const CLI::ParseError& error) {
        return p2p::code_with_results(p2p::explain(app, error) ? ok : usage);
    } catch (const std::invalid_argument& error) {
        return say(usage, error.what());
    }

    options.agreement.one_vote = one_vote_per == "host" ? p2p::vote_per::host : p2p::vote_per::peer;
    options.seed = std::random_device{}();
    try {
        if (new_secret) return print_new_secret();
        return run_tracker(options, state, security, web);
    } catch (const p2p::state_failure& error) {
        return say(storage, error.what());
    } catch (const p2p::security_failure& error) {
        return say(usage, error.what());
    } catch (const std::exception& error) {
        return say(network, error.what());
    }
}
