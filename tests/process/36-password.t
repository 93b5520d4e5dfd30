#!/bin/bash
# SPDX-License-Identifier: MIT
#
# /password: for scripts and for persons; beside a replica that was down, that lost its disk, and that is repaired; and
# after a restart of all. Names in any case.
. tests/lib/features.sh

start_servers

# ---- on a terminal, whose server must not hold the pipes of other clients ----

if command -v tmux >/dev/null; then
	term_client eve
	term_sees eve 'makes an account'
	term_type eve '/create eve first'
	term_sees eve 'you are eve'
	term_type eve /password
	term_sees eve 'old password .not shown.'
	term_type eve first
	term_sees eve 'new password .not shown.'
	term_type eve second
	term_sees eve 'the same again'
	term_type eve other
	ok 'a slip is noticed' term_sees eve 'passwords differ'
	term_type eve /password
	sleep 0.1
	term_type eve first
	term_type eve second
	term_type eve second
	ok 'asked for the old one, and twice for the new one' term_sees eve '^the password is changed'
	nok 'which are not shown' grep -E 'first|second' <<<"$(term_screen eve)"
	visit eva
	is 'and changed' "$(says eva '/login --take-over eve second')" ok
	client_close eva
else
	skip 'a terminal' 'tmux is not installed'
fi

# ---- a script ----

enter ann
is 'not without the old one' "$(says ann '/password wrong next')" wrong-password
is 'with it' "$(says ann '/password pw-ann two' copies)" 'ok 3'
is 'as JSON' "$(says ann '{"command":"password","password":"two","new_password":"three"}' copies)" 'ok 3'
is 'the session stays' "$(says ann '/msg ANN to myself')" ok
is 'a script has nobody who could be asked' "$(says ann /password)$(says ann '/password three')" usageusage
is 'the empty one is none' "$(says ann '{"command":"password","password":"three","new_password":""}')" usage
says ann /logout >/dev/null
is 'it needs a log-in' "$(says ann '/password three four')" not-logged-in
is 'the first one opens nothing any more' "$(says ann '/login ann pw-ann')" wrong-password
is 'nor does the second' "$(says ann '/login ann two')" wrong-password
is 'the third one does, and the name is one in any case' "$(says ann '/login ANN three' name)" 'ok ann'
visit bob
is 'which is taken in any case' "$(says bob '/create Ann x')" name-taken
is 'and listed by a beginning in any case' "$(says bob '/list AN' >/dev/null; json_get "$dir/bob.out" event=users -- users.0.name)" ann
says bob '/create Bob pw' >/dev/null

# ---- beside a replica that is down ----

kill_server 2
client_wait ann '"index":2,"state":"dead"'
is 'on two of three' "$(says ann '/password three four' copies)" 'ok 2'
client_close ann
restart_server 2
knows_all bob
visit ann
knows_all ann
is 'the one that was away makes the old one no better' "$(says ann '/login ann three')" wrong-password
is 'and is told at a log-in' "$(says ann '/login ann four' copies)" 'ok 3'
kill_server 0
is 'again' "$(says ann '/password four five' copies)" 'ok 2'
client_close ann
rm -rf "${server_data[0]:?}"
restart_server 0
# shellcheck disable=SC2046
ok 'repair carries it' "$BIN/repair" --key "$dir/operator.key" $(addresses)
kill_server 1
kill_server 2
visit ann
is 'to one that had nothing' "$(says ann '/login ann four')" wrong-password
is 'which knows the new one' "$(says ann '/login ann five' copies)" 'ok 1'

# ---- all stop and start ----

restart_server 1
restart_server 2
knows_all ann
stop_server 0
stop_server 1
stop_server 2
cmp -s "${server_data[0]}/users.json" "${server_data[1]}/users.json"
is 'equal sets are equal bytes' $? 0
for n in 0 1 2; do restart_server $n; done
knows_all ann
is 'what was changed stays so' "$(says ann '/password five six' copies)" 'ok 3'
kill_server 0
restart_server 0
knows_all ann
says ann /logout >/dev/null
is 'also after a kill' "$(says ann '/login ann six' copies)" 'ok 3'

# ---- deleted all the same ----

is 'the account can be deleted' "$(says ann '/delete Ann')" ok
is 'and the name is free' "$(says ann '/create ANN new' name)" 'ok ANN'
client_close ann
client_close bob
done_testing
