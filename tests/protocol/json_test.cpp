#include "protocol/json.hpp"

#include "core/set/manifest.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <array>
#include <random>
#include <set>
#include <string>
#include <vector>

using namespace p2p;

namespace {

constexpr std::uint32_t count = 10;
const file_set_key five{"default", 5};
const std::string hash_text = "00112233445566778899aabbccddeeff";

const std::string id_text = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
const file_set_id id = file_set_id::from_hex(id_text).value();
const file_set_key published = published_set(id);

const auto as_tracker = [](std::string_view line) { return read_to_tracker(line); };

chunk_set chunks(std::string_view ranges) {
    return chunk_set::parse(ranges, max_chunk_count).value();
}

chunk_claim claim(std::uint32_t chunk, byte_count size) {
    return {chunk_index{chunk}, chunk_hash::from_hex(hash_text).value(), size};
}

holder bob() {
    return {peer_id{7}, "bob", "127.0.0.1", 6001, chunks("1-3")};
}

holder carol() {
    return {peer_id{8}, "carol", "::1", 6002, {}};
}

set_summary photos() {
    return {id, "photos", 4611686018427387903, 16777216};
}

auto from_peer(std::string_view line) {
    return read_peer_to_peer(line, count);
}

/// A message, and the line that it is.
template <class Message>
struct written {
    Message message;
    std::string line;
};

const std::vector<written<to_tracker::message>> to_tracker_lines{
    {to_tracker::hello{1, "alice", 6001, ""},
     R"({"type":"hello","version":1,"name":"alice","transfer_port":6001})"},
    {to_tracker::hello{1, "alice", 6001, "a.example"},
     R"({"type":"hello","version":1,"name":"alice","transfer_port":6001,"advertise":"a.example"})"},
    {to_tracker::hello{1, "alice", 6001, "", 99},
     R"({"type":"hello","version":1,"name":"alice","transfer_port":6001,"instance":99})"},
    {to_tracker::announce{five, {}}, R"({"type":"announce","fileset":"default","count":5,"chunks":[]})"},
    {to_tracker::announce{five, {claim(1, 1048576), claim(5, 0)}},
     R"({"type":"announce","fileset":"default","count":5,"chunks":[)"
     R"({"chunk":1,"hash":"00112233445566778899aabbccddeeff","size":1048576},)"
     R"({"chunk":5,"hash":"00112233445566778899aabbccddeeff","size":0}]})"},
    {to_tracker::locate{five, chunks("1-3,5")},
     R"({"type":"locate","fileset":"default","count":5,"chunks":"1-3,5"})"},
    {to_tracker::withdraw{five, chunks("2")},
     R"({"type":"withdraw","fileset":"default","count":5,"chunks":"2"})"},
    {to_tracker::withdraw{five, {}}, R"({"type":"withdraw","fileset":"default","count":5})"},
    {to_tracker::report{five, {2}, "10.0.0.7", 6001},
     R"({"type":"report","fileset":"default","count":5,"chunk":2,"host":"10.0.0.7","port":6001})"},
    {to_tracker::report{published, {2}, "::1", 6001},
     R"({"type":"report","id":"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff","chunk":2,"host":"::1","port":6001})"},
    {to_tracker::publish{photos()},
     R"({"type":"publish","id":"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",)"
     R"("name":"photos","size":4611686018427387903,"count":16777216})"},
    {to_tracker::publish{{id, "nothing", 0, 0}},
     R"({"type":"publish","id":"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff","name":"nothing","size":0,"count":0})"},
    {to_tracker::announce{published, {}, chunks("1-100,16777216")},
     R"({"type":"announce","id":"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff","chunks":"1-100,16777216"})"},
    {to_tracker::announce{published, {}, {}},
     R"({"type":"announce","id":"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff","chunks":""})"},
    {to_tracker::locate{published, {}},
     R"({"type":"locate","id":"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"})"},
    {to_tracker::withdraw{published, chunks("2")},
     R"({"type":"withdraw","id":"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff","chunks":"2"})"},
    {to_tracker::withdraw{published, chunks("")},
     R"({"type":"withdraw","id":"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff","chunks":""})"},
    {to_tracker::withdraw{published, {}},
     R"({"type":"withdraw","id":"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"})"},
    {to_tracker::list{}, R"({"type":"list"})"},
    {to_tracker::list{id, {}},
     R"({"type":"list","id":"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"})"},
    {to_tracker::list{{}, "photos"}, R"({"type":"list","name":"photos"})"},
    {to_tracker::list{id, "photos"},
     R"({"type":"list","id":"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff","name":"photos"})"},
    {to_tracker::leave{}, R"({"type":"leave"})"},
    {to_tracker::ping{}, R"({"type":"ping"})"},
    {to_tracker::ping{.received_per_second = 2'500'000, .sent_per_second = 7},
     R"({"type":"ping","received_per_second":2500000,"sent_per_second":7})"},
};

const std::vector<written<from_tracker::message>> from_tracker_lines{
    {from_tracker::welcome{1, peer_id{7}, 30000},
     R"({"type":"welcome","version":1,"peer":7,"silence_limit_ms":30000})"},
    {from_tracker::announced{five, {}, {}, {}, {}}, R"({"type":"announced","fileset":"default","count":5})"},
    {from_tracker::announced{five, chunks("1-3"), chunks("4"), chunks("5"), {6, 7}},
     R"({"type":"announced","fileset":"default","count":5,"agreed":"1-3","pending":"4","disputed":"5",)"
     R"("other_counts":[6,7]})"},
    {from_tracker::locations{five, {}, {}, chunks("1-5"), false},
     R"({"type":"locations","fileset":"default","count":5,"chunks":[],"holders":[],"unknown":"1-5"})"},
    {from_tracker::locations{five, {claim(1, 9)}, {bob()}, {}, true},
     R"({"type":"locations","fileset":"default","count":5,)"
     R"("chunks":[{"chunk":1,"hash":"00112233445566778899aabbccddeeff","size":9}],)"
     R"("holders":[{"peer":7,"name":"bob","host":"127.0.0.1","port":6001,"chunks":"1-3"}],"more":true})"},
    {from_tracker::announced{published, chunks("1-3"), {}, {}, {}},
     R"({"type":"announced","id":"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff","agreed":"1-3"})"},
    {from_tracker::locations{published, {}, {}, {}, false},
     R"({"type":"locations","id":"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff","holders":[]})"},
    {from_tracker::locations{published, {}, {carol(), carol()}, {}, true},
     R"({"type":"locations","id":"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",)"
     R"("holders":[{"peer":8,"name":"carol","host":"::1","port":6002},)"
     R"({"peer":8,"name":"carol","host":"::1","port":6002}],"more":true})"},
    {from_tracker::filesets{{}, false}, R"({"type":"filesets","sets":[]})"},
    {from_tracker::filesets{{{photos(), 1, 2}, {{id, "\"", 0, 0}, 0, 0}}, true},
     R"({"type":"filesets","sets":[{"id":"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",)"
     R"("name":"photos","size":4611686018427387903,"count":16777216,"seeders":1,"leechers":2},)"
     R"({"id":"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",)"
     R"("name":"\"","size":0,"count":0,"seeders":0,"leechers":0}],"more":true})"},
    {from_tracker::agreed{five, {claim(2, 9)}, {bob()}},
     R"({"type":"agreed","fileset":"default","count":5,)"
     R"("chunks":[{"chunk":2,"hash":"00112233445566778899aabbccddeeff","size":9}],)"
     R"("holders":[{"peer":7,"name":"bob","host":"127.0.0.1","port":6001,"chunks":"1-3"}]})"},
    {from_tracker::pong{}, R"({"type":"pong"})"},
    {error_message{"bad_json", "no JSON object"},
     R"({"type":"error","code":"bad_json","message":"no JSON object"})"},
};

