# SPDX-License-Identifier: GPL-3.0-or-later
"""Interviews that are scheduled in Greenhouse: found by asking, and our link goes into them."""
import datetime
import os
import sys

sys.path.insert(0, os.path.join(os.environ["FAIRLEAD_SOURCE"], "tests", "lib"))
import house
import tap

RULES = [{"id": "live", "when": {"interview_scheduled": {"ats": "gh"}},
          "then": [{"create_interview": {"platform": "cs"}}]}]


def at(hours):
    moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=hours)
    return moment.replace(microsecond=0).strftime("%Y-%m-%dT%H:%M:%SZ")


def row(h, interview):
    return next((r for r in h.gh("state")["interviews"] if r["id"] == interview["id"]), None)


def polled(h, applied=1):
    """The first look is over: what comes now is new.  Each apply tried the permission, too."""
    return tap.wait_for(lambda: h.counted("greenhouse", "GET interviews") > applied or None, 20,
                        "a first look")


def link_of(h, interview, field="location", seconds=30):
    return tap.wait_for(lambda: (row(h, interview) or {}).get(field), seconds, "our link")


def lobby(h, link):
    return h.http("GET", link, headers={"Accept": "text/html"}).text()


def life():
    with house.House(rules=RULES) as h:
        h.connect()
        tap.ok(polled(h), "a rule waits for interviews: Greenhouse is asked")
        h.settle()  # what the stand-in itself scheduled in this very second may count as new
        before = h.counted("greenhouse", "PATCH interviews")
        a = h.candidate("Scheduled")
        interview = h.gh("interview", {"application_id": a["id"], "starts_at": at(48), "ends_at": at(49)})
        link = link_of(h, interview)
        tap.contains(link or "", "/interview-link/acme/join/", "one that is scheduled gets our link")
        tap.contains(lobby(h, link), "Scheduled Lindqvist", "it leads to the candidate's lobby")
        tap.equal(h.counted("greenhouse", "PATCH interviews") - before, 1, "written once")
        # Our own write changed the row, so that it is in the list again.
        seen = h.counted("greenhouse", "GET interviews")
        tap.wait_for(lambda: h.counted("greenhouse", "GET interviews") >= seen + 3 or None, 30)
        h.settle()
        tap.equal(h.counted("greenhouse", "PATCH interviews") - before, 1, "and not again at the next looks")

        before = lobby(h, link)
        h.gh("interview", {"id": interview["id"], "starts_at": at(72), "ends_at": at(73)})
        tap.ok(tap.wait_for(lambda: lobby(h, link) != before or None, 30), "moved: so is ours")
        tap.equal((row(h, interview) or {}).get("location"), link, "the link stays the same")

        typed = h.gh("interview", {"application_id": a["id"], "starts_at": at(96), "ends_at": at(97),
                                   "location": "Room 5"})
        tap.ok(tap.wait_for(lambda: "/interview-link/" in (row(h, typed) or {}).get("location", ""), 30),
               "one with a room gets our link as well")
        tap.ok(row(h, typed)["location"].startswith("Room 5 | http"), "and the room stays",
               row(h, typed)["location"])
        h.gh("interview", {"id": typed["id"], "delete": True})

        h.gh("interview", {"id": interview["id"], "delete": True})
        tap.ok(tap.wait_for(lambda: "cancelled" in lobby(h, link).lower() or None, 30),
               "deleted, which the webhook tells: ours is cancelled")
        h.settle()
        tap.equal([x["state"] for x in h.actions() if x["state"] == "parked"], [], "nothing is stuck")


