// Who may take part, as the options say, and what becomes of it.
#pragma once

#include "core/base/units.hpp"
#include "net/security.hpp"
#include "net/signals.hpp"

#include <filesystem>
#include <functional>
#include <memory>

namespace p2p {

struct security_options {
    std::filesystem::path secret_file;
    certificate_files certificates;

    /// Whether any of these is given: then they say it all.
    bool names_files() const { return !secret_file.empty() || !certificates.certificate.empty(); }
};

/// None where nothing was asked for: plain TCP. Throws security_failure, which names the option and the file.
std::shared_ptr<security> open_security(const security_options& options);

/// Until it is destroyed, SIGHUP has the files read again, and connections that begin after that use what is
/// in them; files that cannot be used are an error in the log and change nothing. Where SIGHUP comes because
/// the terminal of this program has closed, `stop` is called instead, unless it was started with nohup.
std::unique_ptr<caught_signals> catch_hangup(const asio::any_io_executor& executor, security_options options,
                                             std::shared_ptr<security> secured, std::function<void()> stop);

/// Says it in the log, once, where strangers can reach this address and nothing keeps them out.
void warn_if_open(const std::string& host, const security* secured);

}  // namespace p2p
