# SPDX-License-Identifier: MIT
#
# Tree: functions that the lint scripts share: the files of the tree, which modules are pure, shell patterns, TAP.
package Tree;
use strict;
use warnings;
use Exporter 'import';
our @EXPORT = qw(files modules parts part is_pure fits any_fits circles lines report done);

my $count = 0;
my $failed = 0;

# All files that git tracks or would add. Without a repository, all files that make uses.
sub files {
	my ($wanted) = @_;
	my @all = -e '.git' ? split /\n/, qx(git ls-files -co --exclude-standard)
			    : grep { -f } glob '* */* tests/*/* .ci/*';
	die "no file of the tree was found\n" if !@all;
	return sort grep { -f && /$wanted/ } @all;
}

# The modules: the names of the sources without .c and .h, each once.
sub modules {
	my %seen;
	return grep { !$seen{$_}++ } map { s/\.[ch]$//r } files(qr/\.[ch]$/);
}

# The parts of tests/lint/layers: [name, what it may include], from the bottom up, and which of them are pure.
my (@parts, %pure);
for (lines('tests/lint/layers')) {
	next if !/^(\w+)( pure)?:\s*(.*)/;
	push @parts, [$1, split ' ', $3];
	$pure{$1} = 1 if $2;
}

sub parts {
	return @parts;
}

# The part that a module belongs to: its folder. A module at the top of the tree is a part by itself.
sub part {
	my ($module) = @_;
	return $module =~ m{^tests/} ? 'tests' : $module =~ s{[/_].*}{}r;
}

# The modules that may not touch the world outside.
sub is_pure {
	my ($module) = @_;
	return $pure{part($module)};
}

# Whether a text fits a shell pattern, in which only * is special.
sub fits {
	my ($text, $pattern) = @_;
	my $regex = join '.*', map { quotemeta } split /\*/, $pattern, -1;
	return $text =~ /^$regex$/;
}

sub any_fits {
	my ($text, @patterns) = @_;
	return scalar grep { fits($text, $_) } @patterns;
}

# The circles of a graph, { from => { to => 1 } }. Each circle is a list of nodes that ends with its first node. The
# search goes depth first; a node that it meets again on its way down closes a circle.
sub circles {
	my ($graph) = @_;
	my (@found, %state, $walk);
	$walk = sub {
		my ($node, @way) = @_;
		if (($state{$node} // '') eq 'on the way') {
			shift @way while $way[0] ne $node;
			push @found, [@way, $node];
			return;
		}
		return if $state{$node};
		$state{$node} = 'on the way';
		$walk->($_, @way, $node) for sort keys %{ $graph->{$node} };
		$state{$node} = 'done';
	};
	$walk->($_) for sort keys %$graph;
	return @found;
}

# The lines of a table, without comments and empty ones.
sub lines {
	my ($name) = @_;
	open(my $file, '<', $name) or die "$name: $!\n";
	return grep { /\S/ && !/^#/ } map { chomp; $_ } <$file>;
}

# Prints one TAP line, and each complaint below it.
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
