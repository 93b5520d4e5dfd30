#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The rows of the fourth of the systems before this one: requests with a name and a password each, framing, versions,
# a chain of servers.
. tests/lib/features.sh

start_servers

# ---- accounts ----

visit two
is '003-1: create with a name and a password' "$(says two '/create bob pw-bob' copies)" 'ok 3'
says two /logout >/dev/null
is '003-1: a name that exists is an error' "$(says two '/create bob other')" name-taken
is '003-1: also with the same password' "$(says two '/create bob pw-bob')" name-taken
enter ann
enter abe
is '003-2: list with a term' "$(says ann '/list a' count)" 'ok 2'
is '003-2: a term that is the middle of a name is a glob' "$(says ann '/list *n*' count)" 'ok 1'
is '003-2: list of all' "$(says ann '/list' count)" 'ok 3'
is '003-3: no such account' "$(says two '/login zoe pw')" wrong-password
is '003-3: a wrong password' "$(says two '/login bob wrong')" wrong-password
is '003-3: logged in now, elsewhere' "$(says two '/login ann pw-ann')" already-logged-in
is '003-3: logged in now, here' "$(says ann '/login bob pw-bob')" logged-in

# ---- messages ----

is '003-5: to one who is offline: stored, and it is said' "$(says ann '/msg bob one' online stored)" 'ok 0 1'
is '003-5: to one who is online: delivered, and it is said' "$(says ann '/msg abe one' online stored)" 'ok 1 1'
is '003-5: to nobody: an error' "$(says ann '/msg nobody one')" no-such-user
says ann '/msg bob two' >/dev/null
is '003-3: account, password, not logged in' "$(says two '/login bob pw-bob')" ok
ok '003-4: what was not delivered follows at once' client_wait two '"text":"two"'
is '003-4: in order' "$(shown "$dir/two.out")" 'one two'
is '003-15: a command has one result, and what was pending is known by its mark' \
	"$(json_get "$dir/two.out" event=message -- waited | sort | uniq -c | tr -s ' ')" ' 2 true'
is '003-6: check tells how many were handed over' "$(says two /check messages)" 'ok 2'
is '003-6: it needs a log-in' "$(run_all "$dir/out" <<<'/check')" check:not-logged-in
for form in 'Create zed pw' 'Delete bob pw-bob' 'Deliver bob pw-bob' 'Login bob pw' 'Send bob hi there'; do
	like "003-12: '${form%% *} ...' is sent to nobody" "$(says ann "$form")" 'usage'
done
is '003-12: and makes nothing' "$(says ann '/list zed' count)" 'ok 0'
is '003-12: a password on the line is allowed' "$(printf '/create zed pw\n/delete zed\n' | run_all "$dir/out")" \
	'create:ok delete:ok'
is '003-11: an unknown command' "$(says ann '/crate zed pw')" unknown-command
like '003-11: suggests the nearest' "$(answer detail)" 'did you mean /create'
is '003-11: of those that differ too much none' "$(says ann '/frobnicate')" unknown-command
nok '003-11: but help' grep -q 'did you mean' <<<"$(answer detail)"
is '003-17: bytes that are no UTF-8 are refused' "$(says ann "$(printf '/msg bob \303\050')")" bad-text
is '003-17: a NUL as well' "$(says ann '{"command":"msg","to":"bob","text":"a\u0000b"}')" bad-text
is '003-17: half a surrogate as well' "$(says ann '{"command":"msg","to":"bob","text":"\ud800"}')" bad-text
is '003-17: and nothing of them is stored' "$(says two '/wait 0.1')$(says two /check messages)" 'okok 0'
is '003-17: any UTF-8 is text' "$(says ann '/msg bob 😀 naïve Ω')" ok
ok '003-17: which arrives as it was' client_wait two '"text":"😀 naïve Ω"'
client_say two '/wait 30'
says ann '/msg bob while you wait' >/dev/null
ok '003-18: a message is shown while a command is under way' client_wait two '"text":"while you wait"'
ok '003-18: and is told to be received' client_told
client_kill two

# ---- delete ----

is '003-7: delete asks for the log-in, which only one client has' \
	"$(printf '/delete ann\n/login ann pw-ann\n' | run_all "$dir/out")" 'delete:not-logged-in login:already-logged-in'
is '003-7: and a wrong password never gets there' "$(printf '/login bob no\n/delete bob\n' | run_all "$dir/out")" \
	'login:wrong-password delete:not-logged-in'
