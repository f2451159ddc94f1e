// p2pclient: its options, and which command they ask for. The commands are in client/.

#include "core/base/rate_limit.hpp"
#include "core/base/utf8.hpp"
#include "core/chunks/chunking.hpp"
#include "core/set/manifest.hpp"
#include "main/client/commands.hpp"
#include "main/client/common.hpp"
#include "main/client/output.hpp"
#include "main/options.hpp"
#include "main/program.hpp"
#include "main/security_options.hpp"
#include "main/visitor_limits.hpp"
#include "net/listener.hpp"
#include "net/logging.hpp"
#include "net/process.hpp"
#include "net/standard_streams.hpp"
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
using p2p::client::peer_settings;
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

struct all_settings {
    peer_settings common;
    p2p::client::chunk_folder_settings chunk_folder;
    p2p::client::share_settings share;
    p2p::client::get_settings get;
    p2p::client::set_folders folders;
    p2p::client::split_settings pieces;
    p2p::client::ctl_settings ctl;
};

void add_place_on_network(CLI::App& app, peer_settings& given) {
    app.add_option("--transfer-port", given.peer.listen.port,
                   "Port that other peers fetch from; 0 is any free one")
        ->type_name("PORT")
        ->capture_default_str()
        ->group("Network");
    app.add_option("--advertise", given.peer.advertise,
                   "Host that others should connect to, where it is not the one that the tracker sees (the "
                   "tracker must allow it)")
        ->type_name("HOST")
        ->check(must_be_host())
        ->group("Network");
    app.add_option("--listen", given.listen,
                   "Address to listen on, and to connect to others from; by default every one, or, where all "
                   "trackers are on this machine, 127.0.0.1")
        ->type_name("HOST")
        ->group("Network");
    p2p::add_security(app, given.security);
}

void add_peer_name(CLI::App& app, peer_settings& given, const std::string& option) {
    app.add_option(option, given.peer.name,
                   "What this peer is called in logs and lists; by default, as this machine")
        ->check(must_be_name())
        ->type_name("NAME")
        ->group("Network");
}

void add_json(CLI::App& app, peer_settings& given) {
    app.add_flag("--json", given.output.json,
                 "Print a line of JSON for each event (events.schema.json), instead of text")
        ->group("Output");
}

void add_output(CLI::App& app, peer_settings& given) {
    add_json(app, given);
    app.add_flag("--quiet,-q", given.output.quiet, "Print results, warnings and errors only: no progress")
        ->group("Output");
    auto* const level =
        app.add_option("--log-level", given.output.log_level, "trace, debug, info, warn, error or off")
            ->capture_default_str()
            ->group("Output");
    level->excludes("--quiet");
    app.add_flag("--no-color", given.output.no_color,
                 "No colours on a terminal (so does the environment's NO_COLOR)")
        ->group("Output");
}

void add_control(CLI::App& app, peer_settings& given) {
    app.add_option("--control", given.control, "Answer `p2pclient ctl PATH` at a Unix socket there")
        ->type_name("PATH")
        ->group("Control");
}

void add_console(CLI::App& app, peer_settings& given) {
    app.add_flag("--console", given.console,
                 "Read commands from the terminal, or a pipe (status, peers, add, pause; help lists all)")
        ->group("Control");
}

void add_trackers(CLI::App& app, peer_settings& given, const std::string& help) {
    p2p::add_endpoints(app, "--tracker", given.trackers, p2p::usual_tracker_port, help)->group("Network");
}

// What others may take of this peer.
void add_limits_of_others(CLI::App& app, peer_settings& given) {
    p2p::peer_limits& limits = given.peer.limits;
    p2p::add_visitor_limits(app, {.connections = limits.connections,
                                  .hello = limits.hello,
                                  .silence = limits.silence,
                                  .line = limits.line,
                                  .buffered = limits.buffered});
    p2p::add_count(app, "--max-open-requests", given.session.uploads.queued_per_peer,
                   static_cast<int>(p2p::most_open_per_peer), p2p::any_number,
                   "Requests of one peer that wait for this one")
        ->group("Limits");
}

