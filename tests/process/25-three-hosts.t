#!/bin/bash
# SPDX-License-Identifier: MIT
#
# docs/deploy.md, walked through on three hosts. Each host is a network namespace of the test's own with the address that
# the document gives it, and a folder for its files. What the units would start is started as they say, but by the test.
if [ -z "${THREEFOLD_NETWORK:-}" ]; then
	for way in '--mount --net' '--user --map-root-user --mount --net'; do
		# shellcheck disable=SC2086
		if unshare $way true 2>/dev/null; then
			THREEFOLD_NETWORK=1 exec unshare $way bash "$0"
		fi
	done
	THREEFOLD_NETWORK=none exec bash "$0"
fi
. tests/lib/lib.sh

# A bridge on which this namespace is the machine of a person, 10.0.0.100.
networks() {
	local n
	mkdir -p /run/netns 2>/dev/null
	mount -t tmpfs tmpfs /run/netns 2>/dev/null || { mount -t tmpfs tmpfs /run && mkdir /run/netns; } || return 1
	ip link set lo up && ip link add bridge type bridge && ip addr add 10.0.0.100/24 dev bridge && ip link set bridge up || return 1
	for n in 1 2 3; do
		ip netns add "h$n" && ip -n "h$n" link set lo up &&
			ip link add "host$n" type veth peer name eth netns "h$n" && ip link set "host$n" master bridge up &&
			ip -n "h$n" addr add "10.0.0.$n/24" dev eth && ip -n "h$n" link set eth up || return 1
	done
}
if [ "$THREEFOLD_NETWORK" = none ] || ! networks 2>"$dir/setup.err"; then
	skip 'three hosts' "network namespaces are not permitted here: $(tr '\n' ' ' 2>/dev/null <"$dir/setup.err" | head -c 300)"
	done_testing
	exit
fi

# A line of the document that begins so.
line() {
	sed -n "s|^    \($1.*\)|\1|p" docs/deploy.md | sed 's/ *#.*//' | head -n 1
}

san=${SAN:-}
build=${OUT:-build}
build=${build%"/${san//,/-}"}
for n in 1 2 3; do
	make --no-print-directory CC="${CC:-cc}" SAN="$san" BUILD="$build" install DESTDIR="$dir/h$n" PREFIX=/usr >"$dir/install" 2>&1 ||
		bail "make install: $(tail -n 3 "$dir/install")"
	mkdir -p "$dir/h$n/etc/threefold" "$dir/h$n/var/lib/threefold"
	eval "$(line "echo 'HOST=" | sed "s|>/etc|>$dir/h$n/etc|; s/10\.0\.0\.1/10.0.0.$n/")"
done

# host N PROGRAM: what a unit of that program starts, with the unit's environment.
host() {
	local n=$1 unit=$2 command setting HOST=localhost OPTIONS='' REPLICAS=''
	while IFS= read -r setting; do # as systemd reads it, which is no shell
		declare "$setting"
	done <"$dir/h$n/etc/threefold/${3:-7001}.conf"
	command=$(sed -n 's/^ExecStart=//p' "$dir/h$n/usr/lib/systemd/system/$unit")
	command=${command//%i/7001}
	# shellcheck disable=SC2016
	command=${command//'${HOST}'/$HOST} command=${command/'$OPTIONS'/$OPTIONS} command=${command/'$REPLICAS'/$REPLICAS}
	command=${command//\/var\/lib/$dir/h$n/var/lib}
	# shellcheck disable=SC2086
	launch ip netns exec "h$n" "$dir/h$n"$command
}
serve() {
	local n=$1
	(host "$n" threefold-server@.service) </dev/null >"$dir/h$n.log" 2>&1 &
	server_pid[n]=$!
	wait_for "$patience" grep -q serving "$dir/h$n.log"
}
ok 'the first host starts' serve 1
like 'at its address' "$(<"$dir/h1.log")" 'serving 10\.0\.0\.1:7001'
wait_for "$patience" grep -q 'made the operator' "$dir/h1.log"
like 'its log says where the key is' "$(<"$dir/h1.log")" "made the operator's key '$dir/h1/var/lib/threefold/operator.key'"
for n in 2 3; do
	cp "$dir/h1/var/lib/threefold/operator.key" "$dir/h$n/var/lib/threefold/"
	ok "host $n starts with the key of the first" serve $n
	nok 'and makes none' grep -q 'made the operator' "$dir/h$n.log"
done

mkdir "$dir/home"
person() {
	HOME=$dir/home XDG_CONFIG_HOME='' "$dir/h1/usr/bin/threefold" "$@"
}
save=$(line 'threefold --save')
# shellcheck disable=SC2086
ok 'a person saves the addresses' person ${save#threefold }
person --json >"$dir/one.json" <<<$'/create bob two\n/logout\n/create alice one\n/msg bob hello'
is 'and writes to all three hosts' "$(json_get "$dir/one.json" event=result command=msg -- ok copies)" 'true	3'
ip link set host2 down
person --json --min-copies 2 >"$dir/two.json" <<<$'/login alice one\n/msg bob without host 2'
is 'a host whose cable is cut stops nobody' "$(json_get "$dir/two.json" event=result command=msg -- ok copies)" 'true	2'
ip link set host2 up
for n in 1 2 3; do
	eval "$(line "echo 'REPLICAS=" | sed "s|>/etc|>$dir/h$n/etc|")"
done
repair_says() {
	(host 3 threefold-repair.service repair) >"$dir/repair" 2>&1
}
ok 'the repair of the timer, when the cable is back' repair_says
kill_server 1
kill_server 3
person --json >"$dir/three.json" <<<$'/login bob two\n/read'
is 'so that host alone has all of it' "$(json_get "$dir/three.json" event=message -- text | paste -sd,)" 'hello,without host 2'
done_testing
