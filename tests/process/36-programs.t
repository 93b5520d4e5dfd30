#!/bin/bash
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2046  # addresses are several words
#
# What programs count on: a tag comes back with its result, a wrong key is answered with the right ones, an object may
# have several lines, /wait ends with the message one waits for, a password comes from a pipe, and each command has its
# result also without a replica.
. tests/lib/lib.sh

start_servers
client_json "$dir/made" <<<$'/create bob pw\n/logout\n/create ann pw' || bail 'no account could be made'

# results FILE: of each result the command, the tag and the code or `true`.
results() {
	json_get "$1" event=result -- command tag ok error | sed 's/\t/:/g; s/:*$//' | tr -s : | paste -sd' '
}
# details FILE: the sentences of the refusals.
details() {
	json_get "$1" event=result ok=false -- detail
}

# ---- tags ----

many=$(seq -f '{"command":"msg","to":"bob","text":"hi","tag":"t%g"}' 1 100)
client_json "$dir/out" <<-END
	{"tag":"in \u00e9 \" \\\\","command":"login","name":"ann","password":"pw"}
	$many
	{"command":"msg","to":"nobody","text":"hi","tag":"no"}
	{"command":"msg","tag":"wrong","txt":"hi"}
	{"txt":[1,{"a":"]"}],"command":"msg","tag":"behind"}
	{"command":"nothing","tag":"unknown"}
	{"command":"check","tag":""}
	{"command":"check","tag":"$(printf 'x%.0s' {1..64})"}
	{"command":"check","tag":"$(printf 'x%.0s' {1..65})"}
	{"command":"check","tag":"\ud800"}
	{"command":"check","tag":7}
	{"command":"wait","seconds":0,"tag":"last"}
END
want="login:in é \" \\:true $(seq -f 'msg:t%g:true' 1 100 | paste -sd' ')"
want+=" msg:no:false:no-such-user msg:wrong:false:usage msg:behind:false:usage nothing:unknown:false:unknown-command"
want+=" check:true check:$(printf 'x%.0s' {1..64}):true"
want+=' check:false:usage check:false:usage check:false:usage wait:last:true'
is 'each result has the tag of its command' "$(results "$dir/out")" "$want"
is 'an empty tag is one' "$(grep -c '"command":"check","tag":"","ok":true' "$dir/out")" 1
is 'without --json it stands behind the command' \
	"$("$BIN/client" $(addresses) <<<'{"command":"check","tag":"a b"}' | grep -c '^check \[a b\]: refused')" 1

# ---- what is wrong, in the language of JSON ----

