# SPDX-License-Identifier: GPL-3.0-or-later
"""The lives a session can have, seen from Greenhouse: what stands there, and what must not."""
import os
import sys

sys.path.insert(0, os.path.join(os.environ["FAIRLEAD_SOURCE"], "tests", "lib"))
import house
import tap

PROCTORED = "mZ8vLf5QjY3kGa6"
RAW = "pW4xBc7RdT2nHs9"


def rules(test, *more, when="any"):
    return [{"id": "send", "when": {"entered_stage": {"ats": "gh", "stage": "Coding test"}},
             "then": [{"send_assessment": {"platform": "cs", "assessment": test}}]},
            {"id": "back", "when": {"result": when}, "then": [{"write_result": {}}, *more]}]


def results(h, a):
    return [n for n in h.notes(a) if "/report/" in n]


def no_address():
    with house.House() as h:
        h.connect()
        a = h.candidate("Noaddress", email=None)
        h.move(a)
        note = h.note(a, "Not invited")
        tap.contains(note or "", "no e-mail address", "a candidate without e-mail: a note says so")
        tap.contains(note or "", "move the stage again", "and what to do")
        h.settle()
        tap.equal(len(h.notes(a)), 1, "once")
        tap.equal(len([s for s in h.cs("sessions")]), 0, "nothing was made at CodeSignal")
        h.gh("set", {"table": "candidates", "id": a["candidate_id"], "members": {
            "email_addresses": [{"value": "now@example.com", "type": "personal"}]}})
        h.move(a, "Application Review")
        h.move(a)
        tap.ok(h.session(a), "with an address and moved again, the candidate is invited")


def proctored():
    with house.House(rules=rules(PROCTORED)) as h:
        h.connect()
        a, b = h.candidate("Proctored"), h.candidate("Rejected")
        for who, end in ((a, "verify"), (b, "reject")):
            h.move(who)
            s = h.session(who)
            h.step(s, "start")
            h.step(s, "finish")
            h.settle()
            tap.equal(results(h, who), [], f"{end}: pending verification writes no result")
            tap.ok(not any("of 600" in n for n in h.notes(who)), f"{end}: and no score", h.notes(who))
            h.step(s, end, reason="Somebody else was in the room")
            h.settle()
        tap.equal(len(results(h, a)), 1, "verified: the result is written")
        tap.contains(results(h, a)[0] if results(h, a) else "", "verified", "and says that it is")
        text = "\n".join(h.notes(b))
        tap.ok("600 of" not in text, "not verified: no score is written", text)
        tap.contains(text.lower(), "not verified", "but that it was not verified")


def endings():
    with house.House(rules=rules(RAW)) as h:
        h.connect()
        for end, words in (("decline", "declined"), ("expire", "expired")):
            a = h.candidate(end.capitalize())
            h.move(a)
            h.step(h.session(a), end)
            note = tap.wait_for(lambda: [n for n in h.notes(a) if words in n.lower()], 10)
            tap.ok(note, f"{end}: Greenhouse is told", h.notes(a))
            h.settle()
            tap.equal(sum(words in n.lower() for n in h.notes(a)), 1, f"{end}: once")
        a = h.candidate("Raw")
        h.move(a)
        h.step(h.session(a), "finish", scores=[20, 10, 0])
        tap.contains(h.note(a, "/report/") or "", "30 of 60", "points are told with their maximum")
        b = h.candidate("Twice")
        h.move(b)
        first = h.session(b)
        h.step(first, "expire")
        h.settle()
        h.step(first, "reactivate")
        again = tap.wait_for(lambda: [s for s in h.sessions(b) if s["id"] != first["id"]])
        h.step(again[0], "finish", scores=[20, 20, 20])
        tap.contains(h.note(b, "/report/") or "", "60 of 60", "reactivated: the new session counts")


def moved_on():
    """Moving by score is a rule's to allow, and nobody is moved twice or rejected."""
    move = {"move_stage": {"to": "next", "if": {"percent_at_least": 70}}}
    with house.House(rules=rules(RAW, move, when="final")) as h:
        h.connect()
        good, bad = h.candidate("Good"), h.candidate("Bad")
        for who, scores in ((good, [20, 20, 10]), (bad, [20, 0, 0])):
            h.move(who)
            h.step(h.session(who), "finish", scores=scores)
            h.note(who, "/report/")
        h.settle()
        rows = {x["id"]: x for x in h.gh("state")["applications"]}
        tap.equal(rows[good["id"]]["stage_name"], "On-site interview", "70 % and more: moved on")
        tap.equal((rows[bad["id"]]["stage_name"], rows[bad["id"]]["status"]),
                  ("Coding test", "in_process"), "less: stays, and is not rejected")
        person = h.candidate("Person")
        h.move(person)
        s = h.session(person)
        h.move(person, "Offer")
        h.step(s, "finish", scores=[20, 20, 20])
        h.note(person, "/report/")
        h.settle()
        rows = {x["id"]: x for x in h.gh("state")["applications"]}
        tap.equal(rows[person["id"]]["stage_name"], "Offer", "whom a person moved meanwhile stays there")


def missed():
    """Webhooks that never came: the sweep finds out, repairs, and counts."""
    with house.House() as h:
        h.connect()
        a = h.candidate("Missed")
        h.move(a)
        s = h.session(a)
        h.settle()
        h.cs("lose", {"count": 10})
        h.step(s, "finish", scores=[300, 300, 200, 200])
        h.settle()
        tap.equal(results(h, a), [], "no webhook, no result")
        swept = h.ask("sweep", "acme")
        tap.ok(h.note(a, "/report/"), "the sweep finds what was missed", swept)
        h.settle()
        key = h.key("status:read")
        status = h.http("GET", "admin/acme", headers={"Accept": "application/json",
                                                      **h.basic(key)}).json()
        tap.equal(str(status["counts"]["repaired"]), "1", "and counts it")
        h.fairlead("sweep", "acme")
        h.settle()
        tap.equal(len(results(h, a)), 1, "a second sweep writes nothing")


tap.run(no_address, proctored, endings, moved_on, missed)
