# SPDX-License-Identifier: GPL-3.0-or-later
"""Signing in, roles and forms of the admin program: who gets where, and who does not."""
import html
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
import cgi  # noqa: E402
import fcgi_client  # noqa: E402
import prepared  # noqa: E402
import tap  # noqa: E402
import visitor  # noqa: E402
from visitor import PASS, Visitor, invite, totp  # noqa: E402

PROGRAM = "admin.fcgi"
EVIL = '<script>alert("1")</script>\'"&'

# Who may what.  Every route of the program must stand here.
OPEN = {"nobody", "auditor", "recruiter", "admin", "operator", "glass", "host"}
SIGNED = {"auditor", "recruiter", "admin", "host"}
READ = {"recruiter", "admin", "glass"}
LOG = {"auditor", "admin", "host"}
MANAGE = {"admin", "host"}
MATRIX = {
    "GET health": OPEN, "GET metrics": OPEN, "GET ": OPEN, "GET go": OPEN,
    "GET -": {"host"}, "POST -/orgs/{name}/glass": {"host"},
    "GET {org}/sign-in": OPEN, "POST {org}/sign-in": OPEN,
    "GET {org}/invitation/{token}": OPEN, "POST {org}/invitation/{token}": OPEN,
    "POST {org}/sign-out": SIGNED,
    "GET {org}/account": SIGNED, "POST {org}/account": SIGNED,
    "POST {org}/account/passphrase": SIGNED, "POST {org}/account/totp": SIGNED,
    "POST {org}/account/totp/confirm": SIGNED, "POST {org}/account/totp/off": SIGNED,
    "POST {org}/account/sign-out-everywhere": SIGNED,
    "POST {org}/account/visits/{visit}/end": SIGNED,
    "GET {org}/log": LOG, "POST {org}/log/export": LOG,
    "GET {org}/people": MANAGE, "POST {org}/people": MANAGE,
    "POST {org}/invitations/{invitation}/withdraw": MANAGE,
    "GET {org}/people/{person}": MANAGE, "POST {org}/people/{person}": MANAGE,
    "POST {org}/people/{person}/reset": MANAGE,
    "GET {org}/people/{person}/remove": MANAGE, "POST {org}/people/{person}/remove": MANAGE,
    "GET {org}/keys": {"admin"}, "POST {org}/keys": {"admin"}, "GET {org}/keys/{id}": {"admin"},
    "GET {org}/keys/{id}/change": {"admin"}, "POST {org}/keys/{id}/change": {"admin"},
    "POST {org}/keys/{id}/switch": {"admin"},
    "POST {org}/keys/{id}/rotate": {"admin"}, "POST {org}/keys/{id}/revoke": {"admin"},
    "GET {org}/rules": READ, "GET {org}/rules/add/{kind}": {"admin"},
    "POST {org}/rules/add/{kind}": {"admin"}, "GET {org}/rules/{id}/remove": {"admin"},
    "POST {org}/rules/{id}/remove": {"admin"}, "GET {org}/rules/{id}/change": {"admin"},
    "POST {org}/rules/{id}/change": {"admin"}, "POST {org}/moves": {"admin"},
    "GET {org}/events": READ, "GET {org}/events/{number}": READ,
    "GET {org}/events/{number}/body": READ, "GET {org}/replay": {"admin"},
    "POST {org}/replay": {"admin"}, "GET {org}/actions": READ, "GET {org}/actions/{number}": READ,
    "POST {org}/actions/{number}/park": {"admin"},
    "GET {org}/candidates": READ, "GET {org}/candidates/{key}": READ,
    "POST {org}/candidates/{key}/look": {"admin"}, "GET {org}/candidates/{key}/erase": {"admin"},
    "POST {org}/candidates/{key}/erase": {"admin"}, "GET {org}/candidates/{key}/erased": {"admin"},
    "GET {org}/retention": {"admin"}, "POST {org}/retention": {"admin"},
    "GET {org}/connections": READ, "GET {org}/connections/{id}": READ,
    "GET {org}/connections/add/{kind}": {"admin"}, "POST {org}/connections/add/{kind}": {"admin"},
    "GET {org}/connections/{id}/change": {"admin"}, "POST {org}/connections/{id}/change": {"admin"},
    "POST {org}/connections/{id}/test": {"admin"}, "POST {org}/connections/{id}/secret": {"admin"},
    "POST {org}/connections/{id}/secrets/{name}/drop": {"admin"},
    "GET {org}": READ | {"auditor"},
    "POST {org}/actions/{number}/retry": {"admin"},
    "POST {org}/events/{number}/replay": {"admin"},
}
# They end the visit of whoever asks.
ENDING = ("POST {org}/sign-out", "POST {org}/account/sign-out-everywhere")


