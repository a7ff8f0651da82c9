# SPDX-License-Identifier: GPL-3.0-or-later
"""The fairlead command, every sub-command of it."""
import contextlib
import http.server
import json
import os
import stat
import subprocess
import sys
import threading

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
import cgi  # noqa: E402
import fcgi_client  # noqa: E402
import front  # noqa: E402
import planted  # noqa: E402
import prepared  # noqa: E402
import tap  # noqa: E402

DAY = 86400000


def with_home(function):
    """Runs with a home that has org "acme" in it."""
    def test():
        with tap.directory() as path:
            home = prepared.Home(os.path.join(path, "home"))
            home.answer = home.apply(prepared.document())
            function(home)
    test.__name__ = function.__name__
    return test


def lacks_secrets(text, name, *more):
    for secret in (*prepared.CREDENTIALS.values(), *more):
        tap.lacks(text, secret, f"{name}: no secret")


@with_home
def test_usage(home):
    rows = [
        [], ["nope"], ["init", "x"], ["org", "x"], ["check", "x"], ["backup"],
        ["backup", "a", "b"], ["backup", "--nope", "a"], ["restore"], ["restore", "a", "b"],
        ["doctor", "x"], ["doctor", "--offline=1"], ["apply"], ["apply", "a", "b"],
        ["apply", "--nope", "a"], ["apply", "/nonexistent/x.json"],
        ["alerts", "a", "b"], ["alerts", "--nope"],
        ["test", "acme", "gh", "x"], ["key"], ["key", "nope"], ["key", "issue", "acme", "x"],
        ["key", "issue", "acme"], ["key", "issue", "acme", "--scope"],
        ["key", "issue", "acme", "--scope", "everything"],
        ["key", "issue", "acme", "--scope", "status:read", "--expires", "never"],
        ["key", "issue", "acme", "--scope", "status:read", "--expires", "2001-01-01T00:00:00Z"],
        ["key", "issue", "acme", "--scope", "status:read", "--label", "x" * 81],
        ["key", "list", "acme", "x"], ["key", "revoke"], ["key", "revoke", "a", "b", "c"],
        ["worker", "x"], ["worker", "--nope"], ["tick", "x"], ["sweep", "acme", "x"],
        ["events", "--last", "0"], ["events", "--last", "many"], ["events", "--body", "x"],
        ["events", "acme", "x"], ["actions", "--last", "-1"], ["actions", "--retry", "x"],
        ["admin"], ["admin", "nope"], ["admin", "invite"], ["admin", "invite", "a", "b", "c"],
        ["admin", "invite", "acme", "no address"], ["admin", "invite", "acme", "a@b.example", "--role", "x"],
        ["admin", "reset"], ["admin", "reset", "--nope", "x"], ["admin", "list", "a", "b"],
        ["admin", "remove"],
        ["audit"], ["audit", "nope"], ["audit", "verify", "a", "b"], ["audit", "export", "a", "b"],
        ["audit", "verify", "--anchor", "x"], ["audit", "verify", "acme", "--anchor", "1:abc"],
        ["audit", "verify", "--file", "/nonexistent/log"],
        ["actions", "acme", "x"], ["replay"], ["replay", "acme", "5-1"], ["replay", "acme", "x"],
    ]
    for row in rows:
        name = " ".join(row)[:60] or "nothing"
        done = home.run(*row)
        tap.equal((done.code, done.out), (2, ""), f"{name}: called wrongly")
        tap.contains(done.err, "fairlead", f"{name}: says so")
        done = home.run("--json", *row)
        tap.equal((done.code, done.json().get("kind") in ("usage", "input")), (2, True),
                  f"{name}: in JSON, too")
        tap.ok(len(done.json()["error"]) > 8, f"{name}: in words")
    for name in ("init", "org", "check", "backup", "restore", "apply", "test", "key", "worker",
                 "tick", "sweep", "events", "actions", "replay", "doctor"):
        done = home.run(name, "--help")
        tap.equal((done.code, done.err), (0, ""), f"{name} --help")
        tap.contains(done.out, f"usage: fairlead {name}", f"{name} --help tells how")
        tap.contains(home.run("--help").out, f"  {name} ", f"--help lists {name}")
    tap.equal(home.run("--version").code, 0, "--version")


