#!/usr/bin/env bash
# A shared key (PSK) of OpenSSL's tools works with TLS 1.3 only where a SHA-256 suite is left; else it complains of signatures.
#
# Versions: openssl and libssl3 3.0.20-1~deb12u2 (Debian 12), or the openssl 3 that is installed; the same with 3.5.9 (Debian
#   13) and 3.6.5.
# Behaviour: in TLS 1.3 a shared key belongs to one hash, and one that is given as plain bytes (-psk, or the callbacks
#   SSL_CTX_set_psk_client_callback and ..._server_callback, which TLS 1.2 had already) belongs to SHA-256. With the
#   default list of suites that does not show: AES-256 with SHA-384 stands first, and the two quietly agree on the next,
#   with SHA-256. When both sides are told to use TLS_AES_256_GCM_SHA384 alone, the key is passed over, the server looks for a
#   certificate, and as it has none, fails over the signature algorithm. Neither side says a word about the key.
# Seen:
#   default suites: Reused, TLSv1.3, Cipher is TLS_CHACHA20_POLY1305_SHA256
#   TLS_AES_128_GCM_SHA256 only: Reused, TLSv1.3, Cipher is TLS_AES_128_GCM_SHA256
#   TLS_AES_256_GCM_SHA384 only: New, (NONE), Cipher is (NONE); the server: no suitable signature algorithm
# Why it matters: a swarm or a sensor network with one secret and no certificates works until somebody asks for "AES-256
#   only", and then looks for certificates that it never had.
# Instead: keep a SHA-256 suite in the list; or hand over a session, not bytes: SSL_CTX_set_psk_use_session_callback and
#   SSL_CTX_set_psk_find_session_callback, with SSL_SESSION_set_cipher to the suite whose hash the key is for.
. "$(dirname "$0")/support/common.sh"

if command -v openssl >/dev/null && [[ $(openssl version) == "OpenSSL 3."* ]]; then openssl=openssl; else
    unpack bookworm openssl openssl=3.0.20-1~deb12u2 libssl3=3.0.20-1~deb12u2
    openssl=$work/openssl/usr/bin/openssl
    export LD_LIBRARY_PATH=$(dirname "$(find "$work/openssl" -name libssl.so.3)")
fi
echo "with $("$openssl" version)"

key=$(printf '%064d' 5)
handshake() {  # the suites of both sides; leaves what they say in $work/client and $work/server
    local suites=() port=
    [ $# = 0 ] || suites=(-ciphersuites "$1")
    "$openssl" s_server -accept 127.0.0.1:0 -tls1_3 -nocert -psk "$key" -rev "${suites[@]}" >"$work/server" 2>&1 &
    local server=$!
    for _ in $(seq 100); do
        port=$(sed -n 's/^ACCEPT 127\.0\.0\.1:\([0-9]*\)$/\1/p' "$work/server")
        [ -z "$port" ] || break
        sleep 0.1
    done
    [ -n "$port" ] || skip "s_server does not say its port: $(tail -n 1 "$work/server")"
    { echo hello; sleep 1; } | "$openssl" s_client -connect "127.0.0.1:$port" -tls1_3 -psk "$key" "${suites[@]}" \
        >"$work/client" 2>&1 || true
    kill $server; wait $server 2>/dev/null || true
}
agreed() { grep -a -o -E -m 1 '^(New|Reused), .*' "$work/client" || true; }

handshake
expect "default suites" "Reused, TLSv1.3, Cipher is TLS_CHACHA20_POLY1305_SHA256" "$(agreed)"
handshake TLS_AES_128_GCM_SHA256
expect "TLS_AES_128_GCM_SHA256 only" "Reused, TLSv1.3, Cipher is TLS_AES_128_GCM_SHA256" "$(agreed)"
handshake TLS_AES_256_GCM_SHA384
expect "TLS_AES_256_GCM_SHA384 only" "New, (NONE), Cipher is (NONE)" "$(agreed)"
expect "and the server says" "no suitable signature algorithm" "$(grep -a -o -m 1 'no suitable signature algorithm' "$work/server")"
