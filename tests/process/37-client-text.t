#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What goes in and comes out as text: limits of one line of input, bytes that a terminal would obey, and the patterns
# of /list, also among thousands of accounts.
. tests/lib/features.sh

start_servers
enter ann

# ---- limits, in one line of input ----

is 'limits: 65,536 bytes are sent, 65,537 are not; 4-byte characters count as 4' "$({
	echo '/create bob pw-bob'
	perl -e '
		printf "/msg bob %s\n", "x" x $_ for 1, 65535, 65536, 65537;
		printf "/msg bob %s\n", "\xf0\x9f\x98\x80" x $_ for 16384, 16385;
		printf "{\"command\":\"msg\",\"to\":\"bob\",\"text\":\"%s\"}\n", "\\u0001" x $_ for 65536, 65537;
		printf "/all %s\n", "y" x $_ for 65536, 65537;
		printf "/talk bob\n%s\n%s\n", "z" x 65536, "z" x 65537;
		printf "/msg bob \n/msg bob\n/msg bob  \n"'
} | run_all "$dir/out")" \
	'create:ok msg:ok msg:ok msg:ok msg:too-long msg:ok msg:too-long msg:ok msg:too-long all:ok all:too-long talk:ok msg:ok text:too-long msg:usage msg:usage msg:ok'
is 'limits: what was sent arrives whole' "$(json_get "$dir/out" event=message -- text | awk '{ print length }' | sort -n | tr '\n' ' ')" \
	"$(printf '1 1 65535 65536 65536 65536 65536 ')"
is 'limits: names' "$({
	perl -e 'printf "/create %s pw\n", "n" x $_ for 33, 1000, 60000'
	perl -e 'printf "/create %s %s\n", "n" x 32, "p" x 512'
	perl -e 'printf "/create %s %s\n/logout\n", "n" x 32, "p" x 511'
	perl -e 'printf "/login %s %s\n", "n" x 32, "p" x 511'
} | run_all "$dir/out")" 'create:bad-name create:bad-name create:bad-name create:usage create:ok logout:ok login:ok'
is 'limits: recipients' "$({
	echo '/login bob pw-bob'
	perl -e 'printf "/msg %s hi\n", join(",", map { "u$_" } 1 .. $_) for 4096, 4097'
	perl -e 'printf "/msg %s hi\n", join(",", ("bob") x 4096)'
} | run_all "$dir/out")" 'login:ok msg:no-such-user msg:usage msg:ok'

# ---- bytes that a terminal would obey ----

# Each byte but NUL and the newline that is text, then what is longer: C1, bidi marks, separators.
perl -CO -MJSON::PP -e '
	my @texts = (map { sprintf("<%c>", $_) } 1 .. 0x9f, 0xad, 0x61c, 0x200b .. 0x200f, 0x2028 .. 0x202e, 0x2060 .. 0x206f,
		0xfeff, 0xfff9 .. 0xfffd, 0xe0001);
	push @texts, "\e[2J\e]0;title\a\e[31mred", "a\r\nb", "\"\\/\"", "{\"event\":\"ready\"}", "x\n{\"event\":\"result\"}";
	my $json = JSON::PP->new;
	print map { $json->encode({ command => "msg", to => "ann", text => $_ }) . "\n" } @texts;
	open(my $file, ">:utf8", $ARGV[0]) or die;
	print $file $json->encode(\@texts);' "$dir/texts" >"$dir/script"
is 'hostile text is sent' "$({
	echo '/login bob pw-bob'
	cat "$dir/script"
} | run_all "$dir/out" | tr ' ' '\n' | sort | uniq -c | tr -s ' ' | tr '\n' ';')" \
	" 1 login:ok; $(wc -l <"$dir/script") msg:ok;"
wait_for "$patience" eval '[ "$(json_count "$dir/ann.out" event=message from=bob)" -ge "$(wc -l <"$dir/script")" ]'
is 'as JSON it comes back as it was' "$(perl -MJSON::PP -e '
	open(my $file, "<", $ARGV[0]) or die;
	my $want = JSON::PP->new->utf8->decode(scalar <$file>);
	open(my $out, "<", $ARGV[1]) or die;
	my $count = 0;
	while (<$out>) {
		my $line = JSON::PP->new->utf8->decode($_);
		next if $line->{event} ne "message" || length $line->{text} > 1000 || $line->{text} =~ /^[xyz]?$/;
		my $text = shift @$want;
		$count++ if defined $text && $text eq $line->{text};
	}
	print "$count same, ", scalar @$want, " missing";' "$dir/texts" "$dir/ann.out")" \
	"$(wc -l <"$dir/script") same, 0 missing"
nok 'as JSON no byte of it is a control character' grep -qP '[\x00-\x08\x0b-\x1f\x7f]' "$dir/ann.out"
nok 'nor C1, nor a mark that turns the direction' grep -qP '\xc2[\x80-\x9f]|\xe2\x80[\xaa-\xae]|\xe2\x81[\xa6-\xa9]|\xd8\x9c' \
	"$dir/ann.out"
