# SPDX-License-Identifier: GPL-3.0-or-later
"""Mail goes out over SMTP or by sendmail, and how it ended is told apart."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.environ["FAIRLEAD_SOURCE"], "tests", "lib"))
import smtp  # noqa: E402
import tap  # noqa: E402

LOOPBACK = "127.0.0.0/8"
FROM, TO = "fairlead@example.org", "team@example.org"


def speak(verb="send", subject="Größe", text="Hällo\n.\nFrom here\n", to=TO, sender=FROM, **way):
    env = {k: v for k, v in os.environ.items() if not k.startswith(("MAIL_", "FAIRLEAD_CA"))}
    for name, value in way.items():
        env["FAIRLEAD_CA_FILE" if name == "ca" else "MAIL_" + name.upper()] = str(value)
    done = subprocess.run([os.path.join(tap.build(), "tests/program/speak_mail"), verb, sender, to,
                           subject, text], env=env, capture_output=True, text=True, timeout=120)
    end, _, rest = done.stdout.strip().partition("|")
    code, _, cause = rest.partition("|")
    return end, int(code or 0), cause, done.returncode


def url(relay, scheme="smtp", host="127.0.0.1"):
    return f"{scheme}://{host}:{relay.port}"


def test_plain():
    with smtp.Relay() as relay:
        end, _, _, code = speak(url=url(relay), allow=LOOPBACK)
        tap.equal((end, code), ("sent", 0), "sent to a relay on loopback")
        mail = relay.wait(1)[0]
        tap.equal((mail.sender, mail.to, mail.tls), (FROM, [TO], False), "the envelope")
        tap.equal(mail.subject, "Größe", "the subject, decoded")
        tap.equal(mail.text, "Hällo\n.\nFrom here\n", "the text, dots and all")
        tap.equal(mail.message["Auto-Submitted"], "auto-generated", "no robot answers it")
        tap.equal(mail.message["Message-ID"], "<one.two@example.org>", "its id")
        tap.ok(all(c < 128 for c in mail.data), "nothing but ASCII on the wire")
        end, _, cause, code = speak(url=url(relay))
        tap.equal((end, code), ("later", 1), "a loopback that is not allowed is refused")
        tap.contains(cause, "no TLS", "with the cause")
        end, _, _, _ = speak("try", url=url(relay), allow=LOOPBACK)
        tap.equal(end, "sent", "trying works")
        tap.equal(len(relay.mails), 1, "and sends nothing")


def test_tls(directory):
    good = smtp.Certificate(directory)
    with smtp.Relay(tls=good) as relay:
        end, _, cause, _ = speak(url=url(relay), ca=good.ca)
        tap.equal(end, "sent", f"STARTTLS with a certificate that holds {cause}")
        tap.ok(relay.wait(1)[0].tls, "the mail went over TLS")
        end, _, cause, _ = speak(url=url(relay))
        tap.equal((end, len(relay.mails)), ("later", 1), "a certificate nobody vouches for")
        tap.contains(cause, "certificate", "is named as the cause")
        end, _, _, _ = speak(url=url(relay), allow=LOOPBACK)
        tap.equal(end, "sent", "on allowed loopback it does not matter")
        tap.ok(not relay.wait(2)[-1].tls, "for that one is spoken to in the clear")
        end, _, _, _ = speak(url=url(relay, host="localhost"), ca=good.ca)
        tap.equal(end, "sent", "by name")
    with smtp.Relay(tls=good, implicit=True) as relay:
        end, _, cause, _ = speak(url=url(relay, "smtps"), ca=good.ca)
        tap.equal(end, "sent", f"smtps {cause}")
        end, _, _, _ = speak(url=url(relay, "smtps"), allow=LOOPBACK)
        tap.equal((end, len(relay.mails)), ("later", 1), "smtps never goes on in the clear")
    other = os.path.join(directory, "other")
    os.mkdir(other)
    wrong = smtp.Certificate(other, names="DNS:mail.example.org")
    with smtp.Relay(tls=wrong) as relay:
        end, _, _, _ = speak(url=url(relay), ca=wrong.ca)
        tap.equal((end, relay.mails), ("later", []), "a certificate of somebody else")


def test_login(directory):
    cert = smtp.Certificate(directory)
    with smtp.Relay(tls=cert, users={"me": "pass word"}) as relay:
        end, _, _, _ = speak(url=url(relay), ca=cert.ca, user="me", password="pass word")
        tap.equal(end, "sent", "with user and password")
        tap.equal(relay.wait(1)[0].user, "me", "who was who he said")
        end, code, cause, _ = speak(url=url(relay), ca=cert.ca, user="me", password="guess")
        tap.equal((end, code), ("denied", 535), "a wrong password")
        tap.lacks(cause, "guess", "which is not repeated")
        end, _, _, _ = speak(url=url(relay), ca=cert.ca)
        tap.equal(end, "denied", "nobody at all")
    with smtp.Relay(users={"me": "x"}) as relay:
        end, _, _, _ = speak(url=url(relay), user="me", password="x")
        tap.equal((end, relay.mails), ("later", []), "no password goes out in the clear")
        tap.ok(not any("AUTH" in c for c in relay.commands), "not even the attempt")


def test_ends():
    rows = [
        ("the recipient is unknown", "RCPT", "550 no such user", "refused", 550),
        ("the recipient is full", "RCPT", "452 full", "later", 452),
        ("the sender is not wanted", "MAIL", "550 not you", "denied", 550),
        ("the sender must wait", "MAIL", "451 later", "later", 451),
        ("no data wanted", "DATA", "554 no", "refused", 554),
        ("the message is not wanted", "MESSAGE", "554 spam", "refused", 554),
        ("the message cannot be kept", "MESSAGE", "452 full", "later", 452),
        ("hung up before the greeting", "CONNECT", "CLOSE", "later", None),
        ("closed", "CONNECT", "421 closing", "later", 421),
        ("hung up before the message", "DATA", "CLOSE", "later", None),
        ("hung up behind the message", "MESSAGE", "CLOSE", "uncertain", None),
    ]
    for name, verb, said, want, code in rows:
        with smtp.Relay() as relay:
            relay.answers[verb] = [said] * 2  # TLS is asked for first
            end, got, cause, status = speak(url=url(relay), allow=LOOPBACK)
            tap.equal((end, status), (want, 1), f"{name}: {want} ({cause})")
            if code:
                tap.equal(got, code, f"{name}: {code}")
                tap.contains(cause, said[4:], f"{name}: in the relay's words")
    with smtp.Relay() as relay:
        relay.answers["MESSAGE"] = ["SILENT"]
        end, _, cause, _ = speak(url=url(relay), allow=LOOPBACK, timeout=3000)
        tap.equal(end, "uncertain", f"silence behind the message ({cause})")
    with smtp.Relay() as relay:
        relay.answers["RCPT"] = ["SILENT"]
        end, _, cause, _ = speak(url=url(relay), allow=LOOPBACK, timeout=3000)
        tap.equal(end, "later", f"silence before it ({cause})")
        gone = url(relay)
    end, _, cause, _ = speak(url=gone, allow=LOOPBACK)
    tap.equal(end, "later", f"nobody listens ({cause})")


def test_misuse():
    for text in ("http://127.0.0.1:25", "smtp://", "smtp://127.0.0.1/path", "smtp://h?x=1",
                 "mail.example.org", "smtp://me:secret@127.0.0.1", "smtp://a b"):
        end, _, cause, code = speak(url=text, allow=LOOPBACK)
        tap.equal((end, code), ("no way", 1), f"not a relay: {text}")
        tap.lacks(cause, "secret", "without repeating it")
    with smtp.Relay() as relay:
        for to in ("a@example.org>\r\nRCPT TO:<b@example.org", "a@x,b@y", "nobody"):
            tap.equal(speak(url=url(relay), allow=LOOPBACK, to=to)[0], "refused",
                      f"not an address: {to!r}")
        tap.equal(speak(url=url(relay), allow=LOOPBACK, subject="a\r\nBcc: b@x")[0], "refused",
                  "a header line in the subject")
        tap.equal(relay.commands, [], "of which the relay hears nothing")


SENDMAIL = """#!/bin/sh
for a; do printf '%s\\n' "$a"; done > {at}/args
cat > {at}/message
env > {at}/env
echo "what it says" >&2
exit $(cat {at}/code)
"""


def test_sendmail(directory):
    program = os.path.join(directory, "sendmail")
    at = lambda name: os.path.join(directory, name)  # noqa: E731
    with open(program, "w", encoding="ascii") as f:
        f.write(SENDMAIL.format(at=directory))
    os.chmod(program, 0o755)

    def send(code, **way):
        with open(at("code"), "w", encoding="ascii") as f:
            f.write(str(code))
        return speak(sendmail=program, **way)

    os.environ["A_SECRET"] = "in the open"
    tap.equal(send(0)[0], "sent", "handed to sendmail")
    with open(at("args"), encoding="ascii") as f:
        tap.equal(f.read().split("\n")[:-1], ["-i", "-f", FROM, TO], "as it wants to be called")
    with open(at("message"), "rb") as f:
        tap.contains(f.read(), b"Auto-Submitted: auto-generated\r\n", "with the whole message")
    with open(at("env"), encoding="utf-8", errors="replace") as f:
        tap.lacks(f.read(), "in the open", "and nothing of our environment")
    for code, want in ((75, "later"), (67, "refused"), (68, "refused"), (64, "refused"),
                       (77, "denied"), (70, "later"), (1, "later")):
        end, got, cause, _ = send(code)
        tap.equal((end, got), (want, code), f"it ends with {code}: {want}")
        tap.contains(cause, "what it says", "in its own words")
    tap.equal(speak("try", sendmail=program)[0], "sent", "trying finds it")
    tap.equal(speak(sendmail=at("none"))[0], "no way", "no such program")
    tap.equal(speak()[0], "no way", "neither a relay nor a sendmail")
    with open(program, "w", encoding="ascii") as f:
        f.write("#!/bin/sh\nexec sleep 60\n")
    end, _, _, _ = speak(sendmail=program, timeout=300)
    tap.equal(end, "uncertain", "one that hangs is ended")


def within(test):
    def run():
        with tap.directory() as path:
            test(path)
    run.__name__ = test.__name__
    return run


tap.run(test_plain, within(test_tls), within(test_login), test_ends, test_misuse,
        within(test_sendmail))
