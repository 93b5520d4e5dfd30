#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The rows of the second of the systems before this one: everybody in one room, patterns, accounts by the way, and
# its four manual tests of crashes.
. tests/lib/features.sh

# ---- settings ----

for option in --data --share-messages --share-bytes; do
	like "001-3: settings are options, whose defaults help tells: $option" "$("$BIN/server" --help)" \
		"$option [A-Z]+ .*\(default: [a-z0-9]+"
done
start_server 2 && start_server 1 && start_server 0 --share-messages 50
is '001-2: servers start in any order' $? 0
visit cid --idle-logout 600
is '001-2: the first that the client names leads' "$(json_get "$dir/cid.out" event=ready -- leader)" 0
is '001-20: without a state file a server begins with nothing' \
	"$(grep -o 'loaded 0 facts' "${server_log[0]}")$(says cid /list count)" 'loaded 0 factsok 0'

# ---- log in comes first ----

is '001-4: before the log-in nothing can be sent' "$(says cid '/msg ann hi')$(says cid '/all hi')$(says cid 'hi')" \
	'not-logged-innot-logged-inusage'
is '001-4: a log-in needs a name' "$(says cid /login)" usage
is '001-4: help works' "$(says cid /help)" ok
is '001-7: an unknown name makes no account, and looks like a wrong password' "$(says cid '/login ann pw-ann')" \
	wrong-password
is '001-7: create makes one on the spot, and logs in' "$(says cid '/create cid pw-cid' copies)" 'ok 3'
enter ann
visit ann2
is '001-5: a name that is in use is refused' "$(says ann2 '/login ann pw-ann')" already-logged-in
like '001-5: with the way to take over' "$(answer detail)" '--take-over'
like '001-5: and since when' "$(answer since)" "^$(date -u +%Y-%m)-[0-9]{2}T[0-9:.]{12}Z$"
is '001-16: one session at a time: the name may move' "$(says ann2 '/login --take-over ann pw-ann')" ok
ok '001-16: and the other client is told' client_wait ann '"event":"logged-out"'
is '001-16: it is logged out' "$(says ann /check)" not-logged-in
says cid '/msg ann once' >/dev/null
client_wait ann2 '"text":"once"'
is '001-16: a message is shown by one of them only' "$(json_count "$dir/ann.out" event=message)" 0
client_close ann

# ---- private and to all ----

enter bob
enter eve
client_close eve
says bob '>> ann: secret' >/dev/null
is '001-8: the form `>> name: text` is answered with ours' "$(answer error)" usage
like '001-8: which it names' "$(answer detail)" '/msg NAME TEXT'
is '001-10: a forgotten command leaks nothing to anybody' "$({
	says bob 'ann: secret'
	says bob ': secret'
	says bob '>>ann secret'
	says bob '>> secret'
	says bob ' >> ann : secret'
} | sort | uniq -c | tr -s ' ')" ' 5 usage'
is '001-9: all others get what goes to all' "$(says bob '/all hello' online stored)" 'ok 2 3'
for name in ann2 cid; do
	ok "001-18: a message is shown without asking: $name" client_wait "$name" '"text":"hello"'
	is "001-10: and nothing of the others" "$(json_count "$dir/$name.out" text=secret)" 0
done
is '001-9: but not the sender' "$(says bob '/check' messages)" 'ok 0'
is '001-23: who is offline gets it later' "$(run_all "$dir/out" <<<'/login eve pw-eve'):$(shown "$dir/out")" \
	'login:ok:hello'

# ---- list ----

for name in dave alice erin; do
	echo "/create $name pw"
	echo /logout
done | client_json "$dir/out"
names() {
	client_json "$dir/names" <<<"$1"
	json_get "$dir/names" event=users | grep -oE '"name":"[^"]*"' | sed 's/.*:"//; s/"//' | tr '\n' ' '
}
is '001-11: list shows all accounts, in order' "$(names /list)" 'alice ann bob cid dave erin eve '
is '001-12: a pattern is anchored at the start: e' "$(names '/list -E e')" 'erin eve '
is '001-12: .a has an a as its second letter' "$(names '/list -E .a')" 'dave '
is '001-12: .*i has an i anywhere' "$(names '/list -E .*i')" 'alice cid erin '
is '001-13: a bad pattern is refused' "$(run_all "$dir/out" <<<'/list -E a(b'$'\n''/list -E [z-a]'$'\n''/list a')" \
	'list:usage list:usage list:ok'