const std::vector<written<peer_to_peer::message>> peer_lines{
    {peer_to_peer::hello{1, "bob", 6002, five, chunks("1-3"), 99},
     R"({"type":"hello","version":1,"name":"bob","transfer_port":6002,"instance":99,"fileset":"default","count":5,"chunks":"1-3"})"},
    {peer_to_peer::hello{1, "bob", 6002, five, {}, 99},
     R"({"type":"hello","version":1,"name":"bob","transfer_port":6002,"instance":99,"fileset":"default","count":5,"chunks":""})"},
    {peer_to_peer::hello{1, "bob", 6002, published, chunks("1-10"), 99},
     R"({"type":"hello","version":1,"name":"bob","transfer_port":6002,"instance":99,"id":"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff","chunks":"1-10"})"},
    {peer_to_peer::have{chunks("7-9")}, R"({"type":"have","chunks":"7-9"})"},
    {peer_to_peer::request{chunk_index{7}, {}}, R"({"type":"request","chunk":7})"},
    {peer_to_peer::request{{}, {}}, R"({"type":"request","any":true})"},
    {peer_to_peer::request{{}, chunks("3,9")}, R"({"type":"request","any":true,"except":"3,9"})"},
    {peer_to_peer::cancel{chunk_index{7}}, R"({"type":"cancel","chunk":7})"},
    {peer_to_peer::cancel{}, R"({"type":"cancel","any":true})"},
    {peer_to_peer::chunk_part{chunk_index{7}, 262144, 262144, 1048576},
     R"({"type":"chunk","chunk":7,"offset":262144,"size":262144,"total":1048576})"},
    {peer_to_peer::chunk_part{chunk_index{7}, 0, 0, 0},
     R"({"type":"chunk","chunk":7,"offset":0,"size":0,"total":0})"},
    {peer_to_peer::chunk_part{chunk_index{7}, max_chunk_size - 1, 1, max_chunk_size},
     R"({"type":"chunk","chunk":7,"offset":4611686018427387903,"size":1,"total":4611686018427387904})"},
    {peer_to_peer::refuse{chunk_index{7}, "gone"}, R"({"type":"refuse","chunk":7,"reason":"gone"})"},
    {peer_to_peer::refuse{{}, "nothing new"}, R"({"type":"refuse","any":true,"reason":"nothing new"})"},
    {peer_to_peer::refuse_manifest{"not yet"}, R"({"type":"refuse","manifest":true,"reason":"not yet"})"},
    {peer_to_peer::get_manifest{0, 1048576}, R"({"type":"get_manifest","offset":0,"size":1048576})"},
    {peer_to_peer::get_manifest{max_manifest_size - 1, 1},
     R"({"type":"get_manifest","offset":1073741823,"size":1})"},
    {peer_to_peer::manifest_part{1048576, 1, 1048577},
     R"({"type":"manifest","offset":1048576,"size":1,"total":1048577})"},
    {peer_to_peer::manifest_part{max_manifest_size - 1, 1, max_manifest_size},
     R"({"type":"manifest","offset":1073741823,"size":1,"total":1073741824})"},
    {ping_message{}, R"({"type":"ping"})"},
    {error_message{"bad_field", "said \"no\""},
     R"({"type":"error","code":"bad_field","message":"said \"no\""})"},
};

template <class Message>
std::string line_of(const Message& message) {
    return std::visit([](const auto& one) { return to_line(one); }, message);
}

