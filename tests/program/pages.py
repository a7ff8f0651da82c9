# SPDX-License-Identifier: GPL-3.0-or-later
"""What the admin's pages do: connections and all that hangs on them, in the hands of good and bad."""
import html
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
import fcgi_client  # noqa: E402
import prepared  # noqa: E402
import tap  # noqa: E402
from visitor import Visitor, invite  # noqa: E402

PROGRAM = "admin.fcgi"
EVIL = '<script>alert("1")</script>\'"&'
SECRETS = list(prepared.CREDENTIALS.values())


def with_people(function):
    def test():
        with tap.directory() as path, prepared.Platform() as platform:
            home = prepared.Home(os.path.join(path, "home"))
            home.platform = platform
            home.apply(prepared.document(platform))
            with fcgi_client.Server(PROGRAM, env=home.env()) as server:
                people = []
                for name in ("ada", "bob"):
                    v = Visitor(server, address=f"192.0.2.{len(people) + 1}")
                    tap.equal(v.join(invite(home, f"{name}@example.com")).status, 303, f"{name} joins")
                    people.append(v)
                function(home, *people)
            tap.equal(server.code, 0, "it ended cleanly")
            for secret in SECRETS:
                tap.lacks(server.log, secret, "the log keeps quiet")
    test.__name__ = function.__name__
    return test


def quiet(text, name):
    for secret in SECRETS:
        tap.lacks(text, secret, f"{name}: no secret")
    tap.lacks(text, "<script", f"{name}: no script")
    tap.lacks(text, "{{", f"{name}: no template left")


FORM = {"id": "cs2", "settings.base_url": "https://app.codesignal.com/graphql",
        "settings.signature_mode": "url+event+time", "settings.bad_signature": "refuse",
        "credentials.api_key": "another key, made up"}


@with_people
def test_connections(home, ada, bob):
    page = ada.get("").text()
    quiet(page, "overview")
    for part in ("Set a rule", "Greenhouse", "CodeSignal", "<svg", "No event has arrived"):
        tap.contains(page, part, f"overview: {part}")
    quiet(ada.get("connections").text(), "connections")
    page = ada.get("connections/gh").text()
    quiet(page, "card")
    for part in ("harvest:applications:list", "webhook/acme/", "Waiting for the first one",
                 "Dev Center"):
        tap.contains(page, part, f"card: {part}")
    tap.equal(ada.get("connections/nothing").status, 404, "one that is not there")
    tap.equal(ada.get("connections/add/nothing").status, 404, "a kind that is not there")

    ada.get("connections/add/codesignal")
    for name, change, fault in (
            ("no name", {"id": ""}, "id-fault"), ("an odd name", {"id": EVIL}, "id-fault"),
            ("an overlong name", {"id": "x" * 41}, "id-fault"),
            ("a name that is taken", {"id": "cs"}, "id-fault"),
            ("no URL", {"settings.base_url": EVIL}, "h-settings.base_url"),
            ("another scheme", {"settings.base_url": "ftp://example.com/"}, "h-settings.base_url"),
            ("a choice there is not", {"settings.bad_signature": EVIL}, "alert"),
            ("no credential", {"credentials.api_key": ""}, "h-credentials.api_key")):
        reply = ada.post("connections/add/codesignal", **{**FORM, **change})
        tap.ok(reply.status in (409, 422), f"{name}: refused", reply.status)
        tap.contains(reply.text(), fault, f"{name}: says so at the field")
        for value in change.values():
            if value and "settings.bad_signature" not in change:
                tap.contains(reply.text(), html.escape(value).replace("&#x27;", "&#39;"),
                             f"{name}: what was typed stands there")
        tap.lacks(reply.text(), FORM["credentials.api_key"], f"{name}: but no secret")
        quiet(reply.text(), name)
    reply = ada.post("connections/add/codesignal", **FORM)
    tap.equal(reply.status, 200, "connected")
    secret = re.search(r'shown only now:</strong> <code class="long">([a-z2-7]{40})<', reply.text())
    tap.ok(secret, "the webhook secret is shown")
    tap.lacks(ada.get("connections/cs2").text(), secret.group(1), "once")
    tap.lacks(ada.last.text(), FORM["credentials.api_key"], "the credential never")
    ada.get("connections/add/codesignal")
    tap.equal(ada.post("connections/add/codesignal", **FORM).status, 409, "a second press makes no other")

    first, second = (v.get("connections/cs2/change") for v in (ada, bob))
    tap.lacks(first.text(), FORM["credentials.api_key"], "the form has no secret")
    change = {"settings.base_url": "https://eu.codesignal.com/graphql", "credentials.api_key": "",
              "settings.signature_mode": "url+time", "settings.no_email": "yes"}
    reply = ada.post("connections/cs2/change", **change)
    tap.equal((reply.status, reply.headers["location"]),
              (303, "/fairlead/admin/acme/connections/cs2?said=saved"), "changed")
    reply = bob.post("connections/cs2/change", **{**change, "settings.base_url": "https://us.codesignal.com/"})
    tap.equal(reply.status, 409, "another admin with an older page does not overwrite")
    tap.contains(reply.text(), "https://us.codesignal.com/", "and keeps what he typed")
    tap.equal(bob.post("connections/cs2/change", **{**change, "settings.base_url":
                                                    "https://us.codesignal.com/graphql"}).status, 303,
              "he saves again, knowing")
    page = ada.get("connections/cs2/change").text()
    tap.contains(page, "https://us.codesignal.com/graphql", "that stands")
    tap.contains(page, 'name="settings.no_email" value="yes" checked', "a box")
    tap.equal(second.status, 200, "the form")

    ada.get("connections/cs")
    reply = ada.post("connections/cs/test")
    tap.equal(reply.status, 200, "tested")
    tap.contains(reply.text(), "Works", "with what works")
    quiet(reply.text(), "test")
    home.platform.status = 500
    reply = ada.post("connections/cs/test")
    tap.contains(reply.text(), "Fails", "or what does not")
    home.platform.status = 200
    reply = ada.post("connections/cs/secret")
    made = re.search(r'<code class="long">([a-z2-7]{40})<', reply.text()).group(1)
    names = re.findall(r"secrets/([0-9a-f]{12})/drop", reply.text())
    tap.equal(len(names), 2, "a second secret, both valid")
    tap.lacks(ada.get("connections/cs").text(), made, "shown once")
    tap.equal(ada.post(f"connections/cs/secrets/{names[1]}/drop").status, 303, "the old one goes")
    tap.equal(ada.post(f"connections/cs/secrets/{names[0]}/drop").status, 409, "the last one stays")
    log = ada.get("log").text()
    for words in ("added a connection", "changed a connection", "tested a connection",
                  "made a webhook secret", "dropped a webhook secret"):
        tap.contains(log, words, f"the log: {words}")
    quiet(log, "log")


tap.run(test_connections)
