// simulate: options, and the result as a table, as JSON or as a picture.

#include "core/base/units.hpp"
#include "main/options.hpp"
#include "main/program.hpp"
#include "net/logging.hpp"
#include "net/process.hpp"
#include "net/standard_streams.hpp"
#include "plot.hpp"
#include "storage/files.hpp"
#include "swarm.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cerrno>
#include <fcntl.h>
#include <span>
#include <stdexcept>

namespace {

using namespace p2p;
using namespace p2p::simulation;

enum exit_codes { right = 0, wrong = 1, usage = 2 };

constexpr std::string_view name_of(role part) {
    switch (part) {
        case role::seeder: return "seeder";
        case role::leecher: return "leecher";
        case role::killed: return "killed";
        case role::corrupt: return "corrupt";
    }
    return "";
}

std::string time_of(const peer_result& peer) {
    if (peer.part != role::leecher || !peer.completed_after) return "-";
    return fmt::format("{:.2f} s", std::chrono::duration<double>(*peer.completed_after).count());
}

std::string table_of(const swarm_options& options, const swarm_result& result, const swarm_result* without) {
    std::string text =
        fmt::format("seed {}\n{:<8} {:<8} {:>7} {:>8} {:>6} {:>6} {:>10} {:>10} {:>9}\n", options.seed,
                    "peer", "part", "chunks", "fetched", "from", "wrong", "down", "up", "time");
    for (const peer_result& peer : result.peers)
        text += fmt::format("{:<8} {:<8} {:>7} {:>8} {:>6} {:>6} {:>10} {:>10} {:>9}{}{}\n", peer.name,
                            name_of(peer.part), peer.chunks, peer.fetched, peer.sources, peer.wrong,
                            show_size(peer.bytes_down), show_size(peer.bytes_up), time_of(peer),
                            peer.problem.empty() ? "" : "  ", peer.problem);
    text += fmt::format("makespan {:.3f} s", result.makespan);
    if (result.bound > 0)
        text +=
            fmt::format(", fluid bound {:.3f} s, ratio {:.3f}", result.bound, result.makespan / result.bound);
    if (without != nullptr)
        text += fmt::format(
            "\nwith {} hostile peers ({}) beside these; without them the makespan is {:.3f} s: "
            "it is {:.2f} times as long",
            hostile_peers(*options.adversary, options.peers), name_of(options.adversary->kind),
            without->makespan, result.makespan / without->makespan);
    return text + fmt::format("\n{}\n", result.all_right ? "every byte of every peer is right"
                                                         : "SOME PEERS ARE NOT AS THEY SHOULD BE");
}

nlohmann::ordered_json to_json(const peer_result& peer) {
    nlohmann::ordered_json json{{"peer", peer.name},
                                {"part", name_of(peer.part)},
                                {"chunks", peer.chunks},
                                {"fetched", peer.fetched},
                                {"from", peer.sources},
                                {"wrong", peer.wrong},
                                {"bytes_down", peer.bytes_down},
                                {"bytes_up", peer.bytes_up}};
    if (peer.part == role::leecher && peer.completed_after)
        json["seconds"] = std::chrono::duration<double>(*peer.completed_after).count();
    if (!peer.problem.empty()) json["problem"] = peer.problem;
    return json;
}

std::string json_of(const swarm_options& options, const swarm_result& result, const swarm_result* without) {
    nlohmann::ordered_json json{{"seed", options.seed}, {"makespan", result.makespan}};
    if (result.bound > 0) {
        json["fluid_bound"] = result.bound;
        json["ratio"] = result.makespan / result.bound;
    }
    if (without != nullptr)
        json["adversary"] = {{"kind", name_of(options.adversary->kind)},
                             {"hostile_peers", hostile_peers(*options.adversary, options.peers)},
                             {"makespan_without", without->makespan},
                             {"ratio", result.makespan / without->makespan}};
    json["all_right"] = result.all_right;
    for (const peer_result& peer : result.peers) json["peers"].push_back(to_json(peer));
    return json.dump(2) + "\n";
}

// Before the swarm runs: whoever has waited for the picture should not learn then that it has no place.
unique_fd open_picture(const std::string& path) {
    unique_fd file{::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)};
    if (!file) throw std::invalid_argument(failure(path, errno));
    return file;
}

void write_picture(const unique_fd& file, const std::string& path, const std::string& svg) {
    if (const int error = write_all(file.get(), std::as_bytes(std::span{svg})); error != 0)
        throw std::runtime_error(failure(path, error));
}