def test_no_home():
    with tap.directory() as path:
        home = prepared.Home(os.path.join(path, "home"), init=False)
        for row in (["org"], ["check"], ["key", "list"], ["tick"], ["worker"], ["events"],
                    ["backup", os.path.join(path, "b")], ["apply", "-"]):
            done = home.run(*row, "--json")
            tap.equal((done.code, done.json()["kind"]), (1, "no"), f"no home: {row[0]}: no")
            tap.contains(done.json()["error"], "init", f"no home: {row[0]}: how to make one")
        tap.ok(not os.path.exists(home.path), "no home: none was made by the way")
        done = home.run("init", "--json")
        tap.equal((done.code, done.json()), (0, {"home": home.path, "changed": True}), "init")
        tap.equal(home.run("init", "--json").json()["changed"], False, "init twice")
        modes = [stat.S_IMODE(os.stat(os.path.join(home.path, n)).st_mode) & 0o077
                 for n in ("", "secrets", "inbox", "orgs")]
        tap.equal(modes, [0, 0, 0, 0], "init: for nobody else")
        tap.equal(home.run("org", "--json").json(), [], "no org yet")
        done = home.run("key", "list", "--json")
        tap.equal(done.code, 2, "no org yet: keys of whom?")
        done = home.run("events", "nobody", "--json")
        tap.equal((done.code, done.json()["kind"]), (1, "no"), "an org that is not there")


@with_home
def test_apply(home):
    answer = home.answer
    tap.equal((answer["org"], answer["created"], answer["changed"]), ("acme", True, True), "made")
    rows = {c["id"]: c for c in answer["connections"]}
    for name in ("gh", "cs"):
        tap.equal(rows[name]["state"], "created", f"{name}: made")
        tap.ok(rows[name]["webhook_url"].startswith(prepared.PUBLIC_URL + "/webhook/acme/"),
               f"{name}: what to paste")
        tap.ok(rows[name]["needs"] and rows[name]["paste"], f"{name}: what to grant, where")
        tap.ok("webhook_secret" not in rows[name], f"{name}: a given secret is not shown")
    again = home.apply(prepared.document())
    tap.equal((again["changed"], again["created"], again["did"],
               [c["state"] for c in again["connections"]]),
              (False, False, [], ["unchanged", "unchanged"]), "twice changes nothing")
    text = prepared.document()
    text["connections"][0]["settings"]["subdomain"] = "app2"
    text["connections"][1]["credentials"]["api_key"] = "another API key, made up"
    text["connections"].append({"id": "ab", "kind": "ashby", "credentials": {"api_key": "made up"}})
    changed = home.apply(text)
    tap.equal([c["state"] for c in changed["connections"]], ["changed", "changed", "created"],
              "what differs is changed, what is missing made")
    tap.equal([c["webhook_url"] for c in changed["connections"]][:2],
              [c["webhook_url"] for c in answer["connections"]], "webhook addresses stay")
    tap.ok(len(changed["connections"][2]["webhook_secret"]) >= 32, "a secret is made for Ashby")
    again = home.apply(text)
    tap.equal((again["changed"], "webhook_secret" in json.dumps(again)), (False, False),
              "and is shown once only")
    del text["connections"][2]
    tap.equal(home.apply(text)["changed"], False, "a connection that is not named stays")
    del text["rules"]
    tap.equal(home.apply(text)["changed"], False, "left out, rules stay")
    text["rules"] = []
    tap.equal(home.apply(text)["did"], ["Rules changed: 0."], "an empty list takes them away")
    text["public_url"] = "https://other.example/fairlead/"
    moved = home.apply(text)
    tap.ok(moved["connections"][0]["webhook_url"].startswith("https://other.example/fairlead/web"),
           "another public address, another webhook address")
    tap.equal(home.run("org", "--json").json(),
              [{"org": "acme", "name": "Acme & Söhne", "connections": 3,
                "public_url": "https://other.example/fairlead"}], "org lists it")
    text["connections"][0] = {"id": "gh", "kind": "lever", "credentials": {"api_key": "x"}}
    done = home.run("apply", "--no-test", "--json", "-", stdin=json.dumps(text).encode())
    tap.equal(done.code, 2, "a connection does not change its kind")


