#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The client in windows of several sizes (tmux is the terminal): what is being typed is never disturbed, by messages,
# by a change of the size, by pastes; history, completion, suspension; and the terminal is as it was afterwards.
. tests/lib/terminal.sh

history=$dir/state/threefold/history

echo 'set -g history-limit 20000' >>"$dir/tmux.conf"
# person NAME COLUMNS ROWS: logged in, from a shell
person() {
	tmux new-session -d -s "$1" -x "$2" -y "$3" "PS1='$ ' exec bash --norc --noprofile -i"
	types "$1" "clear; $BIN/client $(addresses | tr '\n' ' ')"
	sees "$1 begins at $2 by $3" "$1" '^not logged in>'
	types "$1" "/create $1"
	sees "$1: a password is asked for" "$1" 'password \(not shown\):'
	types "$1" pw
	sees "$1: twice" "$1" 'the same again:'
	types "$1" pw
	sees "$1 is in" "$1" "^$1>"
}

start_servers
client_start bob
client_wait bob '"ready"'
client_ask bob '/create bob pw'

for size in '40 10' '80 24' '200 60'; do
	read -r columns rows <<<"$size"
	name=p$columns
	person "$name" "$columns" "$rows"
	keys "$name" -l 'half a line'
	keys "$name" Left Left
	line_is "$name: a line is typed" "$name" "$name> half a line"
	for ((i = 1; i <= 1000; i++)); do
		echo "/msg $name message $i of a thousand, and some of them are wider than a window is"
	done >&"${client_fd[bob]}"
	sees "$name: a thousand messages come" "$name" 'message 1000 of a thousand'
	line_is "$name: the line is as it was" "$name" "$name> half a line"
	is "$name: each message is shown once, in order" \
		"$(printed "$name" -S - | sed -nE 's/.*bob: message ([0-9]+) of .* is$/\1/p' | tr '\n' ' ')" \
		"$(seq -s ' ' 1000) "
	keys "$name" -l X
	line_is "$name: the cursor, too" "$name" "$name> half a liXne"
	sees "$name: above it, how many came" "$name" "^ $name \\[bob 1000\\]$"

	long='漢字 é and words, so that the line is longer than the window: one, two, three, four, five'
	keys "$name" C-e C-u
	keys "$name" -l -- "$long"
	wait_for "$patience" shows "$name" 'five$'
	tmux resize-window -t "$name" -x 33 -y 12
	client_say bob "/msg $name while it changes"
	sees "$name: a message at another width" "$name" 'bob: while it changes'
	tmux resize-window -t "$name" -x 90 -y 30
	keys "$name" Home
	keys "$name" -l '>>'
	sees "$name: the line is there at any width" "$name" "^$name> >>漢字 é and words"
	is "$name: once" "$(printed "$name" | grep -c '漢字')" 1
	tmux resize-window -t "$name" -x "$columns" -y "$rows"
	keys "$name" C-c
	line_is "$name: Ctrl-C clears it" "$name" "$name>"
	types "$name" /quit
	line_is "$name: the shell is back" "$name" '$'
done

# ---- pastes ----

person ann 80 24
types ann '/talk bob'
sees 'a conversation' ann '^to bob>'
printf 'one\n/two\nthree\n' >"$dir/few"
tmux load-buffer "$dir/few"
tmux paste-buffer -p -t ann
line_is 'a few lines are pasted as one, and not sent' ann 'to bob> one⏎/two⏎three'
keys ann Enter
client_wait bob '"message"'
is 'Enter sends them as one message' "$(field text)" $'one\n/two\nthree'
seq 20 >"$dir/many"
sed -i '1s/.*/\/quit/' "$dir/many"
tmux load-buffer "$dir/many"
tmux paste-buffer -p -t ann
line_is 'many lines are asked about' ann 'paste 20 lines into one message? (y/n)'
types ann y
sees 'and then in the line' ann '> /quit⏎2⏎3⏎'
keys ann Enter
client_wait bob '"message"'
like 'a slash at their front is text' "$(field text)" '^/quit'
seq -f 'line %g of very many lines' 10000 >"$dir/flood"
tmux load-buffer "$dir/flood"
keys ann -l 'half'
tmux paste-buffer -p -t ann
sees 'ten thousand lines are refused' ann 'paste of 10000 lines does not fit'
line_is 'the line is as it was' ann 'to bob> half'
keys ann C-u

# ---- completion and history ----

keys ann -l '/ta'
keys ann Tab
line_is 'Tab completes a command' ann 'to bob> /talk'
keys ann -l 'p8'
keys ann Tab
line_is 'and a name' ann 'to bob> /talk p80'
keys ann C-u
keys ann -l '/msg bob,p'
keys ann Tab Tab
sees 'several are listed' ann '^p40 +p80 +p200$|^bob,p200 +bob,p40 +bob,p80$'
keys ann C-u
types ann '/login ann secret-word'
sees 'a line with a password is not shown again' ann '^> /login ... \(not shown\)'
is 'and not kept' "$(grep -c secret-word "$history")" 0
is 'the history is its owner'"'"'s' "$(stat -c %a "$history")" 600

# ---- suspension ----

