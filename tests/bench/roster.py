#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A room that fills while many watch its roster: roster.py path/to/lyceum path/to/confload [participants [watchers]]

Fifty participants a second come into one room and stay; a hundred watchers subscribe to the package conference
(RFC 4575) before, put together what they are told, and answer. Says how often each was told, whether all know
the whole room in the end, and whether the mixer was late. Bounded: half a minute."""
import json
import os
import pathlib
import select
import subprocess
import sys
import time
import xml.etree.ElementTree as xml

LYCEUM, CONFLOAD = (os.path.abspath(path) for path in sys.argv[1:3])
PARTICIPANTS, WATCHERS = (int(sys.argv[i]) if len(sys.argv) > i else default
                          for i, default in ((3, 1000), (4, 100)))
sys.argv[1:] = [LYCEUM]
sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "interop"))
import lab  # noqa: E402: it looks at the command line.
from presence import Watcher  # noqa: E402
from trunks import on  # noqa: E402

NS = "{urn:ietf:params:xml:ns:conference-info}"


class Roster(Watcher):
    """One who puts together what it is told (RFC 4575 §4.6)."""

    def __init__(self, server, name):
        super().__init__(server, name)
        self.users, self.count, self.times, self.bytes, self.gaps, self.version = {}, 0, [], 0, 0, None

    def take(self):
        self._receive()
        for notify in self.notified:
            body = notify.split("\r\n\r\n", 1)[1]
            if not body:
                continue
            self.times.append(time.monotonic())
            self.bytes += len(body)
            root = xml.fromstring(body)
            version = int(root.get("version"))
            self.gaps += self.version is not None and version != self.version + 1
            self.version = version
            if root.get("state") == "full":
                self.users.clear()
            self.count = int(root.find(f"{NS}conference-state/{NS}user-count").text)
            for user in root.iter(f"{NS}user"):
                if user.get("state") == "deleted":
                    self.users.pop(user.get("entity"), None)
                else:
                    self.users[user.get("entity")] = len(user.findall(f"{NS}endpoint"))
        self.notified.clear()

    @property
    def known(self):
        return sum(self.users.values())


def main():
    with lab.Server("--digest", "md5", "--log-level", "error") as server:
        on(server, "room", "add", "hall")
        on(server, "user", "add", "w", "--password-stdin", stdin="secret\n")
        room = f"sip:hall@127.0.0.1:{server.port}"
        watchers = [Roster(server, "w") for _ in range(WATCHERS)]
        for each in watchers:
            each.subscribe(room, "conference")
        figures = os.path.join(server.data, "figures.json")
        load = subprocess.Popen([CONFLOAD, "--server", f"127.0.0.1:{server.port}", "--uri", "sip:hall@127.0.0.1",
                                 "--participants", str(PARTICIPANTS), "--speakers", "2", "--ramp", "50",
                                 "--seconds", "10", "--server-pid", str(server.process.pid), "--json", figures],
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        by_socket = {each.socket: each for each in watchers}
        most, deadline = 0, time.monotonic() + PARTICIPANTS / 50 + 40
        whole = None
        while load.poll() is None and time.monotonic() < deadline:
            for ready in select.select(list(by_socket), [], [], 0.2)[0]:
                by_socket[ready].take()
            most = max(most, max(each.known for each in watchers))
            if whole is None and all(each.known >= PARTICIPANTS for each in watchers):
                whole = time.monotonic()
        run = json.loads(pathlib.Path(figures).read_text(encoding="utf-8"))
        spacing = [b - a for each in watchers for a, b in zip(each.times, each.times[1:])]
        told = sum(len(each.times) for each in watchers)
        print(f"{PARTICIPANTS} participants, 50 a second; {WATCHERS} watchers")
        print(f"NOTIFYs with a body: {told}, {told / WATCHERS:.0f} a watcher; "
              f"{sum(each.bytes for each in watchers) / max(told, 1):.0f} octets each")
        print(f"between two to one watcher: least {min(spacing):.3f} s")
        print(f"gaps in the versions: {sum(each.gaps for each in watchers)}")
        print(f"watchers who knew all of the room: {'all' if whole else 'not all'} (at most {most})")
        print(f"verdict of confload: {'good' if run.get('good') else 'bad'}; "
              f"added delay p50 {run.get('delay', {}).get('added_ms_p50')} ms")


main()