like '001-13: and its fault is named' "$(json_get "$dir/out" error=usage -- detail | head -n 1)" '[Uu]nmatched|[Pp]arenthes'

# ---- delete, log out ----

is '001-14: nobody deletes another account' "$(says bob '/delete eve')$(says bob '/delete nobody')" usageusage
is '001-14: one may delete its own' "$(run_all "$dir/out" <<<'/login erin pw'$'\n''/delete erin')" 'login:ok delete:ok'
is '001-14: and the others stay' "$(names '/list e')" 'eve '
is '001-15: log out keeps the name' "$(says bob /logout)$(says bob /check)$(names '/list bo')" 'oknot-logged-inbob '
says ann2 '/msg bob first' >/dev/null
says ann2 '/msg bob second' >/dev/null
says cid '/msg bob third' >/dev/null
is '001-6: who returns is logged in' "$(says bob '/login bob pw-bob')" ok
ok '001-19: and gets what was missed' client_wait bob '"text":"third"'
is '001-19: oldest first' "$(shown "$dir/bob.out")" 'first second third'
is '001-19: marked as having waited' "$(json_count "$dir/bob.out" event=message waited=true)" 3

# ---- a client that dies ----

online() {
	client_json "$dir/online" <<<"/list $1"
	[ "$(json_get "$dir/online" event=users -- users.0.online)" = "$2" ]
}
kill -STOP "${client_pid[cid]}"
client_kill bob
ok '001-17: a client that is killed is logged out at once' wait_for "$patience" online '-E bob|cid' false
is '001-17: and not by its silence, as one that hung before will be' \
	"$(json_get "$dir/online" event=users -- users.0.name users.1.name users.1.online)" $'bob\tcid\ttrue'
kill -CONT "${client_pid[cid]}"
is '001-17: and the name is free' "$(run_all "$dir/out" <<<'/login bob pw-bob')" login:ok
come bob
kill -STOP "${client_pid[bob]}"
stopped=$(now_ms)
{
	wait_for "$patience" online bob false && echo $(($(now_ms) - stopped)) >"$dir/silent"
} &
watches=$!

# ---- limits ----

texts() {
	perl -e 'printf "/msg ann %s\n", "x" x $_ for 65535, 65536, 65537'
}
is '001-21: a text of 65,536 bytes is sent, a longer one refused' "$({
	echo '/login eve pw-eve'
	texts
} | run_all "$dir/out")" 'login:ok msg:ok msg:ok msg:too-long'
like '001-21: and the limit is named' "$(json_get "$dir/out" error=too-long -- detail)" '65536'
ok '001-21: they arrive' client_wait ann2 '"text":"x{100}.*-2",|-2".*"text":"x{100}'
slowly() {
	echo '/login eve pw-eve'
	printf '/ms'
	pause
	printf 'g ann spl'
	pause
	printf 'it\n'
}
is '001-21: a command may come in pieces' "$(slowly | run_all "$dir/out")" 'login:ok msg:ok'
ok '001-21: and is one' client_wait ann2 '"text":"split"'

server_host[3]=$host
DAEMON="prlimit --nofile=40 $BIN/server" start_server 3
perl -MIO::Socket::INET -e '
	my ($port) = @ARGV;
	my @open;
	for (1 .. 60) {
		push @open, IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => $port) or last;
	}
	# The first that came make room, and are told why; the others hear nothing until they speak.
	for my $socket (@open) {
		my $line = <$socket>;
		print $line;
		last;
	}' "${server_port[3]}" >"$dir/refused"
like '001-22: more connections than it can hold are refused with a reason' "$(<"$dir/refused")" 'too many connections'
order=(3 1 2)
is '001-22: and then it serves on' "$(run_all "$dir/out" <<<'/list zz')" 'list:ok'
is '001-22: live' "$(json_get "$dir/out" event=ready -- leader)" 0
order=(0 1 2)
stop_server 3

# ---- one device and several ----

for n in 3 4 5; do
	server_host[n]=$(cut -d' ' -f$((n - 2)) <<<'127.0.0.1 ::1 127.0.0.2')
	host=${server_host[$n]} start_server "$n"
	is "001-29: a server on ${server_host[$n]}" $? 0
