#include "main/security_options.hpp"

#include <CLI/CLI.hpp>

#include <filesystem>
#include <string>

namespace p2p {

void add_security(CLI::App& app, security_options& options) {
    const auto add_file = [&app](const std::string& name, std::filesystem::path& file,
                                 const std::string& help) {
        const auto not_empty = [](const std::string& text) {
            return std::string{text.empty() ? "names no file" : ""};
        };
        return app.add_option(name, file, help)->check(not_empty)->type_name("FILE")->group("Security");
    };
    auto* const secret =
        add_file("--secret-file", options.secret_file,
                 "Encrypt everything, and talk only to those who have a key of this file, too (p2ptracker "
                 "--new-secret makes one)");
    auto* const certificate =
        add_file("--tls-cert", options.certificates.certificate,
                 "The same by certificates: this side's, and what leads to its authority (PEM)");
    auto* const key = add_file("--tls-key", options.certificates.key, "Its private key (PEM)");
    auto* const authorities = add_file("--tls-ca", options.certificates.authorities,
                                       "The authorities that sign the certificates of the others (PEM)");
    certificate->needs(key)->needs(authorities)->excludes(secret);
    key->needs(certificate);
    authorities->needs(certificate);
}

}  // namespace p2p
