#!/bin/bash
# SPDX-License-Identifier: MIT
#
# ask.sh USER PASSWORD_FILE NAME TEXT: sends TEXT to NAME, then prints what comes until somebody has written, for ten
# seconds at most. Its status is 0 if everything was done. It needs jq, and a client that knows its servers
# (threefold --save).
set -euo pipefail
user=$1 password_file=$2 to=$3 text=$4

{
	jq -cn --arg to "$to" --arg text "$text" '{command: "msg", $to, $text}'
	echo '{"command":"wait","seconds":10,"count":1}'
} |
	threefold --json --stop-on-error --user "$user" --password-file "$password_file" |
	jq --unbuffered -r '
		# What somebody wrote may hold characters that a terminal obeys.
		def plain: gsub("[\\p{Cc}\\p{Cf}]"; " ");
		if .event == "message" then "\(.from): \(.text | plain)"
		elif .event == "result" and (.ok | not) then "\(.command) was refused: \(.detail | plain)"
		else empty end'