template <class Message, class Read>
void check_both_ways(const std::vector<written<Message>>& lines, Read read) {
    for (const auto& [message, line] : lines) {
        CAPTURE(line);
        CHECK(line_of(message) == line + "\n");
        const auto back = read(line);
        REQUIRE(back.has_value());
        CHECK((*back == message));
    }
}

/// A line that is refused: by which code, and a piece of what is said about it.
struct refused {
    std::string_view line;
    std::string_view code;
    std::string_view says;
};

template <class Read>
void check_refused(std::initializer_list<refused> lines, Read read) {
    for (const refused& bad : lines) {
        CAPTURE(bad.line);
        const auto result = read(bad.line);
        REQUIRE(!result.has_value());
        CAPTURE(result.error().message);
        CHECK(result.error().code == bad.code);
        CHECK(result.error().message.find(bad.says) != std::string::npos);
    }
}

template <class Read>
void check_never_trusted(std::string_view line, Read read) {
    static const std::set<std::string> codes{"bad_json", "unknown_type", "bad_field"};
    const auto result = read(line);
    if (result.has_value()) {
        const std::string written_again = line_of(*result);
        const auto again = read(std::string_view{written_again}.substr(0, written_again.size() - 1));
        REQUIRE(again.has_value());
        CHECK((*again == *result));
        return;
    }
    CHECK(codes.contains(result.error().code));
    CHECK(!result.error().message.empty());
    CHECK(result.error().message.size() < 400);
    CHECK(read_from_tracker(to_line(result.error())).has_value());
}

void check_no_reader_trusts(std::string_view line) {
    check_never_trusted(line, as_tracker);
    check_never_trusted(line, read_from_tracker);
    check_never_trusted(line, from_peer);
}

std::vector<std::string> all_lines() {
    std::vector<std::string> lines;
    for (const auto& one : to_tracker_lines) lines.push_back(one.line);
    for (const auto& one : from_tracker_lines) lines.push_back(one.line);
    for (const auto& one : peer_lines) lines.push_back(one.line);
    return lines;
}

void mutate(std::string& line, std::mt19937& random) {
    static constexpr std::string_view telling = "\"\\{}[]:,-.0123456789eEtrufalsn \t\xc3\xff";
    const std::size_t at = random() % (line.size() + 1);
    const char c = random() % 2 == 0 ? telling[random() % telling.size()] : static_cast<char>(random() % 256);
    switch (random() % 4) {
        case 0: line.insert(at, 1, c); break;
        case 1: line.erase(at, random() % 4); break;
        case 2: line.insert(at, line.substr(random() % (line.size() + 1), random() % 24)); break;
        default: line.replace(at, at == line.size() ? 0 : 1, 1, c);
    }
}

chunk_set every_other(std::uint32_t first, std::uint32_t how_many) {
    chunk_set set;
    for (std::uint32_t n = 0; n < how_many; ++n) set.insert(chunk_index{first + 2 * n});
    return set;
}

chunk_set as_long_as_allowed() {
    const chunk_set scattered = every_other(10'000'000, 10'000);
    return chunk_set::parse(scattered.to_ranges(max_ranges_length).front(), max_chunk_count).value();
}

}  // namespace

TEST_CASE("what a peer says to a tracker reads back as it was written") {
    check_both_ways(to_tracker_lines, as_tracker);
}

TEST_CASE("what a tracker says to a peer reads back as it was written") {
    check_both_ways(from_tracker_lines, read_from_tracker);
}

TEST_CASE("what a peer says to a peer reads back as it was written") {
    check_both_ways(peer_lines, from_peer);
}

TEST_CASE("names with quotes and letters of any script survive the journey") {
    for (const std::string name : {"a \"b\" \\c", "Žofie", "日本", "🙂", "{}", "%s"}) {
        CAPTURE(name);
        const std::string line = to_line(to_tracker::hello{1, name, 6001, ""});
        const auto back = read_to_tracker(line);
        REQUIRE(back.has_value());
        CHECK(std::get<to_tracker::hello>(*back).name == name);
    }
}

TEST_CASE("text that is no UTF-8 is written with replacement characters") {
    CHECK(to_line(error_message{"x", "a\xff"}) ==
          "{\"type\":\"error\",\"code\":\"x\",\"message\":\"a\xef\xbf\xbd\"}\n");
}

TEST_CASE("fields that nobody knows and fields in another order are fine") {
    const auto back =
        read_to_tracker(R"( {"transfer_port":1,"name":"a","colour":[{"red":[1.5e3,null]}],"version":1,)"
                        R"("type":"hello"} )");
    REQUIRE(back.has_value());
    CHECK((*back == to_tracker::message{to_tracker::hello{1, "a", 1, ""}}));
}

TEST_CASE("a field that nobody knows is ignored, however large the numbers in it are") {
    const std::string digits(400, '7');
    const std::vector<std::string> numbers{"1e999",
                                           "-1e999",
                                           "1.5E+0400",
                                           "0e99999999999999999999",
                                           "1e-999",
                                           digits,
                                           "-" + digits,
                                           digits + "." + digits + "e" + digits,
                                           "[1e999,{\"y\":[1e309,\"]\"]}]"};
    for (const std::string& number : numbers) {
        CAPTURE(number);
        const auto unknown = [&](const std::string& type, const std::string& fields) {
            return fmt::format(R"({{"x":{0},"type":"{1}"{2},"":[{0}]}})", number, type, fields);
        };
        const auto ping = read_to_tracker(unknown("ping", R"(,"sent_per_second":18446744073709551615)"));
        REQUIRE(ping);
        CHECK((*ping == to_tracker::message{to_tracker::ping{.sent_per_second = ~0ULL}}));
        CHECK(read_from_tracker(unknown("pong", "")));
        CHECK(from_peer(unknown("request", R"(,"chunk":7)")));
        const auto said =
            from_peer(unknown("error", R"(,"code":"1e999","message":"\\\"1e999 \u0022 )" + digits + "\""));
        REQUIRE(said);
        CHECK(std::get<error_message>(*said).code == "1e999");
        CHECK(std::get<error_message>(*said).message.starts_with("\\\"1e999 \" 7777777777777"));
    }
}