keys ann -l 'still here'
keys ann C-z
sees 'Ctrl-Z stops it' ann 'Stopped'
types ann 'echo shell "echoes"'
sees 'the shell has its terminal' ann '^shell echoes$'
client_say bob '/msg ann in the meantime'
types ann fg
sees 'fg brings it back, and what came' ann 'bob: in the meantime'
line_is 'and the line' ann 'to bob> still here'
keys ann C-u
keys ann C-l C-z
sees 'stopped once more' ann 'Stopped'
types ann 'clear; fg'
line_is 'and back' ann 'to bob>'
keys ann -l x
line_is 'it goes on' ann 'to bob> x'
is 'the row above the prompt stands there once' "$(printed ann | grep -c '^ ann')" 1
keys ann C-u C-d
line_is 'Ctrl-D on an empty line ends it' ann '$'

types ann "clear; $BIN/client $(addresses | tr '\n' ' ')"
sees 'another time' ann '^not logged in>'
keys ann Up
line_is 'what was typed then is in the history' ann 'not logged in> /quit⏎2⏎3⏎4⏎5⏎6⏎7⏎8⏎9⏎10⏎11⏎12⏎13⏎14⏎15⏎16⏎17⏎18⏎19⏎20'
keys ann C-u C-d
line_is 'it ends again' ann '$'

# ---- every way out ----

pid=$(tmux list-panes -t ann -F '#{pane_pid}')
client=$(addresses | tr '\n' ' ')
for way in 'ABRT Aborted' 'SEGV Segmentation|ABORTING' 'QUIT Quit' 'TERM ended'; do
	read -r signal said <<<"$way"
	types ann "clear; $BIN/client $client || echo en''ded"
	sees "SIG$signal: a client" ann '^not logged in>$'
	keys ann -l 'half'
	line_is "SIG$signal: which has a line" ann 'not logged in> half'
	kill "-$signal" "$(child_of "$pid")"
	[ "$signal" != TERM ] || said='\$'
	sees "SIG$signal: it ends" ann "$said"
	types ann 'echo after "a way out"'
	sees "SIG$signal: the shell echoes" ann '^after a way out$'
	sees "SIG$signal: and shows its keys" ann 'echo after "a way out"$'
done

# ---- nobody there ----

types ann "clear; $BIN/client 127.0.0.1 $(free_port) 127.0.0.2 $(free_port) 127.0.0.3 $(free_port); echo status \$?"
sees 'without a replica it says so, and goes on trying' ann '^[0-9:]{5} -- no replica could be reached yet'
keys ann -l 'typed ahead'
keys ann C-c C-c
sees 'Ctrl-C ends it' ann '^status 3$'
# By another port and another word, so that what the window showed before is not taken for it.
port=$(free_port)
types ann "clear; $BIN/client 127.0.0.1 $port 127.0.0.2 $(free_port) 127.0.0.3 $(free_port); echo ended with \$?"
sees 'another time' ann "^[0-9:]{5} -- no replica could be reached yet.*: 127.0.0.1:$port: "
keys ann C-d
sees 'so does Ctrl-D' ann '^ended with 3$'
port=$(free_port)
types ann "clear; $BIN/client 127.0.0.1 $port 127.0.0.2 $(free_port) 127.0.0.3 $(free_port); echo left with \$?"
sees 'a third time' ann "^[0-9:]{5} -- no replica could be reached yet.*: 127.0.0.1:$port: "
types ann '/msg bob typed too early'
keys ann C-d
sees 'Ctrl-D ends it behind a line that waits, too' ann '^left with 3$'

# ---- without colours, without anything ----

tmux pipe-pane -t ann "cat >$dir/bytes"
types ann "clear; NO_COLOR=1 $BIN/client $client"
sees 'NO_COLOR: a client' ann '^not logged in>'
types ann '/help msg'
sees 'NO_COLOR: help' ann '^/msg '
keys ann C-d
line_is 'NO_COLOR: it ends' ann '$'
nok 'NO_COLOR: no colour was written' grep -qP '\x1b\[[0-9;]*[1-9][0-9;]*m' "$dir/bytes"
tmux pipe-pane -t ann
types ann 'clear'
is_clear() {
	[ "$(printed ann | grep .)" = '$' ]
}
ok 'the shell has a clear window' wait_for "$patience" is_clear
tmux pipe-pane -t ann "cat >$dir/dumb"
types ann "TERM=dumb $BIN/client $client"
sees 'TERM=dumb: a client' ann '^not logged in>'
types ann '/login p80'
sees 'TERM=dumb: a password is asked for' ann 'password \(not shown\): *$'
types ann 'pw'
sees 'TERM=dumb: one is logged in' ann '^you are p80$'
client_say bob '/msg p80 plainly'
sees 'TERM=dumb: a message' ann 'bob: plainly'
line_is 'TERM=dumb: and a prompt below it' ann 'p80, 1 new>'
nok 'TERM=dumb: the password was not shown' shows ann 'shown\): pw'
keys ann C-d
line_is 'TERM=dumb: it ends' ann '$'
sed -n '/TERM=dumb/,$p' "$dir/dumb" | sed '1d' | sed '$d' >"$dir/dumb.lines"
nok 'TERM=dumb: no escape sequence was written' grep -qP '\x1b(?!\[\?2004)' "$dir/dumb.lines"

done_testing
