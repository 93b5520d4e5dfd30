#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The rows of the last of the systems before this one, whose shape Threefold has: three replicas that know nothing
# of each other, a client that sends to all. And where those systems differ among themselves: the one behaviour here.
. tests/lib/features.sh

# ---- command lines ----

"$BIN/server" 127.0.0.1 >"$dir/out" 2>&1 </dev/null
is '004-13: a server needs HOST and PORT' "$?:$(grep -c 'HOST and PORT are needed' "$dir/out")" 2:1
"$BIN/server" 127.0.0.1 nonsense >"$dir/out" 2>&1 </dev/null
is '004-13: PORT is a number' "$?:$(grep -c "'nonsense'" "$dir/out")" 2:1
for words in '127.0.0.1 1 127.0.0.1 2' '127.0.0.1 1 127.0.0.1 2 127.0.0.1 x' '127.0.0.1 1 127.0.0.1 2 127.0.0.1 2' \
	"$unknown_host 1 $unknown_host 2 $unknown_host 3"; do
	# shellcheck disable=SC2086
	"$BIN/client" $words >"$dir/out" 2>&1 </dev/null
	is "004-14: refused in one line: client $words" "$?:$(wc -l <"$dir/out")" 2:1
done

# Started as services are: without a terminal, an input, or a folder of their own; in one folder together.
mkdir "$dir/here"
bin=$(cd "$BIN" && pwd)
for n in 0 1 2; do
	port[n]=$(free_port)
	(cd "$dir/here" && launch setsid "$bin/server" 127.0.0.1 "${port[$n]}") <&- >&- 2>"$dir/here$n.log" &
	server_pid[n]=$!
	ok "004-13: server HOST PORT is all it needs" wait_for "$patience" grep -q serving "$dir/here$n.log"
	like '004-1: its data is in a folder of its own' "$(<"$dir/here$n.log")" "data 'data/${port[$n]}'"
	server_port[n]=${port[$n]}
done
is '004-1: three servers in one folder share no file' "$(cd "$dir/here/data" && ls -d ./*/ | wc -l)" 3
is '004-15: servers without terminals serve' "$(run_all "$dir/out" <<<'/create ann pw-ann')" create:ok
is '004-14: client H1 P1 H2 P2 H3 P3 is all it needs' "$(json_get "$dir/out" event=result -- copies)" 3
(cd "$dir/here" && launch "$bin/server" 127.0.0.1 0 --data "data/${port[0]}") >"$dir/second" 2>&1 </dev/null
is '004-1: a second server on one folder is refused' "$?:$(wc -l <"$dir/second")" 3:1
for n in 0 1 2; do
	ok "004-15: server $n stops on SIGTERM" stop_server $n
	is '004-1: two files of JSON: users' "$(perl tests/lib/json.pl --document "$dir/here/data/${port[$n]}/users.json" format)" 4
	is '004-1: and what is pending' "$(perl tests/lib/json.pl --document "$dir/here/data/${port[$n]}/pending.json" format)" 4
done
server_port=()
start_servers

# ---- passwords ----

enter ann && enter bob
client_json "$dir/out" <<<'/create twin pw-ann'
for n in 0 1 2; do stop_server $n; done
is '004-17: no password is stored' "$(grep -rl 'pw-ann\|pw-bob' "$dir"/[012] | wc -l)" 0
is '004-17: but a slow hash with a salt for each account, of equal passwords too' \
	"$(grep -o '"\$y\$[^"]*"' "$dir/0/users.json" | sort -u | wc -l)" 3
is '004-5: without their two files servers begin with nothing' "$(grep -c 'loaded 0 facts' "$dir"/[012].log)" "$(
	printf '%s:1\n' "$dir"/[012].log)"
for n in 0 1 2; do restart_server $n; done
like '004-5: with them they load them' "$(tail -n 1 "${server_log[0]}")" 'loaded [1-9][0-9]* facts'
for name in ann bob; do knows_all $name; done

# ---- what reaches a disk, and when ----

is '004-10: a request goes to all three' "$(says ann '/msg bob hi' copies)" 'ok 3'
client_close bob
says ann '/msg bob pending' >/dev/null
is '004-3: a message to one who is not logged in is on each disk' \
	"$(grep -l pending "$dir"/[012]/journal.jsonl | wc -l)" 3
is '004-2: so is an account' "$(run_all "$dir/out" <<<'/create cid pw-cid')$(grep -l '"cid"' "$dir"/[012]/journal.jsonl | wc -l)" \
	create:ok3
says ann '/msg cid,bob,ann to some' >/dev/null
kill_all
restart_missing
is '004-4: killed at once after the answer: nothing of it is lost' \
	"$(run_all "$dir/out" <<<'/login bob pw-bob'):$(shown "$dir/out")" 'login:ok:pending to some'
