#!/bin/bash
# SPDX-License-Identifier: MIT
#
# A small part of `make faults`, always the same one: calls of the C library fail, and server, client and repair go on
# or end with a sentence; what was acknowledged is there afterwards (tests/faults/faults.pl). Also: each call that the
# programs make is one that fails there, or tests/faults/left-out says why not.
. tests/lib/lib.sh
faults=(perl tests/faults/faults.pl)

# A sanitizer's own calls fail, too, and it adds imports.
if [ -n "${SAN:-}" ]; then
	skip 'a sample of failing calls' 'not with sanitizers: they end a program whose memory, descriptors or files fail'
	done_testing
fi
export OUT=${OUT:-build} BIN JOBS=2
is 'what fails in no test, and has no reason' "$("${faults[@]}" --imports | tr '\n' ' ')" ''
"${faults[@]}" --sample "${SAMPLE:-150}" >"$dir/out" 2>&1
status=$?
comment "$(<"$dir/out")"
is 'one case of many: nothing went wrong' "$status$(grep -c WRONG "$dir/out")" 00
ok 'most calls were reached' test "$(awk '/ cases, .* calls failed/ { print($4 >= $2 / 2 ? 1 : 0) }' "$dir/out")" = 1
ok 'in every life' test "$(grep -cE '^# (server|client|repair)[a-z-]* +[0-9]+ +[0-9]+ ' "$dir/out")" = 9
done_testing
