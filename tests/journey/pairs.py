# SPDX-License-Identifier: GPL-3.0-or-later
"""Every pair of hiring system and platform through a web server, with a consumer beside it.

The same journey for each: a candidate enters a stage, the assessment goes out and is noted, the
result comes back with its scale into a note with a report of ours, the score moves the stage, the
consumer hears of it signed; nothing comes twice, and what was lost is found by the sweep.
"""
import os
import sys

sys.path.insert(0, os.path.join(os.environ["FAIRLEAD_SOURCE"], "tests", "lib"))
import house
import tap

CONSUMER_SECRET = "whsec_c2FuZGJveCBjb25zdW1lciBzZWNyZXQgb2YgMzIh"


class Greenhouse:
    name, key, stage, secret = "greenhouse", "gh", "Coding test", "greenhouse hook secret"

    def __init__(self, h):
        self.h = h

    def connection(self):
        return {"id": "gh", "kind": "greenhouse",
                "settings": {"api": "v3", "base_url": f"{self.h.vendors}/greenhouse/v3",
                             "token_url": f"{self.h.vendors}/greenhouse/token",
                             "act_as_user": house.ADMIN},
                "credentials": {"client_id": "sandbox-greenhouse-client",
                                "client_secret": "sandbox-greenhouse-secret"},
                "webhook": {"secrets": [self.secret]}}

    def paste(self):
        self.h.gh("webhook", {"url": self.h.hooks["gh"], "secret": self.secret})

    def enter(self, email):
        who = self.h.gh("add", {"first_name": "Ada", "last_name": "Lindqvist", "email": email})
        self.move(who)
        return who

    def move(self, who):
        self.h.gh("move", {"application_id": who["id"], "stage": self.stage})

    def notes(self, who):
        return [n["body"] for n in self.h.gh("state")["notes"]
                if n["candidate_id"] == who["candidate_id"]]

    def in_stage(self, who):
        return next(a["stage_name"] for a in self.h.gh("state")["applications"]
                    if a["id"] == who["id"]) == self.stage

    def idle(self):
        return self.h.gh("deliveries", {"idle_ms": 0})["idle"]


class Lever:
    name, key, stage = "lever", "lv", "Phone screen"

    def __init__(self, h):
        self.h, self.token = h, None

    def connection(self):
        made = {"id": "lv", "kind": "lever",
                "settings": {"base_url": f"{self.h.vendors}/lever/v1",
                             "act_as_user": "8d49b010-cc6a-4f40-ace5-e86061c677ed"},
                "credentials": {"api_key": "sandbox-lever-key"}}
        if self.token:
            made["webhook"] = {"secrets": [self.token]}
        return made

    def control(self, path, body=None):
        return self.h.vendor("lever", path, body)

    def paste(self):
        hook = self.control("webhook", {"url": self.h.hooks["lv"]})
        tap.equal(hook["verified"], 200, "Verify connection works before the token is known")
        self.token = hook["token"]
        self.h.apply(self.h.document())

    def enter(self, email):
        who = self.control("add", {"name": "Ada Lindqvist", "email": email})
        self.move(who)
        return who

    def move(self, who):
        self.control("move", {"opportunity": who["id"], "stage": self.stage})

    def notes(self, who):
        return [n["fields"][0]["value"] for n in self.control("state").get("notes", [])
                if n["(opportunity)"] == who["id"]]

    def in_stage(self, who):
        state = self.control("state")
        at = next(o for o in state["opportunities"] if o["id"] == who["id"])["stage"]
        return next(s for s in state["stages"] if s["id"] == at)["text"] == self.stage

    def idle(self):
        return self.control("deliveries", {"idle_ms": 0})["idle"]


