# SPDX-License-Identifier: GPL-3.0-or-later
"""The Coderbyte stand-in: what the vendor would refuse is refused (wire/coderbyte.md 1-2)."""
import base64
import hashlib
import hmac
import http.server
import json
import os
import re
import sys
import threading
import urllib.parse

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
import fcgi_client  # noqa: E402
import tap  # noqa: E402

PREFIX = "/sandbox/coderbyte"
KEY = "sandbox-coderbyte-key"
TEST = "backend-screen-9six08om28556"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
BROWSER = {"Accept": "text/html"}
EMAIL = "ada+x@example.org"

server = None


class Receiver:
    """An HTTP server on loopback that keeps what it is sent."""

    def __init__(self):
        receiver = self
        self.requests, self.lock = [], threading.Lock()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                with receiver.lock:
                    receiver.requests.append((self.headers, json.loads(body)))
                self.send_response(500 if self.path == "/broken" else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def api(method, path, body=None, key=KEY, **headers):
    given = {"Authorization": f"Bearer {key}", **headers} if key else headers
    if body is not None and not isinstance(body, bytes):
        body = json.dumps(body).encode()
        given.setdefault("Content-Type", "application/json")
    return server.request(method, f"{PREFIX}/api/{path}", body=body or b"", headers=given)


def control(path, value=None):
    reply = server.request("POST", f"{PREFIX}/control/{path}",
                           body=json.dumps(value or {}).encode(),
                           headers={"Content-Type": "application/json"})
    return reply


def rows(name):
    return server.request("GET", f"{PREFIX}/control/{name}").json()


def fresh():
    control("reset")


def url_of(test=TEST):
    return next(t["public_url"] for t in rows("tests") if t["test_id"] == test)


def report(email=EMAIL, test=TEST):
    return api("GET", f"organization/candidates/{urllib.parse.quote(email)}/{test}")


def test_doors():
    fresh()
    for name, key in (("no key", None), ("another key", "x"), ("part of the key", KEY[:-1])):
        tap.equal(api("GET", "organization/assessments", key=key).status, 401, name)
    reply = server.request("GET", f"{PREFIX}/api/organization/assessments",
                           headers={"Authorization": f"Token {KEY}"})
    tap.equal(reply.status, 401, "another kind of authorization")
    tap.equal(reply.json(), {"status": "error", "message": "Unauthorized: unknown API key"},
              "in the envelope")
    for method, path in (("GET", "organization"), ("POST", "organization/assessments"),
                         ("DELETE", f"organization/candidates/{EMAIL}"),
                         ("GET", f"organization/candidates/{EMAIL}/{TEST}/more")):
        tap.ok(api(method, path).status in (404, 405), f"{method} {path} is not described")


def test_invitations():
    fresh()
    good = {"candidates": [EMAIL], "assessment_url": url_of()}
    wrong = [
        ("no body", None, 415), ("no JSON", b"candidates=x", 415), ("an array", [], 422),
        ("nobody", {**good, "candidates": []}, 422),
        ("a text for a list", {**good, "candidates": EMAIL}, 422),
        ("an object for an address", {**good, "candidates": [{"email": EMAIL}]}, 422),
        ("no address", {**good, "candidates": ["ada"]}, 422),
        ("no assessment", {"candidates": [EMAIL]}, 422),
        ("the id for the address", {**good, "assessment_url": TEST}, 422),
        ("a closed assessment", {**good, "assessment_url": url_of("retired-assessment-1aa1")}, 422),
        ("an unknown member", {**good, "name": "Ada"}, 422),
        ("a text for a truth", {**good, "skip_send": "true"}, 422),
    ]
    for name, body, status in wrong:
        reply = api("POST", "organization/candidates/invite", body)
        tap.equal(reply.status, status, f"invite: {name}")
        tap.equal(reply.json()["status"], "error", f"invite: {name}: in the envelope")
    tap.equal(rows("attempts"), [], "nobody was invited by these")
    reply = api("POST", "organization/candidates/invite", {**good, "skip_send": True})
    tap.equal(reply.status, 200, "a good one")
    answer = reply.json()
    tap.equal((answer["status"], answer["data"]["test_id"],
               answer["data"]["candidates"][0]["email"]), ("success", TEST, EMAIL), "its answer")
    tap.contains(reply.body.decode(), "http:\\/\\/", "slashes are escaped, as PHP does")
    api("POST", "organization/candidates/invite", good)
    tap.equal(len(rows("attempts")), 1, "twice is once")


def test_reports():
    fresh()
    tap.equal(report().json(), {"status": "success", "data": {"reports": []}}, "no report: empty")
    control("settings", {"absent_is_404": True})
    tap.equal(report().status, 404, "or 404, as ordered")
    control("invite", {"email": EMAIL})
    tap.equal(report().status, 404, "one who was invited has none")
    control("settings", {"shows_invited": True})
    tap.equal(report().json()["data"]["reports"][0]["status"], "Invited", "unless ordered")
    tap.equal(api("GET", f"organization/candidates/{urllib.parse.quote(EMAIL)}").json()["data"],
              {"assessments": [{"test_id": TEST}]}, "the candidate")
    tap.equal(api("GET", "organization/candidates/jo@example.org").status, 404, "nobody")
    attempt = rows("attempts")[0]["_id"]
    tap.equal(control(f"attempts/{attempt}", {"do": "ready"}).status, 409, "not in this state")
    tap.equal(control("attempts/none", {"do": "join"}).status, 404, "no such attempt")
    control(f"attempts/{attempt}", {"do": "finish", "scores": [10, 0], "correct": 3})
    got = report().json()["data"]["reports"][0]
    tap.equal((got["code_score"], got["mc_score"], got["final_score"], got["qualified"]),
              (30, 30, 60, False), "the parts add up")
    tap.equal((got["scorecard"], got["admin_notes"], got["mc_details"][0]["meta"]), ([], [], []),
              "empty maps are arrays")
    tap.equal(got["challenge_details"][0]["time_taken"], -1, "a time that is not known")


def claims(headers, key):
    """The claims of the token of a delivery, checked."""
    head, body, signature = headers["Authorization"].removeprefix("Bearer ").split(".")
    want = hmac.new(key.encode(), f"{head}.{body}".encode(), hashlib.sha256).digest()
    got = base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
    tap.ok(hmac.compare_digest(want, got), "the token is signed with the API key")
    return json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))


