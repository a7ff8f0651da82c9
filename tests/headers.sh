#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Every header of lib/ is a page that stands alone: it compiles as the first line of a file.
source=${FAIRLEAD_SOURCE:-.}
flags="-I$source/lib $(pkg-config --cflags fcgi libcurl jansson libcrypto 2>/dev/null)"
work=$(mktemp -d "${TMPDIR:-/tmp}/fairlead-test.XXXXXX") || exit 99
trap 'rm -rf "$work"' EXIT

# alone FILE: as the tree is built, with the system's extensions.
alone()
{
        printf '#include "%s"\n#include "%s"\n' "$1" "$1" >"$work/alone.c"
        # shellcheck disable=SC2086  # the flags are several words
        ${CC:-cc} -D_GNU_SOURCE -Wall -Wextra -Werror -fsyntax-only $flags "$work/alone.c" \
                >"$work/said" 2>&1
}

n=1
printf 'int broken(struct fail *why, size_t n);\n' >"$work/broken.h"
if alone "$work/broken.h"; then
        echo "not ok 1 - a header that leans on others is found out"
else
        echo "ok 1 - a header that leans on others is found out"
fi
for header in $(cd "$source/lib" && find . -name '*.h' | LC_ALL=C sort | sed 's,^\./,,'); do
        n=$((n + 1))
        if alone "$header"; then
                echo "ok $n - $header"
        else
                echo "not ok $n - $header"
                sed 's/^/# /' "$work/said"
        fi
done
echo "1..$n"
