// The page of a tracker and of a peer, as a browser shows it.

#include "support/browser.hpp"
#include "support/published.hpp"
#include "support/web.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstdlib>
#include <memory>

namespace p2p::test {

namespace {

// Without one the tests are left out, but not where all must be tried.
const bool has_browser = std::filesystem::exists("/usr/bin/chromedriver") || std::getenv("CI") != nullptr;

/// A browser that shows a page, once it is up to date.
class looking_browser : public browser {
public:
    explicit looking_browser(const web_client& program)
        : root_(fmt::format("http://127.0.0.1:{}/", program.web_port())) {
        go("");
        wait_for_state("live");
    }
    void go(const std::string& where) { open(root_ + where); }
    void wait_for_state(const std::string& state) {
        wait_for("document.querySelector('#connection').dataset.state === '" + state + "'");
    }

private:
    std::string root_;
};

std::string text_of(const std::string& selector) {
    return "document.querySelector('" + selector + "').textContent";
}

std::string count_of(const std::string& selector) {
    return "document.querySelectorAll('" + selector + "').length";
}

std::string nth_cell(unsigned number) {
    return "#map > :nth-child(" + std::to_string(number) + ")";
}

/// A peer by hand that publishes a set of that name, and has all of it.
tcp_client publisher(const tracker_program& tracker, const std::string& name, const std::string& set_name,
                     std::uint16_t transfer_port = 6001, char id_digit = '1') {
    tcp_client peer = tracker.join(name, transfer_port);
    const std::string id(64, id_digit);
    peer.send_line(
        json{{"type", "publish"}, {"id", id}, {"name", set_name}, {"size", 4'000}, {"count", 4}}.dump());
    peer.send_line(json{{"type", "announce"}, {"id", id}, {"chunks", "1-4"}}.dump());
    peer.read_line();
    return peer;
}

/// Members of the chunk folder `default`, of 8 chunks: two have 1-6; of 7 one has told, of 8 nobody; and what
/// the third has in place of 3 is something else.
std::vector<tcp_client> quarrelling_peers(const tracker_program& tracker) {
    const file_set set{8, 1'000, 1};
    const file_set another{8, 1'000, 2};
    std::vector<tcp_client> peers;
    for (const auto& [name, line] :
         {std::pair{"alice", announce(set, "1-7")}, std::pair{"bob", announce(set, "1-6")},
          std::pair{"carol", announce(another, "3")}}) {
        peers.push_back(tracker.join(name, static_cast<std::uint16_t>(6001 + peers.size())));
        peers.back().send_line(line);
        peers.back().read_line();
    }
    return peers;
}

// The least contrast of a text and what it stands on (WCAG 2.2, 1.4.3), and which text it is.
constexpr auto least_contrast = R"((() => {
    const channels = (colour) => colour.match(/[\d.]+/g).map(Number);
    const luminance = (colour) => {
        const [r, g, b] = channels(colour).map((c) => c / 255)
            .map((c) => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ground = (element) => {
        const colour = getComputedStyle(element).backgroundColor;
        return channels(colour)[3] === 0 ? ground(element.parentElement) : colour;
    };
    let least = [21, "nothing"];
    for (const element of document.body.querySelectorAll("*")) {
        const text = [...element.childNodes].filter((node) => node.nodeType === 3 && node.data.trim() !== "");
        if (text.length === 0 || !element.checkVisibility() || element.disabled) continue;
        const [dark, light] = [luminance(getComputedStyle(element).color), luminance(ground(element))]
            .sort((a, b) => a - b);
        const ratio = (light + 0.05) / (dark + 0.05);
        if (ratio < least[0]) least = [ratio, text[0].data];
    }
    return least;
})())";

}  // namespace

TEST_SUITE_BEGIN("page" * doctest::skip(is_sanitized() || !has_browser));

TEST_CASE("the page of a tracker shows a swarm while it runs, and the console has nothing to say") {
    const temp_folder here;
    web_tracker tracker;
    write_text(here / "set" / "data", noise(4 << 20U));
    const sharer alice{tracker, here / "set", {"--name", "films", "--peer-name", "alice"}};
    const getter bob{{alice.link(), here / "copy", "--limit-down", "128KiB/s"}};
    looking_browser page{tracker};

    page.wait_for(count_of("#peers tbody tr") + " === 2 && " + count_of("#members tbody tr") + " === 2");
    CHECK(page.text(text_of("#filesets .name a")) == "films");
    CHECK(page.text(text_of("#chosen-name")) == "films");
    CHECK(page.text(text_of("#filesets td:nth-child(2)")) == "4.00 MiB");
    CHECK(page.text(count_of("#map > .cell")) == "64");
    CHECK(page.text("document.querySelector('#link').value") == alice.link());

    SUBCASE("the map changes while chunks move") {
        const auto twice = count_of("#map > .copies-1");
        const auto before = page.value(twice).get<int>();
        page.wait_for(twice + " > " + std::to_string(before));
    }
    SUBCASE("rates are those that peers tell") {
        page.wait_for(
            "[...document.querySelectorAll('#peers td:nth-child(4)')]"
            ".some((cell) => cell.textContent.endsWith('KiB/s'))");
    }
    CHECK(page.console() == "");
}

TEST_CASE("the page shows what is agreed in a chunk folder, what is pending, and a dispute when it comes") {
    web_tracker tracker;
    looking_browser page{tracker};
    CHECK(page.holds("document.querySelector('#chosen').hidden"));
    const auto peers = quarrelling_peers(tracker);
    page.wait_for(count_of("#map > .disputed") + " === 1");

    const auto label = [&page](unsigned cell) {
        return page.text("document.querySelector('" + nth_cell(cell) + "').ariaLabel");
    };
    CHECK(label(1) == "Chunk 1: 2 copies");
    CHECK(label(3) == "Chunk 3: 2 copies, in dispute");
    CHECK(label(7) == "Chunk 7: nobody has a copy, pending: on the check_list, not agreed yet");
    CHECK(label(8) == "Chunk 8: nobody has a copy");
    CHECK(page.text(text_of("#agreed")) == "chunk_list: 6 agreed");
    CHECK(page.text(text_of("#pending")) == "check_list: 1 pending");
    CHECK(page.text(text_of("#filesets .alarm")) == "1");
}

TEST_CASE("who holds a chunk is shown to whoever points at it, and to whoever walks there by keyboard") {
    web_tracker tracker;
    const auto peers = quarrelling_peers(tracker);
    looking_browser page{tracker};
    page.wait_for(count_of("#map > .cell") + " === 8");

    const auto holders = R"([...document.querySelectorAll("#cell-holders bdi")].map((one) => one.textContent)
        .sort().join())";
    page.point_at(nth_cell(2));
    page.wait_for(holders + std::string{" === 'alice,bob'"});
    CHECK(page.text(text_of("#cell-title")) == "Chunk 2");

    // From outside, Tab leads to one of the cells, and another one out of the map.
    page.value("document.querySelector('#map').previousElementSibling.focus()");
    page.click(nth_cell(2));
    page.press(keys::right);
    CHECK(page.text(text_of("#cell-title")) == "Chunk 3");
    page.wait_for(holders + std::string{" === 'alice,bob'"});
    page.press(keys::end);
    CHECK(page.text(text_of("#cell-title")) == "Chunk 8");
    CHECK(page.text(text_of("#cell-text")) == "nobody has a copy");
    CHECK(page.holds("document.activeElement === document.querySelector('#map').lastElementChild"));
    CHECK(page.text(count_of("#map > [tabindex=\"0\"]")) == "1");
    page.press(keys::home);
    page.wait_for(holders + std::string{" === 'alice,bob'"});
    page.press(keys::tab);
    CHECK(page.holds("!document.activeElement.closest('#map')"));
}

TEST_CASE("what a peer calls itself or its set is shown as text, whatever is in it") {
    const std::string markup = "<img src=x onerror=document.title='owned'>";
    const std::string turned = "exe.\u202Egnp";  // reads "exe.png" backwards
    web_tracker tracker;
    const tcp_client mallory = publisher(tracker, markup, markup);
    const tcp_client trudy = publisher(tracker, turned, std::string(100, 'W'), 6002, '2');
    looking_browser page{tracker};
    page.wait_for(count_of("#peers tbody tr") + " === 2 && " + count_of("#members tbody tr") + " === 1");

    const auto names = [&page](const std::string& list) {
        return page.value("[...document.querySelectorAll('" + list + " bdi')].map((one) => one.textContent)");
    };
    CHECK(names("#peers") == json{markup, "exe.?gnp"});
    CHECK(names("#filesets") == json{markup, std::string(100, 'W')});
    CHECK(page.text(text_of("#chosen-name")) == markup);
    page.point_at(nth_cell(1));
    page.wait_for(count_of("#cell-holders bdi") + " === 1");
    CHECK(names("#cell-holders") == json{markup});
    CHECK(page.text(count_of("img:not(#code)")) == "0");
    CHECK(!contains(page.text("document.title"), "owned"));
    CHECK(page.holds("document.documentElement.scrollWidth <= innerWidth"));
    CHECK(page.console() == "");
}

TEST_CASE("the page says that its tracker is lost, and is up to date again when that is started anew") {
    auto tracker = std::make_unique<web_tracker>();
    const std::uint16_t port = tracker->port();
    const std::uint16_t web_port = tracker->web_port();
    const auto first = std::make_unique<tcp_client>(publisher(*tracker, "alice", "films"));
    looking_browser page{*tracker};
    page.wait_for(text_of("#chosen-name") + " === 'films'");

    tracker->kill_hard();
    page.wait_for_state("lost");
    CHECK(contains(page.text(text_of("#connection")), "Connection lost at "));
    CHECK(page.text("document.querySelector('#connection').getAttribute('role')") == "status");

    tracker = std::make_unique<web_tracker>(words{}, port, web_port);
    const tcp_client second = publisher(*tracker, "bob", "songs");
    page.wait_for_state("live");
    CHECK(contains(page.text(text_of("#connection")), "Connected again since "));
    page.wait_for(text_of("#filesets .name a") + " === 'songs'");
}

TEST_CASE("a file-set is chosen by a click or a key, is in the address, and is shown again from there") {
    web_tracker tracker;
    const tcp_client alice = publisher(tracker, "alice", "films", 6001, '1');
    const tcp_client bob = publisher(tracker, "bob", "songs", 6002, '2');
    looking_browser page{tracker};
    page.wait_for(text_of("#chosen-name") + " === 'films'");

    page.click("#filesets tbody tr:nth-child(2) td:nth-child(2)");
    page.wait_for(text_of("#chosen-name") + " === 'songs'");
    CHECK(page.text("location.hash") == "#set=" + std::string(64, '2'));
    CHECK(page.text("document.activeElement.id") == "chosen-name");

    page.value("document.querySelector('#filesets a').focus()");
    page.press(keys::enter);
    page.wait_for(text_of("#chosen-name") + " === 'films'");
    CHECK(page.text(text_of("#filesets [aria-current=true]")) == "films");

    page.go("?again#set=" + std::string(64, '2'));
    page.wait_for(text_of("#chosen-name") + " === 'songs'");
    page.go("?again#set=" + std::string(64, '3'));
    page.wait_for("document.querySelector('#chosen-gone').checkVisibility()");
}

TEST_CASE("a link is copied by a button that says so, and shown as a QR code by another") {
    web_tracker tracker;
    const tcp_client alice = publisher(tracker, "alice", "films");
    looking_browser page{tracker};
    page.wait_for(text_of("#chosen-name") + " === 'films'");
    page.allow("clipboard-read");

    page.click("#copy");
    page.wait_for(text_of("#copied") + " === 'Copied'");
    CHECK(page.value("navigator.clipboard.readText()") ==
          fmt::format("p2p://{}/{}/films", tracker.address(), std::string(64, '1')));

    page.click("#show-code");
    page.wait_for("document.querySelector('#code').naturalWidth > 0");
    CHECK(page.holds("document.querySelector('#code').checkVisibility()"));
    page.click("#show-code");
    CHECK(page.holds("document.querySelector('#code').hidden"));
    CHECK(page.console() == "");
}

TEST_CASE("nothing is wider than a phone, and every text can be read, in light and in dark") {
    web_tracker tracker;
    const auto peers = quarrelling_peers(tracker);
    const tcp_client alice = publisher(tracker, std::string(100, 'W'), std::string(100, 'W'), 6009);
    looking_browser page{tracker};
    page.wait_for(count_of("#peers tbody tr") + " === 4");
    for (const int width : {360, 1280}) {
        page.resize(width, 800);
        page.wait_for("innerWidth === " + std::to_string(width));
        for (const auto& [key, cells] :
             {std::pair{std::string(64, '1'), "4"}, std::pair{std::string{"8:default"}, "8"}}) {
            page.value("location.hash = '#set=" + key + "'");
            page.wait_for(count_of("#map > .cell") + " === " + cells);
            page.point_at(nth_cell(1));
            page.wait_for(count_of("#cell-holders bdi") + " > 0");
            CHECK(page.holds("document.documentElement.scrollWidth <= " + std::to_string(width)));
            for (const char* scheme : {"light", "dark"}) {
                page.prefer_colours(scheme);
                const json least = page.value(least_contrast);
                CAPTURE(scheme);
                CAPTURE(least.dump());
                CHECK(least[0].get<double>() >= 4.5);
            }
        }
    }
}

TEST_CASE("lists that are long are shown page by page") {
    web_tracker tracker;
    std::vector<tcp_client> peers;
    for (unsigned i = 0; i < 51; ++i)
        peers.push_back(tracker.join(fmt::format("peer-{}", i), static_cast<std::uint16_t>(6001 + i)));
    looking_browser page{tracker};
    page.wait_for(text_of("#peers nav span") + " === '1–50 of 51'");
    CHECK(page.text(count_of("#peers tbody tr")) == "50");
    page.click("#peers nav button:last-child");
    page.wait_for(text_of("#peers nav span") + " === '51–51 of 51'");
    CHECK(page.text(text_of("#peers bdi")) == "peer-50");

    peers.pop_back();  // the page that is shown is no more
    page.wait_for(count_of("#peers tbody tr") + " === 50");
}

TEST_CASE("the page of a peer shows what it has, from whom, and how fast") {
    const temp_folder here;
    const tracker_program tracker;
    write_text(here / "set" / "data", noise(4 << 20U));
    const sharer alice{tracker, here / "set", {"--name", "films", "--peer-name", "alice"}};
    getter bob{web_tracker::with_pages({alice.link(), here / "copy", "--limit-down", "128KiB/s"})};
    looking_browser page{web_client{bob}};

    page.wait_for(count_of("#peers tbody tr") + " === 1 && " + count_of("#map > .here") + " > 0");
    CHECK(page.text(text_of("#filesets .name a")) == "films");
    CHECK(page.text(text_of("#filesets .name small")) == "fetching");
    CHECK(page.text(text_of("#peers-title")) == "Connections");
    CHECK(contains(page.text(text_of("#peers bdi")), "alice at 127.0.0.1:"));
    const auto before = page.value(count_of("#map > .here")).get<int>();
    page.wait_for(count_of("#map > .here") + " > " + std::to_string(before));
    page.wait_for(text_of("#figures dd") + ".endsWith('KiB/s')");
    page.point_at(nth_cell(1));
    CHECK(contains(page.text(text_of("#cell-text")), "here"));
    CHECK(page.console() == "");
}

TEST_SUITE_END();

}  // namespace p2p::test
