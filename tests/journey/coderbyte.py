# SPDX-License-Identifier: GPL-3.0-or-later
"""Greenhouse and Coderbyte through a web server: stage, invitation, result, note, next stage.

What the help page calls workflows, and each trap of the wire facts that shows from outside.
"""
import base64
import hashlib
import hmac
import json
import os
import sys

sys.path.insert(0, os.path.join(os.environ["FAIRLEAD_SOURCE"], "tests", "lib"))
import house
import tap

TEST = "backend-screen-9six08om28556"
KEY = "sandbox-coderbyte-key"
ORGANIZATION = "acmeengineering"


def token(key=KEY, organization=ORGANIZATION):
    def part(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=")
    head = part(b'{"alg":"HS256"}') + b"." + part(json.dumps({"iss": organization}).encode())
    return (head + b"." + part(hmac.new(key.encode(), head, hashlib.sha256).digest())).decode()


class House(house.House):
    def __init__(self, scale=600, rules=None, **more):
        super().__init__(scale=scale, rules=rules, stand_ins=["greenhouse", "coderbyte"], **more)

    def document(self, rules=None):
        document = super().document(rules if rules is not None else [
            {"id": "send", "when": {"entered_stage": {"ats": "gh", "stage": "Coding test"}},
             "then": [{"send_assessment": {"platform": "cb", "assessment": TEST}}]},
            {"id": "back", "when": {"result": "final"},
             "then": [{"write_result": {}},
                      {"move_stage": {"to": "next", "if": {"percent_at_least": 70}}}]}])
        document["connections"][1] = {
            "id": "cb", "kind": "coderbyte",
            "settings": {"base_url": f"{self.vendors}/coderbyte/api", "organization": ORGANIZATION,
                         "requests_per_minute": 6000},
            "credentials": {"api_key": KEY}}
        return document

    def cb(self, path, body=None):
        return self.vendor("coderbyte", path, body)

    def connect(self):
        self.gh("webhook", {"url": self.hooks["gh"], "secret": "greenhouse hook secret"})
        self.cb("webhook", {"url": self.hooks["cb"]})

    def attempt(self, application, seconds=10):
        """The newest of this candidate, once there is one."""
        mine = [e.lower() for e in self.emails(application)]
        found = tap.wait_for(lambda: [a for a in self.cb("attempts") if a["email"].lower() in mine],
                             seconds, "an invitation at Coderbyte")
        return found[-1] if found else None

    def step(self, attempt, what, **more):
        return self.cb(f"attempts/{attempt['_id']}", {"do": what, **more})

    def stage(self, application):
        return next(a for a in self.gh("state")["applications"]
                    if a["id"] == application["id"])["stage_name"]

    def settle(self, seconds=60):
        return tap.wait_for(lambda: self.gh("deliveries", {"idle_ms": 0})["idle"] and
                            self.cb("idle", {"timeout_ms": 0})["idle"] and
                            self.metric("fairlead_deliveries_waiting") == 0 and
                            not self.actions("--waiting"), seconds, "everything to be done")


def workflow():
    with House() as h:
        h.connect()
        a = h.candidate("Ada")
        h.move(a)
        attempt = h.attempt(a)
        tap.contains(h.note(a, "Assessment sent"), "Backend screen (Coderbyte)", "sent, in a note")
        h.step(attempt, "finish", scores=[10, 8], correct=3)
        note = h.note(a, "Assessment result")
        tap.contains(note, "Score (Coderbyte final score, 0-100): 84 of 100", "the score, its scale")
        tap.contains(note, "Coderbyte says: qualified (the threshold is 70)", "what Coderbyte says")
        tap.contains(note, "Multiple-choice questions: 3 of 4", "part by part")
        tap.ok(tap.wait_for(lambda: h.stage(a) not in (None, "Coding test"), 10), "moved on",
               h.stage(a))
        link = [w for w in note.split() if "/report/" in w][0]
        page = h.http("GET", link, headers={"Accept": "text/html"})
        tap.ok(page.status == 200 and "84" in page.text() and "coderbyte/report" not in page.text(),
               "our report shows the score, not the vendor's address", page)
        b = h.candidate("Bob")
        h.move(b)
        h.step(h.attempt(b), "finish", scores=[2, 0], correct=0)
        tap.contains(h.note(b, "Assessment result"), "6 of 100", "a low score is written")
        h.settle()
        tap.equal(h.stage(b), "Coding test", "and nobody is moved by it")
        c = h.candidate("Cora")
        h.move(c)
        attempt = h.attempt(c)
        h.step(attempt, "join")
        h.step(attempt, "expire")
        tap.contains(h.note(c, "Assessment expired"), "did not finish it in time", "out of time")
        tap.lacks(" ".join(h.notes(c)), "0 of 100", "no score is never 0")
        d = h.candidate("Dora", email=None)
        h.move(d)
        tap.contains(h.note(d, "Not invited"), "no e-mail address", "without an address")


def polling():
    """Ready later, and nobody tells: the report is looked for.  A lost webhook: the sweep."""
    with House(scale=1200) as h:
        h.connect()
        a = h.candidate("Ada")
        h.move(a)
        attempt = h.attempt(a)
        h.note(a, "Assessment sent")
        h.step(attempt, "finish", grading=True)
        tap.ok(tap.wait_for(lambda: any(x["kind"] == "look_session" for x in h.actions("--waiting")),
                            10), "a look is scheduled")
        tap.lacks(" ".join(h.notes(a)), "Assessment result", "nothing is said of half a result")
        h.step(attempt, "ready")
        tap.contains(h.note(a, "Assessment result", 30), "100 of 100", "found without an event")
        h.settle()
        tap.equal(sum("Assessment result" in n for n in h.notes(a)), 1, "and told once")
        b = h.candidate("Bob")
        h.move(b)
        attempt = h.attempt(b)
        h.note(b, "Assessment sent")
        h.settle()
        h.cb("lose", {"count": 10})
        h.step(attempt, "finish")
        tap.contains(h.note(b, "Assessment result", 40), "100 of 100", "lost events: swept")


def people():
    """There is no session id: one attempt of one address, whoever asks for it."""
    # Not faster: an attempt must have its time, also on a machine with other work.
    with House(scale=120) as h:
        h.connect()
        a = h.candidate("Ada", email="Ada.L+jobs@Example.com")
        h.move(a)
        attempt = h.attempt(a)
        tap.equal(attempt["email"], "Ada.L+jobs@Example.com", "the address as it stands in the ATS")
        b = h.candidate("Ada", email="ada.l+jobs@example.com")
        h.move(b)
        tap.ok(h.note(b, "Assessment sent"), "another application of the same person")
        tap.equal(len(h.cb("attempts")), 1, "is served by the same invitation")
        # What the vendor does not show, we know: nobody gets a second mail.
        h.cb("settings", {"hides_invited": True})
        c, d = (h.candidate("Cora", email=e) for e in ("cora@example.com", "Cora@Example.COM"))
        for who in (c, d):
            h.move(who)
        for who in (c, d):
            tap.ok(h.note(who, "Assessment sent", 30), "both at once: each is told")
        e = h.candidate("Cora", email="CORA@example.com")
        h.move(e)
        tap.ok(h.note(e, "Assessment sent"), "so is a third one")
        tap.equal([x["_mails"] for x in h.cb("attempts")], [1, 1], "one invitation for each address")
        h.step(attempt, "finish", scores=[10, 10])
        for who in (a, b):
            tap.ok(h.note(who, "Assessment result"), "both applications get the result")
        c = h.candidate("Ada", email="ADA.L+jobs@example.com")
        h.move(c)
        tap.ok(h.note(c, "Assessment not sent again"), "a third one, later: not sent again")
        tap.contains(h.note(c, "Assessment result"), "100 of 100", "the earlier result counts")
        h.settle()
        tap.equal(h.counted("coderbyte", "invite"), 2, "one invitation each, altogether")
        h.step(attempt, "retake")
        h.step(h.attempt(a), "finish", scores=[1, 1], correct=4)
        tap.contains(h.note(a, "Corrected assessment result"), "46 of 100", "a second try corrects")
        text = json.dumps(h.events()) + json.dumps(h.actions())
        tap.lacks(text.lower(), "ada.l+jobs", "no address stands in lists of events and actions")


def deliveries():
    """The token names an organisation and covers no body: a delivery only makes us look."""
    with House() as h:
        h.connect()
        url = h.hooks["cb"]
        body = {"operation": "assessment_completed", "organization_id": ORGANIZATION,
                "email": "ada.lindqvist@example.com", "assessment_id": TEST, "report_ready": True,
                "time_expired": False, "report_url": "https://evil.example/"}

        def send(bearer, what=None):
            headers = {"Content-Type": "application/json"}
            if bearer:
                headers["Authorization"] = f"Bearer {bearer}"
            return h.http("POST", url, json.dumps(what or body).encode(), headers).status

        tap.equal(send(None), 401, "no token")
        tap.equal(send(token("another key")), 401, "another key")
        tap.equal(send(token(organization="others")), 401, "another organisation")
        a = h.candidate("Ada")
        h.move(a)
        h.note(a, "Assessment sent")
        tap.equal(send(token()), 200, "a captured token with a body of its own")
        tap.equal(send(token(), {"operation": "candidate_joined"}), 200, "joined, all else missing")
        tap.equal(send(token(), {"operation": "tea"}), 200, "an unknown operation")
        tap.equal(send(token(), {**body, "email": "nobody@example.com"}), 200, "somebody unknown")
        h.settle()
        tap.equal([n for n in h.notes(a) if "result" in n], [], "writes no score")
        interview = h.cb("interviews", {"email": "ada.lindqvist@example.com"})["interview_id"]
        h.cb(f"interviews/{interview}", {"do": "finish"})
        tap.ok(tap.wait_for(lambda: [e for e in h.events() if e["name"] == "interview_completed"],
                            10), "an interview that was completed is noted")
        h.step(h.attempt(a), "finish")
        tap.ok(h.note(a, "Assessment result"), "the true event does")
        # The key is changed: old and new hold for a while.
        h.cb("settings", {"key": "a new key"})
        document = h.document()
        document["connections"][1]["credentials"]["api_key"] = "a new key"
        document["connections"][1]["webhook"] = {"secrets": [KEY]}
        h.apply(document)
        tap.equal(send(token(), {**body, "email": "a@example.com"}), 200, "the old key still holds")
        tap.equal(send(token("a new key"), {**body, "email": "b@example.com"}), 200, "the new one too")


def profile():
    """The API changes a word and a path: named by the test, corrected in the home, goes on."""
    with House() as h:
        h.connect()
        with open(f"{h.share}/data/coderbyte/profile.json", encoding="utf-8") as f:
            text = f.read()

        def correct(old, new):
            os.makedirs(f"{h.home}/data/coderbyte", exist_ok=True)
            with open(f"{h.home}/data/coderbyte/profile.json", "w", encoding="utf-8") as f:
                f.write(text.replace(old, new))
            os.chmod(f"{h.home}/data/coderbyte/profile.json", 0o644)
            for path in (f"{h.home}/data", f"{h.home}/data/coderbyte"):
                os.chmod(path, 0o755)

        correct('"/organization/assessments"', '"/organization/tests"')
        code, out, _ = h.command("test", "acme", "cb")
        tap.equal(code, 1, "the connection test fails")
        tap.contains(out, "coderbyte/profile.json: calls.list_tests.path", "naming what broke")
        a = h.candidate("Ada")
        h.move(a)
        tap.ok(tap.wait_for(lambda: any(x["kind"] == "send_assessment" and x.get("attempts", 0) > 0
                                        for x in h.actions("--waiting")), 10), "a sending waits")
        correct("", "")
        tap.equal(h.command("test", "acme", "cb")[0], 0, "corrected: the test passes")
        tap.ok(h.note(a, "Assessment sent", 60), "and the sending goes on by itself")


tap.run(workflow, polling, people, deliveries, profile)
