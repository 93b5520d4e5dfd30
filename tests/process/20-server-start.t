#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The server as a process: its command line, addresses, locks, exit statuses, signals; and what it does with bytes
# that are no protocol.
. tests/lib/lib.sh

# wire PORT ACTION...: a client of the wire. Actions: hello, ping, hex=BYTES, text=STRING, zeros=N are sent; frame
# reads one and prints its type and size; line reads a line and prints it; end reads up to the end of the stream and
# prints how many bytes there were, or `reset`; silent prints if nothing comes within 200 ms; cut resets.
cat >"$dir/wire.pl" <<'PERL'
use strict;
use warnings;
use IO::Select;
use IO::Socket::IP;
use Socket qw(SOL_SOCKET SO_LINGER);

my ($host, $port, @actions) = @ARGV;
$| = 1;
$SIG{ALRM} = sub { print "nothing came within 8 s\n"; exit 1 };
$SIG{PIPE} = 'IGNORE';
alarm 60;
my $socket = IO::Socket::IP->new(PeerHost => $host, PeerPort => $port) or die "cannot connect: $!\n";
my $held = '';

sub more { return sysread($socket, $held, 65536, length $held) }
sub take { my ($size) = @_; while (length $held < $size) { more() or return undef } substr($held, 0, $size, '') }
sub put { my ($bytes) = @_;
	while (length $bytes) {
		my $sent = syswrite($socket, $bytes);
		return print "refused to read on\n" if !defined $sent;
		substr($bytes, 0, $sent, '');
	}
}

for (@actions) {
	if ($_ eq 'hello') { put(pack('VCCV', 19, 1, 0, 0) . 'threefold' . pack('vv', 3, 3)) }
	elsif ($_ eq 'ping') { put(pack('VCCV', 6, 2, 0, 7)) }
	elsif (/^hex=(.*)/) { put(pack('H*', $1)) }
	elsif (/^text=(.*)/s) { put($1) }
	elsif (/^zeros=(.*)/) { put("\0" x $1) }
	elsif ($_ eq 'frame') {
		my $size = take(4) // '';
		length $size or do { print "end\n"; next };
		my $body = take(unpack('V', $size)) // '';
		printf "%02x:%d\n", ord $body, length $body;
	}
	elsif ($_ eq 'line') { while ($held !~ /\n/) { more() or last } $held =~ s/^(.*)\n// and print "$1\n" }
	elsif ($_ eq 'end') {
		my $count;
		1 while $count = more();
		print defined $count ? length($held) . "\n" : "reset\n";
	}
	elsif ($_ eq 'silent') { print IO::Select->new($socket)->can_read(0.2) ? "speaks\n" : "silent\n" }
	elsif ($_ eq 'cut') { setsockopt($socket, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0)); close $socket }
	else { die "no action '$_'\n" }
}
PERL

wire() {
	perl "$dir/wire.pl" "$host" "$@"
}

serves() {
	is "$1" "$(wire "${server_port[0]}" hello frame ping frame | tr '\n' ' ')" '81:112 82:31 '
}

# run NAME STATUS OPTION...: a server that must end by itself, with that status; what it said is put into $said.
run() {
	local name=$1 want=$2 depth=1
	shift 2
	said=$(timeout "$patience" "$BIN/server" "$@" 2>&1 >"$dir/stdout" </dev/null)
	is "$name" $? "$want"
}

# usage NAME REGEX OPTION...: one line, which matches, and status 2.
usage() {
	local name=$1 regex=$2
	shift 2
	run "$name: exit status" 2 "$@"
	like "$name: one line says so" "$said" "^server: $regex; try 'server --help'\$"
}

# Anything but a second line.
words=$'[^\n]*'

# ---- command line ----

usage 'nothing given' 'HOST and PORT are needed'
usage 'no port' 'HOST and PORT are needed' localhost
usage 'a third word' "only HOST and PORT are expected, not 'x'" localhost 1 x
usage 'a port that is no number' "PORT must be a number from 0 to 65535, not '80x'" localhost 80x
usage 'a port that is too large' "PORT must be a number from 0 to 65535, not '65536'" localhost 65536
usage 'a negative port' "PORT must be a number from 0 to 65535, not '-1'" -- localhost -1
usage 'an unknown option' "unknown option '--no-such'" localhost 0 --no-such
usage 'an option without its argument' "option '--data' needs a DIR" localhost 0 --data
usage 'a share of nothing' "option '--share-messages' needs a number from 1 to [0-9]+, not '0'" localhost 0 \
	--share-messages 0
