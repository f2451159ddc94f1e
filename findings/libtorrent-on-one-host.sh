#!/usr/bin/env bash
# Peers of libtorrent that share a machine or a network take no heed of its rate limit; those of one machine are no swarm.
#
# Versions: python3-libtorrent 2.0.8-1+b1 (Debian 12) or 2.0.11-1 (Debian 13), by the python3 that is installed.
# Behaviour: upload_rate_limit of a session does not apply to peers of the local network, and loopback is one: those are
#   in a class of their own, which has no limit. And of all peers at one address, whatever their ports, only one is
#   connected to, unless allow_multiple_connections_per_ip is set.
# Seen (8 MiB from two seeds that are limited to 500 kB/s each, all at 127.0.0.1; at those rates it takes 8 s at least):
#   as it is: 1 seed at a time, in less than 6 s
#   with allow_multiple_connections_per_ip: 2 seeds at a time, in less than 6 s
#   with that, and local peers limited too: 2 seeds at a time, in more than 6 s
# Why it matters: this is how one measures a client against another, or tests one: on one machine. The links are then not
#   what was set, and with one connection to an address a swarm of ten is a chain or a star.
# Instead: network namespaces with an address and a shaped link each; or set both: the address rule, and
#   set_peer_class with limits for session.local_peer_class_id.
. "$(dirname "$0")/support/common.sh"

need python3
[ "$(dpkg --print-architecture)" = amd64 ] || skip "the versions are those of amd64"
case $(python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])') in
    3.11) unpack bookworm lt python3-libtorrent=2.0.8-1+b1 libtorrent-rasterbar2.0=2.0.8-1+b1 libboost-python1.74.0=1.74.0+ds1-21 ;;
    3.13) unpack trixie lt python3-libtorrent=2.0.11-1 libtorrent-rasterbar2.0t64=2.0.11-1 libboost-python1.83.0=1.83.0-4.2 ;;
    *) skip "python3 is neither that of Debian 12 nor that of Debian 13" ;;
esac
export LD_LIBRARY_PATH=$work/lt/usr/lib/x86_64-linux-gnu PYTHONPATH=$work/lt/usr/lib/python3/dist-packages

cat >"$work/swarm.py" <<'PYTHON'
import os, sys, time
import libtorrent as lt

folder, several, limited = sys.argv[1], sys.argv[2] == "several", sys.argv[3] == "limited"
quiet = dict(listen_interfaces="127.0.0.1:0", enable_dht=False, enable_lsd=False, enable_upnp=False, enable_natpmp=False)
os.makedirs(f"{folder}/seed")
with open(f"{folder}/seed/file", "wb") as file:
    file.write(os.urandom(8 << 20))
files = lt.file_storage()
lt.add_files(files, f"{folder}/seed/file")
maker = lt.create_torrent(files, piece_size=65536)
lt.set_piece_hashes(maker, f"{folder}/seed")
torrent = lt.bencode(maker.generate())

def peer(place, **settings):
    session = lt.session({**quiet, **settings})
    if limited:
        of_local_peers = session.get_peer_class(session.local_peer_class_id)
        of_local_peers["upload_limit"] = 500_000
        session.set_peer_class(session.local_peer_class_id, of_local_peers)
    return session, session.add_torrent({"ti": lt.torrent_info(lt.bdecode(torrent)), "save_path": f"{folder}/{place}"})

seeds = [peer("seed", upload_rate_limit=500_000) for _ in range(2)]
while not all(handle.status().is_seeding for _, handle in seeds):
    time.sleep(0.05)
leecher, handle = peer("copy", allow_multiple_connections_per_ip=several)
start = time.monotonic()
for seed, _ in seeds:
    handle.connect_peer(("127.0.0.1", seed.listen_port()))
most = 0
while not handle.status().is_seeding and time.monotonic() - start < 60:
    most = max(most, handle.status().num_peers)
    time.sleep(0.01)
took = time.monotonic() - start
print(f"{most} seed(s) at a time, in {'less' if took < 6 else 'more'} than 6 s")
print(f"(it took {took:.1f} s)", file=sys.stderr)
PYTHON
python3 -c 'import libtorrent' 2>"$work/why" || skip "libtorrent does not load: $(tail -n 1 "$work/why")"

expect "as it is" "1 seed(s) at a time, in less than 6 s" "$(python3 "$work/swarm.py" "$work/1" one free)"
expect "allow_multiple_connections_per_ip" "2 seed(s) at a time, in less than 6 s" "$(python3 "$work/swarm.py" "$work/2" several free)"
expect "with that, and local peers limited too" "2 seed(s) at a time, in more than 6 s" "$(python3 "$work/swarm.py" "$work/3" several limited)"
