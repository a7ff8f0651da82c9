#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# What the CodeSignal adapter sends in its tests, held against the schema of its GraphQL API.
# Needs node with tests/node_modules (npm ci in tests/) and the schema beside the tree.
shared=${FAIRLEAD_SHARED:-${FAIRLEAD_SOURCE:-.}/../shared}
schema=$shared/specs/codesignal-schema.graphql
proven=$shared/specs/codesignal-proven.graphql
tests=${FAIRLEAD_SOURCE:-.}/tests

skip()
{
        echo "1..0 # SKIP $1"
        exit 0
}
[ -f "$schema" ] || skip "the schema of CodeSignal is not there (FAIRLEAD_SHARED)"
command -v node >/dev/null || skip "node is not installed"
(cd "$tests" && node -e 'require.resolve("graphql")') 2>/dev/null ||
        skip "tests/node_modules is missing: run npm ci in tests"
dir=$(mktemp -d "${TMPDIR:-/tmp}/fairlead-test.XXXXXX") || exit 99
trap 'rm -rf "$dir"' EXIT
if ! FAIRLEAD_RECORD_REQUESTS=$dir/requests "${FAIRLEAD_BUILD:-.}/tests/unit/codesignal" \
        >"$dir/log"; then
        echo "Bail out! the unit test fails"
        exit 99
fi
[ -f "$proven" ] || proven=
node "$tests/schema/check-codesignal.mjs" "$dir/requests" "$schema" ${proven:+"$proven"}
