# SPDX-License-Identifier: GPL-3.0-or-later
"""Lever and CodeSignal through a web server, in the order of the help page: key and permissions,
webhook, trigger stages with the link to choose by, interview stages, what comes back."""
import json
import os
import sys
import urllib.parse

sys.path.insert(0, os.path.join(os.environ["FAIRLEAD_SOURCE"], "tests", "lib"))
import house
import tap

USER = "8d49b010-cc6a-4f40-ace5-e86061c677ed"
GONE = "0f3c6ab1-3a5e-4b0e-9d1b-5a0c1f6c2b77"
KEY = "sandbox-lever-key"
SCORES = [300, 270, 140, 0]  # 484 of 200-600: 71 %

RULES = [
    {"id": "offer", "when": {"entered_stage": {"ats": "lv", "stage": "Phone screen"}},
     "then": [{"add_selection_link": {"platform": "cs"}}]},
    {"id": "live", "when": {"entered_stage": {"ats": "lv", "stage": "On-site interview"}},
     "then": [{"create_interview": {"platform": "cs", "schedule": {
         "in_hours": 24, "minutes": 45, "timezone": "Europe/Berlin"}}}]},
    {"id": "back", "when": {"result": "final"},
     "then": [{"write_result": {"score": [{"percent_at_least": 90, "score": 4},
                                          {"percent_at_least": 60, "score": 3}], "file": "pdf"}},
              {"tag_result": {"pass_at_least": 70, "fail_below": 30}},
              {"move_stage": {"to": "next", "if": {"percent_at_least": 70}}}]}]


class House(house.House):
    def __init__(self, scale=600, rules=None, **more):
        super().__init__(scale=scale, rules=rules, stand_ins=["lever", "codesignal"], **more)

    def document(self, rules=None, **settings):
        document = super().document(rules if rules is not None else RULES)
        document["connections"][0] = {
            "id": "lv", "kind": "lever",
            "settings": {"base_url": f"{self.vendors}/lever/v1", "act_as_user": USER,
                         "notify": "followers", **settings},
            "credentials": {"api_key": KEY}}
        return document

    def lv(self, path, body=None):
        return self.vendor("lever", path, body)

    def connect(self):
        """As the help page has it: verify first, then copy the token."""
        hook = self.lv("webhook", {"url": self.hooks["lv"]})
        document = self.document()
        document["connections"][0]["webhook"] = {"secrets": [hook["token"]]}
        self.apply(document)
        self.cs("webhook", {"url": self.hooks["cs"], "secret": "codesignal hook secret"})
        return hook

    def person(self, name="Ada van Lindqvist", email="", **more):
        return self.lv("add", {"name": name,
                               "email": email or f"{name.split()[0]}@example.com".lower(), **more})

    def to(self, who, stage="Phone screen"):
        return self.lv("move", {"opportunity": who["id"], "stage": stage})

    def rows(self, table, who):
        return [r for r in self.lv("state")[table] if r.get("(opportunity)") == who["id"]]

    def texts(self, who):
        return [n["fields"][0]["value"] for n in self.rows("notes", who)]

    def told(self, who, part, seconds=10):
        found = tap.wait_for(lambda: [n for n in self.rows("notes", who)
                                      if part in n["fields"][0]["value"]], seconds, part)
        return found[-1] if found else {"fields": [{"value": "", "score": None}]}

    def links(self, who, part=""):
        contact = next(c for c in self.lv("state")["contacts"] if c["id"] == who["contact"])
        return [x for x in contact["links"] if part in x]

    def link(self, who, part, seconds=10):
        found = tap.wait_for(lambda: self.links(who, part), seconds, f"a link {part}")
        return found[0] if found else ""

    def opportunity(self, who):
        return next(o for o in self.lv("state")["opportunities"] if o["id"] == who["id"])

    def choose(self, link, test=house.TEST):
        return self.http("POST", link, urllib.parse.urlencode({"assessment": test}).encode(),
                         {"Content-Type": "application/x-www-form-urlencoded",
                          "Accept": "text/html"})

    def taken(self, who, seconds=10):
        email = self.lv("state")["contacts"]
        email = next(c for c in email if c["id"] == who["contact"])["emails"][0]
        found = tap.wait_for(lambda: [s for s in self.cs("sessions")
                                      if s["testTaker"]["email"] == email], seconds, "a session")
        return found[-1] if found else None

    def settle(self, seconds=60):
        return tap.wait_for(lambda: self.lv("deliveries", {"idle_ms": 0})["idle"] and
                            self.cs("idle", {"timeout_ms": 0})["idle"] and
                            self.metric("fairlead_deliveries_waiting") == 0 and
                            not self.actions("--waiting"), seconds, "everything to be done")


