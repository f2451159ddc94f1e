#include "core/inventory.hpp"

namespace p2p {

void inventory::own(const chunk_claim& claim) {
    own_[claim.chunk] = claim;
    unanswered_.insert(claim.chunk);
    new_losses_.erase(claim.chunk);
    new_claims_.push_back(claim);
    if (const auto right = agreed_.find(claim.chunk); right != agreed_.end()) agree(right->second);
}

void inventory::lost(chunk_index chunk) {
    if (own_.erase(chunk) == 0) return;
    for (chunk_set* set : {&offered_, &disputed_, &unanswered_, &new_offers_}) set->erase(chunk);
    std::erase_if(new_claims_, [chunk](const chunk_claim& claim) { return claim.chunk == chunk; });
    new_losses_.insert(chunk);
}

void inventory::agree(const chunk_claim& claim) {
    agreed_[claim.chunk] = claim;
    const auto mine = own_.find(claim.chunk);
    if (mine == own_.end()) return;
    if (mine->second == claim)
        offer(claim.chunk);
    else
        dispute(claim.chunk);
}

void inventory::stands(const chunk_set& agreed, const chunk_set& pending, const chunk_set& disputed) {
    unanswered_ -= agreed;
    unanswered_ -= pending;
    unanswered_ -= disputed;
    for (const chunk_index chunk : agreed)
        if (const auto mine = own_.find(chunk); mine != own_.end()) agree(mine->second);
    for (const chunk_index chunk : disputed)
        if (own_.contains(chunk)) dispute(chunk);
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
    const auto at = agreed_.find(chunk);
    if (at == agreed_.end()) return std::nullopt;
    return at->second;
}

std::vector<chunk_claim> inventory::claims() const {
    std::vector<chunk_claim> all;
    for (const auto& [chunk, claim] : own_) all.push_back(claim);
    return all;
}

}  // namespace p2p
