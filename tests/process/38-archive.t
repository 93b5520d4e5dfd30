#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What was said is kept on a person's side: /history, /search, /log, the last lines at a log-in; a client that is killed,
# a disk that is full, a folder that takes nothing, damaged lines, and how it is switched off (tmux is the terminal).
. tests/lib/terminal.sh

log=$XDG_STATE_HOME/threefold/log

# person NAME OPTION...: a client in a window of its own
person() {
	local name=$1
	shift
	tmux new-session -d -s "$name" -x 100 -y 30 \
		"$BIN/client $* $(addresses | tr '\n' ' '); echo status \$?; exec cat >/dev/null"
	sees "$name begins" "$name" '> *$'
}
# The texts of what is kept of an account, a line each.
kept() {
	cat "$log/$1"~*/*.jsonl 2>/dev/null | grep -a '^{.*"sent":.*}$' | json_get /dev/stdin -- text
}
keeps() {
	[ "$(kept "$1" | tail -n "$(wc -l <<<"$2")")" = "$2" ]
}
# The rows of a window from the last one that fits REGEX on, without the prompt.
since() {
	printed "$1" | tac | sed "/$2/q" | tac | grep -vE '^( [a-z]+( \[.*)?)?$' | sed '$d' | sed 's/^..:.. */HH:MM /'
}

start_servers

# ---- what is kept ----

person ann
types ann '/create ann pw'
sees 'ann is in' ann '^you are ann$'
client_start bob
client_ask bob '/create bob pw'
client_ask bob '/msg ann first "words"'
types ann '/msg bob and an answer'
sees 'they talk' ann '-> bob: and an answer$'
types ann '/msg bob,ann to both'
sees 'to both' ann 'ann \[to bob, ann\]: to both$'
types ann '/msg nobody to nobody'
sees 'to nobody' ann 'not sent: there is no such account'
types ann '/all to all'
sees 'to all' ann '\(all\): to all'
ok 'all of it is kept' wait_for "$patience" keeps ann 'first "words"
and an answer
to both
to both
to nobody
to all'
is 'in a folder of the name and eight digits' "$(ls "$log" | sed 's/~[0-9A-Z]\{8\}$/~DIGITS/')" ann~DIGITS
is 'which is its owner'\''s' "$(stat -c %a "$log"/ann~* "$log"/ann~*/*)" '700
600'
is 'what bob said is the line that a program gets' \
	"$(json_get "$log"/ann~*/000001.jsonl text='first "words"' -- event from waited | tr '\t' ' ')" 'message bob false'
is 'what ann said has its outcome' \
	"$(json_get "$log"/ann~*/000001.jsonl event=sent -- ok to.0 error | tr '\t\n' '  ')" \
	'true bob  true bob  false nobody no-such-user true   '

types ann /history
sees 'it is shown again' ann '^-- end of what was kept --$'
is 'as it was, without what is of no interest any more' "$(since ann '^> .history')" '> /history
-- the last 6 messages --
HH:MM bob: first "words"
HH:MM -> bob: and an answer
HH:MM -> bob, ann: to both
HH:MM ann [to bob, ann]: to both
HH:MM -> nobody: to nobody [not sent: there is no such account; /list shows who there is]
HH:MM -> (all): to all
-- end of what was kept --'
keys ann C-l
types ann '/history BOB 2'
sees 'with one person, the last two' ann '^-- the last 2 messages with BOB --$'
is 'one of them went to two' "$(since ann '^> .history' | sed -n '3,4p')" 'HH:MM -> bob: and an answer
HH:MM -> bob, ann: to both'
types ann '/search T'
sees 'a text is searched for, whatever its case' ann "^-- 5 messages hold 'T' --$"
types ann '/search "Words"'
sees 'with quotes' ann "^-- 1 message holds '\"Words\"' --$"
types ann '/search sent'
sees 'and what stands around the texts is not' ann "^-- no message that is kept holds 'sent' --$"
types ann "/search $(printf '%257s' '' | tr ' ' x)"
sees 'a text that is too long is refused' ann '^refused: the text is too long: at most 256 bytes'

