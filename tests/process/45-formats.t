#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Data directories of earlier formats: a server starts on each, has the accounts and the messages that were there, and
# lacks what was deleted or received. A second start, on what the first one left, has the same.
#
# tests/journal/format-2/journal is a journal of format 2 alone; format-2/snapshot has snapshots of format 1 and a
# journal of format 2 behind them, which deletes eve. format-3 is the same one format later, with messages to several and
# to all and a password that was changed. format-4 is today's: a notice, a password that the operator set, one that its
# owner changed, and an account that the operator removed before anybody had confirmed it, too. format-4/said has a
# snapshot that says once what came to several, and an account that an operator removed in it, and another one in the
# journal behind it. All were left by kill -9.
# (tests/journal/texts.c reads format-1.)
. tests/lib/lib.sh

server_port=('' "$(free_port)" "$(free_port)") # nobody listens at the last two
long=$(printf 'long %.0s' {1..300})
long4=${long% } # as format-4 has it

# waits NAME COUNT: who wrote what waits for this account, so many, and its text.
# With a third word that is the password; else it is pw.
waits() {
	local wait="/wait $patience $2"
	[ "$2" != 0 ] || wait='/wait 0.2'
	(umask 077 && echo "${3:-pw}" >"$dir/pw")
	client_json "$dir/out" --user "$1" --password-file "$dir/pw" <<<"$wait" || echo "status $?"
	json_get "$dir/out" event=message waited=true -- from text | tr '\t' ' ' | paste -sd,
}
# has: the accounts, in order.
has() {
	client_json "$dir/out" <<<'/list' || echo "status $?"
	perl -MJSON::PP -ne '$e = decode_json($_); print map { "$_->{name}\n" } @{ $e->{users} } if $e->{event} eq "users"' \
		"$dir/out" | paste -sd' '
}
# begins FORMAT: a server starts on a copy of that directory.
begins() {
	rm -rf "$dir/old" && mkdir "$dir/old" && cp -r "tests/journal/$1" "$dir/old/0" && server_data[0]=$dir/old/0
	ok "a server starts on $1" start_server 0
}
again() {
	ok 'it stops cleanly' stop_server 0
	ok 'it starts once more' restart_server 0
	nok 'and has nothing to say about what it read' grep -E 'torn|cut|damage|salvage' "$dir/0.log"
	is 'what it wrote has the format of today' \
		"$(cat "$dir/old/0"/{users,pending,replica}.json | grep -o '^{"format":[0-9]*,' | paste -sd' ')" \
		'{"format":4, {"format":4, {"format":4,'
	is 'so has the journal' "$(head -c 12 "$dir/old/0/journal.jsonl")" '{"format":4,'
}

begins format-2/journal
is 'the accounts are there' "$(has)" 'ann bob carol eve'
is 'what was received is not shown again' "$(waits eve 0)" ''
is 'what waits is shown' "$(waits ann 1)" 'eve six'
again
is 'then they are all the same' "$(has)" 'ann bob carol eve'
is 'what was shown is not shown again' "$(waits ann 0)" ''
is 'a text that was kept once is everybody'\''s' "$(waits carol 1)" "ann $long"
is 'and in order' "$(waits bob 3)" "ann $long,ann three,eve five"
ok 'stop' stop_server 0

begins format-2/snapshot
is 'the accounts are there, but for those that the journal deletes' "$(has)" 'ann bob carol frank'
is 'what was received is not shown again, what came later is' "$(waits carol 1)" "eve seven $long"
again
is 'then they are all the same' "$(has)" 'ann bob carol frank'
is 'and what waits' "$(waits bob 4)" "ann $long,ann three,eve five,frank eight"
client_json "$dir/out" <<-'END'
	/create dave pw
	/msg bob of the new dave
	/logout
	/login eve pw
END
is 'a name that was free is free; one who is gone is gone' \
	"$(json_get "$dir/out" event=result -- command ok error | tr '\t' ' ' | paste -sd,)" \
	'create true ,msg true ,logout true ,login false wrong-password'
is 'and new mail comes' "$(waits bob 1)" 'dave of the new dave'
ok 'stop' stop_server 0

begins format-3/journal
is 'the accounts are there' "$(has)" 'ann bob carol eve'
again
is 'what came to several says so' "$(waits carol 3)" "ann $long,eve to the two,eve to all"
is 'and to whom' "$(json_get "$dir/out" event=message waited=true -- to | paste -sd' ')" '["carol"] ["bob","carol"] []'
is 'and in order' "$(waits bob 6)" "dave one,ann $long,ann three,eve five,eve to the two,eve to all"
ok 'stop' stop_server 0

