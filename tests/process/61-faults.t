#!/bin/bash
# SPDX-License-Identifier: MIT
#
# A small part of `make faults`, always the same one: calls of the C library fail, and server, client and repair go on
# or end with a sentence; what was acknowledged is there afterwards (tests/faults/faults.pl). Also: each call that the
# programs make is one that fails there, or tests/faults/left-out says why not.
. tests/lib/lib.sh
faults=(perl tests/faults/faults.pl)

export OUT=${OUT:-build} BIN JOBS=2
sample=150
if [ -z "${SAN:-}" ]; then # a sanitizer has imports of its own
	is 'what fails in no test, and has no reason' "$("${faults[@]}" --imports | tr '\n' ' ')" ''
else # it wants to be the first library, and to end a program that has no memory
	sample=300
	export ASAN_OPTIONS=${ASAN_OPTIONS:-}:verify_asan_link_order=0:allocator_may_return_null=1
fi
"${faults[@]}" --sample "$sample" >"$dir/out" 2>&1
status=$?
comment "$(<"$dir/out")"
is 'one case of many: nothing went wrong' "$status$(grep -c WRONG "$dir/out")" 00
ok 'most calls were reached' test "$(awk '/ cases, .* calls failed/ { print($4 >= $2 / 2 ? 1 : 0) }' "$dir/out")" = 1
ok 'in ten lives or more' test "$(grep -c ' calls, .* cases$' "$dir/out")" -ge 10
done_testing