def test_wrong_documents():
    def put(path, value):
        text = prepared.document(org="wrong")
        at = text
        for name in path[:-1]:
            at = at[name]
        at[path[-1]] = value
        return json.dumps(text).encode()

    rows = [
        ("empty", b"", ""), ("half", b'{"org":', ""), ("a list", b"[]", ""),
        ("not UTF-8", b'{"org":"\xff"}', ""), ("twice", b'{"org":"a","org":"b"}', ""),
        ("large", b" " * (1 << 20) + b"{}", "larger than"),
        ("org", put(["org"], "../x"), "org"), ("org empty", put(["org"], ""), "org"),
        ("name", put(["name"], 7), "name"), ("member", put(["rulez"], []), "rulez"),
        ("public_url", put(["public_url"], "ftp://x"), "public_url"),
        ("public_url with a line", put(["public_url"], "https://x.example/\r\nA: b"), "public_url"),
        ("public_url with markup", put(["public_url"], "https://x.example/<b>\"'"), "public_url"),
        ("public_url with a query", put(["public_url"], "https://x.example/?a=b"), "public_url"),
        ("public_url plain", put(["public_url"], "http://192.0.2.1/"), "public_url"),
        ("kind", put(["connections", 0, "kind"], "workday"), "connections.0.kind"),
        ("id", put(["connections", 0, "id"], "a b"), "connections.0.id"),
        ("same id", put(["connections", 1, "id"], "gh"), "connections.1.id"),
        ("setting", put(["connections", 0, "settings", "colour"], 1),
         "connections.0.settings.colour"),
        ("setting's type", put(["connections", 0, "settings", "act_as_user"], "x"),
         "connections.0.settings.act_as_user"),
        ("base_url", put(["connections", 0, "settings", "base_url"], "https://10.0.0.1/"),
         "connections.0.settings.base_url"),
        ("no credentials", put(["connections", 1, "credentials"], {}),
         "connections.1.credentials.api_key"),
        ("no such file", put(["connections", 1, "credentials", "api_key"], {"file": "/nope"}),
         "connections.1.credentials.api_key"),
        ("no such variable", put(["connections", 1, "credentials", "api_key"], {"env": "NOPE"}),
         "connections.1.credentials.api_key"),
        ("rule", put(["rules", 0, "then"], [{"reject": {}}]), "rules.0"),
        ("rule's platform", put(["rules", 0, "then"], [{"send_assessment": {
            "platform": "nope", "assessment": "x"}}]), "rules.0"),
    ]
    with tap.directory() as path:
        home = prepared.Home(os.path.join(path, "home"))
        for name, text, part in rows:
            done = home.run("apply", "--no-test", "--json", "-", stdin=text)
            tap.equal(done.code, 2, f"wrong document: {name}: refused")
            tap.contains(done.json()["error"], part, f"wrong document: {name}: where")
            lacks_secrets(done.out + done.err, f"wrong document: {name}")
        tap.equal(home.run("org", "--json").json(), [], "wrong documents leave no org behind")
        tap.equal(os.listdir(os.path.join(home.path, "orgs")), [], "nor a directory")


@with_home
def test_secrets(home):
    directory = os.path.dirname(home.path)
    text = prepared.document(org="quiet")
    with open(os.path.join(directory, "key"), "w", encoding="ascii") as f:
        f.write("API key from a file\n")
    text["connections"][1]["credentials"]["api_key"] = {"file": "key"}
    text["connections"][0]["credentials"]["client_secret"] = {"env": "GH_SECRET"}
    with open(os.path.join(directory, "doc.json"), "w", encoding="utf-8") as f:
        json.dump(text, f)
    secrets = ("API key from a file", "secret of the environment")
    done = home.run("apply", "--no-test", os.path.join(directory, "doc.json"),
                    env={"GH_SECRET": secrets[1]})
    tap.equal(done.code, 0, "secrets from a file beside the document and from the environment")
    lacks_secrets(done.out + done.err, "apply", *secrets)

    process = subprocess.Popen([os.path.join(tap.build(), "fairlead"), "apply", "--no-test", "-"],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, env=cgi.environment(home.env()))
    with open(f"/proc/{process.pid}/cmdline", "rb") as f:
        arguments = f.read().decode()
    out = process.communicate(json.dumps(prepared.document(org="ps")).encode(), timeout=60)[0]
    tap.equal(process.returncode, 0, "apply from standard input")
    lacks_secrets(arguments + out.decode(), "arguments and output")
    for row in (["org"], ["test", "acme", "cs"], ["events", "acme"], ["actions", "acme"],
                ["check"], ["doctor", "--offline"], ["key", "list", "acme"], ["tick"]):
        for more in ([], ["--json"]):
            done = home.run(*row, *more)
            lacks_secrets(done.out + done.err, " ".join(row + more), *secrets)
    found = []
    for top, _, names in os.walk(home.path):
        for name in names:
            if not os.path.isfile(os.path.join(top, name)):
                continue  # the worker's bell
            with open(os.path.join(top, name), "rb") as f:
                data = f.read()
            found += [name for s in (*prepared.CREDENTIALS.values(), *secrets)
                      if s.encode() in data]
    tap.equal(found, [], "no secret rests in clear")


