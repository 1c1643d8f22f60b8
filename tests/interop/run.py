#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The built server against real programs: run.py path/to/lyceum [test-name …]"""
import contextlib
import hashlib
import math
import os
import re
import shutil
import signal
import socket
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import traceback

import dashboard
import diagnosis
import lab
import lessons
import presence
import reach
import srtp
import trunks
from lab import HOST, Baresip, NameServer, Server, command, exchange, options_request, sipp


def test_a_fresh_server_says_what_to_dial_within_two_seconds():
    with Server() as server:
        assert server.seconds_to_start < 2, server.seconds_to_start
        assert "sip:echo@" in server.said and server.data in server.said
        mode = os.stat(os.path.join(server.data, "key.pem")).st_mode & 0o777
        assert mode == 0o600, oct(mode)


def test_what_keeps_it_from_starting_is_one_clear_line():
    with Server() as server, tempfile.TemporaryDirectory() as folder:
        config = os.path.join(folder, "lyceum.toml")
        with open(config, "w") as out:
            out.write("sip_prot = 5060\n")
        newer = os.path.join(folder, "newer")
        assert command("room", "list", "--data", newer).returncode == 0
        with sqlite3.connect(os.path.join(newer, "lyceum.db")) as database:
            database.execute("PRAGMA user_version = 4711")
        database.close()
        in_the_way = os.path.join(folder, "file")
        open(in_the_way, "w").close()
        rows = [
            (["serve", "--bind", HOST, "--data", folder, "--web-port", "0",
              "--sip-port", str(server.port)], str(server.port)),
            (["serve", "--bind", HOST, "--data", folder, "--sip-port", "0", "--sips-port", "0",
              "--web-port", str(server.web_port)], f"the web port, port {server.web_port}"),
            (["serve", "--bind", HOST, "--data", in_the_way], "cannot write to directory"),
            (["serve", "--bind", HOST, "--data", newer, "--sip-port", "0"], "newer"),
            (["serve", "--config", config], "lyceum.toml:1: unknown key 'sip_prot'"),
            (["serve", "--sip-port", "many"], "--sip-port: sip-port: expected a number"),
            (["dance"], "unknown command dance"),
        ]
        for arguments, said in rows:
            result = command(*arguments)
            assert result.returncode != 0, arguments
            assert said in result.stderr.splitlines()[0], (arguments, result.stderr)


def test_rooms_and_users_on_the_command_line():
    with tempfile.TemporaryDirectory() as data:
        at = ["--data", data]
        assert command("room", "list", *at).stdout == "demo\topen\n"
        assert command("room", "add", "maths", "--access", "pin", "--pin", "42", *at).returncode == 0
        assert command("room", "add", "maths", *at).returncode == 1
        assert command("room", "add", "x", "--access", "pin", *at).returncode == 1
        assert "maths\tpin" in command("room", "list", *at).stdout
        assert command("room", "remove", "maths", *at).returncode == 0
        assert command("user", "add", "alice", "--password-stdin", *at, stdin="secret\n").returncode == 0
        assert command("user", "add", "bob", *at).returncode == 2
        assert command("user", "list", *at).stdout == "alice\n"
        with open(os.path.join(data, "lyceum.db"), "rb") as database:
            assert b"secret" not in database.read()
        assert command("user", "remove", "alice", *at).returncode == 0
        assert "good" in command("check", *at).stdout


def test_sipp_scenarios_over_udp_and_tcp():
    with Server() as server:
        for transport in ("u1", "t1"):
            for scenario in ("call.xml", "offerless-invite.xml", "hold-and-resume.xml", "update.xml",
                             "video-is-refused.xml", "no-such-room.xml", "no-common-codec.xml",
                             "unknown-require.xml", "session-timer-too-short.xml",
                             "session-timer.xml", "unknown-dialog.xml"):
                sipp(server, scenario, transport=transport)
        sipp(server, "lost-ack.xml")
        sipp(server, "retransmitted-invite.xml")
        sipp(server, "call.xml", calls=100)


def test_without_an_ack_the_server_hangs_up():
    with Server() as server:
        sipp(server, "no-ack.xml", timeout=50)


