// Whatever goes wrong behind a message that a peer takes, from another peer or from a tracker, ends the
// connection that it came on, and nothing else.
#include "storage/chunk_folder.hpp"
#include "storage/published_store.hpp"
#include "support/running.hpp"
#include "support/small_set.hpp"
#include "support/socket.hpp"
#include "support/temp_folder.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <typeinfo>
#include <vector>

using namespace p2p;
using namespace p2p::test;

namespace {

/// A folder that has "hello ", "brave new " and "world", and lacks a fourth chunk.
std::unique_ptr<chunk_store> three_of_four(const temp_folder& at) {
    write_text(at.path() / "chunk_1", "hello ");
    write_text(at.path() / "chunk_2", "brave new ");
    write_text(at.path() / "chunk_3", "world");
    write_text(at.path() / "local_chunks.txt", "1,chunk_1\n2,chunk_2\n3,chunk_3\n4,LASTCHUNK\n");
    auto opened = chunk_folder::open(at.path());
    REQUIRE(opened);
    return std::move(*opened);
}

const std::string about_folder = R"("fileset":"default","count":4)";

std::string hello_for(const std::string& set, const std::string& has, int instance = 7) {
    return R"({"type":"hello","version":1,"name":"other","transfer_port":6009,"instance":)" +
           std::to_string(instance) + "," + set + R"(,"chunks":")" + has + R"("})";
}

/// Says hello until the peer offers all that it has: a tracker has to tell it what is agreed.
tcp_client connect_to(const running_peer& peer, const std::string& set, const std::string& offers,
                      const std::string& has = "") {
    for (int instance = 100;; ++instance) {
        tcp_client line = tcp_client::connect(peer.port(), "127.0.0.2");
        line.send_line(hello_for(set, has, instance));
        const std::string answer = line.read_line();
        if (answer.find(R"("chunks":")" + offers + '"') != std::string::npos) return line;
    }
}

std::string line_of_type(tcp_client& line, const std::string& type) {
    for (;;) {
        std::string text = line.read_line();
        if (text.starts_with(R"({"type":")" + type + '"')) return text;
    }
}

void check_that_it_serves(const running_peer& peer, const std::string& set, const std::string& offers,
                          const std::string& content) {
    REQUIRE_FALSE(peer.ended());
    tcp_client line = connect_to(peer, set, offers);
    line.send_line(R"({"type":"request","chunk":1})");
    line_of_type(line, "chunk");
    CHECK(line.read_exact(content.size()) == content);
}

struct handled {
    const std::type_info& type;
    std::string line;
};

const std::vector<handled> messages{
    {typeid(peer_to_peer::have), R"({"type":"have","chunks":"1"})"},
    {typeid(peer_to_peer::request), R"({"type":"request","chunk":1})"},
    {typeid(peer_to_peer::request), R"({"type":"request","any":true})"},
    {typeid(peer_to_peer::cancel), R"({"type":"cancel","chunk":1})"},
    {typeid(peer_to_peer::chunk_part), R"({"type":"chunk","chunk":4,"offset":0,"size":3,"total":3})"
                                       "\nabc"},
    {typeid(peer_to_peer::manifest_part), R"({"type":"manifest","offset":0,"size":3,"total":3})"
                                          "\nabc"},
    {typeid(peer_to_peer::refuse), R"({"type":"refuse","chunk":4,"reason":"x"})"},
    {typeid(peer_to_peer::refuse), R"({"type":"refuse","any":true,"reason":"x"})"},
    {typeid(peer_to_peer::refuse_manifest), R"({"type":"refuse","manifest":true,"reason":"x"})"},
    {typeid(ping_message), R"({"type":"ping"})"},
};

session_options told(const endpoint& tracker) {
    session_options options;
    options.label = "default";
    options.trackers = {tracker};
    return options;
}

/// As `share` does it.
std::unique_ptr<chunk_store> shared(const small_set& set, const temp_folder& at) {
    set.write_to(at.path());
    auto disk = set_disk::open(at.path(), set.shared(), std::nullopt);
    REQUIRE(disk);
    std::vector<std::optional<file_stamp>> stamps;
    for (std::uint32_t entry = 0; entry < set.set().entry_count(); ++entry)
        stamps.push_back((*disk)->look(entry)->stamp);
    auto store = std::make_unique<published_store>(std::move(*disk));
    store->all_present(stamps);
    return store;
}

}  // namespace

TEST_CASE(
    "what goes wrong behind a message between peers ends the connection that it came on, and no other") {
    const temp_folder at;
    const running_tracker tracker{believing_one()};
    const running_peer peer{three_of_four(at), told(tracker.where())};
    tcp_client other = connect_to(peer, about_folder, "1-3");
    for (const handled& one : messages) {
        CAPTURE(one.line);
        tcp_client line = connect_to(peer, about_folder, "1-3");
        {
            const fault_behind fault{one.type};
            line.send(one.line + '\n');
            CHECK(line.read_to_end().find(R"("code":"internal_error")") != std::string::npos);
        }
        check_that_it_serves(peer, about_folder, "1-3", "hello ");
    }
    other.send_line(R"({"type":"request","chunk":3})");
    line_of_type(other, "chunk");
    CHECK(other.read_exact(5) == "world");
}

TEST_CASE("what goes wrong behind a hello, or a question for the manifest, ends that connection only") {
    const temp_folder at;
    const running_tracker tracker;
    const small_set set{{file("a", "hello "), file("b", "world")}, 6};
    const running_peer peer{shared(set, at), told(tracker.where())};
    const std::string about = R"("id":")" + set.id().to_hex() + '"';
    {
        const fault_behind fault{typeid(peer_to_peer::hello)};
        tcp_client line = tcp_client::connect(peer.port());
        line.send_line(hello_for(about, ""));
        CHECK(line.read_to_end().find(R"("code":"internal_error")") != std::string::npos);
    }
    {
        tcp_client line = connect_to(peer, about, "1-2");
        const fault_behind fault{typeid(peer_to_peer::get_manifest)};
        line.send_line(R"({"type":"get_manifest","offset":0,"size":9})");
        CHECK(line.read_to_end().find(R"("code":"internal_error")") != std::string::npos);
    }
    check_that_it_serves(peer, about, "1-2", "hello ");
}

TEST_CASE("what goes wrong behind the answer of a peer that was connected to ends that connection only") {
    const temp_folder at;
    const running_tracker tracker{believing_one()};
    tcp_listener listener;
    session_options options = told(tracker.where());
    options.acquaintances = {{"127.0.0.1", listener.port()}};
    const fault_behind fault{typeid(peer_to_peer::hello)};
    const running_peer peer{three_of_four(at), options};
    tcp_client line = listener.accept();
    CHECK(line.read_line().starts_with(R"({"type":"hello")"));
    line.send_line(hello_for(about_folder, "4"));
    const std::string said = line.read_to_end();
    CAPTURE(said);
    CHECK(said.find(R"("code":"internal_error")") != std::string::npos);
    CHECK_FALSE(peer.ended());
}

TEST_CASE("what goes wrong behind a message of a tracker ends that connection, and the peer comes back") {
    const temp_folder at;
    tcp_listener tracker;
    const running_peer peer{three_of_four(at), told({"127.0.0.1", tracker.port()})};
    const std::string claims = R"("chunks":[{"chunk":4,"hash":"d4b7bdc562e874490faa4cd9d8c4e3c6","size":6}])";
    const std::vector<handled> said{
        {typeid(from_tracker::welcome), ""},
        {typeid(from_tracker::announced), R"({"type":"announced",)" + about_folder + R"(,"agreed":"1-3"})"},
        {typeid(from_tracker::locations),
         R"({"type":"locations",)" + about_folder + "," + claims + R"(,"holders":[]})"},
        {typeid(from_tracker::agreed),
         R"({"type":"agreed",)" + about_folder + "," + claims + R"(,"holders":[]})"},
        {typeid(from_tracker::filesets), R"({"type":"filesets","sets":[]})"},
        {typeid(from_tracker::pong), R"({"type":"pong"})"},
        {typeid(error_message), R"({"type":"error","code":"bad_field","message":"x"})"},
    };
    for (const handled& one : said) {
        CAPTURE(one.line);
        tcp_client line = tracker.accept();
        CHECK(line.read_line().starts_with(R"({"type":"hello")"));
        const fault_behind fault{one.type};
        line.send_line(R"({"type":"welcome","version":1,"peer":1,"silence_limit_ms":30000})");
        if (!one.line.empty()) line.send_line(one.line);
        line.read_to_end();
        CHECK_FALSE(peer.ended());
    }
    tcp_client line = tracker.accept();
    CHECK(line.read_line().starts_with(R"({"type":"hello")"));
}
