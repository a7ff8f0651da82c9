# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong reaches a person by mail: a whole house, and a mail relay of the test."""
import os
import sys
import tempfile

sys.path.insert(0, os.path.join(os.environ["FAIRLEAD_SOURCE"], "tests", "lib"))
import house
import smtp
import tap

TEAM = "team@acme.example"


def with_house(function):
    def run():
        why = house.available("lighttpd-spawned")
        if why:
            tap.skip(function.__name__, why)
            return
        with tempfile.TemporaryDirectory(prefix="fl-") as path:
            os.chmod(path, 0o755)  # the house runs as somebody else when root runs the tests
            cert = smtp.Certificate(path)
            os.chmod(cert.ca, 0o644)
            with smtp.Relay(tls=cert) as relay:
                settings = {"FAIRLEAD_SMTP_URL": f"smtp://localhost:{relay.port}",
                            "FAIRLEAD_MAIL_FROM": "fairlead@acme.example",
                            "FAIRLEAD_CA_FILE": cert.ca}
                with house.House("lighttpd-spawned", scale=2000, settings=settings) as h:
                    h.connect()
                    document = h.document()
                    document["alert_email"] = [TEAM]
                    h.apply(document)
                    function(h, relay)
    run.__name__ = function.__name__
    return run


@with_house
def refused(h, relay):
    """Somebody changed the secret at the vendor: every delivery is refused, the team hears."""
    for _ in range(3):
        status = h.http("POST", h.hooks["gh"], b"{}", {"Signature": "sha256 " + "0" * 64}).status
        tap.ok(status >= 400, "a delivery with another secret is refused", status)
    mails = relay.wait(1)
    tap.equal([m.to for m in mails], [[TEAM]], "one mail to the team")
    tap.ok(mails and mails[0].tls, "over STARTTLS")
    tap.contains(mails[0].subject if mails else "", "Webhooks of Greenhouse (gh) are refused",
                 "which says what is wrong")
    h.move(h.candidate("Ada"))
    tap.ok(tap.wait_for(lambda: h.ask("alerts", "acme")[0]["state"] == "over", 60),
           "a good delivery ends the alert")
    h.settle()
    tap.equal(len(relay.mails), 1, "the good news waits until the hour has passed")
    page = h.http("GET", "admin/acme", headers={"Accept": "text/html",
                                                **h.basic(h.key("status:read"))})
    tap.contains(page.text(), "Webhooks of Greenhouse (gh)", "the status page tells of it")


@with_house
def killed(h, relay):
    """The worker is killed while the relay is down: the next one tells it, once."""
    relay.answers["CONNECT"] = ["421 not now"] * 10000
    for _ in range(3):
        h.http("POST", h.hooks["gh"], b"{}", {"Signature": "sha256 " + "0" * 64})
    tap.ok(tap.wait_for(lambda: any(a["kind"] == "send_mail" and a["attempts"] > 0
                                    for a in h.ask("actions", "acme")), 60), "it was tried")
    tap.equal(relay.mails, [], "in vain")
    h.stop("worker", 9)
    relay.answers.clear()
    h.start_worker()

    def told():
        return [a["state"] for a in h.ask("actions", "acme") if a["kind"] == "send_mail"]
    # A kill in the middle of an attempt leaves a doubt, which is waited out for an hour.
    states = tap.wait_for(lambda: [s for s in told() if s != "waiting"], 20)
    if states:
        tap.equal((states, len(relay.mails)), (["done"], 1), "the next worker sends it, once")
    else:
        doubt = [a for a in h.ask("actions", "acme") if a["kind"] == "send_mail"]
        tap.ok(doubt[0]["begun"], "or waits, because it may have gone", doubt)


tap.run(refused, killed)