class Ashby:
    name, key, stage, secret = "ashby", "ab", "Coding test", "ashby hook secret"

    def __init__(self, h):
        self.h = h

    def connection(self):
        return {"id": "ab", "kind": "ashby",
                "settings": {"base_url": f"{self.h.vendors}/ashby/api"},
                "credentials": {"api_key": "sandbox-ashby-key"},
                "webhook": {"secrets": [self.secret]}}

    def control(self, path, body=None):
        return self.h.vendor("ashby", path, body)

    def paste(self):
        rows = self.control("webhook", {"url": self.h.hooks["ab"], "secret": self.secret})
        tap.ok(all(r["enabled"] for r in rows), "every row's ping was answered", rows)

    def enter(self, email):
        who = self.control("add", {"name": "Ada Lindqvist", "email": email})
        self.move(who)
        return who

    def move(self, who):
        self.control("move", {"application_id": who["id"], "stage": self.stage})

    def notes(self, who):
        return [n["content"] for n in self.control("state").get("notes", [])
                if n["candidateId"] == who["candidate"]]

    def in_stage(self, who):
        state = self.control("state")
        at = next(a for a in state["applications"] if a["id"] == who["id"])["stage"]
        return next(s for s in state["stages"] if s["id"] == at)["title"] == self.stage

    def idle(self):
        return self.control("deliveries", {"idle_ms": 0})["idle"]


class CodeSignal:
    name, key, test = "codesignal", "cs", house.TEST
    high, low = ([300, 300, 200, 200], [0, 0, 0, 50])
    said = "CodeSignal score (200-600): 600 of 600"

    def __init__(self, h):
        self.h = h

    def connection(self):
        return {"id": "cs", "kind": "codesignal",
                "settings": {"base_url": f"{self.h.vendors}/codesignal/graphql"},
                "credentials": {"api_key": "sandbox-codesignal-key"},
                "webhook": {"secrets": ["codesignal hook secret"]}}

    def paste(self):
        self.h.cs("webhook", {"url": self.h.hooks["cs"], "secret": "codesignal hook secret"})

    def sent(self, email):
        return [s for s in self.h.cs("sessions") if s["testTaker"]["email"] == email]

    def finish(self, session, scores):
        self.h.cs(f"sessions/{session['id']}", {"do": "finish", "scores": scores})

    def lose(self):
        self.h.cs("lose", {"count": 10})

    def idle(self):
        return self.h.cs("idle", {"timeout_ms": 0})["idle"]


class Coderbyte:
    name, key, test = "coderbyte", "cb", "backend-screen-9six08om28556"
    high, low = ([10, 10], [1, 0])
    said = "Score (Coderbyte final score, 0-100): 100 of 100"

    def __init__(self, h):
        self.h = h

    def connection(self):
        return {"id": "cb", "kind": "coderbyte",
                "settings": {"base_url": f"{self.h.vendors}/coderbyte/api",
                             "organization": "acmeengineering", "requests_per_minute": 6000},
                "credentials": {"api_key": "sandbox-coderbyte-key"}}

    def control(self, path, body=None):
        return self.h.vendor("coderbyte", path, body)

    def paste(self):
        self.control("webhook", {"url": self.h.hooks["cb"]})

    def sent(self, email):
        return [a for a in self.control("attempts") if a["email"] == email]

    def finish(self, attempt, scores):
        low = {"correct": 0} if scores == self.low else {}
        self.control(f"attempts/{attempt['_id']}", {"do": "finish", "scores": scores, **low})

    def lose(self):
        self.control("lose", {"count": 10})

    def idle(self):
        return self.control("idle", {"timeout_ms": 0})["idle"]


