# SPDX-License-Identifier: Apache-2.0
"""Telephones are reached, and reach us: by gateways, providers, and other places of ours."""
import contextlib
import os
import pathlib
import socket
import ssl
import subprocess
import tempfile
import threading
import time

import lab
from lab import HOST, Baresip, Server, command
from reach import hear_each_other, members, phone, uri

OUT_THERE = "127.0.0.2"  # Trunks are known by their address.
FURTHER = "127.0.0.3"
NUMBER = "+4930123"


def on(server, *arguments, stdin=None):
    done = command(*arguments, "--data", server.data, stdin=stdin)
    assert done.returncode == 0, (arguments, done.stderr)
    return done.stdout


def wait_until(said, seconds=15):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if said():
            return
        time.sleep(0.1)
    raise AssertionError("it never came to that")


@contextlib.contextmanager
def sipp_gateway():
    """A gateway that takes calls after the password."""
    port = lab.free_port()
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            ["sipp", "-sf", str(lab.HERE / "sipp" / "gateway.xml"), "-i", OUT_THERE, "-p", str(port),
             "-timeout", "60s", "-nostdin", "-trace_err", "-error_file", f"{folder}/errors"],
            cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            yield port, process
        finally:
            process.kill()
            process.wait(5)
            errors = pathlib.Path(f"{folder}/errors")
            if errors.exists():
                print("      sipp:", errors.read_text(errors="replace")[:600])


@contextlib.contextmanager
def telephone():
    """Members alice and bob, who answers, and a telephone behind a gateway that is alive."""
    with members("alice", "bob") as server, \
            Baresip("", user=NUMBER, host=OUT_THERE, hertz=900, answers=True) as mobile:
        on(server, "trunk", "add", "pstn", f"sip:{OUT_THERE}:{mobile.port}", "--caller", "+4989100")
        on(server, "route", "add", "+.", "trunk:pstn")
        on(server, "alias", "add", "+498912345", "bob")
        with phone(server, "alice", hertz=500) as alice, \
                phone(server, "bob", hertz=700, answers=True) as bob:
            wait_until(lambda: "\tup" in on(server, "trunk", "list"))
            yield server, alice, bob, mobile


def test_a_telephone_is_called_and_calls():
    with telephone() as (server, alice, bob, mobile):
        alice.command("dial", uri(server, NUMBER))
        alice.wait_for("Call established")
        mobile.wait_for("Call established")
        assert "+4989100" in mobile.said(), mobile.said()
        hear_each_other(alice, mobile, (500, 900))
        alice.command("hold")
        time.sleep(1)
        alice.command("resume")
        hear_each_other(alice, mobile, (500, 900))
        mobile.command("hangup")
        alice.wait_for("session closed")

        mobile.command("dial", uri(server, "+498912345"))
        bob.wait_for("Call established")
        mobile.wait_for("Call established")
        hear_each_other(mobile, bob, (900, 700))
        bob.command("hangup")
        mobile.wait_for("session closed")
        # The same telephone in a room, where it is one of many.
        mobile.command("dial", uri(server, "demo"))
        assert server.wait_for_log("leg.joining")
        # But it does not get out again at our expense.
        mobile.command("dial", uri(server, "+15550199"))
        mobile.wait_for("404")
        records = on(server, "call", "list")
        for expected in (f"sip:alice@{HOST}:{server.port}\t", "trunk pstn", "callee hung up",
                         f"sip:{NUMBER}@{HOST}"):
            assert expected in records, (expected, records)