void add_limits(CLI::App& app, peer_settings& given) {
    p2p::session_options& session = given.session;
    p2p::add_rate(app, "--limit-up", given.peer.limit_up, "Send at most so much (20Mbit, 2MiB/s, off)")
        ->group("Limits");
    p2p::add_rate(app, "--limit-down", given.peer.limit_down, "Receive at most so much")->group("Limits");
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
    add_limits_of_others(app, given);
    p2p::add_size(app, "--max-chunk", given.peer.limits.chunk, 1, p2p::max_set_size,
                  "Of chunk folders: larger chunks are not fetched")
        ->group("Limits");
}

// What every command that serves a published set takes.
void add_serving(CLI::App& app, peer_settings& given, const std::string& tracker_help) {
    add_trackers(app, given, tracker_help);
    add_place_on_network(app, given);
    add_peer_name(app, given, "--peer-name");
    add_output(app, given);
    add_console(app, given);
    add_control(app, given);
    p2p::add_web(app, given.web);
    add_limits(app, given);
}

void add_chunk_folder(CLI::App& app, all_settings& all) {
    peer_settings& given = all.common;
    app.add_option("--folder", all.chunk_folder.folder,
                   "Chunk folder: its local_chunks.txt says which chunks are there")
        ->type_name("PATH");
    add_peer_name(app, given, "--name");
    p2p::add_endpoints(app, "--tracker", given.trackers, p2p::usual_tracker_port,
                       "The tracker (may be repeated: the first that answers is used)")
        ->default_str("127.0.0.1:5100")
        ->group("Network");
    app.add_option("--fileset", all.chunk_folder.fileset, "Which file-set this folder belongs to")
        ->check(must_be_name())
        ->capture_default_str();
    add_place_on_network(app, given);
    add_output(app, given);
    add_control(app, given);
    p2p::add_web(app, given.web);

    p2p::session_options& session = given.session;
    auto* once = app.add_flag("--once", session.once, "One-shot: exit as soon as every chunk is there")
                     ->group("One-shot");
    p2p::add_duration(app, "--seed-for", session.seed_for, "Serve for so long after that (30s, 5min)")
        ->needs(once)
        ->group("One-shot");
    p2p::add_duration(app, "--give-up-after", session.give_up_after,
                      "Exit when nothing has arrived for so long")
        ->needs(once)
        ->group("One-shot");
    add_limits(app, given);
}

// --- commands

using run_command = std::function<exit_code()>;

void add_share(CLI::App& app, all_settings& all, run_command& chosen) {
    CLI::App* share =
        app.add_subcommand("share", "Publishes a file or folder, prints its link, and serves it");
    share->add_option("PATH", all.share.path, "The file or folder")->required();
    share
        ->add_option("--name", all.share.content.name, "What it is called; by default, as the file or folder")
        ->check(must_be_set_name());
    p2p::add_parsed(
        *share, "--chunk-size", all.share.content.chunk_size,
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
        *share, "--chunking", all.share.content.cut,
        [](const std::string& text) -> tl::expected<p2p::chunking, std::string> {
            if (text == "fixed") return p2p::chunking::fixed;
            if (text == "cdc") return p2p::chunking::content_defined;
            return tl::unexpected{text + " is neither fixed nor cdc"};
        },
        "fixed: cut at every chunk size; cdc: where the content says so "
        "(chunk size: a power of two, on average), so that an edited file differs in few chunks")
        ->type_name("fixed|cdc")
        ->default_str("fixed");
    share
        ->add_option("--exclude", all.share.excludes,
                     "Leave out what matches this shell pattern (may be repeated): *.o, build, data/*.tmp")
        ->type_name("GLOB")
        ->allow_extra_args(false);
    auto* const with_tracker =
        p2p::add_parsed(
            *share, "--with-tracker", all.share.with_tracker,
            [](const std::string& text) {
                return p2p::parse_listen_endpoint(text.empty() ? "[::]" : text, p2p::usual_tracker_port)
                    .map_error([](const std::string& why) { return why + "; PATH goes before this option"; });
            },
            "Run the tracker in this process too, at this address; by default at port 5100")
            ->type_name("[ADDR]")
            ->expected(0, 1);
    auto* const with_secret = share->add_flag(
        "--secret", all.share.with_secret,
        "Make a key and put it into the link: whoever has the link can take part, and nobody else");
    with_secret->needs(with_tracker)->group("Security");
    add_serving(
        *share, all.common,
        "Where to publish (may be repeated: the first that answers is used); by default 127.0.0.1:5100");
    with_secret->excludes(share->get_option("--secret-file"))->excludes(share->get_option("--tls-cert"));
    share->footer(
        "Examples:\n"
        "  p2pclient share /data/set --with-tracker           publish, with a tracker in this process\n"
        "  p2pclient share film.mkv --tracker 10.0.0.7        at a tracker that is there\n"
        "  p2pclient share /data/set --with-tracker --secret  only who has the link can take part");
    share->callback([&] { chosen = [&all] { return p2p::client::share(all.common, all.share); }; });
}

