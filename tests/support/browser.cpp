#include "support/browser.hpp"

#include <nlohmann/json.hpp>

#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

namespace p2p::test {

namespace {

using json = nlohmann::json;

// What WebDriver calls a reference to an element.
constexpr const char* element_key = "element-6066-11e4-a52e-4f735466cecf";

// A new profile, and nothing that a browser does by itself: it would ask the network for it.
json settings(const std::filesystem::path& profile) {
    const json flags{"--headless=new",
                     "--no-sandbox",
                     "--disable-gpu",
                     "--disable-dev-shm-usage",
                     "--disable-quic",
                     "--no-first-run",
                     "--disable-background-networking",
                     "--disable-component-update",
                     "--disable-sync",
                     "--window-size=1280,1000",
                     "--user-data-dir=" + profile.native()};
    return {{"capabilities",
             {{"alwaysMatch",
               {{"goog:chromeOptions", {{"args", flags}}}, {"goog:loggingPrefs", {{"browser", "ALL"}}}}}}}};
}

}  // namespace

browser::browser() {
    start_driver();
    session_ = "/" + post("", settings(profile_.path()))["sessionId"].get<std::string>();
}

browser::~browser() {
    try {
        ask("DELETE", "", {});  // ends the browser; the driver is a child process of the test
    } catch (const std::exception&) {
        // The driver is gone, and its browser with it.
    }
}

// It takes a port that is free for IPv4, and ends where another program has that of IPv6.
void browser::start_driver() {
    for (int attempts_left = 5; port_ == 0;) {
        driver_.emplace("/usr/bin/env", std::vector<std::string>{"chromedriver", "--port=0"});
        try {
            const std::string port = driver_->wait_for_rest_of_line("started successfully on port ");
            port_ = static_cast<std::uint16_t>(std::stoi(port));
        } catch (const std::exception&) {
            if (--attempts_left == 0) throw;
        }
    }
}

json browser::ask(const std::string& method, const std::string& path, const json& body) {
    const std::string content = body.is_null() ? "" : body.dump();
    tcp_client line = tcp_client::connect(port_);
    line.send(method + " /session" + session_ + path +
              " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port_) +
              "\r\nContent-Length: " + std::to_string(content.size()) + "\r\n\r\n" + content);
    std::size_t size = 0;
    for (std::string header = line.read_line(); header != "\r"; header = line.read_line())
        if (constexpr std::string_view name = "Content-Length:"; header.starts_with(name))
            size = std::stoul(header.substr(name.size()));
    json answer = json::parse(line.read_exact(size))["value"];
    if (answer.is_object() && answer.contains("error"))
        throw std::runtime_error{"the browser says: " + answer["message"].get<std::string>()};
    return answer;
}

json browser::post(const std::string& path, const json& body) {
    return ask("POST", path, body);
}

void browser::command(const std::string& name, const json& parameters) {
    post("/goog/cdp/execute", {{"cmd", name}, {"params", parameters}});
}

void browser::open(const std::string& address) {
    post("/url", {{"url", address}});
}

void browser::resize(int width, int height) {
    command("Emulation.setDeviceMetricsOverride",
            {{"width", width}, {"height", height}, {"deviceScaleFactor", 1}, {"mobile", width < 500}});
}

void browser::prefer_colours(const std::string& scheme) {
    const json feature{{"name", "prefers-color-scheme"}, {"value", scheme}};
    command("Emulation.setEmulatedMedia", {{"features", json::array({feature})}});
}

void browser::allow(const std::string& permission) {
    post("/permissions", {{"descriptor", {{"name", permission}}}, {"state", "granted"}});
}

json browser::value(const std::string& expression) {
    return post("/execute/sync", {{"script", "return " + expression}, {"args", json::array()}});
}

std::string browser::text(const std::string& expression) {
    return value("String(" + expression + ")").get<std::string>();
}

bool browser::holds(const std::string& expression) {
    return value("Boolean(" + expression + ")").get<bool>();
}

void browser::wait_for(const std::string& expression) {
    wait_until([&] { return holds(expression); }, expression);
}

std::string browser::element(const std::string& selector) {
    return post("/element", {{"using", "css selector"}, {"value", selector}})[element_key].get<std::string>();
}

void browser::click(const std::string& selector) {
    post("/element/" + element(selector) + "/click", json::object());
}

void browser::act(const json& source) {
    post("/actions", {{"actions", json::array({source})}});
}

void browser::point_at(const std::string& selector) {
    const json move{
        {"type", "pointerMove"}, {"x", 0}, {"y", 0}, {"origin", {{element_key, element(selector)}}}};
    act({{"type", "pointer"}, {"id", "mouse"}, {"actions", json::array({move})}});
}

void browser::press(const std::string& key) {
    const json down{{"type", "keyDown"}, {"value", key}};
    const json up{{"type", "keyUp"}, {"value", key}};
    act({{"type", "key"}, {"id", "keyboard"}, {"actions", json::array({down, up})}});
}

std::string browser::console() {
    std::string said;
    for (const json& entry : post("/se/log", {{"type", "browser"}}))
        said += entry["message"].get<std::string>() + "\n";
    return said;
}

}  // namespace p2p::test
