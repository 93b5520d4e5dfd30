#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Repair with real servers: a wiped replica, an old copy, two of three, a stranger and wrong keys, killed in the
# middle, during traffic, again and again, and backups. After it the three sets of files are the same bytes.
. tests/lib/lib.sh

# shellcheck disable=SC2120 # all calls are by way of `ok` and `is`
# repair [OPTION...]: output in $dir/repair.out; returns the exit status.
repair() {
	# shellcheck disable=SC2046
	timeout -k 5 120 "$BIN/repair" --key "$dir/operator.key" $(addresses) "$@" \
		>"$dir/repair.out" 2>>"$dir/repair.err"
}

# What the last run said, and its status.
status_of() {
	"$@"
	echo $?
}

said() {
	grep -Eq "$1" "$dir/repair.out" && return
	cat "$dir/repair.out"
	return 1
}

wipe() {
	kill_server "$1"
	rm -rf "${server_data[$1]}"
	restart_server "$1"
}

# Clean stops, compares, starts again.
same_files() {
	local n file status=0
	stop_all || return 1
	for file in users.json pending.json; do
		for n in 1 2; do
			cmp "${server_data[0]}/$file" "${server_data[n]}/$file" || status=1
		done
	done
	for n in 0 1 2; do
		restart_server $n || return 1
	done
	return $status
}

ok 'three servers start' start_servers
ok 'empty replicas are the same' repair --check

# ---- what differs, and a wiped replica ----

for i in $(seq 300); do echo "/msg bob number $i"; done >"$dir/script"
ok 'people and mail' client_json "$dir/out" < <(
	printf '/create bob pw\n/logout\n/create carl pw\n/logout\n/create ann pw\n'
	cat "$dir/script"
)
ok 'the same after it: --check exits 0' repair --check
ok 'and prints counts' said 'replica 0 .*: 303 elements, digest [0-9a-f]{32}, lacks 0'
is 'and three equal digests' "$(grep -o 'digest [0-9a-f]*' "$dir/repair.out" | sort -u | wc -l)" 1
ok 'a replica is wiped' wipe 2
is 'different: --check exits 1' "$(status_of repair --check)" 1
ok 'and says which is the odd one' said '^replica 2 differs from the other two$'
ok 'and says what is missing' said 'replica 2 .*: 0 elements.*lacks 303'
ok 'repair exits 0' repair
ok 'it stored what was missing' said 'replica 2 .*lacked 303, got 303'
ok 'and nothing elsewhere' said 'replica 0 .*lacked 0, got 0'
ok 'the same again: --check exits 0' repair --check
ok 'a second run exits 0' repair
ok 'and finds nothing' said 'replica 2 .*lacked 0, got 0'
ok 'the files are the same bytes' same_files

# ---- an old copy of the data: what is gone stays gone ----

stop_server 1
cp -r "$dir/1" "$dir/old"
restart_server 1
ok 'bob reads, carl goes' client_json "$dir/out" < <(
	printf '/login bob pw\n/wait 1\n/check\n/logout\n/login carl pw\n/delete carl\n'
)
is 'all was shown' "$(json_count "$dir/out" event=message)" 300
kill_server 1
rm -rf "$dir/1" && mv "$dir/old" "$dir/1"
ok 'a replica starts with an old copy' restart_server 1
is 'they differ' "$(status_of repair --check)" 1
ok 'repair exits 0' repair
ok 'the files are the same bytes' same_files
kill_server 0
kill_server 2
client_json "$dir/out" --timeout 5 < <(printf '/login bob pw\n/wait 1\n/check\n/logout\n/login carl pw\n')
is 'the old copy alone shows nothing that was read' "$(json_count "$dir/out" event=message)" 0
is 'and knows that carl is gone' "$(json_count "$dir/out" event=result command=login ok=false)" 1

# ---- two of three, one of three ----

