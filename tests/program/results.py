# SPDX-License-Identifier: GPL-3.0-or-later
"""The results feed: who may read it, how one reads on, and what is never in it."""
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
SCORE = {"value": 530, "least": 200, "most": 600, "version": "codingScore2023", "label": ""}


class Cgi:
    def __init__(self, home):
        self.home = home

    def request(self, method, target, headers=None):
        return cgi.request(PROGRAM, method, target, headers=headers, env=self.home.env())


def session(key, state="complete", **more):
    return {"key": f"cs:{key}", "report_url": "https://app.codesignal.com/x?accessToken=hush",
            "session": {"id": key, "test_id": "T1", "test_title": "Coding", "name": "Ada <L>",
                        "email": f"{key}@x.example", "state": state, "verification": "verified",
                        "score": SCORE, **more}}


def plant(home, *rows):
    tool = os.path.join(tap.build(), "tests/tool/plant_session")
    done = subprocess.run([tool, home.path, "acme"], input=json.dumps(rows).encode(),
                          capture_output=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.decode())


def both(function):
    def test():
        for way in ("cgi", "fastcgi"):
            with tap.directory() as path:
                home = prepared.Home(os.path.join(path, "home"))
                home.apply(prepared.document())
                home.bearer = {"Authorization": "Bearer " + home.key("results:read")}
                if way == "cgi":
                    function(way, home, Cgi(home))
                else:
                    with fcgi_client.Server(PROGRAM, env=home.env()) as server:
                        function(way, home, server)
                    tap.lacks(server.log, "@x.example", f"{way}: nobody in the log")
    test.__name__ = function.__name__
    return test


def ask(home, server, query="", headers=None):
    return server.request("GET", f"/fairlead/report/acme/results{query}",
                          headers={**home.bearer, **(headers or {})})


@both
def test_keys(way, home, server):
    plant(home, session("one"))
    other = {"Authorization": "Bearer " + home.key("interviews:read", "status:read")}
    for name, headers, status in (("none", {}, 401), ("one of another scope", other, 403),
                                  ("a mistyped one", {"Authorization": "Bearer fl_live_x"}, 401)):
        for path in ("results", "results/cs:one"):
            reply = server.request("GET", f"/fairlead/report/acme/{path}", headers=headers)
            tap.equal((reply.status, reply.headers["content-type"]),
                      (status, "application/problem+json"), f"{way}: {path} with {name}")
            tap.lacks(reply.text(), "@x.example", f"{way}: {path} with {name}: nobody's data")
    reply = server.request("GET", "/fairlead/report/nobody/results", headers=home.bearer)
    tap.equal(reply.status, 401, f"{way}: another org's key")
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        reply = server.request(method, "/fairlead/report/acme/results", headers=home.bearer)
        tap.equal(reply.status, 405, f"{way}: nothing can be written with {method}")


@both
def test_pages(way, home, server):
    for i in range(7):
        plant(home, session(f"s{i}"))
    seen, query = [], "?limit=3"
    while True:
        reply = ask(home, server, query)
        page = reply.json()
        seen += [r["platform_session"] for r in page["results"]]
        query = f"?after={page['cursor']}&limit=3"
        if not page["has_more"]:
            break
    tap.equal(seen, [f"s{i}" for i in range(7)], f"{way}: all, in their order, once")
    reply = ask(home, server, query)
    tap.equal((reply.status, reply.json()["results"]), (200, []), f"{way}: nothing new")
    tag = reply.headers["etag"]
    again = ask(home, server, query, {"If-None-Match": tag})
    tap.equal((again.status, again.body, again.headers["etag"]), (304, b"", tag),
              f"{way}: nothing new costs nothing")
    plant(home, session("s2", score={**SCORE, "value": 400}), session("s9"))
    again = ask(home, server, query, {"If-None-Match": tag})
    tap.equal([(r["platform_session"], r["score"]["value"]) for r in again.json()["results"]],
              [("s2", 400), ("s9", 530)], f"{way}: what changed and what is new, once each")
    first = ask(home, server).json()
    tap.equal([r["platform_session"] for r in first["results"]],
              ["s0", "s1", "s3", "s4", "s5", "s6", "s2", "s9"], f"{way}: from the beginning")
    middle = ask(home, server, f"?after={first['results'][3]['cursor']}").json()
    tap.equal(len(middle["results"]), 4, f"{way}: each result has a cursor of its own")


