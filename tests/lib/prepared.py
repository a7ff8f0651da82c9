# SPDX-License-Identifier: GPL-3.0-or-later
"""Homes prepared through the fairlead command, and a stand-in for CodeSignal's GraphQL.

    home = prepared.Home(path)                 fairlead init, nothing more
    home.apply(document)                       fairlead apply --no-test; the answer as JSON
    key = home.key("interviews:write")         fairlead key issue
    done = home.run("org", "--json")           done.code, done.out, done.err, done.json()
    home.env()                                 environment for the programs

    with prepared.small_disk(path) as disk:    a file system of 32 MB there, or None

    with prepared.Platform() as platform:      answers the documents of data/codesignal
        prepared.document(platform)            an apply document that names it
        platform.calls                         [(operation, variables)]
        platform.delay, platform.status        seconds before each answer; HTTP status
        platform.room                          format of a room's address, or None for its own
"""
import contextlib
import http.server
import json
import os
import re
import subprocess
import threading
import time

import cgi
import tap

PUBLIC_URL = "https://hire.example.org/fairlead"
CREDENTIALS = {"api_key": "codesignal API key, made up", "client_id": "greenhouse id, made up",
               "client_secret": "greenhouse secret, made up",
               "hook": "webhook secret, made up"}


def document(platform=None, org="acme"):
    settings = {"base_url": platform.base + "/graphql"} if platform is not None else {}
    return {"org": org, "name": "Acme & Söhne", "public_url": PUBLIC_URL, "connections": [
        {"id": "gh", "kind": "greenhouse", "settings": {"act_as_user": 4158},
         "credentials": {"client_id": CREDENTIALS["client_id"],
                         "client_secret": CREDENTIALS["client_secret"]},
         "webhook": {"secrets": [CREDENTIALS["hook"]]}},
        {"id": "cs", "kind": "codesignal", "settings": settings,
         "credentials": {"api_key": CREDENTIALS["api_key"]},
         "webhook": {"secrets": [CREDENTIALS["hook"]]}}],
        "rules": [{"id": "back", "when": {"result": "final"}, "then": [{"write_result": {}}]}]}


@contextlib.contextmanager
def small_disk(path):
    """A file system of 32 MB, or None where we may not mount one."""
    os.mkdir(path, 0o700)
    mounted = os.geteuid() == 0 and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=32m,mode=0700", "tmpfs", path],
        capture_output=True, check=False).returncode == 0
    try:
        yield path if mounted else None
    finally:
        if mounted:
            subprocess.run(["umount", "-l", path], check=False)


class Done:
    def __init__(self, done):
        self.code = done.returncode
        self.out = done.stdout.decode("utf-8", "replace")
        self.err = done.stderr.decode("utf-8", "replace")

    def json(self):
        return json.loads(self.out)

    def __repr__(self):
        return f"<{self.code} out {self.out[:600]!r} err {self.err[:600]!r}>"


class Home:
    def __init__(self, path, init=True):
        self.path = path
        self.more = {"FAIRLEAD_ALLOW_NETWORKS": "127.0.0.0/8"}
        if init:
            self.must("init")

    def env(self, **more):
        return {"FAIRLEAD_HOME": self.path, **self.more, **more}

    def run(self, *args, stdin=b"", env=None, timeout=60):
        return Done(subprocess.run([os.path.join(tap.build(), "fairlead"), *args], input=stdin,
                                   capture_output=True, check=False, timeout=timeout,
                                   env=cgi.briefly(cgi.environment(self.env(**(env or {}))))))

    def must(self, *args, **more):
        done = self.run(*args, **more)
        if done.code != 0:
            raise RuntimeError(f"fairlead {args}: {done}")
        return done

    def apply(self, text, *more):
        return self.must("apply", "--no-test", "--json", *more, "-",
                         stdin=json.dumps(text).encode()).json()

    def key(self, *scopes, org="acme"):
        return self.must("key", "issue", org, "--scope", ",".join(scopes)).out.strip()

    def damage(self, org):
        """Turns bytes of everything that was committed; nothing can be rebuilt from it."""
        directory = os.path.join(self.path, "orgs", org)
        for name in os.listdir(directory):
            path = os.path.join(directory, name)
            if os.path.isfile(path):
                with open(path, "r+b") as f:
                    text = bytearray(f.read())
                    for at in range(0, len(text), 16):
                        text[at] ^= 0x55
                    f.seek(0)
                    f.write(text)


class Platform:
    def __init__(self):
        self.calls, self.lock = [], threading.Lock()
        self.delay, self.status, self.room, self.made = 0, 200, None, 0
        self.trouble = "Internal"
        platform = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                length = int(self.headers.get("Content-Length", "0"))
                asked = json.loads(self.rfile.read(length))
                operation = re.search(r"\b(?:mutation|query)\b[^{]*\{\s*(\w+)",
                                      asked["query"]).group(1)
                body = json.dumps(platform.answer(operation, asked.get("variables") or {})).encode()
                try:
                    self.send_response(platform.status)
                    self.send_header("Content-Type", "application/json")
                    self.send_header("Content-Length", str(len(body)))
                    self.end_headers()
                    self.wfile.write(body)
                except ConnectionError:
                    self.close_connection = True

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.base = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def answer(self, operation, variables):
        with self.lock:
            self.calls.append((operation, variables))
        time.sleep(self.delay)  # a slow vendor; nobody waits for it to have passed
        if self.status != 200:
            return {"errors": [{"message": self.trouble}]}
        if operation in ("createLiveInterview", "editLiveInterview"):
            with self.lock:
                self.made += operation == "createLiveInterview"
                name = variables.get("id") or f"L{self.made}"
            return {"data": {operation: {"id": name, "url": (
                self.room or self.base + "/room/{}?accessToken=hush").format(name)}}}
        return {"data": {operation: True if operation == "deleteLiveInterview" else []}}

    def count(self, operation):
        with self.lock:
            return sum(name == operation for name, _ in self.calls)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
