#include "protocol/control_text.hpp"

#include "core/base/rate_limit.hpp"
#include "core/base/suggestion.hpp"
#include "core/base/units.hpp"
#include "core/base/utf8.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iomanip>
#include <sstream>

namespace p2p::control {

namespace {

using words = std::vector<std::string>;
using read_result = tl::expected<std::optional<request>, std::string>;

tl::unexpected<std::string> no(std::string why) {
    return tl::unexpected{std::move(why)};
}

words words_of(std::string_view line) {
    words all;
    std::istringstream in{std::string{line}};
    for (std::string word; in >> std::quoted(word);) all.push_back(word);
    return all;
}

// --- commands: `w` has the arguments, as many as the command takes

template <class Request>
read_result about_set(const words& w) {
    return Request{w.empty() ? std::string{} : w[0]};
}

read_result read_add(const words& w) {
    return add{w[0], w.size() > 1 ? w[1] : std::string{}};
}

read_result read_limit(const words& w) {
    if (w[0] != "up" && w[0] != "down") return no("limit: up or down?");
    const auto rate = parse_rate_limit(w[1]);
    if (!rate) return no(rate.error());
    return w[0] == "up" ? limit{.up = *rate} : limit{.down = *rate};
}

const std::array<std::string, 6> levels{"trace", "debug", "info", "warn", "error", "off"};

read_result read_log(const words& w) {
    if (std::ranges::find(levels, w[0]) == levels.end())
        return no(fmt::format("there is no log level {}: trace, debug, info, warn, error or off",
                              printable(w[0], 40)));
    return log{w[0]};
}

struct known_command {
    std::string name;
    std::string arguments;
    std::string what;
    std::size_t least = 0;  ///< arguments
    std::size_t most = 0;
    read_result (*read)(const words&) = nullptr;  ///< none: it is not asked of anybody
};

const std::vector<known_command>& commands() {
    static const std::vector<known_command> all{
        {"status", "", "how far each file-set is, and how fast it goes", 0, 0,
         [](const words&) -> read_result { return status{}; }},
        {"peers", "[SET]", "whom it is connected to", 0, 1, about_set<peers>},
        {"chunks", "[SET]", "which chunks are there, as a map", 0, 1, about_set<chunks>},
        {"add", "LINK [DEST]", "fetch another file-set too", 1, 2, read_add},
        {"remove", "SET", "neither fetch nor serve it any more; files stay", 1, 1, about_set<remove>},
        {"pause", "[SET]", "leave everybody, and keep what is there", 0, 1, about_set<pause>},
        {"resume", "[SET]", "go on", 0, 1, about_set<resume>},
        {"limit", "up|down RATE", "send or receive at most so much (20Mbit, 2MiB/s, off)", 2, 2, read_limit},
        {"log", "LEVEL", "trace, debug, info, warn, error or off", 1, 1, read_log},
        {"help", "", "this list", 0, 0, nullptr},
        {"quit", "", "tell the trackers goodbye, and stop", 0, 0,
         [](const words&) -> read_result { return stop{}; }},
        {"stop", "", "the same", 0, 0, [](const words&) -> read_result { return stop{}; }},
    };
    return all;
}

std::string unknown_command(const std::string& name) {
    words known;
    for (const known_command& one : commands()) known.push_back(one.name);
    const auto meant = suggestion_for(name, known);
    return fmt::format("there is no command {}{} (help lists all)", printable(name, 40),
                       meant ? fmt::format(", did you mean {}?", *meant) : "");
}

// --- texts

/// Rows of cells in columns as wide as they need to be; numbers stand at the right.
class table {
public:
    explicit table(std::vector<std::string> head) : rows_{std::move(head)} {}
    void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }

    std::vector<std::string> lines() const {
        std::vector<std::size_t> widths(rows_.front().size());
        for (const auto& row : rows_)
            for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], columns_of(row[i]));
        std::vector<std::string> all;
        for (const auto& row : rows_) all.push_back(line(row, widths));
        return all;
    }

private:
    static std::string line(const std::vector<std::string>& row, const std::vector<std::size_t>& widths) {
        std::string text;
        for (std::size_t i = 0; i < row.size(); ++i) {
            const std::string blanks(widths[i] - columns_of(row[i]), ' ');
            const bool is_last = i + 1 == row.size();
            text += is_last ? row[i] : blanks + row[i] + "  ";
        }
        return text;
    }

    std::vector<std::vector<std::string>> rows_;
};

/// The first characters of a line: as many as have room.
std::string_view cut(std::string_view line, std::size_t columns) {
    std::size_t end = 0;
    while (end < line.size()) {
        const utf8_character one = first_character(line.substr(end));
        if (columns_of(one) > columns) break;
        columns -= columns_of(one);
        end += std::max<std::size_t>(one.length, 1);
    }
    return line.substr(0, end);
}