# ---- broken off ----

# A piece that ends for nobody: all holes, before one that has some lines.
folder=$(echo "$log"/ann~*)
mv "$folder/000001.jsonl" "$folder/000003.jsonl"
truncate -s 1T "$folder/000002.jsonl"
types ann '/search first'
sees 'a search that takes long says what ends it' ann '^\[/search: Ctrl-C ends it\] ann>'
keys ann -l 'half a line'
sees 'one may type on' ann '\] ann> half a line$'
keys ann C-u C-c
sees 'Ctrl-C ends it, with what was found so far' ann "^-- broken off: 1 message so far holds 'first'; older ones may --$"
line_is 'and only that' ann 'ann>'
types ann '/history 9'
sees 'nor does /history end' ann '^\[/history: Ctrl-C ends it\] ann>'
types ann '/search "words"'
sees 'another command ends it' ann '^-- broken off: there may be older ones --$'
sees 'and is next' ann '^\[/search: Ctrl-C ends it\] ann>'
keys ann C-c
sees 'until it ends, too' ann "^-- broken off: 1 message so far holds '\"words\"'"
rm "$folder/000002.jsonl"
mv "$folder/000003.jsonl" "$folder/000001.jsonl"

# ---- the next day ----

types ann /logout
sees 'ann has left' ann '^not logged in>'
client_ask bob '/msg ann while away'
person ann2
types ann2 '/login ann pw'
sees 'ann comes back, in another client' ann2 '^-- end of what waited: 1 message --$'
is 'the last five stand above what waited' "$(since ann2 '^you are ann' | sed 's/since .* --/since --/')" \
	'you are ann
-- the last 5 messages --
HH:MM -> bob: and an answer
HH:MM -> bob, ann: to both
HH:MM ann [to bob, ann]: to both
HH:MM -> nobody: to nobody [not sent: there is no such account; /list shows who there is]
HH:MM -> (all): to all
-- end of what was kept --
-- waiting since --
HH:MM bob: while away
-- end of what waited: 1 message --'
ok 'that is kept, too' wait_for "$patience" keeps ann 'while away'
types ann2 /logout
sees 'ann leaves' ann2 '^not logged in>'
keys ann2 C-l
types ann2 '/login ann pw'
sees 'and is back' ann2 '^you are ann$'
types ann2 /check
sees 'all is quiet' ann2 'since the last look$'
nok 'what this client has shown stands above already' shows ann2 '^-- the last'

# A client that is killed has kept what it showed. Somebody else's editor has left its marks; a line is torn.
client_ask bob '/msg ann seen by a client that is killed'
ok 'a message comes' wait_for "$patience" keeps ann 'seen by a client that is killed'
types ann2 '/talk bob'
sees 'a conversation with somebody who has said something is on the screen already' ann2 '^to bob> *$'
is 'so nothing is repeated' "$(printed ann2 | grep -c '^-- the last')" 0
kill -KILL "$(child_of "$(tmux list-panes -t ann2 -F '#{pane_pid}')")"
piece=$(echo "$log"/ann~*/000001.jsonl)
cp "$piece" "$dir/piece"
grep 'that is killed' "$dir/piece" >>"$piece" # as if it came again
printf '\0\xff{"event":"message"}\n{"event":"message","text":"no' >>"$piece"
types ann '/login --take-over ann pw'
sees 'ann is in again' ann '^you are ann$'
types ann '/msg bob after the torn line'
sees 'she goes on' ann '-> bob: after the torn line$'
keys ann C-l
types ann '/history bob 3'
sees 'damage costs only itself' ann '^-- the last 3 messages with bob --$'
is 'and what stands twice is shown once' "$(since ann '^> .history' | sed '1d;/of what waited/d')" '-- the last 3 messages with bob --
HH:MM bob: seen by a client that is killed
HH:MM -> bob: after the torn line
-- end of what was kept --'

