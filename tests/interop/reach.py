# SPDX-License-Identifier: Apache-2.0
"""People reach each other: calls by way of the server, forked, forwarded, found."""
import concurrent.futures
import contextlib
import socket
import time

import lab
from lab import HOST, Baresip, Server, command


@contextlib.contextmanager
def members(*names, options=()):
    """A server with these members, whose password is "secret"."""
    with Server(*(options or ("--digest", "md5"))) as server:
        for name in names:
            added = command("user", "add", name, "--password-stdin", "--data", server.data,
                            stdin="secret\n")
            assert added.returncode == 0, added.stderr
        yield server


def phone(server, name, transport="udp", **options):
    """A member's phone that has registered."""
    port = server.tls_port if transport == "tls" else server.port
    device = Baresip("", user=name, password="secret", transport=transport,
                     registrar=f"{HOST}:{port}", **options)
    device.wait_for("200 OK")
    return device


def uri(server, name):
    return f"sip:{name}@{HOST}:{server.port}"


def hear_each_other(caller, callee, hertz):
    time.sleep(2.5)
    assert caller.hears(hertz[1]) > 2500, "the caller does not hear the callee"
    assert callee.hears(hertz[0]) > 2500, "the callee does not hear the caller"


def test_phones_call_each_other_over_each_pair_of_transports():
    pairs = [("udp", "udp"), ("udp", "tcp"), ("tcp", "tls"), ("tls", "udp")]
    with members("alice", "bob") as server:
        for caller, callee in pairs:
            with phone(server, "alice", caller, hertz=500) as alice, \
                    phone(server, "bob", callee, hertz=900, answers=True) as bob:
                port = server.tls_port if caller == "tls" else server.port
                alice.command("dial", f"sip:bob@{HOST}:{port};transport={caller}")
                alice.wait_for("Call established")
                bob.wait_for("Call established")
                hear_each_other(alice, bob, (500, 900))
                # Whoever hangs up, the other hears of it.
                (bob if caller == "udp" else alice).command("hangup")
                (alice if caller == "udp" else bob).wait_for("session closed")


@contextlib.contextmanager
def two_devices_ring():
    """Alice calls Bob, who has a desk phone and another by TCP."""
    with members("alice", "bob") as server, phone(server, "alice") as alice, \
            phone(server, "bob") as desk, phone(server, "bob", "tcp") as mobile:
        alice.command("dial", uri(server, "bob"))
        desk.wait_for("Incoming call")
        mobile.wait_for("Incoming call")
        yield alice, desk, mobile


def test_all_devices_ring_and_the_first_to_answer_has_the_call():
    with two_devices_ring() as (alice, desk, mobile):
        mobile.command("accept")
        alice.wait_for("Call established")
        desk.wait_for("session closed")
        assert "Call established" not in desk.said()
        alice.command("hangup")
        mobile.wait_for("session closed")


def test_a_caller_who_gives_up_silences_all_devices():
    with two_devices_ring() as (alice, desk, mobile):
        alice.command("hangup")
        desk.wait_for("session closed")
        mobile.wait_for("session closed")


def test_busy_and_absent_members_are_forwarded_and_found():
    with members("alice", "bob", "carol") as server:
        at = ["--data", server.data]
        for arguments in (("user", "forward", "bob", "--busy", "carol", "--unreachable", "echo"),
                          ("alias", "add", "1001", "bob")):
            done = command(*arguments, *at)
            assert done.returncode == 0, done.stderr
        with phone(server, "alice") as alice:
            with phone(server, "bob") as bob, phone(server, "carol", answers=True) as carol:
                alice.command("dial", uri(server, "1001"))
                bob.wait_for("Incoming call")
                bob.command("hangup")
                carol.wait_for("Call established")
                alice.command("hangup")
                carol.wait_for("session closed")
            with phone(server, "bob") as bob:
                assert command("user", "dnd", "bob", "on", *at).returncode == 0
                tried = command("route", "try", "bob", *at).stdout
                assert "does not want to be disturbed" in tried, tried
                alice.command("dial", uri(server, "bob"))
                alice.wait_for("480 Temporarily Unavailable")
                assert "Incoming call" not in bob.said()
                assert command("user", "dnd", "bob", "off", *at).returncode == 0
            # Bob's phone has taken its leave: the room that stands in for him answers.
            alice.command("dial", uri(server, "bob"))
            assert server.wait_for_log("leg.joining")
            alice.command("hangup")


def test_numbers_lead_where_the_dial_plan_says():
    with members("alice", "bob", options=("--digest", "md5", "--country-code", "49")) as server:
        at = ["--data", server.data, "--country-code", "49", "--domain", "school.test"]
        for arguments in (("alias", "add", "+49301001", "bob"),
                          ("route", "add", "8x", "echo", "--for", "everybody"),
                          ("route", "add", "3xxx", "sip:{number}@gothenburg.test", "--strip", "1")):
            done = command(*arguments, *at)
            assert done.returncode == 0, done.stderr
        tried = command("route", "try", "3456", *at).stdout
        assert "only for members" in tried and "sip:456@gothenburg.test" in tried, tried
        assert "refused" in command("route", "try", "tel:112", *at).stdout
        with phone(server, "alice") as alice, phone(server, "bob", answers=True) as bob:
            alice.command("dial", uri(server, "0301001"))
            bob.wait_for("Call established")
            alice.command("hangup")
            bob.wait_for("session closed")
            alice.command("dial", uri(server, "81"))
            assert server.wait_for_log("leg.joining")
            alice.command("hangup")
            alice.command("dial", uri(server, "112"))
            alice.wait_for("No Emergency Calls From Here")
            assert server.wait_for_log("error emergency.call.refused")


