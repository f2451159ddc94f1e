#include "protocol/events.hpp"

#include <nlohmann/json.hpp>

namespace p2p::events {

namespace {

using json = nlohmann::ordered_json;

json fields(const start& e) {
    return {{"event", "start"},
            {"version", version},
            {"program", "p2pclient"},
            {"release", e.release},
            {"command", e.command}};
}

json fields(const progress& e) {
    json line{{"event", "progress"},
              {"phase", phase_of(e.now.what)},
              {"fileset", e.now.name},
              {"unit", e.now.counted_in == activity::unit::bytes ? "bytes" : "chunks"},
              {"done", e.now.done},
              {"total", e.now.total},
              {"received", e.now.received},
              {"sent", e.now.sent},
              {"peers", e.now.peers}};
    if (e.bytes_per_second) line["bytes_per_second"] = *e.bytes_per_second;
    if (e.seconds_left) line["seconds_left"] = *e.seconds_left;
    return line;
}

json fields(const link& e) {
    return {{"event", "link"}, {"fileset", e.fileset}, {"link", e.text}};
}

json fields(const found& e) {
    return {{"event", "found"},
            {"fileset", e.fileset},
            {"in_place", e.in_place},
            {"copied", e.copied},
            {"missing", e.missing}};
}

json fields(const complete& e) {
    return {{"event", "complete"},    {"fileset", e.fileset}, {"chunks_fetched", e.chunks_fetched},
            {"received", e.received}, {"peers", e.peers},     {"wrong_chunks", e.wrong_chunks},
            {"seconds", e.seconds}};
}

json fields(const wrong_chunk& e) {
    return {{"event", "wrong_chunk"}, {"fileset", e.fileset}, {"chunk", e.chunk}, {"peer", e.peer}};
}

json fields(const tracker& e) {
    return {{"event", "tracker"}, {"fileset", e.fileset}, {"tracker", e.address}, {"answers", e.answers}};
}

json fields(const sent& e) {
    return {{"event", "sent"}, {"fileset", e.fileset}, {"bytes", e.bytes}, {"peers", e.peers}};
}

json fields(const set_listing& e) {
    return {{"event", "fileset"},    {"id", e.set.id.to_hex()}, {"name", e.set.name},    {"size", e.set.size},
            {"chunks", e.set.count}, {"seeders", e.seeders},    {"leechers", e.leechers}};
}

json fields(const differs& e) {
    return {{"event", "differs"}, {"what", e.what}};
}

json fields(const verified& e) {
    return {{"event", "verified"},
            {"fileset", e.fileset},
            {"chunks", e.chunks},
            {"wrong_chunks", e.wrong_chunks},
            {"differences", e.differences}};
}

json fields(const split& e) {
    return {{"event", "split"}, {"folder", e.folder}, {"chunks", e.chunks}, {"chunk_size", e.chunk_size}};
}

json fields(const join& e) {
    return {{"event", "join"}, {"file", e.file}, {"size", e.size}};
}

json fields(const error& e) {
    return {{"event", "error"}, {"exit_code", e.exit_code}, {"message", e.message}};
}

json fields(const end& e) {
    return {{"event", "end"}, {"exit_code", e.exit_code}};
}

}  // namespace

std::string to_line(const event& what) {
    const json line = std::visit([](const auto& one) { return fields(one); }, what);
    return line.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

}  // namespace p2p::events
