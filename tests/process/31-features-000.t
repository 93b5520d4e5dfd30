#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The rows of the first of the systems before this one: commands by name, prompts, idle log out. Each test begins
# with the row's id; where the row and the design differ, the design's behaviour is shown.
. tests/lib/features.sh

start_servers --verbose

# ---- starting and ending ----

like '000-1: one command starts a server, which tells where it serves on stderr' "$(tail -n 1 "${server_log[0]}")" \
	"threefold [0-9.]+: serving 127.0.0.1:${server_port[0]}, "
"$BIN/server" 127.0.0.1 0 --data "$dir/input" --quiet <<<'/create eve pw' >"$dir/input.out" 2>"$dir/input.log" &
reads=$!
ok '000-1: a server whose input has ended goes on' wait_for "$patience" grep -q serving "$dir/input.log"
kill -TERM $reads
ok '000-1: and ends when it is told to' wait_for_end $reads
is '000-1: it says nothing on stdout' "$(wc -c <"$dir/input.out")" 0
is '000-1: and took nothing from its input' "$(grep -c eve "$dir/input/users.json")" 0

help=$("$BIN/client" --help)
is '000-2: the client explains itself with no server up' "$?:${help%%:*}" 0:usage
# shellcheck disable=SC2046
printf '/create ann pw-ann\n/logout\n' | "$BIN/client" $(addresses) >"$dir/plain"
nok '000-2: without a terminal there is no prompt' grep -q '> ' "$dir/plain"
term_client ann
ok '000-2: on a terminal there is one' term_sees ann '^not logged in>'

# ---- what is known without anybody's help ----

commands='create login logout delete list msg talk reply all check replicas bell focus history search log set wait help quit'
# shellcheck disable=SC2086
printf '/help %s\n' $commands | client_json "$dir/help"
is '000-5: help explains each command, logged out' "$(json_count "$dir/help" ok=true command=help)" "$(wc -w <<<"$commands")"
{
	echo /help
	echo /help msg
	echo /help /msg
} | client_json "$dir/help"
for command in $commands; do
	[[ $(json_get "$dir/help" -- text) =~ /$command ]] || break
done
is '000-5: help lists all commands' "$command" quit
is '000-5: help for one command, with its slash or without' "$(json_get "$dir/help" -- text | tail -n 3 | grep -c '/msg \[')" 1

term_type ann '/create bob'
ok '000-7: a terminal asks for the password' term_sees ann '^password \(not shown\):'
term_type ann 'secret-1'
ok '000-7: and for the same again' term_sees ann '^the same again:'
term_type ann 'secret-2'
ok '000-7: two that differ are refused' term_sees ann 'differ'
term_type ann '/create bob'
ok '000-7: it is asked anew' term_sees ann '^password \(not shown\):.*'
term_type ann 'pw-bob'
ok '000-7: twice' wait_for "$patience" eval '[ "$(term_screen ann | grep -c "^the same again:")" = 2 ]'
term_type ann 'pw-bob'
ok '000-7: two that are equal make the account' term_sees ann '^bob>'
nok '000-7: none of them was echoed' term_fits ann 'secret|pw-bob'

term_type ann /delete
ok '000-14: a terminal asks before it deletes' term_sees ann 'type the name of your account'
term_type ann bab
ok '000-14: another name deletes nothing' term_sees ann '^refused: nothing was deleted: '
term_type ann '/logout'
ok '000-14: and one stays logged in until one logs out' term_sees ann '^logged out'
term_type ann '/login bob'
ok '000-14: log in asks as well' term_sees ann '^password \(not shown\):'
term_key ann C-c
ok '000-3: Ctrl-C leaves a question' term_sees ann '^refused: nothing was done'
term_key ann C-c
ok '000-3: on an empty line it says how to end' term_sees ann '^Ctrl-C once more'
term_key ann C-c
ok '000-3: Ctrl-C ends a client' term_sees ann '^status [01]'
ok '000-3: which leaves the terminal echoing, also out of a password' term_sees ann '^echo$'
is '000-7: a pipe is not asked, and gives the password once' \
	"$(run_all "$dir/out" <<<'/login bob pw-bob')" login:ok

# ---- accounts ----

long=$(printf 'x%.0s' {1..33})
is '000-6: create refuses what is no name, what is taken, and what lacks a password' "$({
	printf '/create %s pw\n' "$long" .dot -dash 'a/b' "$(printf 'b\001c')" 'b->c' ann
	echo '/create'
	echo '/create zoe'
	echo "{\"command\":\"create\",\"name\":\"\",\"password\":\"pw\"}"
	echo "{\"command\":\"create\",\"name\":\"zoe\",\"password\":\"\"}"
	echo "/create ${long%x} pw"
} | run_all "$dir/out")" "$(printf 'create:%s ' bad-name bad-name bad-name bad-name bad-name bad-name name-taken \
	usage usage bad-name usage ok | sed 's/ $//')"
