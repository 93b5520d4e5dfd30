#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Sizes: a function has at most 70 lines, from its signature to its closing brace; a file at most 900; a line
# at most 100 columns (comments too, which the formatter leaves alone). The check relies on .clang-format: only the
# braces of functions stand alone in the first column.
use strict;
use warnings;
use lib 'tests/lint';
use Tree;

use constant { FUNCTION_MAX => 70, FILE_MAX => 900, COLUMNS_MAX => 100 };

my (@functions, @long_files, @long_lines, @lengths);
for my $file (files(qr/\.[ch]$/)) {
	open(my $text, '<:encoding(UTF-8)', $file) or die "$file: $!\n";
	my ($first, $name, $body) = (0, '', 0);
	while (<$text>) {
		chomp;
		my $columns = length(s/\t/        /gr);
		push @long_lines, "$file:$.: $columns columns" if $columns > COLUMNS_MAX;
		if ($body) {
			next if !/^}/;
			my $length = $. - $first + 1;
			push @lengths, $length;
			push @functions, "$file:$first: $name has $length lines" if $length > FUNCTION_MAX;
			($first, $body) = (0, 0);
		} elsif (/^\{/) {
			$body = 1;
		} elsif (/^[A-Za-z_]/ && !/[;{]\s*$/) {
			$first ||= $.;
			$name = $1 if /(\w+)\(/;
		} elsif (!/^\s/ || /;\s*$/) {
			$first = 0;
		}
	}
	push @long_files, "$file has $. lines" if $. > FILE_MAX;
}

report('no function is longer than ' . FUNCTION_MAX . ' lines', @functions);
report('no file is longer than ' . FILE_MAX . ' lines', @long_files);
report('no line is wider than ' . COLUMNS_MAX . ' columns', @long_lines);
if (@lengths) {
	@lengths = sort { $a <=> $b } @lengths;
	printf "# %d functions, median %d lines, 95th percentile %d, longest %d\n", scalar @lengths,
		@lengths[@lengths / 2, @lengths * 0.95, -1];
}
done();
