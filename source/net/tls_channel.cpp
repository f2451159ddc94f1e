#include "net/tls_channel.hpp"

#include "net/asio.hpp"

#include <asio/ssl/error.hpp>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <string>

namespace p2p {

namespace {

class tls_category final : public std::error_category {
public:
    const char* name() const noexcept override { return "tls"; }
    std::string message(int code) const override {
        switch (static_cast<tls_errc>(code)) {
            case tls_errc::secret_refused: return "it does not have the same secret (see --secret-file)";
            case tls_errc::no_tls: return "it does not use TLS, and this side does (see --secret-file)";
            case tls_errc::not_trusted:
                return "its certificate is not signed by whom this side trusts, or is for another host "
                       "(see --tls-ca)";
            case tls_errc::out_of_date:
                return "its certificate has expired, or is not valid yet, "
                       "or the clock of this machine is wrong";
            case tls_errc::told_out_of_date:
                return "it says that this side's certificate has expired (see --tls-cert)";
            case tls_errc::refused: return "it does not take this side's certificate (see --tls-cert)";
        }
        return "unknown";
    }
};

bool is_no_tls(int reason) {
    return reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_PACKET_LENGTH_TOO_LONG ||
           reason == SSL_R_HTTP_REQUEST || reason == SSL_R_BAD_RECORD_TYPE;
}

bool is_bad_certificate(int reason) {
    return reason == SSL_R_CERTIFICATE_VERIFY_FAILED || reason == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE;
}

bool is_out_of_date(SSL* ssl) {
    const long why = SSL_get_verify_result(ssl);
    return why == X509_V_ERR_CERT_HAS_EXPIRED || why == X509_V_ERR_CERT_NOT_YET_VALID;
}

// OpenSSL says nothing to whoever does not speak TLS at all: that this is what is expected here helps people.
constexpr std::array<unsigned char, 7> protocol_version_alert{0x15, 3, 3, 0, 2, 2, 70};

// Unread input would make the closed socket take back the alert that says what is wrong.
void turn_away(int socket, const std::error_code& why) {
    if (why == tls_errc::no_tls)
        (void)::send(socket, protocol_version_alert.data(), protocol_version_alert.size(),
                     MSG_DONTWAIT | MSG_NOSIGNAL);
    std::array<char, 16 * 1024> input;
    while (::recv(socket, input.data(), input.size(), MSG_DONTWAIT) == static_cast<ssize_t>(input.size())) {
    }
}

bool says_bad_certificate(int reason) {
    return (reason >= SSL_R_SSLV3_ALERT_BAD_CERTIFICATE && reason <= SSL_R_TLSV1_ALERT_UNKNOWN_CA) ||
           reason == SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED;
}

}  // namespace

std::error_code make_error_code(tls_errc code) {
    static const tls_category category;
    return {static_cast<int>(code), category};
}

void tls_channel::ssl_deleter::operator()(ssl_st* ssl) const {
    SSL_free(ssl);
}

tls_channel::tls_channel(ssl_handle ssl, std::shared_ptr<const void> context, int socket, side role,
                         bool by_secret)
    : context_(std::move(context)), ssl_(std::move(ssl)), role_(role), by_secret_(by_secret) {
    if (SSL_set_fd(ssl_.get(), socket) != 1) throw std::bad_alloc();
}

tls_channel::outcome tls_channel::handshake() {
    const std::lock_guard lock(one_at_a_time_);
    ERR_clear_error();
    const int result = role_ == side::client ? SSL_connect(ssl_.get()) : SSL_accept(ssl_.get());
    if (result != 1) {
        const outcome why = outcome_of(result);
        if (why.error && role_ == side::server) turn_away(SSL_get_fd(ssl_.get()), why.error);
        return why;
    }
    // Whoever has a secret takes nobody without it, whatever else was agreed on.
    if (by_secret_ && SSL_session_reused(ssl_.get()) != 1) return {.error = tls_errc::secret_refused};
    open_ = true;
    return {};
}

tls_channel::outcome tls_channel::read(std::span<std::byte> into) {
    const std::lock_guard lock(one_at_a_time_);
    ERR_clear_error();
    std::size_t read = 0;
    if (SSL_read_ex(ssl_.get(), into.data(), into.size(), &read) == 1) return {.bytes = read};
    return outcome_of(0);
}

tls_channel::outcome tls_channel::write(std::span<const std::byte> bytes) {
    const std::lock_guard lock(one_at_a_time_);
    ERR_clear_error();
    std::size_t written = 0;
    if (SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &written) == 1) return {.bytes = written};
    return outcome_of(0);
}

bool tls_channel::sends_files() const {
    const std::lock_guard lock(one_at_a_time_);
    return BIO_get_ktls_send(SSL_get_wbio(ssl_.get())) != 0;
}

tls_channel::outcome tls_channel::send_file(int file, std::uint64_t offset, std::size_t size) {
    const std::lock_guard lock(one_at_a_time_);
    ERR_clear_error();
    const auto sent = SSL_sendfile(ssl_.get(), file, static_cast<off_t>(offset), size, 0);
    if (sent >= 0) return {.bytes = static_cast<std::size_t>(sent)};
    return outcome_of(sent);
}

bool tls_channel::has_unread() const {
    const std::lock_guard lock(one_at_a_time_);
    return SSL_pending(ssl_.get()) > 0;
}

tls_channel::outcome tls_channel::outcome_of(std::ptrdiff_t result) {
    const int system_error = errno;
    switch (SSL_get_error(ssl_.get(), static_cast<int>(result))) {
        case SSL_ERROR_WANT_READ: return {.needs = wants::to_read};
        case SSL_ERROR_WANT_WRITE: return {.needs = wants::to_write};
        case SSL_ERROR_ZERO_RETURN: return {.error = asio::error::eof};
        case SSL_ERROR_SYSCALL:
            if (system_error == 0) return {.error = asio::error::eof};
            return {.error = {system_error, asio::error::get_system_category()}};
        default: break;
    }
    const unsigned long first = ERR_peek_error();
    const int reason = ERR_GET_REASON(first);
    if (reason == SSL_R_UNEXPECTED_EOF_WHILE_READING) return {.error = asio::error::eof};
    if (!open_ && is_no_tls(reason)) return {.error = tls_errc::no_tls};
    if (!open_ && by_secret_) return {.error = tls_errc::secret_refused};
    if (!open_ && is_bad_certificate(reason))
        return {.error = is_out_of_date(ssl_.get()) ? tls_errc::out_of_date : tls_errc::not_trusted};
    if (reason == SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED) return {.error = tls_errc::told_out_of_date};
    if (says_bad_certificate(reason)) return {.error = tls_errc::refused};
    return {.error = {static_cast<int>(first), asio::error::get_ssl_category()}};
}

}  // namespace p2p
