#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Accounts that were introduced and never confirmed hold their names. The operator lists them, removes them
# while the servers run, or is rid of them with replicas that start from a backup without them.
# shellcheck disable=SC2016,SC2046 # awk programs; addresses are words
. tests/lib/features.sh

accounts=${OUT:-build}/tests/lib/accounts
ok 'three replicas are made' "$accounts" "$dir/made" taken 7200 0 young 60 0 real 7200 1 \
	idle 200000 unused used 200000 0 fresh 7200 unused
for n in 0 1 2; do
	cp -r "$dir/made" "$dir/$n"
done
ok 'and start' start_servers
kill -USR1 "${server_pid[0]}"
ok 'the counters in the log have those that were never confirmed' \
	wait_for "$patience" grep -q ' accounts=6 unconfirmed=5 ' "${server_log[0]}"
ok 'the operator asks what was never confirmed' repair --unconfirmed
is 'and is told the names' "$(cut -d ' ' -f 3 "$dir/repair.out" | sort | xargs)" 'fresh idle taken used young'
is 'and which of them were used' "$(awk '$4 == "used" { print $3 }' "$dir/repair.out" | sort | xargs)" 'taken used young'
ok 'their ages' awk '$3 == "taken" && $2 > 7000 && $2 < 9000 { found = 1 } END { exit !found }' "$dir/repair.out"
grep -q name-taken <(printf '/create taken secret\n' | "$BIN/client" --json $(addresses) 2>&1)
is 'nobody can have such a name' "$?" 0

# ---- removed while the servers run ----

kill_server 2
repair --remove-unconfirmed 1
is 'with two replicas none is removed' "$? $(grep -c 'nothing is removed' "$dir/repair.err")" '3 1'
restart_server 2
mkdir "$dir/away"
kill_server 1
cp -r "$dir/1" "$dir/away"
restart_server 1
ok 'those older than a day that were never used are removed' repair --remove-unconfirmed 1
ok 'and it is said how many' grep -q '^removed: 1 of 2 ' "$dir/repair.out"
repair --unconfirmed
is 'the others stay' "$(cut -d ' ' -f 3 "$dir/repair.out" | sort | xargs)" 'fresh taken used young'
grep -q '"ok":true' <(printf '/create idle secret\n' | "$BIN/client" --json $(addresses) 2>&1)
is 'its name is free' "$?" 0
ok 'what was used is removed if that is asked for' repair --remove-unconfirmed 1 --used-too
kill_server 1
rm -rf "${dir:?}/1"
cp -r "$dir/away/1" "$dir/1"
restart_server 1
repair
ok 'a replica that was away is repaired' test "$?" = 0
repair --unconfirmed
is 'and brings nobody back' "$(cut -d ' ' -f 3 "$dir/repair.out" | sort | xargs)" 'fresh taken young'
for n in 0 1 2; do
	kill_server $n
	restart_server $n
done
repair --unconfirmed
is 'nor does a start' "$(cut -d ' ' -f 3 "$dir/repair.out" | sort | xargs)" 'fresh taken young'

# ---- left out of a backup ----

ok 'a backup leaves out what is older than an hour' repair --backup "$dir/backup" --leave-out-unconfirmed
ok 'and says so' grep -q '^4 accounts were never confirmed' "$dir/repair.out"
kill_server 2
repair --backup "$dir/other" --leave-out-unconfirmed
is 'with two replicas there is none' "$? $(ls -d "$dir"/other* 2>/dev/null)" '3 '
for n in 0 1; do
	kill_server $n
done
for n in 0 1 2; do
	rm -rf "${dir:?}/$n"
	cp -r "$dir/backup" "$dir/$n"
	restart_server $n
done
ok 'replicas that start from it answer' repair --unconfirmed
is 'and have only the young one' "$(cut -d ' ' -f 3 "$dir/repair.out" | xargs)" 'young'
grep -q '"ok":true' <(printf '/create taken secret\n' | "$BIN/client" --json $(addresses) 2>&1)
is 'the name is free' "$?" 0
grep -q name-taken <(printf '/create real secret\n' | "$BIN/client" --json $(addresses) 2>&1)
is 'one that was confirmed is not' "$?" 0
repair --unconfirmed --check
is 'options that exclude each other are refused' "$?" 2
done_testing
