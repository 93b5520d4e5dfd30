#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Servers that hang, and servers that come back knowing less: stopped by SIGSTOP, wiped, with last week's data,
# with another's. Nobody who also reaches one that knows better is misled, also not while the ignorant one leads.
. tests/lib/lib.sh

# copy_data FROM TO: what a backup would have taken while the server was down.
copy_data() {
	rm -rf "${dir:?}/$2" && cp -r "$dir/$1" "$dir/$2"
}

ok 'three servers start' eval 'start_server 0 && start_server 1 && start_server 2'
for name in ann bob old; do
	client_start $name
	ok "$name: an account" client_ask $name "/create $name pw"
done
client_ask ann '/msg bob first'
ok 'a message is shown' client_wait bob '"text":"first"'

# ---- a leader that hangs ----

signal_server 0 STOP
begin=$(now_ms)
ok 'stopped leader: the send is answered' client_ask ann '/msg bob while it hangs'
took=$(($(now_ms) - begin))
ok "stopped leader: not before the reply timeout (was $took ms)" test $took -ge 2500
is 'stopped leader: two copies' "$(field copies)" 2
is 'stopped leader: is called dead, and why' \
	"$(json_get "$dir/ann.out" event=replica -- index state reason)" $'0\tdead\tno reply for 3000 ms'
begin=$(now_ms)
for n in {1..10}; do echo "/msg old quickly $n"; done >&"${client_fd[ann]}"
ok 'stopped leader: the next ten' wait_for "$patience" eval '[ "$(json_count "$dir/ann.out" command=msg)" = 12 ]'
took=$(($(now_ms) - begin))
ok "stopped leader: do not wait for it (were $took ms)" test $took -lt $((10 * 3000 / 2))
client_result[ann]=$(stat -c %s "$dir/ann.out")
ok 'stopped leader: one more' client_ask ann '/msg bob and again'
ok 'stopped leader: shown' client_wait bob '"text":"and again"'
signal_server 0 CONT
ok 'continued: ann knows' client_wait ann '"index":0,"state":"live"'
ok 'continued: three copies' client_ask ann '/msg bob it is back'
is 'continued: three copies' "$(field copies)" 3
ok 'continued: shown' client_wait bob '"text":"it is back"'

# ---- a steady sender, and a leader that dies ----

client_start sal
client_ask sal '/create sal pw'
for i in $(seq 300); do echo "/msg bob steady $i"; done >"$dir/steady"
cat "$dir/steady" >&"${client_fd[sal]}"
ok 'steady sender: under way' client_wait bob '"text":"steady 20"'
kill_server 0
ok 'steady sender: goes on' client_wait bob '"text":"steady 300"' 30
is 'steady sender: no result is missing or doubled' \
	"$(json_count "$dir/sal.out" event=result command=msg ok=true)" 300
client_close sal
is 'steady sender: all shown, once, in order' \
	"$(json_get "$dir/bob.out" event=message -- text | sed -n 's/steady //p' | tr '\n' ' ')" "$(seq -s ' ' 300) "

# ---- wiped, and leading ----

ok 'old: deletes itself while 0 is away' client_ask old '/delete old'
client_start eve
client_wait eve '"event":"ready"'
ok 'eve: an account that 0 has missed' client_ask eve '/create eve pw'
rm -rf "${server_data[0]:?}"
ok 'wiped: starts' restart_server 0
ok 'wiped: ann knew that it was away' client_wait ann '"index":0,"state":"dead"'
ok 'wiped: leads ann again' client_wait ann '"event":"leader","index":0' 20
ok 'wiped: eve has an account there too' client_wait eve '"event":"leader","index":0' 20
ok 'wiped: sends to one that it does not know' client_ask ann '/msg eve hello'
is 'wiped: three copies' "$(field copies)" 3
ok 'wiped: read' client_wait eve '"text":"hello"'
ok 'wiped: list' client_ask ann '/list'
is 'wiped: everybody is listed' "$(field count)" 4
client_start new
client_wait new '"event":"ready"'
ok 'wiped: a name that is taken' client_ask new '/create eve mine'
is 'wiped: is known to be taken' "$(field error)" name-taken
ok 'wiped: a name that was freed' client_ask new '/create old mine'
is 'wiped: is free' "$(field ok)" true
client_close bob
ok 'wiped: bob logs in again' eval 'client_start bob2 && client_ask bob2 "/login bob pw"'
is 'wiped: bob is known' "$(field ok)" true
ok 'wiped: waits' client_ask bob2 '/wait 0.5'
is 'wiped: nothing that was read is shown again' "$(json_count "$dir/bob2.out" event=message)" 0
ok 'wiped: replicas' client_ask ann '/replicas'
is 'wiped: it is seen that they differ' "$(json_get "$dir/ann.out" event=replicas -- replicas.1.agrees)" false

# ---- last week's data ----

kill_server 0
copy_data 0 backup
restart_server 0
ok 'ann knew that it was away' client_wait ann '"index":0,"state":"dead"'
ok 'ann is back on three' client_wait ann '"index":0,"state":"live"' 20
ok 'new deletes itself' client_ask new '/delete old'
ok 'mail that is read after the backup' client_ask ann '/msg bob after the backup'
ok 'is read' client_wait bob2 '"text":"after the backup"'
ok 'and acknowledged' client_close bob2
kill_server 0
rm -rf "${server_data[0]:?}"
copy_data backup 0
ok 'old copy: starts' restart_server 0
ok 'old copy: ann knew that it was away' client_wait ann '"index":0,"state":"dead"'
ok 'old copy: leads again' client_wait ann '"event":"leader","index":0' 20
ok 'old copy: one who was deleted after it' client_ask ann '/msg old are you there'
is 'old copy: is not written to' "$(field error)" no-such-user
ok 'old copy: list' client_ask ann '/list'
is 'old copy: nobody comes back' "$(field count)" 4
ok 'old copy: bob logs in' eval 'client_start bob3 && client_ask bob3 "/login bob pw"'
client_ask bob3 '/wait 0.5'
is 'old copy: what was read does not come back' "$(json_count "$dir/bob3.out" event=message)" 0

# ---- another's data ----

kill_server 2
rm -rf "${server_data[2]:?}"
kill_server 1
copy_data 1 2
restart_server 1
ok "another's data: starts" restart_server 2
ok "another's data: a client starts" client_start two
ok "another's data: ready" client_wait two '"event":"ready"'
ok "another's data: replicas" client_ask two '/replicas'
# It is found out when another one is asked about it, which is after it was live.
ok "another's data: it is dead" client_wait two '"index":2,"state":"dead"' 20
client_ask two '/replicas'
like "another's data: the client names the cause" \
	"$(json_get "$dir/two.out" event=replicas -- replicas.2.reason | tail -n 1)" 'same replica'
stop_server 2
ok "another's data: --new-uuid is the way out" restart_server 2 --new-uuid
ok "another's data: then it is live" client_wait two '"index":2,"state":"live"' 20
for name in ann eve new bob3 two; do client_close $name; done
done_testing