@with_home
def test_keys(home):
    done = home.must("key", "issue", "acme", "--scope", "status:read", "--scope",
                     "interviews:read,interviews:write", "--label", "flow & co", "--expires", "90d",
                     "--json")
    made = done.json()
    tap.equal(sorted(made["scopes"]), ["interviews:read", "interviews:write", "status:read"],
              "issued with its scopes")
    tap.ok(made["key"].startswith("fl_live_" + made["id"]), "the key starts with its id")
    test = home.run("key", "issue", "acme", "--scope", "status:read", "--test")
    tap.ok(test.out.startswith("fl_test_") and test.out.count("\n") == 1,
           "the key alone stands on stdout")
    tap.contains(test.err, "only time", "the rest on stderr")
    rows = home.run("key", "list", "acme", "--json").json()
    tap.equal([(r["label"], r["state"]) for r in rows],
              [("flow & co", "live"), ("issued on the command line", "live")], "listed by age")
    tap.ok(abs(rows[0]["expires_ms"] - rows[0]["created_ms"] - 90 * DAY) < 60000, "90 days")
    listed = home.run("key", "list", "acme").out + json.dumps(rows)
    for key in (made["key"], test.out.strip()):
        tap.lacks(listed, key, "lists show no key")
    done = home.run("key", "revoke", "acme", made["id"], "--json")
    tap.equal((done.code, done.json()), (0, {"id": made["id"], "changed": True}), "revoked")
    tap.equal(home.run("key", "revoke", "acme", rows[0]["starts"], "--json").json()["changed"],
              False, "by its start, twice")
    tap.equal(home.run("key", "list", "acme", "--json").json()[0]["state"], "revoked", "listed so")
    tap.equal(home.run("key", "revoke", "acme", "aaaaaaaa").code, 1, "one that is not there")


def post(server, target, number):
    body = json.dumps({"action": "candidate_stage_change", "payload": {"number": number}}).encode()
    return server.request("POST", target, body=body, headers={
        "Signature": "sha256 " + planted.digest(prepared.CREDENTIALS["hook"], body),
        "Greenhouse-Event-ID": f"event-{number}"})


def target_of(home):
    return home.answer["connections"][0]["webhook_url"].replace("https://hire.example.org", "")


@with_home
def test_admin(home):
    done = home.must("admin", "invite", "acme", "Ada@Example.com")
    tap.ok(done.out.startswith(prepared.PUBLIC_URL + "/admin/acme/invitation/") and
           done.out.count("\n") == 1, "a link alone stands on stdout", done.out)
    token = done.out.strip().rsplit("/", 1)[1]
    for name, row, code in (
            ("nobody to reset", ["reset", "acme", "eve@example.com"], 1),
            ("nobody to remove", ["remove", "acme", "eve@example.com"], 1),
            ("no such org", ["invite", "nobody", "eve@example.com"], 1),
            ("no operator of an org", ["invite", "acme", "eve@example.com", "--role", "operator"], 2),
            ("no admin of the host", ["invite", "-", "eve@example.com", "--role", "admin"], 2)):
        tap.equal(home.run("admin", *row).code, code, name)
    tap.equal(home.run("admin", "list", "acme", "--json").json(), [], "nobody before the link is used")
    host = home.must("admin", "invite", "-", "op@example.com", "--json").json()
    tap.ok(host["link"].startswith(prepared.PUBLIC_URL + "/admin/-/invitation/"),
           "the host stands where its orgs stand", host)
    host = home.must("admin", "invite", "-", "op2@example.com", "--url", "https://op.example/x/").out
    tap.ok(host.startswith("https://op.example/x/admin/-/invitation/"), "or where it is told")
    log = home.must("audit", "export", "acme").out
    tap.contains(log, "person.invited", "invitations are in the log")
    tap.lacks(log, token, "their links are not")
    tap.equal(home.run("check").code, 0, "the host's records are checked, too")
    path = os.path.join(home.path, "run", "backup")
    home.must("backup", path)
    other = prepared.Home(home.path + "-other", init=False)
    os.makedirs(other.path, 0o700)
    with open(os.path.join(home.path, "secrets"), "rb") as f:
        key = f.read()
    with open(os.path.join(other.path, "secrets"), "wb", opener=lambda p, f: os.open(p, f, 0o400)) as f:
        f.write(key)
    other.must("restore", path)
    host = other.must("admin", "invite", "-", "op3@example.com").out
    tap.ok(host.startswith("https://op.example/x/"), "and travel in a backup", host)


