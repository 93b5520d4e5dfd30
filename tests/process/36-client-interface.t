#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The interface for programs, where it refuses, waits, or does not know: the order of checks, --min-copies, what a
# replica's silence and absence lead to, the same id again, names that change hands, shares of mailboxes, clocks.
. tests/lib/features.sh

start_servers --share-messages 5 --share-bytes 3000

# ---- the order of checks ----

is 'order: the command is known, before anything else' "$(run_all "$dir/out" <<<'/nothing .bad')" nothing:unknown-command
is 'order: then the number of arguments' "$(printf '%s\n' '/msg .bad' '/create .bad' '/login .bad' '/delete a b' '/list a b' \
	'/wait' '/check x' '/talk' '/all' | run_all "$dir/out")" \
	'msg:usage create:usage login:usage delete:usage list:usage wait:usage check:usage talk:usage all:usage'
is 'order: then their form' "$(printf '%s\n' '/msg .bad hi' "$(printf '/msg bob \377')" '/talk .bad' '/delete .bad' \
	"$(printf '/all \377')" '/wait soon' '/msg bob,.bad hi' '/msg bob,,ann hi' '/msg --id x bob hi' | run_all "$dir/out")" \
	'msg:bad-name msg:bad-text talk:bad-name delete:bad-name all:bad-text wait:usage msg:bad-name msg:bad-name msg:usage'
is 'order: then whether one is logged in' "$(printf '%s\n' '/msg nobody hi' '/delete nobody' '/talk nobody' | run_all "$dir/out")" \
	'msg:not-logged-in delete:not-logged-in talk:not-logged-in'
is 'order: then the replicas' "$({
	echo '/create ann pw-ann'
	printf '%s\n' '/create .bad pw' '/create ann' '/create ann pw' '/msg nobody hi'
} | run_all "$dir/out")" 'create:ok create:bad-name create:usage create:logged-in msg:no-such-user'
is 'only the options of a command are options: any other word is an argument' \
	"$(printf '%s\n' '/list --id' '/list -x' '/help -x' '/msg --take-over x' '/login --id x pw' '/create -E pw' |
		run_all "$dir/out")" 'list:ok list:ok help:usage msg:bad-name login:usage create:bad-name'

# ---- commands as JSON ----

is 'as JSON: each command' "$(run_all "$dir/out" <<'END'
{"command":"create","name":"json","password":"p w\n\u00e9"}
{"command":"msg","to":"json","text":"one\ntwo"}
{"command":"msg","to":["json","ann","json"],"text":"/quit"}
{"command":"talk","name":"json"}
{"command":"all","text":"x"}
{"command":"check"}
{"command":"replicas"}
{"command":"wait","seconds":0.01}
{"command":"wait","seconds":"0.01"}
{"command":"help"}
{"command":"help","name":"msg"}
{"command":"list"}
{"command":"list","pattern":"j"}
{"command":"list","regex":"j.*n$"}
{"command":"logout"}
{"command":"login","name":"json","password":"p w\n\u00e9","take_over":false}
{"command":"logout"}
{"command":"login","take_over":true,"name":"json","password":"p w\n\u00e9"}
{	"command" : "delete" , "name" : "json" }
{"command":"quit"}
END
)" 'create:ok msg:ok msg:ok talk:ok all:ok check:ok replicas:ok wait:ok wait:ok help:ok help:ok list:ok list:ok list:ok logout:ok login:ok logout:ok login:ok delete:ok quit:ok'
is 'as JSON: a text may have lines, and look like a command' "$(json_get "$dir/out" event=message -- text | tr '\n' '|')" \
	'one|two|/quit|'
is 'as JSON: what is wrong has a result, too' "$(run_all "$dir/out" <<'END'
{
{}
{"command":"nothing"}
{"command":7}
{"command":"msg","to":"ann"}
{"command":"msg","to":[],"text":"x"}
{"command":"msg","to":[7],"text":"x"}
{"command":"msg","to":"ann","text":7}
{"command":"msg","to":"ann","text":"x","text":"y"}
{"command":"msg","to":"ann","text":"x"} x
{"command":"msg","to":"ann","text":"x","color":"red"}
{"command":"check","text":"x"}
{"command":"login","name":"ann","password":"pw","take_over":"yes"}
{"command":"msg","to":".bad","text":"x"}
{"command":"msg","to":"ann","text":""}
["check"]
"check"
{"command":"check"}
END
)" ':usage :usage nothing:unknown-command :usage msg:usage msg:usage msg:usage msg:usage msg:usage msg:usage msg:usage check:usage login:usage msg:bad-name msg:bad-text text:usage text:usage check:not-logged-in'

