#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What the Lever adapter sends in its tests, held against Lever's Postman collection.
# Needs node, and the collection beside the tree.
shared=${FAIRLEAD_SHARED:-${FAIRLEAD_SOURCE:-.}/../shared}
spec=$shared/specs/lever-official-postman-collection.json
tests=${FAIRLEAD_SOURCE:-.}/tests

skip()
{
        echo "1..0 # SKIP $1"
        exit 0
}
[ -f "$spec" ] || skip "Lever's collection is not there (FAIRLEAD_SHARED)"
command -v node >/dev/null || skip "node is not installed"
dir=$(mktemp -d "${TMPDIR:-/tmp}/fairlead-test.XXXXXX") || exit 99
trap 'rm -rf "$dir"' EXIT
if ! FAIRLEAD_RECORD_REQUESTS=$dir/requests "${FAIRLEAD_BUILD:-.}/tests/unit/lever" \
        >"$dir/log"; then
        grep -v '^ok' "$dir/log" | sed 's/^/# /'
        echo "Bail out! the unit test fails"
        exit 99
fi
node "$tests/schema/check-lever.mjs" "$spec" "$dir/requests"
