# shellcheck shell=bash
# SPDX-License-Identifier: MIT
#
# Completion for bash. The options are those of --help, so there is no second list of them.

_threefold() {
	local word=${COMP_WORDS[COMP_CWORD]}

	COMPREPLY=()
	case $word in
	-*)
		mapfile -t COMPREPLY < <(compgen -W \
			"$("$1" --help 2>/dev/null | sed -En 's/^(  -., |      )(--[a-z-]+).*/\2/p')" -- "$word")
		;;
	esac
}
# Anything else is a file, for --key, or the address of a replica.
complete -o default -F _threefold threefold threefold-bench threefold-repair threefold-server
