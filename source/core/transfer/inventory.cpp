#include "core/transfer/inventory.hpp"

namespace p2p {

void inventory::own(const chunk_claim& claim) {
    owned_.insert(claim.chunk);
    if (published_) {
        offer(claim.chunk);
        return;
    }
    claims_[claim.chunk] = claim;
    unanswered_.insert(claim.chunk);
    if (const auto right = agreed_.find(claim.chunk); right != agreed_.end()) agree(right->second);
}

void inventory::lost(chunk_index chunk) {
    claims_.erase(chunk);
    for (chunk_set* set : {&owned_, &offered_, &disputed_, &unanswered_, &new_offers_}) set->erase(chunk);
}

void inventory::agree(const chunk_claim& claim) {
    agreed_[claim.chunk] = claim;
    const auto mine = claims_.find(claim.chunk);
    if (mine == claims_.end()) return;
    if (mine->second == claim)
        offer(claim.chunk);
    else
        dispute(claim.chunk);
}

void inventory::stands(const chunk_set& agreed, const chunk_set& pending, const chunk_set& disputed) {
    if (published_) return;
    unanswered_ -= agreed;
    unanswered_ -= pending;
    unanswered_ -= disputed;
    for (const chunk_index chunk : agreed)
        if (const auto mine = claims_.find(chunk); mine != claims_.end()) agree(mine->second);
    for (const chunk_index chunk : disputed)
        if (claims_.contains(chunk)) dispute(chunk);
}

void inventory::offer(chunk_index chunk) {
    disputed_.erase(chunk);
    if (offered_.insert(chunk)) new_offers_.insert(chunk);
}

void inventory::dispute(chunk_index chunk) {
    disputed_.insert(chunk);
    offered_.erase(chunk);
    new_offers_.erase(chunk);
}

std::optional<chunk_claim> inventory::agreed(chunk_index chunk) const {
    if (published_) return published_(chunk);
    const auto at = agreed_.find(chunk);
    if (at == agreed_.end()) return std::nullopt;
    return at->second;
}

}  // namespace p2p
