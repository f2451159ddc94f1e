#include "core/base/units.hpp"
#include "core/set/manifest.hpp"
#include "core/set/manifest_format.hpp"

#include <fmt/format.h>

#include <charconv>
#include <span>

namespace p2p {

namespace {

constexpr std::size_t quoted_length = 200;
constexpr byte_count content_limit = byte_count{1} << 62U;

std::string quoted(std::string_view text) {
    return fmt::format("\"{}\"", printable(text, quoted_length));
}

bool is_beneath(std::string_view path, std::string_view folder) {
    return path.size() > folder.size() && path.starts_with(folder) && path[folder.size()] == '/';
}

/// Why an entry cannot follow another one. What is beneath a path comes right after it, and so do its
/// duplicates: it is enough to look at neighbours.
std::string why_not_after(std::string_view before, std::string_view path) {
    if (path == before) return "is there twice";
    if (is_beneath(path, before))
        return fmt::format("is beneath {}, which is an entry itself", quoted(before));
    if (!path_less(before, path)) return fmt::format("comes after {}", quoted(before));
    return {};
}

/// Why this cannot be the entry after the one at the path `before`.
std::string why_no_entry(std::string_view before, const manifest_entry& found) {
    std::string fault = why_no_path(found.path);
    if (fault.empty()) fault = why_not_after(before, found.path);
    if (!fault.empty()) return fmt::format("the path {} {}", quoted(found.path), fault);
    if (found.kind == entry_kind::link) fault = why_no_target(found.path, found.target);
    if (fault.empty()) return {};
    return fmt::format("the target {} of the link {} {}", quoted(found.target), quoted(found.path), fault);
}

std::uint32_t big_endian(std::string_view bytes) {
    std::uint32_t number = 0;
    for (const char byte : bytes) number = number << 8U | static_cast<unsigned char>(byte);
    return number;
}

/// Takes a manifest apart from its front. The first thing that is wrong is remembered; after it, everything
/// reads as empty.
class cursor {
public:
    explicit cursor(std::string_view text) : text_(text) {}

    const std::string& problem() const { return problem_; }
    bool is_fine() const { return problem_.empty(); }
    std::size_t at() const { return at_; }
    std::size_t remaining() const { return text_.size() - at_; }

    /// "" is no problem.
    void refuse(std::string problem) {
        if (problem.empty() || !is_fine()) return;
        problem_ = std::move(problem);
        at_ = text_.size();
    }

    void literal(std::string_view expected) { take(expected, quoted(expected)); }
    void end_of_line() { take("\n", "the end of the line"); }

    /// Digits without a sign and without leading zeros.
    std::uint64_t number() {
        std::uint64_t value = 0;
        const std::string_view rest = text_.substr(at_);
        const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
        const auto length = static_cast<std::size_t>(end - rest.data());
        if (error != std::errc{} || (length > 1 && rest.front() == '0')) {
            refuse_here("a number");
            return 0;
        }
        at_ += length;
        return value;
    }

    std::string_view bytes(std::uint64_t count) {
        if (count > remaining()) {
            refuse_here(fmt::format("{} bytes", count));
            return {};
        }
        at_ += count;
        return text_.substr(at_ - count, count);
    }

    entry_kind kind() {
        const std::size_t found = remaining() > 0 ? kind_letters.find(text_[at_]) : std::string_view::npos;
        if (found == std::string_view::npos) {
            refuse_here("f, x, l or d");
            return entry_kind::folder;
        }
        ++at_;
        return static_cast<entry_kind>(found);
    }

private:
    void take(std::string_view expected, std::string_view described) {
        if (text_.substr(at_).starts_with(expected))
            at_ += expected.size();
        else
            refuse_here(described);
    }

    void refuse_here(std::string_view expected) {
        refuse(fmt::format("this is no manifest: expected {} at byte {}", expected, at_));
    }

    std::string_view text_;
    std::size_t at_ = 0;
    std::string problem_;
};

}  // namespace

/// Fills a manifest that has its text, and nothing else yet.
class manifest::reader {
public:
    explicit reader(manifest& made) : made_(made), text_(made.text_) {}

