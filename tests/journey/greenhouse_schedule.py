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

        h.gh("interview", {"id": interview["id"], "delete": True})
        tap.ok(tap.wait_for(lambda: "cancelled" in lobby(h, link).lower() or None, 30),
               "deleted, which the webhook tells: ours is cancelled")
        h.settle()
        tap.equal([x["state"] for x in h.actions() if x["state"] == "parked"], [], "nothing is stuck")


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
        tap.equal(h.counted("greenhouse", "GET interviews"), 1, "no rule waits: Greenhouse is not asked")
        document = h.document(RULES)
        document["connections"][0]["settings"]["interview_field"] = "video_conferencing_url"
        h.apply(document)
        tap.ok(polled(h, 2), "a rule that comes later is heard of")
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


tap.run(life, quiet, restarted)