is '004-3: what was delivered is not pending any more' \
	"$(run_all "$dir/out" <<<'/login bob pw-bob'):$(shown "$dir/out")" 'login:ok:'
kill_all
restart_missing
is '004-3: also after a crash' "$(run_all "$dir/out" <<<'/login bob pw-bob'):$(shown "$dir/out")" 'login:ok:'
is '004-2: a deletion is on disk, too' "$(printf '/login cid pw-cid\n/delete cid\n' | run_all "$dir/out")" \
	'login:ok delete:ok'
kill_all
restart_missing
is '004-2: (after a crash)' "$(run_all "$dir/out" <<<'/login cid pw-cid')" login:wrong-password
knows_all ann

for round in 1 2 3 4 5; do
	said=$(says ann "/msg bob round $round")
	kill_all
	restart_missing
	[ "$said" = ok ] || fail "004-4: round $round: $said"
done
client_json "$dir/out" <<<'/login bob pw-bob'
is '004-4: five times' "$(shown "$dir/out")" 'round 1 round 2 round 3 round 4 round 5'

cp -r "$dir/1" "$dir/damaged"
sed -i '1s/format/fromat/' "$dir/damaged/users.json"
"$BIN/server" 127.0.0.1 0 --data "$dir/damaged" >"$dir/out" 2>&1 </dev/null
is '004-5: a damaged file is no empty one: refused, and named' "$?:$(grep -c "users.json" "$dir/out")" 3:1

# ---- a deleted account's mail ----

client_close ann
enter dora
client_close dora
enter eve
says eve '/msg dora for the first dora' >/dev/null
visit late
says late '/login dora pw-dora' >/dev/null
kill -STOP "${client_pid[late]}"
says eve '/msg dora never read' >/dev/null
kill -CONT "${client_pid[late]}"
says late '/delete dora' >/dev/null
client_close late
is '004-21: who takes the name gets nothing of the old mail' "$({
	echo '/create dora other'
	echo '/wait 0.2'
	echo '/check'
} | run_all "$dir/out"):$(shown "$dir/out")" 'create:ok wait:ok check:ok:'
for n in 0 1 2; do stop_server $n; done
is '004-21: no message is left for an account that is gone' "$(grep -l 'never read\|for the first' "$dir"/[012]/*.json* | wc -l)" 0
for n in 0 1 2; do restart_server $n; done
client_close eve

# ---- which servers, in which order ----

enter ann2
order=(2 0 1)
enter gil
says gil /replicas >/dev/null
is '004-9: the client knows its leader' "$(json_get "$dir/gil.out" event=replicas -- replicas.0.leader replicas.1.leader |
	tr '\t' ' ')" 'true false'
is '004-8: which is the first of its own list' "$(json_get "$dir/gil.out" event=replicas -- replicas.0.address)" \
	"$host:${server_port[2]}"
is '004-8: clients with different orders agree on a name' "$(says gil /logout)$(says gil '/create ann2 x')" okname-taken
for round in 1 2 3 4 5 6; do
	order=(0 1 2)
	client_json "$dir/race1" <<<"/create race$round pw-1" &
	first=$!
	order=(2 1 0)
	client_json "$dir/race2" <<<"/create race$round pw-2" &
	wait $first
	wait $!
	cat "$dir/race1" "$dir/race2" | json_get - event=result -- ok error
	order=(0 1 2)
done >"$dir/races"
is '004-8: nor do two of them ever both get it' "$(sort "$dir/races" | uniq -c | awk '$2 == "true" && $1 > 6')" ''
is '004-8: who loses is told so' "$(grep -vcE '^(true|false	name-taken)' "$dir/races")" 0
order=(0 1 2)
client_close gil

# ---- failures ----

# each_command WHO STEP: every command of WHO, with what it needs.
each_command() {
	local who=$1 step=$2
	is "004-6: every command works: $step" "$({
		echo "/login $who pw-$who"
		echo "/list $who"
		echo "/msg $who self $step"
		echo "/talk $who"
		echo "plain $step"
		echo "/all all $step"
		echo /check
		echo /replicas
		echo /wait 0.01
		echo /help
		echo /logout
		echo "/create t${step//[^0-9]/} pw"
		echo "/delete t${step//[^0-9]/}"
		echo /quit
	} | run_all "$dir/out")" \
		'login:ok list:ok msg:ok talk:ok msg:ok all:ok check:ok replicas:ok wait:ok help:ok logout:ok create:ok delete:ok quit:ok'
}
client_json "$dir/out" <<<'/create f pw-f'
for lost in 01 02 10 12 20 21; do
	kill_server "${lost:0:1}"
	each_command f "without ${lost:0:1}"
	kill_server "${lost:1:1}"
	each_command f "without ${lost:0:1} and ${lost:1:1}"
	restart_missing
done

