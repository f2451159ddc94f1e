#!/usr/bin/env bash
# The same configuration file gives a program other values with CLI11 of Debian 12 than with that of Debian 13.
#
# Versions: libcli11-dev 2.1.2+ds-1 (Debian 12) and 2.4.1+ds-2 (Debian 13); g++ 12.2 and 14.2.
# Behaviour: set_config() reads TOML, and both take this file without a word. 2.1.2 cuts a quoted string at a '#' and
#   keeps the quotation mark, and takes escapes as they stand; 2.4.1 reads both as TOML says.
# Seen:
#   name = "night # 2"       2.1.2: ["night]        2.4.1: [night # 2]
#   name = "C:\\sets"        2.1.2: [C:\\sets]      2.4.1: [C:\sets]
#   name = "two\tcolumns"    2.1.2: [two\tcolumns]  2.4.1: [two<TAB>columns]
# Why it matters: names, folders and passwords may have a '#' or a backslash. A service whose machine goes from one
#   Debian to the next looks for another folder or gives another secret, and an escape that was doubled for 2.1.2 by
#   somebody who tried is wrong afterwards.
# Instead: in files that both must read, single quotes ('C:\sets', no escapes in TOML) and no '#'; or a parser of TOML or
#   JSON beside CLI11. A program whose values may hold such characters tests a file that has them.
. "$(dirname "$0")/support/common.sh"

unpack bookworm cli11-2.1.2 libcli11-dev=2.1.2+ds-1
unpack trixie cli11-2.4.1 libcli11-dev=2.4.1+ds-2

program() {
    cat <<'CPP'
#include <CLI/CLI.hpp>
#include <iostream>

int main(int count, char** arguments) {
    CLI::App app;
    std::string name;
    app.add_option("--name", name);
    app.set_config("--config");
    CLI11_PARSE(app, count, arguments);
    std::cout << '[' << name << ']';
}
CPP
}

program | build old cli11-2.1.2
program | build new cli11-2.4.1
check() {  # line of the file, what 2.1.2 reads, what 2.4.1 reads
    printf '%s\n' "$1" >"$work/config.toml"
    expect "$1 in 2.1.2" "$2" "$("$work/old" --config "$work/config.toml")"
    expect "$1 in 2.4.1" "$3" "$("$work/new" --config "$work/config.toml")"
}
check 'name = "night # 2"' '["night]' '[night # 2]'
check 'name = "C:\\sets"' '[C:\\sets]' '[C:\sets]'
check 'name = "two\tcolumns"' '[two\tcolumns]' $'[two\tcolumns]'
check "name = 'C:\\sets'" '[C:\sets]' '[C:\sets]'
