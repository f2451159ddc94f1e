// Machines with networks of their own: network namespaces, which take root.
#pragma once

#include "support/process.hpp"
#include "support/temp_folder.hpp"

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <unistd.h>

namespace p2p::test {

/// Says where a test is left out for that.
inline bool can_make_hosts() {
    if (::geteuid() == 0) return true;
    MESSAGE("left out: network namespaces take root");
    return false;
}

/// Commands find the programs there, and begin in a folder of its own.
class host {
public:
    /// `names`: what its /etc/hosts says.
    explicit host(const std::string& names = "");

    std::filesystem::path operator/(std::string_view path) const { return folder_ / path; }
    std::unique_ptr<process> start(const std::string& command) const;
    finished_process run(const std::string& command) const;
    /// The same, where it must do.
    void does(const std::string& command) const;

    /// A cable between the two: the interface `here` of this one, and `there` of the other.
    void connect(const std::string& here, const host& other, const std::string& there) const;

private:
    std::vector<std::string> inside(const std::string& command) const;

    temp_folder folder_;
    std::unique_ptr<process> holder_;
    std::string process_;
};

}  // namespace p2p::test
