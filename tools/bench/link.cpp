#include "benches.hpp"
#include "content.hpp"
#include "core/base/units.hpp"
#include "reference.hpp"
#include "support/child_process.hpp"
#include "support/temporary_folder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <stdexcept>

namespace p2p::bench {

namespace {

constexpr std::chrono::milliseconds longest_run = std::chrono::minutes{10};

double seconds(duration time) {
    return std::chrono::duration<double>(time).count();
}

struct measured {
    transfer_cost cost;
    byte_count memory_of_sharer = 0;
    byte_count memory_of_getter = 0;
};

class link_bench {
public:
    explicit link_bench(const link_options& options)
        : options_(options), folder_(options.folder), content_(folder_ / "content") {
        make_random_file(content_, options.size);
    }

    measured with_the_reference() {
        std::vector<std::filesystem::path> to;
        for (unsigned i = 0; i < options_.getters; ++i) to.push_back(copy(i));
        const measured result{send_plainly(content_, to), 0, 0};
        remove_copies();
        return result;
    }

    measured with_peers(bool encrypted) {
        std::vector<std::string> share{"share", content_, "--with-tracker", "127.0.0.1:0"};
        if (encrypted) share.emplace_back("--secret");
        child_process sharer(built_beside("p2pclient"), share);
        sharer.wait_for("p2p:", longest_run);
        const std::string link = "p2p:" + sharer.wait_for_rest_of_line("p2p:");
        const duration before = sharer.cpu_time();

        measured result;
        const time_point began = std::chrono::steady_clock::now();
        std::vector<std::unique_ptr<child_process>> getters;
        for (unsigned i = 0; i < options_.getters; ++i)
            getters.push_back(std::make_unique<child_process>(
                built_beside("p2pclient"), std::vector<std::string>{"get", link, copy(i)}));
        for (const auto& getter : getters)
            if (getter->wait_for_exit(longest_run) != 0)
                throw std::runtime_error("get has failed:\n" + getter->output());
        result.cost.took = std::chrono::steady_clock::now() - began;
        result.cost.cpu_time = sharer.cpu_time() - before;
        for (const auto& getter : getters) {
            result.cost.cpu_time += getter->cpu_time();
            result.memory_of_getter = std::max(result.memory_of_getter, getter->peak_memory());
        }
        result.memory_of_sharer = sharer.peak_memory();
        remove_copies();
        return result;
    }

private:
    std::filesystem::path copy(unsigned number) const { return folder_ / fmt::format("copy{}", number); }

    void remove_copies() const {
        for (unsigned i = 0; i < options_.getters; ++i) std::filesystem::remove_all(copy(i));
    }

    link_options options_;
    temporary_folder folder_;
    std::filesystem::path content_;
};

struct summary {
    double best_rate = 0;  // GiB per second and getter
    double median_rate = 0;
    double best_cpu = 0;  // seconds per GiB delivered
    double median_cpu = 0;
};

summary summary_of(const std::vector<measured>& runs, const link_options& options) {
    const double gib = static_cast<double>(options.size) / (byte_count{1} << 30U);
    std::vector<double> rates;
    std::vector<double> cpu;
    for (const measured& one : runs) {
        rates.push_back(gib / seconds(one.cost.took));
        cpu.push_back(seconds(one.cost.cpu_time) / gib / options.getters);
    }
    return {std::ranges::max(rates), median(rates), std::ranges::min(cpu), median(cpu)};
}

}  // namespace

std::vector<report> measure_link(const link_options& options) {
    link_bench bench(options);
    bench.with_the_reference();  // the first touch of the memory is dear
    std::vector<measured> plain;
    std::vector<measured> ours;
    std::vector<measured> ours_encrypted;
    for (unsigned i = 0; i < options.runs; ++i) {
        plain.push_back(bench.with_the_reference());
        ours.push_back(bench.with_peers(false));
        ours_encrypted.push_back(bench.with_peers(true));
    }
    const summary reference = summary_of(plain, options);
    const summary peers = summary_of(ours, options);
    const summary encrypted = summary_of(ours_encrypted, options);
    byte_count memory_of_sharer = 0;
    byte_count memory_of_getter = 0;
    for (const measured& one : ours) {
        memory_of_sharer = std::max(memory_of_sharer, one.memory_of_sharer);
        memory_of_getter = std::max(memory_of_getter, one.memory_of_getter);
    }

    report all{fmt::format("link: {} to {} over loopback, in {}, {} runs", show_size(options.size),
                           options.getters == 1 ? "one peer" : fmt::format("{} peers", options.getters),
                           options.folder.native(), options.runs),
               {}};
    all.add("rate, best", peers.best_rate, "GiB/s");
    all.add("rate, median", peers.median_rate, "GiB/s");
    all.add("rate of the reference, best", reference.best_rate, "GiB/s");
    all.add("rate of the reference, median", reference.median_rate, "GiB/s");
    all.add("rate / reference, best of each", peers.best_rate / reference.best_rate);
    all.add("rate / reference, medians", peers.median_rate / reference.median_rate);
    all.add("CPU, best", peers.best_cpu, "s/GiB");
    all.add("CPU, median", peers.median_cpu, "s/GiB");
    all.add("CPU of the reference, best", reference.best_cpu, "s/GiB");
    all.add("CPU of the reference, median", reference.median_cpu, "s/GiB");
    all.add("CPU / reference, best of each", peers.best_cpu / reference.best_cpu);
    all.add("CPU / reference, medians", peers.median_cpu / reference.median_cpu);
    all.add("with a secret: rate, median", encrypted.median_rate, "GiB/s");
    all.add("with a secret: rate / without, medians", encrypted.median_rate / peers.median_rate);
    all.add("with a secret: CPU, median", encrypted.median_cpu, "s/GiB");
    all.add("with a secret: CPU / without, medians", encrypted.median_cpu / peers.median_cpu);
    constexpr double mebibyte = 1U << 20U;
    all.add("peak memory of the sharer", static_cast<double>(memory_of_sharer) / mebibyte, "MiB");
    all.add("peak memory of a getter", static_cast<double>(memory_of_getter) / mebibyte, "MiB");
    return {all};
}

}  // namespace p2p::bench