def with_server(function):
    def test():
        with tap.directory() as path:
            home = prepared.Home(os.path.join(path, "home"))
            home.apply(prepared.document())
            with fcgi_client.Server(PROGRAM, env=home.env()) as server:
                function(home, server)
            tap.equal(server.code, 0, "it ended cleanly")
            for secret in (PASS, *prepared.CREDENTIALS.values()):
                tap.lacks(server.log, secret, "the log keeps quiet")
    test.__name__ = function.__name__
    return test


def member(home, server, email, role, org="acme"):
    v = Visitor(server, org, f"192.0.2.{sum(email.encode()) % 100 + 100}")
    reply = v.join(invite(home, email, org, role))
    tap.equal(reply.status, 303, f"{email} joins as {role}") or tap.note(reply.text())
    v.email = email
    return v


def routes():
    done = subprocess.run([os.path.join(tap.build(), PROGRAM), "--routes"], capture_output=True,
                          text=True, check=True)
    return [line.split("\t") for line in done.stdout.splitlines()]


def concrete(path, org):
    """A path of this pattern that names nothing."""
    return re.sub(r"\{([a-z]+)\}", lambda m: {"org": org, "name": "acme", "number": "999999",
                                              "kind": "codesignal"}.get(m.group(1), "nothing"), path)


@with_server
def test_matrix(home, server):
    people = {role: member(home, server, f"{role}@example.com", role)
              for role in ("auditor", "recruiter", "admin")}
    people["operator"] = member(home, server, "op@example.com", "operator", "-")
    people["host"] = people["operator"]
    people["glass"] = member(home, server, "op2@example.com", "operator", "-")
    people["glass"].get("")
    tap.equal(people["glass"].post("/-/orgs/acme/glass", reason="looking for a lost result").status,
              303, "an operator breaks the glass")
    people["nobody"] = Visitor(server)
    listed = [f"{method} {path}" for method, path, _ in routes()]
    tap.equal(sorted(listed), sorted(MATRIX), "every route has its row here")
    for route in sorted(listed, key=lambda r: r in ENDING):
        for role, v in people.items():
            method, _, pattern = route.partition(" ")
            org = "-" if role == "host" else "acme"
            if (pattern.startswith("-") and role in ("operator", "glass")) or (
                    pattern == "{org}" and role == "host"):
                continue  # the same as "host" there
            allowed = role in MATRIX[route]
            csrf = token_of(v, org, "sign-in" in pattern or "invitation/" in pattern)
            reply = v.request(method, "/" + concrete(pattern, org), body=f"csrf={csrf}".encode())
            name = f"{route} for {role}"
            where = reply.headers.get("location", "")
            if allowed:
                good = reply.status not in (401, 403, 500) and ("sign-in" not in where or
                                                               route in ENDING)
            elif role == "nobody" or (pattern.startswith("-") and role != "host"):
                good = reply.status == 303 and "/sign-in" in where
            else:
                good = reply.status == 403
            tap.ok(good, f"{name}: {'may' if allowed else 'may not'}", (reply.status, where))
            if not allowed:
                tap.ok("Acme" not in reply.text(), f"{name}: and is told nothing")
        if route in ENDING:
            for role in ("auditor", "recruiter", "admin"):
                people[role].sign_in(f"{role}@example.com")
            people["host"].sign_in("op@example.com")


def token_of(v, org, before=False):
    """The form token of a visitor, as one of his pages has it; before: of forms before signing in."""
    v.hidden = {}
    page = None if before else v.request(
        "GET", "/-/account" if any("fairlead--" in c for c in v.cookies) else f"/{org}/account")
    if page is None or page.status != 200:
        v.request("GET", f"/{org}/sign-in")
    return v.hidden.get("csrf", "")