def test_members_only_and_full_rooms():
    # The libre of Debian 12 gives up when SHA-256 is offered beside MD5.
    with Server("--digest", "md5") as server:
        at = ["--data", server.data]
        assert command("room", "add", "staff", "--access", "members", *at).returncode == 0
        assert command("user", "add", "alice", "--password-stdin", *at, stdin="secret\n").returncode == 0
        uri = f"sip:staff@{HOST}:{server.port}"
        with Baresip(uri, user="alice", password="secret") as phone:
            phone.wait_for("Call established")
        with Baresip(uri, user="alice", password="wrong") as phone:
            phone.wait_for("401")
        assert command("room", "add", "small", *at).returncode == 0
        assert command("policy", "set", "participants-max", "1", "--room", "small",
                       *at).returncode == 0
        with Baresip(f"sip:small@{HOST}:{server.port}") as phone:
            phone.wait_for("Call established")
            sipp(server, "full-room.xml", "-s", "small")


def three_in_a_room(codecs, transport):
    tones = (400, 700, 1000)
    with Server() as server:
        port = server.tls_port if transport == "tls" else server.port
        uri = f"sip:demo@{HOST}:{port}"
        with Baresip(uri, codecs[0], transport, tones[0]) as a, \
                Baresip(uri, codecs[1], transport, tones[1]) as b, \
                Baresip(uri, codecs[2], transport, tones[2]) as c:
            for phone in (a, b, c):
                phone.wait_for("Call established")
            time.sleep(3.5)
            for phone, own in ((a, tones[0]), (b, tones[1]), (c, tones[2])):
                for tone in tones:
                    peak = phone.hears(tone)
                    if tone == own:
                        assert peak < 300, f"{codecs} {transport}: hears himself, {peak:.0f}"
                    else:
                        assert peak > 3000, f"{codecs} {transport}: {tone} Hz only {peak:.0f}"
        log = server.read_log()
        for codec in codecs:
            assert f"codec={codec}" in log, f"{codec} was not agreed on"
        assert f"transport={transport.upper()}" in log


def test_three_phones_hear_each_other_g711_udp():
    three_in_a_room(("PCMU", "PCMA", "PCMU"), "udp")


def test_three_phones_hear_each_other_mixed_codecs_udp():
    three_in_a_room(("PCMU", "G722", "opus"), "udp")


def test_three_phones_hear_each_other_mixed_codecs_tcp():
    three_in_a_room(("opus", "G722", "PCMA"), "tcp")


def test_three_phones_hear_each_other_opus_tls():
    three_in_a_room(("opus", "opus", "G722"), "tls")


def test_encrypted_and_plain_phones_hear_each_other():
    with Server() as server:
        uri = f"sip:demo@{HOST}:{server.port}"
        with Baresip(uri, codec="opus", hertz=400, encryption="srtp-mand") as a, \
                Baresip(uri, hertz=700, encryption="srtp") as b, Baresip(uri, hertz=1000) as c, \
                Baresip(uri, hertz=1300, encryption="dtls_srtp") as d, \
                Baresip(uri, codec="opus", hertz=1600, encryption="dtls_srtp", nat="ice") as e:
            phones = (a, 400), (b, 700), (c, 1000), (d, 1300), (e, 1600)
            for phone, _ in phones:
                phone.wait_for("Call established")
            time.sleep(4)
            legs = re.findall(r"leg.media leg=(\d+) .*encrypted=1", server.read_log())
            assert len(set(legs)) == 4, legs
            assert server.read_log().count("leg.dtls.done") == 2
            for phone, own in phones:
                for _, hertz in phones:
                    peak = phone.hears(hertz)
                    assert peak < 300 if hertz == own else peak > 3000, (own, hertz, peak)


def test_a_browser_and_a_phone_hear_each_other():
    with Server() as server, lab.Browser(440) as browser, \
            Baresip(f"sip:demo@{HOST}:{server.port}", hertz=900) as phone:
        browser.join(server)
        phone.wait_for("Call established")
        time.sleep(4)
        phones_tone, own_tone = browser.hears(900, 440)
        assert phones_tone > -45 and own_tone < phones_tone - 30, (phones_tone, own_tone)
        assert phone.hears(440) > 1500 and phone.hears(900) < 300


def test_a_browser_that_prefers_red_is_heard_by_it():
    with Server() as server, lab.Browser(440, redundant=True) as browser, \
            Baresip(f"sip:demo@{HOST}:{server.port}", hertz=900) as phone:
        browser.join(server)
        phone.wait_for("Call established")
        time.sleep(4)
        octets, once = browser.sends()
        assert octets > 1.6 * once, (octets, once)
        assert phone.hears(440) > 1500 and phone.hears(900) < 300


