#!/bin/bash
# SPDX-License-Identifier: MIT
#
# --send-only: a program sends for an account that somebody is logged in to, ten at once, and what waits there waits on.
. tests/lib/lib.sh

start_servers
client_json "$dir/made" <<<$'/create eve pw\n/logout\n/create bob pw\n/logout\n/create ann pw\n/msg bob waits for bob' ||
	bail 'no account could be made'
printf 'pw\n' >"$dir/pw"
chmod 600 "$dir/pw"

client_json "$dir/out" --send-only --user bob --password-file "$dir/pw" <<<'/msg eve from a cron job'
is 'what waits is not shown to a sender' "$(json_count "$dir/out" event=message)" 0
is 'which has sent' "$(json_count "$dir/out" event=result command=msg ok=true copies=3)" 1
client_start bob
client_ask bob '/login bob pw'
is 'the owner logs in as ever' "$(field ok)" true
ok 'and gets what waited' client_wait bob 'waits for bob'

# Ten at once, beside the owner's session, which goes on.
pids=()
for n in 0 1 2 3 4 5 6 7 8 9; do
	(
		echo '/login bob pw'
		seq -f "/msg eve $n-%g" 1 200
		echo '/msg bob note to self'
	) >"$dir/in.$n"
	client_json "$dir/out.$n" --send-only <"$dir/in.$n" &
	pids+=($!)
done
failed=0
for pid in "${pids[@]}"; do
	wait "$pid" || failed=$((failed + 1))
done
is 'ten senders at once: none was refused anything' "$failed" 0
client_ask bob '/list bob'
is 'the session of the owner was not taken over' "$(field ok)" true
is 'nor logged out' "$(json_count "$dir/bob.out" event=logged-out)" 0
wait_for "$patience" eval '[ "$(json_count "$dir/bob.out" event=message "text=note to self")" = 10 ]'
is 'who gets what they send to his account' "$(json_count "$dir/bob.out" event=message 'text=note to self')" 10
client_close bob
client_json "$dir/eve" <<<$'/login eve pw\n/wait 0.5'
for n in 0 1 2 3 4 5 6 7 8 9; do
	is "what sender $n sent was shown once, in its order" \
		"$(sed -nE "s/.*\"event\":\"message\".*\"text\":\"$n-([0-9]+)\".*/\\1/p" "$dir/eve" | tr '\n' ' ')" \
		"$(seq 1 200 | tr '\n' ' ')"
done

# It is not online, and does nothing else to the account.
client_start job --send-only
client_ask job '/login bob pw'
client_json "$dir/out" <<<'/list bob'
is 'a sender is not online' "$(json_get "$dir/out" event=users -- users 2>/dev/null | grep -c true; true)" 0
for command in '/delete bob' '/check' '/create other pw'; do
	client_ask job "$command"
	is "a sender is refused: $command" "$(field ok)" false
done

# Servers die and return.
client_ask job '/msg eve one'
kill_server 0
client_ask job '/msg eve two'
is 'a server dies: it goes on' "$(field copies)" 2
restart_server 0
kill_server 1
ok 'and logs in to one that returns' wait_for "$patience" eval \
	'client_ask job "/msg eve three" && [ "$(field copies)" = 2 ]'

# The account goes.
restart_server 1
client_json "$dir/out" <<<$'/login bob pw\n/delete bob'
client_ask job '/msg eve four'
is 'a sender whose account is gone sends no more' "$(field ok)" false
ok 'and is told' client_wait job '"event":\s*"logged-out"'
client_close job
done_testing
