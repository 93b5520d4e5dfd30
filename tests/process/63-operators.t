#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What an operator does for one person: a forgotten password is set anew, with all three replicas and with two.
# shellcheck disable=SC2046 # addresses are words
. tests/lib/features.sh

"${OUT:-build}/tests/lib/accounts" "$dir/made" twin 7200 1 twin 9200 1
for n in 0 1 2; do
	cp -r "$dir/made" "$dir/$n"
done
start_servers
ok 'somebody makes an account' client_json "$dir/out" <<<$'/create bob pw-bob\n/logout\n/create gus pw-gus'

# ---- on a terminal, whose server must not hold the pipes of clients ----

if command -v tmux >/dev/null; then
	term_start ops "$BIN/repair" --key "$dir/operator.key" $(addresses) --set-password bob
	term_sees ops 'new password of bob .not shown.'
	term_type ops third-aid
	term_sees ops 'the same again'
	tty=$(terminal display-message -p -t ops '#{pane_tty}')
	stty -F "$tty" echo # as a shell may, when it lets the program go on
	hides_again() { stty -F "$tty" -a | grep -qw -e -echo; }
	ok 'who changes the mode of the terminal changes nothing for long' wait_for "$patience" hides_again
	term_type ops third-aid
	ok 'it is asked twice' term_sees ops 'the password of bob is set'
	ok 'and the terminal is as before' term_sees ops '^echo'
	term_start ops2 "$BIN/repair" --key "$dir/operator.key" $(addresses) --set-password gus
	term_sees ops2 'new password of gus'
	is 'meanwhile the account is removed' "$(of_repair 'has removed it$' --remove gus --yes)" '0 3'
	term_type ops2 third-aid
	term_sees ops2 'the same again'
	term_type ops2 third-aid
	ok 'which is said' term_sees ops2 'the account gus was deleted meanwhile'
	nok 'and no replica is said to have the password' grep 'has the new' <<<"$(term_screen ops2)"
	nok 'it was not shown' grep third-aid <<<"$(term_screen ops)"
else
	skip 'a terminal' 'tmux is not installed'
fi
# ---- with all three ----

install -m 600 /dev/null "$dir/first"
install -m 600 /dev/null "$dir/second"
echo first-aid >"$dir/first"
echo second-aid >"$dir/second"
enter ann
visit bob
if command -v tmux >/dev/null; then
	is 'what was typed opens the account' "$(says bob '/login bob third-aid' reset)" 'ok true'
else
	says bob '/login bob pw-bob' >/dev/null
fi
is 'mail waits for nobody' "$(says bob '/msg ann before')" ok
is 'nobody has that name' "$(of_repair "no account is called 'nobody'" --set-password nobody --password-file "$dir/first")" '1 1'
is 'nor one of two, whose ids are told' "$(of_repair '^repair: [0-9A-Z]{36} twin$|2 accounts' --set-password twin --password-file "$dir/first")" '1 3'
id=$(grep -oE '[0-9A-Z]{36}' "$dir/repair.err" | head -n 1)
is 'an id is of one' "$(of_repair 'has the new password$' --set-password "$id" --password-file "$dir/first")" '0 3'
is 'which it opens' "$(says ann '/logout')$(says ann "/login $id first-aid" reset name)" "okok true twin~${id: -8}"
is 'and no other' "$(says ann '/logout')$(says ann '/login ann pw-ann')" okok
setsid -w "$BIN/repair" --key "$dir/operator.key" $(addresses) --set-password ann 2>"$dir/repair.err"
is 'without a terminal nobody is asked' "$? $(grep -c 'no terminal.*--password-file' "$dir/repair.err")" '1 1'
chmod 644 "$dir/first"
is 'a file that others may read is no place for one' "$(of_repair 'chmod 600' --set-password ann --password-file "$dir/first")" '1 1'
chmod 600 "$dir/first"
is 'the password stands on the command line nowhere' "$(of_repair "needs '--set-password'" --password-file "$dir/first")" '2 1'
is 'a name is written in any case' "$(of_repair 'has the new password$' --set-password ANN --password-file "$dir/first")" '0 3'
like 'it says whose it is' "$(<"$dir/repair.out")" 'the password of ann is set'
ok 'the session ends' client_wait ann '"event":"logged-out".*the password was changed'
is 'the old password opens nothing' "$(says ann '/login ann pw-ann')" wrong-password
is 'the new one does, and the owner is told' "$(says ann '/login ann first-aid' copies reset detail)" \
	'ok 3 true your password was set by an operator: /password sets your own'
is 'nor is anything lost by a wrong name' "$(says ann '/delete bob')" usage
is 'the owner sets another one' "$(says ann '/password first-aid mine' copies)" 'ok 3'
says ann /logout >/dev/null
is 'which is the owner'"'"'s own' "$(says ann '/login ann mine' reset)" ok

# ---- with two of three ----

kill_server 2
is 'two are enough' "$(of_repair 'replica [01].* has the new password$' --set-password ann --password-file "$dir/second")" '0 2'
like 'what the third learns is said' "$(<"$dir/repair.out")" 'replica 2 .* took no part: until it learns the new password'
kill_server 1
is 'one is not' "$(of_repair 'fewer than two replicas' --set-password ann --password-file "$dir/first")" '3 1'
restart_server 1
restart_server 2
client_close ann
visit ann
knows_all ann
is 'the third one makes the old one no better' "$(says ann '/login ann mine')" wrong-password
is 'and is told by the log-in' "$(says ann '/login ann second-aid' copies reset)" 'ok 3 true'

client_close ann
client_close bob
done_testing
