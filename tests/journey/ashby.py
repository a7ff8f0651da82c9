# SPDX-License-Identifier: GPL-3.0-or-later
"""Ashby and CodeSignal through a web server: the default way without a partnership, the partner
way, interviews made with the schedule, and CodeSignal's events handed on to Ashby's receiver.

Each trap of the wire facts that shows from outside is here; those of single answers are in
tests/unit/ashby.c.
"""
import json
import os
import sys
import threading

sys.path.insert(0, os.path.join(os.environ["FAIRLEAD_SOURCE"], "tests", "lib"))
import house
import tap

KEY = "sandbox-ashby-key"
SECRET = "ashby hook secret"
PARTNER_KEY = "partner key, made up"
CS_KEY = "sandbox-codesignal-key"
ID = "00000000-0000-4000-8000-0000000000"
PLAN_B = ID + "c2"
RAW = "pW4xBc7RdT2nHs9"  # a test without proctoring
FIELDS = {"requisition": "Requisition"}
RULES = [
    {"id": "send", "when": {"entered_stage": {"ats": "ab", "stage": "Coding test"}},
     "then": [{"send_assessment": {"platform": "cs", "assessment": RAW}}]},
    {"id": "back", "when": {"result": "final"},
     "then": [{"write_result": {"file": "text"}},
              {"tag_result": {"pass_at_least": 70, "fail_below": 30}},
              {"move_stage": {"to": "next", "if": {"percent_at_least": 70}}}]},
    {"id": "live", "when": {"interview_scheduled": {"ats": "ab", "title": "Live coding"}},
     "then": [{"create_interview": {"platform": "cs"}}]}]


class House(house.House):
    def __init__(self, variant="lighttpd-spawned", scale=600, rules=None, changes=None, **more):
        self.changes = changes or {}
        super().__init__(variant, scale=scale, rules=RULES if rules is None else rules,
                         stand_ins=["ashby", "codesignal"], **more)

    def document(self, rules=None):
        document = super().document(rules)
        document["connections"][0] = {
            "id": "ab", "kind": "ashby",
            "settings": {"base_url": f"{self.vendors}/ashby/api", "notify": "followers",
                         "partner_fields": FIELDS, **self.changes},
            "credentials": {"api_key": KEY, "partner_key": PARTNER_KEY},
            "webhook": {"secrets": [SECRET]}}
        return document

    def ab(self, path, body=None):
        return self.vendor("ashby", path, body)

    def connect(self):
        """Every row's ping, and CodeSignal's."""
        rows = self.ab("webhook", {"url": self.hooks["ab"], "secret": SECRET})
        self.ab("partner", {"url": f"{self.base}/assessment/acme/ashby", "key": PARTNER_KEY})
        cs = self.cs("webhook", {"url": self.hooks["cs"], "secret": "codesignal hook secret"})
        return [r["enabled"] for r in rows], cs["status"]

    def candidate(self, name="Ada Lindqvist", email="", plan=None):
        who = {"name": name, "plan": plan}
        if email is not None:
            who["email"] = email or name.lower().replace(" ", ".") + "@example.com"
        return self.ab("add", who)

    def move(self, application, stage="Coding test"):
        return self.ab("move", {"application_id": application["id"], "stage": stage})

    def row(self, table, key):
        return [r for r in self.ab("state").get(table, []) if r["id"] == key][0]

    def person(self, application):
        return self.row("candidates", application["candidate"])

    def emails(self, application):
        return [e["value"] for e in self.person(application)["emailAddresses"]]

    def stage(self, application):
        return self.row("stages", self.row("applications", application["id"])["stage"])

    def notes(self, application):
        return [n["content"] for n in self.ab("state").get("notes", [])
                if n["candidateId"] == application["candidate"]]

    def settle(self, seconds=60):
        def quiet():
            return (self.ab("deliveries", {"idle_ms": 0})["idle"] and
                    self.cs("idle", {"timeout_ms": 0})["idle"] and
                    self.metric("fairlead_deliveries_waiting") == 0 and
                    not self.actions("--waiting"))
        return tap.wait_for(quiet, seconds, "everything to be done")


