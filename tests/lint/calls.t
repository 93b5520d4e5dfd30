#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Calls: the objects in $OUT call only down the layers of tests/lint/layers, as includes do. No two files call each
# other, not even through a third one. Each name stands for one thing: no two files define the same tag or export the
# same symbol. An exported symbol begins with the name of its file, of its folder, or of a struct of theirs. No other
# file has a static function of the same name.
use strict;
use warnings;
use lib 'tests/lint';
use Tree;

my $out = $ENV{OUT} || 'build';
my @modules = grep { -f "$_.c" && part($_) ne 'tests' } modules();
my %may = map { my ($part, @below) = @$_; $part => { map { $_ => 1 } $part, @below } } parts();

# For each exported symbol: which module defines it, and which modules use it.
my (%defines, %wants, @missing, @symbols);
for my $module (@modules) {
	my $object = "$out/$module.o";
	push @missing, "$object: not built" if !-f $object;
	for (-f $object ? qx(nm -g $object) : ()) {
		if (/^\s+U (\S+)/) {
			push @{ $wants{$module} }, $1;
		} elsif (/^[0-9a-f]+ [A-Z] (\S+)/) {
			push @{ $defines{$1} }, $module;
		}
	}
}

my (@up, %calls, %example);
for my $from (sort keys %wants) {
	for my $symbol (@{ $wants{$from} }) {
		my $to = ($defines{$symbol} // [])->[0];
		next if !$to || $to eq $from;
		push @up, "$from calls $symbol of $to" if !$may{part($from)}{part($to)};
		$calls{$from}{$to} = 1;
		$example{"$from $to"} //= $symbol;
	}
}

# Describes each circle by its calls.
my @circles = map {
	my @way = @$_;
	join(', ', map { "$way[$_] calls " . $example{"$way[$_] $way[$_ + 1]"} . " of $way[$_ + 1]" } 0 .. $#way - 1);
} circles(\%calls);

# Checks tags, functions whose body is in a header, and static functions that have the name of another file's function.
my (%tags, %tags_of, %inlines, @namesakes);
for my $file (grep { part(s/\.[ch]$//r) ne 'tests' } files(qr/\.[ch]$/)) {
	open(my $text, '<', $file) or die "$file: $!\n";
	while (<$text>) {
		if (/^\s*(?:static const |static )?(?:struct|union|enum) (\w+) \{/) {
			$tags{$1}{$file} = 1;
			$tags_of{folder($file)}{$1} = 1;
		}
		$inlines{$file}{$1} = 1 if /^static inline [^(]*?(\w+)\(/;
		push @namesakes, "$file:$.: $1 is what $defines{$1}[0] exports"
			if /^static (?!inline)[^=(;]*?(\w+)\(/ && $defines{$1};
	}
}

# The folder of a file; protocol.[ch] and store.[ch] belong to the folders of their names.
sub folder {
	my ($file) = @_;
	return part($file =~ s/\.[ch]$//r);
}

# A private header counts for all files of its folder.
sub is_named_well {
	my ($name, $file) = @_;
	my ($folder, $own) = (folder($file), $file =~ s{^.*/|\.[ch]$}{}gr);
	my @owners = $own eq 'private' ? map { m{([^/]+)$} } grep { m{^\Q$folder\E/} } @modules : $own;
	return grep { $name =~ /^\Q$_\E(?:_|$)/ } @owners, $folder, keys %{ $tags_of{$folder} };
}

my @strange = map { my $name = $_; map { "$_ exports '$name'" } grep { $name ne 'main' && !is_named_well($name, $_) }
	@{ $defines{$name} } } sort keys %defines;
for my $file (sort keys %inlines) {
	push @strange, map { "$file has '$_'" } grep { !is_named_well($_, $file) } sort keys %{ $inlines{$file} };
}

report('every object was built', @missing);
report('calls go down the layers', @up);
report('no files call each other in a circle', @circles);
report('a tag is defined in one place', map { "$_: " . join(', ', sort keys %{ $tags{$_} }) }
	grep { keys %{ $tags{$_} } > 1 } sort keys %tags);
report('a symbol is exported by one file', map { "$_: " . join(', ', @{ $defines{$_} }) }
	grep { $_ ne 'main' && @{ $defines{$_} } > 1 } sort keys %defines);
report('what a file exports begins with its name', @strange);
report('no function of a file alone has the name of an exported one', @namesakes);
done();
