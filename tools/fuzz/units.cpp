// What people type for sizes, rates, durations and addresses, and text from other machines that is shown to
// people.
#include "core/base/units.hpp"

#include "core/base/utf8.hpp"
#include "fuzz.hpp"

#include <chrono>

namespace {

using namespace p2p;
using fuzz::require;

template <class Read>
void require_readable_if_none(const Read& read) {
    if (!read) fuzz::require_readable(read.error());
}

void check_quantities(std::string_view text) {
    const auto size = parse_size(text);
    require_readable_if_none(size);
    if (size) fuzz::require_readable(show_size(*size));
    const auto rate = parse_rate(text);
    require_readable_if_none(rate);
    if (rate) {
        require(*rate > 0, "a rate is more than nothing");
        fuzz::require_readable(show_rate(static_cast<double>(*rate)));
    }
    const auto time = parse_duration(text);
    require_readable_if_none(time);
    if (time) {
        require(*time >= duration::zero() && *time <= std::chrono::hours{10 * 365 * 24}, "at most ten years");
        fuzz::require_readable(show_duration(*time));
    }
}

void check_endpoints(std::string_view text) {
    const auto where = parse_endpoint(text, 5100);
    require_readable_if_none(where);
    if (where) {
        const auto again = parse_endpoint(where->to_string());
        require(where->port != 0 && again && *again == *where, "what is written is what was read");
    }
    const auto listen = parse_listen_endpoint(text, 5100);
    require_readable_if_none(listen);
    require(!where || (listen && *listen == *where), "one can listen wherever one can connect to");
}

void check_printable(std::string_view text, std::size_t most) {
    const std::string shown = printable(text, most);
    require(shown.size() <= most && is_utf8(shown), "what is shown is short and UTF-8");
    for (const char c : shown)
        require(static_cast<unsigned char>(c) >= ' ' && c != '\x7f', "no control characters");
    require(printable(shown, most) == shown, "what can be shown is shown as it is");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = fuzz::text_of(data, size);
    check_quantities(text);
    check_endpoints(text);
    for (const std::size_t most : {0U, 2U, 5U, 40U, 200U}) check_printable(text, most);
    return 0;
}
