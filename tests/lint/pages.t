#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Pages: what the pages for people name is there. Files, links and parts of README exist, DESIGN.md lists each file of each folder in its
# layers, each test that the tables of faults name stands in its file, and each sentence that a program is said to print in
# the program. Each command of a
# page is run by a test (tests/lint/commands). The version is the same everywhere.
use strict;
use warnings;
use lib 'tests/lint';
use Tree;

my @pages = files(qr/\.md$/);
# A pattern, a file of several folders, and one whose folder stands beside it.
my %unknown = map { $_ => 1 } qw(NN-AREA-CASE.t fixture.h cluster.h);

sub slurp {
	my ($path) = @_;
	return join "\n", lines($path);
}

# The path of a file that a page names from one of the folders.
sub found {
	my ($name, @folders) = @_;
	return (grep { -f } map { "$_/$name" } @folders)[0];
}

my $titles = qx(grep '^#' README.md);
my (@files, @links);
for my $page (@pages) {
	my $text = slurp($page);
	my $folder = $page =~ m{(.*)/} ? $1 : '.';
	my @folders = ('.', $folder, qw(tests/process tests/lib tests/faults tests/bench tests/flood replication));
	for my $name ($text =~ /`((?:[\w.-]+\/)*[\w-]+\.(?:c|h|t|md|pl|py|sh|svg))`/g) {
		push @files, "$page: $name" if !$unknown{$name} && !found($name, @folders);
	}
	for my $name ($text =~ /\]\(([^)#]+)/g) {
		push @links, "$page: $name" if $name !~ /^https?:/ && !-e "$folder/$name";
	}
	for my $title ($text =~ /README, "([^"]+)"/g) {
		push @links, "$page: README, $title" if $titles !~ /^#+ \Q$title\E\b/m;
	}
}

# The files of a folder stand behind its name, in lines that are indented further.
my (@listed, $folder, %listed);
for (grep { /^    base\/ +escape/ .. /^$/ } lines('DESIGN.md')) {
	$folder = $1 if s{^    (\w+)/\s}{};
	$listed{$folder}{$_} = 1 for /\w+/g;
}
for my $file (files(qr{^\w+/\w+\.c$})) {
	my ($part, $name) = $file =~ m{(.*)/(.*)\.c};
	push @listed, $file if $listed{$part} && !$listed{$part}{$name};
}

# A string may be broken over lines, and a name may be a sentence of a comment.
sub words {
	my ($path) = @_;
	return slurp($path) =~ s/"\s*\n\s*"//gr =~ s/\n\s*\*?\s*/ /gr;
}

my (@tests, $named);
for my $row (grep { /^\| [FD]\d+ \|/ } lines('tests/README.md')) {
	my ($fault, $cell) = $row =~ /^\| (\w+) \|.*\| (.*) \|$/;
	for my $part (split / · /, $cell) {
		my ($file, $names) = $part =~ /^`([\w\/.-]+)`: (.+)$/;
		my $path = found($file // '', 'tests', 'tests/process');
		my $text = $path ? words($path) : '';
		for my $name (split /; /, $names // $part) {
			$named++;
			push @tests, "$fault: $part: $name" if index($text, $name) < 0;
		}
	}
}

# The strings of the programs, each in one piece.
sub strings {
	my @found;
	my $text = join "\n", map { qx(cat $_) } @_;
	$text =~ s{/\*.*?\*/}{}gs;
	while ($text =~ /((?:"(?:[^"\\\n]|\\.)*"\s*)+)/g) {
		push @found, $1 =~ s/"\s*"//gr =~ s/^"|"\s*$//gr;
	}
	return @found;
}

# What the page about trouble quotes, with … for what differs, is what a program prints.
my @strings = strings(grep { !/^tests/ } files(qr/\.[ch]$/));
my ($quoted, @unsaid);
for my $row (grep { /^\| `/ } lines('docs/troubleshooting.md')) {
	my ($sentence) = $row =~ /^\| `([^`]+)` \| [^|]+ \| [^|]+ \|$/;
	my $pattern = join '.*', map { quotemeta } split /…/, $sentence // '', -1;
	$quoted++;
	push @unsaid, $sentence // $row if !defined $sentence || !grep { /$pattern/ } @strings;
}

# Each command of a page is run by a test, or there is a reason why not.
my (@rows, @uncovered, %used);
for (lines('tests/lint/commands')) {
	my ($page, $begin, $test, $words) = split / \| /;
	push @rows, { page => $page, begin => $begin, row => $_ };
	next if $test eq '-';
	my $text = -f "tests/$test" ? qx(cat tests/$test) : '';
	push @uncovered, "tests/lint/commands: tests/$test does not say: $words" if index($text, $words // $_) < 0;
}
for my $page ('README.md', grep { m{^docs/[^/]*\.md$} } @pages) {
	for my $line (map { /^    (\S.*)/ } split /\n/, qx(cat $page)) {
		next if $line =~ /^[{[|+\\]|^\w+ = /;
		my ($row) = sort { length $b->{begin} <=> length $a->{begin} }
			grep { $_->{page} eq $page && index($line, $_->{begin}) == 0 } @rows;
		$row ? $used{ $row->{row} }++ : push @uncovered, "$page: $line";
	}
}
push @uncovered, map { "tests/lint/commands: no such command: $_->{row}" } grep { !$used{ $_->{row} } } @rows;

# The version stands in three files, of which each has a reader that knows no other.
my ($version) = qx(cat io/options.h) =~ /THREEFOLD_VERSION "(.+?)"/;
my ($packaged) = slurp('system/debian/changelog') =~ /^threefold \((.+?)\)/;
my ($told) = qx(cat docs/CHANGELOG.md) =~ /^## (.+)$/m;
my @versions = grep { $_ ne $version } $packaged, $told;

# A manual of another package may not be here.
my @manual = grep { !/referenced manual not found|outdated mandoc\.db/ }
	split /\n/, qx(MANPATH=docs/man:/usr/share/man mandoc -Tlint docs/man/*.[1578] 2>&1);

report('mandoc finds nothing in the manual', @manual);
report('the files that pages name are there', @files);
report('so is what their links lead to', @links);
report('DESIGN.md, Layers, lists each file of each folder', $folder ? @listed : 'no list was found');
report('each test of the tables of faults stands in its file', $named ? @tests : 'no table was found');
report('each sentence of docs/troubleshooting.md is one that a program prints', $quoted ? @unsaid : 'no sentence was found');
report('each command of README and docs is run by a test, or has a reason why not', @uncovered);
report("Debian's changelog and docs/CHANGELOG.md begin with version $version", @versions);
done();