    /// What is wrong with the text; "" where nothing is.
    std::string read() {
        read_name();
        read_entries();
        read_chunks();
        return text_.problem();
    }

private:
    void read_name() {
        text_.literal(manifest_head);
        text_.end_of_line();
        text_.literal("name ");
        const std::string_view name = sized(text_.number());
        made_.name_at_ = text_.at() - name.size();
        made_.name_length_ = name.size();
        text_.end_of_line();
        if (const std::string fault = why_no_set_name(name); !fault.empty())
            text_.refuse(fmt::format("the name {} {}", quoted(name), fault));
    }

    void read_entries() {
        text_.literal("entries ");
        const std::uint64_t count = text_.number();
        text_.end_of_line();
        // Memory is taken for what can be there, not for what is claimed.
        if (count > text_.remaining() / least_entry_length)
            return text_.refuse(fmt::format("{} entries are more than fit into the manifest", count));
        made_.entries_.reserve(count);
        while (made_.entries_.size() < count && text_.is_fine()) read_entry();
    }

    void read_entry() {
        manifest_entry found;
        found.kind = text_.kind();
        if (found.is_file()) found.size = spaced_number();
        const std::uint64_t target_length = found.kind == entry_kind::link ? spaced_number() : 0;
        const std::uint64_t path_length = spaced_number();
        if (found.kind == entry_kind::link) found.target = sized(target_length);
        found.path = sized(path_length);
        const std::size_t path_at = text_.at() - found.path.size();
        text_.end_of_line();
        text_.refuse(why_no_entry(last_path_, found));
        if (found.size >= content_limit - made_.size_)
            text_.refuse(fmt::format("the content is of {} bytes or more", content_limit));
        if (text_.is_fine()) add(found, path_at);
    }

    void add(const manifest_entry& found, std::size_t path_at) {
        entry_ref& ref = made_.entries_.emplace_back();
        ref.offset = made_.size_;
        ref.path_at = static_cast<std::uint32_t>(path_at);
        ref.path_length = static_cast<std::uint16_t>(found.path.size());
        ref.target_length = static_cast<std::uint16_t>(found.target.size());
        ref.kind = static_cast<std::uint16_t>(found.kind);
        made_.size_ += found.size;
        last_path_ = found.path;
    }

    void read_chunks() {
        text_.literal("chunks ");
        const std::uint64_t count = text_.number();
        text_.end_of_line();
        if (!text_.is_fine()) return;
        if (count > max_chunk_count)
            return text_.refuse(fmt::format("{} chunks are more than {}", count, max_chunk_count));
        if (text_.remaining() != count * chunk_record::length)
            return text_.refuse(fmt::format("{} chunks do not take {} bytes", count, text_.remaining()));
        made_.chunks_at_ = text_.at();
        made_.chunk_ends_.reserve(count);
        byte_count end = 0;
        while (text_.remaining() > 0) made_.chunk_ends_.push_back(end += chunk_size());
        if (end != made_.size_)
            text_.refuse(
                fmt::format("chunks of {} bytes do not make up {} bytes of files", end, made_.size_));
    }

    byte_count chunk_size() {
        const std::uint32_t size = big_endian(text_.bytes(chunk_record::length).substr(0, sizeof size));
        if (size == 0 || size > max_published_chunk)
            text_.refuse(fmt::format("a chunk is of {} bytes (expected 1 to {})", size, max_published_chunk));
        return size;
    }

    std::uint64_t spaced_number() {
        text_.literal(" ");
        return text_.number();
    }

    /// As many bytes, behind a space.
    std::string_view sized(std::uint64_t length) {
        text_.literal(" ");
        return text_.bytes(length);
    }

    manifest& made_;
    cursor text_;
    std::string_view last_path_;
};

tl::expected<manifest, std::string> manifest::parse(std::string text) {
    if (text.size() > max_manifest_size)
        return tl::unexpected{fmt::format("the manifest is of more than {} bytes", max_manifest_size)};
    manifest made;
    made.text_ = std::move(text);
    if (std::string problem = reader{made}.read(); !problem.empty())
        return tl::unexpected{std::move(problem)};
    made.id_ = sha256_of(std::as_bytes(std::span{made.text_}));
    return made;
}

tl::expected<std::optional<manifest>, std::string> manifest::parse_if(const file_set_id& id,
                                                                      std::string text) {
    if (sha256_of(std::as_bytes(std::span{text})) != id) return std::nullopt;
    return parse(std::move(text));
}

}  // namespace p2p
