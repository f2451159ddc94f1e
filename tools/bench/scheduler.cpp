// bench scheduler: what deciding costs, without I/O: the orders of a leecher, the picks of a seeder, and the
// chunk sets that both are made of.

#include "core/transfer/scheduler.hpp"

#include "core/transfer/upload_queue.hpp"

#include <benchmark/benchmark.h>
#include <memory>
#include <random>
#include <vector>

namespace {

using namespace p2p;

chunk_index random_chunk(std::uint32_t count, std::mt19937_64& random) {
    return {static_cast<std::uint32_t>(1 + random() % count)};
}

/// About a part of all chunks, here and there: one of `of`.
chunk_set random_part(std::uint32_t count, std::uint32_t of, std::mt19937_64& random) {
    chunk_set part;
    for (chunk_index chunk{1}; chunk.value <= count; ++chunk.value)
        if (random() % of == 0) part.insert(chunk);
    return part;
}

/// The download of one leecher, chunk after chunk: it is connected to peers that have a part each and tell
/// what more they get meanwhile, or to one that has everything and chooses itself what it sends.
class download {
public:
    download(std::uint32_t count, unsigned peers)
        : count_(count),
          plan_(count, {}, {}, 1),
          seeder_({}, 2),
          given_of_seeder_(peers == 1),
          peers_(peers) {
        for (const chunk_index chunk : chunk_set::first(count)) plan_.agreed(chunk);
        constexpr std::uint32_t part_at_start = 4;
        for (std::uint64_t i = 1; i <= peers; ++i) {
            plan_.peer_joined({i}, now_);
            plan_.peer_has(
                {i}, given_of_seeder_ ? chunk_set::first(count) : random_part(count, part_at_start, random_));
        }
        carry_out(plan_.next_orders(now_));
    }

    /// false: the download is complete (or what is left, nobody has).
    bool next_chunk() {
        if (open_.empty()) return false;
        std::swap(open_[random_() % open_.size()], open_.back());
        const order answered = open_.back();
        open_.pop_back();
        now_ += std::chrono::milliseconds{1};
        const chunk_index chunk = answered.chunk ? *answered.chunk : chosen_by_seeder(answered.peer);
        if (plan_.started(answered.peer, chunk, now_)) {
            carry_out(plan_.finished(answered.peer, chunk, now_));
            present_.insert(chunk);
        }
        if (!given_of_seeder_) somebody_has_more();
        carry_out(plan_.next_orders(now_));
        benchmark::DoNotOptimize(plan_.next_deadline());
        return true;
    }

private:
    // As a session does it, on both sides.
    chunk_index chosen_by_seeder(peer_id seeder) {
        const chunk_set except = plan_.except(seeder).take(most_excepted);
        const chunk_index chunk = *seeder_.pick({{&all_}, {&present_, &given_, &except}});
        seeder_.count_sent(chunk);
        given_.insert(chunk);
        return chunk;
    }

    // While this leecher gets one chunk, each of the others gets about one as well.
    void somebody_has_more() {
        chunk_set more;
        for (unsigned i = 0; i < peers_; ++i) more.insert(random_chunk(count_, random_));
        plan_.peer_has({1 + random_() % peers_}, more);
    }

    void carry_out(const std::vector<order>& orders) {
        for (const order& one : orders) {
            if (one.what == order::kind::request)
                open_.push_back(one);
            else
                std::erase(open_, order{order::kind::request, one.peer, one.chunk});
        }
    }

