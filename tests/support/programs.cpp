#include "support/programs.hpp"

#include "core/chunks/chunk_set.hpp"
#include "support/temp_folder.hpp"

#include <cstdlib>
#include <regex>

namespace p2p::test {

namespace {

std::uint64_t last_instance = 1'000;  // transcripts use small ones

words with(words first, const words& more) {
    first.insert(first.end(), more.begin(), more.end());
    return first;
}

// The ranges that a message names; none where it names none.
chunk_set chunks_in(std::string_view message) {
    constexpr std::string_view field = R"("chunks":")";
    const std::size_t at = message.find(field);
    if (at == std::string_view::npos) return {};
    message.remove_prefix(at + field.size());
    return chunk_set::parse(message.substr(0, message.find('"')), max_chunk_count).value();
}

std::string bin_dir() {
    const char* const elsewhere = std::getenv("P2P_BIN_DIR");
    return elsewhere == nullptr ? P2P_BIN_DIR : elsewhere;
}

// As their build folder was configured.
bool are_programs_sanitized() {
    const std::string settings = read_text(std::filesystem::path{bin_dir()}.parent_path() / "CMakeCache.txt");
    return std::regex_search(settings, std::regex{"\nP2P_SANITIZE:STRING=."});
}

}  // namespace

bool is_sanitized() {
    static const bool are = are_programs_sanitized();
    return are;
}

unsigned times(unsigned few, unsigned many) {
    return std::getenv("P2P_NIGHTLY") == nullptr ? few : many;
}

std::string program(const std::string& name) {
    return bin_dir() + "/" + name;
}

finished_process run_client(words arguments, const process_settings& how) {
    return run(program("p2pclient"), std::move(arguments), how);
}

finished_process run_tracker(words arguments) {
    return run(program("p2ptracker"), std::move(arguments));
}

std::string nobodys_address() {
    return "127.0.0.1:" + std::to_string(tcp_listener{}.port());
}

tracker_program::tracker_program(const words& more, std::uint16_t port)
    : process(program("p2ptracker"), with({"--listen", "127.0.0.1:" + std::to_string(port)}, more)),
      port_(static_cast<std::uint16_t>(std::stoi(wait_for_rest_of_line("tracker listens on 127.0.0.1:")))) {}

tcp_client tracker_program::join(const std::string& name, std::uint16_t transfer_port,
                                 const std::string& from) const {
    tcp_client line = tcp_client::connect(port_, from);
    line.send_line(R"({"type":"hello","version":1,"name":")" + name + R"(","transfer_port":)" +
                   std::to_string(transfer_port) + "}");
    const std::string answer = line.read_line();
    if (!contains(answer, R"("type":"welcome")")) throw std::runtime_error{"not welcome: " + answer};
    return line;
}

// The original command line, and what it does not know.
peer_program::peer_program(const std::string& tracker, const std::filesystem::path& folder,
                           const std::string& name, const words& more, const settings& how)
    : process(program("p2pclient"),
              with({"-folder", folder, "-transfer_port", "0", "-name", name, "--tracker", tracker}, more),
              how) {}

std::uint16_t peer_program::port() {
    return static_cast<std::uint16_t>(std::stoi(wait_for_rest_of_line("serves at port ")));
}

tcp_client peer_program::join(const file_set& set, std::string_view chunks) {
    tcp_client line = visit();
    line.send_line(hello_to_peer(set, "", ++last_instance, 1));
    chunk_set offered;  // in its hello, and in the news after that
    while (offered.to_ranges() != chunks) offered |= chunks_in(line.read_line());
    return line;
}

fake_peer::fake_peer(const tracker_program& tracker, const file_set& set)
    : set_{set}, to_tracker_{tracker.join("mallory", listener_.port())} {
    to_tracker_.send_line(announce(set, set.ranges()));
    to_tracker_.read_line();
}

tcp_client fake_peer::next_visitor() {
    tcp_client visitor = listener_.accept();
    visitor.read_line();
    visitor.send_line(hello_to_peer(set_, set_.ranges(), ++last_instance, listener_.port()));
    return visitor;
}

std::string announce(const file_set& set, std::string_view ranges) {
    return R"({"type":"announce","fileset":"default","count":)" + std::to_string(set.count()) +
           R"(,"chunks":)" + set.claims(ranges) + "}";
}

std::string locate(const file_set& set, std::string_view ranges) {
    return R"({"type":"locate","fileset":"default","count":)" + std::to_string(set.count()) +
           R"(,"chunks":")" + std::string{ranges} + R"("})";
}

std::string hello_to_peer(const file_set& set, std::string_view ranges, std::uint64_t instance,
                          std::uint16_t port) {
    return R"({"type":"hello","version":1,"name":"mallory","transfer_port":)" + std::to_string(port) +
           R"(,"instance":)" + std::to_string(instance) + R"(,"fileset":"default","count":)" +
           std::to_string(set.count()) + R"(,"chunks":")" + std::string{ranges} + R"("})";
}

std::string part(std::uint32_t chunk, std::uint64_t offset, std::uint64_t size, std::uint64_t total) {
    return R"({"type":"chunk","chunk":)" + std::to_string(chunk) + R"(,"offset":)" + std::to_string(offset) +
           R"(,"size":)" + std::to_string(size) + R"(,"total":)" + std::to_string(total) + "}\n";
}

}  // namespace p2p::test
