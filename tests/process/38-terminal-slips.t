#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What fingers do at the client on a terminal: a forgotten slash, a password at the wrong prompt, a second Enter. Nothing
# that was typed is lost, and no password is sent, printed or kept.
. tests/lib/terminal.sh

history=$XDG_STATE_HOME/threefold/history
start_servers
client_json "$dir/out" <<<'/create bob pw-of-bob'
tmux new-session -d -s ann -x 110 -y 24 "$BIN/client $(addresses | tr '\n' ' ')"
sees 'a client' ann '^not logged in>'

# released WINDOW: the line that is held back is to go.
released() {
	read -rt 0.5 <&"$never" # longer than the key that bounces
	keys "$1" Enter
	sees 'a second Enter asks' "$1" '^send it as it stands\? \(y/n\) *$'
	types "$1" y
}

# ---- nobody is logged in ----

types ann 'hello?'
sees 'a word that is no password is shown' ann '^> hello\?$'
sees 'and sent to nobody' ann '^refused: this was sent to nobody: you are not logged in'
line_is 'it is not put back' ann 'not logged in>'
types ann 'login bob tomorrow'
sees 'what looks like a log-in is not' ann '^> \.\.\. \(not shown\)$'
line_is 'it is in the line, and no second Enter is asked for' ann 'not logged in> login bob tomorrow'
nok 'since nobody could get it' shows ann 'Enter once more'
keys ann C-u
types ann '/login bob'
sees 'a password is asked for' ann 'password \(not shown\): *$'
types ann 'wrong'
sees 'which is wrong' ann 'wrong'
types ann 'letters'
line_is 'a word behind a log-in may be a password' ann 'not logged in> letters'
nok 'and is not shown' shows ann '^> letters$'
keys ann C-u C-l

types ann 'hunter2'
sees 'a word without a conversation goes to nobody' ann '^refused: this was sent to nobody'
sees 'it is not shown' ann '^> \.\.\. \(not shown\)$'
line_is 'it may be a password, so it is back in the line' ann 'not logged in> hunter2'
keys ann C-u
types ann '/craete ann hunter2'
sees 'a mistyped command is refused' ann 'there is no /craete; did you mean /create'
line_is 'it is back in the line, to be mended' ann 'not logged in> /craete ann hunter2'
keys ann C-u
types ann '/create ann'
sees 'a password is asked for' ann 'password \(not shown\): *$'
types ann 'hunter2'
sees 'twice' ann 'the same again: *$'
types ann 'hunter2'
sees 'logged in' ann 'you are ann'
types ann '/talk bob'
sees 'a conversation' ann 'to bob> *$'

# ---- passwords ----

for line in 'hunter2' 'HUNTER2' 'hunter2hunter2' 'it is hunter2, you know' '/msg bob hunter2' '/all hunter2' \
	'login ann other' 'Create ann other' '7login ann other' $'\u00a0login ann other' '//login ann other' \
	'\login ann other' $'\uff0flogin ann other' 'password other' '>> carl: not for bob'; do
	keys ann -l -- "$line"
	keys ann Enter
	sees "held back: $line" ann '^this was sent to nobody: it (holds|looks)'
	keys ann C-u C-l
	line_is 'and the line is free again' ann 'to bob>'
done
nok 'none is in the history' grep -qiE 'hunter2|other|carl' "$history"
keys ann -l 'login ann again'
keys ann Enter Enter Enter
sees 'a key that bounces' ann 'it looks like /login NAME PASSWORD; Enter once more asks whether to send it'
line_is 'sends nothing' ann 'to bob> login ann again'
keys ann C-u C-l

# However often Enter is pressed, and whatever is added: no password is sent.
types ann 'it is hunter2'
sees 'held back' ann '^this was sent to nobody: it holds your password'
for key in Enter C-c; do
	read -rt 0.5 <&"$never"
	keys ann Enter
	sees 'a second Enter asks' ann '^send it as it stands\? \(y/n\) *$'
	keys ann $key
	line_is "$key: no" ann 'to bob> it is hunter2'
