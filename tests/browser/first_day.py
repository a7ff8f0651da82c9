# SPDX-License-Identifier: GPL-3.0-or-later
"""A new admin's first ten minutes in a real browser, on pages only: from the invitation to a
candidate's score in the hiring system (first_day.mjs).

pages.py runs this.  By itself: python3 tests/browser/first_day.py
"""
import json
import os
import subprocess
import sys

sys.path[:0] = [os.path.join(os.environ["FAIRLEAD_SOURCE"], "tests", d)
                for d in ("lib", "browser")]
import admin_pages
import house
import tap


class House(house.House):
    """Nothing is connected yet; whatever is set up, is set up in the browser."""

    def document(self, rules=None):
        return {**super().document([]), "connections": []}


def first_day():
    with House(scale=1000) as h:
        pictures = os.path.join(tap.build(), "pictures")
        os.makedirs(pictures, exist_ok=True)
        link = h.fairlead("admin", "invite", "acme", "ada@example.com").strip()
        done = subprocess.run(["node", f"{admin_pages.TESTS}/browser/first_day.mjs", link, h.vendors,
                               pictures], cwd=admin_pages.TESTS, capture_output=True, text=True,
                              timeout=600, check=False,
                              env={**os.environ, "CHROMIUM": admin_pages.CHROMIUM, "HOME": h.dir})
        for line in done.stdout.splitlines():
            result = json.loads(line)
            tap.ok(result["ok"], "first day: " + result["name"], result["detail"])
        tap.equal(done.returncode, 0, "the first day came to its end") or tap.note(done.stderr[-3000:])


if __name__ == "__main__":
    tap.run(first_day)
