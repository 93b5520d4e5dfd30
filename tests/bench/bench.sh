#!/bin/bash
# SPDX-License-Identifier: MIT
#
# bench: what `make bench` does. Three servers on temporary folders, the load generator on the same machine,
# and beside each figure the floor (tests/bench/floor.c): the least that three durable copies cost here. Runs of both
# alternate, because figures of different minutes do not compare; what is printed are medians of ROUNDS runs.
#
#	PARTS='sweep live other failover idle size mailbox'   what is measured; these by default, and on request: large
#	LARGE_ACCOUNTS=1000000  LARGE_MESSAGES=10000000  LARGE_STREAMS=1000000   what the large ones hold (6 GB of
#	          memory, 10 GB of disk)
#	ROUNDS=3  MEASURE=2 (seconds of each run)  KILLS=20  IDLE=10000 (clients)  STORED=1000000 (messages)
#	PEERS=1   also what stands in ../shared/peers and is installed
. tests/lib/lib.sh

PARTS=${PARTS:-sweep live other failover idle size mailbox}
ROUNDS=${ROUNDS:-3}
MEASURE=${MEASURE:-2}
KILLS=${KILLS:-20}
IDLE=${IDLE:-10000}
STORED=${STORED:-1000000}
LARGE_ACCOUNTS=${LARGE_ACCOUNTS:-1000000}
LARGE_MESSAGES=${LARGE_MESSAGES:-10000000}
LARGE_STREAMS=${LARGE_STREAMS:-1000000}
FLOOR=${FLOOR:-$OUT/tests/bench/floor}
figures=$dir/figures
: >"$figures"
patience=120
targets=(0 1 2) # the servers that load loads

say() {
	printf '%s\n' "$*"
}

progress() {
	[ ! -t 2 ] || printf '\r\033[K%s' "$*" >&2
}

record() {
	printf '%s %s\n' "$1" "$2" >>"$figures"
}

