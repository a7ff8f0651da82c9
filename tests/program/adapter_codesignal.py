# SPDX-License-Identifier: GPL-3.0-or-later
"""The CodeSignal adapter against the stand-in, over real HTTP: each strict about the other."""
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
import cgi  # noqa: E402
import fcgi_client  # noqa: E402
import front  # noqa: E402
import tap  # noqa: E402

PREFIX = "/sandbox/codesignal"
KEY = "sandbox-codesignal-key"
TEST, RAW, PROCTORED = "qTM9mK3GnM6XkQ7", "pW4xBc7RdT2nHs9", "mZ8vLf5QjY3kGa6"

server = web = None


class Adapter:
    """tests/program/speak_platform for a few questions."""

    def __init__(self, key=KEY):
        self.process = subprocess.Popen(
            [cgi.program("tests/program/speak_platform"), "codesignal",
             f"{web.base}{PREFIX}/graphql", key, os.path.join(tap.source(), "data"), ""],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=cgi.environment())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        tap.equal(self.process.wait(20), 0, "the adapter's program ends cleanly")
        self.process.stdout.close()

    def ask(self, op, **more):
        self.process.stdin.write((json.dumps({"op": op, **more}) + "\n").encode())
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


def control(path, value=None):
    reply = server.request("POST", f"{PREFIX}/control/{path}",
                           body=json.dumps(value or {}).encode(),
                           headers={"Content-Type": "application/json"})
    if reply.status != 200:
        tap.ok(False, f"control/{path} is taken", reply)
    return reply.json()


def rows(name):
    return server.request("GET", f"{PREFIX}/control/{name}").json()


def fresh(rate=0):
    control("reset")
    control("settings", {"rate": rate})


def step(session, what, **more):
    control(f"sessions/{session}", {"do": what, **more})


def kind(answer, want, name):
    return tap.ok(answer["kind"] == want, f"{name}: {want}", answer)


def invite(adapter, test=TEST, email="jane@example.org"):
    answer = adapter.ask("invite", test=test, email=email, first="Zoë", last="O'Neil",
                         external_id="ours-1")
    kind(answer, "done", "an invitation")
    return answer["session"]["id"]


def test_lives():
    fresh()
    lives = [
        (TEST, [("start", {}, "started", "none", ""),
                ("finish", {"scores": [300, 300, 200, 0]}, "complete", "none",
                 "CodeSignal score (200-600): 520 of 600"),
                ("archive", {}, "complete", "none", "CodeSignal score (200-600): 520 of 600"),
                ("erase", {}, "erased", "none", "")]),
        (TEST, [("start", {}, "started", "none", ""),
                ("finish", {"scores": [0, 0, 0, 0]}, "complete", "none",
                 "CodeSignal score (200-600): 0 of 600 (nothing submitted)")]),
        (RAW, [("share", {"scores": [20, 20, 5]}, "complete", "none", "Score: 45 of 60 (75 %)"),
               ("delete", {}, "cancelled", "none", None)]),
        (PROCTORED, [("start", {}, "started", "none", ""),
                     ("finish", {}, "in_review", "pending", None),
                     ("verify", {}, "complete", "verified",
                      "CodeSignal score (200-600): 600 of 600")]),
        (PROCTORED, [("finish", {}, "in_review", "pending", None),
                     ("reject", {"reason": "No ID."}, "not_verified", "not_verified", None),
                     ("uncertify", {}, "expired", "not_verified", None)]),
        (RAW, [("expire", {}, "expired", "none", "")]),
        (RAW, [("decline", {}, "declined", "none", "")]),
    ]
    with Adapter() as adapter:
        for number, (test, steps) in enumerate(lives):
            session = invite(adapter, test, f"life{number}@example.org")
            for what, more, state, verification, score in steps:
                step(session, what, **more)
                answer = adapter.ask("read", id=session)
                got = answer.get("session", {})
                tap.equal((got.get("state"), got.get("verification")), (state, verification),
                          f"life {number}, {what}")
                if score is not None:
                    tap.equal(answer["score"], score, f"life {number}, {what}: the score")
                if what == "reject":
                    tap.equal(got["reasons"], ["No ID."], "with its reason")


def test_session():
    fresh()
    with Adapter() as adapter:
        session = invite(adapter)
        tap.equal(invite(adapter), session, "inviting again finds the same session")
        tap.equal(rows("sessions")[0]["_externalId"], "ours-1", "our id went along")
        step(session, "finish", scores=[300, 100, 0, 200])
        answer = adapter.ask("read", id=session)
        got = answer["session"]
        tap.equal((got["name"], got["email"], got["test_id"], got["test_title"]),
                  ("Zoë O'Neil", "jane@example.org", TEST, "General Coding"), "who and what")
        tap.equal([(p["title"], p["value"], p["most"]) for p in got["parts"]],
                  [("Sum of pairs", 300, 300), ("Matrix walk", 100, 300), ("Text editor", 0, 200),
                   ("Bank ledger", 200, 200)], "per task")
        tap.contains(answer["report_url"], f"/test-result/{session}?accessToken=", "the report")
        tap.lacks(json.dumps(got), "accessToken", "which stands nowhere else")
        step(session, "flag")
        tap.equal(adapter.ask("read", id=session)["session"]["integrity_flag"], True, "a flag")
        again = control(f"sessions/{session}", {"do": "reactivate"})["id"]
        tap.equal(adapter.ask("read", id=session)["session"]["reactivated_id"], again,
                  "a reactivation")
        fault = invite(adapter, PROCTORED)
        step(fault, "finish")
        step(fault, "fault")
        retake = adapter.ask("read", id=fault)["session"]["retake_id"]
        tap.equal(adapter.ask("read", id=retake)["session"]["state"], "invited", "a retake")
        kind(adapter.ask("read", id="nobody"), "absent", "an unknown session")
        kind(adapter.ask("invite", test="none", email="a@b.example"), "absent", "an unknown test")
        answer = adapter.ask("invite", test=TEST, email="not an address")
        kind(answer, "refused", "an address that is none")
        tap.contains(answer["sentence"], "valid email", "in the vendor's words")


