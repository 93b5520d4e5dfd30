#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# json: reads JSON for the tests, with nothing but Perl's own modules.
#
#   json.pl FILE [PATH=VALUE ...]              the lines that fit, as they stand
#   json.pl FILE [PATH=VALUE ...] -- PATH ...  these fields of them, with tabs between
#   json.pl --count FILE [PATH=VALUE ...]      how many lines fit
#   json.pl --document FILE [PATH ...]         the whole file is one JSON value; fields of it
#   json.pl --wait FILE OFFSET SECONDS REGEX   the first line after OFFSET bytes that fits, once it is there:
#                                              the offset after it, a space, the line
#
# FILE has one JSON value a line; - is stdin. A PATH is, for example, `error` or `replicas.0.state`. Booleans
# are written as true and false. A missing field is empty. `PATH!=VALUE` fits values that differ.
# Exit status: 0; 1 if nothing fitted (--count: never) or nothing came in time; 2 if something is not JSON.
use strict;
use warnings;
use JSON::PP;
use Time::HiRes qw(sleep time);

my $json = JSON::PP->new->utf8->canonical->allow_nonref;

sub decode_or_die {
	my ($text, $where) = @_;
	my $value = eval { $json->decode($text) };
	if ($@) {
		print STDERR "$where: not JSON: $@";
		exit 2;
	}
	return $value;
}

sub text {
	my ($value) = @_;
	return '' if !defined $value;
	return $value ? 'true' : 'false' if JSON::PP::is_bool($value);
	return $json->encode($value) if ref $value;
	utf8::encode($value);
	return $value;
}

sub at {
	my ($value, $path) = @_;
	for my $step (split /\./, $path) {
		if (ref $value eq 'HASH') {
			$value = $value->{$step};
		} elsif (ref $value eq 'ARRAY' && $step =~ /^\d+$/) {
			$value = $value->[$step];
		} else {
			return '';
		}
	}
	return text($value);
}

sub slurp {
	my ($name) = @_;
	return \*STDIN if $name eq '-';
	open(my $file, '<', $name) or do { print STDERR "$name: $!\n"; exit 2 };
	return $file;
}

sub wait_for_line {
	my ($name, $offset, $seconds, $regex) = @_;
	my $end = time + $seconds;
	my $file = slurp($name);
	for (;;) {
		seek($file, $offset, 0);
		while (defined(my $line = <$file>)) {
			last if $line !~ /\n\z/;
			$offset = tell $file;
			next if $line !~ /$regex/;
			print "$offset $line";
			exit 0;
		}
		exit 1 if time > $end;
		sleep 0.005;
	}
}

wait_for_line(@ARGV[1 .. 4]) if ($ARGV[0] // '') eq '--wait';

my $document = ($ARGV[0] // '') eq '--document' && shift;
my $count = ($ARGV[0] // '') eq '--count' && shift;
my $name = shift // '-';
my $file = slurp($name);

if ($document) {
	my $value = decode_or_die(do { local $/; scalar <$file> } // '', $name);
	print join("\t", map { at($value, $_) } @ARGV), "\n" if @ARGV;
	exit 0;
}

my (@conditions, @paths);
while (defined(my $word = shift)) {
	if ($word eq '--') {
		@paths = splice @ARGV;
	} elsif ($word =~ /^([\w.-]+)(!?)=(.*)$/s) {
		push @conditions, [$1, $2, $3];
	} else {
		print STDERR "not PATH=VALUE: '$word'\n";
		exit 2;
	}
}

my $found = 0;
LINE: while (defined(my $line = <$file>)) {
	chomp $line;
	my $value = decode_or_die($line, "$name:$.");
	for my $condition (@conditions) {
		my ($path, $not, $want) = @$condition;
		next LINE if (at($value, $path) eq $want) == ($not eq '!');
	}
	$found++;
	next if $count;
	print @paths ? join("\t", map { at($value, $_) } @paths) : $line, "\n";
}
print "$found\n" if $count;
exit($found || $count ? 0 : 1);
