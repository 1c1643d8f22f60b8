# SPDX-License-Identifier: Apache-2.0
"""The dashboard in a browser and its API: what the page does is heard by real phones, and what the API
answers is what its description says."""
import base64
import json
import os
import pathlib
import resource
import shutil
import socket
import sqlite3
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

from lab import (HERE, HOST, Baresip, Browser, Registrant, Server, Skipped, command, exchange,
                 options_request)
from presence import Watcher

PASSWORD = "correct horse"


class Api:
    """Who talks to /api/v1: with the cookie of a session, or a token."""

    def __init__(self, server, token="", cookie=""):
        self.root = f"http://{HOST}:{server.web_port}"
        self.token, self.cookie, self.csrf = token, cookie, ""
        self.headers = {}

    def ask(self, method, path, body=None, headers=None, raw=None):
        """Status and answer."""
        sent = {**({"Cookie": self.cookie} if self.cookie else {}),
                **({"X-CSRF-Token": self.csrf} if self.csrf else {}),
                **({"Authorization": f"Bearer {self.token}"} if self.token else {}),
                **({"Content-Type": "application/json"} if body is not None or raw else {}),
                **(headers or {})}
        data = raw if raw is not None else None if body is None else json.dumps(body).encode()
        path = path if path.startswith("/") else f"/api/v1/{path}"
        request = urllib.request.Request(self.root + path, data, sent, method=method)
        try:
            with urllib.request.urlopen(request, timeout=20) as reply:
                status, text, self.headers = reply.status, reply.read(), reply.headers
        except urllib.error.HTTPError as error:
            with error:
                status, text, self.headers = error.code, error.read(), error.headers
        is_json = "json" in (self.headers.get("Content-Type") or "")
        return status, json.loads(text) if is_json and text else text.decode(errors="replace")

    def done(self, method, path, body=None):
        """The answer of what is expected to be done."""
        status, answer = self.ask(method, path, body)
        assert status < 300, (method, path, status, answer)
        return answer

    def use_link(self, link):
        answer = self.done("POST", "session/link", {"link": link, "password": PASSWORD})
        self.cookie = self.headers["Set-Cookie"].split(";")[0]
        self.csrf = answer["csrf"]
        return self


