// What PROTOCOL.md says in passing, as whoever writes another program would find it at the other end.

#include "support/published.hpp"
#include "support/temp_folder.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

namespace p2p::test {

namespace {

using json = nlohmann::json;

const std::string hello_to_tracker = R"({"type":"hello","version":1,"name":"a","transfer_port":6001})";

/// A peer with two chunks of 2 and 1 MB, which it sends in many parts, and not too fast.
struct slow_server {
    const temp_folder here;
    const file_set set{2, 2'000'000};
    const tracker_program tracker{{"--quorum", "1"}};
    peer_program alice{tracker, make_folder(here / "alice", set, "1-2"), "alice", {"--limit-up", "4MiB/s"}};
};

/// The line of the next part; its content is read and forgotten.
json next_part(tcp_client& from) {
    json part = json::parse(from.read_line());
    REQUIRE_MESSAGE(part["type"] == "chunk", part.dump());
    from.read_exact(part["size"]);
    return part;
}

/// Reads to the first part of another chunk: how much of the one before came, in all.
std::uint64_t came_before_another(tcp_client& from, const json& first) {
    std::uint64_t bytes = first["size"];
    for (;;) {
        const json part = next_part(from);
        if (part["chunk"] != first["chunk"]) return bytes;
        bytes += part["size"].get<std::uint64_t>();
    }
}

}  // namespace

TEST_CASE("a tracker answers what came before the other side had nothing more to say") {
    const tracker_program tracker;
    tcp_client visitor = tracker.visit();
    visitor.send_line(R"({"type":"list"})");
    visitor.finish();
    CHECK(contains(visitor.read_to_end(), R"("type":"filesets")"));

    tcp_client member = tracker.join("bob", 6002);
    member.finish();
    CHECK(member.read_to_end() == "");
}

TEST_CASE("so does a tracker that must save something first") {
    const temp_folder here;
    const tracker_program tracker{{"--state", here / "state"}};
    for (int i = 0; i < 20; ++i) {
        const std::string id = std::string(62, '0') + std::to_string(10 + i);
        tcp_client member = tracker.visit();
        member.send(hello_to_tracker + "\n" + R"({"type":"publish","id":")" + id +
                    R"(","name":"set","size":1,"count":1})" + "\n" + R"({"type":"ping"})" + "\n");
        member.finish();
        const std::string heard = member.read_to_end();
        CHECK_MESSAGE(contains(heard, R"("type":"pong")"), heard);
    }
}

TEST_CASE("a peer sends nothing more to who has nothing more to say, and serves the others") {
    slow_server at;
    tcp_client hasty = at.alice.join(at.set, "1-2");
    hasty.send_line(R"({"type":"request","chunk":1})");
    hasty.finish();
    CHECK(hasty.read_to_end().size() < 2'000'000);
    tcp_client patient = at.alice.join(at.set, "1-2");
    patient.send_line(R"({"type":"request","chunk":2})");
    CHECK(next_part(patient)["chunk"] == 2);
}

TEST_CASE("the answer to a request for any is cancelled by the number of its chunk, once it has begun") {
    slow_server at;
    tcp_client guest = at.alice.join(at.set, "1-2");
    guest.send_line(R"({"type":"request","any":true})");
    const json first = next_part(guest);
    guest.send_line(R"({"type":"cancel","chunk":)" + first["chunk"].dump() + "}");
    guest.send_line(R"({"type":"request","any":true})");
    CHECK(came_before_another(guest, first) < first["total"]);

    tcp_client other = at.alice.join(at.set, "1-2");
    other.send_line(R"({"type":"request","any":true})");
    const json begun = next_part(other);
    other.send_line(R"({"type":"cancel","any":true})");
    other.send_line(R"({"type":"request","any":true})");
    CHECK(came_before_another(other, begun) == begun["total"]);
}

TEST_CASE("sixteen parts of a manifest may be asked for at once, and one more is too many") {
    const temp_folder here;
    const tracker_program tracker;
    sharer alice{tracker, files(here / "set", 3, 10)};
    const auto port = static_cast<std::uint16_t>(std::stoul(alice.wait_for_rest_of_line("serves at port ")));
    const auto ask = [&](int times, int instance) {
        tcp_client visitor = tcp_client::connect(port);
        visitor.send_line(R"({"type":"hello","version":1,"name":"x","transfer_port":1,"instance":)" +
                          std::to_string(instance) + R"(,"id":")" + alice.id() + R"(","chunks":""})");
        visitor.read_line();
        std::string all;
        for (int i = 0; i < times; ++i)
            all += R"({"type":"get_manifest","offset":0,"size":1})" + std::string{"\n"};
        visitor.send(all);
        return visitor;
    };
    tcp_client modest = ask(16, 1);
    for (int i = 0; i < 16; ++i) {
        CHECK(contains(modest.read_line(), R"("type":"manifest","offset":0,"size":1)"));
        modest.read_exact(1);
    }
    CHECK(contains(ask(17, 2).read_to_end(), R"("code":"too_many_requests")"));
}

}  // namespace p2p::test