@with_server
def test_sign_in(home, server):
    stranger = Visitor(server)
    reply = stranger.get("people?x=1")
    tap.equal((reply.status, reply.headers["location"]),
              (303, "/fairlead/admin/acme/sign-in?next=acme%2Fpeople%3Fx%3D1"), "who is not signed in")
    ada = member(home, server, "ada@example.com", "admin")
    token = ada.cookies["__Host-fairlead-acme"]
    v = Visitor(server)
    reply = v.get("sign-in")
    pre = reply.headers["set-cookie"]
    tap.ok(re.fullmatch(r"__Host-fairlead-pre-acme=[a-z2-7]{26}; Path=/; HttpOnly; SameSite=Strict; "
                        "Secure", pre), "the cookie of the form", pre)
    for part in ("frame-ancestors 'none'", "default-src 'none'", "form-action 'self'"):
        tap.contains(reply.headers["content-security-policy"], part, f"policy: {part}")
    v.cookies["__Host-fairlead-acme"] = "a" * 40  # somebody put it there beforehand
    reply = v.post("sign-in", email="Ada@Example.com", code="", **{"pass": PASS, "next": "acme/people"})
    tap.equal((reply.status, reply.headers["location"]), (303, "/fairlead/admin/acme/people"),
              "signed in, and on to where he wanted to go")
    cookie = reply.headers["set-cookie"]
    tap.ok(re.fullmatch(r"__Host-fairlead-acme=[a-z2-7]{40}; Path=/; HttpOnly; SameSite=Lax; Secure",
                        cookie), "the cookie of a visit", cookie)
    tap.lacks(cookie, "a" * 40, "a planted cookie does not go on")
    tap.ok(token not in cookie, "each visit has its own")
    tap.equal(v.get("people").status, 200, "the page")
    for name, wrong in (("another site", "https://evil.example/"), ("a host", "//evil.example"),
                        ("another org", "other/people"), ("up", "acme/../../x"),
                        ("a header", "acme/x\r\nSet-Cookie: a=b"), ("overlong", "acme/" + "x" * 600)):
        w = Visitor(server)
        w.get("sign-in")
        reply = w.post("sign-in", email="ada@example.com", **{"pass": PASS, "next": wrong})
        tap.equal((reply.status, reply.headers["location"]), (303, "/fairlead/admin/acme"),
                  f"no way on to {name}")
    w = Visitor(server, address="192.0.2.50")
    for name, email, password in (("a wrong passphrase", "ada@example.com", "wrong"),
                                  ("nobody", EVIL, PASS), ("overlong", "x" * 3000, "y" * 3000)):
        reply = w.sign_in(email, password)
        tap.equal((reply.status, "__Host-fairlead-acme" in w.cookies), (422, False), f"not with {name}")
        tap.contains(reply.text(), "did not fit", f"{name}: says so, and not what")
        tap.lacks(reply.text(), "<script>", f"{name}: no script")
        tap.contains(reply.text(), html.escape(email)[:200].replace("&#x27;", "&#39;"),
                     f"{name}: what was typed stands there")
        tap.lacks(reply.text(), password + '"', f"{name}: but not the passphrase")
    reply = Visitor(server, "nobody", "192.0.2.51").sign_in("ada@example.com")
    tap.equal(reply.status, 422, "an org that is not there looks the same")
    ada.get("account")
    reply = ada.post("sign-out")
    tap.contains(reply.headers["set-cookie"], "Max-Age=0", "signing out forgets the cookie")
    thief = Visitor(server)
    thief.cookies["__Host-fairlead-acme"] = token
    tap.equal(thief.get("people").status, 303, "and it opens nothing any more")
    home.apply(prepared.document(org="other"))
    thief = Visitor(server, "other")
    thief.cookies["__Host-fairlead-other"] = v.cookies["__Host-fairlead-acme"]
    tap.equal(thief.get("people").status, 303, "a cookie of one org opens no other")
    twice = {"Cookie": "; ".join(["__Host-fairlead-acme=" + v.cookies["__Host-fairlead-acme"]] * 2)}
    tap.equal(Visitor(server).get("people", headers=twice).status, 303, "one that came twice is none")
    tap.equal(v.get("people", headers={"Accept": "application/json"}).status, 200, "v is still in")


