# SPDX-License-Identifier: GPL-3.0-or-later
"""What arrives, through the web server: twice, late, out of order, forged, rotated."""
import hashlib
import hmac
import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.environ["FAIRLEAD_SOURCE"], "tests", "lib"))
import house
import tap

SCORES = [300, 270, 140, 0]
GH, CS = "greenhouse hook secret", "codesignal hook secret"


def mac(secret, message):
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


def change(a, stage="Coding test", stage_id=71416000002):
    return json.dumps({"action": "candidate_stage_change", "payload": {"application": {
        "id": a["id"], "status": "active", "prospect": False,
        "current_stage": {"id": stage_id, "name": stage, "interviews": []},
        "candidate": {"id": a["candidate_id"], "first_name": "X", "last_name": "Y",
                      "email_addresses": []},
        "jobs": [{"id": a["job_id"], "name": "Software Engineer"}]}}}).encode()


def greenhouse(h, body, secret=GH, **headers):
    return h.http("POST", h.hooks["gh"], body, {
        "Content-Type": "application/json", "Signature": "sha256 " + mac(secret, body),
        **headers}).status


def codesignal(h, event, payload, when=None, secret=CS, signed_event=None, tamper=None):
    when = when or int(time.time() * 1000)
    body = json.dumps({"event": event, "triggeredOn": when, "payload": payload}).encode()
    message = (h.hooks["cs"] + (signed_event or event) + str(when)).encode()
    return h.http("POST", h.hooks["cs"], tamper or body, {
        "Content-Type": "application/json", "X-CodeSignal-Signature": mac(secret, message)}).status


def payload_of(session, **more):
    return {"testSessionId": session["id"], "testId": house.TEST, "testTitle": "General Coding",
            "candidateEmail": session["testTaker"]["email"], "candidateName": "X Y",
            "externalId": session["_externalId"], **more}


def results(h, a):
    return sum("/report/" in n for n in h.notes(a))


def duplicates():
    with house.House() as h:
        h.connect()
        a = h.candidate("Dup")
        h.move(a)
        s = h.session(a)
        h.step(s, "finish", scores=SCORES)
        h.note(a, "/report/")
        h.settle()
        sent = [e for e in h.events("--last", "50") if e.get("connection") == "gh"]
        # The very bytes again, at once and from a retry: as kept in the inbox.
        number = [e["number"] for e in sent if "stage_change" in str(e)][0]
        code, body, err = h.command("events", "acme", "--body", str(number))
        tap.equal(code, 0, "the bytes of an event can be had back") or tap.note(err)
        raw = body.encode()
        raw = raw if json.loads(raw) and mac(GH, raw) else raw.rstrip(b"\n")
        for _ in range(3):
            tap.equal(greenhouse(h, raw), 200, "the same delivery again is answered 200")
        when = int(time.time() * 1000)
        for _ in range(3):
            tap.equal(codesignal(h, "companyTestSessionFinished", payload_of(s, score=1, maxScore=2),
                                 when), 200, "a notice again is answered 200")
        h.settle()
        tap.equal((len(h.sessions(a)), results(h, a)), (1, 1), "one session and one note all the same")
        states = [e["state"] for e in h.events("--last", "50")]
        tap.ok("duplicate" in states, "they are shown as duplicates", states)


def disorder():
    """Finished before started before created; and a score that only the API may tell."""
    with house.House() as h:
        h.connect()
        a = h.candidate("Dis")
        h.cs("lose", {"count": 100})
        h.move(a)
        s = h.session(a)
        h.step(s, "finish", scores=SCORES)
        h.cs("lose", {"count": 0})
        now = int(time.time() * 1000)
        tap.equal(codesignal(h, "companyTestSessionFinished", payload_of(s, score=850, maxScore=850,
                             duration=1, url="https://example.com/?accessToken=x"), now), 200,
                  "\"finished\" comes first")
        tap.equal(codesignal(h, "companyTestSessionStarted", payload_of(s), now - 5000), 200,
                  "then \"started\"")
        tap.equal(codesignal(h, "companyTestSessionCreated", payload_of(s), now - 9000), 200,
                  "then \"created\"")
        note = h.note(a, "/report/")
        h.settle()
        tap.contains(note or "", ": 484 of 600", "the score is the API's, not the notice's")
        tap.equal(results(h, a), 1, "there is one result note")