TEST_CASE("a number that is too large for any machine is a wrong one where a number is known") {
    for (const std::string& number : {std::string{"1e999"}, std::string(400, '1')}) {
        CAPTURE(number);
        check_refused({{fmt::format(R"({{"type":"ping","sent_per_second":{}}})", number), "bad_field",
                        "ping: \"sent_per_second\" must be a whole number"},
                       {fmt::format(R"({{"type":"hello","version":{}}})", number), "bad_field",
                        "hello: \"version\" must be a whole number"}},
                      as_tracker);
        check_refused({{fmt::format(R"({{"type":"request","chunk":{}}})", number), "bad_field",
                        "request: \"chunk\" must be a whole number from 1 to 10"}},
                      from_peer);
    }
}

TEST_CASE("what is no JSON is none beside a number that is too large, either") {
    for (const std::string wrong : {"01e999", "1.e999", "1e999x", "1e9 99", "1e", "1e+", "00", "1e999}",
                                    ".5e999", "--1e999", "\"1e999", "tru1e999", "[1e999"}) {
        CAPTURE(wrong);
        check_refused({{fmt::format(R"({{"type":"ping","x":1e999,"y":{}}})", wrong), "bad_json", ""},
                       {fmt::format(R"({{"type":"ping","y":{},"x":1e999}})", wrong), "bad_json", ""}},
                      as_tracker);
    }
}

TEST_CASE("who speaks another version is told so, whatever else is in its hello") {
    for (const std::string rest : {"", R"(,"name":"a","transfer_port":1)", R"(,"name":7,"transfer_port":[])",
                                   R"(,"id":0,"instance":-1,"chunks":null)"}) {
        const std::string hello = R"({"type":"hello","version":)";
        for (const std::string version : {"2", "99", "2147483648", "18446744073709551615"}) {
            const std::string line = hello + version + rest + "}";
            check_refused({{line, "unsupported_version", "version 1"}}, as_tracker);
            check_refused({{line, "unsupported_version", "version 1"}}, from_peer);
        }
        for (const std::string no_version : {"0", "-1", "1.5", "\"2\"", "null"}) {
            const std::string line = hello + no_version + rest + "}";
            check_refused({{line, "bad_field", "\"version\" must be a whole number"}}, as_tracker);
            check_refused({{line, "bad_field", "\"version\" must be a whole number"}}, from_peer);
        }
    }
}

TEST_CASE("of a field that is there twice, the last one counts") {
    CHECK((read_to_tracker(R"({"type":"hello","type":"report","fileset":"default","count":9,"count":5,)"
                           R"("chunk":"x","chunk":2,"host":[],"host":"10.0.0.7","port":6001})") ==
           to_tracker::message{to_tracker::report{five, {2}, "10.0.0.7", 6001}}));
    check_refused({{R"({"type":"report","type":"ping","sent_per_second":1,"sent_per_second":null})",
                    "bad_field", "ping: \"sent_per_second\""}},
                  as_tracker);
}

TEST_CASE("a byte order mark is passed over at the beginning of a line, and nowhere else") {
    CHECK(read_to_tracker("\xef\xbb\xbf{\"type\":\"ping\"}"));
    check_refused({{" \xef\xbb\xbf{\"type\":\"ping\"}", "bad_json", ""},
                   {"\xef\xbb\xbf\xef\xbb\xbf{\"type\":\"ping\"}", "bad_json", ""},
                   {"\xef\xbb{\"type\":\"ping\"}", "bad_json", ""},
                   {"\xfe\xff{\"type\":\"ping\"}", "bad_json", ""}},
                  as_tracker);
}

TEST_CASE("a claim may name its hash in capitals") {
    const auto back = read_to_tracker(R"({"type":"announce","fileset":"a","count":1,"chunks":[)"
                                      R"({"chunk":1,"hash":"00112233445566778899AABBCCDDEEFF","size":3}]})");
    REQUIRE(back.has_value());
    CHECK(std::get<to_tracker::announce>(*back).chunks == std::vector{claim(1, 3)});
}

TEST_CASE("a line that is no JSON object is refused") {
    check_refused(
        {
            {"", "bad_json", "no JSON object"},
            {"GET / HTTP/1.1", "bad_json", "GET / HTTP/1.1"},
            {"5", "bad_json", "no JSON object"},
            {R"(["type","ping"])", "bad_json", "no JSON object"},
            {R"({"type":"ping")", "bad_json", "no JSON object"},
            {R"({"type":"ping"}})", "bad_json", "no JSON object"},
            {R"({"type":"ping"} {"type":"ping"})", "bad_json", "no JSON object"},
            {R"({"type":"ping",})", "bad_json", "no JSON object"},
            {R"({'type':'ping'})", "bad_json", "no JSON object"},
            {R"({"type":"ping"} // really)", "bad_json", "no JSON object"},
            {"{\"type\":\"ping\",\"x\":\"\xff\"}", "bad_json", "no JSON object"},
            {"{\"type\":\"ping\",\"x\":\"\xc0\x80\"}", "bad_json", "no JSON object"},
            {"{\"type\":\"ping\",\"x\":\"\xed\xa0\x80\"}", "bad_json", "no JSON object"},
            {{"{\"type\":\"ping\"}\0{}", 18}, "bad_json", "NUL"},
        },
        as_tracker);
}

