#include "protocol/messages.hpp"

#include <algorithm>

namespace p2p {

namespace {

bool is_visible(char c) {
    return c > ' ' && c <= '~';
}

}  // namespace

bool is_host(std::string_view text) {
    return !text.empty() && text.size() <= max_host_length &&
           std::all_of(text.begin(), text.end(), is_visible);
}

}  // namespace p2p
