#!/usr/bin/env bash
# shutdown(SHUT_RD) on a TCP socket stops nobody on Linux: the other side may go on sending, and it is still received.
#
# Versions: Linux 6.18; python3 (only to make the calls of the kernel).
# Behaviour: the call succeeds, and a read gives the end at once. Nothing is sent to the other side, whose writes go on to
#   succeed; what they bring is acknowledged and kept, and the next read gives it, after the end. When the buffer is full,
#   the other side is held back like by any slow reader.
# Seen:
#   read: '' (the end), the other side writes: success, read: 'later', read: '' (the end)
# Why it matters: it looks like the way to say "send me no more" while one's own data still goes out, and a loop that takes
#   an empty read for final misses that more can come. POSIX leaves open what happens to data that arrives, and other
#   systems throw it away or answer with a reset, so a program that was tried there hangs here with a sender that waits.
# Instead: a message of the protocol ("no more, please") and reading on, or closing the connection.
. "$(dirname "$0")/support/common.sh"

need python3
expect "after shutdown(SHUT_RD)" "read '', the other side writes 5 bytes, read 'later', read ''" "$(python3 - <<'PYTHON'
import socket, time

listener = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(listener.getsockname())
server, _ = listener.accept()
client.shutdown(socket.SHUT_RD)
said = [f"read {client.recv(100).decode()!r}"]
said.append(f"the other side writes {server.send(b'later')} bytes")
time.sleep(0.1)
said += [f"read {client.recv(100).decode()!r}" for _ in range(2)]
print(", ".join(said))
PYTHON
)"
