#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Includes: they name files from the root of the tree, go down the layers of tests/lint/layers, and make no circles.
# Pure modules include only headers of the system that declare nothing impure. Each header compiles alone.
use strict;
use warnings;
use lib 'tests/lint';
use Tree;

my (%may, %system);
for (parts()) {
	my ($part, @below) = @$_;
	$may{$part} = { map { $_ => 1 } $part, @below };
}
for (lines('tests/lint/layers')) {
	$system{$1} = [split ' ', $2] if /^(<\S+>)\s*(.*)/;
}

# Tests may include everything but a program's own file.
sub may_include {
	my ($from, $to) = map { part($_) } @_;
	return $from eq 'tests' ? $to !~ /^(?:server|client)$/ : $may{$from} && $may{$from}{$to};
}

my %includes;
for my $file (files(qr/\.[ch]$/)) {
	open(my $text, '<', $file) or die "$file: $!\n";
	while (<$text>) {
		next if !/^\s*#\s*include\s+(["<])([^">]+)[">]/;
		my ($kind, $name) = ($1, $2);
		push @{ $includes{$file} }, [$kind, $name, $.];
	}
}

my (@wrong, @layer, @impure);
for my $file (sort keys %includes) {
	my $module = $file =~ s/\.[ch]$//r;
	for (@{ $includes{$file} }) {
		my ($kind, $name, $line) = @$_;
		my $where = "$file:$line: $name";
		if ($kind eq '"') {
			push @wrong, "$where is not a header of this tree, written from its root" if !-f $name;
			push @layer, "$where is not below $module" if !may_include($module, $name =~ s/\.h$//r);
		} elsif (is_pure($module)) {
			my $who = $system{"<$name>"};
			push @impure, "$where is nothing for a pure module"
				if !$who || (@$who && !any_fits($module, @$who));
		}
	}
}

my %reaches;
for my $file (keys %includes) {
	$reaches{$file}{$_} = 1 for map { $_->[1] } grep { $_->[0] eq '"' } @{ $includes{$file} };
}

my @alone;
my $cc = $ENV{CC} || 'cc';
my $flags = '-std=c11 -Wall -Wextra -Wpedantic -Werror -D_GNU_SOURCE -I. -fsyntax-only -x c';
for my $header (files(qr/\.h$/)) {
	my $said = qx(echo '#include "$header"' | $cc $flags - 2>&1);
	push @alone, "$header:\n$said" if $?;
}

report('includes name headers from the root of the tree', @wrong);
report('includes go down the layers', @layer);
report('no file includes itself in a circle', map { join ' -> ', @$_ } circles(\%reaches));
report('pure modules include only harmless headers of the system', @impure);
report('each header compiles alone', @alone);
done();