# ---- page by page ----

piece=$(echo "$log"/ann~*/000001.jsonl)
for i in {1..300}; do
	printf '{"event":"message","id":"01ARZ3NDEKTSV4RRFFQ69G5FAV-%s","from":"bob","text":"old %s","sent":"2025-01-01T12:00:00.000Z"}\n' \
		"$i" "$i"
done >"$dir/old"
cat "$piece" >>"$dir/old"
cat "$dir/old" >"$piece"
keys ann C-l
keys ann -l 'half a line'
sees 'ann types' ann 'half a line$'
keys ann PPage
sees 'PgUp shows the last page of what is kept' ann '^-- (.* 20[0-9][0-9]; )?the last; PgUp, PgDn; Escape goes back$'
ok 'with what was said last, and the day' test "$(screen ann | grep -cE 'after the torn line$|^-- .* 20[0-9][0-9] --$')" = 2
for i in {1..8}; do
	keys ann PPage
done
sees 'on a page in the middle of a day its foot names the day' ann '^-- Wednesday 1 January 2025; PgUp, PgDn; Escape goes back$'
sees 'back to the day before' ann '^-- Wednesday 1 January 2025 --$|old [0-9]+$'
for i in {1..20}; do
	keys ann PPage
done
sees 'and to the first' ann '^-- the first that is kept; PgUp, PgDn; Escape goes back$'
sees 'which is there' ann 'bob: old 1$'
client_ask bob '/msg ann while she reads'
sees 'what comes meanwhile is counted' ann '^-- 1 new; the first that is kept; PgUp'
client_told
tmux resize-window -t ann -x 60 -y 12
sees 'a window that changes gets a page that fits' ann '^-- 1 new; .*Escape goes back$'
is 'in all its rows' "$(screen ann | grep -c .)" 12
tmux resize-window -t ann -x 100 -y 30
keys ann NPage
keys ann Escape
sees 'Escape goes back to what was there' ann 'bob: while she reads$'
like 'with the line that is typed' "$(printed ann | grep . | tail -n 1)" '> half a line$'
keys ann C-c
for i in {1..40}; do
	client_ask bob "/msg ann row $i"
done
sees 'more is said than the window has rows' ann 'bob: row 40$'
keys ann PPage
sees 'PgUp begins with what is before the window' ann 'bob: row 10$'
nok 'and not with what is in it' shows ann 'bob: row (1[5-9]|[2-4].)$'
keys ann Escape
sees 'the window is as it was' ann 'bob: row 40$'
client_ask bob '{"command":"msg","to":["ann"],"text":"'"$(printf '%s\\n' {1..60})"'and the end"}'
sees 'a long message is folded' ann '41 more lines'
keys ann PPage
sees 'and not seen: PgUp shows its end' ann 'and the end$'
keys ann Escape

# ---- Ctrl-R ----

# What was typed, also in a client that has ended, is found by a part of it.
tmux respawn-pane -k -t ann2 "$BIN/client $(addresses | tr '\n' ' '); echo status \$?; exec cat >/dev/null"
sees 'another client' ann2 '^not logged in>'
keys ann2 C-r
keys ann2 -l 'PAIR'
sees 'what nobody has typed is not found' ann2 "^\\(search, none\\) 'PAIR':"
keys ann2 C-g
keys ann2 C-r
keys ann2 -l 'TO B'
sees 'what was is, whatever its case' ann2 "^\\(search\\) 'TO B': /msg bob,ann to both$"
keys ann2 Escape
line_is 'Escape leaves it' ann2 'not logged in>'
keys ann2 C-r
keys ann2 -l 'an answer'
keys ann2 Enter
sees 'Enter gives it to the client' ann2 '^..:.. *-> bob: and an answer \[not sent: you are not logged in'