is 'one of three is not enough' "$(status_of repair)" 3
ok 'which is said' said 'fewer than two'
restart_server 0
ok 'two of three: repair exits 0' repair
ok 'and says what the third leaves open' said 'replica 2 took no part'
is 'two of three that are the same: --check exits 4' "$(status_of repair --check)" 4
ok 'and says that they are the same' said '^two replicas hold the same'
wipe 1
is 'two of three that are not: 1' "$(status_of repair --check)" 1
ok 'repair exits 0' repair

# ---- who is trusted ----

cat >"$dir/stranger" <<'END'
use IO::Socket::INET;
my $s = IO::Socket::INET->new(Listen => 5, LocalAddr => "127.0.0.1:$ARGV[0]", ReuseAddr => 1) or die $!;
open(my $log, '>', $ARGV[1]); $log->autoflush(1); print $log "listening\n";
while (my $c = $s->accept) { print $c "hello\n"; while (sysread($c, my $b, 4096)) { printf $log "%s\n", unpack("H*", $b) } }
END
perl "$dir/stranger" "${server_port[2]}" "$dir/stranger.out" &
client_pid[stranger]=$!
ok 'a stranger listens on the port of the dead replica' wait_for "$patience" grep -qs listening "$dir/stranger.out"
ok 'the others are repaired' repair
ok 'and he is named' said "replica 2 .*not reached: speaks something else: 'hello'"
ok 'he was told nothing but the handshake' wait_for "$patience" test "$(sed 1d "$dir/stranger.out" | head -1 | wc -c)" -le 47
kill -KILL "${client_pid[stranger]}"
wait "${client_pid[stranger]}" 2>/dev/null
unset 'client_pid[stranger]'
ok 'the third is back' restart_server 2
ok 'all three: repair exits 0' repair

head -c 32 /dev/urandom >"$dir/wrong.key"
chmod 600 "$dir/wrong.key"
is 'another key: exit 3' "$(status_of repair --key "$dir/wrong.key")" 3
ok 'which is said of each' said "replica 1 .*refused: it has another operator key than '$dir/wrong.key': --key FILE"
is 'no key: exit 3' "$(status_of repair --key "$dir/no.key")" 3
chmod 644 "$dir/wrong.key"
is 'a key that others may read: exit 3' "$(status_of repair --key "$dir/wrong.key")" 3
is 'wrong usage: exit 2' "$(status_of "$BIN/repair" localhost 1 2>/dev/null)" 2
is 'one server given twice: exit 2' \
	"$(status_of "$BIN/repair" $localhost 1 $localhost 1 $localhost 2 2>/dev/null)" 2
# shellcheck disable=SC2046
timeout 20 "$BIN/repair" --key "$dir/operator.key" $localhost "${server_port[0]}" $(addresses 0) $(addresses 1) \
	>"$dir/repair.out"
is 'one server at two addresses: neither is trusted' $? 3
ok 'which is said' said 'replica 1 .*given twice'
cd "$dir" || exit 1
# shellcheck disable=SC2046
ok 'the key is found beside the data' "$(realpath "$OLDPWD/$BIN" 2>/dev/null || echo "$BIN")/repair" $(addresses)
cd "$OLDPWD" || exit 1

# ---- killed in the middle ----

text=$(head -c 3000 /dev/zero | tr '\0' x)
for i in $(seq 2000); do echo "/msg bob $i $text"; done >"$dir/script"
ok 'much mail' client_json "$dir/out" --timeout 60 < <(
	echo '/login ann pw'
	cat "$dir/script"
)
killed=0
for round in 1 2 3; do
	wipe 2
	for after in 0.005 0.02 0.04 0.06; do
		# shellcheck disable=SC2046
		(launch timeout -s KILL $after "$BIN/repair" --key "$dir/operator.key" $(addresses)) \
			>/dev/null 2>&1 &
		wait $! 2>/dev/null
		[ $? != 137 ] || killed=$((killed + 1))
	done
	ok "round $round: after runs that were killed one finishes" repair
	ok "round $round: the replicas are the same" repair --check
