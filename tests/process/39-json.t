#!/bin/bash
# SPDX-License-Identifier: MIT
#
# docs/json.md, the interface for programs: it is what the tables of the client say. Each event that a real client
# writes stands there, with the members that it has, of that form, and no others; and whatever stands there is seen.
. tests/lib/terminal.sh

ok 'docs/json.md is what the tables say (make docs)' diff <("${OUT:-build}/tools/reference") docs/json.md

ok 'so is the manual page of the protocol, of protocol.h' diff <(tools/manual.sh) docs/man/threefold-protocol.7

# hold.pl PAGE FILE...: what is wrong with the events of the files, a line each; then what no event had.
cat >"$dir/hold.pl" <<'END'
use strict;
use warnings;
use JSON::PP;
my (%members, %codes, %seen, @samples, $event, $is_code);
my $json = JSON::PP->new->allow_nonref;
my %form = (
	'a string' => sub { defined $_[0] && !ref $_[0] && $json->encode($_[0]) =~ /^"/ },
	'a number' => sub { defined $_[0] && !ref $_[0] && $json->encode($_[0]) =~ /^-?[0-9]+$/ },
	'true or false' => sub { JSON::PP::is_bool($_[0]) },
	'a list of strings' => sub { ref $_[0] eq 'ARRAY' && !grep { !defined $_ || ref $_ } @{ $_[0] } },
	'a list of objects' => sub { ref $_[0] eq 'ARRAY' && !grep { ref $_ ne 'HASH' } @{ $_[0] } },
	'"live" or "dead"' => sub { $_[0] eq 'live' || $_[0] eq 'dead' },
	'"full"' => sub { $_[0] eq 'full' },
);
$form{'a number or null'} = sub { !defined $_[0] || $form{'a number'}->($_[0]) };
$form{'true, false or null'} = sub { !defined $_[0] || $form{'true or false'}->($_[0]) };
# Not seen here: a creation that is cut off makes such an account, see tests/process/36-client-interface.t, and an
# operator, see tests/process/63-operators.t. And a file
# of what was said has only some members of a result.
my %elsewhere = ('result unfinished' => 1, 'result reset' => 1);

open my $page, '<', shift or die;
while (<$page>) {
	$members{ $event = $1 } = {} if /^### (\S+)$/;
	($event, $is_code) = (undef, 1) if /^## Errors/;
	push @samples, [$event, $1] if defined $event && /^    (\{.*)/;
	$members{$event}{$1} = { form => $2, always => $3 eq 'always' }
		if defined $event && /^\| `([a-z_.\[\]]+)` \| ([^|]*) \| ([^|]*) \| [^|]+ \|$/;
	$codes{$1} = 1 if $is_code && /^\| `([a-z-]+)` \| [^|]+ \|$/;
}
my %own = %{ $members{sent} };
$members{sent}{$_} //= $members{result}{$_} for keys %{ $members{result} };
print "the page has ", scalar keys %members, " events and ", scalar keys %codes, " codes\n"
	if keys %members != 11 || keys %codes != 26 || @samples < 11;

sub hold {
	my ($event, $front, $object, $line) = @_;
	for my $key (keys %$object) {
		next if $front eq '' && $key eq 'event';
		my $row = $members{$event}{"$front$key"};
		my $fits = $row && $form{ $row->{form} };
		$seen{"$event $front$key"} = 1;
		if (!$fits) {
			print "no member '$front$key' of $event, or of no known form: $line\n";
			next;
		}
		print "'$front$key' is not $row->{form}: $line\n" if !$fits->($object->{$key});
		print "no code of the page: $line\n" if $key eq 'error' && !$codes{ $object->{$key} };
		next if $row->{form} ne 'a list of objects';
		hold($event, "$key\[].", $_, $line) for @{ $object->{$key} };
	}
	for my $key (keys %{ $members{$event} }) {
		print "'$key' is missing: $line\n"
			if $key =~ /^\Q$front\E([a-z_]+)$/ && $members{$event}{$key}{always} && !exists $object->{$1};
	}
}

sub line {
	my ($line) = @_;
	my $object = decode_json($line);
	my $event = $object->{event};
	if (!$members{$event}) {
		print "no event of the page: $line\n";
		return;
	}
	$seen{"$event "} = 1;
	hold($event, '', $object, $line);
	return $event;
}
for my $sample (@samples) {
	print "no $sample->[0]: $sample->[1]\n" if line($sample->[1]) ne $sample->[0];
}
%seen = ();
while (my $line = <>) {
	chomp $line;
	line($line);
}
for my $event (sort keys %members) {
	for my $key ('', sort keys %{ $event eq 'sent' ? \%own : $members{$event} }) {
		print "nothing had: $event $key\n" if !$seen{"$event $key"} && !$elsewhere{"$event $key"};
	}
}
END

start_servers --share-messages 3 --limit-accounts 5 --limit-loopback
# What the page shows as commands can be said. It makes ann.
{
	echo '{"command":"create","name":"ben","password":"pw"}'
	echo /logout
	sed -n 's/^    \({"command".*\)/\1/p' docs/json.md
	cat <<-'END'
		/logout
		/create bob pw
		/msg ann two
		/msg ann three
		/msg ann four
		/msg ann,nobody both
		/all --notice everybody
		/list
		/check
		/replicas
		/help msg
		/nothing
		{"command":
		/logout
		/create carol pw
		/logout
		/create dave pw
		/logout
		/create erin pw
	END
} >"$dir/script"
client_json "$dir/one" <"$dir/script"
is 'the commands that it shows are carried out' \
	"$(json_count "$dir/one" event=result ok=true command=create) $(json_count "$dir/one" tag=42 ok=true stored=2) $(
		json_count "$dir/one" command=wait ok=true messages=1)" '5 1 1'
client_start ann
client_ask ann '/login ann secret'
client_json "$dir/two" <<-'END'
	/login ann secret
	/login --take-over ann secret
END
client_wait ann '"logged-out"'
kill_server 0
client_wait ann '"leader"'
kill_server 1
kill_server 2
client_wait ann '"none-live"'
restart_server 1
client_wait ann '"live-again"'
client_ask ann /replicas
client_close ann
client_json "$dir/three" <<<'/login ann secret'
# One's own messages stand in the files of what was said.
tmux new-session -d -s carol -x 100 -y 30 "$BIN/client $(addresses | tr '\n' ' '); exec cat >/dev/null"
sees 'a person begins' carol '> *$'
types carol '/login carol pw'
sees 'and is in' carol '^you are carol'
types carol '/msg carol to myself'
sees 'and writes' carol 'carol: to myself'
types carol '/quit'
own() {
	cat "$XDG_STATE_HOME"/threefold/log/carol~*/*.jsonl 2>/dev/null >"$dir/own" && grep -q '"event":"sent"' "$dir/own"
}
wait_for "$patience" own || fail 'nothing is kept'
is 'each event stands there, with its members, and each that stands there is seen' \
	"$(perl "$dir/hold.pl" docs/json.md "$dir"/{one,ann.out,two,three,own})" ''
done_testing
