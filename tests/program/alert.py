# SPDX-License-Identifier: GPL-3.0-or-later
"""Alerts through the real programs: raised by what happens, told by mail, shown, survive kills."""
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.environ["FAIRLEAD_SOURCE"], "tests", "lib"))
import cgi  # noqa: E402
import prepared  # noqa: E402
import smtp  # noqa: E402
import tap  # noqa: E402

HOUR = 3600 * 1000
DAY = 24 * HOUR
TEAM = "team@acme.example"


class House(prepared.Home):
    def __init__(self, path, relay=None, emails=(TEAM,)):
        super().__init__(os.path.join(path, "home"))
        self.clock = os.path.join(path, "clock")
        self.at(0)
        self.more.update(FAIRLEAD_RETRY_SCALE="1000", FAIRLEAD_TEST_CLOCK=self.clock,
                         FAIRLEAD_SENDMAIL=os.path.join(path, "no-sendmail"))
        if relay is not None:
            self.more["FAIRLEAD_SMTP_URL"] = f"smtp://127.0.0.1:{relay.port}"
        with prepared.Platform() as platform:
            self.answer = self.apply(dict(prepared.document(platform), alert_email=list(emails)))

    def at(self, ms):
        with open(self.clock + ".new", "w", encoding="ascii") as f:
            f.write(str(ms))
        os.rename(self.clock + ".new", self.clock)

    def webhook(self, name, signature="00" * 32):
        url = next(c["webhook_url"] for c in self.answer["connections"] if c["id"] == name)
        return cgi.request("webhook.fcgi", "POST", url[len("https://hire.example.org"):],
                           body=b"{}", env=self.env(),
                           headers={"Signature": "sha256 " + signature,
                                    "Content-Type": "application/json"})

    def alerts(self):
        return self.must("alerts", "acme", "--json").json()


def with_house(function):
    def test():
        with tap.directory() as path, smtp.Relay() as relay:
            function(House(path, relay), relay)
    test.__name__ = function.__name__
    return test


@with_house
def test_refused(h, relay):
    for _ in range(3):
        tap.ok(h.webhook("gh").status >= 400, "a delivery with a wrong signature is refused")
    h.must("tick")
    h.at(HOUR)
    h.must("tick")
    mails = relay.wait(1)
    tap.equal(len(mails), 1, "one mail")
    tap.equal(mails[0].to, [TEAM], "to the team")
    tap.equal(mails[0].sender, "fairlead@hire.example.org", "from the public host")
    tap.equal(mails[0].subject, "[Acme & Söhne] Webhooks of Greenhouse (gh) are refused",
              "it says what")
    tap.contains(mails[0].text, "compare the webhook", "and what to do")
    tap.contains(mails[0].text, prepared.PUBLIC_URL + "/admin/acme", "and where to look")
    h.must("tick")
    h.at(3 * HOUR)
    h.webhook("gh")
    h.must("tick")
    tap.equal(len(relay.mails), 1, "what stands is told once")
    listed = h.alerts()
    tap.equal([(a["topic"], a["about"], a["state"]) for a in listed],
              [("webhook", "gh", "standing")], "fairlead alerts lists it")
    tap.ok(listed[0]["told_ms"] > 0, "as told")
    tap.contains(h.must("alerts").out, "Webhooks of Greenhouse (gh) are refused", "in words, too")
    doctor = h.run("doctor", "--offline", "--json")
    rows = [r for r in doctor.json() if r["what"] == "alerts of acme"]
    tap.equal([r["state"] for r in rows], ["advice"], "doctor tells")
    tap.contains(rows[0]["found"], "are refused", "of it")
    key = h.key("status:read")
    page = cgi.request("admin.fcgi", "GET", "/fairlead/admin/acme", env=h.env(),
                       headers={"Authorization": "Bearer " + key, "Accept": "text/html"})
    tap.contains(page.text(), "Webhooks of Greenhouse (gh) are refused", "the status page shows it")
    view = cgi.request("admin.fcgi", "GET", "/fairlead/admin/acme", env=h.env(),
                       headers={"Authorization": "Bearer " + key}).json()
    tap.equal([a["state"] for a in view["alerts"]], ["standing"], "and says it to programs")
    test = h.run("test", "acme", "gh", "--json")
    row = [c for c in test.json()["checks"] if c["what"] == "webhook"]
    tap.equal([c["ok"] for c in row], [False], "fairlead test names it")
    tap.equal(test.code, 1, "as a fault")


@with_house
def test_key(h, relay):
    document = ["key", "issue", "acme", "--scope", "results:read", "--label", "Söhne & co",
                "--expires", "40d"]
    h.must(*document)
    h.must("tick")
    for day in range(0, 40):
        h.at(day * DAY)
        if day in (9, 11, 12, 29, 31, 32, 37, 38, 39):
            h.must("tick")
    tap.equal([m.subject for m in relay.wait(3)],
              ["[Acme & Söhne] The key \"Söhne & co\" expires in 29 days",
               "[Acme & Söhne] The key \"Söhne & co\" expires in 9 days",
               "[Acme & Söhne] The key \"Söhne & co\" expires in 2 days"],
              "30, 10 and 2 days before a key expires")