ok '004-18: they come back into a client by themselves' knows_all ann2
client_close ann2
enter ivy
enter jim
says ivy '/msg jim three replicas have this' >/dev/null
client_wait jim '"text":"three replicas'
is '004-12: three replicas have it, it is shown once' "$(says jim '/wait 0.4')$(json_count "$dir/jim.out" event=message)" ok1
kill_server 0
client_wait jim '"event":"replica".*"dead"'
is '004-20: a crash is seen while nothing is typed, at once' "$(field state)" dead
nok '004-20: by the end of its connection, not by a silence' grep -q 'no reply' <<<"$line"
client_wait jim '"event":"leader"'
is '004-11: the next one leads' "$(field index)" 1
is '004-11: it failed while sending: the rest has it' "$(says ivy '/msg jim two' copies)" 'ok 2'
client_wait jim '"text":"two"'
visit quick --reply-timeout 0.6
signal_server 1 STOP
client_wait quick '"index":1,"state":"dead"'
is '004-20: one that hangs is found by its heartbeat' "$(field reason)" 'no reply for 600 ms'
is '004-11: a write that works proves nothing: the reply is waited for' "$(says quick '/list ivy' count)" 'ok 1'
signal_server 1 CONT
client_wait quick '"index":1,"state":"live"'
client_close quick
restart_missing
ok '004-18: one that crashed comes back by itself' client_wait jim '"index":0,"state":"live"'
client_wait jim '"event":"leader","index":0'
knows_all jim
says jim /replicas >/dev/null
is '004-19: that it differs is seen' \
	"$(json_get "$dir/jim.out" event=replicas -- replicas.1.agrees replicas.2.agrees replicas.0.facts | tail -n 1 |
		awk '{ print $1, $2 }')" 'false false'
is '004-18: and misleads nobody: what it missed is known' "$(says ivy '/list ivy' count)$(says ivy '/create jim x')" \
	'ok 1logged-in'
kill_server 0
rm -rf "${server_data[0]:?}"
restart_server 0
client_wait jim '"index":0,"state":"dead"'
client_wait jim '"index":0,"state":"live"'
is '004-18: wiped, it is no worse' "$(printf '/create jim pw\n/login nobody pw\n/list j\n' | run_all "$dir/out")" \
	'create:name-taken login:wrong-password list:ok'
is '004-7: (on several machines, see 001-29) as on one' "$(json_get "$dir/out" command=list -- count)" 1
for name in ivy jim; do client_close $name; done
for n in 0 1 2; do
	stop_server $n
	rm -rf "${server_data[$n]:?}"
done
start_servers

# ---- where the systems differ ----

visit kim
is 'conflicts: create and log in are two' "$(says kim '/login kim pw-kim')$(says kim '/create kim pw-kim')" wrong-passwordok
is 'conflicts: passwords always' "$(run_all "$dir/out" <<<'/create lou')" create:usage
is 'conflicts: one deletes oneself, logged in' "$(says kim '/delete lou')$(run_all "$dir/out" <<<'/delete kim')" \
	usagedelete:not-logged-in
run_all "$dir/out" <<<'/create lou pw-lou' >/dev/null
says kim '/msg lou read me' >/dev/null
is 'conflicts: what is undelivered is delivered to who deletes' \
	"$(printf '/login lou pw-lou\n/delete lou\n' | run_all "$dir/out"):$(shown "$dir/out")" 'login:ok delete:ok:read me'
is 'conflicts: a second log-in is refused, or moves the session' \
	"$(printf '/login kim pw-kim\n/login --take-over kim pw-kim\n' | run_all "$dir/out")" 'login:already-logged-in login:ok'
client_wait kim '"logged-out"'
says kim '/login kim pw-kim' >/dev/null
is 'conflicts: list: all, beginning, glob, expression' \
	"$(says kim /list count) $(says kim '/list k' count) $(says kim '/list ?i?' count) $(says kim '/list -E .i' count) $(says kim '/list i' count)" \
	'ok 1 ok 1 ok 1 ok 1 ok 0'
is 'conflicts: send has one form, the others are answered with it' \
	"$(for form in '>> kim: t' 'kim-> t' 'send kim t' 'Send kim t'; do says kim "$form"; done | sort | uniq -c | tr -s ' ')" \
	' 4 usage'
is 'conflicts: a plain line goes to the conversation, or to nobody' \
	"$(says kim hello)$(says kim '/talk kim')$(says kim hello stored)" 'usageokok 1'
is 'conflicts: idling logs out if one wants it to' "$(grep -c 'idle-logout' <("$BIN/client" --help))" 1
client_close kim

is '004-16: make check runs every test' \
	"$(MAKEFLAGS='' make --no-print-directory -n check T= BUGS=1 BUILD="$dir/build" 2>&1 | grep 'prove ' | tr ' ' '\n' | sort -u | grep -c '^tests/.*\.t$')" \
	"$(find tests/process -maxdepth 1 -name '*.t' | wc -l)"

done_testing
