#include "access_network.hpp"
#include "benches.hpp"
#include "content.hpp"
#include "core/base/units.hpp"
#include "core/transfer/fluid_bound.hpp"
#include "support/child_process.hpp"
#include "support/temporary_folder.hpp"
#include "swarm_tools.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <memory>
#include <random>
#include <stdexcept>

namespace p2p::bench {

namespace {

constexpr std::chrono::milliseconds longest_run = std::chrono::minutes{10};
constexpr byte_count slow_divisor = 4;

double seconds(duration time) {
    return std::chrono::duration<double>(time).count();
}

time_point now() {
    return std::chrono::steady_clock::now();
}

unsigned killed_of(const swarm_options& options, unsigned leechers) {
    return (leechers * options.kill_percent + 99) / 100;
}

/// The rates of the seeder and the leechers; the slow leechers are the last.
std::vector<byte_count> rates_of(const swarm_options& options, unsigned leechers) {
    std::vector<byte_count> rates(leechers + 1, options.rate);
    const unsigned slow = leechers * options.slow_percent / 100;
    std::fill(rates.end() - slow, rates.end(), options.rate / slow_divisor);
    return rates;
}

struct run_result {
    double makespan = 0;  // seconds from the start of the leechers until the last that lives is complete
    double mean = 0;      // of the times at which they were complete
    double bound = 0;
    double seeder_sent = 0;  // bytes; so are these
    double seeder_rate = 0;
    double leechers_received = 0;
    double leechers_lacked = 0;
    double dropped = 0;  // packets
    unsigned wrong = 0;
};

// --- real peers, in namespaces

class namespace_swarm {
public:
    namespace_swarm(const swarm_options& options, unsigned leechers, const std::filesystem::path& memory)
        : options_(options),
          leechers_(leechers),
          rates_(rates_of(options, leechers)),
          network_(rates_, options.congestion_control),
          folder_(memory),
          content_(folder_ / "content") {
        make_random_file(content_, options.size);
    }

    run_result run(const std::string& name) {
        make_empty_folders();
        choose_who_dies();
        const auto tool = start_seeder(name, {network_, content_, options_.verbose});
        const counted before = count();
        const time_point began = now();
        for (std::size_t i = 0; i < members_.size(); ++i)
            members_[i].program = tool->start_leecher(i + 1, copy(i));
        const std::vector<duration> times = watch(*tool, began);
        const counted after = count();

        run_result result;
        for (const duration time : times) {
            result.makespan = std::max(result.makespan, seconds(time));
            result.mean += seconds(time) / static_cast<double>(times.size());
        }
        result.bound = bound();
        result.seeder_sent = after.seeder_sent - before.seeder_sent;
        result.seeder_rate = static_cast<double>(rates_[0]);
        result.leechers_received = after.leechers_received - before.leechers_received;
        result.leechers_lacked = static_cast<double>(leechers_) * static_cast<double>(options_.size);
        result.dropped = after.dropped - before.dropped;
        result.wrong = wrong_copies();
        if (options_.verbose) tell(*tool);
        members_.clear();
        return result;
    }

private:
    struct member {
        std::unique_ptr<child_process> program;
        std::optional<duration> complete;
        bool dies = false;
    };
    struct counted {
        double seeder_sent = 0;
        double leechers_received = 0;
        double dropped = 0;
    };

    void make_empty_folders() const {
        for (std::size_t i = 0; i < leechers_; ++i) {
            std::filesystem::remove_all(copy(i));
            std::filesystem::create_directory(copy(i));
        }
    }

    void choose_who_dies() {
        members_.resize(leechers_);
        for (unsigned i = 0; i < killed_of(options_, leechers_); ++i) members_[i].dies = true;
        std::shuffle(members_.begin(), members_.end(), random_);
    }