usage 'verbose and quiet' "'--verbose' and '--quiet' exclude each other" localhost 0 -v -q
usage 'escapes in an option' "unknown option '--a.x1b\[2J'" localhost 0 $'--a\e[2J'
run 'an unknown host may be known later' 1 "$unknown_host" 0
like 'and is named' "$said" "^threefold [0-9.]+: unknown host '$unknown_host': .*$"
run 'the address of another host cannot be had' 1 192.0.2.1 0 --data "$dir/other"
like 'which is said in one line' "$said" "^${words}192\.0\.2\.1:0$words\$"
nok 'and makes no data directory' test -e "$dir/other"

run 'help ends well' 0 --help
is 'and says nothing on stderr' "$said" ''
like 'but on stdout how to use it' "$(<"$dir/stdout")" '^usage: server HOST PORT'
ln -s "$(realpath "$BIN/server")" "$dir/other-name"
said=$("$dir/other-name" x 2>&1)
is 'a sentence names the program as it was called' "$said" \
	"other-name: HOST and PORT are needed; try 'other-name --help'"
like 'and so does the help' "$("$dir/other-name" --help)" '^usage: other-name HOST .*  other-name 127'
for option in data share-messages share-bytes salvage new-uuid user no-sandbox verbose quiet help version; do
	like "help names --$option" "$(<"$dir/stdout")" " --$option "
done
run 'version ends well' 0 -V
like 'and says one' "$(<"$dir/stdout")" '^threefold server [0-9]+\.[0-9]+\.[0-9]+$'

# ---- start, lock, key ----

start_server 0 || bail 'the server does not start'
like 'the last line says version, address, data, count and time' "$(tail -n 1 "${server_log[0]}")" \
	"^threefold [0-9.]+: serving 127\.0\.0\.1:${server_port[0]}, data '$dir/0', loaded 0 facts in [0-9]+ ms\$"
is 'it has no other line, but about its rights and the key that it made' \
	"$(sed '$d' "${server_log[0]}" | grep -Evc "made the operator's key '| runs as root: |: the server can do more than it needs\$")" 0
serves 'a handshake and a ping are answered'
is 'the data directory is private' "$(stat -c %a "$dir/0")" 700
is 'the key beside it has 32 bytes' "$(stat -c %s "$dir/operator.key")" 32
is 'and is private' "$(stat -c %a "$dir/operator.key")" 600
is 'no file is open to others' "$(find "$dir/0" -type f -perm /077)" ''

run 'a second server on the same data is refused' 3 127.0.0.1 0 --data "$dir/0"
like 'in one line that names it' "$said" "^threefold [0-9.]+: $words'$dir/0'$words\$"
run 'a second server on the same port fails' 1 127.0.0.1 "${server_port[0]}" --data "$dir/second"
like 'in one line that names the address' "$said" "^threefold [0-9.]+: ${words}127\.0\.0\.1:${server_port[0]}$words\$"
serves 'the first one does not mind'

key=$(od -An -tx1 "$dir/operator.key")
start_server 1 || bail 'a second server does not start'
is 'a second data directory beside it shares the key' "$(od -An -tx1 "$dir/operator.key")" "$key"
stop_server 1
is 'which is stopped' $? 0
mkdir "$dir/bad"
echo short >"$dir/bad/operator.key"
run 'a key of another size is refused' 3 127.0.0.1 0 --data "$dir/bad/data"
like 'and is named' "$said" "'$dir/bad/operator.key' is no operator's key"
is 'and is left as it was' "$(<"$dir/bad/operator.key")" short

cd_and_serve() {
	: >"$dir/here.log"
	(cd "$dir/here" && launch "$server" "$host" "$1" </dev/null >"$dir/here.log" 2>&1) &
	here=$!
	wait_for "$patience" grep -q serving "$dir/here.log"
}
server=$(realpath "$BIN/server")
repair=$(realpath "$BIN/repair")
mkdir "$dir/here"
cd_and_serve 0
port=$(sed -En 's/.*serving [^ ]*:([0-9]+), .*/\1/p' "$dir/here.log")
like 'the folder is called after the port that was picked' "$(<"$dir/here.log")" "data 'data/$port', "
ok 'and is made, with those above it' test -d "$dir/here/data/$port"
ok 'the key stands beside it' test -f "$dir/here/data/operator.key"
kill -TERM $here
wait_for_end $here
is 'it stops' $? 0

# ---- addresses ----

