#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What a person reads (tmux is the terminal): days and what waited, in the time of the place; own messages and what
# became of them; what is typed while no replica is live; replicas that differ; hostile texts in windows of several
# sizes.
. tests/lib/features.sh

command -v tmux >/dev/null || {
	skip 'what a person reads' 'tmux is not installed'
	done_testing
}
ok 'the clock can be built' fake_clock
# Before there are clients, whose descriptors its server would keep.
terminal new-session -d -s first 'exec cat'

# A terminal of a given size: person NAME COLUMNS ROWS [VARIABLE...] -- [OPTION...]
person() {
	local name=$1 columns=$2 rows=$3 variables=()
	shift 3
	while [ "$1" != -- ]; do
		variables+=("$1")
		shift
	done
	shift
	# shellcheck disable=SC2046
	terminal new-session -d -s "$name" -x "$columns" -y "$rows" \
		"exec $(printf '%q ' env ${variables[@]+"${variables[@]}"} "$BIN/client" "$@" $(addresses))"
}
# The lines of a window that are not empty, without blanks at their ends; what was printed, line by line.
lines() {
	term_screen "$1" | sed 's/ *$//' | grep .
}
# shows_lines WINDOW FIRST-LINE...: these lines stand one below the other
shows_lines() {
	local name=$1 text
	shift
	text=$(lines "$name")
	[[ $'\n'$text$'\n' == *$'\n'"$(printf '%s\n' "$@")"$'\n'* ]]
}
# sees_lines NAME WINDOW LINE...
sees_lines() {
	local depth=1
	if wait_for "$patience" shows_lines "${@:2}"; then
		pass "$1"
	else
		fail "$1" "$(lines "$2")"
	fi
}
count_lines() {
	lines "$1" | grep -cE -- "$2"
}
login() {
	ok "$1: a client" term_sees "$1" '^not logged in>'
	term_type "$1" "/login $1 pw-$1"
	ok "$1: logged in" term_sees "$1" "^($1|to dora)>"
}

leave() {
	term_key "$1" C-d
	ok "$1 leaves" wait_for "$patience" eval "! terminal has-session -t $1 2>/dev/null"
}

# ---- days, in the time of the place ----

export FAKE_CLOCK_SHIFT=$dir/shift
# it_is TIME: the servers' clocks say that from now on
it_is() {
	echo $(($(date -u -d "$1" +%s) - $(date -u +%s))) >"$dir/shift.new"
	mv "$dir/shift.new" "$dir/shift"
}
# bob_says TEXT: from a client that has just asked what time it is
bob_says() {
	printf '/login --take-over bob pw-bob\n/msg ann %s\n' "$1" | client_json "$dir/out"
}
it_is '2026-11-12 18:03:05'
export LD_PRELOAD=$clock
start_servers
unset LD_PRELOAD
printf '/create %s\n/logout\n' 'ann pw-ann' 'bob pw-bob' | client_json "$dir/out"
bob_says 'did you get the tickets?'
bob_says 'hello?'
it_is '2026-11-21 04:00:05'
person ann 80 24 TZ=IST-5:30 --
login ann
sees_lines 'what waited stands under a line that says since when, in the time of the place, and one ends it' ann \
	'-- waiting since 12 Nov 23:33 --' \
	'-- Thursday 12 November 2026 --' \
	'23:33          bob: did you get the tickets?' \
	'23:33          bob: hello?' \
	'-- end of what waited: 2 messages --'
bob_says 'good morning'
sees_lines 'then it is today again' ann '-- Saturday 21 November 2026 --' '09:30          bob: good morning'
it_is '2026-11-21 18:29:05'
bob_says 'good night'
it_is '2026-11-21 18:31:05'
bob_says 'past midnight'
sees_lines 'midnight, where the person is, is one line, when the next one is printed' ann \
	'23:59          bob: good night' '-- Sunday 22 November 2026 --' '00:01          bob: past midnight'
