#include "content.hpp"

#include <algorithm>
#include <fstream>
#include <random>
#include <stdexcept>
#include <vector>

namespace p2p::bench {

void make_random_file(const std::filesystem::path& path, byte_count size) {
    std::mt19937_64 random{size};
    std::vector<std::uint64_t> block(std::size_t{128} * 1024);
    std::ofstream out(path, std::ios::binary);
    for (byte_count left = size; left > 0;) {
        for (std::uint64_t& word : block) word = random();
        const byte_count part = std::min<byte_count>(left, block.size() * sizeof(std::uint64_t));
        out.write(reinterpret_cast<const char*>(block.data()), static_cast<std::streamsize>(part));
        left -= part;
    }
    if (!out.flush()) throw std::runtime_error(path.native() + ": cannot be written");
}

bool same_bytes(const std::filesystem::path& one, const std::filesystem::path& other) {
    std::ifstream first(one, std::ios::binary);
    std::ifstream second(other, std::ios::binary);
    std::vector<char> here(std::size_t{1} << 20U);
    std::vector<char> there(here.size());
    const auto size = static_cast<std::streamsize>(here.size());
    while (first && second) {
        first.read(here.data(), size);
        second.read(there.data(), size);
        const auto read = first.gcount();
        if (read != second.gcount() || !std::equal(here.begin(), here.begin() + read, there.begin()))
            return false;
    }
    return first.eof() && second.eof();
}

}  // namespace p2p::bench
