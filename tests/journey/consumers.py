# SPDX-License-Identifier: GPL-3.0-or-later
"""Consumers behind a real web server: told what happens, each in its way, whoever is in trouble."""
import json
import os
import signal
import sys
import urllib.parse

sys.path.insert(0, os.path.join(os.environ["FAIRLEAD_SOURCE"], "tests", "lib"))
import house
import tap
import webhooks

SECRET = "sandbox-consumer-secret"
STANDARD = "whsec_c2FuZGJveCBjb25zdW1lciBzZWNyZXQgb2YgMzIh"
RAW = "pW4xBc7RdT2nHs9"
DAY = 86400000


def rules(test=RAW):
    return [{"id": "send", "when": {"entered_stage": {"ats": "gh", "stage": "Coding test"}},
             "then": [{"send_assessment": {"platform": "cs", "assessment": test}}]},
            {"id": "back", "when": {"result": "any"}, "then": [{"write_result": {}}]}]


def connection(h, name, settings=None, credentials=None, to=None):
    standard = name.startswith("standard")
    return {"id": name, "kind": "consumer",
            "settings": {"url": f"{h.vendors}/consumer/hook/{to or name}",
                         "signing": "standard" if standard else "codesignal", **(settings or {})},
            "credentials": {"secret": STANDARD if standard else SECRET, **(credentials or {})}}


def endorsed(h):
    return connection(h, "endorsed", {"headers": {"x-endorsed-organization-id": "42"}})


def with_consumers(h, *connections):
    document = h.document(rules())
    document["connections"] += connections
    return h.apply(document)


def received(h, name, good=True):
    return [d for d in h.vendor("consumer", "deliveries")
            if d["consumer"] == name and d["event"] not in ("(probe)", "fairlead.ping") and
            (not good or (d["good"] and d["status"] == 200))]


def answer(h, name, **what):
    h.vendor("consumer", f"consumers/{name}", what)


def finished(h, first):
    """A candidate's whole way; the session."""
    a = h.candidate(first)
    h.move(a)
    s = h.session(a)
    h.step(s, "start")
    # Else both are found at once, and nobody hears of the first.
    tap.wait_for(lambda: [e for e in h.events("--last", "10") if e["state"] == "done" and
                          e["name"] == "companyTestSessionStarted" and e["subject"] == s["id"]], 20)
    h.step(s, "finish", scores=[20, 10, 0])
    tap.ok(h.note(a, "/report/"), f"{first}: the note stands")
    return s


def told():
    with house.House(rules=rules()) as h:
        applied = with_consumers(
            h, endorsed(h), connection(h, "standard", {"body": "full"}),
            connection(h, "ashby", {"relay": "cs", "events": ["companyTestSessionStarted",
                                                              "companyTestSessionFinished"]},
                       {"secret_headers": "X-Ashby-Api-Key: sandbox-ashby-key"}))
        tests = {c["id"]: c["test"] for c in applied["connections"]}
        tap.ok(all(tests[n]["ok"] for n in ("endorsed", "standard", "ashby")),
               "applying tries each of them", tests)
        h.connect()
        s = finished(h, "Ada")
        h.settle()
        tap.equal([d["event"] for d in received(h, "endorsed")],
                  ["companyTestSessionCreated", "companyTestSessionStarted",
                   "companyTestSessionFinished"], "as CodeSignal tells it, in its order")
        tap.equal([d["event"] for d in received(h, "standard")],
                  ["session.invited", "session.started", "result.completed"], "our names for it")
        tap.equal([d["event"] for d in received(h, "ashby")],
                  ["companyTestSessionStarted", "companyTestSessionFinished"],
                  "the relayed ones that were chosen")
        raw = received(h, "ashby")[-1]["body"]
        tap.equal((raw["payload"]["testSessionId"], "accessToken" in raw["payload"]["url"]),
                  (s["id"], True), "a relayed one is CodeSignal's own")
        full = received(h, "standard")[-1]["body"]["data"]
        tap.equal((full["score"]["value"], full["score"]["most"], full["verification"]),
                  (30, 60, "none"), "a full one has the score, its scale and its verification")
        everything = h.vendor("consumer", "deliveries")
        tap.equal([d for d in everything if not d["good"]], [], "every signature was right")
        tap.equal([d for d in everything if d["repeated"] and d["event"] != "(probe)"], [],
                  "and nothing came twice")
        text = str([d["body"] for d in received(h, "endorsed") + received(h, "standard")])
        tap.lacks(text, "accessToken", "our own never hold the platform's key")
        said = webhooks.judge([(None, webhooks.Delivery("", [], bytes(json_of(d), "utf-8")))
                               for d in received(h, "endorsed")])
        if said is None:
            tap.skip("CodeSignal's schema", "node or its modules are missing")
        else:
            tap.equal(said, ["", "", ""], "as CodeSignal's schema has them")
        page = h.http("GET", f"{h.vendors}/consumer/", headers={"Accept": "text/html"})
        tap.contains(page.text(), "companyTestSessionFinished", "the stand-in shows what it got")


