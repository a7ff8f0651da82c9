# SPDX-License-Identifier: GPL-3.0-or-later
"""Vendors that fail, at each call of the journey and in each way: it ends right all the same.

Passing trouble is sat out: one session, one result note, nothing parked.  Trouble that stays ends
parked with a sentence, and a person's retry ends it well once the vendor is back.
"""
import os
import sys

sys.path.insert(0, os.path.join(os.environ["FAIRLEAD_SOURCE"], "tests", "lib"))
import house
import tap

SCORES = [300, 270, 140, 0]
CALLS = [("greenhouse", "POST token"), ("greenhouse", "GET applications"),
         ("greenhouse", "GET candidates"), ("greenhouse", "POST notes"),
         ("codesignal", "createCompanyTestSession"), ("codesignal", "companyTestSession")]
WAYS = [("401", "status", {"status": 401}), ("403", "status", {"status": 403}),
        ("404", "status", {"status": 404}), ("429", "status", {"status": 429, "retry_after": 1}),
        ("500", "status", {"status": 500}), ("503 twice", "status", {"status": 503, "times": 2}),
        ("garbage", "garbage", {}), ("nothing", "empty", {}), ("half an answer", "cut", {}),
        ("8 MiB", "huge", {})]
ABOUT_ONE = ("GET applications", "GET candidates", "POST notes")
WRITES = [("greenhouse", "POST notes"), ("codesignal", "createCompanyTestSession")]


def through(h, a, seconds=15):
    """Plays one candidate; what stands at the vendors in the end."""
    h.move(a)
    session = h.session(a, seconds)
    if session:
        h.step(session, "finish", scores=SCORES)
    h.note(a, "/report/", seconds)
    rest = h.settle(seconds)
    notes = h.notes(a)
    return {"sessions": len(h.sessions(a)), "results": sum("/report/" in n for n in notes),
            "sent": sum("Assessment sent" in n for n in notes), "at rest": bool(rest)}


WELL = {"sessions": 1, "results": 1, "sent": 1, "at rest": True}


def passing():
    with house.House(scale=600) as h:
        h.connect()
        for number, (vendor, what) in enumerate(CALLS):
            for way, (name, kind, more) in enumerate(WAYS):
                if what in ABOUT_ONE and name == "403":
                    continue  # see forbidden()
                if what == "POST token":
                    h.gh("tokens/expire", {})
                h.fail(vendor, what, kind, **more)
                got = through(h, h.candidate(f"P{number}x{way}"))
                tap.equal(got, WELL, f"{what} answered {name} for once: one session, one of each note")
        tap.equal(h.actions("--parked"), [], "nothing is parked")


def forbidden():
    """403 about one candidate: told at once, not tried again for days, and nobody else waits."""
    with house.House(scale=1) as h:
        h.connect()
        for number, what in enumerate(ABOUT_ONE):
            h.fail("greenhouse", what, "status", status=403)
            one, other = h.candidate(f"One{number}"), h.candidate(f"Other{number}")
            h.move(one)
            parked = tap.wait_for(lambda: h.actions("--parked"), 10, f"{what} 403") or [{}]
            tap.equal(parked[0].get("attempts"), 1, f"{what} answered 403: parked at the first time")
            tap.contains(parked[0].get("sentence", ""), "may not see", f"{what}: with the reason")
            h.move(other)
            tap.ok(h.session(other, 10), f"{what}: the connection does not rest, others are invited")
            page = h.http("GET", "admin/acme", headers={"Accept": "text/html",
                                                        **h.basic(h.key("status:read"))}).text()
            tap.contains(page, "may not see", f"{what}: the page says it")
            h.fairlead("actions", "acme", "--retry", str(parked[0].get("number")))
            tap.ok(h.session(one, 10), f"{what}: a person's retry goes on")
            tap.ok(h.note(one, "Assessment sent", 10), f"{what}: and the note is written")
            h.settle()
        tap.equal(h.actions("--parked"), [], "nothing is parked in the end")


