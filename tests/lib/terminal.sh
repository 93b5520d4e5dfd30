# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# terminal: what the tests of the client on a terminal (tmux) share beside lib.sh. They begin with
#
#	#!/bin/bash
#	. tests/lib/terminal.sh
#
#	tmux ORDER...             of this test's own; $dir/tmux.conf holds settings
#	screen WINDOW             row by row, as the window shows it
#	printed WINDOW [OPTION]   line by line: rows that were broken are joined; options of capture-pane
#	shows WINDOW REGEX        a printed line fits            sees NAME WINDOW REGEX     in time, as a check
#	line_is NAME WINDOW TEXT  the last line that is not empty becomes that, as a check
#	keys WINDOW KEY...        presses them                   types WINDOW TEXT          types it, and Enter

. tests/lib/lib.sh

command -v tmux >/dev/null || {
	skip 'the terminal' 'tmux is not installed'
	done_testing
}
: >"$dir/tmux.conf"

tmux() {
	command tmux -u -S "$dir/tmux" -f "$dir/tmux.conf" "$@"
}

screen() {
	tmux capture-pane -p -t "$1" | sed 's/ *$//'
}

# joined COLUMNS: rows that begin with so many blanks go on with what stands above them.
joined() {
	perl -0pe "s/\\n {$1,}(?=[^ |])/ /g"
}

printed() {
	tmux capture-pane -p -J -t "$1" "${@:2}" | sed 's/ *$//' | joined 9
}

# A refusal goes on in the third column; the help of a command has a line there.
shows() {
	local text
	text=$(printed "$1")
	grep -qE -- "$2" <<<"$text" || joined 2 <<<"$text" | grep -qE -- "$2"
}

sees() {
	local depth=1
	if wait_for "$patience" shows "$2" "$3"; then
		pass "$1"
	else
		fail "$1" "$(screen "$2")"
	fi
}

ends_in() {
	[ "$(printed "$1" | grep . | tail -n 1)" = "$2" ]
}

line_is() {
	local depth=1
	if wait_for "$patience" ends_in "$2" "$3"; then
		pass "$1"
	else
		fail "$1" "$(screen "$2")"
	fi
}

keys() {
	tmux send-keys -t "$@"
}

types() {
	keys "$1" -l -- "$2"
	keys "$1" Enter
}
