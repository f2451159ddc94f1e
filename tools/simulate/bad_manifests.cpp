#include "bad_manifests.hpp"

#include "protocol/json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace p2p::simulation {

namespace {

constexpr byte_count largest = byte_count{1} << 30U;
// More than half of what a tracker lets one peer have.
constexpr unsigned huge_sets = 20;

struct bomb {
    byte_count total;
    std::string beginning;
    std::string repeats;
};

bomb make_bomb(std::uint64_t which) {
    constexpr std::size_t deep = 2000;
    std::string path;
    for (std::size_t i = 0; i < deep; ++i) path += "a/";
    const std::string begin = "p2p manifest 1\nname 4 bomb\nentries ";
    const std::array bombs{
        bomb{largest, "p2p manifest 1\nname 4 bomb\n", "#"},
        bomb{8 << 20U, begin + "1000000\n", "d 3 x/y\n"},
        bomb{1 << 20U, begin + "250\n", fmt::format("d {} {}x\n", path.size() + 1, path)},
        bomb{64 << 10U, begin + "0\nchunks 16777216\n", "x"},
    };
    return bombs[which % bombs.size()];
}

}  // namespace

manifest_bomb_peer::manifest_bomb_peer(asio::any_io_executor executor, battlefield where)
    : hostile_member(executor, std::move(where)) {
    const bomb own = make_bomb(where_.seed);
    total_ = own.total;
    beginning_ = own.beginning;
    repeats_ = own.repeats;
}

std::string manifest_bomb_peer::bytes(byte_count from, byte_count size) const {
    std::string part;
    part.reserve(size);
    for (byte_count at = from; part.size() < size; ++at)
        part +=
            at < beginning_.size() ? beginning_[at] : repeats_[(at - beginning_.size()) % repeats_.size()];
    return part;
}

void manifest_bomb_peer::answer(stream& line, const peer_to_peer::message& message) {
    const auto* asked = std::get_if<peer_to_peer::get_manifest>(&message);
    if (asked == nullptr || asked->offset >= total_) return;
    const byte_count size = std::min(asked->size, total_ - asked->offset);
    line.post(to_line(peer_to_peer::manifest_part{asked->offset, size, total_}));
    line.post(bytes(asked->offset, size));
}

// Sets that are as large as numbers can be.
void manifest_bomb_peer::speak(stream& tracker, bool first) {
    hostile_member::speak(tracker, first);
    if (!first) return;
    to_tracker::announce everything_of_it;
    everything_of_it.held = chunk_set::first(max_chunk_count);
    for (unsigned i = 0; i < huge_sets; ++i) {
        set_summary huge{{}, "default", max_set_size, max_chunk_count};
        for (auto& byte : huge.id.bytes) byte = static_cast<std::uint8_t>(random_());
        everything_of_it.set = published_set(huge.id);
        tracker.post(to_line(to_tracker::publish{huge}));
        tracker.post(to_line(everything_of_it));
    }
}

}  // namespace p2p::simulation
