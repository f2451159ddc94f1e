#include "protocol/pages.hpp"

#include "core/base/names.hpp"
#include "core/base/percent_encoding.hpp"

#include <nlohmann/json.hpp>

#include <charconv>

namespace p2p::pages {

namespace {

using json = nlohmann::ordered_json;

std::string finish(const json& what) {
    return what.dump(-1, ' ', false, json::error_handler_t::replace);
}

json fields(const fileset& f) {
    const set_overview& o = f.what;
    json set{{"key", key_of(o.set)},
             {"kind", o.set.is_published() ? "published" : "chunk_folder"},
             {"name", o.name}};
    if (!f.link.empty()) set["link"] = f.link;
    set["size"] = o.size;
    set["chunks"] = o.count;
    set["agreed"] = o.agreed;
    set["pending"] = o.pending;
    set["disputed"] = o.disputed;
    set["seeders"] = o.seeders;
    set["leechers"] = o.leechers;
    return set;
}

json fields(const member& m) {
    return {
        {"peer", m.peer.value}, {"name", m.name}, {"address", m.address.to_string()}, {"chunks", m.chunks}};
}

json fields(const peer& p) {
    return {{"peer", p.id.value},
            {"name", p.name},
            {"address", p.address.to_string()},
            {"filesets", p.totals.sets},
            {"chunks_held", p.totals.held},
            {"chunks", p.totals.chunks},
            {"received_per_second", p.received_per_second},
            {"sent_per_second", p.sent_per_second},
            {"silent_seconds", p.silent_seconds},
            {"reports", p.reports}};
}

json fields(const heat_map& map) {
    json cells{{"chunks_per_cell", map.chunks_per_cell()},
               {"copies", json::array()},
               {"missing", json::array()},
               {"pending", json::array()},
               {"disputed", json::array()}};
    for (const heat_map::cell& one : map.cells()) {
        cells["copies"].push_back(one.copies);
        cells["missing"].push_back(one.missing);
        cells["pending"].push_back(one.pending);
        cells["disputed"].push_back(one.disputed);
    }
    return cells;
}

template <class Element>
json all_of(const std::vector<Element>& elements) {
    json all = json::array();
    for (const Element& one : elements) all.push_back(fields(one));
    return all;
}

}  // namespace

std::string to_json(const tracker& t) {
    return finish({{"kind", "tracker"},
                   {"version", t.version},
                   {"started", t.started},
                   {"port", t.port},
                   {"quorum", t.quorum},
                   {"closed", t.is_closed},
                   {"peers", t.peers},
                   {"published_sets", t.published_sets},
                   {"chunk_folders", t.chunk_folders}});
}

std::string to_json(const peer_itself& p) {
    return finish({{"kind", "peer"}, {"version", p.version}, {"name", p.name}});
}

std::string to_json(const filesets& f) {
    return finish({{"total", f.total}, {"after", f.after}, {"filesets", all_of(f.some)}});
}

std::string to_json(const one_fileset& f) {
    json set = fields(f.set);
    set["map"] = fields(f.map);
    set["members"] = f.members;
    set["some_members"] = all_of(f.some);
    return finish(set);
}

std::string to_json(const holders& h) {
    return finish(
        {{"first", h.first.value}, {"last", h.last.value}, {"total", h.total}, {"holders", all_of(h.some)}});
}

std::string to_json(const peers& p) {
    return finish({{"total", p.total}, {"after", p.after}, {"peers", all_of(p.some)}});
}

std::string key_of(const file_set_key& set) {
    return set.is_published() ? set.id->to_hex() : std::to_string(set.count) + ":" + set.name;
}

std::optional<file_set_key> parse_key(std::string_view text) {
    if (const auto id = file_set_id::from_hex(text)) return published_set(*id);
    const auto [digits, name] = cut_at(text, ':');
    std::uint32_t count = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
    const bool is_number = error == std::errc{} && end == digits.data() + digits.size();
    if (!is_number || count == 0 || count > max_chunk_count || !is_name(name)) return std::nullopt;
    return file_set_key{std::string{name}, count};
}

}  // namespace p2p::pages
