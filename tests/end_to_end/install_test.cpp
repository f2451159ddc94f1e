// What `cmake --install` puts where. Under sanitizers not everything of it is built.

#include "support/documents.hpp"
#include "support/published.hpp"
#include "support/temp_folder.hpp"

#include <doctest/doctest.h>

namespace p2p::test {

namespace {

namespace fs = std::filesystem;

void install_to(const fs::path& prefix) {
    const fs::path build = fs::path{P2P_BIN_DIR}.parent_path();
    const auto installed = run("/usr/bin/cmake", {"--install", build, "--prefix", prefix});
    REQUIRE_MESSAGE(installed.exit_code == 0, installed.output);
}

/// What the docs show in that language: the first of it.
std::string shown_in_docs(const std::string& language) {
    const std::string docs = text_of_documents();
    const std::string fence = "\n```" + language + "\n";
    const std::size_t from = docs.find(fence) + fence.size();
    return docs.substr(from, docs.find("\n```\n", from) + 1 - from);
}

}  // namespace

TEST_CASE("what is installed runs, has man pages, and is completed by the shell" *
          doctest::skip(is_sanitized())) {
    const temp_folder here;
    const fs::path prefix = here / "usr";
    install_to(prefix);
    for (const std::string name : {"p2pclient", "p2ptracker", "p2psimulate"})
        CHECK(run(prefix / "bin" / name, {"--version"}).exit_code == 0);
    for (const std::string page : {"p2pclient", "p2pclient-get", "p2ptracker", "p2psimulate"})
        CHECK(fs::exists(prefix / "share/man/man1" / (page + ".1.gz")));

    const std::string completion = prefix / "share/bash-completion/completions/p2pclient";
    const auto completed = [&completion](const std::string& typed, int which) {
        const std::string script = "source " + completion + "; COMP_WORDS=(p2pclient " + typed +
                                   "); COMP_CWORD=" + std::to_string(which) +
                                   "; _p2pclient; printf '%s ' \"${COMPREPLY[@]}\"";
        return run("/bin/bash", {"-c", script}).output;
    };
    CHECK(completed("g", 1) == "get ");
    CHECK(completed("get --limit-", 2) == "--limit-up --limit-down ");
    CHECK(completed("--fold", 1) == "--folder ");
}

TEST_CASE("in what is installed to be read, every link leads somewhere" * doctest::skip(is_sanitized())) {
    const temp_folder here;
    install_to(here.path());
    const fs::path documents = here / "share/doc/p2p-file-transfer";
    for (const std::string file : {"README.md", "SECURITY.md", "docs/share-and-get.md"})
        CHECK_MESSAGE(fs::exists(documents / file), file);
    for (const fs::path& file : markdown_in(documents)) {
        CAPTURE(file.native());
        for (const std::string& link : links_in(file)) CHECK_MESSAGE(leads_somewhere(file, link), link);
    }
}

TEST_CASE("the program in the docs is built with what is installed, fetches a link, and serves it on" *
          doctest::skip(is_sanitized())) {
    const temp_folder here;
    install_to(here / "usr");
    write_text(here / "fetch" / "fetch.cpp", shown_in_docs("cpp"));
    write_text(here / "fetch" / "CMakeLists.txt", shown_in_docs("cmake"));
    const auto configured = run("/usr/bin/cmake", {"-S", here / "fetch", "-B", here / "build",
                                                   "-DCMAKE_PREFIX_PATH=" + (here / "usr").native()});
    REQUIRE_MESSAGE(configured.exit_code == 0, configured.output);
    const auto built = run("/usr/bin/cmake", {"--build", here / "build"});
    REQUIRE_MESSAGE(built.exit_code == 0, built.output);

    const tracker_program tracker;
    const tree set = files(here / "set", 3, 100'000);
    std::string link;
    {
        sharer alice{tracker, set};
        link = alice.link();
        process fetch{here / "build" / "fetch", {link, here / "copy"}};
        fetch.wait_for("set: 300000 bytes from 1 peers\n");
        CHECK(tree_difference(here / "copy", set) == "");
        CHECK(alice.stop() == exits::done);
        CHECK(get({link, here / "from the example"}).exit_code == exits::done);
        fetch.signal(SIGINT);
        CHECK(fetch.wait_for_exit() == 0);
    }
    CHECK(run(here / "build" / "fetch", {"p2p://nonsense", here / "copy"}).exit_code == 2);
}

}  // namespace p2p::test