# ---- the same id again ----

enter bob
come ann
visit cat
says cat '/create cat pw-cat' >/dev/null
is 'a message has an id' "$(says ann '/msg cat once')" ok
id=$(answer id)
is 'the same again is the same' "$(says ann "/msg --id $id cat once" id)" "ok $id"
client_wait cat '"text":"once"'
is 'also when it was received' "$(says cat '/wait 0.1')$(says ann "/msg --id $id cat once" id)" "okok $id"
client_close ann
come ann
is 'also by another client' "$(says ann "/msg --id $id cat once" id)" "ok $id"
is 'also as JSON' "$(says ann "{\"command\":\"msg\",\"id\":\"$id\",\"to\":\"cat\",\"text\":\"once\"}" id)" "ok $id"
is 'it is shown once' "$(says cat '/wait 0.4')$(json_count "$dir/cat.out" event=message)" ok1
is 'an id belongs to one recipient' "$(says ann "/msg --id $id cat,bob once")" usage
is 'what is no id is no id' "$(for bad in "${id%-*}" "${id%-*}-0" "${id%-*}-01" "x$id" "${id%-*}-99999999999999999999"; do
	says ann "/msg --id $bad cat once"
done | sort | uniq -c | tr -s ' ')" ' 5 usage'
says ann '/msg bob,cat to two' >/dev/null
is 'a message to two has none' "$(answer id)" ''

# ---- a name that changes hands ----

enter dan
says ann '/msg dan to the first' >/dev/null
says dan '/delete dan' >/dev/null
is 'a deleted name is unknown' "$(says ann '/msg dan anybody')" no-such-user
says dan '/create dan pw-dan' >/dev/null
is 'a name with another owner: nothing is sent' "$(says ann '/msg dan for the first only' names)" 'name-changed ["dan"]'
is 'but the same command again goes to the new one' "$(says ann '/msg dan now for you')" ok
client_wait dan '"text":"now for you"'
is 'who sees nothing of the other' "$(shown "$dir/dan.out")" 'to the first now for you'
is 'and from then on it is the name of that one' "$(says ann '/msg dan on')" ok
client_close dan

# ---- a share of a mailbox ----

visit eve
says eve '/create eve pw-eve' >/dev/null
says eve /logout >/dev/null
is 'a share: the message that fills it says so' \
	"$(for n in 1 2 3 4 5; do says ann "/msg eve $n" mailbox; done | tr '\n' ' ')" 'ok ok ok ok ok full '
is 'a share: the next one is refused' "$(says ann '/msg eve 6')" mailbox-full
is 'a share: of several recipients the full one is named, and none is sent anything' \
	"$(says ann '/msg cat,eve both' names)" 'mailbox-full ["eve"]'
is 'a share: it is this sender'"'"'s alone' "$(says bob '/msg eve hello' mailbox)" ok
is 'a share: and this mailbox'"'"'s' "$(says ann '/msg cat hello')" ok
says eve '/login eve pw-eve' >/dev/null
client_wait eve '"text":"hello"'
is 'a share: once it is read there is room' "$(says eve '/wait 0.1')$(says ann '/msg eve 7' mailbox)" okok
client_wait eve '"text":"7"'
is 'a share: nothing was lost and nothing is there twice' "$(shown "$dir/eve.out" | tr ' ' '\n' | sort | tr '\n' ' ')" \
	'1 2 3 4 5 7 hello '
says eve /logout >/dev/null
is 'a share in bytes' "$(for n in 1 2 3; do says ann "/msg eve $(printf "%01000d" $n)" mailbox; done | tr '\n' ' ')" 'ok ok ok full '
is 'a share in bytes: full' "$(says ann '/msg eve x')" mailbox-full
is 'a share: of several that fill, the result names them' "$(
	says eve '/create fay pw-fay' >/dev/null && says eve /logout >/dev/null
	for n in 1 2 3 4; do says ann "/msg fay $n" >/dev/null; done
	says ann '/msg fay,bob 5' mailbox names
)" 'ok full ["fay"]'
is 'a share: a broadcast names those who got nothing' "$(says ann '/all to everybody')" mailbox-full
is 'a share: says to how many it went' "$(answer stored)" "$(($(says ann '/list' count | cut -d' ' -f2) - 3))"
ok 'a share: and reaches the others' client_wait bob '"text":"to everybody"'