def test_a_find_me_list_ends_in_a_room():
    with members("alice", "bob") as server:
        done = command("user", "find", "bob", "devices:1", "demo:10", "--data", server.data)
        assert done.returncode == 0, done.stderr
        with phone(server, "alice") as alice, phone(server, "bob") as bob:
            alice.command("dial", uri(server, "bob"))
            bob.wait_for("Incoming call")
            bob.wait_for("session closed")
            alice.wait_for("Call established")
            assert server.wait_for_log("conference.started")


def test_calls_survive_a_restart_of_the_server():
    with members("alice", "bob") as server, contextlib.ExitStack() as restarted:
        with phone(server, "alice") as alice, phone(server, "bob", answers=True) as bob:
            alice.command("dial", uri(server, "bob"))
            alice.wait_for("Call established")
            server.stop(9)
            restarted.enter_context(
                Server("--digest", "md5", "--sip-port", str(server.port), data=server.data))
            alice.command("hangup")
            bob.wait_for("session closed")


def test_browsers_register_call_each_other_and_the_rooms():
    with members("alice", "bob", options=("--digest", "sha256,md5")) as server, lab.WebPhones(server) as web:
        assert web.start("alice", server, 500) == "registered"
        assert web.start("bob", server, 900, secure=False) == "registered"
        rows = command("binding", "list", "--data", server.data).stdout
        assert "\tWSS " in rows and "\tWS " in rows, rows
        web.dial("alice", f"sip:bob@{HOST}")
        web.wait_for("alice", "confirmed")
        web.wait_for("bob", "confirmed")
        time.sleep(3)
        heard, own = web.phone_hears("alice", 900, 500)
        assert heard > -45 and own < heard - 30, (heard, own)
        heard, own = web.phone_hears("bob", 500, 900)
        assert heard > -45 and own < heard - 30, (heard, own)
        web.hang_up("bob")
        web.wait_for("alice", "ended")
        # And by the server's own media: echo gives back what it hears.
        web.dial("alice", f"sip:echo@{HOST}")
        time.sleep(4)
        assert web.phone_hears("alice", 500)[0] > -45, web.phone_hears("alice", 500)


def browser_and_phone_call_each_other(name, relayed, **options):
    with members("alice", name) as server, lab.WebPhones(server) as web:
        assert web.start("alice", server, 500) == "registered"
        with phone(server, name, hertz=900, answers=True, **options) as device:
            for phone_calls in (True, False):
                if phone_calls:
                    device.command("dial", uri(server, "alice"))
                else:
                    web.dial("alice", f"sip:{name}@{HOST}")
                web.wait_for("alice", "confirmed")
                time.sleep(5)
                assert web.phone_hears("alice", 900)[0] > -45
                assert device.hears(500) > 2500
                assert ("relay.dtls.done" in server.read_log()) == relayed, server.read_log()[-3000:]
                if phone_calls:
                    device.command("hangup")
                    web.wait_for("alice", "ended")
                    web.forget("alice")
                else:
                    web.hang_up("alice")
                    device.wait_for("session closed")
        assert not relayed or server.wait_for_log("relay.closed")


def test_a_browser_and_a_phone_call_each_other():
    browser_and_phone_call_each_other("carol", relayed=False, codec="opus", encryption="dtls_srtp", nat="ice")


def test_a_browser_and_a_desk_phone_call_each_other_by_the_relay():
    browser_and_phone_call_each_other("dora", relayed=True)  # RTP in clear, G.711.


def test_a_phone_leaves_the_offer_to_a_browser():
    with members("alice") as server, lab.WebPhones(server) as web, \
            concurrent.futures.ThreadPoolExecutor(1) as beside:
        assert web.start("alice", server, 500) == "registered"
        call = beside.submit(lab.sipp, server, "offerless-call.xml", hertz=700)
        web.wait_for("alice", "confirmed")
        time.sleep(4)
        assert web.phone_hears("alice", 700)[0] > -45, web.phone_hears("alice", 700)
        web.wait_for("alice", "ended")
        call.result()
        assert server.wait_for_log("relay.closed")


def test_the_web_port_speaks_sip_to_who_asks_for_it_and_nothing_else():
    upgrade = ("Host: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
               "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n")
    rows = [("GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n", "404"),
            (f"GET /sip HTTP/1.1\r\n{upgrade}\r\n", "400"),
            (f"GET /sip HTTP/1.1\r\n{upgrade}Sec-WebSocket-Protocol: xmpp\r\n\r\n", "400"),
            (f"GET /sip HTTP/1.1\r\n{upgrade}Sec-WebSocket-Protocol: msrp, sip\r\n\r\n", "101"),
            ("GET / HTTP/1.1\r\n" + "X: " + "y" * 9000 + "\r\n\r\n", ""),
            ("\0\1\2\3\r\n\r\n", "")]
    with Server() as server:
        for request, status in rows:
            with socket.create_connection((HOST, server.web_port), 5) as web:
                web.sendall(request.encode())
                web.settimeout(12)
                with contextlib.suppress(ConnectionResetError):
                    said = web.recv(4096).decode()
                    assert said[9:12] == status, (request, said)
        # A WebSocket whose messages are no SIP is closed, and the next one is served.
        with socket.create_connection((HOST, server.web_port), 5) as web:
            web.sendall(rows[3][0].encode())
            assert "Sec-WebSocket-Protocol: sip" in web.recv(4096).decode()
            web.sendall(b"\x81\x85\0\0\0\0hello")
            web.settimeout(5)
            assert web.recv(4096)[:1] in (b"", b"\x88")
        assert server.wait_for_log("sip.unparsable")