# address HOST REGEX: serves there and says so.
address() {
	host=$1
	start_server 2 && like "host '$1' is served as" "$(<"${server_log[2]}")" "serving $2:${server_port[2]}, "
	stop_server 2
	is "host '$1' is stopped" $? 0
	unset "server_port[2]"
	host=127.0.0.1
}
address 127.0.0.1 '127\.0\.0\.1'
address $localhost '(127\.0\.0\.1|\[::1\])'
address 0.0.0.0 '0\.0\.0\.0'
if perl -MIO::Socket::IP -e 'exit !IO::Socket::IP->new(LocalHost => "::1", Listen => 1)'; then
	address ::1 '\[::1\]'
	address '[::1]' '\[::1\]'
	host=::
	start_server 2
	host=127.0.0.1
	is 'all addresses of IPv6 are those of IPv4, too' "$(wire "${server_port[2]}" hello frame)" 81:112
	stop_server 2
	unset "server_port[2]"
else
	skip 'IPv6 addresses' 'this host has none'
fi

# ---- garbage on the wire ----

port=${server_port[0]}
like 'an HTTP request gets a line' "$(wire "$port" text=$'GET / HTTP/1.1\r\nHost: x\r\n\r\n' line)" '^[[:print:]]+$'
like 'and the end of the stream' "$(wire "$port" text=$'GET / HTTP/1.1\r\n\r\n' end)" '^[0-9]+$'
like 'a length of 4 GiB gets a line' "$(wire "$port" hex=ffffffff line)" '^[[:print:]]+$'
like 'zeros get a line' "$(wire "$port" zeros=64 line)" '^[[:print:]]+$'
like 'ten million zeros are not waited for' "$(wire "$port" zeros=10000000 end | tail -n 1)" '^([0-9]+|reset)$'
is 'a handshake that is cut anywhere is waited for' \
	"$(wire "$port" hex=1300 silent hex=00000100000000007468 silent hex=726565666f6c6403000300 frame)" \
	$'silent\nsilent\n81:112'
is 'a bad length after the handshake is an error and the end' \
	"$(wire "$port" hello frame hex=ffffffff frame frame | cut -d: -f1)" $'81\n43\nend'
is 'a frame of an unknown type as well' \
	"$(wire "$port" hello frame hex=060000003f0000000000 frame frame | cut -d: -f1)" $'81\n43\nend'
is 'half a frame is waited for' "$(wire "$port" hello frame hex=06000000 silent hex=020007000000 frame)" \
	$'81:112\nsilent\n82:31'
