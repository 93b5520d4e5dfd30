#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Conversations on a terminal: the prompt names whom a line goes to, the row above it who else has written, keys move
# between them, and no line goes to anybody but the one whom the prompt named at its Enter.
. tests/lib/terminal.sh

start_servers
for name in bob carol dave; do
	client_start $name
	client_wait $name '"ready"'
	client_ask $name "/create $name pw"
done
tmux new-session -d -s ann -x 80 -y 24 "$BIN/client $(addresses | tr '\n' ' '); echo \"status \$?\"; read -r _"
sees 'a client' ann '^not logged in>'
nok 'without an account there is no row' shows ann '^ not logged in'
types ann '/create ann pw'
sees 'ann is in' ann '^ann> *$'

# gets NAME TEXT: the next message that NAME gets is this.
gets() {
	client_wait "$1" '"event":"message"'
	is "$1 gets: $2" "$(field text)" "$2"
}

# Another client in the place of the one before, which has ended or was killed.
again() {
	tmux respawn-pane -k -t ann "$BIN/client $(addresses | tr '\n' ' '); echo \"status \$?\"; read -r _"
	sees 'another client' ann '^not logged in>'
	types ann '/login --take-over ann pw'
}

# ---- whom a line goes to ----

types ann '/talk nobody'
sees 'nobody is refused at once' ann '^refused: there is no such account; /list shows who there is$'
line_is 'and a line goes to nobody' ann 'ann>'
types ann '/talk BOB'
line_is 'a name, however it is written, is whom it means' ann 'to bob>'
types ann 'first'
gets bob first
keys ann '/talk carrol' Enter 'for carol' Enter
sees 'a line behind a /talk that is refused is not sent, however fast it is typed' ann \
	'-> carrol: for carol \[not sent: there is no such account|^this was sent to nobody'
line_is 'and lines go to nobody until one chooses again' ann 'ann>'
types ann 'nor this'
sees 'so nothing goes to the one before' ann '^refused: this was sent to nobody'
types ann '/talk bob'
line_is 'there he is again' ann 'to bob>'
is 'bob has got one line' "$(json_count "$dir/bob.out" event=message)" 1
types ann '/msg BOB second'
gets bob second
sees 'a name is shown as its account was made' ann '-> bob: second$'

# ---- what is new ----

for n in 1 2 3; do client_ask carol "/msg ann c$n"; done
sees 'carol writes first' ann 'carol: c3$'
client_ask dave '/msg ann d1'
client_ask bob '/msg ann b1'
sees 'the row above the prompt says who else has written, and how much' ann '^ ann \[carol 3\] \[dave 1\]$'
for text in 'carol: c1' 'carol: c3' 'dave: d1' 'bob: b1'; do
	sees "all are shown: $text" ann "$text\$"
done
keys ann -l 'half'
keys ann M-a
line_is 'Alt-A goes to something new, and the line stays' ann 'to carol> half'
sees 'what is new there is not new any more' ann '^ ann \[dave 1\]$'
keys ann M-1
line_is 'Alt-1 goes to the first' ann 'to bob> half'
keys ann C-n
line_is 'Ctrl-N to the next' ann 'to carol> half'
keys ann C-p C-p
line_is 'Ctrl-P back, and round' ann 'to dave> half'
sees 'nothing is new' ann '^ ann$'
keys ann C-u
types ann /talk
sees '/talk alone lists them' ann '^Alt-3 +dave +plain lines go here$'
sees 'each with its key' ann '^Alt-1 +bob$'
line_is 'and chooses nobody' ann 'to dave>'
keys ann -l half
keys ann M-9
keys ann -l ' a line'
line_is 'there is no ninth' ann 'to dave> half a line'
keys ann Enter M-1
gets dave 'half a line'
line_is 'a line goes to the one of its Enter, whatever key follows' ann 'to bob>'

# ---- answers ----

client_ask carol '/msg ann what do you say?'
sees 'carol asks' ann 'what do you say\?$'
keys ann Tab
line_is 'Tab on an empty line answers her' ann 'to bob> /msg carol'
client_ask dave '/msg ann me too'
sees 'dave writes meanwhile' ann 'me too$'
types ann 'yes'
gets carol yes
keys ann -l '/reply '
line_is '/reply becomes the name at once' ann 'to bob> /msg dave'
client_ask carol '/msg ann good'
sees 'carol writes meanwhile' ann 'carol: good$'
types ann 'no'
gets dave no
types ann '/reply thanks'
gets carol thanks
line_is 'the conversation is the same all the time' ann 'to bob>'
client_ask bob '/reply x'
is 'a program names whom it answers' "$(field error)" usage
is 'bob has got nothing of it' "$(json_count "$dir/bob.out" event=message)" 2

# ---- while no replica is live ----

kill_all
sees 'none is live' ann '^ ann 0/3'
types ann 'one'
types ann /replicas
sees '/replicas does not wait behind what waits' ann "^2 $host:${server_port[2]} +dead "
keys ann M-2
types ann 'two'
types ann '/talk dave'
line_is 'one can go to somebody whom one knows, in turn' ann 'to dave>'
types ann 'three'
keys ann C-p
line_is 'a key goes before a /talk that waits' ann 'to carol>'
keys ann -l 'four'
for n in 0 1 2; do restart_server $n; done
gets bob one
gets carol two
gets dave three
keys ann Enter
gets carol four
line_is 'and the /talk that waited has changed nothing' ann 'to carol>'

