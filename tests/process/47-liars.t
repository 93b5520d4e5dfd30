#!/bin/bash
# SPDX-License-Identifier: MIT
#
# One replica of three that is broken, or lies, stops nobody: the real client beside it does all that a client does, in
# little time and little memory. tests/replication/liar.c has the same with each replica in turn.
. tests/lib/lib.sh

command -v python3 >"$dir/python" || {
	skip 'replicas that lie' 'python3 is not installed'
	done_testing
}

start_servers
run=()
modes=(silence unknown list page one pages pushes twice numbers dumb noise)
for at in "${!modes[@]}"; do
	python3 tests/hostile/liar.py "$BIN/client" "ann$at" "${modes[at]}" $((at % 3)) "${server_port[@]}" \
		>"$dir/${modes[at]}" 2>"$dir/${modes[at]}.err" &
	run+=($!)
done
python3 tests/hostile/liar.py "$BIN/client" none noise 012 "${server_port[@]}" >"$dir/all" 2>"$dir/all.err" &
run+=($!)
wait "${run[@]}"
all='create:ok msg:ok list:ok logout:ok login:ok check:ok delete:ok'
for mode in "${modes[@]}"; do
	read -r seconds cpu memory heard results <"$dir/$mode"
	is "$mode: every command is done" "$results" "$all"
	is "$mode: a message comes" "$heard" heard
	# Sanitizers keep what was freed.
	[ -n "${SAN:-}" ] || ok "$mode: memory is bounded ($memory MiB)" test "$memory" -lt 64
	echo "# $mode: $seconds s, $cpu s of the processor, $memory MiB"
done
read -r seconds cpu memory heard results <"$dir/all"
ok "three liars: the client ends ($seconds s)" test "${seconds%.*}" -lt 50
ok "three liars: it does not spin ($cpu s of the processor)" test "${cpu%.*}" -lt 5
stop_all
done_testing
