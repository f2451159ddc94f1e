"""usage: bittorrent_tracker.py FILE PIECE_SIZE HOST:PORT TORRENT

Makes a torrent of the file, and is its tracker, at that address: everybody who announces is told of all who did so
before. For `bench swarm --with`.
"""

import hashlib
import http.server
import os
import socket
import sys
import urllib.parse


def bencode(value):
    if isinstance(value, int):
        return b"i%de" % value
    if isinstance(value, str):
        return bencode(value.encode())
    if isinstance(value, bytes):
        return b"%d:%s" % (len(value), value)
    return b"d" + b"".join(bencode(key) + bencode(value[key]) for key in sorted(value)) + b"e"


def torrent_of(path, piece_size, announce):
    hashes = b""
    with open(path, "rb") as content:
        while piece := content.read(piece_size):
            hashes += hashlib.sha1(piece).digest()
    return {
        "announce": announce,
        "info": {
            "length": os.path.getsize(path),
            "name": os.path.basename(path),
            "piece length": piece_size,
            "pieces": hashes,
            "private": 1,  # peers are looked for nowhere else
        },
    }


class Tracker(http.server.BaseHTTPRequestHandler):
    peers = []

    def do_GET(self):
        asked = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        host = self.client_address[0]
        others = [peer for peer in self.peers if peer[0] != host]
        self.peers[:] = others + [(host, int(asked["port"][0]))]
        compact = b"".join(socket.inet_aton(peer) + port.to_bytes(2, "big") for peer, port in others)
        answer = bencode({"interval": 60, "peers": compact})
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)
        print(f"{host} lacks {asked['left'][0]} bytes", flush=True)

    def log_message(self, *_):
        pass


def main():
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    path, piece_size, address, torrent = sys.argv[1:]
    host, port = address.split(":")
    server = http.server.HTTPServer((host, int(port)), Tracker)
    address = f"{host}:{server.server_port}"
    with open(torrent, "wb") as out:
        out.write(bencode(torrent_of(path, int(piece_size), f"http://{address}/announce")))
    print(f"tracker at {address}", flush=True)
    server.serve_forever()


main()
