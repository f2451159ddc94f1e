#include "protocol/control.hpp"

#include "protocol/read_line.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace p2p::control {

namespace {

using json = nlohmann::ordered_json;

constexpr std::array phases{activity::kind::hashing, activity::kind::checking, activity::kind::verifying,
                            activity::kind::waiting, activity::kind::fetching, activity::kind::serving,
                            activity::kind::paused};

std::string finish(const json& line) {
    return line.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

json about(const char* type, const std::string& fileset) {
    json line{{"type", type}};
    if (!fileset.empty()) line["fileset"] = fileset;
    return line;
}

// --- requests

json fields(const status&) {
    return {{"type", "status"}};
}
json fields(const peers& r) {
    return about("peers", r.fileset);
}
json fields(const chunks& r) {
    return about("chunks", r.fileset);
}
json fields(const add& r) {
    json line{{"type", "add"}, {"link", r.link}};
    if (!r.destination.empty()) line["destination"] = r.destination;
    return line;
}
json fields(const pause& r) {
    return about("pause", r.fileset);
}
json fields(const resume& r) {
    return about("resume", r.fileset);
}
json fields(const remove& r) {
    return about("remove", r.fileset);
}
json fields(const limit& r) {
    json line{{"type", "limit"}};
    if (r.up) line["up"] = *r.up;
    if (r.down) line["down"] = *r.down;
    return line;
}
json fields(const log& r) {
    return {{"type", "log"}, {"level", r.level}};
}
json fields(const stop&) {
    return {{"type", "stop"}};
}

// --- answers

json fields(const set_status& s) {
    json set{{"fileset", s.now.name}};
    if (!s.id.empty()) set["id"] = s.id;
    set["phase"] = phase_of(s.now.what);
    set["unit"] = s.now.counted_in == activity::unit::bytes ? "bytes" : "chunks";
    set["done"] = s.now.done;
    set["total"] = s.now.total;
    set["received"] = s.now.received;
    set["sent"] = s.now.sent;
    set["received_per_second"] = s.received_per_second;
    set["sent_per_second"] = s.sent_per_second;
    set["peers"] = s.now.peers;
    set["chunks"] = s.chunks;
    set["chunks_present"] = s.chunks_present;
    set["chunks_fetched"] = s.chunks_fetched;
    set["wrong_chunks"] = s.wrong_chunks;
    set["sources"] = s.sources;
    set["receivers"] = s.receivers;
    set["seconds"] = s.seconds;
    set["has_tracker"] = s.has_tracker;
    return set;
}

json fields(const connected_peer& p) {
    return {{"fileset", p.fileset},   {"peer", p.peer},
            {"chunks", p.chunks},     {"chunks_present", p.chunks_present},
            {"received", p.received}, {"open_requests", p.open_requests},
            {"sent", p.sent}};
}

json fields(const set_chunks& s) {
    return {{"fileset", s.fileset},
            {"chunks", s.chunks},
            {"present", s.present.to_ranges()},
            {"offered", s.offered.to_ranges()},
            {"disputed", s.disputed.to_ranges()}};
}

template <class Element>
json all_of(const std::vector<Element>& elements) {
    json all = json::array();
    for (const Element& one : elements) all.push_back(fields(one));
    return all;
}

json fields(const whole_status& a) {
    return {{"type", "status"},
            {"name", a.name},
            {"port", a.port},
            {"limit_up", a.limit_up},
            {"limit_down", a.limit_down},
            {"filesets", all_of(a.filesets)}};
}
json fields(const connected_peers& a) {
    return {{"type", "peers"}, {"peers", all_of(a.peers)}};
}
json fields(const all_chunks& a) {
    return {{"type", "chunks"}, {"filesets", all_of(a.filesets)}};
}
json fields(const done&) {
    return {{"type", "done"}};
}
json fields(const refused& a) {
    return {{"type", "error"}, {"exit_code", a.exit_code}, {"message", a.message}};
}

// --- requests, read

template <class Request>
request read_about(field_reader& in) {
    return Request{in.text_if_any("fileset")};
}
request read_remove(field_reader& in) {
    return remove{std::string{in.text("fileset")}};
}
request read_add(field_reader& in) {
    return add{std::string{in.text("link")}, in.text_if_any("destination")};
}
request read_limit(field_reader& in) {
    limit read;
    if (in.has("up")) read.up = in.number<byte_count>("up", 0);
    if (in.has("down")) read.down = in.number<byte_count>("down", 0);
    if (!in.has("up") && !in.has("down")) in.refuse("\"up\" or \"down\" is missing");
    return read;
}
request read_log(field_reader& in) {
    return log{std::string{in.text("level")}};
}

constexpr auto request_types = std::to_array<line_type<request>>({
    {"status", read_fieldless<request, status>},
    {"peers", read_about<peers>},
    {"chunks", read_about<chunks>},
    {"add", read_add},
    {"pause", read_about<pause>},
    {"resume", read_about<resume>},
    {"remove", read_remove},
    {"limit", read_limit},
    {"log", read_log},
    {"stop", read_fieldless<request, stop>},
});

// --- answers, read

// As many as a line holds.
constexpr std::size_t most_elements = longest_answer;

activity::kind read_phase(field_reader& in) {
    const auto known = std::ranges::find(phases, in.text("phase"), phase_of);
    if (known == phases.end()) in.refuse("phase", "one that is known");
    return known == phases.end() ? activity::kind::hashing : *known;
}

set_status read_set_status(field_reader& in) {
    set_status s;
    s.now.name = in.text("fileset");
    s.id = in.text_if_any("id");
    s.now.what = read_phase(in);
    s.now.counted_in = in.text("unit") == "chunks" ? activity::unit::chunks : activity::unit::bytes;
    s.now.done = in.number<std::uint64_t>("done", 0);
    s.now.total = in.number<std::uint64_t>("total", 0);
    s.now.received = in.number<byte_count>("received", 0);
    s.now.sent = in.number<byte_count>("sent", 0);
    s.received_per_second = in.real("received_per_second");
    s.sent_per_second = in.real("sent_per_second");
    s.now.peers = in.number<std::size_t>("peers", 0);
    s.chunks = in.number<std::uint32_t>("chunks", 0);
    s.chunks_present = in.number<std::uint32_t>("chunks_present", 0);
    s.chunks_fetched = in.number<std::uint32_t>("chunks_fetched", 0);
    s.wrong_chunks = in.number<std::uint32_t>("wrong_chunks", 0);
    s.sources = in.number<std::uint32_t>("sources", 0);
    s.receivers = in.number<std::uint32_t>("receivers", 0);
    s.seconds = in.real("seconds");
    s.has_tracker = in.flag_if_any("has_tracker");
    return s;
}

connected_peer read_peer(field_reader& in) {
    connected_peer p;
    p.fileset = in.text("fileset");
    p.peer = in.text("peer");
    p.chunks = in.number<std::uint32_t>("chunks", 0);
    p.chunks_present = in.number<std::uint32_t>("chunks_present", 0);
    p.open_requests = in.number<std::uint32_t>("open_requests", 0);
    p.received = in.number<byte_count>("received", 0);
    p.sent = in.number<byte_count>("sent", 0);
    return p;
}

set_chunks read_set_chunks(field_reader& in) {
    set_chunks s{std::string{in.text("fileset")},
                 static_cast<std::uint32_t>(in.number("chunks", 0, max_chunk_count))};
    in.count(s.chunks);
    s.present = in.chunks("present");
    s.offered = in.chunks("offered");
    s.disputed = in.chunks("disputed");
    return s;
}

answer read_status(field_reader& in) {
    return whole_status{std::string{in.text("name")}, in.number<std::uint16_t>("port", 0),
                        in.number<byte_count>("limit_up", 0), in.number<byte_count>("limit_down", 0),
                        in.list("filesets", most_elements, read_set_status)};
}
answer read_peers(field_reader& in) {
    return connected_peers{in.list("peers", most_elements, read_peer)};
}
answer read_chunks(field_reader& in) {
    return all_chunks{in.list("filesets", most_elements, read_set_chunks)};
}
answer read_refused(field_reader& in) {
    return refused{in.number<int>("exit_code", 0), std::string{in.text("message")}};
}

constexpr auto answer_types = std::to_array<line_type<answer>>({
    {"status", read_status},
    {"peers", read_peers},
    {"chunks", read_chunks},
    {"done", read_fieldless<answer, done>},
    {"error", read_refused},
});

template <class Message, std::size_t Count>
tl::expected<Message, std::string> read(std::string_view line,
                                        const std::array<line_type<Message>, Count>& types) {
    return read_line<Message>(line, types, max_chunk_count).map_error(&error_message::message);
}

}  // namespace

std::string to_line(const request& what) {
    return finish(std::visit([](const auto& one) { return fields(one); }, what));
}

std::string to_line(const answer& what) {
    return finish(std::visit([](const auto& one) { return fields(one); }, what));
}

tl::expected<request, std::string> read_request(std::string_view line) {
    return read(line, request_types);
}

tl::expected<answer, std::string> read_answer(std::string_view line) {
    return read(line, answer_types);
}

}  // namespace p2p::control
