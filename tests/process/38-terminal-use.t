#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What the client does for a person beside the line being typed (tmux is the terminal): the first screen, log-ins from
# the command line and to names that nobody has, help and lists that fit the window, the bell, progress, and what is
# said while no replica is live.
. tests/lib/terminal.sh

password=$dir/password

# person NAME COLUMNS ROWS OPTION...: a client in a window of its own
person() {
	local name=$1 columns=$2 rows=$3
	shift 3
	tmux new-session -d -s "$name" -x "$columns" -y "$rows" \
		"$BIN/client $* $(addresses | tr '\n' ' '); echo status \$?; exec cat >/dev/null"
}
# answers WINDOW QUESTION ANSWER...
answers() {
	local window=$1
	shift
	while [ $# != 0 ]; do
		sees "$window is asked: $1" "$window" "$1 *$"
		types "$window" "$2"
		shift 2
	done
}

start_servers

# ---- the first screen ----

person first 40 10
sees 'the first screen says what to do' first '^not logged in>'
is 'in three lines, none of which is wrapped at 40 columns' "$(screen first | sed -n '/^\/create/,/^not/p')" \
	'/create NAME makes an account.
/login NAME logs in to one you have.
/help lists commands, Ctrl-D ends.
not logged in>'
types first /list
sees 'an empty list says so, and what to do' first '^list: there is no account yet: /create NAME makes one$'
keys first C-d
sees 'Ctrl-D ends' first '^status 0'

# ---- log-ins ----

person ann 80 24 --user ann
answers ann '^password \(not shown\):' pw "^there is no 'ann' yet: create it\? \(y/n\)" y \
	'^password \(not shown\):' pw-ann '^the same again:' pw-ann
sees 'a name that nobody has became an account' ann '^ann>'
nok 'who comes with a name needs no first screen' shows ann '^/create NAME'
keys ann C-d
sees 'nothing was refused' ann '^status 0'
person ann2 80 24 --user ann
answers ann2 '^password \(not shown\):' pw-ann
sees '--user logs in' ann2 '^you are ann'
types ann2 /logout
sees 'once' ann2 '^not logged in>'
types ann2 '/login ann wrong'
sees 'a wrong password is told with what to do' ann2 \
	'^refused: the name or the password is wrong \(/create NAME makes a new account\); /login NAME tries again$'
nok 'and a name that is there is not offered' shows ann2 "there is no 'ann'"
types ann2 '/login an wrong'
sees 'a name that begins others is' ann2 "^there is no 'an' yet: create it\? \(y/n\) *$"
types ann2 n
sees 'no makes nothing' ann2 '^refused: nothing was created; /list shows the names$'
types ann2 '/login bob'
answers ann2 '^password \(not shown\):' x "^there is no 'bob' yet: create it\? \(y/n\)" ''
sees 'nor does an empty answer' ann2 '^refused: nothing was created'
keys ann2 C-l
types ann2 '/login bob'
answers ann2 '^password \(not shown\):' x
sees 'it is asked again' ann2 "there is no 'bob' yet"
keys ann2 C-c
sees 'Ctrl-C leaves it' ann2 '^refused: nothing was done: the question was left'
types ann2 '/login bob'
answers ann2 '^password \(not shown\):' x
sees 'and again' ann2 "^there is no 'bob' yet: create it\? \(y/n\) *$"
types ann2 yes
answers ann2 '^password \(not shown\):' one '^the same again:' two
sees 'two that differ make nothing' ann2 '^refused: the two passwords differ; try again'
types ann2 /list
sees 'nothing of this has made an account' ann2 '^list: 1 account, 0 online \(\*\)$'
keys ann2 C-d
sees 'it ends' ann2 '^status 1'

printf 'pw-cid\n' >"$password"
chmod 600 "$password"
person cid 80 24 --user cid --password-file "$password"
answers cid "^there is no 'cid' yet: create it\? \(y/n\)" y
sees 'the password of the file makes the account' cid '^you are cid'
keys cid C-d
sees 'cid has gone' cid '^status 0'
person cid2 80 24 --user cid --password-file "$password"
sees 'and logs in without a question' cid2 '^you are cid'
types cid2 '/logout'
sees 'once only' cid2 '^not logged in>'
types cid2 '/login cid'
answers cid2 '^password \(not shown\):' pw-cid
sees 'later it is asked for' cid2 '^cid>'

# ---- help ----

# shellcheck disable=SC2046
commands=$(echo /help | "$BIN/client" $(addresses) | grep -c '^/')
ok "there are commands: $commands" test "$commands" -ge 14
types cid2 /help
sees 'help ends with a hint' cid2 '^After /talk NAME'
is 'at 80 by 24 all commands are on the screen, a line each' "$(screen cid2 | grep -cE '^/[a-z]+ .* [a-z]')" "$commands"
like 'and the prompt below them' "$(screen cid2 | grep . | tail -n 1)" '^cid>$'
keys cid2 C-l
types cid2 '/help keys'
sees 'the keys have a line each' cid2 '^Ctrl-Z +goes to the shell'
# shellcheck disable=SC2046
is 'at 80 by 24 all of them are on the screen' "$(screen cid2 | sed -n '/^Enter /,/^Ctrl-Z /p' | grep -c '^[A-Z]')" \
	"$(echo '/help keys' | "$BIN/client" $(addresses) | grep -c '^[A-Z].*[a-z] ')"
types cid2 '/help ctrl-r'
sees 'one has its own' cid2 '^Ctrl-R: finds a line'
keys cid2 C-d
person small 40 10 --user ann
answers small '^password \(not shown\):' pw-ann
sees 'ann is in, in a small window' small '^ann>'
keys small C-l
types small /help
sees 'there help says where more is' small '^/help COMMAND says more about one$'
is 'and names all commands' "$(screen small | sed '1d' | grep -oE '/[a-z]+' | sort -u | wc -l)" "$commands"
sees 'on one screen' small '^> /help$'
keys small C-l
types small '/help keys'
sees 'the keys as well' small '^/help Ctrl-R says'
is 'with what was typed, and all names' "$(screen small | grep -cE '^> /help keys$|^Enter Tab |^Ctrl-R G |^Alt-Enter P .* Backspace D$')" 4
keys small C-l
types small '/help bell'
sees 'help on one says how it is used' small '^/bell \[on\|off\]$'
keys small C-l
types small /nonsense
sees 'an unknown command says what to do' small '^refused: there is no /nonsense; /help lists all commands, // sends'

# ---- lists ----

client_start zoe
client_wait zoe '"ready"'
client_ask zoe '/create zoe pw'

# shellcheck disable=SC2046
ok 'a thousand accounts are made' "$BIN/bench" $(addresses) --mode list --users 1000 --seconds 0.1
keys small C-l
types small /list
sees 'a long list ends with how many there are, and how to see fewer' small \
	'^list: 1004 accounts, 2 online \(\*\); [0-9]+ more: /list PREFIX shows fewer$'
like 'it takes no more than a screen, and who is online is marked' "$(screen small | head -n 1)" '^ann\*  '
is 'and first, wherever the name stands' "$(screen small | sed -n '2s/ .*//p')" 'zoe*'
is 'the window is full' "$(screen small | grep -c .)" 10
types small '/list an'
sees 'a short one is whole' small '^list: 1 account, 1 online \(\*\)$'
types small '/list zz*'
sees 'one that nothing fits says so' small '^list: no name fits; /list alone shows all$'
person large 200 60
sees 'a large window' large '^not logged in>'
types large /help
sees 'has help with a hint' large '^After /talk NAME'
is 'and a line for each command' "$(screen large | sed '1,/> .help$/d' | grep -cE '^/[a-z]+ .* [a-z]')" "$commands"
types large /list
sees 'shows more' large '^list: 1004 accounts, 2 online \(\*\); [0-9]+ more: /list PREFIX shows fewer$'
rows=$(screen large | grep -cE '^[^ ]+  +[^ ]+  ')
ok "in columns, a screenful: $rows rows" test "$rows" -ge 50 -a "$rows" -le 57
like 'from the first name on' "$(screen large | sed -n 2p)" '^ann\*  '

# ---- the bell ----

client_start bob
client_wait bob '"ready"'
client_ask bob '/create bob pw'
client_ask bob '/bell on'
is 'scripts are refused the bell' "$(field error)" usage
client_ask bob '/set bell on'
is 'and have no settings' "$(field error)" usage
person rung 80 24 --user ann
types small /quit
answers rung '^password \(not shown\):' pw-ann
sees 'ann is in again' rung '^ann>'
tmux pipe-pane -t rung "cat >$dir/rung"
bells() {
	# A title ends in one, too.
	perl -0777 -ne 's/\e\][^\a]*\a//g; print tr/\a//' "$dir/rung"
}
client_ask bob '/msg ann quietly'
sees 'a message comes' rung 'bob: quietly'
is 'the bell is off at first' "$(bells)" 0
types rung '/bell on'
sees 'it is put on' rung '^bell is on now$'
client_ask bob '/wait 1.1'
began=$(now_ms)
for i in {1..50}; do echo "/msg ann burst $i"; done >&"${client_fd[bob]}"
sees 'fifty messages come' rung 'bob: burst 50$'
rang=$(bells)
ok "they ring once a second at most, and the first does ($rang)" \
	test "$rang" -ge 1 -a "$rang" -le $((1 + ($(now_ms) - began) / 1000))
client_result[bob]=$(stat -c %s "$dir/bob.out")
client_ask bob '/wait 1.1'
client_say bob '/msg ann later'
sees 'another one later' rung 'bob: later'
is 'rings again' "$(bells)" $((rang + 1))
types rung '/bell off'
sees 'it is put off' rung '^bell is off now$'
client_ask bob '/wait 1.1'
client_say bob '/msg ann quiet again'
sees 'one more' rung 'bob: quiet again'
is 'does not ring' "$(bells)" $((rang + 1))
types rung /bell
sees 'alone it tells which it is' rung '^bell is off; it may be off or on$'
types rung '/bell loud'
sees 'anything else is refused' rung '^refused: neither on nor off; it is: /bell \[on\|off\]'

# ---- settings ----

config=$XDG_CONFIG_HOME/threefold/config
keys rung C-l
types rung /set
sees 'a list of all, with what each does' rung '^wrap +words +break long lines'
types rung '/set colours never'
sees 'one is changed' rung '^colours is never now$'
is 'and kept' "$(grep -v '^#' "$config")" 'colours = never'
types rung '/set colours red'
sees 'a value that is none is refused with those that are' rung 'colours is auto, always or never, not .red.'
keys rung -l '/set foc'
keys rung Tab
keys rung -l 'o'
keys rung Tab
line_is 'names and values are completed' rung 'ann> /set focus o'
keys rung C-c
types rung '/set user ann'
sees 'whom to log in at the start' rung '^user is ann now$'
types rung /quit
sees 'the client ends' rung '^status '
tmux kill-session -t rung
person rung 80 24
answers rung '^password \(not shown\):' pw-ann
sees 'the next client logs in without an option' rung '^ann>'
tmux pipe-pane -t rung "cat >$dir/rung"
types rung '/set colours'
sees 'and has the others, too' rung '^colours is never; it may be auto, always or never$'
nok 'no colour is shown' grep -q $'\033\\[[0-9]*m' "$dir/rung"
types rung '/set Colors ALWAYS'
sees 'a change holds at once, however it is spelled' rung '^colours is always now$'
types rung '/set user -'
sees 'it may be as it was at first' rung '^user is - now$'
ok 'what is shown after the change of colours has some' wait_for "$patience" grep -q $'\033\\[2m' "$dir/rung"
is 'which needs no line' "$(grep -v '^#' "$config")" 'colours = always'
printf 'colours = red\n' >"$config"
types rung '/set bell on'
sees 'a config that cannot be kept is told' rung '^bell is on for this run: .*config:1: colours is auto, always or never, not .red.; a line is'
rm "$config"

# ---- a session elsewhere, and one that ended by itself ----

person second 80 24 --idle-logout 3
sees 'a second window' second '^not logged in>'
types second '/logi ann pw-ann'
sees 'an abbreviated log-in is not shown' second '^> /logi \.\.\. \(not shown\)$'
sees 'a session elsewhere is an offer' second '^you are logged in elsewhere: log out there\? \(y/n\) *$'
types second n
sees 'which may be declined' second 'nothing was done: the other session goes on'
types second '/login ann'
answers second '^password \(not shown\):' pw-ann '^you are logged in elsewhere: log out there\? \(y/n\)' y
sees 'or taken, without the password again' second '^you are ann$'
sees 'the other window says so' rung '^[0-9:]{5} -- logged out: '
sees 'after a while it is logged out' second '^[0-9:]{5} -- logged out: idle'
types second 'hello?'
sees 'a text then has the right advice' second 'you were logged out, because nothing was typed for so long; /login ann logs in again$'
keys second C-u
types second /l
sees 'a part of several commands is refused with them' second '/l may be /login, /logout, /list or /log: write more of it$'
keys second C-u
types second '/d ann'
sees 'one that has to be written out is told' second '/delete has to be written out$'
tmux kill-session -t second
types rung '/login ann'
answers rung '^password \(not shown\):' pw-ann
sees 'ann is back' rung '^ann>'

# ---- progress ----

signal_server 2 STOP
keys rung C-l
types rung '/list b'
sees 'a list that takes long says how far it is, in the prompt' rung '^\[/list: 0 so far\] ann>'
keys rung -l 'meanwhile'
sees 'while one types on' rung '^\[/list: 0 so far\] ann> meanwhile$'
sees 'until it is there' rung '^list: [0-9]+ accounts, '
sees 'then the prompt is as before' rung '^ann> meanwhile$'
sees 'and the row above it says that one is dead' rung '^ ann 2/3'
nok 'and nothing is left of it' shows rung 'so far'
signal_server 2 CONT
sees 'all are live again' rung '^ ann( \[bob [0-9]+\])?$'
keys rung C-u
signal_server 1 STOP
types rung '/all hello everybody'
sees 'so does a message to all' rung '^\[/all: 0 so far\] ann>'
sees 'and it is sent: to how many' rung '-> \(all\): hello everybody \[[0-9]+ of 100[0-9] online; on 2 of 3 replicas\]$'
nok 'once it is done nothing is left of it, either' shows rung 'so far'
signal_server 1 CONT
sees 'all three' rung '^ ann( \[bob [0-9]+\])?$'

# ---- no replica ----

for n in 0 1 2; do kill_server $n; done
sees 'without a replica it says since when, and that it goes on' rung \
	'^[0-2][0-9]:[0-5][0-9] -- no replica is live; the client keeps trying, and what you type waits$'
restart_server 1
sees 'one is back' rung '^ ann 1/3'
is 'all of that was said once' "$(screen rung | grep -c 'keeps trying')" 1

done_testing
