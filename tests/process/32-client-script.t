#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Script mode from its beginning to its end: ready, waiting for replicas, what is pending at the end of input, a
# reader that leaves, signals, options.
. tests/lib/lib.sh

start_servers

# ---- ready ----

client_json "$dir/out" </dev/null
is 'no command: exit status 0' $? 0
is 'no command: ready is all that is said' "$(wc -l <"$dir/out")" 1
is 'ready: the leader is the first' "$(json_get "$dir/out" -- leader)" 0
for n in 0 1 2; do
	is "ready: replica $n" "$(json_get "$dir/out" -- replicas.$n.index replicas.$n.address replicas.$n.state)" \
		"$n	$host:${server_port[$n]}	live"
done

kill_server 0
client_json "$dir/out" <<<'/create alice pw'
is 'one is down: the rest goes on' $? 0
is 'one is down: the next one leads' "$(json_get "$dir/out" event=ready -- leader)" 1
is 'one is down: it is said' "$(json_get "$dir/out" event=ready -- replicas.0.state)" dead
like 'one is down: and why' "$(json_get "$dir/out" event=ready -- replicas.0.reason)" 'refused'
is 'one is down: two copies' "$(json_get "$dir/out" event=result -- copies)" 2
client_json "$dir/out" --min-copies 3 <<<'/create carol pw'
is 'fewer than --min-copies: refused' $? 1
is 'fewer than --min-copies: by its name' "$(json_get "$dir/out" event=result -- error)" too-few-replicas
restart_server 0 || bail 'server 0 does not come back'

# ---- one client that goes on ----

client_json "$dir/out" <<<'/create bob pw'

client_start alice
client_wait alice '"ready"'
client_ask alice '/login alice pw'
is 'log in' "$(field ok)" true
like 'log in: the id of the account' "$(field id)" '^[0-9A-Z]{36}$'
is 'log in: the name' "$(field name)" alice

client_ask alice '/msg alice one'
id=$(field id)
like 'msg: an id' "$id" '^[0-9A-Z]{26}-[0-9]+$'
is 'msg: copies, online, stored' "$(field copies) $(field online) $(field stored)" '3 1 1'
client_wait alice '"message"'
is 'the message has the same id' "$(field id)" "$id"
is 'it did not wait' "$(field waited)" false
like 'its time is UTC with milliseconds' "$(field sent)" '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\.[0-9]{3}Z$'
client_ask alice "/msg --id $id alice one"
is 'the same again: ok, the same id' "$(field ok) $(field id)" "true $id"
client_ask alice '/wait 0.6'
client_ask alice '/check'
is 'the repetition was shown once' "$(field messages)" 1
client_ask alice '/check'
is 'check counts since the last look' "$(field messages)" 0

client_ask alice '/msg bob waits'
is 'msg to someone offline: not online, stored' "$(field online) $(field stored)" '0 1'
id=$(field id)
client_ask alice "/msg --id $id bob waits"
is 'the same again while it waits' "$(field ok) $(field id)" "true $id"
client_ask alice "/msg --id $id bob other"
is 'another text under the same id is refused' "$(field ok)" false
client_json "$dir/out" <<<'/login bob pw'
is 'one message, marked as having waited' \
	"$(json_get "$dir/out" event=message -- text waited id)" "waits	true	$id"

client_start twin
client_wait twin '"ready"'
client_ask twin '/login alice pw'
is 'the account has a session already' "$(field error)" already-logged-in
client_ask twin '/login --take-over alice pw'
is 'take over' "$(field ok)" true
client_wait alice '"logged-out"'
like 'the other one is told why' "$(field reason)" .
client_ask alice '/check'
is 'and is logged out' "$(field error)" not-logged-in
client_close alice
is 'a client that was refused something exits with 1' $? 1

kill_server 0
client_wait twin '"event":"replica".*"dead"'
is 'a death is an event' "$(field index)" 0
client_wait twin '"event":"leader"'
is 'the next leader, too' "$(field index)" 1
restart_server 0
client_wait twin '"event":"replica".*"live"'
is 'a return is an event' "$(field index)" 0
client_wait twin '"event":"leader"'
is 'and it leads again' "$(field index)" 0

# ---- the end of input ----

client_say twin '/msg alice last'
client_close twin
is 'the last command is finished before the end (the log-in was refused before)' $? 1
is 'its result is there' "$(json_get "$dir/twin.out" command=msg -- ok)" true
client_json "$dir/out" <<<'/login alice pw'
is 'the end logged out: the name is free at once' $? 0

printf '/login alice pw\n/check' >"$dir/in"
client_json "$dir/out" <"$dir/in"
is 'the last line may lack its newline' "$(json_get "$dir/out" event=result -- command)" 'login
check'
printf '\n\n/check\r\n\n' >"$dir/in"
client_json "$dir/out" <"$dir/in"
is 'empty lines are no commands' "$(json_count "$dir/out" event=result)" 1

# ---- long lines ----

