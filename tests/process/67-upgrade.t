#!/bin/bash
# SPDX-License-Identifier: MIT
#
# docs/operate.md, Upgrade: one server after the other gets the new program, by the commands of the page, while somebody
# writes and somebody reads. OLD=dir has server and client of an earlier release; without it they are those of today,
# under another path.
. tests/lib/lib.sh
. tests/lib/operate.sh

old=${OLD:-$dir/old}
[ -n "${OLD:-}" ] || { mkdir "$old" && cp "$BIN/server" "$BIN/client" "$old/"; }

# What `make && make install` is on this host.
make() {
	case $* in
	'') true ;;
	install) new[here]=$BIN/server ;;
	*) false ;;
	esac
}
restart_server() {
	DAEMON=${new[$1]:-$old/server} start_server "$1"
}
program_of() {
	readlink "/proc/${server_pid[$1]}/exe"
}

new=()
DAEMON=$old/server hosts
cp "$dir/host0/operator.key" "$dir/safe/"
client_json "$dir/out" < <(printf '/create bob pw\n/logout\n/create ann pw\n')
is 'two people' "$(json_count "$dir/out" event=result command=create ok=true)" 2

# The client of the earlier release writes, that of today reads.
(umask 077 && echo pw >"$dir/pw")
touch "$dir/going-on"
writes() {
	local n=0
	while [ -e "$dir/going-on" ]; do
		n=$((n + 1))
		echo "/msg bob $n"
		read -rt 0.1 <&"$never"
	done
	echo "$n" >"$dir/written"
}
# shellcheck disable=SC2046
(writes | launch "$old/client" --json --user ann --password-file "$dir/pw" $(addresses)) >"$dir/ann.out" 2>"$dir/ann.err" &
client_pid[ann]=$!
client_start bob --user bob --password-file "$dir/pw"
ok 'mail comes' client_wait bob '"text":"5"'

for here in 0 1 2; do
	is 'the page has commands' "$(commands Upgrade | wc -l)" 5
	is "host $here: it runs the earlier program" "$(program_of $here)" "$(realpath "$old/server")"
	ok "host $here: install, restart, repair" follow Upgrade '^make|^systemctl|^threefold-repair [^-]'
	is "host $here: it runs the new one" "$(program_of $here)" "$(realpath "$BIN/server")"
	follow Upgrade '^threefold-repair --check' >/dev/null
	like "host $here: they are compared while somebody writes" "$? $(tail -n 1 "$repair_says")" '^[01] (all three replicas|replica [012] differs)'
	last=$(json_count "$dir/ann.out" event=result command=msg ok=true)
	ok "host $here: mail comes" client_wait bob "\"text\":\"$((last + 5))\""
done
rm "$dir/going-on"
ok 'the writer ends' wait_for_end "${client_pid[ann]}"
unset 'client_pid[ann]'
written=$(<"$dir/written")
is 'all that was written was stored' "$(json_count "$dir/ann.out" event=result command=msg ok=true)" "$written"
ok 'the last one is shown' wait_for "$patience" grep -q "\"text\":\"$written\"" "$dir/bob.out"
is 'each once, and in order' "$(json_get "$dir/bob.out" event=message -- text | diff - <(seq "$written") | head -n 5)" ''
ok 'the reader ends' client_close bob
ok 'a repair after the last host' follow Upgrade '^threefold-repair [^-]'
ok 'all three are the same' follow Upgrade '^threefold-repair --check'
done_testing
