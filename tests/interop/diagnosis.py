# SPDX-License-Identifier: Apache-2.0
"""Why somebody cannot be heard: what is known of a call afterwards, and what the tools of others get."""
import os
import pathlib
import shutil
import socket
import struct
import subprocess
import tempfile
import threading
import time

import lab
from dashboard import PASSWORD, Page, logged_in
from lab import HOST, Baresip, Server
from trunks import NUMBER, on, telephone, wait_until
from reach import uri

BEHIND = "192.168.1.4"


def announces(ip, port):
    return (f"v=0\r\no=- 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\n"
            f"m=audio {port} RTP/AVP 0\r\n")


def bye_to(answer, port):
    target = answer.split("Contact: <")[1].split(">")[0]
    return (f"BYE {target} SIP/2.0\r\nVia: SIP/2.0/UDP {HOST}:{port};branch=z9hG4bKb{port}\r\n"
            + lab.header_lines(answer, "From", "To", "Call-ID")
            + "CSeq: 2 BYE\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n")


def media_port(answer):
    return int(answer.split("m=audio ")[1].split()[0])


def test_a_call_says_afterwards_why_somebody_was_not_heard():
    with Server() as server, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as behind_nat, \
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as cut_off, \
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as media, \
            Baresip(f"sip:demo@{HOST}:{server.port}", user="ann") as ann:
        api = logged_in(server)
        ann.wait_for("Call established")
        for each in (behind_nat, cut_off, media):
            each.bind((HOST, 0))
        port = media.getsockname()[1]
        nat = lab.call(behind_nat, server, body=announces(BEHIND, port))
        silent = lab.call(cut_off, server, body=announces(HOST, lab.free_port()))
        to = media_port(nat)
        for i in range(300):  # Six seconds; every tenth packet is lost on the way; nobody speaks.
            if i % 10 != 9:
                media.sendto(struct.pack("!BBHII", 0x80, 0, i, i * 160, 7) + b"\xff" * 160, (HOST, to))
            time.sleep(0.02)
        roster = api.done("GET", "conferences/demo")["participants"]
        now = {each["quality"]["source"]: each["quality"] for each in roster}
        assert now[""]["packets"] == 0, now
        assert now[f"{HOST}:{port}"]["loss_permille"] in range(80, 120), now
        assert now[f"{HOST}:{port}"]["announced"] == f"{BEHIND}:{port}", now
        for phone, answer in ((behind_nat, nat), (cut_off, silent)):
            phone.sendto(bye_to(answer, phone.getsockname()[1]).encode(), (HOST, server.port))
        ann.command("hangup")
        wait_until(lambda: len(api.done("GET", "calls")["items"]) == 3)
        calls = {each["call_id"]: api.done("GET", f"calls/{each['id']}")["heard"]
                 for each in api.done("GET", "calls?way=room")["items"]}
        behind, cut = (calls.pop(f"invite-{phone.getsockname()[1]}") for phone in (behind_nat, cut_off))
        (well,) = calls.values()
        assert (behind["announced"], behind["source"]) == (f"{BEHIND}:{port}", f"{HOST}:{port}"), behind
        assert behind["packets"] == 270 and behind["codec"] == "PCMU" and not behind["encrypted"], behind
        assert behind["level_db"] == -127, "a microphone that is silent"
        assert sum(each["packets"] for each in behind["course"]) == 270, behind
        assert cut["packets"] == 0 and cut["source"] == "", cut
        assert well["packets"] > 250 and well["level_db"] > -40 and well["loss_permille"] == 0, well
        assert max(each["level_db"] for each in well["course"]) > -40, well
        assert api.done("GET", "calls?way=member")["items"] == []
        assert api.done("GET", "calls?until=2020-01-01T00:00:00Z")["items"] == []
        with Page(server) as page:
            page.open("/")
            page.fill(account="admin", password=PASSWORD)
            page.shows("In session")
            page.open("/#/calls")
            page.shows(f"It sends from {HOST} but announced {BEHIND}; we follow it.")
            page.shows("No packet ever arrived from there")
            page.shows("It sounded well.")
            page.run("""[...document.querySelectorAll('tr')].find(each =>
                        each.innerText.includes('announced')).querySelector('button').click()""")
            page.wait("document.querySelectorAll('.course polyline').length === 3")
            page.wait("document.querySelectorAll('.ladder g[role]').length >= 5")
            page.shows("Download for Wireshark")
        metrics = api.ask("GET", "/metrics")[1]
        for name in ('lyceum_sip_received_total{transport="udp"}', "lyceum_media_ticks_total",
                     "lyceum_media_packets_lost_total", "lyceum_build_info{version="):
            assert name in metrics, (name, metrics)