def test_webhooks():
    fresh()
    with Receiver() as receiver:
        control("webhook", {"url": f"{receiver.url}/all"})
        control("webhook", {"url": f"{receiver.url}/broken", "operation": "scorecard_updated"})
        control("invite", {"email": EMAIL})
        attempt = rows("attempts")[0]["_id"]
        for what in ({"do": "join"}, {"do": "finish", "grading": True}, {"do": "ready"},
                     {"do": "scorecard", "recommendation": "thumb_down"}):
            control(f"attempts/{attempt}", what)
            control("idle", {"timeout_ms": 10000})
        interview = control("interviews", {"email": EMAIL}).json()["interview_id"]
        control(f"interviews/{interview}", {"do": "finish"})
        control("idle", {"timeout_ms": 10000})
        sent = {body["operation"]: body for _, body in receiver.requests}
        tap.equal([body["operation"] for _, body in receiver.requests],
                  ["candidate_joined", "assessment_completed", "scorecard_updated",
                   "interview_completed"], "one of each, none when a report became ready")
        tap.equal(claims(receiver.requests[0][0], KEY), {"iss": "acmeengineering"}, "who sends it")
        tap.equal(sent["candidate_joined"],
                  {"operation": "candidate_joined", "organization_id": "acmeengineering",
                   "email": EMAIL, "assessment_id": TEST}, "joined")
        done = sent["assessment_completed"]
        tap.equal((done["report_ready"], done["time_expired"]), (False, False), "completed")
        tap.equal((sent["scorecard_updated"]["trigger"], sent["scorecard_updated"]["recommendation"]),
                  ("recommendation", "thumb_down"), "the scorecard")
        tap.contains(sent["interview_completed"]["report_url"], f"/report/interview:{interview}:",
                     "the interview")
        control("settings", {"key": "a new key"})
        control(f"attempts/{attempt}", {"do": "scorecard", "comment": "Good"})
        control("idle", {"timeout_ms": 10000})
        claims(receiver.requests[-1][0], "a new key")
        tap.equal(len(receiver.requests), 5, "what was answered 500 is not sent again")
        tap.equal(api("GET", "organization/assessments").status, 401, "the old key is over")


