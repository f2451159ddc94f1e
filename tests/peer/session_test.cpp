// A session with one peer that the test plays by hand.
#include "storage/chunk_folder.hpp"
#include "support/running.hpp"
#include "support/socket.hpp"
#include "support/temp_folder.hpp"
#include "support/waiting.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>
#include <vector>

using namespace p2p;
using namespace p2p::test;

namespace {

std::unique_ptr<chunk_store> folder_with(const temp_folder& at, const std::vector<std::string>& chunks,
                                         std::uint32_t count) {
    std::string listing;
    for (std::size_t i = 0; i < chunks.size(); ++i) {
        const std::string name = "chunk_" + std::to_string(i + 1);
        write_text(at.path() / name, chunks[i]);
        listing += std::to_string(i + 1) + "," + name + "\n";
    }
    write_text(at.path() / "local_chunks.txt", listing + std::to_string(count) + ",LASTCHUNK\n");
    auto opened = chunk_folder::open(at.path());
    REQUIRE(opened);
    return std::move(*opened);
}

session_options told(const endpoint& tracker, const tcp_listener& other) {
    session_options options;
    options.label = "default";
    options.trackers = {tracker};
    options.acquaintances = {{"127.0.0.1", other.port()}};
    return options;
}

/// The next line that is about chunks: not news, nor a sign of life.
std::string next_of(tcp_client& line, const std::string& type) {
    for (;;) {
        std::string text = line.read_line();
        if (text.find(R"("type":")" + type + '"') != std::string::npos) return text;
    }
}

std::string hello_with(const std::string& count, const std::string& has) {
    return R"({"type":"hello","version":1,"name":"other","transfer_port":6009,"instance":7,"fileset":"default",)"
           R"("count":)" +
           count + R"(,"chunks":")" + has + R"("})";
}

std::string part(std::uint32_t chunk, const std::string& content, std::size_t total) {
    return R"({"type":"chunk","chunk":)" + std::to_string(chunk) + R"(,"offset":0,"size":)" +
           std::to_string(content.size()) + R"(,"total":)" + std::to_string(total) + "}\n" + content;
}

/// Has the tracker know that these are the chunks of the set, of which nobody is there then.
void agree_on(const running_tracker& tracker, const std::vector<std::string>& chunks) {
    const temp_folder at;
    session_options options;
    options.label = "default";
    options.trackers = {tracker.where()};
    const running_peer voter{folder_with(at, chunks, static_cast<std::uint32_t>(chunks.size())), options};
    wait_until(
        [&] { return voter.ask([](session& s) { return s.status().offered.size(); }) == chunks.size(); },
        "an agreement");
}

/// Answers what is asked for, each request once, until the peer has all of it.
void serve_the_rest(tcp_client& line, const running_peer& peer, const std::vector<std::string>& chunks,
                    chunk_set sent) {
    const auto asked_for = [&](const std::string& request) {
        const std::size_t at = request.find(R"("chunk":)");
        if (at != std::string::npos) return static_cast<std::uint32_t>(std::stoul(request.substr(at + 8)));
        const chunk_set rest = chunk_set::first(static_cast<std::uint32_t>(chunks.size())) - sent;
        return rest.empty() ? 1U : rest.next(chunk_index{1})->value;
    };
    const auto is_complete = [&] { return peer.ask([](session& s) { return s.complete(); }); };
    const auto answer_next = [&] {
        if (!line.hears_something(std::chrono::milliseconds{20})) return is_complete();
        const std::string text = line.read_line();
        if (text.find(R"("type":"request")") != std::string::npos) {
            const std::uint32_t chunk = asked_for(text);
            sent.insert({chunk});
            line.send(part(chunk, chunks[chunk - 1], chunks[chunk - 1].size()));
        }
        return is_complete();
    };
    wait_until(answer_next, "all of it");
}

}  // namespace

TEST_CASE("an uploader that answers two requests for any with one chunk does not stop the download") {
    const std::vector<std::string> chunks{"one..", "two..", "three", "four.", "five.", "six.."};
    const temp_folder at;
    const running_tracker tracker{believing_one()};
    agree_on(tracker, chunks);
    tcp_listener listener;
    const running_peer peer{folder_with(at, {}, 6), told(tracker.where(), listener)};
    tcp_client line = listener.accept();
    next_of(line, "hello");
    line.send_line(hello_with("6", "1-6"));
    next_of(line, "request");
    next_of(line, "request");
    line.send(part(1, chunks[0], 5) + part(1, chunks[0], 5));
    serve_the_rest(line, peer, chunks, chunk_set::first(1));
    CHECK_FALSE(peer.ended());
}

TEST_CASE("a peer that is paused while a chunk is on its way waits for it without any work") {
    const std::string chunk(100'000, 'x');
    const temp_folder at;
    const running_tracker tracker{believing_one()};
    agree_on(tracker, {chunk});
    tcp_listener listener;
    const running_peer peer{folder_with(at, {}, 1), told(tracker.where(), listener)};
    tcp_client line = listener.accept();
    next_of(line, "hello");
    line.send_line(hello_with("1", "1"));
    next_of(line, "request");
    line.send(part(1, chunk.substr(0, 1000), chunk.size()));
    wait_until([&] { return peer.ask([](session& s) { return s.status().bytes_down; }) >= 1000; }, "a part");
    peer.ask([](session& s) { s.pause(); });
    const std::uint64_t before = peer.turns();
    line.read_to_end();  // when its patience is over, it leaves
    CHECK(peer.turns() - before < 1000);
    peer.ask([](session& s) { s.resume(); });
    CHECK_FALSE(peer.ended());
}

TEST_CASE("a chunk whose file is gone is fetched again from whoever has it") {
    const temp_folder at;
    const running_tracker tracker{believing_one()};
    tcp_listener listener;
    const running_peer peer{folder_with(at, {"hello ", "world"}, 2), told(tracker.where(), listener)};
    const auto status = [&] { return peer.ask([](session& s) { return s.status(); }); };
    wait_until([&] { return status().offered.size() == 2; }, "the tracker's word");
    std::filesystem::remove(at.path() / "chunk_2");
    tcp_client line = tcp_client::connect(peer.port());
    line.send_line(hello_with("2", "2"));
    line.send_line(R"({"type":"request","chunk":2})");
    CHECK(next_of(line, "refuse").find(R"("chunk":2)") != std::string::npos);
    next_of(line, "request");
    CHECK(status().present.to_ranges() == "1");
    CHECK_FALSE(status().completed_after.has_value());
    line.send(part(2, "world", 5));
    wait_until([&] { return status().present.size() == 2; }, "the chunk");
    CHECK(read_text(at.path() / "chunk_2") == "world");
}
