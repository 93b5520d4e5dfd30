#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The rows of the third of the systems before this one: accounts that are active or not, commands of one letter.
. tests/lib/features.sh

# ---- three servers in three terminals ----

for n in 0 1 2; do
	server_port[n]=$(free_port)
	term_start "server$n" "$BIN/server" 127.0.0.1 "${server_port[$n]}" --data "$dir/$n"
done
for n in 0 1 2; do
	ok "002-14: server $n has a terminal of its own" term_sees "server$n" 'serving 127\.0\.0\.1'
done
run_all "$dir/out" </dev/null >/dev/null
is '002-14: the first is the leader' "$(json_get "$dir/out" -- event leader | tr '\t' ' ')" 'ready 0'
term_key server0 C-c
ok '002-14: Ctrl-C stops one' term_sees server0 'status 0'
run_all "$dir/out" </dev/null >/dev/null
is '002-14: then the next one is' "$(json_get "$dir/out" -- event leader | tr '\t' ' ')" 'ready 1'
for n in 1 2; do
	term_key server$n C-c
	ok '002-14: and the others' term_sees server$n 'status 0'
done
start_servers

# ---- the command line ----

"$BIN/client" 127.0.0.1 1 127.0.0.1 2 >"$dir/out" 2>&1 </dev/null
is '002-15: where the servers are stands on the command line and nowhere else' $? 2
"$BIN/server" 127.0.0.1 0 1 >"$dir/out" 2>&1 </dev/null
is '002-16: no argument switches a server to a test' "$?:$(grep -c "not '1'" "$dir/out")" 2:1
nok '002-16: no option does, either' grep -qi test <("$BIN/server" --help; "$BIN/client" --help)

# ---- accounts on a terminal ----

term_client one
ok '002-5: the instructions come first' term_sees one '^/create NAME makes an account'
term_type one '/create ann'
ok '002-2: create and a name' term_sees one 'password'
term_type one pw-ann
ok '002-2: (twice)' term_sees one 'same again'
term_type one pw-ann
ok '002-4: success is shown' term_sees one '^you are ann'
term_type one /help
ok '002-13: the commands are shown when one asks for them' term_sees one '^/msg .*send a message'
ok '002-13: all' term_sees one '^/quit '
term_type one /logout
ok '002-12: log out' term_sees one '^logged out'
term_type one '/login nobody'
ok '002-3: log in and a name' term_sees one 'password \(not shown\): *$'
term_type one nothing
ok '002-3: a name that nobody has is offered' term_sees one "there is no 'nobody' yet: create it\\? \\(y/n\\) *$"
term_type one n
ok '002-4: failure is shown, too' term_sees one '^refused: nothing was created'
ok '002-4: and it asks on' term_sees one '^not logged in>( \(waiting\))? *$'
term_type one '/create ann'
ok '002-4: again' wait_for "$patience" eval '[ "$(term_screen one | grep -c "same again\|password (not")" -ge 4 ]'
term_type one x
ok '002-4: twice' wait_for "$patience" eval '[ "$(term_screen one | grep -c "same again")" -ge 2 ]'
term_type one x
ok '002-4: a name that is taken is a refusal as well' term_sees one '^refused: the name is taken; choose another name'
term_type one '/login ann'
ok '002-3: log in' wait_for "$patience" eval '[ "$(term_screen one | grep -c "password (not")" -ge 4 ]'
term_type one pw-ann
ok '002-3: is answered' term_sees one '^you are ann'

# ---- who is active ----

visit two
is '002-18: an account without a password cannot be made' \
	"$(says two '/create bob')$(says two '{"command":"create","name":"bob","password":""}')" usageusage
is '002-2: one with a password is' "$(says two '/create bob pw-bob' copies)" 'ok 3'
is '002-2: create and log out' "$(printf '/create cid pw-cid\n/logout\n' | run_all "$dir/out")" 'create:ok logout:ok'
says two /list >/dev/null
client_wait two '"users"'
is '002-1: list says who is active and who is not' "$(field users)" \
	'[{"name":"ann","online":true},{"name":"bob","online":true},{"name":"cid","online":false}]'
kill_server 0
says two /list >/dev/null
client_wait two '"users"'
is '002-1: the replicas that live know it' "$(field users)" \
	'[{"name":"ann","online":true},{"name":"bob","online":true},{"name":"cid","online":false}]'
restart_missing
client_wait two '"state":"live"'
term_type one /list
ok '002-1: on a terminal' term_sees one '^ann\*  bob\*  cid$'
ok '002-5: the accounts with their status are shown by list' term_sees one 'list: 3 accounts, 2 online \(\*\)$'

# ---- messages ----

for form in 'ann-> hi' 'ann -> hi' 'ann->hi'; do
	is "002-6: a form with an arrow is sent to nobody: $form" "$(says two "$form")" usage
	like '002-6: and answered with ours' "$(answer detail)" '/msg NAME TEXT'
done
is '002-7: no name holds an arrow' "$(printf '/create a->b pw\n/create a-> pw\n' | run_all "$dir/out")" \
	'create:bad-name create:bad-name'
is '002-7: but one may end with a hyphen' "$(printf '/create a- pw\n/delete a-\n' | run_all "$dir/out")" \
	'create:ok delete:ok'
is '002-8: an active account is sent to' "$(says two '/msg ann live' online stored)" 'ok 1 1'
is '002-8: an inactive one as well' "$(says two '/msg cid later' online stored)" 'ok 0 1'
ok '002-9: the active one sees it at once' term_sees one ' bob: live'
is '002-10: the other one when it logs in' "$(run_all "$dir/out" <<<'/login cid pw-cid'):$(shown "$dir/out")" \
	'login:ok:later'
like '002-9: on its own line, above what is typed' "$(term_screen one | grep 'bob: live')" '^[0-9]{2}:[0-9]{2} +bob: live'

# ---- delete, quit ----

term_type one /delete
ok '002-11: delete asks' term_sees one 'type the name of your account'
term_type one ann
ok '002-11: and deletes' term_sees one '^the account is deleted'
is '002-11: it is gone' "$(says two '/msg ann gone')" no-such-user
term_type one '/quit'
ok '002-12: quit' term_sees one '^status [01]$'
is '002-12: in a script' "$(says two /quit)" ok
client_close two

# ---- one protocol, one state ----

frames=$(sed -n 's/^\tFRAME_\([A-Z_]*\)\( = [0-9]*\)\{0,1\},.*/\1/p' protocol.h |
	grep -vxE 'HEADER_SIZE|SIZE_MAX|REPLY|TYPE_.*')
missing=
for frame in $frames; do
	sed '/^#ifndef/,$d' protocol.h | grep -qE "^ \* (PUSH )?${frame#PUSH_}\b|\b$frame\b" || missing+="$frame "
done
is '002-17: each frame of the protocol stands in its specification' "$missing" ''
ok '002-17: there are frames' test "$(wc -w <<<"$frames")" -gt 15

{
	echo '/create dan pw'
	for n in {1..20}; do echo "/msg bob,cid,dan number $n"; done
	echo '/all to all'
	echo '/create eve pw'
} | run_all "$dir/out" >/dev/null
client_json "$dir/out" <<<'/login bob pw-bob'
for n in 0 1 2; do
	ok "002-19: a server stops: $n" stop_server $n
done
for file in users.json pending.json; do
	is "002-19: the three replicas hold the same, byte for byte: $file" \
		"$(cd "$dir" && sha256sum 0/$file 1/$file 2/$file | cut -d' ' -f1 | sort -u | wc -l)" 1
done

done_testing
