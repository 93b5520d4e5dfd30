#!/bin/bash
# SPDX-License-Identifier: MIT
#
# A disk that breaks: sectors of the data that cannot be read, and a file system that the kernel makes read-only while
# a server works.
needs_mounts=1
. tests/lib/lib.sh
server_port=(0 1 2) # the others are dead
for i in $(seq 300); do echo "/msg ann number $i $(printf '%0100d' "$i")"; done >"$dir/script"

# received FILE: the texts that ann was shown there, in order.
received() {
	json_get "$1" event=message -- text
}

contents() {
	find "$dir/0" -type f ! -name lock -exec cksum {} + | sort
}

# acknowledged FILE: how many messages were acknowledged there.
acknowledged() {
	json_count "$1" event=result command=msg ok=true
}

# ---- sectors that cannot be read ----

export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0
ok 'a bad disk can be built' "${CC:-cc}" -std=gnu11 -O1 -shared -fPIC -o "$dir/bad.so" tests/lib/bad_sector.c

# The first data are those of a clean stop, the second are those of a crash: everything stands in the journal.
ok 'a server starts' start_server 0
ok 'it has mail' client_json "$dir/out" < <(printf '/create ann pw\n/logout\n/create bob pw\n'; cat "$dir/script")
is 'all of it' "$(acknowledged "$dir/out")" 300
cp -r "$dir/0" "$dir/crashed" && rm -f "$dir/crashed/lock"
ok 'it stops' stop_server 0
mv "$dir/0" "$dir/stopped"

# bad DATA NAME OFFSET LOST: a start on a copy of these data, of which a sector is bad; so many messages may be lost.
bad() {
	local what="$1, $2 is bad at $3" before words
	rm -rf "$dir/0" && cp -r "$dir/$1" "$dir/0"
	DAEMON="env LD_PRELOAD=$dir/bad.so BAD_SECTORS=$(stat -c %i "$dir/0/$2"):$3 $BIN/server"
	before=$(contents)
	start_server 0 >/dev/null
	is "$what: refused" $? 3
	words="'[^ ]*$2'.*cannot be read at byte $3: Input/output error.*--salvage"
	like "$what: in one sentence" "$(<"${server_log[0]}")" "^[^"$'\n'"]*${words}[^"$'\n'"]*$"
	is "$what: nothing is changed" "$(contents)" "$before"
	ok "$what: salvaged" start_server 0 --salvage || return
	like "$what: it says where" "$(<"${server_log[0]}")" "$2'.*cannot be read at byte $3: Input/output error"
	like "$what: it says what became of it" "$(<"${server_log[0]}")" "$2' was set aside as '$2\.bad-1'"
	nok "$what: nothing else is called wrong" grep 'cannot stand there' "${server_log[0]}"
	DAEMON=
	is "$what: the copy is as long" "$(stat -c %s "$dir/0/$2.bad-1")" "$(stat -c %s "$dir/$1/$2")"
	ok "$what: ann logs in" client_json "$dir/out" < <(printf '/login ann pw\n/wait 1\n/quit\n')
	received "$dir/out" >"$dir/got"
	is "$what: what she is shown was sent" "$(sed 's/^/\/msg ann /' "$dir/got" | grep -vcFxf "$dir/script")" 0
	ok "$what: at most $4 are lost: $(wc -l <"$dir/got") came" test "$(wc -l <"$dir/got")" -ge $((300 - $4))
	ok "$what: it stops" stop_server 0
	ok "$what: the next start needs no salvage" restart_server 0
	ok "$what: it stops, too" stop_server 0
}

bad stopped pending.json 0 60
bad stopped pending.json 20480 60
bad stopped replica.json 0 0
bad crashed journal.jsonl 16384 60

# ---- a file system that becomes read-only ----

# As after an error of the disk: what is open for writing stays open, and each write fails.
becomes_read_only() {
	mount -o remount,abort "$dir/ext4" && ! touch "$dir/ext4/file" 2>/dev/null
}

# Only a real root may mount such file systems, and a free loop device to put them on.
if [ "$mounts" = all ] && truncate -s 64M "$dir/image" && mkfs.ext4 -q -F "$dir/image" 2>/dev/null &&
	mount_at "$dir/ext4" -o loop,errors=remount-ro "$dir/image" 2>/dev/null; then
	server_data[0]=$dir/ext4/0
	ok 'read-only: a server starts' start_server 0
	client_start bob
	ok 'read-only: ann is there' client_ask bob '/create ann pw'
	ok 'read-only: she leaves' client_ask bob '/logout'
	ok 'read-only: bob comes' client_ask bob '/create bob pw'
	perl -e '$| = 1; while (++$i) { print "/msg ann number $i\n"; select undef, undef, undef, 0.001 }' \
		>&"${client_fd[bob]}" &
	client_pid[writer]=$!
	ok 'read-only: his first messages are acknowledged' client_wait bob '"command":"msg","ok":true'
	ok 'read-only: it becomes that' becomes_read_only
	ok 'read-only: the server ends' wait_for "$patience" has_ended "${server_pid[0]}"
	is 'read-only: it says why, once' "$(grep -c 'Read-only file system' "${server_log[0]}")" 1
	like 'read-only: in its last line' "$(tail -n 1 "${server_log[0]}")" \
		"cannot (write|sync) 'journal.jsonl': Read-only file system; this is the end$"
	client_kill bob
	kill "${client_pid[writer]}" 2>/dev/null
	wait "${client_pid[writer]}" 2>/dev/null
	unset 'client_pid[writer]'
	count=$(acknowledged "$dir/bob.out")
	nok 'read-only: it does not start there' restart_server 0
	like 'read-only: and says why' "$(tail -n 1 "${server_log[0]}")" ': Read-only file system'
	ok 'read-only: the disk is taken off' umount "$dir/ext4"
	ok 'read-only: and put back' mount -o loop "$dir/image" "$dir/ext4"
	ok 'read-only: then it starts' restart_server 0
	ok 'read-only: ann logs in' client_json "$dir/out" < <(printf '/login ann pw\n/wait 1\n/quit\n')
	is "read-only: she is shown all $count that were acknowledged" \
		"$(received "$dir/out" | head -n "$count")" "$(seq -f 'number %.0f' "$count")"
	ok 'read-only: it stops' stop_server 0
else
	comment 'no file system can be made read-only here while it is in use'
fi
done_testing
