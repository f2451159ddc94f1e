// What pages show, and what programs that ask for the same are answered: one line of JSON, without its end.
// source/web/page/openapi.json describes every field. What a peer answers besides is in control.hpp.
#pragma once

#include "core/base/units.hpp"
#include "core/views/overview.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace p2p::pages {

struct tracker {
    std::string version;
    std::int64_t started = 0;  ///< seconds since 1970
    std::uint16_t port = 0;
    unsigned quorum = 0;
    bool is_closed = false;  ///< who has not the secret, or a certificate, cannot take part
    std::size_t peers = 0;
    std::size_t published_sets = 0;
    std::size_t chunk_folders = 0;
};

struct peer_itself {
    std::string version;
    std::string name;
};

struct fileset {
    set_overview what;
    std::string link{};  ///< of a published set
};
struct filesets {
    std::size_t total = 0;
    std::size_t after = 0;
    std::vector<fileset> some{};
};

struct member {
    peer_id peer;
    std::string name;
    endpoint address;
    std::uint32_t chunks = 0;  ///< that it holds
};
struct one_fileset {
    fileset set;
    heat_map map;
    std::size_t members = 0;
    std::vector<member> some{};
};
struct holders {
    chunk_index first;
    chunk_index last;
    std::size_t total = 0;
    std::vector<member> some{};
};

struct peer {
    peer_id id;
    std::string name;
    endpoint address;
    membership_totals totals;
    byte_count received_per_second = 0;  ///< as it says itself
    byte_count sent_per_second = 0;
    double silent_seconds = 0;
    std::size_t reports = 0;  ///< of wrong bytes, against it
};
struct peers {
    std::size_t total = 0;
    std::size_t after = 0;
    std::vector<peer> some{};
};

std::string to_json(const tracker& what);
std::string to_json(const peer_itself& what);
std::string to_json(const filesets& what);
std::string to_json(const one_fileset& what);
std::string to_json(const holders& what);
std::string to_json(const peers& what);

/// How a file-set is called in an address: the id of a published one, COUNT:NAME of a chunk folder.
std::string key_of(const file_set_key& set);
std::optional<file_set_key> parse_key(std::string_view text);

}  // namespace p2p::pages
