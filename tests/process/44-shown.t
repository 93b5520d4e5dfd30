#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Shown means shown: whatever becomes of a client's output, the next life shows all that the reader of the first one
# did not get. What it did get may come once more.
. tests/lib/lib.sh

count=1500
start_servers
client_json "$dir/out" <<<'/create victim pw'
client_json "$dir/out" <<<'/create bob pw'
# shellcheck disable=SC2046
mapfile -t replicas < <(addresses | tr ' ' '\n')

# A reader that takes so many messages of a client and goes: reader KIND COUNT FILE COMMAND...
# KIND: pipe; socket; tty (stdout is a terminal, stdin a pipe); person (both are one). Prints the client's exit status.
reader() {
	perl -e '
		use strict; use warnings; use POSIX; use Socket;
		my ($kind, $wanted, $file, @command) = @ARGV;
		my ($end, $in, $stdin, $stdout, $to);
		if ($kind eq "pipe") {
			pipe($end, $stdout) or die;
		} elsif ($kind eq "socket") {
			socketpair($end, $stdout, AF_UNIX, SOCK_STREAM, PF_UNSPEC) or die;
		} else {
			sysopen($end, "/dev/ptmx", O_RDWR | O_NOCTTY) or die "ptmx: $!";
			my $number = pack("i", 0);
			ioctl($end, 0x40045431, $number) or die "unlock: $!";
			ioctl($end, 0x80045430, $number) or die "number: $!";
			sysopen($stdout, "/dev/pts/" . unpack("i", $number), O_RDWR | O_NOCTTY) or die "pts: $!";
		}
		pipe($stdin, $to) or die;
		my $child = fork;
		if (!$child) {
			setsid();
			close $end; close $to;
			if ($kind eq "person") {
				ioctl($stdout, 0x540e, 0); # it is the controlling terminal, as a window is
				open STDIN, "<&", $stdout or die;
			} else {
				open STDIN, "<&", $stdin or die;
			}
			open STDOUT, ">&", $stdout or die;
			$ENV{TERM} = "xterm";
			exec @command or die "exec: $!";
		}
		close $stdout; close $stdin;
		syswrite($kind eq "person" ? $end : $to, "/login victim pw\n" . ($kind eq "person" ? "" : "/wait 60\n"));
		my ($read, $all) = (0, "");
		while (($all =~ s/number (\d+)/seen $1/g, $all =~ /(?:seen \d+.*?){$wanted}/s)[1] ? 0 : 1) {
			my $got = sysread($end, my $bytes, 512);
			last unless $got;
			$all .= $bytes;
		}
		open(my $out, ">", $file) or die;
		$all =~ s/seen (\d+)/number $1/g;
		print $out $all;
		close $end;
		my $deadline = time + $ENV{patience};
		while (waitpid($child, WNOHANG) == 0) {
			if (time > $deadline) { kill "KILL", $child; print "not ended"; exit }
			select(undef, undef, undef, 0.02);
		}
		print $? & 127 ? "signal " . ($? & 127) : $? >> 8;
	' "$@" 2>"$dir/reader.err"
}
export patience

send() {
	{
		echo '/login --take-over bob pw'
		for ((n = 1; n <= count; n++)); do echo "/msg victim number $n."; done
	} | client_json "$dir/sent"
	is "$1: all are acknowledged" "$(json_count "$dir/sent" command=msg ok=true copies=3)" $count
}

numbers() {
	grep -aoE 'number [0-9]+\.' "$1" | grep -oE '[0-9]+' | sort -un
}

# What the first life gave its reader ($2), with what the second one shows, is all; and it is not all again.
second_life() {
	client_json "$dir/second" <<<'/login --take-over victim pw'
	is "$1: nothing is lost" "$(comm -23 <(seq $count | sort) <(sort -u <(numbers "$2") <(numbers "$dir/second")) | wc -l)" 0
	client_json "$dir/third" <<<'/login --take-over victim pw'
	is "$1: the next life has shown all that waited" "$(json_count "$dir/third" event=message)" 0
}

client=("$BIN/client" --json "${replicas[@]}")


# ---- outputs that fail ----

for kind in pipe socket tty person; do
	send $kind
	[ $kind = person ] && client=("$BIN/client" "${replicas[@]}")
	status=$(reader $kind 5 "$dir/first" "${client[@]}")
	client=("$BIN/client" --json "${replicas[@]}")
	ok "$kind: the reader got some ($(numbers "$dir/first" | wc -l), $(tail -1 "$dir/reader.err"))" test -s "$dir/first"
	is "$kind: the client ended with an error" "$status" 1
	second_life $kind "$dir/first"
done

