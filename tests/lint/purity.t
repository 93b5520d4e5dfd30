#!/usr/bin/perl
# SPDX-License-Identifier: MIT
#
# Purity: the objects of pure modules (tests/lint/layers) in $OUT use only symbols that tests/lint/symbols allows or
# that another pure object defines. They have no data that can change. Constant tables of pointers are allowed: they
# are in .data.rel.ro, which only the loader writes.
use strict;
use warnings;
use lib 'tests/lint';
use Tree;

my $out = $ENV{OUT} || 'build';
my @pure = grep { is_pure($_) && -f "$_.c" } modules();
my @allowed = map { [split] } lines('tests/lint/symbols');

my (%defines, %wants, @missing, @foreign, @mutable);
for my $module (@pure) {
	my $object = "$out/$module.o";
	if (!-f $object) {
		push @missing, "$object: not built";
		next;
	}
	for (qx(nm $object)) {
		if (/^\s+U (\S+)/) {
			$wants{$module}{$1} = 1;
		} elsif (/^[0-9a-f]+ [A-Z] (\S+)/) {
			$defines{$1} = $module;
		}
	}
	for (qx(objdump -t $object)) {
		# Address, seven flags, section, size, name; a local static is an object (O), too.
		next if !/^[0-9a-f]+ .{5}.O (\.data|\.bss|\.tdata|\.tbss|\*COM\*)(\S*)\s+[0-9a-f]+\s+(\S+)/;
		push @mutable, "$module: '$3' can change" if "$1$2" !~ /^\.data\.rel\.ro/;
	}
}

for my $module (sort keys %wants) {
	SYMBOL: for my $symbol (sort keys %{ $wants{$module} }) {
		next if $defines{$symbol};
		for (@allowed) {
			my ($pattern, @who) = @$_;
			next SYMBOL if fits($symbol, $pattern) && (!@who || any_fits($module, @who));
		}
		push @foreign, "$module uses '$symbol'";
	}
}

report('every pure module was built', @missing, @pure ? () : 'there is none');
report('pure modules take nothing from the world outside', @foreign);
report('pure modules hold no data that can change', @mutable);
done();
