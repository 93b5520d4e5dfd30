#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Whole clusters in one process under random faults: a fixed number of schedules, and the same seed twice.
# `make soak SEEDS=N` runs as many as one likes; tests/simulate/simulate.h says what takes part and what is checked.
exec "${OUT:-build}/tests/simulate/simulate" --tap "${SEEDS:-1000}" --jobs 2