# ---- too few replicas ----

client_close cat
kill_server 2
is 'fewer than --min-copies: nothing is stored' "$({
	echo '/login cat pw-cat'
	echo '/msg ann hi'
	echo '/all hi'
	echo '/delete cat'
	echo '/list cat'
	echo '/check'
	echo '/replicas'
	echo '/logout'
	echo '/create gus pw'
} | run_all "$dir/out" --min-copies 3)" \
	'login:ok msg:too-few-replicas all:too-few-replicas delete:too-few-replicas list:ok check:ok replicas:ok logout:ok create:too-few-replicas'
is 'as many as --min-copies: stored' "$({
	echo '/create gus pw'
	echo '/msg ann hi'
	echo '/delete gus'
} | run_all "$dir/out" --min-copies 2)" 'create:ok msg:ok delete:ok'
client_wait ann '"text":"hi"'
is 'once' "$(json_count "$dir/ann.out" text=hi)" 1
restart_server 2

# ---- no answer, and nobody to ask ----

for name in ann bob eve; do client_close "$name"; done
visit hal --timeout 1 --reply-timeout 1.5
says hal '/create hal pw-hal' >/dev/null
is 'a message that all three have' "$(says hal '/msg hal before' copies)" 'ok 3'
for n in 0 1 2; do signal_server $n STOP; done
is 'no replica answers: the outcome is unknown' "$(says hal '/msg hal maybe')" unknown-outcome
id=$(answer id)
like 'it has an id all the same' "$id" '^[0-9A-Z]{26}-2$'
is 'the next one was written to nobody' "$(says hal '/msg hal no')" no-replica
is 'what needs no replica goes on' "$(says hal /check) $(says hal /help) $(says hal '/talk hal')" 'ok ok ok'
is 'the others as well' "$(says hal /list)$(says hal '/all x')$(says hal '/delete hal')" no-replicano-replicano-replica
for n in 0 1 2; do signal_server $n CONT; done
ok 'they come back' knows_all hal
is 'the same id again is safe' "$(says hal "/msg --id $id hal maybe" copies)" 'ok 3'
is 'it is shown once, and what was refused never' "$(says hal '/wait 0.4')$(shown "$dir/hal.out")" 'okbefore maybe'
is 'nothing was deleted' "$(says hal '/list hal' count)" 'ok 1'
is 'the numbers go on' "$(says hal '/msg hal next' id)" "ok ${id%-*}-3"

says hal /logout >/dev/null
for n in 0 1 2; do signal_server $n STOP; done
is 'no replica answers a creation: unknown' "$(says hal '/create ivy pw-1')" unknown-outcome
for n in 0 1 2; do signal_server $n CONT; done
knows_all hal
is 'it was made for no one: the name is taken, and its password opens it' \
	"$(says hal '/create ivy pw-2')$(says hal '/login ivy pw-2')$(says hal '/login ivy pw-1' unfinished)" \
	'name-takenwrong-passwordok true'
is 'its owner makes it anew' "$(says hal '/delete ivy')$(says hal '/create ivy pw-3' copies)" 'okok 3'
client_close hal

# ---- clocks ----

for n in 0 1 2; do stop_server $n; done
ok 'the clock can be built' fake_clock
echo 0 >"$dir/shift"
export FAKE_CLOCK_SHIFT=$dir/shift
export LD_PRELOAD=$clock
for n in 0 1 2; do restart_server $n; done
unset LD_PRELOAD
visit kim
echo 3600 >"$dir/shift"
is 'clocks that jump: a creation whose date no replica confirms is refused' "$(says kim '/create kim pw-kim')" clock
is 'it was taken back' "$(says kim '/list kim' count)" 'ok 0'
is 'and is made at the second attempt, by what the clocks say now' "$(says kim '/create kim pw-kim' copies)" 'ok 3'
is 'a message has the time of the replicas' "$(says kim '/msg kim time')" ok
client_wait kim '"text":"time"'
now=$(date -u +%s)
sent=$(date -u -d "$(field sent)" +%s)
ok "(an hour ahead: $((sent - now)) s)" test $((sent - now)) -gt 3500 -a $((sent - now)) -lt 3700
echo 0 >"$dir/shift"
client_close kim
unset FAKE_CLOCK_SHIFT

done_testing
