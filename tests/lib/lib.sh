# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# lib: what the shell tests share. Begin a test with
#
#	#!/bin/bash
#	. tests/lib/lib.sh
#
# and end it with `done_testing`. Tests run from the top of the tree; programs come from $BIN (default .).
# Each test has a folder of its own, $dir, that is removed at its end (KEEP=1 keeps it); every process that
# was started through here is gone by then, too. Nothing is killed by name, nothing waits without a deadline,
# and ports are picked by the system and read back.
#
#	ok NAME COMMAND...        the command succeeds; what it said is shown if it does not
#	nok NAME COMMAND...       the command fails (with a status below 126: it ran, and was not killed)
#	is NAME GOT WANT          like NAME GOT REGEX (extended)          pass NAME, fail NAME [WHY]
#	skip NAME WHY             a failure in CI
#
#	start_server N [OPTION...]    N from 0, as the client counts; data in $dir/N, output in $dir/N.log
#	restart_server N [OPTION...]  as before on the same port, with the same options if none is given
#	stop_server N                 SIGTERM, waits; returns the server's exit status
#	kill_server N                 SIGKILL, waits              signal_server N SIGNAL   STOP, CONT
#	${server_pid[N]} ${server_port[N]} ${server_data[N]} ${server_log[N]}
#	addresses [N...]              `HOST PORT ...` of these servers, by default of 0 1 2
#
#	client_json FILE [OPTION...] <script   runs a whole script, JSON to FILE; returns the exit status
#	client_start NAME [OPTION...]          a client that goes on: output in $dir/NAME.out
#	client_say NAME LINE                   writes one command
#	client_wait NAME REGEX [SECONDS]       the next line (Perl's regex) after the last found is put into $line
#	client_ask NAME LINE [SECONDS]         says it and waits for its result, which is put into $line
#	client_close NAME                      end of input, waits; returns the exit status
#	client_kill NAME                       SIGKILL, waits
#	client_told                            until the servers have on disk that the message in $line was received
#	field PATH [JSON]                      a value of $line (or of JSON), as `field error`, `field replicas.0.state`
#	json_get FILE [PATH=VALUE...] [-- PATH...]   the lines that fit, or fields of them (tests/lib/json.pl)
#	json_count FILE [PATH=VALUE...]              how many lines fit
#
#	wait_for SECONDS COMMAND...   until the command succeeds          free_port   a port where nobody listens
#	child_of PID                  the first child of that process
#
#	needs_mounts=1                before this file is read: the test is begun again where it may mount. $mounts is
#	                              then `all`, `tmpfs` (no real root, so no other file systems) or `none`
#	mount_at FOLDER OPTION...     mount(8) onto a new folder; it is unmounted at the end of the test
#
# CLIENT_OPTIONS are given to every client, SERVER_OPTIONS to every server; DAEMON='gdb -batch -ex run --args ./server'
# replaces the server.

# shellcheck disable=SC2034 # several variables are for the tests
set -u
if [ -n "${needs_mounts:-}" ] && [ -z "${THREEFOLD_MOUNTS:-}" ]; then
	unshare --mount true 2>/dev/null && THREEFOLD_MOUNTS=all exec unshare --mount bash "$0"
	unshare --user --map-root-user --mount true 2>/dev/null &&
		THREEFOLD_MOUNTS=tmpfs exec unshare --user --map-root-user --mount bash "$0"
	export THREEFOLD_MOUNTS=none
fi
mounts=${THREEFOLD_MOUNTS:-none}
mounted=()
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
BIN=${BIN:-.}
# Seconds that anything may take. It is plenty: sanitizers are slow, and other work may have most of the processor.
patience=${PATIENCE:-30}
unknown_host=no-such-host..invalid # libc itself refuses an empty label: no name server is asked, and none can be slow

dir=$(mktemp -d "${TMPDIR:-/tmp}/threefold.XXXXXX") || exit 1
export XDG_STATE_HOME=$dir/state # what is typed at a client is kept there and not in somebody's home
export XDG_CONFIG_HOME=$dir/config # so nobody's own addresses are found
tests=0
failures=0
server_pid=()
server_port=()
server_data=()
server_log=()
declare -A server_args=() client_pid=() client_fd=() client_offset=() client_result=()
host=${SERVER_HOST:-127.0.0.1}
line=

# ---- TAP ----

pass() {
	tests=$((tests + 1))
	echo "ok $tests - $1"
}