def whole():
    """Stage, link, choice, invitation, result."""
    with House() as h:
        hook = h.connect()
        tap.equal(hook["verified"], 200, "Verify connection works before the token is known here")
        a = h.person()
        h.to(a)
        link = h.link(a, "/select/")
        tap.ok(link.startswith(f"{h.base}/assessment/acme/select/"), "a link to choose by", link)
        h.settle()
        tap.equal(h.cs("sessions"), [], "nothing was sent yet")
        page = h.http("GET", link, headers={"Accept": "text/html"})
        tap.equal(page.status, 200, "the recruiter opens it")
        for part in ("Ada van Lindqvist", "Backend Engineer", house.TEST, "General Coding",
                     'type="radio"', ">Send<"):
            tap.contains(page.text(), part, f"the page shows {part}")
        few = h.http("GET", link + "?q=front", headers={"Accept": "text/html"}).text()
        tap.ok(few.count('type="radio"') < page.text().count('type="radio"'), "a search narrows it")
        h.settle()
        tap.equal(h.cs("sessions"), [], "looking sends nothing")
        cross = h.http("POST", link, b"assessment=" + house.TEST.encode(),
                       {"Content-Type": "application/x-www-form-urlencoded",
                        "Origin": "https://elsewhere.example"})
        empty = h.http("POST", link, b"", {"Content-Type": "application/x-www-form-urlencoded"})
        other = h.choose(link, "no-such-assessment")
        tap.equal((cross.status, empty.status, other.status), (403, 422, 422),
                  "another site's form, no choice, an unknown one: refused")
        h.settle()
        tap.equal(h.cs("sessions"), [], "and nothing sent")
        answers = [h.choose(link).status for _ in range(2)]
        tap.equal(answers, [303, 303], "Send, pressed twice")
        s = h.taken(a)
        tap.ok(h.told(a, "Assessment sent"), "a note says that it was sent")
        h.settle()
        tap.equal(len(h.cs("sessions")), 1, "one invitation")
        tap.equal(sum("Assessment sent" in t for t in h.texts(a)), 1, "and one note")
        tap.equal(h.links(a, "/select/"), [], "the link is gone")
        tap.contains(h.http("GET", link, headers={"Accept": "text/html"}).text(), "was sent",
                     "the page says so")
        h.step(s, "finish", scores=SCORES)
        note = h.told(a, "/report/")
        h.settle()
        field = note["fields"][0]
        tap.contains(field["value"], ": 484 of 600", "the result, with its scale")
        tap.equal(field["score"], 3, "and the score that the rule gives it")
        tap.equal((note["user"], note["(notified)"]), (USER, True),
                  "by the default user; the followers were notified")
        row = h.opportunity(a)
        tap.equal(row["tags"], ["Assessment: pass"], "a tag")
        tap.equal(row["stage"], h.lv("state")["stages"][4]["id"], "the next stage, as a rule says")
        files = h.rows("files", a)
        tap.equal([f["ext"] for f in files], [".pdf"], "a report file")
        body = h.http("GET", f"{h.vendors}/lever/files/{files[0]['id']}").body
        tap.ok(body.startswith(b"%PDF-1.4") and b"Ada van Lindqvist" in body, "a PDF about her")
        tap.equal(h.choose(link).status, 303, "pressing it still harms nothing")
        h.settle()
        tap.equal(len(h.cs("sessions")), 1, "one session in all")
        # The next stage is an interview stage.
        join = h.link(a, "/join/")
        tap.contains("".join(h.texts(a)), join, "the interview's link stands in a note, too")
        panels = h.rows("panels", a)
        tap.equal([p["externalUrl"] for p in panels], [join], "and in the schedule")
        tap.equal(h.rows("interviews", a)[0]["duration"], 45, "for as long as the rule says")
        tap.equal(h.http("GET", join, headers={"Accept": "text/html"}).status, 200, "it opens the lobby")
        again = h.person("Bea Zwei")
        h.to(again)
        tap.ok(h.link(again, "/select/"), "somebody else is served likewise")


