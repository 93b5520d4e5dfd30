#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The Debian packages: lintian finds nothing; they are installed, upgraded, removed and purged in a folder made by
# debootstrap, which takes minutes, root and a network. `make check-deb` runs it: DEB= is where the packages are, ROOT= a
# folder that debootstrap has made before.
. tests/lib/lib.sh

[ "$(id -u)" = 0 ] || bail 'debootstrap needs root'
root=${ROOT:-$dir/root}
packages=$(realpath "$DEB")
if command -v lintian >/dev/null; then
	# shellcheck disable=SC2086
	is 'lintian finds nothing, not even of little weight' \
		"$(lintian --allow-root -EiI --pedantic "$packages"/threefold_*.changes 2>&1)" ''
else
	skip 'lintian' 'it is not here'
fi
if [ ! -d "$root" ]; then
	debootstrap --variant=minbase --include=systemd,libcjson1 bookworm "$root" >"$dir/debootstrap.log" 2>&1 ||
		bail "no Debian could be made: $(tail -n 3 "$dir/debootstrap.log")"
fi
in_root() {
	env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive chroot "$root" "$@"
}
mkdir "$root/packages" && cp "$packages"/threefold_*.deb "$packages"/threefold-server_*.deb "$root/packages/"

ok 'both are installed' in_root sh -c 'dpkg -i /packages/*.deb'
like 'the user of the servers is there' "$(in_root getent passwd threefold)" ':/var/lib/threefold:/usr/sbin/nologin$'
for program in threefold threefold-bench threefold-server threefold-repair; do
	like "$program runs" "$(in_root "$program" --help)" "^usage: $program "
done
for page in CHANGELOG.md operate.md troubleshooting.md examples/fail2ban/filter.conf; do
	ok "it has $page" in_root sh -c "ls /usr/share/doc/threefold-server/$page*"
done
ok 'a replica can be enabled' in_root systemctl enable threefold-server@7001
ok 'the timer is' in_root systemctl is-enabled threefold-repair.timer
is 'systemd knows all of the units' "$(in_root sh -c 'systemd-analyze verify /lib/systemd/system/threefold-*' 2>&1 |
	grep threefold | grep -v 'man threefold')" ''

# A server of the package, as the user of the unit, without systemd.
serve() {
	in_root install -d -o threefold -g threefold -m 700 /var/lib/threefold
	(launch env -i PATH=/usr/sbin:/usr/bin chroot --userspec=threefold:threefold "$root" threefold-server 127.0.0.1 0 \
		--data /var/lib/threefold/7001 --key /var/lib/threefold/operator.key) </dev/null >"$dir/server.log" 2>&1 &
	server_pid[0]=$!
	wait_for "$patience" grep -q serving "$dir/server.log"
}
ok 'a server starts as that user' serve
like 'and makes the key' "$(<"$dir/server.log")" "made the operator's key '/var/lib/threefold/operator.key'"
ok 'an upgrade leaves it running' in_root sh -c 'dpkg -i /packages/*.deb'
nok 'it runs' has_ended "${server_pid[0]}"
stop_server 0
is 'until it is stopped' $? 0
ok 'both are removed' in_root dpkg -r threefold threefold-server
nok 'their programs are gone' test -e "$root/usr/sbin/threefold-server"
said=$(in_root dpkg -P threefold threefold-server 2>&1)
like 'a purge says that it keeps the messages' "$said" '/var/lib/threefold are kept'
ok 'and does' test -s "$root/var/lib/threefold/operator.key" -a -s "$root/var/lib/threefold/7001/users.json"
is 'nothing else of them is left' \
	"$(find "$root/etc" "$root/usr" "$root/lib/" -name '*threefold*' 2>/dev/null)" ''
rm -rf -- "${root:?}/packages" "${root:?}/var/lib/threefold"

done_testing