@both
def test_content(way, home, server):
    plant(home, session("done"), session("out", "expired", score=None),
          session("rejected", "not_verified", verification="not_verified"),
          session("open", "started"), session("gone", "erased", name=None, email=None))
    page = ask(home, server).json()
    rows = {r["platform_session"]: r for r in page["results"]}
    tap.equal(set(rows), {"done", "out", "rejected", "gone"}, f"{way}: what has ended")
    tap.equal(rows["done"]["score"], {"value": 530, "least": 200, "most": 600, "percent": 82.5,
                                      "version": "codingScore2023", "verification": "verified"},
              f"{way}: a score with all that belongs to it")
    tap.equal((rows["done"]["candidate"]["name"], rows["done"]["test"]["id"]), ("Ada <L>", "T1"),
              f"{way}: whose and of what")
    tap.equal((rows["rejected"]["score"], rows["rejected"]["final"]), (None, False),
              f"{way}: not verified: no score")
    tap.equal(set(rows["gone"]) & {"candidate", "score", "test"}, set(), f"{way}: erased: ids only")
    text = json.dumps(page)
    for part in ("hush", "accessToken", "app.codesignal.com"):
        tap.lacks(text, part, f"{way}: never {part}")
    one = server.request("GET", "/fairlead/report/acme/results/cs:done", headers=home.bearer)
    tap.equal((one.status, one.json()["score"]["value"]), (200, 530), f"{way}: one alone")
    one = server.request("GET", "/fairlead/report/acme/results/cs%3Adone", headers=home.bearer)
    tap.equal(one.status, 200, f"{way}: escaped, too")
    for key, status in (("cs:nope", 404), ("cs:gone", 410), ("x" * 190, 404)):
        one = server.request("GET", f"/fairlead/report/acme/results/{key}", headers=home.bearer)
        tap.equal(one.status, status, f"{way}: {key[:10]}")


@both
def test_bad_questions(way, home, server):
    plant(home, session("one"))
    good = ask(home, server).json()["cursor"]
    number, _, check = good.partition("-")
    for query in ("?limit=0", "?limit=201", "?limit=x", "?limit=-1", "?limit=", "?offset=3",
                  "?after=1", "?after=x-000000000000", f"?after={int(number) + 1}-{check}",
                  f"?after={good}x", "?after=" + "9" * 300):
        reply = ask(home, server, query)
        tap.equal((reply.status, reply.headers["content-type"]),
                  (400, "application/problem+json"), f"{way}: {query[:30]}")
    tap.equal(ask(home, server, "?after=").status, 200, f"{way}: an empty cursor is none")


@both
def test_jobs(way, home, server):
    """A key for one job reads its results and no others, page by page and one by one."""
    rows = []
    for n, job in ((1, "17"), (2, "18"), (3, "17"), (4, None)):
        row = session(f"s{n}")
        if job is not None:
            row["application"] = {"key": f"gh:{n}", "id": str(n), "job_id": job,
                                  "candidate_id": str(n), "status": "active"}
        rows.append(row)
    plant(home, *rows)
    everything = [r["session"] for r in ask(home, server).json()["results"]]
    tap.equal(everything, ["cs:s1", "cs:s2", "cs:s3", "cs:s4"], f"{way}: all without a limit")
    key = home.must("key", "issue", "acme", "--scope", "results:read", "--jobs", "17").out.strip()
    narrow = {"Authorization": "Bearer " + key}
    page = ask(home, server, headers=narrow).json()
    tap.equal([r["session"] for r in page["results"]], ["cs:s1", "cs:s3"], f"{way}: its job's")
    tap.equal(page["has_more"], False, f"{way}: and the end of the feed is its end")
    seen, after = [], ""
    while True:
        page = ask(home, server, f"?limit=1&after={after}", headers=narrow).json()
        seen += [r["session"] for r in page["results"]]
        after = page["cursor"]
        if not page["has_more"]:
            break
    tap.equal(seen, ["cs:s1", "cs:s3"], f"{way}: with pages that hold none of them")
    for name, status in (("cs:s1", 200), ("cs:s2", 404), ("cs:s4", 404), ("cs:none", 404)):
        reply = server.request("GET", f"/fairlead/report/acme/results/{name}", headers=narrow)
        tap.equal(reply.status, status, f"{way}: {name}: {status}")
    tap.equal(home.run("key", "issue", "acme", "--scope", "interviews:write,results:read", "--jobs",
                       "17").code, 2, f"{way}: no other scope can be for some jobs")


tap.run(test_keys, test_jobs, test_pages, test_content, test_bad_questions)
