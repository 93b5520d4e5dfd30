#!/bin/bash
# SPDX-License-Identifier: MIT
#
# A script's messages are under way together: each has one result, in the order of the commands, and is shown once, in
# that order; all other commands stand where they were given; a refused one may end the script.
. tests/lib/lib.sh

start_servers
client_json "$dir/made" <<<$'/create bob pw\n/logout\n/create ann pw' || bail 'no account could be made'

# codes FILE: of each result its command and ok, or the code of the refusal.
codes() {
	sed -nE 's/.*"event":"result","command":"([^"]*)","ok":true.*/\1 ok/p
		s/.*"event":"result","command":"([^"]*)","ok":false,"error":"([^"]*)".*/\1 \2/p' "$1"
}

# Messages to somebody and to nobody, other commands and mistakes, in one stream.
script=$dir/script
printf '/login ann pw\n' >"$script"
printf 'login ok\n' >"$dir/want"
for n in $(seq 1 600); do
	case $((n % 50)) in
	7) printf '/msg nobody hi\n' >&3 && printf 'msg no-such-user\n' ;;
	19) printf '/msg bob\n' >&3 && printf 'msg usage\n' ;;
	31) printf '/check\n' >&3 && printf 'check ok\n' ;;
	43) printf '/wait 0.01\n' >&3 && printf 'wait ok\n' ;;
	*) printf '/msg bob %s\n' "$n" >&3 && printf 'msg ok\n' ;;
	esac
done 3>>"$script" >>"$dir/want"
printf '/talk bob\nplain\n/logout\n' >>"$script"
printf 'talk ok\nmsg ok\nlogout ok\n' >>"$dir/want"
for window in 64 1 4096; do
	client_json "$dir/out" --window "$window" <"$script"
	codes "$dir/out" >"$dir/got"
	ok "window $window: each command has its result, in its order" diff "$dir/want" "$dir/got"
	client_json "$dir/read" <<<$'/login bob pw\n/wait 0.3'
	ok "window $window: all is shown once, in its order" diff \
		<(sed -nE 's:^/msg bob ([0-9]+)$:\1:p' "$script"; echo plain) \
		<(sed -nE 's/.*"event":"message".*"text":"([^"]*)".*/\1/p' "$dir/read")
done

# A server dies in the middle, and another one.
(
	echo '/login ann pw'
	seq -f '/msg bob %g' 1 3000
	echo '/wait 0.2'
	seq -f '/msg bob %g' 3001 6000
) >"$script"
client_json "$dir/out" <"$script" &
pid=$!
wait_for "$patience" grep -q '"command":"msg"' "$dir/out"
kill_server 0
wait_for "$patience" grep -q '"command":"wait"' "$dir/out"
kill_server 1
wait "$pid"
is 'two servers die: all is stored' "$(codes "$dir/out" | sort | uniq -c | xargs)" '1 login ok 6000 msg ok 1 wait ok'
is 'and the ids are in the order of the commands' \
	"$(sed -nE 's/.*"command":"msg".*"id":"[^"]*-([0-9]+)".*/\1/p' "$dir/out" | sort -nc && echo yes)" yes
client_json "$dir/read" <<<$'/login bob pw\n/wait 0.3'
ok 'and all is shown once, in its order' diff <(seq 1 6000) \
	<(sed -nE 's/.*"event":"message".*"text":"([^"]*)".*/\1/p' "$dir/read")

# The end at the first refusal.
(
	echo '/login ann pw'
	seq -f '/msg bob %g' 1 10
	echo '/msg nobody hi'
	seq -f '/msg bob %g' 11 2000
) >"$script"
client_json "$dir/out" --stop-on-error <"$script"
is 'stop on error: it ends with 1' $? 1
is 'stop on error: all before it have results' "$(codes "$dir/out" | head -12 | uniq -c | xargs)" \
	'1 login ok 10 msg ok 1 msg no-such-user'
count=$(codes "$dir/out" | tail -n +13 | grep -c '^msg ok$')
ok 'stop on error: of those behind it at most a window was sent, each with its result' test "$count" -le 63
client_json "$dir/read" <<<$'/login bob pw\n/wait 0.3'
is 'stop on error: and that is what came' "$(json_count "$dir/read" event=message)" $((10 + count))
client_json "$dir/out" --stop-on-error --window 1 <"$script"
is 'stop on error, one at a time: nothing behind it' "$(codes "$dir/out" | tail -n 1)" 'msg no-such-user'
client_json "$dir/out" --stop-on-error <<<$'/login ann wrong\n/create carla pw'
is 'stop on error: after a log-in that was refused nothing is done' "$(codes "$dir/out" | xargs)" 'login wrong-password'
done_testing
