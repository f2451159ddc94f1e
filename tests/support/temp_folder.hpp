// A folder of its own for a test, and what is in it.
#pragma once

#include "support/temporary_folder.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>

namespace p2p::test {

using temp_folder = temporary_folder;

/// Makes the file, and the folders that it is in.
inline void write_text(const std::filesystem::path& file, std::string_view text) {
    std::filesystem::create_directories(file.parent_path());
    std::ofstream out{file, std::ios::binary};
    out << text;
    if (!out.flush()) throw std::runtime_error{"cannot write " + file.native()};
}

inline std::string read_text(const std::filesystem::path& file) {
    std::ifstream in{file, std::ios::binary};
    if (!in) throw std::runtime_error{"cannot read " + file.native()};
    return {std::istreambuf_iterator<char>{in}, {}};
}

/// The names of what is in the folder itself.
inline std::set<std::string> names_in(const std::filesystem::path& folder) {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator{folder})
        names.insert(entry.path().filename());
    return names;
}

}  // namespace p2p::test
