#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What the Greenhouse stand-in answers in its tests, held against the description of Harvest v3.
# Needs what greenhouse.sh needs.
shared=${FAIRLEAD_SHARED:-${FAIRLEAD_SOURCE:-.}/../shared}
spec=$shared/specs/greenhouse-harvest-v3-reconstructed.json
tests=${FAIRLEAD_SOURCE:-.}/tests

skip()
{
        echo "1..0 # SKIP $1"
        exit 0
}
[ -f "$spec" ] || skip "the description of Harvest v3 is not there (FAIRLEAD_SHARED)"
command -v node >/dev/null || skip "node is not installed"
(cd "$tests" && node -e 'require.resolve("ajv")') 2>/dev/null ||
        skip "tests/node_modules is missing: run npm ci in tests"
dir=$(mktemp -d "${TMPDIR:-/tmp}/fairlead-test.XXXXXX") || exit 99
trap 'rm -rf "$dir"' EXIT
if ! FAIRLEAD_RECORD_ANSWERS=$dir/answers python3 "$tests/program/sandbox_greenhouse.py" \
        >"$dir/log"; then
        grep -v '^ok' "$dir/log" | sed 's/^/# /'
        echo "Bail out! the stand-in's own test fails"
        exit 99
fi
node "$tests/schema/check-sandbox-greenhouse.mjs" "$spec" "$dir/answers"