def json_of(delivery):
    return json.dumps(delivery["body"])


def troubled():
    """One that fails delays nobody, and gets what it missed when it is well again."""
    with house.House(rules=rules(), scale=6000) as h:
        with_consumers(h, endorsed(h), connection(h, "standard"))
        h.connect()
        answer(h, "standard", answer="error")
        finished(h, "Ada")
        tap.ok(tap.wait_for(lambda: len(received(h, "endorsed")) == 3, 20),
               "the other one has all of it", received(h, "endorsed"))
        tap.equal(received(h, "standard"), [], "the failing one nothing")
        row = [r for r in h.ask("consumer", "list", "acme") if r["id"] == "standard"][0]
        tap.ok(row["failures"] > 0 and row["waiting"] == 3, "it is failing, three wait", row)
        status = h.http("GET", "admin/acme", headers={"Accept": "application/json",
                                                      **h.basic(h.key("status:read"))}).json()
        light = [c for c in status["connections"] if c["id"] == "standard"][0]
        tap.equal(light["light"], "amber", "its light is amber")
        for word in ("redirect", "busy", "refused"):
            answer(h, "standard", answer=word)
            before = len(received(h, "standard", good=False))
            tap.ok(tap.wait_for(lambda: len(received(h, "standard", good=False)) > before, 60),
                   f"{word}: tried again")
        tap.equal(received(h, "trap", good=False), [], "no redirect was followed")
        answer(h, "standard", answer="ok")
        tap.ok(tap.wait_for(lambda: len(received(h, "standard")) == 3, 90), "then it has all three",
               h.actions("--last", "10"))
        tries = received(h, "standard", good=False)
        ids = {}
        for d in tries:
            ids.setdefault(d["event"], set()).add(d["id"])
        tap.equal([len(v) for v in ids.values()], [1, 1, 1], "each with one id, however often tried")


def paused():
    """Days of failing: warned, paused, held, sent."""
    with house.House(rules=rules(), worker=False, scale=3600) as h:
        clock = h.write("clock", "0")
        environment = {"FAIRLEAD_TEST_CLOCK": clock}
        h.start("worker", [f"{h.dir}/command/fairlead", "--home", h.home, "worker"], environment)

        def at(days):
            h.write("clock", str(int(days * DAY / 3600)))

        def state():
            code, out, err = h.command("--json", "consumer", "list", "acme", env=environment)
            assert code == 0, err
            return [r for r in json.loads(out) if r["id"] == "standard"][0]

        with_consumers(h, connection(h, "standard"))
        h.connect()
        answer(h, "standard", answer="error")
        finished(h, "Ada")
        tap.ok(tap.wait_for(lambda: state()["failures"] > 0, 20), "it fails")
        at(2.8)
        tap.ok(tap.wait_for(lambda: any(a.get("topic") == "pausing" for a in h.ask("alerts", "acme")), 60),
               "at half of the way somebody is warned")
        at(5.2)
        tap.ok(tap.wait_for(lambda: state()["state"] == "paused", 60), "then it is paused", state())
        tap.ok(tap.wait_for(lambda: state()["waiting"] == 0 and state()["held"] == 3, 30),
               "and all three are held", state())
        count = len(received(h, "standard", good=False))
        finished(h, "Bob")
        tap.ok(tap.wait_for(lambda: state()["held"] == 6, 30), "what happens now is held, too")
        tap.equal(len(received(h, "standard", good=False)), count, "it is not called")
        answer(h, "standard", answer="ok")
        shown = h.ask("consumer", "send", "acme", "standard")
        tap.equal((shown["held"], shown["sent"]), (6, 0), "the count is shown before")
        tap.equal(state()["held"], 6, "and nothing was done")
        h.fairlead("consumer", "send", "acme", "standard", "--yes")
        tap.ok(tap.wait_for(lambda: len(received(h, "standard")) == 6, 30), "all are sent")
        tap.equal((state()["state"], state()["held"]), ("active", 0), "nothing is held any more")
        answer(h, "standard", answer="gone")
        finished(h, "Cem")
        tap.ok(tap.wait_for(lambda: state()["state"] == "disabled", 30), "410 disables", state())


