// Trees of files that are shared and fetched: how they are made and compared, the commands that do it, and a
// peer that publishes whatever a test has it say.
#pragma once

#include "core/set/link.hpp"
#include "core/set/manifest.hpp"
#include "support/programs.hpp"

#include <atomic>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

namespace p2p::test {

/// What p2pclient exits with.
namespace exits {
inline constexpr int done = 0;
inline constexpr int failure = 1;
inline constexpr int usage = 2;
inline constexpr int storage = 3;
inline constexpr int network = 4;
inline constexpr int incomplete = 5;
inline constexpr int differs = 7;
}  // namespace exits

// --- trees

/// A folder that is made entry by entry; each makes the folders that it is in.
class tree {
public:
    explicit tree(std::filesystem::path root);

    tree& file(std::string_view path, std::string_view content);
    tree& program(std::string_view path, std::string_view content);
    tree& link(std::string_view path, std::string_view target);
    tree& folder(std::string_view path);

    const std::filesystem::path& root() const { return root_; }
    operator const std::filesystem::path&() const { return root_; }
    operator std::string() const { return root_.native(); }
    std::filesystem::path operator/(std::string_view path) const { return root_ / path; }

private:
    std::filesystem::path root_;
};

/// Pseudo-random bytes: another seed, other bytes.
std::string noise(std::size_t size, std::uint32_t seed = 1);

/// `count` files f0, f1, ..., each with bytes of its own.
tree files(const std::filesystem::path& root, int count, std::size_t size_of_each);

/// Some of everything that a published set can have, with names that are hard to get right.
tree some_of_everything(const std::filesystem::path& root);

/// Writes other bytes over the middle of a file: same inode, same size.
void damage(const std::filesystem::path& file);

/// What keeps two trees from being the same (names, kinds, contents, who may run it, where links lead),
/// beside what a peer keeps in .p2p; "" where nothing does.
std::string tree_difference(const std::filesystem::path& a, const std::filesystem::path& b);

/// The same for what the copy has already; "" also where it has nothing.
std::string wrong_in_part(const std::filesystem::path& copy, const std::filesystem::path& original);

/// How many chunks are recorded as being there.
std::uint32_t chunks_recorded(const std::filesystem::path& root, const p2p::link& what);

// --- commands

/// p2pclient share, once the link is out. Without a tracker, it runs one of its own.
class sharer : public process {
public:
    explicit sharer(const std::filesystem::path& what, const words& more = {}, const settings& how = {});
    sharer(const tracker_program& tracker, const std::filesystem::path& what, const words& more = {},
           const settings& how = {});

    const std::string& link() const { return link_; }
    p2p::link parsed() const { return parse_link(link_).value(); }
    std::string id() const { return parsed().id.to_hex(); }
    std::string tracker() const { return parsed().trackers.front().to_string(); }
    /// Ends it as a person does.
    int stop();

private:
    std::string link_;
};

/// p2pclient get that goes on while the test does something.
class getter : public process {
public:
    explicit getter(const words& arguments, const settings& how = {});
};

/// p2pclient serve, of so many sets, once all of them are served.
class server : public process {
public:
    server(const tracker_program& tracker, const std::vector<std::filesystem::path>& folders,
           const settings& how = {});
};

finished_process get(words arguments, const process_settings& how = {});
finished_process verify(const std::filesystem::path& folder);

/// Publishes it, and ends: the link of what is there.
std::string link_of(const tracker_program& tracker, const std::filesystem::path& what,
                    const words& more = {});

/// What get says before it fetches; sizes are rounded to three digits.
struct get_report {
    byte_count were_there = 0;
    byte_count copied = 0;
    byte_count to_fetch = 0;
};
get_report report_of(const std::string& output);
/// Chunks that were fetched, as get says in the end; 0 where it fetched nothing.
std::uint32_t chunks_fetched(const std::string& output);

// --- peers that do not mean well

/// Claims to have the whole set of this id at the tracker; sends any text as its manifest, and wrong bytes
/// for every chunk that is asked for (of the sizes that `set` says), or refuses where there is no `set`.
class fake_publisher {
public:
    fake_publisher(const tracker_program& tracker, const file_set_id& id, std::string manifest_text,
                   std::optional<manifest> set = std::nullopt);
    fake_publisher(const fake_publisher&) = delete;
    fake_publisher& operator=(const fake_publisher&) = delete;
    ~fake_publisher();

    std::string link() const;

private:
    void serve_all();
    void serve(tcp_client& visitor);

    std::uint16_t tracker_port_;
    file_set_id id_;
    std::string manifest_text_;
    std::optional<manifest> set_;
    tcp_listener listener_;
    tcp_client to_tracker_;
    std::atomic<bool> over_ = false;
    std::thread thread_;
};

}  // namespace p2p::test
