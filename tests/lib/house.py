# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole house on loopback for journey tests: web server, programs, worker, stand-ins.

    with house.House("lighttpd-spawned") as h:
        h.connect()                                 webhooks set at both stand-ins
        a = h.candidate("Ada", email="a@example.com")
        h.move(a, "Coding test")
        session = h.session_of(a)
        ...
        notes = h.notes(a)

VARIANTS are the seven ways to put the programs behind a web server.  Each includes the file below
lighttpd/ or apache/ unmodified, as an administrator would (the .htaccess gets its one line with
the home's path).  The stand-ins stand behind a lighttpd of their own, so that ending ours leaves
the vendors up.

Everything lives in one fresh directory with free ports; end() ends every process that was started
and every child these left behind (this process adopts orphans), and removes the directory.  When
root runs the tests, everything runs as www-data: Apache refuses to be root, and nothing needs it.
"""
import base64
import ctypes
import http.client
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

import cgi
import tap

LIGHTTPD = ["lighttpd-spawned", "lighttpd-external", "lighttpd-cgi"]
APACHE = ["apache-proxy", "apache-fcgid", "apache-cgi", "apache-htaccess"]
VARIANTS = LIGHTTPD + APACHE
PROGRAMS = ["webhook", "interview-link", "report", "assessment", "keys", "admin"]
STAND_INS = ["greenhouse", "codesignal", "consumer"]
MODULES = "/usr/lib/apache2/modules"

ADMIN = 5414812002  # the Greenhouse stand-in's Site Admin
TEST = "qTM9mK3GnM6XkQ7"

os.environ["PATH"] += ":/usr/sbin:/sbin"
# Who is asked to end cleans up first.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


def available(variant):
    """None, or why this variant cannot be tried here."""
    if not shutil.which("lighttpd"):
        return "lighttpd is not installed"
    if variant.startswith("apache"):
        if not shutil.which("apache2"):
            return "apache2 is not installed"
        if variant == "apache-fcgid" and not os.path.exists(f"{MODULES}/mod_fcgid.so"):
            return "libapache2-mod-fcgid is not installed"
    for name in ("fairlead", "webhook.fcgi", "sandbox/greenhouse.fcgi",
                 "sandbox/codesignal.fcgi"):
        if not os.path.exists(os.path.join(tap.build(), name)):
            return f"{name} is not built"
    return None


def adopt_orphans():
    """What a killed web server leaves behind becomes our child (PR_SET_CHILD_SUBREAPER)."""
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def descendants():
    """Ids of all processes below this one, youngest generations last."""
    parents = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat", encoding="utf-8", errors="replace") as f:
                    parents[int(entry)] = int(f.read().rpartition(")")[2].split()[1])
            except (OSError, ValueError, IndexError):
                continue
    below, found = {os.getpid()}, []
    while True:
        more = [p for p, parent in parents.items() if parent in below and p not in below]
        if not more:
            return found
        found += more
        below.update(more)


def children_of(pid):
    """(pid, name) of the direct children."""
    found = []
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                with open(f"/proc/{entry}/stat", encoding="utf-8", errors="replace") as f:
                    text = f.read()
                if int(text.rpartition(")")[2].split()[1]) == pid:
                    found.append((int(entry), text.partition("(")[2].rpartition(")")[0]))
            except (OSError, ValueError, IndexError):
                continue
    return found


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)

    def text(self):
        return self.body.decode("utf-8", "replace")

    def __repr__(self):
        return f"<{self.status} {self.body[:300]!r}>"


class House:
    def __init__(self, variant="lighttpd-spawned", scale=60, rules=None, settings=(), worker=True,
                 log="text", stand_ins=None):
        adopt_orphans()
        self.variant, self.scale = variant, scale
        self.stand_ins = stand_ins or STAND_INS
        self.processes = {}
        self.user = "www-data" if os.getuid() == 0 else None
        self.dir = tempfile.mkdtemp(prefix="fl-")
        self.home, self.run, self.logs, self.bin, self.share, self.www = (
            os.path.join(self.dir, n) for n in ("home", "run", "log", "bin", "share", "www"))
        self.applied = None
        self.base = self.vendors = None
        try:
            self._copy()
            self._own()
            self.fairlead("init")
            self.write_settings(
                FAIRLEAD_ALLOW_NETWORKS="127.0.0.0/8 ::1/128", FAIRLEAD_TEMPLATES=f"{self.share}/templates",
                FAIRLEAD_DATA=f"{self.share}/data", FAIRLEAD_RETRY_SCALE=scale, FAIRLEAD_LOG=log,
                **dict(settings))
            self._start_vendors()
            self.start_web()
            self.apply(self.document(rules))
            if worker:
                self.start_worker()
        except BaseException:
            self.tell_logs()
            self.end()
            raise

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is not None:
            self.tell_logs()
        self.end()

    # --- files ------------------------------------------------------------------------------

    def _copy(self):
        build, source = tap.build(), tap.source()
        for path in (self.run, self.logs, self.bin, self.share, self.www,
                     os.path.join(self.bin, "sandbox")):
            os.mkdir(path)
        for name in PROGRAMS:
            shutil.copy(f"{build}/{name}.fcgi", self.bin)
        for name in self.stand_ins:
            shutil.copy(f"{build}/sandbox/{name}.fcgi", f"{self.bin}/sandbox")
        # The command stands elsewhere: everything in the programs' directory is served.
        os.mkdir(f"{self.dir}/command")
        shutil.copy(f"{build}/fairlead", f"{self.dir}/command")
        for name in ("templates", "data", "lighttpd", "apache"):
            shutil.copytree(f"{source}/{name}", f"{self.share}/{name}")
        if self.variant == "apache-htaccess":
            site = f"{self.www}/fairlead"
            os.mkdir(site)
            for name in PROGRAMS:
                shutil.copy(f"{build}/{name}.fcgi", f"{site}/{name}.cgi")
            with open(f"{source}/apache/htaccess", encoding="utf-8") as f:
                text = f.read()
            assert "/home/you/fairlead-home\n" in text
            with open(f"{site}/.htaccess", "w", encoding="utf-8") as f:
                f.write(text.replace("SetEnv FAIRLEAD_HOME /home/you/fairlead-home",
                                     f"SetEnv FAIRLEAD_HOME {self.home}"))

    def _own(self):
        """A source tree may be read-only, and its modes are copied."""
        for path, _, names in os.walk(self.dir):
            os.chmod(path, 0o755)
            for name in names:
                at = os.path.join(path, name)
                os.chmod(at, os.stat(at).st_mode | 0o644)
        if self.user:
            who = pwd.getpwnam(self.user)
            for path, _, names in os.walk(self.dir):
                for at in [path] + [os.path.join(path, n) for n in names]:
                    os.chown(at, who.pw_uid, who.pw_gid)

    def write(self, name, text):
        path = os.path.join(self.dir, name)
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(path, 0o644)
        return path

    def write_settings(self, **rows):
        text = "".join(f"{k} = {v}\n" for k, v in rows.items())
        path = os.path.join(self.home, "settings")
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(path, 0o600)
        if self.user:
            who = pwd.getpwnam(self.user)
            os.chown(path, who.pw_uid, who.pw_gid)

    # --- processes --------------------------------------------------------------------------

    def environment(self, more=None):
        around = {k: v for k, v in os.environ.items()
                  if k in ("PATH", "LANG", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS",
                           "FAIRLEAD_RECORD_REQUESTS")}
        around["TMPDIR"] = self.dir
        around.update(more or {})
        return around

    def _identity(self):
        return {"user": self.user, "group": self.user, "extra_groups": []} if self.user else {}

    def start(self, name, command, env=None, stdin=subprocess.DEVNULL):
        with open(f"{self.logs}/{name}", "ab") as log:
            if self.user:  # Apache opens its standard error again
                os.chown(log.fileno(), pwd.getpwnam(self.user).pw_uid, -1)
            process = subprocess.Popen(command, stdin=stdin, stdout=log, stderr=log,
                                       env=self.environment(env), cwd=self.dir,
                                       start_new_session=True, **self._identity())
        self.processes[name] = process
        return process

    def stop(self, name, number=signal.SIGTERM, seconds=15):
        """Ends one process by name; its exit status."""
        process = self.processes.pop(name, None)
        if process is None:
            return None
        if process.poll() is None:
            process.send_signal(number)
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            tap.ok(False, f"{name} ended within {seconds} s of signal {number}", self.log(name))
            return None

    def end(self):
        for name in reversed(list(self.processes)):
            self.stop(name)
        for number in (signal.SIGTERM, signal.SIGKILL):
            left = descendants()
            for pid in left:
                try:
                    os.kill(pid, number)
                except ProcessLookupError:
                    pass
            tap.wait_for(lambda: self._reap() or not descendants(), 5 if left else 0)
        shutil.rmtree(self.dir, ignore_errors=True)

    @staticmethod
    def _reap():
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            pass

    def log(self, name):
        try:
            with open(f"{self.logs}/{name}", encoding="utf-8", errors="replace") as f:
                return f.read()
        except OSError:
            return ""

    def tell_logs(self, lines=12):
        for name in sorted(os.listdir(self.logs)) if os.path.isdir(self.logs) else []:
            for line in self.log(name).splitlines()[-lines:]:
                tap.note(f"{name}: {line[:400]}")

    # --- servers ----------------------------------------------------------------------------

    def _start_vendors(self):
        for name in self.stand_ins:
            self.start(name, [f"{self.bin}/sandbox/{name}.fcgi", "--listen", f"{self.run}/{name}.sock"],
                       {"FAIRLEAD_HOME": self.home, "FAIRLEAD_MOUNT": "/sandbox",
                        "FAIRLEAD_SANDBOX_CODESIGNAL_RATE": "0"})
        lines = "".join(
            f'    "/sandbox/{n}" => (( "socket" => "{self.run}/{n}.sock", "check-local" => "disable" )),\n'
            for n in self.stand_ins)
        for name in self.stand_ins:
            assert tap.wait_for(lambda: os.path.exists(f"{self.run}/{name}.sock"), 10, name), name
        port = self._start_on_free_port("vendors", lambda port: self._lighttpd(
            "vendors", port, ["mod_fastcgi"], f"fastcgi.server += (\n{lines})\n"))
        self.vendors = f"http://127.0.0.1:{port}/sandbox"

    def _start_on_free_port(self, name, begin, port=None):
        """Somebody else may take the port between finding and using it: then another one."""
        for _ in range(5):
            number = port or free_port()
            process = begin(number)
            for _ in range(400):
                if process.poll() is not None:
                    break
                try:
                    socket.create_connection(("127.0.0.1", number), 1).close()
                    return number
                except OSError:
                    time.sleep(0.02)
            self.processes.pop(name, None)
            if process.poll() is None:
                process.kill()
                process.wait()
        raise RuntimeError(f"{name} did not start:\n{self.log(name)}")

    def _lighttpd(self, name, port, modules, rest):
        listed = ", ".join(f'"{m}"' for m in modules)
        conf = self.write(f"{name}.conf", f"""
server.modules = ( {listed} )
server.bind = "127.0.0.1"
server.port = {port}
server.document-root = "{self.www}"
server.upload-dirs = ( "{self.dir}" )
{rest}""")
        return self.start(name, ["lighttpd", "-D", "-f", conf])

    def _apache(self, name, port, modules, rest):
        loads = "".join(f"LoadModule {m}_module {MODULES}/mod_{m}.so\n" for m in modules)
        conf = self.write(f"{name}.conf", f"""
ServerRoot "{self.dir}"
DefaultRuntimeDir "{self.run}"
PidFile "{self.run}/{name}.pid"
ServerName localhost
Listen 127.0.0.1:{port}
ErrorLog /dev/stderr
DocumentRoot "{self.www}"
LoadModule mpm_event_module {MODULES}/mod_mpm_event.so
LoadModule authz_core_module {MODULES}/mod_authz_core.so
ServerLimit 4
ThreadsPerChild 25
StartServers 2
MaxRequestWorkers 100
GracefulShutdownTimeout 5
{loads}
{rest}""")
        return self.start(name, ["apache2", "-D", "FOREGROUND", "-f", conf])

    def start_programs(self):
        for name in PROGRAMS:
            self.start_program(name)

    def start_program(self, name):
        self.start(name, [f"{self.bin}/{name}.fcgi", "--listen", f"{self.run}/{name}.sock"],
                   {"FAIRLEAD_HOME": self.home})
        assert tap.wait_for(lambda: os.path.exists(f"{self.run}/{name}.sock"), 10, name), self.log(name)

    def open_door(self, name):
        """Takes a program's address over: a listening socket that outlives its processes."""
        self.stop(name)
        door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        path = f"{self.run}/{name}.sock"
        door.bind(path)
        door.listen(1024)
        if self.user:
            os.chown(path, pwd.getpwnam(self.user).pw_uid, -1)
        self.start_activated(name, door)
        return door

    def start_activated(self, name, door):
        """A process on that socket, beside the one that may still be there."""
        self.start(name, [f"{self.bin}/{name}.fcgi"], {"FAIRLEAD_HOME": self.home}, door)

    def start_web(self, port=None):
        kind, _, how = self.variant.partition("-")
        if how in ("external", "proxy") and "webhook" not in self.processes:
            self.start_programs()
        if kind == "lighttpd":
            modules = {"spawned": ["mod_fastcgi"], "external": ["mod_fastcgi"],
                       "cgi": ["mod_alias", "mod_cgi", "mod_setenv"]}[how]
            rest = f"""
var.fairlead_programs = "{self.bin}"
var.fairlead_home = "{self.home}"
var.fairlead_run = "{self.run}"
include "{self.share}/lighttpd/fairlead-{how}.conf"
"""
            begin = lambda number: self._lighttpd("web", number, modules, rest)
        else:
            modules = {"proxy": ["proxy", "proxy_fcgi"], "fcgid": ["alias", "fcgid"],
                       "cgi": ["alias", "env", "cgid"],
                       "htaccess": ["alias", "env", "cgid", "rewrite"]}[how]
            rest = f"""
Define FAIRLEAD_PROGRAMS {self.bin}
Define FAIRLEAD_HOME {self.home}
Define FAIRLEAD_RUN {self.run}
"""
            if "cgid" in modules:
                rest += f"ScriptSock {self.run}/cgid.sock\n"
            if how == "fcgid":
                rest += f"FcgidIPCDir {self.run}\nFcgidProcessTableFile {self.run}/fcgid.table\n"
            if how == "htaccess":
                rest += f"""
<Directory "{self.www}">
    AllowOverride AuthConfig FileInfo Options=ExecCGI
    Require all granted
</Directory>
<FilesMatch "^\\.ht">
    Require all denied
</FilesMatch>
"""
            else:
                rest += f'Include "{self.share}/apache/fairlead-{how}.conf"\n'
            begin = lambda number: self._apache("web", number, modules, rest)
        self.port = self._start_on_free_port("web", begin, port)
        self.base = f"http://127.0.0.1:{self.port}/fairlead"

    def _kill_servers(self):
        """Kills every Apache below us; how many there were."""
        count = 0
        for pid in descendants():
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as f:
                    words = f.read().split(b"\0")
                if words[0].endswith(b"apache2"):
                    count += 1
                    os.kill(pid, signal.SIGKILL)
            except OSError:
                continue
        self._reap()
        return count

    def _port_is_free(self):
        with socket.socket() as door:
            door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                door.bind(("127.0.0.1", self.port))
            except OSError:
                return False
        return True

    def restart_web(self, number=signal.SIGTERM):
        self.stop("web", number)
        if number == signal.SIGKILL:  # its children hold the port until the last one is gone
            tap.wait_for(lambda: self._kill_servers() == 0 and self._port_is_free(), 10,
                         "the killed server to be gone")
        self.start_web(self.port)

    def start_worker(self, name="worker", *options):
        self.start(name, [f"{self.dir}/command/fairlead", "--home", self.home, "worker", *options])

    # --- the command ------------------------------------------------------------------------

    def command(self, *words, env=None, timeout=60):
        """(exit status, stdout, stderr)"""
        done = subprocess.run([f"{self.dir}/command/fairlead", "--home", self.home, *words],
                              capture_output=True, env=cgi.briefly(self.environment(env)),
                              cwd=self.dir, timeout=timeout, check=False, **self._identity())
        return done.returncode, done.stdout.decode(), done.stderr.decode("utf-8", "replace")

    def fairlead(self, *words, wanted=0):
        code, out, err = self.command(*words)
        if code != wanted:
            raise RuntimeError(f"fairlead {' '.join(words)} ended with {code}: {out}{err}")
        return out

    def ask(self, *words):
        return json.loads(self.fairlead("--json", *words))

    def key(self, *scopes):
        return self.fairlead("key", "issue", "acme", "--scope", ",".join(scopes)).strip()

    def document(self, rules=None):
        return {
            "org": "acme", "name": "Acme Ltd", "public_url": self.base,
            "connections": [
                {"id": "gh", "kind": "greenhouse",
                 "settings": {"api": "v3", "base_url": f"{self.vendors}/greenhouse/v3",
                              "token_url": f"{self.vendors}/greenhouse/token", "act_as_user": ADMIN},
                 "credentials": {"client_id": "sandbox-greenhouse-client",
                                 "client_secret": "sandbox-greenhouse-secret"},
                 "webhook": {"secrets": ["greenhouse hook secret"]}},
                {"id": "cs", "kind": "codesignal",
                 "settings": {"base_url": f"{self.vendors}/codesignal/graphql"},
                 "credentials": {"api_key": "sandbox-codesignal-key"},
                 "webhook": {"secrets": ["codesignal hook secret"]}}],
            "rules": rules if rules is not None else [
                {"id": "send", "when": {"entered_stage": {"ats": "gh", "job": "*", "stage": "Coding test"}},
                 "then": [{"send_assessment": {"platform": "cs", "assessment": TEST}}]},
                {"id": "back", "when": {"result": "final"}, "then": [{"write_result": {}}]}]}

    def apply(self, document):
        path = self.write("acme.json", json.dumps(document))
        self.applied = self.ask("apply", path)
        self.hooks = {c["id"]: c["webhook_url"] for c in self.applied["connections"]}
        return self.applied

    # --- HTTP -------------------------------------------------------------------------------

    def http(self, method, url, body=None, headers=None, timeout=30):
        """One request on a connection of its own.  url is absolute, or below our mount point."""
        if not url.startswith("http"):
            url = f"{self.base}/{url}"
        rest = url.partition("://")[2]
        host, _, path = rest.partition("/")
        connection = http.client.HTTPConnection(host, timeout=timeout)
        try:
            if isinstance(body, (dict, list)):
                body = json.dumps(body).encode()
                headers = {"Content-Type": "application/json", **(headers or {})}
            connection.request(method, "/" + path, body, headers or {})
            reply = connection.getresponse()
            return Answer(reply.status, {k.lower(): v for k, v in reply.getheaders()}, reply.read())
        finally:
            connection.close()

    def raw(self, data, timeout=20, port=None):
        """Bytes to our web server, all bytes that come back (b"" when it just hung up)."""
        got = b""
        with socket.create_connection(("127.0.0.1", port or self.port), timeout) as s:
            try:
                s.sendall(data)
                s.shutdown(socket.SHUT_WR)
            except OSError:
                pass
            while True:
                try:
                    part = s.recv(65536)
                except OSError:
                    break
                if not part:
                    break
                got += part
        return got

    def vendor(self, which, path, body=None, method=None):
        """The control face of a stand-in."""
        answer = self.http(method or ("GET" if body is None else "POST"),
                           f"{self.vendors}/{which}/control/{path}", body)
        if answer.status >= 300:
            raise RuntimeError(f"{which} control/{path}: {answer}")
        return answer.json()

    def gh(self, path, body=None):
        return self.vendor("greenhouse", path, body)

    def cs(self, path, body=None):
        return self.vendor("codesignal", path, body)

    def basic(self, key):
        return {"Authorization": "Basic " + base64.b64encode(f"{key}:".encode()).decode()}

    # --- what people and vendors do ---------------------------------------------------------

    def connect(self):
        """Pastes the webhooks at both vendors; what their tests of it were answered."""
        gh = self.gh("webhook", {"url": self.hooks["gh"], "secret": "greenhouse hook secret"})
        cs = self.cs("webhook", {"url": self.hooks["cs"], "secret": "codesignal hook secret"})
        return gh["ping"], cs["status"]

    def candidate(self, first="Ada", last="Lindqvist", email=""):
        """An application in the first stage; email None: without an address."""
        who = {"first_name": first, "last_name": last}
        if email is not None:
            who["email"] = email or f"{first}.{last}@example.com".lower()
        return self.gh("add", who)

    def move(self, application, stage="Coding test"):
        return self.gh("move", {"application_id": application["id"], "stage": stage})

    def emails(self, application):
        rows = self.gh("state")["candidates"]
        return [e["value"] for c in rows if c["id"] == application["candidate_id"]
                for e in c["email_addresses"]]

    def sessions(self, application):
        mine = self.emails(application)
        return [s for s in self.cs("sessions") if s["testTaker"]["email"] in mine]

    def session(self, application, seconds=10):
        found = tap.wait_for(lambda: self.sessions(application), seconds, "a session at CodeSignal")
        return found[-1] if found else None

    def step(self, session, what, **more):
        return self.cs(f"sessions/{session['id']}", {"do": what, **more})

    def notes(self, application):
        """Texts of the notes about this application, oldest first."""
        return [n["body"] for n in self.gh("state")["notes"]
                if n.get("application_id") == application["id"] or
                (n.get("application_id") is None and n["candidate_id"] == application["candidate_id"])]

    def note(self, application, part="", seconds=10):
        """Waits for a note that contains part; None when the time is over."""
        found = tap.wait_for(lambda: [n for n in self.notes(application) if part in n], seconds,
                             f"a note with {part!r}")
        return found[-1] if found else None

    def actions(self, *options):
        return self.ask("actions", "acme", *options)

    def events(self, *options):
        return self.ask("events", "acme", *options)

    def settle(self, seconds=60):
        """Waits until the vendors have delivered and nothing is left to do; parked is done."""
        left = []

        def quiet():
            left[:] = [name for name, idle in (
                ("Greenhouse delivers", self.gh("deliveries", {"idle_ms": 0})["idle"]),
                ("CodeSignal delivers", self.cs("idle", {"timeout_ms": 0})["idle"])) if not idle]
            if not left and self.metric("fairlead_deliveries_waiting") != 0:
                left.append("the inbox is not empty")
            if not left:
                left.extend(self.actions("--waiting"))
            return not left

        if tap.wait_for(quiet, seconds, "everything to be done"):
            return True
        tap.note(left)
        return False

    def metric(self, name):
        for line in self.http("GET", "admin/metrics").text().splitlines():
            if line.startswith(name + " "):
                return int(line.split()[1])
        return None

    def counted(self, which, what):
        return self.vendor(which, "counters").get(what, 0)

    def fail(self, which, what, kind, **more):
        """Orders a failure (sandbox/control.h)."""
        self.vendor(which, "failures", {"what": what, "kind": kind, **more})
