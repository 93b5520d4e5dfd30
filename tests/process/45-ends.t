#!/bin/bash
# SPDX-License-Identifier: MIT
#
# A request that servers end of: here a server is killed when a marked text is on its way to it. It is sent to no other
# server and never again, the client says so, and all others go on.
. tests/lib/lib.sh

# Before each server: what comes is handed on, but the mark kills the server that it goes to. Prints three ports.
between() {
	exec perl -MIO::Socket::INET -MIO::Select -e '
		use strict; use warnings;
		my ($dir, @to) = @ARGV;
		my (%listener, %peer, %index);
		my $select = IO::Select->new;
		$| = 1;
		$SIG{PIPE} = "IGNORE";
		for my $i (0 .. 2) {
			my $s = IO::Socket::INET->new(Listen => 20, LocalAddr => "127.0.0.1") or die;
			$listener{$s} = $i;
			$select->add($s);
			print $s->sockport, "\n";
		}
		close STDOUT;
		sub drop {
			for my $s (@_) { next unless $s; $select->remove($s); delete $index{$s}; delete $peer{$s}; close $s }
		}
		while (1) {
			for my $s ($select->can_read) {
				if (defined(my $i = $listener{$s})) {
					my $c = $s->accept or next;
					my $d = IO::Socket::INET->new("127.0.0.1:$to[$i]");
					if (!$d) { close $c; next }
					$peer{$c} = $d; $peer{$d} = $c; $index{$c} = $i;
					$select->add($c, $d);
					next;
				}
				next unless $peer{$s};
				my $bytes;
				if (!sysread($s, $bytes, 65536)) { drop($peer{$s}, $s); next }
				if (defined $index{$s} && $bytes =~ /POISON/) {
					open my $f, "<", "$dir/pid.$index{$s}" or die;
					kill 9, scalar <$f>;
					open my $log, ">>", "$dir/killed"; print $log "$index{$s}\n"; close $log;
					drop($peer{$s}, $s);
					next;
				}
				syswrite($peer{$s}, $bytes);
			}
		}' "$dir" "${server_port[@]}"
}

note_pids() {
	local n
	for n in 0 1 2; do echo "${server_pid[n]}" >"$dir/pid.$n"; done
}

has_ports() {
	[ "$(wc -l <"$dir/ports")" = 3 ]
}

killed() {
	[ "$(cat "$dir/killed" 2>/dev/null | wc -l)" -ge "$1" ]
}

start_servers
note_pids
between >"$dir/ports" 2>"$dir/between.err" &
between=$!
wait_for 10 has_ports || bail "no way in between: $(cat "$dir/between.err")"
mapfile -t ports <"$dir/ports"
behind=(127.0.0.1 "${ports[0]}" 127.0.0.1 "${ports[1]}" 127.0.0.1 "${ports[2]}")
mkfifo "$dir/ann" "$dir/bob"
"$BIN/client" --json "${behind[@]}" <"$dir/ann" >"$dir/ann.out" 2>"$dir/ann.err" &
ann=$!
"$BIN/client" --json "${behind[@]}" <"$dir/bob" >"$dir/bob.out" 2>"$dir/bob.err" &
bob=$!
exec 7>"$dir/ann" 8>"$dir/bob"
says() {
	grep -q "$2" "$dir/$1.out"
}
printf '/create ann pw\n' >&7
printf '/create bob pw\n' >&8
wait_for 20 says ann '"command":"create","ok":true'
wait_for 20 says bob '"command":"create","ok":true'
printf '/msg bob first\n' >&7
wait_for 20 says bob '"text":"first"'
printf '/msg bob POISON\n' >&7
wait_for 20 killed 3
ok 'the three that had it are gone' killed 3
for n in 0 1 2; do
	wait "${server_pid[n]}" 2>/dev/null
	start_server "$n" 7>&- 8>&- # else they would keep what the clients read open
done
note_pids
ok 'the sender is told that its outcome is not known' wait_for 20 says ann '"error":"unknown-outcome"'
ok 'and why' says ann 'servers ended while they had it, so it is not sent again'
printf '/msg ann hello\n' >&8
ok 'the others go on' wait_for 20 says ann '"text":"hello"'
printf '/msg bob after\n' >&7
ok 'and so does the sender' wait_for 20 says bob '"text":"after"'
pause 2
is 'none was killed again' "$(wc -l <"$dir/killed")" 3
nok 'and nobody got it' says bob POISON
exec 7>&- 8>&-
wait "$ann" "$bob"
kill "$between" && wait "$between" 2>/dev/null
done_testing