def again():
    """The same stage twice is two entries; the same delivery twice is one."""
    rules = [{"id": "send", "when": {"entered_stage": {"ats": "lv", "stage": "Phone screen"}},
              "then": [{"send_assessment": {"platform": "cs", "assessment": house.TEST}}]}, RULES[2]]
    with House(rules=rules) as h:
        document = h.document(rules)
        first, second = (h.lv("webhook", {"url": h.hooks["lv"]}) for _ in range(2))
        tap.equal((first["verified"], second["verified"]), (200, 200), "two webhooks on one URL")
        document["connections"][0]["webhook"] = {"secrets": [first["token"], second["token"]]}
        h.apply(document)
        h.cs("webhook", {"url": h.hooks["cs"], "secret": "codesignal hook secret"})
        a = h.person()
        h.to(a)
        s = h.taken(a)
        h.settle()
        tap.equal(len(h.cs("sessions")), 1, "told twice, with two tokens: one assessment")
        h.step(s, "finish", scores=SCORES)
        h.told(a, "/report/")
        h.settle()
        h.to(a, "New applicant")
        h.to(a)
        tap.ok(tap.wait_for(lambda: len(h.cs("sessions")) == 2, 10, "a second session"),
               "entered again: another assessment")
        number = [e["number"] for e in h.events("--last", "50")
                  if "candidateStageChange" in str(e)][-1]
        _, body, _ = h.command("events", "acme", "--body", str(number))
        answer = h.http("POST", h.hooks["lv"], body.strip().encode(),
                        {"Content-Type": "application/json", "User-Agent": "Lever-Webhooks"})
        tap.equal(answer.status, 200, "a repeated delivery is answered 200")
        h.settle()
        tap.equal(len(h.cs("sessions")), 2, "and nothing follows")
        # The signature does not cover the body: what it says is looked up.
        lie = json.loads(body)
        b = h.person("Liz Lie")
        lie["id"] = "another"
        lie["data"]["opportunityId"] = lie["data"]["candidateId"] = b["id"]
        answer = h.http("POST", h.hooks["lv"], json.dumps(lie).encode(),
                        {"Content-Type": "application/json"})
        tap.equal(answer.status, 200, "a captured signature with another body is taken")
        h.settle()
        tap.equal(len(h.cs("sessions")), 2, "and sends nothing: the candidate is not in that stage")
        tap.equal(h.http("POST", h.hooks["lv"], b'{"event":"candidateStageChange","data":{}}').status,
                  200, "an empty one is a probe")
        bad = dict(lie, signature="0" * 64)
        tap.equal(h.http("POST", h.hooks["lv"], json.dumps(bad).encode()).status, 401,
                  "a wrong signature is refused")


