#!/bin/bash
# SPDX-License-Identifier: MIT
#
# One replica of three that is broken, or lies, stops nobody: the real client beside it does all that a client does, in
# little time and little memory. So does repair, which makes the other two the same. tests/replication/liar.c and
# tests/reconcile/liar.c have the same without sockets.
. tests/lib/lib.sh

command -v python3 >"$dir/python" || {
	skip 'replicas that lie' 'python3 is not installed'
	done_testing
}

start_servers
run=()
modes=(silence unknown list page one pages pushes twice numbers dumb noise ended gone different uuid drip taken)
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

# ---- repair ----

# Replica 0 lies. The other two do not hold the same before: the third one was away.
# beside MODE [OPTION...]: the line of liar.py in $dir/MODE.repair, then what repair said.
beside() {
	local mode=$1
	shift
	python3 tests/hostile/liar.py "$BIN/repair" repair "$mode" 0 "${server_port[@]}" --key "$dir/operator.key" "$@" \
		>"$dir/$mode.repair" 2>"$dir/$mode.err"
}

# honest [OPTION...]: repair of the other two alone; the status.
honest() {
	"$BIN/repair" --key "$dir/operator.key" 127.0.0.1 1 127.0.0.1 "${server_port[1]}" 127.0.0.1 "${server_port[2]}" "$@" \
		>"$dir/honest.out" 2>&1
	echo $?
}

# The third one lacks an account.
make_differ() {
	printf '/create %s secret\n' "$1" |
		"$BIN/client" --json 127.0.0.1 "${server_port[0]}" 127.0.0.1 "${server_port[1]}" 127.0.0.1 1 >"$dir/differ.out" 2>&1
}

# mode|what is said of replica 0, the liar. He stands on the way, and has no key: of one that has, tests/reconcile/liar.c tells.
told='silence|not reached: .*silence
dumb|not reached: does not answer in time
noise|not reached: (sends what is no frame|speaks something else)
twice|not reached: answers
numbers|(refused: it has another operator key|not reached: )
uuid|refused: .*passes itself off as another
push|not reached: says what somebody has changed on the way
elements|not reached: (too few bytes in the payload|says what somebody has changed on the way)
digests|(not reached: |[0-9]+ elements)
drip|not reached: does not answer in time'
while IFS='|' read -r mode why; do
	ok "repair, $mode: the others differ" make_differ "r$mode"
	is "repair, $mode: which --check says" "$(honest --check)" 1
	beside "$mode"
	read -r seconds cpu memory status <"$dir/$mode.repair"
	is "repair, $mode: it is done" "$status" 0
	ok "repair, $mode: it says why" grep -Eq "^replica 0 .*: $why" "$dir/$mode.repair"
	is "repair, $mode: the other two are the same" "$(honest --check)" 4
	ok "repair, $mode: in little time ($seconds s)" test "${seconds%.*}" -lt 40
	[ -n "${SAN:-}" ] || ok "repair, $mode: memory is bounded ($memory MiB)" test "$memory" -lt 64
	sed "s/^/# $mode: /" "$dir/$mode.repair"
done <<<"$told"

for mode in noise uuid push; do
	beside $mode --check
	read -r _ _ _ status <"$dir/$mode.repair"
	is "repair --check, $mode: the other two are the same" "$status" 4
	beside $mode --backup "$dir/backup.$mode"
	read -r _ _ _ status <"$dir/$mode.repair"
	is "repair --backup, $mode: it is written" "$status" 0
	ok "repair --backup, $mode: of the other two" grep -q 'the union of 2 replicas' "$dir/$mode.repair"
	beside $mode --unconfirmed
	read -r _ _ _ status <"$dir/$mode.repair"
	is "repair --unconfirmed, $mode: it is listed" "$status" 0
	ok "repair --unconfirmed, $mode: it says who took no part" grep -Eq '^repair: replica 0 .*: (not reached|refused): ' "$dir/$mode.repair"
done
stop_all
done_testing