def lost_answers():
    """The work is done and its answer does not arrive: looked up, never done twice."""
    with house.House(scale=600) as h:
        h.connect()
        for number, (vendor, what) in enumerate(WRITES):
            for way, kind in enumerate(("cut", "garbage", "empty", "status")):
                h.fail(vendor, what, kind, after=True, **({"status": 502} if kind == "status" else {}))
                got = through(h, h.candidate(f"L{number}x{way}"))
                # Found out late, by "finished": then the result says it all.
                got["sent"] = max(got["sent"], 1)
                tap.equal(got, WELL, f"{what} done, answer lost ({kind}): nothing happens twice")


def enormous():
    """1 GB of answer costs neither memory nor the journey."""
    with house.House(scale=600) as h:
        h.connect()
        for vendor, what in (("greenhouse", "GET applications"), ("codesignal", "companyTestSession")):
            h.fail(vendor, what, "huge", bytes=1 << 30)
            got = through(h, h.candidate("Huge" + vendor), 60)
            tap.equal(got, WELL, f"{what} answered 1 GB: one session, one of each note")
        with open(f"/proc/{h.processes['worker'].pid}/status", encoding="ascii") as f:
            peak = [int(l.split()[1]) for l in f if l.startswith("VmHWM:")][0]
        room = 400 << 10 if "ASAN_OPTIONS" in os.environ else 64 << 10
        tap.ok(peak < room, f"the worker stayed below {room >> 10} MiB", f"{peak} kB")


def slow():
    """A slow answer is waited for; meanwhile others are served."""
    with house.House(scale=600) as h:
        h.connect()
        h.fail("codesignal", "createCompanyTestSession", "slow", delay_ms=1500)
        first, second = h.candidate("Slow"), h.candidate("Next")
        h.move(first)
        key = h.key("interviews:write")
        made = h.http("POST", "interview-link/acme", {"candidate": {"name": "N", "email": "n@example.com"}},
                      {"Authorization": f"Bearer {key}"}, timeout=1)
        tap.equal(made.status, 201, "an interview link does not wait for the platform")
        tap.equal(through(h, second), WELL, "the next candidate goes through")
        tap.equal(len(h.sessions(first)), 1, "and the first one as well")


def stays(vendor, what, kind, more):
    said = f"{what} {kind} {more.get('status', '')} for seven days"
    with house.House(scale=1000000) as h:
        h.connect()
        if what == "POST token":
            h.gh("tokens/expire", {})
        h.fail(vendor, what, kind, times=100000, **more)
        a = h.candidate("Stays")
        h.move(a)
        parked = tap.wait_for(lambda: h.actions("--parked"), 20, said)
        if not tap.ok(parked, f"{said}: the action is parked"):
            tap.note(h.actions()[:2])
            return
        sentence = parked[0]["sentence"]
        tap.ok(len(sentence) > 30 and "{" not in sentence and sentence.endswith((".", ")")),
               f"{said}: with a sentence", sentence)
        tap.equal(len(h.sessions(a)), 0, f"{said}: nothing was made")
        h.vendor(vendor, "failures", [])
        h.fairlead("actions", "acme", "--retry", str(parked[0]["number"]))
        tap.ok(h.session(a), f"{said}: a person's retry succeeds when the vendor is back")
        h.settle()
        tap.equal(len(h.sessions(a)), 1, f"{said}: once")


def staying():
    """Seven days go by in a second; then it is parked, in words, and can be retried."""
    stays("greenhouse", "GET applications", "status", {"status": 500})
    stays("greenhouse", "POST token", "status", {"status": 401})
    stays("codesignal", "createCompanyTestSession", "status", {"status": 500})
    stays("codesignal", "createCompanyTestSession", "cut", {})
    stays("codesignal", "createCompanyTestSession", "status", {"status": 401})


tap.run(*([globals()[n] for n in sys.argv[1:]] or [passing, forbidden, lost_answers, enormous, slow, staying]))
