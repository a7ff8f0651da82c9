# SPDX-License-Identifier: GPL-3.0-or-later
"""fairlead erase and retention_days: what is found is shown first, then it goes, and is told."""
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
import prepared  # noqa: E402
import tap  # noqa: E402

SCORE = {"value": 530, "least": 200, "most": 600, "version": "codingScore2023", "label": ""}
ADA = "ada@x.example"


def plant(home, key, email):
    row = {"key": f"cs:{key}", "report_url": "https://app.codesignal.com/x?accessToken=hush",
           "session": {"id": key, "test_id": "T1", "test_title": "Coding", "name": "Ada L",
                       "email": email, "state": "complete", "verification": "verified",
                       "created_ms": 1600000000000, "finished_ms": 1600003600000,
                       "score": SCORE}}
    done = subprocess.run([os.path.join(tap.build(), "tests/tool/plant_session"), home.path,
                           "acme"], input=json.dumps([row]).encode(), capture_output=True,
                          check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.decode())


def prepare(path):
    home = prepared.Home(os.path.join(path, "home"))
    home.apply(prepared.document())
    plant(home, "one", ADA)
    plant(home, "two", ADA.upper())
    plant(home, "other", "bob@x.example")
    return home


def audit(home):
    lines = home.must("audit", "export", "acme").out.splitlines()
    return [r for r in (json.loads(line.partition(" ")[2]) for line in lines)
            if r.get("did", "").startswith("candidate.")]


def test_erase():
    with tap.directory() as path:
        home = prepare(path)
        for words, code in (((), 2), (("acme",), 1), (("acme", "a", "b"), 2),
                            (("nowhere", ADA), 1), (("acme", "--older-than", "0", "x"), 2),
                            (("acme", "--older-than", "soon"), 2), (("acme", ""), 2),
                            (("acme", "x" * 301), 2), (("acme", "nobody@x.example"), 1)):
            tap.equal(home.run("erase", *words).code, code, f"erase {' '.join(words)[:40]}")
        for words in ((ADA,), ("cs:one",), ("one",)):
            shown = home.must("erase", "acme", *words, "--json").json()
            tap.equal((shown["erased"], shown["sessions"], sorted(shown["found"]["sessions"])),
                      (False, 2, ["cs:one", "cs:two"]), f"{words[0]} shows both, and erases none")
        tap.equal(home.must("erase", "acme", ADA, "--json").json()["sessions"], 2, "they are there")
        tap.contains(home.must("erase", "acme", ADA).out, "Say --yes", "for people, too")
        tap.equal(audit(home), [], "so far nothing was done")
        done = home.must("erase", "acme", "-", "--yes", stdin=ADA.encode() + b"\n")
        tap.contains(done.out, "were erased", "erased, the address from standard input")
        tap.equal(home.run("erase", "acme", ADA).code, 1, "and nothing is left")
        log = audit(home)
        tap.equal([(r["did"], r["detail"]["sessions"]) for r in log], [("candidate.erased", 2)],
                  "the audit log says who and how much")
        tap.lacks(json.dumps(log), "ada", "and not whom")
        tap.equal(home.must("erase", "acme", "cs:other", "--json").json()["sessions"], 1,
                  "others stay")
        old = home.must("erase", "acme", "--older-than", "365", "--json").json()
        tap.equal((old["erased"], old["sessions"]), (False, 1), "by age: shown first")
        home.must("erase", "acme", "--older-than", "365", "--yes")
        tap.equal(home.run("erase", "acme", "cs:other").code, 1, "then gone")


def test_retention():
    with tap.directory() as path:
        home = prepare(path)
        document = prepared.document()
        for wrong in (-1, 3651, "30", 1.5, True, None):
            done = home.run("apply", "--no-test", "-",
                            stdin=json.dumps({**document, "retention_days": wrong}).encode())
            tap.equal((done.code, "retention_days: " in done.err), (2, True),
                      f"retention_days {wrong!r} is refused: {done.err}")
        document["retention_days"] = 365
        tap.equal(home.apply(document)["changed"], True, "a retention is set")
        tap.equal(home.apply(document)["changed"], False, "twice changes nothing")
        home.must("tick")
        tap.equal(home.run("erase", "acme", ADA).code, 1, "cron's tick erased what was too old")
        tap.equal([(r["who"], r["did"], r["detail"]["sessions"]) for r in audit(home)],
                  [("retention", "candidate.lapsed", 3)], "and wrote down how much")
        del document["retention_days"]
        tap.equal(home.apply(document)["changed"], False, "left out, it stays")
        document["retention_days"] = 0
        tap.equal(home.apply(document)["changed"], True, "0 ends it")
        plant(home, "new", ADA)
        home.must("tick")
        tap.equal(home.must("erase", "acme", ADA, "--json").json()["sessions"], 1,
                  "then nothing goes by itself")


tap.run(test_erase, test_retention)
