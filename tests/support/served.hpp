// What a store would send to another peer.
#pragma once

#include "storage/chunk_store.hpp"

#include <algorithm>
#include <string>
#include <unistd.h>

namespace p2p::test {

/// The chunk's bytes, asked for in parts of that size; or the error.
inline std::string served(const chunk_store& store, std::uint32_t chunk, byte_count part_size = 1000) {
    const auto opened = store.open_job({chunk})();
    if (!opened) return opened.error();
    std::string content;
    std::vector<std::byte> gathered;
    while (content.size() < (*opened)->size()) {
        const byte_count size = std::min<byte_count>(part_size, (*opened)->size() - content.size());
        const auto part = (*opened)->part(content.size(), size, gathered);
        if (!part) return part.error();
        if (*part) {
            gathered.resize(size);
            if (::pread((*part)->file, gathered.data(), size, static_cast<off_t>((*part)->offset)) !=
                static_cast<ssize_t>(size))
                return "the file is too short";
        }
        content.append(reinterpret_cast<const char*>(gathered.data()), gathered.size());
    }
    return content;
}

}  // namespace p2p::test