TEST_CASE("a line without a known type is refused") {
    check_refused(
        {
            {"{}", "bad_field", "\"type\" must be text"},
            {R"({"type":5})", "bad_field", "\"type\" must be text"},
            {R"({"type":null})", "bad_field", "\"type\" must be text"},
            {R"({"type":""})", "unknown_type", "\"\""},
            {R"({"type":"Ping"})", "unknown_type", "\"Ping\""},
            {R"({"type":"request","chunk":1})", "unknown_type", "\"request\""},
            {R"({"type":"pong"})", "unknown_type", "\"pong\""},
            {"{\"type\":\"a\\u001b[2J\"}", "unknown_type", "\"a?[2J\""},
        },
        as_tracker);
}

TEST_CASE("a number that is no whole number in range is refused") {
    for (const std::string_view port : {"-1", "0", "65536", "1e3", "1.0", "1.5", "99999999999999999999", "-0",
                                        "\"6001\"", "null", "true", "[1]", "{}"}) {
        CAPTURE(port);
        const auto result = read_to_tracker(
            fmt::format(R"({{"type":"hello","version":1,"name":"a","transfer_port":{}}})", port));
        REQUIRE(!result.has_value());
        CHECK(result.error() ==
              error_message{"bad_field", "hello: \"transfer_port\" must be a whole number from 1 to 65535"});
    }
}

TEST_CASE("a field of the wrong kind or size is refused by its name") {
    check_refused(
        {
            {R"({"type":"hello","version":0,"name":"a","transfer_port":1})", "bad_field",
             "\"version\" must be"},
            {R"({"type":"hello","version":1,"transfer_port":1})", "bad_field", "hello: \"name\" is missing"},
            {R"({"type":"hello","version":1,"name":5,"transfer_port":1})", "bad_field",
             "\"name\" must be text"},
            {R"({"type":"hello","version":1,"name":"","transfer_port":1})", "bad_field", "1 to 100 bytes"},
            {R"({"type":"hello","version":1,"name":"a\nb","transfer_port":1})", "bad_field", "\"name\""},
            {R"({"type":"hello","version":1,"name":"a\u0000b","transfer_port":1})", "bad_field", "\"name\""},
            {R"({"type":"hello","version":1,"name":"\u007f","transfer_port":1})", "bad_field", "\"name\""},
            {R"({"type":"hello","version":1,"name":"\u009b2J","transfer_port":1})", "bad_field", "\"name\""},
            {R"({"type":"hello","version":1,"name":"a","transfer_port":1,"advertise":""})", "bad_field",
             "\"advertise\" must be 1 to 255 visible"},
            {R"({"type":"hello","version":1,"name":"a","transfer_port":1,"advertise":"a b"})", "bad_field",
             "\"advertise\""},
            {R"({"type":"hello","version":1,"name":"a","transfer_port":1,"advertise":"höst"})", "bad_field",
             "\"advertise\""},
            {R"({"type":"announce","fileset":"a","count":0,"chunks":[]})", "bad_field",
             "announce: \"count\" must be a whole number from 1 to 16777216"},
            {R"({"type":"announce","fileset":"a","count":16777217,"chunks":[]})", "bad_field", "\"count\""},
            {R"({"type":"announce","fileset":"","count":5,"chunks":[]})", "bad_field", "\"fileset\""},
            {R"({"type":"announce","fileset":"a","count":5})", "bad_field", "\"chunks\" is missing"},
            {R"({"type":"announce","fileset":"a","count":5,"chunks":"1-5"})", "bad_field",
             "\"chunks\" must be an array"},
            {R"({"type":"announce","fileset":"a","count":5,"chunks":[5]})", "bad_field",
             "chunks[0]: \"chunk\" is missing"},
            {R"({"type":"announce","fileset":"a","count":5,"chunks":[{"chunk":6}]})", "bad_field",
             "announce: chunks[0]: \"chunk\" must be a whole number from 1 to 5"},
            {R"({"type":"announce","fileset":"a","count":5,"chunks":[{"chunk":1,"hash":"12","size":1}]})",
             "bad_field", "\"hash\" must be 32"},
            {R"({"type":"announce","fileset":"a","count":5,"chunks":[)"
             R"({"chunk":1,"hash":"00112233445566778899aabbccddeeff","size":1},)"
             R"({"chunk":2,"hash":"00112233445566778899aabbccddeeff","size":4611686018427387905}]})",
             "bad_field", "chunks[1]: \"size\" must be a whole number from 0 to 4611686018427387904"},
            {R"({"type":"locate","fileset":"a","count":5,"chunks":"1-6"})", "bad_field",
             "\"chunks\" must be chunk ranges"},
            {R"({"type":"locate","fileset":"a","count":5,"chunks":"3,1"})", "bad_field", "\"chunks\""},
            {R"({"type":"locate","fileset":"a","count":5,"chunks":[1]})", "bad_field",
             "\"chunks\" must be text"},
            {R"({"type":"report","fileset":"a","count":5,"chunk":6,"host":"a","port":1})", "bad_field",
             "\"chunk\" must be a whole number from 1 to 5"},
            {R"({"type":"report","fileset":"a","count":5,"chunk":5,"port":1})", "bad_field", "\"host\""},
            {R"({"type":"report","fileset":"a","count":5,"chunk":5,"host":"a","port":0})", "bad_field",
             "\"port\" must be a whole number from 1 to 65535"},
            {R"({"type":"withdraw","fileset":"a","count":5,"chunks":"6"})", "bad_field",
             "withdraw: \"chunks\" must be chunk ranges"},
        },
        as_tracker);
}