def test_each_kind_of_phone_hears_each_other_in_one_room():
    """SIPp with RTP in clear, baresip with SDES and with DTLS, a browser."""
    with Server() as server, lab.Browser(440) as browser:
        speaker = threading.Thread(target=sipp, args=(server, "speak.xml"), kwargs={"hertz": 1500})
        speaker.start()
        browser.join(server)
        uri = f"sip:demo@{HOST}:{server.port}"
        with Baresip(uri, hertz=700, encryption="srtp-mand") as sdes, \
                Baresip(uri, codec="opus", hertz=1000, encryption="dtls_srtp") as dtls:
            for phone in (sdes, dtls):
                phone.wait_for("Call established")
            time.sleep(4)
            for phone, own in ((sdes, 700), (dtls, 1000)):
                for hertz, least in ((440, 1500), (700, 3000), (1000, 3000), (1500, 3000)):
                    peak = phone.hears(hertz)
                    assert peak < 300 if hertz == own else peak > least, (own, hertz, peak)
            own_tone, *others = browser.hears(440, 700, 1000, 1500)
            assert min(others) > -45 and own_tone < min(others) - 20, (own_tone, others)
        speaker.join(30)


def encrypted_call(server, sip, media, keys, version=1):
    """An offer of SRTP with the key of `keys`; where to send, and the answer."""
    body = (f"v=0\r\no=- 1 {version} IN IP4 {HOST}\r\ns=-\r\nc=IN IP4 {HOST}\r\nt=0 0\r\n"
            f"m=audio {media.getsockname()[1]} RTP/SAVP 0\r\n{keys.line()}")
    answer = lab.call(sip, server, body=body)
    return (HOST, int(re.search(r"m=audio (\d+) RTP/SAVP", answer)[1])), answer


def test_a_wrong_key_and_replayed_packets_are_refused():
    sound = bytes(lab.ulaw(int(6000 * math.sin(2 * math.pi * 500 * i / 8000))) for i in range(160))
    with Server() as server, Baresip(f"sip:demo@{HOST}:{server.port}", hertz=900) as phone:
        phone.wait_for("Call established")
        told, sends = srtp.Sender(), {}
        sends["wrong"] = [srtp.Sender().packet(i, sound) for i in range(50)]
        sends["right"] = [told.packet(i, sound) for i in range(50)]
        sends["replayed"] = [told.packet(i, sound) for i in range(25)] * 2
        tampered = [bytearray(told.packet(i, sound)) for i in range(50)]
        for packet in tampered:
            packet[20] ^= 1
        sends["tampered"] = tampered
        records = {}
        for name, packets in sends.items():
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sip, \
                    socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as media:
                sip.bind((HOST, 0))
                media.bind((HOST, 0))
                to, answer = encrypted_call(server, sip, media, told)
                for packet in packets:
                    media.sendto(packet, to)
                    time.sleep(0.02)
                time.sleep(0.3)
                ears = phone.hears(500, last_seconds=1)
                closed = server.read_log().count("leg.media.closed")
                sip.sendto(bye_to(answer).encode(), (HOST, server.port))
                while server.read_log().count("leg.media.closed") == closed:
                    time.sleep(0.05)
            line = [line for line in server.read_log().splitlines() if "leg.media.closed" in line][-1]
            counts = {key: int(value) for key, value in re.findall(r"(\w+)=(\d+)", line)}
            records[name] = [counts["received"], counts["unauthentic"], counts["replayed"]]
            assert ears > 2000 if name == "right" else ears < 300 or name == "replayed", (name, ears)
        assert records == {"wrong": [0, 50, 0], "right": [50, 0, 0], "replayed": [25, 0, 25],
                           "tampered": [0, 50, 0]}, records


def bye_to(answer):
    target = re.search(r"Contact: <([^>]*)>", answer)[1]
    return (f"BYE {target} SIP/2.0\r\nVia: SIP/2.0/UDP {HOST}:9;rport;branch=z9hG4bKb{time.monotonic_ns()}\r\n"
            + lab.header_lines(answer, "From", "To", "Call-ID")
            + "CSeq: 9 BYE\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n")


