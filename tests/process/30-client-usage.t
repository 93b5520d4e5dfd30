#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The command line of the client: every mistake is one line on stderr that says what was wrong, and exit status 2,
# before anything is dialled; help and version go to stdout.
. tests/lib/lib.sh

# refused NAME REGEX WORD...: the client says one line that fits and exits with 2.
refused() {
	local name=$1 regex=$2 said status
	shift 2
	said=$("$BIN/client" "$@" 2>&1 >"$dir/stdout" </dev/null)
	status=$?
	if [ $status = 2 ] && [[ $said =~ $regex ]] && [ "$(wc -l <<<"$said")" = 1 ] && [ ! -s "$dir/stdout" ]; then
		pass "$name"
	else
		fail "$name" "status $status: $said"
	fi
}

refused 'no address' 'three pairs' --json
refused 'two pairs' 'three pairs' 127.0.0.1 1 127.0.0.1 2
refused 'four pairs' 'three pairs' a 1 b 2 c 3 d 4
refused 'half a pair' 'three pairs' 127.0.0.1 1 127.0.0.1 2 127.0.0.1
refused 'port 0' "port '0'" 127.0.0.1 0 127.0.0.1 2 127.0.0.1 3
refused 'port 65536' "port '65536'" 127.0.0.1 1 127.0.0.1 65536 127.0.0.1 3
refused 'a port with a sign' "port '\+3'" 127.0.0.1 1 127.0.0.1 2 127.0.0.1 +3
refused 'a port that is no number' "port 'http'" 127.0.0.1 1 127.0.0.1 2 127.0.0.1 http
refused 'an empty port' "port ''" 127.0.0.1 1 127.0.0.1 2 127.0.0.1 ''
refused 'the same pair twice' "'127.0.0.1:2'.*twice" 127.0.0.1 1 127.0.0.1 2 127.0.0.1 2
refused 'the same address by two names' 'twice' 127.0.0.1 1 $localhost 1 127.0.0.1 3
refused 'the same IPv6 address written in two ways' 'twice' ::1 1 0:0::1 1 127.0.0.1 3
refused 'three unknown hosts' "$unknown_host" "$unknown_host" 1 "$unknown_host" 2 "$unknown_host" 3
refused 'an empty host' "''|host" 127.0.0.1 1 '' 2 127.0.0.1 3
refused 'an unknown option' '--colour' --colour 127.0.0.1 1 127.0.0.1 2 127.0.0.1 3
refused 'a timeout that is none' "--timeout.*'soon'" --timeout soon a 1 b 2 c 3
refused 'a timeout without a value' '--timeout' a 1 b 2 c 3 --timeout
refused 'more copies than replicas' "--min-copies.*'4'" --min-copies 4 a 1 b 2 c 3
refused 'no copies' "--min-copies.*'0'" --min-copies 0 a 1 b 2 c 3
refused 'a flag with a value' '--json' --json=yes a 1 b 2 c 3

help=$("$BIN/client" --help)
is 'help exits with 0' $? 0
like 'help shows the addresses' "$help" 'HOST PORT HOST PORT HOST PORT'
for option in json timeout reply-timeout min-copies idle-logout help version; do
	like "help names --$option" "$help" "--$option"
done
version=$("$BIN/client" --version)
is 'version exits with 0' $? 0
like 'version is a number' "$version" '[0-9]+\.[0-9]+\.[0-9]+'

done_testing
