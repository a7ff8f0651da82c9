# SPDX-License-Identifier: GPL-3.0-or-later
"""The report page: what stands on it in every state of a session, and what never does."""
import html.parser
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
import cgi  # noqa: E402
import fcgi_client  # noqa: E402
import prepared  # noqa: E402
import tap  # noqa: E402

PROGRAM = "report.fcgi"
HTML = {"Accept": "text/html"}
DAY = 86400000
FINISHED = 1795370094283
SECRET_URL = "https://app.codesignal.com/report/x?accessToken=hush-hush"
VOID = {"meta", "link", "br", "hr", "img", "input"}


class Shape(html.parser.HTMLParser):
    """Every element that is opened is closed, in order; ids are there once."""

    def __init__(self, text):
        super().__init__()
        self.open, self.faults, self.ids = [], [], []
        self.feed(text)
        self.close()
        self.faults += [f"<{name}> stays open" for name in self.open]
        self.faults += [f"id {i} twice" for i in set(self.ids) if self.ids.count(i) > 1]

    def handle_starttag(self, tag, attrs):
        self.ids += [v for n, v in attrs if n == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> closes something else")


def score(value=None, least=0, most=0, version="", label=""):
    return {"value": value or 0, "least": least, "most": most, "version": version, "label": label}


CODING = score(530, 200, 600, "codingScore2023")
PARTS = [{"title": "Two <sums>", "scored": True, "value": 225, "most": 300, "spent_ms": 754000},
         {"title": "Graphs & trees", "scored": True, "value": 0, "most": 300, "spent_ms": -1},
         {"title": None, "scored": False, "value": 0, "most": 0, "spent_ms": 1000}]


def session(name, state, **more):
    return {"id": name, "test_id": "T1", "test_title": "General <Coding>", "name": "Ada O'Lovelace",
            "email": "ada@b.example", "state": state, "created_ms": FINISHED - 2 * DAY,
            "invitation_url": "https://app.codesignal.com/invitation/hush-hush",
            "external_id": "hush-hush", **more}


DONE = {"started_ms": FINISHED - 3600000, "finished_ms": FINISHED}
# name, session, on the page, not on the page
ROWS = [
    ("complete, on a scale",
     session("complete", "complete", verification="verified", score=CODING, parts=PARTS, **DONE),
     ["<strong>Complete.</strong>", "verified this result", "530", "200", "600", "CodeSignal score (200-600): 530 of 600",
      'width="462"', "Two &lt;sums&gt;", "Graphs &amp; trees", "225 of 300", "0 of 300",
      "not scored", "13 min", "Ada O&#39;Lovelace", "General &lt;Coding&gt;", "CodeSignal",
      "Finished", "Sunday 22 November 2026"], []),
    ("complete, raw",
     session("raw", "complete", verification="none", score=score(45, 0, 60, "raw"), **DONE),
     ["<strong>Complete.</strong>", "not proctored", ">45<", "60"], ["verified this"]),
    ("complete, nothing reached",
     session("zero", "complete", verification="none", score=score(0, 0, 60, "raw"), **DONE),
     ['<p class="figure">0</p>', 'width="0"'], []),
    ("complete, without a scale",
     session("bare", "complete", verification="none", score=score(7, 0, 0, "raw"), **DONE),
     ['<p class="figure">7</p>'], ["<svg class=\"score\""]),
    ("complete, in a word",
     session("label", "complete", verification="none",
             score=score(version="behavioral", label="high & <mighty>"), **DONE),
     ["high &amp; &lt;mighty&gt;"], ["<svg class=\"score\"", ">0<"]),
    ("complete, shared",
     session("shared", "complete", verification="verified", shared=True, score=CODING, **DONE),
     ["result of an earlier test", "530"], []),
    ("complete, a closer look",
     session("look", "complete", verification="verified", integrity_flag=True, score=CODING, **DONE),
     ["A closer look is suggested", "530"], []),
    ("in review",
     session("review", "in_review", verification="pending", score=CODING, parts=PARTS, **DONE),
     ["<strong>In review.</strong>", "verifying the result"],
     ["530", "CodeSignal score", "<h2>Score", "<h2>Tasks", "225", "Two &lt;sums"]),
    ("not verified",
     session("refused", "not_verified", verification="not_verified", score=CODING, parts=PARTS,
             reasons=["Another person helped", "Camera <off>"], **DONE),
     ["<strong>Not verified.</strong>", "Another person helped", "Camera &lt;off&gt;", "not final"],
     ["530", "CodeSignal score", "<h2>Score", "225"]),
    ("expired", session("expired", "expired", expires_ms=FINISHED),
     ["<strong>Expired.</strong>", "not taken in time"], ["<h2>Score", "<h2>Tasks"]),
    ("declined", session("declined", "declined"), ["<strong>Declined.</strong>"], ["<h2>Score"]),
    ("invited", session("invited", "invited", expires_ms=FINISHED + DAY, score=CODING),
     ["<strong>Invited.</strong>", "Open until"], ["<h2>Score", "530"]),
    ("started", session("started", "started", started_ms=FINISHED, score=CODING),
     ["<strong>In progress.</strong>"], ["<h2>Score", "530"]),
    ("submitted", session("submitted", "submitted", score=CODING, **DONE),
     ["<strong>Submitted.</strong>"], ["<h2>Score", "530"]),
    ("cancelled", session("cancelled", "cancelled", score=CODING), ["<strong>Withdrawn.</strong>"],
     ["<h2>Score", "530"]),
]


def plant(home, sessions):
    text = [{"key": "cs:" + s["id"], "session": s, "report_url": SECRET_URL,
             "application": {"key": "gh:17" + s["id"], "id": "17" + s["id"], "candidate_id": "5",
                             "job_name": "Engineer & more", "url": s.get("ats", "")}}
            for s in sessions]
    done = subprocess.run([os.path.join(tap.build(), "tests/tool/plant_session"), home.path, "acme"],
                          input=json.dumps(text).encode(), capture_output=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.decode())
    return {line.split()[0][3:]: line.split()[1] for line in done.stdout.decode().splitlines()}


class Plain:
    log = ""

    def __init__(self, env):
        self.env = env

    def request(self, method, target, **more):
        reply = cgi.request(PROGRAM, method, target, env=self.env, **more)
        self.log += reply.log
        return reply


def both(function):
    def test():
        for way in ("cgi", "fastcgi"):
            with tap.directory() as path:
                home = prepared.Home(os.path.join(path, "home"))
                home.apply(prepared.document())
                home.tokens = plant(home, [row[1] for row in ROWS])
                if way == "cgi":
                    server = Plain(home.env())
                    function(way, home, server)
                else:
                    with fcgi_client.Server(PROGRAM, env=home.env()) as server:
                        function(way, home, server)
                    tap.equal(server.code, 0, f"{way}: it ended cleanly")
                tap.ok(not any(token in server.log for token in home.tokens.values()),
                       f"{way}: no token in the log", server.log)
                tap.lacks(server.log, "hush", f"{way}: no secret in the log")
    test.__name__ = function.__name__
    return test


def report(server, token, org="acme", headers=None, method="GET"):
    return server.request(method, f"/fairlead/report/{org}/{token}",
                          headers=HTML if headers is None else headers)


@both
def test_states(way, home, server):
    for name, s, there, absent in ROWS:
        reply = report(server, home.tokens[s["id"]])
        text = reply.text()
        tap.equal((reply.status, reply.headers["content-type"]), (200, "text/html; charset=utf-8"),
                  f"{way}: {name}: a page")
        for part in there:
            tap.contains(text, part, f"{way}: {name}: has {part}")
        for part in absent:
            (tap.lacks_word if part.isdigit() else tap.lacks)(text, part,
                                                              f"{way}: {name}: has no {part}")
        for part in ("accessToken", "hush", "app.codesignal.com", "ada@b.example", "{{", "}}",
                     home.path):
            tap.lacks(text, part, f"{way}: {name}: never {part}")
        tap.equal(Shape(text).faults, [], f"{way}: {name}: well formed")
        tap.contains(text, "Engineer &amp; more", f"{way}: {name}: the job")
        tap.contains(reply.headers["content-security-policy"], "default-src 'none'",
                     f"{way}: {name}: strict policy")
        tap.equal((reply.headers["cache-control"], reply.headers["referrer-policy"],
                   reply.headers["x-robots-tag"]), ("no-store", "no-referrer", "noindex"),
                  f"{way}: {name}: not kept, not told, not found")


@both
def test_strangers(way, home, server):
    token = home.tokens["complete"]
    wrong = [report(server, text, org) for org, text in
             (("acme", "a" * len(token)), ("nobody", token), ("nobody", "x"), ("acme", token[:-1]),
              ("acme", token + "a"), ("acme", token.upper()))]
    identity = [w.headers["x-request-id"].encode() for w in wrong]
    shapes = {(w.status, w.body.replace(i, b"")) for w, i in zip(wrong, identity)}
    tap.equal(len(shapes), 1, f"{way}: unknown org and unknown token look the same")
    tap.equal(wrong[0].status, 404, f"{way}: and are not there")
    tap.contains(wrong[0].text(), "copied all", f"{way}: with what to do")
    reply = report(server, "a" * 26, headers={"Accept": "application/json"})
    tap.equal((reply.status, reply.headers["content-type"], reply.json()["status"]),
              (404, "application/problem+json", 404), f"{way}: a problem for programs")
    for method in ("POST", "PUT", "DELETE"):
        reply = report(server, token, method=method)
        tap.equal((reply.status, reply.headers.get("allow")), (405, "GET, HEAD, OPTIONS"),
                  f"{way}: {method} does nothing")
    head = report(server, token, method="HEAD")
    tap.equal((head.status, head.body), (200, b""), f"{way}: HEAD")
    for text in ("..%2f..%2fsecrets", "%00", "%ff", "a/b", "x" * 5000):
        tap.ok(report(server, text).status in (400, 404, 414), f"{way}: {text[:20]} is not there")


@both
def test_log(way, home, server):
    for _ in range(3):
        report(server, home.tokens["complete"])
    report(server, "a" * 26)
    records = [r["record"] for r in home.must("audit", "export", "acme", "--json").json()]
    mine = [(r["who"], r["from"], r["about"]) for r in records if r.get("did") == "report.viewed"]
    tap.equal(mine, [("somebody with the link", "127.0.0.1", "report of session complete")],
              f"{way}: who looked is in the log, once")
    tap.lacks(str(records), home.tokens["complete"], f"{way}: without the token")


@both
def test_changes(way, home, server):
    token = home.tokens["review"]
    tap.lacks_word(report(server, token).text(), "530", f"{way}: in review: no score")
    again = plant(home, [session("review", "complete", verification="verified", score=CODING, **DONE)])
    tap.equal(again["review"], token, f"{way}: the link stays")
    tap.contains(report(server, token).text(), "530", f"{way}: verified: the score")
    plant(home, [session("review", "erased")])
    gone = report(server, token)
    tap.equal(gone.status, 410, f"{way}: erased: gone")
    tap.contains(gone.text(), "removed together with", f"{way}: erased: says why")
    tap.lacks(gone.text(), "Lovelace", f"{way}: erased: no name")
    gone = report(server, token, headers={"Accept": "application/json"})
    tap.equal((gone.status, gone.headers["content-type"]), (410, "application/problem+json"),
              f"{way}: erased: for programs")


@both
def test_way_back(way, home, server):
    for address, shown in (("https://app.greenhouse.io/people/5?a=1&b=2", True),
                           ("javascript:alert(1)", False), ("http://plain.example/", False)):
        name = f"back{abs(hash(address))}"
        token = plant(home, [session(name, "complete", score=CODING, ats=address)])[name]
        text = report(server, token).text()
        tap.equal("Open the candidate" in text, shown, f"{way}: {address}: a way back")
        tap.lacks(text, "javascript:", f"{way}: {address}: no script")


def test_broken():
    """A broken org is our failure; nobody is told that the link is wrong."""
    with tap.directory() as path:
        home = prepared.Home(os.path.join(path, "home"))
        home.apply(prepared.document())
        token = plant(home, [session("x", "complete", score=CODING)])["x"]
        home.damage("acme")
        reply = report(Plain(home.env()), token)
        tap.equal(reply.status, 500, "a broken org: our failure")
        tap.lacks(reply.text(), home.path, "a broken org: no path on the page")
        tap.lacks(reply.text(), "copied", "a broken org: the link is not blamed")


tap.run(test_states, test_strangers, test_log, test_changes, test_way_back, test_broken)
