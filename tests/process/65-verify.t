#!/bin/bash
# SPDX-License-Identifier: MIT
#
# server --verify: it finds damage in each file, with the place, and changes nothing, also where nothing can be changed.
# shellcheck disable=SC2034 # for lib.sh
needs_mounts=1
. tests/lib/lib.sh

# verify DIR [OPTION...]: output in $dir/verify.out; returns the exit status.
verify() {
	local folder=$1
	shift
	timeout -k 5 60 "$BIN/server" --verify "$folder" "$@" >"$dir/verify.out" 2>&1
}

status_of() {
	"$@"
	echo $?
}

said() {
	grep -Eq "$1" "$dir/verify.out" && return
	cat "$dir/verify.out"
	return 1
}

# All of a folder that may change: names, modes, sizes, times, contents.
look() {
	(cd "$1" && find . -printf '%p %m %u %s %T@ %C@\n' | sort && find . -type f -exec sha256sum {} + | sort)
}

# damage FILE [BYTE]: another byte in its middle, or there.
damage() {
	perl -e '
		open(my $file, "+<:raw", $ARGV[0]) or die "$ARGV[0]: $!";
		my $at = $ARGV[1] // int((-s $file) / 2);
		seek($file, $at, 0); read($file, my $byte, 1);
		seek($file, $at, 0); print $file chr(ord($byte) ^ 1);' "$@"
}

# A copy of what was whole, with its key.
fresh() {
	rm -rf "$dir/copy"
	mkdir "$dir/copy"
	cp -a "$1" "$dir/copy/data"
	cp -a "$dir/operator.key" "$dir/copy/"
}

ok 'three servers start' start_servers
text=$(head -c 3000 /dev/zero | tr '\0' x)
client_json "$dir/out" < <(
	printf '/create bob pw\n/logout\n/create carl pw\n/logout\n/create ann pw\n'
	for i in $(seq 40); do echo "/msg bob $i $text $i"; done
	printf '/logout\n/login carl pw\n/delete carl\n'
)
is 'a server runs on it: 3' "$(status_of verify "$dir/0")" 3
ok 'which is said' said 'another server, or a backup, uses'
stop_server 0
restart_server 0
for i in 1 2 3 4; do client_json "$dir/out" < <(printf '/login ann pw\n/msg bob later\n/msg bob later\n'); done
# shellcheck disable=SC2046
"$BIN/repair" --key "$dir/operator.key" --backup "$dir/backup" $(addresses) >/dev/null
kill_server 0
stop_server 1

# ---- what is whole ----

before=$(look "$dir/0")
ok 'after kill -9: 0' verify "$dir/0"
ok 'it says how much there is' said '^51 facts are whole$'
ok 'and whose key it is' said '^the operator.s key is that of cluster [0-9a-f]{8}$'
ok 'and the sum' said "^'.*/0' is whole; nothing was changed$"
is 'nothing was changed' "$(look "$dir/0")" "$before"
ok 'after a clean stop: 0' verify "$dir/1"
ok 'a backup: 0' verify "$dir/backup" --key "$dir/operator.key"
mkdir "$dir/apart"
cp -a "$dir/backup" "$dir/apart/"
ok 'without a key: 0' verify "$dir/apart/backup"
ok 'which is said' said "^no operator's key belongs to it"
if [ "$mounts" = none ]; then
	skip 'where nothing can be changed' 'no file system can be mounted here'
else
	mount_at "$dir/only" -t tmpfs -o size=64m tmpfs
	cp -a "$dir/0" "$dir/operator.key" "$dir/only/"
	mount -o remount,ro "$dir/only"
	ok 'where nothing can be changed: 0' verify "$dir/only/0"
fi

# ---- what is damaged ----

# FILE|FROM|WHAT IS SAID
while IFS='|' read -r file from want; do
	fresh "$dir/$from"
	damage "$dir/copy/data/$file"
	before=$(look "$dir/copy")
	is "$file is damaged: 1" "$(status_of verify "$dir/copy/data")" 1
	ok "$file: it is named, with the place" said "$want"
	is "$file: nothing was changed" "$(look "$dir/copy")" "$before"
done <<-'END'
	users.json|1|^'users.json' is damaged at line [0-9]+, byte [0-9]+: .
	pending.json|1|^'pending.json' is damaged at line [0-9]+, byte [0-9]+: .
	replica.json|1|^'replica.json' is damaged at line 1, byte 0: .
END
fresh "$dir/0"
damage "$dir/copy/data/journal.jsonl" 400
is 'the journal is damaged: 1' "$(status_of verify "$dir/copy/data")" 1
ok 'it is named, with the place' said "^'journal.jsonl' is damaged at line [0-9]+, byte [0-9]+: ."
damage "$dir/copy/data/users.json"
is 'two files are damaged: 1' "$(status_of verify "$dir/copy/data")" 1
is 'both are named' "$(grep -c "' is damaged at line" "$dir/verify.out")" 2
fresh "$dir/1"
rm "$dir/copy/data/pending.json"
is 'a file is missing: 1' "$(status_of verify "$dir/copy/data")" 1
ok 'which is said' said "^'pending.json' is missing, and the journal names it"
fresh "$dir/1"
printf x >>"$dir/copy/operator.key"
is 'the key is damaged: 1' "$(status_of verify "$dir/copy/data")" 1
ok 'which is said' said "operator.key"
is 'it is not whole' "$(tail -n 1 "$dir/verify.out")" "'$dir/copy/data' is not whole; nothing was changed"
mkdir "$dir/empty"
is 'nothing is there: 1' "$(status_of verify "$dir/empty")" 1
ok 'which is said' said '^there is no data$'
is 'and nothing is made' "$(ls -A "$dir/empty")" ''
is 'no folder: 1' "$(status_of verify "$dir/none")" 1
ok 'and none is made' test ! -e "$dir/none"
is 'with an address: 2' "$(status_of verify "$dir/1" 127.0.0.1 7001)" 2
is 'with what is for a server: 2' "$(status_of verify "$dir/1" --salvage)" 2
ok 'which is said' said "'--verify' and '--salvage' exclude each other"
is 'with another directory: 2' "$(status_of verify "$dir/1" --verify "$dir/2")" 2
done_testing
