#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Three networks, with a server in each, and what happens to real ones: a cable is cut (nobody is told), a
# link stalls, is slow, loses packets; a server stands still for ten seconds; a server comes back with an old copy of
# its data, with another's, with nothing. At the end every acknowledged message was shown once.
#
# The networks are namespaces of the test's own, made within another one that ends with the test, so nothing of them
# is left and no address outside is ever used. Server 0 hangs on a cable (veth), 1 and 2 on a relay (tests/lib/relay.c).
#
#   clients 10.213.0.1 -- cable -- 10.213.0.2 server 0
#           10.213.1.1 -- relay -- 10.213.1.2 server 1
#           10.213.2.1 -- relay -- 10.213.2.2 server 2
if [ -z "${THREEFOLD_NETWORK:-}" ]; then
	for way in '--mount --net' '--user --map-root-user --mount --net'; do
		# shellcheck disable=SC2086
		if unshare $way true 2>/dev/null; then
			THREEFOLD_NETWORK=1 exec unshare $way bash "$0"
		fi
	done
	THREEFOLD_NETWORK=none exec bash "$0"
fi
. tests/lib/lib.sh
OUT=${OUT:-build}
echo 'unshare --mount --net fails' >"$dir/setup.err"

declare -A relay_said=()

# ---- the networks ----

relay_has_said() {
	[ "$(wc -l <"$dir/relay$1.out")" -ge "${relay_said[$1]}" ]
}

relay_start() {
	local n=$1 fd
	mkfifo "$dir/relay$n.in" || return 1
	: >"$dir/relay$n.out"
	(launch "$OUT/tests/lib/relay" "wire$n" wire "/run/netns/r$n") \
		<"$dir/relay$n.in" >"$dir/relay$n.out" 2>"$dir/relay$n.err" &
	# It is kept as the clients are, so that no other process inherits its input, and it ends with the test.
	client_pid[relay$n]=$!
	exec {fd}>"$dir/relay$n.in"
	client_fd[relay$n]=$fd
	relay_said[$n]=1
	wait_for "$patience" relay_has_said "$n"
}

# relay N ORDER: is under way when this returns.
relay() {
	client_say "relay$1" "$2"
	relay_said[$1]=$((relay_said[$1] + 1))
	wait_for "$patience" relay_has_said "$1"
}

address() {
	ip addr add "10.213.$1.1/24" dev "wire$1" && ip link set "wire$1" up &&
		ip -n "r$1" addr add "10.213.$1.2/24" dev wire && ip -n "r$1" link set wire up
}

networks() {
	local n
	mkdir -p /run/netns 2>/dev/null
	mount -t tmpfs tmpfs /run/netns 2>/dev/null || { mount -t tmpfs tmpfs /run && mkdir /run/netns; } || return 1
	ip link set lo up || return 1
	for n in 0 1 2; do
		ip netns add "r$n" && ip -n "r$n" link set lo up || return 1
	done
	ip link add wire0 type veth peer name wire netns r0 && address 0 &&
		relay_start 1 && address 1 && relay_start 2 && address 2
}

if [ "$THREEFOLD_NETWORK" = none ] || ! networks 2>"$dir/setup.err"; then
	skip 'three networks' "network namespaces or /dev/net/tun are not permitted here: $(cat "$dir"/setup.err \
		"$dir"/relay*.err 2>/dev/null | tr '\n' ' ' | head -c 300)"
	done_testing
fi

# ---- servers there, clients here ----

# there N COMMAND...: with server N's address and namespace.
there() {
	local n=$1 host=10.213.$1.2 DAEMON="ip netns exec r$1 $BIN/server"
	shift
	"$@"
}

start_there() { there "$1" start_server "$@"; }
restart_there() { there "$1" restart_server "$@"; }

addresses() {
	local n
	for n in 0 1 2; do
		echo "10.213.$n.2 ${server_port[$n]}"
	done
}

copy_data() {
	rm -rf "${dir:?}/$2" && cp -r "$dir/$1" "$dir/$2"
}

expected=()
expected_late=()
sent=0

results_are_there() {
	[ "$(json_count "$dir/ann.out" event=result command=msg)" = "$sent" ]
}

# burst WORD COUNT: messages to bob, who shows the last of them, and one to late, who is away; all are answered.
burst() {
	local i
	for i in $(seq "$2"); do
		expected+=("$1-$i")
		echo "/msg bob $1-$i"
	done >&"${client_fd[ann]}"
	client_say ann "/msg late $1"
	expected_late+=("$1")
	sent=$((sent + $2 + 1))
	wait_for 30 results_are_there && client_wait bob "\"text\":\"$1-$2\"" 30
}

# last_copies: of the last message that ann sent.
last_copies() {
	json_get "$dir/ann.out" event=result command=msg -- copies | tail -n 1
}

# state_is NAME N STATE: the last that this client said of server N.
state_is() {
	[ "$(json_get "$dir/$1.out" event=replica index="$2" -- state | tail -n 1)" = "$3" ]
}

# live N, dead N: ann and bob know it.
live() {
	wait_for "$patience" state_is ann "$1" live && wait_for "$patience" state_is bob "$1" live
}
dead() {
	wait_for "$patience" state_is ann "$1" dead && wait_for "$patience" state_is bob "$1" dead
}

cause_is_named() {
	client_ask ann /replicas &&
		json_get "$dir/ann.out" event=replicas -- replicas.2.reason | tail -n 1 | grep -q 'same replica'
}

repair_all() {
	# shellcheck disable=SC2046
	"$BIN/repair" --key "$dir/operator.key" $(addresses)
}

