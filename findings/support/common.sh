# What the findings share; sourced by each, of no use by itself.
set -euo pipefail

work=$(mktemp -d)
# Children that are still there are ended by their ids, and nothing stays behind.
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT

skip() { echo "cannot run here: $*"; exit 77; }
differs() { echo "no longer as described: $*"; exit 1; }

need() {
    local program
    for program in "$@"; do command -v "$program" >/dev/null || skip "$program is not installed"; done
}

# expect WHAT WANTED SEEN: shows what was seen, and ends the script where that is not what the header says.
expect() {
    [ "$2" = "$3" ] || differs "$1: it was '$2', and is '$3'"
    echo "$1: $3"
}

# fetch SUITE FOLDER PACKAGE=VERSION...: unpacks packages of a Debian suite into FOLDER of $work, and installs nothing.
# The suite need not be this machine's: it is asked for where this machine's own Debian packages come from.
fetch() {
    local suite=$1 into=$2 apt=$work/apt-$1 uri
    shift 2
    local options=(-qq -o Dir::Etc::SourceList="$apt/sources.list" -o Dir::Etc::SourceParts="$apt/none"
        -o Dir::State::Lists="$apt/lists" -o Dir::Cache="$apt/cache" -o Dir::State::Status=/dev/null
        -o APT::Sandbox::User="$(id -un)")
    if [ ! -e "$apt/ready" ]; then
        uri=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Label: Debian' | sort -u | head -n 1)
        [ -n "$uri" ] || { echo "apt knows no Debian archive: run apt-get update first"; return 1; }
        mkdir -p "$apt/none" "$apt/lists/partial" "$apt/cache/archives/partial"
        echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $uri $suite main" >"$apt/sources.list"
        apt-get "${options[@]}" update >"$apt/log" 2>&1 && touch "$apt/ready" || { tail -n 1 "$apt/log"; return 1; }
    fi
    mkdir -p "$work/$into.debs"
    (cd "$work/$into.debs" && apt-get "${options[@]}" download "$@" >"$apt/log" 2>&1) || { tail -n 1 "$apt/log"; return 1; }
    local deb
    for deb in "$work/$into.debs"/*.deb; do dpkg -x "$deb" "$work/$into"; done
}

# The same where the finding is nothing without these packages.
unpack() {
    need apt-get dpkg
    local why
    why=$(fetch "$@") || skip "${*:3} of $1 cannot be had: $why"
}

# build PROGRAM FOLDER: compiles C++20 from standard input against the headers of a folder that was unpacked.
build() {
    need g++
    g++ -std=c++20 -w -I"$work/$2/usr/include" -x c++ - -o "$work/$1"
}
