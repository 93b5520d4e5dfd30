#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What one address may cost, with real programs: accounts in a minute, connections, wrong passwords, a reader that
# never reads, half frames. Loopback counts like other addresses here (--limit-loopback), and 127.0.0.2 is another one.
. tests/lib/lib.sh

SERVER_OPTIONS='--limit-loopback --limit-accounts 3 --limit-connections 20'
for n in 0 1 2; do
	start_server $n
done

# ---- accounts ----

for n in 1 2 3 4; do
	printf '/create user%s password%s\n/logout\n' $n $n
done >"$dir/script"
client_json "$dir/made" <"$dir/script"
is 'as many accounts as an address may make are made' "$(json_count "$dir/made" command=create ok=true)" 3
is 'the next one is refused, with a word for programs' \
	"$(json_get "$dir/made" command=create ok=false -- error)" slow-down
like 'and with the seconds to wait' "$(json_get "$dir/made" command=create ok=false -- wait)" '^(1[0-9]|20)$'
# shellcheck disable=SC2046 # words
printf '/create user5 password5\n' | "$BIN/client" $(addresses) >"$dir/plain" 2>&1
like 'a person reads it as a sentence' "$(cat "$dir/plain")" 'too many accounts'
printf '/login user1 password1\n/msg user2 hello\n' >"$dir/script"
ok 'who has an account goes on' client_json "$dir/goes" <"$dir/script"
wait_for "$patience" grep -q 'refused . new accounts from 127.0.0.1 in the last minute' "$dir/0.log"
like 'the log names the address' "$(cat "$dir/0.log")" 'refused [0-9]+ new accounts from 127\.0\.0\.1 in the last minute'

# ---- connections and passwords ----

cat >"$dir/hold.pl" <<'PERL'
use strict; use warnings; use IO::Socket::INET; use Time::HiRes qw(sleep time);
my ($port, $from, $count) = @ARGV;
my $hello = pack('VCCV', 19, 1, 0, 0) . 'threefold' . pack('vv', 1, 9);
$SIG{PIPE} = 'IGNORE';
my @all = map { IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port, LocalAddr => $from) } 1 .. $count;
syswrite($_, $hello) for grep { defined } @all;
sleep 0.3;
my $closed = 0;
for my $s (grep { defined } @all) {
	$s->blocking(0);
	my ($all, $got) = ('', '');
	while (defined(my $n = sysread($s, $got, 65536))) { last if !$n; $all .= $got }
	# An ERROR frame, or a line of text, stands behind or instead of the WELCOME.
	$closed++ if $all =~ /room|too many/;
}
print "$closed\n";
PERL
held=$(perl "$dir/hold.pl" "${server_port[0]}" 127.0.0.2 30)
is 'of more connections than an address may have the oldest are closed' "$held" 10
printf '/login user1 password1\n' >"$dir/script"
ok 'and another address gets in' client_json "$dir/in" <"$dir/script"

for n in 1 2 3 4 5; do
	echo '/login user1 wrong'
done >"$dir/script"
client_json "$dir/wrong" <"$dir/script"
is 'wrong passwords are refused' "$(json_count "$dir/wrong" command=login error=wrong-password)" 5
printf '/login user1 password1\n' >"$dir/script"
ok 'and the right one gets in after them' client_json "$dir/right" <"$dir/script"
like 'what was refused is told in the log, at a stop at the latest' "$(for n in 0 1 2; do
	stop_server $n
	cat "$dir/$n.log"
done)" 'closed or refused 1?[0-9] connections from 127\.0\.0\.2 in the last minute'

done_testing