void add_options(CLI::App& app, swarm_options& options) {
    const auto counted = [&app](const std::string& name, auto& value, const std::string& help, int least) {
        add_count(app, name, value, least, 1'000'000, help);
    };
    app.add_flag(
        "--published", options.published,
        "Move a published set, of which one peer has everything (--seeders 1), instead of chunk folders");
    counted("--peers", options.peers, "Peers in all", 1);
    counted("--seeders", options.seeders, "Of these, peers that have every chunk at the start", 0);
    counted("--chunks", options.chunks, "Chunks of the file-set", 1);
    add_size(app, "--chunk-size", options.chunk_size, "Size of each chunk")->default_str("64KiB");
    counted("--overlap", options.overlap, "Copies of each chunk spread over the leechers at the start", 0);
    counted("--connections", options.connections, "Connections that each peer opens to others, at most", 1);
    add_rate(app, "--up", options.up, "Uplink of each peer (20Mbit); without it there is no limit");
    add_rate(app, "--down", options.down, "Downlink of each peer");
    counted("--kill", options.kill, "Leechers that are stopped in the middle, without a goodbye", 0);
    counted("--corrupt", options.corrupt, "Peers that announce right hashes and send wrong bytes", 0);
    add_parsed(
        app, "--adversary", options.adversary, [](const std::string& text) { return parse_adversary(text); },
        "Hostile peers that join the others, after a run without them: KIND, or KIND:SHARE of all peers "
        "(20%). Kinds: " +
            adversary_names())
        ->type_name("KIND[:SHARE]");
    app.add_option("--seed", options.seed,
                   "Content, parts and random choices follow from it (how fast things go does not)")
        ->capture_default_str();
    counted("--quorum", options.agreement.quorum, "Voters that must agree on a chunk's hash", 1);
    counted("--upload-slots", options.uploads.slots, "Peers that each peer serves at a time", 1);
    counted("--open-requests", options.scheduling.open_total,
            "Requests that each peer has open at all others", 1);
    counted("--open-per-peer", options.scheduling.open_per_peer,
            "Requests that each peer has open at one other", 1);
    add_duration(app, "--time-limit", options.time_limit, "Give up after so long")->default_str("10min");
}

}  // namespace

int main(int argc, char** argv) {
    prepare_process();
    swarm_options options;
    std::string log_level = "error";
    std::string picture;
    bool json = false;
    CLI::App app{"Runs a tracker and all its peers in one process, and checks every byte of every peer.",
                 "simulate"};
    add_options(app, options);
    app.add_flag("--json", json, "Print the result as JSON");
    app.add_option(
           "--plot", picture,
           "Draw how far each leecher was over time, beside the fluid bound, and how many copies there "
           "were of the chunks: an SVG file")
        ->type_name("FILE");
    app.add_option("--log-level", log_level, "trace, debug, info, warn, error or off")->capture_default_str();
    app.footer("Exit codes: 0 every peer is as it should be, 1 one is not, 2 usage.");
    try {
        p2p::add_standard_options(app);
        app.parse(argc, argv);
        if (options.published && app.count("--seeders") == 0) options.seeders = 1;
        start_logging(log_level);
        // What many votes are tried against is that a host has but one.
        if (options.adversary && options.adversary->kind == adversary_kind::many_votes)
            options.agreement.one_vote = vote_per::host;
        if (const std::string why = why_impossible(options); !why.empty()) throw std::invalid_argument(why);
        options.record_arrivals = !picture.empty();
        const unique_fd picture_file = picture.empty() ? unique_fd{} : open_picture(picture);
        std::optional<swarm_result> without;
        if (options.adversary) without = run_swarm(without_adversary(options));
        const swarm_result result = run_swarm(options);
        const swarm_result* const other = without ? &*without : nullptr;
        write_result(json ? json_of(options, result, other) : table_of(options, result, other));
        if (picture_file) write_picture(picture_file, picture, plot(options, result, other));
        return code_with_results(result.all_right && (!without || without->all_right) ? right : wrong);
    } catch (const CLI::ParseError& error) {
        return code_with_results(p2p::explain(app, error) ? right : usage);
    } catch (const std::invalid_argument& error) {
        write_message(fmt::format("simulate: {}\n", error.what()));
        return usage;
    } catch (const std::exception& error) {
        write_message(fmt::format("simulate: {}\n", error.what()));
        return wrong;
    }
}
