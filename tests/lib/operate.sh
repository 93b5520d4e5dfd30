# shellcheck shell=bash disable=SC2034,SC2154 # variables of lib.sh
# SPDX-License-Identifier: MIT
#
# operate: docs/operate.md, command by command, with three servers that have a host each. After lib.sh. A host is the
# folder $dir/hostN with all that stands in /var/lib/threefold there. What only a real host has is played: systemd,
# the user `threefold`, disks, other hosts.
#
#	here=N                      the host on which commands are typed
#	hosts [OPTION...]           the three servers start, with one key
#	commands HEADING            the commands below it
#	follow HEADING REGEX        does those that fit; at the first that fails it stops. Without any it fails
#	repair_says, server_says    what these programs said last: files

repair_says=$dir/repair.out
server_says=$dir/server.out
mkdir -p "$dir/host0" "$dir/host1" "$dir/host2" "$dir/backup" "$dir/safe" "$dir/etc"

hosts() {
	for here in 0 1 2; do
		server_data[here]=$dir/host$here/7001
		[ $here = 0 ] || cp "$dir/host0/operator.key" "$dir/host$here/"
		ok "host $here: its server starts" start_server $here "$@"
	done
}

# The commands below a heading of the page, in their order, on the host $here: folders of that host, and its addresses.
commands() {
	local now
	now=$(addresses | paste -sd' ')
	sed -n "/^##* $1\$/,/^#/{s/^    //p}" docs/operate.md |
		sed "s|/var/lib/threefold|$dir/host$here|g; s|/backup/|$dir/backup/|g; s|/safe/|$dir/safe/|g
			s|/etc/threefold|$dir/etc|g; s|/mnt|$dir/mnt|g
			s|H1 P1 H2 P2 H3 P3|$now|; s|H4 P4 H2 P2 H3 P3|$now|; s|H4|$host|"
}

follow() { # HEADING PATTERN
	local lines
	lines=$(commands "$1" | grep -E "$2" | sed '$!s/$/ \&\&/')
	[ -n "$lines" ] && eval "$lines"
}

systemctl() {
	case "$1 ${2:-}" in
	'stop threefold-server@7001' | 'disable --now') stop_server "$here" ;;
	'start threefold-server@7001' | 'enable --now') restart_server "$here" ;;
	'daemon-reload ') true ;;
	'restart threefold-server@7001') stop_server "$here" && restart_server "$here" ;;
	*) false ;;
	esac
}

# There is no user `threefold` here.
chown() {
	test "$1 $2" = '-R threefold:threefold'
}

install() {
	[ "$1" != -o ] || shift 4
	command install "$@"
}

threefold-repair() {
	timeout -k 5 60 "$BIN/repair" --key "$dir/safe/operator.key" "$@" | tee "$repair_says"
	return "${PIPESTATUS[0]}"
}

threefold-server() {
	timeout -k 5 60 "$BIN/server" "$@" >"$server_says"
}
