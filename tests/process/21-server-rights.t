#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What a server gives up: root, other files, other system calls. tests/io/sandbox.c has what is left.
. tests/lib/lib.sh

# of_process N WORD: what /proc says of server N.
of_process() {
	sed -En "s/^$2:[[:space:]]*(.*)$/\1/p" "/proc/${server_pid[$1]}/status" | tr '\t' ' '
}

# refused NAME STATUS REGEX OPTION...: a server that must end by itself.
refused() {
	local name=$1 want=$2 regex=$3 depth=1 said
	shift 3
	said=$(timeout "$patience" "$BIN/server" 127.0.0.1 0 "$@" 2>&1 </dev/null)
	is "$name: exit status" $? "$want"
	like "$name: one line says so" "$said" "$regex"
}

life() {
	printf '/create ann pw\n/msg ann hello\n/wait 0.2\n/list\n' | client_json "$dir/life" &&
		[ "$(json_count "$dir/life" event=message text=hello)" = 1 ]
}

refused 'a user that is not there' 2 "^threefold [0-9.]+: cannot find the user 'no~such': there is none of this name\$" \
	--user no~such --data "$dir/none"
nok 'and no data directory is made' test -e "$dir/none"

for n in 0 1 2; do start_server $n || bail "server $n does not start"; done
gaps=$(grep ': the server can do more than it needs$' "${server_log[0]}")
if [ -n "$gaps" ]; then
	comment "$gaps"
else
	is 'system calls are filtered' "$(of_process 0 Seccomp)" 2
	is 'and no program gives new rights' "$(of_process 0 NoNewPrivs)" 1
fi
if [ "$(id -u)" = 0 ]; then
	is 'root is warned, once' "$(grep -c ' runs as root: ' "${server_log[0]}")" 1
else
	is 'who is not root is not warned' "$(grep -c ' runs as root: ' "${server_log[0]}")" 0
fi
ok 'users, messages and lists work within' life
for n in 0 1 2; do
	stop_server $n
	is "server $n: stops, and writes its snapshots" $? 0
done

start_server 0 --no-sandbox
is 'without a sandbox nothing is filtered' "$(of_process 0 Seccomp)" 0
like 'which is said' "$(<"${server_log[0]}")" ' without a sandbox'
stop_server 0

# ---- another user ----

if [ "$(id -u)" = 0 ] && nobody=$(id -u nobody 2>/dev/null); then
	chmod 755 "$dir"
	mkdir "$dir/open" && chmod 755 "$dir/open"
	server_data[3]=$dir/open/threefold/3
	if ok 'root becomes nobody' start_server 3 --user nobody; then
		is 'in all four ways' "$(of_process 3 Uid)" "$nobody $nobody $nobody $nobody"
		is 'without groups of root' "$(of_process 3 Groups | tr -d ' ')" "$(id -G nobody | tr -d ' ')"
		is 'without capabilities' "$(of_process 3 CapPrm)$(of_process 3 CapEff)" "$(printf '0%.0s' {1..32})"
		is 'the folders that it made are that user'\''s' "$(stat -c %u:%a "$dir/open/threefold" "$dir/open/threefold/3" |
			tr '\n' ' ')" "$nobody:700 $nobody:700 "
		is 'and so are its files' "$(find "$dir/open/threefold" -not -user nobody)" ''
		is 'it is not warned' "$(grep -c ' runs as root: ' "${server_log[3]}")" 0
		stop_server 3
		is 'it stops' $? 0
	fi
	mkdir -m 700 "$dir/private"
	refused 'data of somebody else' 1 "'$dir/private.*: Permission denied\$" --user nobody --data "$dir/private/data"
else
	refused 'another user, without root' 2 "^threefold [0-9.]+: cannot become the user 'root': only root can\$" --user root
fi

done_testing
