// A name server in a test's own network. It knows what the test says; asked for any other name, it is silent.
#pragma once

#include "storage/unique_fd.hpp"

#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace p2p::test {

class name_server {
public:
    /// A socket for datagrams, at which it is asked.
    explicit name_server(unique_fd socket);
    name_server(const name_server&) = delete;
    name_server& operator=(const name_server&) = delete;
    ~name_server();

    /// From now on, the name has these addresses, IPv4 or IPv6.
    void knows(const std::string& name, std::vector<std::string> addresses);
    /// How many questions have come so far.
    unsigned asked() const;

private:
    void serve();
    std::string answer_to(std::string_view question);

    unique_fd socket_;
    mutable std::mutex mutex_;
    std::map<std::string, std::vector<std::string>, std::less<>> known_;
    unsigned asked_ = 0;
    std::thread thread_{[this] { serve(); }};
};

}  // namespace p2p::test
