#include "net/logging.hpp"

#include "net/terminal.hpp"

#include <spdlog/details/null_mutex.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdlib>
#include <stdexcept>
#include <utility>

namespace p2p {

namespace {

constexpr const char* pattern = "%H:%M:%S.%e %^%l%$ %v";

class function_sink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
public:
    explicit function_sink(std::function<void(const std::string&)> to) : to_(std::move(to)) {}

private:
    void sink_it_(const spdlog::details::log_msg& message) override {
        spdlog::memory_buf_t line;
        formatter_->format(message, line);
        to_(std::string(line.data(), line.size()));
    }
    void flush_() override {}

    std::function<void(const std::string&)> to_;
};

// Above the status line, where there is one.
class terminal_sink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
public:
    explicit terminal_sink(spdlog::color_mode mode) : lines_(mode) {}

private:
    void sink_it_(const spdlog::details::log_msg& message) override {
        print_above_status_line([&] { lines_.log(message); });
    }
    void flush_() override { lines_.flush(); }
    void set_pattern_(const std::string& text) override { lines_.set_pattern(text); }
    void set_formatter_(std::unique_ptr<spdlog::formatter> formatter) override {
        lines_.set_formatter(std::move(formatter));
    }

    spdlog::sinks::stderr_color_sink_st lines_;
};

spdlog::color_mode mode_for(colours allowed) {
    const char* const no_color = std::getenv("NO_COLOR");
    const bool unwanted = no_color != nullptr && *no_color != '\0';
    return unwanted || allowed == colours::never ? spdlog::color_mode::never : spdlog::color_mode::automatic;
}

}  // namespace

void start_logging(const std::string& level, colours allowed) {
    const auto known = spdlog::level::from_str(level);
    if (known == spdlog::level::off && level != "off")
        throw std::invalid_argument("no such log level: " + level +
                                    " (trace, debug, info, warn, error or off)");
    const auto logger =
        std::make_shared<spdlog::logger>("p2p", std::make_shared<terminal_sink>(mode_for(allowed)));
    logger->set_pattern(pattern);
    logger->set_level(known);
    spdlog::set_default_logger(logger);
}

log_redirect::log_redirect(std::function<void(const std::string&)> to) : before_(spdlog::default_logger()) {
    const auto logger =
        std::make_shared<spdlog::logger>("p2p", std::make_shared<function_sink>(std::move(to)));
    logger->set_pattern(pattern);
    logger->set_level(before_->level());
    spdlog::set_default_logger(logger);
}

log_redirect::~log_redirect() {
    spdlog::set_default_logger(before_);
}

}  // namespace p2p