def test_slow():
    with tap.directory() as path:
        home = prepared.Home(os.path.join(path, "home"))
        home.apply(prepared.document())
        clock = os.path.join(path, "clock")

        def later(seconds):
            with open(clock, "w", encoding="ascii") as f:
                f.write(str(seconds * 1000))

        later(0)
        with fcgi_client.Server(PROGRAM, env=home.env(FAIRLEAD_TEST_CLOCK=clock)) as server:
            member(home, server, "ada@example.com", "admin")
            guesser = Visitor(server, address="198.51.100.1")
            seen = [guesser.sign_in("ada@example.com", f"guess {i}").status for i in range(5)]
            tap.equal(seen, [422] * 5, "five attempts are free")
            # Each wait is twice the one before: patience brings it beyond any slow machine.
            for i in range(1, 10):
                later(i * 1000)
                tap.equal(guesser.sign_in("ada@example.com", f"guess {i}").status, 422,
                          f"patient guess {i}")
            tap.equal(guesser.sign_in("ada@example.com", "guess").status, 429, "then guessing waits")
            reply = guesser.sign_in("ada@example.com")
            tap.equal(reply.status, 429, "with the right passphrase, too")
            tap.ok(int(reply.headers["retry-after"]) >= 60, "and is told how long")
            tap.contains(reply.text(), "Too many attempts", "in words")
            tap.equal(guesser.sign_in("bob@example.com").status, 429, "for any account")
            log = home.must("audit", "export", "acme").out
            tap.ok(log.count("person.not-signed-in") <= 10, "guessing does not fill the log")
            later(9 * 1000 + 11)
            owner = Visitor(server, address="203.0.113.9")
            tap.equal(owner.sign_in("ada@example.com").status, 303,
                      "her own browser gets in after ten seconds")
        tap.equal(server.code, 0, "it ended cleanly")
        tap.lacks(server.log, PASS, "the log keeps quiet")


@with_server
def test_account(home, server):
    ada = member(home, server, "ada@example.com", "admin")
    tap.equal(ada.get("account").status, 200, "her account")
    reply = ada.post("account", name=EVIL, zone="Europe/Berlin")
    tap.equal(reply.headers.get("location"), "/fairlead/admin/acme/account?said=saved", "changed")
    page = ada.follow(reply).text()
    tap.contains(page, "Saved.", "says so")
    tap.lacks(page, "<script>", "a name is a name")
    tap.ok(re.search(r"\d\d:\d\d CES?T", page), "times by her clock")
    reply = ada.post("account", name="Ada", zone="Nowhere/Land")
    tap.equal(reply.status, 422, "no such zone")
    tap.contains(reply.text(), 'value="Nowhere/Land"', "what was typed is kept")
    tap.contains(reply.text(), 'aria-describedby="zone-fault"', "the fault stands at its field")
    reply = ada.post("account", name="Ada", zone="", stamp="0" * 16)
    tap.equal(reply.headers.get("location"), "/fairlead/admin/acme/account?said=moved",
              "an old form changes nothing")
    for name, fields, status in (("a wrong one", {"pass": "wrong", "fresh": "nine loud trumpets"}, 422),
                                 ("a short one", {"pass": PASS, "fresh": "short"}, 422),
                                 ("a good one", {"pass": PASS, "fresh": "nine loud trumpets"}, 303)):
        ada.get("account")
        tap.equal(ada.post("account/passphrase", again=fields["fresh"], **fields).status, status,
                  f"passphrase: {name}")
    tap.equal(ada.post("account/passphrase", **{"pass": "nine loud trumpets", "fresh": PASS,
                                                 "again": "another one, again"}).status, 422,
              "passphrase: typed differently")
    page = ada.post("account/totp").text()
    key = re.search(r"secret=([A-Z2-7]{32})&", html.unescape(page)).group(1)
    tap.equal(ada.post("account/totp/confirm", code="12").status, 422, "not with a made-up code")
    page = ada.post("account/totp/confirm", code=totp(key)).text()
    codes = re.findall(r"<code>([a-z2-7-]{19})</code>", page)
    tap.equal(len(codes), 10, "ten recovery codes")
    phone = Visitor(server, address="192.0.2.9")
    tap.equal(phone.sign_in("ada@example.com", "nine loud trumpets").status, 422, "a code is asked for")
    tap.contains(phone.last.text(), "second factor", "in words")
    tap.equal(phone.sign_in("ada@example.com", "nine loud trumpets", totp(key, 1)).status, 303,
              "with a code")
    other = Visitor(server, address="192.0.2.10")
    tap.equal(other.sign_in("ada@example.com", "nine loud trumpets", codes[3]).status, 303,
              "with a recovery code")
    page = ada.get("account").text()
    tap.contains(page, "9 recovery codes", "it is used up")
    ends = re.findall(r"account/visits/([0-9a-f]{64})/end", page)
    tap.equal(len(ends), 2, "both are listed")
    ada.post(f"account/visits/{ends[0]}/end")
    ada.post(f"account/visits/{'0' * 64}/end")
    tap.equal(sorted([phone.get("account").status, other.get("account").status]), [200, 303],
              "one is ended")
    ada.get("account")
    tap.equal(ada.post("account/totp/off", **{"pass": "wrong"}).status, 422, "off needs the passphrase")
    tap.equal(ada.post("account/totp/off", **{"pass": "nine loud trumpets"}).status, 303, "off")
    tap.equal(ada.post("account/sign-out-everywhere").status, 303, "everywhere")
    tap.equal([v.get("account").status for v in (ada, phone, other)], [303] * 3, "all are out")