class CaptureServer:
    """Takes HEP packets: what Homer would be sent."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((HOST, 0))
        self.at = f"{HOST}:{self.socket.getsockname()[1]}"
        self.packets = []

    def _take(self):
        while packet := self.socket.recv(65536):
            assert packet[:4] == b"HEP3" and struct.unpack("!H", packet[4:6])[0] == len(packet)
            chunks, rest = {}, packet[6:]
            while rest:
                _, kind, length = struct.unpack("!HHH", rest[:6])
                chunks[kind], rest = rest[6:length], rest[length:]
            self.packets.append(chunks)

    def __enter__(self):
        self.thread = threading.Thread(target=self._take, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.socket.sendto(b"", self.socket.getsockname())
        self.thread.join(5)
        self.socket.close()


def texts_in_capture(file):
    """The datagrams of a capture file, each with the addresses that it went from and to."""
    assert struct.unpack("!IHH", file[:8]) == (0xa1b2c3d4, 2, 4) and file[20:24] == b"\0\0\0\x65"
    out, at = [], 24
    while at < len(file):
        _, _, length, _ = struct.unpack("!IIII", file[at:at + 16])
        packet = file[at + 16:at + 16 + length]
        out.append((socket.inet_ntoa(packet[12:16]), socket.inet_ntoa(packet[16:20]),
                    packet[28:].decode()))
        at += 16 + length
    return out


def test_a_call_through_a_gateway_is_one_for_who_looks_at_it():
    with telephone() as (server, alice, _, mobile):
        api = logged_in(server)
        alice.command("dial", uri(server, NUMBER))
        alice.wait_for("Call established")
        mobile.command("hangup")
        alice.wait_for("session closed")
        wait_until(lambda: api.done("GET", "calls")["items"])
        call = api.done("GET", "calls")["items"][0]
        said = api.done("GET", f"calls/{call['id']}/messages")["items"]
        peers = {each["peer"].split(":")[0] for each in said}
        assert peers == {HOST, "127.0.0.2"}, peers
        kinds = [(each["peer"].split(":")[0], each["received"], each["text"].split(" ")[0]) for each in said]
        assert kinds[0] == (HOST, True, "INVITE"), kinds
        assert ("127.0.0.2", False, "INVITE") in kinds and (HOST, False, "BYE") in kinds, kinds
        with tempfile.TemporaryDirectory() as folder:
            file = capture_of(api, call["id"], folder)
            packets = texts_in_capture(file.read_bytes())
            assert len(packets) == len(said), (len(packets), len(said))
            assert "Proxy-Authorization:xxxx" in "".join(text for *_, text in packets)
            if shutil.which("tshark"):
                seen = subprocess.run(["tshark", "-r", str(file), "-T", "fields", "-e", "sip.Method"],
                                      capture_output=True, text=True, timeout=60).stdout
                assert seen.count("INVITE") >= 2 and seen.count("BYE") >= 2, seen


def capture_of(api, call, folder):
    import urllib.request
    request = urllib.request.Request(f"{api.root}/api/v1/calls/{call}/capture",
                                     headers={"Cookie": api.cookie})
    with urllib.request.urlopen(request, timeout=20) as reply:
        assert reply.headers["Content-Type"] == "application/vnd.tcpdump.pcap"
        assert f"call-{call}.pcap" in reply.headers["Content-Disposition"]
        file = pathlib.Path(folder) / "call.pcap"
        file.write_bytes(reply.read())
        return file


def test_what_crosses_the_wire_goes_to_a_capture_server_too():
    with CaptureServer() as homer, tempfile.TemporaryDirectory() as folder, \
            Server("--hep-server", homer.at, "--hep-agent", "7", "--digest", "md5",
                   "--access-log", f"{folder}/access") as server:
        on(server, "user", "add", "ann", "--password-stdin", stdin="secret\n")
        with Baresip(f"sip:demo@{HOST}:{server.port}", user="ann", password="secret",
                     registrar=f"{HOST}:{server.port}") as ann:
            ann.wait_for("Call established")
            ann.command("hangup")
        wait_until(lambda: any(each[15].startswith(b"BYE") for each in homer.packets))
        methods = {each[15].split(b" ")[0] for each in homer.packets}
        assert {b"INVITE", b"ACK", b"BYE", b"REGISTER", b"SIP/2.0"} <= methods, methods
        for each in homer.packets:
            assert each[1] == b"\x02" and each[11] == b"\x01" and each[12] == b"\0\0\0\x07", each
            assert socket.inet_ntoa(each[3]) == socket.inet_ntoa(each[4]) == HOST, each
        text = b"".join(each[15] for each in homer.packets)
        assert b"Authorization:xxxx" in text and b"response=" not in text
        api = logged_in(server)
        api.ask("GET", "nothing")
        os.rename(f"{folder}/access", f"{folder}/access.1")
        server.process.send_signal(1)
        server.wait_for_log("certificate.reloaded")
        time.sleep(0.3)
        api.ask("GET", "/")
        before, after = (pathlib.Path(f"{folder}/access{each}").read_text() for each in (".1", ""))
        assert '"GET /api/v1/nothing HTTP/1.1" 404 ' in before, before
        assert '"GET / HTTP/1.1" 200 ' in after and "nothing" not in after, after
