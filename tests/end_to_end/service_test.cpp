// What a service manager is told (Type=notify of systemd).

#include "storage/unique_fd.hpp"
#include "support/programs.hpp"
#include "support/published.hpp"
#include "support/temp_folder.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

namespace p2p::test {

namespace {

/// Listens where a service manager does.
class service_manager {
public:
    service_manager() : socket_{::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)} {
        sockaddr_un at{};
        at.sun_family = AF_UNIX;
        std::strncpy(at.sun_path, path().c_str(), sizeof at.sun_path - 1);
        REQUIRE(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0);
    }

    std::string path() const { return here_ / "notify"; }
    /// A program that it starts.
    words start(const std::string& name, const words& arguments) const {
        words all{"NOTIFY_SOCKET=" + path(), program(name)};
        all.insert(all.end(), arguments.begin(), arguments.end());
        return all;
    }

    std::string next_message() const {
        pollfd there{socket_.get(), POLLIN, 0};
        REQUIRE(::poll(&there, 1, static_cast<int>(patience.count())) == 1);
        std::array<char, 1000> text{};
        return {text.data(), static_cast<std::size_t>(::recv(socket_.get(), text.data(), text.size(), 0))};
    }

private:
    temp_folder here_;
    unique_fd socket_;
};

}  // namespace

TEST_CASE("a tracker says when it is ready, and when it stops") {
    const temp_folder here;
    const service_manager manager;
    process tracker{"/usr/bin/env",
                    manager.start("p2ptracker", {"--listen", "127.0.0.1:0", "--state", here / "state"})};
    CHECK(manager.next_message() == "READY=1");
    tracker.wait_for("remembers 0 chunk folders");
    tracker.signal(SIGTERM);
    CHECK(manager.next_message() == "STOPPING=1");
    CHECK(tracker.wait_for_exit() == 0);
}

TEST_CASE("a peer that serves says when it is ready, and when it stops") {
    const temp_folder here;
    const tracker_program tracker;
    const tree set = files(here / "set", 1, 1'000);
    link_of(tracker, set);
    const service_manager manager;
    process serves{"/usr/bin/env", manager.start("p2pclient", {"serve", set, "--transfer-port", "0",
                                                               "--listen", "127.0.0.1"})};
    CHECK(manager.next_message() == "READY=1");
    serves.signal(SIGTERM);
    CHECK(manager.next_message() == "STOPPING=1");
    CHECK(serves.wait_for_exit() == 0);
}

}  // namespace p2p::test