@with_server
def test_people(home, server):
    ada = member(home, server, "ada@example.com", "admin")
    ada.get("people")
    tap.equal(ada.post("people", email="no address", role="recruiter").status, 422, "no address")
    tap.contains(ada.last.text(), 'value="no address"', "what was typed is kept")
    tap.equal(ada.post("people", email="bob@example.com", role="operator").status, 422, "no such role")
    page = ada.post("people", email="bob@example.com", role="recruiter").text()
    link = re.search(r"https://hire\.example\.org/fairlead/admin/acme/invitation/[a-z2-7]{40}", page)
    tap.ok(link, "a link to send")
    tap.lacks(ada.get("people").text(), link.group(), "shown once")
    bob = Visitor(server)
    page = bob.get("invitation/" + link.group()[-40:]).text()
    tap.contains(page, "ada@example.com invites", "who invites whom")
    tap.equal(home.must("admin", "list", "acme", "--json").json()[-1]["email"], "ada@example.com",
              "looking makes no account")
    path = "invitation/" + link.group()[-40:]
    for name, fields in (("short", {"pass": "short", "again": "short"}),
                         ("different", {"pass": PASS, "again": PASS + "x"}),
                         ("his own name", {"pass": "bob@example.com!", "again": "bob@example.com."})):
        reply = bob.post(path, name=EVIL, **fields)
        tap.equal(reply.status, 422, f"a passphrase: {name}")
        tap.lacks(reply.text(), "<script>", f"{name}: no script")
        tap.lacks(reply.text(), fields["pass"] + '"', f"{name}: not shown again")
    tap.equal(bob.post(path, name=EVIL, **{"pass": PASS, "again": PASS}).status, 303, "joined")
    tap.equal(bob.post(path, name="x", csrf=bob.hidden["csrf"], **{"pass": PASS, "again": PASS}).status, 404,
              "a second press makes nobody else")
    again = Visitor(server)
    tap.equal(again.get(path).status, 404, "the link counts once")
    page = ada.get("people").text()
    tap.lacks(page, "<script>", "a name is a name")
    ident = re.search(r'people/([a-z2-7]{10})">&lt;script', page).group(1)
    zoe = member(home, server, "zoe@example.com", "admin")
    ada.get(f"people/{ident}")
    zoe.get(f"people/{ident}")
    tap.equal(ada.post(f"people/{ident}", name="Bob", role="auditor").status, 303, "one admin changes him")
    reply = zoe.post(f"people/{ident}", name="Robert", role="recruiter")
    tap.equal(reply.status, 409, "another with an older page does not overwrite")
    tap.contains(reply.text(), 'value="Robert"', "and keeps what was typed")
    tap.equal(bob.get("account").status, 303, "another role ends his visits")
    own = re.search(r'people/([a-z2-7]{10})">Somebody</a> \(you\)', ada.get("people").text()).group(1)
    ada.get(f"people/{own}")
    tap.equal(ada.post(f"people/{own}", name="Ada", role="recruiter").status, 303, "one of two may go")
    zown = re.search(r'people/([a-z2-7]{10})">Somebody</a> \(you\)', zoe.get("people").text()).group(1)
    zoe.get(f"people/{zown}")
    reply = zoe.post(f"people/{zown}", name="Zoe", role="recruiter")
    tap.equal(reply.status, 409, "the last may not")
    tap.contains(reply.text(), "last one", "and hears why")
    zoe.get(f"people/{zown}/remove")
    tap.equal(zoe.post(f"people/{zown}/remove").status, 409, "nor be removed")
    zoe.get(f"people/{ident}")
    page = zoe.post(f"people/{ident}/reset").text()
    link = re.search(r"/invitation/([a-z2-7]{40})", page).group(1)
    tap.equal(bob.join("x/" + link, "eleven slow rivers").status, 303, "a link to get in again")
    zoe.get(f"people/{ident}/remove")
    tap.equal(zoe.post(f"people/{ident}/remove").status, 303, "removed")
    tap.equal(zoe.post(f"people/{ident}/remove").status, 404, "twice: it says so")
    tap.equal(bob.get("account").status, 303, "signed out at once")
    log = zoe.get("log").text()
    for word in ("invited somebody", "changed a person", "removed somebody", "made a link"):
        tap.contains(log, word, f"the log: {word}")
    tap.contains(zoe.get("log?q=removed").text(), "removed somebody", "found in it")
    tap.contains(zoe.get("log?q=" + "%3Cscript%3E").text(), "&lt;script&gt;", "or not, escaped")
    zoe.get("log")
    exported = zoe.post("log/export")
    path = os.path.join(home.path, "run", "exported")
    with open(path, "wb") as f:
        f.write(exported.body)
    tap.equal(home.run("audit", "verify", "--file", path).code, 0, "its export can be verified")
    # Who is locked out has the command.
    link = home.must("admin", "reset", "acme", "zoe@example.com").out
    tap.equal(Visitor(server).join(link, "thirteen tall ships").status, 303, "fairlead admin reset")
    tap.equal(zoe.get("account").status, 303, "ends what was open")


