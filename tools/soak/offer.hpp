// A file-set and those who have it: somebody who shares a folder, or several chunk folders that together have
// everything.
#pragma once

#include "content.hpp"
#include "core/set/file_set.hpp"
#include "field.hpp"

namespace p2p::soak {

class offer {
public:
    offer(field& at, node::stay how_long);
    offer(const offer&) = delete;
    offer& operator=(const offer&) = delete;
    virtual ~offer() = default;

    /// Returns once all of them serve. Throws std::runtime_error where they do not come to that.
    void start();
    /// Kills one of them, and starts it again. Not where they are to stay to the end.
    void disturb();
    /// Starts those again that ended by themselves, which is a failure.
    void keep_up();
    /// Asks them to stop. Counts as a failure what is not as it should be.
    virtual void stop();

    usage use() const;

    /// What p2pclient is told to make a copy there, ends with 0 when it is complete, and what is wrong then.
    virtual words how_to_copy(const std::filesystem::path& there, dice& random) const = 0;
    virtual std::string what_is_wrong(const std::filesystem::path& copy) const = 0;
    virtual bool is_published() const = 0;
    virtual file_set_key key() const = 0;

    std::uint32_t chunks() const { return chunks_; }
    byte_count bytes() const { return chunks_ * chunk_size; }

protected:
    static constexpr byte_count chunk_size = 64 * 1024;

    /// Somebody who has files there and says `ready` when they are served.
    node& add(words arguments, std::string ready);
    /// The disk of somebody rots: a bit in each file is another one, and nothing else shows that.
    static void rot(const std::filesystem::path& folder);
    /// One in two offers has somebody whose disk rots.
    bool has_rotten() const { return has_rotten_; }

    field& at_;
    node::stay how_long_;
    dice random_;
    std::uint32_t chunks_;
    simulation::content content_;

private:
    struct source {
        std::unique_ptr<node> program;
        std::string ready;
    };
    void start(source& one);
    /// What there is to do when all of them serve.
    virtual void all_serve() = 0;

    mutable std::mutex mutex_;
    std::vector<source> sources_;
    bool has_rotten_;
};

/// `share`, and `get`.
std::unique_ptr<offer> share_a_folder(field& at, node::stay how_long);
/// Chunk folders, and peers that come with some chunks.
std::unique_ptr<offer> keep_chunk_folders(field& at, node::stay how_long);

}  // namespace p2p::soak