void add_get(CLI::App& app, all_settings& all, run_command& chosen) {
    CLI::App* get = app.add_subcommand("get", "Fetches what was shared, or resumes or repairs it");
    get->add_option("LINK", all.get.target, "What share printed; with --tracker, an id or a name will do")
        ->required()
        ->check(must_not_be_empty());
    get->add_option(
        "DEST", all.get.destination,
        "Folder for the content; by default one of the set's name, or, for a single file, this one");
    get->add_option(
           "--reuse", all.get.reuse,
           "Also look for the content in this folder, which was shared or fetched before (may be repeated)")
        ->type_name("DIR")
        ->allow_extra_args(false);
    auto* stay = get->add_flag("--stay", all.get.stay, "Go on serving until told to stop");
    p2p::add_duration(*get, "--seed-for", all.common.session.seed_for,
                      "Go on serving for so long (30s, 5min)")
        ->excludes(stay);
    p2p::add_duration(
        *get, "--give-up-after", all.common.session.give_up_after,
        "Exit when nothing has arrived for so long; by default after 30s where nobody has it, and never "
        "once it has begun");
    p2p::add_size(*get, "--max-manifest", all.common.peer.limits.manifest, 1, p2p::max_manifest_size,
                  "Size of the manifest: what it says is kept in memory")
        ->group("Limits");
    add_serving(*get, all.common,
                "Instead of the link's trackers (may be repeated: the first that answers is used)");
    get->footer(
        "Examples:\n"
        "  p2pclient get LINK                                 into a folder of the set's name\n"
        "  p2pclient get LINK /data/set --limit-down 20Mbit   elsewhere, and not too fast\n"
        "  p2pclient get set --tracker 10.0.0.7 --stay        by its name, and serve it on");
    get->callback([&] { chosen = [&all] { return p2p::client::get(all.common, all.get); }; });
}

std::string indented(const std::string& lines) {
    std::string text;
    std::istringstream in{lines};
    for (std::string line; std::getline(in, line);) text += (text.empty() ? "  " : "\n  ") + line;
    return text;
}