def test_offers_that_would_take_encryption_back_are_refused():
    def reinvite(answer, media_lines, number):
        target = re.search(r"Contact: <([^>]*)>", answer)[1]
        body = (f"v=0\r\no=- 1 {number} IN IP4 {HOST}\r\ns=-\r\nc=IN IP4 {HOST}\r\nt=0 0\r\n"
                + media_lines)
        port = sip.getsockname()[1]
        sip.sendto((f"INVITE {target} SIP/2.0\r\nVia: SIP/2.0/UDP {HOST}:{port};branch=z9hG4bKr{number}\r\n"
                    + lab.header_lines(answer, "From", "To", "Call-ID")
                    + f"CSeq: {number} INVITE\r\nMax-Forwards: 70\r\nContact: <sip:t@{HOST}:{port}>\r\n"
                    f"Content-Type: application/sdp\r\nContent-Length: {len(body)}\r\n\r\n{body}").encode(),
                   (HOST, server.port))
        while True:
            reply = sip.recv(65536).decode()
            if " 100 " not in reply.split("\r\n")[0] and f"CSeq: {number} INVITE" in reply:
                return reply

    keys = srtp.Sender()
    with Server() as server, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sip, \
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as media:
        sip.bind((HOST, 0))
        media.bind((HOST, 0))
        port = media.getsockname()[1]
        to, answer = encrypted_call(server, sip, media, keys)
        for number, lines in enumerate((
                f"m=audio {port} RTP/AVP 0\r\n",  # In clear, all of a sudden.
                f"m=audio {port} RTP/SAVP 0\r\n",  # No key at all.
                f"m=audio {port} RTP/SAVP 0\r\n" + keys.line(suite="NULL_HMAC_SHA1_80"),
                f"m=audio {port} RTP/SAVP 0\r\n" + keys.line()[:-20] + "\r\n"), start=2):  # Too short.
            reply = reinvite(answer, lines, number)
            assert reply.startswith("SIP/2.0 488"), (lines, reply)
        assert "crypto" in reinvite(answer, f"m=audio {port} RTP/SAVP 0\r\n" + keys.line(), 7)
        # What was agreed goes on all the while.
        media.settimeout(3)
        assert len(media.recv(2000)) == 12 + 160 + 10


def test_a_room_that_insists_on_encryption_refuses_plain_phones():
    with Server() as server:
        assert command("room", "add", "staff", "--encryption", "required", "--data",
                       server.data).returncode == 0
        uri = f"sip:staff@{HOST}:{server.port}"
        with Baresip(uri) as plain, Baresip(uri, encryption="srtp-mand") as encrypted:
            plain.wait_for("Encryption Required")
            encrypted.wait_for("Call established")


def test_a_spatial_room_is_heard_by_phones_of_every_kind():
    with Server() as server:
        assert command("room", "add", "arena", "--spatial", "on", "--data", server.data).returncode == 0
        uri = f"sip:arena@{HOST}:{server.port}"
        with Baresip(uri, codec="opus", hertz=400) as player, Baresip(uri, hertz=700) as phone:
            for each in (player, phone):
                each.wait_for("Call established")
            time.sleep(3)
            assert player.hears(700) > 3000 and player.hears(400) < 300
            assert phone.hears(400) > 3000 and phone.hears(700) < 300


def test_echo_returns_your_sound():
    with Server() as server, Baresip(f"sip:echo@{HOST}:{server.port}", "opus", hertz=600) as phone:
        phone.wait_for("Call established")
        time.sleep(2.5)
        assert phone.hears(600) > 3000


def test_hold_silences_and_resume_brings_back():
    with Server() as server:
        uri = f"sip:demo@{HOST}:{server.port}"
        with Baresip(uri, hertz=400) as a, Baresip(uri, "opus", hertz=700) as b:
            for phone in (a, b):
                phone.wait_for("Call established")
            time.sleep(2)
            assert b.hears(400, last_seconds=1) > 3000
            a.command("hold")
            assert server.wait_for_log("send=0 receive=1")
            time.sleep(2)
            # Who holds says nothing any more, whatever his phone goes on to send.
            a.command("resume")
            time.sleep(3)
            assert server.read_log().count("leg.media ") >= 4
            assert b.hears(400, last_seconds=1) > 3000
            assert a.hears(700, last_seconds=1) > 3000


def test_leaving_is_seen_and_the_last_ends_the_conference():
    with Server() as server:
        uri = f"sip:demo@{HOST}:{server.port}"
        with Baresip(uri) as a:
            a.wait_for("Call established")
            time.sleep(1)
            a.command("hangup")
            assert server.wait_for_log("conference.ended")
        trunks.wait_until(lambda: "room" in trunks.on(server, "call", "list"))
        record = trunks.on(server, "call", "list")
        assert "demo@" in record and "peer-hung-up" in record and "MOS 4" in record, record


