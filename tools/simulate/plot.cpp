#include "plot.hpp"

#include "core/base/units.hpp"
#include "curves.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <iterator>
#include <string_view>
#include <utility>
#include <vector>

namespace p2p::simulation {

namespace {

// In pixels, as all lengths here.
constexpr double width = 860;
constexpr double left = 56;
constexpr double right = 832;
constexpr double line_height = 18;
constexpr double can_be_seen = 0.4;

// Each has two values: paper and ink change together.
struct colour {
    std::string_view name, on_light, on_dark;
};
constexpr colour colours[]{
    {"paper", "#ffffff", "#0d1117"},  {"grid", "#d1d9e0", "#30363d"},    {"weak", "#59636e", "#9198a1"},
    {"strong", "#1f2328", "#f0f6fc"}, {"leecher", "#0969da", "#58a6ff"}, {"killed", "#bc4c00", "#f0883e"},
    {"copies", "#1a7f37", "#3fb950"}, {"bound", "#8250df", "#bc8cff"},
};

constexpr std::string_view shapes = R"(
text, circle, rect, .band { fill: currentColor }
path { fill: none; stroke: currentColor; stroke-linejoin: round; stroke-linecap: round }
.band { stroke: none }
.outer { opacity: .2 }
.inner { opacity: .35 }
.dashed { stroke-dasharray: 5 4 }
.dotted { stroke-dasharray: .1 5; stroke-width: 2 }
text { font: 12px system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif }
.title { font-size: 17px }
.title, .head { font-weight: 600 }
)";

std::string style() {
    std::string light;
    std::string dark;
    for (const colour& one : colours) {
        light += fmt::format(".{} {{ color: {} }}\n", one.name, one.on_light);
        dark += fmt::format(".{} {{ color: {} }}\n", one.name, one.on_dark);
    }
    return fmt::format("<style>{}{}@media (prefers-color-scheme: dark) {{\n{}}}\n</style>", shapes, light,
                       dark);
}

std::string escaped(std::string_view text) {
    std::string safe;
    for (const char c : text) safe += c == '&' ? "&amp;" : c == '<' ? "&lt;" : std::string(1, c);
    return safe;
}

// "M56,300 57.2,298": after the first point, each is the end of a line.
std::string path_through(const std::vector<point>& points) {
    std::string path;
    for (const point& at : points)
        path += fmt::format("{}{:.4g},{:.4g}", path.empty() ? "M" : " ", at.x, at.y);
    return path;
}

std::string show_link(byte_count rate) {
    return rate == 0 ? "without a limit" : fmt::format("{:.4g} Mbit/s", static_cast<double>(rate) * 8 / 1e6);
}

std::string show_time(double seconds) {
    if (seconds < 0.9) return fmt::format("{:.3g} ms", seconds * 1000);
    return show_duration(std::chrono::duration_cast<duration>(std::chrono::duration<double>(seconds)));
}

struct panel {
    double top = 0;
    double height = 0;
    double most = 1;  // the value at its top

    double bottom() const { return top + height; }
    double y(double value) const { return bottom() - value / most * height; }
};

// A moment that a line goes through both panels at.
struct moment {
    double at = 0;  // seconds
    std::string_view ink;
    std::string label;
};

class picture {
public:
    picture(const swarm_options& options, const swarm_result& result, const swarm_result* without);
    std::string draw();

private:
    void choose_moments(const swarm_result* without);
    std::size_t count(role part) const;
    bool all_complete() const;
    bool has_pace() const { return result_.bound > 0 && options_.overlap == 0; }
    std::string title() const;
    std::string subtitle() const;
    double x(double seconds) const { return left + seconds / end_ * (right - left); }

    void draw_grid(const panel& where, const std::vector<double>& ticks, std::string_view unit);
    void draw_time();
    void draw_leechers();
    void draw_leecher(const peer_result& peer);
    void draw_copies();
    std::vector<point> stairs(std::size_t quartile) const;
    void draw_band(std::size_t lowest, std::size_t highest, std::string_view kind);
    void draw_moments();
    void write(double at_x, double at_y, std::string_view anchor, std::string_view kind,
               std::string_view text);
    template <class... Values>
    void put(fmt::format_string<Values...> format, Values&&... values) {
        fmt::format_to(std::back_inserter(svg_), format, std::forward<Values>(values)...);
        svg_ += '\n';
    }

