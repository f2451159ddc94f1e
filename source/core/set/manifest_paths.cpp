// What paths, targets of links and names a manifest may have: they become files on other people's machines.
#include "core/base/names.hpp"
#include "core/base/utf8.hpp"
#include "core/set/alike_names.hpp"
#include "core/set/manifest.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace p2p {

namespace {

/// Calls `why_not` with one component after the other, for the first that it finds fault with.
template <class Why>
std::string first_fault(std::string_view path, Why why_not) {
    for (std::size_t slash = 0; slash != std::string_view::npos;) {
        slash = path.find('/');
        std::string fault = why_not(path.substr(0, slash));
        if (!fault.empty()) return fault;
        path.remove_prefix(std::min(path.size(), slash + 1));
    }
    return {};
}

/// Nearly every name has a letter that this one has not: to fold it would take longer than all the rest.
bool is_state_folder(std::string_view component) {
    constexpr std::string_view letters = ".pP2 ";
    const auto may_be_in_it = [&](unsigned char c) {
        return c >= 0x80 || letters.find(static_cast<char>(c)) != letters.npos;
    };
    return std::ranges::all_of(component, may_be_in_it) && alike_key(component) == state_folder_name;
}

/// What neither a path nor a target may be.
std::string why_no_text(std::string_view text) {
    if (text.empty()) return "is empty";
    if (text.size() > max_path_length) return fmt::format("is longer than {} bytes", max_path_length);
    if (text.front() == '/') return "is absolute";
    if (text.find('\0') != std::string_view::npos) return "has a NUL in it";
    return is_utf8(text) ? "" : "is not UTF-8";
}

/// What no component of either may be.
std::string why_no_component(std::string_view component) {
    if (component.size() > max_component_length)
        return fmt::format("has a part of more than {} bytes", max_component_length);
    if (is_state_folder(component)) return fmt::format("has a \"{}\" in it", state_folder_name);
    return {};
}

std::string why_no_path_component(std::string_view component) {
    if (component.empty()) return "has an empty part";
    if (component == "." || component == "..") return fmt::format("has a \"{}\" in it", component);
    return why_no_component(component);
}

/// Looks at the components of a link's target in their order.
class target_check {
public:
    /// `depth`: how many folders the link is in.
    explicit target_check(std::size_t depth) : steps_up_(depth) {}

    std::string operator()(std::string_view component) {
        if (component != "..") {
            is_at_beginning_ = false;
            return why_no_component(component);
        }
        if (!is_at_beginning_) return "has a \"..\" behind its beginning";
        return steps_up_-- > 0 ? "" : "leads out of the file-set";
    }

private:
    std::size_t steps_up_;
    bool is_at_beginning_ = true;
};

/// The slash before every other byte, so that a component ends before any longer one.
int rank(char c) {
    return c == '/' ? -1 : static_cast<unsigned char>(c);
}

}  // namespace

std::string why_no_path(std::string_view path) {
    std::string fault = why_no_text(path);
    return fault.empty() ? first_fault(path, why_no_path_component) : fault;
}

std::string why_no_target(std::string_view path, std::string_view target) {
    std::string fault = why_no_text(target);
    if (!fault.empty()) return fault;
    const auto depth = static_cast<std::size_t>(std::count(path.begin(), path.end(), '/'));
    return first_fault(target, target_check{depth});
}

std::string why_no_set_name(std::string_view name) {
    if (name.find('/') != std::string_view::npos) return "has a \"/\" in it";
    std::string fault = why_no_path(name);
    if (!fault.empty() || is_name(name)) return fault;
    return fmt::format("is not 1 to {} bytes without control characters", max_name_length);
}

bool path_less(std::string_view a, std::string_view b) {
    const auto [in_a, in_b] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
    if (in_a == a.end() || in_b == b.end()) return in_b != b.end();
    return rank(*in_a) < rank(*in_b);
}

}  // namespace p2p
