#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The flags that configure chose are worth what stands in the programs: read it there.
build=${FAIRLEAD_BUILD:-.}
work=$(mktemp -d "${TMPDIR:-/tmp}/fairlead-test.XXXXXX") || exit 99
trap 'rm -rf "$work"' EXIT

skip()
{
        echo "1..0 # SKIP $1"
        exit 0
}
command -v readelf >/dev/null || skip "readelf is not installed"
grep -q '^HARD_CFLAGS *=.*-fsanitize' "$build/Makefile" && skip "a build with sanitizers"
case $(uname -m) in
x86_64 | aarch64) ;;
*) skip "the marks are not known for $(uname -m)" ;;
esac
# Without the optimiser glibc has no fortified functions; configure leaves them out then.
fortify=yes
grep -q '^HARD_CFLAGS *=.*-D_FORTIFY_SOURCE' "$build/Makefile" || fortify=no

n=0
# mark NAME, whether it is there (0 or not)
mark()
{
        n=$((n + 1))
        if [ "$2" -eq 0 ]; then
                echo "ok $n - $1"
        else
                echo "not ok $n - $1"
        fi
}
has()
{
        grep -Eq "$1" "$work/elf"
        echo $?
}
hasnot()
{
        ! grep -Eq "$1" "$work/elf"
        echo $?
}

marks()
{
        # Wide, so that a segment is one line; the symbols that the program takes from libraries.
        readelf -W -h -l -d --dyn-syms "$2" >"$work/elf" 2>/dev/null
        # A program with libc inside takes nothing, and libc's own guards are no mark of ours: what
        # it was made of takes them from libc.
        if ! grep -q '(NEEDED)' "$work/elf" && [ "$1" != bare ]; then
                readelf -W --syms "$build/libfairlead.a" 2>/dev/null | grep ' UND __' >>"$work/elf"
        fi
        mark "$1: position independent" "$(has 'FLAGS_1.*\<PIE\>')"
        mark "$1: relocations are read-only" "$(has '^ *GNU_RELRO ')"
        mark "$1: and made at the start" "$(has 'FLAGS_1.*\<NOW\>')"
        mark "$1: the stack is no code" "$(has '^ *GNU_STACK .* RW +0x')"
        mark "$1: nothing is writable and code" "$(hasnot '^ *(LOAD|GNU_STACK) .* RWE +0x')"
        mark "$1: no search path of the build" "$(hasnot '\((RPATH|RUNPATH|TEXTREL)\)')"
        mark "$1: the stack is guarded" "$(has 'UND __stack_chk_fail')"
        if [ $fortify = yes ]; then
                mark "$1: copies are checked" "$(has 'UND __[a-z]+_chk\>')"
        else
                n=$((n + 1))
                echo "ok $n - $1: copies are checked # SKIP not optimised"
        fi
}

# A program with none of them first: a mark that it bears too would prove nothing.
cat >"$work/bare.c" <<'CODE'
int main(void)
{
        return 0;
}
CODE
if ${CC:-cc} -w -O0 -no-pie -fno-stack-protector -U_FORTIFY_SOURCE -o "$work/bare" "$work/bare.c" \
        -Wl,-z,norelro,-z,lazy,-z,execstack,-rpath,/nowhere 2>"$work/said"; then
        borne=$(marks bare "$work/bare" | grep '^ok' | grep -v SKIP)
        [ -z "$borne" ]
        mark "a program with none of them bears no mark" $?
        [ -z "$borne" ] || echo "$borne" | sed 's/^/# /'
else
        n=$((n + 1))
        echo "ok $n - a program with none of them bears no mark # SKIP $(head -n 1 "$work/said")"
fi
for program in "$build/fairlead" "$build"/*.fcgi; do
        marks "${program##*/}" "$program"
done
echo "1..$n"
