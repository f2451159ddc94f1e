// Who may talk to this program, and whom it talks to: whoever has the secret of the swarm, or whoever has a
// certificate of an authority. Where there is neither, there is no such object, and everything is plain TCP.
#pragma once

#include "core/set/secret.hpp"
#include "net/tls_channel.hpp"

#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace p2p {

/// A file with a key or a certificate cannot be used; the message names it.
struct security_failure : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// PEM files. The certificate is shown to both who connects and who is connected to: where it names what it
/// is for, it must name both.
struct certificate_files {
    std::filesystem::path certificate;  ///< and those that lead from it to the authority
    std::filesystem::path key;
    std::filesystem::path authorities;  ///< of the other side's certificate
};

class security {
public:
    /// Both sides have one of these keys in common. This one shows the first when it connects.
    explicit security(std::vector<swarm_key> keys);

    /// Both sides show certificates. Throws security_failure.
    explicit security(const certificate_files& files);

    /// "expired on 2026-11-30 12:00 UTC", "is not valid before ...", where that is so of the certificate that
    /// this side shows; empty where it is valid now, or there is none.
    std::string why_out_of_date() const;

    /// Connections that begin from now on are secured as the other's are.
    void become(const security& other) { contexts_ = other.contexts_; }

    /// For a socket that was connected to, and one that was connected; it must not block.
    std::unique_ptr<tls_channel> accept(int socket) const;

    /// `host`: the name or address that the other side's certificate must be for; empty: any that its
    /// authority signed.
    std::unique_ptr<tls_channel> connect(int socket, const std::string& host) const;

private:
    struct contexts;
    std::unique_ptr<tls_channel> channel(int socket, tls_channel::side role, const std::string& host) const;

    std::shared_ptr<contexts> contexts_;
};

/// A new key, from the system's random numbers. Throws std::runtime_error where there are none.
swarm_key new_swarm_key();

}  // namespace p2p