client_close ann
{
	echo '/login bob pw-bob'
	sed 's/"ann"/"bob"/' "$dir/script"
	echo '/wait 0.3'
} >"$dir/readable.in"
# shellcheck disable=SC2046
"$BIN/client" $(addresses) <"$dir/readable.in" >"$dir/readable"
ok 'readable: they are shown' test "$(grep -c '\] bob: ' "$dir/readable")" = "$(wc -l <"$dir/script")"
nok 'readable: none of them raw' grep -qP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]|\xe2\x80[\x8b-\x8f\xaa-\xae]|\xe2\x81[\xa6-\xa9]|\xd8\x9c' \
	"$dir/readable"
nok 'readable: no text begins a line of its own' grep -qE '^(\{|b$)' "$dir/readable"
nok 'readable: without a terminal there is no colour and no prompt' grep -qP '\x1b|> $' "$dir/readable"

term_client ann --idle-logout 600
ok 'terminal: a client' term_sees ann '^not logged in>'
term_type ann '/login ann pw-ann'
ok 'terminal: logged in' term_sees ann '^ann>'
terminal set-option -t ann allow-rename on
printf '/login bob pw-bob\n%s\n' \
	'{"command":"msg","to":"ann","text":"\u001b[2J\u001b]0;owned\u0007\u001b[31mred\u009b1m \u202eevil\nbob: no\r[fake]"}' |
	client_json "$dir/out"
ok 'terminal: escape sequences are shown, not obeyed' term_sees ann '^[0-9:]{5} +bob: .*\[2J.*owned.*\[31mred'
ok 'terminal: what was there before is there still' term_sees ann '/login NAME logs in'
is 'terminal: its title is ours' "$(terminal display-message -p -t ann '#{pane_title}')" '(1) ann - threefold'
ok 'terminal: a second line is not taken for a message' term_sees ann '^ +\| bob: no'
terminal capture-pane -p -e -t ann >"$dir/colours"
nok 'terminal: nothing is red' grep -qP '\x1b\[[0-9;]*31m' "$dir/colours"

# shellcheck disable=SC2046
term_start dumb env TERM=dumb NO_COLOR=1 "$BIN/client" $(addresses)
ok 'a terminal that can do nothing' term_sees dumb '^not logged in>'
terminal pipe-pane -t dumb "cat >'$dir/dumb'"
term_type dumb '/list bob'
ok 'is served' term_sees dumb '^list: 1 account, '
nok 'without escape sequences' grep -q "$(printf '\033')" "$dir/dumb"

# ---- patterns ----

for name in alice bernd carl dave erin; do
	printf '/create %s pw\n/logout\n' "$name"
done | client_json "$dir/out"
names() {
	client_json "$dir/names" <<<"$1"
	json_get "$dir/names" event=users | grep -oE '"name":"[^"]*"' | sed 's/.*:"//; s/"//' | grep -v nnn | tr '\n' ' '
}
while IFS='=' read -r pattern want; do
	is "list: $pattern" "$(names "/list${pattern:+ $pattern}")" "${want:+$want }"
done <<'END'
=alice ann bernd bob carl dave erin
a=alice ann
al=alice
alice=alice
alicee=
A=alice ann
AL=alice
b*=bernd bob
*e=alice dave
*=alice ann bernd bob carl dave erin
?ob=bob
???=ann bob
*r*=bernd carl erin
b*d=bernd
.*=
[ab]*=
-E e=erin
-E .a=carl dave
-E .*i=alice erin
-E a=alice ann
-E ^a=alice ann
-E (bo|da)=bob dave
-E (bob|dave)$=bob dave
-E [^a-c]=dave erin
-E a{1}l=alice
-E x?=alice ann bernd bob carl dave erin
END
is 'list: what is no expression is refused by its fault' \
	"$(printf '/list -E %s\n' '(' '[' 'a{2,1}' '*' '(a)\1' 'a{30000}' '(((a{99}){99}){99})' | run_all "$dir/out" | tr ' ' '\n' |
		sed 's/list:ok/list:usage/' | sort | uniq -c | tr -s ' ')" ' 7 list:usage'
is 'list: a name is any of its letters' "$(names '/list -E [.]')$(names '/list .')$(names '/list -')" ''

# ---- thousands of accounts ----

# shellcheck disable=SC2046
ok 'list: thousands of accounts are made' "$BIN/bench" $(addresses) --mode list --users 3000 --seconds 0.1
is 'list: all of them' "$(run_all "$dir/out" <<<'/list *-r*')$(json_get "$dir/out" event=result -- count)" list:ok3000
is 'list: in pages' "$(($(json_count "$dir/out" event=users) > 3))" 1
json_get "$dir/out" event=users | grep -oE '"name":"[^"]*"' | sort >"$dir/listed"
is 'list: each once' "$(wc -l <"$dir/listed")$(uniq -d "$dir/listed")" 3000
is 'list: a glob of them' "$(run_all "$dir/out" <<<'/list *-r*99')$(json_get "$dir/out" event=result -- count)" list:ok30
is 'list: an expression' "$(run_all "$dir/out" <<<'/list -E .*-r[0-9]$')$(json_get "$dir/out" event=result -- count)" list:ok10
is 'list: a beginning among them' "$(names '/list al')" 'alice '
kill_server 0
is 'list: the next replica answers the same' "$(run_all "$dir/out" <<<'/list *-r*')$(
	json_get "$dir/out" event=users | grep -oE '"name":"[^"]*"' | sort | cmp - "$dir/listed")" list:ok

done_testing
