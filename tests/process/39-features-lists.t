#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The two acceptance lists, of the terminal (T) and of the operator (O), as far as they are about what is here.
. tests/lib/features.sh

start_servers --verbose

# ---- the terminal's ----

term_start demo env BIN="$BIN" tools/demo.sh
ok 'T16: one command leads to a prompt' term_sees demo '^not logged in>'
term_type demo '/create alice'
ok 'T16: then an account (password)' term_sees demo '^password'
term_type demo secret
ok 'T16: (again)' term_sees demo 'same again'
term_type demo secret
ok 'T16: (made)' term_sees demo 'you are alice'
term_type demo '/msg alice hello'
ok 'T16: and a message' term_sees demo '^[0-9:]{5} +alice: hello'
term_type demo '/msg echo hello "there" \'
ok 'T16: and an account that answers' term_sees demo '^[0-9:]{5} +echo: hello "there" \\$'
ok 'T16: the line for a second person is shown' term_sees demo "client 127.0.0.1 [0-9]+ 127.0.0.1 [0-9]+ 127.0.0.1 [0-9]+"
# shellcheck disable=SC2046
kill -KILL $(term_screen demo | sed -n 's/.*(kill -9 \([0-9]* [0-9]*\)).*/\1/p')
term_type demo '/msg echo still here'
ok 'T16: two servers are killed, and it still does' term_sees demo '^[0-9:]{5} +echo: still here'
term_type demo /quit
ok 'T16: and everything ends' term_sees demo '^status 0'
nok 'T16: without a word of the shell' term_fits demo 'Killed|demo\.sh: line'
is 'T16: the same in a pipe: two users chat' "$(printf '%s\n' '/create bob pw' '/logout' '/create ann pw' '/msg bob hello' \
	'/logout' '/login bob pw' | BIN=$BIN tools/demo.sh 2>"$dir/demo.err" | grep -c 'waited\] ann: hello')" 1
ok 'T16: README shows the two commands first' grep -qzP 'make demo[^\n]*\n    make check' README.md

# shellcheck disable=SC2046
printf '/list\n/check\n/wait 0\n' | "$BIN/client" $(addresses) >"$dir/piped" 2>"$dir/piped.err"
is 'T5: in a pipe: one line of result for each command, in order' \
	"$(grep -oE '^(list|check|wait): (ok|refused)' "$dir/piped" | tr '\n' ' ')" 'list: ok check: refused wait: ok '
nok 'T5: no prompt, no colour' grep -qP '> |\x1b' "$dir/piped"
# shellcheck disable=SC2046
for n in {1..300}; do echo /help; done | {
	"$BIN/client" $(addresses) 2>"$dir/left.err"
	echo $? >"$dir/left"
} | head -n 1 >"$dir/first"
ok 'T6: the reader leaves after one line' wait_for "$patience" test -s "$dir/left"
is 'T6: quietly, and without dying of a signal' "$(<"$dir/left")$(<"$dir/left.err")" 0

client_json "$dir/out" <<<'/create ann pw-ann'
is 'T7: done' $? 0
client_json "$dir/out" <<<'/create ann pw'
is 'T7: refused' $? 1
"$BIN/client" --json nonsense >"$dir/out" 2>&1 </dev/null
is 'T7: usage' $? 2
"$BIN/client" --json --timeout 0.2 127.0.0.1 "$(free_port)" 127.0.0.2 "$(free_port)" 127.0.0.3 "$(free_port)" \
	>"$dir/out" 2>"$dir/none.err" </dev/null
is 'T7: no replica reachable' $? 3
term_client quit
term_sees quit '^not logged in>' >/dev/null
term_type quit '/login ann'
term_sees quit '^password' >/dev/null
pid=$(terminal list-panes -t quit -F '#{pane_pid}')
kill -TERM "$(child_of "$pid")"
ok 'T13: a client that is killed by TERM' term_sees quit '^status [01]'
ok 'T13: leaves the terminal echoing' term_sees quit '^echo$'

term_client loses --operator
term_sees loses '^not logged in>' >/dev/null
term_key loses -l '/list an'
kill_server 2
ok 'T14: a replica is lost: one short line' term_sees loses "^[0-9:]{5} -- replica 2 \($host:${server_port[2]}\) is dead: .*"
restart_server 2
ok 'T14: it returns: one short line' term_sees loses "^[0-9:]{5} -- replica 2 \($host:${server_port[2]}\) is live again$"
is 'T14: none is repeated' "$(term_screen loses | grep -c "replica 2 ($host:${server_port[2]}) is")" 2
term_type loses n
ok 'T14: what was typed is kept' term_sees loses 'list: 1 account, '

{
	printf '%s\n' /nothing /msg '/msg .x y' '/msg a b' '/login ann no' '/create ann x' '/create .x y' '/list -E (' \
		'/login ann pw-ann' '/create ann pw' '/msg nobody hi' "$(printf '/msg ann \377')" '/delete x' 'hello'
	perl -e 'printf "/msg ann %s\n", "x" x 65537'
	echo '{'
} | client_json "$dir/out"
is 'T15: every refusal says what is wrong in a sentence of some words' \
	"$(json_get "$dir/out" ok=false -- detail | grep -vcE '^[^ ]+( [^ ]+){3,}')" 0
