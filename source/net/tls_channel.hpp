// TLS 1.3 over a connected socket, for a shell that waits itself: every call does what it can at once, and
// says what to wait for where it can do no more. One thread may read while another one writes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <system_error>

struct ssl_st;

namespace p2p {

/// Why a handshake fails, as words for people. Whatever else goes wrong is an error of OpenSSL's own
/// category.
enum class tls_errc {
    secret_refused = 1,  ///< the other side has another secret, or certificates
    no_tls,              ///< what the other side says is no TLS
    not_trusted,         ///< the other side's certificate is not one of ours, or there is none
    out_of_date,         ///< it has expired, or is not valid yet
    refused,             ///< it does not take ours
    told_out_of_date,    ///< because that has expired
};
std::error_code make_error_code(tls_errc code);

class tls_channel {
public:
    enum class side { client, server };
    enum class wants { nothing, to_read, to_write };

    struct outcome {
        std::size_t bytes = 0;
        wants needs = wants::nothing;  ///< nothing was done: the socket must be readable (writable) first
        std::error_code error{};       ///< asio::error::eof where the other side has closed
    };

    struct ssl_deleter {
        void operator()(ssl_st* ssl) const;
    };
    using ssl_handle = std::unique_ptr<ssl_st, ssl_deleter>;

    /// `ssl` is set up but for its socket; it uses `context`. `by_secret`: without one in common there is no
    /// connection.
    tls_channel(ssl_handle ssl, std::shared_ptr<const void> context, int socket, side role, bool by_secret);

    /// To be called until it needs nothing more. Nobody can read or write before that.
    outcome handshake();

    /// At most one record; call it until it needs something before waiting for the socket.
    outcome read(std::span<std::byte> into);

    /// What was not taken must be offered again, as it was, at the beginning of the next call.
    outcome write(std::span<const std::byte> bytes);

    /// The kernel encrypts: a file can be sent without copying it.
    bool sends_files() const;
    outcome send_file(int file, std::uint64_t offset, std::size_t size);

    /// Bytes that came with others, and that nobody has read: the socket need not become readable for them.
    bool has_unread() const;

    /// More than this can have left the socket without being read: what is left of a record.
    static constexpr std::size_t most_held_back = std::size_t{17} * 1024;

private:
    outcome outcome_of(std::ptrdiff_t result);

    mutable std::mutex one_at_a_time_;  // OpenSSL's rule for each of its connections
    std::shared_ptr<const void> context_;
    ssl_handle ssl_;
    side role_;
    bool by_secret_;
    bool open_ = false;
};

}  // namespace p2p

template <>
struct std::is_error_code_enum<p2p::tls_errc> : std::true_type {};
