#!/bin/sh
# SPDX-License-Identifier: MIT
# bench.sh - what `make bench` runs; the options are bench/run's
exec python3 "$(dirname "$0")/run" "$@"
