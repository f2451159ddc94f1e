// The files of source/web/page as they were when the program was built (tools/cmake/embed.cmake).
#pragma once

#include <map>
#include <string_view>

namespace p2p {

extern const std::map<std::string_view, std::string_view> asset_table;

}  // namespace p2p