begins format-3/snapshot
is 'the accounts are there, but for those that the journal deletes' "$(has)" 'ann bob carol frank'
again
is 'what stood in the snapshot and in the journal' "$(waits carol 5)" \
	"ann $long,eve to the two,eve to all,eve seven $long,eve to three"
is 'and what waits' "$(waits ann 3)" 'eve six,eve to all,eve to three'
ok 'stop' stop_server 0

begins format-4/journal
is 'the accounts are there, but for the one that was never confirmed' "$(has)" 'ann bob carol eve gail'
again
is 'what came to several says so, and the notice' "$(waits carol 4)" "ann $long4,eve to the two,eve to all,eve a notice"
is 'which it is' "$(json_get "$dir/out" event=message waited=true -- notice | paste -sd' ')" 'false false false true'
is 'and in order' "$(waits bob 6)" "dave one,ann $long4,ann three,eve five,eve to the two,eve to all"
is 'the password is the one that the operator set' "$(waits ann 2 by-op)" 'eve six,eve to all'
is 'or its owner' "$(waits gail 0 new)" ''
is 'and not the one before' "$(waits gail 0 | head -n 1)" 'status 1'
ok 'stop' stop_server 0

begins format-4/snapshot
is 'the accounts are there, but for those that the journal deletes' "$(has)" 'ann bob carol frank gail'
again
is 'what stood in the snapshot and in the journal' "$(waits carol 5)" \
	"ann $long4,eve to the two,eve to all,eve a notice,eve seven $long4,eve to three"
is 'and what waits' "$(waits ann 3 by-op)" 'eve six,eve to all,eve to three'
client_json "$dir/out" <<<'/create idle pw'
is 'a name whose account the operator removed is free' "$(json_get "$dir/out" event=result -- ok)" true
ok 'stop' stop_server 0

begins format-4/said
is 'the accounts are there, but for those that the operator removed' "$(has)" 'ann bob carol eve hal'
again
is 'what came to several is everybody'\''s' "$(waits bob 6)" \
	"ann to three,ann to all,ann $long4,eve from eve,ann to three,ann again"
is 'and says to whom' "$(json_get "$dir/out" event=message waited=true -- to | paste -sd' ')" \
	'["bob","carol","eve"] [] ["bob","carol"] ["bob","carol","ann"] ["bob","carol"] ["bob","carol"]'
is 'beside what came to one alone' "$(waits carol 7)" \
	"ann to three,ann to all,ann $long4,ann one,eve from eve,ann to three,ann again"
is 'what was received is not shown again' "$(waits ann 0)" ''
client_json "$dir/out" <<-'END'
	/login gail pw
	/create gail pw
	/logout
	/create frank pw
END
is 'who was removed is gone, and the names are free' \
	"$(json_get "$dir/out" event=result -- command ok error | tr '\t' ' ' | paste -sd,)" \
	'login false wrong-password,create true ,logout true ,create true '
ok 'stop' stop_server 0

# The form of today, read as DESIGN says.
program=$(sed -n "/jq -cn '/,/'\$/p" DESIGN.md | sed "1s/.*jq -cn '//; \$s/'\$//")
is 'the manual page has the same program' \
	"$(sed -n "/jq -cn '/,/'\$/p" docs/man/threefold-data.5 | sed "1s/.*jq -cn '//; \$s/'\$//" | tr -s ' \n' ' ')" \
	"$(tr -s ' \n' ' ' <<<"$program")"
rm -rf "$dir/old" && server_data[0]=$dir/old/0 && mkdir -p "$dir/old/0"
ok 'a server starts on nothing' start_server 0
ok 'three write' client_json "$dir/out" <<-'END'
	/create bob pw
	/logout
	/create ann pw
	/msg bob one
	/all two
	/msg bob,ann "three"
END
ok 'stop' kill_server 0
tr -d '\0' <"$dir/old/0/journal.jsonl" | jq -cn "$program" >"$dir/out"
is 'jq reads who wrote what to whom' "$(jq -r '[.no, .text, .same, (.to == .from)] | map(tostring) | join(" ")' "$dir/out" | paste -sd,)" \
	'1 one null false,2 two null false,3 "three" null false,1 "three" true true'
# An older one that is continued has lines of both forms.
cat tests/journal/format-3/journal/journal.jsonl "$dir/old/0/journal.jsonl" | tr -d '\0' | jq -cn "$program" >"$dir/out"
is 'also the lines of an older form' "$(jq -r 'select(.to != null and .from != null) | has("no")' "$dir/out" | uniq -c | xargs)" \
	'12 false 4 true'
done_testing
