// A network that fails, between any two programs on loopback: a TCP proxy on a thread of its own, whose
// connections are delayed, cut, stalled and damaged. Whoever is connected to sees the visitor's own address.
#pragma once

#include "core/base/units.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace p2p {

enum class fault {
    none,
    delay,       ///< every byte comes later
    cut,         ///< the connection is reset, after a while
    half_close,  ///< nothing more goes one way, and that side sees its end; the other way is open
    stall,       ///< nothing more comes, either way, and nobody is told
    trickle,     ///< byte by byte
    flip,        ///< now and then a bit is another one
    refuse,      ///< reset as soon as it is there
    mute,        ///< taken, and nothing is ever said
};
inline constexpr fault all_faults[] = {fault::none,       fault::delay,  fault::cut,
                                       fault::half_close, fault::stall,  fault::trickle,
                                       fault::flip,       fault::refuse, fault::mute};

struct proxy_options {
    endpoint listen{"127.0.0.1", 0};
    endpoint target;                         ///< a numeric address
    std::vector<fault> faults{fault::none};  ///< each connection has one of them, at random
    byte_count clean_bytes = 200'000;  ///< about so many pass before cut, half_close, stall; between flips
    duration late = std::chrono::milliseconds{100};  ///< delay
    unsigned spoilt = 0;  ///< so many connections fail in that way, those after them not; 0: all do
    std::uint64_t seed = 1;
};

class faulty_proxy {
public:
    /// Listens at once; throws network_failure where it cannot.
    explicit faulty_proxy(const proxy_options& options);
    faulty_proxy(const faulty_proxy&) = delete;
    faulty_proxy& operator=(const faulty_proxy&) = delete;
    /// Cuts what is open.
    ~faulty_proxy();

    endpoint address() const;
    /// So many connections came so far.
    unsigned connections() const;
    /// So many of them are open.
    unsigned open() const;

private:
    class running;
    std::unique_ptr<running> running_;
};

}  // namespace p2p