def whole(variant):
    with House(variant) as h:
        pings, probe = h.connect()
        tap.ok(pings and all(pings) and probe == 200, f"{variant}: all pings are answered", pings)
        a = h.candidate("Ada King Lindqvist")
        h.move(a)
        s = h.session(a)
        tap.ok(s, f"{variant}: entering the stage sends the assessment")
        tap.equal((s["testTaker"]["firstName"], s["testTaker"]["lastName"]), ("Ada King", "Lindqvist"),
                  f"{variant}: one name there, two parts here")
        tap.ok(h.note(a, "Assessment sent"), f"{variant}: the recruiter reads of it")
        h.step(s, "finish", scores=[20, 20, 5])
        tap.ok(h.note(a, "Score:"), f"{variant}: the score comes back as a note")
        h.settle()
        tap.equal(h.stage(a)["title"], "On-site", f"{variant}: and the candidate moves on")
        tap.equal([t["title"] for t in h.person(a)["tags"]], ["Assessment: pass"],
                  f"{variant}: with a tag that had to be made")
        files = h.person(a)["fileHandles"]
        tap.equal(len(files), 1, f"{variant}: and the report as a file, in three steps")
        tap.equal(len(h.sessions(a)), 1, f"{variant}: one session, whatever the sibling events say")
        tap.equal(len([n for n in h.notes(a) if "Score:" in n]), 1, f"{variant}: one note")
        notified = [n["notified"] for n in h.ab("state")["notes"] if n["candidateId"] == a["candidate"]]
        tap.ok(notified.count(True) == 1, f"{variant}: followers hear of the result alone", notified)


def plans(h):
    """The same titles, other ids: in the application's own plan."""
    a = h.candidate("Plan B", plan=PLAN_B)
    h.move(a)
    s = h.session(a)
    tap.ok(s, "a stage is known by its title in every interview plan")
    h.step(s, "finish", scores=[20, 20, 20])
    h.note(a, "Score:")
    h.settle()
    stage = h.stage(a)
    tap.equal((stage["title"], stage["interviewPlanId"]), ("On-site", PLAN_B),
              "moved on within its own plan")
    moves = [r for r in h.ab("requests") if r["what"] == "application.changeStage"]
    tap.ok(moves and not any("archiveReasonId" in r["body"] for r in moves),
           "no archive reason with a stage that archives nobody")


def refusals(h):
    """200 with success:false in its shapes, each alone and all mixed; lists a row a page."""
    for shape in (0, 1, 2, 3):
        h.ab("settings", {"shape": shape, "page_most": 1})
        a = h.candidate(f"Shape {shape}", email=None)
        h.move(a)
        tap.ok(h.note(a, "no e-mail address"), f"shape {shape}: nobody to invite, a note says so")
        h.fail("ashby", "application.info", "errors", body=json.dumps(
            {"success": False, "errors": ["invalid_input"]}), times=1)
        b = h.candidate(f"Refused {shape}")
        h.move(b)
        h.settle()
        tap.equal(len(h.sessions(b)), 0, f"shape {shape}: refused reading sends nothing")
    h.ab("settings", {"shape": 0, "page_most": 100})


def lost_answers(h):
    """The note was written, its answer lost: found again by its mark, not written twice."""
    a = h.candidate("Lost Answer")
    h.fail("ashby", "candidate.createNote", "cut", after=True, times=1)
    h.move(a)
    s = h.session(a)
    tap.ok(h.note(a, "Assessment sent"), "the note stands")
    h.settle()
    tap.equal(len([n for n in h.notes(a) if "Assessment sent" in n]), 1, "once, though its answer was lost")
    h.fail("ashby", "candidate.uploadFile", "cut", after=True, times=1)
    h.fail("ashby", "store", "status", status=403, times=1)
    h.step(s, "finish", scores=[5, 0, 0])
    h.note(a, "Score:")
    h.settle()
    tap.equal(len(h.person(a)["fileHandles"]), 1, "one file, though a store refused and an answer was lost")
    tap.equal([t["title"] for t in h.person(a)["tags"]], ["Assessment: fail"], "tagged by the threshold")
    tap.equal(h.stage(a)["title"], "Coding test", "and nobody moved on that score")


def slow_down(h):
    a = h.candidate("Slow Down")
    h.fail("ashby", "application.info", "status", status=429, retry_after=1, times=2, body="{}")
    h.move(a)
    tap.ok(h.session(a, 30), "429 is waited for, and then it goes on")
    h.fail("ashby", "candidate", "status", status=502, body="<html>Bad gateway", times=2)
    tap.ok(h.note(a, "Assessment sent", 30), "and so is a page of Cloudflare's")


