#include "net/logging.hpp"

#include <spdlog/details/null_mutex.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <stdexcept>

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

}  // namespace

void start_logging(const std::string& level) {
    const auto known = spdlog::level::from_str(level);
    if (known == spdlog::level::off && level != "off")
        throw std::invalid_argument("no such log level: " + level +
                                    " (trace, debug, info, warn, error or off)");
    const auto logger =
        std::make_shared<spdlog::logger>("p2p", std::make_shared<spdlog::sinks::stderr_color_sink_st>());
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