    std::uint32_t count_;
    std::mt19937_64 random_{3};
    scheduler plan_;
    upload_queue seeder_;
    bool given_of_seeder_;
    unsigned peers_;
    time_point now_{std::chrono::hours{1}};
    std::vector<order> open_;
    chunk_set all_ = chunk_set::first(count_);
    chunk_set present_;
    chunk_set given_;
};

/// Chunk after chunk, download after download.
void downloads(benchmark::State& state) {
    const auto count = static_cast<std::uint32_t>(state.range(0));
    const auto peers = static_cast<unsigned>(state.range(1));
    auto one = std::make_unique<download>(count, peers);
    for (auto _ : state) {
        if (one->next_chunk()) continue;
        state.PauseTiming();
        one = std::make_unique<download>(count, peers);
        state.ResumeTiming();
    }
    state.SetItemsProcessed(state.iterations());
}

void upload_pick(benchmark::State& state) {
    const auto count = static_cast<std::uint32_t>(state.range(0));
    std::mt19937_64 random{4};
    upload_queue uploads({}, 5);
    const chunk_set offer = random_part(count, 2, random);
    for (auto _ : state) uploads.count_sent(*uploads.pick(offer));
    state.SetItemsProcessed(state.iterations());
}

/// Two sets, of half of all chunks each; work(a, b).
template <class Work>
void with_sets(benchmark::State& state, Work work) {
    const auto count = static_cast<std::uint32_t>(state.range(0));
    std::mt19937_64 random{6};
    chunk_set a = random_part(count, 2, random);
    const chunk_set b = random_part(count, 2, random);
    for (auto _ : state) work(a, b);
}

void set_union(benchmark::State& state) {
    with_sets(state, [](chunk_set& a, const chunk_set& b) { benchmark::DoNotOptimize(a |= b); });
}

void set_difference(benchmark::State& state) {
    with_sets(state, [](chunk_set& a, const chunk_set& b) { benchmark::DoNotOptimize(a -= b); });
}

void set_copy(benchmark::State& state) {
    with_sets(state, [](chunk_set& a, const chunk_set& b) { benchmark::DoNotOptimize(a = b); });
}

void set_iteration(benchmark::State& state) {
    with_sets(state, [](const chunk_set& a, const chunk_set&) {
        for (chunk_index chunk : a) benchmark::DoNotOptimize(chunk);
    });
}

void set_to_text(benchmark::State& state) {
    with_sets(state, [](const chunk_set& a, const chunk_set&) { benchmark::DoNotOptimize(a.to_ranges()); });
}

void set_from_text(benchmark::State& state) {
    const auto count = static_cast<std::uint32_t>(state.range(0));
    std::mt19937_64 random{6};
    const std::string text = random_part(count, 2, random).to_ranges();
    for (auto _ : state) benchmark::DoNotOptimize(chunk_set::parse(text, count));
}

/// News of a single chunk, as most lines about a set of large chunks are.
void set_of_one(benchmark::State& state) {
    const auto count = static_cast<std::uint32_t>(state.range(0));
    const std::string text = std::to_string(count);
    chunk_set all = chunk_set::first(count / 2);
    for (auto _ : state) all |= *chunk_set::parse(text, count);
}

constexpr std::int64_t many = 10'000;
constexpr std::int64_t very_many = 1'000'000;
constexpr auto in_microseconds = benchmark::kMicrosecond;

BENCHMARK(downloads)
    ->Name("scheduler/chunk_of_download")
    ->ArgNames({"chunks", "peers"})
    ->ArgsProduct({{many, very_many}, {50, 1}})
    ->Unit(in_microseconds);

void for_many(benchmark::internal::Benchmark* one) {
    one->ArgName("chunks")->Arg(many)->Arg(very_many)->Unit(in_microseconds);
}

BENCHMARK(upload_pick)->Name("scheduler/upload_pick")->Apply(for_many);
BENCHMARK(set_union)->Name("scheduler/set_union")->Apply(for_many);
BENCHMARK(set_difference)->Name("scheduler/set_difference")->Apply(for_many);
BENCHMARK(set_copy)->Name("scheduler/set_copy")->Apply(for_many);
BENCHMARK(set_iteration)->Name("scheduler/set_iteration")->Apply(for_many);
BENCHMARK(set_to_text)->Name("scheduler/set_to_text")->Apply(for_many);
BENCHMARK(set_from_text)->Name("scheduler/set_from_text")->Apply(for_many);
BENCHMARK(set_of_one)->Name("scheduler/set_of_one")->Apply(for_many);

}  // namespace