    const swarm_options& options_;
    const swarm_result& result_;
    std::vector<copies> copies_;
    std::vector<moment> moments_;
    double over_ = 0;  // when the last chunk came, in seconds
    double end_ = 0;   // of the time axis
    panel upper_;      // percent
    panel lower_;      // copies
    std::string svg_;
};

picture::picture(const swarm_options& options, const swarm_result& result, const swarm_result* without)
    : options_(options), result_(result), copies_(copies_over_time(result.peers, options.chunks)) {
    choose_moments(without);
    for (const peer_result& peer : result.peers) over_ = std::max(over_, progress_of(peer).back().x);
    if (over_ == 0) over_ = 1;  // nothing came, and this is as good as any other scale
    end_ = over_;
    for (const moment& one : moments_) end_ = std::max(end_, one.at);
    const double labels = line_height * static_cast<double>(moments_.size());
    upper_ = {.top = 92 + labels, .height = 280, .most = 100};
    const auto copies_at_most = std::ranges::count_if(result.peers, keeps_copies);
    lower_ = {.top = upper_.bottom() + 52,
              .height = 150,
              .most = std::max(1.0, static_cast<double>(copies_at_most))};
}

void picture::choose_moments(const swarm_result* without) {
    if (result_.bound > 0)
        moments_.push_back({result_.bound, "bound dashed", "fluid bound " + show_time(result_.bound)});
    if (without)
        moments_.push_back({without->makespan, "weak dashed",
                            "makespan without hostile peers " + show_time(without->makespan)});
    if (all_complete() && result_.makespan > 0)
        moments_.push_back({result_.makespan, "strong", "makespan " + show_time(result_.makespan)});
    std::ranges::sort(moments_, {}, &moment::at);
}

std::size_t picture::count(role part) const {
    return static_cast<std::size_t>(std::ranges::count(result_.peers, part, &peer_result::part));
}

bool picture::all_complete() const {
    return std::ranges::none_of(result_.peers, [](const peer_result& peer) {
        return peer.part == role::leecher && !peer.completed_after;
    });
}

std::string picture::title() const {
    std::string text = fmt::format("{} to {}", show_size(options_.chunks * options_.chunk_size),
                                   show_count(count(role::leecher) + count(role::killed), "leecher"));
    if (options_.seeders > 0) text += " from " + show_count(options_.seeders, "seeder");
    if (!all_complete()) return text + ": not all are complete";
    if (result_.makespan > 0) text += " in " + show_time(result_.makespan);
    if (result_.bound > 0)
        text += fmt::format(", {:.3f} times the fluid bound", result_.makespan / result_.bound);
    return text;
}

std::string picture::subtitle() const {
    std::string text =
        fmt::format("{} of {}, {}; uplinks {}, downlinks {}", show_count(options_.chunks, "chunk"),
                    show_size(options_.chunk_size), options_.published ? "published" : "as chunk folders",
                    show_link(options_.up), show_link(options_.down));
    if (options_.kill > 0) text += fmt::format("; {} killed", options_.kill);
    if (options_.corrupt > 0) text += fmt::format("; {} with wrong bytes", options_.corrupt);
    if (options_.adversary)
        text += fmt::format("; {} hostile ({})", hostile_peers(*options_.adversary, options_.peers),
                            name_of(options_.adversary->kind));
    return text;
}

std::string picture::draw() {
    const double height = lower_.bottom() + 36;
    put(R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {0} {1}" width="{0}" height="{1}" role="img" )"
        R"(aria-labelledby="title description">)",
        width, height);
    put(R"(<title id="title">{}</title>)", title());
    put(R"(<desc id="description">{}. Above, how much each leecher had over time; below, how many copies there )"
        R"(were of each chunk.)",
        subtitle());
    for (const moment& one : moments_) put(" {}.", one.label);
    put("</desc>\n{}", style());
    put(R"(<rect class="paper" width="{}" height="{}" rx="6"/>)", width, height);
    write(left, 32, "start", "strong title", title());
    write(left, 53, "start", "weak", subtitle());
    draw_grid(upper_, round_ticks(upper_.most, 5), " %");
    draw_grid(lower_, round_ticks(lower_.most, 4, 1), "");
    draw_time();
    draw_leechers();
    draw_copies();
    draw_moments();
    put("</svg>");
    return std::move(svg_);
}

void picture::draw_grid(const panel& where, const std::vector<double>& ticks, std::string_view unit) {
    for (const double tick : ticks) {
        put(R"(<path class="grid" d="M{},{:.4g}H{}"/>)", left, where.y(tick), right);
        write(left - 8, where.y(tick) + 4, "end", "weak", fmt::format("{}{}", tick, unit));
    }
}

void picture::draw_time() {
    for (const double tick : round_ticks(end_, 10)) {
        for (const panel& where : {upper_, lower_})
            put(R"(<path class="weak" d="M{:.4g},{:.4g}v5"/>)", x(tick), where.bottom());
        write(x(tick), lower_.bottom() + 20, "middle", "weak", fmt::format("{:.4g} s", tick));
    }
}

void picture::draw_leechers() {
    const std::size_t leechers = count(role::leecher) + count(role::killed);
    std::string legend = R"(<tspan class="strong head">Complete</tspan> <tspan dx="12">━ a leecher</tspan>)";
    if (count(role::killed) > 0) legend += R"( <tspan dx="8" class="killed">━× one that is killed</tspan>)";
    if (has_pace()) legend += R"( <tspan dx="8" class="bound">••• at the pace of the bound</tspan>)";
    write(left, 80, "start", "leecher", legend);
    // Many lines are thin and translucent, so that one can see where most of them are.
    const double share = 1 / std::sqrt(static_cast<double>(leechers + 1));
    put(R"(<g stroke-opacity="{:.2g}" stroke-width="{:.2g}">)", std::clamp(2.5 * share, 0.2, 0.8),
        std::clamp(6 * share, 0.7, 1.4));
    for (const peer_result& peer : result_.peers)
        if (peer.part == role::leecher || peer.part == role::killed) draw_leecher(peer);
    put("</g>");
    if (has_pace())
        put(R"(<path class="bound dotted" d="M{},{:.4g}L{:.4g},{:.4g}"/>)", left, upper_.bottom(),
            x(result_.bound), upper_.top);
}

void picture::draw_leecher(const peer_result& peer) {
    std::vector<point> curve = progress_of(peer);
    const double ended = curve.back().x;
    for (point& at : curve) at = {x(at.x), upper_.y(100 * at.y / options_.chunks)};
    const bool killed = peer.part == role::killed;
    put(R"(<path class="{}" d="{}"><title>{}: {} after {}</title></path>)", killed ? "killed" : "leecher",
        path_through(thinned(curve, can_be_seen)), escaped(peer.name), show_count(peer.chunks, "chunk"),
        show_time(ended));
    const auto [end_x, end_y] = curve.back();
    if (killed)
        put(R"(<path class="killed" d="M{:.4g},{:.4g}m-3,-3l6,6m0,-6l-6,6"/>)", end_x, end_y);
    else
        put(R"(<circle class="leecher" cx="{:.4g}" cy="{:.4g}" r="2"/>)", end_x, end_y);
}

void picture::draw_copies() {
    write(left, lower_.top - 14, "start", "copies",
          fmt::format(R"(<tspan class="strong head">Copies of each chunk{}</tspan> )"
                      R"(<tspan dx="12">━ median</tspan> )"
                      R"(<tspan dx="8" fill-opacity=".5">■</tspan> half of the chunks )"
                      R"(<tspan dx="8" fill-opacity=".25">■</tspan> all of them)",
                      options_.kill > 0 ? ", at peers that stay" : ""));
    draw_band(0, 4, "outer");
    draw_band(1, 3, "inner");
    put(R"(<path class="copies" stroke-width="1.8" d="{}"/>)", path_through(stairs(2)));
}

std::vector<point> picture::stairs(std::size_t quartile) const {
    std::vector<point> steps;
    for (const copies& one : copies_) {
        const double y = lower_.y(one.quartiles[quartile]);
        if (!steps.empty() && steps.back().y == y) continue;
        if (!steps.empty()) steps.push_back({x(one.since), steps.back().y});
        steps.push_back({x(one.since), y});
    }
    steps.push_back({x(over_), steps.back().y});
    return steps;
}

void picture::draw_band(std::size_t lowest, std::size_t highest, std::string_view kind) {
    std::vector<point> around = stairs(lowest);
    std::ranges::reverse(around);
    std::ranges::copy(stairs(highest), std::back_inserter(around));
    put(R"(<path class="copies band {}" d="{}Z"/>)", kind, path_through(around));
}

// A label ends at the top of its line, and later lines reach higher: none of them crosses a label.
void picture::draw_moments() {
    double y = upper_.top - 6;
    for (const moment& one : moments_) {
        const double at = x(one.at);
        put(R"(<path class="{}" d="M{:.4g},{:.4g}V{:.4g}M{:.4g},{:.4g}V{:.4g}"/>)", one.ink, at, y - 10,
            upper_.bottom(), at, lower_.top, lower_.bottom());
        const bool has_room = at > width / 3;
        write(at + (has_room ? -6 : 6), y, has_room ? "end" : "start", one.ink, one.label);
        y -= line_height;
    }
}

void picture::write(double at_x, double at_y, std::string_view anchor, std::string_view kind,
                    std::string_view text) {
    put(R"(<text x="{:.4g}" y="{:.4g}" text-anchor="{}" class="{}">{}</text>)", at_x, at_y, anchor, kind,
        text);
}

}  // namespace

std::string plot(const swarm_options& options, const swarm_result& result, const swarm_result* without) {
    return picture{options, result, without}.draw();
}

}  // namespace p2p::simulation
