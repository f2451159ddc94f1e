#include "web/live_answers.hpp"

#include <algorithm>
#include <utility>

namespace p2p {

namespace {

// An answer is made again after so long at the earliest, and takes at most one part in so many of the time.
constexpr duration between_looks = std::chrono::seconds{1};
constexpr int share_of_time = 40;

// A stream that has nothing to say says so: who listens would not know that a connection is lost without a
// word.
constexpr duration between_signs_of_life = std::chrono::seconds{5};

}  // namespace

std::string live_answers::add(const std::shared_ptr<watcher>& one, const std::vector<std::string>& addresses,
                              const std::string& host) {
    if (watchers_.size() >= most_watchers) return "too many are watching";
    if (addresses.empty() || addresses.size() > most_watched_by_one)
        return "from 1 to 8 addresses can be watched: watch=/api/v1/peers";
    std::map<std::string, web_target> targets;
    for (const std::string& address : addresses) {
        auto target = parse_web_target(address);
        if (!target) return "what is to be watched is no address";
        targets[address] = std::move(*target);
    }
    for (auto& [address, target] : targets) {
        subject& about = subjects_[host + address];
        about.request = {std::move(target), host};
        ++about.watchers;
        one->seen[host + address] = 0;
    }
    watchers_.push_back(one);
    return {};
}

void live_answers::look() {
    forget_gone();
    for (auto& [address, about] : subjects_)
        if (now_() >= about.next_look) make_anew(about);
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

void live_answers::make_anew(subject& about) {
    const time_point begin = now_();
    web_answer answer = site_.get(about.request);
    if (about.version == 0 || answer.body != about.answer) {
        about.answer = std::move(answer.body);
        ++about.version;
    }
    const time_point end = now_();
    about.next_look = end + std::max(between_looks, (end - begin) * share_of_time);
}

std::string live_answers::news_for(watcher& one) {
    std::string news;
    for (auto& [address, version] : one.seen) {
        const subject& about = subjects_.at(address);
        if (std::exchange(version, about.version) == about.version) continue;
        news += "id: " + address.substr(about.request.host.size()) + "\ndata: " + about.answer + "\n\n";
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