# ---- switched off ----

types ann '/log off'
sees 'it is off' ann '^what is said is not kept$'
types ann '/msg bob off the record'
sees 'something is said' ann 'bob: off the record$'
types ann '/log on'
sees 'it is on' ann '^what is said is kept in /.*/threefold/log/ann~'
types ann '/msg bob on the record'
sees 'more is said' ann 'bob: on the record$'
ok 'one of them is kept' wait_for "$patience" keeps ann 'and the end
on the record'
types ann /quit
sees 'ann ends' ann '^status'
person none --no-log --no-history
types none '/login ann pw'
sees 'ann without a log' none '^you are '
types none '/talk bob'
sees 'what was kept before is there' none '^-- the last 5 messages with bob --$'
types none '/msg bob nothing of this'
sees 'talks' none 'bob: nothing of this$'
before=$(cat "$XDG_STATE_HOME/threefold/history")
keys none Up
sees 'what was typed is there as long as the client is' none '> /msg bob nothing of this$'
keys none C-c
types none /quit
sees 'none ends' none '^status 0'
ok 'and nothing was kept' keeps ann 'on the record'
is 'of what was typed, either' "$(cat "$XDG_STATE_HOME/threefold/history")" "$before"

# A person who types ahead, and a shell behind the client.
tmux new-session -d -s ahead -x 100 -y 30 "PS1='sh> ' bash --norc"
types ahead "clear; $BIN/client $(addresses | tr '\n' ' ')"
sees 'a client in a shell' ahead '^not logged in>'
types ahead '/login ann pw'
types ahead '/talk bob'
line_is 'a /talk is typed ahead of the log-in' ahead 'to bob>'
is 'the last lines are shown once' "$(printed ahead | grep '^-- the last')" '-- the last 5 messages with bob --'
for n in 0 1 2; do signal_server "$n" STOP; done
types ahead /quit
sees 'the end waits for replicas' ahead '^> /quit$'
types ahead 'echo "for the" shell'
for n in 0 1 2; do signal_server "$n" CONT; done
sees 'what is typed meanwhile is for the shell' ahead '^for the shell$'
tmux kill-session -t ahead

mv "$log" "$log.away"
mv "$XDG_STATE_HOME/threefold/history" "$dir/history"
ln -s /dev/null "$log"
ln -s /dev/null "$XDG_STATE_HOME/threefold/history"
person null
types null '/login ann pw'
sees 'links to /dev/null are a wish to keep nothing' null '^you are '
types null '/log'
sees 'so it is off' null '^what is said is not kept$'
is 'and nothing is said of it' "$(printed null | grep -c 'not kept:\|levels of')" 0
types null '/history'
sees 'nothing can be shown' null '^refused: nothing is kept for this account'
types null /quit
sees 'null ends' null '^status'
rm "$log" "$XDG_STATE_HOME/threefold/history"

# ---- a disk that takes nothing ----

mkdir "$log"
: >"$log/$(basename "$log".away/ann~*)" # a file where the folder should be
person full
types full '/login ann pw'
sees 'ann is in' full '^you are '
types full '/msg bob one'
sees 'what cannot be kept is told' full "^..:.. -- what is said is not kept: cannot write to '/.*': Not a directory$"
types full /log
sees '/log says so, too' full '^what is said is not kept, because nothing can be written to /'
types full '/msg bob two'
sees 'and stops nothing' full 'bob: two$'
client_ask bob '/msg ann three'
sees 'at all' full 'bob: three$'
is 'it is told once' "$(printed full | grep -c -- '-- what is said is not kept')" 1
rm -r "$log"
client_ask bob '/msg ann four'
sees 'when it works again that is told, too' full '^..:.. -- what is said is kept again; 3 messages in between were not$'
ok 'and it is kept' wait_for "$patience" keeps ann four

