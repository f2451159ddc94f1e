// p2pclient: its options, and which command they ask for. The commands are in client/.

#include "core/base/rate_limit.hpp"
#include "core/base/utf8.hpp"
#include "core/chunks/chunking.hpp"
#include "core/set/manifest.hpp"
#include "main/client/command.hpp"
#include "main/options.hpp"
#include "main/program.hpp"
#include "main/security_options.hpp"
#include "main/visitor_limits.hpp"
#include "net/listener.hpp"
#include "net/logging.hpp"
#include "net/process.hpp"
#include "protocol/control_text.hpp"
#include "protocol/messages.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <bit>
#include <cctype>
#include <functional>
#include <sstream>
#include <unistd.h>

namespace {

using p2p::exit_code;
using p2p::client::command;
using p2p::client::say;

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

// --- checks

CLI::Validator must_be_name() {
    const auto why_not = [](const std::string& text) -> std::string {
        if (p2p::is_utf8(text) && p2p::is_name(text)) return {};
        return fmt::format("must be 1 to {} bytes of UTF-8 without control characters", p2p::max_name_length);
    };
    return {why_not, ""};
}

CLI::Validator must_be_set_name() {
    const auto why_not = [](const std::string& text) -> std::string {
        const std::string why = p2p::why_no_set_name(text);
        return why.empty() ? "" : fmt::format("\"{}\" {}", p2p::printable(text), why);
    };
    return {why_not, ""};
}

CLI::Validator must_not_be_empty() {
    return {[](const std::string& text) -> std::string { return text.empty() ? "must not be empty" : ""; },
            ""};
}

CLI::Validator must_be_host() {
    const auto why_not = [](const std::string& text) -> std::string {
        return p2p::is_host(text) ? "" : "must be a host name or address";
    };
    return {why_not, ""};
}

// --- options

void add_place_on_network(CLI::App& app, command& told) {
    app.add_option("--transfer-port", told.peer.listen.port,
                   "Port that other peers fetch from; 0 is any free one")
        ->type_name("PORT")
        ->capture_default_str()
        ->group("Network");
    app.add_option("--advertise", told.peer.advertise,
                   "Host that others should connect to, where it is not the one that the tracker sees (the "
                   "tracker must allow it)")
        ->type_name("HOST")
        ->check(must_be_host())
        ->group("Network");
    app.add_option("--listen", told.listen,
                   "Address to listen on, and to connect to others from; by default every one, or, where all "
                   "trackers are on this machine, 127.0.0.1")
        ->type_name("HOST")
        ->group("Network");
    p2p::add_security(app, told.security);
}

void add_peer_name(CLI::App& app, command& told, const std::string& option) {
    app.add_option(option, told.peer.name,
                   "What this peer is called in logs and lists; by default, as this machine")
        ->check(must_be_name())
        ->type_name("NAME")
        ->group("Network");
}

void add_json(CLI::App& app, command& told) {
    app.add_flag("--json", told.json,
                 "Print a line of JSON for each event (events.schema.json), instead of text")
        ->group("Output");
}

void add_output(CLI::App& app, command& told) {
    add_json(app, told);
    app.add_flag("--quiet,-q", told.quiet, "Print results, warnings and errors only: no progress")
        ->group("Output");
    auto* const level =
        app.add_option("--log-level", told.log_level, "trace, debug, info, warn, error or off")
            ->capture_default_str()
            ->group("Output");
    level->excludes("--quiet");
    app.add_flag("--no-color", told.no_color, "No colours on a terminal (so does the environment's NO_COLOR)")
        ->group("Output");
}

void add_control(CLI::App& app, command& told) {
    app.add_option("--control", told.control, "Answer `p2pclient ctl PATH` at a Unix socket there")
        ->type_name("PATH")
        ->group("Control");
}

void add_console(CLI::App& app, command& told) {
    app.add_flag("--console", told.console,
                 "Read commands from the terminal, or a pipe (status, peers, add, pause; help lists all)")
        ->group("Control");
}

void add_trackers(CLI::App& app, command& told, const std::string& help) {
    p2p::add_endpoints(app, "--tracker", told.trackers, p2p::usual_tracker_port, help)->group("Network");
}

// What others may take of this peer.
void add_limits_of_others(CLI::App& app, command& told) {
    p2p::peer_limits& limits = told.peer.limits;
    p2p::add_visitor_limits(app, {.connections = limits.connections,
                                  .hello = limits.hello,
                                  .silence = limits.silence,
                                  .line = limits.line,
                                  .buffered = limits.buffered});
    p2p::add_count(app, "--max-open-requests", told.session.uploads.queued_per_peer,
                   static_cast<int>(p2p::most_open_per_peer), p2p::any_number,
                   "Requests of one peer that wait for this one")
        ->group("Limits");
}

void add_limits(CLI::App& app, command& told) {
    p2p::session_options& session = told.session;
    p2p::add_rate(app, "--limit-up", told.peer.limit_up, "Send at most so much (20Mbit, 2MiB/s, off)")
        ->group("Limits");
    p2p::add_rate(app, "--limit-down", told.peer.limit_down, "Receive at most so much")->group("Limits");
    p2p::add_count(app, "--upload-slots", session.uploads.slots, 1, 1000, "Peers that are served at a time")
        ->group("Limits");
    p2p::add_count(app, "--open-requests", session.scheduling.open_total, 1, 10000,
                   "Requests open at all peers together")
        ->group("Limits");
    p2p::add_count(app, "--open-per-peer", session.scheduling.open_per_peer, 1, p2p::most_open_per_peer,
                   "Requests open at one peer, fewer where many are connected")
        ->group("Limits");
    p2p::add_count(app, "--copies-at-end", session.scheduling.copies_at_end, 1, 10,
                   "Most peers that a late chunk is asked of")
        ->group("Limits");
    p2p::add_count(app, "--wrong-chunks", session.scheduling.wrong_limit, 1, 1000,
                   "Wrong chunks after which a peer is dropped, where they are more than one in ten")
        ->group("Limits");
    p2p::add_duration(app, "--stall-after", session.scheduling.stall_after,
                      "A peer that delivers nothing for so long is taken over by others")
        ->default_str("10s")
        ->group("Limits");
    p2p::add_count(app, "--connections", session.most_connections, 1, 10000,
                   "Connections that this peer opens to others, at most")
        ->group("Limits");
    add_limits_of_others(app, told);
    p2p::add_size(app, "--max-chunk", told.peer.limits.chunk, 1, p2p::max_set_size,
                  "Of chunk folders: larger chunks are not fetched")
        ->group("Limits");
}

// What every command that serves a published set takes.
void add_serving(CLI::App& app, command& told, const std::string& tracker_help) {
    add_trackers(app, told, tracker_help);
    add_place_on_network(app, told);
    add_peer_name(app, told, "--peer-name");
    add_output(app, told);
    add_console(app, told);
    add_control(app, told);
    p2p::add_web(app, told.web);
    add_limits(app, told);
}

void add_chunk_folder(CLI::App& app, command& told) {
    app.add_option("--folder", told.chunk_folder,
                   "Chunk folder: its local_chunks.txt says which chunks are there")
        ->type_name("PATH");
    add_peer_name(app, told, "--name");
    p2p::add_endpoints(app, "--tracker", told.trackers, p2p::usual_tracker_port,
                       "The tracker (may be repeated: the first that answers is used)")
        ->default_str("127.0.0.1:5100")
        ->group("Network");
    app.add_option("--fileset", told.fileset, "Which file-set this folder belongs to")
        ->check(must_be_name())
        ->capture_default_str();
    add_place_on_network(app, told);
    add_output(app, told);
    add_control(app, told);
    p2p::add_web(app, told.web);

    p2p::session_options& session = told.session;
    auto* once = app.add_flag("--once", session.once, "One-shot: exit as soon as every chunk is there")
                     ->group("One-shot");
    p2p::add_duration(app, "--seed-for", session.seed_for, "Serve for so long after that (30s, 5min)")
        ->needs(once)
        ->group("One-shot");
    p2p::add_duration(app, "--give-up-after", session.give_up_after,
                      "Exit when nothing has arrived for so long")
        ->needs(once)
        ->group("One-shot");
    add_limits(app, told);
}

// --- commands

using run_command = std::function<exit_code()>;

void on(CLI::App* app, run_command& chosen, exit_code (*run)(const command&), const command& told) {
    app->callback([&chosen, run, &told] { chosen = [run, &told] { return run(told); }; });
}

void add_share(CLI::App& app, command& told, run_command& chosen) {
    CLI::App* share =
        app.add_subcommand("share", "Publishes a file or folder, prints its link, and serves it");
    share->add_option("PATH", told.path, "The file or folder")->required();
    share->add_option("--name", told.share.name, "What it is called; by default, as the file or folder")
        ->check(must_be_set_name());
    p2p::add_parsed(
        *share, "--chunk-size", told.share.chunk_size,
        [](const std::string& text) -> tl::expected<p2p::byte_count, std::string> {
            auto size = p2p::parse_size(text);
            if (size && (*size < p2p::least_chunk_size || *size > p2p::max_average_chunk_size))
                return tl::unexpected{fmt::format("{} is not from {} to {}", text,
                                                  p2p::show_size(p2p::least_chunk_size),
                                                  p2p::show_size(p2p::max_average_chunk_size))};
            return size;
        },
        "Size of each chunk but the last; by default what makes at most 1024, from 64KiB to 16MiB")
        ->type_name("SIZE");
    p2p::add_parsed(
        *share, "--chunking", told.share.cut,
        [](const std::string& text) -> tl::expected<p2p::chunking, std::string> {
            if (text == "fixed") return p2p::chunking::fixed;
            if (text == "cdc") return p2p::chunking::content_defined;
            return tl::unexpected{text + " is neither fixed nor cdc"};
        },
        "fixed: cut at every chunk size; cdc: where the content says so (chunk size: a power of two, on "
        "average), so "
        "that an edited file differs in few chunks")
        ->type_name("fixed|cdc")
        ->default_str("fixed");
    share
        ->add_option("--exclude", told.excludes,
                     "Leave out what matches this shell pattern (may be repeated): *.o, build, data/*.tmp")
        ->type_name("GLOB")
        ->allow_extra_args(false);
    auto* const with_tracker =
        p2p::add_parsed(
            *share, "--with-tracker", told.with_tracker,
            [](const std::string& text) {
                return p2p::parse_listen_endpoint(text.empty() ? "[::]" : text, p2p::usual_tracker_port)
                    .map_error([](const std::string& why) { return why + "; PATH goes before this option"; });
            },
            "Run the tracker in this process too, at this address; by default at port 5100")
            ->type_name("[ADDR]")
            ->expected(0, 1);
    auto* const with_secret = share->add_flag(
        "--secret", told.with_secret,
        "Make a key and put it into the link: whoever has the link can take part, and nobody else");
    with_secret->needs(with_tracker)->group("Security");
    add_serving(
        *share, told,
        "Where to publish (may be repeated: the first that answers is used); by default 127.0.0.1:5100");
    with_secret->excludes(share->get_option("--secret-file"))->excludes(share->get_option("--tls-cert"));
    share->footer(
        "Examples:\n"
        "  p2pclient share /data/set --with-tracker           publish, with a tracker in this process\n"
        "  p2pclient share film.mkv --tracker 10.0.0.7        at a tracker that is there\n"
        "  p2pclient share /data/set --with-tracker --secret  only who has the link can take part");
    on(share, chosen, p2p::client::share, told);
}

void add_get(CLI::App& app, command& told, run_command& chosen) {
    CLI::App* get = app.add_subcommand("get", "Fetches what was shared, or resumes or repairs it");
    get->add_option("LINK", told.target, "What share printed; with --tracker, an id or a name will do")
        ->required()
        ->check(must_not_be_empty());
    get->add_option(
        "DEST", told.destination,
        "Folder for the content; by default one of the set's name, or, for a single file, this one");
    get->add_option(
           "--reuse", told.reuse,
           "Also look for the content in this folder, which was shared or fetched before (may be repeated)")
        ->type_name("DIR")
        ->allow_extra_args(false);
    auto* stay = get->add_flag("--stay", told.stay, "Go on serving until told to stop");
    p2p::add_duration(*get, "--seed-for", told.session.seed_for, "Go on serving for so long (30s, 5min)")
        ->excludes(stay);
    p2p::add_duration(
        *get, "--give-up-after", told.session.give_up_after,
        "Exit when nothing has arrived for so long; by default after 30s where nobody has it, and never "
        "once it has begun");
    p2p::add_size(*get, "--max-manifest", told.peer.limits.manifest, 1, p2p::max_manifest_size,
                  "Size of the manifest: what it says is kept in memory")
        ->group("Limits");
    add_serving(*get, told,
                "Instead of the link's trackers (may be repeated: the first that answers is used)");
    get->footer(
        "Examples:\n"
        "  p2pclient get LINK                                 into a folder of the set's name\n"
        "  p2pclient get LINK /data/set --limit-down 20Mbit   elsewhere, and not too fast\n"
        "  p2pclient get set --tracker 10.0.0.7 --stay        by its name, and serve it on");
    on(get, chosen, p2p::client::get, told);
}

std::string indented(const std::string& lines) {
    std::string text;
    std::istringstream in{lines};
    for (std::string line; std::getline(in, line);) text += (text.empty() ? "  " : "\n  ") + line;
    return text;
}

void add_others(CLI::App& app, command& told, run_command& chosen) {
    CLI::App* list = app.add_subcommand("list", "Lists the file-sets that were published at a tracker");
    add_trackers(*list, told,
                 "The tracker (may be repeated: the first that answers is asked); by default 127.0.0.1:5100");
    p2p::add_security(*list, told.security);
    add_output(*list, told);
    on(list, chosen, p2p::client::list, told);

    CLI::App* serve = app.add_subcommand("serve", "Serves what was shared or fetched before");
    serve->add_option("DIR", told.folders, "Folders that were shared from or fetched to")->required();
    add_serving(*serve, told, "Instead of those that are remembered (may be repeated)");
    on(serve, chosen, p2p::client::serve, told);

    CLI::App* verify = app.add_subcommand("verify", "Compares every byte with what was published");
    verify->add_option("DIR", told.folders, "Folders that were shared from or fetched to")->required();
    add_output(*verify, told);
    on(verify, chosen, p2p::client::verify, told);

    CLI::App* split = app.add_subcommand("split", "Makes a chunk folder out of a file");
    split->add_option("FILE", told.file, "The file")->required();
    split->add_option("--into", told.folder, "The folder, made where it is not there")
        ->type_name("DIR")
        ->required();
    p2p::add_size(*split, "--chunk-size", told.chunk_size, "Size of each chunk but the last")
        ->default_str("1MiB");
    add_json(*split, told);
    on(split, chosen, p2p::client::split, told);

    CLI::App* join = app.add_subcommand("join", "Puts the chunks of a folder together again");
    join->add_option("DIR", told.folder, "The chunk folder")->required();
    join->add_option("OUTFILE", told.file, "The file to write")->required();
    add_json(*join, told);
    on(join, chosen, p2p::client::join, told);

    CLI::App* ctl = app.add_subcommand("ctl", "Asks a peer that runs with --control, or tells it what to do");
    ctl->add_option("PATH", told.control, "The peer's socket")->required();
    ctl->add_option("COMMAND", told.order, "What to do, with its arguments")->required();
    ctl->add_flag("--json", told.json, "Print the peer's answer as it comes, a line of JSON")
        ->group("Output");
    ctl->footer("Commands:\n" + indented(p2p::control::commands_help()));
    on(ctl, chosen, p2p::client::ctl, told);
}

// A list of processes shows everybody the words that a program was started with.
void hide_keys_in(int argc, char** argv) {
    for (int i = 1; i < argc; ++i) std::ranges::copy(p2p::hide_keys(argv[i]), argv[i]);
}

void confirm_slow(const std::string& option, p2p::byte_count rate) {
    const std::string remark = p2p::remark_on_limit(rate);
    if (!remark.empty()) spdlog::warn("{} {}: {}", option, rate, remark);
}

exit_code run(command& told, const std::string& named, const run_command& chosen) {
    const bool answers_for_itself = named == "ctl";  // its --json is the peer's answer
    if (told.json && !answers_for_itself) p2p::client::print_as(p2p::client::output_format::json);
    p2p::client::tell(p2p::events::start{P2P_VERSION, named});
    p2p::start_logging(told.quiet ? "warn" : told.log_level,
                       told.no_color ? p2p::colours::never : p2p::colours::where_usual);
    p2p::client::fit_into_descriptors(told, 1);
    confirm_slow("--limit-up", told.peer.limit_up);
    confirm_slow("--limit-down", told.peer.limit_down);
    if (chosen) return chosen();
    if (told.chunk_folder.empty())
        return say(exit_code::usage, "--folder is missing, or a command (see p2pclient --help)");
    return p2p::client::run_chunk_folder(told);
}

}  // namespace

