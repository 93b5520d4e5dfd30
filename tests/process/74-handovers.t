#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Whoever gives replicas hundreds of accounts with somebody's name delays none of the owner's log-ins.
. tests/lib/lib.sh

# log_ins: the median time of seven, in ms.
log_ins() {
	local begin
	for _ in {1..7}; do
		begin=$(now_ms)
		client_json "$dir/out" <<<'/login honest pw' || return
		echo $(($(now_ms) - begin))
	done | sort -n | sed -n 4p
}

ok 'three servers start' start_servers
ok 'the owner is there' client_json "$dir/out" <<<'/create honest pw'
before=$(log_ins)
read -r taken one many < <(python3 tests/flood/handovers.py honest 500 "${server_port[@]}")
is 'a stranger hands over 500 accounts of that name to each' "$taken" 1500
ok "an answer about the name stays small: $one bytes, then $many" test "$many" -lt $((one * 16))
after=$(log_ins)
ok "the owner logs in as fast as before, nearly: $before ms, then $after ms" test "$after" -lt $((before * 8 + 500))
client_json "$dir/out" < <(printf '/login honest pw\n/msg honest to myself\n/wait 1\n')
is "the name is still the owner's" "$(json_get "$dir/out" event=message -- text)" 'to myself'
ok 'they stop cleanly' stop_all
done_testing
