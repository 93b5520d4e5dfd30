#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Of whom a message went to: it is shown as it was sent, from memory, from the journal and from a snapshot, and is
# part of what an id stands for.
. tests/lib/lib.sh

start_servers
client_json "$dir/made" <<<$'/create bob pw\n/logout\n/create carol pw\n/logout\n/create ann pw' ||
	bail 'no account could be made'

# What every message says of whom it went to, in short: names/count/all/notice.
audiences() {
	grep '"event":"message"' "$1" |
		sed -E 's/.*"text":"([^"]*)".*"to":\[([^]]*)\],"to_count":([^,]*),"all":([a-z]*),"notice":([a-z]*)\}$/\1 \2 \3 \4 \5/'
}
ten=$(seq -f 'someone%g' 1 8 | paste -sd,)
client_json "$dir/more" <<<"$(seq -f $'/create someone%g pw\n/logout' 1 8)" || bail 'nor more of them'
# What is said, six ways; a text over a kilobyte is kept in another place.
long=$(printf '%1500s' '' | tr ' ' x)
say=$dir/say
cat >"$say" <<-END
	/login ann pw
	/msg bob alone
	/msg --notice bob noticed
	/msg bob,carol both
	/msg bob,bob,bob doubled
	/msg bob,carol,$ten many
	/all everybody
	/all --notice heard
	{"command":"msg","to":["carol","bob"],"text":"$long","notice":true}
END
cat >"$dir/want" <<-END
	alone "bob" 1 false false
	noticed "bob" 1 false true
	both "bob","carol" 2 false false
	doubled "bob" 1 false false
	many "bob","carol","someone1","someone2","someone3","someone4","someone5","someone6" 10 false false
	everybody  null true false
	heard  null true true
	$long "carol","bob" 2 false true
END
for kept in memory journal snapshot; do
	client_json "$dir/said" <"$say" || fail "from $kept: all is sent"
	case $kept in
	journal)
		kill_all
		restart_server 0
		restart_server 1
		restart_server 2
		;;
	snapshot)
		stop_all
		restart_server 0
		restart_server 1
		restart_server 2
		;;
	esac
	client_json "$dir/read" <<<$'/login bob pw\n/wait 0.5' || fail "from $kept: bob reads"
	audiences "$dir/read" >"$dir/got"
	ok "from $kept: each message says of whom it went to" diff "$dir/want" "$dir/got"
done

# An id stands for the text and for whom it was said to.
id=$(grep -m 1 '"command":"msg"' "$dir/said" | sed -E 's/.*"id":"([^"]*)".*/\1/')
client_json "$dir/again" <<-END
	/login ann pw
	/msg --id $id bob alone
END
ok 'the same text under its id again is the same message' grep -q '"command":"msg","ok":true' "$dir/again"
client_start ann
client_ask ann '/login ann pw'
client_ask ann '/msg bob unread'
id=$(field id)
client_ask ann "{\"command\":\"msg\",\"to\":\"bob\",\"text\":\"unread\",\"id\":\"$id\",\"notice\":true}"
is 'the same text as a notice is another content' "$(field error)" different-text
client_ask ann "/msg --id $id bob unread"
is 'and as what it was it is the same' "$(field ok)" true
client_close ann

# For people.
client_json "$dir/said" <"$say" || fail 'all is sent once more'
# shellcheck disable=SC2046
"$BIN/client" $(addresses) <<<$'/login bob pw\n/wait 0.5' >"$dir/read" 2>&1
for want in ': alone' ' \[notice\]: noticed' ' \[to bob, carol\]: both' ' \[to 10\]: many' ' \[to all\]: everybody' \
	' \[notice to all\]: heard'; do
	ok "a readable line has the mark: $want" grep -qE "\] ann$want" "$dir/read"
done
done_testing
