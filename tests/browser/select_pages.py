# SPDX-License-Identifier: GPL-3.0-or-later
"""The page on which a recruiter chooses an assessment, in each state, and Lever's stand-in, in a
real browser.

pages.py runs this.  By itself: python3 tests/browser/select_pages.py
"""
import os
import sys
import urllib.parse

sys.path[:0] = [os.path.join(os.environ["FAIRLEAD_SOURCE"], "tests", d)
                for d in ("lib", "browser")]
import admin_pages
import house
import tap

RULES = [{"id": "offer", "when": {"entered_stage": {"ats": "lv", "stage": "Phone screen"}},
          "then": [{"add_selection_link": {"platform": "cs"}}]},
         {"id": "live", "when": {"entered_stage": {"ats": "lv", "stage": "On-site interview"}},
          "then": [{"create_interview": {"platform": "cs", "schedule": {"in_hours": 24}}}]},
         {"id": "back", "when": {"result": "any"},
          "then": [{"write_result": {"file": "pdf"}}, {"tag_result": {"pass_at_least": 70}}]}]


class House(house.House):
    def __init__(self):
        super().__init__(scale=100000, rules=RULES, stand_ins=["lever", "codesignal"])

    def document(self, rules=None):
        document = super().document(rules)
        document["connections"][0] = {
            "id": "lv", "kind": "lever",
            "settings": {"base_url": f"{self.vendors}/lever/v1",
                         "act_as_user": "8d49b010-cc6a-4f40-ace5-e86061c677ed"},
            "credentials": {"api_key": "sandbox-lever-key"}, "webhook": {"create": True}}
        return document

    def lv(self, path, body=None):
        return self.vendor("lever", path, body)

    def person(self, name, email):
        return self.lv("add", {"name": name, "email": email})

    def link(self, who, part="/select/"):
        def links():
            contact = next(c for c in self.lv("state")["contacts"] if c["id"] == who["contact"])
            return [x for x in contact["links"] if part in x]
        found = tap.wait_for(links, 30, f"a link {part}")
        return found[0] if found else ""

    def moved(self, who, stage="Phone screen"):
        self.lv("move", {"opportunity": who["id"], "stage": stage})
        return self.link(who, "/select/" if stage == "Phone screen" else "/join/")

    def press(self, link):
        body = urllib.parse.urlencode({"assessment": house.TEST}).encode()
        return self.http("POST", link, body, {"Content-Type": "application/x-www-form-urlencoded"})


def pages():
    with House() as h:
        h.cs("webhook", {"url": h.hooks["cs"], "secret": "codesignal hook secret"})
        found = []

        def page(name, url, status=200, **more):
            found.append({"name": name, "url": url, "status": status, **more})

        long = h.person("Maximiliane-Alexandra von und zu Hohenlohe-Waldenburg-Schillingsfürst",
                        "max@example.com")
        choose = h.moved(long)
        page("choose", choose, button="Send")
        page("choose, searched", choose + "?q=general", button="Send")
        page("choose, nothing found", choose + "?q=zzz")
        none = h.person("Nora Nomail", "")
        page("choose, no address", h.moved(none), button="Send")
        # Refused: the page says why and lets choose again.
        refused = h.link(none)
        h.press(refused)
        tap.ok(tap.wait_for(lambda: "was not sent" in h.http(
            "GET", refused, headers={"Accept": "text/html"}).text(), 30), "it is refused")
        page("choose again", refused, button="Send")
        done = h.person("Dora Done", "dora@example.com")
        link = h.moved(done)
        h.press(link)
        tap.ok(tap.wait_for(lambda: "was sent" in h.http(
            "GET", link, headers={"Accept": "text/html"}).text(), 30), "it is sent")
        page("sent", link)
        over = h.person("Olga Over", "olga@example.com")
        last = h.moved(over)
        h.press(last)
        tap.wait_for(lambda: [s for s in h.cs("sessions")
                              if s["testTaker"]["email"] == "olga@example.com"], 30, "a session")
        session = [s for s in h.cs("sessions") if s["testTaker"]["email"] == "olga@example.com"][0]
        h.cs(f"sessions/{session['id']}", {"do": "finish", "scores": [300, 270, 140, 0]})
        tap.ok(tap.wait_for(lambda: "has done its work" in h.http(
            "GET", last, headers={"Accept": "text/html"}).text(), 30), "it is over")
        page("over", last)
        h.moved(over, "On-site interview")
        page("nothing there", f"{h.base}/assessment/acme/select/nothing", 404)
        page("Lever stand-in", f"{h.vendors}/lever")
        page("Lever stand-in, opportunity", f"{h.vendors}/lever/opportunities/{over['id']}")
        page("Lever stand-in, webhooks", f"{h.vendors}/lever/webhooks")
        admin_pages.look(h, found, "select ")


if __name__ == "__main__":
    tap.run(pages)
