# SPDX-License-Identifier: GPL-3.0-or-later
"""The key registry: issue, change, rotate, revoke; who may; what is never shown."""
import json
import os
import re
import sys
import threading

sys.path.insert(0, os.path.join(os.environ["FAIRLEAD_SOURCE"], "tests", "lib"))
import cgi  # noqa: E402
import fcgi_client  # noqa: E402
import prepared  # noqa: E402
import tap  # noqa: E402

PROGRAM = "keys.fcgi"
BASE = "/fairlead/keys/acme"


class Plain:
    """The program as plain CGI, with the face of fcgi_client.Server."""

    def __init__(self, home):
        self.env = home.env()

    def request(self, method, target, **more):
        return cgi.request(PROGRAM, method, target, env=self.env, **more)


class Registry:
    def __init__(self, home, server):
        self.home, self.server = home, server
        self.key = home.key("keys:*")

    def ask(self, method, path="", body=None, key=None, address=None, **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        headers["Authorization"] = "Bearer " + (key or self.key)
        text = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        extra = {} if address is None else {"REMOTE_ADDR": address}
        return self.server.request(method, BASE + path, body=text, headers=headers, extra=extra)

    def issue(self, **members):
        reply = self.ask("POST", body={"label": "a key", "scopes": ["results:read"], **members})
        if reply.status != 201:
            raise RuntimeError(f"not issued: {reply}")
        return reply.json()


def both(function):
    """A test that runs twice: with the program as plain CGI, and as FastCGI."""
    def test():
        for way in ("cgi", "fastcgi"):
            with tap.directory() as path:
                home = prepared.Home(os.path.join(path, "home"))
                home.apply(prepared.document())
                if way == "cgi":
                    function(way, Registry(home, Plain(home)))
                else:
                    with fcgi_client.Server(PROGRAM, env=home.env()) as server:
                        function(way, Registry(home, server))
                    tap.equal(server.code, 0, f"{way}: it ended cleanly")
                    tap.lacks(server.log, "fl_live_", f"{way}: no key in the log")
    test.__name__ = function.__name__
    return test


@both
def test_life(way, r):
    reply = r.ask("POST", body={"label": "scheduler", "scopes": ["interviews:write", "keys:*"],
                                "expires": "90d", "networks": ["192.0.2.0/24", "2001:db8::/32"]})
    tap.equal(reply.status, 201, f"{way}: issued")
    made = reply.json()
    tap.equal(reply.headers["location"], BASE + "/" + made["id"], f"{way}: where it stands")
    tap.equal(reply.headers["cache-control"], "no-store", f"{way}: kept by nobody")
    tap.ok(made["key"].startswith("fl_live_" + made["id"]), f"{way}: the key, this once")
    tap.equal(made["scopes"], ["interviews:write", "keys:read", "keys:write"],
              f"{way}: a star is all that begin so")
    tap.ok(89 * 86400000 < made["expires_ms"] - made["created_ms"] <= 90 * 86400000,
           f"{way}: for 90 days")
    shown = r.ask("GET", "/" + made["id"])
    tap.equal(shown.headers["etag"], f'"{made["etag"]}"', f"{way}: with its ETag")
    listed = r.ask("GET")
    tap.equal([k["id"] for k in listed.json()["keys"]][1], made["id"], f"{way}: listed")
    tap.ok(all(s["sentence"] for s in listed.json()["scopes"]), f"{way}: scopes as sentences")
    for text in (shown.text(), listed.text(), r.home.must("key", "list", "--json").out):
        tap.lacks(text, made["key"][16:], f"{way}: never shown again")
        tap.lacks(text, "digest", f"{way}: nor its digest")
    tap.equal(r.ask("GET", key=made["key"], address="192.0.2.7").status, 200, f"{way}: it works")
    tap.equal(r.ask("GET", key=made["key"], address="2001:db8::1").status, 200, f"{way}: over v6")
    away = r.ask("GET", key=made["key"], address="198.51.100.1")
    tap.equal(away.status, 403, f"{way}: not from elsewhere")
    tap.contains(away.json()["detail"], "address", f"{way}: which is said")
    tap.equal(r.ask("GET", key=made["key"], address="::ffff:192.0.2.7").status, 200,
              f"{way}: a mapped address is the same one")

    used = r.ask("GET", "/" + made["id"]).json()["used"]
    tap.equal(used["count"], 3, f"{way}: every use is counted")
    tap.equal(sorted(p["from"] for p in used["places"]), ["192.0.2.7", "2001:db8::1",
                                                         "::ffff:192.0.2.7"], f"{way}: by place")
    tap.equal(r.ask("DELETE", "/" + made["id"]).json()["state"], "revoked", f"{way}: revoked")
    tap.equal(r.ask("GET", key=made["key"], address="192.0.2.7").status, 401, f"{way}: at once")
    tap.equal(r.ask("POST", f"/{made['id']}/revoke").status, 200, f"{way}: twice does no harm")
    log = r.home.must("audit", "export", "acme").out
    for did in ("key.issued", "key.revoked"):
        tap.contains(log, did, f"{way}: the log says {did}")


@both
def test_refusals(way, r):
    reader = r.home.key("keys:read")
    other = r.home.key("results:read", "interviews:write", "status:read", "actions:write")
    made = r.issue()
    for method, path in (("GET", ""), ("GET", "/credentials"), ("GET", "/secrets"),
                         ("GET", "/" + made["id"])):
        tap.equal(r.ask(method, path, key=reader).status, 200, f"{way}: may read {path}")
        tap.equal(r.ask(method, path, key=other).status, 403, f"{way}: may not read {path}")
        tap.equal(r.ask(method, path, key=made["key"][:-1]).status, 401, f"{way}: a typo {path}")
    for method, path in (("POST", ""), ("PATCH", "/" + made["id"]), ("DELETE", "/" + made["id"]),
                         ("POST", f"/{made['id']}/rotate"), ("POST", f"/{made['id']}/revoke"),
                         ("POST", "/secrets/cs"), ("DELETE", "/secrets/cs/123456789012"),
                         ("POST", "/credentials/cs/test")):
        for key in (reader, other):
            reply = r.ask(method, path, body={}, key=key)
            tap.equal((reply.status, reply.headers["content-type"]),
                      (403, "application/problem+json"), f"{way}: may not {method} {path}")
        tap.equal(r.ask(method, path, body={}, Sec_Fetch_Site="cross-site").status, 403,
                  f"{way}: not from another site: {method} {path}")
    rows = [
        (b"{", "not JSON"), (b"[]", "a list"), ({"label": "x"}, "no scope"),
        ({"label": "x", "scopes": ["everything"]}, "an unknown scope"),
        ({"label": "x", "scopes": ["nothing:*"]}, "a star over nothing"),
        ({"label": "", "scopes": ["results:read"]}, "an empty label"),
        ({"label": "x" * 81, "scopes": ["results:read"]}, "a long label"),
        ({"label": "a\nb", "scopes": ["results:read"]}, "a label of two lines"),
        ({"label": 7, "scopes": ["results:read"]}, "a label that is none"),
        ({"label": "x", "scopes": ["results:read"], "nope": 1}, "an unknown member"),
        ({"label": "x", "scopes": ["results:read"], "expires": "soon"}, "an odd time"),
        ({"label": "x", "scopes": ["results:read"], "expires_ms": 1}, "a time that has passed"),
        ({"label": "x", "scopes": ["results:read"], "expires": "1d", "not_before": "2d"},
         "an end before the beginning"),
        ({"label": "x", "scopes": ["results:read"], "networks": ["10.0.0.1/8"]}, "an odd range"),
        ({"label": "x", "scopes": ["results:read"], "networks": "10.0.0.0/8"}, "a text of ranges"),
        ({"label": "x", "scopes": ["results:read"], "networks": ["10.0.0.0/8"] * 33}, "33 ranges"),
        ({"label": "x", "scopes": ["results:read"], "jobs": [1]}, "a job that is a number"),
        ({"label": "x", "scopes": ["keys:*"], "jobs": ["17"]}, "jobs of what has none"),
        ({"label": "x", "scopes": ["results:read"], "test": "yes"}, "a test that is a word"),
    ]
    for body, name in rows:
        reply = r.ask("POST", body=body)
        tap.equal((reply.status, reply.headers["content-type"]),
                  (422, "application/problem+json"), f"{way}: {name}")
    tap.equal(r.ask("GET", "/zzzzzzzz").status, 404, f"{way}: no such key")
    tap.equal(r.ask("POST", "/zzzzzzzz/rotate", body={"overlap": "now"}).status, 404,
              f"{way}: nor to rotate")
    tap.equal(r.ask("DELETE", "/zzzzzzzz").status, 404, f"{way}: nor to revoke")
    tap.equal(r.server.request("GET", "/fairlead/keys/nobody",
                               headers={"Authorization": "Bearer " + r.key}).status, 401,
              f"{way}: an org that is not there")
    early = r.issue(scopes=["keys:read"], not_before="1h")
    tap.equal(early["state"], "early", f"{way}: a key of later")
    tap.equal(r.ask("GET", key=early["key"]).status, 401, f"{way}: does not work yet")


@both
def test_change(way, r):
    made = r.issue(scopes=["keys:read"])
    path = "/" + made["id"]
    tap.equal(r.ask("PATCH", path, body={"label": "b"}).status, 428, f"{way}: If-Match is needed")
    tap.equal(r.ask("PATCH", path, body={"label": "b"}, If_Match='"0123456789abcdef"').status, 412,
              f"{way}: another state")
    tap.equal(r.ask("PATCH", path, body={"label": "b"}, If_Match="odd").status, 412,
              f"{way}: no ETag of ours")
    reply = r.ask("PATCH", path, body={"label": "b", "disabled": True, "expires": "1d"},
                  If_Match=f'"{made["etag"]}"')
    tap.equal((reply.status, reply.json()["label"], reply.json()["state"]), (200, "b", "disabled"),
              f"{way}: changed")
    tap.ok(reply.json()["etag"] != made["etag"], f"{way}: another ETag")
    tap.equal(r.ask("GET", key=made["key"]).status, 401, f"{way}: switched off, at once")
    tap.equal(r.ask("PATCH", path, body={"label": "c"}, If_Match=f'"{made["etag"]}"').status, 412,
              f"{way}: who comes late has to look again")
    tap.equal(r.ask("PATCH", path, body={"disabled": False, "expires": None}, If_Match="*").status,
              200, f"{way}: whatever it is")
    tap.equal(r.ask("GET", key=made["key"]).status, 200, f"{way}: on again")
    tap.equal(r.ask("PATCH", path, body={"scopes": ["results:read"]}, If_Match="*").status, 200,
              f"{way}: less scopes")
    tap.equal(r.ask("GET", key=made["key"]).status, 403, f"{way}: at once, too")
    for body in ({"digest": "x"}, {"test": True}, {"disabled": 1}, {"scopes": []}, b"{"):
        tap.equal(r.ask("PATCH", path, body=body, If_Match="*").status, 422, f"{way}: not {body}")
    r.ask("DELETE", path)
    tap.equal(r.ask("PATCH", path, body={"label": "d"}, If_Match="*").status, 409,
              f"{way}: a revoked key stays as it is")


@both
def test_rotate(way, r):
    old = r.issue(label="flow", scopes=["keys:read"], networks=["127.0.0.0/8"], expires="100d")
    path = "/" + old["id"]
    r.ask("GET", key=old["key"], address="127.0.0.1")
    tap.equal(r.ask("POST", path + "/rotate", body={}).status, 422, f"{way}: the overlap is chosen")
    tap.equal(r.ask("POST", path + "/rotate", body={"overlap": "200d"}).status, 422,
              f"{way}: within bounds")
    reply = r.ask("POST", path + "/rotate", body={"overlap": "7d"}, If_Match=f'"{old["etag"]}"')
    new = reply.json()
    tap.equal(reply.status, 201, f"{way}: rotated")
    tap.equal([new[n] for n in ("label", "scopes", "networks", "of")],
              ["flow", ["keys:read"], ["127.0.0.0/8"], old["id"]], f"{way}: the same rights")
    tap.ok(abs((new["expires_ms"] - new["created_ms"]) - 100 * 86400000) < 5000,
           f"{way}: as long a life")
    for key in (old["key"], new["key"]):
        tap.equal(r.ask("GET", key=key, address="127.0.0.1").status, 200, f"{way}: both work")
    row = r.ask("GET", path).json()
    tap.ok(row["expires_ms"] <= row["changed_ms"] + 7 * 86400000, f"{way}: the old one for 7 days")
    tap.equal(row["rotation"]["safe"], False, f"{way}: it was seen a moment ago")
    tap.contains(row["rotation"]["sentence"], "from 127.0.0.1; new: 1 use;", f"{way}: in words")
    tap.equal(r.ask("POST", path + "/rotate", body={"overlap": "1d"}).status, 409,
              f"{way}: not twice")
    tap.equal(r.ask("POST", f"/{new['id']}/rotate", body={"overlap": "now"},
                    If_Match='"0123456789abcdef"').status, 412, f"{way}: nor of another state")
    tap.equal(r.ask("DELETE", f"/{new['id']}", If_Match='"0123456789abcdef"').status, 412,
              f"{way}: which is not revoked either")
    last = r.ask("POST", f"/{new['id']}/rotate", body={"overlap": "now"})
    tap.equal(last.status, 201, f"{way}: at once")
    tap.equal(r.ask("GET", key=new["key"], address="127.0.0.1").status, 401,
              f"{way}: then the old one is refused")
    tap.equal(r.ask("GET", key=last.json()["key"], address="127.0.0.1").status, 200,
              f"{way}: and the new one works")


@both
def test_secrets(way, r):
    reply = r.ask("GET", "/credentials")
    rows = {c["connection"]: c for c in reply.json()["credentials"]}
    tap.equal(sorted(n["name"] for n in rows["gh"]["names"]), ["client_id", "client_secret"],
              f"{way}: which credentials there are")
    tap.ok(all(n["added_ms"] > 0 and n["by"].startswith("command of") for n in rows["gh"]["names"]),
           f"{way}: how old, and whose")
    listed = r.ask("GET", "/secrets")
    for text in (reply.text(), listed.text()):
        for secret in prepared.CREDENTIALS.values():
            tap.lacks(text, secret, f"{way}: and nothing of them")
        tap.lacks(text, "v1.", f"{way}: nor sealed")
    before = {w["connection"]: w for w in listed.json()["webhooks"]}["cs"]
    tag = f'"{before["etag"]}"'
    tap.equal(r.ask("POST", "/secrets/cs", If_Match='"0123456789abcdef"').status, 412,
              f"{way}: not to a connection that is another by now")
    added = r.ask("POST", "/secrets/cs", If_Match=tag)
    tap.equal(added.status, 201, f"{way}: a secret is made")
    tap.equal(r.ask("POST", "/secrets/cs", If_Match=tag).status, 412, f"{way}: once, by that state")
    tap.equal(r.ask("DELETE", "/secrets/cs/" + added.json()["name"], If_Match=tag).status, 412,
              f"{way}: nor is one dropped by it")
    tap.ok(len(added.json()["secret"]) >= 32, f"{way}: and shown, this once")
    after = {w["connection"]: w for w in r.ask("GET", "/secrets").json()["webhooks"]}["cs"]
    tap.equal([s["name"] for s in after["secrets"]],
              [added.json()["name"], before["secrets"][0]["name"]], f"{way}: both are valid")
    tap.equal(after["webhook_url"], before["webhook_url"], f"{way}: the address stays")
    tap.equal(r.ask("POST", "/secrets/cs", body={"secret": prepared.CREDENTIALS["api_key"]}).status,
              422, f"{way}: an API key is no webhook secret")
    for secret, name in ((prepared.CREDENTIALS["client_secret"], "a credential of another connection"),
                         (r.key, "a key that was issued")):
        reply = r.ask("POST", "/secrets/cs", body={"secret": secret})
        tap.equal((reply.status, reply.json()["errors"][0]["pointer"]), (422, "#/secret"),
                  f"{way}: nor is {name}")
        tap.lacks(reply.text(), secret, f"{way}: which is not repeated")
    tap.equal(r.ask("POST", "/secrets/cs", body={"secret": "short"}).status, 422,
              f"{way}: nor is a short one")
    tap.equal(r.ask("POST", "/secrets/cs", body={"secret": prepared.CREDENTIALS["hook"]}).status,
              409, f"{way}: nor one that is there")
    given = r.ask("POST", "/secrets/cs", body={"secret": "one that we chose ourselves"})
    tap.equal((given.status, "secret" in given.json()), (201, False), f"{way}: a given one")
    for name in (before["secrets"][0]["name"], given.json()["name"]):
        tap.equal(r.ask("DELETE", "/secrets/cs/" + name).status, 200, f"{way}: dropped")
    tap.equal(r.ask("DELETE", "/secrets/cs/" + added.json()["name"]).status, 409,
              f"{way}: the last one stays")
    tap.equal(r.ask("DELETE", "/secrets/cs/nope").status, 404, f"{way}: no such secret")
    tap.equal(r.ask("POST", "/secrets/nope").status, 404, f"{way}: no such connection")
    etag = {"If_Match": f'"{rows["cs"]["etag"]}"'}
    path = "/credentials/cs"
    tap.equal(r.ask("PATCH", path, body={"api_key": "another, made up"}).status, 428,
              f"{way}: a new credential, but for which state?")
    rows = {c["connection"]: c for c in r.ask("GET", "/credentials").json()["credentials"]}
    stale, etag = etag, {"If_Match": f'"{rows["cs"]["etag"]}"'}
    tap.ok(stale != etag, f"{way}: the secrets were changed meanwhile")
    tap.equal(r.ask("PATCH", path, body={"api_key": "another, made up"}, **stale).status, 412,
              f"{way}: which is told")
    for body in (b"", b"[]", b"{}", b"{", {"api_key": 7}, {"nope": "x"}, {"api_key": ""},
                 {"api_key": prepared.CREDENTIALS["hook"]}):
        reply = r.ask("PATCH", path, body=body, **etag)
        tap.equal((reply.status, reply.headers["content-type"]), (422, "application/problem+json"),
                  f"{way}: not {body}")
        tap.lacks(reply.text(), prepared.CREDENTIALS["hook"], f"{way}: and nothing is repeated")
    reply = r.ask("PATCH", path, body={"api_key": "another, made up"}, **etag)
    tap.equal((reply.status, reply.json()["state"]), (200, "changed"), f"{way}: stored")
    tap.ok(reply.json()["test"]["ok"] is False and reply.json()["test"]["sentence"],
           f"{way}: and tried at once")
    tap.lacks(reply.text(), "another, made up", f"{way}: not shown")
    rows = {c["connection"]: c for c in r.ask("GET", "/credentials").json()["credentials"]}
    tap.equal((rows["cs"]["etag"], rows["cs"]["names"][0]["by"]),
              (reply.json()["etag"], "key " + r.key[8:16]), f"{way}: whose it is now")
    tap.equal(r.ask("PATCH", "/credentials/nope", body={"api_key": "x"}, If_Match="*").status, 404,
              f"{way}: no such connection")
    tried = r.ask("POST", "/credentials/cs/test")
    tap.equal(tried.status, 200, f"{way}: tried on demand")
    tap.ok(tried.json()["ok"] is False and tried.json()["sentence"], f"{way}: in words")


def test_everywhere():
    """A key that is revoked by the command is refused by a program that runs; uses under load."""
    with tap.directory() as path:
        home = prepared.Home(os.path.join(path, "home"))
        home.apply(prepared.document())
        with fcgi_client.Server(PROGRAM, env=home.env()) as server, \
                fcgi_client.Server("admin.fcgi", env=home.env()) as admin:
            r = Registry(home, server)
            made = r.issue(scopes=["keys:read", "status:read"])
            status = lambda: admin.request(  # noqa: E731
                "GET", "/fairlead/admin/acme",
                headers={"Authorization": "Bearer " + made["key"]}).status
            tap.equal(status(), 200, "a key works in another program")

            def load():
                for _ in range(25):
                    r.ask("GET", "/" + made["id"], key=made["key"], address="192.0.2.9")
            threads = [threading.Thread(target=load) for _ in range(8)]
            for t in threads:
                t.start()
            for t in threads:
                t.join()
            used = r.ask("GET", "/" + made["id"]).json()["used"]
            tap.equal(used["count"], 201, "200 uses at once and the one before are all counted")
            home.must("key", "revoke", made["id"])
            tap.equal((status(), r.ask("GET", key=made["key"]).status), (401, 401),
                      "revoked by the command: refused with the next request, everywhere")


def test_command():
    with tap.directory() as path:
        home = prepared.Home(os.path.join(path, "home"))
        home.apply(prepared.document())
        made = home.must("key", "issue", "--scope", "results:read", "--from", "192.0.2.0/24,2001:db8::/32",
                         "--jobs", "17", "--expires", "90d", "--json").json()
        tap.equal((made["networks"], made["jobs"]), (["192.0.2.0/24", "2001:db8::/32"], ["17"]),
                  "issue: ranges and jobs")
        tap.ok(made["by"].startswith("command of"), "issue: whose")
        changed = home.must("key", "change", made["id"], "--label", "new", "--from", "any",
                            "--jobs", "all", "--expires", "never", "--json").json()
        tap.equal([changed[n] for n in ("label", "networks", "jobs", "expires_ms")],
                  ["new", [], [], 0], "change")
        tap.equal(home.must("key", "disable", made["id"], "--json").json()["state"], "disabled",
                  "disable")
        tap.equal(home.must("key", "enable", made["id"], "--json").json()["state"], "live", "enable")
        new = home.must("key", "rotate", made["id"], "--overlap", "1d", "--json").json()
        tap.equal(new["of"], made["id"], "rotate")
        tap.contains(home.must("key", "list").out, "rotated to " + new["id"], "list tells of it")
        text = home.must("key", "rotate", new["id"], "--overlap", "now").out.strip()
        tap.ok(text.startswith("fl_live_") and len(text) == 54, "rotate prints the key alone")
        states = {k["id"]: k["state"] for k in home.must("key", "list", "--json").json()}
        tap.equal(states[new["id"]], "revoked", "rotate at once revokes")
        for words in (["key", "change", made["id"]], ["key", "rotate", made["id"], "--overlap", "x"],
                      ["key", "change", made["id"], "--from", "nowhere"], ["key", "disable"]):
            tap.equal(home.run(*words).code, 2, f"called wrongly: {' '.join(words[1:])}")
        tap.equal(home.run("key", "rotate", "zzzzzzzz").code, 1, "no such key")
        tap.equal(home.run("key", "change", new["id"], "--label", "x").code, 1, "a revoked key")
        listed = home.must("secret", "list", "--json").json()
        first = {w["connection"]: w for w in listed["webhooks"]}["cs"]["secrets"][0]["name"]
        words = home.must("secret", "list").out
        tap.contains(words, "client_secret", "secret list: in words")
        for secret in prepared.CREDENTIALS.values():
            tap.lacks(words, secret, "secret list: shows none")
        for at, change in ((1, {"webhook": {"secrets": [prepared.CREDENTIALS["client_id"]]}}),
                           (1, {"webhook": {"secrets": [text]}}),
                           (1, {"credentials": {"api_key": prepared.CREDENTIALS["hook"]}})):
            wrong = prepared.document()
            wrong["connections"][at].update(change)
            done = home.run("apply", "--no-test", "-", stdin=json.dumps(wrong).encode())
            tap.equal(done.code, 2, f"apply: webhook secrets are no keys: {list(change)}")
            tap.ok(re.search(r"connections\.1\.(webhook\.secrets\.0|credentials\.api_key): ", done.err),
                   "apply: and says where", done.err)
            for secret in (*prepared.CREDENTIALS.values(), text):
                tap.lacks(done.err, secret, "apply: but not what")
        added = home.must("secret", "add", "cs", "--json").json()
        tap.ok(len(added["secret"]) >= 32 and added["name"] != first, "secret add")
        tap.equal(home.must("secret", "drop", "acme", "cs", first, "--json").json()["changed"], True,
                  "secret drop")
        tap.equal(home.run("secret", "drop", "cs", added["name"]).code, 1, "the last one stays")
        tap.equal(home.run("secret", "add", "nope").code, 1, "no such connection")
        for words in (["secret"], ["secret", "nope"], ["secret", "add"], ["secret", "drop", "cs"]):
            tap.equal(home.run(*words).code, 2, f"called wrongly: {' '.join(words)}")


tap.run(test_life, test_refusals, test_change, test_rotate, test_secrets, test_everywhere,
        test_command)