    // Returns when those that live were complete.
    std::vector<duration> watch(const swarm_tool& tool, time_point began) {
        const time_point middle = began + std::chrono::milliseconds(std::llround(bound() * 500));
        bool killed = false;
        const auto look = [&] {
            if (!killed && now() >= middle) {
                kill();
                killed = true;
            }
            for (member& one : members_)
                if (!one.complete && !one.dies && tool.is_complete(*one.program))
                    one.complete = now() - began;
            return std::ranges::all_of(members_, [](const member& one) { return one.dies || one.complete; });
        };
        wait_until(look, "every leecher is complete", longest_run);
        std::vector<duration> times;
        for (const member& one : members_)
            if (one.complete) times.push_back(*one.complete);
        return times;
    }

    void kill() {
        for (const member& one : members_)
            if (one.dies) one.program->kill_hard();
    }

    double bound() const {
        std::vector<fluid_peer> fluid{{rates_[0], rates_[0], 0}};
        for (std::size_t i = 0; i < members_.size(); ++i)
            if (!members_[i].dies) fluid.push_back({rates_[i + 1], rates_[i + 1], options_.size});
        return fluid_bound(fluid, options_.size);
    }

    counted count() const {
        counted all;
        const access_network::traffic seeder = network_.uplink_of(0);
        all.seeder_sent = static_cast<double>(seeder.sent);
        all.dropped = static_cast<double>(seeder.dropped);
        for (std::size_t host = 1; host <= members_.size(); ++host) {
            const access_network::traffic down = network_.downlink_of(host);
            all.leechers_received += static_cast<double>(down.sent);
            all.dropped += static_cast<double>(down.dropped + network_.uplink_of(host).dropped);
        }
        return all;
    }

    unsigned wrong_copies() const {
        unsigned wrong = 0;
        for (std::size_t i = 0; i < members_.size(); ++i)
            if (!members_[i].dies && !same_bytes(content_, copy(i) / content_.filename())) ++wrong;
        return wrong;
    }

    void tell(const swarm_tool& tool) const {
        fmt::print(stderr, "--- seeder\n{}\n", tool.log());
        for (std::size_t i = 0; i < members_.size(); ++i)
            fmt::print(stderr, "--- leecher {}\n{}\n", i + 1, members_[i].program->output());
    }

    std::filesystem::path copy(std::size_t number) const { return folder_ / fmt::format("copy{}", number); }

