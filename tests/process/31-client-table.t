#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Every command, logged out and logged in: what it answers, and that each command has exactly one result, in order.
. tests/lib/lib.sh

start_servers
client_json "$dir/first" <<<'/create bob pw' || bail 'no account could be made'

# Out and in: `ok` or the code of the refusal. What changes the state is undone by the lines after it.
script=$dir/script
want=$dir/want
: >"$script"
: >"$want"

# expect COMMAND CODE LINE
expect() {
	printf '%s\n' "$3" >>"$script"
	printf '%s %s\n' "$1" "$2" >>"$want"
}

# Logged out.
expect logout not-logged-in /logout
expect delete not-logged-in '/delete alice'
expect list ok /list
expect list ok '/list bo'
expect list ok '/list b?b*'
expect list ok '/list -E b|x'
expect list usage '/list -E ('
expect msg not-logged-in '/msg bob hi'
expect msg bad-name '/msg .bob hi'
expect msg usage '/msg bob'
expect talk not-logged-in '/talk bob'
expect all not-logged-in '/all hi'
expect check not-logged-in /check
expect replicas ok /replicas
expect bell usage '/bell on'
expect bell usage /bell
expect history not-logged-in /history
expect search not-logged-in '/search hi'
expect log usage /log
expect wait ok '/wait 0.01'
expect help ok /help
expect help ok '/help msg'
expect help usage '/help nothing'
expect text usage 'hello there'
expect text usage 'send bob hi'
expect foo unknown-command '/foo bar'
expect login wrong-password '/login bob wrong'
expect login wrong-password '/login nobody pw'
expect login usage '/login bob'
expect login bad-name '/login b!b pw'
expect create name-taken '/create bob other'
expect create bad-name '/create -bob pw'
expect create bad-name '/create bob~12345678 pw'
expect create usage '/create carol'
expect create ok '/create alice pw'
# Logged in.
expect create logged-in '/create carol pw'
expect login logged-in '/login bob pw'
expect list ok /list
expect msg ok '/msg bob hi'
expect msg ok '/msg alice to myself'
expect msg ok '/msg alice,bob to two'
expect msg no-such-user '/msg nobody hi'
expect msg no-such-user '/msg bob~00000000 hi'
expect msg bad-text "$(printf '/msg bob \377')"
expect msg usage '/msg --id nonsense bob hi'
expect talk ok '/talk bob'
expect msg ok 'plain text goes to bob'
expect text usage '>> bob: hi'
expect text usage 'login alice pw'
expect text usage '//login alice pw'
expect all ok '/all hello everybody'
expect check ok /check
expect replicas ok /replicas
expect bell usage '/bell on'
expect bell usage /bell
expect history usage '/history bob 5'
expect search usage '/search hi'
expect log usage '/log off'
expect wait ok '/wait 0'
expect help ok /help
expect Msg unknown-command '/Msg bob hi'
expect msg ok '{"command":"msg","to":["bob"],"text":"two\nlines"}'
expect msg bad-text '{"command":"msg","to":["bob"],"text":"a\u0000b"}'
expect list ok '{"command":"list","pattern":"a"}'
expect '' usage '{"command"'
expect check usage '{"command":"check","text":"x"}'
expect delete usage /delete
expect delete usage '/delete bob'
expect logout ok /logout
expect text usage 'nobody is chosen any more'
expect login ok '/login --take-over alice pw'
expect delete ok '/delete alice'
expect check not-logged-in /check
expect login wrong-password '/login alice pw'
expect create ok '/create alice other'
expect logout ok /logout
expect quit ok /quit
# What follows /quit is not read.
echo '/create zoe pw' >>"$script"

client_json "$dir/out" <"$script"
is 'a script with refusals exits with 1' $? 1
json_get "$dir/out" event=result -- command ok error |
	awk -F'\t' '{ print $1, ($2 == "true" ? "ok" : $3) }' >"$dir/got"
ok 'every command has its result, in order' diff "$want" "$dir/got"
is 'each refusal has a sentence' "$(json_count "$dir/out" event=result ok=false detail=)" 0
is 'no success has an error' "$(json_count "$dir/out" event=result ok=true error!=)" 0
is 'ready is the first line' "$(head -n 1 "$dir/out" | json_get - -- event)" ready
is 'all of /list are shown before its result' "$(json_get "$dir/out" event=users | head -n 1)" \
	'{"event":"users","users":[{"name":"bob","online":false}]}'
is 'messages to oneself arrive' "$(json_count "$dir/out" event=message from=alice)" 2
is 'nothing was sent for plain text without a conversation' \
	"$(json_count "$dir/out" text='nobody is chosen any more')" 0

# The recipient gets what was sent to him, once, in order; nothing that was refused.
client_json "$dir/bob" <<<'/login bob pw'
is 'a script without refusals exits with 0' $? 0
# Their sender is gone, and her name has a new owner: so she is shown by her digits.
json_get "$dir/bob" event=message -- from waited text >"$dir/senders"
is 'a gone sender is not taken for the new owner of her name' \
	"$(grep -c '^alice~[0-9A-Z]\{8\}	' "$dir/senders")" 5
sed 's/^alice~[0-9A-Z]\{8\}	/alice	/' "$dir/senders" >"$dir/texts"
ok 'what was sent is received, in order' diff - "$dir/texts" <<'END'
alice	true	hi
alice	true	to two
alice	true	plain text goes to bob
alice	true	hello everybody
alice	true	two
lines
END

# The same facts as readable lines.
# shellcheck disable=SC2046
"$BIN/client" $(addresses) <"$script" >"$dir/readable" 2>"$dir/readable.err"
is 'readable: exits with 1, too' $? 1
is 'readable: the first line says that it is ready' "$(head -n 1 "$dir/readable")" \
	"ready: 3 of 3 replicas are live, $host:${server_port[0]} leads"
# alice exists this time, so her creation is refused and so is what needs it.
is 'readable: the refusals have their codes' "$(grep -c '^foo: refused (unknown-command): ' "$dir/readable")" 1
nok 'readable: no control character is shown' grep -qP '[\x00-\x08\x0b-\x1f]' "$dir/readable"

done_testing