@with_home
def test_audit(home):
    made = home.must("key", "issue", "acme", "--scope", "status:read", "--json").json()
    home.must("key", "revoke", "acme", made["id"])
    home.must("key", "revoke", "acme", made["id"])
    home.apply(prepared.document())
    lines = home.must("audit", "export", "acme").out
    records = [r["record"] for r in home.must("audit", "export", "acme", "--json").json()[1:]]
    tap.equal([(r["did"], r.get("about")) for r in records],
              [("document.applied", None), ("key.issued", "key " + made["id"]),
               ("key.revoked", "key " + made["id"])], "what was done, and only what changed something")
    tap.ok(all(r["who"].startswith("command of ") and r["from"] == "terminal" for r in records),
           "by whom and from where", records)
    lacks_secrets(lines, "the log", made["key"])
    done = home.run("audit", "verify", "--json")
    tap.equal((done.code, [r["log"] for r in done.json()], {r["state"] for r in done.json()}),
              (0, ["the host", "acme"], {"whole"}), "all logs are whole")
    last = done.json()[1]
    anchor = f"{last['last']}:{last['hash']}"
    tap.equal(home.run("audit", "verify", "acme", "--anchor", anchor).code, 0, "as it was noted")
    exported = os.path.join(home.path, "run", "export")
    with open(exported, "w", encoding="utf-8") as f:
        f.write(lines)
    tap.equal(home.run("audit", "verify", "--file", exported, "--anchor", anchor).code, 0,
              "an export can be verified")
    path = os.path.join(home.path, "audit", "acme", "000001.log")
    with open(path, "r+b") as f:
        text = f.read().replace(b"key.revoked", b"key.issued!")
        f.seek(0)
        f.write(text)
    done = home.run("audit", "verify", "acme")
    tap.equal(done.code, 1, "a changed log is seen")
    tap.contains(done.out, "BAD  acme", "and named")