done
server_host[3]=$localhost
order=(3 4 5)
is '001-29: a client with a name, an IPv6 and an IPv4 address' "$(run_all "$dir/out" <<<'/create far pw')" create:ok
is '001-29: three replicas' "$(json_get "$dir/out" event=result -- copies)" 3
order=(0 1 2)
for n in 3 4 5; do stop_server $n; done

# ---- a client that hangs: its silence is long enough by now ----

ok '001-17: a client that hangs is logged out after its silence' wait_for_end $watches
took=$(<"$dir/silent")
ok "001-17: of six seconds, and not before (was $took ms)" test "$took" -ge 4000
is '001-17: and the name is free again' "$(run_all "$dir/out" <<<'/login bob pw-bob')" login:ok
kill -CONT "${client_pid[bob]}"
ok '001-17: the one that hung hears that it has to log in' client_wait bob '"event":"(logged-out|replica)"'
client_kill bob
for name in ann2 cid; do client_close $name; done

# ---- one of three disks ----

for n in 0 1 2; do stop_server $n; done
for n in 0 1 2; do restart_server $n; done
is '001-20: a state file is loaded at start' "$(names /list)" 'alice ann bob cid dave eve '
enter gus
kill_server 1
kill_server 0
is '001-1: two are dead: what is sent' "$(says gus '/msg ann survives' copies)" 'ok 1'
kill_server 2
client_close gus
restart_server 2
is '001-1: is read when only the third comes back' "$(run_all "$dir/out" <<<'/login ann pw-ann'):$(shown "$dir/out")" \
	'login:ok:survives'
restart_missing

# ---- the manual tests of the crashes ----

# functions ROW COPIES NAME...: all the functions for these clients, who are logged in.
functions() {
	local row=$1 copies=$2 first=$3 other
	shift 2
	for other in "${@:2}"; do
		is "$row: $copies up: $first to $other" "$(says "$first" "/msg $other to-$other-$copies" copies)" "ok $copies"
		ok "$row: $copies up: it is shown" client_wait "$other" "\"text\":\"to-$other-$copies\""
	done
	is "$row: $copies up: to all" "$(says "$first" "/all all-$copies" online)" "ok $(($# - 1))"
	for other in "${@:2}"; do
		ok "$row: $copies up: $other gets it" client_wait "$other" "\"text\":\"all-$copies\""
	done
	is "$row: $copies up: list" "$(says "$first" "/list $first" count)" 'ok 1'
	is "$row: $copies up: log out and in" "$(says "$first" /logout)$(says "$first" "/login $first pw-$first")" okok
	is "$row: $copies up: create, delete" "$(printf '/create t%s pw\n/delete t%s\n' "$copies" "$copies" |
		run_all "$dir/out")" 'create:ok delete:ok'
}

enter m1 && enter m2 && enter m3
functions 001-25 3 m1 m2 m3
kill_server 0
functions 001-25 2 m1 m2 m3
kill_server 1
functions 001-25 1 m1 m2 m3
for name in m1 m2 m3; do client_close $name; done
restart_missing

enter n1
functions 001-26 3 n1
kill_server 0
ok '001-26: leader dead: a second client joins' enter n2
functions 001-26 2 n1 n2
kill_server 2
ok '001-26: a replica dead: a third joins' enter n3
functions 001-26 1 n1 n2 n3
for name in n1 n2 n3; do client_close $name; done
restart_missing

enter o1 && enter o2 && enter o3
kill_server 1
functions 001-27 2 o1 o2 o3
kill_server 0
functions 001-27 1 o1 o2 o3
for name in o1 o2 o3; do client_close $name; done
restart_missing

enter p1 && enter p2
says p1 '/msg p2 one' >/dev/null
client_wait p2 '"text":"one"'
ok '001-28: what it was shown is told' client_told
client_kill p2
is '001-28: sent to one whose client died' "$(says p1 '/msg p2 two')$(says p1 '/msg p2 three')" okok
kill_server 0
ok '001-28: leader dead: the client logs in again' come p2
client_wait p2 '"text":"three"'
is '001-28: and gets everything, once, in order' "$(shown "$dir/p2.out")" 'two three'
for name in p1 p2; do client_close $name; done

# ---- make check ----

is '001-24: make check runs every test, one of which this is' \
	"$(MAKEFLAGS='' make --no-print-directory -n check BUGS=1 BUILD="$dir/build" T=features 2>&1 | grep -c 'prove .*32-features-001\.t')" 1

done_testing