is '000-6: each kind of refusal has its own sentence' \
	"$(json_get "$dir/out" ok=false -- error detail | awk -F'\t' '{ print $1 }' | sort -u | tr '\n' ' ')" \
	'bad-name name-taken usage '

visit cid
is '000-8: log in' "$(says cid '/login ann pw-ann' name)" 'ok ann'
is '000-8: a second log-in of one client is refused' "$(says cid '/login bob pw-bob')" logged-in
like '000-8: with the way out' "$(answer detail)" 'log ?out'

printf '/login %s wrong\n' bob nobody bob bob '--take-over ann' |
	client_json "$dir/out"
is '000-9: unknown name and wrong password say the same' \
	"$(json_get "$dir/out" event=result -- error detail | sort -u | wc -l)" 1
is '000-9: by the code wrong-password' "$(json_get "$dir/out" event=result -- error | sort -u)" wrong-password
is '000-9: nobody else is locked out by that' "$(says cid '/check')$(run_all "$dir/out" <<<'/login bob pw-bob')" \
	'oklogin:ok'

# ---- log out, list ----

for leader in 0 1 2; do
	order=("$leader" $(((leader + 1) % 3)) $(((leader + 2) % 3)))
	visit "eye$leader"
	says "eye$leader" '/list ann' >/dev/null
	client_wait "eye$leader" '"users"'
	is "000-10: online, says replica $leader" "$(field users.0.online)" true
done
order=(0 1 2)
ok '000-10: log out' client_ask cid /logout
for leader in 0 1 2; do
	says "eye$leader" '/list ann' >/dev/null
	client_wait "eye$leader" '"users"'
	is "000-10: logged out, says replica $leader" "$(field users.0.online)" false
	client_close "eye$leader"
done

is '000-11: list shows the names that begin with the text' "$(says cid '/list a' count)" 'ok 1'
is '000-11: none shows all' "$(says cid '/list' count)" 'ok 3'
is '000-11: a text in the middle of a name is no beginning' "$(says cid '/list nn' count)" 'ok 0'
is '000-12: list works logged out' "$(says cid /check) $(says cid '/list b' count)" 'not-logged-in ok 1'

is '000-13: delete needs a log-in' "$(says cid '/delete bob')" not-logged-in
is '000-14: in a script the name confirms' "$(
	says cid '/create del pw' && says cid /delete && says cid '/delete bob' && says cid '/delete del')" \
	"$(printf '%s\n' ok usage usage ok)"

# ---- messages ----

come ann
is '000-15: send to another one' "$(says ann '/msg bob hi' stored)" 'ok 1'
is '000-15: an unknown recipient is refused and named' "$(says ann '/msg bob,nobody,none hi' names)" \
	'no-such-user ["nobody","none"]'
is '000-16: a message to oneself is sent' "$(says ann '/msg ann note')" ok
ok '000-16: and shown' client_wait ann '"text":"note"'

says cid '/create dan pw-dan' >/dev/null
says ann '/msg bob,dan for both' >/dev/null
says ann '/msg dan for dan' >/dev/null
ok '000-17: a client that listens gets its own queue' client_wait cid '"text":"for dan"'
is '000-17: and nothing of another one' "$(shown "$dir/cid.out")" 'for both for dan'
is '000-17: which waits for its own reader' "$(run_all "$dir/out" <<<'/login bob pw-bob'):$(shown "$dir/out")" \
	'login:ok:hi for both'
is '000-18: check counts what came by itself' "$(says cid /check messages)" 'ok 2'
is '000-18: and says that there is nothing new' "$(says cid /check messages)" 'ok 0'
is '000-19: a message has its sender, and a mark if it waited' \
	"$(json_get "$dir/out" event=message -- from waited | sort -u | tr '\t' ' ')" 'ann true'
is '000-19: and none if it did not' "$(json_get "$dir/cid.out" event=message -- from waited | sort -u | tr '\t' ' ')" \
	'ann false'
like '000-19: and the time when it was sent' "$(json_get "$dir/out" event=message -- sent | head -n 1)" \
	'^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$'

# ---- who is logged in ----

