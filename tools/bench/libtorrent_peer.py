"""usage: libtorrent_peer.py TORRENT FOLDER ADDRESS

Fetches what is missing, says so when it is complete, and serves on. For `bench swarm --with libtorrent`.
"""

import sys

import libtorrent

SETTINGS = {
    # To hear when it is complete.
    "alert_mask": libtorrent.alert.category_t.status_notification,
    # Nobody is to be found in any other way than by the tracker.
    "enable_dht": False,
    "enable_lsd": False,
    "enable_upnp": False,
    "enable_natpmp": False,
    # TCP, as the others have it, and never held back in favour of uTP; no time goes into encryption.
    "enable_outgoing_utp": False,
    "enable_incoming_utp": False,
    "mixed_mode_algorithm": 0,
    "out_enc_policy": 2,
    "in_enc_policy": 2,
    # Connects to everybody at once, and serves everybody.
    "smooth_connects": False,
    "connection_speed": 500,
    "torrent_connect_boost": 255,
    "unchoke_slots_limit": -1,
    # Rarest first from the first piece on.
    "initial_picker_threshold": 0,
    # What made a difference, of 1.83 to 1.33 of the fluid bound with 8 leechers: short queues, so that many do not
    # ask the seeder for the same; pieces from several peers at once; and word of a piece before it is quite there.
    # (Suggestions by the seeder, suggest_mode, made it 2.7; fewer slots, and smaller send buffers, did not help.)
    "request_queue_time": 1,
    "max_out_request_queue": 8,
    "whole_pieces_threshold": 0,
    "predictive_piece_announce": 200,
}


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    torrent, folder, address = sys.argv[1:]
    session = libtorrent.session(dict(SETTINGS, listen_interfaces=address + ":6881"))
    session.add_torrent({"ti": libtorrent.torrent_info(torrent), "save_path": folder, "flags": 0})
    while True:
        session.wait_for_alert(60_000)
        if any(isinstance(alert, libtorrent.torrent_finished_alert) for alert in session.pop_alerts()):
            print("complete", flush=True)


main()
