# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# features: what the tests of the features share beside lib.sh. They begin with
#
#	#!/bin/bash
#	. tests/lib/features.sh
#
#	order                     which servers a client is given, and in which order: (0 1 2)
#	enter NAME                a client that is ready, with an account of that name, logged in (password pw-NAME)
#	visit NAME                a client that is ready
#	come NAME [ACCOUNT]       a client that has logged in to an account that exists (default: NAME's own)
#	says NAME LINE [PATH...]  asks it and prints `ok` or the code of the refusal, and fields of the result
#	answer PATH               a field of the last result
#	codes FILE                of each result in FILE: `command:ok` or `command:CODE`, with blanks between
#	shown FILE                the texts of the messages in FILE, with blanks between
#	run_all FILE [OPTION...]  as client_json, with what is on stdin; prints codes
#	knows_all NAME            waits until all three are live for this client; client_wait then skips what was
#	                          said before
#	restart_missing           starts the servers that do not run
#
#	repair [OPTION...]         with the key that the servers made; what it says is in $dir/repair.out and repair.err
#	of_repair REGEX OPTION...  its status, and in how many lines it said something of this form
#
#	term_start NAME COMMAND...   a terminal of its own (tmux), in which the command runs; then its exit status
#	                             is shown as `status N`, and whether the terminal still echoes as `echo` or `-echo`
#	term_client NAME [OPTION...] a client in one
#	term_type NAME LINE          types it, and Enter          term_key NAME KEY...    presses keys, as C-c
#	term_screen NAME             what is on the screen        term_sees NAME REGEX    waits until that is on it
#
#	fake_clock                 builds the clock of tests/lib/fake_clock.c; $clock is what to put into LD_PRELOAD

. tests/lib/lib.sh

# shellcheck disable=SC2034 # for the tests
order=(0 1 2)
server_host=()

addresses() {
	local n
	[ $# != 0 ] || set -- "${order[@]}"
	for n; do
		echo "${server_host[$n]:-$host} ${server_port[$n]}"
	done
}

visit() {
	local name=$1
	shift
	rm -f "$dir/$name.asked"
	client_start "$name" "$@" && client_wait "$name" '"event":"ready"'
}

enter() {
	local name=$1
	shift
	visit "$name" "$@" && client_ask "$name" "/create $name pw-$name" && [ "$(field ok)" = true ]
}

come() {
	visit "$1" && client_ask "$1" "/login ${2:-$1} pw-${2:-$1}" && [ "$(field ok)" = true ]
}

# Works in a subshell, too. A subshell cannot change the variables of this shell, so the state is in files.
client_ask() {
	local offset
	client_say "$1" "$2" || return 1
	[ -s "$dir/$1.asked" ] || echo 0 >"$dir/$1.asked"
	client_find "$1" '"event":\s*"result"' "${3:-$patience}" "$(<"$dir/$1.asked")" || return 1
	echo "$offset" >"$dir/$1.asked"
	echo "$line" >"$dir/.answer"
}

answer() {
	field "$1" "$(<"$dir/.answer")"
}

says() {
	local name=$1 said
	client_ask "$name" "$2" 30 || return 1
	shift 2
	said=$(perl tests/lib/json.pl - -- error "$@" <<<"$line" | tr '\t' ' ')
	[[ $said =~ ^[a-z] ]] || said=ok$said
	[[ $said =~ [^\ ](.*[^\ ])? ]]
	echo "${BASH_REMATCH[0]}"
}

codes() {
	json_get "$1" event=result -- command ok error |
		awk -F'\t' '{ printf "%s%s:%s", (NR > 1 ? " " : ""), $1, ($2 == "true" ? "ok" : $3) }'
}

shown() {
	json_get "$1" event=message -- text | tr '\n' ' ' | sed 's/ $//'
}

run_all() {
	client_json "$@"
	codes "$1"
}

has_all_live() {
	client_ask "$1" /replicas >/dev/null &&
		[ "$(json_get "$dir/$1.out" event=replicas | tail -n 1 | grep -o '"state":"live"' | wc -l)" = 3 ]
}

knows_all() {
	wait_for "$patience" has_all_live "$1" && client_offset[$1]=$(stat -c %s "$dir/$1.out")
}

restart_missing() {
	local n
	for n in 0 1 2; do
		[ -n "${server_pid[$n]:-}" ] || restart_server "$n" || return 1
	done
}

# ---- an operator ----

repair() {
	# shellcheck disable=SC2046
	timeout -k 5 120 "$BIN/repair" --key "$dir/operator.key" $(addresses) "$@" </dev/null \
		>"$dir/repair.out" 2>"$dir/repair.err"
}

of_repair() {
	local regex=$1 status
	shift
	repair "$@"
	status=$?
	echo "$status $(cat "$dir/repair.out" "$dir/repair.err" | grep -cE "$regex")"
}

# ---- terminals ----

terminal() {
	tmux -u -S "$dir/tmux" -f /dev/null "$@"
}

term_start() {
	local name=$1 command
	shift
	command=$(printf '%q ' "$@")
	terminal new-session -d -s "$name" -x 100 -y 50 \
		"$command; echo status \$?; stty -a | grep -ow -e '-*echo'; exec cat >/dev/null"
}

term_client() {
	local name=$1
	shift
	# shellcheck disable=SC2046
	term_start "$name" "$BIN/client" "$@" $(addresses)
}

term_key() {
	local name=$1
	shift
	terminal send-keys -t "$name" "$@"
}

term_type() {
	terminal send-keys -t "$1" -l -- "$2"
	terminal send-keys -t "$1" Enter
}

term_screen() {
	terminal capture-pane -p -J -t "$1"
}

# Rows that begin with so many blanks go on with what stands above them.
term_joined() {
	perl -0pe "s/\\n {$1,}(?=[^ |])/ /g"
}

term_fits() {
	local text
	text=$(term_screen "$1" | sed 's/ *$//' | term_joined 9)
	grep -qE -- "$2" <<<"$text" || term_joined 2 <<<"$text" | grep -qE -- "$2"
}

term_sees() {
	wait_for "$patience" term_fits "$1" "$2" || {
		term_screen "$1"
		return 1
	}
}

# ---- time ----

fake_clock() {
	clock=$dir/clock.so
	# The sanitizers ask to be loaded first. They need not be: the clock replaces none of their functions.
	export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0
	${CC:-cc} -std=gnu11 -O1 -shared -fPIC -o "$clock" tests/lib/fake_clock.c
}