is 'T15: none is an error number' "$(json_get "$dir/out" ok=false -- detail | grep -ciE 'errno|error [0-9]')" 0
is 'T8: each line is one object of JSON' "$(wc -l <"$dir/out")" "$(json_count "$dir/out")"

# ---- the operator's ----

"$BIN/server" 127.0.0.1 0 --data "$dir/0" >"$dir/out" 2>&1 </dev/null
is 'O1: a second server on a folder is refused' "$?:$(wc -l <"$dir/out")" 3:1
"$BIN/server" 127.0.0.1 "${server_port[0]}" --data "$dir/o2" >"$dir/out" 2>&1 </dev/null
is 'O2: an address that is taken' "$?:$(wc -l <"$dir/out")" 1:1
: >"$dir/file"
"$BIN/server" 127.0.0.1 0 --data "$dir/file/data" >"$dir/out" 2>&1 </dev/null
status=$?
is 'O2: a folder that cannot be' "$((status != 0 && status < 126)):$(wc -l <"$dir/out")" 1:1
like 'O2: which is named' "$(<"$dir/out")" "$dir/file"
printf '/create bob pw-bob\n/msg ann kept\n/delete x\n' | client_json "$dir/out"
kill_all
restart_missing
is 'O3: nothing that was acknowledged is lost by kill -9' \
	"$(run_all "$dir/out" <<<'/login ann pw-ann'):$(shown "$dir/out")" login:ok:kept
nok 'O5: no log holds a password or a text' grep -rqE 'pw-ann|pw-bob|kept' "$dir"/[012].log "$dir"/[012].before.log
ok 'O5: each line has its time' test "$(grep -cvE '^(threefold|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z )' "$dir/0.log")" = 0
kill -USR1 "${server_pid[0]}"
ok 'O4: a signal logs connections, sessions, accounts, facts and their sum' \
	wait_for "$patience" grep -qE 'facts=[0-9]+ sum=[0-9a-f]+ accounts=[0-9]+' "${server_log[0]}"
ok 'O3: SIGTERM ends it with 0' stop_server 0

cp -r "$dir/0" "$dir/backup"
rm "$dir/backup/replica.json"
cp -r "$dir/backup" "$dir/4"
ok 'O6: a copy of a stopped folder is loaded' start_server 4
like 'O6: with what it held' "$(<"${server_log[4]}")" 'loaded [1-9][0-9]* facts'
stop_server 4
restart_server 0
printf '/login ann pw-ann\n/create late pw\n' | client_json "$dir/out"
client_json "$dir/out" <<<'/create later pw'
stop_server 0
cp "$dir/0/users.json" "$dir/4/users.json"
"$BIN/server" 127.0.0.1 0 --data "$dir/4" >"$dir/out" 2>&1 </dev/null
is 'O6: a copy that is mixed of two moments is refused' "$?:$(grep -c users.json "$dir/out")" 3:1

rm -rf "$dir/4"
cp -r "$dir/backup" "$dir/4"
for file in users.json pending.json; do
	cp "$dir/4/$file" "$dir/kept"
	sed -i '1s/"format":[0-9]*/"format":99/' "$dir/4/$file"
	before=$(cd "$dir/4" && cat -- [a-z]*.json* | sha256sum)
	timeout "$patience" "$BIN/server" 127.0.0.1 0 --data "$dir/4" >"$dir/out" 2>&1 </dev/null
	is "O7: $file of a newer format is refused" "$?:$(grep -c 'newer' "$dir/out")" 3:1
	is 'O7: untouched' "$(cd "$dir/4" && cat -- [a-z]*.json* | sha256sum)" "$before"
	cp "$dir/kept" "$dir/4/$file"
done
for limit in 'name |1 to 32' 'password |1 to 511' 'text |65,536' 'share .*|1,000,000' 'recipients .*|4,096'; do
	ok "O8: README has the limit: ${limit%% *}" grep -qE "^\| (a |one sender's )?${limit%%|*}.*${limit#*|}" README.md
done

# The list of the rows is true: each of its tests is there, in that file. (What is made of parts, as 001-25, has its number.)
while IFS='|' read -r _ row file name _; do
	read -r row <<<"$row"
	read -r file <<<"${file//\`/}"
	read -r name <<<"$name"
	path=tests/$file
	[[ $file == */* ]] || path=tests/process/$file
	grep -qF -- "$row: $name" "$path" || grep -qE -- "^functions $row" "$path" ||
		grep -qF -- "'$name'" "$path" || echo "$row $name"
done < <(grep -E '^\| ([0-9]{3}-[0-9]+|conflicts|[TO][0-9]+) ' tests/README.md) >"$dir/wrong"
is 'tests/README.md: each row of its list names a test that is there' "$(<"$dir/wrong")" ''
is 'tests/README.md: all of the 120 rows are listed' "$(grep -cE '^\| 00[0-4]-[0-9]+ ' tests/README.md)" 120

done_testing