def test_a_phone_that_vanishes_is_hung_up():
    with Server("--rtp-timeout-s", "5") as server:
        with Baresip(f"sip:demo@{HOST}:{server.port}") as phone:
            phone.wait_for("Call established")
            time.sleep(1)
            phone.vanish()
            assert server.wait_for_log('why="No media"', 12)
            assert server.wait_for_log("conference.ended", 1)


def test_bad_input_is_answered_and_costs_no_other_call_a_packet():
    with Server() as server:
        uri = f"sip:demo@{HOST}:{server.port}"
        with Baresip(uri, hertz=400) as a, Baresip(uri, hertz=700) as b:
            for phone in (a, b):
                phone.wait_for("Call established")
            good = options_request("bad1")
            rows = [
                (good.replace("Max-Forwards: 70", "Max-Forwards: much"), "400 Bad Max-Forwards"),
                (good.replace("CSeq: 1 OPTIONS", "CSeq: 1 INVITE"), "400 CSeq method does not match"),
                (good.replace("SIP/2.0\r\nVia", "SIP/3.0\r\nVia", 1), "505 Version Not Supported"),
                (good.replace("sip:demo@127.0.0.1 SIP", "sip:de mo@127.0.0.1 SIP", 1), "400 Bad Request-URI"),
                (options_request("bad5", uri="mailto:x@y"), "416 Unsupported URI Scheme"),
                (good.replace("OPTIONS", "DANCE"), "501 Not Implemented"),
            ]
            for text, said in rows:
                reply = exchange(server, text)
                assert reply and said in reply.split("\r\n")[0], (said, reply)
            for rubbish in (b"", b"\0" * 50, b"hello\r\n\r\n", os.urandom(1400), b"\r\n\r\n",
                            b"INVITE sip:a SIP/2.0\r\n\r\n", b"A" * 60000):
                assert exchange(server, rubbish, 0.05) is None
            for stream in (b"hello\r\n\r\n", b"OPTIONS sip:a SIP/2.0\r\n\r\n",
                           b"OPTIONS sip:a SIP/2.0\r\nContent-Length: -1\r\n\r\n", b"x" * 80000):
                with socket.create_connection((HOST, server.port), 5) as connection:
                    connection.sendall(stream)
                    connection.settimeout(5)
                    try:
                        assert connection.recv(100) == b"", "framing is lost: the connection is closed"
                    except ConnectionResetError:
                        pass
            rtp_port = int(a.said().split("m=audio ")[-1].split()[0]) if "m=audio " in a.said() else 0
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
                stranger.bind((HOST, 0))
                for port in [rtp_port] if rtp_port else range(16384, 16484, 2):
                    for _ in range(20):
                        stranger.sendto(os.urandom(200), (HOST, port))
            time.sleep(2)
            assert a.hears(700, last_seconds=1.5) > 3000
            assert b.hears(400, last_seconds=1.5) > 3000
            assert "PONG" not in (exchange(server, options_request("alive")) or "PONG")


def test_a_keep_alive_on_a_stream_is_answered():
    with Server() as server, socket.create_connection((HOST, server.port), 5) as connection:
        connection.sendall(b"\r\n\r\n")
        assert connection.recv(10) == b"\r\n"
        connection.sendall(options_request("tcp").replace("/UDP", "/TCP").encode())
        assert connection.recv(4096).startswith(b"SIP/2.0 200 OK")


def test_a_keep_alive_over_udp_is_told_where_it_came_from():
    with Server() as server, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
        phone.bind((HOST, 0))
        phone.settimeout(5)
        phone.sendto(bytes.fromhex("000100002112a442") + b"transaction!", (HOST, server.port))
        answer = phone.recv(200)
        assert answer[:2] == b"\1\1" and answer[8:20] == b"transaction!", answer
        port = int.from_bytes(answer[26:28], "big") ^ 0x2112
        assert port == phone.getsockname()[1], answer
        assert "unparsable" not in server.read_log()


def test_a_peer_that_never_reads_is_cut_off_and_disturbs_nobody():
    with Server("--log-level", "debug") as server, \
            socket.create_connection((HOST, server.port), 5) as deaf:
        deaf.settimeout(5)
        cut_off = False
        try:
            for number in range(60000):
                deaf.sendall(options_request(f"deaf{number}").replace("/UDP", "/TCP").encode())
        except ConnectionError:
            cut_off = True
        assert cut_off, "a megabyte of answers waits and nobody minds"
        assert server.wait_for_log("send queue full")
        assert "200 OK" in exchange(server, options_request("other"))


