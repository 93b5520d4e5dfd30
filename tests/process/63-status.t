#!/bin/bash
# SPDX-License-Identifier: MIT
#
# repair --status and --accounts: what three real servers tell of themselves, as a table, as JSON and for Prometheus; a dead
# one, and none at all. The text for Prometheus is read by a grammar of our own, and by promtool if it is there.
. tests/lib/lib.sh

# repair [OPTION...]: output in $dir/repair.out; returns the exit status.
# shellcheck disable=SC2120
repair() {
	# shellcheck disable=SC2046
	timeout -k 5 60 "$BIN/repair" --key "$dir/operator.key" $(addresses) "$@" >"$dir/repair.out" 2>>"$dir/repair.err"
}

status_of() {
	"$@"
	echo $?
}

said() {
	grep -Eq "$1" "$dir/repair.out" && return
	cat "$dir/repair.out"
	return 1
}

told() {
	jq -c "$1" "$dir/repair.out"
}

# Every sample has a TYPE before it, labels and a number; no name and labels come twice; buckets grow to their count. The last line says that it is whole.
cat >"$dir/grammar.py" <<'END'
import re, sys
types, seen, buckets = {}, set(), {}
lines = sys.stdin.read().splitlines()
assert lines.pop() == '# EOF'
for line in lines:
    head = re.fullmatch(r'# (HELP|TYPE) (threefold_[a-z_]+) (.+)', line)
    if head:
        if head[1] == 'TYPE':
            assert head[2] not in types and head[3] in ('gauge', 'counter', 'histogram'), line
            types[head[2]] = head[3]
        continue
    label = r'[a-z]+="(?:[^"\\\n]|\\["\\n])*"'
    sample = re.fullmatch(r'(threefold_[a-z_]+)(\{%s(?:,%s)*\})? (\d+(?:\.\d+)?)' % (label, label), line)
    assert sample, line
    name = sample[1]
    if name not in types:
        name = re.sub('_(bucket|sum|count)$', '', name)
        assert types.get(name) == 'histogram', line
    assert types[name] != 'counter' or name.endswith('_total'), line
    assert (sample[1], sample[2]) not in seen, line
    seen.add((sample[1], sample[2]))
    if sample[1].endswith('_bucket'):
        replica = re.search('replica="(.)"', line)[1]
        assert float(sample[3]) >= buckets.get(replica, 0), line
        buckets[replica] = float(sample[3])
    if types[name] == 'histogram' and sample[1].endswith('_count'):
        assert float(sample[3]) == buckets[re.search('replica="(.)"', line)[1]], line
print(len(seen))
END

ok 'three servers start' start_servers --share-messages 2
client_json "$dir/out" < <(
	printf '/create bob pw\n/logout\n/create ann pw\n'
	printf '/msg bob 1\n/msg bob 2\n/msg bob 3\n/msg bob 4\n/msg bob 5\n/logout\n/login bob wrong\n'
)
is 'people, mail, and refusals' "$(json_count "$dir/out" event=result ok=true) $(json_count "$dir/out" event=result ok=false)" '8 2'

# ---- as a table ----

ok '--status exits 0' repair --status
ok 'each is live' said '^state +live +live +live'
ok 'and says who may make an account' said '^register +open +open +open$'
ok 'has its version' said "^version +$("$BIN/repair" --version | awk '{print $NF}') "
ok 'and what it holds' said '^accounts +2 +2 +2'
ok 'what it was asked' said '^requests LOGIN wrong-proof +1 +1 +1'
ok 'what met a limit' said '^refused share +1 +1 +1'
ok 'how long its disk takes' said '^sync 99% within +[0-9.]+ ms'
ok 'and whether they differ' said '^cluster [0-9a-f]{8}: 3 of 3 replicas live, which hold the same'

# ---- as JSON ----

ok '--json exits 0' repair --status --json
is 'it is one object in one line' "$(jq -s length "$dir/repair.out") $(wc -l <"$dir/repair.out")" '1 1'
is 'three that are live and the same' "$(told '[.live,.same,[.replicas[].state]]')" '[3,true,["live","live","live"]]'
is 'the messages of each' "$(told '[.replicas[].pending]')" '[4,4,4]'
is 'the outcomes of each' "$(told '[.replicas[].messages|[.ok,."mailbox-full"]]')" '[[4,1],[4,1],[4,1]]'
is 'equal digests' "$(told '[.replicas[].digest]|unique|length')" 1
is 'syncs that were timed' "$(told '[.replicas[].sync_us|.count > 3 and ."99%" >= ."50%" and ."50%" > 0]|unique')" '[true]'
is 'a journal, and room on the disk' "$(told '[.replicas[]|.journal_bytes > 500 and .free_bytes > 0]|unique')" '[true]'
is 'the operator is connected' "$(told '[.replicas[].connections >= 1]|unique')" '[true]'

# ---- for Prometheus ----

