# SPDX-License-Identifier: GPL-3.0-or-later
"""The Coderbyte adapter against the stand-in, over real HTTP: each strict about the other."""
import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
import cgi  # noqa: E402
import fcgi_client  # noqa: E402
import front  # noqa: E402
import tap  # noqa: E402

PREFIX = "/sandbox/coderbyte"
KEY = "sandbox-coderbyte-key"
TEST, CLOSED = "backend-screen-9six08om28556", "retired-assessment-1aa1"
EMAIL = "Zoë+jobs@Example.org"

server = web = None


class Adapter:
    """tests/program/speak_platform for a few questions."""

    def __init__(self, key=KEY, home=""):
        self.process = subprocess.Popen(
            [cgi.program("tests/program/speak_platform"), "coderbyte", f"{web.base}{PREFIX}/api",
             key, os.path.join(tap.source(), "data"), home],
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

    def read(self, email=EMAIL):
        return self.ask("read", id="attempt", test=TEST, email=email)


def control(path, value=None):
    reply = server.request("POST", f"{PREFIX}/control/{path}",
                           body=json.dumps(value or {}).encode(),
                           headers={"Content-Type": "application/json"})
    if reply.status != 200:
        tap.ok(False, f"control/{path} is taken", reply)
    return reply.json()


def rows(name):
    return server.request("GET", f"{PREFIX}/control/{name}").json()


def fresh(**settings):
    control("reset")
    control("settings", settings)


def step(what, number=-1, **more):
    control(f"attempts/{rows('attempts')[number]['_id']}", {"do": what, **more})


def kind(answer, want, name):
    return tap.ok(answer["kind"] == want, f"{name}: {want}", answer)


def test_life():
    for settings in ({}, {"shows_invited": True}, {"absent_is_404": True}):
        fresh(**settings)
        with Adapter() as adapter:
            answer = adapter.ask("invite", test=TEST, email=EMAIL)
            kind(answer, "done", f"an invitation, {settings}")
            tap.equal(answer["session"]["state"], "invited", "invited")
            tap.equal(answer["session"]["invitation_url"], rows("attempts")[0]["_take"],
                      "with the private link")
            tap.equal(answer["session"]["email"], EMAIL, "and the address as it was given")
            again = adapter.ask("invite", test=TEST, email=EMAIL.replace("jobs", "JOBS"))
            kind(again, "done", "once more, in other letters")
            tap.equal(again["session"]["id"], answer["session"]["id"], "is the same attempt")
            tap.equal(len(rows("attempts")), 1, "and no second one")
            tap.equal(adapter.read()["session"]["state"], "invited", "no report is no news")
            step("join")
            tap.equal(adapter.read()["session"]["state"], "started", "joined")
            step("finish", scores=[10, 5], correct=2, grading=True)
            got = adapter.read()
            tap.equal((got["session"]["state"], got["session"]["score"]), ("submitted", None),
                      "being graded: no score")
            step("ready")
            got = adapter.read()
            tap.equal((got["session"]["state"], got["score"]),
                      ("complete", "Score (Coderbyte final score, 0-100): 65 of 100"), "graded")
            tap.equal([(p["title"], p["value"], p["most"], p["spent_ms"])
                       for p in got["session"]["parts"]],
                      [("Bracket matcher", 10, 10, -1), ("Min window substring", 5, 10, 720000),
                       ("Multiple-choice questions", 2, 4, -1)], "part by part")
            tap.equal(got["session"]["verdict"], "not qualified (the threshold is 70)",
                      "what Coderbyte concludes")
            tap.equal(got["session"]["integrity_flag"], False, "nothing was detected")
            tap.contains(got["report_url"], "/report/user", "the report's address")
            step("flag")
            tap.equal(adapter.read()["session"]["integrity_flag"], True, "cheating was likely")
            taken = adapter.ask("invite", test=TEST, email=EMAIL)
            tap.equal((taken["session"]["state"], taken["session"]["shared"]), ("complete", True),
                      "who took it is not invited again: that result counts")


def test_ends():
    fresh()
    with Adapter() as adapter:
        adapter.ask("invite", test=TEST, email=EMAIL)
        step("join")
        step("expire")
        got = adapter.read()
        tap.equal((got["session"]["state"], got["session"]["score"]), ("expired", None),
                  "out of time with nothing to grade")
        adapter.ask("invite", test=TEST, email="jo@example.org")
        step("join")
        step("expire", scores=[0, 0], correct=0)
        got = adapter.read("jo@example.org")
        tap.equal((got["session"]["state"], got["score"]),
                  ("complete", "Score (Coderbyte final score, 0-100): 0 of 100"),
                  "out of time with a result of nothing: that is a zero")
        step("retake")
        step("join")
        tap.equal(adapter.read("jo@example.org")["session"]["state"], "started",
                  "the newest of several attempts counts")
        step("finish", scores=[10, 10])
        tap.equal(adapter.read("jo@example.org")["session"]["score"]["value"], 100, "and its result")
        kind(adapter.ask("invite", test=CLOSED, email=EMAIL), "refused", "a closed assessment")
        kind(adapter.ask("invite", test="none", email=EMAIL), "refused", "one that is not there")
        kind(adapter.ask("invite", test=TEST, email="no address"), "refused", "a bad address")
        tap.equal([t["id"] for t in adapter.ask("list")["list"]],
                  [TEST, "angular-assessment-4kd72hs8aa1"], "open assessments are listed")


def test_outages():
    fresh()
    cases = [({"kind": "status", "status": 500}, "again", "uncertain"),
             ({"kind": "status", "status": 429, "retry_after": 3}, "again", "again"),
             ({"kind": "garbage"}, "again", "uncertain"), ({"kind": "empty"}, "again", "uncertain"),
             ({"kind": "cut"}, "again", "uncertain"), ({"kind": "huge"}, "again", "uncertain"),
             ({"kind": "status", "status": 403}, "denied", "denied")]
    with Adapter() as adapter:
        for number, (failure, read, made) in enumerate(cases):
            email = f"outage{number}@example.org"
            control("failures", {"what": "report", **failure})
            answer = adapter.read(email)
            kind(answer, read, f"reading, {failure}")
            tap.ok(answer["sentence"] and answer["detail"], "says why", answer)
            if "retry_after" in failure:
                tap.equal((answer["wait_ms"], answer["lane_wait_ms"]), (3000, 3000), "and waits")
            control("failures", {"what": "invite", **failure})
            kind(adapter.ask("invite", test=TEST, email=email), made, f"inviting, {failure}")
            kind(adapter.ask("invite", test=TEST, email=email), "done", "and then it works")
        control("failures", {"what": "invite", "kind": "cut", "after": True})
        email = "lost@example.org"
        kind(adapter.ask("invite", test=TEST, email=email), "uncertain", "a lost answer")
        before = rows("counters")["invite"]
        kind(adapter.ask("invite", test=TEST, email=email), "done", "is found by reading back")
        tap.equal(rows("counters")["invite"], before, "without another invitation")
    fresh(rate=1)
    with Adapter() as adapter:
        answers = [adapter.read()["kind"] for _ in range(8)]
        tap.ok("again" in answers and set(answers) <= {"again", "done"},
               "too often is asked again later", answers)
    with Adapter(key="another") as adapter:
        kind(adapter.read(), "denied", "another key")


def test_test():
    fresh()
    with Adapter() as adapter:
        kind(adapter.ask("test"), "done", "trying the connection")
        control("failures", {"what": "assessments", "kind": "errors",
                             "body": '{"status":"success","data":{"tests":[]}}'})
        answer = adapter.ask("test")
        kind(answer, "denied", "an answer of another shape")
        tap.contains(answer["detail"], "coderbyte/profile.json: calls.list_tests.result",
                     "names the part of the profile")
    with open(os.path.join(tap.source(), "data", "coderbyte", "profile.json"),
              encoding="utf-8") as f:
        text = f.read()
    with tempfile.TemporaryDirectory() as home:
        os.mkdir(f"{home}/coderbyte")
        with open(f"{home}/coderbyte/profile.json", "w", encoding="utf-8") as f:
            f.write(text.replace('"/organization/assessments"', '"/organization/tests"'))
        with Adapter(home=home) as adapter:
            answer = adapter.ask("test")
            kind(answer, "denied", "a path that is not there")
            tap.contains(answer["detail"], "coderbyte/profile.json: calls.list_tests.path",
                         "is named")


def main():
    global server, web
    with fcgi_client.Server("sandbox/coderbyte.fcgi") as running, front.Front(running) as http:
        server, web = running, http
        tap.run(test_life, test_ends, test_outages, test_test)


main()
