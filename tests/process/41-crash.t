#!/bin/bash
# SPDX-License-Identifier: MIT
#
# All three servers are killed by -9 at once, right after an acknowledgement, many times; and under load. Every
# acknowledged message is read, once, and every acknowledged account logs in.
. tests/lib/lib.sh

times=${TIMES:-200}

restart_all() {
	restart_server 0 && restart_server 1 && restart_server 2
}

ok 'three servers start' eval 'start_server 0 && start_server 1 && start_server 2'
client_start reader
ok 'the reader has an account' client_ask reader '/create reader pw'
client_close reader
client_start writer --timeout 60
ok 'the writer has an account' client_ask writer '/create writer pw'

lost=0
for i in $(seq "$times"); do
	client_ask writer "/msg reader number $i" 60
	[ "$(field ok)" = true ] || lost=$((lost + 1))
	kill_all
	restart_all || break
done
is "$times messages, all three killed after each: each was acknowledged" "$lost" 0
ok 'the writer ends well' client_close writer 60
printf '/login reader pw\n/wait 2\n/check\n' >"$dir/script"
ok 'the reader logs in' client_json "$dir/read" --timeout 60 <"$dir/script"
is 'every acknowledged message is there, once, in order' \
	"$(json_get "$dir/read" event=message -- text | sed 's/number //' | tr '\n' ' ')" "$(seq -s ' ' "$times") "

# ---- under load ----

rm -f "$dir"/acked.*
ok 'load: a second reader' client_json "$dir/sink" <<<'/create sink pw'
for w in 1 2 3; do
	{
		echo "/create load$w pw"
		for i in $(seq 400); do echo "/msg sink load$w $i"; done
	} >"$dir/load$w"
	client_start "load$w" --timeout 60
	cat "$dir/load$w" >&"${client_fd[load$w]}" &
done
for round in 1 2 3; do
	ok "load: round $round is under way" client_wait load1 "\"command\":\"msg\",\"ok\":true" 60
	kill_all
	ok "load: all killed, round $round" restart_all
done
wait_for 60 eval '[ "$(json_count "$dir/load3.out" event=result)" -ge 401 ]'
wait_for 60 eval '[ "$(json_count "$dir/load2.out" event=result)" -ge 401 ]'
wait_for 60 eval '[ "$(json_count "$dir/load1.out" event=result)" -ge 401 ]'
for w in 1 2 3; do client_close "load$w" 60; done
for w in 1 2 3; do
	json_get "$dir/load$w.out" event=result command=msg ok=true -- id
done | sort >"$dir/acknowledged"
ok 'load: some were acknowledged' test -s "$dir/acknowledged"
printf '/login sink pw\n/wait 2\n' >"$dir/script"
ok 'load: the reader logs in' client_json "$dir/read" --timeout 60 <"$dir/script"
json_get "$dir/read" event=message -- id | sort >"$dir/shown"
is 'load: nothing acknowledged is lost' "$(comm -23 "$dir/acknowledged" "$dir/shown" | head -3)" ''
is 'load: nothing is shown twice' "$(uniq -d "$dir/shown")" ''
for w in 1 2 3; do
	if [ "$(json_get "$dir/load$w.out" command=create -- ok)" = true ]; then
		ok "load: account load$w logs in" client_json "$dir/login" <<<"/login --take-over load$w pw"
	fi
done
for n in 0 1 2; do ok "server $n stops cleanly" stop_server $n; done
done_testing
