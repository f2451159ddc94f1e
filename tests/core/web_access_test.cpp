#include "core/hosts/web_access.hpp"

#include <doctest/doctest.h>

using namespace p2p;

namespace {

web_access looks(web_visit visit, const web_access_rules& rules = {}) {
    if (visit.method.empty()) visit.method = "GET";
    return access_for(visit, rules);
}

}  // namespace

TEST_CASE("pages are looked at, nothing else") {
    CHECK(looks({.method = "GET", .host = "127.0.0.1:5180"}) == web_access::granted);
    CHECK(looks({.method = "HEAD", .host = "127.0.0.1:5180"}) == web_access::granted);
    for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "get"})
        CHECK_MESSAGE(looks({.method = method, .host = "127.0.0.1:5180"}) == web_access::wrong_method,
                      method);
}

TEST_CASE("a host is asked for by its address, or by a name that it is told") {
    for (const char* host : {"127.0.0.1", "10.0.0.7:5180", "localhost:5180", "[::1]:5180", "[fe80::1]"})
        CHECK_MESSAGE(looks({.method = {}, .host = host}) == web_access::granted, host);
    for (const char* host :
         {"", "evil.example", "evil.example:5180", "127.0.0.1.evil.example", "evil:80:80", "localhost.evil",
          "[evil]", "[::1].evil.example", "[::1", "localhost:evil", "127.0.0.1:", ".", "[]", "dead.beef"})
        CHECK_MESSAGE(looks({.method = {}, .host = host}) == web_access::unknown_host, host);
    const web_access_rules named{.names = {"tracker.example"}};
    CHECK(looks({.method = {}, .host = "tracker.example:5180"}, named) == web_access::granted);
    CHECK(looks({.method = {}, .host = "other.example"}, named) == web_access::unknown_host);
    CHECK(looks({.method = {}, .host = ""}, {.names = {"", "."}}) == web_access::unknown_host);
}

TEST_CASE("a name is the same in any case, and with a dot at its end") {
    const web_access_rules named{.names = {"Tracker.Example."}};
    for (const char* host :
         {"tracker.example", "TRACKER.example:5180", "tracker.example.", "Tracker.Example.:5180", "LocalHost",
          "localhost.:5180", "127.0.0.1.", "[FE80::1]:5180"})
        CHECK_MESSAGE(looks({.method = {}, .host = host}, named) == web_access::granted, host);
    for (const char* host : {"tracker.example..", ".tracker.example", "localhost..", "[::1]."})
        CHECK_MESSAGE(looks({.method = {}, .host = host}, named) == web_access::unknown_host, host);
    CHECK(host_in("Tracker.Example.:80") == "tracker.example");
    CHECK(host_in("[FE80::1]:80") == "fe80::1");
    CHECK(looks({.method = {}, .host = "Tracker.Example", .origin = "http://tracker.example"}, named) ==
          web_access::granted);
}

TEST_CASE("other web sites ask in vain, but somebody who follows a link does not") {
    const std::string_view host = "127.0.0.1:5180";
    CHECK(looks({.method = {}, .host = host, .origin = "http://127.0.0.1:5180"}) == web_access::granted);
    CHECK(looks({.method = {}, .host = host, .origin = "http://evil.example"}) == web_access::cross_site);
    CHECK(looks({.method = {}, .host = host, .origin = "http://127.0.0.1:80"}) == web_access::cross_site);
    CHECK(looks({.method = {}, .host = host, .origin = "null"}) == web_access::cross_site);
    CHECK(looks({.method = {}, .host = host, .fetch_site = "same-origin"}) == web_access::granted);
    CHECK(looks({.method = {}, .host = host, .fetch_site = "none"}) == web_access::granted);
    CHECK(looks({.method = {}, .host = host, .fetch_site = "cross-site"}) == web_access::cross_site);
    CHECK(looks({.method = {}, .host = host, .fetch_site = "same-site"}) == web_access::cross_site);
    CHECK(looks({.method = {}, .host = host, .fetch_site = "cross-site", .opens_page = true}) ==
          web_access::granted);
}

TEST_CASE("where there are tokens, one of them is needed, whole") {
    const web_access_rules rules{.names = {}, .tokens = {"one", "two"}};
    const auto with = [&](std::optional<std::string_view> token) {
        return looks({.method = {}, .host = "10.0.0.7", .token = token}, rules);
    };
    CHECK(with("one") == web_access::granted);
    CHECK(with("two") == web_access::granted);
    for (const char* wrong : {"", "on", "onee", "One", "oneone"}) CHECK(with(wrong) == web_access::no_token);
    CHECK(with(std::nullopt) == web_access::no_token);
}
