# SPDX-License-Identifier: MIT
#
# Tree: what the lint scripts share: the files of the tree, which modules are pure, shell patterns, TAP.
package Tree;
use strict;
use warnings;
use Exporter 'import';
our @EXPORT = qw(files modules is_pure fits any_fits lines report done);

my $count = 0;
my $failed = 0;

# All files that are, or are about to be, in the repository; without a repository, those that make sees.
sub files {
	my ($wanted) = @_;
	my @all = -e '.git' ? split /\n/, qx(git ls-files -co --exclude-standard)
			    : grep { -f } glob '* core/* io/* tests/* tests/lint/* .ci/*';
	die "no file of the tree was found\n" if !@all;
	return sort grep { -f && /$wanted/ } @all;
}

# Without .c and .h, each once.
sub modules {
	my %seen;
	return grep { !$seen{$_}++ } map { s/\.[ch]$//r } files(qr/^(core\/|io\/|tests\/)?[^\/]+\.[ch]$/);
}

# What may not touch the world outside. io/json would be pure, but for cJSON.
sub is_pure {
	my ($module) = @_;
	return $module =~ m{^(core/.*|protocol.*|store.*|io/terminal.*|io/width|client_view)$};
}

# A pattern as the shell's, with * alone.
sub fits {
	my ($text, $pattern) = @_;
	my $regex = join '.*', map { quotemeta } split /\*/, $pattern, -1;
	return $text =~ /^$regex$/;
}

sub any_fits {
	my ($text, @patterns) = @_;
	return scalar grep { fits($text, $_) } @patterns;
}

# The lines of a table, without comments and empty ones.
sub lines {
	my ($name) = @_;
	open(my $file, '<', $name) or die "$name: $!\n";
	return grep { /\S/ && !/^#/ } map { chomp; $_ } <$file>;
}

# One TAP line; each complaint is shown below it.
sub report {
	my ($name, @complaints) = @_;
	$count++;
	$failed++ if @complaints;
	print @complaints ? 'not ok' : 'ok', " $count - $name\n";
	print "# $_\n" for map { split /\n/ } @complaints;
}

sub done {
	print "1..$count\n";
	exit($failed ? 1 : 0);
}

1;
