#!/usr/bin/env bash
# Who tries long enough to connect to a port of this machine at which nobody listens is connected in the end: to itself.
#
# Versions: Linux 6.18; python3 (only to make the calls of the kernel).
# Behaviour: connect() picks a local port from ip_local_port_range. When that is the port that it connects to, TCP's
#   simultaneous open succeeds with one socket in both roles: it reads what it writes. Linux gives connect() every second
#   port first (those as even or odd as the lower end of the range), so with the usual range of 32768 to 60999 that
#   happens within some thousand attempts to an even port there, and practically never to an odd one.
# Seen:
#   an even port: connected to itself, and reads its own words
#   an odd port: refused 20000 times
# Why it matters: a peer that waits for its tracker to come up, in a loop, on a port from that range, one day "has" a
#   tracker which says what it says; and the real one cannot start, as its port is in use. Tests that take "any free port",
#   stop the server and try again are where it shows: now and then, and with half of all ports never.
# Instead: well-known ports below the range (or in ip_local_reserved_ports); after connect() compare local and remote
#   address, and treat equal ones as refused; pause between attempts.
. "$(dirname "$0")/support/common.sh"

need python3
read -r lowest highest </proc/sys/net/ipv4/ip_local_port_range
[ "$lowest" = 32768 ] && [ "$highest" = 60999 ] || skip "ip_local_port_range is $lowest to $highest, and this is about the usual one"

attempts() {
    python3 - "$1" "$2" <<'PYTHON'
import socket, sys

port, limit = map(int, sys.argv[1:])
for attempt in range(limit):
    with socket.socket() as peer:
        try:
            peer.connect(("127.0.0.1", port))
        except ConnectionRefusedError:
            continue
        if peer.getsockname() != peer.getpeername():
            sys.exit("somebody listens there")
        peer.sendall(b"anybody there?")
        print("connected to itself, and reads its own words" if peer.recv(100) == b"anybody there?" else "connected to itself")
        sys.exit()
print(f"refused {limit} times")
PYTHON
}
free_port() {  # the first one from $1 on, in steps of 2, that can be bound
    python3 -c '
import socket, sys
for port in range(int(sys.argv[1]), 60000, 2):
    with socket.socket() as it:
        try: it.bind(("127.0.0.1", port)); print(port); break
        except OSError: pass' "$1"
}
expect "an even port" "connected to itself, and reads its own words" "$(attempts "$(free_port 41000)" 60000)"
expect "an odd port" "refused 20000 times" "$(attempts "$(free_port 41001)" 20000)"