send 'no stdout'
"${client[@]}" <<<'/login victim pw' >&- 2>"$dir/err"
is 'no stdout: it ends with an error' $? 1
like 'no stdout: which says why' "$(<"$dir/err")" '^client: cannot write to stdout: Bad file descriptor'
second_life 'no stdout' /dev/null

send 'full disk'
"${client[@]}" <<<'/login victim pw' >/dev/full 2>"$dir/err"
is 'full disk: it ends with an error' $? 1
like 'full disk: which says why' "$(<"$dir/err")" 'cannot write to stdout: No space left on device'
second_life 'full disk' /dev/null

# A file that may grow to 64 KiB: the last message in it is cut.
send 'full file'
(
	ulimit -f 64
	exec "${client[@]}" <<<'/login victim pw' >"$dir/first" 2>"$dir/err"
)
is 'full file: it ends with an error' $? 1
like 'full file: which says why' "$(<"$dir/err")" 'cannot write to stdout: File too large'
head -c 65536 "$dir/first" | sed '$d' >"$dir/whole" # the last line is not whole
ok 'full file: some are in it' test "$(numbers "$dir/whole" | wc -l)" -gt 100
second_life 'full file' "$dir/whole"
ok 'full file: what was in it is not shown again' test "$(numbers "$dir/second" | wc -l)" -lt $count

if unshare -m true 2>/dev/null; then
	send tmpfs
	mkdir "$dir/small"
	unshare -m bash -c 'dir=$1; shift; mount -t tmpfs -o size=64k tmpfs "$dir/small" || exit 99
		"$@" <<<"/login victim pw" >"$dir/small/first" 2>"$dir/err"; echo $? >"$dir/status"
		sed "\$d" "$dir/small/first" >"$dir/first"' - "$dir" "${client[@]}"
	is 'tmpfs: it ends with an error' "$(<"$dir/status")" 1
	second_life tmpfs "$dir/first"
else
	comment 'no file system of its own without root: tmpfs is left out'
fi

# ---- a deletion, which waits until all is shown ----

send 'deletion, no reader'
printf '/login victim pw\n/delete victim\n' | "${client[@]}" 2>"$dir/err" | head -n 5 >"$dir/first"
is 'deletion, no reader: it ends with an error' "${PIPESTATUS[1]}" 1
second_life 'deletion, no reader' "$dir/first"
client_json "$dir/out" <<<'/create victim pw' # if it is deleted, only the test above fails

send 'deletion, no replica'
mkfifo "$dir/fifo" "$dir/in"
"${client[@]}" <"$dir/in" >"$dir/fifo" 2>"$dir/err" &
pid=$!
exec {to}>"$dir/in" {from}<"$dir/fifo"
printf '/login victim pw\n/delete victim\n' >&"$to"
is_online() {
	client_json "$dir/list" <<<'/list victim'
	grep -q '"name":"victim","online":'"$1" "$dir/list"
}
ok 'deletion, no replica: it is logged in' wait_for "$patience" is_online true
for n in 0 1 2; do kill_server $n; done
for n in 0 1 2; do restart_server $n; done
ok 'deletion, no replica: it is logged in again' wait_for "$patience" is_online true
kill -KILL $pid
wait $pid 2>/dev/null
exec {to}>&- {from}<&-
second_life 'deletion, no replica' /dev/null
client_json "$dir/out" <<<'/create victim pw'

# ---- a process that is killed ----

# SIGPIPE comes back by default to who asks for it; the client does not die of it. SIGKILL is another matter.
for signal in KILL PIPE; do
	send $signal
	client_start victim
	client_wait victim '"ready"'
	client_say victim '/login victim pw'
	client_wait victim '"number [0-9]+\."'
	kill -$signal "${client_pid[victim]}"
	if [ $signal = KILL ]; then
		client_kill victim
	else
		client_close victim
		is 'PIPE: it goes on' $? 0
	fi
	second_life $signal "$dir/victim.out"
done

# ---- a reader that stalls ----

for signal in TERM INT; do
	send "stalled, $signal"
	mkfifo "$dir/fifo.$signal" "$dir/in.$signal"
	"${client[@]}" <"$dir/in.$signal" >"$dir/fifo.$signal" 2>"$dir/err" &
	pid=$!
	exec {to}>"$dir/in.$signal" {from}<"$dir/fifo.$signal"
	echo '/login victim pw' >&"$to"
	is_full() { # nothing is written any more
		local before=$written
		written=$(awk '/^wchar/ { print $2 }' "/proc/$pid/io")
		[ "$written" = "$before" ] && [ "$written" -gt 60000 ]
	}
	written=0
	ok "stalled, $signal: the pipe is full" wait_for "$patience" is_full
	switches() {
		awk '/ctxt/ { all += $2 } END { print all }' "/proc/$pid/status"
	}
	before=$(switches)
	read -rt 3 <&"$never"
	before=$(($(switches) - before))
	ok "stalled, $signal: it does not look all the time ($before)" test $before -lt 100
	began=$(now_ms)
	# In a child of this shell SIGINT is ignored until the client asks for it.
	kill -$signal $pid
	ok "stalled, $signal: it ends" wait_for "$patience" has_ended $pid
	took=$(($(now_ms) - began))
	ok "stalled, $signal: soon ($took ms)" test $took -lt 5000
	exec {to}>&- {from}<&-
	second_life "stalled, $signal" /dev/null