ok 'what came is counted above the prompt' term_sees ann '^ ann \[bob 5\] *$'
is 'and in the title' "$(terminal display-message -p -t ann '#{pane_title}')" '(5) ann - threefold'
term_key ann Enter
title_is() {
	[ "$(terminal display-message -p -t ann '#{pane_title}')" = "$1" ]
}
ok 'Enter takes the count of the title away' wait_for "$patience" title_is 'ann - threefold'
ok 'but not what is new from bob' term_sees ann '^ ann \[bob 5\] *$'
ok 'the prompt' term_sees ann '^ann> *$'
unset FAKE_CLOCK_SHIFT

# ---- own messages ----

enter dora
term_type ann '/msg dora hello'
ok 'a message on all three for one who is online has no remark' term_sees ann '^[0-9:]{5}      -> dora: hello$'
client_wait dora '"text":"hello"'
is 'it is shown once' "$(count_lines ann hello\$)" 1
term_type ann '/msg dora,bob to two'
ok 'to two, one of them away' term_sees ann '^[0-9:]{5} -> dora, bob: to two \[1 of 2 online\]$'
term_type ann '/msg nobody hello there'
ok 'to nobody: why it was not sent, and what to do' term_sees ann \
	'-> nobody: hello there \[not sent: .*\(nobody\); /list shows who there is'
term_type ann '/talk dora'
ok 'a conversation' term_sees ann '^to dora>'
signal_server 1 STOP
term_type ann 'slowly'
ok 'what takes long is shown as on its way' term_sees ann '^[0-9:]{5}      -> dora: slowly \[on its way\]$'
signal_server 1 CONT
ok 'and told when it is there' term_sees ann '^[0-9:]{5} -- 1 message that waited is sent'
is 'it is not shown again' "$(count_lines ann slowly)" 1
client_wait dora '"text":"slowly"'

# ---- no replica ----

term_key ann C-l
terminal clear-history -t ann
kill_all
ok 'all are dead: what that means is said' term_sees ann 'no replica is live; the client keeps trying, and what you type waits'
for n in 1 2 3 4 5; do
	term_type ann "number $n"
done
term_type ann '/list b'
term_type ann '/msg bob for bob'
term_key ann -l 'half a line'
ok 'what is typed is kept, counted, and so is the half-typed line' term_sees ann \
	'^to dora> half a line$'
ok 'in the row above it' term_sees ann '^ ann 0/3 \[bob 5\] 7 waiting *$'
is 'each line is said to be waiting' "$(lines ann | sed -nE 's/^[0-9:]{5} +-> (.*) \[waiting\]$/\1/p; s/^> (.*) \[waiting\]$/\1/p')" \
	"$(printf 'dora: number %s\n' 1 2 3 4 5)"$'\n/list b\nbob: for bob'
restart_missing
for n in 1 2 3 4 5; do
	client_wait dora '"event":"message"'
	is "number $n goes out when one returns, in its place" "$(field text)" "number $n"
done
ok 'it is told once' term_sees ann '^[0-9:]{5} -- 6 messages that waited are sent'
ok 'the line is as it was' term_sees ann '^to dora> half a line$'
ok 'other commands have waited, too' term_sees ann '^list: 1 account, 0 online'
is 'each was shown once' "$(count_lines ann 'number [1-5]')" 5
term_type ann ' is whole'
client_wait dora '"event":"message"'
is 'and is sent as it was meant' "$(field text)" 'half a line is whole'
is 'nothing came twice' "$(json_count "$dir/dora.out" event=message)" 9

# ---- replicas ----

ok 'all three are back' term_sees ann '^[0-9:]{5} -- all 3 replicas are live again'
term_type ann /replicas
ok 'the table has a round trip for each' wait_for "$patience" eval \
	'[ "$(count_lines ann "^[0-2] 127.0.0.1:[0-9]+ +(leads|live) +[0-9]+ +(-|yes|no) +(<1|[0-9]+) ms$")" = 3 ]'
leave ann

