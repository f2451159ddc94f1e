// How many connections others may have open, in all and from each host: so that no host alone can take all of
// them. It only counts; what a host is (an address, or all addresses that one site has) is the caller's to
// say.
#pragma once

#include <tl/expected.hpp>

#include <cstddef>
#include <string>
#include <unordered_map>
#include <utility>

namespace p2p {

struct connection_limits {
    std::size_t in_all = 0;
    std::size_t per_host = 0;
};

class connection_counter {
    using counts = std::unordered_map<std::string, std::size_t>;

public:
    explicit connection_counter(connection_limits limits) : limits_(limits) {}
    connection_counter(const connection_counter&) = delete;
    connection_counter& operator=(const connection_counter&) = delete;

    /// Kept as long as the connection is. The counter outlives it.
    class ticket {
    public:
        ticket(ticket&& other) noexcept : of_(std::exchange(other.of_, nullptr)), host_(other.host_) {}
        ticket& operator=(ticket&&) = delete;
        ~ticket() {
            if (of_ != nullptr) of_->ended(host_);
        }

    private:
        friend class connection_counter;
        ticket(connection_counter& of, counts::value_type& host) : of_(&of), host_(&host) {}
        connection_counter* of_;
        counts::value_type* host_;
    };

    /// Why not, as one line, where there are too many.
    tl::expected<ticket, std::string> enter(const std::string& host);

    std::size_t open() const { return open_; }

private:
    void ended(const counts::value_type* host);

    connection_limits limits_;
    counts from_;
    std::size_t open_ = 0;
};

}  // namespace p2p