TEST_CASE("a peer refuses what a tracker must not say") {
    check_refused(
        {
            {R"({"type":"welcome","version":1,"peer":-7,"silence_limit_ms":1})", "bad_field", "\"peer\""},
            {R"({"type":"welcome","version":1,"peer":7,"silence_limit_ms":0})", "bad_field",
             "\"silence_limit_ms\""},
            {R"({"type":"announced","fileset":"a","count":5,"agreed":5})", "bad_field",
             "\"agreed\" must be text"},
            {R"({"type":"announced","fileset":"a","count":5,"agreed":"9"})", "bad_field", "\"agreed\""},
            {R"({"type":"announced","fileset":"a","count":5,"other_counts":[0]})", "bad_field",
             "\"other_counts\""},
            {R"({"type":"announced","fileset":"a","count":5,"other_counts":6})", "bad_field",
             "\"other_counts\""},
            {R"({"type":"locations","fileset":"a","count":5,"chunks":[]})", "bad_field",
             "\"holders\" is missing"},
            {R"({"type":"locations","fileset":"a","count":5,"chunks":[],"holders":[],"more":1})", "bad_field",
             "\"more\" must be true or false"},
            {R"({"type":"agreed","fileset":"a","count":5,"chunks":[],"holders":[)"
             R"({"peer":7,"name":"b","host":"","port":1,"chunks":"1"}]})",
             "bad_field", "agreed: holders[0]: \"host\""},
            {R"({"type":"agreed","fileset":"a","count":5,"chunks":[],"holders":[)"
             R"({"peer":7,"name":"b","host":"h","port":1,"chunks":"6"}]})",
             "bad_field", "holders[0]: \"chunks\""},
            {R"({"type":"error","code":"x"})", "bad_field", "error: \"message\" is missing"},
            {R"({"type":"announce","fileset":"a","count":5,"chunks":[]})", "unknown_type", "announce"},
        },
        read_from_tracker);
}

TEST_CASE("a peer refuses what a peer must not say") {
    check_refused(
        {
            {R"({"type":"hello","version":1,"name":"a","transfer_port":1,"instance":1,"fileset":"a","count":5,"chunks":"1-6"})",
             "bad_field", "hello: \"chunks\""},
            {R"({"type":"hello","version":1,"name":"a","transfer_port":1,"fileset":"a","count":5,"chunks":""})",
             "bad_field", "hello: \"instance\" is missing"},
            {R"({"type":"have","chunks":"11"})", "bad_field", "have: \"chunks\""},
            {R"({"type":"request"})", "bad_field", "request: \"chunk\" is missing"},
            {R"({"type":"request","chunk":0})", "bad_field", "from 1 to 10"},
            {R"({"type":"request","chunk":11})", "bad_field", "from 1 to 10"},
            {R"({"type":"request","any":false})", "bad_field", "\"chunk\" is missing"},
            {R"({"type":"request","any":"yes"})", "bad_field", "\"any\" must be true or false"},
            {R"({"type":"request","any":true,"except":"0"})", "bad_field", "\"except\""},
            {R"({"type":"cancel"})", "bad_field", "cancel: \"chunk\" is missing"},
            {R"({"type":"refuse","any":true})", "bad_field", "refuse: \"reason\" is missing"},
            {R"({"type":"chunk","chunk":1,"offset":0,"size":0,"total":9})", "bad_field", "\"size\" must be"},
            {R"({"type":"chunk","chunk":1,"offset":0,"size":1,"total":0})", "bad_field", "\"size\" must be"},
            {R"({"type":"chunk","chunk":1,"offset":9,"size":1,"total":9})", "bad_field",
             "\"offset\" must be"},
            {R"({"type":"chunk","chunk":1,"offset":5,"size":5,"total":9})", "bad_field", "from 1 to 4"},
            {R"({"type":"chunk","chunk":1,"offset":0,"size":1048577,"total":9999999})", "bad_field",
             "from 1 to 1048576"},
            {R"({"type":"chunk","chunk":1,"offset":0,"size":1,"total":4611686018427387905})", "bad_field",
             "\"total\""},
            {R"({"type":"chunk","chunk":1,"offset":18446744073709551615,"size":2,"total":9})", "bad_field",
             "\"offset\""},
        },
        from_peer);
}

TEST_CASE("a set is named by its id or by name and count, and not by both") {
    const std::string id_field = fmt::format(R"("id":"{}")", id_text);
    const std::string both = R"({"type":"locate",)" + id_field + R"(,"fileset":"a","count":5,"chunks":"1"})";
    const std::string id_and_count = R"({"type":"withdraw",)" + id_field + R"(,"count":5})";
    const std::string agreed_published = R"({"type":"agreed",)" + id_field + R"(,"chunks":[],"holders":[]})";
    check_refused(
        {
            {both, "bad_field", "locate: \"id\" goes without \"fileset\" and \"count\""},
            {id_and_count, "bad_field", "withdraw: \"id\" goes without"},
            {R"({"type":"locate","chunks":"1"})", "bad_field", "locate: \"fileset\" is missing"},
            {R"({"type":"locate","id":"12"})", "bad_field", "\"id\" must be 64 hexadecimal digits"},
            {R"({"type":"locate","id":5})", "bad_field", "\"id\" must be text"},
            {R"({"type":"list","id":"12"})", "bad_field", "\"id\" must be 64 hexadecimal digits"},
            {R"({"type":"list","name":""})", "bad_field", "\"name\" must be"},
        },
        as_tracker);
    check_refused({{agreed_published, "bad_field", "\"fileset\" is missing"}}, read_from_tracker);
}

