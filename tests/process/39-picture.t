#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The picture in README is what the programs show: a session is played again, and all its words must be there.
. tests/lib/lib.sh

# The words of a picture, each step's by itself, without the time of day.
words() {
	sed 's/<\/text>/\n/g; s/<[^>]*>//g; s/[0-2][0-9]:[0-5][0-9]/HH:MM/g' "$1"
}

ok 'a session is drawn' tools/picture.py "$dir/picture.svg"
is 'and it shows what the picture in README shows (make picture)' "$(words "$dir/picture.svg")" "$(words docs/picture.svg)"
ok 'README shows the picture' grep -q 'docs/picture.svg' README.md
done_testing
