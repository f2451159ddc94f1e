// What a peer knows of the chunks that it has and of those that are agreed, and what it has yet to tell
// others. A chunk is offered to other peers once its hash is the agreed one, and never before.
#pragma once

#include "core/chunk_set.hpp"
#include "core/file_set.hpp"

#include <map>
#include <optional>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

namespace p2p {

class inventory {
public:
    /// This peer has the chunk, and these are its hash and size.
    void own(const chunk_claim& claim);

    /// It has it no more.
    void lost(chunk_index chunk);

    /// A tracker said which hash is right.
    void agree(const chunk_claim& claim);

    /// A tracker said how chunks that were announced to it stand.
    void stands(const chunk_set& agreed, const chunk_set& pending, const chunk_set& disputed);

    std::optional<chunk_claim> agreed(chunk_index chunk) const;
    bool is_agreed(chunk_index chunk) const { return agreed_.contains(chunk); }
    std::vector<chunk_claim> claims() const;

    const chunk_set& offered() const { return offered_; }      ///< own and agreed
    const chunk_set& disputed() const { return disputed_; }    ///< own, and not what is agreed
    bool all_answered() const { return unanswered_.empty(); }  ///< a tracker said how each own chunk stands

    /// What came since this was last asked for.
    std::vector<chunk_claim> new_claims() { return std::exchange(new_claims_, {}); }
    chunk_set new_losses() { return std::exchange(new_losses_, {}); }
    chunk_set new_offers() { return std::exchange(new_offers_, {}); }
    bool has_news_for_tracker() const { return !new_claims_.empty() || !new_losses_.empty(); }

private:
    void offer(chunk_index chunk);
    void dispute(chunk_index chunk);

    std::map<chunk_index, chunk_claim> own_;
    std::unordered_map<chunk_index, chunk_claim> agreed_;
    chunk_set offered_;
    chunk_set disputed_;
    chunk_set unanswered_;
    std::vector<chunk_claim> new_claims_;
    chunk_set new_losses_;
    chunk_set new_offers_;
};

}  // namespace p2p