# A short loss of all replicas.
pid=$(child_of "$(tmux list-panes -t full -F '#{pane_pid}')")
kill -STOP "$pid"
for n in 0 1 2; do
	kill_server "$n"
	restart_server "$n"
done
client_ask bob '/msg ann after a short loss'
kill -CONT "$pid"
sees 'what comes after a short loss' full 'bob: after a short loss$'
sees 'is all that it says' full 'all 3 replicas are live again$'
nok 'it stands in no block' shows full 'waiting since'
types full /quit
sees 'full ends' full '^status 0'

# No folder at all.
tmux new-session -d -s nowhere -x 100 -y 30 \
	"XDG_STATE_HOME=$dir/history/state $BIN/client $(addresses | tr '\n' ' '); echo status \$?; exec cat >/dev/null"
sees 'a client without a folder' nowhere '^not logged in>'
types nowhere '/login ann pw'
types nowhere '/talk bob'
line_is 'ann is in' nowhere 'to bob>'
types nowhere 'kept nowhere'
sees 'she talks' nowhere '-> bob: kept nowhere$'
is 'that nothing is kept is told once' "$(printed nowhere | joined 2 | grep 'not kept')" \
	"what is said and what you type are not kept for the next time: '$dir/history/state': Not a directory"
types nowhere /quit
sees 'nowhere ends' nowhere '^status 0'

# A disk that does not answer at all.
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0
ok 'such a disk can be built' "${CC:-cc}" -std=gnu11 -O1 -shared -fPIC -o "$dir/slow.so" tests/lib/slow_disk.c
: >"$dir/stalled"
tmux new-session -d -s slow -x 100 -y 30 "ASAN_OPTIONS=$ASAN_OPTIONS LD_PRELOAD=$dir/slow.so SLOW_DISK=$dir/stalled \
	$BIN/client $(addresses | tr '\n' ' '); echo status \$?; exec cat >/dev/null"
sees 'slow begins' slow '> *$'
types slow '/login ann pw'
sees 'ann is in' slow '^you are '
client_ask bob '/msg ann is the disk slow?'
sees 'a message is shown' slow 'bob: is the disk slow\?$'
ok 'and told as received' client_told
types slow '/msg bob it is'
sees 'another is sent' slow 'bob: it is$'
nok 'neither is kept' keeps ann 'it is'
rm "$dir/stalled"
ok 'when the disk goes on, both are' wait_for "$patience" keeps ann 'is the disk slow?
it is'
: >"$dir/stalled"
types slow '/msg bob and again'
sees 'it stalls again' slow 'bob: and again$'
types slow /quit
sees 'and the client ends all the same' slow '^status 0'

if unshare -m true 2>/dev/null; then
	mkdir "$dir/small"
	tmux new-session -d -s tmpfs -x 100 -y 30 "unshare -m sh -c 'mount -t tmpfs -o size=64k tmpfs $dir/small && \
		XDG_STATE_HOME=$dir/small $BIN/client $(addresses | tr '\n' ' '); echo status \$?; \
		grep -c written $dir/small/threefold/log/*/*; exec cat >/dev/null'"
	sees 'a client with a small disk' tmpfs '^not logged in>'
	types tmpfs '/login ann pw'
	sees 'ann is in' tmpfs '^you are '
	client_ask bob '{"command":"msg","to":["ann"],"text":"'"$(printf '%50000s' '' | tr ' ' x)"'"}'
	client_ask bob '{"command":"msg","to":["ann"],"text":"'"$(printf '%50000s' '' | tr ' ' y)"'"}'
	sees 'a full disk is told' tmpfs 'what is said is not kept: cannot write to .*: No space left on device'
	client_ask bob '/msg ann still shown'
	sees 'and stops nothing' tmpfs 'bob: still shown$'
	types tmpfs /quit
	sees 'nor is the end kept up' tmpfs '^status 0'
else
	comment 'no file system of its own without root: tmpfs is left out'
fi
done_testing