/// What fits into the window, and how much does not.
std::string fit(const std::vector<std::string>& lines, const window& in, std::string_view what) {
    constexpr std::size_t for_prompt = 3;  // the status line, the prompt, and the count of what is left out
    std::size_t shown = lines.size();
    if (in.rows && lines.size() + for_prompt > *in.rows + 1)
        shown = std::max<std::size_t>(*in.rows, for_prompt + 2) - for_prompt;
    shown = std::min(shown, lines.size());
    std::string text;
    for (std::size_t i = 0; i < shown; ++i) text.append(cut(lines[i], in.columns)) += '\n';
    if (shown < lines.size()) text += fmt::format("and {} more\n", show_count(lines.size() - shown, what));
    return text;
}

std::string show_limit(byte_count rate) {
    return rate == 0 ? "no limit" : show_rate(static_cast<double>(rate));
}

std::string show_percent(std::uint64_t part, std::uint64_t whole) {
    if (whole == 0) return "100%";
    return fmt::format("{}%",
                       static_cast<unsigned>(100.0 * static_cast<double>(part) / static_cast<double>(whole)));
}

std::vector<std::string> lines_of(const set_status& s) {
    if (s.now.what == activity::kind::waiting)
        return {fmt::format("{}: waiting, nobody has it yet", printable(s.now.name))};
    const std::string done = s.now.counted_in == activity::unit::bytes
                                 ? fmt::format("{} of {}", show_size(s.now.done), show_size(s.now.total))
                                 : fmt::format("{} of {} chunks", s.now.done, s.now.total);
    std::vector<std::string> lines{
        fmt::format("{}: {}, {} ({}), down {}, up {}", printable(s.now.name), phase_of(s.now.what), done,
                    show_percent(s.now.done, s.now.total), show_rate(s.received_per_second),
                    show_rate(s.sent_per_second))};
    if (s.chunks == 0) return lines;  // it is looked at before it is fetched or served
    lines.push_back(fmt::format("  fetched {} ({}) from {}, sent {} to {}, {} dropped",
                                show_count(s.chunks_fetched, "chunk"), show_size(s.now.received),
                                show_count(s.sources, "peer"), show_size(s.now.sent),
                                show_count(s.receivers, "peer"), show_count(s.wrong_chunks, "wrong chunk")));
    lines.push_back(fmt::format(
        "  tracker {}, {} connected, running for {}", s.has_tracker ? "connected" : "not reached",
        show_count(s.now.peers, "peer"),
        show_duration(std::chrono::duration_cast<duration>(std::chrono::duration<double>{s.seconds}))));
    return lines;
}

std::string text_of(const whole_status& a, const window& in) {
    std::vector<std::string> lines{fmt::format("{} at port {}, limits: up {}, down {}", printable(a.name),
                                               a.port, show_limit(a.limit_up), show_limit(a.limit_down))};
    for (const set_status& one : a.filesets)
        for (std::string& line : lines_of(one)) lines.push_back(std::move(line));
    if (a.filesets.empty()) lines.emplace_back("there is no file-set");
    return fit(lines, in, "line");
}

std::string text_of(const connected_peers& a, const window& in) {
    if (a.peers.empty()) return "no peer is connected\n";
    table all{{"has", "open", "received", "sent", "peer"}};
    for (const connected_peer& one : a.peers)
        all.add({show_percent(one.chunks_present, one.chunks), fmt::format("{}", one.open_requests),
                 show_size(one.received), show_size(one.sent),
                 fmt::format("{} ({})", printable(one.peer), printable(one.fileset, 40))});
    return fit(all.lines(), in, "peer");
}

std::string ranges_or_none(const chunk_set& chunks) {
    return chunks.empty() ? "none" : chunks.to_ranges();
}

/// Which of so many parts of the set are there: nothing, something, half, most, all of each.
std::string map_row(const set_chunks& s, std::uint64_t first_cell, std::uint64_t cells_here,
                    std::uint64_t cells) {
    static constexpr std::array<std::string_view, 5> shades{"·", "░", "▒", "▓", "█"};
    std::string row;
    for (std::uint64_t cell = first_cell; cell < first_cell + cells_here; ++cell) {
        const auto from = static_cast<std::uint32_t>(cell * s.chunks / cells);
        const auto to = static_cast<std::uint32_t>((cell + 1) * s.chunks / cells);
        std::uint32_t present = 0;
        bool disputed = false;
        for (std::uint32_t i = from; i < to; ++i) {
            present += s.present.contains(chunk_index{i + 1}) ? 1 : 0;
            disputed = disputed || s.disputed.contains(chunk_index{i + 1});
        }
        const std::uint32_t all = to - from;
        const std::uint32_t shade =
            present == 0 || present == all ? 4 * present / all : std::clamp(4 * present / all, 1U, 3U);
        row += disputed ? "!" : shades.at(shade);
    }
    return row;
}

