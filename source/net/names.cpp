#include "net/names.hpp"

#include "net/event.hpp"
#include "net/worker_pool.hpp"

#include <algorithm>
#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>

namespace p2p {

namespace {

// For the names that others gave; those of the user have no limit but their own number.
constexpr std::size_t most_threads = 16;

struct answer {
    std::vector<tcp::endpoint> found{};
    std::error_code error{};
};

answer ask_system(const std::string& host, tcp::resolver::flags how = {}) {
    asio::io_context none;  // nothing is to run: this call blocks
    tcp::resolver resolver(none);
    answer got;
    for (const auto& one : resolver.resolve(host, "", how, got.error)) got.found.push_back(one.endpoint());
    if (!got.error && got.found.empty()) got.error = asio::error::host_not_found;
    return got;
}

/// On a thread that nobody waits for: what it throws would end the program.
answer ask_system_or_fail(const std::string& host) {
    try {
        return ask_system(host);
    } catch (const std::exception&) {
        return {.error = asio::error::no_memory};
    }
}

/// Whose coroutine waits for a name.
struct waiter {
    asio::any_io_executor executor;
    std::shared_ptr<event> woken;
};

/// A name that the system is asked for, or is to be: once for all who want it.
struct lookup {
    std::pair<named_by, std::string> name;
    std::vector<const waiter*> waiters{};
    std::optional<answer> result{};
};

void start_thread(std::function<void()> work) {
    const kept_from_signals guard;
    std::thread(std::move(work)).detach();
}

/// All of them. Threads that are left behind keep it until they end.
class lookups : public std::enable_shared_from_this<lookups> {
public:
    static lookups& of_this_program() {
        static const auto all = std::make_shared<lookups>();
        return *all;
    }

    /// Until it leaves, the waiter is woken when there is a result. Throws std::system_error where no thread
    /// can be had.
    std::shared_ptr<lookup> join(const std::pair<named_by, std::string>& name, const waiter& who) {
        const std::lock_guard lock(mutex_);
        auto at = open_.find(name);
        if (at == open_.end()) at = open_.emplace(name, begin(name)).first;
        at->second->waiters.push_back(&who);
        return at->second;
    }
    void leave(lookup& one, const waiter& who) {
        const std::lock_guard lock(mutex_);
        std::erase(one.waiters, &who);
    }
    std::optional<answer> result_of(const lookup& one) {
        const std::lock_guard lock(mutex_);
        return one.result;
    }

private:
    std::shared_ptr<lookup> begin(const std::pair<named_by, std::string>& name) {
        const auto one = std::make_shared<lookup>(lookup{name});
        if (name.first == named_by::user) {
            start_thread([me = shared_from_this(), one] { me->carry_out(*one); });
            return one;
        }
        if (threads_ < most_threads) {
            start_thread([me = shared_from_this()] { me->carry_out_in_turn(); });
            ++threads_;
        }
        in_line_.push_back(one);
        return one;
    }

    void carry_out(lookup& one) {
        answer got = ask_system_or_fail(one.name.second);
        const std::lock_guard lock(mutex_);
        one.result = std::move(got);
        for (const waiter* who : one.waiters)
            asio::post(who->executor, [woken = who->woken] { woken->set(); });
        open_.erase(one.name);
    }

    void carry_out_in_turn() {
        while (const auto one = next_in_line()) carry_out(*one);
    }

    std::shared_ptr<lookup> next_in_line() {
        const std::lock_guard lock(mutex_);
        while (!in_line_.empty()) {
            const auto one = std::move(in_line_.front());
            in_line_.pop_front();
            if (!one->waiters.empty()) return one;
            open_.erase(one->name);
        }
        --threads_;
        return {};
    }

    std::mutex mutex_;
    std::map<std::pair<named_by, std::string>, std::shared_ptr<lookup>> open_;
    std::deque<std::shared_ptr<lookup>> in_line_;
    std::size_t threads_ = 0;  // of those that take what is in line
};

/// The wait of one coroutine, which may end before there is a result.
class wait_for_name {
public:
    wait_for_name(const asio::any_io_executor& executor, const std::pair<named_by, std::string>& name)
        : who_{executor, std::make_shared<event>(executor)}, wanted_(all_.join(name, who_)) {}
    ~wait_for_name() { all_.leave(*wanted_, who_); }
    wait_for_name(const wait_for_name&) = delete;
    wait_for_name& operator=(const wait_for_name&) = delete;

    awaitable<answer> result_until(time_point at) {
        co_await who_.woken->wait_until(at);
        const std::optional<answer> result = all_.result_of(*wanted_);
        if (result) co_return *result;
        co_return answer{.error = asio::error::host_not_found_try_again};
    }

private:
    lookups& all_ = lookups::of_this_program();
    waiter who_;
    std::shared_ptr<lookup> wanted_;
};

awaitable<answer> ask_for(std::pair<named_by, std::string> name) {
    const time_point until = std::chrono::steady_clock::now() + name_limit;
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    wait_for_name waits(executor, name);
    co_return co_await waits.result_until(until);
}

}  // namespace

awaitable<std::vector<tcp::endpoint>> find_addresses(endpoint of, named_by whom) {
    answer got = ask_system(of.host, tcp::resolver::numeric_host);
    if (got.error) {
        std::pair<named_by, std::string> name{whom, of.host};
        got = co_await ask_for(std::move(name));
    }
    if (got.error) throw std::system_error(got.error);
    for (tcp::endpoint& one : got.found) one.port(of.port);
    co_return got.found;
}

std::vector<tcp::endpoint> find_addresses_now(const endpoint& of) {
    asio::io_context io;
    std::vector<tcp::endpoint> found;
    std::exception_ptr failure;
    asio::co_spawn(io, find_addresses(of, named_by::user), [&](std::exception_ptr error, auto addresses) {
        failure = std::move(error);
        found = std::move(addresses);
    });
    io.run();
    if (failure) std::rethrow_exception(failure);
    return found;
}

}  // namespace p2p
