#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The commands of README and docs/operate.md that no other test takes from there: tests/lint/commands says which test has
# which.
. tests/lib/lib.sh
. tests/lib/operate.sh

hosts
cp "$dir/host0/operator.key" "$dir/safe/"

# ---- README: its example for programs, and that for cron ----

# The line of README that begins so, with the addresses of today.
line() {
	sed -n "s#^    \([$] \)\?\($1.*\)#\2#p" README.md | sed "s|\./client|'$BIN/client'|; s|~/|$dir/|
		s|127.0.0.1 7001 127.0.0.1 7002 127.0.0.1 7003|$(addresses | paste -sd' ')|"
}
# Which events there are, whatever comes first.
kinds() {
	cut -d, -f1,2 | sed 's/,"\(leader\|id\)".*//' | sort
}
example=$(line 'printf ./create bob')
like 'README has an example for programs' "$example" 'client.* --json 127.0.0.1 [0-9]+'
ok 'it runs' eval "$example >'$dir/example'"
is 'and prints the events that stand below it' "$(kinds <"$dir/example")" "$(sed -n 's/^    \({"event":.*\)/\1/p' README.md | kinds)"
client_json "$dir/out" < <(printf '/create ops pw\n/logout\n/create backup secret\n')
(umask 077 && echo secret >"$dir/.backup-pw")
# shellcheck disable=SC2046
ok 'the addresses are saved' "$BIN/client" --save $(addresses)
cron=$(line 'echo ./msg ops')
like 'README has a line for cron' "$cron" ' --send-only '
ok 'it runs' eval "$cron"
is 'and is read' "$(client_json "$dir/out" < <(printf '/login ops pw\n/wait 10 1\n') && json_get "$dir/out" event=message -- text)" 'backup done'

# ---- docs/operate.md ----

here=0
ok 'Is all well?' follow 'Is all well?' '^threefold-repair --status'
ok 'it has a row for each thing' grep -q '^journal ' "$repair_says"
ok 'Who has an account?' follow 'Who has an account?' '^threefold-repair --accounts H1|^threefold-repair --accounts 1'
ok 'it has them' grep -q ' backup$' "$repair_says"
if command -v jq >/dev/null; then
	ok 'the same for jq' follow 'Who has an account?' 'jq'
else
	skip 'the same for jq' 'jq is not installed'
fi
mkdir "$dir/prometheus"
ok 'Prometheus' eval "$(commands Prometheus | sed "s|/var/lib/prometheus/node-exporter|$dir/prometheus|g")"
ok 'the file is whole' grep -q '^threefold_same 1' "$dir/prometheus/threefold.prom"
done_testing
