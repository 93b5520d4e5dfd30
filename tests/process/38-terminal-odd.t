#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Terminals and shells that do what a client does not expect: no controlling terminal, a job in the background, a paste
# without an end, answers to somebody else's question, signals that nobody uses.
. tests/lib/terminal.sh

one_line() {
	addresses | tr '\n' ' '
}
mode_of() {
	stty -F "$(tmux display -p -t "$1" '#{pane_tty}')" -a | grep -oE -- " $2( |\$)" | tr -d ' '
}
has_mode() {
	[ "$(mode_of "$1" "$2")" = "$2" ]
}

start_servers

# ---- no controlling terminal ----

tmux new-session -d -s alone -x 80 -y 20 "setsid -w $BIN/client $(one_line); read -r _"
sees 'a client in a session of its own has a prompt' alone '^not logged in>'
types alone '/create alone'
sees 'it asks for a password' alone 'password \(not shown\):'
keys alone -l 'topsecret'
keys alone C-a
keys alone Enter
sees 'and takes it' alone 'the same again:'
nok 'it does not show it' shows alone 'topsecret'
keys alone C-c

# ---- a job in the background ----

tmux new-session -d -s job -x 100 -y 20 'bash --norc'
sees 'a shell' job '[$#] *$'
types job "PS1='sh> '; $BIN/client --user ann $(one_line) & sleep 1; echo slept"
sees 'a client in the background leaves the line to the shell' job '^sh> *$'
types job 'fg'
sees 'in the foreground it goes on where it was' job 'password \(not shown\):'
ok 'the terminal is switched' wait_for "$patience" has_mode job -icanon
keys job C-z
sees 'Ctrl-Z within the question stops it' job 'Stopped'
types job 'echo shell $((1 + 1))'
sees 'the shell has its terminal' job '^shell 2'
types job 'bg'
types job 'true; echo still; fg'
sees 'bg and fg bring it back' job 'still'
ok 'and the terminal' wait_for "$patience" has_mode job -echo
keys job C-c
sees 'the question can be left' job 'nothing was done'
types job '/list'
sees 'it has lost no replica meanwhile' job '^list: '
nok 'none was called dead' shows job 'is dead'
keys job C-d

# ---- a paste without an end, late answers ----

tmux new-session -d -s odd -x 80 -y 12 "$BIN/client $(one_line); echo \"ended with \$?\"; read -r _"
sees 'another client' odd '^not logged in>'
keys odd -l $'\033[200~the front of a paste'
keys odd C-c C-c
sees 'Ctrl-C ends a paste without an end' odd 'Ctrl-C once more'
keys odd C-y
sees 'and Ctrl-Y has it' odd '> the front of a paste$'
keys odd C-u
keys odd -l $'\033[200~silence'
sees 'so does silence' odd '> silence$'
keys odd C-u
keys odd -l $'a\033]11;rgb:1e1e/'
keys odd -l $'1e1e/1e1e\033\\b\033P1+r436f=323536\033\\c\033_Gi=31;OK\033\\d\033[M !!\033^x\007e'
sees 'of answers of the terminal nothing is in the line' odd '> abcde$'
keys odd C-u
keys odd C-d
sees 'it ends' odd '^ended with 0'

# ---- signals ----

for signal in USR1 XCPU ALRM; do
	tmux new-session -d -s "$signal" -x 80 -y 10 "dash -c '$BIN/client $(one_line); echo ended; exec sleep 600'"
	wait_for "$patience" shows "$signal" '^not logged in>'
	kill -"$signal" "$(child_of "$(tmux display -p -t "$signal" '#{pane_pid}')")"
	sees "SIG$signal ends it" "$signal" '^ *ended'
	ok 'and the terminal echoes' has_mode "$signal" echo
done

done_testing