TEST_CASE("an id may be written in capitals") {
    std::string capitals = id_text;
    for (char& c : capitals)
        if (c >= 'a') c = static_cast<char>(c - 'a' + 'A');
    const auto back = read_to_tracker(fmt::format(R"({{"type":"locate","id":"{}"}})", capitals));
    REQUIRE(back.has_value());
    CHECK(std::get<to_tracker::locate>(*back).set == published);
}

TEST_CASE("what is said of a published set is refused where it is out of range") {
    const auto published_with = [](std::string_view type, std::string_view rest) {
        return fmt::format(R"({{"type":"{}","id":"{}",{}}})", type, id_text, rest);
    };
    check_refused(
        {
            {published_with("publish", R"("name":"a","size":4611686018427387904,"count":1)"), "bad_field",
             "publish: \"size\" must be a whole number from 0 to 4611686018427387903"},
            {published_with("publish", R"("name":"a","size":1,"count":16777217)"), "bad_field",
             "\"count\" must be a whole number from 0 to 16777216"},
            {published_with("publish", R"("name":"\n","size":1,"count":1)"), "bad_field", "\"name\""},
            {published_with("publish", R"("size":1,"count":1)"), "bad_field", "\"name\" is missing"},
            {published_with("announce", R"("more":1)"), "bad_field", "\"chunks\" is missing"},
            {published_with("announce", R"("chunks":[])"), "bad_field", "\"chunks\" must be text"},
            {published_with("announce", R"("chunks":"16777217")"), "bad_field", "\"chunks\""},
        },
        as_tracker);
    check_refused(
        {
            {R"({"type":"filesets"})", "bad_field", "\"sets\" is missing"},
            {R"({"type":"filesets","sets":[{}]})", "bad_field", "sets[0]: \"id\" is missing"},
            {published_with("locations", R"("chunks":[])"), "bad_field", "\"holders\" is missing"},
        },
        read_from_tracker);
}

TEST_CASE("a part of a manifest is refused where it is out of range") {
    check_refused(
        {
            {R"({"type":"get_manifest","offset":0})", "bad_field", "\"size\" is missing"},
            {R"({"type":"get_manifest","offset":0,"size":0})", "bad_field", "from 1 to 1048576"},
            {R"({"type":"get_manifest","offset":0,"size":1048577})", "bad_field", "from 1 to 1048576"},
            {R"({"type":"get_manifest","offset":1073741824,"size":1})", "bad_field", "from 0 to 1073741823"},
            {R"({"type":"manifest","offset":0,"size":1,"total":0})", "bad_field", "from 1 to 1073741824"},
            {R"({"type":"manifest","offset":0,"size":1,"total":1073741825})", "bad_field", "\"total\""},
            {R"({"type":"manifest","offset":0,"size":0,"total":9})", "bad_field", "\"size\" must be"},
            {R"({"type":"manifest","offset":9,"size":1,"total":9})", "bad_field", "\"offset\" must be"},
            {R"({"type":"manifest","offset":5,"size":5,"total":9})", "bad_field", "from 1 to 4"},
            {R"({"type":"manifest","offset":0,"size":1048577,"total":9999999})", "bad_field",
             "from 1 to 1048576"},
            {R"({"type":"refuse","manifest":false,"reason":"no"})", "bad_field", "\"chunk\" is missing"},
            {R"({"type":"refuse","manifest":1,"reason":"no"})", "bad_field", "\"manifest\" must be"},
        },
        from_peer);
}

TEST_CASE("the chunks of a published set are bounded by the count that the caller knows") {
    const std::string hello = to_line(peer_to_peer::hello{1, "bob", 6002, published, chunks("11"), 99});
    CHECK(!read_peer_to_peer(hello, 10).has_value());
    CHECK(read_peer_to_peer(hello, 11).has_value());
    CHECK(read_peer_to_peer(hello, max_chunk_count).has_value());
    const std::string have = to_line(peer_to_peer::have{chunks("11")});
    CHECK(!read_peer_to_peer(have, 10).has_value());
    CHECK(read_peer_to_peer(have, max_chunk_count).has_value());
    // A published set without content has no chunks.
    CHECK(read_peer_to_peer(R"({"type":"have","chunks":""})", 0).has_value());
    CHECK(!read_peer_to_peer(R"({"type":"have","chunks":"1"})", 0).has_value());
    CHECK(!read_peer_to_peer(R"({"type":"request","chunk":1})", 0).has_value());
}

TEST_CASE("a name of the longest length passes and a longer one does not") {
    const auto hello = [](std::size_t length) {
        return read_to_tracker(to_line(to_tracker::hello{1, std::string(length, 'n'), 6001, ""}));
    };
    CHECK(hello(max_name_length).has_value());
    CHECK(!hello(max_name_length + 1).has_value());
}

TEST_CASE("an answer may name 200 holders and no more") {
    const auto answer = [](std::size_t holders) {
        return read_from_tracker(to_line(from_tracker::agreed{five, {}, std::vector(holders, bob())}));
    };
    CHECK(answer(200).has_value());
    CHECK(!answer(201).has_value());
}

TEST_CASE("what another machine gives as a reason is cut and made safe to show") {
    const auto back =
        from_peer(to_line(peer_to_peer::refuse{chunk_index{1}, "\x1b[2J" + std::string(5000, 'x')}));
    REQUIRE(back.has_value());
    const std::string& reason = std::get<peer_to_peer::refuse>(*back).reason;
    CHECK(reason.starts_with("?[2J"));
    CHECK(reason.size() <= 200);
}

