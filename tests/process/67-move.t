#!/bin/bash
# SPDX-License-Identifier: MIT
#
# docs/operate.md, Move, command by command: a disk, a host, an address, and all three hosts one by one, while a client
# stays that reads.
. tests/lib/lib.sh
. tests/lib/operate.sh

# The new disk is a folder, at $dir/mnt until it is mounted in its place.
umount() {
	test "$1" = "$dir/mnt"
}
mount() {
	mv "$2" "$2.old.$here" && command mv "$dir/mnt" "$2"
}
# From the old host, whose folder is $old.
scp() {
	rm -rf "${dir:?}/host$here" && mkdir "$dir/host$here" && cp -pr "$old"/* "$dir/host$here/"
}
threefold() {
	"$BIN/client" "$@"
}
writes() { # TEXT
	client_json "$dir/out" --user ann --password-file "$dir/pw" <<<"/msg bob $1" &&
		test "$(json_get "$dir/out" event=result command=msg -- copies)" = 3 &&
		client_wait bob "\"text\":\"$1\""
}
# The server of this host goes to another one, whose disk is empty.
new_host() {
	local old=$dir/old-host.$1
	follow 'A host' '^systemctl disable' && mv "$dir/host$here" "$old" && mkdir "$dir/host$here" &&
		follow 'A host' '^(scp|chown|threefold-server|systemctl enable)'
}
# And has another address from then on.
new_address() {
	printf 'HOST=old.example\nOPTIONS=--register open\n' >"$dir/etc/7001.conf"
	server_port[here]=$(free_port)
	follow 'An address' '^(sed|systemctl)' && grep -qx "HOST=$host" "$dir/etc/7001.conf" &&
		grep -qx 'OPTIONS=--register open' "$dir/etc/7001.conf" &&
		follow 'An address' '^threefold --save' && grep -q "^replica = $host ${server_port[here]}\$" "$dir/config/threefold/config"
}

hosts
cp "$dir/host0/operator.key" "$dir/safe/"
(umask 077 && echo pw >"$dir/pw")
client_json "$dir/out" < <(printf '/create bob pw\n/logout\n/create ann pw\n/msg bob 1\n')
client_start bob --user bob --password-file "$dir/pw"
ok 'somebody reads' client_wait bob '"text":"1"'

here=1
mkdir "$dir/mnt"
ok 'a disk: copied, looked at, mounted' follow 'A disk' '^(systemctl|cp|threefold-server|umount|mount)'
ok 'its server is whole' grep -q 'is whole' "$server_says"
ok 'and repaired' follow 'A disk' '^threefold-repair'
ok 'mail goes on, to three' writes disk

here=2
ok 'a host: the folder goes to another one' new_host 2
ok 'it is repaired' follow 'A host' '^threefold-repair'
ok 'mail goes on, to three' writes host

here=0
ok 'an address' new_address
ok 'it is repaired' follow 'An address' '^threefold-repair'
ok 'whoever has the old address still reads' eval "client_json '$dir/out' --user ann --password-file '$dir/pw' <<<'/msg bob address' && client_wait bob address"

for here in 0 1 2; do
	ok "all three: host $here goes to another one" new_host "all.$here"
	ok 'at another address' new_address
	ok 'it is repaired' follow 'An address' '^threefold-repair'
	ok 'all three are the same' follow 'All three hosts' '^threefold-repair --check'
done
client_kill bob
ok 'the new list is enough' test "$(grep -c ^replica "$dir/config/threefold/config")" = 3
printf '/msg bob last\n' | "$BIN/client" --json --user ann --password-file "$dir/pw" >"$dir/out"
is 'three have it' "$(json_get "$dir/out" event=result command=msg -- copies)" 3
printf '/wait 10 1\n' | "$BIN/client" --json --user bob --password-file "$dir/pw" >"$dir/out"
is 'and it is read, with nothing of before' "$(json_get "$dir/out" event=message -- text)" last
done_testing