ok '--prometheus exits 0' repair --status --prometheus
like 'its grammar is right' "$(python3 "$dir/grammar.py" <"$dir/repair.out" 2>&1)" '^[0-9]{3}$'
ok 'a counter' said '^threefold_requests_total\{replica="2",type="LOGIN",outcome="wrong-proof"\} 1$'
if command -v promtool >/dev/null; then
	is 'promtool has nothing to say' "$(promtool check metrics <"$dir/repair.out" 2>&1)" ''
else
	echo "ok $((tests += 1)) - promtool has nothing to say # SKIP promtool is not installed (Debian: prometheus)"
fi

for mode in --status '--status --json' '--status --prometheus' --accounts --check; do
	# shellcheck disable=SC2046,SC2086 # an option, or two
	"$BIN/repair" --key "$dir/operator.key" $(addresses) $mode >/dev/full 2>"$dir/full"
	is "$mode: a full disk is told" "$? $(grep -c 'cannot write to the standard output' "$dir/full")" '1 1'
done
# Nobody reads on, as behind `| head -1`.
mkfifo "$dir/go"
{
	read -r _ <"$dir/go"
	# shellcheck disable=SC2046
	"$BIN/repair" --key "$dir/operator.key" $(addresses) --status --prometheus 2>&1
	echo $? >"$dir/piped"
} | {
	exec <&-
	echo >"$dir/go"
}
is 'whose reader wants no more has no trouble' "$(<"$dir/piped")" 0

# ---- accounts ----

ok '--accounts exits 0' repair --accounts
like 'it has a head' "$(head -n 1 "$dir/repair.out")" '^made +last log-in +pending +share +sent +name$'
ok 'who has mail, and a mailbox that is full for one' said '^[0-9TZ:-]{20} [0-9TZ:-]{20} +4 +200\.0% +0  bob$'
ok 'and whose it is' said '^[0-9TZ:-]{20} [0-9TZ:-]{20} +0 +0\.0% +4  ann$'
client_start ann
client_ask ann '/login ann pw'
ok 'as JSON, too' repair --accounts --json
is 'who is online' "$(told 'select(.online_since != null)|[.name,.last_login >= .made]')" '["ann",true]'
is 'and what waits' "$(told 'select(.name == "bob")|[.confirmed,.pending,.share,.online_since]')" '[true,4,2000000,null]'
client_close ann
stop_all
for n in 0 1 2; do restart_server $n; done
repair --accounts --json
is 'after a restart of all, who has sent something' "$(told '[.name,.last_login != null]' | sort)" \
	'["ann",true]
["bob",false]'

# ---- a copy of a data directory in the place of another one ----

kill_server 2
mv "${server_data[2]}" "$dir/original" && cp -r "${server_data[1]}" "${server_data[2]}"
ok 'a copy starts' restart_server 2
is 'it is no third replica: 4' "$(status_of repair --status --json)" 4
is 'which one it is' "$(told '[.live,[.replicas[].state]]')" '[2,["live","live","copy"]]'
is 'nor for --check' "$(status_of repair --check)" 4
ok 'which says what to do' said '^replica 2 has the uuid of another one.*--new-uuid'
kill_server 2
rm -r "${server_data[2]}" && mv "$dir/original" "${server_data[2]}"
restart_server 2

# ---- one that is dead, one that lacks something, none ----

kill_server 2
rm -rf "${server_data[2]}"
is 'two that are the same: 4' "$(status_of repair --status --json)" 4
is 'who is dead has a reason' "$(told '.replicas[2]|[.state,.reason]')" '["dead","Connection refused"]'
ok 'as a table' test "$(status_of repair --status)" = 4
ok 'there, too' said '^replica 2 \(.*\): Connection refused$'
ok 'for Prometheus' test "$(status_of repair --status --prometheus)" = 4
like 'its grammar is right' "$(python3 "$dir/grammar.py" <"$dir/repair.out" 2>&1)" '^[0-9]{3}$'
ok 'it is down' said '^threefold_up\{replica="2"\} 0$'
ok 'an empty one starts in its place' restart_server 2
is 'they differ: 1' "$(status_of repair --status --json)" 1
is 'who lacks what' "$(told '[.same,[.replicas[].lacks]]')" '[false,[0,0,6]]'
ok 'accounts come from whom there is' repair --accounts --json
is 'all of them' "$(wc -l <"$dir/repair.out")" 2
kill_server 0
kill_server 1
is 'one alone: 4' "$(status_of repair --status --json)" 4
is 'it tells' "$(told '[.live,.replicas[2].tells]')" '[1,true]'
kill_server 2
is 'none: 3' "$(status_of repair --status --json)" 3
is 'which is told' "$(told '[.live,.same]')" '[0,false]'
repair_wrong() {
	# shellcheck disable=SC2046
	{ "$BIN/repair" $(addresses) "$@" >"$dir/repair.out"; } 2>&1
}
like 'options that exclude each other are refused' "$(repair_wrong --status --check)" "'--check' and '--status' exclude"
like '--json needs what it is of' "$(repair_wrong --json)" "'--json' needs '--status'"
like 'two forms at once are refused' "$(repair_wrong --status --json --prometheus)" 'exclude each other'
done_testing
