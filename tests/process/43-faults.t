#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Faults that no other test brings to real processes (README.md, Faults): replicas in different orders, a reader who
# does not read, silent strangers, restarts in every order and in turn, left-over files, and no room, no memory and no
# descriptor left while a server works.
needs_mounts=1
. tests/lib/lib.sh
# The leak checker of a sanitizer needs descriptors of its own, which a server here has not.
export ASAN_OPTIONS="${ASAN_OPTIONS:-}:detect_leaks=0"

# result_count NAME COUNT: so many of its messages were acknowledged.
result_count() {
	[ "$(json_count "$dir/$1.out" event=result command=msg ok=true)" = "$2" ]
}

# acknowledged NAME COUNT: waits for it; the next result that is asked for is a new one.
acknowledged() {
	wait_for 30 result_count "$1" "$2" && client_result[$1]=$(stat -c %s "$dir/$1.out")
}

# state_is NAME N STATE: the last that this client said of server N.
state_is() {
	[ "$(json_get "$dir/$1.out" event=replica index="$2" -- state | tail -n 1)" = "$3" ]
}

# texts NAME WORD: what was shown to it that begins with the word.
texts() {
	grep "\"text\":\"$2 " "$dir/$1.out" | sed 's/ x*"/"/' | json_get - event=message -- text | tr '\n' ' '
}

# numbered WORD FIRST LAST [TAIL]: so many commands, for bob.
numbered() {
	local i
	for i in $(seq "$2" "$3"); do echo "/msg bob $1 $i${4:+ $4}"; done
}

# wanted WORD COUNT
wanted() {
	seq -f "$1 %g" "$2" | tr '\n' ' '
}

ok 'three servers start' start_servers
client_start ann
client_ask ann '/create ann pw'

# ---- F51: the same replicas in another order ----

forwards=("${server_port[@]}")
server_port=("${forwards[2]}" "${forwards[0]}" "${forwards[1]}")
client_start bob
client_ask bob '/create bob pw'
server_port=("${forwards[@]}")
ok 'F51 another order: written to' client_ask ann '/msg bob hello'
is 'F51 another order: three copies' "$(field copies)" 3
ok 'F51 another order: shown' client_wait bob '"text":"hello"'
client_ask bob '/create ann pw2'
is 'F51 another order: a name is taken in both' "$(field ok)" false
kill_server 0
ok 'F51 the leader of one, the second of the other dies: written to' client_ask ann '/msg bob again'
ok 'F51 the leader of one, the second of the other dies: shown' client_wait bob '"text":"again"'
ok 'F51 the leader of one, the second of the other dies: and back' client_ask bob '/msg ann answer'
ok 'F51 the leader of one, the second of the other dies: shown' client_wait ann '"text":"answer"'
restart_server 0
ok 'F51 it is back' wait_for "$patience" state_is ann 0 live

# ---- F46: strangers who dial and say nothing, or half a frame ----

# shellcheck disable=SC2016
perl -MIO::Socket::INET -e 'my @s;
	for my $port (@ARGV) {
		for (1 .. 300) {
			push @s, IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $port) or die;
			syswrite $s[-1], "\0" if $_ % 2;
		}
	}
	$| = 1; print "dialled\n"; sleep 60' "${server_port[@]}" >"$dir/strangers.out" 2>&1 &
client_pid[strangers]=$!
ok 'F46 900 silent strangers' wait_for "$patience" grep -q dialled "$dir/strangers.out"
ok 'F46 silent strangers: a client is answered' client_ask ann '/msg bob among strangers'
is 'F46 silent strangers: by all three, within the reply timeout' "$(field copies)" 3
ok 'F46 silent strangers: shown' client_wait bob '"text":"among strangers"'
kill "${client_pid[strangers]}" && wait "${client_pid[strangers]}" 2>/dev/null
unset 'client_pid[strangers]'

# ---- F47: a reader who does not read ----

client_start carl
client_ask carl '/create carl pw'
kill -STOP "${client_pid[bob]}"
long=$(head -c 8000 /dev/zero | tr '\0' x)
sent=$(($(json_count "$dir/ann.out" event=result command=msg ok=true) + 1000))
numbered unread 1 1000 "$long" >&"${client_fd[ann]}"
ok 'F47 stopped reader: others are served' client_ask carl '/msg carl to myself'
is 'F47 stopped reader: by all three, within the reply timeout' "$(field copies)" 3
ok 'F47 stopped reader: 8 MB for him are acknowledged' acknowledged ann $sent
kill -CONT "${client_pid[bob]}"
ok 'F47 continued reader: the last one is shown' client_wait bob '"text":"unread 1000 ' 30
is 'F47 continued reader: all were shown, once and in order' \
	"$(texts bob unread)" "$(wanted unread 1000)"

# ---- F7, F18: each is stopped and started in turn, one again and again, while messages go ----

