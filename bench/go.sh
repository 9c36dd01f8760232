#!/bin/sh
# The benchmarks of tests/go, ten times each, through benchstat.
set -eu
cd "$(dirname "$0")/.."
mkdir -p build/bench
python=${PYTHON:-python3}
$python tests/tools.py go test -run '^$' -bench . -benchtime 100ms -count "${COUNT:-10}" ./tests/go/... ./gorandom/... >build/bench/go.txt
GOFLAGS= $python tests/tools.py go run golang.org/x/perf/cmd/benchstat@v0.0.0-20260908200009-22c9c6c9d4da build/bench/go.txt
