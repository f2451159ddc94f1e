#include "storage/set_verify.hpp"

#include "core/base/units.hpp"
#include "storage/set_content.hpp"

#include <algorithm>
#include <set>

namespace p2p {

namespace {

/// What is wrong with an entry as far as one can see without reading it: "" where nothing is.
std::string visible_difference(const set_disk& disk, std::uint32_t number) {
    const manifest_entry entry = disk.set().entry(number);
    if (entry.kind == entry_kind::folder) return disk.is_folder_there(number) ? "" : "is missing";
    if (entry.kind == entry_kind::link)
        return disk.is_link_right(number) ? "" : "is missing, or leads elsewhere";
    const auto there = disk.look(number);
    if (!there) return "is missing";
    if (there->stamp.size != entry.size) return "differs in size";
    if (there->executable != (entry.kind == entry_kind::executable))
        return entry.kind == entry_kind::executable ? "is not executable" : "is executable";
    return {};
}

bool explains_wrong_chunk(const std::string& difference) {
    return difference == "is missing" || difference == "differs in size";
}

}  // namespace

std::vector<std::string> differences(const set_disk& disk, const chunk_set& wrong) {
    const manifest& set = disk.set();
    const auto held_open = disk.open_root();
    const journal_content journal = look_at_journal(disk.root(), set);
    std::vector<std::string> found(set.entry_count());
    for (std::uint32_t number = 0; number < set.entry_count(); ++number)
        found[number] = visible_difference(disk, number);

    for (const chunk_index chunk : wrong) {
        const auto pieces = pieces_in(set, set.chunk_begin(chunk), set.chunk_end(chunk));
        if (std::ranges::any_of(pieces,
                                [&](const auto& piece) { return explains_wrong_chunk(found[piece.entry]); }))
            continue;
        const auto has_changed = [&](const content_piece& piece) {
            const auto there = disk.look(piece.entry);
            return !there || journal.placed[piece.entry] != there->stamp;
        };
        const bool known = pieces.size() == 1 || std::ranges::any_of(pieces, has_changed);
        for (const content_piece& piece : pieces)
            if (!known)
                found[piece.entry] = "may differ";
            else if (pieces.size() == 1 || has_changed(piece))
                found[piece.entry] = "differs";
    }
    std::vector<std::string> lines;
    for (std::uint32_t number = 0; number < set.entry_count(); ++number)
        if (!found[number].empty())
            lines.push_back(printable(set.entry(number).path, max_path_length) + ": " + found[number]);
    return lines;
}

tl::expected<void, std::string> record_wrong(set_disk& disk, const chunk_set& wrong) {
    auto journal = disk.state().read_journal(disk.set());
    if (!journal) return tl::unexpected{journal.error()};
    if (!journal->complete || wrong.empty()) return {};
    std::string records = journal_chunks(journal->verified - wrong);
    for (std::uint32_t number = 0; number < journal->placed.size(); ++number)
        if (journal->placed[number]) records += journal_file(number, *journal->placed[number]);
    return disk.state().rewrite_journal(records);
}

}  // namespace p2p
