#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What `make install` installs, and what make says where a library is missing. Nothing is installed on this machine: the
# package manager here is a script that writes down what it was asked.
. tests/lib/lib.sh

san=${SAN:-}
build=${OUT%"/${san//,/-}"}
run_make() {
	make --no-print-directory CC="${CC:-cc}" SAN="$san" BUILD="${build:-build}" "$@"
}

# ---- install ----

root=$dir/root
usr=$root/opt/threefold
ok 'it installs below a folder' run_make install DESTDIR="$root" PREFIX=/opt/threefold SBINDIR=/opt/threefold/adm
for file in bin/threefold bin/threefold-bench adm/threefold-server adm/threefold-repair; do
	name=${file##*/}
	ok "$name can be run" test -x "$usr/$file"
	help=$("$usr/$file" --help)
	like "$name names itself as it was called" "$help" "^usage: $name "
	like 'in a refusal, too' "$("$usr/$file" --no-such 2>&1)" "^$name: .*; try '$name --help'\$"
	page=$(echo "$usr"/share/man/man[18]/"$name".[18])
	# shellcheck disable=SC2016
	is "the manual of $name has the options of --help, with their arguments" \
		"$(sed -En 's/^\.It (Fl . , )?Fl -([a-z-]+)( Ar ([A-Z]+))?$/\2 \4/p' "$page")" \
		"$(sed -En 's/^(  -., |      )--([a-z-]+)( ([A-Z]+))?( .*)?$/\2 \4/p' <<<"$help")"
	letters=$(sed -En 's/^ +-(.), --.*/\1/p' <<<"$help")
	is 'and their letters' "$(sed -En 's/^\.It Fl (.) , Fl -.*/\1/p' "$page")" "$letters"
	# shellcheck disable=SC2034,SC1090
	is 'bash completes them' "$(
		. "$usr/share/bash-completion/completions/$name"
		COMP_WORDS=("$name" --) COMP_CWORD=1
		eval "$(complete -p "$name" | sed -E 's/.*-F ([^ ]+) .*/\1/')" "$usr"/*/"$name"
		printf '%s\n' "${COMPREPLY[@]}"
	)" "$(sed -En 's/^(  -., |      )(--[a-z-]+).*/\2/p' <<<"$help")"
	ok 'zsh has them from --help' grep -qw "$name" "$usr/share/zsh/site-functions/_$name"
done
is 'all are for everybody, and nobody else writes them' "$(find "$root" -type f -perm /022 -o -type f -not -perm -444)" ''
units=$usr/lib/systemd/system
is 'the units name the programs where they are' "$(sed -n 's/^ExecStart=\([^ ]*\) .*/\1/p' "$units"/*.service | paste -sd' ')" \
	'/opt/threefold/adm/threefold-repair /opt/threefold/adm/threefold-server'
if command -v systemd-analyze >/dev/null; then
	for unit in threefold-server@.service threefold-repair.service; do
		level=$(systemd-analyze security --offline=true "$units/$unit" 2>/dev/null | sed -n 's/.*Overall exposure level.*: \([0-9.]*\) .*/\1/p')
		ok "systemd finds $unit as safe as 1.2 or less: ${level:-nothing}" awk -v level="${level:-9}" 'BEGIN { exit !(level <= 1.2) }'
	done
	sed -i "s|/opt/threefold/adm|$usr/adm|; /^Documentation=/d" "$units"/*.service "$units"/*.timer
	is 'and nothing in them that it does not know' \
		"$(systemd-analyze verify "$units"/*.service "$units"/*.timer 2>&1 | grep -F threefold)" ''
fi
if command -v systemd-sysusers >/dev/null; then
	mkdir -p "$dir/system/etc"
	ok 'the user is made' systemd-sysusers --root="$dir/system" "$usr/lib/sysusers.d/threefold.conf"
	like 'for whom nobody logs in' "$(grep ^threefold: "$dir/system/etc/passwd")" ':/var/lib/threefold:[^:]*nologin$'
fi
ok 'it uninstalls' run_make uninstall DESTDIR="$root" PREFIX=/opt/threefold SBINDIR=/opt/threefold/adm
is 'all of it' "$(find "$root" -type f)" ''

# ---- dist ----

if git rev-parse --verify -q HEAD >/dev/null 2>&1; then
	mkdir "$dir/one" "$dir/two"
	ok 'it packs the committed tree' run_make dist DIST="$dir/one"
	touch -d tomorrow "$dir/one"
	(umask 077 && TZ=Asia/Tokyo run_make dist DIST="$dir/two") >/dev/null
	tarball=$(cd "$dir/one" && echo threefold-*.tar.gz)
	like 'under the name of the version' "$tarball" '^threefold-[0-9.]+\.tar\.gz$'
	ok 'twice the same bytes' cmp "$dir/one/$tarball" "$dir/two/$tarball"
	is 'and all files of it' "$(tar -tzf "$dir/one/$tarball" | sed -n 's|^[^/]*/||; /[^/]$/p' | sort)" \
		"$(git ls-tree -r --name-only HEAD | sort)"
else
	comment 'no git: nothing is packed'
fi

# ---- a machine without the library ----

mkdir "$dir/fake"
# fake NAME STATUS: a program that writes down how it was called, and ends.
fake() {
	printf '#!/bin/sh\necho "%s $*" >>"%s"\nexit %s\n' "$1" "$dir/asked" "$2" >"$dir/fake/$1"
	chmod 755 "$dir/fake/$1"
}
fake apt-get 1
fake pkg-config 1
# missing GOAL...: what make says.
missing() {
	: >"$dir/asked"
	PATH=$dir/fake:$PATH make --no-print-directory BUILD="$dir/none" CC="$dir/fake/cc" "$@" 2>&1 >/dev/null </dev/null |
		grep -v '^make'
}
# It compiles what needs no cJSON.
# shellcheck disable=SC2016
printf '#!/bin/sh\ncase "$(cat)" in *cJSON*) exit 1 ;; esac\n' >"$dir/fake/cc"
chmod 755 "$dir/fake/cc"
for goals in all '-n all' '-n check' '-n demo' install tests; do
	# shellcheck disable=SC2086
	said=$(missing $goals)
	like "make $goals: one sentence has the command" "$said" \
		'^missing: the library cJSON[a-z0-9, -]*; type[a-z ]*: .*apt-get install -y libcjson-dev pkg-config[a-z0-9 -]*$'
	is 'and nothing is installed' "$(grep -v '^pkg-config ' "$dir/asked")" ''
done
if [ "$(id -u)" = 0 ]; then
	for goal in deps demo check; do
		said=$(missing $goal)
		like "make $goal says first that it installs" "$said" '^installing libcjson-dev pkg-config'
		like 'tries' "$(<"$dir/asked")" 'apt-get .*install .*libcjson-dev'
		like 'and ends with the command' "$said" $'\n[^\n]*: [^\n]*apt-get install -y libcjson-dev pkg-config[^\n]*$'
	done
fi
nok 'no build was begun' test -e "$dir/none/server.o"

done_testing