def test_sweep():
    fresh()
    with Adapter() as adapter:
        ids = [invite(adapter, email=f"c{i}@example.org") for i in range(23)]
        step(ids[7], "finish")
        answer = adapter.ask("sweep", test=TEST, ids=[*ids, "gone"])
        kind(answer, "done", "a sweep over two pages")
        tap.equal({s["id"]: s["state"] for s in answer["list"]},
                  {id_: "complete" if id_ == ids[7] else "invited" for id_ in ids}, "finds all")
        kind(adapter.ask("sweep", test=RAW, ids=ids), "done", "of another test")
        answer = adapter.ask("list")
        tap.equal(sorted(t["id"] for t in answer["list"]), sorted([TEST, RAW, PROCTORED]),
                  "assessments are listed")
        tap.equal([t["id"] for t in adapter.ask("list", search="backend")["list"]], [RAW],
                  "and searched")


def test_interviews():
    fresh()
    with Adapter() as adapter:
        made = adapter.ask("make", name="Jane", email="jane@example.org",
                           template="tPl7CodeInterview1", expires_in_ms=5)
        kind(made, "done", "an interview")
        tap.contains(made["url"], "/live-interview/" + made["id"], "with its link")
        edited = adapter.ask("edit", id=made["id"], name="Jane Doe")
        tap.equal((edited["kind"], edited["url"]), ("done", made["url"]), "edited: the same link")
        tap.equal(rows("interviews")[0]["candidateName"], "Jane Doe", "with another name")
        tap.equal(adapter.ask("find", email="jane@example.org")["id"], made["id"], "found")
        tap.equal(adapter.ask("find", email="joe@example.org")["id"], None, "or not")
        kind(adapter.ask("delete", id=made["id"]), "done", "deleted")
        kind(adapter.ask("delete", id=made["id"]), "absent", "once")
        tap.equal(adapter.ask("find", email="jane@example.org")["id"], None, "found no more")
        control("failures", {"what": "createLiveInterview", "kind": "status", "status": 502,
                             "after": True})
        kind(adapter.ask("make", email="lost@example.org"), "uncertain", "a lost answer")
        tap.ok(adapter.ask("find", email="lost@example.org")["id"], "reading back finds the deed")
        kind(adapter.ask("make", template="none"), "absent", "an unknown template")


def test_outages():
    cases = [
        ({"kind": "status", "status": 500}, "again", "uncertain"),
        ({"kind": "status", "status": 401}, "denied", "denied"),
        ({"kind": "status", "status": 403}, "denied", "denied"),
        ({"kind": "status", "status": 404}, "denied", "denied"),
        ({"kind": "status", "status": 422}, "again", "uncertain"),
        ({"kind": "status", "status": 429, "retry_after": 3}, "again", "again"),
        ({"kind": "garbage"}, "again", "uncertain"),
        ({"kind": "empty"}, "again", "uncertain"),
        ({"kind": "cut"}, "again", "uncertain"),
        ({"kind": "huge"}, "again", "uncertain"),
        ({"kind": "errors", "body": '{"errors":[{"message":"Boom"}],"data":null}'}, "again",
         "uncertain"),
    ]
    fresh()
    with Adapter() as adapter:
        session = invite(adapter)
        for failure, read, made in cases:
            control("failures", {"what": "companyTestSession", **failure})
            answer = adapter.ask("read", id=session)
            kind(answer, read, f"reading, {failure}")
            tap.ok(answer["sentence"] and answer["detail"], "says why", answer)
            if "retry_after" in failure:
                tap.equal((answer["wait_ms"], answer["lane_wait_ms"]), (3000, 3000), "and waits")
            control("failures", {"what": "createLiveInterview", **failure})
            kind(adapter.ask("make", email="x@example.org"), made, f"making, {failure}")
        kind(adapter.ask("read", id=session), "done", "and then it works again")
    fresh(rate=1)
    with Adapter() as adapter:
        answers = [adapter.ask("read", id="x")["kind"] for _ in range(8)]
        tap.ok("again" in answers and set(answers) <= {"again", "absent"},
               "too often is asked again later", answers)
    with Adapter(key="another") as adapter:
        kind(adapter.ask("read", id="x"), "denied", "another key")


def test_test():
    fresh()
    with Adapter() as adapter:
        kind(adapter.ask("test"), "done", "trying the connection")
        control("permissions", {"denied": ["liveInterview.company.read"]})
        answer = adapter.ask("test")
        kind(answer, "denied", "a missing permission")
        tap.equal([line["what"] for line in answer["list"] if not line["ok"]], ["see interviews"],
                  "is named, and only that one")


def main():
    global server, web
    with fcgi_client.Server("sandbox/codesignal.fcgi") as running, front.Front(running) as http:
        server, web = running, http
        tap.run(test_lives, test_session, test_sweep, test_interviews, test_outages, test_test)


main()
