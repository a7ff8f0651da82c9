# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole way with a key of Harvest v1: stage, invitation, result, move; and what v1 refuses."""
import datetime
import json
import os
import sys

sys.path.insert(0, os.path.join(os.environ["FAIRLEAD_SOURCE"], "tests", "lib"))
import house
import tap

RAW = "pW4xBc7RdT2nHs9"
RULES = [{"id": "send", "when": {"entered_stage": {"ats": "gh", "stage": "Coding test"}},
          "then": [{"send_assessment": {"platform": "cs", "assessment": RAW}}]},
         {"id": "back", "when": {"result": "final"},
          "then": [{"write_result": {}}, {"move_stage": {"to": "next", "if": {"percent_at_least": 70}}}]}]
LIVE = {"id": "live", "when": {"interview_scheduled": {"ats": "gh"}},
        "then": [{"create_interview": {"platform": "cs"}}]}


def document(h, rules=None, key="sandbox-greenhouse-v1-key"):
    text = h.document(RULES if rules is None else rules)
    text["connections"][0].update({
        "settings": {"api": "v1", "base_url": f"{h.vendors}/greenhouse/v1", "act_as_user": house.ADMIN,
                     "note_visibility": "admin_only"},
        "credentials": {"api_key": key}})
    return text


def whole():
    with house.House(rules=[]) as h:
        tokens = h.counted("greenhouse", "POST token")  # the house itself was set up with v3
        applied = h.apply(document(h))
        gh = next(c for c in applied["connections"] if c["id"] == "gh")
        tap.ok(gh["test"]["ok"], "apply: the key and all its permissions work", gh["test"])
        names = [c["what"] for c in gh["test"]["checks"]]
        needs = "\n".join(gh["needs"])
        tap.contains(needs, "Applications: Retrieve Application, Moves Application to Job",
                     "what to tick is named in v1's words")
        tap.lacks(needs, "harvest:", "and not in v3's")
        tap.lacks(needs, "Scheduled Interviews", "only what the rules need")
        for name in ("Applications, GET: Retrieve Application", "Candidates, POST: Add Note",
                     "Job Posts, GET: Retrieve Job Post for Job", "Job Stages, GET: List Job Stages",
                     "Applications, POST: Moves Application to Job", "Candidates, PATCH: Edit Candidate",
                     "Activity Feed, GET: Retrieve Activity Feed"):
            tap.contains(names, name, f"{name} is looked at by itself")
        h.connect()
        a = h.candidate("Legacy")
        h.move(a)
        s = h.session(a)
        tap.ok(s, "entered the stage: invited")
        tap.ok(h.note(a, "Assessment sent"), "a note says so")
        h.step(s, "finish", scores=[20, 20, 10])
        note = h.note(a, "/report/")
        tap.contains(note or "", "50 of 60", "the result stands in a note")
        h.settle()
        row = [x for x in h.gh("state")["applications"] if x["id"] == a["id"]][0]
        tap.equal(row["stage_name"], "On-site interview", "and the application moved on")
        notes = [n for n in h.gh("state")["notes"] if n["candidate_id"] == a["candidate_id"]]
        tap.equal({n["user_id"] for n in notes}, {house.ADMIN}, "the user acted for is the author")
        tap.equal(len(notes), 2, "two notes")
        tap.equal([x for x in h.actions() if x["state"] not in ("done",)], [], "all is done")
        tap.equal(h.counted("greenhouse", "POST token"), tokens, "no token was asked for")
        tap.lacks("\n".join(h.log(n) for n in os.listdir(h.logs)), "sandbox-greenhouse-v1-key",
                  "the key is in no log")

        b = h.candidate("Lost", "Answers")
        h.fail("greenhouse", "v1 POST candidates/:id/activity_feed/notes", "status", status=500,
               times=1, after=True)
        h.fail("greenhouse", "v1 GET applications/:id", "status", status=500, times=2)
        h.move(b)
        s = h.session(b, 30)
        h.step(s, "finish", scores=[20, 0, 0])
        tap.ok(h.note(b, "/report/", 30), "answers that are lost cost nothing")
        h.settle()
        tap.equal(sorted(len([n for n in h.notes(b) if part in n]) for part in
                         ("Assessment sent", "/report/")), [1, 1], "and nothing comes twice")


def refused():
    """A key that is wrong, a permission that is missing, a user who may not, a record that is gone."""
    with house.House(rules=[]) as h:
        for name, more, what, part in (
                ("a wrong key", {"key": "another key"}, None, "Harvest v1 has ended"),
                ("a missing permission", {}, "Job Stages, GET: List Job Stages for Job", "Not granted"),
                ("a user who is no admin", {}, "act_as_user", "Site Admin")):
            text = document(h, **more)
            if what == "act_as_user":
                text["connections"][0]["settings"]["act_as_user"] = 5414812003
            h.gh("settings", {"revoked": ["GET jobs/:id/stages"] if part == "Not granted" else []})
            gh = next(c for c in h.apply(text)["connections"] if c["id"] == "gh")
            tap.equal(gh["test"]["ok"], False, f"{name}: apply says so")
            bad = [c for c in gh["test"]["checks"] if not c["ok"]]
            tap.contains(" ".join(c["sentence"] for c in bad), part, f"{name}: in words")
            if what:
                tap.contains([c["what"] for c in bad], what, f"{name}: which")
        h.gh("settings", {"revoked": []})
        h.apply(document(h))
        h.fail("greenhouse", "v1 GET applications", "status", status=410, times=100)
        h.fail("greenhouse", "v1 GET candidates", "status", status=410, times=100)
        code, out, _ = h.command("test", "acme", "gh")
        tap.ok(code == 1 and "Harvest V3 credential" in out, "v1 that is over says what comes instead", out)
        h.vendor("greenhouse", "failures", [])
        path = h.write("wrong.json", json.dumps({**document(h), "rules": []}).replace(
            '"api_key": "sandbox-greenhouse-v1-key"', '"client_id": "x"'))
        code, _, err = h.command("apply", path)
        tap.ok(code == 2 and "api_key" in err, "v1 without its key is refused before anything is stored", err)


def scheduled():
    """v1 lets programs change only what they made: the link of another interview becomes a note."""
    def at(hours):
        moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=hours)
        return moment.replace(microsecond=0).strftime("%Y-%m-%dT%H:%M:%SZ")

    with house.House(rules=[]) as h:
        h.apply(document(h, [LIVE]))
        h.connect()
        seen = h.counted("greenhouse", "v1 GET scheduled_interviews")
        tap.ok(tap.wait_for(lambda: h.counted("greenhouse", "v1 GET scheduled_interviews") > seen or None,
                            20), "v1 is asked for interviews, too")
        h.settle()
        a, b = h.candidate("Ours"), h.candidate("Theirs")
        one, two = (h.gh("interview", {"application_id": x["id"], "starts_at": at(48), "ends_at": at(49)})
                    for x in (a, b))
        h.gh("set", {"table": "interviews", "id": one["id"], "members": {"(harvest)": True}})
        rows = lambda: {r["id"]: r for r in h.gh("state")["interviews"]}
        tap.ok(tap.wait_for(lambda: rows()[one["id"]]["location"], 30), "the link goes where it may") or \
            tap.note(h.actions())
        tap.ok(h.note(b, "/interview-link/", 30), "where it may not, a note has it")
        tap.equal(rows()[two["id"]]["location"], None, "and the interview is left alone")
        h.settle()


tap.run(whole, refused, scheduled)
