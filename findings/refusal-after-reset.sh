#!/usr/bin/env bash
# What a server says before it closes is still there after "Connection reset by peer": whoever gives up at once misses it.
#
# Versions: Linux 6.18; python3 (only to make the calls of the kernel).
# Behaviour: a server reads no more of a request, writes why, and closes. As bytes of the request lie unread, Linux sends a
#   reset in place of an orderly end. At the client, its next write fails with ECONNRESET (once: the error is gone then);
#   but the text that came before the reset is kept, and a read gives it, then the end. A client that reads first gets the
#   text, and then the ECONNRESET.
# Seen:
#   write first: write ECONNRESET, read 'refused: full', read ''
#   read first: read 'refused: full', read ECONNRESET, read ''
# Why it matters: "refused: full", "wrong version", "413" are said in exactly this situation, while the other side is still
#   sending. A client whose write failed logs "connection reset" and tries again for ever, although the reason is in its
#   hands. And a second look at the socket sees an orderly end: who reads after the error takes a cut for a whole body.
# Instead: the client, when a write fails, reads what is left before it reports; the server that can, says its word, calls
#   shutdown(SHUT_WR), and reads to the end, with a limit, before it closes.
. "$(dirname "$0")/support/common.sh"

need python3
calls() {
    python3 - "$1" <<'PYTHON'
import errno, socket, sys, time

listener = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(listener.getsockname())
server, _ = listener.accept()
client.sendall(b"a request that nobody reads")
time.sleep(0.1)
server.sendall(b"refused: full")
server.close()
time.sleep(0.1)

def attempt(name, call):
    try:
        return f"{name} {call()!r}"
    except OSError as error:
        return f"{name} {errno.errorcode[error.errno]}"

said = [attempt("write", lambda: client.send(b"more"))] if sys.argv[1] == "write" else []
while len(said) < 3:
    said.append(attempt("read", lambda: client.recv(100).decode()))
print(", ".join(said))
PYTHON
}
expect "write first" "write ECONNRESET, read 'refused: full', read ''" "$(calls write)"
expect "read first" "read 'refused: full', read ECONNRESET, read ''" "$(calls read)"
