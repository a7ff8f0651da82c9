# SPDX-License-Identifier: GPL-3.0-or-later
"""Test Anything Protocol for tests in Python (standard library only).

    import os, sys
    sys.path.insert(0, os.path.join(os.environ["FAIRLEAD_SOURCE"], "tests", "lib"))
    import tap

    tap.equal(reply.status, 404, "an unknown path is not found")
    tap.ok("x" in text, "says x")
    tap.contains(text, "x", "says x")
    with tap.directory() as path: ...      a fresh directory, removed afterwards
    tap.skip_all("no lighttpd here")       ends the program; nothing was tested
    tap.end()                              the last line: prints the plan, exits 1 after a failure

A failed check says what it got and what it wanted; the test goes on.  An exception that nobody
caught counts as a failure: run the body with tap.run(function, ...), which also ends.

build() and source() name the build and the source directory (make check sets FAIRLEAD_BUILD and
FAIRLEAD_SOURCE), shared() the directory of recorded vendor facts beside the tree, or None.
wait_for(question, seconds) asks again and again until the answer is true: no sleeping for luck.
"""
import contextlib
import os
import re
import shutil
import sys
import tempfile
import time
import traceback

_count = 0
_failed = 0


def ok(good, name, detail=None):
    global _count, _failed
    _count += 1
    print(f"{'ok' if good else 'not ok'} {_count} - {name}".replace("#", "\\#"), flush=True)
    if not good:
        _failed += 1
        if detail is not None:
            for line in str(detail).splitlines()[:40]:
                note(line[:2000])
    return bool(good)


def equal(got, want, name):
    return ok(got == want, name, f"got  {got!r}\nwant {want!r}")


def contains(got, part, name):
    return ok(part in got, name, f"in   {got!r}\nwant {part!r}")


def lacks(got, part, name):
    return ok(part not in got, name, f"in       {got!r}\nunwanted {part!r}")


def lacks_word(got, word, name):
    """As a word of its own: the random tokens of a page may hold any three digits."""
    found = re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", got)
    return ok(not found, name, f"in       {got!r}\nunwanted {word!r}")


def skip(name, why):
    global _count
    _count += 1
    print(f"ok {_count} - {name} # SKIP {why}", flush=True)


def skip_all(why):
    print(f"1..0 # SKIP {why}", flush=True)
    sys.exit(0)


def note(text):
    for line in str(text).splitlines():
        print(f"# {line}", flush=True)


def end():
    print(f"1..{_count}", flush=True)
    sys.exit(1 if _failed else 0)


def run(*functions):
    """Runs each function; an exception is a failed check named after the function."""
    for function in functions:
        try:
            function()
        except Exception:  # whatever it is, the other functions still run
            ok(False, f"{function.__name__} ran to its end", traceback.format_exc())
    end()


@contextlib.contextmanager
def directory():
    """A fresh directory with a short name (a Unix socket's path holds 107 bytes)."""
    path = tempfile.mkdtemp(prefix="fl-")
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def build():
    return os.environ.get("FAIRLEAD_BUILD") or os.getcwd()


def source():
    here = os.path.dirname(os.path.abspath(__file__))
    return os.environ.get("FAIRLEAD_SOURCE") or os.path.dirname(os.path.dirname(here))


def shared():
    path = os.environ.get("FAIRLEAD_SHARED") or os.path.join(source(), "..", "shared")
    return path if os.path.isdir(path) else None


SLOW = 4  # a machine with other work may take this much longer; whoever hangs fails all the same


def wait_for(question, seconds=10.0, name=None):
    """Asks until the answer is true; returns it, or None when the time is over."""
    seconds *= SLOW
    until = time.monotonic() + seconds
    while True:
        began = time.monotonic()
        answer = question()
        if answer:
            return answer
        took = time.monotonic() - began
        if began > until:
            if name is not None:
                note(f"waited {seconds} s for {name}")
            return None
        # Whoever asks must not be what the machine is busy with: a command takes its time.
        time.sleep(max(0.005, min(2 * took, 0.25)))
