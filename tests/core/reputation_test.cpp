#include "core/tracking/reputation.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace p2p;
using namespace std::chrono_literals;
using outcome = reputation::outcome;

namespace {

const file_set_key usual_set{"default", 9};
constexpr time_point start{};

endpoint at(const std::string& host) {
    return {host, 6001};
}

/// A tracker's view: `hosts` hosts are members of the set beside the accused.
struct trackers_view {
    explicit trackers_view(reputation_options options = {}) : known(options) {}

    outcome report(const std::string& reporter, const std::string& accused, time_point now = start,
                   std::uint16_t port = 6001, const file_set_key& set = usual_set) {
        const complaint what{set, at(accused), {reporter, port}, reporter};
        return known.report(
            what, [this] { return hosts; }, now);
    }
    bool is_banned(const std::string& who, time_point now = start) const {
        return known.is_banned(usual_set, at(who), now);
    }
    std::string at_odds_with(const std::string& who, time_point now = start) const {
        std::string all;
        for (const endpoint& one : known.at_odds_with(usual_set, at(who), now))
            all += (all.empty() ? "" : " ") + one.host;
        return all;
    }

    reputation known;
    std::size_t hosts = 4;
};

}  // namespace

TEST_CASE("a peer is banned once three hosts, and more than a third, report it") {
    trackers_view view;
    CHECK(view.report("a", "bad") == outcome::counted);
    CHECK(view.report("b", "bad") == outcome::counted);
    CHECK_FALSE(view.is_banned("bad"));
    CHECK(view.report("c", "bad") == outcome::banned);
    CHECK(view.is_banned("bad"));
    CHECK(view.report("d", "bad") == outcome::counted);
}

TEST_CASE("one host bans nobody, however often and from however many ports it reports") {
    trackers_view view;
    for (std::uint16_t port = 1; port < 100; ++port) view.report("liar", "honest", start, port);
    CHECK_FALSE(view.is_banned("honest"));
    CHECK(view.report("liar", "honest") == outcome::counted);
    CHECK(view.report("liar", "honest") == outcome::ignored);
}

TEST_CASE("a third of the hosts that lie together ban nobody") {
    trackers_view view;
    view.hosts = 12;
    for (const char* liar : {"a", "b", "c", "d"}) CHECK(view.report(liar, "honest") == outcome::counted);
    CHECK_FALSE(view.is_banned("honest"));
    CHECK(view.report("e", "honest") == outcome::banned);
}

TEST_CASE("a report keeps its two from each other, and touches nobody else") {
    trackers_view view;
    view.report("liar", "honest");
    view.report("liar", "other");
    CHECK(view.at_odds_with("liar") == "honest other");
    CHECK(view.at_odds_with("honest") == "liar");
    CHECK(view.at_odds_with("somebody").empty());
}

TEST_CASE("reports and bans are about one set") {
    trackers_view view;
    const file_set_key another{"another", 9};
    for (const char* reporter : {"a", "b", "c"}) view.report(reporter, "bad", start, 6001, another);
    CHECK_FALSE(view.is_banned("bad"));
    CHECK(view.at_odds_with("bad").empty());
    CHECK(view.known.is_banned(another, at("bad"), start));
}

TEST_CASE("reports and bans are forgotten after a time") {
    trackers_view view{{.forget_after = 1min}};
    view.report("a", "bad");
    view.report("b", "bad");
    view.report("c", "bad", start + 30s);
    CHECK(view.is_banned("bad", start + 89s));
    CHECK_FALSE(view.is_banned("bad", start + 90s));
    CHECK(view.at_odds_with("bad", start + 89s) == "c");
    CHECK(view.at_odds_with("bad", start + 90s).empty());
    view.report("x", "y", start + 2min);
    CHECK(view.known.size() == 1);
}

TEST_CASE("a report that was forgotten counts anew") {
    trackers_view view{{.forget_after = 1min}};
    view.report("a", "bad");
    view.report("b", "bad");
    CHECK(view.report("c", "bad", start + 2min) == outcome::counted);
    CHECK(view.report("a", "bad", start + 2min) == outcome::counted);
    CHECK(view.report("b", "bad", start + 2min) == outcome::banned);
}

TEST_CASE("what is remembered of reports has its limits, of one host and of all") {
    trackers_view view{{.most_reports = 10, .most_reports_of_host = 4}};
    for (int i = 0; i < 6; ++i)
        CHECK(view.report("liar", "peer" + std::to_string(i)) ==
              (i < 4 ? outcome::counted : outcome::ignored));
    for (int i = 0; i < 20; ++i) view.report("host" + std::to_string(i), "bad");
    CHECK(view.known.size() == 10);
    CHECK(view.at_odds_with("liar").empty());
    CHECK(view.report("liar", "peer0") == outcome::counted);
}
