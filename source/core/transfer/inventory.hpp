// What a peer has of a file-set, which hashes are right, and what it may therefore offer. A chunk is offered
// to other peers once its hash is known to be the right one, and never before: in a chunk folder when it is
// agreed, in a published set as soon as it is there, for it was compared with the manifest.
#pragma once

#include "core/chunks/chunk_set.hpp"
#include "core/set/file_set.hpp"

#include <functional>
#include <optional>
#include <unordered_map>
#include <utility>

namespace p2p {

class inventory {
public:
    /// Of a chunk folder: what is right is agreed upon.
    inventory() = default;

    /// Of a published set: this function tells what is right.
    explicit inventory(std::function<chunk_claim(chunk_index)> published)
        : published_(std::move(published)) {}

    /// This peer has the chunk, and these are its hash and size.
    void own(const chunk_claim& claim);

    /// It has it no more.
    void lost(chunk_index chunk);

    /// A tracker said which hash is right.
    void agree(const chunk_claim& claim);

    /// A tracker said how chunks that were announced to it stand.
    void stands(const chunk_set& agreed, const chunk_set& pending, const chunk_set& disputed);

    std::optional<chunk_claim> agreed(chunk_index chunk) const;
    bool is_agreed(chunk_index chunk) const { return published_ || agreed_.contains(chunk); }

    const chunk_set& owned() const { return owned_; }
    chunk_claim claim(chunk_index owned) const { return published_ ? published_(owned) : claims_.at(owned); }

    const chunk_set& offered() const { return offered_; }      ///< own and agreed
    const chunk_set& disputed() const { return disputed_; }    ///< own, and not what is agreed
    bool all_answered() const { return unanswered_.empty(); }  ///< a tracker said how each own chunk stands

    /// What came since this was last asked for.
    chunk_set new_offers() { return std::exchange(new_offers_, {}); }

private:
    void offer(chunk_index chunk);
    void dispute(chunk_index chunk);

    std::function<chunk_claim(chunk_index)> published_;
    chunk_set owned_;
    chunk_set offered_;
    chunk_set new_offers_;

    // Of a chunk folder only: a published set may have millions of chunks.
    std::unordered_map<chunk_index, chunk_claim> claims_;
    std::unordered_map<chunk_index, chunk_claim> agreed_;
    chunk_set disputed_;
    chunk_set unanswered_;
};

}  // namespace p2p