def denied(h):
    """403 means three things: the test of the connection says which."""
    h.ab("settings", {"revoked": ["candidatesRead"]})
    code, out, err = h.command("--json", "test", "acme", "ab")
    tap.ok(code == 1 and "Candidates: read" in out + err, "test names the permission that is missing",
           out + err)
    h.ab("settings", {"revoked": []})
    h.fail("ashby", "apiKey.info", "status", status=403, body="error code: 1010", times=1)
    code, out, err = h.command("--json", "test", "acme", "ab")
    tap.ok(code == 1 and "Cloudflare" in out + err, "Cloudflare's 403 is told from the key's", out + err)
    h.fail("ashby", "apiKey.info", "status", status=403, body="Forbidden", times=1)
    code, out, err = h.command("--json", "test", "acme", "ab")
    tap.ok(code == 1 and "does not know this API key" in out + err, "a wrong key is 403 too", out + err)
    code, out, err = h.command("--json", "test", "acme", "ab")
    tap.equal(code, 0, "all is well again")


def gone(h):
    """Deleted in Ashby: ours goes too, the interview's link with it."""
    a = h.candidate("Soon Gone")
    h.move(a)
    h.note(a, "Assessment sent")
    h.ab("event", {"action": "candidateDelete", "data": {"candidate": {"id": a["candidate"]}}})
    tap.ok(tap.wait_for(lambda: "erased" in json.dumps(h.events()), 20, "the erasure"),
           "candidateDelete erases our records")


def own_webhooks():
    """Fairlead makes the webhooks itself, where the key allows."""
    with House() as h:
        def rows():
            return h.ab("webhooks")
        h.ab("settings", {"revoked": ["apiKeysWrite"]})
        code, out, err = h.command("webhook", "create", "acme", "ab")
        tap.ok(code == 1 and "API keys: write" in out + err, "a key that may not: said in words", out + err)
        h.ab("settings", {"revoked": []})
        h.fail("ashby", "webhook.create", "cut", after=True, times=1)
        h.command("webhook", "create", "acme", "ab")
        h.fairlead("webhook", "create", "acme", "ab")
        tap.equal(sorted(r["webhookType"] for r in rows()),
                  ["candidateDelete", "candidateMerge", "candidateStageChange", "interviewScheduleCreate",
                   "interviewScheduleUpdate"], "one row for each event, though an answer was lost")
        tap.ok(all(r["enabled"] and r["requestUrl"] == h.hooks["ab"] for r in rows()),
               "all enabled, at our URL", rows())
        h.fairlead("webhook", "create", "acme", "ab")
        tap.equal(len(rows()), 5, "said again it makes nothing")
        tap.equal(h.command("test", "acme", "ab")[0], 0, "test finds them enabled")
        h.ab("webhook/disable", {"id": rows()[1]["id"]})
        code, out, err = h.command("test", "acme", "ab")
        tap.ok(code == 1 and "disabled" in out + err, "and says when one is disabled there", out + err)
        h.fairlead("webhook", "create", "acme", "ab")
        tap.ok(all(r["enabled"] for r in rows()), "which is mended by saying it again")
        h.cs("webhook", {"url": h.hooks["cs"], "secret": "codesignal hook secret"})
        a = h.candidate("Own Hooks")
        h.move(a)
        tap.ok(h.session(a), "and what they send is believed")


def link_of(note):
    return [w for w in note.split() if "/interview-link/" in w][0].rstrip(".")