void add_others(CLI::App& app, all_settings& all, run_command& chosen) {
    CLI::App* list = app.add_subcommand("list", "Lists the file-sets that were published at a tracker");
    add_trackers(*list, all.common,
                 "The tracker (may be repeated: the first that answers is asked); by default 127.0.0.1:5100");
    p2p::add_security(*list, all.common.security);
    add_output(*list, all.common);
    list->callback([&] { chosen = [&all] { return p2p::client::list(all.common); }; });

    CLI::App* serve = app.add_subcommand("serve", "Serves what was shared or fetched before");
    serve->add_option("DIR", all.folders, "Folders that were shared from or fetched to")->required();
    add_serving(*serve, all.common, "Instead of those that are remembered (may be repeated)");
    serve->callback([&] { chosen = [&all] { return p2p::client::serve(all.common, all.folders); }; });

    CLI::App* verify = app.add_subcommand("verify", "Compares every byte with what was published");
    verify->add_option("DIR", all.folders, "Folders that were shared from or fetched to")->required();
    add_output(*verify, all.common);
    verify->callback([&] { chosen = [&all] { return p2p::client::verify(all.common, all.folders); }; });

    CLI::App* split = app.add_subcommand("split", "Makes a chunk folder out of a file");
    split->add_option("FILE", all.pieces.file, "The file")->required();
    split->add_option("--into", all.pieces.folder, "The folder, made where it is not there")
        ->type_name("DIR")
        ->required();
    p2p::add_size(*split, "--chunk-size", all.pieces.chunk_size, "Size of each chunk but the last")
        ->default_str("1MiB");
    add_json(*split, all.common);
    split->callback([&] { chosen = [&all] { return p2p::client::split(all.pieces); }; });

    CLI::App* join = app.add_subcommand("join", "Puts the chunks of a folder together again");
    join->add_option("DIR", all.pieces.folder, "The chunk folder")->required();
    join->add_option("OUTFILE", all.pieces.file, "The file to write")->required();
    add_json(*join, all.common);
    join->callback([&] { chosen = [&all] { return p2p::client::join(all.pieces); }; });

    CLI::App* ctl = app.add_subcommand("ctl", "Asks a peer that runs with --control, or tells it what to do");
    ctl->add_option("PATH", all.ctl.socket, "The peer's socket")->required();
    ctl->add_option("COMMAND", all.ctl.words, "What to do, with its arguments")->required();
    ctl->add_flag("--json", all.ctl.json, "Print the peer's answer as it comes, a line of JSON")
        ->group("Output");
    ctl->footer("Commands:\n" + indented(p2p::control::commands_help()));
    ctl->callback([&] { chosen = [&all] { return p2p::client::ctl(all.ctl); }; });
}

// A list of processes shows everybody the words that a program was started with.
void hide_keys_in(int argc, char** argv) {
    for (int i = 1; i < argc; ++i) std::ranges::copy(p2p::hide_keys(argv[i]), argv[i]);
}

void confirm_slow(const std::string& option, p2p::byte_count rate) {
    const std::string remark = p2p::remark_on_limit(rate);
    if (!remark.empty()) spdlog::warn("{} {}: {}", option, rate, remark);
}

exit_code run(all_settings& all, const std::string& named, const run_command& chosen) {
    peer_settings& given = all.common;
    if (given.output.json) p2p::client::print_as(p2p::client::output_format::json);
    p2p::client::tell(p2p::events::start{P2P_VERSION, named});
    p2p::start_logging(given.output.quiet ? "warn" : given.output.log_level,
                       given.output.no_color ? p2p::colours::never : p2p::colours::where_usual);
    p2p::client::fit_into_descriptors(given, 1);
    confirm_slow("--limit-up", given.peer.limit_up);
    confirm_slow("--limit-down", given.peer.limit_down);
    if (chosen) return chosen();
    if (all.chunk_folder.folder.empty())
        return say(exit_code::usage, "--folder is missing, or a command (see p2pclient --help)");
    return p2p::client::run_chunk_folder(given, all.chunk_folder);
}

}  // namespace

int main(int argc, char** argv) {
    p2p::prepare_process();
    all_settings all;
    all.common.peer.name = host_name();
    run_command chosen;
    CLI::App app{
        "A peer: shares files and folders, fetches what others share, and serves it on. Without a command it "
        "announces the chunks of a folder, fetches the missing ones from other peers, and serves them.",
        "p2pclient"};
    app.require_subcommand(0, 1);
    add_share(app, all, chosen);
    add_get(app, all, chosen);
    add_others(app, all, chosen);
    add_chunk_folder(app, all);
    app.footer(
        "Options may also come from a file (--config) and from the environment "
        "(P2PCLIENT_LIMIT_UP=20Mbit); what\n"
        "the command line says goes first, then the file.\n\n"
        "Exit codes: 0 complete or stopped as asked, 1 unexpected failure, 2 usage, 3 folder or disk, "
        "4 network,\n"
        "5 stopped before complete, 6 complete but chunks differ from what others agreed on, "
        "7 verify: files differ.");

    p2p::add_standard_options(app);
    p2p::add_configuration(app);

    std::vector<std::string> words;
    for (int i = argc - 1; i > 0; --i) words.push_back(modern(argv[i]));  // CLI11 wants them last one first
    hide_keys_in(argc, argv);
    exit_code code = exit_code::ok;
    try {
        app.parse(words);
        const auto named = app.get_subcommands();
        code = run(all, named.empty() ? "folder" : named.front()->get_name(), chosen);
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
