// Where a soak takes place: two trackers, of which the first is ended and started again and again, a network
// that fails, and peers, each a p2pclient at a host of its own.
#pragma once

#include "ledger.hpp"
#include "support/child_process.hpp"
#include "support/faulty_proxy.hpp"
#include "support/temporary_folder.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <thread>

namespace p2p::soak {

using words = std::vector<std::string>;
using dice = std::mt19937_64;

/// At any instant before that.
std::chrono::milliseconds any_time_within(std::chrono::milliseconds most, dice& random);

class node;

/// The most that any of several programs has.
struct usage {
    std::size_t programs = 0;
    byte_count memory = 0;
    std::size_t descriptors = 0;

    void count(const child_process& program);
};

class field {
public:
    /// So many of a hundred connections fail in some way.
    field(unsigned faulty_percent, std::uint64_t seed);
    field(const field&) = delete;
    field& operator=(const field&) = delete;
    ~field();

    /// No new rounds begin.
    void end();
    bool is_over() const { return over_; }

    /// A host of this machine that nobody else has: 127.FIRST.x.y for each FIRST of the same number.
    unsigned new_host() { return ++hosts_; }
    static std::string host(unsigned first, unsigned number);

    /// A connection through the network that fails.
    std::unique_ptr<faulty_proxy> before(const endpoint& target, const endpoint& listen) const;
    /// Both trackers, through that network, as options.
    words trackers() const;
    /// The first one, as it is.
    endpoint tracker() const { return first_at_; }

    std::filesystem::path new_folder() { return files_.path() / std::to_string(++folders_); }
    dice new_dice() { return dice{seed_ + ++dices_}; }

    ledger& counts() { return counts_; }
    void add(const node& one);
    void remove(const node& one);

    usage first_tracker() const;
    usage second_tracker() const;
    /// All peers but those that are there from the beginning to the end.
    usage passers_by() const;

private:
    void restart_first_tracker();

    unsigned faulty_percent_;
    std::uint64_t seed_;
    temporary_folder files_;
    ledger counts_;
    std::atomic<unsigned> hosts_ = 0;
    std::atomic<unsigned> folders_ = 0;
    std::atomic<std::uint64_t> dices_ = 0;

    mutable std::mutex mutex_;
    std::condition_variable ending_;
    std::atomic<bool> over_ = false;
    std::set<const node*> nodes_;
    std::unique_ptr<child_process> first_;
    std::unique_ptr<child_process> second_;
    endpoint first_at_;
    endpoint second_at_;
    std::unique_ptr<faulty_proxy> to_first_;
    std::unique_ptr<faulty_proxy> to_second_;
    std::thread restarts_;
};

/// A p2pclient that is started, ended and started again.
class node {
public:
    enum class stay { passing, resident };

    /// `arguments`: without what says where it is and which its trackers are. Half of all nodes, at random,
    /// are reached by others through the network that fails.
    node(field& at, words arguments, dice& random, stay how_long = stay::passing);
    node(const node&) = delete;
    node& operator=(const node&) = delete;
    ~node();

    void start();
    child_process& program() { return *program_; }
    /// SIGKILL.
    void kill();
    /// SIGTERM; its exit code. Throws where it does not end.
    int stop();
    /// Once it has ended.
    void count_wrong_chunks();

    usage use() const;
    /// The last lines that it has said.
    std::string last_words() const;

private:
    field& at_;
    stay how_long_;
    words arguments_;
    std::unique_ptr<faulty_proxy> way_;
    mutable std::mutex mutex_;  // others look at its use while it is started
    std::unique_ptr<child_process> program_;
};

}  // namespace p2p::soak
