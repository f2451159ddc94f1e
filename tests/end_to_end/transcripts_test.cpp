// Replays every transcript of PROTOCOL.md against the built programs. The notation is described there.

#include "support/programs.hpp"
#include "support/temp_folder.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <sstream>

namespace p2p::test {

namespace {

using json = nlohmann::json;

struct transcript {
    std::string program;  // the first word after "transcript"
    std::size_t line = 0;
    std::vector<std::string> lines;

    std::string name() const { return program + ", line " + std::to_string(line) + " of PROTOCOL.md"; }
};

std::vector<transcript> transcripts_of(const std::string& document) {
    const std::string fence = "```transcript ";
    std::vector<transcript> all;
    std::istringstream text{document};
    std::size_t number = 0;
    bool inside = false;
    for (std::string line; std::getline(text, line);) {
        ++number;
        if (line.starts_with(fence)) all.push_back({line.substr(fence.size()), number, {}});
        if (line.starts_with("```"))
            inside = line.starts_with(fence);
        else if (inside && !line.empty())
            all.back().lines.push_back(line);
    }
    return all;
}

bool fits(const json& expected, const json& heard);

bool fields_fit(const json& expected, const json& heard) {
    return heard.is_object() &&
           std::all_of(expected.items().begin(), expected.items().end(), [&](const auto& field) {
               if (field.value() == "$absent") return !heard.contains(field.key());
               return heard.contains(field.key()) && fits(field.value(), heard.at(field.key()));
           });
}

bool elements_fit(const json& expected, json heard) {
    if (!heard.is_array() || heard.size() != expected.size()) return false;
    return std::all_of(expected.begin(), expected.end(), [&](const json& element) {
        const auto at = std::find_if(heard.begin(), heard.end(),
                                     [&](const json& candidate) { return fits(element, candidate); });
        if (at == heard.end()) return false;
        heard.erase(at);
        return true;
    });
}

bool fits(const json& expected, const json& heard) {
    if (expected == "$any") return true;
    if (expected.is_object()) return fields_fit(expected, heard);
    if (expected.is_array()) return elements_fit(expected, heard);
    return expected == heard;
}

// A ping may come at any time.
std::string next_line(tcp_client& from) {
    std::string line = from.read_line();
    while (line == R"({"type":"ping"})") line = from.read_line();
    return line;
}

// Talks to the program at that port as the transcript says.
class replay {
public:
    explicit replay(std::uint16_t port) : port_{port} {}

    void take(const std::string& line) {
        INFO(line);
        if (const auto name = after("# connection ", line))
            now_ = &connections_.try_emplace(*name, tcp_client::connect(port_)).first->second;
        else if (const auto repeated = after(">> ", line))
            send_repeated(*repeated);
        else if (const auto sent = after("> ", line))
            now_->send_line(*sent);
        else if (line == "< (closed)")
            CHECK(now_->read_to_end() == "");
        else if (const auto bytes = after("<< ", line))
            hear_bytes(json::parse(*bytes));
        else if (const auto message = after("< ", line))
            hear(json::parse(*message));
        else
            FAIL("the notation has no such line");
    }

private:
    static std::optional<std::string> after(std::string_view mark, const std::string& line) {
        if (!line.starts_with(mark)) return std::nullopt;
        return line.substr(mark.size());
    }

    void send_repeated(const std::string& what) {
        std::size_t end = 0;
        const auto times = std::stoul(what, &end);
        const std::string text = json::parse(what.substr(end));
        std::string all;
        for (unsigned long i = 0; i < times; ++i) all += text;
        now_->send(all);
    }

    void hear(const json& expected) {
        const std::string heard = next_line(*now_);
        INFO("heard ", heard);
        CHECK(fits(expected, json::parse(heard)));
    }

    void hear_bytes(const std::string& expected) { CHECK(now_->read_exact(expected.size()) == expected); }

    std::uint16_t port_;
    std::map<std::string, tcp_client> connections_;
    tcp_client* now_ = nullptr;
};

void replay_lines(const transcript& what, std::uint16_t port) {
    replay conversation{port};
    for (const std::string& line : what.lines)
        if (!line.starts_with("# with ")) conversation.take(line);
}

// "# with silence_limit=1s" is the option "--silence-limit 1s", without a value it is a flag.
words settings_of(const transcript& what) {
    const std::string mark = "# with ";
    words options;
    for (const std::string& line : what.lines) {
        if (!line.starts_with(mark)) continue;
        const std::size_t equals = line.find('=');
        std::string name = line.substr(mark.size(), equals - mark.size());
        std::replace(name.begin(), name.end(), '_', '-');
        options.push_back("--" + name);
        if (equals != std::string::npos) options.push_back(line.substr(equals + 1));
    }
    return options;
}

void replay_with_tracker(const transcript& what) {
    const tracker_program tracker{settings_of(what)};
    replay_lines(what, tracker.port());
}

// The folder that the document describes.
void replay_with_peer(const transcript& what) {
    const file_set set{std::vector<std::string>{"hello ", "brave new ", "world", "nobody has this one"}};
    const temp_folder here;
    const tracker_program tracker{{"--quorum", "1"}};
    peer_program peer{tracker, make_folder(here / "peer", set, "1-3"), "peer", settings_of(what)};
    peer.join(set, "1-3");
    replay_lines(what, peer.port());
}

void replay_with_sharer(const transcript& what) {
    const temp_folder here;
    const tracker_program tracker;
    write_text(here / "greeting" / "hello.txt", "hello ");
    write_text(here / "greeting" / "world.txt", "brave new world");
    words arguments{"share", here / "greeting", "--tracker", tracker.address(), "--listen", "127.0.0.1"};
    for (const std::string& setting : settings_of(what)) arguments.push_back(setting);
    process sharer{program("p2pclient"), arguments};
    const auto port = std::stoul(sharer.wait_for_rest_of_line("serves at port "));
    sharer.wait_for("p2p://");
    replay_lines(what, static_cast<std::uint16_t>(port));
}

}  // namespace

TEST_CASE("the programs speak the transcripts of PROTOCOL.md") {
    const auto transcripts =
        transcripts_of(read_text(std::filesystem::path{P2P_SOURCE_DIR} / "source/protocol/PROTOCOL.md"));
    REQUIRE_FALSE(transcripts.empty());
    for (const transcript& one : transcripts) {
        SUBCASE(one.name().c_str()) {
            if (one.program == "tracker")
                replay_with_tracker(one);
            else if (one.program == "peer")
                replay_with_peer(one);
            else if (one.program == "share")
                replay_with_sharer(one);
            else
                FAIL("there is no program ", one.program);
        }
    }
}

}  // namespace p2p::test