def interviews(h):
    a = h.candidate("Live Person")
    made = h.ab("schedule", {"application_id": a["id"], "title": "Live coding", "in_hours": 30})
    note = h.note(a, "Live interview")
    tap.ok(note and "Live coding" in note, "a scheduled interview gets a link of ours, in a note")
    link = link_of(note)
    page = h.http("GET", link)
    tap.equal(page.status, 200, "the link leads to the lobby")
    calendar = h.http("GET", link + ".ics").text()
    h.settle()
    tap.equal(len([n for n in h.notes(a) if "Live interview" in n]), 1,
              "one note, though two events tell of one schedule")
    h.ab(f"schedules/{made['id']}", {"by_hours": 3})
    moved = tap.wait_for(lambda: [c for c in [h.http("GET", link + ".ics").text()]
                                  if "SEQUENCE:1" in c], 20, "the calendar to move")
    tap.ok(moved and moved[0] != calendar, "moved with the schedule, under the same link")
    h.ab(f"schedules/{made['id']}", {"by_hours": 0})
    h.settle()
    tap.ok("SEQUENCE:1" in h.http("GET", link + ".ics").text(), "an update of nothing changes nothing")
    h.ab(f"schedules/{made['id']}", {"status": "Cancelled"})
    cancelled = tap.wait_for(lambda: "CANCELLED" in h.http("GET", link + ".ics").text(), 20,
                             "the interview to be cancelled")
    tap.ok(cancelled, "cancelled with the schedule")
    other = h.candidate("Chat Only")
    h.ab("schedule", {"application_id": other["id"], "title": "Chat with the team"})
    h.settle()
    tap.equal([n for n in h.notes(other) if "interview" in n], [], "a title no rule names gets none")


def writable():
    """extraData: of schedules that the same key made, and of no others."""
    with House(changes={"interview_field": "extra_data"}) as h:
        h.connect()
        a = h.candidate("Same Key")
        ours = h.ab("schedule", {"application_id": a["id"], "by_key": True})
        note = h.note(a, "Live interview")
        h.settle()
        event = [e for e in h.ab("state")["events"] if e["interviewScheduleId"] == ours["id"]][0]
        tap.equal(event["extraData"].get("fairlead_interview"), link_of(note) if note else None,
                  "a schedule of our own key carries the link")
        tap.equal(event["interviewers"][0]["email"], "robin@acme.example", "and keeps its interviewers")
        b = h.candidate("Other Key")
        theirs = h.ab("schedule", {"application_id": b["id"], "by_key": False})
        tap.ok(h.note(b, "Live interview"), "another one's is refused there: the note stands all the same")
        h.settle()
        event = [e for e in h.ab("state")["events"] if e["interviewScheduleId"] == theirs["id"]][0]
        tap.equal(event["extraData"], {}, "and carries nothing")
        tap.equal([x["kind"] for x in h.actions("--parked")], [], "nothing is parked for that")


def call(h, method, body=None, key=PARTNER_KEY):
    return h.http("POST", f"assessment/acme/ashby/{method}", {} if body is None else body,
                  h.basic(key))


def assessment(h, answer):
    return [x for x in h.ab("state")["assessments"] if x["assessment_id"] == answer][0]


def offered(h):
    got = call(h, "assessment.list")
    tap.equal(got.status, 200, "the first question after the set-up waits for the list")
    return got.json()["results"] if got.status == 200 else []


def partner(h):
    types = offered(h)
    tap.ok(types and all(set(t) == {"assessment_type_id", "name", "description"} for t in types),
           "assessment.list", types)
    tap.equal(len(types), 1, "what was chosen, and nothing else")
    kind = types[0]["assessment_type_id"] if types else ""
    for name in ("customFields.fetch", "assessment.customField.list", "customField.list"):
        fields = call(h, name).json()
        tap.equal([(f["id"], f["name"], f["type"]) for f in fields["fields"]],
                  [("requisition", "Requisition", "String")], f"{name}: the fields, not results")
    for key in ("wrong", "", KEY):
        refused = call(h, "assessment.list", key=key)
        tap.equal((refused.status, refused.json()["success"]), (401, False),
                  "another key than the partner's is refused")
    tap.equal(h.http("POST", "assessment/nobody/ashby/assessment.list", {},
                     h.basic(PARTNER_KEY)).status, 401, "and an organisation that does not exist")
    tap.equal(h.http("GET", "assessment/acme/ashby/assessment.list", None,
                     h.basic(PARTNER_KEY)).status, 405, "every call is POST")
    a = h.candidate("Partner Person")
    started = h.ab("partner/start", {"application_id": a["id"], "type": kind,
                                     "fields": {"requisition": "R-7"}})
    uuid = started["body"]["results"]["assessment_id"]
    tap.ok(started["status"] == 200 and len(uuid) == 36, "assessment.start answers at once", started)
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(
        h.ab("partner/start", {"application_id": a["id"], "type": kind})["body"])) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    tap.ok(all(x["results"]["assessment_id"] == uuid for x in answers),
           "the same start again is the same assessment", answers)
    s = h.session(a)
    tap.ok(s, "the candidate is invited in the background")
    h.settle()
    tap.equal(len(h.sessions(a)), 1, "once")
    tap.equal(assessment(h, uuid)["status"], "Invited", "Ashby is told: invited")
    h.step(s, "start")
    tap.ok(tap.wait_for(lambda: assessment(h, uuid)["status"] == "Started", 20, "Started"),
           "Started, to the letter")
    h.step(s, "finish", scores=[20, 10, 0])
    done = tap.wait_for(lambda: [u for u in assessment(h, uuid)["updates"] if "assessment_result" in u],
                        20, "the result")
    tap.ok(done, "and of the result")
    last = done[-1] if done else {}
    tap.ok(isinstance(last.get("assessment_result", {}).get("value"), (int, float)),
           "a score is a number", last)
    metadata = {m["identifier"]: m["value"] for m in last.get("metadata", [])}
    tap.ok("fairlead-score-most" in metadata and "fairlead-verification" in metadata,
           "with its scale and verification", metadata)
    tap.equal(metadata.get("fairlead-field-1"), "R-7", "and what the recruiter filled in")
    tap.ok("/report/" in last.get("assessment_profile_url", {}).get("value", ""), "and our report page")
    stamps = [u["timestamp"] for u in assessment(h, uuid)["updates"]]
    tap.ok(stamps == sorted(set(stamps)), "stamps rise strictly", stamps)
    again = h.ab("partner/start", {"application_id": a["id"], "type": kind})
    tap.ok(again["status"] == 409 and again["body"]["message"], "who has a result is not started again",
           again)
    return kind


