#include "adversary.hpp"

#include "bad_claims.hpp"
#include "bad_manifests.hpp"
#include "bad_talk.hpp"
#include "bad_uploads.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>
#include <utility>

namespace p2p::simulation {

namespace {

using enum adversary_kind;

constexpr auto names = std::to_array<std::pair<std::string_view, adversary_kind>>({
    {"wrong-bytes", wrong_bytes},
    {"false-haves", false_haves},
    {"silent", silent},
    {"slow", slow},
    {"flood", flood},
    {"bad-requests", bad_requests},
    {"manifest-bomb", manifest_bomb},
    {"stolen-address", stolen_address},
    {"many-votes", many_votes},
    {"lying-reports", lying_reports},
});

// More than half would be no swarm with hostile peers in it, but the other way round.
constexpr double largest_share = 0.5;

std::optional<double> read_share(std::string text) {
    const bool percent = text.ends_with('%');
    if (percent) text.pop_back();
    try {
        std::size_t end = 0;
        const double number = std::stod(text, &end);
        const double share = percent ? number / 100 : number;
        if (end == text.size() && share > 0 && share <= largest_share) return share;
    } catch (const std::logic_error&) {
        // No number: the same as a wrong one.
    }
    return std::nullopt;
}

}  // namespace

tl::expected<adversary_plan, std::string> parse_adversary(std::string_view text) {
    const std::size_t colon = text.find(':');
    const std::string_view name = text.substr(0, colon);
    const auto known =
        std::find_if(names.begin(), names.end(), [name](const auto& one) { return one.first == name; });
    if (known == names.end())
        return tl::unexpected{fmt::format("\"{}\" is no adversary: {}", printable(name), adversary_names())};
    adversary_plan plan{known->second};
    if (colon == std::string_view::npos) return plan;
    const auto share = read_share(std::string{text.substr(colon + 1)});
    if (!share)
        return tl::unexpected{
            fmt::format("\"{}\" is no share of the peers: more than 0, at most {}, as 0.2 or 20%",
                        printable(text.substr(colon + 1)), largest_share)};
    plan.share = *share;
    return plan;
}

std::string adversary_names() {
    std::string all;
    for (const auto& [name, kind] : names) all += (all.empty() ? "" : ", ") + std::string{name};
    return all;
}

std::string_view name_of(adversary_kind kind) {
    return std::find_if(names.begin(), names.end(), [kind](const auto& one) { return one.second == kind; })
        ->first;
}

unsigned hostile_peers(const adversary_plan& plan, unsigned honest) {
    const double each = plan.share / (1 - plan.share);
    return std::max(1U, static_cast<unsigned>(std::lround(honest * each)));
}

std::string why_impossible(adversary_kind kind, bool published) {
    if (kind == manifest_bomb && !published) return "chunk folders have no manifest (--published)";
    if (kind == many_votes && published) return "nobody votes about a published set (--published)";
    return {};
}

std::unique_ptr<hostile_peer> make_hostile(adversary_kind kind, asio::any_io_executor executor,
                                           battlefield where) {
    switch (kind) {
        case wrong_bytes: break;
        case false_haves: return std::make_unique<false_haves_peer>(executor, std::move(where));
        case silent: return std::make_unique<silent_peer>(executor, std::move(where));
        case slow: return std::make_unique<slow_peer>(executor, std::move(where));
        case flood: return std::make_unique<flooding_peer>(executor, std::move(where));
        case bad_requests: return std::make_unique<bad_requests_peer>(executor, std::move(where));
        case manifest_bomb: return std::make_unique<manifest_bomb_peer>(executor, std::move(where));
        case stolen_address: return std::make_unique<stolen_address_peer>(executor, std::move(where));
        case many_votes: return std::make_unique<many_votes_peer>(executor, std::move(where));
        case lying_reports: return std::make_unique<lying_peer>(executor, std::move(where));
    }
    throw std::logic_error("such a hostile peer is an honest one with a wrong store");
}

}  // namespace p2p::simulation
