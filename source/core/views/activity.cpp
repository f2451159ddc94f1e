#include "core/views/activity.hpp"

#include "core/base/units.hpp"
#include "core/base/utf8.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace p2p {

namespace {

// Long enough that a chunk more or less does not matter, short enough to see that a peer has left.
constexpr duration looked_back = std::chrono::seconds{5};

constexpr std::size_t longest_name = 30;  // in bytes
constexpr std::size_t shortest_bar = 10;  // in columns, with its ends
constexpr std::size_t longest_bar = 40;

std::string show_percent(const activity& what) {
    if (what.total == 0) return "100%";
    // 100% only where nothing is left.
    return fmt::format("{}%", static_cast<unsigned>(100.0 * static_cast<double>(what.done) /
                                                    static_cast<double>(what.total)));
}

std::string show_amount(const activity& what, std::uint64_t amount) {
    return what.counted_in == activity::unit::bytes ? show_size(amount) : fmt::format("{}", amount);
}

std::string show_done(const activity& what) {
    const std::string text =
        fmt::format("{} of {}", show_amount(what, what.done), show_amount(what, what.total));
    return what.counted_in == activity::unit::bytes ? text : text + " chunks";
}

std::string show_time_left(duration left) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(left);
    if (seconds < std::chrono::minutes{1}) return fmt::format("{} s left", seconds.count());
    return show_duration(seconds) + " left";
}

/// "[======>     ]"
std::string show_bar(const activity& what, std::size_t columns) {
    const std::size_t inside = columns - 2;
    const double part =
        what.total == 0 ? 1 : static_cast<double>(what.done) / static_cast<double>(what.total);
    const auto full = static_cast<std::size_t>(static_cast<double>(inside) * std::clamp(part, 0.0, 1.0));
    std::string bar(inside, ' ');
    std::fill_n(bar.begin(), full, '=');
    if (full < inside) bar[full] = '>';
    return "[" + bar + "]";
}

/// A part of the line. The least important go first: those with the largest rank.
struct part {
    std::string text;
    unsigned rank = 0;
};

constexpr unsigned rank_of_bar = 6;

std::string joined(const std::vector<part>& parts, std::string_view between) {
    std::string line;
    for (const part& one : parts) {
        if (!line.empty()) line += between;
        line += one.text;
    }
    return line;
}

/// "fetching set 25% [=>   ] 100 MiB of 400 MiB, 10.0 MiB/s"
struct parts_of_line {
    std::vector<part> first;
    std::vector<part> figures;

    std::string text() const {
        const bool ends_with_bar = !first.empty() && first.back().rank == rank_of_bar;
        const std::string_view between = first.empty() || figures.empty() ? "" : ends_with_bar ? " " : ", ";
        return fmt::format("{}{}{}", joined(first, " "), between, joined(figures, ", "));
    }

    void drop_least_important() {
        const auto rank = [](const std::vector<part>& some) {
            return some.empty() ? 0 : std::ranges::max(some, {}, &part::rank).rank;
        };
        std::vector<part>& where = rank(first) > rank(figures) ? first : figures;
        if (!where.empty()) where.erase(std::ranges::max_element(where, {}, &part::rank));
    }
};

}  // namespace

std::string_view phase_of(activity::kind what) {
    static constexpr std::array<std::string_view, 7> names{"hashing",  "checking", "verifying", "waiting",
                                                           "fetching", "serving",  "paused"};
    return names.at(static_cast<std::size_t>(what));
}

std::optional<activity> combined(const std::vector<activity>& all) {
    auto first = std::ranges::find_if(all, &activity::has_end);
    if (first == all.end()) first = all.begin();
    if (first == all.end()) return std::nullopt;
    activity sum = *first;
    std::size_t others = 0;
    for (auto one = all.begin(); one != all.end(); ++one) {
        if (one == first || one->what != sum.what || one->counted_in != sum.counted_in) continue;
        ++others;
        sum.done += one->done;
        sum.total += one->total;
        sum.received += one->received;
        sum.sent += one->sent;
        sum.peers += one->peers;
    }
    if (others > 0) sum.name = fmt::format("{} file-sets", others + 1);
    return sum;
}