fail() {
	tests=$((tests + 1))
	failures=$((failures + 1))
	echo "not ok $tests - $1"
	comment "line ${BASH_LINENO[${depth:-0}]} of $0"
	[ $# -lt 2 ] || comment "$2"
}

comment() {
	printf '%s\n' "$*" | sed 's/^/# /'
}

ok() {
	local name=$1 depth=1 said status
	shift
	# Not in a subshell: what the command remembers must stay.
	"$@" >"$dir/.said" 2>&1
	status=$?
	said=$(<"$dir/.said")
	if [ $status = 0 ]; then
		pass "$name"
	else
		fail "$name" "status $status of: $*"
		[ -z "$said" ] || comment "$said"
		return 1
	fi
}

nok() {
	local name=$1 depth=1 said status
	shift
	# Not in a subshell: what the command remembers must stay.
	"$@" >"$dir/.said" 2>&1
	status=$?
	said=$(<"$dir/.said")
	if [ $status != 0 ] && [ $status -lt 126 ]; then
		pass "$name"
	else
		fail "$name" "status $status of: $*"
		[ -z "$said" ] || comment "$said"
		return 1
	fi
}

is() {
	local depth=1
	if [ "$2" = "$3" ]; then
		pass "$1"
	else
		fail "$1" "got '$2', want '$3'"
		return 1
	fi
}

like() {
	local depth=1
	if [[ $2 =~ $3 ]]; then
		pass "$1"
	else
		fail "$1" "got '$2', want a match of '$3'"
		return 1
	fi
}

skip() {
	if [ -n "${CI:-}" ]; then
		fail "$1" "skipped: $2"
	else
		tests=$((tests + 1))
		echo "ok $tests - $1 # SKIP $2"
	fi
}

bail() {
	echo "Bail out! $*"
	exit 1
}

# Stops what still runs and prints the plan. A report of a sanitizer or a failed assertion anywhere is a
# failure, whatever the test itself found.
done_testing() {
	local report depth=1
	clean_up_processes
	report=$(grep -lE 'Sanitizer|runtime error:|Assertion .* failed' "$dir"/*.log "$dir"/*.err 2>/dev/null)
	if [ -n "$report" ]; then
		fail 'no program reported a bug'
		# shellcheck disable=SC2086
		comment "$(head -n 60 $report)"
	fi
	if [ $failures != 0 ]; then
		for report in "$dir"/*.log "$dir"/*.err; do
			[ -s "$report" ] && comment "${report##*/}:"$'\n'"$(tail -n 15 "$report")"
		done
	fi
	echo "1..$tests"
	exit $((failures != 0))
}

# Another name of 127.0.0.1. A machine whose system is newly made knows no names; there it is another spelling.
localhost=localhost
getent hosts localhost >/dev/null || localhost=127.1

# ---- waiting ----

# A fifo that nobody writes to: reading it waits without a process.
mkfifo "$dir/.never" && exec {never}<>"$dir/.never" || exit 1

now_ms() {
	local t=$EPOCHREALTIME
	t=${t/[.,]/}
	echo $((t / 1000))
}

pause() {
	read -rt 0.01 <&"$never"
	return 0
}

wait_for() {
	local end=$(($(now_ms) + $1 * 1000))
	shift
	until "$@"; do
		[ "$(now_ms)" -lt $end ] || return 1
		pause
	done
}

has_ended() {
	! kill -0 "$1" 2>/dev/null
}

# From /proc, for ps is not everywhere.
child_of() {
	local stat pid parent
	for stat in /proc/[0-9]*/stat; do
		read -r stat 2>/dev/null <"$stat" || continue # it has ended
		pid=${stat%% *}
		read -r _ parent _ <<<"${stat##*) }"
		[ "$parent" != "$1" ] || { echo "$pid" && return; }
	done
	return 1
}

# Those processes and all below them, the parents first.
processes_below() {
	cat /proc/[0-9]*/stat 2>/dev/null | awk -v roots="$*" '
		{ pid = $1; sub(/^.*\) . /, ""); parent[pid] = $1 }
		END {
			last = split(roots, found)
			for (i = 1; i <= last; i++)
				for (pid in parent)
					if (parent[pid] == found[i])
						found[++last] = pid
			for (i = 1; i <= last; i++)
				print found[i]
		}'
}

