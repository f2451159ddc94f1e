// What stands for pages in a build without them (-DP2P_HTTP=OFF): no request is understood.

#include "net/listener.hpp"
#include "web/metrics.hpp"
#include "web/qr.hpp"
#include "web/request_head.hpp"

namespace p2p {

struct request_reader::parser {
    request_head head;
};

request_reader::request_reader() : parser_(std::make_unique<parser>()) {}
request_reader::~request_reader() = default;
request_reader::state request_reader::take(std::string_view) {
    return state::wrong;
}
const request_head& request_reader::head() const {
    return parser_->head;
}
std::string token_in(std::string_view) {
    return {};
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