class EchoGateway:
    """A gateway whose telephones answer and give back what they hear: RTP in clear, G.711, no ICE."""

    def __init__(self):
        self.sip, self.rtp = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
        for each in (self.sip, self.rtp):
            each.bind((OUT_THERE, 0))
        self.port, self.offers, self.said, self.over = self.sip.getsockname()[1], [], [], threading.Event()
        self.description = (f"v=0\r\no=- 1 1 IN IP4 {OUT_THERE}\r\ns=-\r\nc=IN IP4 {OUT_THERE}\r\nt=0 0\r\n"
                            f"m=audio {self.rtp.getsockname()[1]} RTP/AVP 0\r\n")
        for work in (self.talk, self.echo):
            threading.Thread(target=work, daemon=True).start()

    def echo(self):
        with contextlib.suppress(OSError):
            while True:
                packet, source = self.rtp.recvfrom(2048)
                # As if it came from somebody else.
                self.rtp.sendto(packet[:8] + bytes(each ^ 0xff for each in packet[8:12]) + packet[12:], source)

    def talk(self):
        with contextlib.suppress(OSError):
            while True:
                packet, source = self.sip.recvfrom(65536)
                if packet[0] & 0x80:  # RTCP, if this happens to be the port beside that of RTP.
                    continue
                message = packet.decode()
                method = message.split(" ")[0]
                self.said.append(message)
                if method == "SIP/2.0" or method == "ACK":
                    continue
                reply = lab.reply_to(message, "200 OK")
                if method == "INVITE":
                    self.offers.append(message.split("\r\n\r\n", 1)[1])
                    reply = (reply.replace("\r\nCall-ID", ";tag=g\r\nCall-ID", 1)
                             .replace("Content-Length: 0\r\n\r\n",
                                      f"Contact: <sip:gw@{OUT_THERE}:{self.port}>\r\n"
                                      "Content-Type: application/sdp\r\n"
                                      f"Content-Length: {len(self.description)}\r\n\r\n{self.description}"))
                if method == "BYE":
                    self.over.set()
                self.sip.sendto(reply.encode(), source)

    def dial(self, server, number):
        request = (f"INVITE sip:{number}@{HOST} SIP/2.0\r\n"
                   f"Via: SIP/2.0/UDP {OUT_THERE}:{self.port};branch=z9hG4bKi1\r\n"
                   f"From: <sip:{NUMBER}@{OUT_THERE}>;tag=g2\r\nTo: <sip:{number}@{HOST}>\r\n"
                   f"Call-ID: in-1\r\nCSeq: 1 INVITE\r\nMax-Forwards: 70\r\n"
                   f"Contact: <sip:gw@{OUT_THERE}:{self.port}>\r\nContent-Type: application/sdp\r\n"
                   f"Content-Length: {len(self.description)}\r\n\r\n{self.description}")
        self.sip.sendto(request.encode(), (HOST, server.port))
        answered = lambda: [each for each in self.said if each.startswith("SIP/2.0 200") and "INVITE" in each]
        wait_until(answered)
        self.sip.sendto(lab.ack_to(request, answered()[0]).encode(), (HOST, server.port))
        return answered()[0].split("\r\n\r\n", 1)[1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sip.close()
        self.rtp.close()


def test_a_browser_and_a_telephone_call_each_other():
    with members("alice") as server, EchoGateway() as gateway, lab.WebPhones(server) as web:
        on(server, "trunk", "add", "pstn", f"sip:{OUT_THERE}:{gateway.port}")
        on(server, "route", "add", "+.", "trunk:pstn")
        on(server, "alias", "add", "+498954321", "alice")
        assert web.start("alice", server, 600) == "registered"
        wait_until(lambda: "\tup" in on(server, "trunk", "list"))
        for browser_calls in (True, False):
            if browser_calls:
                web.dial("alice", f"sip:{NUMBER}@{HOST}")
            else:
                described = gateway.dial(server, "+498954321")
            web.wait_for("alice", "confirmed")
            time.sleep(4)
            assert web.phone_hears("alice", 600)[0] > -45
            if browser_calls:
                described = gateway.offers[0]
                web.hang_up("alice")
                assert gateway.over.wait(5), server.read_log()[-3000:]
                web.forget("alice")
            # What a gateway reads is nothing that it does not know.
            assert " RTP/AVP " in described and "fingerprint" not in described and "ice-" not in described
        web.hang_up("alice")
        assert server.wait_for_log("relay.closed")


def test_who_hangs_up_after_a_crash_is_heard_at_the_gateway():
    with members("alice") as server, EchoGateway() as gateway, contextlib.ExitStack() as restarted:
        on(server, "trunk", "add", "pstn", f"sip:{OUT_THERE}:{gateway.port}")
        on(server, "route", "add", "+.", "trunk:pstn")
        wait_until(lambda: "\tup" in on(server, "trunk", "list"))
        with phone(server, "alice") as alice:
            alice.command("dial", uri(server, NUMBER))
            alice.wait_for("Call established")
            wait_until(lambda: any(each.startswith("ACK") for each in gateway.said))
            time.sleep(0.5)
            server.stop(9)
            again = restarted.enter_context(
                Server("--digest", "md5", "--sip-port", str(server.port), data=server.data))
            assert again.wait_for_log("trunk.calls.restored")
            assert not gateway.over.is_set()
            alice.command("hangup")
            assert gateway.over.wait(5), "the gateway never hears that she has hung up"


def test_a_telephone_is_passed_on():
    with telephone() as (server, alice, bob, mobile):
        alice.command("dial", uri(server, NUMBER))
        alice.wait_for("Call established")
        time.sleep(1)
        alice.command("transfer", uri(server, "bob"))
        bob.wait_for("Call established")
        alice.wait_for("terminated (duration")
        hear_each_other(mobile, bob, (900, 700))
        mobile.command("hangup")
        bob.wait_for("session closed")


def test_a_gateway_dies_in_the_middle_of_an_afternoon():
    with members("alice") as server, sipp_gateway() as (first, process), \
            sipp_gateway() as (second, _), phone(server, "alice") as alice:
        on(server, "trunk", "add", "pstn", f"sip:{OUT_THERE}:{first}", "--user", "school",
           "--password-stdin", stdin="word\n")
        on(server, "trunk", "gateway", "pstn", f"sip:{OUT_THERE}:{second}", "--priority", "2")
        on(server, "route", "add", "+.", "trunk:pstn")
        wait_until(lambda: on(server, "trunk", "list").count("\tup") == 2)

        def call():
            alice.command("dial", uri(server, NUMBER))
            wait_until(lambda: server.read_log().count("trunk.answered") > answered[0])
            answered[0] += 1
            alice.command("hangup")
            wait_until(lambda: server.read_log().count("trunk.call.ended") == answered[0])

        answered = [0]
        call()
        process.kill()
        call()  # It is gone, and nobody knows yet.
        wait_until(lambda: f":{first}\tpriority=1\tweight=1\tno answer" in on(server, "trunk", "list"))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as grave:
            grave.bind((OUT_THERE, first))
            grave.setblocking(False)
            call()
            with contextlib.suppress(BlockingIOError):
                while heard := grave.recv(65536):
                    assert not heard.startswith(b"INVITE"), "who is known to be dead is not called"


def test_a_provider_knows_us_by_our_registration():
    with members("alice", "bob") as server, \
            Server("--bind", OUT_THERE, "--digest", "sha256") as provider:
        on(provider, "user", "add", "school", "--password-stdin", stdin="word\n")
        on(server, "trunk", "add", "isp", f"sip:{OUT_THERE}:{provider.port}", "--user", "school",
           "--password-stdin", "--register", "on", "--inbound", "bob", stdin="word\n")
        on(server, "route", "add", "+46.", "trunk:isp")
        wait_until(lambda: "\tregistered" in on(server, "trunk", "list"))
        assert "school\t" in on(provider, "binding", "list")
        with phone(server, "alice", hertz=500) as alice, \
                phone(server, "bob", hertz=700, answers=True) as bob, \
                Baresip("", user="dad", host=FURTHER, hertz=900, answers=True) as dad:
            on(provider, "alias", "add", "+46701", f"sip:dad@{FURTHER}:{dad.port}")
            alice.command("dial", uri(server, "+46701"))
            alice.wait_for("Call established")
            dad.wait_for("Call established")
            hear_each_other(alice, dad, (500, 900))
            dad.command("hangup")
            alice.wait_for("session closed")
            dad.command("dial", f"sip:school@{OUT_THERE}:{provider.port}")
            bob.wait_for("Call established")
            dad.command("hangup")
            bob.wait_for("session closed")


def test_a_number_is_found_in_the_dns_before_it_goes_by_a_trunk():
    with Baresip("", user="dad", host=FURTHER, answers=True) as dad, \
            Baresip("", user="+46702", host=OUT_THERE, answers=True) as mobile:
        records = {("1.0.7.6.4.second.test", lab.NameServer.NAPTR): [
            lab.NameServer.naptr(10, "E2U+sip", "", "u", f"!^.*$!sip:dad@{FURTHER}:{dad.port}!")]}
        with lab.NameServer(records) as names, \
                members("alice", options=("--digest", "md5", "--name-servers", f"{HOST}:{names.port}",
                                          "--enum-suffixes", "e164.arpa, second.test")) as server:
            on(server, "trunk", "add", "pstn", f"sip:{OUT_THERE}:{mobile.port}")
            on(server, "route", "add", "+46.", "trunk:pstn")
            with phone(server, "alice") as alice:
                wait_until(lambda: "\tup" in on(server, "trunk", "list"))
                alice.command("dial", uri(server, "+46701"))
                dad.wait_for("Call established")
                alice.command("hangup")
                dad.wait_for("session closed")
                alice.command("dial", uri(server, "+46702"))
                mobile.wait_for("Call established")
                alice.command("hangup")
                asked = [name for name, kind in names.asked if kind == lab.NameServer.NAPTR]
                assert asked == ["1.0.7.6.4.e164.arpa", "1.0.7.6.4.second.test",
                                 "2.0.7.6.4.e164.arpa", "2.0.7.6.4.second.test"], asked


class TlsPeer:
    """Takes TLS connections and keeps what it reads; its certificate is for one name, by an authority of its own."""

    def __init__(self, folder, name):
        def openssl(*arguments):
            subprocess.run(["openssl", *arguments], check=True, capture_output=True, timeout=20, cwd=folder)
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=Authority")
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "key.pem",
                "-out", "request.pem", "-subj", f"/CN={name}")
        with open(os.path.join(folder, "names"), "w") as names:
            names.write(f"subjectAltName=DNS:{name}\n")
        openssl("x509", "-req", "-in", "request.pem", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
                "-days", "2", "-extfile", "names", "-out", "certificate.pem")
        self.trust = os.path.join(folder, "ca.pem")
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(os.path.join(folder, "certificate.pem"), os.path.join(folder, "key.pem"))
        self.listener = socket.create_server((HOST, 0))
        self.port, self.heard = self.listener.getsockname()[1], []
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                plain, _ = self.listener.accept()
                with self.context.wrap_socket(plain, server_side=True) as secure:
                    secure.settimeout(5)
                    self.heard.append(secure.recv(65536).decode())
            except ssl.SSLError as error:
                self.heard.append(str(error))
            except OSError:
                if self.listener.fileno() < 0:
                    return


def test_who_is_reached_by_tls_has_to_show_a_certificate_for_his_name():
    for name, options, expected in (("localhost", ("--tls-trust",), "OPTIONS sip:localhost"),
                                    ("localhost", (), "unknown ca"),
                                    ("elsewhere.test", ("--tls-trust",), "bad certificate"),
                                    ("elsewhere.test", ("--tls-verify", "false"), "OPTIONS sip:localhost")):
        with tempfile.TemporaryDirectory() as folder:
            peer = TlsPeer(folder, name)
            with Server(*(item for option in options for item in
                          ((option, peer.trust) if option == "--tls-trust" else (option,)))) as server:
                on(server, "trunk", "add", "isp", f"sip:localhost:{peer.port};transport=tls")
                wait_until(lambda: any(expected in heard for heard in peer.heard), 20)
                if "OPTIONS" not in expected:
                    assert not any("SIP/2.0" in heard for heard in peer.heard), peer.heard
                    assert server.wait_for_log("tls.peer-refused")
            peer.listener.close()