done

# JSON makes six bytes of a control character: 5 MiB of messages are handed out.
perl -e '
	print "/login --take-over bob pw\n";
	for (1 .. 15) {
		my $text = "number $_." . "\\u0001" x 60000;
		print "{\"command\":\"msg\",\"to\":[\"victim\"],\"text\":\"$text\"}\n";
	}' | client_json "$dir/sent"
is 'control characters: all are acknowledged' "$(json_count "$dir/sent" command=msg ok=true copies=3)" 15
mkfifo "$dir/fifo.control" "$dir/in.control"
"${client[@]}" <"$dir/in.control" >"$dir/fifo.control" 2>"$dir/err" &
pid=$!
exec {to}>"$dir/in.control" {from}<"$dir/fifo.control"
echo '/login victim pw' >&"$to"
written=0
ok 'control characters: the pipe is full' wait_for "$patience" is_full
kill -TERM $pid
ok 'control characters: a signal ends it' wait_for "$patience" has_ended $pid
kill -KILL $pid 2>/dev/null
exec {to}>&- {from}<&-
client_json "$dir/second" <<<'/login --take-over victim pw'
is 'control characters: nothing is lost' "$(numbers "$dir/second" | wc -l)" 15

# A terminal that another user owns, as after su. It is not read, and not stopped by a key.
send su
cp "$BIN/client" "$dir/client"
chmod 711 "$dir"
is 'su: it ends' "$(perl -e '
	use strict; use warnings; use POSIX;
	sysopen(my $end, "/dev/ptmx", O_RDWR | O_NOCTTY) or die "ptmx: $!";
	my $number = pack("i", 0);
	ioctl($end, 0x40045431, $number) or die "unlock: $!";
	ioctl($end, 0x80045430, $number) or die "number: $!";
	my $name = "/dev/pts/" . unpack("i", $number);
	sysopen(my $tty, $name, O_RDWR | O_NOCTTY) or die "pts: $!";
	chmod 0, $name;
	pipe(my $stdin, my $to) or die;
	my $child = fork;
	if (!$child) {
		setsid();
		ioctl($tty, 0x540e, 0) or die "controlling terminal: $!";
		open STDIN, "<&", $stdin or die;
		open STDOUT, ">&", $tty or die;
		POSIX::setuid(65534) if $> == 0;
		exec @ARGV or die "exec: $!";
	}
	syswrite($to, "/login victim pw\n");
	my $deadline = time + $ENV{patience};
	select(undef, undef, undef, 2); # until it has written what the terminal takes
	kill "TERM", $child;
	while (waitpid($child, WNOHANG) == 0) {
		if (time > $deadline) { kill "KILL", $child; print "not ended"; exit }
		select(undef, undef, undef, 0.02);
	}
	print $? >> 8;
' "$dir/client" --json "${replicas[@]}" 2>"$dir/err")" 1
client_json "$dir/second" <<<'/login --take-over victim pw'
ok 'su: what the terminal did not take comes in the next life' test "$(numbers "$dir/second" | wc -l)" -gt 1000

# A reader that takes his time, and goes before he has read all.
all=$count
count=350
send slow
"${client[@]}" <<<'/login victim pw' 2>"$dir/err" | for ((n = 0; n < 50; n++)); do
	dd bs=512 count=1 2>/dev/null
	read -rt 0.05 <&"$never"
done >"$dir/first"
is 'slow: it ends with an error' "${PIPESTATUS[0]}" 1
second_life slow "$dir/first"
count=$all

# A reader that comes late loses nothing, and the client has ended by then.
"${client[@]}" <<<'/login --take-over victim pw' | { read -rt 2 <&"$never"; cat; } >"$dir/out"
send late
"${client[@]}" <<<'/login victim pw' | { read -rt 3 <&"$never"; cat; } >"$dir/first"
is 'late: it gets all' "$(numbers "$dir/first" | wc -l)" $count
second_life late "$dir/first"
is 'late: nothing comes twice' "$(json_count "$dir/second" event=message)" 0

done_testing
