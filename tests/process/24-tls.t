#!/bin/bash
# SPDX-License-Identifier: MIT
#
# docs/tls.md, as it stands there: its commands make the certificates, its two configurations are the tunnels. Only
# ports, folders and the user of stunnel are others.
. tests/lib/lib.sh

for program in stunnel4 openssl; do
	command -v $program >/dev/null && continue
	skip 'TLS' "$program is not here"
	done_testing
	exit
done

# The indented blocks of the document with this line in them.
block() {
	awk -v line="    $1" 'BEGIN { RS = ""; FS = "\n" } /^    / { for (i = 1; i <= NF; i++) if (index($i, line) == 1) { print; exit } }' \
		docs/tls.md | sed 's/^    //'
}
pki=$dir/pki
mkdir "$pki"
for first in 'openssl req -x509' 'for name in a.example' 'for name in carol'; do
	ok "it runs: $first" bash -ec "cd '$pki'; $(block "$first")"
done

start_servers
# A tunnel in the foreground: NAME, its configuration on stdin; its ports are these of ours.
tunnel() {
	{
		printf 'pid =\nsyslog = no\noutput = %s\n' "$dir/$1.log"
		sed "/^set[ug]id/d; s|/etc/stunnel|$pki|"
	} >"$dir/$1.conf"
	(launch stunnel4 "$dir/$1.conf") </dev/null >"$dir/$1.said" 2>&1 &
	tunnel_pid=$!
	client_pid["tunnel $1"]=$tunnel_pid # as a client it ends with the test
	wait_for "$patience" grep -qs 'Configuration successful' "$dir/$1.log"
}
names=(a b c)
outer=() inner=() host_pid=()
for i in 0 1 2; do
	outer[i]=$(free_port) inner[i]=$(free_port)
	block 'accept = :::7443' | sed "s/a\.example/${names[i]}.example/; s/^accept.*/accept = 127.0.0.1:${outer[i]}/
		s/127.0.0.1:7001/127.0.0.1:${server_port[i]}/" >"$dir/host"
	ok "the tunnel of host ${names[i]} starts" tunnel "host-${names[i]}" <"$dir/host"
	host_pid[i]=$tunnel_pid
done
# The other end, less the lines that fit $1, with the certificate of $2.
person() {
	block 'client = yes' | sed "/$1/d; s/carol/$2/; s/^accept = 127.0.0.1:7001/accept = 127.0.0.1:${inner[0]}/
		s/^accept = 127.0.0.1:7002/accept = 127.0.0.1:${inner[1]}/; s/^accept = 127.0.0.1:7003/accept = 127.0.0.1:${inner[2]}/
		s/^connect = a.*/connect = 127.0.0.1:${outer[0]}/; s/^connect = b.*/connect = 127.0.0.1:${outer[1]}/
		s/^connect = c.*/connect = 127.0.0.1:${outer[2]}/"
}
through() {
	"$BIN/client" 127.0.0.1 "${inner[0]}" 127.0.0.1 "${inner[1]}" 127.0.0.1 "${inner[2]}" --json "$@"
}
person nothing carol >"$dir/person"
ok 'the tunnels of a person start' tunnel carol <"$dir/person"
through >"$dir/one.json" <<<$'/create dave one\n/logout\n/create carol two\n/msg dave hello'
is 'a message goes to all three through TLS' "$(json_get "$dir/one.json" event=result command=msg -- ok copies)" 'true	3'
stop_tunnel() { # PID
	kill "$1" && wait_for "$patience" has_ended "$1"
}
stop_tunnel "$tunnel_pid"
person nothing a.example >"$dir/person"
ok 'those of a host start' tunnel out <"$dir/person"
like 'a host repairs through its own tunnels' "$("$BIN/repair" --key "$dir/operator.key" --check 127.0.0.1 "${inner[0]}" 127.0.0.1 "${inner[1]}" 127.0.0.1 "${inner[2]}")" \
	'all three replicas hold the same'
stop_tunnel "$tunnel_pid"
person nothing carol >"$dir/person"
ok 'and those of a person again' tunnel carol-2 <"$dir/person"
kill_server 1
through >"$dir/two.json" <<<$'/login dave one\n/read'
like 'one server has died: its tunnel goes on, and closes' "$(json_get "$dir/two.json" event=ready -- replicas.1.reason)" 'closed|reset'
is 'the message is there' "$(json_get "$dir/two.json" event=message -- text)" hello

# Nobody else gets through: not without a certificate, nor with one of another authority.
nobody() { # NAME LINES-LESS CERTIFICATE WHY, in the log of stunnel
	stop_tunnel "$tunnel_pid"
	person "$2" "$3" >"$dir/person"
	ok "$1: the tunnels start" tunnel "$1" <"$dir/person"
	through --timeout 1 </dev/null >"$dir/out" 2>&1
	is "$1: no replica is reached" $? 3
	like "$1: for that reason" "$(<"$dir/$1.log")" "$4"
}
nobody 'without a certificate' '^\(cert\|key\) =' carol 'certificate required|did not return a certificate'
(cd "$pki" && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=eve -keyout eve.key -out eve.pem) 2>/dev/null
nobody 'of another authority' nothing eve 'unknown ca'

# A person's certificate, at the address of a host.
stop_tunnel "$tunnel_pid"
person nothing carol >"$dir/person"
ok 'his own tunnels start' tunnel carol-again <"$dir/person"
stop_tunnel "${host_pid[0]}"
sed '/^output/d; /^pid/d; /^syslog/d; s/a\.example/carol/' "$dir/host-a.conf" >"$dir/host"
ok 'a person can start such a tunnel' tunnel pretender <"$dir/host"
through </dev/null >"$dir/out"
is 'no person takes the place of a server' "$(json_get "$dir/out" event=ready -- replicas.0.state replicas.2.state)" 'dead	live'
like 'for its certificate' "$(<"$dir/carol-again.log")" 'unsuitable certificate purpose|no matching host'
done_testing