sessions() {
	kill -USR1 "${server_pid[$1]}"
	grep -oE 'sessions=[0-9]+' "${server_log[$1]}" | tail -n 1
}
sessions_are() {
	[ "$(sessions "$1")" = "sessions=$2" ]
}
ok '000-22: server and client know who is logged in' wait_for "$patience" sessions_are 2 2
is '000-22: the client refuses what needs nobody to be asked' "$(says ann '/create other pw')" logged-in
is '000-21: quit' "$(says cid /quit)" ok
is '000-21: ends the client with 0, or 1 if anything was refused' "$(client_close cid; echo $?)" 1
is '000-21: 0' "$(run_all "$dir/out" <<<'/quit'; client_json "$dir/out" <<<'/quit'; echo $?)" quit:ok0
ok '000-22: whose session is gone' wait_for "$patience" sessions_are 2 1
is '000-21: it logged out' "$(run_all "$dir/out" <<<'/login dan pw-dan')" login:ok

# ---- each command, out and in ----

table='create:/create.gus.pw login:/login.gus.pw logout:/logout delete:/delete.ann list:/list msg:/msg.ann.x
	talk:/talk.ann all:/all.x check:/check replicas:/replicas wait:/wait.0 help:/help quit:/quit'
is '000-23: logged out: create login list replicas wait help quit, and no other' \
	"$(for row in $table; do
		case $row in
		create*) continue ;; # it would log in
		login*) row='login:/login.gus.no' ;;
		esac
		tr . ' ' <<<"${row#*:}"
	done | run_all "$dir/out")" \
	'login:wrong-password logout:not-logged-in delete:not-logged-in list:ok msg:not-logged-in talk:not-logged-in all:not-logged-in check:not-logged-in replicas:ok wait:ok help:ok quit:ok'
is '000-23: logged in: all but create and login' "$({
	echo '/create hal pw'
	for row in $table; do
		case $row in
		logout* | delete* | quit*) ;;
		*) tr . ' ' <<<"${row#*:}" ;;
		esac
	done
	printf '/delete hal\n/create hal pw\n/logout\n/quit\n'
} | run_all "$dir/out")" \
	'create:ok create:logged-in login:logged-in list:ok msg:ok talk:ok all:ok check:ok replicas:ok wait:ok help:ok delete:ok create:ok logout:ok quit:ok'

# ---- servers end before their clients ----

for n in 0 1 2; do
	ok "000-4: server $n stops cleanly under its clients" stop_server $n
	client_wait ann "\"index\":$n,\"state\":\"dead\""
	is "000-4: the client says so of $n" "$(field state)" dead
done
is '000-5: help works while nobody can be reached' "$(says ann /help)" ok
restart_missing
knows_all ann
is '000-4: and goes on when they are back' "$(says ann '/msg bob again' copies)" 'ok 3'
is '000-24: accounts and messages are still there' \
	"$(run_all "$dir/out" <<<'/login bob pw-bob'):$(shown "$dir/out")" 'login:ok:x again'

kill -INT "${server_pid[0]}"
ok '000-3: Ctrl-C ends a server with status 0' wait_for_end "${server_pid[0]}"
unset 'server_pid[0]'
is '000-3: with an empty journal' "$(grep -cE '"(in|to)"' "${server_data[0]}/journal.jsonl")" 0
ok '000-3: and its state on disk' grep -q '"ann"' "${server_data[0]}/users.json"
restart_missing
client_close ann

# ---- idling ----

fake_clock || fail '000-20: the clock can be built'
visit idle >/dev/null
client_close idle
# shellcheck disable=SC2046
{
	echo '/login ann pw-ann'
	echo '/wait 540'
	echo '/check'
	echo '/wait 601'
	echo '/check'
} | LD_PRELOAD=$clock FAKE_CLOCK_SPEED=200 "$BIN/client" --json --idle-logout 600 --reply-timeout 6000 $(addresses) \
	>"$dir/idle.json" 2>"$dir/idle.err"
is '000-20: 600 seconds without a command log out, 540 do not' "$(codes "$dir/idle.json")" \
	'login:ok wait:ok check:ok wait:ok check:not-logged-in'
is '000-20: with its reason' "$(json_get "$dir/idle.json" event=logged-out -- reason)" idle
term_client idle --idle-logout 2
ok '000-20: on a terminal' term_sees idle '^not logged in>'
term_type idle '/login ann pw-ann'
ok '000-20: logged in' term_sees idle '^you are ann'
term_key idle -l '/list '
ok '000-20: it is said there as well' term_sees idle 'logged out: idle'
term_type idle 'bo'
ok '000-20: and what was typed before is not lost' term_sees idle 'list: 1 account, 0 online'

# ---- what it needs ----

for program in server client; do
	is "000-25: needs nothing but libc, its libcrypt, and cJSON: $program" \
		"$(ldd "$BIN/$program" | awk '{ print $1 }' |
			grep -vE '^(linux-vdso|/lib|libc\.|libcrypt\.|libcjson\.|libpthread\.|lib(asan|ubsan|tsan|stdc|m\.|gcc|dl|rt))')" ''
done

done_testing