def forged():
    with house.House() as h:
        h.connect()
        a = h.candidate("For")
        h.move(a)
        s = h.session(a)
        h.settle()
        before = len(h.events("--last", "100"))
        body = change(a)
        tap.equal(greenhouse(h, body, secret="wrong"), 401, "signed with another secret: 401")
        tap.equal(h.http("POST", h.hooks["gh"], body, {}).status, 401, "not signed: 401")
        good = mac(GH, body)
        bad = good[:-1] + ("0" if good[-1] != "0" else "1")
        tap.equal(h.http("POST", h.hooks["gh"], body, {"Signature": "sha256 " + bad}).status, 401,
                  "one digit off: 401")
        tap.equal(h.http("POST", h.hooks["gh"], body + b" ", {"Signature": "sha256 " + good}).status,
                  401, "one byte more: 401")
        tap.equal(codesignal(h, "companyTestSessionFinished", payload_of(s), secret="wrong"), 401,
                  "CodeSignal's with another secret: 401")
        h.settle()
        tap.equal(len(h.events("--last", "100")), before, "nothing of that is kept")
        # A captured signature with a lying body: the signature does not cover it.
        lie = payload_of(s, score=600, maxScore=600, versionedCodingScore={
            "version": "codingScore2023", "value": 600})
        tap.equal(codesignal(h, "companyTestSessionFinished", lie), 200, "a notice that lies is taken")
        h.settle()
        tap.equal(results(h, a), 0, "and writes nothing: the session is not finished")
        h.step(s, "finish", scores=[0, 0, 0, 0])
        note = h.note(a, "/report/")
        h.settle()
        tap.lacks(note or ": 600", ": 600", "the true score is written")
        one = h.http("POST", h.hooks["gh"][:-4] + "AAAA", body, {"Signature": "sha256 " + good})
        two = h.http("POST", f"{h.base}/webhook/nobody/{'A' * 20}", body)
        tap.equal((one.status, two.status), (404, 404), "unknown hook, unknown org: 404")
        plain = [{k: v for k, v in json.loads(r.body).items() if k not in ("instance", "reference")}
                 for r in (one, two)]
        tap.equal(plain[0], plain[1], "in the same words")


def late():
    """A month-old replay; a stage that is left already."""
    with house.House() as h:
        h.connect()
        a = h.candidate("Old")
        h.move(a)
        s = h.session(a)
        h.step(s, "finish", scores=SCORES)
        h.note(a, "/report/")
        h.settle()
        month = int(time.time() * 1000) - 31 * 86400 * 1000
        tap.equal(codesignal(h, "companyTestSessionFinished", payload_of(s), month), 200,
                  "a notice of last month is answered 200")
        b = h.candidate("Moved")
        tap.equal(greenhouse(h, change(b)), 200, "a change that is no longer so is answered 200")
        h.settle()
        tap.equal(results(h, a), 1, "last month's writes no second note")
        tap.equal(len(h.sessions(b)), 0, "who is not in the stage is not invited")
        reasons = [e.get("reason") or "" for e in h.events("--last", "50")]
        tap.ok(any("20 days" in r for r in reasons), "the old one is kept, with the reason", reasons)


def rotated():
    """Two secrets at once: nothing is lost while they change."""
    with house.House() as h:
        h.connect()
        document = h.document()
        document["connections"][0]["webhook"]["secrets"] = ["new secret", GH]
        h.apply(document)
        a, b, c = (h.candidate(n) for n in ("Rota", "Rotb", "Rotc"))
        for who in (a, b, c):
            h.cs("lose", {"count": 0})
        h.move(a)
        tap.ok(h.session(a), "the old secret is good while it is listed")
        h.gh("webhook", {"url": h.hooks["gh"], "secret": "new secret"})
        h.move(b)
        tap.ok(h.session(b), "so is the new one")
        document["connections"][0]["webhook"]["secrets"] = ["new secret"]
        h.apply(document)
        tap.equal(greenhouse(h, change(c)), 401, "the old one is refused once it is gone")
        tap.equal(greenhouse(h, change(c), "new secret"), 200, "the new one is good")


def strange():
    """Signed and not understood: kept, visible, replayable, never dropped."""
    with house.House() as h:
        h.connect()
        for body in (b"{}", b"not json", b"[1,2", b'{"action":"prospect_created","payload":{}}',
                     b'{"action":"x","action":"y"}', b'"\\ud800"', b"\xff\xfe\x00\x01", b"[" * 2000,
                     b'{"action": "candidate_stage_change", "payload": {"application": 7}}', b"\0"):
            tap.equal(greenhouse(h, body), 200, f"signed {body[:30]!r} is answered 200")
        h.settle()
        events = h.events("--last", "50")
        odd = [e for e in events if e["state"] in ("unknown", "ignored")]
        tap.ok(len(odd) >= 9, "they are kept and shown", [e["state"] for e in events])
        code, out, err = h.command("replay", "acme", str(events[0]["number"]))
        tap.equal(code, 0, "and can be replayed") or tap.note(out + err)
        a = h.candidate("After")
        h.move(a)
        tap.ok(h.session(a), "what comes behind them goes its way")


tap.run(duplicates, disorder, forged, late, rotated, strange)
