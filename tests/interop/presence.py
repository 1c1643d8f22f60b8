# SPDX-License-Identifier: Apache-2.0
"""Buddies: who is there, who is on the phone, and what becomes of it when the server is killed."""
import contextlib
import hashlib
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request

from lab import HERE, HOST, Server, Skipped, WebPhones, command, sipp
from reach import members, phone, uri
from trunks import NUMBER, OUT_THERE, EchoGateway, on, wait_until


def field(message, name):
    """Of a message that was received."""
    return re.search(rf"^{name}: ([^\r]*)\r", message, re.MULTILINE)[1]


class Watcher:
    """A program that speaks just as much SIP as who watches, publishes and writes needs, over UDP."""

    def __init__(self, server, name):
        self.server, self.name, self.cseq = server, name, 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((HOST, 0))
        self.socket.settimeout(5)
        self.here = f"{HOST}:{self.socket.getsockname()[1]}"
        self.notified = []

    def ask(self, method, to, headers="", body="", call=None):
        """With the password; gives the final answer."""
        call = call or f"{method}-{self.here}-{self.cseq}"
        answer = self._send(method, to, headers, body, call)
        if " 401 " in answer or " 407 " in answer:
            proxy = "Proxy-" if " 407 " in answer else ""
            realm, nonce = (re.search(f'{field}="([^"]*)"', answer)[1] for field in ("realm", "nonce"))
            ha1, ha2 = (hashlib.md5(text.encode()).hexdigest()
                        for text in (f"{self.name}:{realm}:secret", f"{method}:{to}"))
            proof = hashlib.md5(f"{ha1}:{nonce}:00000001:c:auth:{ha2}".encode()).hexdigest()
            headers += (f'{proxy}Authorization: Digest username="{self.name}", realm="{realm}", '
                        f'nonce="{nonce}", uri="{to}", qop=auth, nc=00000001, cnonce="c", '
                        f'algorithm=MD5, response="{proof}"\r\n')
            answer = self._send(method, to, headers, body, call)
        return answer

    def _send(self, method, to, headers, body, call):
        about = uri(self.server, self.name) if method == "REGISTER" else to
        self._write(method, to, f"To: <{about}>\r\n{headers}", body, call)
        while True:
            message = self._receive()
            if message.startswith("SIP/2.0") and f"CSeq: {self.cseq} " in message:
                return message

    def _write(self, method, to, headers, body, call):
        self.cseq += 1
        self.socket.sendto((
            f"{method} {to} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {self.here};branch=z9hG4bK{call}{self.cseq}{method}\r\n"
            f"Max-Forwards: 70\r\nFrom: <{uri(self.server, self.name)}>;tag=f\r\n"
            f"Call-ID: {call}\r\nCSeq: {self.cseq} {method}\r\nContact: <sip:{self.here}>\r\n"
            f"{headers}Content-Length: {len(body)}\r\n\r\n{body}").encode(), (HOST, self.server.port))

    def call(self, to, headers="", call=None):
        """Calls, without any sound; gives the 200, which it has acknowledged."""
        sdp = (f"v=0\r\no=- 1 1 IN IP4 {HOST}\r\ns=-\r\nc=IN IP4 {HOST}\r\nt=0 0\r\n"
               "m=audio 40000 RTP/AVP 0\r\n")
        answer = self.ask("INVITE", to, headers + "Content-Type: application/sdp\r\n", sdp, call)
        assert answer.startswith("SIP/2.0 200"), answer
        self.cseq -= 1
        self._write("ACK", to, f"To: {field(answer, 'To')}\r\n", "", field(answer, "Call-ID"))
        return answer

    def _receive(self):
        message, peer = self.socket.recvfrom(65536)
        text = message.decode()
        if not text.startswith(("SIP/2.0", "ACK")):
            status = "486 Busy Here" if text.startswith("INVITE") else "200 OK"
            lines = [line for line in text.split("\r\n\r\n")[0].split("\r\n")
                     if line.split(":")[0] in ("Via", "From", "To", "Call-ID", "CSeq")]
            self.socket.sendto(("\r\n".join([f"SIP/2.0 {status}", *lines, "Content-Length: 0"]) +
                                "\r\n\r\n").encode(), peer)
            self.notified.append(text)
        return text

    def answer_what_comes(self, seconds):
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                self._receive()
            except socket.timeout:
                pass
        self.socket.settimeout(5)

    def wait_for(self, text, seconds=8):
        """A request that says so, later than the one that was waited for last."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            while self.notified:
                if text in (notify := self.notified.pop(0)):
                    return notify
            try:
                self._receive()
            except socket.timeout:
                pass
        raise AssertionError(f"nothing said '{text}'")

    def subscribe(self, to, event="presence"):
        answer = self.ask("SUBSCRIBE", to, f"Event: {event}\r\nExpires: 600\r\n")
        assert answer.startswith("SIP/2.0 200"), answer

    def register(self):
        answer = self.ask("REGISTER", f"sip:{HOST}:{self.server.port}", "Expires: 600\r\n")
        assert answer.startswith("SIP/2.0 200"), answer

    def publish(self, note):
        body = ("<presence xmlns='urn:ietf:params:xml:ns:pidf' entity='sip:x@y'><tuple id='t'>"
                f"<status><basic>open</basic></status><note>{note}</note></tuple></presence>")
        answer = self.ask("PUBLISH", uri(self.server, self.name),
                          "Event: presence\r\nContent-Type: application/pidf+xml\r\n", body)
        assert answer.startswith("SIP/2.0 200"), answer

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()


def test_a_buddy_is_seen_to_come_to_talk_and_to_go():
    with members("alice", "bob") as server, Watcher(server, "alice") as alice:
        alice.subscribe(uri(server, "bob"))
        alice.wait_for("<basic>closed</basic>")
        with phone(server, "bob") as bob:
            alice.wait_for("<basic>open</basic>")
            bob.command("dial", uri(server, "demo"))
            alice.wait_for("<rpid:meeting/>")
            alice.subscribe(uri(server, "demo"))
            alice.wait_for("in session")
            bob.command("hangup")
            assert "meeting" not in alice.wait_for("<basic>open</basic>")
        alice.wait_for("<basic>closed</basic>")


def test_a_softphone_sees_its_buddy():
    with members("alice", "bob") as server, \
            phone(server, "alice", buddies=[uri(server, "bob")]) as alice:
        wait_until(lambda: "bob\tpresence\talice\tactive" in on(server, "presence", "watchers"))
        with phone(server, "bob"):
            alice.wait_for("Online")
        alice.wait_for("Offline")


def test_softphones_publish_and_write_to_each_other():
    with members("alice", "bob") as server, phone(server, "bob", publishes=True) as bob:
        with phone(server, "alice", buddies=[uri(server, "bob")]) as alice:
            wait_until(lambda: "bob\tpresence\talice\tactive" in on(server, "presence", "watchers"))
            bob.command("presence_online")
            wait_until(lambda: "<basic>open</basic>" in on(server, "presence", "show", "bob"))
            bob.command("presence_offline")
            wait_until(lambda: "<basic>closed</basic>" in on(server, "presence", "show", "bob"))
            alice.wait_for("Offline")
            alice.command("contact_next")
            wait = bob.wait_to_be_written("see you at eight")
            alice.command("message", "see you at eight")
            wait()


def test_watchers_and_what_is_published_survive_kill_9():
    with members("alice", "bob") as server, Watcher(server, "alice") as alice, \
            Watcher(server, "bob") as bob:
        alice.subscribe(uri(server, "bob"))
        bob.publish("at lunch")
        alice.wait_for("at lunch")
        server.stop(signal.SIGKILL)
        with Server("--digest", "md5", "--sip-port", str(server.port), data=server.data) as again:
            alice.wait_for("at lunch")
            assert "at lunch" in on(again, "presence", "show", "bob")
            bob.publish("back")
            alice.wait_for("back")


def test_a_message_waits_for_who_is_away_through_kill_9():
    with members("alice", "bob") as server, Watcher(server, "alice") as alice, \
            Watcher(server, "bob") as desk:
        desk.subscribe(uri(server, "bob"), "message-summary")
        desk.wait_for("Messages-Waiting: no")
        for text in ("see you", "at eight"):
            answer = alice.ask("MESSAGE", uri(server, "bob"), "Content-Type: text/plain\r\n", text)
            assert answer.startswith("SIP/2.0 202"), answer
        desk.wait_for("Text-Message: 2/0")
        assert on(server, "message", "list").count("\tbob\t") == 2
        server.stop(signal.SIGKILL)
        with Server("--digest", "md5", "--sip-port", str(server.port), data=server.data) as again, \
                Watcher(again, "bob") as bob:
            bob.register()
            assert "at eight" not in bob.wait_for("see you")
            bob.wait_for("at eight")
            wait_until(lambda: on(again, "message", "list") == "")


def test_an_owner_decides_who_sees_him_while_the_server_runs():
    with members("alice", "bob") as server, Watcher(server, "alice") as alice, \
            Watcher(server, "bob") as bob, tempfile.NamedTemporaryFile("w") as rules:
        bob.publish("at lunch")
        alice.subscribe(uri(server, "bob"))
        alice.wait_for("at lunch")
        told = on(server, "presence", "told", "alice", "bob")
        assert re.match(r"presence\t20\S+Z\tstill so\n<\?xml", told) and "at lunch" in told, told
        rules.write("<ruleset xmlns='urn:ietf:params:xml:ns:common-policy' "
                    "xmlns:pr='urn:ietf:params:xml:ns:pres-rules'><rule id='a'><actions>"
                    "<pr:sub-handling>polite-block</pr:sub-handling></actions></rule></ruleset>")
        rules.flush()
        on(server, "presence", "rules", "bob", rules.name)
        assert "at lunch" not in alice.wait_for("<basic>closed</basic>")
        on(server, "presence", "rules", "bob", "none")
        alice.wait_for("at lunch")
        server.stop()
        asked = command("presence", "told", "alice", "bob", "--data", server.data)
        assert asked.returncode == 1 and "the server does not run" in asked.stderr, asked


def test_a_class_is_one_buddy_and_one_address():
    with members("alice", "bob", "carol") as server, Watcher(server, "alice") as alice, \
            Watcher(server, "bob") as bob:
        on(server, "group", "add", "7b")
        on(server, "group", "join", "7b", "alice", "bob", "carol")
        assert on(server, "group", "list").split() == ["7b", "alice", "bob", "carol"]
        group, wants = uri(server, "7b"), "Event: presence\r\nSupported: eventlist\r\n"
        wait_until(lambda: " 404 " not in alice.ask("SUBSCRIBE", group, wants + "Expires: 0\r\n"))
        answer = alice.ask("SUBSCRIBE", group, wants + "Expires: 600\r\n")
        assert "Require: eventlist" in answer, answer
        bob.register()
        partly = alice.wait_for('fullState="false"')
        assert partly.count("<resource ") == 1 and "<basic>open</basic>" in partly, partly
        # One message for all: bob has it now, carol when she comes.
        bob.notified.clear()
        asked = threading.Thread(target=bob.wait_for, args=("No class today",))
        asked.start()
        answer = alice.ask("MESSAGE", group, "Content-Type: text/plain\r\n", "No class today")
        asked.join()
        assert answer.startswith("SIP/2.0 202"), answer
        server.stop(signal.SIGKILL)
        with Server("--digest", "md5", "--sip-port", str(server.port), data=server.data) as again, \
                Watcher(again, "carol") as carol:
            alice.wait_for('fullState="true"')
            carol.register()
            assert "<sip:7b@" in carol.wait_for("No class today")


def test_guests_of_a_room_write_and_read():
    with members("alice", "bob") as server, Watcher(server, "alice") as alice, Watcher(server, "eve") as eve:
        on(server, "room", "remove", "demo")
        on(server, "room", "add", "demo", "--history", "5")
        alice.register()
        alice.call(uri(server, "demo"))
        eve.call(uri(server, "demo"), call="eves")
        answer = alice.ask("MESSAGE", uri(server, "demo"), "Content-Type: text/plain\r\n", "hello all")
        assert answer.startswith("SIP/2.0 202"), answer
        told = eve.wait_for("hello all")
        assert field(told, "Call-ID") == "eves" and '"alice" <' in field(told, "From"), told
        inside = f"To: {field(told, 'From')}\r\nContent-Type: text/plain\r\n"
        eve._write("MESSAGE", uri(server, "demo"), inside, "hello alice", "eves")
        assert '"eve" <' in field(alice.wait_for("hello alice"), "From")
        with Watcher(server, "mallory") as mallory:
            answer = mallory.ask("MESSAGE", uri(server, "demo"), "Content-Type: text/plain\r\n", "spam")
            assert answer.startswith("SIP/2.0 40"), answer


def test_who_asks_for_it_hears_what_becomes_of_his_message():
    def envelope(number):
        return ("From: <im:alice@here>\r\nNS: imdn <urn:ietf:params:imdn>\r\n"
                f"imdn.Message-ID: m{number}\r\nimdn.Disposition-Notification: processing, negative-delivery\r\n"
                "\r\nContent-Type: text/plain\r\n\r\nhello")
    with members("alice", "bob") as server, Watcher(server, "alice") as alice:
        alice.register()
        for number, expires in ((1, 600), (2, 3)):
            answer = alice.ask("MESSAGE", uri(server, "bob"),
                               f"Content-Type: message/cpim\r\nExpires: {expires}\r\n", envelope(number))
            assert answer.startswith("SIP/2.0 202"), answer
            told = alice.wait_for("<stored/>")
            assert f"<message-id>m{number}</message-id>" in told and "Content-Type: message/cpim" in told, told
        assert "<message-id>m2</message-id>" in alice.wait_for("<failed/>")
        with Watcher(server, "bob") as bob:
            bob.register()
            assert envelope(1) in bob.wait_for("MESSAGE ")


def test_who_is_in_a_room_is_seen():
    with members("alice", "bob") as server, Watcher(server, "alice") as alice, \
            phone(server, "bob") as bob:
        alice.subscribe(uri(server, "demo"), "conference")
        assert "<active>false</active>" in alice.wait_for("<user-count>0</user-count>")
        bob.command("dial", uri(server, "demo"))
        told = alice.wait_for("<user-count>1</user-count>")
        assert "sip:bob@" in told and "<status>sendrecv</status>" in told, told
        bob.command("hangup")
        alice.wait_for("<user-count>0</user-count>")


class Xcap:
    """Documents of a member, by HTTP with his password."""

    def __init__(self, server, name):
        self.root = f"http://{HOST}:{server.web_port}/xcap"
        passwords = urllib.request.HTTPPasswordMgrWithDefaultRealm()
        passwords.add_password(None, self.root, name, "secret")
        self.opener = urllib.request.build_opener(urllib.request.HTTPDigestAuthHandler(passwords))

    def ask(self, method, path, body=None, kind=None):
        """Status and body."""
        request = urllib.request.Request(self.root + path, body and body.encode(),
                                         {"Content-Type": kind} if kind else {}, method=method)
        try:
            with self.opener.open(request, timeout=5) as answer:
                self.tag = answer.headers.get("ETag", "").strip('"')
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()


def test_buddies_and_rules_are_kept_by_xcap_through_kill_9():
    buddies = ("<resource-lists xmlns='urn:ietf:params:xml:ns:resource-lists'><list name='all'>"
               "<entry uri='{}'/></list></resource-lists>")
    services = ("<rls-services xmlns='urn:ietf:params:xml:ns:rls-services'><service uri='{}'>"
                "<resource-list>{}/resource-lists/users/alice/index/~~/resource-lists/"
                "list%5b@name=%22all%22%5d</resource-list></service></rls-services>")
    nobody = "<ruleset xmlns='urn:ietf:params:xml:ns:common-policy'/>"
    with members("alice", "bob") as server, Watcher(server, "alice") as alice:
        mine, his = Xcap(server, "alice"), Xcap(server, "bob")
        lists, friends = "/resource-lists/users/alice/index", uri(server, "friends-of-alice")
        assert mine.ask("GET", "/xcap-caps/global/index")[0] == 200
        alice.subscribe(uri(server, "alice"), "xcap-diff")
        alice.wait_for("<xcap-diff")
        assert mine.ask("PUT", lists, buddies.format(uri(server, "bob")),
                        "application/resource-lists+xml")[0] == 201
        tag = mine.tag
        assert mine.ask("PUT", "/rls-services/users/alice/index",
                        services.format(friends, mine.root), "application/rls-services+xml")[0] == 201
        told = alice.wait_for("new-etag")
        assert "resource-lists/users/sip:alice@" in told and tag in told, told
        alice.wait_for("rls-services/users")
        assert his.ask("GET", lists)[0] == 403
        status, why = mine.ask("PUT", "/rls-services/users/alice/index",
                               services.format(uri(server, "bob"), mine.root),
                               "application/rls-services+xml")
        assert status == 409 and "uniqueness-failure" in why, why
        answer = alice.ask("SUBSCRIBE", friends,
                           "Event: presence\r\nSupported: eventlist\r\nExpires: 600\r\n")
        assert answer.startswith("SIP/2.0 200"), answer
        assert uri(server, "bob") in alice.wait_for('fullState="true"')
        assert his.ask("PUT", "/pres-rules/users/bob/index", nobody,
                       "application/auth-policy+xml")[0] == 201
        assert 'reason="rejected"' in alice.wait_for('fullState="false"')
        assert mine.ask("PUT", lists, " " * 300_000, "application/resource-lists+xml")[0] == 413
        entry = lists + "/~~/resource-lists/list/entry%5b@uri=%22sip:carol@far.test%22%5d"
        assert mine.ask("PUT", entry, "<entry uri='sip:carol@far.test'/>",
                        "application/xcap-el+xml")[0] == 201
        assert "sip:carol@far.test" in alice.wait_for('fullState="true"')
        referring = ("<list><external anchor='{0}/resource-lists/users/alice/index/~~/resource-lists/list%5b1%5d'/>"
                     "<entry uri='sip:dave@far.test'/></list>").format(mine.root)
        assert mine.ask("PUT", lists + "/~~/resource-lists/list%5b2%5d", referring,
                        "application/xcap-el+xml")[0] == 201
        assert mine.ask("PUT", "/rls-services/users/alice/index/~~/rls-services/service/resource-list",
                        "<resource-list>" + mine.root + lists + "/~~/resource-lists/list%5b2%5d</resource-list>",
                        "application/xcap-el+xml")[0] == 200
        told = alice.wait_for("sip:dave@far.test")
        assert "sip:carol@far.test" in told and uri(server, "bob") in told, told
        server.stop(signal.SIGKILL)
        with Server("--digest", "md5", "--sip-port", str(server.port), data=server.data) as again:
            assert "carol@far.test" in Xcap(again, "alice").ask("GET", lists)[1]
            assert on(again, "presence", "rules", "bob") == nobody
            assert "alice is refused, by the rules of bob" in on(again, "presence", "see", "alice", "bob")
            assert "bob may watch, by the setting" in on(again, "presence", "see", "bob", "alice")
            assert "sip:carol@far.test" in alice.wait_for('fullState="true"')


def test_what_is_kept_of_a_member_is_seen_without_his_devices():
    said = ("<presence xmlns='urn:ietf:params:xml:ns:pidf' xmlns:dm='urn:ietf:params:xml:ns:pidf:data-model' "
            "xmlns:ci='urn:ietf:params:xml:ns:pidf:cipid' entity='sip:bob@here'><dm:person id='p'>"
            "<ci:display-name>Bob the Builder</ci:display-name><dm:note>write to me</dm:note></dm:person></presence>")
    with members("alice", "bob") as server, Watcher(server, "alice") as alice:
        his, document = Xcap(server, "bob"), "/pidf-manipulation/users/bob/index"
        alice.subscribe(uri(server, "bob"))
        alice.wait_for("<basic>closed</basic>")
        status, why = his.ask("PUT", document, said.replace("entity=", "of="), "application/pidf+xml")
        assert status == 409 and "schema-validation-error" in why and "attribute 'of'" in why, why
        assert his.ask("PUT", document, said, "application/pidf+xml")[0] == 201
        told = alice.wait_for("Bob the Builder")
        assert "write to me" in told and "<basic>closed</basic>" in told, told
        server.stop(signal.SIGKILL)
        with Server("--digest", "md5", "--sip-port", str(server.port), data=server.data) as again:
            assert "Bob the Builder" in on(again, "presence", "see", "alice", "bob")
            assert Xcap(again, "bob").ask("PUT", document + "/~~/presence/note", "<note>gone fishing</note>",
                                          "application/xcap-el+xml")[0] == 201
            assert "Bob the Builder" in alice.wait_for("gone fishing")


def test_who_is_in_class_is_seen_to_be():
    with members("alice", "bob") as server, Watcher(server, "alice") as alice:
        for arguments in (("group", "add", "7b"), ("group", "join", "7b", "bob"),
                          ("lesson", "add", "Maths", "--days", "mon,tue,wed,thu,fri,sat,sun", "--from",
                           "00:00", "--until", "24:00", "--group", "7b", "--room", "demo")):
            on(server, *arguments)
        assert "Maths\tmon,tue,wed,thu,fri,sat,sun\t00:00-24:00\tgroup=7b" in on(server, "lesson", "list")
        alice.subscribe(uri(server, "bob"))
        assert "<rpid:meeting/>" in alice.wait_for("in class: Maths, until 24:00")
        on(server, "lesson", "remove", "1")
        assert "meeting" not in alice.wait_for("<basic>closed</basic>")


def faults_of(body):
    """What xmllint says of the documents in a body, by our schemas; and their names."""
    faults, known = "", set()
    for document in re.findall(r"<\?xml .*?(?=\r\n--|\Z)", body, re.DOTALL):
        name = re.search(r'xmlns="[^"]*:([^":]*)"', document)[1]
        places = (HERE.parent / "data" / "schemas", HERE.parent.parent / "presence" / "schemas")
        schema = next(path for path in (place / f"{name}.xsd" for place in places) if path.exists())
        checked = subprocess.run(["xmllint", "--noout", "--schema", str(schema), "-"], input=document,
                                 capture_output=True, text=True, timeout=10)
        known.add(name)
        if checked.returncode:
            faults += checked.stderr + document
    return faults, known


def test_what_watchers_are_told_is_as_the_schemas_have_it():
    if not shutil.which("xmllint"):
        raise Skipped("xmllint is not installed")
    with members("alice", "bob") as server, Watcher(server, "alice") as alice, Watcher(server, "bob") as bob:
        on(server, "group", "add", "7b")
        on(server, "group", "join", "7b", "alice", "bob")
        on(server, "lesson", "add", "Maths", "--days", "mon,tue,wed,thu,fri,sat,sun", "--from", "00:00",
           "--until", "23:59", "--group", "7b", "--teacher", "bob")
        time.sleep(2.5)  # Until the server has looked at its tables.
        for event in ("reg", "presence.winfo", "xcap-diff"):
            alice.subscribe(uri(server, "alice"), event)
        for event in ("presence", "dialog"):
            alice.subscribe(uri(server, "bob"), event)
        bob.subscribe(uri(server, "alice"))
        alice.subscribe(uri(server, "demo"), "conference")
        alice.subscribe(uri(server, "demo"), "presence")
        answer = alice.ask("SUBSCRIBE", uri(server, "7b"),
                           "Event: presence\r\nSupported: eventlist\r\nExpires: 600\r\n")
        assert answer.startswith("SIP/2.0 200"), answer
        alice.register()
        bob.publish("this &amp; &lt;that>")
        Xcap(server, "alice").ask("PUT", "/pres-rules/users/alice/index",
                                  "<ruleset xmlns='urn:ietf:params:xml:ns:common-policy'/>",
                                  "application/auth-policy+xml")
        with phone(server, "bob") as speaker:
            speaker.command("dial", uri(server, "demo"))
            speaker.wait_for("Call established")
            alice.answer_what_comes(3)
        names = set()
        for notify in alice.notified:
            faults, known = faults_of(notify.split("\r\n\r\n", 1)[1])
            assert not faults, faults
            names |= known
        assert names == {"pidf", "dialog-info", "reginfo", "watcherinfo", "conference-info", "rlmi", "xcap-diff"}, names


def test_sipp_plays_a_hundred_watchers():
    with members("alice", "bob") as server, Watcher(server, "bob") as bob:
        bob.register()
        sipp(server, "watch.xml", calls=100)


def attributes(document):
    """Of the only dialog in it: Call-ID, own tag, other tag."""
    return tuple(re.search(f'{name}="([^"]*)"', document)[1] for name in ("call-id", "local-tag", "remote-tag"))


def test_a_call_that_rings_or_is_parked_is_taken_by_the_dialog_package():
    with members("alice", "bob", "carol") as server, Watcher(server, "alice") as alice, \
            Watcher(server, "carol") as carol, phone(server, "bob") as bob:
        on(server, "group", "add", "office")
        on(server, "group", "join", "office", "bob", "carol")
        on(server, "room", "role", "demo", "carol", "speaker")
        time.sleep(2.5)  # Until the server has looked at its tables.
        alice.register()
        for watched in ("bob", "demo"):
            carol.subscribe(uri(server, watched), "dialog")
        sdp = (f"v=0\r\no=- 1 1 IN IP4 {HOST}\r\ns=-\r\nc=IN IP4 {HOST}\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0\r\n")
        ringing = threading.Thread(target=alice.ask, daemon=True, args=(
            "INVITE", uri(server, "bob"), "Content-Type: application/sdp\r\n", sdp, "rings"))
        ringing.start()
        bob.wait_for("Incoming call")
        told = carol.wait_for("local-tag=")
        while "remote-tag" not in told:
            told = carol.wait_for("local-tag=")
        call, own, other = attributes(told)
        assert (call, other) == ("rings", "f") and uri(server, "alice") in told, told
        bob.command("hangup")
        ringing.join(10)
        # Parked: a phone that takes it says to alice's which of her dialogs it is to be in the place of.
        alice.call(uri(server, "demo"), call="parked")
        call, own, other = attributes(carol.wait_for('call-id="parked"'))
        taken = threading.Thread(target=carol.ask, daemon=True, args=(
            "INVITE", uri(server, "alice"),
            f"Replaces: {call};to-tag={other};from-tag={own}\r\nContent-Type: application/sdp\r\n", sdp))
        taken.start()
        invite = alice.wait_for("Replaces: parked;to-tag=f;from-tag=" + own)
        assert "INVITE" in invite, invite
        taken.join(10)


@contextlib.contextmanager
def office_with_a_trunk(member):
    """Carol, who watches the calls of a member in her group, and a gateway that is alive."""
    with members(member, "carol") as server, EchoGateway() as gateway, Watcher(server, "carol") as carol:
        on(server, "group", "add", "office")
        on(server, "group", "join", "office", member, "carol")
        on(server, "trunk", "add", "pstn", f"sip:{OUT_THERE}:{gateway.port}")
        on(server, "route", "add", "+.", "trunk:pstn")
        wait_until(lambda: "\tup" in on(server, "trunk", "list"))
        time.sleep(2.5)  # Until the server has looked at its tables.
        carol.subscribe(uri(server, member), "dialog")
        yield server, gateway, carol


@contextlib.contextmanager
def telephone_rings_at_bobs():
    """And Carol sees it: what she would say in Replaces to have it."""
    number = "+498954321"
    with office_with_a_trunk("bob") as (server, gateway, carol), phone(server, "bob") as bob:
        on(server, "alias", "add", number, "bob")
        calling = threading.Thread(target=gateway.dial, args=(server, number), daemon=True)
        calling.start()
        bob.wait_for("Incoming call")
        told = carol.wait_for("local-tag=")
        while "remote-tag" not in told:
            told = carol.wait_for("local-tag=")
        call, own, other = attributes(told)
        yield server, gateway, carol, bob, calling, f"Replaces: {call};to-tag={other};from-tag={own}"


def test_a_telephone_that_rings_at_somebodys_is_picked_up():
    with telephone_rings_at_bobs() as (server, gateway, carol, bob, calling, replaces):
        answer = carol.call(uri(server, NUMBER), f"{replaces}\r\n")
        assert f"m=audio {gateway.rtp.getsockname()[1]} " in answer, answer
        calling.join(10)
        assert any(each.startswith("SIP/2.0 200") and "m=audio 40000 " in each for each in gateway.said), gateway.said
        assert server.wait_for_log("trunk.picked-up")
        # Bob's phone rings no more.
        bob.wait_for("session closed")


def test_a_browser_picks_up_a_telephone_that_rings_at_somebodys():
    with telephone_rings_at_bobs() as (server, gateway, _, bob, calling, replaces), WebPhones(server) as web:
        assert web.start("carol", server, 600) == "registered"
        web.dial("carol", f"sip:{NUMBER}@{HOST}", replaces)
        web.wait_for("carol", "confirmed")
        calling.join(10)
        bob.wait_for("session closed")
        time.sleep(4)
        assert web.phone_hears("carol", 600)[0] > -45, "the telephone gives back what it hears"
        web.hang_up("carol")
        wait_until(gateway.over.is_set)
        assert server.wait_for_log("relay.closed")


def test_a_call_of_two_becomes_a_conference_and_nobody_is_dropped():
    with office_with_a_trunk("alice") as (server, gateway, carol), phone(server, "alice") as alice:
        alice.command("dial", uri(server, NUMBER))
        alice.wait_for("Call established")
        told = carol.wait_for("confirmed")
        call, own, other = attributes(told)
        answer = carol.call(uri(server, NUMBER), f"Join: {call};to-tag={other};from-tag={own}\r\nRequire: join\r\n")
        assert "m=audio" in answer, answer
        assert server.wait_for_log("trunk.joined"), open(server.log_path).read()[-3000:]
        log = open(server.log_path).read()
        assert log.count("leg.joining") == 3, log[-3000:]
        # Both have been asked to talk to somebody else, and neither is dropped.
        assert any(each.startswith("INVITE") and "Lyceum" in each and "s=Lyceum" in each for each in gateway.said)
        time.sleep(1)
        assert not gateway.over.is_set() and "session closed" not in alice.said(), alice.said()[-1500:]
        alice.command("hangup")
        time.sleep(1)
        assert not gateway.over.is_set(), "the telephone is in the room by itself"


def test_a_browser_that_talks_to_a_telephone_is_joined_with_it():
    with office_with_a_trunk("alice") as (server, gateway, carol), WebPhones(server) as web:
        assert web.start("alice", server, 600) == "registered"
        web.dial("alice", f"sip:{NUMBER}@{HOST}")
        web.wait_for("alice", "confirmed")
        call, own, other = attributes(carol.wait_for("confirmed"))
        answer = carol.call(uri(server, NUMBER), f"Join: {call};to-tag={other};from-tag={own}\r\nRequire: join\r\n")
        assert "m=audio" in answer, answer
        assert server.wait_for_log("trunk.joined"), server.read_log()[-3000:]
        time.sleep(4)
        heard = web.phone_hears("alice", 600)[0]
        assert heard > -45, f"the telephone gives back what it hears in the room, at {heard} dB"
        web.hang_up("alice")
        assert server.wait_for_log("relay.closed")
        assert not gateway.over.is_set(), "the telephone is in the room by itself"
