// A network of a test's own, which no other program is in: a namespace with addresses, ways and name servers
// that a test gives it. It ends with this, and with what runs in it. Only root can have one.
#pragma once

#include "storage/unique_fd.hpp"
#include "support/process.hpp"
#include "support/temp_folder.hpp"

#include <memory>
#include <string>
#include <unistd.h>
#include <vector>

namespace p2p::test {

inline bool can_have_own_network() {
    return ::geteuid() == 0;
}

class own_network {
public:
    /// Commands of ip(8), which are carried out in it; and what its programs find in /etc/resolv.conf.
    explicit own_network(const std::vector<std::string>& setup, const std::string& name_servers = "");

    finished_process run(const std::string& program, const std::vector<std::string>& arguments) const;
    /// It goes on.
    std::unique_ptr<process> start(const std::string& program,
                                   const std::vector<std::string>& arguments) const;

    /// A socket for datagrams that is in it, at port 53 of one of its IPv4 addresses.
    unique_fd socket_for_names(const std::string& address) const;

private:
    std::string of_holder(const std::string& kind) const { return "/proc/" + process_ + "/ns/" + kind; }
    std::vector<std::string> inside(const std::string& program,
                                    const std::vector<std::string>& arguments) const;

    const temp_folder folder_;
    std::unique_ptr<process> holder_;
    std::string process_;
};

}  // namespace p2p::test
