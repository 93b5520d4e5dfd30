#!/bin/bash
# SPDX-License-Identifier: MIT
#
# demo: three servers, a client that knows them, and an account `echo` that says back what it is told.
# `make demo` runs it.
#
# The servers take ports 7001 to 7003, or others where these are in use. On a terminal the client is
# for a person; otherwise it reads its commands from stdin. The servers keep their data in
# data/demo-XXXXXX, which is removed at the end, or in $DATA, which is kept and found again. All are
# stopped on every way out. The exit status is the client's.
set -u
BIN=${BIN:-.}
patience_ms=10000

data=
client=
bot=
pids=()
addresses=()

finish() {
	local status=$? pid
	trap '' INT TERM HUP
	for pid in $client $bot ${pids[@]+"${pids[@]}"}; do
		kill -TERM -- "$pid" 2>/dev/null
		# One that was stopped by hand must run to end.
		kill -CONT -- "$pid" 2>/dev/null
	done
	for pid in $client $bot ${pids[@]+"${pids[@]}"}; do
		wait_until has_ended "$pid" || kill -KILL -- "$pid" 2>/dev/null
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
	! kill -0 -- "$1" 2>/dev/null
}

# The server has said where it serves, or has ended.
has_answered() {
	[[ $(<"$2") =~ serving\ ([^\ ]+):([0-9]+), ]] || has_ended "$1"
}

# Runs a command in a job of its own, so that Ctrl-C is for the client alone. The shell is not to say
# how it ended. `started` is its process.
start() {
	set -m
	"$@" &
	set +m
	started=$!
	disown "$started"
}

# On this port; 0: on one that is free.
try_server() {
	: >"$data/$1.log"
	start "$BIN/server" 127.0.0.1 "$2" --data "$data/$1" </dev/null >"$data/$1.log" 2>&1
	wait_until has_answered $started "$data/$1.log"
}

start_server() {
	local log=$data/$1.log
	try_server "$1" $((7001 + $1))
	has_ended $started && try_server "$1" 0
	pids+=("$started")
	if [[ $(<"$log") =~ serving\ ([^\ ]+):([0-9]+), ]]; then
		addresses+=("${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}")
		echo "server $1: ${BASH_REMATCH[1]} port ${BASH_REMATCH[2]}, process $started" >&2
	else
		echo "server $1 did not start: $(<"$log")" >&2
		exit 1
	fi
}

# Says back what comes, as it came: a JSON string is passed on as it stands.
answer() {
	local line from text
	while read -r line; do
		[[ $line != *'"event":"result"'* ]] || : >"$data/echo.ready"
		[[ $line == *'"event":"message"'* ]] || continue
		[[ $line =~ \"from\":\"([^\"]+)\" ]] && from=${BASH_REMATCH[1]} || continue
		[[ $line =~ \"text\":(\"([^\"\\]|\\.)*\") ]] && text=${BASH_REMATCH[1]} || continue
		printf '{"command":"msg","to":["%s"],"text":%s}\n' "$from" "$text"
	done
}

# The account `echo`, with a password that is kept beside the data.
run_bot() {
	local secret=$data/echo.password fifo=$data/echo.fifo command=login
	[ -e "$secret" ] || { command=create; (umask 077; od -An -N16 -tx1 /dev/urandom | tr -d ' \n' >"$secret"); }
	rm -f "$fifo" "$data/echo.ready"
	mkfifo -m 600 "$fifo" || return
	{
		printf '{"command":"%s","name":"echo","password":"%s"}\n' $command "$(<"$secret")"
		answer <"$fifo"
	} | exec "$BIN/client" --json "${addresses[@]}" >"$fifo" 2>"$data/echo.log"
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
start run_bot
bot=-$started # all of its processes
wait_until [ -e "$data/echo.ready" ]
if [ -t 0 ]; then
	cat >&2 <<END
In this client: /create NAME, then /talk echo, and it answers.
A second person, in another terminal: $BIN/client ${addresses[*]}
Kill any two of the servers (kill -9 ${pids[*]:0:2}) while you chat; /quit ends everything.
END
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
