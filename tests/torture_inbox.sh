#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The inbox under kill -9 and power cuts: 200 rounds, and two disks that lie, which must be
# found out.  FAIRLEAD_TORTURE_ROUNDS and FAIRLEAD_TORTURE_SEED choose other ones.
program=$FAIRLEAD_BUILD/tests/torture/inbox_torture
rounds=${FAIRLEAD_TORTURE_ROUNDS:-200}
seed=${FAIRLEAD_TORTURE_SEED:-$(date +%s)}
count=0

# expect STATUS NAME ROUNDS SEED CONTROL
expect() {
        count=$((count + 1))
        output=$("$program" "$3" "$4" "$5" 2>&1)
        status=$?
        if [ "$status" -eq "$1" ]; then
                echo "ok $count - $2"
        else
                echo "not ok $count - $2: exit status $status, want $1"
        fi
        printf '%s\n' "$output" | tail -n 8 | sed 's/^/# /'
}

expect 0 "$rounds rounds: nothing acknowledged is lost, doubled or out of order" \
        "$rounds" "$seed" none
expect 1 "a disk that says 'synced' too early is found out" 100 "$seed" sync
expect 1 "a disk that loses a write is found out" 100 "$seed" write
expect 2 "a wrong call is refused" 10 "$seed" other
echo "1..$count"
