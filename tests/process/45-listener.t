#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Somebody who hears everything, and somebody who listens on the port of a dead server: neither can log in afterwards,
# and the second ends nobody's session.
. tests/lib/lib.sh

command -v python3 >"$dir/python" || {
	skip 'a listener' 'python3 is not installed'
	done_testing
}
listener=tests/listener/listener.py

# said NAME: the rest of the line of the attack that begins so.
said() {
	sed -n "s/^$1 //p" "$dir/attack"
}

# ---- who hears everything ----

start_servers
python3 $listener proxy "$dir/record" "${server_port[@]}" >"$dir/proxy" &
proxy=$!
ok 'somebody passes everything on, and writes it down' wait_for "$patience" test -s "$dir/proxy"
direct=("${server_port[@]}")
read -ra server_port <"$dir/proxy"
client_start ann
ok 'an account is made' client_ask ann '/create ann secret'
client_ask ann '/logout'
ok 'and its owner logs in' client_ask ann '/login ann secret'
client_start old
ok 'another one is made' client_ask old '/create old secret'
ok 'and deleted' client_ask old '/delete old'
kill_server 2
ok 'a third one while a server is down' client_ask old '/create cid secret'
client_ask old '/logout'
server_port=("${direct[@]}")
ok 'the server returns' start_server 2
read -ra server_port <"$dir/proxy"
ok 'it is live again' client_wait old '"index":2,"state":"live"'
ok 'its owner logs in, and hands it over' client_ask old '/login cid secret'
is 'to all three' "$(field copies)" 3
client_close ann
client_close old
kill "$proxy"
wait "$proxy" 2>/dev/null
server_port=("${direct[@]}")
python3 $listener attack "$dir/record" "${server_data[0]}/journal.jsonl" "${server_port[@]}" >"$dir/attack" 2>&1 ||
	comment "$(<"$dir/attack")"
ok 'creations were heard' test "$(said introductions)" -ge 8
ok 'and a hand-over' test "$(said handovers)" -ge 1
ok 'and log-ins' test "$(said logins)" -ge 9
ok "with a server's file a log-in that was heard gives the key: the attack is right" \
	test "$(said with-the-file)" -ge 2
is 'no stored key was heard' "$(said stored-heard)" 0
is 'nothing that was heard gives the key' "$(said keys)" 0
is 'what was heard is refused wherever it is said again: no account, wrong proof, or gone' \
	"$(said replays | tr ' ' '\n' | grep -vxE '2|3|4' | tr '\n' ' ')" ''

# ---- who listens on the port of a dead server ----

client_start dan
ok 'a session runs' client_ask dan '/create dan secret'
is 'at all three' "$(field copies)" 3
kill_server 0
ok 'a server dies' client_wait dan '"index":0,"state":"dead"'
for mode in unknown relay ended taken-over gone yes; do
	: >"$dir/heard"
	python3 $listener impostor "${server_port[0]}" $mode "$dir/heard" "${server_port[1]}" >"$dir/impostor" &
	impostor=$!
	ok "$mode: the session logs in at its port" wait_for "$patience" grep -qx 9 "$dir/heard"
	ok "$mode: and goes on" client_ask dan "/msg dan $mode"
	is "$mode: at the two others" "$(field ok) $(field copies)" 'true 2'
	client_start new
	ok "$mode: a new account is made" client_ask new "/create new-$mode secret"
	is "$mode: at the two others, too" "$(field ok) $(field copies)" 'true 2'
	client_close new
	is "$mode: no account was given to it" "$(grep -cxE '5|6' "$dir/heard")" 0
	kill "$impostor"
	wait "$impostor" 2>/dev/null
done
is 'nobody was logged out' "$(json_count "$dir/dan.out" event=logged-out)" 0
client_close dan
ok 'the server returns' start_server 0
client_start dan
ok 'and knows the password' client_ask dan '/login dan secret'
is 'as all three do' "$(field copies)" 3
client_close dan
stop_all
done_testing
