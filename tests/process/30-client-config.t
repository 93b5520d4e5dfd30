#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Where a client's addresses, password and colours come from: --save and the config, --user and --password-file,
# --color. A config or a password file that cannot be right is told by its name, and nothing hangs on one.
. tests/lib/lib.sh

config=$XDG_CONFIG_HOME/threefold/config
password=$dir/password

# A client without addresses, in the time that anything may take.
alone() {
	timeout -k 5 "$patience" "$BIN/client" "$@" </dev/null >"$dir/stdout" 2>"$dir/said"
}

# wrong NAME REGEX WORD...: it says one line that fits, and exits with 2.
wrong() {
	local name=$1 regex=$2 status depth=1
	shift 2
	alone "$@"
	status=$?
	if [ $status = 2 ] && [[ $(<"$dir/said") =~ $regex ]] && [ "$(wc -l <"$dir/said")" = 1 ] &&
		[ ! -s "$dir/stdout" ]; then
		pass "$name"
	else
		fail "$name" "status $status: $(<"$dir/said")"
	fi
}

start_servers
read -ra all <<<"$(addresses | tr '\n' ' ')"

# ---- the config ----

wrong 'without a config the addresses are asked for, and where they may be kept is told' \
	"three pairs of HOST and PORT are needed .*--save.*'$config'"
