# SPDX-License-Identifier: GPL-3.0-or-later
"""A plain HTTP server in front of one FastCGI program, for tests that need real HTTP.

    with front.Front(server) as http:       server: an fcgi_client.Server
    with front.Front(admin, report=server)  others for single programs, by their path; None: a path
                                            that the web server does not know
        http.base                           "http://127.0.0.1:PORT"
        http.seen                           (method, path, headers, body) of every request

It forwards what it gets and sends back what it is given, headers in their order.  A reply with a
Content-Length that its body does not keep is sent as it stands and the connection closed.
"""
import http.server
import threading

import cgi
import tap  # noqa: F401  (its directory comes first in sys.path, see cgi.py)


class Front:
    def __init__(self, server, **others):
        front = self
        self.seen, self.lock = [], threading.Lock()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def forward(self):
                length = self.headers.get("Content-Length")
                body = self.rfile.read(int(length)) if length else b""
                headers = [(k, v) for k, v in self.headers.items()
                           if k.lower() not in ("content-length", "connection")]
                with front.lock:
                    front.seen.append((self.command, self.path, dict(self.headers), body))
                name = (self.path.split("/") + ["", ""])[2].partition("?")[0]
                behind = others.get(name, server)
                if behind is None:
                    self.send_error(404)
                    return
                with behind.connect() as connection:
                    connection.begin()
                    connection.params(cgi.variables(self.command, self.path, body, headers,
                                                    length=length or ""))
                    connection.stdin(body)
                    if body:
                        connection.stdin(b"")
                    reply = connection.reply()
                try:
                    self.answer(reply)
                except ConnectionError:  # who asked has heard enough
                    self.close_connection = True

            def answer(self, reply):
                head = reply.raw.partition(b"\r\n\r\n")[0].split(b"\r\n")
                lines = [line for line in head if line and not line.lower().startswith(b"status:")]
                promised = [line for line in lines if line.lower().startswith(b"content-length:")]
                if not promised and reply.status not in (204, 304):
                    lines.append(b"Content-Length: %d" % len(reply.body))
                if promised and int(promised[0].split(b":")[1]) != len(reply.body):
                    self.close_connection = True
                self.wfile.write(b"HTTP/1.1 %d %s\r\n" % (reply.status, reply.reason.encode()) +
                                 b"\r\n".join(lines) + b"\r\n\r\n" + reply.body)

            do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = forward

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.base = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
