#include "core/base/sha256.hpp"

#include <openssl/evp.h>

#include <new>
#include <stdexcept>

namespace p2p {

namespace {

/// Fetched once, for that takes longer than hashing a small chunk; and never freed, for a thread may still
/// hash while the program ends.
const EVP_MD* algorithm() {
    static const EVP_MD* const fetched = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    if (!fetched) throw std::runtime_error{"OpenSSL offers no SHA-256"};
    return fetched;
}

EVP_MD_CTX* as_context(void* context) {
    return static_cast<EVP_MD_CTX*>(context);
}

/// Hashing bytes in memory fails for want of memory alone.
void require(int success) {
    if (success != 1) throw std::bad_alloc{};
}

}  // namespace

sha256_hasher::sha256_hasher() : context_{EVP_MD_CTX_new()} {
    if (!context_) throw std::bad_alloc{};
    require(EVP_DigestInit_ex2(as_context(context_.get()), algorithm(), nullptr));
}

void sha256_hasher::update(std::span<const std::byte> bytes) {
    require(EVP_DigestUpdate(as_context(context_.get()), bytes.data(), bytes.size()));
}

sha256_digest sha256_hasher::digest() {
    sha256_digest result;
    EVP_MD_CTX* const context = as_context(context_.get());
    require(EVP_DigestFinal_ex(context, result.bytes.data(), nullptr));
    require(EVP_DigestInit_ex2(context, algorithm(), nullptr));
    return result;
}

void sha256_hasher::context_deleter::operator()(void* context) const {
    EVP_MD_CTX_free(as_context(context));
}

sha256_digest sha256_of(std::span<const std::byte> bytes) {
    sha256_digest result;
    require(EVP_Digest(bytes.data(), bytes.size(), result.bytes.data(), nullptr, algorithm(), nullptr));
    return result;
}

}  // namespace p2p
