#compdef threefold threefold-bench threefold-repair threefold-server
# SPDX-License-Identifier: MIT
#
# Completion for zsh: the options of --help.

_gnu_generic
