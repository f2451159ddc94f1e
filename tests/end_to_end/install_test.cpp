// What `cmake --install` puts where. Under sanitizers not everything of it is built.

#include "support/published.hpp"
#include "support/temp_folder.hpp"

#include <doctest/doctest.h>

namespace p2p::test {

TEST_CASE("what is installed runs, has man pages, and is completed by the shell" *
          doctest::skip(is_sanitized)) {
    const temp_folder here;
    const std::filesystem::path build = std::filesystem::path{P2P_BIN_DIR}.parent_path();
    const std::filesystem::path prefix = here / "usr";
    const auto installed = run("/usr/bin/cmake", {"--install", build, "--prefix", prefix});
    CHECK_MESSAGE(installed.exit_code == 0, installed.output);
    for (const std::string name : {"p2pclient", "p2ptracker", "p2psimulate"})
        CHECK(run(prefix / "bin" / name, {"--version"}).exit_code == 0);
    for (const std::string page : {"p2pclient", "p2pclient-get", "p2ptracker", "p2psimulate"})
        CHECK(std::filesystem::exists(prefix / "share/man/man1" / (page + ".1.gz")));

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

}  // namespace p2p::test