ok 'F7 all are live' wait_for "$patience" state_is ann 0 live
seen=$(json_count "$dir/ann.out" event=replica)
at=0
for n in 0 1 2 2 2; do
	numbered turn $((at + 1)) $((at + 100)) >&"${client_fd[ann]}"
	stop_server $n
	numbered turn $((at + 101)) $((at + 200)) >&"${client_fd[ann]}"
	restart_server $n
	ok "F7 stopped and started in turn: server $n" wait_for "$patience" state_is ann $n live
	at=$((at + 200))
done
sent=$((sent + at))
ok 'F7 in turn: each message is acknowledged' acknowledged ann $sent
ok 'F7 in turn: the last one is shown' client_wait bob '"text":"turn 1000"' 30
is 'F7 in turn: all were shown, once and in order' "$(texts bob turn)" "$(wanted turn 1000)"
said=$(($(json_count "$dir/ann.out" event=replica) - seen))
ok "F18 five restarts are told in few lines ($said)" test $said -ge 5 -a $said -le 15

# ---- F6, F43: all die, and are started in each order; files are left over ----

for order in '0 1 2' '0 2 1' '1 0 2' '1 2 0' '2 0 1' '2 1 0'; do
	client_ask ann "/msg bob order $order" || fail "F6 order $order: sent"
	kill_all
	for n in $order; do
		echo '{"half a' | tee "${server_data[n]}/users.json.new" >"${server_data[n]}/journal.jsonl.new"
		restart_server "$n" || fail "F6 order $order: server $n"
	done
	ok "F6 killed, started as $order: shown" client_wait bob "\"text\":\"order $order\""
done
for n in 0 1 2; do wait_for "$patience" state_is ann "$n" live; done
is 'F43 files that were left over: no server speaks of damage' "$(cat "$dir"/[012]*.log | grep -ci damage)" 0

# ---- F36: no descriptor is left when it saves ----

prlimit --pid "${server_pid[1]}" --nofile=3:3
before=$(stat -c %Y.%i "${server_data[1]}/pending.json")
stop_server 1
is 'F36 no descriptor for its files at its end: they stay as they were' \
	"$(stat -c %Y.%i "${server_data[1]}/pending.json")" "$before"
ok 'F36 no descriptor for its files at its end: it starts' restart_server 1
ok 'F36 no descriptor: it is live' wait_for "$patience" state_is ann 1 live
ok 'F36 no descriptor: a message' client_ask ann '/msg bob counted'
is 'F36 no descriptor: three copies' "$(field copies)" 3

# ---- F37: no memory is left ----

# A sanitizer takes it for a bug of its own.
if [ -z "${SAN:-}" ]; then
	size=$(awk '/^VmSize/ { print $2 * 1024 }' "/proc/${server_pid[2]}/status")
	prlimit --pid "${server_pid[2]}" --as=$((size + 2000000))
	client_ask carl '/logout'
	sent=$(($(json_count "$dir/ann.out" event=result command=msg ok=true) + 1000))
	numbered memory 1 1000 "$long" | sed 's/bob/carl/' >&"${client_fd[ann]}"
	ok 'F37 no memory: each message is acknowledged' acknowledged ann $sent
	ok 'F37 no memory: that server says so, and ends' wait_for "$patience" grep -q 'no memory for' "${server_log[2]}"
	restart_server 2
	ok 'F37 no memory: it starts again, and is live' wait_for "$patience" state_is ann 2 live
	client_ask carl '/login carl pw'
	ok 'F37 no memory: the last one is shown' client_wait carl '"text":"memory 1000 ' 30
	is 'F37 no memory: all were shown, once and in order' \
		"$(texts carl memory)" "$(wanted memory 1000)"
fi

# ---- F33: no room is left on one disk, and then there is room again ----

if [ "$mounts" = none ]; then
	skip 'F33 a full disk' 'no file system can be mounted here'
else
	stop_server 0
	mount_at "$dir/small" -t tmpfs -o size=64m tmpfs
	cp -r "${server_data[0]}" "$dir/small/0" && server_data[0]=$dir/small/0
	restart_server 0
	ok 'F33 a small disk: live' wait_for "$patience" state_is ann 0 live
	dd if=/dev/zero of="$dir/small/filler" bs=64k 2>/dev/null
	is_full() {
		client_ask ann '/msg bob full' && [ "$(field copies)" = 2 ]
	}
	ok 'F33 a full disk: the others have it' wait_for "$patience" is_full
	ok 'F33 a full disk: is said' grep -q 'the disk is nearly full' "${server_log[0]}"
	ok 'F33 a full disk: shown' client_wait bob '"text":"full"'
	rm "$dir/small/filler"
	has_room() {
		client_ask ann '/msg bob room' && [ "$(field copies)" = 3 ]
	}
	ok 'F33 there is room again: three copies' wait_for "$patience" has_room
	ok 'F33 there is room again: shown' client_wait bob '"text":"room"'
fi
for name in ann bob carl; do client_close $name; done
for n in 0 1 2; do ok "server $n stops cleanly" stop_server $n; done
done_testing
