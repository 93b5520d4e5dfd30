#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What docs/operate.md says of backups and of restoring, command by command, with three servers that have a host each: one
# that has lost its data, also with its key, and all three.
. tests/lib/lib.sh
. tests/lib/operate.sh

# What bob is shown, of a session that ends at once.
mail_of_bob() {
	client_json "$dir/out" < <(printf '/login bob pw\n/wait 1\n/check\n')
	json_count "$dir/out" event=message
}

hosts
client_json "$dir/out" < <(printf '/create bob pw\n/logout\n/create ann pw\n/msg bob 1\n/msg bob 2\n')
is 'people and mail' "$(json_count "$dir/out" event=result ok=true)" 5

here=0
is 'the page has commands' "$(commands 'Back up' | wc -l)" 3
ok 'the key is copied' follow 'Back up' '^install'
ok 'a backup is written, and looked at' follow 'Back up' '^threefold'
ok 'it says that the key is to be kept apart' grep -Eq "of cluster [0-9a-f]{8}, is not in the backup: keep a copy" "$repair_says"
cluster=$(grep -o 'cluster [0-9a-f]*' "$repair_says")
ok 'and so does a file in it' grep -q "of $cluster," "$dir/backup/monday/note.txt"
"$BIN/server" --verify "$dir/backup/monday" --key "$dir/safe/operator.key" >"$server_says"
ok 'the key is of that cluster' grep -q "that of $cluster\$" "$server_says"

here=1
ok 'one server has lost its data' follow 'One server has lost its data' '^(systemctl|mv)'
ok 'repair brings all of it' follow 'One server has lost its data' '^threefold'
ok 'which is four facts' grep -q '^replica 1 .*lacked 4, got 4' "$repair_says"
here=2
stop_server 2
rm -rf "$dir/host2"
mkdir "$dir/host2"
ok 'another has lost its key, too' follow 'One server has lost its data' '^install'
ok 'it starts' restart_server 2
ok 'and is repaired' follow 'One server has lost its data' '^threefold'
# shellcheck disable=SC2046
ok 'all three are the same' "$BIN/repair" --key "$dir/safe/operator.key" --check $(addresses)

is 'bob reads his mail' "$(mail_of_bob)" 2
for here in 0 1 2; do
	ok "all have lost their data: host $here" follow 'All three have lost their data' '^(systemctl|mv|cp|chown)'
done
ok 'they are the same, which --check says' follow 'All three have lost their data' '^threefold'
is 'what was received since the backup is there again' "$(mail_of_bob)" 2
is 'and only once' "$(mail_of_bob)" 0
done_testing
