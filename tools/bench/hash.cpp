// bench hash: what checking a chunk costs, and what cutting content at content-defined places does. Each hash
// is given the parts that arrive from a peer, and stands beside one plain call of the library that it uses.

#include "core/base/hash.hpp"

#include "core/base/sha256.hpp"
#include "core/chunks/chunking.hpp"

#include <openssl/evp.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <benchmark/benchmark.h>
#include <cstring>
#include <random>
#include <span>
#include <vector>

namespace {

using namespace p2p;

constexpr std::size_t part_size = std::size_t{256} * 1024;

std::vector<std::byte> random_bytes(std::size_t size) {
    std::mt19937_64 random{size};
    std::vector<std::byte> bytes(size);
    for (std::size_t at = 0; at + sizeof(std::uint64_t) <= size; at += sizeof(std::uint64_t)) {
        const std::uint64_t word = random();
        std::memcpy(bytes.data() + at, &word, sizeof word);
    }
    return bytes;
}

/// Calls work(bytes) again and again, and counts bytes per second.
template <class Work>
void over_bytes(benchmark::State& state, Work work) {
    const std::vector<std::byte> bytes = random_bytes(static_cast<std::size_t>(state.range(0)));
    for (auto _ : state) work(std::span{bytes});
    state.SetBytesProcessed(state.iterations() * state.range(0));
}

template <class Hasher>
void in_parts(std::span<const std::byte> bytes) {
    Hasher hasher;
    for (; !bytes.empty(); bytes = bytes.subspan(std::min(part_size, bytes.size())))
        hasher.update(bytes.first(std::min(part_size, bytes.size())));
    benchmark::DoNotOptimize(hasher.digest());
}

void xxh3(benchmark::State& state) {
    over_bytes(state, in_parts<chunk_hasher>);
}

void plain_xxh3(benchmark::State& state) {
    over_bytes(state, [](auto bytes) { benchmark::DoNotOptimize(XXH3_128bits(bytes.data(), bytes.size())); });
}

void sha256(benchmark::State& state) {
    over_bytes(state, in_parts<sha256_hasher>);
}

void plain_sha256(benchmark::State& state) {
    over_bytes(state, [](auto bytes) {
        std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
        EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha256(), nullptr);
        benchmark::DoNotOptimize(digest);
    });
}

void cut_by_content(benchmark::State& state) {
    over_bytes(state, [](auto bytes) {
        content_cutter cutter(usual_chunk_size(bytes.size()));
        cutter.update(bytes);
        benchmark::DoNotOptimize(cutter.finish());
    });
}

void usual_sizes(benchmark::internal::Benchmark* one) {
    for (const std::int64_t kibibytes : {64, 1024, 16 * 1024}) one->Arg(kibibytes * 1024);
}

BENCHMARK(xxh3)->Name("hash/xxh3")->Apply(usual_sizes);
BENCHMARK(plain_xxh3)->Name("hash/xxh3_plain")->Apply(usual_sizes);
BENCHMARK(sha256)->Name("hash/sha256")->Apply(usual_sizes);
BENCHMARK(plain_sha256)->Name("hash/sha256_plain")->Apply(usual_sizes);
BENCHMARK(cut_by_content)->Name("hash/cut_by_content")->Apply(usual_sizes);

}  // namespace
