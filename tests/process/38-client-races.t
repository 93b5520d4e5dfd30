#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Several clients at once: one name for twenty, deletions that race with everything, and what stands on the three
# disks after mixed traffic.
. tests/lib/features.sh

start_servers

# ---- twenty creations of one name ----

for round in 1 2 3; do
	for n in {1..20}; do
		# shellcheck disable=SC2046
		(launch "$BIN/client" --json $(addresses)) >"$dir/create$n" 2>>"$dir/create.err" <<END &
/create same$round pw-$n
/msg same$round hello
END
		pids[n]=$!
	done
	for n in {1..20}; do wait "${pids[$n]}"; done
	is "20 clients create one name, round $round: exactly one succeeds" \
		"$(cat "$dir"/create* | grep '"event"' | json_count - command=create ok=true)" 1
	is '19 are told that it is taken' \
		"$(cat "$dir"/create* | grep '"event"' | json_count - command=create error=name-taken)" 19
	for n in {1..20}; do
		[ "$(json_get "$dir/create$n" command=create -- ok)" != true ] || winner=$n
	done
	for first in 0 1 2; do
		order=("$first" $(((first + 1) % 3)) $(((first + 2) % 3)))
		is "all replicas agree, says $first" "$(printf '/login same%s pw-%s\n/list same%s\n/replicas\n' $round "$winner" $round |
			run_all "$dir/out"):$(json_get "$dir/out" command=list -- count)" 'login:ok list:ok replicas:ok:1'
		is 'and are equal' "$(json_get "$dir/out" event=replicas -- replicas.1.agrees replicas.2.agrees)" 'true	true'
	done
	order=(0 1 2)
done

# Taken where the first two do not know of it: what they granted is taken back.
kill_server 0
kill_server 1
run_all "$dir/out" <<<'/create hidden pw-1' >/dev/null
restart_missing
is 'a name that only the last replica knows is taken' \
	"$(printf '/create hidden pw-2\n/create other pw\n' | run_all "$dir/out")" 'create:name-taken create:ok'
kill_server 2
is 'what the others had granted was taken back' \
	"$(printf '/login hidden pw-2\n/create hidden pw-3\n/delete hidden\n' | run_all "$dir/out")" \
	'login:wrong-password create:ok delete:ok'
restart_missing
is 'the owner is still there' "$(run_all "$dir/out" <<<'/login hidden pw-1')" login:ok

# ---- deletion races ----

for n in 0 1 2; do
	stop_server $n
	rm -rf "${server_data[$n]:?}"
done
start_servers
for name in s1 s2 s3 s4; do enter $name; done
for round in 1 2 3 4; do
	{
		for n in 1 2 3; do printf '/create victim pw\n/wait 0.02\n/delete victim\n'; done
	} | client_json "$dir/victim$round" &
	victim=$!
	for name in s1 s2 s3 s4; do
		for n in {1..15}; do client_say $name "/msg victim $round-$name-$n"; done
		client_say $name '/list victim'
	done
	wait $victim
	is "deletions that race with messages, round $round: each ends well" "$(codes "$dir/victim$round")" \
		'create:ok wait:ok delete:ok create:ok wait:ok delete:ok create:ok wait:ok delete:ok'
done
for name in s1 s2 s3 s4; do
	says $name /check >/dev/null
	wait_for 30 eval '[ "$(json_count "$dir/$name.out" event=result)" -ge 66 ]'
done
is 'each message has an outcome with its name' "$(cat "$dir"/s[1-4].out | json_get - event=result command=msg -- ok error |
	grep -cvE '^(true	|false	(no-such-user|name-changed))$')" 0
cat "$dir"/victim[1-4] | json_get - event=message -- text | sort >"$dir/victims"
is 'none was shown twice' "$(uniq -d "$dir/victims")" ''
client_json "$dir/last" <<'END'
/create victim pw
/wait 0.3
/check
END
is 'who takes the name last gets nothing that was sent before' "$(json_get "$dir/last" command=check -- messages)" 0
for n in 1 2 3 4 5 6; do
	client_json "$dir/out" <<<"/create twice$n pw"
	for client in a b; do
		printf '/login --take-over twice%s pw\n/delete twice%s\n' $n $n | client_json "$dir/del$client" &
		pids[n]=$!
		[ $client = a ] && first=$!
	done
	wait "$first" "${pids[$n]}"
	codes "$dir/dela"
	echo
	codes "$dir/delb"
	echo
done | sort | uniq -c >"$dir/deletions"
nok 'two clients that delete one account: nothing but an answer that fits' \
	grep -vE 'login:(ok|wrong-password|already-logged-in) delete:(ok|not-logged-in)$' "$dir/deletions"
is 'and it is gone' "$(run_all "$dir/out" <<<'/list twice')$(json_get "$dir/out" event=result -- count)" list:ok0
for name in s1 s2 s3 s4; do client_close $name; done

# ---- mixed traffic, and the disks ----

for name in u1 u2 u3 u4 u5 u6; do
	{
		echo "/create $name pw-$name"
		for n in {1..25}; do
			echo "/msg u$((n % 6 + 1)) $name $n"
			case $((n % 8)) in
			1) echo "/msg u1,u2,u3 $name to three $n" ;;
			2) echo "/all $name to all $n" ;;
			3) printf '/logout\n/login %s pw-%s\n' "$name" "$name" ;;
			4) printf '/logout\n/create %s-%s pw\n/msg %s hi\n/delete %s-%s\n/login %s pw-%s\n' \
				"$name" $n "$name" "$name" $n "$name" "$name" ;;
			5) echo "/msg $name $name to itself $(printf 'x%.0s' {1..2000})" ;;
			esac
		done
	} | client_json "$dir/mixed-$name" &
	pids[${name#u}]=$!
done
for n in 1 2 3 4 5 6; do wait "${pids[$n]}"; done
is 'mixed traffic: nothing but names that are not there yet was refused' \
	"$(cat "$dir"/mixed-* | json_get - event=result ok=false -- error | grep -vx no-such-user | sort | uniq -c)" ''
# (A client here has two accounts in turn, and what goes to all goes to both of them.)
is 'mixed traffic: each message that was shown was shown once to each' "$(for name in u1 u2 u3 u4 u5 u6; do
	json_get "$dir/mixed-$name" event=message -- from id text | grep -v ' to all ' | sort | uniq -d
done)" ''
run_all "$dir/out" <<<'/replicas' >/dev/null
is 'mixed traffic: the replicas agree' "$(json_get "$dir/out" event=replicas -- replicas.1.agrees replicas.2.agrees)" 'true	true'
ok 'all three stop on SIGTERM' stop_all
for file in users.json pending.json; do
	for n in 0 1 2; do
		ok "$file of $n is valid JSON" perl tests/lib/json.pl --document "$dir/$n/$file" format
	done
	ok "$file: 0 and 1 are identical" cmp "$dir/0/$file" "$dir/1/$file"
	ok "$file: 0 and 2 are identical" cmp "$dir/0/$file" "$dir/2/$file"
done
ok 'and they hold something' grep -q ' to ' "$dir/0/pending.json"
for n in 0 1 2; do restart_server $n; done
ok 'they start again' stop_all
ok 'and stay identical' cmp "$dir/0/pending.json" "$dir/2/pending.json"

done_testing
