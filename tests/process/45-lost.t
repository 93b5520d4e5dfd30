#!/bin/bash
# SPDX-License-Identifier: MIT
#
# A start that finds something missing beside data says so: the operator's key, the uuid, the end of the journal.
. tests/lib/lib.sh

ok 'a server with data' eval 'start_server 0'
# shellcheck disable=SC2016
ok 'has an account' eval 'start_server 1 && start_server 2 && client_json "$dir/made" <<<"/create gone pw"'
mkdir "$dir/cut" && cp -r "$dir/0" "$dir/cut/0"
nok 'of an ordinary start nothing is told' grep -E 'missing beside|lacks the empty' "$dir/0.log"
for n in 0 1 2; do stop_server $n; done
ok 'it starts again' eval 'start_server 0 && stop_server 0'
nok 'and nothing is told of that either' grep -E 'missing beside|lacks the empty' "$dir/0.log"
mkdir "$dir/lost" && cp -r "$dir/0" "$dir/lost/0" && rm "$dir/lost/0/replica.json"
server_data[0]=$dir/lost/0
ok 'without a key and a uuid it starts' eval 'start_server 0 && stop_server 0'
like 'that the key was made anew is told, with the way out' "$(cat "${server_log[0]}")" \
	"lost/operator.key' was missing beside data.*Copy theirs there"
like 'and that it is a replica of its own' "$(cat "${server_log[0]}")" "'replica.json' was missing beside data"
server_data[0]=$dir/cut/0
tr -d '\0' <"$dir/cut/0/journal.jsonl" >"$dir/whole" && head -n -1 "$dir/whole" >"$dir/cut/0/journal.jsonl"
ok 'with a journal that was cut at the end of a line it starts' eval 'start_server 0 && stop_server 0'
like 'which is told' "$(cat "${server_log[0]}")" "'journal.jsonl' lacks the empty room.*repair"

# shellcheck disable=SC2016
ok 'a server whose directory goes while it runs' eval 'start_server 0 && client_json "$dir/made" <<<"/create late pw"'
rm -r "$dir/cut/0"
pid=${server_pid[0]}
unset 'server_pid[0]'
kill -TERM "$pid"
wait "$pid"
is 'does not stop cleanly' $? 1
like 'and says why' "$(cat "${server_log[0]}")" "cannot [a-z]+ 'users.json.new': No such file or directory"

done_testing
