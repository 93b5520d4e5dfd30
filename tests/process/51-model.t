#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Every interleaving of a small cluster: the scopes that end within seconds, and each rule of the protocol
# taken away in turn (tests/model/README.md; `make model` has the scopes that take minutes).
exec "${OUT:-build}/tests/model/model"