int main(int argc, char** argv) {
    p2p::prepare_process();
    command told;
    told.peer.name = host_name();
    run_command chosen;
    CLI::App app{
        "A peer: shares files and folders, fetches what others share, and serves it on. Without a command it "
        "announces the chunks of a folder, fetches the missing ones from other peers, and serves them.",
        "p2pclient"};
    app.require_subcommand(0, 1);
    add_share(app, told, chosen);
    add_get(app, told, chosen);
    add_others(app, told, chosen);
    add_chunk_folder(app, told);
    app.footer(
        "Options may also come from a file (--config) and from the environment (P2PCLIENT_LIMIT_UP=20Mbit); "
        "what\n"
        "the command line says goes first, then the file.\n\n"
        "Exit codes: 0 complete or stopped as asked, 1 unexpected failure, 2 usage, 3 folder or disk, 4 "
        "network,\n"
        "5 stopped before complete, 6 complete but chunks differ from what others agreed on, 7 verify: files "
        "differ.");

    p2p::add_standard_options(app);
    p2p::add_configuration(app);

    std::vector<std::string> words;
    for (int i = argc - 1; i > 0; --i) words.push_back(modern(argv[i]));  // CLI11 wants them last one first
    hide_keys_in(argc, argv);
    exit_code code = exit_code::ok;
    try {
        app.parse(words);
        const auto named = app.get_subcommands();
        code = run(told, named.empty() ? "folder" : named.front()->get_name(), chosen);
    } catch (const CLI::ParseError& error) {
        code = p2p::explain(app, error) ? exit_code::ok : exit_code::usage;
        return p2p::code_with_results(static_cast<int>(code));
    } catch (const std::invalid_argument& error) {
        code = say(exit_code::usage, error.what());
    } catch (const p2p::session_failure& failure) {
        code = say(failure.code, failure.what());
    } catch (const p2p::security_failure& failure) {
        code = say(exit_code::usage, failure.what());
    } catch (const p2p::network_failure& failure) {
        code = say(exit_code::network, failure.what());
    } catch (const std::exception& failure) {
        code = say(exit_code::failure, failure.what());
    }
    p2p::client::tell(p2p::events::end{p2p::code_with_results(static_cast<int>(code))});
    return p2p::code_with_results(static_cast<int>(code));
}