    swarm_options options_;
    unsigned leechers_;
    std::vector<byte_count> rates_;
    access_network network_;
    temporary_folder folder_;
    std::filesystem::path content_;
    std::mt19937_64 random_{1};
    std::vector<member> members_;
};

// --- the same in one process, its peers limited by token buckets

run_result simulate_once(const swarm_options& options, unsigned leechers, unsigned run) {
    constexpr byte_count chunk_size = 64 * 1024;
    const std::string rate = fmt::format("{}B/s", options.rate);
    // In memory: the files of so many peers on one disk would be what is measured.
    child_process simulation("/usr/bin/env",
                             {"TMPDIR=/dev/shm", built_beside("simulate"), "--published", "--json", "--peers",
                              fmt::to_string(leechers + 1), "--chunks",
                              fmt::to_string((options.size + chunk_size - 1) / chunk_size), "--chunk-size",
                              fmt::format("{}B", chunk_size), "--up", rate, "--down", rate, "--kill",
                              fmt::to_string(killed_of(options, leechers)), "--seed", fmt::to_string(run)});
    const int code = simulation.wait_for_exit(longest_run);
    const std::string said = simulation.output();
    if (code != 0) throw std::runtime_error("simulate has failed:\n" + said);
    const auto json = nlohmann::json::parse(said);
    run_result result;
    result.makespan = json.at("makespan").get<double>();
    result.bound = json.at("fluid_bound").get<double>();
    result.seeder_rate = static_cast<double>(options.rate);
    unsigned complete = 0;
    for (const auto& peer : json.at("peers")) {
        if (peer.at("part") == "seeder") result.seeder_sent = peer.at("bytes_up").get<double>();
        if (peer.at("part") == "seeder") continue;
        result.leechers_received += peer.at("bytes_down").get<double>();
        result.leechers_lacked += static_cast<double>(options.size);
        if (!peer.contains("seconds")) continue;
        result.mean += peer.at("seconds").get<double>();
        ++complete;
    }
    result.mean /= complete;
    return result;
}

// --- what is told of them

double median_of(const std::vector<run_result>& runs, auto value) {
    std::vector<double> values;
    for (const run_result& one : runs) values.push_back(value(one));
    return median(values);
}

report summary_of(const std::string& tool, const std::vector<run_result>& runs, const swarm_options& options,
                  unsigned leechers) {
    const double size = static_cast<double>(options.size);
    const auto of_runs = [&runs](auto value) { return median_of(runs, value); };
    const auto ratio = [](const run_result& r) { return r.makespan / r.bound; };
    std::string title =
        fmt::format("swarm: {}, {} to {} leechers, links of {}", tool, show_size(options.size), leechers,
                    show_rate(static_cast<double>(options.rate)));
    if (options.slow_percent > 0)
        title += fmt::format(", {} % of the leechers at a quarter", options.slow_percent);
    if (options.kill_percent > 0) title += fmt::format(", {} killed", killed_of(options, leechers));
    title += fmt::format(", {}, medians of {} runs", options.simulate ? "simulated" : "in network namespaces",
                         runs.size());
    report all{std::move(title), {}};
    all.add("makespan", of_runs([](auto& r) { return r.makespan; }), "s");
    all.add("fluid bound", of_runs([](auto& r) { return r.bound; }), "s");
    all.add("makespan / bound", of_runs(ratio));
    all.add("makespan / bound, worst run", std::ranges::max(runs, {}, ratio).makespan / runs.front().bound);
    all.add("mean time to complete / bound", of_runs([](auto& r) { return r.mean / r.bound; }));
    // Of real links, what went over the wire, with all headers; simulated, the content.
    all.add("sent by the seeder / size", of_runs([=](auto& r) { return r.seeder_sent / size; }));
    all.add("seeder's link busy",
            of_runs([](auto& r) { return r.seeder_sent / (r.seeder_rate * r.makespan); }));
    all.add("received by the leechers / what they lacked",
            of_runs([](auto& r) { return r.leechers_received / r.leechers_lacked; }));
    if (!options.simulate) all.add("packets dropped", of_runs([](auto& r) { return r.dropped; }));
    unsigned wrong = 0;
    for (const run_result& one : runs) wrong += one.wrong;
    all.add("wrong copies, all runs", wrong);
    return all;
}

std::vector<report> simulate_swarms(const swarm_options& options) {
    if (options.slow_percent > 0 || !options.others.empty())
        throw std::runtime_error("simulated links are all equal, and ours: no --slow, no --with");
    std::vector<report> reports;
    for (const unsigned leechers : options.leechers) {
        std::vector<run_result> runs;
        for (unsigned i = 1; i <= options.runs; ++i) runs.push_back(simulate_once(options, leechers, i));
        reports.push_back(summary_of("simulate", runs, options, leechers));
    }
    return reports;
}

// In turn: what else goes on on this machine meanwhile is to hit all of them alike.
std::vector<report> run_swarms(const swarm_options& options) {
    std::vector<std::string> tools{our_tool};
    std::ranges::copy(options.others, std::back_inserter(tools));
    std::ranges::for_each(tools, require_tool);
    const std::filesystem::path memory = leave_the_machine();
    std::vector<report> reports;
    for (const unsigned leechers : options.leechers) {
        namespace_swarm swarm(options, leechers, memory);
        std::vector<std::vector<run_result>> runs(tools.size());
        for (unsigned i = 0; i < options.runs; ++i)
            for (std::size_t tool = 0; tool < tools.size(); ++tool)
                runs[tool].push_back(swarm.run(tools[tool]));
        for (std::size_t tool = 0; tool < tools.size(); ++tool)
            reports.push_back(summary_of(tools[tool], runs[tool], options, leechers));
    }
    return reports;
}

}  // namespace

std::vector<report> measure_swarm(const swarm_options& options) {
    return options.simulate ? simulate_swarms(options) : run_swarms(options);
}

}  // namespace p2p::bench
