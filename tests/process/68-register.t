#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Who may make an account: servers that are closed, and those that take who is invited. An invitation that is missing,
# expired, damaged, of another cluster; a replica that was away is given the account at a log-in; servers that differ.
# shellcheck disable=SC2046 # addresses are words
. tests/lib/features.sh

invite() {
	"$BIN/repair" --key "$dir/operator.key" --invite "$@"
}

restart_all() {
	local n
	for n in 0 1 2; do
		[ -z "${server_pid[$n]:-}" ] || stop_server "$n"
		restart_server "$n" "$@"
	done
}

# ---- invitations ----

start_servers
enter early
client_close early
good=$(invite 7)
like 'an invitation is one line of letters and digits' "$good" '^[0-9A-Z]{62}$'
nok 'each is another one' [ "$good" = "$(invite 7)" ]
head -c 32 /dev/urandom >"$dir/other.key"
chmod 600 "$dir/other.key"
foreign=$("$BIN/repair" --key "$dir/other.key" --invite 7)
fake_clock
echo $((-2 * 86400)) >"$dir/shift" # two days ago
expired=$(LD_PRELOAD=$clock FAKE_CLOCK_SHIFT=$dir/shift invite 1)
like 'no server is needed, and none is named' "$("$BIN/repair" --key "$dir/operator.key" --invite 7 127.0.0.1 1 2>&1)" \
	'asks no server'
like 'for which servers is told' "$("$BIN/repair" --key "$dir/operator.key" --invite 7 2>&1 >"$dir/invitation")" \
	'^repair: an invitation to the servers of cluster [0-9a-f]{8}$'
mkdir -m 700 "$dir/locked" && touch "$dir/locked/operator.key"
# shellcheck disable=SC2209
as=$([ "$(id -u)" != 0 ] || echo setpriv --reuid 65534 --regid 65534 --clear-groups)
[ "$as" != '' ] || chmod 000 "$dir/locked"
if $as test -x "$BIN/repair" -a ! -x "$dir/locked" 2>"$dir/no"; then
	like 'a key that may not be read is there' "$(cd / && STATE_DIRECTORY=$dir/locked $as "$BIN/repair" --invite 7 2>&1)" \
		"cannot open the operator's key '$dir/locked/operator.key': Permission denied"
else
	skip 'a key that may not be read is there' 'another user cannot run the program here'
fi
chmod 700 "$dir/locked"
like 'a day at least' "$(invite 0 2>&1)" 'number from 1 to 365'
like 'a year at most' "$(invite 366 2>&1)" 'number from 1 to 365'
like 'it needs the key' "$("$BIN/repair" --key "$dir/no.key" --invite 7 2>&1)" "cannot open the operator's key"
visit one
is 'an open server takes anybody' "$(says one '/create one pw')" ok
says one /logout >/dev/null
is 'and does not look at invitations' "$(says one "/create two --invite $expired pw")" ok
client_close one
nok 'of this it says nothing' grep 'register' "${server_log[0]}"

# ---- closed ----

restart_all --register closed
like 'a server says that it is closed' "$(tail -n 1 "${server_log[0]}")" 'serving .*, register closed$'
visit ann
is 'closed: nobody' "$(says ann '/create ann pw')" registration-closed
is 'closed: not who is invited' "$(says ann "/create ann --invite $good pw")" registration-closed
is 'closed: who was there before logs in' "$(says ann '/login early pw-early')" ok
client_close ann

# ---- invited ----

restart_all --register invited
like 'a server says that one must be invited' "$(tail -n 1 "${server_log[2]}")" 'serving .*, register invited$'
visit ann
is 'without an invitation' "$(says ann '/create ann pw')" invitation-needed
is 'with one that has expired' "$(says ann "/create ann --invite $expired pw")" invitation-expired
is 'with that of another cluster' "$(says ann "/create ann --invite $foreign pw")" invitation-wrong
[ "${good:20:1}" = A ] && digit=B || digit=A
is 'with a damaged one' "$(says ann "/create ann --invite ${good:0:20}$digit${good:21} pw")" invitation-wrong
is 'with a part of one' "$(says ann "/create ann --invite ${good:0:61} pw")" invitation-wrong
like 'which is told from the form' "$(answer detail)" 'one has 62 letters and digits'
is 'nobody has come in' "$(says ann '/list ann' count)" 'ok 0'
is 'with a good one' "$(says ann "/create ann --invite $good pw-ann" copies)" 'ok 3'
says ann /logout >/dev/null
is 'before the name, in small letters, for another one' "$(says ann "/create --invite ${good,,} bob pw-bob" copies)" 'ok 3'
says ann /logout >/dev/null
is 'as JSON' "$(says ann "{\"command\":\"create\",\"name\":\"cid\",\"password\":\"pw-cid\",\"invite\":\"$good\"}" copies)" 'ok 3'
says ann /logout >/dev/null
is 'an option needs its value' "$(says ann '/create dan --invite')" usage
client_close ann

# A terminal is asked, and asks. Its server must not hold the pipes of other clients.
if command -v tmux >/dev/null; then
	term_client tom
	term_sees tom 'makes an account'
	term_type tom '/create tom secret'
	ok 'a person is asked for it' term_sees tom 'an invitation is needed. Paste yours:'
	term_type tom "$good"
	ok 'and comes in' term_sees tom 'you are tom'
	term_type tom /logout
	term_sees tom 'logged out'
	term_type tom '/create tim secret'
	term_sees tom 'an invitation is needed. Paste yours: *$'
	term_type tom 'please'
	ok 'what is none is said to be none' term_sees tom 'refused: this is no invitation: one has 62 letters and digits'
	term_type tom "/create tim --invite $expired secret"
	ok 'an old one: what to do' term_sees tom 'this invitation has expired; ask the operator'
else
	skip 'a terminal' 'tmux is not installed'
fi

# ---- a replica that was away ----

kill_server 2
visit eve
is 'made while one is away' "$(says eve "/create eve --invite $good pw-eve" copies)" 'ok 2'
client_close eve
restart_server 2 --register closed
visit eve
knows_all eve
is 'a log-in hands it over, also where it is closed' "$(says eve '/login eve pw-eve' copies)" 'ok 3'
kill_server 0
kill_server 1
is 'so it is there' "$(says eve '/msg eve to myself' copies)" 'ok 1'
client_close eve
restart_missing

# ---- servers that differ ----

restart_all --register closed
stop_server 1
restart_server 1 --register invited
visit fay
knows_all fay
is 'one of three is enough to let somebody in' "$(says fay "/create fay --invite $good pw-fay" copies)" 'ok 1'
is 'and the others have the account' "$(says fay '/msg fay to myself' copies)" 'ok 3'
is 'repair confirms it everywhere' "$("$BIN/repair" --key "$dir/operator.key" $(addresses) >"$dir/repair.out"; echo $?)" 0
client_close fay
done_testing
