#!/bin/bash
# SPDX-License-Identifier: MIT
#
# A client that was stopped for longer than the reply timeout, in the middle of its work, reads what has arrived
# before it calls anybody dead; one whose replica was stopped calls that one dead after the reply timeout, once.
. tests/lib/lib.sh

count=400
start_servers
client_json "$dir/out" <<<'/create bob pw'

# A busy machine answers within that time, too.
client_start alice --reply-timeout 2
client_wait alice '"ready"'
client_ask alice '/create alice pw'
for ((n = 0; n < count; n++)); do
	echo "/msg bob $n"
done >"$dir/lines"
# In the background: the pipe is smaller than all of it.
perl -e 'open(my $in, "<", $ARGV[0]); print STDOUT $_ while <$in>' "$dir/lines" >&"${client_fd[alice]}" &
writer=$!
pause
pause
stopped=0
for _ in 1 2; do
	kill -STOP "${client_pid[alice]}"
	read -rt 2.5 <&"$never"
	kill -CONT "${client_pid[alice]}"
	stopped=$((stopped + 1))
	pause
done
wait $writer
has_all() {
	[ "$(json_count "$dir/alice.out" command=msg)" = $count ]
}
ok 'every command has its result' wait_for "$patience" has_all
is "stopped $stopped times for longer than the reply timeout: nobody is called dead" \
	"$(json_count "$dir/alice.out" event=replica)" 0
is 'and nothing failed' "$(json_count "$dir/alice.out" ok=false)" 0

client_close alice
is 'and it ends well' $? 0

# One whose timeout is far longer than a busy machine needs for a request: who waits for it once is told from who does not.
client_start carl --reply-timeout 3
client_wait carl '"ready".*"live".*"live".*"live"'
client_ask carl '/create carl pw'
signal_server 1 STOP
began=$(now_ms)
client_ask carl '/msg bob once more'
took=$(($(now_ms) - began))
is 'a stopped replica: the others have it' "$(field ok) $(field copies)" 'true 2'
ok "not before the reply timeout ($took ms)" test $took -ge 2500
is 'it is called dead once' "$(json_count "$dir/carl.out" event=replica index=1 state=dead)" 1
like 'and why' "$(json_get "$dir/carl.out" event=replica -- reason)" 'no reply for 3000 ms'
began=$(now_ms)
client_ask carl '/msg bob and again'
took=$(($(now_ms) - began))
ok "the next one does not wait ($took ms)" test $took -lt 2500
signal_server 1 CONT
client_wait carl '"replica".*"index":1.*"live"'
client_ask carl '/msg bob three again'
is 'it is back' "$(field copies)" 3
client_close carl
is 'and all is well' $? 0

client_json "$dir/bob" <<<'/login bob pw'
json_get "$dir/bob" event=message -- text >"$dir/texts"
{
	seq 0 $((count - 1))
	printf '%s\n' 'once more' 'and again' 'three again'
} >"$dir/want"
ok 'everything arrives once, in order' diff "$dir/want" "$dir/texts"

done_testing
