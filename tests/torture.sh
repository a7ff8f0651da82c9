#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# 200 rounds of kills and power cuts; nothing acknowledged may be lost.  And the same without
# the redo step, which must be found out: a test that cannot fail proves nothing.
rounds=${FAIRLEAD_TORTURE_ROUNDS:-200}
seed=${FAIRLEAD_TORTURE_SEED:-$(date +%s)}
torture=${FAIRLEAD_BUILD:-.}/tests/torture/torture

echo 1..3
if "$torture" "$rounds" "$seed" >torture-store.out 2>torture-store.err; then
        echo "ok 1 - store: $rounds rounds with seed $seed"
else
        echo "not ok 1 - store: $rounds rounds with seed $seed"
        sed 's/^/# /' torture-store.out
        tail -n 20 torture-store.err | sed 's/^/# /'
fi
grep '^torture:' torture-store.out | sed 's/^/# /'
if grep -q '^torture: [1-9][0-9]* rounds, [1-9][0-9]* keys acknowledged, 0 lost, 0 half, [1-9]' \
        torture-store.out; then
        echo "ok 2 - store: something was acknowledged, recovered, and nothing lost"
else
        echo "not ok 2 - store: something was acknowledged, recovered, and nothing lost"
fi
if "$torture" 40 "$seed" control >torture-control.out 2>&1; then
        echo "not ok 3 - without the redo step the test must fail"
        sed 's/^/# /' torture-control.out
else
        echo "ok 3 - without the redo step the test fails"
fi
rm -f torture-store.out torture-store.err torture-control.out
