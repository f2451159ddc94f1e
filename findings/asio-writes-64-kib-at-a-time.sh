#!/usr/bin/env bash
# asio::write and asio::read of one large buffer make a call of the kernel for every 64 KiB, however much would fit.
#
# Versions: libasio-dev 1:1.22.1-1 (Debian 12) and 1:1.30.2-1 (Debian 13), the same with 1:1.36.0-1; g++ 12.2 and 14.2.
# Behaviour: the composed operations (async_ ones too) ask their completion condition how much to move at most; the default,
#   transfer_all(), and transfer_exactly() and transfer_at_least() never answer more than 65536. So the stream below is
#   given pieces of that size. A condition of one's own may answer anything, and gets the whole buffer passed at once.
# Seen, with both versions (1 MiB, by a stream that takes what it is given):
#   write 16 calls, read 16 calls, transfer_exactly 16 calls, own condition 1 call
# Why it matters: for bulk data on a fast link it is 16 calls, and for the async_ ones 16 rounds through the scheduler, in
#   place of one or two; a larger buffer, or a larger SO_SNDBUF, which one tries first, changes nothing. Over ssl::stream
#   it is no loss (a record has 16 KiB anyway).
# Instead: pass a condition that returns what is still missing:
#   [&](asio::error_code error, std::size_t done) { return error ? 0 : size - done; }
. "$(dirname "$0")/support/common.sh"

unpack bookworm asio-1.22.1 libasio-dev=1:1.22.1-1
unpack trixie asio-1.30.2 libasio-dev=1:1.30.2-1

program() {
    cat <<'CPP'
#include <asio.hpp>
#include <iostream>
#include <vector>

struct counting_stream {
    template <class Buffers> std::size_t write_some(const Buffers& buffers, asio::error_code& error) { return take(buffers, error); }
    template <class Buffers> std::size_t read_some(const Buffers& buffers, asio::error_code& error) { return take(buffers, error); }
    template <class Buffers> std::size_t take(const Buffers& buffers, asio::error_code& error) {
        ++calls;
        error = {};
        return asio::buffer_size(buffers);
    }
    int calls = 0;
};

int main() {
    std::vector<char> bytes(1 << 20);
    const auto all = asio::buffer(bytes);
    const auto missing = [&](asio::error_code error, std::size_t done) { return error ? 0 : bytes.size() - done; };
    asio::error_code error;
    counting_stream writing, reading, exactly, own;
    asio::write(writing, all, error);
    asio::read(reading, all, error);
    asio::read(exactly, all, asio::transfer_exactly(bytes.size()), error);
    asio::write(own, all, missing, error);
    std::cout << "write " << writing.calls << " calls, read " << reading.calls << " calls, transfer_exactly "
              << exactly.calls << " calls, own condition " << own.calls << " call";
}
CPP
}

for version in 1.22.1 1.30.2; do
    program | build "program-$version" "asio-$version"
    expect "Asio $version" "write 16 calls, read 16 calls, transfer_exactly 16 calls, own condition 1 call" \
        "$("$work/program-$version")"
done
