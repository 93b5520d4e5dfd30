#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Starts, stops and full disks: what stands where a file of data should be, limits of a file's size, a log that nobody
# reads, and a disk that somebody else fills while a server is down.
needs_mounts=1
. tests/lib/lib.sh

# starts DIRECTORY: its exit status, and what it said, in one line. It must end by itself.
starts() {
	timeout -k 1 "$patience" "$BIN/server" "$host" 0 --data "$1" </dev/null 2>"$dir/said"
	echo "$? $(tr '\n' ' ' <"$dir/said")"
}

# ---- what is no file ----

ok 'a server starts' start_server 0
ok 'and stops' stop_server 0
for name in users.json journal.jsonl replica.json pending.json.new journal.jsonl.new; do
	for kind in pipe link folder; do
		rm -rf "$dir/odd" && cp -r "$dir/0" "$dir/odd" && rm -f "$dir/odd/$name"
		case $kind in
		pipe) mkfifo "$dir/odd/$name" ;;
		link) cp "$dir/0/users.json" "$dir/target" && ln -s "$dir/target" "$dir/odd/$name" ;;
		folder) mkdir "$dir/odd/$name" ;;
		esac
		before=$(find "$dir/odd" -type f -exec cksum {} + | sort)
		like "a $kind as $name is refused" "$(starts "$dir/odd")" "^3 .*'$name': it is (no regular file|a symbolic link|a directory)"
		is "and nothing is changed by that" "$(find "$dir/odd" -type f -exec cksum {} + | sort)" "$before"
	done
done
rm -rf "$dir/odd" && mkdir "$dir/odd" && ln -s "$dir/nowhere" "$dir/odd/lock"
like 'a link as the lock is refused' "$(starts "$dir/odd")" "^1 .*'lock'.*symbolic link"
ok 'and nothing is made where it leads' test ! -e "$dir/nowhere"
mkdir -p "$dir/keys/odd" && ln -s "$dir/operator.key" "$dir/keys/operator.key"
like 'a link as the operator key is refused' "$(starts "$dir/keys/odd")" "^3 .*operator.key': it is a symbolic link"

# ---- folders that are open to others ----

chmod 777 "$dir/0" && start_server 0 && stop_server 0
like 'a data directory that others may write in is told' "$(cat "$dir/0.log")" "others may write in the data directory"
chmod 700 "$dir/0"

# ---- a limit of the size of files ----

for limit in 1 100 3000 5000; do
	like "files of $limit KiB at most: a sentence" "$(ulimit -f $limit && starts "$dir/limited" 2>&1 | cat)" \
		'^1 .*limit of their size'
done

# ---- a log that nobody reads ----

mkfifo "$dir/log" && exec 7<>"$dir/log"
"$BIN/server" "$host" 0 --data "$dir/unread" </dev/null 2>"$dir/log" 7>&- &
pid=$!
while IFS= read -r -t "$patience" line <&7 && [[ $line != *serving* ]]; do :; done
[[ $line =~ :([0-9]+), ]] || bail "no server: $line"
server_port[0]=${BASH_REMATCH[1]} server_port[1]=1 server_port[2]=2
counted() {
	# Each signal that is taken is lines of counters, and 64 KiB fill the pipe.
	for _ in {1..40}; do kill -USR1 "$pid"; done
	[ "$(perl -e 'my $n = pack "i", 0; ioctl STDIN, 0x541B, $n; print unpack "i", $n' <&7)" -gt 61000 ]
}
wait_for 30 counted 2>/dev/null || bail 'the pipe was not filled'
for _ in {1..20}; do kill -USR1 "$pid"; pause 0.01; done
ok 'a server whose log nobody reads goes on' client_json "$dir/out" <<<'/create ann pw'
lost() {
	while IFS= read -r -t 0.05 line <&7; do [[ $line = *'lines of the log are lost'* ]] && return 0; done
	kill -USR1 "$pid"
	return 1
}
ok 'when somebody reads, it tells how much is lost' wait_for 30 lost
kill -TERM $pid
ok 'it stops cleanly' wait_for_end $pid
exec 7>&-