key=$dir/operator.key
repairs() {
	# shellcheck disable=SC2046
	"$BIN/repair" --key "$key" $(addresses)
}
ok 'the replicas are made to agree' repairs
# Its minutes are seconds.
person dave 80 24 "LD_PRELOAD=$clock" FAKE_CLOCK_SPEED=10 -- --reply-timeout 30 --operator
ok 'dave: a client' term_sees dave '^not logged in>'
kill_server 2
ok 'a death: who, where, why' term_sees dave "^[0-9:]{5} -- replica 2 \($host:${server_port[2]}\) is dead: "
client_ask dora '/msg dora what the third misses'
restart_server 2
ok 'a return' term_sees dave "^[0-9:]{5} -- replica 2 \($host:${server_port[2]}\) is live again$"
ok 'that it holds other facts is found without being asked, and what to do is said' term_sees dave \
	"^[0-9:]{5} -- replica 2 \($host:${server_port[2]}\) holds other facts than replica 0 \(.*\), which leads: run repair$"
ok 'it is repaired' repairs
ok 'that it is repaired is found, too' term_sees dave '^[0-9:]{5} -- the live replicas hold the same facts again$'
# Now nobody asks for long but for the return.
kill_server 1
client_ask dora '/msg dora what the second misses'
restart_server 1
ok 'another one' term_sees dave '^[0-9:]{5} -- replica 1 \(.*\) holds other facts than replica 0 \(.*\), which leads: run repair$'
is 'each is said once' "$(count_lines dave 'facts')" 3
leave dave

# ---- hostile texts ----

cat >"$dir/hostile" <<'END'
/login bob pw-bob
{"command":"msg","to":"ann","text":"\u001b[2J\u001b]0;owned\u0007\u009b1m\u202eevil\u2066\u200f\n09:00          eve: forged\r09:00 -- replica 0 is dead"}
{"command":"msg","to":"ann","text":"a\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301\u0301b 漢字 👩‍👩‍👧 \u200b\u200b مرحبا שלום"}
{"command":"msg","to":"ann","text":"the last one"}
END
for size in '40 10' '80 24' '200 60'; do
	read -r columns rows <<<"$size"
	person ann "$columns" "$rows" --
	login ann
	client_json "$dir/out" <"$dir/hostile"
	ok "$columns columns: hostile texts come" term_sees ann 'bob: the last one$'
	terminal capture-pane -p -J -S - -t ann | term_joined 9 >"$dir/window"
	nok "$columns columns: none of them begins a line" grep -qE '^[0-9:]{5} ( *eve:|-- replica 0 is dead)' "$dir/window"
	# A word that is longer than a row is broken.
	ok "$columns columns: what a terminal would obey is a mark" \
		grep -qF '^[[2J^[]0;owned^G<U+009B>1m<U+202E>evil<U+2066><U+200F>' <(tr -d ' \n' <"$dir/window")
	ok "$columns columns: the second line is moved in, in one piece" grep -qE '^ +\| 09:00 +eve: forged\^M09:00' "$dir/window"
	ok "$columns columns: of many marks some are shown" grep -qF '<4 more marks>b' "$dir/window"
	is "$columns columns: the title is ours" "$(terminal display-message -p -t ann '#{pane_title}')" '(3) ann - threefold'
	ok "$columns columns: and so is the last line" term_sees ann '^to dora> *$'
	ok "$columns columns: below the row that says who wrote" term_sees ann '^ ann \[bob 3\] *$'
	leave ann
done

# ---- a terminal that can do nothing ----

person ann 80 24 TERM=dumb --
ok 'TERM=dumb: a client' term_sees ann '^not logged in>'
term_type ann '/login ann pw-ann'
ok 'TERM=dumb: logged in' term_sees ann '^ann to dora>'
term_type ann '/msg dora plainly'
ok 'TERM=dumb: what was typed stands there already; that it is sent is said' term_sees ann '^[0-9:]{5}      -> dora: sent$'
is 'TERM=dumb: once' "$(count_lines ann plainly)" 1

done_testing
