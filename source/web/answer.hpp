// What a web request is answered.
#pragma once

#include <string>
#include <utility>

namespace p2p {

struct web_answer {
    int status = 200;
    std::string type = "application/json";
    std::string body{};
};

/// `message` needs no escapes.
inline web_answer refused(int status, std::string message) {
    return {status, "application/json", R"({"error":")" + std::move(message) + "\"}"};
}
inline web_answer no_such_page() {
    return refused(404, "there is no such page");
}

}  // namespace p2p