std::string show_sent(const activity& what) {
    std::string text = show_size(what.sent) + " sent";
    if (what.counted_in == activity::unit::bytes && what.total > 0)
        text +=
            fmt::format(" ({:.2f} copies)", static_cast<double>(what.sent) / static_cast<double>(what.total));
    return text;
}

// --- rates

void rate_meter::add(std::uint64_t so_far, time_point now) {
    looks_.push_back({now, so_far});
    while (looks_.size() > 2 && now - looks_[1].at >= looked_back) looks_.pop_front();
}

std::optional<double> rate_meter::per_second() const {
    if (looks_.size() < 2 || looks_.back().at <= looks_.front().at) return std::nullopt;
    const std::chrono::duration<double> time = looks_.back().at - looks_.front().at;
    const auto more = static_cast<double>(looks_.back().so_far) - static_cast<double>(looks_.front().so_far);
    return std::max(0.0, more / time.count());
}

void watched_activity::look(activity now, time_point at) {
    done_.add(now.done, at);
    moved_.add(now.what == activity::kind::serving ? now.sent : now.received, at);
    last_ = std::move(now);
}

std::optional<double> watched_activity::rate() const {
    if (last_.is_between_peers()) return moved_.per_second();
    return last_.counted_in == activity::unit::bytes ? done_.per_second() : std::nullopt;
}

std::optional<duration> watched_activity::time_left() const {
    if (!last_.has_end()) return std::nullopt;
    const auto speed = last_.counted_in == activity::unit::bytes ? rate() : done_.per_second();
    if (!speed || *speed <= 0) return std::nullopt;
    const std::chrono::duration<double> left{static_cast<double>(last_.total - last_.done) / *speed};
    constexpr std::chrono::hours longest_that_means_something{100};
    if (left > longest_that_means_something) return std::nullopt;
    return std::chrono::duration_cast<duration>(left);
}

// --- lines

namespace {

std::string show_peers(const activity& what) {
    return show_count(what.peers, "peer");
}

std::string_view words_of(activity::kind what) {
    return what == activity::kind::waiting ? "waiting for" : phase_of(what);
}

constexpr std::string_view nobody = "nobody has it yet";

std::string show_amounts(const activity& what) {
    if (what.what == activity::kind::waiting) return std::string{nobody};
    return what.has_amount() ? fmt::format("{} ({})", show_done(what), show_percent(what)) : show_sent(what);
}

}  // namespace

std::string watched_activity::line() const {
    std::vector<std::string> said{show_amounts(last_)};
    if (const auto speed = rate()) said.push_back(show_rate(*speed));
    if (const auto left = time_left()) said.push_back(show_time_left(*left));
    if (last_.is_between_peers()) said.push_back(show_peers(last_));
    return fmt::format("{} {}: {}", words_of(last_.what), printable(last_.name), fmt::join(said, ", "));
}

std::string watched_activity::line(std::size_t columns) const {
    parts_of_line parts;
    parts.first = {{std::string{words_of(last_.what)}, 7}, {printable(last_.name, longest_name), 4}};
    if (last_.has_amount()) {
        parts.first.push_back({show_percent(last_), 0});
        parts.first.push_back({show_bar(last_, shortest_bar), rank_of_bar});
        parts.figures.push_back({show_done(last_), 5});
    } else {
        parts.figures.push_back({show_amounts(last_), 0});
    }
    if (const auto speed = rate()) parts.figures.push_back({show_rate(*speed), 1});
    if (const auto left = time_left()) parts.figures.push_back({show_time_left(*left), 2});
    if (last_.is_between_peers()) parts.figures.push_back({show_peers(last_), 3});

    while (parts.first.size() + parts.figures.size() > 1 && columns_of(parts.text()) > columns)
        parts.drop_least_important();
    const std::size_t taken = columns_of(parts.text());
    if (taken > columns) return {};
    part& last = parts.first.empty() ? parts.figures.front() : parts.first.back();
    if (last.rank == rank_of_bar)
        last.text = show_bar(last_, std::min(longest_bar, shortest_bar + columns - taken));
    return parts.text();
}

}  // namespace p2p
