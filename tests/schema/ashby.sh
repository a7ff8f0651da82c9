#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What the Ashby adapter sends in its tests, held against the description of Ashby's API.
# Needs node with tests/node_modules (npm ci in tests/) and the description beside the tree.
shared=${FAIRLEAD_SHARED:-${FAIRLEAD_SOURCE:-.}/../shared}
spec=$shared/specs/ashby-openapi.json
tests=${FAIRLEAD_SOURCE:-.}/tests

skip()
{
        echo "1..0 # SKIP $1"
        exit 0
}
[ -f "$spec" ] || skip "the description of Ashby's API is not there (FAIRLEAD_SHARED)"
command -v node >/dev/null || skip "node is not installed"
(cd "$tests" && node -e 'require.resolve("ajv")') 2>/dev/null ||
        skip "tests/node_modules is missing: run npm ci in tests"
dir=$(mktemp -d "${TMPDIR:-/tmp}/fairlead-test.XXXXXX") || exit 99
trap 'rm -rf "$dir"' EXIT
if ! FAIRLEAD_RECORD_REQUESTS=$dir/requests "${FAIRLEAD_BUILD:-.}/tests/unit/ashby" \
        >"$dir/log"; then
        grep -v '^ok' "$dir/log" | sed 's/^/# /'
        echo "Bail out! the unit test fails"
        exit 99
fi
node "$tests/schema/check-ashby.mjs" "$spec" "$dir/requests"
