#include "web/live_answers.hpp"

#include "net/fault.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace p2p {

namespace {

// An answer that is watched is made again after so long.
constexpr duration between_looks = std::chrono::seconds{1};

// All answers together take one part in so many of the time. What was not taken is kept for a moment, and who
// asks once may take a little in advance.
constexpr int share_of_time = 40;
constexpr duration most_credit = std::chrono::milliseconds{25};
constexpr duration most_debt = std::chrono::milliseconds{250};

// A stream that has nothing to say says so: who listens would not know that a connection is lost without a
// word.
constexpr duration between_signs_of_life = std::chrono::seconds{5};

bool can_be_watched(const web_target& target) {
    return target.path.size() > 2 && target.path[0] == "api" && target.path[1] == "v1" &&
           target.path[2] != "events";
}

}  // namespace

void live_answers::refill() {
    const time_point now = now_();
    if (refilled_ == time_point{})
        credit_ = most_credit;
    else
        credit_ = std::min(most_credit, credit_ + (now - refilled_) / share_of_time);
    refilled_ = now;
}

web_answer live_answers::make(const web_request& request) {
    const time_point begin = now_();
    web_answer made;
    try {
        made = site_.get(request);
    } catch (...) {
        log_fault("whoever asks for the page", std::current_exception());
        made = refused(500, internal_error.message);
    }
    credit_ -= now_() - begin;
    return made;
}

web_answer live_answers::answer(const web_request& request) {
    if (!can_be_watched(request.target)) return no_such_page();
    refill();
    if (credit_ < -most_debt) return refused(503, "too much is asked for: again in a moment, or watch it");
    return make(request);
}

std::string live_answers::why_not(const std::vector<std::string>& addresses) const {
    if (addresses.empty() || addresses.size() > most_watched_by_one)
        return "from 1 to 8 addresses can be watched: watch=/api/v1/peers";
    for (const std::string& address : addresses) {
        const auto target = parse_web_target(address);
        if (!target || !can_be_watched(*target)) return "only what is at /api/v1/ can be watched";
    }
    if (watchers_.size() >= most_watchers || subjects_.size() + addresses.size() > most_watched)
        return "too much is watched already";
    return {};
}

void live_answers::add(const std::shared_ptr<watcher>& one, const std::vector<std::string>& addresses,
                       const std::string& host) {
    for (const std::string& address : std::set<std::string>(addresses.begin(), addresses.end())) {
        subject& about = subjects_[host + address];
        about.request = {parse_web_target(address).value(), host};
        ++about.watchers;
        one->seen[host + address] = 0;
    }
    watchers_.push_back(one);
}

void live_answers::look() {
    forget_gone();
    refill();
    while (credit_ > duration::zero()) {
        subject* const next = first_due();
        if (next == nullptr) break;
        make_anew(*next);
    }
    for (const auto& one : watchers_) {
        if (one->is_busy) continue;
        const std::string news = news_for(*one);
        if (news.empty()) continue;
        bytes_ += news.size();
        one->sent_at = now_();
        one->is_busy = true;
        one->send(news);
    }
}

// Of those that are due, the one that has been for longest.
live_answers::subject* live_answers::first_due() {
    const auto first =
        std::ranges::min_element(subjects_, {}, [](const auto& entry) { return entry.second.next_look; });
    return first == subjects_.end() || first->second.next_look > now_() ? nullptr : &first->second;
}

void live_answers::make_anew(subject& about) {
    web_answer answer = make(about.request);
    if (about.version == 0 || answer.body != about.answer) {
        about.answer = std::move(answer.body);
        ++about.version;
    }
    about.next_look = now_() + between_looks;
}

std::string live_answers::news_for(watcher& one) {
    std::string news;
    for (auto& [address, version] : one.seen) {
        const subject& about = subjects_.at(address);
        if (std::exchange(version, about.version) == about.version) continue;
        news += "event: " + address.substr(about.request.host.size()) + "\ndata: " + about.answer + "\n\n";
        ++events_;
    }
    if (news.empty() && now_() >= one.sent_at + between_signs_of_life) return ": still here\n\n";
    return news;
}

void live_answers::forget_gone() {
    for (const auto& one : watchers_) {
        if (!one->is_gone) continue;
        for (const auto& [address, version] : one->seen)
            if (const auto about = subjects_.find(address); --about->second.watchers == 0)
                subjects_.erase(about);
    }
    std::erase_if(watchers_, [](const auto& one) { return one->is_gone; });
}

}  // namespace p2p