def permissions():
    """What the key may, which features need what it may not, in words."""
    with House(worker=False) as h:
        def test():
            code, out, _ = h.command("--json", "test", "acme", "lv")
            answer = json.loads(out)
            answer = answer["connections"][0] if "connections" in answer else answer
            return code, {c["what"]: c for c in answer["checks"]}, answer
        code, checks, answer = test()
        tap.equal(code, 0, "the key works") or tap.note(answer)
        listed = ["list users", "list stages", "read stage", "read opportunity",
                  "list opportunity notes", "create opportunity note", "add opportunity link",
                  "remove opportunity link", "add opportunity tag", "remove opportunity tag",
                  "upload opportunity file", "update opportunity stage", "delete opportunity note",
                  "create opportunity interview", "list tags", "list sources"]
        tap.equal([x for x in listed if x not in checks], [], "every permission of the list is tried")
        for table in ("notes", "files", "panels", "interviews"):
            tap.equal(h.lv("state")[table], [], f"the test leaves no {table} behind")
        h.lv("settings", {"revoked": ["upload opportunity file", "list tags"]})
        code, checks, answer = test()
        tap.equal(code, 1, "a permission that a rule needs is missing")
        tap.equal(checks["upload opportunity file"]["ok"], False, "it is named")
        tap.contains(checks["upload opportunity file"]["sentence"], "uploads reports",
                     "with what needs it")
        tap.equal(checks["list tags"]["ok"], True, "one that no rule needs does no harm")
        document = h.document([r for r in RULES if r["id"] == "offer"])
        h.apply(document)
        code, checks, answer = test()
        tap.equal(code, 0, "nor does the first one once no rule needs it") or tap.note(answer)
        code, out, _ = h.command("--json", "apply", h.write("d.json", json.dumps(document)))
        needs = json.loads(out)["connections"][0]["needs"]
        tap.ok(any("link" in n for n in needs) and not any("opportunity tag" in n for n in needs),
               "the permissions named are those that the rules need", needs)
        h.lv("settings", {"revoked": [], "api_key": "another"})
        code, checks, answer = test()
        tap.equal((code, checks["credential"]["ok"]), (1, False), "a wrong key is said to be one")
        tap.contains(answer["sentence"], "API key", "in words")
        h.lv("settings", {"api_key": KEY})
        for user, word in ((GONE, "deactivated"), ("nobody", "does not exist")):
            document = h.document(act_as_user=user)
            code, out, err = h.command("apply", h.write("d.json", json.dumps(document)))
            tap.equal(code, 2, f"a default user who is {word} is refused")
            tap.contains(out + err, word, "in words")
        code, checks, answer = test()
        tap.ok(checks["act_as_user"]["ok"], "and nothing of that was stored", checks)
        h.lv("set", {"table": "users", "id": USER, "members": {"deactivatedAt": 1607357447018}})
        code, checks, answer = test()
        tap.equal((code, checks["act_as_user"]["ok"]), (1, False), "deactivated later: the test says so")


def narrow():
    """A key with the permissions that the help page lists, and with no others."""
    with House() as h:
        h.connect()
        h.lv("settings", {"revoked": ["list opportunity files", "list panels", "read panel",
                                      "create panel", "update panel", "delete panel",
                                      "read posting", "list webhooks", "create webhook"]})
        rules = [RULES[0], dict(RULES[1], then=[{"create_interview": {"platform": "cs"}}]), RULES[2]]
        h.apply(h.document(rules))
        code, out, _ = h.command("test", "acme", "lv")
        tap.equal(code, 0, "the test finds nothing missing") or tap.note(out)
        h.fail("lever", "POST files", "status", status=429)
        a = h.person()
        h.to(a)
        h.choose(h.link(a, "/select/"))
        h.step(h.taken(a), "finish", scores=SCORES)
        h.told(a, "/report/")
        h.settle()
        tap.equal(len(h.rows("files", a)), 1, "a report that was turned away once needs no look")
        tap.ok(h.link(a, "/join/"), "and the interview has its link")
        tap.equal(h.actions("--parked"), [], "nothing waits for a person")