def test_a_server_without_descriptors_waits_and_goes_on():
    limited = ("prlimit", "--nofile=160:160")
    with Server(within=limited) as server, contextlib.ExitStack() as crowd:
        for _ in range(200):
            crowd.enter_context(socket.create_connection((HOST, server.port), 5))
        time.sleep(0.5)
        before, started = lab.processor_seconds(server.process.pid), time.monotonic()
        time.sleep(2)
        busy = lab.processor_seconds(server.process.pid) - before
        assert busy < 0.5 * (time.monotonic() - started), f"it spins: {busy} s"
        answer = exchange(server, options_request("z9hG4bKfull"))
        assert "200 OK" in answer, "others are answered all the while"
        crowd.close()
        time.sleep(0.5)
        with socket.create_connection((HOST, server.port), 5) as again:
            again.sendall(options_request("z9hG4bKagain").replace("/UDP", "/TCP").encode())
            again.settimeout(5)
            assert b"200 OK" in again.recv(4096)


def test_half_a_message_is_cut_off():
    with Server() as server, socket.create_connection((HOST, server.port), 5) as slow:
        slow.settimeout(40)
        started = time.monotonic()
        slow.sendall(b"OPTIONS sip:demo@127.0.0.1 SIP/2.0\r\n")
        assert slow.recv(100) == b""
        assert 30 < time.monotonic() - started < 36


def test_a_proxy_known_by_name_is_found_through_the_dns():
    """RFC 3263: NAPTR names the transport, SRV the hosts; the first is dead, the second answers."""
    with socket.create_server((HOST, 0)) as alive, \
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
        phone.bind((HOST, 0))
        phone.settimeout(5)
        alive.settimeout(5)
        dead_port = lab.free_port()
        records = {
            ("proxy.test", NameServer.NAPTR): [NameServer.naptr(10, "SIP+D2T", "_sip._tcp.proxy.test"),
                                               NameServer.naptr(20, "SIP+D2U", "_sip._udp.proxy.test")],
            ("_sip._tcp.proxy.test", NameServer.SRV): [
                NameServer.srv(20, alive.getsockname()[1], "second.test"),
                NameServer.srv(10, dead_port, "first.test")],
            ("first.test", NameServer.A): [socket.inet_aton(HOST)],
            ("second.test", NameServer.A): [socket.inet_aton(HOST)],
        }
        with NameServer(records) as names, \
                Server("--name-servers", f"{HOST}:{names.port}") as server:
            lab.call(phone, server, record_route="sip:proxy.test;lr")
            assert server.wait_for_log("leg.media ")
            server.process.send_signal(signal.SIGTERM)
            with alive.accept()[0] as connection:
                bye = connection.recv(65536).decode()
                assert bye.startswith("BYE sip:t@") and "Route: <sip:proxy.test;lr>" in bye, bye
                connection.sendall(lab.reply_to(bye, "200 OK").encode())
                assert server.process.wait(10) == 0
            assert names.asked.index(("proxy.test", NameServer.NAPTR)) < \
                names.asked.index(("_sip._tcp.proxy.test", NameServer.SRV)) < \
                names.asked.index(("first.test", NameServer.A))


def test_a_stop_hangs_up_politely():
    with Server() as server:
        failures = []

        def stay():
            try:
                sipp(server, "stay-until-hung-up.xml")
            except AssertionError as failure:
                failures.append(failure)

        guest = threading.Thread(target=stay)
        guest.start()
        assert server.wait_for_log("leg.media ")
        time.sleep(0.3)
        started = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - started < 6
        guest.join(30)
        assert not failures, failures
        assert "\troom\t" in trunks.on(server, "call", "list"), "its call is recorded"


def test_what_was_configured_survives_kill_9():
    data = tempfile.mkdtemp(prefix="lyceum-interop-")
    try:
        with Server(data=data) as server:
            assert command("room", "add", "kept", "--data", data).returncode == 0
            server.stop(signal.SIGKILL)
        with Server(data=data) as server:
            with Baresip(f"sip:kept@{HOST}:{server.port}") as phone:
                phone.wait_for("Call established")
    finally:
        shutil.rmtree(data, ignore_errors=True)


def test_the_certificate_is_reloaded_without_a_restart():
    def served(server):
        return ssl.get_server_certificate((HOST, server.tls_port))

    with Server() as server:
        before = served(server)
        os.remove(os.path.join(server.data, "certificate.pem"))
        os.remove(os.path.join(server.data, "key.pem"))
        assert command("check", "--data", server.data).returncode == 0
        server.process.send_signal(signal.SIGHUP)
        assert server.wait_for_log("certificate.reloaded")
        assert served(server) != before


