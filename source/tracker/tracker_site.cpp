#include "tracker/tracker_site.hpp"

#include "core/chunks/chunk_set.hpp"
#include "core/set/link.hpp"
#include "protocol/pages.hpp"
#include "web/qr.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace p2p {

namespace {

constexpr std::uint32_t most_cells = 512;
constexpr std::size_t usual_rows = 100;
constexpr std::size_t most_rows = 1000;  // of any list
constexpr std::size_t most_holders = 50;

using path = std::vector<std::string>;

/// Of the registry's peers.
pages::member named(const registry& peers, const holding& one) {
    const peer_info& peer = peers.peer(one.peer);
    return {one.peer, peer.name, peer.address, one.chunks};
}

std::size_t rows_wanted(const web_target& asked) {
    return asked.number("most", usual_rows, most_rows);
}

}  // namespace

tracker_site::tracker_site(const tracker_server& server, std::string version)
    : server_(server), version_(std::move(version)), started_(std::chrono::system_clock::now()) {}

web_answer tracker_site::get(const web_request& request) {
    const path& asked = request.target.path;
    for (const char* name : {"after", "most", "cells"})
        if (!request.target.is_number_if_any(name))
            return refused(400, fmt::format("{} must be one whole number", name));
    if (asked.size() < 3) return no_such_page();
    if (asked.size() == 3 && asked[2] == "about") return about();
    if (asked.size() == 3 && asked[2] == "peers") return peers(request.target);
    if (asked[2] != "filesets") return no_such_page();
    if (asked.size() == 3) return filesets(request.target, request.host);
    const auto set = pages::parse_key(asked[3]);
    const auto known = set ? overview(*set) : std::nullopt;
    if (!known) return refused(404, "there is no such file-set");
    if (asked.size() == 4) return one_fileset(*set, request);
    if (asked.size() == 5 && asked[4] == "qr.svg") return qr(*set, request.host);
    if (asked.size() == 6 && asked[4] == "holders") return holders(*known, asked[5]);
    return no_such_page();
}

web_answer tracker_site::about() const {
    const tracker_options& options = server_.options();
    const pages::tracker all{.version = version_,
                             .started = std::chrono::system_clock::to_time_t(started_),
                             .port = server_.port(),
                             .quorum = options.agreement.quorum,
                             .is_closed = options.secured != nullptr,
                             .peers = server_.peers_and_folders().peer_count(),
                             .published_sets = server_.published().set_count(),
                             .chunk_folders = server_.peers_and_folders().set_count()};
    return {.body = pages::to_json(all)};
}

std::optional<set_overview> tracker_site::overview(const file_set_key& set) const {
    return set.is_published() ? server_.published().overview(*set.id)
                              : server_.peers_and_folders().overview(set);
}

// To the tracker at the name by which whoever asks has reached it.
std::string tracker_site::link_to(const set_overview& set, const std::string& host) const {
    return link{{{host, server_.port()}}, *set.set.id, set.name}.to_string();
}

// Published sets come first.
web_answer tracker_site::filesets(const web_target& asked, const std::string& host) const {
    const catalogue& published = server_.published();
    const registry& folders = server_.peers_and_folders();
    pages::filesets all{published.set_count() + folders.set_count(),
                        asked.number("after", 0, max_chunk_count)};
    const std::size_t most = rows_wanted(asked);
    for (set_overview& one : published.overviews(all.after, most)) {
        std::string link = link_to(one, host);
        all.some.push_back({std::move(one), std::move(link)});
    }
    const std::size_t folders_after = all.after - std::min(all.after, published.set_count());
    for (set_overview& one : folders.overviews(folders_after, most - all.some.size()))
        all.some.push_back({std::move(one)});
    return {.body = pages::to_json(all)};
}

web_answer tracker_site::one_fileset(const file_set_key& set, const web_request& request) const {
    const catalogue& published = server_.published();
    const registry& folders = server_.peers_and_folders();
    const auto cells = static_cast<std::uint32_t>(
        std::max<std::uint64_t>(1, request.target.number("cells", most_cells, most_cells)));
    pages::one_fileset all{
        {*overview(set)},
        set.is_published() ? published.heat_map_of(*set.id, cells) : folders.heat_map_of(set, cells)};
    if (set.is_published()) all.set.link = link_to(all.set.what, request.host);
    std::vector<holding> members = set.is_published() ? published.holdings(*set.id) : folders.holdings(set);
    all.members = members.size();
    std::ranges::sort(members, {}, &holding::peer);  // as they came: rows stay where they are
    members.resize(std::min(members.size(), most_rows));
    for (const holding& one : members) all.some.push_back(named(folders, one));
    return {.body = pages::to_json(all)};
}

