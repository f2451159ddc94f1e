#include "main/client/peer_site.hpp"

#include "protocol/pages.hpp"

namespace p2p::client {

namespace {

web_answer answered(const control::answer& what) {
    std::string line = control::to_line(what);
    line.pop_back();
    return {.body = std::move(line)};
}

}  // namespace

web_answer peer_site::get(const web_request& request) {
    const std::vector<std::string>& asked = request.target.path;
    if (asked.size() != 3) return no_such_page();
    if (asked[2] == "about")
        return {.body = pages::to_json(pages::peer_itself{P2P_VERSION, self_.options().name})};
    if (asked[2] == "status") return answered(controls_.carry_out(control::status{}));
    if (asked[2] == "peers") return answered(controls_.carry_out(control::peers{}));
    if (asked[2] == "chunks") return answered(controls_.carry_out(control::chunks{}));
    return no_such_page();
}

metrics peer_site::figures() {
    std::uint64_t chunks = 0;
    std::uint64_t present = 0;
    std::uint64_t wrong = 0;
    std::size_t connections = 0;
    for (const session* one : self_.sessions()) {
        const peer_status s = one->status();
        chunks += s.count;
        present += s.present.size();
        wrong += s.wrong;
        connections += s.connections.size();
    }
    const auto number = [](std::uint64_t value) { return static_cast<double>(value); };
    return metrics{}
        .gauge("p2p_peer_filesets", "File-sets that are fetched or served", number(self_.sessions().size()))
        .gauge("p2p_peer_chunks", "Chunks that these have", number(chunks))
        .gauge("p2p_peer_chunks_present", "Of these, chunks that are here", number(present))
        .gauge("p2p_peer_connections", "Other peers that it is connected to, for each file-set",
               number(connections))
        .gauge("p2p_peer_wrong_chunks", "Chunks that came with wrong content, of file-sets that are here",
               number(wrong))
        .counter("p2p_peer_received_bytes_total", "Content that came from other peers",
                 number(self_.received()))
        .counter("p2p_peer_sent_bytes_total", "Content that went to other peers", number(self_.sent()))
        .version(P2P_VERSION);
}

}  // namespace p2p::client