def test_the_log_names_nobody():
    with Server() as server:
        with Baresip(f"sip:demo@{HOST}:{server.port}", user="hemlig") as phone:
            phone.wait_for("Call established")
        sipp(server, "no-such-room.xml")
        log = server.read_log()
        assert "leg.joining" in log and "hemlig" not in log and "127.0.0.1" not in log, log


def test_phones_register_and_are_listed():
    with Server("--digest", "md5") as server:
        at = ["--data", server.data]
        for name in ("alice", "bob"):
            assert command("user", "add", name, "--password-stdin", *at, stdin="secret\n").returncode == 0
        with Baresip("", user="alice", password="secret", registrar=f"{HOST}:{server.port}") as alice, \
                Baresip("", user="bob", password="secret", transport="tcp",
                        registrar=f"{HOST}:{server.port}") as bob, \
                Baresip("", user="bob", password="guess", registrar=f"{HOST}:{server.port}") as mallory:
            alice.wait_for("200 OK")
            bob.wait_for("200 OK")
            mallory.wait_for("401")
            rows = [line.split("\t") for line in command("binding", "list", *at).stdout.splitlines()]
            assert [row[0] for row in rows] == ["alice", "bob"], rows
            assert rows[0][4].startswith("UDP ") and rows[1][4].startswith("TCP "), rows
            assert "baresip" in rows[0][5]
            assert command("binding", "list", "bob", *at).stdout.count("\n") == 1
        # They take their leave when they are ended.
        assert command("binding", "list", *at).stdout == ""


def test_a_thousand_registrations_survive_kill_9():
    data = tempfile.mkdtemp(prefix="lyceum-interop-")
    try:
        assert command("user", "add", "alice", "--password-stdin", "--data", data,
                       stdin="secret\n").returncode == 0
        with sqlite3.connect(os.path.join(data, "lyceum.db")) as database:
            realm = "lyceum"
            for number in range(1000):
                ha1 = hashlib.md5(f"m{number}:{realm}:secret".encode()).hexdigest()
                database.execute("INSERT INTO user (name, ha1_sha256, ha1_md5) VALUES (?, '', ?)",
                                 (f"m{number}", ha1))
        database.close()
        acknowledged = set()
        with Server("--digest", "md5", data=data) as server:
            for number in range(1000):
                with lab.Registrant(server, f"m{number}", "secret") as phone:
                    answer = phone.register()
                    assert answer.startswith("SIP/2.0 200"), answer
                    acknowledged.add((f"m{number}", phone.port))
            server.stop(signal.SIGKILL)
        with Server("--digest", "md5", data=data) as server:
            assert server.wait_for_log("registrar.restored members=1000")
            listed = {(line.split("\t")[0], int(line.split("\t")[1].rsplit(":", 1)[1]))
                      for line in command("binding", "list", "--data", data).stdout.splitlines()}
            assert listed == acknowledged
    finally:
        shutil.rmtree(data, ignore_errors=True)


def test_who_guesses_passwords_is_banned_listed_and_released():
    with lab.Network() as network, Server("--bind", "0.0.0.0", within=network.on(0)) as server:
        at = ["--data", server.data]
        assert command("user", "add", "alice", "--password-stdin", *at, stdin="secret\n").returncode == 0

        def guess(tries):
            return subprocess.run([*network.on(1), sys.executable, str(lab.HERE / "guesser.py"), network.SERVER,
                                   str(server.port), str(tries)],
                                  capture_output=True, text=True, timeout=60).stdout.strip()

        assert guess(9) == "answered"
        assert guess(1) == "dropped"
        assert command("ban", "list", *at).stdout.startswith(network.PHONE + "\t")
        server.stop(signal.SIGKILL)
        with Server("--bind", "0.0.0.0", "--sip-port", str(server.port), data=server.data,
                    within=network.on(0)) as again:
            assert guess(0) == "dropped", "it is still banned after kill -9"
            assert command("ban", "release", network.PHONE, *at).returncode == 0
            assert again.wait_for_log("guard.released")
            assert guess(0) == "answered"
            assert network.PHONE not in again.read_log()


