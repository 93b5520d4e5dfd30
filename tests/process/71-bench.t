#!/bin/bash
# SPDX-License-Identifier: MIT
#
# bench: every mode measures something and says so in the form that programs read; what cannot be measured
# ends with the status that says why.
. tests/lib/lib.sh

keys='mode senders depth text to seconds messages rate p50_us p90_us p99_us max_us errors longest_pause_us'

# measure MODE OPTION...: the object is put into $line.
measure() {
	# shellcheck disable=SC2046
	timeout 60 "$BIN/bench" --json --seconds 0.3 --users 20 --mode "$@" $(addresses) \
		>"$dir/bench.out" 2>"$dir/bench.err" || return
	line=$(tail -n 1 "$dir/bench.out")
}

has_reported() {
	[ "$(grep -c ' messages=' "${server_log[$1]}")" -gt "$2" ]
}

# How many messages a server holds, by its own word.
messages_of() {
	local reports
	reports=$(grep -c ' messages=' "${server_log[$1]}")
	signal_server "$1" USR1
	wait_for "$patience" has_reported "$1" "$reports"
	grep -o ' messages=[0-9]*' "${server_log[$1]}" | tail -n 1 | cut -d= -f2
}

start_servers

for mode in store live login list idle failover; do
	ok "$mode: measures" measure $mode --senders 3 --depth 2
	for key in $keys; do
		like "$mode: says $key" "$(field "$key")" '^[a-z0-9.]+$'
	done
	is "$mode: says its mode" "$(field mode)" $mode
	is "$mode: no errors" "$(field errors)" 0
	ok "$mode: something was counted" test "$(field messages)" -gt 0
	ok "$mode: says when it begins" grep -q '"event": "ready"' "$dir/bench.out"
done

ok 'idle: clients are counted' measure idle --senders 40
is 'idle: all of them' "$(field messages)" 40

ok 'texts: of one byte' measure store --text 1
ok 'texts: of 64 KiB' measure store --text 65536 --depth 4
is 'texts: of 64 KiB: no errors' "$(field errors)" 0

# What it says was stored is stored. Sent were a warm-up and acquaintances too, so it is no less.
measure store --senders 2 --depth 8
stored=$(field messages)
stop_server 1
ok 'store: what was counted is in the files of a replica' \
	test "$(grep -c '"sent":' "$dir/1/pending.json")" -ge "$stored"
restart_server 1

# One text to many: what is counted are texts.
before=$(messages_of 0)
ok 'to many: measures' measure store --users 30 --to 20 --senders 2 --depth 2
is 'to many: says to how many' "$(field to)" 20
is 'to many: no errors' "$(field errors)" 0
ok 'to many: each text is stored for each of them' \
	test $(($(messages_of 0) - before)) -ge $((20 * $(field messages)))

# As many processes as the limit of open files asks for.
# shellcheck disable=SC2046,SC2016
ok 'a small limit of open files: several processes' \
	bash -c 'ulimit -n 300 && exec "$@"' - "$BIN/bench" --json --mode idle --senders 120 --seconds 0.3 $(addresses)
# shellcheck disable=SC2046,SC2016
is 'a small limit: all clients of all processes' \
	"$(bash -c 'ulimit -n 300 && exec "$@"' - "$BIN/bench" --json --mode idle --senders 120 --seconds 0.3 $(addresses) |
		tail -n 1 | perl tests/lib/json.pl - -- messages)" 120

# Killed servers: every request has its result all the same.
: >"$dir/failover.out"
# shellcheck disable=SC2046
"$BIN/bench" --json --mode failover --senders 4 --seconds 1 --users 10 $(addresses) >"$dir/failover.out" &
bench=$!
ok 'failover: begins' wait_for 30 grep -q ready "$dir/failover.out"
kill_server 0
ok 'failover: ends well though the leader was killed' wait_for_end $bench
line=$(tail -n 1 "$dir/failover.out")
is 'failover: no result is lost' "$(field errors)" 0
ok 'failover: the pause is shorter than a reply timeout' test "$(field longest_pause_us | cut -d. -f1)" -lt 3000000
restart_server 0

# shellcheck disable=SC2046,SC2016
ok 'for people: a table' bash -c '"$@" | grep -q "latency min"' - "$BIN/bench" --seconds 0.1 --users 2 $(addresses)

# A ratio is made within each round, and only where both were measured.
is 'figures: the median of the ratios, not the ratio of the medians' "$(PYTHONPATH=tests/bench python3 -B -c '
from figures import Figures
f = Figures()
for number, mine, theirs in (0, 10, 20), (1, 90, 100), (2, 40, 50), (3, 7, None):
	f.add("case", "ours", number, {"rate": mine})
	if theirs is not None:
		f.add("case", "floor", number, {"rate": theirs})
print(f.ratio("case", "rate", "ours", "floor"), f.median("case", "ours", "rate"), f.ratio("case", "rate", "ours", "old"))
')" '0.8 25.0 None'
is 'figures: zeros that were reserved are not bytes of a file' "$(PYTHONPATH=tests/bench python3 -B -c '
import sys
from state import used_bytes
open(sys.argv[1], "wb").write(b"line\n" + b"\0" * 3000000)
print(used_bytes(sys.argv[1]))
' "$dir/reserved")" 5

# status NAME STATUS WORDS COMMAND...
status() {
	local name=$1 want=$2 words=$3
	shift 3
	timeout 60 "$@" >"$dir/out" 2>"$dir/err"
	is "$name: status" $? "$want"
	like "$name: says why" "$(<"$dir/err")" "$words"
}

status 'an unknown mode' 2 'none of store' "$BIN/bench" --mode fast 1 1 2 2 3 3
status 'two replicas' 2 'three pairs' "$BIN/bench" 127.0.0.1 1 127.0.0.1 2
status 'a depth of nothing' 2 'depth' "$BIN/bench" --depth 0 127.0.0.1 1 127.0.0.1 2 127.0.0.1 3
status 'more recipients of a message than there are' 2 'to 3 of 2' "$BIN/bench" --to 3 --users 2 \
	127.0.0.1 1 127.0.0.1 2 127.0.0.1 3
status 'nobody there' 3 'no replica' "$BIN/bench" --seconds 0.1 127.0.0.1 "$(free_port)" 127.0.0.1 "$(free_port)" \
	127.0.0.1 "$(free_port)"
ok 'help' "$BIN/bench" --help

done_testing