class House(house.House):
    def __init__(self, ats, platform, variant):
        self.ats, self.platform = ats(self), platform(self)
        super().__init__(variant, scale=600, stand_ins=[ats.name, platform.name, "consumer"])

    def document(self, rules=None):
        return {
            "org": "acme", "name": "Acme Ltd", "public_url": self.base,
            "connections": [
                self.ats.connection(), self.platform.connection(),
                {"id": "endorsed", "kind": "consumer",
                 "settings": {"url": f"{self.vendors}/consumer/hook/standard",
                              "signing": "standard"},
                 "credentials": {"secret": CONSUMER_SECRET}}],
            "rules": [
                {"id": "send", "when": {"entered_stage": {"ats": self.ats.key,
                                                          "stage": self.ats.stage}},
                 "then": [{"send_assessment": {"platform": self.platform.key,
                                               "assessment": self.platform.test}}]},
                {"id": "back", "when": {"result": "final"},
                 "then": [{"write_result": {}},
                          {"move_stage": {"to": "next", "if": {"percent_at_least": 70}}}]}]}

    def note(self, who, part, seconds=20):
        found = tap.wait_for(lambda: [n for n in self.ats.notes(who) if part in n], seconds,
                             f"a note with {part!r}")
        return found[-1] if found else ""

    def sent(self, email):
        found = tap.wait_for(lambda: self.platform.sent(email), 20, "an invitation")
        return found[-1] if found else None

    def told(self):
        return self.vendor("consumer", "deliveries")

    def settle(self, seconds=60):
        return tap.wait_for(lambda: self.ats.idle() and self.platform.idle() and
                            self.metric("fairlead_deliveries_waiting") == 0 and
                            not self.actions("--waiting"), seconds, "everything to be done")


def journey(ats, platform, variant):
    name = f"{ats.name} and {platform.name}"
    with House(ats, platform, variant) as h:
        h.ats.paste()
        h.platform.paste()
        who = h.ats.enter("ada@example.com")
        session = h.sent("ada@example.com")
        tap.ok(h.note(who, "Assessment sent"), f"{name}: sent, and noted")
        h.platform.finish(session, platform.high)
        note = h.note(who, "Assessment result")
        tap.contains(note, platform.said, f"{name}: the score on its scale")
        link = ([w for w in note.split() if "/report/" in w] or [f"{h.base}/report/acme/none"])[0]
        page = h.http("GET", link, headers={"Accept": "text/html"})
        tap.equal(page.status, 200, f"{name}: the report opens")
        tap.ok(tap.wait_for(lambda: not h.ats.in_stage(who), 20), f"{name}: moved on by the rule")
        low = h.ats.enter("low@example.com")
        h.platform.finish(h.sent("low@example.com"), platform.low)
        tap.ok(h.note(low, "Assessment result"), f"{name}: a low score is written")
        h.settle()
        tap.ok(h.ats.in_stage(low), f"{name}: and moves nobody")
        tap.ok([e for e in h.events() if e["connection"] == platform.key],
               f"{name}: the platform's own events were taken in")
        told = h.told()
        tap.ok(told and all(d["good"] for d in told) and
               sum(d.get("event") == "result.completed" for d in told) == 2,
               f"{name}: the consumer heard of both results, signed", told)
        lost = h.ats.enter("lost@example.com")
        session = h.sent("lost@example.com")
        h.note(lost, "Assessment sent")
        h.settle()
        h.platform.lose()
        h.platform.finish(session, platform.high)
        h.fairlead("sweep", "acme")
        tap.contains(h.note(lost, "Assessment result"), platform.said,
                     f"{name}: what nobody told is found by the sweep")
        h.settle()
        for person, email in ((who, "ada@example.com"), (lost, "lost@example.com")):
            tap.equal((len(h.platform.sent(email)),
                       sum("Assessment sent" in n for n in h.ats.notes(person)),
                       sum("Assessment result" in n for n in h.ats.notes(person))), (1, 1, 1),
                      f"{name}: one of each, once")
        tap.equal(h.actions("--parked"), [], f"{name}: nothing is parked")


def pairs():
    variants = ["lighttpd-spawned", "apache-proxy"]
    for number, ats in enumerate((Greenhouse, Lever, Ashby)):
        for more, platform in enumerate((CodeSignal, Coderbyte)):
            variant = variants[(number + more) % 2]
            if house.available(variant):
                variant = variants[0]
            journey(ats, platform, variant)


tap.run(pairs)