pings=$(printf '06000000020007000000%.0s' {1..1000})
frames=({1..1000})
is 'a thousand pings at once are all answered' \
	"$(wire "$port" hello frame "hex=$pings" "${frames[@]/*/frame}" | uniq -c | tr -s ' ')" $' 1 81:112\n 1000 82:31'
for n in $(seq 20); do
	wire "$port" hex=1300 cut
	wire "$port" hello frame hex=06000000 cut >"$dir/cut"
	wire "$port" hello cut
done
serves 'after all that it serves as before'
is 'strangers fill no log' "$(($(wc -l <"${server_log[0]}") <= 60))" 1

# ---- signals ----

signal_server 0 USR1
wait_for "$patience" grep -q 'loop: turns=' "${server_log[0]}"
like 'SIGUSR1 logs counters' "$(<"${server_log[0]}")" 'connections=0 sessions=0 frames=[0-9]+'
serves 'and changes nothing'
signal_server 0 STOP
signal_server 0 CONT
serves 'after a stop and a continue it serves'
stop_server 0
is 'SIGTERM ends it with 0' $? 0
like 'it says why' "$(<"${server_log[0]}")" ' stopping: Terminated'
for file in users.json pending.json; do
	ok "$file is valid JSON" perl -MJSON::PP -0777 -e 'decode_json(<>)' "$dir/0/$file"
done
restart_server 0
serves 'it starts again on the same port, and serves'
kill_server 0
restart_server 0
serves 'as it does after it was killed'
uuid=$(sed -E 's/.*"uuid":"([^"]*)".*/\1/' "$dir/0/replica.json")
signal_server 0 INT
wait_for_end "${server_pid[0]}"
is 'SIGINT ends it with 0' $? 0
start_server 0
ok 'it keeps its identity' grep -q "$uuid" "$dir/0/replica.json"
stop_server 0
start_server 0 --new-uuid
nok 'but takes another one if told to' grep -q "$uuid" "$dir/0/replica.json"
signal_server 0 HUP
ok 'SIGHUP is told' wait_for "$patience" grep -q ' goes on: Hangup' "${server_log[0]}"
serves 'and ends nothing'
stop_server 0
is 'it stops as before' $? 0

# ---- where the key is ----

# made NAME WANT OPTION...: where a server says that it made the key.
made() {
	local name=$1 want=$2 depth=1
	shift 2
	unset 'server_port[4]'
	start_server 4 "$@"
	like "$name" "$(<"${server_log[4]}")" "made the operator's key '$want': the other servers and repair"
	stop_server 4
	ok 'and there it is' test -f "$want"
}
server_data[4]=$dir/chosen/data
made 'the key may stand anywhere' "$dir/elsewhere.key" --key "$dir/elsewhere.key"
nok 'then none is beside the data' test -e "$dir/chosen/operator.key"
cp "$dir/elsewhere.key" "$dir/chosen/data/operator.key"
start_server 4
is 'one in the data directory is found' "$(grep -c 'made the' "${server_log[4]}")" 0
ok 'and with it repair' "$BIN/repair" --key "$dir/elsewhere.key" --backup "$dir/backup" "$host" "${server_port[4]}" "$host" 1 "$host" 2
stop_server 4
(cd "$dir" && mkdir state && STATE_DIRECTORY=$dir/state timeout 1 "$server" 127.0.0.1 0 2>"$dir/state.log")
like 'a supervisor says where the state is' "$(<"$dir/state.log")" "'$dir/state/operator\.key'.*data '$dir/state/[0-9]+'"
mkdir "$dir/none" && cd "$dir/none" && said=$("$repair" 127.0.0.1 1 127.0.0.1 2 127.0.0.1 3 2>&1)
like 'repair says where it has looked' "$said" "no operator's key 'data/operator.key', 'operator.key' or '/var/lib/.*--key FILE"
nok 'but finds that one' grep -q "no operator's key" <<<"$(STATE_DIRECTORY=$dir/state "$repair" 127.0.0.1 1 127.0.0.1 2 127.0.0.1 3 2>&1)"
cd "$OLDPWD" || exit
if [ "$(id -u)" = 0 ]; then
	mkdir -p "$dir/lib/threefold" && chown nobody "$dir/lib/threefold" && chmod 755 "$dir" "$dir/lib"
	server_data[4]=$dir/lib/threefold
	made 'where nothing can be made beside the data it is made within' "$dir/lib/threefold/operator.key" --user nobody
fi

# ---- readiness ----

cat >"$dir/notify.pl" <<'PERL'
use IO::Socket::UNIX;
my $socket = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => $ARGV[0]) or die "$ARGV[0]: $!\n";
$| = 1;
print "listening\n";
alarm 60;
my $state = '';
while ($state !~ /STOPPING/) {
	defined $socket->recv($state, 4096) or die "$!\n";
	print "$state\n";
}
PERL
: >"$dir/notified"
perl "$dir/notify.pl" "$dir/notify" >"$dir/notified" 2>"$dir/notify.err" &
notifier=$!
wait_for "$patience" grep -q listening "$dir/notified"
export NOTIFY_SOCKET="$dir/notify" WATCHDOG_USEC=20000
start_server 0
unset NOTIFY_SOCKET WATCHDOG_USEC
ok 'a supervisor is told that it is ready' wait_for "$patience" grep -qx READY=1 "$dir/notified"
three_times() { [ "$(grep -cx WATCHDOG=1 "$dir/notified")" -ge 3 ]; }
ok 'and again and again that it is alive' wait_for "$patience" three_times
stop_server 0
wait_for_end $notifier
is 'and that it stops' "$(tail -n 1 "$dir/notified")" STOPPING=1

# ---- too few descriptors ----

many() {
	perl -MIO::Socket::IP -e '
		my ($port, $count) = @ARGV;
		my @sockets = map { IO::Socket::IP->new(PeerHost => "127.0.0.1", PeerPort => $port) } 1 .. $count;
		alarm 60;
		my $last = $sockets[-1];
		my $line = <$last>;
		print $line;
		close $_ for @sockets[0 .. $count - 2];
	' "$@"
}
: >"$dir/few.log"
(ulimit -n 32 && launch "$BIN/server" 127.0.0.1 0 --data "$dir/few" </dev/null >"$dir/few.log" 2>&1) &
here=$!
wait_for "$patience" grep -q serving "$dir/few.log"
port=$(sed -En 's/.*serving [^ ]*:([0-9]+), .*/\1/p' "$dir/few.log")
like 'without a descriptor a client gets a line' "$(many "$port" 60)" '^threefold: no file descriptor is left'
is 'the log does not repeat it for each' "$(grep -c 'are refused' "$dir/few.log")" 1
is 'and once there are some it is served' "$(wire "$port" hello frame)" 81:112
kill -TERM $here
wait_for_end $here
is 'that server stops as well' $? 0

done_testing