{
	echo '/login alice pw'
	perl -e 'print "/msg alice ", "x" x 65536, "\n/msg alice ", "x" x 65537, "\n"'
	perl -e 'print "/msg alice ", "x" x 3000000, "\n", "y" x 3000000, "\n"'
	perl -e 'print q({"command":"msg","to":"alice","text":"), "x" x 3000000, qq("}\n)'
	echo '/check'
} | client_json "$dir/out"
is 'too long is refused, and the next line is read' \
	"$(json_get "$dir/out" event=result -- command ok error | tr '\t\n' ' ;')" \
	'login true ;msg true ;msg false too-long;msg false too-long;text false too-long; false too-long;check true ;'
is 'the longest text arrives whole' "$(json_get "$dir/out" event=message -- text | wc -c)" 65537

# ---- a reader that leaves ----

# shellcheck disable=SC2046
{
	echo '/login alice pw'
	for n in {1..200}; do echo /help; done
} | {
	"$BIN/client" --json $(addresses) 2>"$dir/pipe.err"
	echo $? >"$dir/pipe.status"
} | head -n 1 >"$dir/pipe.out"
ok 'the client ends when nobody reads' wait_for "$patience" test -s "$dir/pipe.status"
is 'quietly' "$(<"$dir/pipe.status")$(<"$dir/pipe.err")" 0
# leaves LINES: what a client says that a reader of so many lines leaves, which has commands on stdin
leaves() {
	# shellcheck disable=SC2046
	{
		"$BIN/client" --json $(addresses) 2>"$dir/pipe.err"
		echo $? >"$dir/pipe.status"
	} | head -n "$1" >"$dir/pipe.out"
	echo "$(<"$dir/pipe.status") $(<"$dir/pipe.err")"
}
is 'nor is a command missed that was not begun' \
	"$(leaves 2 <<<$'/login --take-over alice pw\n/msg bob read later\n/wait 0.5')" '0 '
like 'one that was refused unread is told of on stderr' \
	"$(leaves 2 <<<$'/login --take-over alice pw\n/msg nobody hello\n/wait 0.5')" '^1 .*a command was refused, or'
client_json "$dir/out" <<<'/login alice pw'
is 'having logged out' $? 0

# ---- signals, idling ----

for signal in TERM INT HUP; do
	# Children of this shell have SIGINT ignored; the client is given it as a person's terminal would.
	client_start dave
	client_wait dave '"ready"'
	client_ask dave '/login alice pw'
	# A conversation under way does not hold it.
	client_say dave '/wait 60'
	kill -$signal "${client_pid[dave]}"
	ok "SIG$signal ends a client" wait_for "$patience" has_ended "${client_pid[dave]}"
	client_close dave
	client_json "$dir/out" <<<'/login alice pw'
	is "SIG$signal: it logged out" $? 0
done

client_start idle --idle-logout 0.3
client_wait idle '"ready"'
client_ask idle '/login alice pw'
client_wait idle '"logged-out"'
is 'idling logs out' "$(field reason)" idle
client_ask idle '/check'
is 'and says so to the next command' "$(field error)" not-logged-in
client_close idle

client_start idle --idle-logout 0.1 --reply-timeout 1
client_wait idle '"ready".*"live".*"live".*"live"'
signal_server 2 STOP
client_say idle '/login alice pw'
client_wait idle '"logged-out"'
is 'idling logs out, also if the log-in took longer than that' "$(field reason)" idle
client_close idle
signal_server 2 CONT

client_json "$dir/out" --idle-logout 0.2 <<'END'
/login alice pw
/wait 0.8
/check
END
is 'waiting is idling' "$(json_get "$dir/out" event=logged-out -- reason)" idle

# ---- no replica ----

for n in 0 1 2; do kill_server $n; done
client_json "$dir/out" --timeout 0.5 <<<'/list'
is 'no replica at start: exit status 3' $? 3
is 'no replica at start: each command has its result' "$(json_count "$dir/out" event=result error=no-replica)" 1
like 'no replica at start: stderr says which and why' "$(tail -n 1 "$dir/client_json.err")" \
	"$host:${server_port[0]}.*refused.*$host:${server_port[2]}"

# shellcheck disable=SC2046
(launch "$BIN/client" --json --timeout 30 $(addresses)) <<<'/list' >"$dir/late" 2>"$dir/late.err" &
late=$!
ok 'it says that none is there and goes on trying' wait_for "$patience" grep -q 'trying' "$dir/late.err"
start_server 1
ok 'it goes on when one comes' wait_for_end $late
is 'with a ready that says so' "$(json_get "$dir/late" event=ready -- leader replicas.0.state)" '1	dead'

client_start erin --timeout 2
client_wait erin '"ready"'
client_ask erin '/create erin pw'
is 'one is enough' "$(field ok) $(field copies)" 'true 1'
kill_server 1
client_wait erin '"dead"'
client_ask erin '/msg erin hi'
is 'none is left: a command waits and ends with no-replica' "$(field error)" no-replica
start_server 1
client_wait erin '"live"'
client_ask erin '/msg erin hi'
is 'one is back: the client goes on' "$(field ok)" true
client_wait erin '"message"'
is 'and its messages come' "$(field text)" hi
client_close erin

done_testing