client_json "$dir/out" <<-'END'
	{"command":"msg","to":"bob","txt":"hi"}
	{"command":"msg","to":"bob"}
	{"command":"check","text":"hi"}
	{"command":"login","name":"ann","password":7}
	{"command":"send"}
	{"command":"msg","to":"bob","text":"no end
	/msg bob
END
ok 'a wrong key is named, and the right ones' diff - <(details "$dir/out") <<'END'
a key that it does not have: "txt"; msg has "to" and "text", and may have "id", "notice" and "tag"
a key is missing: "text"; msg has "to" and "text", and may have "id", "notice" and "tag"
a key that it does not have: "text"; check may have "tag"
no string where one belongs: "password"; login has "name" and "password", and may have "take_over" and "tag"
there is no command "send"; did you mean "msg"?; "help" lists all
a string without an end, or a newline in it, which is \n: "text"; msg has "to" and "text", and may have "id", "notice" and "tag"
too few arguments; it is: /msg [--id ID] NAME[,NAME...] TEXT
END

# ---- several lines ----

client_json "$dir/out" < <(
	printf '/login ann pw\r\n{\r\n  "command": "msg",\r\n  "to": [\r\n    "bob"\r\n  ],\r\n  "text": "{ [ \\" in lines",\r\n  "tag": "one"\r\n}\r\n'
	printf '{"command":"check","tag":"cut"\n{"command":"check","tag":"next"}\n'
	printf '{"command":"check","tag":"cut too",\n\n/check\n{"command":\n'
)
is 'an object may have several lines; another command ends one that has no end' "$(results "$dir/out")" \
	'login:true msg:one:true check:cut:false:usage check:next:true check:cut too:false:usage check:true :false:usage'

# ---- /wait with a count ----

client_start bob
client_ask bob '/login bob pw'
all_shown() { [ "$(json_count "$dir/bob.out" event=message)" = 101 ]; }
wait_for "$patience" all_shown
client_ask bob '/wait 30 2'
is 'what was shown before counts' "$(field ok):$(field messages)" true:101
client_start ann
client_ask ann '/login ann pw'
client_say bob '{"command":"wait","seconds":60,"count":3,"tag":"three"}'
begin=$SECONDS
for n in 1 2 3 4; do
	client_say ann "/msg bob number $n"
done
client_wait bob '"tag":"three"'
is '/wait ends with the message' "$(field messages)" 3
ok 'at once' [ $((SECONDS - begin)) -lt 50 ]
is 'and what comes behind it counts for the next' \
	"$(sed -n '/number 3/{n;s/.*"command":"wait".*/wait/p}' "$dir/bob.out")" wait
client_say bob '{"command":"wait","seconds":60,"count":1,"tag":"one"}'
client_wait bob '"tag":"one"'
is 'which may have it already' "$(field messages)" 1
client_say bob '{"command":"wait","seconds":0.01,"count":1,"tag":"none"}'
client_wait bob '"tag":"none"'
is 'one that gets none ends in time' "$(field ok):$(field messages)" true:0
client_say bob '{"command":"wait","seconds":1,"count":0,"tag":"zero"}'
client_wait bob '"tag":"zero"'
is 'a count is at least 1' "$(field error)" usage
client_close bob
client_close ann

# ---- a password from elsewhere ----

name() {
	json_get "$dir/out" event=result command=login -- ok name
}
client_json "$dir/out" --user ann --password-file <(printf 'pw\nmore\n') </dev/null
is 'the password comes from a pipe' "$(name)" $'true\tann'
mkfifo -m 600 "$dir/fifo"
(printf 'pw\n' && exec sleep 60) >"$dir/fifo" &
writer=$!
client_json "$dir/out" --user ann --password-file "$dir/fifo" </dev/null
is 'its first line is enough' "$(name)" $'true\tann'
kill "$writer"
printf 'pw\n' >"$dir/pw"
chmod 600 "$dir/pw"
THREEFOLD_PASSWORD_FILE=$dir/pw client_json "$dir/out" --user ann </dev/null
is 'or from the file that the environment names' "$(name)" $'true\tann'
THREEFOLD_PASSWORD_FILE=$dir/none client_json "$dir/out" --user ann --password-file "$dir/pw" </dev/null
is 'the option goes first' "$(name)" $'true\tann'
THREEFOLD_PASSWORD_FILE=$dir/none client_json "$dir/out" </dev/null
is 'without --user nobody reads it' $? 0
like 'one that is missing is named with its variable' \
	"$(THREEFOLD_PASSWORD_FILE=$dir/none "$BIN/client" --user ann $(addresses) </dev/null 2>&1)" \
	"THREEFOLD_PASSWORD_FILE: cannot read '$dir/none'"
chmod 666 "$dir/fifo"
like 'a pipe that others may write to is none' \
	"$("$BIN/client" --user ann --password-file "$dir/fifo" $(addresses) </dev/null 2>&1)" 'chmod 600 it'

# ---- no replica ----

client_start lone --timeout 1
client_ask lone '/login ann pw'
kill_all
client_say lone '{"command":"msg","to":"bob","text":"hi","tag":"dark"}'
client_wait lone '"event":"none-live"'
client_wait lone '"tag":"dark"'
is 'without a replica a command has its result' "$(field error)" no-replica
client_say lone '/list'
client_say lone '/wait 60'
client_wait lone '"command":"list"'
is 'and the next one' "$(field error)" no-replica
for n in 0 1 2; do
	restart_server "$n"
done
client_wait lone '"event":"live-again"'
pass 'an event tells that one is live again'
is 'each is told once' "$(json_count "$dir/lone.out" event=none-live):$(json_count "$dir/lone.out" event=live-again)" 1:1
kill "${client_pid[lone]}"
client_wait lone '"command":"wait"'
is 'a signal ends a /wait, which has its result' "$(field error)" unknown-outcome
client_close lone

client_start lone
client_ask lone '/login ann pw'
for n in 0 1 2; do
	signal_server "$n" STOP
done
client_ask lone $'/check\n/wait 1'
kill "${client_pid[lone]}"
client_wait lone '"command":"wait"'
client_close lone
ok 'while nobody answers its log-out, the time of the /wait passes and does no harm' [ $? -le 1 ]
is 'and there is one result' "$(json_count "$dir/lone.out" event=result command=wait)" 1
for n in 0 1 2; do
	signal_server "$n" CONT
done

kill_all
client_json "$dir/out" --timeout 0.3 --user ann --password-file "$dir/pw" 2>/dev/null <<-'END'
	/msg bob hi
	{"command":"msg","to":"bob","text":"hi","tag":"x"}

	/nothing
	/quit
END
is 'from the start, too' "$?:$(results "$dir/out")" \
	'3:login:false:no-replica msg:false:no-replica msg:x:false:no-replica nothing:false:unknown-command quit:false:no-replica'
is 'and it says so' "$(head -n 1 "$dir/out")" '{"event":"none-live"}'
client_json "$dir/out" --timeout 0.3 --stop-on-error <<<$'/list\n/list' 2>/dev/null
is 'a script that stops on errors ends with the first' "$?:$(results "$dir/out")" 3:list:false:no-replica
is 'its lines for people' \
	"$("$BIN/client" --timeout 0.3 $(addresses) <<<'/list' 2>/dev/null | head -n 1)" 'no replica is live: commands wait for one'
seq -f '/list %g' 1 20000 | client_json "$dir/out" --timeout 0.3 2>/dev/null
is 'more than a pipe holds at once has its results' "$(json_count "$dir/out" event=result error=no-replica)" 20000
done_testing
