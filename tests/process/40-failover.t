#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Servers die by kill -9 in every order, with clients at work: what the systems did that Threefold grew out of,
# and what the issue's scenarios ask for.
. tests/lib/lib.sh

start_three() {
	start_server 0 && start_server 1 && start_server 2
}

# enter NAME [OPTION...]: a client that has made its account.
enter() {
	client_start "$1" && client_wait "$1" '"event":"ready"' && client_ask "$1" "/create $1 pw-$1"
}

# ---- three clients; the leader dies, then the next ----

ok 'three servers start' start_three
for name in ann bob cid; do ok "$name: an account" enter $name; done
ok 'a message before' client_ask ann '/msg bob one'
is 'on three replicas' "$(field copies)" 3
ok 'it is shown' client_wait bob '"text":"one"'
kill_server 0
ok 'leader killed: ann is told' client_wait ann '"event":"leader","index":1'
ok 'leader killed: sends on' client_ask ann '/msg bob two'
is 'leader killed: on two replicas' "$(field copies)" 2
ok 'leader killed: shown' client_wait bob '"text":"two"'
ok 'leader killed: list' client_ask cid '/list'
is 'leader killed: all accounts' "$(field count)" 3
ok 'leader killed: a new account' enter dan
ok 'leader killed: the new one is written to' client_ask bob '/msg dan hello'
ok 'leader killed: and reads it' client_wait dan '"text":"hello"'
kill_server 1
ok 'second killed: sends on' client_ask ann '/msg bob,cid three'
is 'second killed: on the last replica' "$(field copies)" 1
ok 'second killed: shown to both' client_wait bob '"text":"three"'
ok 'second killed: shown to both' client_wait cid '"text":"three"'
ok 'second killed: a client joins' enter eve
ok 'second killed: to all' client_ask eve '/all from eve'
is 'second killed: all others' "$(field stored)" 4
for name in ann bob cid dan; do ok "second killed: $name reads it" client_wait $name '"text":"from eve"'; done

# ---- they come back; the clients go on when the last one dies ----

restart_server 0
restart_server 1
for name in ann bob; do
	ok "returned: $name knows one" client_wait $name '"event":"replica","index":[01],"state":"live"'
	ok "returned: $name knows both" client_wait $name '"event":"replica","index":[01],"state":"live"'
done
ok 'returned: sends' client_ask ann '/msg bob four'
is 'returned: on three replicas' "$(field copies)" 3
ok 'returned: shown' client_wait bob '"text":"four"'
client_close cid
ok 'returned: to one who is away' client_ask bob '/msg cid while you were out'
kill_server 2
kill_server 1
ok 'only the returned one is left: sends' client_ask ann '/msg bob five'
ok 'only the returned one is left: shown' client_wait bob '"text":"five"'
ok 'only the returned one is left: a client starts' client_start cid2
client_wait cid2 '"event":"ready"'
ok 'only the returned one is left: logs in' client_ask cid2 '/login cid pw-cid'
ok 'only the returned one is left: what was sent since its return is there' \
	client_wait cid2 '"text":"while you were out".*"waited":true'
for name in ann bob cid2 dan eve; do ok "$name: ends well" client_close $name; done
for name in bob cid2; do
	is "$name: nothing twice" "$(json_get "$dir/$name.out" event=message -- text | sort | uniq -d)" ''
done
stop_server 0

# ---- each of the six orders of losing two ----

for order in 01 02 10 12 20 21; do
	first=${order:0:1} second=${order:1:1}
	rm -rf "$dir"/[012]
	start_three || fail "order $order: start"
	enter "a$order" && enter "b$order" || fail "order $order: accounts"
	client_ask "a$order" "/msg b$order one"
	kill_server "$first"
	client_ask "a$order" "/msg b$order two" || fail "order $order: after the first"
	kill_server "$second"
	client_ask "a$order" "/msg b$order three" || fail "order $order: after the second"
	is "order $order: one copy" "$(field copies)" 1
	client_wait "b$order" '"text":"three"'
	is "order $order: all three, once, in order" \
		"$(json_get "$dir/b$order.out" event=message -- text | tr '\n' ' ')" 'one two three '
	ok "order $order: ends well" client_close "a$order"
	ok "order $order: ends well" client_close "b$order"
	for n in 0 1 2; do
		[ "$n" = "$first" ] || [ "$n" = "$second" ] || stop_server "$n"
	done
done

# ---- the mail of one who was killed ----

rm -rf "$dir"/[012]
start_three
enter gus && enter hal
client_ask gus '/msg hal before'
client_wait hal '"text":"before"'
ok 'a reader tells what it was shown' client_told
client_kill hal
ok 'reader killed: sent on' client_ask gus '/msg hal first'
kill_server 0
ok 'reader and leader killed: sent on' client_ask gus '/msg hal second'
client_start hal2
client_wait hal2 '"event":"ready"'
ok 'reader killed: logs in again' client_ask hal2 '/login --take-over hal pw-hal'
client_wait hal2 '"text":"second"'
is 'reader killed: gets what it missed, in order, nothing else' \
	"$(json_get "$dir/hal2.out" event=message -- text | tr '\n' ' ')" 'first second '
ok 'ends well' client_close gus
ok 'ends well' client_close hal2
done_testing
