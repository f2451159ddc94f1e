#!/usr/bin/env bash
# A file on tmpfs that is changed through a mapping keeps its time stamp, so rsync, and all who go by size and time, miss it.
#
# Versions: Linux 6.18 (tmpfs); rsync 3.2.7-1+deb12u6 (Debian 12), or whatever rsync is installed.
# Behaviour: the first store through a shared mapping sets the time of modification, those after it do not, for as long as
#   the mapping lasts: a page of tmpfs is never written back, so it is never write-protected again. On ext4 msync() makes
#   the next store count again; on tmpfs msync(), fsync(), munmap() and close() all leave the time as it is.
# Seen:
#   time of modification: first store: changed, second store: same, after msync: same, after close: same
#   rsync -a, twice: the copy has the first store, not the second; with --checksum it has
# Why it matters: /tmp and /dev/shm are where tests and builds put their data, and databases, downloaders and linkers write
#   through mappings. A second look that trusts the stamp takes the old content for the new one, and nobody sees an error.
#   inotify tells nothing of such stores either, on any file system.
# Instead: whoever writes sets the time when done (futimens), or uses pwrite; whoever copies from tmpfs compares content.
. "$(dirname "$0")/support/common.sh"

need python3
if command -v rsync >/dev/null; then rsync=rsync; else
    unpack bookworm rsync rsync=3.2.7-1+deb12u6 libpopt0=1.19+dfsg-1 libxxhash0=0.8.1-1
    rsync=$work/rsync/usr/bin/rsync
    export LD_LIBRARY_PATH=$(dirname "$(find "$work/rsync" -name 'libpopt.so.0')")
fi
[ "$(stat -f -c %T /dev/shm 2>/dev/null)" = tmpfs ] && [ -w /dev/shm ] || skip "/dev/shm is no tmpfs that can be written"
shared=$(mktemp -d -p /dev/shm)
trap 'rm -rf "$work" "$shared"' EXIT

cat >"$work/store.py" <<'PYTHON'
import mmap, os, subprocess, sys, time

path, copy = sys.argv[1:]
rsync = [os.environ["RSYNC"], "-a", path, copy]
with open(path, "wb") as file:
    file.write(b"." * 4096)
stamp = os.stat(path).st_mtime_ns
said = []

def look(when):
    global stamp
    now = os.stat(path).st_mtime_ns
    said.append(f"{when}: {'same' if now == stamp else 'changed'}")
    stamp = now

with open(path, "r+b") as file:
    mapping = mmap.mmap(file.fileno(), 4096)
    time.sleep(0.1)
    mapping[0:1] = b"1"
    look("first store")
    subprocess.run(rsync, check=True)
    time.sleep(0.1)
    mapping[1:2] = b"2"
    look("second store")
    mapping.flush()
    os.fsync(file.fileno())
    time.sleep(0.1)
    mapping[2:3] = b"3"
    look("after msync")
    mapping.close()
look("after close")

def copied(*options):
    subprocess.run(rsync[:1] + list(options) + rsync[1:], check=True)
    with open(copy, "rb") as file:
        return file.read(4).decode()

print(", ".join(said))
print(f"{copied()}, with --checksum {copied('--checksum')}")
PYTHON
RSYNC=$rsync python3 "$work/store.py" "$shared/file" "$work/copy" >"$work/out"
expect "time of modification" "first store: changed, second store: same, after msync: same, after close: same" \
    "$(sed -n 1p "$work/out")"
expect "the copy of 123. by rsync -a" "1..., with --checksum 123." "$(sed -n 2p "$work/out")"
