// What stands for the pages in a build without them (-DP2P_HTTP=OFF).

#include "net/listener.hpp"
#include "web/metrics.hpp"
#include "web/qr.hpp"
#include "web/server.hpp"

namespace p2p {

struct web_server::shell {};

web_server::web_server(asio::io_context&, web_options, web_site&) {
    throw network_failure("--http: this program was built without pages (-DP2P_HTTP=OFF)");
}
web_server::~web_server() = default;
std::uint16_t web_server::port() const {
    return 0;
}
awaitable<void> web_server::run() {
    co_return;
}

metrics& metrics::gauge(std::string, std::string, double) {
    return *this;
}
metrics& metrics::counter(std::string, std::string, double) {
    return *this;
}
metrics& metrics::counters(std::string, std::string, std::string, std::vector<labelled>) {
    return *this;
}
metrics& metrics::version(std::string) {
    return *this;
}
metrics& metrics::usual(const web_traffic&) {
    return *this;
}
web_answer metrics::answer() const {
    return no_such_page();
}

std::string qr_svg(const std::string&) {
    return {};
}

}  // namespace p2p
