// What a running p2pclient can be asked, at its prompt and through its socket (--control), and what it
// answers: JSON lines on the socket, words and tables for people (control_text.hpp).
#pragma once

#include "core/chunks/chunk_set.hpp"
#include "core/views/activity.hpp"

#include <tl/expected.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace p2p::control {

/// Of an answer about 1,000 peers with the longest names. A request has at most max_line_length.
inline constexpr std::size_t longest_answer = std::size_t{16} << 20U;

// --- requests. A file-set is named by its name or its id; empty: all of them.

struct status {};
struct peers {
    std::string fileset{};
};
struct chunks {
    std::string fileset{};
};
struct add {
    std::string link;
    std::string destination{};  ///< empty: as for `get`
};
struct pause {
    std::string fileset{};
};
struct resume {
    std::string fileset{};
};
/// It is not fetched or served any more; files stay.
struct remove {
    std::string fileset;
};
/// Bytes per second; 0: no limit.
struct limit {
    std::optional<byte_count> up{};
    std::optional<byte_count> down{};
};
struct log {
    std::string level;
};
struct stop {};

using request = std::variant<status, peers, chunks, add, pause, resume, remove, limit, log, stop>;

// --- answers

struct set_status {
    activity now;
    std::string id{};  ///< of a published set
    std::uint32_t chunks = 0;
    std::uint32_t chunks_present = 0;
    std::uint32_t chunks_fetched = 0;
    std::uint32_t wrong_chunks = 0;
    std::uint32_t sources = 0;    ///< peers that chunks came from
    std::uint32_t receivers = 0;  ///< and went to
    double received_per_second = 0;
    double sent_per_second = 0;
    double seconds = 0;  ///< since it began
    bool has_tracker = false;
};
struct whole_status {
    std::string name;  ///< of the peer
    std::uint16_t port = 0;
    byte_count limit_up = 0;  ///< bytes per second; 0: no limit
    byte_count limit_down = 0;
    std::vector<set_status> filesets{};
};

struct connected_peer {
    std::string fileset;
    std::string peer;  ///< "bob at 10.0.0.7:6001"
    std::uint32_t chunks_present = 0;
    std::uint32_t chunks = 0;
    std::uint32_t open_requests = 0;
    byte_count received = 0;
    byte_count sent = 0;
};
struct connected_peers {
    std::vector<connected_peer> peers{};
};

struct set_chunks {
    std::string fileset;
    std::uint32_t chunks = 0;
    chunk_set present{};
    chunk_set offered{};   ///< to other peers
    chunk_set disputed{};  ///< differ from what others agreed on
};
struct all_chunks {
    std::vector<set_chunks> filesets{};
};

struct done {};
struct refused {
    int exit_code = 0;  ///< as of a command that failed in the same way
    std::string message{};
};

using answer = std::variant<whole_status, connected_peers, all_chunks, done, refused>;

/// With '\n'. Text that is no UTF-8 is replaced.
std::string to_line(const request& what);
std::string to_line(const answer& what);

/// Unknown fields are ignored. The error is one line, and names the field that is wrong.
tl::expected<request, std::string> read_request(std::string_view line);
tl::expected<answer, std::string> read_answer(std::string_view line);

}  // namespace p2p::control