done
ok "$killed runs were killed" test "$killed" -ge 3
ok 'the files are the same bytes' same_files

# ---- during traffic, also two at once ----

for i in $(seq 400); do echo "/msg carol traffic $i"; done >"$dir/script"
client_start carol
ok 'carol reads' client_ask carol '/create carol pw'
wipe 1
{
	echo '/login ann pw'
	cat "$dir/script"
} | client_json "$dir/traffic" --timeout 60 &
sender=$!
bad=0
while kill -0 $sender 2>/dev/null; do
	# shellcheck disable=SC2046
	timeout 60 "$BIN/repair" --key "$dir/operator.key" $(addresses) >/dev/null 2>&1 &
	other=$!
	repair || bad=$((bad + 1))
	wait $other || bad=$((bad + 1))
done
wait $sender
is 'during traffic every run exits 0' $bad 0
ok 'the last message is shown' client_wait carol '"text":"traffic 400"' 30
is 'each was acknowledged' "$(json_count "$dir/traffic" event=result command=msg ok=true)" 400
is 'each is shown once, in order' \
	"$(json_get "$dir/carol.out" event=message -- text | sed -n 's/traffic //p' | tr '\n' ' ')" "$(seq -s ' ' 400) "
client_close carol
ok 'one more run' repair
ok 'the replicas are the same' repair --check
ok 'the files are the same bytes' same_files

# ---- again and again ----

# shellcheck disable=SC2046
(launch "$BIN/repair" --key "$dir/operator.key" --every 0.1 $(addresses)) >"$dir/every.out" 2>>"$dir/repair.err" &
client_pid[every]=$!
wipe 0
ok '--every: a wiped replica is filled without being asked' wait_for "$patience" repair --check
ok '--every: it goes on' kill -0 "${client_pid[every]}"
kill -TERM "${client_pid[every]}"
wait "${client_pid[every]}" 2>/dev/null
unset 'client_pid[every]'

# ---- backups ----

wipe 1
ok 'a backup while one replica is empty' repair --backup "$dir/backup"
ok 'says what it holds' said 'the union of 3 replicas, [0-9]+ elements'
ok 'it is no replica yet' test ! -e "$dir/backup/replica.json"
is 'it changed nothing' "$(status_of repair --check)" 1
nok 'it does not write over what is there' repair --backup "$dir/backup"
ok 'and says what to do' grep -q 'move that one away first' "$dir/repair.err"
mkdir "$dir/other.new" && echo mine >"$dir/other.new/users.json"
nok 'nor does it empty what no backup made' repair --backup "$dir/other"
is 'which is left as it was' "$(cat "$dir/other.new/"*)" mine
like 'and says so' "$(<"$dir/repair.err")" 'other.new.* no unfinished backup'
touch "$dir/other.new/backup.unfinished"
nok 'no server starts from an unfinished one' "$BIN/server" "$host" 0 --data "$dir/other.new"
ok 'the next backup empties that' repair --backup "$dir/other"
ok 'and leaves no mark' test ! -e "$dir/other/backup.unfinished" -a ! -e "$dir/other.new"
server_data[3]=$dir/backup
ok 'a server starts from it' start_server 3
ok 'repair' repair
stop_server 3
ok 'the files are the same bytes' same_files
ok 'and so are those of the backup' eval 'cmp "$dir/backup/users.json" "$dir/0/users.json" &&
	cmp "$dir/backup/pending.json" "$dir/0/pending.json"'
kill_server 0
kill_server 1
ok 'one replica is enough for a backup' repair --backup "$dir/backup.2"
ok 'which says what is missing' said 'replica 0 took no part'
is 'and not for anything else: exit 3' "$(status_of repair)" 3
ok 'and nothing is said of how much it holds' said '^replica 2 (.*): reached$'
kill_server 2
is 'none is not: exit 3' "$(status_of repair --backup "$dir/backup.3")" 3
ok 'nothing is left of it' test ! -e "$dir/backup.3" -a ! -e "$dir/backup.3.new"
done_testing
