#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What a server logs of those who come: who logs in from where with -v, wrong proofs always, one line each, without texts
# and secrets; and the filter for fail2ban, which finds the addresses of wrong proofs and nothing else.
. tests/lib/lib.sh

filter=$PWD/system/fail2ban/filter.conf # whole, for a relative one is looked for elsewhere

# found LOG: an address for each line that the filter of fail2ban finds, by its own program or in its way.
found() {
	if command -v fail2ban-regex >/dev/null; then
		fail2ban-regex --out ip "$1" "$filter"
		return
	fi
	python3 - "$1" "$filter" <<-'END'
		import configparser, re, sys
		filter = configparser.ConfigParser(interpolation=None)
		filter.read(sys.argv[2])
		rules = [re.compile(rule.replace('<HOST>', r'(?P<host>[0-9a-fA-F.:]+)'))
		         for rule in filter['Definition']['failregex'].split('\n')]
		for line in open(sys.argv[1]):
		    line = re.sub(r'^\d\d\d\d-\d\d-\d\dT[\d:.]+Z', '', line.rstrip('\n'))
		    for rule in rules:
		        match = rule.search(line)
		        if match:
		            print(match['host'])
	END
}

logged() {
	grep -Eq "$1" "$dir/0.log" && return
	cat "$dir/0.log"
	return 1
}

ok 'a server with -v starts' start_server 0 -v
ok 'one without' start_server 1
ok 'and a quiet one' start_server 2 -q
client_json "$dir/out" < <(
	printf '/create ann Sesame-1\n/logout\n/create bob Sesame-2\n/logout\n/login ann Sesame-3\n/login ann Sesame-1\n'
	printf '/msg bob open-the-door\n/logout\n/login nobody Sesame-4\n'
)
is 'people come, and one is refused' "$(json_count "$dir/out" event=result command=login ok=true)" 1
ok 'a log-in, and from where' logged "Z connection [0-9]+ is logged in as 'ann' from 127\.0\.0\.1$"
ok 'connections, and from where' logged 'Z connection [0-9]+ has begun from 127\.0\.0\.1$'
ok 'a wrong password' logged "Z refused: wrong password for 'ann' from 127\.0\.0\.1$"
for n in 1 2; do
	is "server $n logs the refusal, too" "$(grep -c "refused: wrong password for 'ann' from 127.0.0.1$" "$dir/$n.log")" 1
	is "and nobody who comes" "$(grep -c 'logged in\|connection' "$dir/$n.log")" 0
done
echo Sesame-1 >"$dir/password"
chmod 600 "$dir/password"
ok 'somebody sends only' client_json "$dir/out" --send-only --user ann --password-file "$dir/password" <<<'/msg bob hi'
ok 'which is told' logged "Z connection [0-9]+ is logged in to send only as 'ann' from 127\.0\.0\.1$"
# shellcheck disable=SC2046
"$BIN/repair" --key "$dir/operator.key" $(addresses) --check >/dev/null
ok 'an operator' logged "Z connection [0-9]+ is an operator's, from 127\.0\.0\.1$"
is 'no text, password or key is logged' \
	"$(grep -c "Sesame\|open-the-door\|$(xxd -p -l 8 "$dir/operator.key" 2>/dev/null || echo no-xxd)" "$dir"/[012].log | paste -sd' ')" \
	"$dir/0.log:0 $dir/1.log:0 $dir/2.log:0"

# ---- fail2ban ----

is 'the filter finds the wrong password' "$(found "$dir/0.log")" 127.0.0.1
is 'without -v, too' "$(found "$dir/1.log")" 127.0.0.1
cat >"$dir/lines" <<'END'
2026-11-30T01:16:28.844Z refused: wrong password for 'ann' from 2001:db8::7
2026-11-30T01:16:28.844Z refused: wrong operator key from 192.0.2.9
2026-11-30T01:16:28.844Z connection 7 is logged in as 'ann' from 192.0.2.1
2026-11-30T01:16:28.844Z slowed 3 wrong passwords from 192.0.2.2 in the last minute
2026-11-30T01:16:28.844Z connection 7 is closed: refused: wrong operator key from 192.0.2.3 or so
a.example threefold-server[812]: refused: wrong password for 'ann' from 192.0.2.10
a.example threefold-server[812]: refused: wrong operator key from 2001:db8::11
a.example sshd[812]: refused: wrong operator key from 192.0.2.12
END
is 'of other lines it finds wrong proofs alone, also as the journal of systemd gives them' \
	"$(found "$dir/lines" | paste -sd' ')" '2001:db8::7 192.0.2.9 192.0.2.10 2001:db8::11'
done_testing