check_all() {
	# shellcheck disable=SC2046
	"$BIN/repair" --check --key "$dir/operator.key" $(addresses)
}

for n in 0 1 2; do
	ok "server $n: starts in its own network" start_there $n
done
for name in ann bob late; do
	client_start $name
	ok "$name: an account" client_ask $name "/create $name pw"
done
ok 'late: is away' client_close late
ok 'whole: messages are shown' burst whole 20
is 'whole: three copies' "$(last_copies)" 3

# ---- a server stands still for ten seconds, a cable is cut, a link stalls ----

signal_server 2 STOP
stopped=$(now_ms)
ip -n r0 link set wire down
begin=$(now_ms)
ok 'cable cut, server 2 still: messages are shown' burst cut 10
took=$(($(now_ms) - begin))
ok "cable cut: the pause is the reply timeout (was $took ms)" test $took -ge 2500
is 'cable cut: which is said, once of each' \
	"$(json_get "$dir/ann.out" event=replica state=dead -- index reason | sort | tr '\t\n' ' ,')" \
	'0 no reply for 3000 ms,2 no reply for 3000 ms,'
is 'cable cut, server 2 still: one copy' "$(last_copies)" 1
ok 'cable cut: ann and bob know' dead 0
ip -n r0 link set wire up
ok 'cable whole: server 0 is back' live 0
ok 'cable whole: messages are shown' burst mended 10
is 'cable whole: two copies' "$(last_copies)" 2
ok 'link 1 stalls' relay 1 stall
ok 'link 1 stalls: messages are shown' burst stalled 10
is 'link 1 stalls: one copy' "$(last_copies)" 1
ok 'link 1 stalls: ann and bob know' dead 1
ok 'link 1 goes on' relay 1 go
ok 'link 1 goes on: server 1 is back' live 1
left=$((stopped + 10000 - $(now_ms)))
# Ten seconds are what is tested here: there is no event to wait for.
[ $left -le 0 ] || read -rt "$((left / 1000)).$(printf %03d $((left % 1000)))" <&"$never"
signal_server 2 CONT
ok 'server 2 goes on: it is back' live 2
ok 'server 2 goes on: messages are shown' burst awake 10
is 'server 2 goes on: three copies' "$(last_copies)" 3

# ---- slow and lossy ----

ok 'link 1: 200 ms' relay 1 'delay 200'
ok 'link 2: 5 % of the packets are lost' relay 2 'loss 50'
begin=$(now_ms)
ok 'slow and lossy: messages are shown' burst slow 20
echo "# 20 messages took $(($(now_ms) - begin)) ms"
is 'slow and lossy: nobody was taken for dead' "$(last_copies)" 3
ok 'link 1: well again' relay 1 'delay 0'
ok 'link 2: well again' relay 2 'loss 0'

# ---- an old copy, another's, an empty one ----

kill_server 2
copy_data 2 old
ok 'server 2: is away' dead 2
ok 'old copy: what it misses' burst missed 10
copy_data old 2
ok 'old copy: starts' restart_there 2
ok 'old copy: is back' live 2
ok 'old copy: messages are shown' burst restored 10
is 'old copy: three copies' "$(last_copies)" 3

kill_server 2
kill_server 1
copy_data 1 2
ok "another's: server 1 goes on" restart_there 1
ok "another's: starts" restart_there 2
ok "another's: server 1 is back" live 1
ok "another's: ann names the cause" wait_for "$patience" cause_is_named
ok "another's: messages are shown" burst twin 10
is "another's: two copies" "$(last_copies)" 2
stop_server 2
ok "another's: --new-uuid is the way out" restart_there 2 --new-uuid
ok "another's: is back" live 2
ok "another's: messages are shown" burst other 10
is "another's: three copies" "$(last_copies)" 3

# Each message was stored on one disk at least that is still there. Only repair makes it safe to lose the leader's.
emptied=2
if [ -x "$BIN/repair" ]; then
	ok 'repair' repair_all
	ok 'repair: they are the same' check_all
	emptied=0
else
	comment 'there is no repair in this tree'
fi
kill_server $emptied
rm -rf "${server_data[$emptied]:?}"
ok "empty server $emptied: ann and bob know" dead $emptied
ok "empty server $emptied: starts" restart_there $emptied
ok "empty server $emptied: is back" live $emptied
ok "empty server $emptied: messages are shown" burst empty 10
is "empty server $emptied: three copies" "$(last_copies)" 3

# ---- every acknowledged message was shown once ----

if [ -x "$BIN/repair" ]; then
	nok 'they differ' check_all
	ok 'repair' repair_all
	ok 'repair: they are the same' check_all
fi
is 'all messages were acknowledged' "$(json_count "$dir/ann.out" event=result command=msg ok!=true)" 0
is 'all were shown to bob, once and in order' "$(json_get "$dir/bob.out" event=message -- text | tr '\n' ' ')" \
	"${expected[*]} "
ok 'late: logs in' eval 'client_start late2 && client_ask late2 "/login late pw"'
ok 'late: the last one is shown' client_wait late2 '"text":"empty"'
is 'late: all were shown, once and in order' "$(json_get "$dir/late2.out" event=message -- text | tr '\n' ' ')" \
	"${expected_late[*]} "
ok 'bob: ends' client_close bob
ok 'bob: logs in again' eval 'client_start bob2 && client_ask bob2 "/login bob pw"'
client_ask bob2 '/wait 0.5'
is 'bob: nothing is shown again' "$(json_count "$dir/bob2.out" event=message)" 0
for name in ann late2 bob2; do client_close $name; done
for n in 1 2; do ok "relay $n: ends" client_close relay$n; done
done_testing