class Page(Browser):
    """The dashboard in Chromium."""

    def __init__(self, server):
        if 'id="app"' not in Api(server).ask("GET", "/")[1]:
            raise Skipped("the program was built without its page: npm had no registry")
        super().__init__()
        self.root = f"https://{HOST}:{server.web_port}"

    def open(self, path):
        self._ask("POST", f"/session/{self.session}/url", {"url": self.root + path})

    def run(self, script, *arguments):
        return self._run(script, *arguments)

    def wait(self, condition, *arguments, seconds=10):
        """Until this expression of JavaScript is something."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if value := self._run(f"return {condition};", *arguments):
                return value
            time.sleep(0.02)
        text = self._run("return document.body.innerText")
        raise AssertionError(f"never: {condition} {arguments}; the page says: {text[-1500:]}")

    def shows(self, text, **options):
        return self.wait("document.body.innerText.includes(arguments[0])", text, **options)

    def fill(self, **fields):
        """The form on top, and sends it."""
        self.wait("document.querySelector('dialog[open] form, main.login form')")
        self.run("""
            const form = document.querySelector('dialog[open] form') ||
                         document.querySelector('main form');
            for (const [name, value] of Object.entries(arguments[0])) form.elements[name].value = value;
            form.requestSubmit();
        """, fields)

    def click(self, text, within="body"):
        self.wait("[...document.querySelectorAll(arguments[1] + ' button')]"
                  ".some(each => each.innerText.trim() === arguments[0])", text, within)
        self.run("""
            [...document.querySelectorAll(arguments[1] + ' button')]
                .find(each => each.innerText.trim() === arguments[0]).click();
        """, text, within)

    def row_of(self, name):
        return self.wait("""[...document.querySelectorAll('.person')]
            .filter(each => each.innerText.includes(arguments[0])).map(each => each.dataset.id)[0]""",
                         name)

    def click_at(self, name, text):
        self.click(text, f".person[data-id=\"{self.row_of(name)}\"]")

    def resize(self, width, height):
        self._ask("POST", f"/session/{self.session}/window/rect",
                  {"x": 0, "y": 0, "width": width, "height": height})

    def dark(self, dark):
        self._ask("POST", f"/session/{self.session}/goog/cdp/execute",
                  {"cmd": "Emulation.setEmulatedMedia", "params": {"features": [
                      {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]}})

    def screenshot(self, path):
        picture = self._ask_get(f"/session/{self.session}/screenshot")
        pathlib.Path(path).write_bytes(base64.b64decode(picture))

    def _ask_get(self, path):
        with urllib.request.urlopen(f"http://{HOST}:{self.port}{path}", timeout=40) as reply:
            return json.load(reply)["value"]


def logged_in(server):
    return Api(server).use_link(server.link)


def test_a_teacher_leads_a_lesson_from_the_browser():
    with Server() as server, Page(server) as page:
        page.open(f"/#link={server.link}")
        page.fill(password=PASSWORD)
        page.shows("Nobody is in a room now.")
        assert "link" not in page.run("return location.href")
        page.run("window.confirm = () => true")
        page.run("location.hash = '#/rooms'")
        page.click("Add a room")
        page.fill(name="lesson", access="open")
        page.shows("This room is not in session.")
        room = f"sip:lesson@{HOST}:{server.port}"
        with Baresip(room, hertz=440, user="ann") as ann, Baresip(room, hertz=700, user="ben") as ben:
            for phone in (ann, ben):
                phone.wait_for("Call established")
            page.shows("2 participants")
            page.wait("document.querySelectorAll('.person meter').length === 2 && "
                      "[...document.querySelectorAll('.person meter')].every(each => each.value > 20)")
            page.click_at("ann", "Mute")
            page.wait("[...document.querySelectorAll('.person')].some(each => "
                      "each.innerText.includes('ann') && each.innerText.includes('Unmute'))")
            time.sleep(2.5)
            heard = {hertz: ben.hears(hertz, last_seconds=1.0) for hertz in (440,)}
            assert heard[440] < 100, f"Ann is muted: {heard}"
            page.wait("[...document.querySelectorAll('.person')].some(each => "
                      "each.innerText.includes('ann') && each.querySelector('meter').value < 5)")
            page.click_at("ann", "Unmute")
            time.sleep(2.5)
            assert ben.hears(440, last_seconds=1.0) > 2500
            page.click("Lock")
            page.shows("Locked")
            with Baresip(room, user="late") as late:
                late.wait_for("403")
            page.click("End")
            for phone in (ann, ben):
                phone.wait_for("session closed", 15)
            page.shows("This room is not in session.")
        page.run("location.hash = '#/audit'")
        for action in ("rooms.add", "mute", "lock", "end"):
            page.shows(action)


def test_who_waits_in_the_lobby_is_admitted_from_the_browser():
    with Server("--digest", "md5") as server, Page(server) as page:
        at = ("--data", server.data)
        assert command("user", "add", "alice", "--password-stdin", *at, stdin="secret\n").returncode == 0
        for words in (("room", "add", "lesson"), ("room", "role", "lesson", "alice", "host"),
                      ("policy", "set", "lobby", "guests", "--room", "lesson")):
            assert command(*words, *at).returncode == 0, words
        page.open(f"/#link={server.link}")
        page.fill(password=PASSWORD)
        page.shows("In session")
        page.run("location.hash = '#/rooms/lesson'")
        room = f"sip:lesson@{HOST}:{server.port}"
        with Baresip(room, hertz=440, user="alice", password="secret") as alice, \
                Baresip(room, hertz=700, user="guest") as guest:
            for phone in (alice, guest):
                phone.wait_for("Call established")
            page.wait("[...document.querySelectorAll('.person')].some(each => "
                      "each.innerText.includes('Lobby'))")
            time.sleep(7.0)  # What is said to the host is over.
            assert alice.hears(700, last_seconds=1.0) < 250, "nobody hears who waits"
            page.click_at("guest", "Admit")
            page.wait("![...document.querySelectorAll('.person')].some(each => "
                      "each.innerText.includes('Lobby'))")
            time.sleep(2.5)
            assert alice.hears(700, last_seconds=1.0) > 2500


def test_the_page_is_told_at_once_and_again_after_a_break():
    with Server() as server, Page(server) as page:
        api = logged_in(server)
        page.open("/")
        page.fill(account="admin", password=PASSWORD)
        page.shows("In session")
        page.run("location.hash = '#/rooms/demo'")
        with Baresip(f"sip:demo@{HOST}:{server.port}", user="ann") as ann:
            ann.wait_for("Call established")
            page.shows("1 participant")
            # When the page has it, measured in the page, against when the API has been answered.
            delays = []
            for action, word in (("lock", "Locked"), ("unlock", ""), ("lock", "Locked")):
                started = time.monotonic()
                api.done("POST", "conferences/demo/actions", {"action": action})
                if word:
                    page.shows(word)
                    delays.append(time.monotonic() - started)
                else:
                    page.wait("!document.body.innerText.includes('Locked')")
            assert min(delays) < 0.2, delays
            process = server.process
            server.process.kill()
            process.wait(5)
            page.shows("Connection lost", seconds=15)
            with Server("--web-port", str(server.web_port), "--sip-port", str(server.port),
                        data=server.data):
                page.wait("!document.body.innerText.includes('Connection lost')", seconds=20)
                page.shows("This room is not in session.")
                assert page.run("return document.querySelector('nav') !== null"), "still logged in"


def schema_faults(schema, value, description):
    try:
        import jsonschema
    except ImportError:
        raise Skipped("python3-jsonschema is not installed") from None
    whole = {**schema, "components": description["components"]}
    return [error.message for error in jsonschema.Draft202012Validator(whole).iter_errors(value)]


EXAMPLES = {  # One that is well, and what is changed of it.
    "users": ({"name": "ann", "password": "secret", "language": "de", "groups": ["7b"]},
              {"do_not_disturb": True, "forward": {"busy": "ben"}, "ring_seconds": 15,
               "find_me": [{"target": "ben", "seconds": 10}, {"target": "+4989123"}]}),
    "groups": ({"name": "8a", "members": ["ben"]}, {"members": []}),
    "rooms": ({"name": "maths", "access": "pin", "pin": "1234", "policy": {"speak": "hosts"},
               "roles": {"ben": "host"}}, {"history": 10, "policy": {"speak": None, "joins": "tone"}}),
    "lessons": ({"title": "Maths", "days": "mon,wed", "from": "09:00", "until": "10:45"},
                {"until": "11:00"}),
    "aliases": ({"name": "200", "target": "ben"}, {"target": "demo"}),
    "routes": ({"pattern": "+49.", "target": "ben", "strip": 1}, {"target": "demo", "members_only": False}),
    "trunks": ({"name": "provider", "calls": 2, "gateways": [{"uri": "sip:gw.example.net"}]},
               {"calls": 3, "gateways": [{"uri": "sip:gw.example.net", "priority": 2, "weight": 5},
                                         {"uri": "sip:other.example.net"}]}),
    "accounts": ({"name": "teacher", "role": "teacher"}, {"role": "reader"}),
    "tokens": ({"name": "script", "role": "reader", "account": "admin", "scopes": ["rooms"]}, None)}


def test_the_api_answers_as_it_is_described():
    with Server("--digest", "md5") as server:
        at = ("--data", server.data)
        assert command("user", "add", "ben", "--password-stdin", *at, stdin="secret\n").returncode == 0
        assert command("group", "add", "7b", *at).returncode == 0
        api = logged_in(server)
        description = Api(server).done("GET", "openapi.json")
        seen = set()

        def check(method, template, path, body=None, expected=None, headers=None):
            status, answer = api.ask(method.upper(), path, body, headers)
            operation = description["paths"][template][method]
            assert str(status) in operation["responses"], (method, path, status, answer)
            assert expected is None or status == expected, (method, path, status, answer)
            content = operation["responses"][str(status)].get("content", {})
            for schema in content.values():
                faults = schema_faults(schema["schema"], answer, description)
                assert not faults, (method, path, answer, faults)
            assert content or not answer, (method, path, answer)
            seen.add((method, template))
            return answer

        for template, methods in description["paths"].items():
            if "{" in template or template.startswith("/session"):
                continue
            name = template[1:]
            asked = {"plan": "?to=ben", "presence": "?of=ben,demo"}.get(name, "")
            check("get", template, name + asked, expected=200)
        check("get", "/plan", "plan", expected=400)
        check("get", "/presence", "presence", expected=400)
        check("post", "/users/{name}/setup", "users/ben/setup", expected=200)
        check("post", "/users/{name}/setup", "users/nobody/setup", expected=404)
        for name, (example, changes) in EXAMPLES.items():
            one = next(path for path in description["paths"]
                       if path.startswith(f"/{name}/{{") and path.endswith("}"))
            key = one.split("{")[1].strip("}")
            made = check("post", f"/{name}", name, example, expected=201)
            path = f"{name}/{made[key]}"
            for field, value in example.items():
                if field in made and field not in ("policy", "roles", "gateways"):
                    assert made[field] == value, (name, field, made)
            found = check("get", one, path, expected=200)
            shown_once = {"link", "token", "gateways", "registration"}  # The latter two move by themselves.
            assert {k: v for k, v in found.items() if k not in shown_once} == \
                {k: v for k, v in made.items() if k not in shown_once}, (made, found)
            tag = api.headers["ETag"]
            if name not in ("lessons", "tokens"):
                check("post", f"/{name}", name, example, expected=409)
            check("post", f"/{name}", name, {"nothing": 1}, expected=422)
            if changes:
                check("patch", one, path, changes, expected=200, headers={"If-Match": tag})
                check("patch", one, path, changes, expected=412, headers={"If-Match": tag})
                check("patch", one, f"{name}/nobody", changes, expected=404)
            check("delete", one, path, expected=204)
            check("delete", one, path, expected=404)
        check("get", "/users/{name}", "users/ben", expected=200)
        check("get", "/users", "users?limit=0", expected=400)
        check("patch", "/settings/{name}", "settings/joins", {"value": "tone"}, expected=200)
        check("patch", "/settings/{name}", "settings/joins", {"value": "drum"}, expected=422)
        check("get", "/settings/{name}", "settings/joins", expected=200)
        check("delete", "/settings/{name}", "settings/joins", expected=204)
        gong = HERE.parents[1] / "mixer/prompts/en/alone.opus"
        assert command("sound", "add", "gong", str(gong), *at).returncode == 0
        check("get", "/sounds", "sounds", expected=200)
        check("get", "/sounds/{name}", "sounds/gong", expected=200)
        room = f"sip:demo@{HOST}:{server.port}"
        with Baresip(room, user="ann") as ann:
            ann.wait_for("Call established")
            time.sleep(0.3)
            shown = check("get", "/conferences/{room}", "conferences/demo", expected=200)
            who = shown["participants"][0]
            assert (who["uri"], who["muted"]) == (f"sip:ann@{HOST}", False), who
            check("get", "/conferences", "conferences", expected=200)
            actions = "/conferences/{room}/actions"
            act = lambda body, expected: check("post", actions, "conferences/demo/actions", body, expected)
            act({"action": "mute", "participant": who["id"]}, 204)
            act({"action": "mute", "participant": who["id"]}, 409)
            act({"action": "mute", "participant": "999"}, 404)
            act({"action": "dance"}, 422)
            act({"action": "play", "whom": "everybody", "text": "gong"}, 204)
            act({"action": "play", "whom": "everybody", "text": "drum"}, 422)
            act({"action": "announce", "whom": "group", "group": "red", "text": "hello"}, 404)
            check("delete", "/sounds/{name}", "sounds/gong", expected=204)
            check("delete", "/sounds/{name}", "sounds/gong", expected=404)
            act({"action": "kick", "participant": who["id"]}, 204)
            ann.wait_for("session closed", 15)
        time.sleep(2.5)  # The record waits to hear how the call was heard.
        for name in ("calls", "audit"):
            items = check("get", f"/{name}", name, expected=200)["items"]
            assert items, name
            check("get", f"/{name}/{{id}}", f"{name}/{items[0]['id']}", expected=200)
            check("get", f"/{name}/{{id}}", f"{name}/999999", expected=404)
        call = api.done("GET", "calls")["items"][0]["id"]
        said = check("get", "/calls/{id}/messages", f"calls/{call}/messages", expected=200)["items"]
        lines = [(each["received"], each["text"].split()[0]) for each in said]
        assert lines[0] == (True, "INVITE") and (False, "BYE") in lines, lines
        check("get", "/calls/{id}/messages", "calls/999999/messages", expected=404)
        check("get", "/calls/{id}/capture", "calls/999999/capture", expected=404)
        check_what_moves_by_itself(server, check)
        check_log_in(check)
        never = {(method, path) for path, methods in description["paths"].items()
                 for method in methods if method != "parameters"} - seen
        assert not never, never


def check_what_moves_by_itself(server, check):
    """Devices, watchers, messages that wait, addresses that are banned: found by their keys."""
    with sqlite3.connect(f"{server.data}/lyceum.db", timeout=5) as database:
        database.execute("INSERT INTO ban VALUES ('192.0.2.66', ?, 'guessing')",
                         ((int(time.time()) + 60) * 1_000_000,))
        database.execute("INSERT INTO mail VALUES (7, 'ben', 'MESSAGE sip:ben@x SIP/2.0', 1)")
        database.execute("INSERT INTO subscription VALUES (9, 'presence', 'ben', 'ann', '', "
                         "'application/pidf+xml', 0, 0, 0, 'UDP 192.0.2.1:5060', 1, 'c', 'l', 'r', "
                         "'sip:ben@x', 'sip:ann@x', 'sip:ann@x', '', 1, 1, '')")
    with Registrant(server, "ben", "secret") as device:
        assert device.register().startswith("SIP/2.0 200")
        time.sleep(0.3)
        for name, key in (("registrations", "id"), ("subscriptions", "id"), ("messages", "id"),
                          ("bans", "address")):
            items = check("get", f"/{name}", name, expected=200)["items"]
            assert items, name
            one = f"/{name}/{{{key}}}"
            path = urllib.parse.quote(str(items[0][key]), safe="")
            check("get", one, f"{name}/{path}", expected=200)
            check("get", one, f"{name}/nothing", expected=404)
        check("get", "/subscriptions/{id}/told", "subscriptions/999/told", expected=404)
        with Watcher(server, "ben") as watcher:
            watcher.subscribe(f"sip:ben@{HOST}:{server.port}")
            watcher.wait_for("<presence")
            items = check("get", "/subscriptions", "subscriptions", expected=200)["items"]
            mine = next(each["id"] for each in items if each["watcher"] == "ben")
            told, deadline = {"newest": False}, time.monotonic() + 5
            while not told["newest"] and time.monotonic() < deadline:  # Another NOTIFY may be on its way.
                watcher.answer_what_comes(0.2)
                told = check("get", "/subscriptions/{id}/told", f"subscriptions/{mine}/told", expected=200)
            assert "<basic>open</basic>" in told["body"] and told["newest"] and told["at"], told
        check("delete", "/bans/{address}", "bans/192.0.2.66", expected=204)
        check("delete", "/bans/{address}", "bans/192.0.2.66", expected=404)


def check_log_in(check):
    check("get", "/session", "session", expected=200)
    wrong = {"account": "admin", "password": "wrong horse"}
    check("post", "/session", "session", wrong, expected=401)
    check("post", "/session", "session", {"account": "admin"}, expected=422)
    check("post", "/session", "session", {"account": "admin", "password": PASSWORD}, expected=200)
    check("post", "/session/link", "session/link", {"link": "x", "password": PASSWORD}, expected=401)
    old = "/session/password", "session/password"
    check("post", *old, {"old_password": "wrong horse", "password": PASSWORD}, expected=403)
    check("post", *old, {"old_password": PASSWORD, "password": PASSWORD}, expected=200)
    check("post", *old, {"old_password": PASSWORD, "password": "short"}, expected=422)
    totp = "/session/totp", "session/totp"
    check("patch", *totp, {"code": "000000"}, expected=409)
    check("post", *totp, {}, expected=200)
    check("patch", *totp, {"code": "000000"}, expected=422)
    check("delete", *totp, expected=204)
    check("post", "/session/passkey-challenge", "session/passkey-challenge", {}, expected=200)
    check("post", "/session/passkeys/challenge", "session/passkeys/challenge", {}, expected=200)
    octets = {"client_data": "e30=", "authenticator_data": "AAAA"}
    check("post", "/session/passkey", "session/passkey",
          {"id": "x", "signature": "AAAA", **octets}, expected=401)
    keys = "/session/passkeys", "session/passkeys"
    check("post", *keys, {"name": "laptop", "algorithm": -7, **octets}, expected=422)
    check("get", *keys, expected=200)
    check("delete", "/session/passkeys/{id}", "session/passkeys/x", expected=404)
    check("delete", "/session", "session", expected=204)
    check("get", "/session", "session", expected=401)


def test_log_in_by_password_code_link_and_token():
    with Server() as server:
        admin = logged_in(server)
        assert Api(server).ask("POST", "session/link", {"link": server.link, "password": PASSWORD})[0] \
            == 401, "the link works once"
        link = admin.done("POST", "accounts", {"name": "tina", "role": "reader"})["link"]
        tina = Api(server).use_link(link.split("=")[1])
        assert tina.ask("GET", "rooms")[0] == 200
        assert tina.ask("PATCH", "rooms/demo", {"history": 5})[0] == 403
        assert tina.ask("GET", "accounts")[0] == 403
        forged = Api(server, cookie=tina.cookie)
        assert forged.ask("POST", "session/totp", {})[0] == 403, "a cookie alone changes nothing"
        token = admin.done("POST", "tokens", {"name": "x", "role": "operator", "account": "tina"})
        script = Api(server, token=token["token"])
        assert script.done("GET", "session")["role"] == "reader", "no more than its owner"
        again = command("account", "link", "tina", "--data", server.data).stdout.split("link=")[1]
        assert Api(server).use_link(again.strip()).done("GET", "session")["role"] == "reader"
        assert tina.ask("GET", "rooms")[0] == 401, "a new password ends what was there before"
        admin.done("DELETE", "session")
        assert admin.ask("GET", "rooms")[0] == 401, "logged out"
        wrong = {"account": "tina", "password": "wrong"}
        statuses = [Api(server).ask("POST", "session", wrong)[0] for _ in range(6)]
        assert statuses == [401] * 5 + [429], statuses
        database = pathlib.Path(server.data, "lyceum.db").read_bytes()
        log = server.read_log()
        for secret in (PASSWORD, server.link, token["token"], admin.cookie.split("=")[1]):
            assert secret.encode() not in database and secret not in log, "secrets stay with their owners"


def test_the_web_port_refuses_what_it_must_while_a_call_goes_on():
    with Server() as server, Baresip(f"sip:echo@{HOST}:{server.port}", hertz=440) as phone:
        phone.wait_for("Call established")
        api = logged_in(server)
        for path in ("/../etc/passwd", "/assets/..%2f..%2fetc/passwd", "//etc/passwd", "/%00"):
            assert api.ask("GET", path)[0] == 404, path
        assert api.ask("GET", "/api/v1/../../etc/passwd")[0] == 400
        for body in (b"{", b"\xff\xfe", b"[" * 5000, b"{\"name\":" + b"1" * 400):
            assert api.ask("POST", "rooms", raw=body)[0] in (400, 422), body[:20]
        status = 413
        try:
            status = api.ask("POST", "rooms", raw=b" " * 300_000)[0]
        except (ConnectionError, urllib.error.URLError):
            pass  # It is not read to its end.
        assert status == 413
        idle = []
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        for i in range(10_000):
            try:
                idle.append(socket.create_connection((HOST, server.web_port), 2))
                if i % 3 == 0:
                    idle[-1].sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
            except OSError:
                break
        try:
            assert len(idle) > 9_900 or hard < 10_100, len(idle)
            assert api.ask("GET", "rooms")[0] == 200, "whoever is silent for longest makes room"
            assert api.ask("GET", "/")[0] == 200
        finally:
            for each in idle:
                each.close()
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        headers = api.headers
        assert "script-src 'self'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        time.sleep(1.5)
        assert phone.hears(440, last_seconds=1.0) > 2500
        slow = socket.create_connection((HOST, server.web_port), 2)
        slow.sendall(b"POST /api/v1/session HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        asked = time.monotonic()
        slow.settimeout(15)
        try:
            assert not slow.recv(1), "nothing is said to who does not say what he wants"
        except ConnectionError:
            pass
        assert 8 < time.monotonic() - asked < 12
        slow.close()
        assert not server.process.poll()


def test_a_database_that_is_locked_is_said_and_nothing_is_half_done():
    with Server() as server:
        api = logged_in(server)
        other = sqlite3.connect(f"{server.data}/lyceum.db", timeout=1)
        other.execute("BEGIN IMMEDIATE")
        try:
            status, problem = api.ask("POST", "users", {"name": "ann", "password": "secret"})
            assert (status, problem["title"]) == (503, "Service Unavailable"), problem
            assert api.headers["Retry-After"]
            assert api.ask("GET", "users")[0] == 200, "what is there can be read"
        finally:
            other.rollback()
            other.close()
        assert api.done("GET", "users")["items"] == []
        groups = {"name": "ann", "password": "secret", "groups": ["nowhere"]}
        assert api.ask("POST", "users", groups)[0] == 422
        assert api.done("GET", "users")["items"] == [], "all of it or nothing"
        api.done("POST", "users", {"name": "ann", "password": "secret"})
        server.process.kill()
        server.process.wait(5)
        with Server(data=server.data) as again:
            back = Api(again, cookie=api.cookie)
            assert [each["name"] for each in back.done("GET", "users")["items"]] == ["ann"]


def test_the_page_can_be_used_without_eyes_or_a_mouse():
    library = HERE.parent.parent / "build" / "web" / "axe.min.js"
    if not library.exists():
        raise Skipped("npm has not brought axe-core")
    with Server() as server, Page(server) as page:
        found = []

        def look(where):
            page.run(library.read_text())
            answer = page._run("""
                const done = arguments[arguments.length - 1];
                axe.run(document).then(result => done(result.violations.filter(each =>
                    ['serious', 'critical'].includes(each.impact)).map(each =>
                    each.id + ': ' + each.nodes.map(node => node.target.join(' ')).join(', '))));
            """, waiting=True)
            found.extend((where, each) for each in answer)

        page.open(f"/#link={server.link}")
        page.wait("document.querySelector('main.login form')")
        look("log-in")
        page.fill(password=PASSWORD)
        page.shows("In session")
        with Baresip(f"sip:demo@{HOST}:{server.port}", user="ann") as ann:
            ann.wait_for("Call established")
            for dark in (False, True):
                page.dark(dark)
                for where in ("now", "rooms", "rooms/demo", "people", "numbers", "calls", "health",
                              "audit", "settings"):
                    page.run("location.hash = '#/' + arguments[0]", where)
                    time.sleep(0.5)
                    look(f"{where}{' dark' if dark else ''}")
        assert not found, "\n".join(map(str, found))


def test_linphone_sets_itself_up_by_a_link_once():
    if not shutil.which("linphonec"):
        raise Skipped("linphonec is missing: ./dev deps")
    with Server() as server, tempfile.TemporaryDirectory() as folder:
        assert command("user", "add", "ann", "--password-stdin", "--data", server.data,
                       stdin="secret\n").returncode == 0
        api = logged_in(server)
        path = api.done("POST", "users/ann/setup")["path"]
        for place in (".local/share/linphone", ".config/linphone"):
            os.makedirs(f"{folder}/{place}")
        pathlib.Path(f"{folder}/rc").write_text(
            f"[sip]\nsip_port=-1\nsip_tcp_port=-1\n[misc]\nconfig-uri={api.root}{path}\n"
            "[video]\ncapture=0\ndisplay=0\n")
        phone = subprocess.Popen(["linphonec", "-c", f"{folder}/rc"], stdin=subprocess.PIPE,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                 env={**os.environ, "HOME": folder})
        try:
            deadline = time.monotonic() + 15
            while not (devices := api.done("GET", "registrations?user=ann")["items"]):
                assert time.monotonic() < deadline, server.read_log()
                time.sleep(0.2)
            assert devices[0]["device"].startswith("Linphonec/"), devices
        finally:
            phone.communicate(b"quit\n", timeout=20)
        assert api.ask("GET", path)[0] == 404, "it has been used"
        again = api.done("POST", "users/ann/setup")["path"]
        assert command("user", "remove", "ann", "--data", server.data).returncode == 0
        assert api.ask("GET", again)[0] == 404, "he is not there any more"


def test_somebody_logs_in_by_a_passkey():
    with Server() as server, Page(server) as page:
        # A browser has passkeys for sites that have a name: this machine's is as good as a certificate.
        page.root = f"http://localhost:{server.web_port}"
        page._ask("POST", f"/session/{page.session}/webauthn/authenticator",
                  {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True,
                   "hasUserVerification": True, "isUserVerified": True})
        page.open(f"/#link={server.link}")
        page.fill(password=PASSWORD)
        page.shows("Now")
        page.open("/#/settings")
        page.run("window.prompt = () => 'my laptop'")
        page.click("Add a passkey")
        page.shows("my laptop")
        page.click("Log out")
        page.wait("document.querySelector('main.login')")
        page.click("Log in with a passkey")
        page.shows("Settings")
        page.open("/#/settings")
        page.shows("my laptop")
        page.click("Remove", ".passkeys")
        page.wait("!document.body.innerText.includes('my laptop')")
        page.click("Log out")
        page.wait("document.querySelector('main.login')")
        page.click("Log in with a passkey")
        page.shows("not known here")
        notes = [each["action"] for each in logged_in_again(server).done("GET", "audit")["items"]]
        assert {"passkey.add", "passkey.remove"} <= set(notes), notes


def logged_in_again(server):
    api = Api(server)
    answer = api.done("POST", "session", {"account": "admin", "password": PASSWORD})
    api.cookie, api.csrf = api.headers["Set-Cookie"].split(";")[0], answer["csrf"]
    return api


def test_a_disk_that_is_full_is_said_and_nothing_is_half_done():
    small = ["unshare", "--map-root-user", "--mount", "sh", "-c",
             'mount -t tmpfs -o size=8m none "$0" && exec "$@"']
    if subprocess.run([*small[:3], "true"], capture_output=True).returncode:
        raise Skipped("no mounts may be made here")
    with tempfile.TemporaryDirectory() as data, Server(data=data, within=(*small, data)) as server:
        api = logged_in(server)
        api.done("POST", "users", {"name": "ann", "password": "secret"})
        filler = pathlib.Path(f"/proc/{server.process.pid}/root{data}/filler")
        with open(filler, "wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"x" * 65536)
            except OSError:
                pass
            try:
                while True:
                    file.write(b"x" * 512)
            except OSError:
                pass
        refused = []
        for i in range(200):  # Until what is left of its own files is used up.
            status, problem = api.ask("POST", "users", {"name": f"user{i}", "password": "secret"})
            if status == 503:
                refused.append(i)
                break
            assert status == 201, problem
        assert refused and problem["title"] == "Service Unavailable", problem
        names = {each["name"] for each in api.done("GET", "users?limit=1000")["items"]}
        assert names == {"ann", *(f"user{i}" for i in range(refused[0]))}, "all of each, or nothing"
        assert "OPTIONS" in exchange(server, options_request("full")), "and calls go on"
        assert api.ask("GET", "/healthz")[0] == 200
        filler.unlink()
        api.done("POST", "users", {"name": "ben", "password": "secret"})


def test_ten_thousand_people_are_a_list_like_any_other():
    with Server() as server, Page(server) as page:
        with sqlite3.connect(f"{server.data}/lyceum.db", timeout=5) as database:
            database.execute("INSERT INTO user (name, ha1_sha256, ha1_md5) WITH RECURSIVE n(i) AS "
                             "(SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 9999) "
                             "SELECT printf('user%05d', i), '', '' FROM n")
        page.open(f"/#link={server.link}")
        page.fill(password=PASSWORD)
        page.shows("In session")
        page.open("/#/people")
        page.shows("user00000")
        deadline = time.monotonic() + 120
        while not page.run("return document.body.innerText.includes('user09999')"):
            assert time.monotonic() < deadline, page.run("return document.body.innerText")[-200:]
            page.run("scrollTo(0, document.body.scrollHeight)")
            time.sleep(0.02)
        assert page.run("return document.querySelectorAll('*').length") < 1000, "only what can be seen"
        page.run("""
            const search = document.querySelector('input[type=search]');
            search.value = 'user04711';
            search.dispatchEvent(new Event('input', {bubbles: true}));
        """)
        page.wait("document.querySelectorAll('.rows .row').length === 1")
        page.shows("user04711")
