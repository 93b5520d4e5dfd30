#!/bin/bash
# SPDX-License-Identifier: MIT
#
# What others send delays an honest client's messages little: a sample of tests/flood/flood.py.
if [ -n "${SAN:-}" ]; then
	echo "1..0 # SKIP sanitizers make the server too slow for this"
	exit 0
fi
exec python3 tests/flood/flood.py --check --seconds 1