@with_server
def test_forms(home, server):
    ada, eve = (member(home, server, f"{n}@example.com", "admin") for n in ("ada", "eve"))
    good, hers = (token_of(v, "acme") for v in (ada, eve))
    for method, path, scope in routes():
        if method != "POST":
            continue
        org = "-" if path.startswith("-") else "acme"
        where = "/" + concrete(path, org)
        who = ada if scope and not path.startswith("-") else Visitor(server)
        if path.startswith("-"):
            continue
        for name, body, headers in (
                ("no token", "", {}), ("another's", f"csrf={hers}", {}), ("an empty one", "csrf=", {}),
                ("another site", f"csrf={good}", {"Sec-Fetch-Site": "cross-site"}),
                ("a sister site", f"csrf={good}", {"Sec-Fetch-Site": "same-site"}),
                ("another origin", f"csrf={good}", {"Origin": "https://evil.example"}),
                ("no origin", f"csrf={good}", {"Origin": "null"}),
                ("our name and more", f"csrf={good}", {"Origin": "https://hire.example.org.evil.example"}),
                ("plain text", f"csrf={good}", {"Content-Type": "text/plain"})):
            reply = who.request("POST", where, body=body.encode(), headers=headers)
            tap.equal(reply.status, 403, f"{path}: {name}")
        reply = who.request("POST", where, body=b"csrf=" + b"x" * 70000)
        tap.ok(reply.status in (403, 413), f"{path}: overlong", reply.status)
        tap.equal(who.request("GET", where).status == 405 or any(
            m == "GET" and p == path for m, p, _ in routes()), True, f"{path}: nothing on GET")
    ada.get("account")
    for headers in ({"Origin": "https://hire.example.org"}, {"Sec-Fetch-Site": "same-origin"}, {}):
        tap.equal(ada.post("account", headers=headers, name="Ada", zone="").status, 303, f"ours: {headers}")
        ada.get("account")


def test_loopback():
    """Browsers take no __Host- cookie over plain HTTP: only an org that stands there has another."""
    with tap.directory() as path:
        home = prepared.Home(os.path.join(path, "home"))
        document = prepared.document()
        document["public_url"] = "http://127.0.0.1:8080/fairlead"
        home.apply(document)
        with fcgi_client.Server(PROGRAM, env=home.env()) as server:
            v = Visitor(server)
            reply = v.join(invite(home, "ada@example.com"))
            cookie = reply.headers["set-cookie"]
            tap.ok(re.fullmatch(r"fairlead-acme=[a-z2-7]{40}; Path=/fairlead/admin; HttpOnly; "
                                "SameSite=Lax", cookie), "on loopback", cookie)
            tap.equal(v.get("people").status, 200, "it works")
            document["public_url"] = prepared.PUBLIC_URL
            home.apply(document)
            tap.equal(v.get("people").status, 303, "behind HTTPS the weaker name opens nothing")


