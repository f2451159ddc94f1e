// Thousands of peers of one tracker, played by one thread: what they say is prepared, and of what they hear
// the lines are counted and their types looked at, so that the tracker works and not who asks.
#pragma once

#include "core/base/types.hpp"
#include "storage/unique_fd.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace p2p::bench {

/// What peers say to the tracker, and how.
struct talk {
    /// What a peer says as its n-th (with the end of line); the text must stay until the talk is over.
    std::function<std::string_view(std::size_t peer, std::size_t n)> line;
    std::string answer;              ///< the type of the line that answers each of them
    std::size_t first = 0;           ///< these of the crowd take part: `first`,
    std::size_t peers = 1;           ///< and so many in all
    std::size_t in_flight = 1;       ///< lines that a peer says before it has heard an answer
    std::size_t each = 1;            ///< lines that each says, where no time is given
    std::optional<duration> time{};  ///< they go on for so long
};

struct talked {
    std::size_t answers = 0;
    duration took{};
    std::vector<duration> waits{};  ///< where one line is in flight: how long each answer took
};

class crowd {
public:
    /// The tracker listens at this port of 127.0.0.1.
    explicit crowd(std::uint16_t tracker);

    /// So many more peers connect and say hello. Throws std::runtime_error where descriptors run out.
    void join(std::size_t peers);
    std::size_t size() const { return peers_.size(); }

    /// Returns when every line was answered. Throws std::runtime_error where the tracker answers with an
    /// error or with nothing at all.
    talked run(const talk& what);

private:
    struct peer {
        unique_fd socket;
        std::string unsent;
        std::string beginning;  // of a line whose end has not come
        bool wants_to_write = false;
        std::size_t said = 0;
        std::size_t heard = 0;
        time_point said_at{};
    };
    class round;

    void connect_one();
    void say_hello(std::size_t first);
    void watch(std::size_t who, int operation);

    std::uint16_t tracker_;
    unique_fd events_;
    std::vector<peer> peers_;
    std::vector<char> buffer_;
};

}  // namespace p2p::bench