# ---- a disk that is filled while the server is down ----

server_port=()
if [ "$mounts" = none ]; then
	skip 'a disk that is filled' 'no file system can be mounted here'
else
	ok 'three servers start' start_servers
	for i in $(seq 60); do echo "/msg ann number $i"; done >"$dir/script"
	words="$(addresses 0 1) $unknown_host 7003"
	# shellcheck disable=SC2086
	"$BIN/client" --json $words >"$dir/out" 2>&1 <<<'/create carl pw'
	is 'a host name that cannot be resolved is a dead replica' $? 0
	like 'it is told why' "$(<"$dir/out")" "$unknown_host"
	# shellcheck disable=SC2086
	"$BIN/repair" --key "$dir/operator.key" --check $words >"$dir/out" 2>&1
	is 'repair compares the other two, and says that one is missing' $? 4
	ok 'mail waits' client_json "$dir/out" < <(printf '/create ann pw\n/logout\n/create bob pw\n'; cat "$dir/script")
	stop_server 0
	mount_at "$dir/small" -t tmpfs -o size=32m tmpfs
	cp "$dir/operator.key" "$dir/small/" && cp -r "${server_data[0]}" "$dir/small/0" && server_data[0]=$dir/small/0
	dd if=/dev/zero of="$dir/small/filler" bs=64k 2>/dev/null
	dd if=/dev/zero of="$dir/small/filler2" bs=1k 2>/dev/null
	stop_server 1
	stop_server 2
	ok 'it starts on a full disk' restart_server 0
	ok 'and mail is received from it' client_json "$dir/out" < <(printf '/login ann pw\n/wait 5\n/quit\n')
	is 'all of it' "$(json_count "$dir/out" event=message)" 60
	ok 'once: what was received is stored on the full disk' client_json "$dir/out" < <(printf '/login ann pw\n/wait 1\n/quit\n')
	is 'nothing comes again' "$(json_count "$dir/out" event=message)" 0
	like 'it says that the disk is full' "$(<"${server_log[0]}")" 'the disk is nearly full'
	ok 'it stops cleanly' stop_server 0
	# A journal without zeros behind it, as an older program left it: not even burials fit.
	perl -e 'open my $f, "+<", $ARGV[0]; local $/; my $t = <$f>; $t =~ s/\0+$//; truncate $f, length $t' "$dir/small/0/journal.jsonl"
	dd if=/dev/zero of="$dir/small/filler3" bs=1k 2>/dev/null
	ok 'without a reserve it starts, too' restart_server 0
	ok 'and answers' client_json "$dir/out" < <(printf '/login ann pw\n/quit\n')
	like 'it says that not even that is stored' "$(<"${server_log[0]}")" 'the reserve is used up'
	ok 'it stops cleanly' stop_server 0

	# Filled while it runs: the reading, the stop and the next start go on.
	rm "$dir/small/filler"*
	ok 'with room again it starts' restart_server 0
	ok 'and takes mail' client_json "$dir/out" < <(printf '/login bob pw
'; cat "$dir/script")
	is 'all of it' "$(json_count "$dir/out" event=result command=msg ok=true)" 60
	dd if=/dev/zero of="$dir/small/filler" bs=64k 2>/dev/null
	dd if=/dev/zero of="$dir/small/filler2" bs=1k 2>/dev/null
	ok 'filled while it runs: mail is received' client_json "$dir/out" < <(printf '/login ann pw
/wait 5
/quit
')
	is 'all of it' "$(json_count "$dir/out" event=message)" 60
	ok 'it stops cleanly' stop_server 0
	ok 'and starts' restart_server 0
	ok 'what was received stays received' client_json "$dir/out" < <(printf '/login ann pw
/wait 1
/quit
')
	is 'nothing comes again' "$(json_count "$dir/out" event=message)" 0
	ok 'it stops cleanly' stop_server 0
fi
done_testing
