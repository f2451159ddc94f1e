#include "main/client/output.hpp"

#include "core/base/units.hpp"
#include "net/terminal.hpp"

#include <fmt/format.h>

#include <utility>

namespace p2p::client {

namespace {

output_format chosen = output_format::text;
bool has_listed = false;

std::string row(const set_listing& one) {
    constexpr auto columns = "{:<64} {:>10} {:>8} {:>7} {:>8}  {}\n";
    std::string text;
    if (!std::exchange(has_listed, true))
        text = fmt::format(columns, "id", "size", "chunks", "seeders", "leechers", "name");
    return text + fmt::format(columns, one.set.id.to_hex(), show_size(one.set.size), one.set.count,
                              one.seeders, one.leechers, printable(one.set.name));
}

struct as_text {
    std::string operator()(const events::link& e) const { return e.text + "\n"; }
    std::string operator()(const set_listing& e) const { return row(e); }
    std::string operator()(const events::differs& e) const { return e.what + "\n"; }
    std::string operator()(const events::verified& e) const {
        return e.wrong_chunks > 0 || e.differences > 0
                   ? ""
                   : printable(e.fileset) + ": every byte is what was published\n";
    }
    std::string operator()(const events::split& e) const {
        return fmt::format("{}: {} of {}\n", e.folder, show_count(e.chunks, "chunk"),
                           show_size(e.chunk_size));
    }
    std::string operator()(const events::join& e) const {
        return fmt::format("{}: {}\n", e.file, show_size(e.size));
    }
    std::string operator()(const auto&) const { return {}; }
};

}  // namespace

void print_as(output_format format) {
    chosen = format;
}

output_format printed_as() {
    return chosen;
}

void tell(const events::event& what) {
    const std::string text =
        chosen == output_format::json ? events::to_line(what) : std::visit(as_text{}, what);
    if (!text.empty()) print_result(text);
}

}  // namespace p2p::client
