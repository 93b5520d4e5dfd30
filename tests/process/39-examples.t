#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The programs of docs/examples do what they say.
. tests/lib/lib.sh

for tool in jq python3; do
	command -v $tool >"$dir/found" || {
		skip 'the examples of docs/examples' "$tool is not installed (Debian: apt-get install $tool)"
		done_testing
	}
done
examples=$PWD/docs/examples
ln -s "$(cd "$BIN" && pwd)/client" "$dir/threefold" # as it is called where it is installed
PATH=$dir:$PATH
export HOME=$dir
(umask 077 && echo secret >"$dir/pw" && echo secret >"$dir/.nightly-pw" && echo wrong >"$dir/wrong")
start_servers
# shellcheck disable=SC2046
ok 'the client knows its servers' threefold --save $(addresses)
client_json "$dir/made" <<-'END'
	/create ann secret
	/logout
	/create echo secret
	/logout
	/create ops secret
	/logout
	/create nightly secret
END

said() {
	grep -qx "$1" "$dir/echo.err"
}
python3 "$examples/echo.py" echo "$dir/pw" 2>"$dir/echo.err" &
client_pid[echo]=$!
ok 'the bot logs in' wait_for "$patience" said 'echo is logged in'
is 'somebody asks, and prints the answer' \
	"$("$examples/ask.sh" ann "$dir/pw" echo $'one\n/two \e[1m"three"' 2>&1) $?" 'echo: one /two  [1m"three" 0'
is 'what is refused is told, and the status' \
	"$("$examples/ask.sh" ann "$dir/pw" nobody hi 2>&1) $?" 'msg was refused: there is no such account 1'
like 'so is a log-in' "$("$examples/ask.sh" ann "$dir/wrong" nobody hi 2>&1) $?" '^login was refused: .* 1$'

# The bot lives through the death of all servers.
kill_all
ok 'no server is there' wait_for "$patience" said 'no server can be reached: answers wait'
for n in 0 1 2; do restart_server $n; done
ok 'one is' wait_for "$patience" said 'a server can be reached again'
is 'and the bot answers again' "$("$examples/ask.sh" ann "$dir/pw" echo again 2>&1)" 'echo: again'
kill -TERM "${client_pid[echo]}"
wait_for_end "${client_pid[echo]}"
is 'SIGTERM ends it in peace' $? 0
is 'and it said nothing else' "$(wc -l <"$dir/echo.err")" 3

# ---- cron ----

line=$(tail -n 1 "$examples/crontab")
job=${line#'0 3 * * * '}
[ "$job" != "$line" ] || fail 'cron runs it at three' "$line"
printf '#!/bin/sh\necho "all is \\"well\\""\nprintf %%s "no error" >&2\nexit 7\n' >"$dir/nightly-job"
chmod +x "$dir/nightly-job"
is 'cron has nothing to say' "$(sh -c "$job" 2>&1) $?" ' 0'
client_json "$dir/ops" <<<$'/login ops secret\n/wait 10 1'
is 'ops are told what the job said' "$(json_get "$dir/ops" event=message -- from text)" \
	$'nightly\tall is "well"\nno errorstatus 7'
echo wrong >"$dir/.nightly-pw"
like 'what could not be sent is told' "$(sh -c "$job" 2>&1)" 'refused \(wrong-password\)'
done_testing