# A zombie has ended, too: nobody may be there to wait for it.
is_gone() {
	local stat
	read -r stat 2>/dev/null <"/proc/$1/stat" || return 0
	[[ ${stat##*) } == Z* ]]
}

# Waits for a child and returns its status; kills it, and returns 124, if it takes too long.
wait_for_end() {
	if ! wait_for "$patience" has_ended "$1"; then
		comment "process $1 did not end within $patience s"
		kill -KILL "$1"
		wait "$1" 2>/dev/null
		return 124
	fi
	wait "$1" 2>/dev/null
}

# Starts a command without the descriptors that are this test's own: a client that held another one's
# input would keep it open for ever.
launch() {
	local fd
	for fd in "$never" ${client_fd[@]+"${client_fd[@]}"}; do
		exec {fd}>&-
	done
	exec "$@"
}

# Ends the terminals of this test (tmux at $dir/tmux), and what runs in them. What has not ended five seconds later is
# killed: a sanitizer looks for leaks at the end of a program, and hangs if the terminal goes away meanwhile.
end_terminals() {
	local pid pids
	[ -S "$dir/tmux" ] || return 0
	# shellcheck disable=SC2046
	pids=$(processes_below $(command tmux -S "$dir/tmux" list-panes -a -F '#{pane_pid}' 2>/dev/null))
	command tmux -S "$dir/tmux" kill-server 2>/dev/null
	for pid in $pids; do
		wait_for 5 is_gone "$pid" || kill -KILL "$pid" 2>/dev/null
	done
}

clean_up_processes() {
	local pid name
	end_terminals
	for name in "${!client_fd[@]}"; do
		name=${client_fd[$name]}
		exec {name}>&-
	done
	client_fd=()
	for pid in ${server_pid[@]+"${server_pid[@]}"} ${client_pid[@]+"${client_pid[@]}"}; do
		kill -KILL "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
	server_pid=()
	client_pid=()
}

mount_at() {
	local folder=$1
	shift
	mkdir -p "$folder" && mount "$@" "$folder" && mounted+=("$folder")
}

clean_up() {
	clean_up_processes
	[ ${#mounted[@]} = 0 ] || umount "${mounted[@]}" 2>/dev/null
	if [ -n "${KEEP:-}" ]; then
		echo "# kept: $dir"
	else
		rm -rf -- "$dir"
	fi
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
# A handler, not "ignore", which the programs under test would inherit.
trap : PIPE

free_port() {
	perl -MIO::Socket::INET -e 'print IO::Socket::INET->new(Listen => 1, LocalAddr => "127.0.0.1")->sockport'
}

# ---- servers ----

server_is_up() {
	local text
	has_ended "${server_pid[$1]}" && return 0
	text=$(<"${server_log[$1]}")
	[[ $text =~ serving\ [^\ ]*:([0-9]+), ]]
}

start_server() {
	local n=$1 end log text
	shift
	log=$dir/$n.log
	server_log[n]=$log
	server_data[n]=${server_data[n]:-$dir/$n}
	server_args[$n]=$(printf '%q ' "$@")
	[ $# != 0 ] || server_args[$n]=
	# What an earlier life said stays, in a file of its own.
	[ ! -s "$log" ] || cat "$log" >>"$dir/$n.before.log"
	: >"$log"
	# shellcheck disable=SC2086
	(launch ${DAEMON:-"$BIN/server"} "$host" "${server_port[n]:-0}" --data "${server_data[n]}" \
		${SERVER_OPTIONS:-} "$@") </dev/null >>"$log" 2>&1 &
	server_pid[n]=$!
	if ! wait_for "$patience" server_is_up "$n"; then
		comment "server $n did not say where it serves within $patience s"
		return 1
	fi
	text=$(<"$log")
	if [[ $text =~ serving\ [^\ ]*:([0-9]+), ]]; then
		server_port[n]=${BASH_REMATCH[1]}
		return 0
	fi
	wait "${server_pid[n]}"
	end=$?
	unset "server_pid[n]"
	comment "server $n ended with $end: $text"
	return "$end"
}

start_servers() {
	local n
	for n in 0 1 2; do
		start_server "$n" "$@" || bail "server $n does not start"
	done
}

restart_server() {
	local n=$1
	shift
	[ $# != 0 ] || eval "set -- ${server_args[$n]}"
	start_server "$n" "$@"
}

signal_server() {
	kill -"${2#-}" "${server_pid[$1]}"
}

kill_server() {
	local pid=${server_pid[$1]}
	unset "server_pid[$1]"
	kill -KILL "$pid" && wait "$pid" 2>/dev/null
	return 0
}

stop_server() {
	local pid=${server_pid[$1]}
	unset "server_pid[$1]"
	kill -TERM "$pid" && wait_for_end "$pid"
}

# All at the same moment, as a power cut does.
kill_all() {
	local pid pids=("${server_pid[@]}")
	server_pid=()
	{ # the shell's own word of each death is not wanted
		kill -KILL "${pids[@]}"
		for pid in "${pids[@]}"; do wait "$pid"; done
		:
	} 2>/dev/null
}

stop_all() {
	local pid status=0 pids=("${server_pid[@]}")
	server_pid=()
	kill -TERM "${pids[@]}"
	for pid in "${pids[@]}"; do
		wait_for_end "$pid" || status=$?
	done
	return $status
}

addresses() {
	local n
	[ $# != 0 ] || set -- 0 1 2
	for n; do
		echo "$host ${server_port[$n]}"
	done
}

# ---- clients ----

client_json() {
	local file=$1
	shift
	# shellcheck disable=SC2046,SC2086
	timeout -k 5 "${CLIENT_LIMIT:-120}" "$BIN/client" --json ${CLIENT_OPTIONS:-} "$@" $(addresses) \
		>"$file" 2>>"$dir/client_json.err"
}

client_start() {
	local name=$1 fd
	shift
	rm -f "$dir/$name.in"
	mkfifo "$dir/$name.in" || return 1
	: >"$dir/$name.out"
	# shellcheck disable=SC2046,SC2086
	(launch "$BIN/client" --json ${CLIENT_OPTIONS:-} "$@" $(addresses)) \
		<"$dir/$name.in" >"$dir/$name.out" 2>>"$dir/$name.err" &
	client_pid[$name]=$!
	# Waits until the other side has opened it, too.
	exec {fd}>"$dir/$name.in"
	client_fd[$name]=$fd
	client_offset[$name]=0
	client_result[$name]=0
}

client_say() {
	printf '%s\n' "$2" >&"${client_fd[$1]}"
}

# client_find NAME REGEX SECONDS OFFSET: the new offset is put into $offset, the line into $line.
client_find() {
	local found
	line=
	found=$(perl tests/lib/json.pl --wait "$dir/$1.out" "$4" "$3" "$2") || {
		comment "no line of '$1' fits $2 within $3 s; its last ones:" "$(tail -n 3 "$dir/$1.out")"
		return 1
	}
	offset=${found%% *}
	line=${found#* }
}

client_wait() {
	local offset
	client_find "$1" "$2" "${3:-$patience}" "${client_offset[$1]}" || return 1
	client_offset[$1]=$offset
}

client_ask() {
	local offset
	client_say "$1" "$2" || return 1
	client_find "$1" '"event":\s*"result"' "${3:-$patience}" "${client_result[$1]}" || return 1
	client_result[$1]=$offset
}

client_close() {
	local fd=${client_fd[$1]} pid=${client_pid[$1]}
	exec {fd}>&-
	unset "client_fd[$1]" "client_pid[$1]"
	wait_for_end "$pid"
}

# A burial names its stream, or has the number that a line before it gave to the stream.
has_burial() { # JOURNAL SESSION NUMBER
	perl -e '
		my ($journal, $session, $number) = @ARGV;
		my %named;
		open my $lines, "<", $journal or die "$journal: $!";
		while (<$lines>) {
			$named{$1} = 1 if /^\{"stream":(\d+),.*"session":"$session"/;
			next if !/"gone":\[\d+,$number\]/;
			exit 0 if /^\{"in":(\d+),/ ? $named{$1} : /"session":"$session"/;
		}
		exit 1' "$@"
}

client_told() {
	local id n
	id=$(field id)
	for n in "${!server_pid[@]}"; do
		wait_for "$patience" has_burial "${server_data[$n]}/journal.jsonl" "${id%-*}" "${id#*-}" || return 1
	done
}

client_kill() {
	local fd=${client_fd[$1]} pid=${client_pid[$1]}
	unset "client_fd[$1]" "client_pid[$1]"
	kill -KILL "$pid" && wait "$pid" 2>/dev/null
	exec {fd}>&-
}

json_get() {
	perl tests/lib/json.pl "$@"
}

json_count() {
	perl tests/lib/json.pl --count "$@"
}

field() {
	perl tests/lib/json.pl - -- "$1" <<<"${2-$line}"
}
