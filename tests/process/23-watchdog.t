#!/bin/bash
# SPDX-License-Identifier: MIT
#
# A supervisor hears that a server is alive, but not while its disk hangs.
. tests/lib/lib.sh

export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0
"${CC:-cc}" -std=gnu11 -O1 -shared -fPIC -o "$dir/slow.so" tests/lib/slow_disk.c || bail 'no slow disk can be built'

# All that a server tells its supervisor.
: >"$dir/told"
perl -MIO::Socket::UNIX -e '
	my $socket = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => "$ARGV[0]/notify") or die "$!\n";
	$| = 1;
	print "listening\n";
	alarm 120;
	for (my $state = ""; $state !~ /STOPPING/; print "$state\n") { defined $socket->recv($state, 4096) or die "$!\n" }
' "$dir" >"$dir/told" 2>"$dir/notify.err" &
supervisor=$!
told() { grep -cx "$1" "$dir/told"; }
more_than() { [ "$(told WATCHDOG=1)" -gt "$1" ]; }
wait_for "$patience" grep -q listening "$dir/told"

start_server 1 && start_server 2 || bail 'the other servers do not start'
# shellcheck disable=SC2209
DAEMON="env LD_PRELOAD=$dir/slow.so SLOW_DISK=$dir/stalled NOTIFY_SOCKET=$dir/notify WATCHDOG_USEC=200000 $BIN/server"
start_server 0 || bail 'the server does not start'
ok 'it is ready' wait_for "$patience" grep -qx READY=1 "$dir/told"
client_start ann
client_ask ann '/create ann pw'
ok 'it is alive while the disk is fast' wait_for "$patience" more_than 3

# So large a message is synced on the thread, and the loop goes on.
: >"$dir/stalled"
client_say ann "/msg ann $(printf 'x%.0s' {1..60000})"
sleep 0.6
before=$(told WATCHDOG=1)
sleep 0.8
is 'while a sync does not come back it is not' "$(told WATCHDOG=1)" "$before"
signal_server 0 USR1
ok 'although its loop turns' wait_for "$patience" grep -q 'loop: turns=' "${server_log[0]}"
rm "$dir/stalled"
ok 'when the disk goes on, it is alive again' wait_for "$patience" more_than "$before"
client_close ann
stop_server 0
is 'it stops' $? 0
wait_for_end $supervisor
is 'and says so last' "$(tail -n 1 "$dir/told")" STOPPING=1

done_testing
