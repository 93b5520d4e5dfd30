#!/bin/sh
# SPDX-License-Identifier: MIT
#
# manual: prints docs/man/threefold-protocol.7. The protocol is specified by the comment at the top of protocol.h, and the
# numbers are those of its enums; the page is both, as they stand there. `make docs` writes it.
set -eu

# As literal lines of mdoc: a backslash, and a point or an apostrophe at the begin of a line, mean something there.
literal() {
	sed -e 's/\\/\\e/g' -e "s/^\([.']\)/\\\\\&\1/"
}

cat <<'END'
.\" SPDX-License-Identifier: MIT
.\" tools/manual.sh makes it of protocol.h.
.Dd November 30, 2026
.Dt THREEFOLD-PROTOCOL 7
.Os
.Sh NAME
.Nm threefold-protocol
.Nd what a client and a server of a Threefold chat say to each other
.Sh DESCRIPTION
This is the specification, as it stands in
.Pa protocol.h
of the source.
Files that are named here are of the source, too.
The numbers of frames, flags and statuses stand below.
.Bd -literal
END
sed -n '/^ \* TRANSPORT/,/^ \*\//{ /^ \*\//d; s/^ \* \{0,1\}//; p; }' protocol.h | literal
cat <<'END'
.Ed
.Sh NUMBERS
An enum without a number is one more than the one before it.
.Bd -literal
END
awk '/^enum.*\{/, /\};$/' protocol.h | sed 's/	/    /g' | literal
cat <<'END'
.Ed
.Sh SEE ALSO
.Xr threefold 1 ,
.Xr threefold-data 5 ,
.Xr threefold-server 8
END