def webhooks():
    """Fairlead makes the webhooks itself; twice changes nothing; lost answers are mended."""
    with House() as h:
        code, out, _ = h.command("--json", "webhook", "create", "acme", "lv")
        answer = json.loads(out)
        tap.equal((code, answer["changed"]), (0, True), "made") or tap.note(out)
        made = h.lv("webhooks")
        tap.equal(sorted(w["event"] for w in made), ["candidateDeleted", "candidateStageChange"],
                  "one for each event")
        tap.ok(all(w["by_api"] and w["verified"] == 200 for w in made), "and verified")
        tap.lacks(out, made[0]["token"], "the token is not shown")
        h.cs("webhook", {"url": h.hooks["cs"], "secret": "codesignal hook secret"})
        a = h.person()
        h.to(a)
        link = h.link(a, "/select/")
        tap.ok(link, "and what it sends is believed")
        code, out, _ = h.command("--json", "webhook", "create", "acme", "lv")
        tap.equal((code, json.loads(out)["changed"], len(h.lv("webhooks"))), (0, False, 2),
                  "said again it makes nothing")
        h.lv("settings", {"revoked": ["create webhook", "list webhooks"]})
        code, out, _ = h.command("--json", "webhook", "create", "acme", "lv")
        tap.equal(code, 1, "a key that may not is told so")
        tap.contains(json.loads(out)["sentence"], "webhook", "in words")
        h.settle()
        h.lv("delete", {"table": "opportunities", "id": a["id"]})
        tap.ok(tap.wait_for(lambda: h.http("GET", link).status == 404, 20, "the link to be forgotten"),
               "a candidate deleted there is forgotten here")
    with House(worker=False) as h:
        document = h.document()
        document["connections"][0]["webhook"] = {"create": True}
        h.fail("lever", "POST webhooks", "status", status=502, after=True)
        h.apply(document)
        tap.equal(len(h.lv("webhooks")), 1, "one was made, and its answer lost")
        h.apply(document)
        tap.equal(sorted(w["event"] for w in h.lv("webhooks")),
                  ["candidateDeleted", "candidateStageChange"],
                  "applied again: made anew, since its token was told only once")
        ids = [w["id"] for w in h.lv("webhooks")]
        code, out, _ = h.command("--json", "apply", h.write("d.json", json.dumps(document)))
        tap.equal((json.loads(out)["changed"], [w["id"] for w in h.lv("webhooks")]), (False, ids),
                  "a third time changes nothing")


def troubles():
    """Rates, outages, lost answers, missing grants: each thing stands once, or it is said why not."""
    with House(scale=3600) as h:
        h.connect()
        for what in ("POST notes", "POST addLinks", "POST files", "POST addTags", "PUT stage"):
            h.fail("lever", what, "status", status=500, after=True)
            h.fail("lever", what, "status", status=429)
        h.fail("lever", "GET opportunity", "status", status=503, times=2)
        a = h.person()
        h.to(a)
        link = h.link(a, "/select/", 30)
        h.choose(link)
        s = h.taken(a, 30)
        h.step(s, "finish", scores=SCORES)
        h.told(a, "/report/", 30)
        h.settle(90)
        tap.equal(len([t for t in h.texts(a) if "/report/" in t]), 1, "one note with the result")
        tap.equal(len(h.rows("files", a)), 1, "one file")
        tap.equal(h.opportunity(a)["tags"], ["Assessment: pass"], "one tag")
        tap.equal(len([c for c in h.opportunity(a)["stageChanges"]
                       if c["toStageId"] == h.opportunity(a)["stage"]]), 1, "moved once")
        tap.equal(h.links(a, "/select/"), [], "no link left")
        # Confidential: the key cannot see it, and a person is told what to do.
        b = h.person("Con Fidential", confidential=True)
        h.to(b)
        tap.ok(tap.wait_for(lambda: any("confidential" in (x.get("sentence") or "")
                                        for x in h.actions("--waiting")), 20),
               "a confidential opportunity: the admin reads what to do")
        # Links that lose their scheme, answers as documented, pages of one.
        h.lv("settings", {"confidential": True, "plain_links": True, "nested": True,
                          "bare_files": True, "page_most": 1, "event_id": False})
        c = h.person("Cy Plain")
        h.to(c)
        link = h.link(c, "/select/", 30)
        h.choose(link)
        s = h.taken(c, 30)
        h.step(s, "finish", scores=SCORES)
        h.told(c, "/report/", 30)
        h.settle(90)
        tap.equal(h.links(c, "/select/"), [], "a link without its scheme is found and taken away")
        tap.equal(len(h.rows("panels", c)), 1, "one panel, with answers nested as documented")
        tap.ok(h.link(b, "/select/", 30), "a key that may see it by now goes on with the other one")


tap.run(whole, again, permissions, narrow, webhooks, troubles)
