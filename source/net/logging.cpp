#include "net/logging.hpp"

#include "net/terminal.hpp"

#include <spdlog/details/null_mutex.h>
#include <spdlog/details/os.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>

namespace p2p {

namespace {

constexpr const char* pattern = "%H:%M:%S.%e %^%l%$ %v";

// Whole lines, above the status line, where there is one.
class terminal_sink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
public:
    explicit terminal_sink(bool coloured) : coloured_(coloured) {}

private:
    static constexpr std::string_view plain = "\033[m";

    static std::string_view colour_of(spdlog::level::level_enum level) {
        switch (level) {
            case spdlog::level::info: return "\033[32m";
            case spdlog::level::warn: return "\033[33m\033[1m";
            case spdlog::level::err:
            case spdlog::level::critical: return "\033[31m\033[1m";
            default: return "\033[36m";
        }
    }

    void sink_it_(const spdlog::details::log_msg& message) override {
        spdlog::memory_buf_t formatted;
        formatter_->format(message, formatted);
        std::string line(formatted.data(), formatted.size());
        if (coloured_) {
            line.insert(message.color_range_end, plain);
            line.insert(message.color_range_start, colour_of(message.level));
        }
        print_message(line);
    }
    void flush_() override {}

    bool coloured_;
};

bool is_coloured(colours allowed) {
    const char* const no_color = std::getenv("NO_COLOR");
    const bool unwanted = no_color != nullptr && *no_color != '\0';
    return !unwanted && allowed == colours::where_usual && stderr_is_terminal() &&
           spdlog::details::os::is_color_terminal();
}

}  // namespace

void start_logging(const std::string& level, colours allowed) {
    const auto known = spdlog::level::from_str(level);
    if (known == spdlog::level::off && level != "off")
        throw std::invalid_argument("no such log level: " + level +
                                    " (trace, debug, info, warn, error or off)");
    const auto logger =
        std::make_shared<spdlog::logger>("p2p", std::make_shared<terminal_sink>(is_coloured(allowed)));
    logger->set_pattern(pattern);
    logger->set_level(known);
    spdlog::set_default_logger(logger);
}

}  // namespace p2p
