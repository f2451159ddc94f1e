// Hands every file of the folders given as arguments to a target, once: so that what fuzzing found and what
// it begins with stay tests wherever libFuzzer is not. Fails where a folder has no files.
#include "fuzz.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

namespace {

std::vector<std::filesystem::path> files_in(const std::filesystem::path& folder) {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator{folder})
        if (entry.is_regular_file()) files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    return files;
}

std::string content_of(const std::filesystem::path& file) {
    std::ifstream in{file, std::ios::binary};
    std::string content{std::istreambuf_iterator<char>{in}, {}};
    if (!in) throw std::runtime_error{"cannot read " + file.string()};
    return content;
}

void replay(const std::filesystem::path& folder) {
    const auto files = files_in(folder);
    if (files.empty()) throw std::runtime_error{"no files in " + folder.string()};
    for (const auto& file : files) {
        // The last name that is shown is that of the file that ended the program.
        std::cout << file.string() << std::endl;
        const std::string content = content_of(file);
        LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(content.data()), content.size());
    }
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 2) {
        std::cerr << "usage: " << argv[0] << " FOLDER...\n";
        return 2;
    }
    try {
        std::for_each(argv + 1, argv + argc, replay);
    } catch (const std::exception& failure) {
        std::cerr << failure.what() << '\n';
        return 1;
    }
    return 0;
}
