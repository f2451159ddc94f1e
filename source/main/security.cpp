#include "main/security.hpp"

#include "net/host.hpp"
#include "net/service_manager.hpp"
#include "storage/key_file.hpp"
#include "storage/unique_fd.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <csignal>
#include <fcntl.h>
#include <utility>

namespace p2p {

namespace {

std::vector<swarm_key> read_secret(const std::filesystem::path& file) {
    if (swarm_key::from_hex(file.native()))
        throw security_failure("--secret-file takes the name of a file that a key is in, not the key");
    auto keys = read_key_file(file);
    if (!keys) throw security_failure("--secret-file " + keys.error());
    return std::move(*keys);
}

void read_again(const security_options& options, security* secured) {
    if (secured == nullptr || !options.names_files())
        return spdlog::info("SIGHUP: there is nothing to read again");
    try {
        secured->become(*open_security(options));
        spdlog::info("SIGHUP: new connections use what is in {} now",
                     options.secret_file.empty() ? options.certificates.certificate.native()
                                                 : options.secret_file.native());
    } catch (const security_failure& failure) {
        spdlog::error("SIGHUP: {}; what was read before is still used", failure.what());
    }
}

// Of the session that this process is in: services have none.
bool has_terminal() {
    return static_cast<bool>(unique_fd{::open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC)});
}

bool was_ignored(int signal) {
    struct sigaction now {};
    return ::sigaction(signal, nullptr, &now) == 0 && now.sa_handler == SIG_IGN;
}

}  // namespace

std::shared_ptr<security> open_security(const security_options& options) {
    if (!options.names_files()) return nullptr;
    if (!options.secret_file.empty()) return std::make_shared<security>(read_secret(options.secret_file));
    auto opened = std::make_shared<security>(options.certificates);
    if (const std::string why = opened->why_out_of_date(); !why.empty())
        spdlog::warn("the certificate in {} {}", options.certificates.certificate.native(), why);
    return opened;
}

std::unique_ptr<caught_signals> catch_hangup(const asio::any_io_executor& executor, security_options options,
                                             std::shared_ptr<security> secured, std::function<void()> stop) {
    const bool ends_with_terminal = has_terminal() && !was_ignored(SIGHUP);
    auto hang_up = [ends_with_terminal, options = std::move(options), secured = std::move(secured),
                    stop = std::move(stop)] {
        if (ends_with_terminal && !has_terminal()) {
            spdlog::info("SIGHUP: the terminal has closed, and so this ends (with nohup it would not)");
            return stop();
        }
        tell_service_manager("RELOADING=1");
        read_again(options, secured.get());
        tell_service_manager("READY=1");
    };
    return std::make_unique<caught_signals>(executor, std::initializer_list<int>{SIGHUP}, std::move(hang_up));
}

void warn_if_open(const std::string& host, const security* secured) {
    static bool said = false;
    if (secured != nullptr || is_loopback(host) || std::exchange(said, true)) return;
    spdlog::warn(
        "{} is listened on without a secret: whoever can connect can take part, "
        "and read what is sent (see --secret-file)",
        host);
}

}  // namespace p2p
