// What `p2pclient --json` prints on standard output: a line for each event. events.schema.json describes
// every field; PROTOCOL.md is about other lines, those between programs.
#pragma once

#include "core/set/file_set.hpp"
#include "core/views/activity.hpp"

#include <optional>
#include <string>
#include <variant>

namespace p2p::events {

/// Later versions add events and fields, and change none.
inline constexpr unsigned version = 1;

struct start {
    std::string release;
    std::string command;  ///< "folder": the form without a command
};
struct progress {
    activity now;
    std::optional<double> bytes_per_second{};
    std::optional<double> seconds_left{};
};
struct link {
    std::string fileset;
    std::string text;
};
/// What was there before anything is fetched, in bytes.
struct found {
    std::string fileset;
    byte_count in_place = 0;
    byte_count copied = 0;  ///< from elsewhere on this machine
    byte_count missing = 0;
};
struct complete {
    std::string fileset;
    std::uint32_t chunks_fetched = 0;
    byte_count received = 0;
    std::uint32_t peers = 0;
    std::uint32_t wrong_chunks = 0;
    double seconds = 0;
};
/// It was thrown away, and is fetched again.
struct wrong_chunk {
    std::string fileset;
    std::uint32_t chunk = 0;
    std::string peer;
};
/// It answers, after none did or another; or it does not any more.
struct tracker {
    std::string fileset;
    std::string address;
    bool answers = false;
};
struct sent {
    std::string fileset;
    byte_count bytes = 0;
    std::uint32_t peers = 0;
};
struct differs {
    std::string what;
};
struct verified {
    std::string fileset;
    std::uint32_t chunks = 0;
    std::uint32_t wrong_chunks = 0;
    std::size_t differences = 0;  ///< as many `differs` went before; some, as an empty file, are in no chunk
};
struct split {
    std::string folder;
    std::uint32_t chunks = 0;
    byte_count chunk_size = 0;
};
struct join {
    std::string file;
    byte_count size = 0;
};
struct error {
    int exit_code = 0;
    std::string message;
};
/// Always the last.
struct end {
    int exit_code = 0;
};

using event = std::variant<start, progress, link, found, complete, wrong_chunk, tracker, sent, set_listing,
                           differs, verified, split, join, error, end>;

/// With its '\n'. Text that is no UTF-8 is replaced.
std::string to_line(const event& what);

}  // namespace p2p::events