wrong 'nothing is saved without addresses' "option '--save'.*missing" --save
wrong 'nothing is saved if a host is unknown' "$unknown_host" --save 127.0.0.1 1 "$unknown_host" 2 127.0.0.1 3
nok 'then there is no config' test -e "$config"
ok 'the addresses are saved' alone --save "${all[@]}"
like 'it says where' "$(<"$dir/said")" "'$config'"
is 'the folder is its owner'"'"'s' "$(stat -c %a "${config%/*}")" 700
is 'so is the file' "$(stat -c %a "$config")" 600
is 'nothing else is left there' "$(ls -A "${config%/*}")" config
is 'it holds the three in their order' "$(grep -v '^#' "$config")" "$(printf 'replica = %s %s\n' "${all[@]}")"
ok 'then client alone is enough' alone
like 'and finds the three' "$(<"$dir/stdout")" '^ready: 3 of 3 replicas are live, '"${all[0]}:${all[1]} leads"
ok 'addresses on the command line win' alone --json "${all[@]:4}" "${all[@]:0:4}"
like 'in their order' "$(<"$dir/stdout")" '"index":0,"address":"'"${all[4]}:${all[5]}"'"'
ok 'they are saved instead of the others' alone --save "${all[@]:2}" "${all[@]:0:2}"
is 'and nothing of these is left' "$(grep -v '^#' "$config" | head -n 1)" "replica = ${all[2]} ${all[3]}"
ok 'a port has one form' alone --save "${all[0]}" "000${all[1]}" "${all[@]:2}"
is 'the shortest' "$(grep -v '^#' "$config" | head -n 1)" "replica = ${all[0]} ${all[1]}"

{
	printf '\n# comment\n  \treplica=%s\t%s \r\n' "${all[@]:0:2}"
	printf 'replica  =  %s %s\n' "${all[@]:2:2}"
	printf 'replica = %s %s' "${all[@]:4}" # no newline
} >"$config"
ok 'blanks, comments, CR LF, a last line without an end' alone
like 'are understood' "$(<"$dir/stdout")" '^ready: 3 of 3'
(
	unset XDG_CONFIG_HOME
	export HOME=$dir/somebody
	mkdir -p "$HOME/.config/threefold" && cp "$config" "$HOME/.config/threefold/config"
	alone
)
is 'the default place is in the home' $? 0
(
	export XDG_CONFIG_HOME=config HOME=$dir/nobody
	alone
)
is 'a relative XDG_CONFIG_HOME is none' $? 2
like 'so the home'"'"'s is named' "$(<"$dir/said")" "'$dir/nobody/.config/threefold/config'"
(
	unset XDG_CONFIG_HOME HOME
	alone
)
is 'without both nothing is looked for' $? 2
like 'but addresses' "$(<"$dir/said")" 'three pairs of HOST and PORT are needed, not 0 words'

# ---- what --save leaves as it is ----

printf '# mine\r\nbell = on\n' >"$config"
ok 'the addresses go into a config that has other lines' alone --save "${all[@]}"
is 'these stay' "$(head -n 2 "$config")" $'# mine\r\nbell = on'
is 'the addresses follow' "$(tail -n +3 "$config")" "$(printf 'replica = %s %s\n' "${all[@]}")"
ok 'a client understands both' alone
mkdir "$dir/elsewhere" && mv "$config" "$dir/elsewhere/mine" && ln -s "$dir/elsewhere/mine" "$config"
ok 'a config that is a link' alone --save "${all[@]:2}" "${all[@]:0:2}"
ok 'stays one' test -L "$config"
is 'and the file that it leads to is written' "$(grep -c "^replica = ${all[2]} ${all[3]}$" "$dir/elsewhere/mine")" 1
is 'with what it had' "$(sed -n 2p "$dir/elsewhere/mine")" 'bell = on'
rm "$dir/elsewhere/mine"
alone --save "${all[@]}"
is 'a link to nothing is not written' $? 1
like 'which is said' "$(<"$dir/said")" "'$config' is a link that leads to no file .*: nothing is saved"
ok 'and it stays, too' test -L "$config"
rm "$config"
printf 'nonsense\n' >"$config"
alone --save "${all[@]}"
is 'a wrong config is not written over' $? 1
like 'its line is told' "$(<"$dir/said")" "option '--save': $config:1: no line of a config"
is 'and stays' "$(<"$config")" nonsense
printf 'bell = on\n' >"$config"
wrong 'settings alone are no addresses' "^client: $config: 0 replicas instead of three; .*--save"
ok 'but with addresses they are enough' alone "${all[@]}"

# ---- configs that are wrong ----

# bad NAME REGEX TEXT: (as printf has it)
bad() {
	# shellcheck disable=SC2059
	printf "$3" >"$config"
	wrong "$1" "^client: $config$2"
}
bad 'an unknown word has its line' ':2: no line of a config; a line is: replica = HOST PORT' '#\nserver = a 1\n'
bad 'a line without =' ':1: no line of a config' 'replica a 1\n'
bad 'a setting with a value that is none' ':2: wrap is words or terminal, not .by-words.; a line is' '#\nwrap = by-words\n'
bad 'a port that is none' ':1: no PORT from 1 to 65535' 'replica = a 0\n'
bad 'a port that is missing' ':1: no PORT' 'replica = a\n'
bad 'a host that is missing' ':1: no HOST' 'replica =\n'
bad 'a host that is too long' ':1: no HOST' "replica = $(printf 'x%.0s' {1..254}) 1\n"
bad 'too many words' ':1: something after the PORT' 'replica = a 1 b\n'
bad 'two replicas' ': 2 replicas instead of three' 'replica = a 1\nreplica = b 1\n'
bad 'an empty file' ': 0 replicas' ''
bad 'a fourth' ':4: a fourth replica' 'replica = a 1\nreplica = b 1\nreplica = c 1\nreplica = d 1\n'
bad 'escape sequences are not repeated' ':1: bytes that are no text; [^\\]*$' '\033[31mreplica = a 1\n'
bad 'bytes of a program' ':1: bytes that are no text' '\177ELF\001\000\000'
head -c 200000 /dev/zero | tr '\0' '#' >"$config"
wrong 'a file that is too large' "'$config' has more than 65536 bytes"
head -c 100000 /dev/urandom >"$config"
wrong 'noise' "$config"
printf 'replica = a 1\nreplica = b 1\nreplica = c 1\n' >"$config"
ok 'addresses on the command line do not ask a wrong one' alone "${all[@]}"
printf 'replica = 127.0.0.1 1\nreplica = 127.0.0.1 1\nreplica = 127.0.0.1 2\n' >"$config"
wrong 'the same replica twice' "'127.0.0.1:1' is given twice"
rm "$config" && mkdir "$config"
wrong 'a directory' "'$config' is a directory, not a file"
alone --save "${all[@]}"
is 'which is not replaced' $? 1
like 'and that is said' "$(<"$dir/said")" "option '--save': '$config' is a directory, not a file"
is 'nothing is left beside it' "$(ls -A "${config%/*}")" config
rmdir "$config" && mkfifo "$config"
wrong 'a FIFO is not waited for' "'$config' is a pipe or a device, not a file"
rm "$config" && ln -s nowhere "$config"
wrong 'a link to nothing is as if there were none' 'three pairs of HOST and PORT'
rm "$config" && ln -s config "$config"
wrong 'a link to itself' "cannot read '$config'"
rm -rf "${config%/*}" && : >"${config%/*}"
alone --save "${all[@]}"
is 'a file in the place of the folder' $? 1
like 'is told' "$(<"$dir/said")" "cannot write '$config': Not a directory"
rm "${config%/*}"
if [ "$(id -u)" != 0 ]; then
	alone --save "${all[@]}"
	chmod 000 "$config"
	wrong 'one that may not be read' "cannot read '$config': Permission denied"
fi

# ---- user and password file ----

wrong 'a name that is none' "option '--user': '-x' is no name" --user=-x "${all[@]}"
wrong 'a user without a password file in script mode' "option '--user' needs '--password-file FILE'" --user ann "${all[@]}"
wrong 'the same with --json' "option '--user' needs '--password-file FILE'" --json --user ann "${all[@]}"
wrong 'a password file without a user' "option '--password-file' is for '--user NAME'" --password-file x "${all[@]}"
file=(--user ann --password-file "$password" "${all[@]}")
wrong 'a password file that is missing' "option '--password-file': cannot read '$password': No such file" "${file[@]}"
mkdir "$password"
wrong 'one that is a directory' "'$password' is a directory, not a file or a pipe" "${file[@]}"
rmdir "$password" && ln -s /dev/null "$password"
wrong 'one that is a device' "'$password' is a device, not a file or a pipe" "${file[@]}"
rm "$password" && : >"$password" && chmod 600 "$password"
wrong 'one that is empty' "the first line of '$password' is empty" "${file[@]}"
printf '\npw\n' >"$password"
wrong 'one whose first line is' "the first line of '$password' is empty" "${file[@]}"
printf 'pw\0w\n' >"$password"
wrong 'one with a NUL' 'holds a NUL' "${file[@]}"
printf 'x%.0s' {1..512} >"$password"
wrong 'one that is too long' 'at most 511 bytes' "${file[@]}"
echo pw-ann >"$password"
for mode in 640 604 660 644; do
	chmod $mode "$password"
	wrong "one that others may use: $mode" "mode $mode.*chmod 600" "${file[@]}"
done
nok 'no password is repeated' grep -q pw-ann "$dir/said"
chmod 400 "$password"

# shellcheck disable=SC2119
client_json "$dir/out" <<<'/create ann pw-ann' || fail 'an account'
for ending in '' '\n' '\r\n' '\nsecond line\n'; do
	chmod 600 "$password"
	# shellcheck disable=SC2059
	printf "pw-ann$ending" >"$password"
	is "logs in with a password that ends in '$ending'" \
		"$(printf '/msg ann hi\n' | client_json "$dir/out" --user ann --password-file "$password"; json_get "$dir/out" event=result -- command ok | tr '\t\n' ': ')" \
		'login:true msg:true '
done
(printf 'x%.0s' {1..511}; printf '\r\n') >"$password"
client_json "$dir/out" --user ann --password-file "$password" <<<'/list'
is 'a wrong one is a refused log in, and the rest goes on' "$?:$(json_get "$dir/out" event=result -- command ok error | tr '\t\n' ': ')" \
	'1:login:false:wrong-password list:true: '
client_json "$dir/out" --user nobody --password-file "$password" </dev/null
is 'an unknown name makes no account here' "$?:$(json_get "$dir/out" event=result -- command error | tr '\t' ':')" 1:login:wrong-password

# ---- colours ----

wrong 'a colour that is none' "option '--color' is auto, always or never, not 'red'" --color red "${all[@]}"
said() {
	printf '/login ann pw-ann\n/msg ann hi\n/wait 0.1\n' | "$BIN/client" "$@" "${all[@]}" | grep ': hi$'
}
like 'a pipe has no colours' "$(said)" '^\[[^]]*\] ann: hi$'
like 'but with --color always' "$(NO_COLOR=1 TERM=dumb said --color always)" $'\033\\[[0-9]+mann\033\\[0m: hi$'
like 'never is never' "$(said --color never)" '^\[[^]]*\] ann: hi$'
nok 'JSON has none in any case' eval "said --json --color always | grep -q $'\\033'"

done_testing