def partner_cancel(h, kind):
    a = h.candidate("Cancelled Person")
    uuid = h.ab("partner/start", {"application_id": a["id"], "type": kind})["body"]["results"]["assessment_id"]
    s = h.session(a)
    got = call(h, "assessment.cancel", {"assessment_id": uuid})
    tap.equal((got.status, got.json()), (200, {"success": True, "results": {"assessment_id": uuid}}),
              "assessment.cancel")
    reason = tap.wait_for(lambda: [u["cancelled_reason"]["value"] for u in assessment(h, uuid)["updates"]
                                   if "cancelled_reason" in u], 20, "the cancelling to be told")
    tap.ok(reason and "withdrawn" in reason[0], "Ashby hears that it was withdrawn", reason)
    states = [x["status"] for x in h.cs("sessions") if x["id"] == s["id"]]
    tap.equal(states, ["deleted"], "and the platform withdrew it")
    tap.equal(call(h, "assessment.cancel", {"assessment_id": uuid}).status, 200, "cancelled twice is cancelled")
    again = h.ab("partner/start", {"application_id": a["id"], "type": kind})["body"]["results"]["assessment_id"]
    tap.ok(again != uuid, "started again it is another one")
    tap.ok(tap.wait_for(lambda: len(h.sessions(a)) == 2, 20, "another session"), "with a session of its own")
    b = h.candidate("Done Person")
    uuid = h.ab("partner/start", {"application_id": b["id"], "type": kind})["body"]["results"]["assessment_id"]
    s = h.session(b)
    h.step(s, "finish", scores=[1, 1, 1])
    tap.wait_for(lambda: [u for u in assessment(h, uuid)["updates"] if "assessment_result" in u], 20, "a result")
    tap.equal(call(h, "assessment.cancel", {"assessment_id": uuid}).status, 200, "cancelled after the end:")
    h.settle()
    states = [x["status"] for x in h.cs("sessions") if x["id"] == s["id"]]
    tap.equal(states, ["over"], "the result stays")


