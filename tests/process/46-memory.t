#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What stays in memory: the password never after its command, what was made of it only while a session runs. No process
# leaves a core file.
if [ -n "${SAN:-}" ]; then
	echo "1..0 # SKIP a sanitizer reads its own process, and fills much of its memory"
	exit 0
fi
. tests/lib/lib.sh

password=Xyzzy-Plugh-77

hex() {
	printf %s "$1" | od -An -tx1 | tr -d ' \n'
}

start_servers
client_start ann
client_ask ann "/create ann $password"
for process in "${server_pid[0]}" "${client_pid[ann]}"; do
	is "$(<"/proc/$process/comm"): a core file may have no byte" \
		"$(sed -n 's/^Max core file size *\([0-9a-z]*\) *\([0-9a-z]*\).*/\1 \2/p' "/proc/$process/limits")" '0 0'
done
if [ "$(id -u)" != 0 ] || ! command -v python3 >"$dir/python"; then
	skip 'what is in memory' 'only root may look, with python3'
	done_testing
fi

# P and ClientKey, as the client makes them (fact/auth.h).
setting=$(sed -n 's/.*"setting":"\([^"]*\)".*/\1/p' "${server_data[0]}/journal.jsonl" | head -n 1)
made=$(perl -MDigest::SHA=sha256,hmac_sha256 -e '
	my $p = sha256(crypt($ARGV[0], $ARGV[1]));
	print unpack("H*", $p), " ", unpack("H*", hmac_sha256("Client Key", $p))' "$password" "$setting")
# in_memory PROCESS: how often the password, P, ClientKey and something that must be there are in its memory.
in_memory() {
	# shellcheck disable=SC2086
	python3 tests/listener/memory.py "$1" "$(hex "$password")" $made "$(hex "$setting")"
}

read -r word p key found <<<"$(in_memory "${client_pid[ann]}")"
ok 'a session: what must be there is found' test "$found" -ge 1
ok 'a session: P is there, which logs in again' test "$p" -ge 1
is 'a session: the password is not, nor the key' "$word $key" '0 0'
read -r word p key found <<<"$(in_memory "${server_pid[0]}")"
ok 'a server: what must be there is found' test "$found" -ge 1
is 'a server: none of them' "$word $p $key" '0 0 0'
client_ask ann '/logout'
client_ask ann "{\"command\":\"login\",\"name\":\"ann\",\"password\":\"$password\"}"
ok 'a log-in as JSON' test "$(field ok)" = true
client_ask ann '/logout'
client_ask ann '/list'
read -r word p key found <<<"$(in_memory "${client_pid[ann]}")"
is 'logged out: none of them' "$word $p $key" '0 0 0'
client_close ann
stop_all
done_testing