def worker(h):
    return subprocess.Popen([os.path.join(tap.build(), "fairlead"), "worker"],
                            env=cgi.environment(h.env()), stderr=subprocess.DEVNULL)


def test_kills():
    """Raised while no mail can go; the worker is killed; another one tells it, once."""
    with tap.directory() as path, smtp.Relay() as relay:
        h = House(path, relay)
        relay.answers["MAIL"] = ["451 not now"] * 1000
        process = worker(h)
        try:
            for _ in range(3):
                h.webhook("gh")
            tap.wait_for(lambda: relay.connections > 2, 60, "an attempt")
        finally:
            process.kill()
            process.wait()
        tap.equal(relay.mails, [], "the relay took nothing")
        relay.answers.clear()
        h.at(2 * HOUR)  # the kill may have left a doubt, which is waited out
        process = worker(h)
        try:
            tap.equal(len(relay.wait(1)), 1, "the next worker sends it")
            tap.wait_for(lambda: not h.must("actions", "acme", "--waiting", "--json").json(), 60,
                         "the action's end")
            actions = h.must("actions", "acme", "--json").json()
            mails = [a for a in actions if a["kind"] == "send_mail"]
            tap.equal([a["state"] for a in mails], ["done"], "as one action, done")
        finally:
            process.terminate()
            tap.equal(process.wait(timeout=60), 0, "the worker ends cleanly")
        tap.equal(len(relay.mails), 1, "once")


def test_doubt():
    """Killed between the mail and the note that it went: not again within the hour."""
    with tap.directory() as path, smtp.Relay() as relay:
        h = House(path, relay)
        relay.answers["MESSAGE"] = ["SILENT"]
        process = worker(h)
        try:
            for _ in range(3):
                h.webhook("gh")
            first = relay.wait(1)
        finally:
            process.kill()
            process.wait()
        tap.equal(len(first), 1, "it went, and nobody said so")
        h.must("tick")
        tap.equal(len(relay.mails), 1, "it is not sent again at once")
        h.at(2 * HOUR)
        h.must("tick")
        again = relay.wait(2)
        tap.equal(len(again), 2, "an hour later it is")
        tap.equal(again[1].message["Message-ID"], again[0].message["Message-ID"],
                  "as the same message")


def test_addresses():
    with tap.directory() as path, smtp.Relay() as relay:
        h = House(path, relay, emails=())
        for _ in range(3):
            h.webhook("gh")
        h.must("tick")
        h.at(HOUR)
        h.must("tick")
        tap.equal(relay.mails, [], "no address, no mail")
        tap.equal([a["state"] for a in h.alerts()], ["standing"], "and still it stands")
        tap.equal(h.run("alerts", "acme", "--send-trial").code, 1, "nobody to try")
        for wrong in (["x"], ["a@b.example\nBcc: c@d.example"], "a@b.example", [1],
                      ["a@b.example"] * 17):
            done = h.run("apply", "--no-test", "-",
                         stdin=json.dumps(dict(prepared.document(), alert_email=wrong)).encode())
            tap.equal(done.code, 2, f"not addresses: {wrong!r}")
            tap.contains(done.err, "alert_email", "which is named")
        document = dict(prepared.document(), alert_email=[TEAM])
        tap.ok(h.apply(document)["changed"], "an address is a change")
        tap.ok(not h.apply(document)["changed"], "once")
        del document["alert_email"]
        tap.ok(not h.apply(document)["changed"], "left out, it stays")
        done = h.run("alerts", "acme", "--send-trial", "--json")
        tap.equal((done.code, done.json()), (0, [{"to": TEAM, "sent": True, "cause": ""}]),
                  "a trial goes out")
        tap.equal(relay.wait(1)[0].subject, "[Acme & Söhne] A trial", "as a mail")
        doctor = {r["what"]: r for r in h.run("doctor", "--json").json()}
        tap.equal(doctor["mail"]["state"], "ok", "doctor tries the relay")


def test_no_way():
    with tap.directory() as path:
        h = House(path)
        doctor = {r["what"]: r for r in h.run("doctor", "--json").json()}
        tap.equal(doctor["mail"]["state"], "fault", "no relay, no sendmail: a fault")
        tap.contains(doctor["mail"]["mend"], "FAIRLEAD_SMTP_URL", "with what mends it")
        program = os.path.join(path, "sendmail")
        with open(program, "w", encoding="ascii") as f:
            f.write(f"#!/bin/sh\ncat >> {path}/mails\n")
        os.chmod(program, 0o755)
        h.more["FAIRLEAD_SENDMAIL"] = program
        for _ in range(3):
            h.webhook("gh")
        h.must("tick")
        h.at(HOUR)
        h.must("tick")
        with open(os.path.join(path, "mails"), encoding="ascii") as f:
            tap.contains(f.read(), "To: " + TEAM, "without a relay it goes to sendmail")


tap.run(test_refused, test_key, test_kills, test_doubt, test_addresses, test_no_way)