for n in 1 2 3 4 5; do says ann "/msg bob last-$n" >/dev/null; done
says abe '/msg bob from-abe' >/dev/null
is '003-8: an account is deleted' "$(printf '/login bob pw-bob\n/delete bob\n' | run_all "$dir/out")" \
	'login:ok delete:ok'
is '003-8: after what was pending was shown' "$(json_get "$dir/out" -- event command text |
	sed -n '/login/,$p' | grep -c 'last-\|from-abe\|delete')" 7
is '003-8: the last of it before the result of the deletion' "$(tail -n 1 "$dir/out" | json_get - -- command)" delete
is '003-10: so nothing that was acknowledged to the senders was lost' "$(shown "$dir/out")" \
	'last-1 last-2 last-3 last-4 last-5 from-abe'
is '003-7: a deleted account is no account' "$(run_all "$dir/out" <<<'/login bob pw-bob')" login:wrong-password

printf '/create cid pw-cid\n' | client_json "$dir/out"
{
	echo '/create late pw'
	echo '/msg cid sent before'
	echo '/msg ann sent before'
	echo '/delete late'
} | client_json "$dir/out"
is '003-9: what a deleted sender has sent is delivered' "$(run_all "$dir/out" <<<'/login cid pw-cid'):$(shown "$dir/out")" \
	'login:ok:sent before'
is '003-9: under the old name' "$(json_get "$dir/out" event=message -- from)" late
ok '003-9: to one who is online as well' client_wait ann '"from":"late","text":"sent before"'

# ---- framing ----

# A client of the wire that sends its bytes in pieces.
cat >"$dir/pieces.pl" <<'PERL'
use strict;
use warnings;
use IO::Socket::INET;
use Socket qw(IPPROTO_TCP TCP_NODELAY);

# pieces.pl PORT SIZE VERSION: hello and 20 pings, cut into pieces of SIZE bytes; prints how many replies came.
my ($port, $size, $version) = @ARGV;
$SIG{ALRM} = sub { print "nothing came within 8 s\n"; exit 1 };
alarm 8;
my $socket = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port) or die "$!\n";
setsockopt($socket, IPPROTO_TCP, TCP_NODELAY, 1);
my $bytes = pack('VCCV', 19, 1, 0, 0) . 'threefold' . pack('vv', $version, $version);
$bytes .= pack('VCCV', 6, 2, 0, $_) for 1 .. 20;
for (my $at = 0; $at < length $bytes; $at += $size) {
	syswrite($socket, substr($bytes, $at, $size)) or last;
}
my $held = '';
if ($version != 3) {
	1 while sysread($socket, $held, 4096, length $held);
	print $held;
	exit 0;
}
my $count = 0;
while ($count < 21) {
	sysread($socket, $held, 65536, length $held) or last;
	while (length $held >= 4 && length $held >= 4 + unpack('V', $held)) {
		substr($held, 0, 4 + unpack('V', $held), '');
		$count++;
	}
}
print "$count\n";
PERL
for size in 1 2 3 5 7 9 10 11 16 23 1000; do
	is "003-13: requests that come in pieces are all answered: $size bytes" \
		"$(perl "$dir/pieces.pl" "${server_port[0]}" "$size" 3)" 21
done
like '003-16: another version is told, with what is spoken here and what to upgrade' \
	"$(perl "$dir/pieces.pl" "${server_port[0]}" 1000 7)" \
	'versions 3 to 4 of the protocol, the client 7 to 7: upgrade the replica'
perl -MIO::Socket::INET -e '
	my $listen = IO::Socket::INET->new(Listen => 5, LocalAddr => "127.0.0.1") or die;
	open(my $file, ">", $ARGV[0]) or die;
	print $file $listen->sockport, "\n";
	close $file;
	while (my $peer = $listen->accept) {
		sysread($peer, my $bytes, 100);
		syswrite($peer, "threefold: this replica speaks versions 8 to 9 of the protocol, the client 3 to 4: upgrade the client\n");
		close $peer;
	}' "$dir/other.port" &
other=$!
wait_for "$patience" test -s "$dir/other.port"
server_port[3]=$(<"$dir/other.port")
order=(3 1 2)
run_all "$dir/out" <<<'/list zzz' >/dev/null
like '003-16: and the client says so of its replica' "$(json_get "$dir/out" event=ready -- replicas.0.reason)" \
	'versions 8 to 9'
