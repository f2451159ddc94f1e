#include "net/security.hpp"

#include "net/asio.hpp"

#include <asio/ssl/context.hpp>
#include <asio/ssl/error.hpp>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <ctime>

namespace p2p {

namespace {

// Every machine of the last ten years computes it in hardware, and kernels know it too.
constexpr const char* cipher_suite = "TLS_AES_128_GCM_SHA256";
constexpr std::array<unsigned char, 2> cipher_suite_id{0x13, 0x01};

// OpenSSL wants one for whoever takes keys, and might take certificates.
constexpr std::array<unsigned char, 3> session_context{'p', '2', 'p'};

// A key that was agreed on beforehand takes the place of an earlier session's.
SSL_SESSION* session_with(SSL* ssl, const swarm_key& key) {
    SSL_SESSION* const session = SSL_SESSION_new();
    const SSL_CIPHER* const cipher = SSL_CIPHER_find(ssl, cipher_suite_id.data());
    const bool made =
        session && cipher &&
        SSL_SESSION_set1_master_key(session, key.bytes().data(), key.bytes().size()) == 1 &&
        SSL_SESSION_set_cipher(session, cipher) == 1 &&
        SSL_SESSION_set1_id_context(session, session_context.data(), session_context.size()) == 1 &&
        SSL_SESSION_set_protocol_version(session, TLS1_3_VERSION) == 1;
    if (made) return session;
    SSL_SESSION_free(session);
    return nullptr;
}

asio::ssl::context new_context() {
    asio::ssl::context context(asio::ssl::context::tls);
    SSL_CTX* const ctx = context.native_handle();
    SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION);
    SSL_CTX_set_ciphersuites(ctx, cipher_suite);
    SSL_CTX_set_options(ctx, SSL_OP_ENABLE_KTLS | SSL_OP_NO_TICKET | SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_num_tickets(ctx, 0);
    SSL_CTX_set_session_id_context(ctx, session_context.data(), session_context.size());
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(
        ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    return context;
}

void require(const std::error_code& error, const std::filesystem::path& file) {
    if (error) throw security_failure(fmt::format("{}: {}", file.string(), error.message()));
}

std::string show_time(const ASN1_TIME* time) {
    std::tm parts{};
    if (ASN1_TIME_to_tm(time, &parts) != 1) return "a date that cannot be read";
    return fmt::format("{:%Y-%m-%d %H:%M} UTC", parts);
}

}  // namespace

struct security::contexts {
    struct named_key {
        std::string identity;
        swarm_key key;
    };

    static const contexts& of(SSL* ssl) {
        return *static_cast<const contexts*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), slot()));
    }

    // Asio has the usual place for what a program adds to a context.
    static int slot() {
        static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
        return index;
    }

    static int find_key(SSL* ssl, const unsigned char* identity, std::size_t length, SSL_SESSION** session) {
        *session = nullptr;
        const std::string_view asked{reinterpret_cast<const char*>(identity), length};
        for (const named_key& one : of(ssl).keys)
            if (one.identity == asked) *session = session_with(ssl, one.key);
        return 1;
    }

    static int show_key(SSL* ssl, const EVP_MD*, const unsigned char** identity, std::size_t* length,
                        SSL_SESSION** session) {
        const named_key& first = of(ssl).keys.front();
        *session = session_with(ssl, first.key);
        *identity = reinterpret_cast<const unsigned char*>(first.identity.data());
        *length = first.identity.size();
        return *session != nullptr ? 1 : 0;
    }

    contexts() : context(new_context()) { SSL_CTX_set_ex_data(context.native_handle(), slot(), this); }

    asio::ssl::context context;
    std::vector<named_key> keys;  // none: certificates
};

security::security(std::vector<swarm_key> keys) : contexts_(std::make_shared<contexts>()) {
    if (keys.empty()) throw std::invalid_argument("a secret without a key");
    for (const swarm_key& key : keys) contexts_->keys.push_back({key.identity(), key});
    SSL_CTX* const ctx = contexts_->context.native_handle();
    SSL_CTX_set_psk_find_session_callback(ctx, contexts::find_key);
    SSL_CTX_set_psk_use_session_callback(ctx, contexts::show_key);
    // Nobody is trusted for a certificate: without the key there is no handshake.
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, nullptr);
}

security::security(const certificate_files& files) : contexts_(std::make_shared<contexts>()) {
    asio::ssl::context& context = contexts_->context;
    std::error_code error;
    context.use_certificate_chain_file(files.certificate.string(), error);
    require(error, files.certificate);
    context.use_private_key_file(files.key.string(), asio::ssl::context::pem, error);
    require(error, files.key);
    context.load_verify_file(files.authorities.string(), error);
    require(error, files.authorities);
    SSL_CTX_set_verify(context.native_handle(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
}

std::string security::why_out_of_date() const {
    const X509* const shown = SSL_CTX_get0_certificate(contexts_->context.native_handle());
    if (shown == nullptr) return {};
    const ASN1_TIME* const begin = X509_get0_notBefore(shown);
    const ASN1_TIME* const end = X509_get0_notAfter(shown);
    if (X509_cmp_current_time(begin) > 0) return "is not valid before " + show_time(begin);
    if (X509_cmp_current_time(end) < 0) return "expired on " + show_time(end);
    return {};
}

std::unique_ptr<tls_channel> security::accept(int socket) const {
    return channel(socket, tls_channel::side::server, {});
}

std::unique_ptr<tls_channel> security::connect(int socket, const std::string& host) const {
    return channel(socket, tls_channel::side::client, host);
}

std::unique_ptr<tls_channel> security::channel(int socket, tls_channel::side role,
                                               const std::string& host) const {
    tls_channel::ssl_handle ssl(SSL_new(contexts_->context.native_handle()));
    if (!ssl) throw std::bad_alloc();
    const bool by_secret = !contexts_->keys.empty();
    if (!by_secret && !host.empty()) {
        X509_VERIFY_PARAM* const expected = SSL_get0_param(ssl.get());
        X509_VERIFY_PARAM_set_hostflags(expected, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
        if (X509_VERIFY_PARAM_set1_ip_asc(expected, host.c_str()) != 1)
            X509_VERIFY_PARAM_set1_host(expected, host.data(), host.size());
    }
    return std::make_unique<tls_channel>(std::move(ssl), contexts_, socket, role, by_secret);
}

swarm_key new_swarm_key() {
    std::array<std::uint8_t, swarm_key::size> bytes{};
    if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1)
        throw std::runtime_error("the system gives no random numbers");
    return swarm_key{bytes};
}

}  // namespace p2p