def click(path, form=None):
    if form is None:
        return server.request("GET", f"{PREFIX}/{path}", headers=BROWSER)
    return server.request("POST", f"{PREFIX}/{path}",
                          body=urllib.parse.urlencode(form).encode(), headers={**FORM, **BROWSER})


def test_pages():
    fresh()
    tap.contains(click("").body.decode(), "Nobody was invited yet.", "the first page")
    tap.equal(click(f"tests/{TEST}/invite", {"email": "ada"}).status, 422, "no address")
    tap.equal(click("tests/retired-assessment-1aa1/invite", {"email": EMAIL}).status, 404, "closed")
    reply = click(f"tests/{TEST}/invite", {"email": "<b>@example.org"})
    tap.equal(reply.status, 303, "invited")
    page = click("").body.decode()
    tap.contains(page, "&lt;b&gt;@example.org", "escaped")
    attempt = re.search(rf"{PREFIX}/sl/([a-z0-9]+)", page).group(1)
    tap.contains(click(f"sl/{attempt}").body.decode(), "Join", "the candidate's page")
    tap.equal(click(f"sl/{attempt}/finish", {}).status, 409, "not before joining")
    click(f"sl/{attempt}/join", {})
    tap.contains(click(f"sl/{attempt}").body.decode(), "Solve the challenges", "joined")
    click(f"sl/{attempt}/finish", {"score-0": "10", "score-1": "10", "correct": "2", "grading": "y"})
    tap.contains(click(f"report/{attempt}").body.decode(), "The report is ready", "being graded")
    click(f"report/{attempt}/ready", {"back": "report"})
    tap.contains(click(f"report/{attempt}").body.decode(), "final score 80 of 100", "the report")
    click(f"report/{attempt}/scorecard", {"back": "report", "comment": "Well done"})
    click(f"report/{attempt}/flag", {"back": "report"})
    page = click(f"report/{attempt}").body.decode()
    tap.ok("Well done" in page and "cheating: Likely" in page, "with what the admin did", page)
    click(f"report/{attempt}/retake", {"back": "report"})
    tap.equal(len(rows("attempts")), 2, "another try")
    click(f"sl/{rows('attempts')[1]['_id']}/join", {})
    click(f"sl/{rows('attempts')[1]['_id']}/expire", {})
    tap.contains(click("").body.decode(), "time expired", "out of time")
    tap.equal(click("interviews", {"email": "x"}).status, 422, "an interview of nobody")
    click("interviews", {"email": EMAIL})
    interview = rows("interviews")[0]["interview_id"]
    tap.equal(click(f"interviews/{interview}/finish", {}).status, 303, "an interview is completed")
    tap.equal(click(f"interviews/{interview}/finish", {}).status, 409, "once")
    click("webhooks", {"candidate_joined": "https://x.example/<y>"})
    tap.contains(click("webhooks").body.decode(), "https://x.example/&lt;y&gt;", "webhook settings")
    tap.equal(rows("webhook")["assessment_completed"]["state"], "off", "one URL for each kind")


def main():
    global server
    env = {"FAIRLEAD_ALLOW_NETWORKS": "127.0.0.0/8"}
    with fcgi_client.Server("sandbox/coderbyte.fcgi", env=env) as running:
        server = running
        tap.run(test_doors, test_invitations, test_reports, test_webhooks, test_pages)


main()
