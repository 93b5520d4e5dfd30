#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The client on a terminal (tmux plays the person): a prompt, passwords without echo, messages above the prompt, and
# nothing of what others wrote reaches the terminal raw.
. tests/lib/terminal.sh

one_line() {
	addresses | tr '\n' ' '
}
person() {
	tmux new-session -d -s "$1" -x 100 -y 40 "$BIN/client $(one_line); echo \"ended with \$?\"; read -r _"
}

start_servers
person alice
sees 'a prompt for somebody who is not logged in' alice '^not logged in>'
sees 'what to do first is said' alice '^/create NAME'

types alice '/create alice'
sees 'a password is asked for' alice 'password \(not shown\):'
types alice 'secret-pw'
sees 'twice' alice 'the same again:'
types alice 'secret-pw'
sees 'creating logs in' alice '^alice>'
nok 'the password is not shown' shows alice 'secret-pw'
types alice '/logout'
sees 'out' alice '^logged out$'
types alice '/create carol'
sees 'a password is asked for again' alice 'password \(not shown\): *$'
types alice 'one'
sees 'and again' alice 'the same again: *$'
types alice 'two'
sees 'two different passwords are refused' alice '^refused: the two passwords differ'
types alice '/login alice'
sees 'to log in it is asked for' alice 'password \(not shown\): *$'
types alice 'secret-pw'
sees 'once' alice '^you are alice$'

client_start bob
client_wait bob '"ready"'
client_ask bob '/create bob pw'
client_ask bob '{"command":"msg","to":"alice","text":"red \u001b[31m \u009b31m \u202e and\nalice: forged"}'
sees 'a message is shown, its escape sequences as marks' alice \
	'bob: red \^\[\[31m <U\+009B>31m <U\+202E> and$'
sees 'its second line is moved in' alice '^                  \| alice: forged$'
sees 'the prompt is there again below it' alice '^alice>$'
sees 'and above it the row that says how many came, and from whom' alice '^ alice \[bob 1\]$'

types alice '/talk bob'
sees 'the prompt shows the conversation' alice '^to bob>'
types alice 'hello bob'
client_wait bob '"message"'
is 'a plain line goes to the conversation' "$(field text)" 'hello bob'
sees 'the sender sees it once, in the layout of all messages, and without a remark if all is well' alice \
	'^[0-9:]{5}       -> bob: hello bob$'
types alice '{"not":"a command"}'
client_wait bob '"message"'
is 'a line in braces is plain text here' "$(field text)" '{"not":"a command"}'
types alice '>> bob: oops'
sees 'another form is sent to nobody at first' alice '^this was sent to nobody: it looks like /msg NAME TEXT'
keys alice C-u

kill_server 0
fewer='^[0-9:]{5} -- 2 of 3 replicas are live: messages have fewer copies until the others are back$'
sees 'what a death means to somebody who talks is one line, if it lasts' alice "$fewer"
sees 'the row above the prompt shows how many are live' alice '^ alice 2/3$'
kill_server 1
kill_server 2
sees 'none is left' alice '^ alice 0/3$'
types alice 'waits for you'
sees 'a message waits, and says so' alice '^[0-9:]{5}       -> bob: waits for you \[waiting\]$'
sees 'the row counts it' alice '^ alice 0/3 1 waiting$'
sees 'and the prompt still says whom a line goes to' alice '^to bob>$'
restart_server 1
client_wait bob '"text":"waits for you"'
is 'it goes out when one returns, once' "$(json_count "$dir/bob.out" text='waits for you')" 1
restart_server 0
restart_server 2
sees 'and that it did is said' alice '^[0-9:]{5} -- 1 message that waited is sent, on 1 of 3 replicas$'
sees 'all are back' alice '^ alice$'
sees 'that they are is one line, too' alice '^[0-9:]{5} -- (all 3 replicas are|[12] of 3 replicas (is|are)) live again'
is 'nothing else was said of replicas after the start' "$(printed alice | grep -cE '^[0-9:]{5} -- .*replicas?' )" 5

types alice '/delete'
sees 'deletion asks for the name' alice 'type the name of your account to delete it:'
types alice 'bob'
sees 'another name deletes nothing' alice '^refused: nothing was deleted: '
types alice '/delete'
types alice 'alice'
sees 'the own name does' alice '^the account is deleted$'
sees 'and logs out' alice '^not logged in>'
types alice '/quit'
sees 'quit ends it' alice '^ended with 1'

person dora
sees 'another one begins' dora '^not logged in>'
tmux send-keys -t dora C-d
sees 'the end of input ends it, too' dora '^ended with 0'

tmux new-session -d -s eve -x 100 -y 40
types eve "$BIN/client $(one_line)"
sees 'started from a shell' eve '^not logged in>'
types eve '/create eve'
sees 'a password is asked for, without echo' eve 'not shown'
tmux send-keys -t eve C-c
sees 'Ctrl-C leaves the question' eve '^refused: nothing was done'
tmux send-keys -t eve C-c
sees 'on an empty line it says how to end' eve 'Ctrl-C once more'
tmux send-keys -t eve C-c
sees 'twice in a row it ends the client' eve '[$#%] *$'
types eve 'echo the terminal "echoes"'
sees 'the terminal has its echo back' eve 'echo the terminal "echoes"'

done_testing
