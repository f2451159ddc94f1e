// Swarms that are closed to strangers: by a secret, by certificates. The stranger is openssl's own client.

#include "core/set/secret.hpp"

#include "core/base/hex.hpp"
#include "support/published.hpp"
#include "support/temp_folder.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>

namespace p2p::test {

namespace {

namespace fs = std::filesystem;

/// As `p2ptracker --new-secret > FILE` makes it.
fs::path new_key_file(const fs::path& path) {
    const finished_process made =
        run("/bin/sh", {"-c", "\"$0\" --new-secret > \"$1\"", program("p2ptracker"), path});
    REQUIRE(made.exit_code == 0);
    return path;
}

swarm_key key_in(const fs::path& file) {
    return parse_key_file(read_text(file)).value().front();
}

const std::string question = R"({"type":"list"})";

/// What openssl gets for an answer from the tracker, when it has said that line.
std::string ask_with_openssl(std::uint16_t port, const words& how, const std::string& line = question) {
    process_settings typed;
    typed.in = process_settings::input::pipe;
    words all{"s_client", "-connect", "127.0.0.1:" + std::to_string(port), "-quiet"};
    all.insert(all.end(), how.begin(), how.end());
    process stranger{"/usr/bin/openssl", all, typed};
    stranger.type(line + '\n');
    wait_until(
        [&] { return contains(stranger.output(), "filesets") || contains(stranger.output(), "error"); },
        "an answer to openssl");
    return stranger.output();
}

words with_key(const swarm_key& key, const std::string& identity) {
    return {"-tls1_3", "-psk", key.to_hex(), "-psk_identity", identity};
}

/// An authority, and certificates that it signs, made with openssl as a site makes them.
class authority {
public:
    explicit authority(const fs::path& folder) : folder_(folder) {
        fs::create_directories(folder);
        openssl({"req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                 "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=authority", "-days", "2"});
    }

    /// The options for somebody who is called so.
    words member(const std::string& name) const {
        ask_for(name);
        openssl({"x509", "-req", "-in", name + ".csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-out",
                 name + ".pem", "-days", "2", "-extfile", name + ".ext"});
        return options(name);
    }

    /// The same, valid from the first day of a year to that of the next.
    words member_in(int year, const std::string& name) const {
        ask_for(name);
        std::ofstream(folder_ / "index.txt").flush();
        std::ofstream(folder_ / "ca.cnf")
            << "[ca]\ndefault_ca=it\n[it]\ndatabase=index.txt\nnew_certs_dir=.\nrand_serial=yes\n"
               "default_md=sha256\npolicy=names\n[names]\ncommonName=supplied\n";
        openssl({"ca", "-batch", "-notext", "-config", "ca.cnf", "-cert", "ca.pem", "-keyfile", "ca.key",
                 "-in", name + ".csr", "-out", name + ".pem", "-extfile", name + ".ext", "-startdate",
                 std::to_string(year) + "0101000000Z", "-enddate", std::to_string(year + 1) + "0101000000Z"});
        return options(name);
    }

private:
    void ask_for(const std::string& name) const {
        openssl({"req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
                 name + ".key", "-out", name + ".csr", "-subj", "/CN=" + name});
        std::ofstream(folder_ / (name + ".ext")) << "subjectAltName=" << name << '\n';
    }
    words options(const std::string& name) const {
        return {"--tls-cert", folder_ / (name + ".pem"), "--tls-key", folder_ / (name + ".key"),
                "--tls-ca",   folder_ / "ca.pem"};
    }
    void openssl(const words& what) const {
        process_settings here;
        here.working_folder = folder_;
        const finished_process done = run("/usr/bin/openssl", what, here);
        REQUIRE_MESSAGE(done.exit_code == 0, done.output);
    }

    fs::path folder_;
};

words operator+(words a, const words& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

}  // namespace

TEST_CASE("--new-secret prints one line, a key, and makes the file that it goes into private") {
    const temp_folder here;
    const fs::path file = new_key_file(here / "swarm.key");
    const std::string text = read_text(file);
    CHECK(text.size() == 65);
    CHECK(parse_key_file(text));
    CHECK(fs::status(file).permissions() == (fs::perms::owner_read | fs::perms::owner_write));
    CHECK(read_text(new_key_file(here / "other.key")) != text);
}

TEST_CASE("a new key that cannot be written is an error that says so") {
    const finished_process full =
        run("/bin/sh", {"-c", "\"$0\" --new-secret > /dev/full", program("p2ptracker")});
    CHECK(full.exit_code == 1);
    CHECK(full.output ==
          "p2ptracker: --new-secret cannot write the key to standard output: No space left on device\n");
}

TEST_CASE("with the key, openssl talks to the tracker in JSON lines") {
    const temp_folder here;
    const fs::path file = new_key_file(here / "swarm.key");
    const tracker_program tracker{{"--secret-file", file}};
    const swarm_key key = key_in(file);
    CHECK(contains(ask_with_openssl(tracker.port(), with_key(key, key.identity())),
                   R"({"type":"filesets","sets":[]})"));
}

TEST_CASE("without the key, with another one, or with an older TLS, openssl gets nothing") {
    const temp_folder here;
    const fs::path file = new_key_file(here / "swarm.key");
    const tracker_program tracker{{"--secret-file", file}};
    const swarm_key key = key_in(file);
    const swarm_key other = key_in(new_key_file(here / "other.key"));
    words how;
    SUBCASE("no key") {}
    SUBCASE("another key under its own name") {
        how = with_key(other, other.identity());
    }
    SUBCASE("another key under the right one's name") {
        how = with_key(other, key.identity());
    }
    SUBCASE("TLS 1.2") {
        how = {"-tls1_2", "-psk", key.to_hex(), "-psk_identity", key.identity()};
    }
    const std::string answer = ask_with_openssl(tracker.port(), how);
    CHECK(contains(answer, "alert"));
    CHECK_FALSE(contains(answer, "filesets"));
    CHECK_FALSE(contains(answer, "{"));
}

TEST_CASE("without TLS nobody is answered but that TLS is expected") {
    const temp_folder here;
    const tracker_program tracker{{"--secret-file", new_key_file(here / "swarm.key")}};
    tcp_client stranger = tracker.visit();
    stranger.send_line(question);
    CHECK(stranger.read_to_end() == std::string{"\x15\x03\x03\0\x02\x02\x46", 7});
}

TEST_CASE("a swarm with a secret shares, lists and gets, and a peer serves nobody without it") {
    const temp_folder here;
    const words secret{"--secret-file", new_key_file(here / "swarm.key")};
    const tracker_program tracker{secret};
    const tree original = some_of_everything(here / "set");
    sharer shares{tracker, original, secret};
    CHECK(get(words{shares.link(), here / "copy"} + secret).exit_code == exits::done);
    CHECK(tree_difference(original, here / "copy") == "");
    const finished_process listed = run_client(words{"list", "--tracker", tracker.address()} + secret);
    CHECK(contains(listed.output, shares.id()));

    const auto port = static_cast<std::uint16_t>(std::stoi(shares.wait_for_rest_of_line("serves at port ")));
    tcp_client stranger = tcp_client::connect(port);
    stranger.send_line(R"({"type":"hello","version":1,"name":"x","instance":1,"transfer_port":1,"id":")" +
                       shares.id() + R"(","chunks":""})");
    CHECK(stranger.read_to_end() == std::string{"\x15\x03\x03\0\x02\x02\x46", 7});
}

TEST_CASE("chunk folders are exchanged in a swarm with a secret, too") {
    const temp_folder here;
    const words secret{"--secret-file", new_key_file(here / "swarm.key")};
    const tracker_program tracker{secret};
    const file_set set{5, 10'000};
    make_folder(here / "a", set, "1-5");
    make_folder(here / "b", set, "1-5");
    make_folder(here / "c", set, "");
    const peer_program one{tracker, here / "a", "one", secret};
    const peer_program other{tracker, here / "b", "other", secret};
    peer_program fetches{tracker, here / "c", "fetches", secret + words{"--once"}};
    CHECK(fetches.wait_for_exit() == 0);
    CHECK(difference(here / "c", set) == "");
}

TEST_CASE("who lacks the secret, or has one where there is none, is told so in one line") {
    const temp_folder here;
    const words secret{"--secret-file", new_key_file(here / "swarm.key")};
    const words other{"--secret-file", new_key_file(here / "other.key")};
    const tracker_program closed{secret};
    const tracker_program open;
    const auto list = [](const tracker_program& tracker, const words& more) {
        const finished_process listed = run_client(words{"list", "--tracker", tracker.address()} + more);
        CHECK(listed.exit_code == exits::network);
        return listed.output;
    };
    CHECK(contains(list(closed, {}), "TLS comes where plain lines are expected"));
    CHECK(contains(list(closed, other), "it does not have the same secret (see --secret-file)"));
    CHECK(contains(list(open, secret), "it does not use TLS, and this side does (see --secret-file)"));
}

TEST_CASE("keys are rolled without stopping the swarm: a new one works beside the old one") {
    const temp_folder here;
    const fs::path old_key = new_key_file(here / "old.key");
    const fs::path new_key = new_key_file(here / "new.key");
    const fs::path both = new_key_file(here / "both.key");
    std::ofstream(both) << read_text(new_key) << read_text(old_key);
    const tracker_program tracker{{"--secret-file", both}};
    const tree original = files(here / "set", 2, 100'000);
    const sharer shares{tracker, original, {"--secret-file", both}};
    for (const fs::path& key : {old_key, new_key}) {
        const fs::path copy = here / key.stem().string();
        CHECK(get({shares.link(), copy, "--secret-file", key}).exit_code == exits::done);
        CHECK(tree_difference(original, copy) == "");
    }
}

TEST_CASE("SIGHUP has the key file read again: keys come and go while everything runs") {
    const temp_folder here;
    const fs::path old_key = new_key_file(here / "old.key");
    const fs::path new_key = new_key_file(here / "new.key");
    const fs::path used = new_key_file(here / "used.key");
    const auto use = [&used](const std::string& keys) { std::ofstream(used) << keys; };
    use(read_text(old_key));
    tracker_program tracker{{"--secret-file", used}};
    const tree original = files(here / "set", 2, 100'000);
    sharer shares{tracker, original, {"--secret-file", used}};
    const auto reload = [&] {
        for (process* one : {static_cast<process*>(&tracker), static_cast<process*>(&shares)}) {
            const auto times = [one] {
                const std::string said = one->output();
                std::size_t n = 0;
                for (std::size_t at = 0; (at = said.find("SIGHUP: ", at)) != std::string::npos; ++at) ++n;
                return n;
            };
            const std::size_t before = times();
            one->signal(SIGHUP);
            wait_until([&] { return times() > before; }, "what it makes of SIGHUP");
        }
    };
    const auto get_with = [&](const fs::path& key) {
        const fs::path copy = here / key.stem().string();
        return get({shares.link(), copy, "--secret-file", key}).exit_code;
    };

    CHECK(get_with(new_key) == exits::network);
    tracker.wait_for("127.0.0.1 is refused: it does not have the same secret");
    use(read_text(new_key) + read_text(old_key));
    reload();
    CHECK(get_with(new_key) == exits::done);
    use("no key\n");
    reload();
    CHECK(tracker.said("what was read before is still used"));
    use(read_text(new_key));
    reload();
    CHECK(get_with(old_key) == exits::network);
    CHECK(tree_difference(original, here / "new") == "");
}

TEST_CASE("a key file that others can read is refused before anything else") {
    const temp_folder here;
    const fs::path file = new_key_file(here / "swarm.key");
    fs::permissions(file, fs::perms::group_read, fs::perm_options::add);
    const std::string expected =
        "--secret-file " + file.string() + ": others than its owner may use this file";
    const finished_process tracker = run_tracker({"--listen", "127.0.0.1:0", "--secret-file", file});
    CHECK(tracker.exit_code == 2);
    CHECK(contains(tracker.output, expected));
    const finished_process listed = run_client({"list", "--secret-file", file});
    CHECK(listed.exit_code == exits::usage);
    CHECK(contains(listed.output, expected));
}

TEST_CASE("share --secret puts a key into the link, which is all that get and serve need") {
    const temp_folder here;
    const tree original = files(here / "set", 2, 100'000);
    sharer shares{original, {"--secret"}};
    REQUIRE(shares.parsed().key);
    CHECK(shares.said("whoever sees it can get the files, and nobody else can"));
    CHECK(get({shares.link(), here / "copy"}).exit_code == exits::done);
    CHECK(tree_difference(original, here / "copy") == "");

    const tcp_client stranger = tcp_client::connect(shares.parsed().trackers.front().port);
    p2p::link without = shares.parsed();
    without.key.reset();
    CHECK(get({without.to_string(), here / "nothing"}).exit_code == exits::network);

    REQUIRE(shares.stop() == exits::done);
    const std::string tracker = shares.tracker();
    process serves{program("p2pclient"), {"serve", here / "copy", "--log-level", "debug"}};
    serves.wait_for("cannot reach the tracker");  // that one has ended; a plain one would be reached no more
    CHECK_FALSE(contains(serves.output(), shares.parsed().key->to_hex()));
}

TEST_CASE("a set of a closed swarm whose link is damaged is served to nobody") {
    const temp_folder here;
    const tree original = files(here / "set", 1, 10'000);
    const sharer shares{original, {"--secret"}};
    REQUIRE(get({shares.link(), here / "copy"}).exit_code == exits::done);
    const fs::path kept = here / "copy" / ".p2p" / shares.id() / "link";
    REQUIRE(fs::exists(kept));
    const std::string damaged = read_text(kept).erase(10, 1);
    for (const std::string& text : {damaged, std::string{"garbage"}}) {
        write_text(kept, text);
        const finished_process ended = run_client({"serve", here / "copy"});
        CHECK(ended.exit_code == exits::storage);
        CHECK(contains(ended.output, "link: is damaged"));
    }
    fs::remove(kept);
    CHECK(run_client({"serve", here / "copy"}).exit_code == exits::storage);
}

TEST_CASE("get uses the secret that it kept, where the link comes without it") {
    const temp_folder here;
    const tree original = files(here / "set", 1, 10'000);
    const sharer shares{original, {"--secret"}};
    REQUIRE(get({shares.link(), here / "copy"}).exit_code == exits::done);
    p2p::link without = shares.parsed();
    without.key.reset();
    fs::remove(here / "copy" / "f0");
    CHECK(get({without.to_string(), here / "copy"}).exit_code == exits::done);
    CHECK(tree_difference(original, here / "copy") == "");
    CHECK(contains(read_text(here / "copy" / ".p2p" / shares.id() / "link"), shares.parsed().key->to_hex()));
}

TEST_CASE("what is shared again has the same secret") {
    const temp_folder here;
    const tree original = files(here / "set", 1, 10'000);
    std::string key;
    for (int time = 0; time < 2; ++time) {
        sharer shares{original, {"--secret"}};
        const std::string now = shares.parsed().key->to_hex();
        if (time > 0) CHECK(now == key);
        key = now;
        REQUIRE(shares.stop() == exits::done);
    }
}

TEST_CASE("an option for a file that is empty is refused, and nothing listens") {
    for (const std::string option : {"--secret-file", "--tls-cert"}) {
        CAPTURE(option);
        const finished_process ended = run(program("p2ptracker"), {"--listen", "127.0.0.1:0", option, ""});
        CHECK(ended.exit_code == exits::usage);
        CHECK(contains(ended.output, "names no file"));
    }
}

TEST_CASE("keys are in no error message") {
    const std::string key(64, 'a');
    const std::string link = "p2p://" + key + "@127.0.0.1:1/" + std::string(64, 'b') + "/set";
    for (const words& mistake : {words{"gett", link},
                                 {link},
                                 {"verify", link},
                                 {"serve", link},
                                 {"list", "--tracker", link},
                                 {"get", key + "@127.0.0.1:1/" + std::string(64, 'b')},
                                 {"list", "--secret-file", key}}) {
        CAPTURE(mistake.front());
        const finished_process ended = run_client(mistake);
        CHECK(ended.exit_code != exits::done);
        CHECK_FALSE(contains(ended.output, std::string(40, 'a')));
    }
}

TEST_CASE("get - takes the link as people paste it, and needs one") {
    const temp_folder here;
    const tree original = files(here / "set", 1, 10'000);
    const sharer shares{original, {"--secret"}};
    const std::string get_it = "\"$0\" get - \"$1\"";
    CHECK(run("/bin/sh", {"-c", "printf '  %s \\r\\n' '" + shares.link() + "' | " + get_it,
                          program("p2pclient"), here / "copy"})
              .exit_code == exits::done);
    const finished_process nothing =
        run("/bin/sh", {"-c", get_it + " </dev/null", program("p2pclient"), here / "none"});
    CHECK(nothing.exit_code == exits::usage);
    CHECK(contains(nothing.output, "no link came on standard input"));
}

TEST_CASE("where the tracker is at an IPv6 address, the peers can be reached there") {
    const temp_folder here;
    const tree original = files(here / "set", 1, 10'000);
    process shares{program("p2pclient"), {"share", original, "--with-tracker", "[::1]:0"}};
    const std::string link = "p2p://" + shares.wait_for_rest_of_line("p2p://");
    CHECK(run_client({"get", link, here / "copy"}).exit_code == exits::done);
}

TEST_CASE(
    "a link that is read from standard input, or from the words of the command, is seen by nobody else") {
    const temp_folder here;
    const tree original = files(here / "set", 1, 3'000'000);
    const sharer shares{original, {"--secret"}};
    const std::string key = shares.parsed().key->to_hex();

    process_settings typed;
    typed.in = process_settings::input::pipe;
    process reads{program("p2pclient"), {"get", "-", here / "copy", "--listen", "127.0.0.1"}, typed};
    reads.type(shares.link() + '\n');
    CHECK(reads.wait_for_exit() == exits::done);
    CHECK(tree_difference(original, here / "copy") == "");
    CHECK_FALSE(contains(reads.output(), key));

    getter slow{{shares.link(), here / "slow", "--limit-down", "200KiB/s"}};
    slow.wait_for("are to be fetched");
    const finished_process seen =
        run("/bin/sh", {"-c", "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '"});
    CHECK(contains(seen.output, "/" + shares.id()));
    CHECK_FALSE(contains(seen.output, key));
}

TEST_CASE("sets with different secrets are not served at one port") {
    const temp_folder here;
    for (const char* name : {"one", "two"}) {
        files(here / name, 1, 1000);
        sharer shares{here / name, {"--secret"}};
        CHECK(shares.stop() == exits::done);
    }
    const finished_process both = run_client({"serve", here / "one", here / "two"});
    CHECK(both.exit_code == exits::usage);
    CHECK(contains(both.output, "do not have the same secret: serve them with a command each"));
}

TEST_CASE("members whose certificates an authority signed exchange files, and others are shut out") {
    const temp_folder here;
    const authority ours{here / "ours"};
    const authority theirs{here / "theirs"};
    const words member = ours.member("IP:127.0.0.1");
    const tracker_program tracker{member};
    const tree original = files(here / "set", 2, 100'000);
    const sharer shares{tracker, original, member};
    CHECK(get(words{shares.link(), here / "copy"} + ours.member("DNS:somebody")).exit_code == exits::done);
    CHECK(tree_difference(original, here / "copy") == "");

    const words ask{"list", "--tracker", tracker.address()};
    words stranger = theirs.member("IP:127.0.0.1");
    stranger.back() = here / "ours" / "ca.pem";  // trusts the tracker, and is not trusted by it
    const finished_process refused = run_client(ask + stranger);
    CHECK(refused.exit_code == exits::network);
    CHECK(contains(refused.output, "it does not take this side's certificate (see --tls-cert)"));

    const finished_process distrusts = run_client(ask + theirs.member("DNS:me"));
    CHECK(distrusts.exit_code == exits::network);
    CHECK(contains(distrusts.output, "its certificate is not signed by whom this side trusts"));
    CHECK(contains(run_client(ask).output, "TLS comes where plain lines are expected"));
}

TEST_CASE("a tracker with a certificate for another host is not talked to") {
    const temp_folder here;
    const authority ours{here / "ours"};
    const tracker_program tracker{ours.member("DNS:elsewhere.example")};
    const finished_process listed =
        run_client(words{"list", "--tracker", tracker.address()} + ours.member("DNS:me"));
    CHECK(listed.exit_code == exits::network);
    CHECK(contains(listed.output, "or is for another host"));
}

TEST_CASE("a certificate that has expired is called so, to its owner and to whoever meets it") {
    const temp_folder here;
    const authority ours{here / "ours"};
    const words old = ours.member_in(2020, "IP:127.0.0.1");
    tracker_program tracker{old};
    CHECK(tracker.said("the certificate in " + old[1] + " expired on 2021-01-01 00:00 UTC"));
    const words ask{"list", "--tracker", tracker.address()};
    const finished_process listed = run_client(ask + ours.member("DNS:me"));
    CHECK(listed.exit_code == exits::network);
    CHECK_MESSAGE(contains(listed.output, "its certificate has expired"), listed.output);
    CHECK_FALSE(contains(listed.output, "expired on"));

    const tracker_program valid{ours.member("IP:127.0.0.1")};
    const finished_process refused =
        run_client(words{"list", "--tracker", valid.address()} + ours.member_in(2020, "DNS:late"));
    CHECK(refused.exit_code == exits::network);
    CHECK_MESSAGE(contains(refused.output, "it says that this side's certificate has expired"),
                  refused.output);
}

TEST_CASE("a certificate that is not valid yet is called so to its owner") {
    const temp_folder here;
    const words early = authority{here / "ours"}.member_in(2098, "IP:127.0.0.1");
    const tracker_program tracker{early};
    CHECK(tracker.said("the certificate in " + early[1] + " is not valid before 2098-01-01 00:00 UTC"));
}

TEST_CASE("files that are no certificates or keys are named") {
    const temp_folder here;
    const authority ours{here / "ours"};
    words broken = ours.member("DNS:me");
    broken[1] = broken[3];  // the key where the certificate is expected
    const finished_process listed = run_client(words{"list"} + broken);
    CHECK(listed.exit_code == exits::usage);
    CHECK(contains(listed.output, broken[1]));
}

TEST_CASE("who listens where strangers are, without a secret, is warned once") {
    const temp_folder here;
    const std::string warning = "can take part, and read what is sent";
    const words secret{"--secret-file", new_key_file(here / "swarm.key")};
    const auto starts = [](const words& more) {
        process tracker{program("p2ptracker"), words{"--listen"} + more};
        tracker.wait_for("tracker listens on");
        tracker.signal(SIGTERM);
        tracker.wait_for_exit();
        return tracker.output();
    };
    CHECK(contains(starts({"0.0.0.0:0"}), warning));
    CHECK_FALSE(contains(starts({"127.0.0.1:0"}), warning));
    CHECK_FALSE(contains(starts(words{"0.0.0.0:0"} + secret), warning));

    const tracker_program tracker;
    files(here / "set", 1, 1000);
    const words share{"share", here / "set", "--tracker", tracker.address()};
    process quiet{program("p2pclient"), share};
    quiet.wait_for("p2p://");
    CHECK_FALSE(quiet.said(warning));
    process loud{program("p2pclient"), share + words{"--listen", "0.0.0.0"}};
    loud.wait_for(warning);
}

}  // namespace p2p::test
