#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Style: clang-format would change nothing, and cppcheck and shellcheck find nothing. No file names a path of somebody's
# machine, holds a note to do something later, or lacks the licence line.
use strict;
use warnings;
use lib 'tests/lint';
use Tree;

# The output of a command, line by line, if its exit status says that it found something.
sub complaints {
	my ($command, @files) = @_;
	return () if !@files;
	my $said = qx($command @files 2>&1);
	return $? == 0 ? () : $said || "'$command' failed without a word";
}

# The lines of files that match a regular expression.
sub found {
	my ($regex, @files) = @_;
	my @lines;
	for my $name (@files) {
		open(my $text, '<', $name) or die "$name: $!\n";
		while (<$text>) {
			push @lines, "$name:$.: $_" if /$regex/;
		}
	}
	return @lines;
}

sub first_lines {
	my ($name) = @_;
	open(my $text, '<', $name) or die "$name: $!\n";
	return join '', grep { defined } map { scalar <$text> } 1 .. 3;
}

my @all = grep { -T } files(qr/./);
my @c = grep { /\.[ch]$/ } @all;
my @sources = grep { /\.c$/ } @c;
my @shell = grep { /\.sh$/ || first_lines($_) =~ /^#!.*\b(ba)?sh\b/ } @all;
my @perl = grep { /\.p[lm]$/ || first_lines($_) =~ /^#!.*\bperl\b/ } @all;

report('C is formatted (make format does it)', complaints('clang-format --dry-run -Werror', @c));
report('cppcheck finds nothing', complaints(
	'cppcheck --quiet --error-exitcode=1 --enable=warning,performance,portability --inline-suppr' .
	' --std=c11 --library=gnu -D_GNU_SOURCE -I. --suppressions-list=tests/lint/cppcheck', @sources));
report('shellcheck finds nothing', complaints('shellcheck -x -S warning', @shell));
report('Perl compiles without a warning', map {
	my $said = qx(perl -wc -Itests/lint $_ 2>&1);
	$said =~ /^\S+ syntax OK\n\z/ ? () : $said } @perl);
report('no path of a machine stands in the tree', found(qr{/(?:work|farm|home)/}, @all));
report('nothing is left to do', found(qr/\b(?:TO[D]O|FIX[M]E|X[X]X)\b/, @all));
report('sizeof needs no brackets for what is no type', found(qr/\bsizeof ?\((?:\*\w|\w+(?:->|\.|\[))/, @c));
report('no line ends in a blank', found(qr/[ \t]+$/, @all));
report('each source names its licence', map { "$_: no SPDX line at its top" }
	grep { first_lines($_) !~ /SPDX-License-Identifier: MIT/ } @c, @shell, @perl);
done();
