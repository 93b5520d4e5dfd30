#!/bin/bash
# SPDX-License-Identifier: MIT
#
# An operator removes an account: with all three replicas, and with two.
# shellcheck disable=SC2046 # addresses are words
. tests/lib/features.sh

"${OUT:-build}/tests/lib/accounts" "$dir/made" twin 7200 1 twin 9200 1
for n in 0 1 2; do
	cp -r "$dir/made" "$dir/$n"
done
start_servers
client_json "$dir/out" <<<'/create bob pw-bob'
client_json "$dir/out" <<<'/create eve pw-eve'
client_json "$dir/out" <<<$'/create kim pw-kim\n/logout\n/create lou pw-lou'

# ---- who is meant ----

is 'nobody has that name' "$(of_repair "no account is called 'nobody'" --remove nobody --yes)" '1 1'
is 'nor one of two, whose ids are told' "$(of_repair '^repair: [0-9A-Z]{36} twin$|2 accounts' --remove twin --yes)" '1 3'
id=$(grep -oE '[0-9A-Z]{36}' "$dir/repair.err" | head -n 1)
is 'an id is of one' "$(of_repair 'has removed it$' --remove "$id" --yes)" '0 3'
is 'then the name is that of the other' "$(of_repair 'has removed it$' --remove TWIN --yes)" '0 3'
is 'without a terminal nobody is asked' "$(of_repair 'no terminal.*--yes' --remove bob)" '1 1'
is '--yes means nothing else' "$(of_repair "needs '--remove'" --yes)" '2 1'
is 'and one account' "$(of_repair "'--remove' is given twice" --remove bob --remove bob --yes)" '2 1'
is 'one change at a time' "$(of_repair 'exclude each other' --remove bob --set-password bob)" '2 1'
if command -v tmux >/dev/null; then
	term_start ops "$BIN/repair" --key "$dir/operator.key" $(addresses) --remove bob
	term_sees ops 'its name again:'
	term_type ops bop
	ok 'another name is not the account'"'"'s' term_sees ops 'that is not its name; nothing was changed'
	ok 'and it is there' client_json "$dir/out" --user bob --password-file <(echo pw-bob) <<<'/list'
	term_start ops2 "$BIN/repair" --key "$dir/operator.key" $(addresses) --remove kim
	term_sees ops2 'removes the account kim'
	term_type ops2 kim
	ok 'its own name is' term_sees ops2 'the account kim is removed'
	term_start ops3 bash -c "'$BIN/repair' --key '$dir/operator.key' $(addresses | paste -sd' ') --remove bob; IFS= read -rt 0.2 left; echo \"left [\$left]\""
	term_sees ops3 'its name again:'
	term_type ops3 "$(printf 'bob%.0s' {1..30}); echo a line that is longer than any name"
	ok 'nothing of a long line is left to a shell' term_sees ops3 'left \[\]'
	term_start ops4 "$BIN/repair" --key "$dir/operator.key" --connect-timeout 2 $(addresses) --remove bob
	term_sees ops4 'its name again:'
	kill -STOP "${server_pid[1]}" "${server_pid[2]}"
	term_type ops4 bob
	ok 'if two go meanwhile, nothing is changed' term_sees ops4 'fewer than two replicas took part: nothing was changed'
	ok 'which is told' term_sees ops4 'status 3'
	kill -CONT "${server_pid[1]}" "${server_pid[2]}"
else
	skip 'a terminal' 'tmux is not installed'
fi

"$BIN/repair" --key "$dir/operator.key" $(addresses) --remove lou --yes >/dev/full 2>"$dir/full"
is 'who cannot print it is told all the same' \
	"$? $(grep -c 'the account lou is removed.*the standard output cannot be written' "$dir/full")" '1 1'

# ---- with all three ----

enter ann
visit bob
is 'somebody is logged in' "$(says bob '/login bob pw-bob')" ok
visit eve
is 'mail waits for somebody else' "$(says bob '/msg eve before')" ok
is 'the operator removes who is logged in' "$(of_repair 'has removed it$' --remove bob --yes)" '0 3'
like 'it says whom' "$(<"$dir/repair.out")" 'the account bob is removed'
ok 'the session ends, and says by whom' client_wait bob '"event":"logged-out".*an operator has removed the account'
is 'nobody can log in' "$(says bob '/login bob pw-bob')" wrong-password
is 'nor write to it' "$(says ann '/msg bob hello')" no-such-user
is 'what it had sent is there' "$(says eve '/login eve pw-eve')" 'ok'
ok 'from whom it was' client_wait eve '"from":"bob".*"text":"before"'
is 'mail that waited goes with the account' "$(says eve /logout)$(says ann '/msg eve never read')$(
	of_repair 'has removed it$' --remove eve --yes)" 'okok0 3'
is 'the name is free' "$(says eve '/create eve pw-2')" ok
is 'and its mailbox empty' "$(says eve '/check' messages)" 'ok 0'
is 'the replicas hold the same' "$(of_repair 'hold the same' --check)" '0 1'
is 'again' "$(of_repair "no account is called 'bob'" --remove bob --yes)" '1 1'

# ---- with two, and the third later ----

# A crash of who has said yes, and then the third is back, with what it had.
third_was_away() {
	ok "$1: the third is away" kill_server 2
	is "$1: two remove it, and it is said who took no part" \
		"$(of_repair "has removed it\$|replica 2 .*$host:${server_port[2]}" --remove "$1" --yes)" '0 3'
	kill_server 0 && restart_server 0
	restart_server 2
}
is 'two more' "$(says eve /logout)$(says eve '/create lea pw-lea')$(says eve /logout)$(says eve '/create max pw-max')$(
	says eve /logout)" okokokokok
third_was_away lea
third_is_told() {
	[ "$(says eve '/login lea pw-lea')" = wrong-password ] && [ "$(of_repair 'hold the same' --check)" = '0 1' ]
}
ok 'lea: a client that reaches all three is not let in, and tells the third' wait_for "$patience" third_is_told
third_was_away max
nok 'max: the third does not know' repair --check
ok 'max: a repair tells it' repair
is 'max: they hold the same' "$(of_repair 'hold the same' --check)" '0 1'
is 'max: nobody is let in' "$(says eve '/login max pw-max')" wrong-password

client_close ann
client_close bob
client_close eve
done_testing
