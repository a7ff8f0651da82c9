# SPDX-License-Identifier: GPL-3.0-or-later
"""The Greenhouse adapter against the stand-in, over real HTTP: each strict about the other."""
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

PREFIX = "/sandbox/greenhouse"
ADMIN, RECRUITER, JOB, STAGE = 5414812002, 5414812003, 4298418002, 71416000001
SECRET = "sandbox-greenhouse-secret"

server = web = None


class Adapter:
    """tests/program/speak_greenhouse with one token between its calls."""

    def __init__(self, secret=SECRET, user=ADMIN):
        self.process = subprocess.Popen(
            [cgi.program("tests/program/speak_greenhouse"), web.base + PREFIX, secret, str(user)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=cgi.environment())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        tap.equal(self.process.wait(20), 0, "the adapter's program ends cleanly")
        self.process.stdout.close()

    def ask(self, op, text="", **more):
        line = json.dumps({"op": op, "text": text, **more}) + "\n"
        self.process.stdin.write(line.encode())
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


def control(path, value=None):
    reply = server.request("POST", f"{PREFIX}/control/{path}",
                           body=json.dumps(value or {}).encode(),
                           headers={"Content-Type": "application/json"})
    if reply.status not in (200, 201):
        tap.ok(False, f"control/{path} is taken", reply)
    return reply.json()


def get(path):
    return server.request("GET", f"{PREFIX}/control/{path}").json()


def fresh(**settings):
    control("reset")
    if settings:
        control("settings", settings)
    return get("state")["applications"][0]


def kind(answer, want, name):
    return tap.ok(answer["kind"] == want, f"{name}: {want}", answer)


def test_read():
    row = fresh()
    want = {"id": str(row["id"]), "candidate_id": str(row["candidate_id"]), "job_id": str(JOB),
            "job_name": "Software Engineer", "stage_id": str(STAGE), "first_name": "Jane",
            "stage_name": "Application Review", "email": "jane.doe@example.com", "status": "active"}
    for name, settings in [("as it is", {}), ("without the stage's id", {"hide_stage": True}),
                           ("without the history, too",
                            {"hide_stage": True, "page_most": 1,
                             "revoked": ["harvest:application_stages:list"]})]:
        row = fresh(**settings)
        want.update(id=str(row["id"]), candidate_id=str(row["candidate_id"]))
        with Adapter() as adapter:
            answer = adapter.ask("read", str(row["id"]))
            if kind(answer, "done", f"read {name}"):
                got = answer["application"]
                tap.equal({k: got.get(k) for k in want}, want, f"read {name}: what stands there")
            kind(adapter.ask("read", "1"), "absent", f"read {name}, an unknown one")
    control("set", {"table": "candidates", "id": row["candidate_id"],
                    "members": {"email_addresses": []}})
    with Adapter() as adapter:
        tap.ok("email" not in adapter.ask("read", str(row["id"]))["application"], "no e-mail")
        control("set", {"table": "candidates", "id": row["candidate_id"],
                        "members": {"(hidden)": True}})
        kind(adapter.ask("read", str(row["id"])), "absent", "a private candidate")
        control("set", {"table": "candidates", "id": row["candidate_id"],
                        "members": {"(hidden)": False, "(processing)": "wait"}})
        kind(adapter.ask("read", str(row["id"])), "again", "a candidate in the making")


def test_notes():
    row = fresh(page_most=1)
    about = {"id": str(row["id"]), "candidate_id": str(row["candidate_id"])}
    with Adapter() as adapter:
        for i in range(4):
            kind(adapter.ask("note", f"note {i} (mark-{i})\nZoë & <b>", application=about), "done",
                 f"note {i}")
        tap.equal(get("state")["notes"][0]["body"], "note 0 (mark-0)\nZoë & <b>", "as written")
        for mark, want in [("mark-0", 1), ("mark-3", 1), ("mark-9", 0)]:
            answer = adapter.ask("find", mark, application=about)
            tap.equal((answer["kind"], answer["found"]), ("done", want),
                      f"{mark} over pages of one note")
        control("failures", {"what": "POST notes", "kind": "status", "status": 502, "after": True})
        kind(adapter.ask("note", "lost (mark-5)", application=about), "uncertain",
             "a note whose answer is lost")
        tap.equal(adapter.ask("find", "mark-5", application=about)["found"], 1,
                  "reading back tells that it stands there")
        control("failures", {"what": "POST notes", "kind": "cut"})
        kind(adapter.ask("note", "cut (mark-6)", application=about), "uncertain", "half an answer")
        tap.equal(adapter.ask("find", "mark-6", application=about)["found"], 0, "that one does not")
        kind(adapter.ask("note", "x", application={**about, "candidate_id": "1"}), "absent",
             "a note on nobody")


def test_move():
    for name, settings in [("the stage as guard", {}), ("the instance", {"guard_instance": True}),
                           ("no stage id in rows", {"hide_stage": True}),
                           ("both", {"hide_stage": True, "guard_instance": True})]:
        row = fresh(**settings)
        with Adapter() as adapter:
            about = adapter.ask("read", str(row["id"]))["application"]
            kind(adapter.ask("move", "next", application=about), "done", f"move, {name}")
            tap.equal(get("state")["applications"][0]["stage_name"], "Coding test", "one stage on")
            kind(adapter.ask("move", "next", application=about), "done",
                 "the same again is done already")
            tap.equal(get("state")["applications"][0]["stage_name"], "Coding test",
                      "and moves nothing")
            kind(adapter.ask("move", "Offer", application=about), "refused",
                 "from where it no longer is")
    row = fresh()
    with Adapter() as adapter:
        about = adapter.ask("read", str(row["id"]))["application"]
        control("failures", {"what": "POST move", "kind": "status", "status": 500, "after": True})
        kind(adapter.ask("move", "next", application=about), "uncertain", "a move without an answer")
        kind(adapter.ask("move", "next", application=about), "done", "and what became of it")
        tap.equal(get("counters").get("POST move"), 1, "asked for once")
        stages = adapter.ask("stages", str(JOB))
        tap.equal([s["name"] for s in stages["list"]],
                  ["Application Review", "Coding test", "On-site interview", "Offer"], "stages")
        jobs = adapter.ask("jobs", "")
        tap.equal([j["name"] for j in jobs["list"] if j["id"] == str(JOB)], ["Software Engineer"], "jobs")


def test_interview():
    fresh()
    interview = get("state")["interviews"][0]["id"]
    with Adapter() as adapter:
        kind(adapter.ask("interview", "https://x.example/" + "y" * 237, id=str(interview)), "done",
             "a location of 255 characters")
        tap.equal(len(get("state")["interviews"][0]["location"]), 255, "stands there")
        kind(adapter.ask("interview", "https://x.example/", id="1"), "absent", "no such interview")


def test_token():
    row = fresh()
    with Adapter() as adapter:
        for _ in range(3):
            kind(adapter.ask("read", str(row["id"])), "done", "read")
        tap.equal(get("counters").get("POST token"), 1, "one token for nine calls")
        control("tokens/expire")
        kind(adapter.ask("read", str(row["id"])), "done", "read over a dead token")
        tap.equal(get("counters").get("POST token"), 2, "one more")
    with Adapter(secret="wrong") as adapter:
        answer = adapter.ask("read", str(row["id"]))
        kind(answer, "denied", "a wrong secret")
        tap.lacks(json.dumps(answer), "wrong\"", "which nobody repeats")
    control("settings", {"client_id": "somebody-else"})
    with Adapter() as adapter:
        answer = adapter.ask("read", str(row["id"]))
        kind(answer, "denied", "an unknown client")
        tap.lacks(json.dumps(answer), "sandbox-greenhouse-client", "whose echo is taken out")


def test_rates():
    row = fresh(rate_limit=2, rate_window_ms=3600000)
    with Adapter() as adapter:
        answer = adapter.ask("read", str(row["id"]))
        kind(answer, "again", "a closed window")
        tap.ok(answer["wait_ms"] > 0 and answer["lane_wait_ms"] > 0, "says how long", answer)


def test_outages():
    row = fresh()
    with Adapter() as adapter:
        for failure, want in [({"kind": "status", "status": 500}, "again"), ({"kind": "garbage"}, "again"),
                              ({"kind": "empty"}, "again"), ({"kind": "cut"}, "again"),
                              ({"kind": "huge", "bytes": 20 << 20}, "again"),
                              ({"kind": "status", "status": 429, "retry_after": 7}, "again"),
                              ({"kind": "errors", "body": "{\"message\":\"x\"}"}, "again"),
                              ({"kind": "status", "status": 403}, "refused"),
                              ({"kind": "status", "status": 403, "times": 2}, "denied")]:
            control("failures", {"what": "GET applications", **failure})
            answer = adapter.ask("read", str(row["id"]))
            kind(answer, want, f"outage {failure}")
            tap.ok(answer["sentence"] and answer["detail"], "says why", answer)
        kind(adapter.ask("read", str(row["id"])), "done", "and then it works again")


def test_test():
    fresh()
    with Adapter() as adapter:
        answer = adapter.ask("test")
        kind(answer, "done", "trying the connection")
        tap.ok(all(line["ok"] for line in answer["list"]), "everything is granted", answer)
        control("settings", {"revoked": ["harvest:notes:list"]})
        answer = adapter.ask("test")
        kind(answer, "denied", "a missing scope")
        tap.equal([line["what"] for line in answer["list"] if not line["ok"]], ["harvest:notes:list"],
                  "is named, and only that one")
    fresh()
    with Adapter(user=RECRUITER) as adapter:
        answer = adapter.ask("test")
        kind(answer, "denied", "a user who is no Site Admin")
        tap.contains(json.dumps(answer), "Site Admin", "is told so")


def test_manners():
    bodies = [path for method, path, headers, body in web.seen
              if method == "GET" and ("Content-Length" in headers or body)]
    tap.equal(bodies, [], "no GET had a body or a length")
    tap.ok(all("On-Behalf-Of" not in headers for _, _, headers, _ in web.seen), "no On-Behalf-Of")
    cursors = [path for _, path, _, _ in web.seen if "cursor=" in path]
    tap.ok(cursors and all("&" not in path for path in cursors), "cursors went alone")


def main():
    global server, web
    with fcgi_client.Server("sandbox/greenhouse.fcgi") as running, front.Front(running) as http:
        server, web = running, http
        tap.run(test_read, test_notes, test_move, test_interview, test_token, test_rates,
                test_outages, test_test, test_manners)


main()
