// How much a socket holds that it has not sent yet. Left alone, the kernel takes seconds of a slow link's
// traffic: lines would wait behind it, and what is in there can neither be cancelled nor chosen anew.
#pragma once

#include "core/types.hpp"

namespace p2p {

class send_backlog {
public:
    /// Lets the socket hold about as much as it carries within some milliseconds, by the rate that TCP has
    /// measured. To be called now and then, before content is sent.
    void adjust(int socket, time_point now);

    /// What the connection carries in that time, within bounds; at first, as if it were slow.
    byte_count bytes() const { return bytes_; }

private:
    static constexpr byte_count least = 16 * 1024;

    byte_count bytes_ = least;
    time_point adjusted_ = time_point::min();
};

}  // namespace p2p
