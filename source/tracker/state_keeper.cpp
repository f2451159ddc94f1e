#include "tracker/state_keeper.hpp"

#include "net/task_group.hpp"

#include <utility>

namespace p2p {

void state_keeper::keep(state_change change) {
    gathered_.push_back(std::move(change));
    buffers_.hold();
    something_to_save_.set();
}

awaitable<void> state_keeper::run() {
    try {
        co_await save_again_and_again();
    } catch (...) {
        if (!is_cancellation(std::current_exception())) throw;
    }
    co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
    if (!gathered_.empty()) co_await save_gathered();
}

awaitable<void> state_keeper::save_again_and_again() {
    for (;;) {
        co_await something_to_save_.wait();
        co_await save_gathered();
    }
}

awaitable<void> state_keeper::save_gathered() {
    buffers_.mark_held();
    std::vector<state_change> batch = std::exchange(gathered_, {});
    co_await store_->save(std::move(batch));
    buffers_.release_marked(gathered_.empty());
    saved_.give();
}

}  // namespace p2p
