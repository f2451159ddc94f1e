// A folder of its own for a test or a tool, gone afterwards.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

namespace p2p {

class temporary_folder {
public:
    /// Beneath that folder. Throws std::runtime_error where it cannot be made.
    explicit temporary_folder(const std::filesystem::path& beneath = std::filesystem::temp_directory_path()) {
        std::string pattern = (beneath / "p2p_XXXXXX").native();
        if (::mkdtemp(pattern.data()) == nullptr)
            throw std::runtime_error(beneath.native() + ": no folder can be made in it");
        path_ = pattern;
    }
    temporary_folder(const temporary_folder&) = delete;
    temporary_folder& operator=(const temporary_folder&) = delete;
    ~temporary_folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }

    const std::filesystem::path& path() const { return path_; }
    std::filesystem::path operator/(std::string_view name) const { return path_ / name; }

private:
    std::filesystem::path path_;
};

}  // namespace p2p
