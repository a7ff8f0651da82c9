# SPDX-License-Identifier: GPL-3.0-or-later
"""A page as a text browser shows it (w3m): is everything there, in the order of reading?

    why = text_browser.missing(html)      "" when all is well, None where there is no w3m

Headings, labels, legends, choices, buttons and what a field shows must come one after the other.
"""
import html.parser
import re
import shutil
import subprocess

W3M = shutil.which("w3m")
NAMED = ("h1", "h2", "h3", "label", "legend", "button", "summary")
VOID = ("input", "meta", "br", "link", "img", "hr", "path", "circle", "rect", "line")


class Reader(html.parser.HTMLParser):
    """The texts that somebody must find, in their order, and whether each field has a name."""

    def __init__(self, text):
        super().__init__()
        self.wanted, self.open, self.hidden, self.faults = [], [], 0, []
        self.labels, self.fields, self.tags = set(), [], []
        self.feed(text)
        self.faults += [f"field {name} has no label" for name in self.fields if name not in self.labels]

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag not in VOID:
            self.tags.append(tag)
            if self.hidden or "hidden" in attrs or tag in ("svg", "style", "script", "datalist"):
                self.hidden += 1
        if self.hidden:
            return
        if tag in NAMED:
            self.open.append([tag, ""])
            if tag == "label" and "for" in attrs:
                self.labels.add(attrs["for"])
        within = any(o[0] == "label" for o in self.open)
        if tag in ("input", "select", "textarea") and attrs.get("type") != "hidden" and not within:
            self.fields.append(attrs.get("id", attrs.get("name", "?")))

    def handle_endtag(self, tag):
        if tag in VOID or tag not in self.tags:
            return
        while self.tags and self.tags.pop() != tag:
            self.hidden -= self.hidden > 0
        if self.hidden:
            self.hidden -= 1
        elif tag in NAMED and self.open:
            self.wanted.append(tuple(self.open.pop()))

    def handle_data(self, data):
        for one in self.open if not self.hidden else []:
            one[1] += data


def squeezed(text):
    """Without what lines are broken at."""
    return re.sub(r"[\s\u00ad]+", "", text)


def dump(text, columns=80):
    done = subprocess.run([W3M, "-dump", "-T", "text/html", "-I", "UTF-8", "-O", "UTF-8", "-cols",
                           str(columns)], input=text.encode(), capture_output=True, timeout=30,
                          check=True)
    return done.stdout.decode()


def missing(text, columns=80):
    if W3M is None:
        return None
    reader = Reader(text)
    shown, at = squeezed(dump(text, columns)), 0
    for tag, words in reader.wanted:
        words = squeezed(words)
        found = shown.find(words, at)
        if found < 0:
            where = "is shown before what stands in front of it" if words in shown else "is not shown"
            reader.faults.append(f"{tag} “{words}” {where}")
        else:
            at = found + len(words)
    return "; ".join(reader.faults)
