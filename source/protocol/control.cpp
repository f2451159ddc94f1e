#include "protocol/control.hpp"

#include "core/units.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

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

// --- reading. What is missing or of the wrong kind throws json::exception or problem.

struct problem : std::runtime_error {
    using std::runtime_error::runtime_error;
};

std::string text(const json& line, const char* key) {
    return line.at(key).get<std::string>();
}
std::string text_if_any(const json& line, const char* key) {
    return line.contains(key) ? text(line, key) : std::string{};
}

template <class Number>
Number number(const json& line, const char* key) {
    const json& value = line.at(key);
    if (!value.is_number_unsigned() || value.get<std::uint64_t>() > std::numeric_limits<Number>::max())
        throw problem(fmt::format("\"{}\" must be a whole number from 0 to {}", key,
                                  std::numeric_limits<Number>::max()));
    return value.get<Number>();
}
std::optional<byte_count> number_if_any(const json& line, const char* key) {
    if (!line.contains(key)) return std::nullopt;
    return number<byte_count>(line, key);
}

chunk_set ranges(const json& line, const char* key, std::uint32_t count) {
    auto set = chunk_set::parse(text(line, key), count);
    if (!set) throw problem(fmt::format("\"{}\": {}", key, set.error()));
    return std::move(*set);
}

activity::kind phase(const json& line) {
    const std::string name = text(line, "phase");
    for (const activity::kind one : phases)
        if (name == phase_of(one)) return one;
    throw problem(fmt::format("there is no phase \"{}\"", printable(name, 40)));
}

limit read_limit(const json& line) {
    limit read{number_if_any(line, "up"), number_if_any(line, "down")};
    if (!read.up && !read.down) throw problem("\"up\" or \"down\" is missing");
    return read;
}

request request_from(const json& line) {
    const std::string type = text(line, "type");
    if (type == "status") return status{};
    if (type == "peers") return peers{text_if_any(line, "fileset")};
    if (type == "chunks") return chunks{text_if_any(line, "fileset")};
    if (type == "add") return add{text(line, "link"), text_if_any(line, "destination")};
    if (type == "pause") return pause{text_if_any(line, "fileset")};
    if (type == "resume") return resume{text_if_any(line, "fileset")};
    if (type == "remove") return remove{text(line, "fileset")};
    if (type == "limit") return read_limit(line);
    if (type == "log") return log{text(line, "level")};
    if (type == "stop") return stop{};
    throw problem(fmt::format("there is no request of the type \"{}\"", printable(type, 40)));
}

set_status read_set_status(const json& line) {
    set_status s;
    s.now.name = text(line, "fileset");
    s.id = text_if_any(line, "id");
    s.now.what = phase(line);
    s.now.counted_in = text(line, "unit") == "chunks" ? activity::unit::chunks : activity::unit::bytes;
    s.now.done = number<std::uint64_t>(line, "done");
    s.now.total = number<std::uint64_t>(line, "total");
    s.now.received = number<byte_count>(line, "received");
    s.now.sent = number<byte_count>(line, "sent");
    s.received_per_second = line.at("received_per_second").get<double>();
    s.sent_per_second = line.at("sent_per_second").get<double>();
    s.now.peers = number<std::size_t>(line, "peers");
    s.chunks = number<std::uint32_t>(line, "chunks");
    s.chunks_present = number<std::uint32_t>(line, "chunks_present");
    s.chunks_fetched = number<std::uint32_t>(line, "chunks_fetched");
    s.wrong_chunks = number<std::uint32_t>(line, "wrong_chunks");
    s.sources = number<std::uint32_t>(line, "sources");
    s.receivers = number<std::uint32_t>(line, "receivers");
    s.seconds = line.at("seconds").get<double>();
    s.has_tracker = line.at("has_tracker").get<bool>();
    return s;
}

connected_peer read_peer(const json& line) {
    connected_peer p;
    p.fileset = text(line, "fileset");
    p.peer = text(line, "peer");
    p.chunks = number<std::uint32_t>(line, "chunks");
    p.chunks_present = number<std::uint32_t>(line, "chunks_present");
    p.open_requests = number<std::uint32_t>(line, "open_requests");
    p.received = number<byte_count>(line, "received");
    p.sent = number<byte_count>(line, "sent");
    return p;
}

set_chunks read_set_chunks(const json& line) {
    set_chunks s{text(line, "fileset"), number<std::uint32_t>(line, "chunks")};
    if (s.chunks > max_chunk_count) throw problem("\"chunks\": there are too many");
    s.present = ranges(line, "present", s.chunks);
    s.offered = ranges(line, "offered", s.chunks);
    s.disputed = ranges(line, "disputed", s.chunks);
    return s;
}

template <class Element>
std::vector<Element> list(const json& line, const char* key, Element (*read)(const json&)) {
    std::vector<Element> elements;
    for (const json& one : line.at(key).get_ref<const json::array_t&>()) elements.push_back(read(one));
    return elements;
}

answer answer_from(const json& line) {
    const std::string type = text(line, "type");
    if (type == "status")
        return whole_status{text(line, "name"), number<std::uint16_t>(line, "port"),
                            number<byte_count>(line, "limit_up"), number<byte_count>(line, "limit_down"),
                            list(line, "filesets", read_set_status)};
    if (type == "peers") return connected_peers{list(line, "peers", read_peer)};
    if (type == "chunks") return all_chunks{list(line, "filesets", read_set_chunks)};
    if (type == "done") return done{};
    if (type == "error") return refused{line.at("exit_code").get<int>(), text(line, "message")};
    throw problem(fmt::format("there is no answer of the type \"{}\"", printable(type, 40)));
}

template <class Message>
tl::expected<Message, std::string> read(std::string_view line, Message (*from)(const json&)) {
    const json object = json::parse(line, nullptr, false);
    if (!object.is_object()) return tl::unexpected{std::string{"not a JSON object"}};
    try {
        return from(object);
    } catch (const problem& why) {
        return tl::unexpected{std::string{why.what()}};
    } catch (const json::exception& why) {
        const std::string_view what = why.what();  // "[json.exception.out_of_range.403] key 'up' not found"
        const auto name_ends = what.find("] ");
        return tl::unexpected{std::string{what.substr(name_ends == what.npos ? 0 : name_ends + 2)}};
    }
}

}  // namespace

std::string to_line(const request& what) {
    return finish(std::visit([](const auto& one) { return fields(one); }, what));
}

std::string to_line(const answer& what) {
    return finish(std::visit([](const auto& one) { return fields(one); }, what));
}

tl::expected<request, std::string> read_request(std::string_view line) {
    return read<request>(line, request_from);
}

tl::expected<answer, std::string> read_answer(std::string_view line) {
    return read<answer>(line, answer_from);
}

}  // namespace p2p::control
