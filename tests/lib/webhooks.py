# SPDX-License-Identifier: GPL-3.0-or-later
"""A receiver of our webhooks, and what is to be said of what it received.

    with webhooks.Receiver() as receiver:
        receiver.url                       "http://127.0.0.1:PORT/hook"
        receiver.status, .headers          what it answers: 200, {}
        receiver.got                       deliveries, oldest first: names and values of headers as
                                           they came (list of pairs), body (bytes), path

    delivery.header("webhook-id")          one value, whatever its case; None when it is missing
    webhooks.codesignal(secret, url, delivery)     was it signed so?
    webhooks.judge(list)                   the reference library's word (tests/schema/
                                           check-webhooks.mjs); None when node or it is missing
"""
import hashlib
import hmac
import http.server
import json
import os
import shutil
import subprocess
import threading

import tap


class Delivery:
    def __init__(self, path, headers, body):
        self.path, self.headers, self.body = path, headers, body

    def header(self, name):
        found = [v for n, v in self.headers if n.lower() == name.lower()]
        return found[0] if found else None

    def json(self):
        return json.loads(self.body)


class Receiver:
    def __init__(self):
        receiver = self
        self.got, self.status, self.headers, self.lock = [], 200, {}, threading.Lock()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or "0"))
                with receiver.lock:
                    receiver.got.append(Delivery(self.path, self.headers.items(), body))
                    status, headers = receiver.status, dict(receiver.headers)
                try:
                    self.send_response(status)
                    for name, value in headers.items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                except ConnectionError:
                    self.close_connection = True

            do_GET = do_POST

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def codesignal(secret, url, delivery):
    event = delivery.json() if delivery.body else {}
    message = url + event.get("event", "") + str(event.get("triggeredOn", ""))
    wanted = hmac.new(secret.encode(), message.encode(), hashlib.sha256).hexdigest()
    return delivery.header("X-CodeSignal-Signature") == wanted


def judge(deliveries):
    """deliveries: (secret, Delivery) for Standard Webhooks, (None, Delivery) for CodeSignal's."""
    script = os.path.join(tap.source(), "tests/schema/check-webhooks.mjs")
    if not shutil.which("node") or subprocess.run(
            ["node", "-e", "require.resolve('standardwebhooks')"], cwd=os.path.dirname(script),
            capture_output=True, check=False).returncode != 0:
        return None
    rows = [{"codesignal": True, "body": d.body.decode()} if secret is None else
            {"standard": secret, "headers": dict(d.headers), "body": d.body.decode()}
            for secret, d in deliveries]
    schema = os.path.join(tap.shared() or "", "specs/codesignal-webhooks.schema.json")
    done = subprocess.run(["node", script] + ([schema] if os.path.exists(schema) else []),
                          input=json.dumps(rows).encode(), capture_output=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.decode())
    return json.loads(done.stdout)
