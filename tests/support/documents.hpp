// What the project tells people, as tests carry it out and compare it: README.md, the pages under docs/, and
// whatever else is written in Markdown.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace p2p::test {

/// README.md, and after it the pages under docs/: for whoever wants to know what a program does.
std::vector<std::filesystem::path> documents();
/// What they say, in one piece.
std::string text_of_documents();

std::vector<std::string> lines_of(const std::string& text);

/// The files NAME.md that are in a folder, and in those within it.
std::vector<std::filesystem::path> markdown_in(const std::filesystem::path& folder);

/// Where the links of such a file lead, as it writes them, but for those to other sites.
std::vector<std::string> links_in(const std::filesystem::path& file);
/// Whether what one of its links names is there: the file, and the heading where the link has a #.
bool leads_somewhere(const std::filesystem::path& file, std::string_view link);

}  // namespace p2p::test