# ---- windows ----

client_ask bob '/msg ann small'
sees 'bob writes' ann '^ ann \[bob 1\]$'
tmux resize-window -t ann -x 20 -y 5
sees 'a small window has all in the prompt' ann '^ann to carol, 1 new'
tmux resize-window -t ann -x 20 -y 12
sees 'one that is high enough has the row' ann '^ ann \[bob 1\]$'
line_is 'and the short prompt' ann 'to carol>'
tmux resize-window -t ann -x 80 -y 24
keys ann -l x
line_is 'at any size' ann 'to carol> x'
is 'the row stands there once' "$(printed ann | grep -c '^ ann \[bob 1\]$')" 1
keys ann C-u
types ann '/set status off'
line_is 'without the row the prompt has it, too' ann 'ann to carol, 1 new>'
types ann '/set status on'
line_is 'and with it not' ann 'to carol>'
types ann /logout
sees 'after a log-out there is no row' ann '^not logged in>'
nok 'nor any name' shows ann '^ ann'

# ---- the focus ----

types ann '/login ann pw'
line_is 'ann is back' ann 'to carol>'
types ann '/focus on'
sees 'the focus is on' ann '^focus is on now'
keys ann C-l
client_ask bob '/msg ann kept back one'
sees 'one is counted' ann '^ ann \[bob 1\]$'
client_ask dave '/msg ann kept back two'
client_ask carol '/msg ann in focus'
client_ask bob '/msg ann kept back three'
sees 'the current one is shown' ann 'carol: in focus$'
sees 'the others are counted' ann '^ ann \[bob 2\] \[dave 1\]$'
nok 'and not shown' shows ann 'kept back'
# Killed after the time in which what is shown is told to the replicas, none of them is lost.
sleep 0.6
pid=$(child_of "$(tmux list-panes -t ann -F '#{pane_pid}')")
kill -9 "$pid"
again
for text in 'kept back one' 'kept back two' 'kept back three'; do
	sees "a client that was killed has lost nothing: $text" ann "$text\$"
done
line_is 'one is where one was' ann 'to carol>'
sees 'that was what waited' ann '^-- end of what waited: 4 messages --$'
keys ann C-l
client_ask bob '/msg ann bob again'
client_ask dave '/msg ann dave again'
sees 'the focus is on again' ann '^ ann (\[bob 3\] \[dave 2\]|\[dave 2\] \[bob 3\])$'
nok 'nothing is shown yet' shows ann 'again$'
keys ann M-a
sees 'who goes there sees what came' ann '(bob|dave): (bob|dave) again$'
is 'of that one alone' "$(printed ann | grep -c 'again$')" 1
types ann '/focus off'
sees 'without the focus all is shown' ann '^focus is off now'
is 'each once' "$(printed ann | grep -cE '(bob|dave): (bob|dave) again$')" 2
types ann '/talk carol'
types ann '/focus on'
sees 'the focus is on once more' ann '^focus is on now'
client_ask bob '/msg ann at the end'
sees 'one more is kept back' ann '^ ann .*\[bob 1\]'
types ann /logout
sees 'a log-out shows it first' ann 'bob: at the end$'
sees 'and ends' ann '^logged out$'
types ann '/set focus off'

# ---- what is kept ----

types ann '/login ann pw'
line_is 'after a log-in one talks with the same' ann 'to carol>'
kept=("$dir"/state/threefold/talk/ann~*)
like 'it is kept in a file' "$(<"${kept[0]}")" '^carol [0-9A-Z]{36}$'
is 'which is its owner'\''s' "$(stat -c '%a' "${kept[0]}" "$dir/state/threefold/talk" | tr '\n' ' ')" '600 700 '
types ann /quit
sees 'ann ends' ann '^status'
mv "${kept[0]}" "$dir/elsewhere"
ln -s "$dir/elsewhere" "${kept[0]}"
client_ask carol '/delete carol'
again
sees 'who is gone is not chosen' ann "-- 'carol', with whom you talked last, is gone$"
client_ask carol '/create carol pw'
again
sees 'nor is somebody else of that name' ann "-- 'carol', with whom you talked last, is another account now"
types ann 'for the old carol'
sees 'a line goes to nobody' ann '^refused: this was sent to nobody'
types ann '/talk dave'
line_is 'somebody is chosen' ann 'to dave>'
ok 'a link is written through' test -L "${kept[0]}"
ok 'to what is there' wait_for "$patience" grep -qE '^dave [0-9A-Z]{36}$' "$dir/elsewhere"
rm "$dir/elsewhere"
types ann '/talk bob'
sees 'nothing is made behind a link' ann '-- whom you talk with is not kept for the next time: .*: No such file or directory$'
nok 'surely not' test -e "$dir/elsewhere"
types ann '/talk dave'
line_is 'it goes on' ann 'to dave>'
is 'and that was said once' "$(printed ann | grep -c 'is not kept')" 1

done_testing
