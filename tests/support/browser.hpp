// A headless Chromium of a test's own, driven through chromedriver (WebDriver: HTTP and JSON). Scripts are
// JavaScript in the page; what they say is an expression, not a statement.
#pragma once

#include "support/process.hpp"
#include "support/socket.hpp"
#include "support/temp_folder.hpp"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace p2p::test {

class browser {
public:
    browser();
    browser(const browser&) = delete;
    browser& operator=(const browser&) = delete;
    ~browser();

    void open(const std::string& address);
    /// As a window, or a phone, of this size.
    void resize(int width, int height);
    void prefer_colours(const std::string& scheme);  ///< "light" or "dark"
    void allow(const std::string& permission);       ///< "clipboard-read"

    nlohmann::json value(const std::string& expression);
    std::string text(const std::string& expression);
    bool holds(const std::string& expression);
    /// Looks again and again; throws where it does not come to that.
    void wait_for(const std::string& expression);

    // What a person does, to the first element that this CSS selector matches.
    void click(const std::string& selector);
    void point_at(const std::string& selector);
    /// A character, or a key as WebDriver numbers them.
    void press(const std::string& key);

    /// What the console has said since it was last asked; "" where that is nothing.
    std::string console();

private:
    void start_driver();
    nlohmann::json ask(const std::string& method, const std::string& path, const nlohmann::json& body);
    nlohmann::json post(const std::string& path, const nlohmann::json& body);
    void command(const std::string& name, const nlohmann::json& parameters);
    std::string element(const std::string& selector);
    void act(const nlohmann::json& source);

    temp_folder profile_;
    std::optional<process> driver_{};
    std::uint16_t port_ = 0;
    std::string session_{};
};

namespace keys {
inline constexpr const char* enter = "\uE007";
inline constexpr const char* tab = "\uE004";
inline constexpr const char* end = "\uE010";
inline constexpr const char* home = "\uE011";
inline constexpr const char* left = "\uE012";
inline constexpr const char* up = "\uE013";
inline constexpr const char* right = "\uE014";
inline constexpr const char* down = "\uE015";
}  // namespace keys

}  // namespace p2p::test
