#include "net/logging.hpp"

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <stdexcept>

namespace p2p {

void start_logging(const std::string& level) {
    const auto known = spdlog::level::from_str(level);
    if (known == spdlog::level::off && level != "off")
        throw std::invalid_argument("no such log level: " + level +
                                    " (trace, debug, info, warn, error or off)");
    const auto logger =
        std::make_shared<spdlog::logger>("p2p", std::make_shared<spdlog::sinks::stderr_color_sink_st>());
    logger->set_pattern("%H:%M:%S.%e %^%l%$ %v");
    logger->set_level(known);
    spdlog::set_default_logger(logger);
}

}  // namespace p2p