web_answer tracker_site::holders(const set_overview& of, const std::string& chunks) const {
    const file_set_key& set = of.set;
    const auto range = chunk_set::parse(chunks, of.count);
    if (!range || range->empty() || chunks.find(',') != std::string::npos)
        return refused(400, fmt::format("chunks are one of 1 to {}, or one range: 1-100", of.count));
    const registry& folders = server_.peers_and_folders();
    pages::holders all{*range->begin(), *range->last()};
    std::vector<holding> some = set.is_published() ? server_.published().holders(*set.id, all.first, all.last)
                                                   : folders.holders(set, all.first, all.last);
    all.total = some.size();
    std::ranges::sort(some, std::ranges::greater{}, &holding::chunks);
    some.resize(std::min(some.size(), most_holders));
    for (const holding& one : some) all.some.push_back(named(folders, one));
    return {.body = pages::to_json(all)};
}

web_answer tracker_site::qr(const file_set_key& set, const std::string& host) const {
    if (!set.is_published()) return refused(404, "only published sets have a link");
    return {.type = "image/svg+xml", .body = qr_svg(link_to(*overview(set), host))};
}

web_answer tracker_site::peers(const web_target& asked) const {
    const registry& known = server_.peers_and_folders();
    const auto reports = server_.reports().reports_against();
    const time_point now = std::chrono::steady_clock::now();
    pages::peers all{known.peer_count(), asked.number("after", 0, max_chunk_count)};
    for (const peer_id id : known.peers(all.after, rows_wanted(asked))) {
        const peer_info& peer = known.peer(id);
        const auto [said, since] = server_.last_words(id);
        membership_totals totals = known.totals(id);
        const membership_totals of_published = server_.published().totals(id);
        totals.sets += of_published.sets;
        totals.held += of_published.held;
        totals.chunks += of_published.chunks;
        const auto against = reports.find(peer.address);
        all.some.push_back({id, peer.name, peer.address, totals, said.received_per_second,
                            said.sent_per_second, std::chrono::duration<double>(now - since).count(),
                            against == reports.end() ? 0 : against->second});
    }
    return {.body = pages::to_json(all)};
}

metrics tracker_site::figures() {
    const tracker_counts& counts = server_.counts();
    const registry& folders = server_.peers_and_folders();
    const catalogue& published = server_.published();
    const auto number = [](std::uint64_t value) { return static_cast<double>(value); };
    std::vector<metrics::labelled> messages;
    for (std::size_t kind = 0; kind < counts.messages.size(); ++kind)
        messages.push_back({std::string{to_tracker::names.at(kind)}, number(counts.messages.at(kind))});
    return metrics{}
        .gauge("p2p_tracker_peers", "Peers that have joined", number(folders.peer_count()))
        .gauge("p2p_tracker_connections", "Connections that are open, of peers and visitors",
               number(server_.connections()))
        .gauge("p2p_tracker_published_sets", "Published file-sets that are known",
               number(published.set_count()))
        .gauge("p2p_tracker_chunk_folders", "File-sets of chunk folders that are known",
               number(folders.set_count()))
        .gauge("p2p_tracker_kept_chunks", "Chunks that are kept, as the limits --max-chunks count them",
               number(folders.chunks_kept() + published.chunks_kept()))
        .counter("p2p_tracker_joined_total", "Peers that have joined so far", number(counts.joined))
        .counters("p2p_tracker_messages_total", "Messages that were understood, by type", "type", messages)
        .counter("p2p_tracker_refused_messages_total", "Lines that were no message",
                 number(counts.refused_messages))
        .counter("p2p_tracker_refused_connections_total",
                 "Connections that were turned away: there were too many", number(counts.refused_connections))
        .counter("p2p_tracker_announced_chunks_total",
                 "Chunks of chunk folders that were announced with a hash", number(counts.announced_chunks))
        .counter("p2p_tracker_agreed_chunks_total", "Chunks that went from the check_list to the chunk_list",
                 number(counts.agreed_chunks))
        .counter("p2p_tracker_disputes_total", "Announcements of another hash than the agreed one",
                 number(counts.disputes))
        .counter("p2p_tracker_reports_total", "Reports of wrong bytes that counted", number(counts.reports))
        .counter("p2p_tracker_bans_total", "Peers that were put out of a file-set", number(counts.bans))
        .version(version_);
}

}  // namespace p2p