@with_home
def test_backup(home):
    target, copy = target_of(home), home.path + ".backup"
    stop, sent = threading.Event(), []
    with fcgi_client.Server("webhook.fcgi", env=home.env()) as server:
        def send():
            while not stop.is_set():
                sent.append(post(server, target, len(sent)).status)

        thread = threading.Thread(target=send)
        thread.start()
        tap.wait_for(lambda: len(sent) > 20)
        done = home.run("backup", copy, "--json")
        tap.wait_for(lambda n=len(sent): len(sent) > n + 20)
        stop.set()
        thread.join()
        tap.equal((done.code, done.json()["orgs"]), (0, 1), "backup while deliveries come in")
        tap.equal(set(sent), {200}, "no delivery was turned away")
        tap.equal(stat.S_IMODE(os.stat(copy).st_mode) & 0o077, 0, "the backup is for nobody else")
        tap.ok(home.run("backup", "/nonexistent/x").code == 3, "nowhere to write: the system failed")
        with open(copy, "rb") as f:
            lacks_secrets(f.read().decode("latin-1"), "the backup")

        bad = copy + ".bad"
        with open(copy, "rb") as f:
            text = bytearray(f.read())
        text[len(text) // 2] ^= 1
        with open(bad, "wb") as f:
            f.write(text)
        done = home.run("restore", "--replace", bad, "--json")
        tap.ok(done.code in (2, 3), "a damaged backup is refused")
        tap.equal(home.run("check").code, 0, "and changes nothing")
        tap.equal(home.run("restore", copy, "--json").code, 1, "what is there is left alone")
        home.must("key", "issue", "acme", "--scope", "status:read")
        done = home.run("restore", "--replace", copy, "--json")
        tap.equal(done.code, 0, "restored while the program serves")
        tap.equal(home.run("key", "list", "acme", "--json").json(), [], "as it was then")
        tap.equal(post(server, target, "after").status, 200, "and deliveries come in as before")
    tap.equal(home.run("check").code, 0, "restored: every file is whole")
    away = prepared.Home(home.path + ".away", init=False)
    os.mkdir(away.path, 0o700)
    done = away.run("restore", copy)
    tap.ok(done.code != 0 and "key" in done.err, "without the master key: said so")


def worked(home):
    """How many deliveries stand in the org's state."""
    return len(home.run("events", "acme", "--json", "--last", "10000").json())


@with_home
def test_restore_beside_worker(home):
    target, copy = target_of(home), home.path + ".backup"
    worker = subprocess.Popen([cgi.program("fairlead"), "worker"],
                              env=cgi.environment(home.env()), stderr=subprocess.PIPE)
    stop, answers = threading.Event(), []
    with fcgi_client.Server("webhook.fcgi", env=home.env()) as server:
        def send():
            while not stop.is_set():
                answers.append(post(server, target, len(answers)).status)

        try:
            post(server, target, "before")
            tap.ok(tap.wait_for(lambda: worked(home) == 1), "a worker is there")
            home.must("backup", copy)
            home.must("key", "issue", "acme", "--scope", "status:read")
            thread = threading.Thread(target=send)
            thread.start()
            done = home.run("restore", "--replace", copy, "--json")
            tap.wait_for(lambda n=len(answers): len(answers) > n + 20)
            stop.set()
            thread.join()
            tap.equal(done.code, 0, "restored beside a worker and deliveries")
            tap.equal(home.run("key", "list", "acme", "--json").json(), [], "as it was then")
            tap.equal(set(answers), {200}, "no delivery was turned away")
            tap.equal(worker.poll(), None, "the worker is still there")
            home.must("check")
            tap.equal(post(server, target, "last").status, 200, "another delivery")
            tap.ok(tap.wait_for(lambda: home.run("events", "acme", "--last", "1", "--body", str(
                home.run("events", "acme", "--json", "--last", "1").json()[0]["number"])).out
                .count('"last"')), "which the worker works on by itself")
        finally:
            stop.set()
            worker.terminate()
            log = worker.communicate(timeout=20)[1].decode()
    tap.equal(worker.returncode, 0, "the worker ends cleanly")
    tap.contains(log, "the worker rests", "and has said that it rested")
    tap.equal(home.run("check").code, 0, "every file is whole")


@with_home
def test_check(home):
    done = home.run("check", "--json")
    tap.equal((done.code, [(r["what"], r["ok"]) for r in done.json()]),
              (0, [("inbox", True), ("organisation acme", True)]), "a good home")
    mended = set()
    for name in ("index.0", "index.1", "journal.0", "journal.1", "meta"):
        at = os.path.join(home.path, "orgs/acme", name)
        if os.path.getsize(at) == 0:
            continue
        with open(at, "r+b") as file:
            file.write(b"\xaa" * 4096)
        done = home.run("check")
        if done.code == 0:  # the old lap of the journal
            continue
        tap.equal((done.code, done.out.count("mended organisation acme")), (1, 1),
                  f"{name}: damage is named and mended")
        tap.lacks(done.err, "restore", f"{name}: no backup is asked for")
        tap.equal(home.run("check").code, 0, f"{name}: whole again")
        home.must("events", "acme")
        mended.add(name)
    tap.ok({"index.0", "meta"} <= mended, "which all of these need", mended)
    for name in ("journal.0", "journal.1"):
        os.unlink(os.path.join(home.path, "orgs/acme", name))
        home.run("check")
        tap.equal(home.run("check").code, 0, f"{name} gone: mended")
        for _ in range(40):  # through both segments
            home.must("key", "issue", "acme", "--scope", "status:read")
        tap.equal(home.run("check").code, 0, f"{name} gone: and goes on")
    home.apply(prepared.document(org="other"))
    home.damage("acme")
    done = home.run("check")
    tap.equal(done.code, 1, "a damaged one: the answer is no")
    tap.contains(done.out, "BAD  organisation acme", "a damaged one: which")
    tap.contains(done.out, "ok   organisation other", "the others are good")
    tap.contains(done.err, "restore", "and what brings it back")
    rows = {r["what"]: r for r in home.run("check", "--json").json()}
    tap.ok(not rows["organisation acme"]["ok"] and rows["organisation acme"]["cause"], "in JSON")


class Web:
    """A web server that has fairlead behind it, or says it has."""

    def __init__(self, status=200, body=b'{"ok":true,"authorization":"absent"}'):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.base = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def faults(home, *more, env=None):
    done = home.run("doctor", "--json", *more, env=env)
    rows = done.json()
    bad = {r["what"]: r for r in rows if r["state"] == "fault"}
    tap.equal(done.code, 1 if bad else 0, "doctor: the exit code goes with the faults")
    tap.ok(all(r.get("mend") for r in rows if r["state"] != "ok"), "doctor: each with what mends it",
           [r for r in rows if r["state"] != "ok"])
    return bad


@with_home
def test_doctor(home):
    tap.equal(faults(home, "--offline"), {}, "doctor: the ring of apply is no waiting delivery")
    home.must("tick")
    tap.equal(faults(home, "--offline"), {}, "doctor: a good home has no faults")
    text = home.run("doctor", "--offline").out
    tap.contains(text, "No faults.", "doctor: in words")
    elsewhere = os.path.join(os.path.dirname(home.path), "key elsewhere")
    os.rename(os.path.join(home.path, "secrets"), elsewhere)
    there = {"FAIRLEAD_SECRETS": elsewhere}
    tap.equal(faults(home, "--offline", env=there), {}, "doctor: the key may live elsewhere")
    os.chmod(elsewhere, 0o644)
    tap.contains(faults(home, "--offline", env=there)["secrets"]["mend"], elsewhere,
                 "doctor: and is looked at there")
    os.chmod(elsewhere, 0o400)
    os.rename(elsewhere, os.path.join(home.path, "secrets"))
    for name, mode in (("secrets", 0o644), ("inbox", 0o755), ("orgs", 0o770)):
        path = os.path.join(home.path, name)
        was = stat.S_IMODE(os.stat(path).st_mode)
        os.chmod(path, mode)
        bad = faults(home, "--offline")
        tap.ok(name in bad and bad[name]["mend"].startswith("chmod ") and
               bad[name]["mend"].endswith(path), f"doctor: mode of {name}", bad)
        tap.lacks(str(bad), "fairlead init", f"doctor: mode of {name}: the home need not be made")
        subprocess.run(bad[name]["mend"].split(), check=False) if name in bad else None
        tap.equal(faults(home, "--offline"), {}, f"doctor: mode of {name}: its line mends it")
        os.chmod(path, was)
    os.rename(os.path.join(home.path, "secrets"), os.path.join(home.path, "gone"))
    tap.contains(faults(home, "--offline"), "secrets", "doctor: no master key")
    os.rename(os.path.join(home.path, "gone"), os.path.join(home.path, "secrets"))

    with fcgi_client.Server("webhook.fcgi", env=home.env()) as server:
        tap.equal(post(server, target_of(home), 1).status, 200, "doctor: a delivery")
    bad = faults(home, "--offline")
    tap.contains(bad, "worker", "doctor: a delivery waits and no worker runs")
    tap.contains(bad.get("worker", {}).get("mend", ""), "fairlead worker", "doctor: what to start")
    home.must("tick")
    tap.lacks(faults(home, "--offline"), "worker", "doctor: once it was worked on, no fault")

    clock = os.path.join(os.path.dirname(home.path), "clock")
    with open(clock, "w", encoding="ascii") as f:
        f.write(str(-DAY))
    bad = faults(home, "--offline", env={"FAIRLEAD_TEST_CLOCK": clock})
    tap.contains(bad, "clock", "doctor: the clock was set back")
    tap.contains(bad.get("clock", {}).get("found", ""), "future", "doctor: how it shows")
    home.damage("acme")
    tap.contains(faults(home, "--offline"), "acme", "doctor: a damaged org")


OTHERS = ("assessment", "interview-link", "keys", "report", "webhook")


def test_doctor_outside():
    for name, web, what, part in (
            ("drops Authorization", {}, "authorization", "drops"),
            ("is something else", {"status": 404, "body": b"no"}, "web server", "404"),
            ("says nonsense", {"body": b"<html>"}, "web server", "not behind it")):
        with tap.directory() as path, Web(**web) as server, prepared.Platform() as platform:
            home = prepared.Home(os.path.join(path, "home"))
            text = prepared.document(platform)
            text["public_url"] = server.base + "/fairlead"
            del text["connections"][0], text["rules"]
            home.apply(text)
            bad = faults(home)
            tap.contains(bad, what, f"doctor: the web server {name}")
            tap.contains(bad.get(what, {}).get("found", ""), part, f"doctor: {name}: found out")
            bad = faults(home, env={"FAIRLEAD_ALLOW_NETWORKS": ""})
            tap.contains(bad.get("reach cs", {}).get("mend", ""), "FAIRLEAD_ALLOW_NETWORKS",
                         f"doctor: {name}: a network that is not allowed")
    with tap.directory() as path:
        home = prepared.Home(os.path.join(path, "home"))
        with fcgi_client.Server("admin.fcgi", env=home.env()) as server, \
                front.Front(server, **dict.fromkeys(OTHERS)) as web, prepared.Platform() as platform:
            text = prepared.document(platform)
            text["public_url"] = web.base + "/fairlead"
            del text["connections"][0], text["rules"]
            home.apply(text)
            home.must("tick")
            bad = faults(home)
            tap.equal(sorted(bad), [f"program {n}" for n in sorted(OTHERS)],
                      "doctor: a web server that knows one program only")
            tap.contains(bad.get("program report", {}).get("mend", ""), "examples",
                         "doctor: and where to read what is missing")
            with contextlib.ExitStack() as stack:
                behind = {n: stack.enter_context(fcgi_client.Server(f"{n}.fcgi", env=home.env()))
                          for n in OTHERS}
                whole = stack.enter_context(front.Front(server, **behind))
                text["public_url"] = whole.base + "/fairlead"
                home.apply(text)
                home.must("tick")
                tap.equal(faults(home), {}, "doctor: a web server as it should be")
        tap.contains(faults(home), "web server", "doctor: no web server")


@with_home
def test_work(home):
    done = home.run("tick", "--json")
    tap.equal((done.code, sorted(done.json())), (0, ["deliveries", "performed", "waiting"]), "tick")
    tap.equal(sorted(home.run("sweep", "acme", "--json").json()),
              ["failed", "looked_at", "repaired"], "sweep")
    with fcgi_client.Server("webhook.fcgi", env=home.env()) as server:
        post(server, target_of(home), 1)
    tap.equal(home.must("tick", "--json").json()["deliveries"] >= 1, True, "tick reads it")
    rows = home.run("events", "acme", "--json").json()
    tap.equal(len(rows), 1, "events: one")
    number = str(rows[0]["number"]) if "number" in rows[0] else "1"
    tap.equal(json.loads(home.run("events", "acme", "--body", number).out)["payload"]["number"], 1,
              "events: its bytes")
    tap.equal(home.run("events", "acme", "--body", "99").code, 1, "events: one that is not there")
    tap.equal(home.run("actions", "acme", "--retry", "99").code, 1, "actions: nothing to retry")
    tap.equal(home.run("test", "acme", "nosuch").code, 1, "test: a connection that is not there")
    tap.ok(isinstance(home.run("actions", "acme", "--json").json(), list), "actions: a list")
    tap.ok(home.run("replay", "acme", number, "--json").code in (0, 1), "replay answers")
    worker = subprocess.Popen([os.path.join(tap.build(), "fairlead"), "worker"],
                              env=cgi.environment(home.env()), stderr=subprocess.DEVNULL)
    try:
        second = tap.wait_for(lambda: home.run("doctor", "--offline").out.count("running; ") or None)
        tap.ok(second, "doctor sees the worker")
        tap.equal(home.run("worker").code, 1, "a second worker: the answer is no")
        tap.equal(home.run("tick").code, 0, "tick beside a worker does no harm")
        with open(f"/proc/{worker.pid}/cmdline", "rb") as f:
            lacks_secrets(f.read().decode(), "arguments of the worker")
    finally:
        worker.terminate()
    tap.equal(worker.wait(20), 0, "SIGTERM ends it cleanly")


@with_home
def test_apply_together(home):
    """Several at one time are as one after the other: nobody is told of an address that is none."""
    command = [cgi.program("fairlead"), "--home", home.path, "--json", "apply", "--no-test", "-"]
    wrong = []
    for turn in range(6):
        ids = [f"more{turn}-{n}" for n in range(8)]
        text = json.dumps(dict(prepared.document(), connections=[
            {"id": i, "kind": "greenhouse", "settings": {"act_as_user": 1},
             "credentials": {"client_id": "a", "client_secret": "b"}} for i in ids])).encode()
        running = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                    env=cgi.environment(home.env())) for _ in range(8)]
        for one in running:  # they are all there, and wait for this
            one.stdin.write(text)
        for one in running:
            one.stdin.close()
        told = [json.loads(one.stdout.read()) for one in running]
        wrong += [one.wait() for one in running if one.wait() != 0]
        for one in running:
            one.stdout.close()
        told.append(home.must("apply", "--no-test", "--json", "-", stdin=text).json())
        addresses = {tuple(c["webhook_url"] for c in t["connections"]) for t in told}
        secrets = [c["id"] for t in told for c in t["connections"] if "webhook_secret" in c]
        if len(addresses) != 1 or sorted(secrets) != ids:
            wrong.append((len(addresses), secrets))
    tap.equal(wrong, [], "together: all were told the same, and each secret was made once")


tap.run(test_usage, test_no_home, test_apply, test_apply_together, test_wrong_documents,
        test_secrets, test_keys, test_admin, test_audit, test_backup, test_restore_beside_worker,
        test_check, test_doctor, test_doctor_outside, test_work)