def test_remote_user():
    with tap.directory() as path:
        home = prepared.Home(os.path.join(path, "home"))
        home.apply(prepared.document())
        for trusted in (False, True):
            more = {"FAIRLEAD_REMOTE_USER": "yes"} if trusted else {}
            with fcgi_client.Server(PROGRAM, env=home.env(**more)) as server:
                if not trusted:
                    member(home, server, "ada@example.com", "admin")
                v = Visitor(server)
                for name, extra, wanted in (
                        ("the web server's word", {"REMOTE_USER": "ada@example.com"}, trusted),
                        ("somebody unknown", {"REMOTE_USER": "eve@example.com"}, False),
                        ("nobody", {"REMOTE_USER": ""}, False),
                        ("a client's header", {"HTTP_REMOTE_USER": "ada@example.com"}, False)):
                    tap.equal(v.get("people", extra=extra).status, 200 if wanted else 303,
                              f"trusted {trusted}: {name}")
                if trusted:
                    extra = {"REMOTE_USER": "ada@example.com"}
                    v.get("people", extra=extra)
                    tap.equal(v.post("people", extra=extra, email="bob@example.com", role="auditor",
                                     csrf="").status, 403, "its forms need their token")
                    tap.equal(v.post("people", extra=extra, email="bob@example.com",
                                     role="auditor").status, 200, "which they have")


@with_server
def test_glass(home, server):
    ada = member(home, server, "ada@example.com", "admin")
    op = member(home, server, "op@example.com", "operator", "-")
    page = op.get("")
    tap.equal(page.status, 200, "the host")
    tap.contains(page.text(), "Acme &amp; S", "names its organisations")
    reply = op.get("/acme")
    tap.equal(reply.status, 403, "their data is closed")
    tap.contains(reply.text(), "break the glass", "and how it is opened")
    op.get("")
    reply = op.post("/-/orgs/acme/glass", reason="because")
    tap.equal(reply.status, 422, "not without a reason")
    tap.contains(reply.text(), 'value="because"', "what was typed is kept")
    tap.equal(op.post("/-/orgs/nobody/glass", reason="because I would like to").status, 404, "nobody's")
    tap.equal(op.post("/-/orgs/acme/glass", reason="A result is lost, " + EVIL).status, 303, "broken")
    tap.equal(op.get("/acme").status, 200, "open")
    tap.equal(op.get("/acme/people").status, 403, "to read, and not all of it")
    page = ada.get("account").text()
    tap.contains(page, "A result is lost", "the organisation sees why")
    tap.contains(page, "op@example.com", "and who")
    tap.lacks(page, "<script>", "safely")
    tap.contains(ada.get("log").text(), "broke the glass", "its log has it")
    op.get("")
    op.post("sign-out")
    tap.equal(op.get("/acme").status, 303, "signing out closes it")


@with_server
def test_overlong(home, server):
    ada = member(home, server, "ada@example.com", "admin")
    long = "x" * 5000
    ada.get("account")
    tap.equal(ada.post("account", name=long, zone="").status, 422, "an overlong name")
    ada.get("account")
    tap.equal(ada.post("account", name="", zone=long).status, 422, "an overlong zone")
    tap.equal(ada.get("log?q=" + long).status, 200, "an overlong search")
    tap.equal(ada.get("log?before=99999999999999999999").status, 400, "a number that is none")
    tap.ok(ada.get("people/" + long).status in (404, 414), "an overlong id")
    tap.ok(ada.get("account", headers={"Cookie": "a=" + "b" * 9000}).status in (303, 431), "cookies")
    many = "&".join(f"f{i}=x" for i in range(1000)).encode()
    tap.equal(ada.request("POST", "account", body=many).status, 403, "a thousand fields")


tap.run(test_matrix, test_sign_in, test_slow, test_account, test_people, test_forms, test_loopback,
        test_remote_user, test_glass, test_overlong)
