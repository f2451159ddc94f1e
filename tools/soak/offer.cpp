#include "offer.hpp"

#include "core/set/link.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <stdexcept>

namespace p2p::soak {

namespace {

using std::chrono::seconds;

constexpr std::uint32_t fewest_chunks = 30;
constexpr std::uint32_t most_chunks = 200;
constexpr unsigned patience_in_starts = 30;
constexpr std::chrono::milliseconds until_complete = seconds{300};
constexpr int gave_up_on_the_network = 4;

chunk_set some_chunks(std::uint32_t of, dice& random) {
    chunk_set some;
    for (std::uint32_t chunk = 1; chunk <= of; ++chunk)
        if (random() % 3 == 0) some.insert(chunk_index{chunk});
    return some;
}

}  // namespace

offer::offer(field& at, node::stay how_long)
    : at_(at),
      how_long_(how_long),
      random_(at.new_dice()),
      chunks_(std::uniform_int_distribution<std::uint32_t>{fewest_chunks, most_chunks}(random_)),
      content_(chunks_, chunk_size, random_()),
      has_rotten_(random_() % 2 == 0) {}

node& offer::add(words arguments, std::string ready) {
    sources_.push_back(
        {std::make_unique<node>(at_, std::move(arguments), random_, how_long_), std::move(ready)});
    return *sources_.back().program;
}

void offer::start() {
    const std::lock_guard lock{mutex_};
    for (source& one : sources_) start(one);
    all_serve();
}

void offer::start(source& one) {
    for (unsigned times = 0; times < patience_in_starts; ++times) {
        one.program->start();
        try {
            one.program->program().wait_for(one.ready);
            return;
        } catch (const std::runtime_error&) {
            if (!one.program->program().ends_within({}) ||
                one.program->program().wait_for_exit() != gave_up_on_the_network)
                break;
            ++at_.counts().said_again;
        }
    }
    throw std::runtime_error("a source does not come to serve:\n" + one.program->last_words());
}

void offer::disturb() {
    if (how_long_ == node::stay::resident) return;
    const std::lock_guard lock{mutex_};
    // The last one may be the one whose disk has rotted.
    source& one = sources_[random_() % (has_rotten_ ? sources_.size() - 1 : sources_.size())];
    one.program->kill();
    start(one);
}

void offer::keep_up() {
    const std::lock_guard lock{mutex_};
    for (source& one : sources_) {
        if (!one.program->program().ends_within({})) continue;
        at_.counts().failed("a source ended by itself:\n" + one.program->last_words());
        start(one);
    }
}

void offer::stop() {
    const std::lock_guard lock{mutex_};
    for (source& one : sources_)
        if (const int code = one.program->stop(); code != 0)
            at_.counts().failed(fmt::format("a source that was asked to stop ended with {}:\n{}", code,
                                            one.program->last_words()));
}

usage offer::use() const {
    const std::lock_guard lock{mutex_};
    usage all;
    for (const source& one : sources_) {
        const usage its = one.program->use();
        all.programs += its.programs;
        all.memory = std::max(all.memory, its.memory);
        all.descriptors = std::max(all.descriptors, its.descriptors);
    }
    return all;
}

void offer::rot(const std::filesystem::path& folder) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
        const bool is_content = entry.is_regular_file() && entry.path().filename() != "local_chunks.txt" &&
                                entry.path().native().find("/.p2p/") == std::string::npos;
        if (!is_content || entry.file_size() == 0) continue;
        const auto written_at = entry.last_write_time();
        std::fstream file(entry.path(), std::ios::binary | std::ios::in | std::ios::out);
        const auto middle = static_cast<std::streamoff>(entry.file_size() / 2);
        const int byte = file.seekg(middle).get();
        file.seekp(middle).put(static_cast<char>(byte ^ 1));
        file.close();
        std::filesystem::last_write_time(entry.path(), written_at);
    }
}

// --- published

namespace {

class shared_folder final : public offer {
public:
    shared_folder(field& at, node::stay how_long) : offer(at, how_long) {
        sharer_ = &add_sharer();
        if (has_rotten()) add_sharer();
    }

    words how_to_copy(const std::filesystem::path& there, dice&) const override {
        return {"get", link_, there};
    }

    std::string what_is_wrong(const std::filesystem::path& copy) const override {
        return content_.check_tree(copy);
    }

    bool is_published() const override { return true; }
    file_set_key key() const override { return published_set(parse_link(link_).value().id); }

private:
    node& add_sharer() {
        last_folder_ = at_.new_folder() / "set";
        content_.make_tree(last_folder_);
        return add({"share", last_folder_, "--chunk-size", std::to_string(chunk_size)}, "p2p://");
    }

    void all_serve() override {
        link_ = "p2p://" + sharer_->program().wait_for_rest_of_line("p2p://");
        if (has_rotten()) rot(last_folder_);
    }

    node* sharer_;
    std::filesystem::path last_folder_;
    std::string link_;
};

// --- chunk folders

class kept_folders final : public offer {
public:
    kept_folders(field& at, node::stay how_long)
        : offer(at, how_long), name_(fmt::format("folders{}", random_())) {
        // Each chunk is in two of three, so that it is agreed on, and each of them lacks some.
        for (std::uint32_t lacks = 0; lacks < 3; ++lacks) {
            chunk_set has;
            for (std::uint32_t chunk = 1; chunk <= chunks_; ++chunk)
                if (chunk % 3 != lacks) has.insert(chunk_index{chunk});
            add_keeper(has);
        }
        if (has_rotten()) add_keeper(chunk_set::first(chunks_));
    }

    words how_to_copy(const std::filesystem::path& there, dice& random) const override {
        content_.make_folder(there, some_chunks(chunks_, random));
        words copy = peer_at(there);
        copy.insert(copy.end(), {"--once", "--seed-for", "3s"});
        return copy;
    }

    std::string what_is_wrong(const std::filesystem::path& copy) const override {
        return content_.check_folder(copy, true);
    }

    bool is_published() const override { return false; }
    file_set_key key() const override { return {name_, chunks_, std::nullopt}; }

    /// They are to have everything, too, by now or soon.
    void stop() override {
        for (const std::filesystem::path& folder : to_complete_) {
            try {
                wait_until([&] { return content_.check_folder(folder, true).empty(); },
                           "a chunk folder that was there all the time becomes complete", until_complete);
                ++at_.counts().copies;
                at_.counts().bytes += bytes() / 3;
            } catch (const std::runtime_error& failure) {
                at_.counts().failed(
                    fmt::format("{}: {}", failure.what(), content_.check_folder(folder, true)));
            }
        }
        offer::stop();
    }

private:
    words peer_at(const std::filesystem::path& folder) const {
        return {"-folder", folder, "--name", folder.filename(), "--fileset", name_};
    }

    void add_keeper(const chunk_set& has) {
        last_folder_ = at_.new_folder();
        content_.make_folder(last_folder_, has);
        if (has.size() < chunks_) to_complete_.push_back(last_folder_);
        add(peer_at(last_folder_), "serves at port");
    }

    void all_serve() override {
        if (has_rotten()) rot(last_folder_);
    }

    std::string name_;
    std::vector<std::filesystem::path> to_complete_;
    std::filesystem::path last_folder_;
};

}  // namespace

std::unique_ptr<offer> share_a_folder(field& at, node::stay how_long) {
    return std::make_unique<shared_folder>(at, how_long);
}

std::unique_ptr<offer> keep_chunk_folders(field& at, node::stay how_long) {
    return std::make_unique<kept_folders>(at, how_long);
}

}  // namespace p2p::soak