def feedback():
    """What an interviewer says at the platform is a note at the candidate's, once for each change."""
    with house.House(rules=RULES) as h:
        h.connect()
        polled(h)
        a = h.candidate("Talked")
        interview = h.gh("interview", {"application_id": a["id"], "starts_at": at(1), "ends_at": at(2)})
        link = link_of(h, interview)
        tap.ok(h.http("POST", link, b"", {"Content-Type": "application/x-www-form-urlencoded"}).status in
               (200, 303), "somebody joins")
        room = tap.wait_for(lambda: h.cs("interviews"), 10)[-1]["id"]
        h.cs(f"interviews/{room}", {"do": "start"})
        h.cs(f"interviews/{room}", {"do": "feedback", "notes": "Asked good questions.\nKnows trees."})
        note = h.note(a, "Interview feedback", 20) or ""
        for part in ("Asked good questions. Knows trees.", "Overall: Yes", "Clean code: 4", "interviewer",
                     "CodeSignal"):
            tap.contains(note, part, f"the note has {part}")
        h.cs(f"interviews/{room}", {"do": "finish"})
        h.settle()
        count = lambda: sum("Interview feedback" in n for n in h.notes(a))
        tap.equal(count(), 1, "the end of the interview repeats nothing")
        h.cs(f"interviews/{room}", {"do": "feedback", "notes": "Asked good questions.\nKnows trees."})
        h.settle()
        tap.equal(count(), 1, "saved again without a change: nothing new")
        h.cs(f"interviews/{room}", {"do": "feedback", "notes": "On second thoughts: a clear yes."})
        tap.ok(h.note(a, "second thoughts", 20), "changed: another note")
        h.settle()
        tap.equal(count(), 2, "one for the change")
        h.gh("event", {"action": "delete_candidate", "payload": {"person": {
            "id": a["candidate_id"], "deleted_application_ids": [a["id"]]}}})
        h.settle()
        tap.lacks([i["id"] for i in h.cs("interviews") if i["status"] != "deleted"], room,
                  "erased: the room at the platform goes, too")
        tap.equal(count(), 2, "and nothing more is written")
        tap.lacks(lobby(h, link), "Talked Lindqvist", "and the lobby has forgotten the name")


def quiet():
    """Without such a rule nobody asks; what was scheduled before the rule is left alone."""
    with house.House() as h:
        h.connect()
        a = h.candidate("Before")
        old = h.gh("interview", {"application_id": a["id"], "starts_at": at(48), "ends_at": at(49)})
        h.gh("set", {"table": "interviews", "id": old["id"], "members": {"updated_at": at(-1)}})
        h.move(a)
        h.session(a)
        h.settle()
        tap.equal(h.counted("greenhouse", "GET interviews"), 0, "no rule waits: Greenhouse is not asked")
        tap.lacks(str(h.applied["connections"][0]["needs"]), "interviews", "nor are its permissions")
        tap.ok(not any("interviews" in c["what"] for c in h.applied["connections"][0]["test"]["checks"]),
               "nor tried")
        h.gh("settings", {"brackets": True})  # date filters in the other of the two published ways
        document = h.document(RULES)
        document["connections"][0]["settings"]["interview_field"] = "video_conferencing_url"
        h.apply(document)
        tap.contains(str(h.applied["connections"][0]["needs"]), "harvest:interviews:update", "a rule that does needs them")
        tap.ok(polled(h), "a rule that comes later is heard of")
        b = h.candidate("After")
        interview = h.gh("interview", {"application_id": b["id"], "starts_at": at(48), "ends_at": at(49)})
        tap.ok(link_of(h, interview, "video_conferencing_url"), "the link stands where the setting says")
        tap.equal(row(h, interview)["location"], None, "and not elsewhere")
        rows = [r for r in h.gh("state")["interviews"] if r["application_id"] == a["id"]]
        tap.equal([r.get("location") for r in rows], [None], "what was scheduled before stays as it was")
        h.gh("settings", {"revoked": ["harvest:interviews:list"]})
        seen = h.counted("greenhouse", "GET interviews")
        tap.wait_for(lambda: h.counted("greenhouse", "GET interviews") > seen or None, 30)
        h.settle()
        page = h.http("GET", "admin/acme", headers={"Accept": "text/html",
                                                    **h.basic(h.key("status:read"))}).text()
        tap.contains(page, "harvest:interviews:list", "a permission that goes is named to admins")


def restarted():
    """The place in the list survives the worker; what happened meanwhile is found."""
    with house.House(rules=RULES) as h:
        h.connect()
        polled(h)
        h.settle()
        h.stop("worker")
        a = h.candidate("Meanwhile")
        interview = h.gh("interview", {"application_id": a["id"], "starts_at": at(48), "ends_at": at(49)})
        h.start_worker()
        tap.ok(link_of(h, interview), "scheduled while no worker ran: found")


tap.run(life, feedback, quiet, restarted)