def killed():
    """The worker dies in the middle of slow deliveries: nothing is lost, each keeps its id."""
    with house.House(rules=rules()) as h:
        with_consumers(h, connection(h, "standard"))
        h.connect()
        answer(h, "standard", answer="slow", delay_ms=700)
        a = h.candidate("Ada")
        h.move(a)
        s = h.session(a)
        h.step(s, "finish", scores=[20, 20, 20])
        for _ in range(3):
            before = len(received(h, "standard", good=False))
            tap.wait_for(lambda: len(received(h, "standard", good=False)) > before, 10)
            h.stop("worker", signal.SIGKILL)
            h.start_worker()
        answer(h, "standard", answer="ok")
        h.settle()
        got = received(h, "standard")
        tap.ok({d["event"] for d in got} >= {"session.invited", "result.completed"}, "all arrived",
               got)
        tap.equal(len({d["id"] for d in got}), len({d["event"] for d in got}), "each under one id")


def past():
    """What happened before a consumer came, and at CodeSignal without us."""
    with house.House(rules=rules()) as h:
        h.connect()
        mine = finished(h, "Ada")
        for i in range(25):
            form = urllib.parse.urlencode({"first": f"Past{i}", "last": "X",
                                           "email": f"past{i}@example.com"})
            made = h.http("POST", f"{h.vendors}/codesignal/tests/{house.TEST}/invite", form.encode(),
                          {"Content-Type": "application/x-www-form-urlencoded"})
            assert made.status in (200, 303), made
        for s in h.cs("sessions"):
            if s["testTaker"]["email"].startswith("past"):
                h.cs(f"sessions/{s['id']}", {"do": "finish", "scores": [300, 300, 0, 0]})
        with_consumers(h, endorsed(h))
        done = tap.wait_for(lambda: [r for r in h.ask("backfill", "acme") if r["state"] == "done"], 60)
        tap.ok(done and done[0]["seen"] >= 26, "the past was read", h.ask("backfill", "acme"))
        key = {"Authorization": "Bearer " + h.key("results:read")}
        h.settle()

        def read(after=""):
            rows, more = [], True
            while more:
                page = h.http("GET", f"report/acme/results?limit=7&after={after}", headers=key).json()
                rows += page["results"]
                after, more = page["cursor"], page["has_more"]
            return rows, after

        rows, cursor = read()
        mails = [r["candidate"]["email"] for r in rows]
        tap.equal(len(mails), len(set(mails)), "each stands in the feed once")
        tap.equal({m for m in mails if m.startswith("past")},
                  {f"past{i}@example.com" for i in range(25)}, "all of the past is there")
        tap.ok(mine["id"] in [r["platform_session"] for r in rows], "and what was sent by us")
        finished(h, "New")
        h.settle()
        more, cursor = read(cursor)
        tap.equal([r["candidate"]["name"].split()[0] for r in more], ["New"],
                  "from a cursor on, what is new")
        again, _ = read(cursor)
        tap.equal(again, [], "and nothing twice")
        one = h.http("GET", f"report/acme/results/cs:{mine['id']}", headers=key)
        tap.equal((one.status, one.json()["score"]["most"]), (200, 60), "one alone, with its scale")


tap.run(told, troubled, paused, killed, past)
