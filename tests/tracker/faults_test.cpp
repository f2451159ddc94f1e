// Whatever goes wrong behind a message that a tracker takes ends the connection that it came on, and nothing
// else.
#include "support/running.hpp"
#include "support/socket.hpp"

#include <doctest/doctest.h>

#include <string>
#include <typeinfo>
#include <vector>

using namespace p2p;
using namespace p2p::test;

namespace {

const std::string digits(64, 'a');
const std::string published = R"("id":")" + digits + '"';
const std::string folder = R"("fileset":"default","count":3)";

struct handled {
    const std::type_info& type;
    std::string line;
};

const std::vector<handled> messages{
    {typeid(to_tracker::hello), R"({"type":"hello","version":1,"name":"bad","transfer_port":6002})"},
    {typeid(to_tracker::publish), R"({"type":"publish",)" + published + R"(,"name":"a","size":4,"count":4})"},
    {typeid(to_tracker::announce),
     R"({"type":"announce",)" + folder +
         R"(,"chunks":[{"chunk":1,"hash":"d4b7bdc562e874490faa4cd9d8c4e3c6","size":6}]})"},
    {typeid(to_tracker::locate), R"({"type":"locate",)" + folder + R"(,"chunks":"1-3"})"},
    {typeid(to_tracker::locate), R"({"type":"locate",)" + published + "}"},
    {typeid(to_tracker::withdraw), R"({"type":"withdraw",)" + folder + "}"},
    {typeid(to_tracker::report),
     R"({"type":"report",)" + folder + R"(,"chunk":1,"host":"127.0.0.1","port":6001})"},
    {typeid(to_tracker::list), R"({"type":"list"})"},
    {typeid(to_tracker::ping), R"({"type":"ping"})"},
    {typeid(to_tracker::leave), R"({"type":"leave"})"},
};

bool answers(tcp_client& line) {
    line.send_line(R"({"type":"ping"})");
    return line.read_line() == R"({"type":"pong"})";
}

tcp_client join(const running_tracker& tracker, const std::string& name, int port) {
    tcp_client line = tcp_client::connect(tracker.port());
    line.send_line(R"({"type":"hello","version":1,"name":")" + name + R"(","transfer_port":)" +
                   std::to_string(port) + "}");
    REQUIRE(line.read_line().starts_with(R"({"type":"welcome")"));
    return line;
}

}  // namespace

TEST_CASE("what goes wrong behind a message to a tracker ends the connection that it came on, and no other") {
    running_tracker tracker;
    tcp_client other = join(tracker, "other", 6001);
    for (const handled& one : messages) {
        CAPTURE(one.line);
        const bool is_hello = one.type == typeid(to_tracker::hello);
        tcp_client line = is_hello ? tcp_client::connect(tracker.port()) : join(tracker, "bad", 6002);
        {
            const fault_behind fault{one.type};
            line.send_line(one.line);
            const std::string said = line.read_to_end();
            if (one.type != typeid(to_tracker::leave))
                CHECK(said.find(R"("code":"internal_error")") != std::string::npos);
        }
        REQUIRE_FALSE(tracker.ended());
        CHECK(answers(other));
        tcp_client again = join(tracker, "bad", 6002);
        CHECK(answers(again));
    }
}

TEST_CASE("who is ended by what went wrong is a holder of nothing any more") {
    running_tracker tracker{believing_one()};
    tcp_client line = join(tracker, "bad", 6002);
    {
        const fault_behind fault{typeid(to_tracker::announce)};
        line.send_line(messages[2].line);
        line.read_to_end();
    }
    tcp_client other = join(tracker, "other", 6001);
    other.send_line(messages[3].line);
    CHECK(other.read_line().find(R"("holders":[])") != std::string::npos);
}
