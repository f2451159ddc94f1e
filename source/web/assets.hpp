// The files of the page, which are in the program itself (source/web/page).
#pragma once

#include "core/hosts/web_target.hpp"
#include "web/answer.hpp"

#include <optional>

namespace p2p {

/// "/" is the page, "/page.css" and so on are what it needs, "/api/v1/openapi.json" says what else there is.
/// None: it is none of them.
std::optional<web_answer> asset(const web_target& target);

}  // namespace p2p