TEST_CASE("every line that this program writes fits the longest line") {
    const file_set_key set{std::string(max_name_length, '"'), max_chunk_count};
    const chunk_set ranges = as_long_as_allowed();
    const std::vector claims(max_claims_per_message, claim(max_chunk_count, max_chunk_size));
    const holder talkative{peer_id{~0ULL}, set.name, std::string(max_host_length, '\\'), 65535,
                           every_other(10'000'000, max_claims_per_message)};
    const std::vector holders(max_holders_per_message, talkative);
    const std::vector counts(100, max_chunk_count);
    const set_summary summary{id, set.name, max_set_size, max_chunk_count};
    const std::vector sets(max_sets_per_message, set_listing{summary, ~0U, ~0U});

    for (const std::string& line : {
             to_line(to_tracker::hello{protocol_version, set.name, 65535, talkative.host}),
             to_line(to_tracker::announce{set, claims}),
             to_line(to_tracker::locate{set, ranges}),
             to_line(from_tracker::announced{set, ranges, ranges, ranges, counts}),
             to_line(from_tracker::locations{set, claims, holders, ranges, true}),
             to_line(from_tracker::agreed{set, claims, holders}),
             to_line(peer_to_peer::hello{protocol_version, set.name, 65535, set, ranges, max_instance}),
             to_line(peer_to_peer::request{{}, ranges}),
             to_line(to_tracker::publish{summary}),
             to_line(to_tracker::announce{published, {}, ranges}),
             to_line(to_tracker::withdraw{published, ranges}),
             to_line(to_tracker::list{id, set.name}),
             to_line(from_tracker::announced{published, ranges, {}, {}, {}}),
             to_line(from_tracker::locations{published, {}, holders, {}, true}),
             to_line(from_tracker::filesets{sets, true}),
             to_line(peer_to_peer::hello{protocol_version, set.name, 65535, published, ranges, max_instance}),
         }) {
        CAPTURE(line.substr(0, 80));
        CHECK(line.size() <= max_line_length + 1);
        CHECK((read_to_tracker(line).has_value() || read_from_tracker(line).has_value() ||
               read_peer_to_peer(line, max_chunk_count).has_value()));
    }
}

TEST_CASE("holders that do not fit a line are left out and the first ones stay") {
    const chunk_set scattered = every_other(10'000'000, max_claims_per_message);
    std::vector<holder> holders;
    for (std::uint64_t id = 1; id <= max_holders_per_message; ++id)
        holders.push_back({peer_id{id}, "bob", std::string(max_host_length, 'h'), 6001, scattered});
    const auto back =
        read_from_tracker(to_line(from_tracker::agreed{{"default", max_chunk_count}, {}, holders}));
    REQUIRE(back.has_value());
    const auto& named = std::get<from_tracker::agreed>(*back).holders;
    CHECK(named.size() > 20);
    CHECK(named.size() < holders.size());
    CHECK(std::equal(named.begin(), named.end(), holders.begin()));
}

TEST_CASE("no holder of a published set is left out of a line, however long its name and host are") {
    const holder talkative{
        peer_id{~0ULL}, std::string(max_name_length, '"'), std::string(max_host_length, '\\'), 65535, {}};
    const std::vector holders(max_holders_per_message, talkative);
    const auto back = read_from_tracker(to_line(from_tracker::locations{published, {}, holders, {}, false}));
    REQUIRE(back.has_value());
    CHECK(std::get<from_tracker::locations>(*back).holders == holders);
}

TEST_CASE("eight levels are deep enough and nine are too deep") {
    const auto nested = [](std::size_t levels) {
        return R"({"type":"ping","x":)" + std::string(levels - 1, '[') + std::string(levels - 1, ']') + "}";
    };
    CHECK(read_to_tracker(nested(8)).has_value());
    const auto deep = read_to_tracker(nested(9));
    REQUIRE(!deep.has_value());
    CHECK(deep.error() == error_message{"bad_json", "nested more than 8 levels deep"});
    message_limits shallow;
    shallow.depth = 3;
    CHECK(read_to_tracker(nested(3), shallow).has_value());
    CHECK(read_to_tracker(nested(4), shallow).error().code == "bad_json");
    CHECK(read_to_tracker(R"({"type":"ping","x":"[[[[[[[[[[\"[[[[[[[[[["})").has_value());
}

TEST_CASE("a line of nothing but brackets is refused without a deep descent") {
    for (const std::string& brackets : {std::string(max_line_length, '['), std::string(max_line_length, '{'),
                                        std::string(max_line_length, ']')}) {
        const auto result = read_to_tracker(brackets);
        REQUIRE(!result.has_value());
        CHECK(result.error().code == "bad_json");
    }
}

TEST_CASE("noise is never trusted") {
    std::mt19937 random{20240607};
    for (int round = 0; round < 2000; ++round) {
        std::string noise(random() % 300, '\0');
        for (char& c : noise) c = static_cast<char>(random() % 256);
        check_no_reader_trusts(noise);
    }
}

TEST_CASE("a valid line with a few bytes changed is refused or means what it says") {
    std::mt19937 random{20240608};
    const std::vector<std::string> lines = all_lines();
    for (int round = 0; round < 8'000; ++round) {
        std::string line = lines[random() % lines.size()];
        for (auto changes = 1 + random() % 4; changes > 0; --changes) mutate(line, random);
        CAPTURE(line);
        check_no_reader_trusts(line);
    }
}

TEST_CASE("every beginning of a valid line is refused") {
    for (const std::string& line : all_lines())
        for (std::size_t length = 0; length < line.size(); ++length)
            CHECK(!read_from_tracker(std::string_view{line}.substr(0, length)).has_value());
}
