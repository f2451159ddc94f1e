#include "support/documents.hpp"

#include "support/temp_folder.hpp"

#include <algorithm>
#include <cctype>
#include <regex>
#include <set>
#include <sstream>

namespace p2p::test {

namespace {

namespace fs = std::filesystem;

/// Its lines without those that are shown as they are: commands, programs, transcripts.
std::vector<std::string> prose_of(const fs::path& file) {
    std::vector<std::string> lines = lines_of(read_text(file));
    bool shown = false;
    std::erase_if(lines, [&shown](const std::string& line) {
        if (line.starts_with("```")) shown = !shown;
        return shown || line.starts_with("```") || line.starts_with("    ");
    });
    return lines;
}

/// What a link says after its # for this heading.
std::string anchor_of(std::string_view heading) {
    std::string anchor;
    for (const char c : heading) {
        const bool is_ascii = static_cast<unsigned char>(c) < 0x80;
        if (c == ' ') {
            anchor += '-';
        } else if (!is_ascii || std::isalnum(c) != 0 || c == '-' || c == '_') {
            anchor += is_ascii ? static_cast<char>(std::tolower(c)) : c;
        }
    }
    return anchor;
}

/// A heading that was there before has a number after it.
std::set<std::string> anchors_of(const fs::path& file) {
    std::set<std::string> anchors;
    for (const std::string& line : prose_of(file)) {
        if (!line.starts_with("#")) continue;
        const std::string first = anchor_of(line.substr(line.find(' ') + 1));
        std::string anchor = first;
        for (int more = 1; !anchors.insert(anchor).second; ++more)
            anchor = first + "-" + std::to_string(more);
    }
    return anchors;
}

}  // namespace

std::vector<fs::path> documents() {
    const fs::path project{P2P_SOURCE_DIR};
    std::vector<fs::path> all{project / "README.md"};
    for (const fs::path& page : markdown_in(project / "docs")) all.push_back(page);
    return all;
}

std::string text_of_documents() {
    std::string text;
    for (const fs::path& file : documents()) text += read_text(file);
    return text;
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in{text};
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

std::vector<fs::path> markdown_in(const fs::path& folder) {
    std::vector<fs::path> files;
    for (const auto& entry : fs::recursive_directory_iterator{folder})
        if (entry.path().extension() == ".md") files.push_back(entry.path());
    std::ranges::sort(files);
    return files;
}

std::vector<std::string> links_in(const fs::path& file) {
    std::string text;
    for (const std::string& line : prose_of(file)) text += line + "\n";
    static const std::regex link{R"(\]\(([^()\s]+)\))"};
    std::vector<std::string> links;
    for (std::sregex_iterator at{text.begin(), text.end(), link}; at != std::sregex_iterator{}; ++at)
        if (const std::string target = (*at)[1]; target.find(':') == std::string::npos)
            links.push_back(target);
    return links;
}

bool leads_somewhere(const fs::path& file, std::string_view link) {
    const std::size_t mark = link.find('#');
    const std::string_view path = link.substr(0, mark);
    const fs::path there = path.empty() ? file : file.parent_path() / path;
    if (!fs::exists(there)) return false;
    return mark == std::string_view::npos || anchors_of(there).contains(std::string{link.substr(mark + 1)});
}

}  // namespace p2p::test