def test_sipvicious_finds_nothing():
    if not shutil.which("svmap"):
        raise lab.Skipped("sipvicious is missing: ./dev deps")
    with lab.Network() as network, Server("--bind", "0.0.0.0", within=network.on(0)) as server:
        at = ["--data", server.data]
        assert command("user", "add", "100", "--password-stdin", *at, stdin="100\n").returncode == 0
        place = ["-p", str(server.port), network.SERVER]
        for tool in (["svmap", *place], ["svwar", "-e", "99-101", "-m", "REGISTER", *place],
                     ["svcrack", "-u", "100", "-r", "99-101", *place]):
            said = subprocess.run([*network.on(1), *tool], capture_output=True, text=True, timeout=120,
                                  cwd=server.data, env={**os.environ, "HOME": server.data})
            found = said.stdout + said.stderr
            assert "Lyceum" not in found and "| 100 " not in found, (tool, found)
        with Server("--bind", "0.0.0.0", "--drop-scanners", "false", within=network.on(0)) as frank:
            said = subprocess.run([*network.on(1), "svmap", "-p", str(frank.port), network.SERVER],
                                  capture_output=True, text=True, timeout=60, cwd=server.data,
                                  env={**os.environ, "HOME": server.data})
            assert "Lyceum" in said.stdout + said.stderr, "it would have been found"
        # The same server answers a phone.
        assert subprocess.run([*network.on(1), sys.executable, str(lab.HERE / "guesser.py"), network.SERVER,
                               str(server.port), "0"], capture_output=True, text=True).stdout.strip() == "answered"


def test_a_call_over_ipv6():
    with Server("--bind", "::1") as server:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as phone:
            phone.bind(("::1", 0))
            phone.settimeout(5)
            own = phone.getsockname()[1]
            sdp = (f"v=0\r\no=- 1 1 IN IP6 ::1\r\ns=-\r\nc=IN IP6 ::1\r\nt=0 0\r\n"
                   f"m=audio {own + 1} RTP/AVP 0\r\n")
            phone.sendto((f"INVITE sip:demo@[::1] SIP/2.0\r\nVia: SIP/2.0/UDP [::1]:{own};rport;"
                          "branch=z9hG4bKsix\r\nMax-Forwards: 70\r\nFrom: <sip:t@[::1]>;tag=1\r\n"
                          "To: <sip:demo@[::1]>\r\nCall-ID: six\r\nCSeq: 1 INVITE\r\n"
                          f"Contact: <sip:t@[::1]:{own}>\r\nContent-Type: application/sdp\r\n"
                          f"Content-Length: {len(sdp)}\r\n\r\n{sdp}").encode(),
                         ("::1", server.port))
            reply = phone.recv(4096).decode()
            assert reply.startswith("SIP/2.0 200 OK") and "c=IN IP6 ::1" in reply, reply


def test_linphone_hears_its_echo_between_two_hosts():
    if not shutil.which("linphonec"):
        raise lab.Skipped("linphonec is missing: ./dev deps")
    with lab.Network() as network, tempfile.TemporaryDirectory() as folder:
        lab.write_tone(f"{folder}/tone.wav", 700, seconds=15, rate=16000)
        with Server("--bind", "0.0.0.0", within=network.on(0)) as server:
            said = lab.linphonec(network, f"sip:echo@{network.SERVER}:{server.port}",
                                 f"{folder}/tone.wav", folder, 6)
            assert "Media streams established" in said, said
            assert "codec=opus" in server.read_log()
        assert lab.tone_peak(f"{folder}/heard.wav", 700, skip_seconds=1) > 3000
        assert lab.tone_peak(f"{folder}/heard.wav", 1100, skip_seconds=1) < 300


def main():
    wanted = sys.argv[2:]
    tests = [(name, test) for name, test in {**globals(), **vars(reach), **vars(trunks),
                                   **vars(presence), **vars(lessons),
                                   **vars(dashboard), **vars(diagnosis)}.items()
             if name.startswith("test_") and (not wanted or any(w in name for w in wanted))]
    for program in ("baresip", "sipp"):
        assert shutil.which(program), f"{program} is missing: ./dev deps"
    failed = skipped = 0
    for name, test in tests:
        started = time.monotonic()
        try:
            test()
            print(f"ok    {name}  {time.monotonic() - started:.1f}s", flush=True)
        except lab.Skipped as reason:
            skipped += 1
            print(f"skip  {name}: {reason}", flush=True)
        except Exception:
            failed += 1
            print(f"FAIL  {name}", flush=True)
            traceback.print_exc(file=sys.stdout)
    print(f"{len(tests) - failed - skipped} passed, {failed} failed, {skipped} skipped")
    sys.exit(1 if failed else 0)


main()