std::vector<std::string> lines_of(const set_chunks& s, const window& in) {
    constexpr std::uint64_t most_rows = 8;
    const std::uint64_t columns = std::clamp<std::uint64_t>(in.columns, 10, 200) - 2;
    const std::uint64_t cells = std::min<std::uint64_t>(s.chunks, columns * most_rows);
    std::vector<std::string> lines{
        fmt::format("{}: {} of {} chunks{}", printable(s.fileset), s.present.size(), s.chunks,
                    cells < s.chunks ? fmt::format(", about {:.0f} in each place",
                                                   static_cast<double>(s.chunks) / static_cast<double>(cells))
                                     : "")};
    for (std::uint64_t first = 0; first < cells; first += columns)
        lines.push_back("  " + map_row(s, first, std::min(columns, cells - first), cells));
    const chunk_set missing = chunk_set::first(s.chunks) - s.present;
    lines.push_back("  lacks " + ranges_or_none(missing));
    if (!(s.offered == s.present)) lines.push_back("  serves " + ranges_or_none(s.offered));
    if (!s.disputed.empty())
        lines.push_back("  differs (!) from what others agreed on: " + s.disputed.to_ranges());
    return lines;
}

std::string text_of(const all_chunks& a, const window& in) {
    std::vector<std::string> lines;
    for (const set_chunks& one : a.filesets)
        for (std::string& line : lines_of(one, in)) lines.push_back(std::move(line));
    if (lines.empty()) return "there is no file-set\n";
    return fit(lines, in, "line");
}

std::string text_of(const done&, const window&) {
    return {};
}

std::string text_of(const refused& a, const window&) {
    return printable(a.message, 1'000) + "\n";
}

}  // namespace

read_result read_command(std::string_view line) {
    words all = words_of(line);
    if (all.empty()) return std::nullopt;
    const std::string name = all.front();
    all.erase(all.begin());
    const auto known = std::ranges::find(commands(), name, &known_command::name);
    if (known == commands().end()) return no(unknown_command(name));
    if (all.size() < known->least || all.size() > known->most)
        return no(fmt::format("usage: {}{}{}", name, known->arguments.empty() ? "" : " ", known->arguments));
    if (known->read == nullptr) return std::nullopt;
    return known->read(all);
}

std::string remark_on(const request& what) {
    const auto* const asked = std::get_if<limit>(&what);
    if (asked == nullptr) return {};
    const byte_count rate = asked->up ? *asked->up : asked->down.value_or(0);
    const std::string remark = remark_on_limit(rate);
    return remark.empty() ? "" : fmt::format("limit {} {}: {}\n", asked->up ? "up" : "down", rate, remark);
}

std::string commands_help() {
    std::string text;
    for (const known_command& one : commands())
        text += fmt::format("{:<19} {}\n", one.name + (one.arguments.empty() ? "" : " ") + one.arguments,
                            one.what);
    return text;
}

std::vector<std::string> completions(std::string_view unfinished, const std::vector<std::string>& filesets) {
    words before = words_of(unfinished);
    const bool begins_word = unfinished.empty() || unfinished.back() == ' ';
    const std::string begun = begins_word || before.empty() ? "" : before.back();
    if (!begins_word && !before.empty()) before.pop_back();

    static const std::array<std::string, 5> about_sets{"peers", "chunks", "pause", "resume", "remove"};
    words known;
    if (before.empty()) {
        for (const known_command& one : commands()) known.push_back(one.name);
    } else if (before.size() == 1 && before[0] == "limit") {
        known = {"up", "down"};
    } else if (before.size() == 2 && before[0] == "limit") {
        known = {"off"};
    } else if (before.size() == 1 && before[0] == "log") {
        known.assign(levels.begin(), levels.end());
    } else if (before.size() == 1 && std::ranges::count(about_sets, before[0]) > 0) {
        known = filesets;
    }
    std::erase_if(known, [&](const std::string& one) { return !one.starts_with(begun); });
    for (std::string& one : known) one = as_word(one);
    return known;
}

std::string as_word(const std::string& word) {
    if (!word.empty() && word.find_first_of(" \t\"\\") == std::string::npos) return word;
    std::ostringstream out;
    out << std::quoted(word);
    return out.str();
}

std::string to_text(const answer& what, const window& shown_in) {
    return std::visit([&](const auto& one) { return text_of(one, shown_in); }, what);
}

}  // namespace p2p::control