is '003-16: which is dead for it' "$(json_get "$dir/out" event=ready -- leader)" 1
kill $other
wait $other 2>/dev/null
order=(0 1 2)

connections() {
	kill -USR1 "${server_pid[0]}"
	pause
	grep -oE 'connections=[0-9]+' "${server_log[0]}" | tail -n 1
}
connections_are() {
	[ "$(connections)" = "connections=$1" ]
}
visit goes
ok '003-14: three clients have three connections' wait_for "$patience" connections_are 3
client_kill goes
ok '003-14: an end of data closes one' wait_for "$patience" connections_are 2

# ---- many clients ----

for n in {1..40}; do
	# shellcheck disable=SC2046
	(launch "$BIN/client" --json $(addresses)) >"$dir/many$n.json" 2>>"$dir/many.err" <<END &
/create many$n pw
/all hello from $n
/wait 1
END
	many[n]=$!
done
for n in {1..40}; do wait_for_end "${many[$n]}" || fail "003-19: client $n ends well"; done
is '003-19: forty clients at once: each is served' "$(cat "$dir"/many*.json | json_count - event=result ok=true)" 120
is '003-19: forty of them are listed' "$(says ann '/list many' count)" 'ok 40'
is '003-19: one who was there got the messages of all' \
	"$(says ann '/wait 0.2' && json_get "$dir/ann.out" event=message -- text | grep -c 'hello from')" \
	"$(printf 'ok\n40')"
is '003-19: once' "$(json_get "$dir/ann.out" event=message -- id | sort | uniq -d)" ''

# ---- what is on disk ----

says ann '/msg cid on every disk' >/dev/null
kill_all
for n in 0 1 2; do
	ok "003-21: replica $n has it in its own store" grep -q 'on every disk' "${server_data[$n]}/journal.jsonl"
	nok "003-20: and no password" grep -rq 'pw-ann' "${server_data[$n]}"
done
restart_missing
knows_all ann
is '003-21: and is there after all three were killed' "$(run_all "$dir/out" <<<'/login cid pw-cid'):$(json_count "$dir/out" text='on every disk')" \
	login:ok:1
stop_server 2
is '003-20: an account is a name and a verifier; who is online is not stored' \
	"$(grep '"name":"ann"' "$dir/2/users.json" | sed 's/,"[^n][^,]*//g' | grep -c 'online\|session')" 0
restart_server 2
knows_all ann

# ---- one after the other ----

kill_server 0
client_wait ann '"event":"leader"'
is '003-22: the next in order leads' "$(field index)" 1
restart_server 0
client_wait ann '"event":"leader"'
is '003-24: and the first again when it is back' "$(field index)" 0
kill_server 1
client_wait ann '"index":1,"state":"dead"'
kill_server 0
client_wait ann '"event":"leader"'
is '003-23: after two failures the third' "$(field index)" 2
is '003-22: it serves' "$(says ann '/msg ann alone' copies)" 'ok 1'
restart_server 1
client_wait ann '"event":"leader"'
is '003-24: by order, not by chance' "$(field index)" 1
order=(1 2 0)
is '003-25: two servers and four clients' "$(
	for name in q1 q2 q3 q4; do enter $name || echo "$name failed"; done
	for name in q1 q2 q3; do says $name '/msg q4 hi' copies; done | sort | uniq -c | tr -s ' '
)" ' 3 ok 2'
order=(0 1 2)
restart_missing
client_wait ann '"index":0,"state":"live"'

# ---- three clients, the leader dies, then another one ----

enter r1 && enter r2
kill_server 0
is '003-26: the leader is dead: sent and received' "$(says r1 '/msg r2 first' copies)" 'ok 2'
ok '003-26: (received)' client_wait r2 '"text":"first"'
ok '003-26: a third client joins' enter r3
kill_server 1
is '003-26: another one is dead: sent and received' "$(says r3 '/msg r1,r2 second' copies)" 'ok 1'
ok '003-26: (received by the one)' client_wait r1 '"text":"second"'
ok '003-26: (and by the other)' client_wait r2 '"text":"second"'
is '003-26: one logs in again' "$(says r2 /logout)$(says r2 '/login r2 pw-r2')" okok
for name in r1 r2 r3 ann; do client_close $name; done

done_testing