# The middle one of what was recorded under a name, with so many decimals; "-" if nothing was.
median() {
	awk -v key="$1" '$1 == key { print $2 }' "$figures" | sort -n | awk -v digits="${2:-0}" '
		{ v[NR] = $1 }
		END { if (NR == 0) print "-"; else printf "%.*f\n", digits, NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

largest() {
	awk -v key="$1" '$1 == key && $2 + 0 > most { most = $2 + 0 } END { print most + 0 }' "$figures"
}

sum_of() {
	awk -v key="$1" '$1 == key { sum += $2 } END { print sum + 0 }' "$figures"
}

ratio() {
	awk -v a="$1" -v b="$2" 'BEGIN { if (b + 0 == 0) print "-"; else printf "%.2f\n", a / b }'
}

# load KEY OPTION...: one run; its figures are recorded as KEY.rate, KEY.p50_us, ...
load() {
	local key=$1 json name
	shift
	progress "$key"
	# shellcheck disable=SC2046
	json=$("$BIN/bench" --json --seconds "$MEASURE" "$@" $(addresses "${targets[@]}") | tail -n 1) || bail "bench $*"
	for name in rate p50_us p90_us p99_us max_us errors longest_pause_us; do
		record "$key.$name" "$(field "$name" "$json")"
	done
}

# floor KEY SENDERS DEPTH HOW
floor() {
	local key=$1 json name
	progress "$key"
	json=$("$FLOOR" "$dir" "$2" "$3" "${MEASURE%.*}" "$4") || bail "floor $*"
	for name in rate p50_us p99_us p999_us; do
		record "$key.$name" "$(field "$name" "$json")"
	done
}

wants() {
	[[ " $PARTS " == *" $1 "* ]]
}

resident_kib() {
	awk '/^VmRSS:/ { print $2 }' "/proc/$1/status"
}

machine() {
	say "machine: $(nproc) cores of $(awk -F': ' '/^model name/ { print $2; exit }' /proc/cpuinfo)," \
		"$(awk '/^MemTotal/ { printf "%.0f GiB", $2 / 1048576 }' /proc/meminfo), Linux $(uname -r)"
	say "commit:  $(git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)$(git diff --quiet HEAD 2>/dev/null || echo ' (with changes)')"
	say "date:    $(date -u +%Y-%m-%d), load of the last minute before: $(cut -d' ' -f1 /proc/loadavg)"
	say "method:  medians of $ROUNDS runs of $MEASURE s, those of floor and bench in turn; texts of 100 bytes"
	say
}

# ---- parts ----

sweep() {
	local round shape c d
	for ((round = 0; round < ROUNDS; round++)); do
		for shape in 1x1 16x1 64x1 4x16 4x64 16x64; do
			c=${shape%x*} d=${shape#*x}
			floor "append.$shape" "$c" "$d" append
			load "store.$shape" --mode store --senders "$c" --depth "$d"
			floor "zeroed.$shape" "$c" "$d" zeroed
		done
	done
	progress
	say 'Messages stored, acknowledged by three disks of three (senders x in flight of each)'
	printf '%-8s %12s %10s %10s %14s %14s %8s %8s %7s\n' '' 'messages/s' 'p50 us' 'p99 us' \
		'floor, append' 'floor, zeroed' 'rate/fl' 'p50/fl' errors
	for shape in 1x1 16x1 64x1 4x16 4x64 16x64; do
		printf '%-8s %12s %10s %10s %14s %14s %8s %8s %7s\n' "$shape" "$(median "store.$shape.rate")" \
			"$(median "store.$shape.p50_us")" "$(median "store.$shape.p99_us")" \
			"$(median "append.$shape.rate")" "$(median "zeroed.$shape.rate")" \
			"$(ratio "$(median "store.$shape.rate")" "$(median "append.$shape.rate")")" \
			"$(ratio "$(median "store.$shape.p50_us" 1)" "$(median "append.$shape.p50_us" 1)")" \
			"$(sum_of "store.$shape.errors")"
	done
	say
}

live() {
	local round shape
	for ((round = 0; round < ROUNDS; round++)); do
		for shape in 1x1 64x1; do
			floor "memory.$shape" "${shape%x*}" 1 memory
			load "live.$shape" --mode live --senders "${shape%x*}"
		done
	done
	progress
	say 'Live delivery, from the command of the sender to what the recipient shows'
	printf '%-8s %12s %10s %10s %22s %8s %7s\n' '' 'messages/s' 'p50 us' 'p99 us' \
		'floor, no sync: p50 us' 'p50/fl' errors
	for shape in 1x1 64x1; do
		printf '%-8s %12s %10s %10s %22s %8s %7s\n' "$shape" "$(median "live.$shape.rate")" \
			"$(median "live.$shape.p50_us" 1)" "$(median "live.$shape.p99_us")" \
			"$(median "memory.$shape.p50_us" 1)" \
			"$(ratio "$(median "live.$shape.p50_us" 1)" "$(median "memory.$shape.p50_us" 1)")" \
			"$(sum_of "live.$shape.errors")"
	done
	say
}

other() {
	local round
	for ((round = 0; round < ROUNDS; round++)); do
		load login --mode login --senders 16
		load list --mode list --senders 4
	done
	progress
	say "Log ins: $(median login.rate) a second by 16 clients, p50 $(median login.p50_us) us"
	say "Lists of 1,000 accounts by prefix: $(median list.rate) a second by 4 clients, p50 $(median list.p50_us) us"
	say
}

# Servers that hold nothing yet.
fresh_servers() {
	local n
	stop_all
	for n in 0 1 2; do
		rm -rf "$dir/$1.$n"
		server_data[n]=$dir/$1.$n
		unset "server_port[n]"
	done
	# shellcheck disable=SC2119
	start_servers
}

# kill -9 of the leader in the middle of a run, KILLS times. Fresh servers after every few kills: the kernel takes a large process down before it closes its sockets.
failover() {
	local kill how
	for kill in $(seq "$KILLS"); do
		progress "failover $kill"
		((kill % 4 != 1)) || fresh_servers failover
		: >"$dir/failover.out"
		# shellcheck disable=SC2046
		"$BIN/bench" --json --mode failover --senders 8 --seconds 1 --users 100 \
			$(addresses) >"$dir/failover.out" &
		bench=$!
		wait_for 60 grep -q ready "$dir/failover.out" || bail "bench does not begin"
		# In the middle of what is measured: a deadline, since nothing else tells.
		read -rt 0.75 <&"$never"
		kill_server 0
		wait $bench || bail "bench failed"
		json=$(tail -n 1 "$dir/failover.out")
		record failover.pause_us "$(field longest_pause_us "$json")"
		record failover.errors "$(field errors "$json")"
		restart_server 0 || bail "server 0 does not start again"
		# shellcheck disable=SC2046
		"$BIN/bench" --json --mode failover --senders 8 --seconds 1 --users 100 $(addresses) >"$dir/steady.out" ||
			bail "bench failed"
		record steady.pause_us "$(field longest_pause_us "$(tail -n 1 "$dir/steady.out")")"
		((kill % 2 == 0)) || continue
		for how in append memory; do
			json=$("$FLOOR" "$dir" 8 1 1 $how) || bail "floor $how"
			record "floor.$how.pause_us" "$(field max_us "$json")"
		done
	done
	progress
	say "Failover, 8 steady senders, kill -9 of the leader, $KILLS times: longest pause of any sender in a second"
	say "  median $(median failover.pause_us) us, maximum $(largest failover.pause_us) us," \
		"results that were no success: $(sum_of failover.errors)"
	say "  in a second with nobody killed, in turn: median $(median steady.pause_us) us, maximum" \
		"$(largest steady.pause_us) us; up to $(messages_stored) messages stored"
	say "  the floor's longest in a second, in turn: median $(median floor.append.pause_us) us, maximum" \
		"$(largest floor.append.pause_us) us; without any disk $(median floor.memory.pause_us)" \
		"and $(largest floor.memory.pause_us) us"
	say
}

idle() {
	local before=() after=() n
	for n in 0 1 2; do
		before[n]=$(resident_kib "${server_pid[n]}")
	done
	progress idle
	: >"$dir/idle.out"
	# shellcheck disable=SC2046
	"$BIN/bench" --json --mode idle --senders "$IDLE" --seconds 4 $(addresses) >"$dir/idle.out" &
	bench=$!
	wait_for 300 grep -q ready "$dir/idle.out" || bail "bench does not begin"
	for n in 0 1 2; do
		after[n]=$(resident_kib "${server_pid[n]}")
		record idle.bytes $(((after[n] - before[n]) * 1024 / IDLE))
	done
	wait $bench || bail "bench failed"
	progress
	say "$IDLE idle clients: $(median idle.bytes) bytes of memory each per server (with the account that each" \
		"made), errors $(field errors "$(tail -n 1 "$dir/idle.out")")"
	say
}

messages_stored() {
	kill -USR1 "${server_pid[0]}"
	wait_for 5 grep -q 'store: facts' "$dir/0.log"
	pause
	grep -o ' messages=[0-9]*' "$dir/0.log" | tail -n 1 | cut -d= -f2
}

loaded_ms() {
	grep -o 'facts in [0-9]* ms' "$dir/0.log" | tail -n 1 | cut -d' ' -f3
}

# On servers of their own: what a stored message costs, and how long a start takes.
size() {
	local before after journal count begin
	fresh_servers size
	before=$(resident_kib "${server_pid[0]}")
	while count=$(messages_stored) && [ "$count" -lt "$STORED" ]; do
		load fill --mode store --senders 4 --depth 64
		progress "$count messages"
	done
	after=$(resident_kib "${server_pid[0]}")
	begin=$(now_ms)
	kill_server 0
	restart_server 0
	record crash.ms $(($(now_ms) - begin))
	progress
	say "$count messages of 100 bytes stored: $(((after - before) * 1024 / count)) bytes of memory each"
	say "  start after kill -9: $(median crash.ms) ms (of which loading $(loaded_ms) ms)"
	stop_server 0
	journal=$(stat -c %s "$dir/size.0/pending.json")
	begin=$(now_ms)
	restart_server 0
	say "  start after a clean stop: $(($(now_ms) - begin)) ms (of which loading $(loaded_ms) ms)," \
		"$((journal / count)) bytes each in the snapshot"
	kill_server 2
	rm -rf "$dir/size.2"
	restart_server 2
	begin=$(now_ms)
	# shellcheck disable=SC2046
	"$BIN/repair" --key "$dir/operator.key" $(addresses) >"$dir/repair.out" 2>&1 || bail 'repair failed'
	say "  rebuilding a wiped replica by repair: $(($(now_ms) - begin)) ms"
	say
}

# A log in to a mailbox of 100,000: when the first message and the last are there, by the clock of who reads.
mailbox() {
	local count=0 name
	fresh_servers mailbox
	while [ "$count" -lt 100000 ]; do
		load fill --users 1 --senders 16 --depth 64
		count=$(messages_stored)
	done
	progress 'mailbox'
	name=$(echo /list | client_json /dev/stdout | grep -o '[a-z0-9]*-r0')
	say "Log in to a mailbox of $count"
	printf '/login %s a-password-of-bench\n/check\n' "$name" | client_json /dev/stdout | perl -MTime::HiRes=time -ne '
		$begin = time if /"event":"ready"/;
		$login = time if /"command":"login"/;
		if (/"event":"message"/) { $first //= time; $last = time; $count++ }
		END { printf "  log in after %.0f ms, first message %.0f ms after it, %d messages after %.0f ms\n",
			($login - $begin) * 1e3, ($first - $login) * 1e3, $count, ($last - $login) * 1e3 }'
	say
}

longest_turn() {
	kill -USR1 "${server_pid[$1]}"
	wait_for 5 grep -q 'loop: turns' "$dir/$1.log"
	pause
	grep -o 'over-5-ms=.* longest-us=[0-9]*' "$dir/$1.log" | tail -n 1
}

# Three servers with a large state beside three without, loaded in turn.
large() {
	local n round shape
	progress 'growing'
	fresh_servers empty
	for n in 3 4 5; do
		mkdir "$dir/large.$n"
		"$OUT/tests/bench/grow" "$dir/large.$n" "$n" "$LARGE_ACCOUNTS" "$LARGE_MESSAGES" "$LARGE_STREAMS" ||
			bail 'the large state cannot be made'
		server_data[n]=$dir/large.$n
		start_server "$n" || bail "server $n does not start"
	done
	for ((round = 0; round < ROUNDS; round++)); do
		for shape in 1x1 64x1 4x64 16x64; do
			load "empty.$shape" --senders "${shape%x*}" --depth "${shape#*x}"
			targets=(3 4 5)
			load "large.$shape" --senders "${shape%x*}" --depth "${shape#*x}"
			targets=(0 1 2)
		done
	done
	progress
	say "Beside $LARGE_ACCOUNTS accounts, $LARGE_MESSAGES messages that wait and $LARGE_STREAMS streams that were read"
	printf '%-8s %14s %14s %8s %14s %14s %8s\n' '' 'empty, msg/s' 'large, msg/s' ratio 'empty, p50 us' \
		'large, p50 us' ratio
	for shape in 1x1 64x1 4x64 16x64; do
		printf '%-8s %14s %14s %8s %14s %14s %8s\n' "$shape" "$(median "empty.$shape.rate")" \
			"$(median "large.$shape.rate")" \
			"$(ratio "$(median "large.$shape.rate")" "$(median "empty.$shape.rate")")" \
			"$(median "empty.$shape.p50_us" 1)" "$(median "large.$shape.p50_us" 1)" \
			"$(ratio "$(median "large.$shape.p50_us" 1)" "$(median "empty.$shape.p50_us" 1)")"
	done
	say "  loading took $(grep -o 'facts in [0-9]* ms' "$dir/3.log" | tail -n 1 | cut -d' ' -f3) ms;" \
		"$(resident_kib "${server_pid[3]}") KiB resident; turns of the loop: $(longest_turn 3)"
	say
}

peers() {
	local found=() name
	if [ ! -x ../shared/peers/run-peers ]; then
		say 'PEERS=1: ../shared/peers is not there'
		return
	fi
	for name in etcd:etcd redis:redis-server nats:nats-server rabbitmq:rabbitmq-server mosquitto:mosquitto ngircd:ngircd; do
		! command -v "${name#*:}" >/dev/null || found+=("${name%:*}")
	done
	if [ ${#found[@]} = 0 ]; then
		say 'PEERS=1: none of etcd, Redis, NATS, RabbitMQ, mosquitto and ngircd is installed'
		return
	fi
	cp -r ../shared/peers "$dir/peers" && chmod -R u+w "$dir/peers" && make -C "$dir/peers" >/dev/null || return
	(
		cd "$dir/peers" || exit
		list=$(IFS=, && echo "${found[*]}")
		./run-peers --only "$list" --parts sweep,failover --rounds "$ROUNDS" --raw raw.new.jsonl
		./run-peers --only "$list" --raw raw.new.jsonl --table
	)
}

machine
# shellcheck disable=SC2119
start_servers
for part in sweep live other failover idle size mailbox large; do
	! wants $part || $part
done
[ "${PEERS:-}" != 1 ] || peers