done
read -rt 0.5 <&"$never"
keys ann Enter
types ann 'you know'
line_is 'a sentence that begins with y is no yes' ann 'to bob> it is hunter2'
keys ann C-u C-l
types ann 'login ann s4crt'
sees 'a log-in' ann '^this was sent to nobody: it looks like'
keys ann C-l
types ann ' oh no'
sees 'with more behind it' ann '^this was sent to nobody: it has a word of the line that was held back'
keys ann C-u C-l
types ann '/login bob'
types ann 'abc'
sees 'a short one behind a log-in' ann '^this was sent to nobody: it may be the password'
keys ann C-l
types ann d
sees 'with a letter more' ann '^this was sent to nobody: it may be the password'
line_is 'is held back as well' ann 'to bob> abcd'
keys ann C-u C-l
types ann '/check'
sees 'a command is done' ann 'since the last look$'
keys ann C-l

# ---- the password that no question has asked for ----

for line in /login '/login bob' '/create carl' '/lgoin ann'; do
	keys ann "$line" Enter
	sees "refused: $line" ann '^refused: (you are logged in already;|there is no /lgoin;|.*it is: /login )'
	keys ann C-l C-u
	keys ann -l s3same-s3same
	keys ann Enter
	sees 'a password behind it is held back' ann '^this was sent to nobody: it may be the password of the log-in'
	line_is 'it is in the line again' ann 'to bob> s3same-s3same'
	keys ann C-u C-l
done
types ann '/login'
sees 'a log-in once more' ann '^(you are logged in already;|.*it is: /login )'
types ann 'never mind that'
sees 'a sentence is held back, too' ann '^this was sent to nobody: it may be'
released ann
sees 'and sent if that is wanted' ann '-> bob: never mind that'
types ann 'thanks'
sees 'the one after it at once' ann '-> bob: thanks'
nok 'the password is not in the history' grep -q s3same "$history"
keys ann C-l

# ---- another password ----

types ann '/password'
sees 'the old one is asked for' ann 'old password \(not shown\): *$'
types ann 'n0t-my-old-one'
sees 'and the new one' ann 'new password \(not shown\): *$'
types ann 'f1rst-new-one'
sees 'twice' ann 'the same again: *$'
types ann 'f1rst-new-one'
sees 'the old one was wrong' ann 'wrong'
types ann '/password hunter2 s3cond-new-one'
sees 'on one line' ann '^the password is changed'
for line in n0t-my-old-one f1rst-new-one s3cond-new-one; do
	keys ann C-l
	types ann "$line"
	sees "held back: $line" ann '^this was sent to nobody: it holds your password'
	keys ann C-u
done
keys ann C-l

# ---- sentences ----

for line in 'send me the tickets please' 'p->next is NULL' '>> you said that' 'check' 'help' 'login is broken'; do
	types ann "$line"
	sees "sent at once: $line" ann "-> bob: $line"
done
types ann '//etc/hosts has it'
sees 'two slashes send one' ann '-> bob: /etc/hosts has it'
types ann '/etc/passwd is a path'
sees 'one is a command' ann 'there is no /etc/passwd'
keys ann Up
line_is 'that the history has' ann 'to bob> /etc/passwd is a path'
keys ann C-u
types ann '/mgs bob a long story'
sees 'so is a mistyped message' ann 'did you mean /msg'
keys ann Up
line_is 'the history has it' ann 'to bob> /mgs bob a long story'
keys ann C-u

# ---- as it stands ----

types ann 'login bob please'
sees 'held back' ann 'this was sent to nobody'
line_is 'it is in the line' ann 'to bob> login bob please'
released ann
sees 'it is sent' ann '-> bob: login bob please'
types ann '>> carl: hi'
sees 'what holds no password is held back, too' ann '^this was sent to nobody: it looks like /msg NAME TEXT; Enter once more sends'
read -rt 0.5 <&"$never"
keys ann Enter
sees 'but a second Enter sends it' ann '-> bob: >> carl: hi'
nok 'it is not in the history' grep -q 'login bob please' "$history"
keys ann C-d

client_json "$dir/bob" <<<'/login bob pw-of-bob'
is 'bob has got what was meant for him' "$(json_get "$dir/bob" event=message -- text)" \
	$'never mind that\nthanks\nsend me the tickets please\np->next is NULL\n>> you said that\ncheck\nhelp\nlogin is broken\n/etc/hosts has it\nlogin bob please\n>> carl: hi'

done_testing
