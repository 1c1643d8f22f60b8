# SPDX-License-Identifier: Apache-2.0
"""Rooms led by the keys of a telephone: who is heard afterwards is measured in what others record."""
import time

from lab import HOST, Baresip, Server, command


def keys(phone, text):
    """Presses keys, as RFC 4733 sends them."""
    for key in text:
        phone.command("sndcode", key)
        time.sleep(0.35)


def hears_only(phone, wanted, others):
    heard = {hertz: phone.hears(hertz, last_seconds=1.0) for hertz in (wanted, *others)}
    assert heard[wanted] > 2500, heard
    assert all(heard[hertz] < 250 for hertz in others), heard


def test_a_teacher_leads_a_lesson_by_keypad():
    with Server() as server:
        at = ("--data", server.data)
        assert command("room", "add", "lesson", "--host-pin", "99", *at).returncode == 0
        assert command("policy", "set", "joins", "tone", "--room", "lesson", *at).returncode == 0
        uri = f"sip:lesson@{HOST}:{server.port}"
        with Baresip(uri, hertz=440, user="teacher") as teacher, \
                Baresip(uri, hertz=700, user="ann") as ann, Baresip(uri, hertz=1000, user="ben") as ben:
            for phone in (teacher, ann, ben):
                phone.wait_for("Call established")
            keys(teacher, "99")
            keys(teacher, "**7")
            time.sleep(5.0)  # What is said to the teacher is not said to Ben.
            hears_only(ben, 440, [700])
            keys(ann, "*2")
            keys(teacher, "**3")
            time.sleep(4.0)
            heard = [ben.hears(hertz, last_seconds=1.0) for hertz in (440, 700)]
            assert all(peak > 2000 for peak in heard), f"Ann has the floor: {heard}"
            keys(teacher, "**1")
            time.sleep(5.0)
            hears_only(ben, 440, [700])
            keys(teacher, "**6")
            with Baresip(uri, user="late") as late:
                late.wait_for("403")
            keys(teacher, "**9")
            for phone in (teacher, ann, ben):
                phone.wait_for("session closed", 15)
            audit = command("audit", "50", "--room", "lesson", *at).stdout
            for action in ("claim-host", "lecture-on", "raise-hand", "call-up", "mute", "lock", "end"):
                assert f"\tkeypad\t{action}\t" in audit, audit


def test_a_member_makes_a_room_by_calling_the_factory():
    # The libre of Debian 12 gives up when SHA-256 is offered beside MD5.
    with Server("--digest", "md5") as server:
        at = ("--data", server.data)
        assert command("user", "add", "alice", "--password-stdin", *at, stdin="secret\n").returncode == 0
        with Baresip(f"sip:conference@{HOST}:{server.port}", user="alice", password="secret") as alice:
            alice.wait_for("Call established")
            assert server.wait_for_log("conference.started")
