// bench: options, and the figures as a table or as JSON.

#include "benches.hpp"
#include "main/options.hpp"
#include "main/program.hpp"
#include "micro.hpp"
#include "net/process.hpp"
#include "swarm_tools.hpp"

#include <fmt/format.h>

#include <stdexcept>

namespace {

using namespace p2p;
using namespace p2p::bench;

enum exit_codes { measured = 0, failed = 1, usage = 2 };

CLI::App* add_link(CLI::App& app, link_options& told) {
    CLI::App* link = app.add_subcommand(
        "link",
        "One peer shares, others get it over loopback, beside sendfile(2) to recv + pwrite + SHA-256");
    add_size(*link, "--size", told.size, "Size of the file")->default_str("1GiB");
    add_count(*link, "--getters", told.getters, 1, 64, "Peers that get it at once");
    add_count(*link, "--runs", told.runs, 1, 100,
              "Runs of each, in turn; the best and the median are printed");
    link->add_option("--folder", told.folder, "Where the files are: in memory, or on a disk")
        ->type_name("DIR")
        ->capture_default_str();
    return link;
}

// Options that are not known here are google-benchmark's.
CLI::App* add_micro(CLI::App& app, const std::string& name, micro_options& told, bool& json,
                    const std::string& help) {
    CLI::App* micro = app.add_subcommand(name, help);
    micro->add_option("--filter", told.filter, "Only those whose name this fits")->type_name("REGEX");
    micro->add_flag("--json", json, "Print the figures as JSON");
    micro->fallthrough(false)->allow_extras()->footer(
        "Options of google-benchmark are passed on to it: --benchmark_min_time=0.1, "
        "--benchmark_repetitions=5.");
    return micro;
}

CLI::App* add_tracker(CLI::App& app, tracker_load& load) {
    CLI::App* tracker = app.add_subcommand(
        "tracker", "A tracker that simulated peers keep busy: requests in a second, waits, memory");
    add_count(*tracker, "--connections", load.connections, 2, 20'000, "Peers that ask at once");
    add_count(*tracker, "--chunks", load.chunks, 1, max_chunk_count, "Chunks of the sets");
    add_count(*tracker, "--holders", load.holders, 3, 20'000, "Peers that announce every chunk of a folder");
    add_count(*tracker, "--peers", load.peers, 3, 20'000, "Peers whose memory is measured");
    add_duration(*tracker, "--time", load.time, "How long each kind of request is measured")
        ->default_str("2s");
    return tracker;
}

CLI::App* add_hostile(CLI::App& app, hostile_options& told) {
    CLI::App* hostile = app.add_subcommand(
        "hostile", "Memory of the programs under endless lines, ever new file-sets and silent visitors");
    add_count(*hostile, "--connections", told.connections, 10, 20'000,
              "Connections to a tracker; a tenth of them to a peer");
    add_count(*hostile, "--chunks", told.chunks, 1, 2'000'000'000, "Chunks that one peer announces");
    add_duration(*hostile, "--time", told.time, "The longest that each of them goes on")->default_str("60s");
    return hostile;
}

CLI::App* add_comeback(CLI::App& app, comeback_options& told) {
    CLI::App* comeback =
        app.add_subcommand("comeback", "How peers come back to a tracker that was killed and started again");
    add_count(*comeback, "--peers", told.peers, 1, 5000, "Peers, each a program's part in one set");
    return comeback;
}

CLI::App* add_pages(CLI::App& app, pages_options& told) {
    CLI::App* pages =
        app.add_subcommand("pages", "What it costs a tracker that pages of it are open (--http)");
    add_count(*pages, "--peers", told.peers, 1, 20'000, "Peers of one published set, each with half of it");
    add_count(*pages, "--chunks", told.chunks, 1, max_chunk_count, "Chunks of the set");
    add_count(*pages, "--watchers", told.watchers, 1, 100, "Pages that are open");
    add_duration(*pages, "--time", told.time, "How long it is measured without them, and then with them")
        ->default_str("20s");
    return pages;
}

CLI::App* add_swarm(CLI::App& app, swarm_options& told) {
    CLI::App* swarm = app.add_subcommand("swarm",
                                         "One seeder and many leechers, in network namespaces with shaped "
                                         "links, beside the fluid bound (root)");
    swarm->add_option("--leechers", told.leechers, "How many; several numbers are measured in turn")
        ->type_name("N")
        ->check(CLI::Range(1, 1000).description(""))
        ->capture_default_str();
    add_size(*swarm, "--size", told.size, "Size of the file")->default_str("64MiB");
    add_rate(*swarm, "--rate", told.rate, "Of each link, up and down")->default_str("40Mbit");
    add_count(*swarm, "--runs", told.runs, 1, 100, "Runs of each; medians are printed");
    add_count(*swarm, "--slow", told.slow_percent, 0, 100,
              "Percent of the leechers with a quarter of the rate");
    add_count(*swarm, "--kill", told.kill_percent, 0, 99, "Percent of the leechers killed in the middle");
    swarm
        ->add_option("--congestion-control", told.congestion_control,
                     "Of TCP, in the namespaces (reno); by default that of the machine")
        ->type_name("NAME");
    swarm
        ->add_option(
            "--with", told.others,
            "Other tools, each with as many runs as ours, on the same links: rsync, aria2, libtorrent")
        ->type_name("TOOL")
        ->check(CLI::IsMember(other_tools()).description(""));
    swarm->add_flag("--simulate", told.simulate,
                    "In one process, with token buckets for links: needs no root; no --slow, no --with");
    swarm->add_flag("--verbose", told.verbose, "Print the peers' logs on standard error");
    return swarm;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{"Measures how fast the programs are, each beside a reference in the same run.", "bench"};
    bool json = false;
    app.add_flag("--json", json, "Print the figures as JSON");
    app.require_subcommand(1);
    app.fallthrough();
    app.footer("Exit codes: 0 measured, 1 it could not be measured, 2 usage.");
    link_options link_told;
    swarm_options swarm_told;
    const CLI::App* const link = add_link(app, link_told);
    micro_options micro_told;
    const std::vector<const CLI::App*> micros{
        add_micro(app, "hash", micro_told, json,
                  "XXH3 and SHA-256 as chunks are checked with them, beside plain calls; cutting by content"),
        add_micro(
            app, "scheduler", micro_told, json,
            "What a decision costs a leecher and a seeder in large sets, and operations on chunk sets")};
    tracker_load load;
    const CLI::App* const tracker = add_tracker(app, load);
    hostile_options hostile_told;
    const CLI::App* const hostile = add_hostile(app, hostile_told);
    comeback_options comeback_told;
    const CLI::App* const comeback = add_comeback(app, comeback_told);
    pages_options pages_told;
    const CLI::App* const pages = add_pages(app, pages_told);
    prepare_process();
    const CLI::App* const swarm = add_swarm(app, swarm_told);
    try {
        p2p::add_standard_options(app);
        app.parse(argc, argv);
        for (const CLI::App* micro : micros) {
            if (!micro->parsed()) continue;
            micro_told.further = micro->remaining();
            run_micro(micro->get_name(), micro_told, json);
            return measured;
        }
        std::vector<report> reports;
        if (link->parsed()) reports = measure_link(link_told);
        if (tracker->parsed()) reports = measure_tracker(load);
        if (hostile->parsed()) reports = measure_hostile(hostile_told);
        if (pages->parsed()) reports = measure_pages(pages_told);
        if (comeback->parsed()) reports = measure_comeback(comeback_told);
        if (swarm->parsed()) reports = measure_swarm(swarm_told);
        print(reports, json);
        return measured;
    } catch (const CLI::ParseError& error) {
        return code_with_results(p2p::explain(app, error) ? measured : usage);
    } catch (const std::exception& error) {
        write_message(fmt::format("bench: {}\n", error.what()));
        return failed;
    }
}
