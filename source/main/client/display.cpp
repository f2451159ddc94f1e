#include "main/client/display.hpp"

#include "main/client/output.hpp"
#include "net/terminal.hpp"

#include <spdlog/spdlog.h>

namespace p2p::client {

namespace {

constexpr duration between_looks = std::chrono::milliseconds{200};
constexpr duration between_log_lines = std::chrono::seconds{10};
constexpr duration between_events = std::chrono::seconds{1};
}  // namespace

struct display::watch : std::enable_shared_from_this<watch> {
    watch(const asio::any_io_executor& executor, const activities& what)
        : all(what), timer(executor), is_terminal(stderr_is_terminal()) {}

    void wait() {
        timer.expires_after(between_looks);
        timer.async_wait([me = weak_from_this()](std::error_code error) {
            const auto here = me.lock();
            if (error || !here) return;
            here->look();
            here->wait();
        });
    }

    // What has an end is told in the log; that something is served still, is not.
    void look() {
        const time_point now = std::chrono::steady_clock::now();
        const auto what = combined(all.now());
        if (!what || what->what != seen.last().what || what->name != seen.last().name) {
            seen = {};
            next_log_line = now + between_log_lines;
        }
        if (what) seen.look(*what, now);
        if (printed_as() == output_format::json) {
            if (what && now >= next_event) {
                tell(event());
                next_event = now + between_events;
            }
        } else if (is_terminal) {
            show_status_line(what ? seen.line(terminal_columns() - 1) : "");
        } else if (what && what->has_end() && now >= next_log_line) {
            spdlog::info("{}", seen.line());
            next_log_line = now + between_log_lines;
        }
    }
    events::progress event() const {
        events::progress said{seen.last(), seen.rate(), {}};
        if (const auto left = seen.time_left())
            said.seconds_left = std::chrono::duration<double>(*left).count();
        return said;
    }

    const activities& all;
    asio::steady_timer timer;
    bool is_terminal;
    watched_activity seen;
    time_point next_log_line{};
    time_point next_event{};
};

display::display(const asio::any_io_executor& executor, const activities& all)
    : watch_(std::make_shared<watch>(executor, all)) {
    watch_->wait();
}

display::~display() {
    watch_->timer.cancel();
    if (watch_->is_terminal) show_status_line({});
}

}  // namespace p2p::client
