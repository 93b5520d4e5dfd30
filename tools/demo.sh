#!/bin/bash
# SPDX-License-Identifier: MIT
#
# demo: three servers on ports that are free, and a client that knows them. `make demo` runs it.
#
# On a terminal the client is for a person; otherwise it reads its commands from stdin. The servers keep
# their data in data/demo-XXXXXX, which is removed at the end, or in $DATA, which is kept and found
# again. They are stopped on every way out. The exit status is the client's.
set -u
BIN=${BIN:-.}
patience_ms=10000

data=
client=
pids=()
addresses=()

finish() {
	local status=$? pid
	trap '' INT TERM HUP
	for pid in $client ${pids[@]+"${pids[@]}"}; do
		kill -TERM "$pid" 2>/dev/null
		# One that was stopped by hand must run to end.
		kill -CONT "$pid" 2>/dev/null
	done
	for pid in $client ${pids[@]+"${pids[@]}"}; do
		wait_until has_ended "$pid" || kill -KILL "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
	[ -n "${DATA:-}" ] || [ -z "$data" ] || rm -rf -- "$data"
	exit "$status"
}

now_ms() {
	local t=${EPOCHREALTIME/[.,]/}
	echo $((t / 1000))
}

# Waits for a command to succeed, asking every 10 ms; fails after a while.
wait_until() {
	local end=$(($(now_ms) + patience_ms))
	until "$@"; do
		[ "$(now_ms)" -lt $end ] || return 1
		sleep 0.01
	done
}

has_ended() {
	! kill -0 "$1" 2>/dev/null
}

# The server has said where it serves, or has ended.
has_answered() {
	[[ $(<"$2") =~ serving\ ([^\ ]+):([0-9]+), ]] || has_ended "$1"
}

start_server() {
	local log=$data/$1.log
	: >"$log"
	# A job of its own, so that Ctrl-C is for the client alone.
	set -m
	"$BIN/server" 127.0.0.1 0 --data "$data/$1" </dev/null >"$log" 2>&1 &
	set +m
	pids+=($!)
	wait_until has_answered $! "$log"
	if [[ $(<"$log") =~ serving\ ([^\ ]+):([0-9]+), ]]; then
		addresses+=("${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}")
		echo "server $1: ${BASH_REMATCH[1]} port ${BASH_REMATCH[2]}, process $!" >&2
	else
		echo "server $1 did not start: $(<"$log")" >&2
		exit 1
	fi
}

trap finish EXIT
trap 'exit 129' HUP
trap 'exit 143' TERM
# Ctrl-C belongs to the client; whether it ends is the client's choice.
trap : INT

if [ -n "${DATA:-}" ]; then
	data=$DATA
	mkdir -p "$data" || exit 1
else
	mkdir -p data && data=$(mktemp -d data/demo-XXXXXX) || exit 1
fi
for n in 0 1 2; do
	start_server $n
done
if [ -t 0 ]; then
	echo "Kill any two of them (kill -9 ${pids[*]:0:2}) while you chat; /quit ends everything." >&2
fi
# In the background, since only `wait` lets a trap run at once; with the stdin and the Ctrl-C of a foreground.
env --default-signal=INT,QUIT "$BIN/client" "${addresses[@]}" <&0 &
client=$!
until wait $client; status=$?; has_ended $client; do
	:
done
client=
# 1: a command was refused. A script wants to know; a person has read it, and make would call it an error.
[ ! -t 0 ] || [ $status != 1 ] || status=0
exit $status