def partner_bad(h, kind):
    for body, status, name in (
            (b"{", 400, "not JSON"), (b"[]", 400, "a list"), (b"", 400, "nothing"),
            (b"{}", 422, "no members"),
            (json.dumps({"assessment_type_id": "x"}).encode(), 422, "no application")):
        got = h.http("POST", "assessment/acme/ashby/assessment.start", body,
                     {**h.basic(PARTNER_KEY), "Content-Type": "application/json"})
        tap.equal((got.status, got.json()["success"]), (status, False), f"assessment.start: {name}")
        tap.ok(status != 422 or got.json()["message"], f"assessment.start: {name}: words for a recruiter")
    a = h.candidate("Bad Type")
    got = h.ab("partner/start", {"application_id": a["id"], "type": ID + "00"})
    tap.ok(got["status"] == 422 and "no such assessment" in got["body"]["message"], "an unknown type", got)
    b = h.candidate("No Address", email=None)
    got = h.ab("partner/start", {"application_id": b["id"], "type": kind})
    tap.ok(got["status"] == 422 and "email" in got["body"]["message"], "nobody to invite", got)
    for uuid in ("x", ID + "00", "01234567-89ab-8cde-af01-23456789abcd"):
        got = call(h, "assessment.cancel", {"assessment_id": uuid})
        tap.equal((got.status, got.json()["success"], got.json()["errorInfo"]["code"]),
                  (200, False, "assessment_not_found"), f"assessment.cancel of {uuid[:8]}")
    # What cannot be sent is told by cancelled_reason (trap 21).
    h.fail("codesignal", "createCompanyTestSession", "errors", times=1, body=json.dumps(
        {"errors": [{"message": "Please provide a valid email"}]}))
    c = h.candidate("Not Sent")
    uuid = h.ab("partner/start", {"application_id": c["id"], "type": kind})["body"]["results"]["assessment_id"]
    reason = tap.wait_for(lambda: [u["cancelled_reason"]["value"] for u in assessment(h, uuid)["updates"]
                                   if "cancelled_reason" in u], 20, "the failure to be told")
    tap.ok(reason, "what cannot be sent is told as cancelled", reason)
    sample = os.path.join(os.environ.get("FAIRLEAD_SHARED") or
                          os.path.join(os.environ["FAIRLEAD_SOURCE"], "..", "shared"),
                          "samples", "ashby", "assessment.start.request.json")
    if os.path.exists(sample):
        with open(sample, encoding="utf-8") as f:
            got = call(h, "assessment.start", {**json.load(f), "assessment_type_id": kind})
        tap.equal((got.status, got.json()["success"]), (200, True), "a start in the schema's shape")
    else:
        tap.skip("a start in the schema's shape", "the sample is not there (FAIRLEAD_SHARED)")


def relay():
    """The help page's webhook: CodeSignal's events at Ashby's receiver, signed for its URL."""
    with House() as h:
        h.connect()
        h.ab("settings", {"relay": {"secret": CS_KEY}})
        document = h.document(RULES)
        document["connections"].append(
            {"id": "relay", "kind": "consumer",
             "settings": {"url": f"{h.vendors}/ashby/codesignal_webhook", "signing": "codesignal",
                          "relay": "cs",
                          "events": ["companyTestSessionStarted", "companyTestSessionFinished"]},
             "credentials": {"secret": CS_KEY, "secret_headers": f"X-Ashby-Api-Key: {KEY}"}})
        h.apply(document)
        a = h.candidate("Relayed Person")
        h.move(a)
        s = h.session(a)
        h.step(s, "start")
        h.step(s, "finish", scores=[20, 0, 0])
        got = tap.wait_for(lambda: [r["event"] for r in h.ab("state").get("received", [])
                                    if r["event"]["event"] == "companyTestSessionFinished"] or None,
                           30, "the event at Ashby's receiver")
        tap.ok(got, "CodeSignal's own event arrives at Ashby's receiver")
        names = [r["event"]["event"] for r in h.ab("state").get("received", [])]
        tap.equal(sorted(set(names)), ["companyTestSessionFinished", "companyTestSessionStarted"],
                  "those that were chosen, and no others")
        tap.equal(h.counted("ashby", "codesignal_webhook refused"), 0,
                  "each with the header and a signature for that very URL")
        tap.ok(h.note(a, "Score:"), "and our own way goes on beside it")


for variant in ("lighttpd-spawned", "apache-proxy"):
    if house.available(variant):
        tap.skip(f"{variant}: {house.available(variant)}")
    else:
        whole(variant)
if not house.available("lighttpd-spawned"):
    with House() as h:
        h.connect()
        plans(h)
        refusals(h)
        lost_answers(h)
        slow_down(h)
        denied(h)
        interviews(h)
        gone(h)
    with House(rules=[RULES[1]], changes={"partner_assessments": [RAW]}) as h:
        h.connect()
        kind = partner(h)
        partner_cancel(h, kind)
        partner_bad(h, kind)
    own_webhooks()
    writable()
    relay()
sys.exit(tap.end())
