// Answers, once or watched: those come again, to all who watch them, whenever they have changed. However many
// watch the same, it is made once; and all together take a small share of the processor, for others have to
// be served meanwhile. Whoever has not taken the last news yet is told the newest of them later. Has no
// socket and no clock.
#pragma once

#include "core/base/types.hpp"
#include "web/site.hpp"

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace p2p {

inline constexpr std::size_t most_watchers = 100;
inline constexpr std::size_t most_watched_by_one = 8;
inline constexpr std::size_t most_watched = 100;  ///< different answers in all

class live_answers {
public:
    /// `now` is asked how long an answer takes.
    live_answers(web_site& site, std::function<time_point()> now) : site_(site), now_(std::move(now)) {}

    /// At once; 503 where too much was asked for lately.
    web_answer answer(const web_request& request);

    /// Somebody who watches, until `is_gone`.
    struct watcher {
        std::function<void(std::string_view)> send;  ///< sets is_busy, until it was taken
        bool is_busy = false;
        bool is_gone = false;

    private:
        friend class live_answers;
        std::map<std::string, std::uint64_t> seen{};  // the version of each that it was sent
        time_point sent_at{};
    };

    /// Why these addresses ("/api/v1/peers") cannot be watched, in addition to those that are; empty: they
    /// can.
    std::string why_not(const std::vector<std::string>& addresses) const;
    void add(const std::shared_ptr<watcher>& one, const std::vector<std::string>& addresses,
             const std::string& host);

    /// Tells what is new, in server-sent events: the address is the name of an event, the answer its data.
    /// They have no id: whoever comes back is told all of it again.
    void look();

    std::size_t watchers() const { return watchers_.size(); }
    std::uint64_t events() const { return events_; }
    std::uint64_t bytes() const { return bytes_; }

private:
    struct subject {
        web_request request;
        std::string answer{};
        std::uint64_t version = 0;
        time_point next_look{};
        std::size_t watchers = 0;
    };

    void refill();
    web_answer make(const web_request& request);
    subject* first_due();
    void make_anew(subject& about);
    std::string news_for(watcher& one);
    void forget_gone();

    web_site& site_;
    std::function<time_point()> now_;
    std::map<std::string, subject> subjects_;  // by host and address
    std::list<std::shared_ptr<watcher>> watchers_;
    duration credit_{};  // time that answers may take now; below 0: it was taken in advance
    time_point refilled_{};
    std::uint64_t events_ = 0;
    std::uint64_t bytes_ = 0;
};

}  // namespace p2p
