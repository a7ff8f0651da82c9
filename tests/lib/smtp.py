# SPDX-License-Identifier: GPL-3.0-or-later
"""A mail relay of the tests' own: speaks SMTP on loopback, keeps what it is given.

    with smtp.Relay() as relay:              plain only
        ... smtp://127.0.0.1:{relay.port}
        mail = relay.wait(1)[0]              mail.sender, mail.to, mail.message (email.message)

    smtp.Relay(tls=smtp.Certificate(dir))    offers STARTTLS; implicit=True: smtps
    smtp.Relay(users={"me": "secret"})       wants AUTH
    relay.answers["RCPT"] = ["450 later"]    the next answers to a verb, instead of the usual
                                             ("CLOSE" hangs up, "SILENT" says nothing)
"""
import base64
import email
import email.policy
import os
import socket
import ssl
import subprocess
import threading
import time


class Certificate:
    """An authority made for this run, and a certificate of localhost and 127.0.0.1."""

    def __init__(self, directory, names="DNS:localhost,IP:127.0.0.1"):
        at = lambda name: os.path.join(directory, name)  # noqa: E731
        self.ca, self.cert, self.key = at("ca.pem"), at("cert.pem"), at("key.pem")
        with open(at("leaf.cnf"), "w", encoding="ascii") as f:
            f.write(f"subjectAltName={names}\nbasicConstraints=CA:FALSE\n")

        def openssl(*words):
            subprocess.run(["openssl", *words], check=True, capture_output=True)

        curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        openssl("req", "-x509", *curve, "-keyout", at("ca.key"), "-out", self.ca, "-days", "2",
                "-subj", "/CN=authority of the test")
        openssl("req", *curve, "-keyout", self.key, "-out", at("leaf.csr"), "-subj", "/CN=leaf")
        openssl("x509", "-req", "-in", at("leaf.csr"), "-CA", self.ca, "-CAkey", at("ca.key"),
                "-CAcreateserial", "-days", "2", "-extfile", at("leaf.cnf"), "-out", self.cert)

    def context(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.cert, self.key)
        return context


class Mail:
    def __init__(self, sender, to, data, tls, user):
        self.sender, self.to, self.data, self.tls, self.user = sender, to, data, tls, user
        self.message = email.message_from_bytes(data, policy=email.policy.default)
        self.subject = self.message["Subject"]
        self.text = self.message.get_content().replace("\r\n", "\n")


class Relay:
    def __init__(self, tls=None, implicit=False, users=None, host="127.0.0.1"):
        self.tls, self.implicit, self.users = tls, implicit, users
        self.mails, self.answers, self.commands = [], {}, []
        self.connections = 0
        self.changed = threading.Condition()
        self.listener = socket.create_server((host, 0))
        self.port = self.listener.getsockname()[1]
        self.open = []
        threading.Thread(target=self.accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self.listener.close()
        for s in list(self.open):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            s.close()

    def accept(self):
        while True:
            try:
                s, _ = self.listener.accept()
            except OSError:
                return
            self.open.append(s)
            self.connections += 1
            threading.Thread(target=self.serve, args=(s,), daemon=True).start()

    def answer(self, verb, usual):
        waiting = self.answers.get(verb)
        return waiting.pop(0) if waiting else usual

    def serve(self, s):
        try:
            self.converse(s)
        except (OSError, ssl.SSLError, ValueError, EOFError):
            pass
        finally:
            s.close()

    def converse(self, s):
        secure, user, sender, to = False, None, None, []
        if self.implicit:
            s, secure = self.tls.context().wrap_socket(s, server_side=True), True
            self.open.append(s)
        f = s.makefile("rb")

        def say(line):
            if line == "CLOSE":
                raise EOFError
            if line != "SILENT":
                s.sendall(line.encode() + b"\r\n")

        def hear():
            line = f.readline(65536)
            if not line.endswith(b"\r\n"):
                raise EOFError
            return line[:-2].decode("utf-8", "replace")

        say(self.answer("CONNECT", "220 relay of the test"))
        while True:
            line = hear()
            self.commands.append(line)
            verb = line.split(" ")[0].split(":")[0].upper()
            if verb == "EHLO":
                offers = ["relay", "SIZE 1000000"]
                if self.tls and not secure:
                    offers.append("STARTTLS")
                if self.users and (secure or not self.tls):
                    offers.append("AUTH PLAIN")
                usual = "\r\n".join(f"250{'-' if i + 1 < len(offers) else ' '}{o}"
                                    for i, o in enumerate(offers))
                say(self.answer(verb, usual))
            elif verb == "STARTTLS" and self.tls:
                say(self.answer(verb, "220 go on"))
                s, secure = self.tls.context().wrap_socket(s, server_side=True), True
                self.open.append(s)
                f = s.makefile("rb")
            elif verb == "AUTH":
                words = line.split(" ")
                if len(words) < 3:
                    say("334 ")
                    words.append(hear())
                _, name, password = base64.b64decode(words[2]).decode().split("\0")
                good = (self.users or {}).get(name) == password
                user = name if good else None
                say(self.answer(verb, "235 welcome" if good else "535 who are you?"))
            elif verb == "MAIL":
                sender, to = line.partition("<")[2].partition(">")[0], []
                usual = "530 say who you are" if self.users and not user else "250 fine"
                say(self.answer(verb, usual))
            elif verb == "RCPT":
                said = self.answer(verb, "250 fine")
                if said.startswith("2"):
                    to.append(line.partition("<")[2].partition(">")[0])
                say(said)
            elif verb == "DATA":
                said = self.answer(verb, "354 go on")
                say(said)
                if not said.startswith("3"):
                    continue
                data = b""
                while True:
                    one = f.readline(65536)
                    if not one.endswith(b"\r\n"):
                        raise EOFError
                    if one == b".\r\n":
                        break
                    data += one[1:] if one.startswith(b".") else one
                said = self.answer("MESSAGE", "250 taken")
                if said.startswith("2") or said in ("CLOSE", "SILENT"):
                    self.keep(Mail(sender, to, data, secure, user))
                say(said)
            elif verb == "QUIT":
                say("221 bye")
                return
            else:
                say(self.answer(verb, "250 fine"))

    def keep(self, mail):
        with self.changed:
            self.mails.append(mail)
            self.changed.notify_all()

    def wait(self, count, seconds=60):
        """All mails, once there are as many; however many there are when the time is up."""
        until = time.monotonic() + seconds
        with self.changed:
            while len(self.mails) < count and time.monotonic() < until:
                self.changed.wait(1)
            return list(self.mails)
