#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Other processors: the programs and the unit tests are built for arm64 and for s390x, which is big-endian, and run by
# qemu-user. The tests pass; the simulator plays the same schedules as here; the store writes the same files; and a
# cluster of one server of each kind serves a client of this machine, and its files become the same.
#
# `make check-cross` runs it. It needs Debian's cross compilers, qemu-user, and a mirror for the libraries of the other
# processors. Nothing of these is installed: they are unpacked in $BUILD/cross, where the objects stay for the next run.
# ARCHS='arm64' takes one alone, T='store/ fact/' the unit tests whose paths hold one of the words.
. tests/lib/lib.sh

T=${T:-}
cross=${BUILD:-build}/cross
hashes=${SEEDS:-40}
native=${OUT:-build}
declare -A triple=([arm64]=aarch64-linux-gnu [s390x]=s390x-linux-gnu)
declare -A machine=([arm64]=aarch64 [s390x]=s390x)

# The packages of an architecture that is not this machine's, by an apt that knows of no other.
fetch() {
	local arch=$1 home root=$2
	local libraries=$root/usr/lib/${triple[$1]} apt name
	[ ! -s "$libraries/libcrypt.so" ] || return 0
	home=$(mktemp -d "$dir/apt.XXXXXX") && mkdir -p "$home"/{lists,archives}/partial "$root" && : >"$home/status"
	apt=(apt-get -qq -o "APT::Architecture=$arch" -o "APT::Architectures=$arch" -o "Dir::State=$home"
		-o "Dir::State::status=$home/status" -o "Dir::Cache=$home" -o APT::Sandbox::User=root)
	"${apt[@]}" update &&
		(cd "$home" && "${apt[@]}" download libcjson1 libcjson-dev libcrypt1 libcrypt-dev) || return 1
	for name in "$home"/*.deb; do
		dpkg -x "$name" "$root" || return 1
	done
	# It leads to /lib of the machine that it was made for.
	ln -sf "$(realpath -m --relative-to="$libraries" "$root/lib/${triple[$arch]}/libcrypt.so.1")" "$libraries/libcrypt.so"
}

# The words that start a program of another processor.
runner() {
	local root=$2 there=${triple[$1]}
	echo "qemu-${machine[$1]} -L /usr/$there -E LD_LIBRARY_PATH=$root/usr/lib/$there:$root/lib/$there"
}

make_for() {
	local arch=$1 root=$2
	make -s -j "$(nproc)" CC="${triple[$arch]}-gcc" BUILD="$cross/$arch" CPPFLAGS="-I$root/usr/include" \
		LDFLAGS="-L$root/usr/lib/${triple[$arch]}" all units "$cross/$arch/tests/bench/grow" </dev/null
}

# prove needs as long as qemu does: some tests take a minute here.
unit_tests() {
	local arch=$1 run=$2
	find "$cross/$arch/tests" -type f -perm -u+x ! -path '*/bench/*' ! -path '*/simulate/*' ! -path '*/lib/*' \
		! -name '*.so' | grep -F "${T// /$'\n'}" | sort >"$dir/units"
	[ -s "$dir/units" ] || return 1
	xargs env -u XDG_STATE_HOME -u XDG_CONFIG_HOME prove --jobs "$(nproc)" --failures --comments --exec "timeout -k 10 3000 $run" <"$dir/units" >"$dir/prove" 2>&1 ||
		{ grep -vE 'ok$' "$dir/prove"; return 1; }
}

trace_hashes() {
	local seed
	for ((seed = 1; seed <= hashes; seed++)); do
		"$@" --seed "$seed" | grep '^# hash'
	done
}

# grow TO COMMAND...: the directory of a replica after long use.
grown() {
	local to=$1
	shift
	mkdir "$to" && "$@" "$to" 1 3000 20000 20000 && rm -f "$to/lock" && (cd "$to" && sha256sum -- *)
}

is 'this machine plays the schedules' "$(trace_hashes "$native/tests/simulate/simulate" >"$dir/hashes" && wc -l <"$dir/hashes")" "$hashes"
ok 'and makes a large directory' grown "$dir/grown" "$native/tests/bench/grow"
(cd "$dir/grown" && sha256sum -- *) >"$dir/sums"

n=0
for arch in ${ARCHS:-arm64 s390x}; do
	root=$(realpath -m "$cross/$arch/root")
	ok "$arch: its libraries are fetched" fetch "$arch" "$root" || continue
	ok "$arch: it is built" make_for "$arch" "$root" || continue
	run=$(runner "$arch" "$root")
	ok "$arch: the unit tests pass" unit_tests "$arch" "$run"
	comment "$(tail -n 2 "$dir/prove")"
	# shellcheck disable=SC2086
	is "$arch: $hashes schedules of the simulator have the same traces" \
		"$(trace_hashes $run "$cross/$arch/tests/simulate/simulate" | diff - "$dir/hashes")" ''
	# shellcheck disable=SC2086
	is "$arch: the store writes the same files" \
		"$(grown "$dir/grown.$arch" $run "$cross/$arch/tests/bench/grow" | diff - "$dir/sums")" ''
	n=$((n + 1))
	DAEMON="$run $cross/$arch/server" start_server "$n"
	ok "$arch: a server starts" test "${server_port[n]:-0}" != 0
done

if [ "$n" = 2 ]; then
	ok 'beside one of this machine' start_server 0
	ok 'they serve a client of this machine' client_json "$dir/out" <<-'END'
		/create ann pw
		/logout
		/create bob pw
		/msg ann one
		/msg ann two, a longer text
		/all three
		/logout
		/login ann pw
		/wait 30 3
		/password pw other
		/msg bob four
	END
	is 'each of them' "$(json_get "$dir/out" event=result command=msg -- copies | sort -u)" 3
	is 'what is sent is shown' "$(json_get "$dir/out" event=message -- text | paste -sd'|')" 'one|two, a longer text|three'
	ok 'a client of the other byte order is served, too' eval \
		"$run $cross/s390x/client --json $(addresses | xargs) >$dir/out" <<-'END'
		/login bob pw
		/wait 30 1
		/msg ann five
	END
	is 'and shown its mail' "$(json_get "$dir/out" event=message -- text)" four
	# shellcheck disable=SC2046
	ok 'repair finds the three the same' "$BIN/repair" --check --key "$dir/operator.key" $(addresses)
	ok 'they stop' stop_all
	for file in users.json pending.json; do
		is "$file is the same at all three, byte for byte" "$(sha256sum "$dir"/[012]/$file | cut -c1-64 | uniq -c | wc -l)" 1
	done
fi
done_testing
