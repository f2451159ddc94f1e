// Brings what a tracker learns into its store, and sees to it that nobody is told of it before it is there.
// While one batch is saved the next gathers: under load, thousands of changes cost one write.
#pragma once

#include "net/event.hpp"
#include "net/notice.hpp"
#include "tracker/connection.hpp"
#include "tracker/state_store.hpp"

#include <memory>
#include <vector>

namespace p2p {

class state_keeper {
public:
    /// No store: nothing is kept. The buffers outlive it.
    state_keeper(const asio::any_io_executor& executor, std::shared_ptr<state_store> store,
                 shared_buffers& buffers)
        : store_(std::move(store)), buffers_(buffers), something_to_save_(executor), saved_(executor) {}

    bool keeps() const { return store_ != nullptr; }

    awaitable<void> load(state_reader to) { return store_->load(std::move(to)); }

    /// What is posted from now on, on any connection, is held until this is saved.
    void keep(state_change change);

    /// Saves what there is, until it is cancelled and has saved the rest. Throws state_failure.
    awaitable<void> run();

    /// Until some of what is held was let go.
    awaitable<void> next_release() { return saved_.next(); }

private:
    awaitable<void> save_again_and_again();
    awaitable<void> save_gathered();

    std::shared_ptr<state_store> store_;
    shared_buffers& buffers_;
    std::vector<state_change> gathered_;
    event something_to_save_;
    notice saved_;
};

}  // namespace p2p
