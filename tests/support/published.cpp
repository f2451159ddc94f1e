#include "support/published.hpp"

#include "core/base/hash.hpp"
#include "core/base/units.hpp"
#include "storage/set_state.hpp"
#include "support/temp_folder.hpp"

#include <nlohmann/json.hpp>

#include <fstream>
#include <map>
#include <span>
#include <stdexcept>

namespace p2p::test {

namespace {

namespace fs = std::filesystem;
using json = nlohmann::json;

words with(words first, const words& more) {
    first.insert(first.end(), more.begin(), more.end());
    return first;
}

std::string kind_and_content(const fs::path& path) {
    const auto status = fs::symlink_status(path);
    if (fs::is_symlink(status)) return "a link to " + fs::read_symlink(path).native();
    if (fs::is_directory(status)) return "a folder";
    if (!fs::is_regular_file(status)) return "neither file, folder nor link";
    const bool executable = (status.permissions() & fs::perms::owner_exec) != fs::perms::none;
    const std::string content = read_text(path);
    return (executable ? "a program of " : "a file of ") + std::to_string(content.size()) + " bytes, " +
           hash_of(std::as_bytes(std::span{content})).to_hex();
}

void list_into(std::map<std::string, std::string>& all, const fs::path& root, const fs::path& folder) {
    for (const auto& entry : fs::directory_iterator{folder}) {
        const std::string name = folder.lexically_relative(root) / entry.path().filename();
        if (entry.path().filename() == state_folder_name) continue;
        all[name] = kind_and_content(entry.path());
        if (all[name] == "a folder") list_into(all, root, entry.path());
    }
}

std::map<std::string, std::string> listed(const fs::path& root) {
    std::map<std::string, std::string> all;
    if (fs::exists(root)) list_into(all, root, root);
    return all;
}

std::string compare(const fs::path& copy, const fs::path& original, bool partly) {
    const auto is = listed(copy);
    const auto should_be = listed(original);
    for (const auto& [path, what] : is) {
        const auto right = should_be.find(path);
        if (right == should_be.end()) return path + " is " + what + " and should not be there";
        if (right->second != what) return path + " is " + what + ", not " + right->second;
    }
    if (partly) return {};
    for (const auto& [path, what] : should_be)
        if (!is.contains(path)) return path + " is not there";
    return {};
}

std::string number_before(const std::string& text, const std::string& what) {
    const std::size_t end = text.find(what);
    if (end == std::string::npos) return {};
    const std::size_t begin = text.find_last_of(":,", end - 1) + 1;
    std::string number = text.substr(begin, end - begin);
    std::erase(number, ' ');
    return number;
}

byte_count size_before(const std::string& text, const std::string& what) {
    return parse_size(number_before(text, what)).value_or(0);
}

}  // namespace

// --- trees

tree::tree(fs::path root) : root_(std::move(root)) {
    fs::create_directories(root_);
}

tree& tree::file(std::string_view path, std::string_view content) {
    write_text(root_ / path, content);
    return *this;
}

tree& tree::program(std::string_view path, std::string_view content) {
    file(path, content);
    fs::permissions(root_ / path, fs::perms::owner_exec | fs::perms::group_exec | fs::perms::others_exec,
                    fs::perm_options::add);
    return *this;
}

tree& tree::link(std::string_view path, std::string_view target) {
    fs::create_directories((root_ / path).parent_path());
    fs::create_symlink(target, root_ / path);
    return *this;
}

tree& tree::folder(std::string_view path) {
    fs::create_directories(root_ / path);
    return *this;
}

std::string noise(std::size_t size, std::uint32_t seed) {
    return file_set{2, size, seed}.chunk(1);
}

tree files(const fs::path& root, int count, std::size_t size_of_each) {
    tree made{root};
    for (int i = 0; i < count; ++i)
        made.file("f" + std::to_string(i), noise(size_of_each, static_cast<std::uint32_t>(i + 1)));
    return made;
}

tree some_of_everything(const fs::path& root) {
    tree made{root};
    made.file("a.txt", "small\n")
        .file("deep/er/and/deeper/file", noise(150'000, 2))
        .file("deep/er/other", noise(70'000, 3))
        .file("empty", "")
        .file("name with spaces ", noise(10, 4))
        .file("new\nline\tand\\backslash", noise(1'000, 5))
        .file("quotes \"'`$(x);*?", noise(2'000, 6))
        .file("\xC3\xBC\xE6\xBC\xA2\xF0\x9F\x8E\x89/\xCE\xB1", noise(65'536, 7))
        .file("-rf", "no option")
        .file("...", "no folder")
        .file(".hidden", "seen")
        .file("incoming", "not the peer's own")
        .file("journal", "nor this")
        .file("100% 2%20/%2e%2e", "not encoded")
        .file(std::string(255, 'n'), "as long as a name gets")
        .program("bin/run.sh", "#!/bin/sh\nexit 0\n")
        .program("bin/empty program", "")
        .folder("empty folder")
        .folder("deep/empty/er")
        .link("link to file", "a.txt")
        .link("deep/link up", "../bin/run.sh")
        .link("link to folder", "deep/er")
        .link("link to nothing", "nowhere/at all");
    return made;
}

void damage(const fs::path& file) {
    std::fstream out{file, std::ios::binary | std::ios::in | std::ios::out};
    out.seekp(static_cast<std::streamoff>(fs::file_size(file) / 2));
    out << "damaged";
    if (!out.flush()) throw std::runtime_error{"cannot write " + file.native()};
}

std::string tree_difference(const fs::path& a, const fs::path& b) {
    return compare(a, b, false);
}

std::string wrong_in_part(const fs::path& copy, const fs::path& original) {
    return compare(copy, original, true);
}

std::uint32_t chunks_recorded(const fs::path& root, const p2p::link& what) {
    const auto set = read_manifest(root, what.id);
    return set ? look_at_journal(root, **set).verified.size() : 0;
}

// --- commands

sharer::sharer(const fs::path& what, const words& more, const settings& how)
    : process(program("p2pclient"),
              with({"share", what, "--with-tracker", "127.0.0.1:0", "--listen", "127.0.0.1"}, more), how),
      link_("p2p://" + wait_for_rest_of_line("p2p://")) {}

sharer::sharer(const tracker_program& tracker, const fs::path& what, const words& more, const settings& how)
    : process(program("p2pclient"),
              with({"share", what, "--tracker", tracker.address(), "--listen", "127.0.0.1"}, more), how),
      link_("p2p://" + wait_for_rest_of_line("p2p://")) {}

int sharer::stop() {
    signal(SIGTERM);
    return wait_for_exit();
}

getter::getter(const words& arguments, const settings& how)
    : process(program("p2pclient"), with({"get", "--listen", "127.0.0.1"}, arguments), how) {}

server::server(const tracker_program& tracker, const std::vector<fs::path>& folders, const settings& how)
    : process(program("p2pclient"),
              with({"serve", "--tracker", tracker.address(), "--listen", "127.0.0.1"},
                   words(folders.begin(), folders.end())),
              how) {
    wait_for("serves at port ");
}

finished_process get(words arguments, const process_settings& how) {
    return run_client(with({"get", "--listen", "127.0.0.1"}, arguments), how);
}

finished_process verify(const fs::path& folder) {
    return run_client({"verify", folder});
}

std::string link_of(const tracker_program& tracker, const fs::path& what, const words& more) {
    sharer one{tracker, what, more};
    one.stop();
    return one.link();
}

get_report report_of(const std::string& output) {
    const std::size_t end = output.find(" are to be fetched");
    if (end == std::string::npos)
        throw std::runtime_error{"get did not say what is to be fetched: " + output};
    std::string line = output.substr(0, end + 18);
    line = line.substr(line.find_last_of('\n') + 1);
    return {size_before(line, " of "), size_before(line, " were copied"),
            size_before(line, " are to be fetched")};
}

std::uint32_t chunks_fetched(const std::string& output) {
    constexpr std::string_view before = "complete, ";
    const std::size_t begin = output.find(before);
    if (begin == std::string::npos) return 0;
    return static_cast<std::uint32_t>(std::stoul(output.substr(begin + before.size())));
}

// --- peers that do not mean well

fake_publisher::fake_publisher(const tracker_program& tracker, const file_set_id& id,
                               std::string manifest_text, std::optional<manifest> set)
    : tracker_port_(tracker.port()),
      id_(id),
      manifest_text_(std::move(manifest_text)),
      set_(std::move(set)),
      to_tracker_(tracker.join("mallory", listener_.port())) {
    const std::uint32_t count = set_ ? set_->chunk_count() : 1;
    const std::string of_the_set = R"("id":")" + id_.to_hex() + '"';
    to_tracker_.send_line(R"({"type":"publish",)" + of_the_set + R"(,"name":"set","size":1,"count":)" +
                          std::to_string(count) + "}");
    to_tracker_.send_line(R"({"type":"announce",)" + of_the_set + R"(,"chunks":"1-)" + std::to_string(count) +
                          R"("})");
    to_tracker_.read_line();
    thread_ = std::thread{[this] { serve_all(); }};
}

fake_publisher::~fake_publisher() {
    over_ = true;
    tcp_client::connect(listener_.port());
    thread_.join();
}

std::string fake_publisher::link() const {
    return "p2p://127.0.0.1:" + std::to_string(tracker_port_) + "/" + id_.to_hex() + "/set";
}

// One visitor after the other: who fetches a manifest and then the content comes twice.
void fake_publisher::serve_all() {
    while (!over_) {
        try {
            tcp_client visitor = listener_.accept();
            serve(visitor);
        } catch (const std::exception&) {  // the visitor has left
        }
    }
}

void fake_publisher::serve(tcp_client& visitor) {
    const std::string chunks = set_ ? "1-" + std::to_string(set_->chunk_count()) : "";
    visitor.read_line();
    visitor.send_line(R"({"type":"hello","version":1,"name":"mallory","instance":4711,"transfer_port":)" +
                      std::to_string(listener_.port()) + R"(,"id":")" + id_.to_hex() + R"(","chunks":")" +
                      chunks + R"("})");
    for (;;) {
        const json asked = json::parse(visitor.read_line());
        if (asked["type"] == "get_manifest") {
            const std::size_t from = asked["offset"];
            const std::string piece = manifest_text_.substr(from, asked["size"].get<std::size_t>());
            visitor.send_line(R"({"type":"manifest","offset":)" + std::to_string(from) + R"(,"size":)" +
                              std::to_string(piece.size()) + R"(,"total":)" +
                              std::to_string(manifest_text_.size()) + "}");
            visitor.send(piece);
        } else if (asked["type"] == "request" && set_ && asked.contains("chunk")) {
            const chunk_index chunk{asked["chunk"]};
            const std::string wrong(set_->chunk(chunk).size, 'x');
            visitor.send(part(chunk.value, 0, wrong.size(), wrong.size()) + wrong);
        } else if (asked["type"] == "request") {
            visitor.send_line(R"({"type":"refuse","any":true,"reason":"no"})");
        }
    }
}

}  // namespace p2p::test
