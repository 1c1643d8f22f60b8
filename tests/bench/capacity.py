#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The capacity run: capacity.py path/to/lyceum path/to/confload-sources [participants…]

Builds confload beside the project's own build, serves on loopback, and runs classes of one speaker and
many who listen, then meetings in which everybody speaks. Bounded: each run is 10 s."""
import json
import os
import re
import subprocess
import sys
import tempfile

LYCEUM, SOURCES = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
BUILD = os.path.abspath("build/confload")


def build():
    for step in (["cmake", "-S", SOURCES, "-B", BUILD, "-G", "Ninja"], ["cmake", "--build", BUILD]):
        subprocess.run(step, check=True, stdout=subprocess.DEVNULL)
    return os.path.join(BUILD, "confload")


def print_table(rows):
    """The generator's own cost stands beside the server's: it pays for as many system calls and packets,
    so the ratio is what one machine can be compared with another by."""
    print("\n| work | verdict | server | generator | ratio | added delay p50 | mix SNR | memory |")
    print("|---|---|---|---|---|---|---|---|")
    for title, run in rows:
        cost = run["server_cost"]["cpu_us_per_participant_second"]
        generator = run["generator"]["cores"] / max(run["calls"]["up"], 1) * 1e6
        verdict = "good" if run["good"] else "strained generator" if not run["generator"]["ok"] else "bad"
        print(f"| {title} | {verdict} | {cost:.0f} µs | {generator:.0f} µs | {cost / max(generator, 1):.2f} "
              f"| {run['delay'].get('added_ms_p50') or 0:.0f} ms | {run['audio']['mix_snr_db_median']:.1f} dB "
              f"| {run['server_cost']['rss_kib_per_participant']:.0f} KiB |")


def main():
    confload = build()
    with tempfile.TemporaryDirectory() as data:
        for number in range(1, 26):
            subprocess.run([LYCEUM, "room", "add", f"meet{number}", "--data", data], check=True)
        server = subprocess.Popen([LYCEUM, "serve", "--data", data, "--bind", "127.0.0.1", "--sip-port",
                                   "0", "--sips-port", "0", "--web-port", "0", "--log-level", "error"],
                                  stdout=subprocess.PIPE, text=True)
        said = ""
        while "data" not in said:
            said += server.stdout.readline()
        port = re.search(r"sip:demo@\S*:(\d+)", said)[1]
        one = ["--speakers", "1"]
        meetings = ["--uri", "sip:meet1@127.0.0.1", "--rooms", "25", "--speakers", "4"]
        runs = [("class of 100, Opus", ["--participants", "100", *one]),
                ("class of 100, Opus, SRTP", ["--participants", "100", *one, "--srtp"]),
                ("class of 400, Opus", ["--participants", "400", *one]),
                ("class of 200, G.711", ["--participants", "200", *one, "--codec", "pcmu"]),
                ("25 meetings of 4, all speak", ["--participants", "100", *meetings]),
                ("class of 1000, Opus", ["--participants", "1000", *one]),
                ("class of 1000, Opus, SRTP", ["--participants", "1000", *one, "--srtp"]),
                ("class of 2000, Opus", ["--participants", "2000", *one]),
                ("class of 3000, Opus", ["--participants", "3000", *one])]
        rows = []
        try:
            for title, options in runs:
                uri = [] if "--uri" in options else ["--uri", "sip:demo@127.0.0.1"]
                codec = [] if "--codec" in options else ["--codec", "opus"]
                print(f"\n== {title}", flush=True)
                figures = os.path.join(data, "figures.json")
                subprocess.run([confload, "--server", f"127.0.0.1:{port}", "--seconds", "10", "--ramp",
                                "200", "--server-pid", str(server.pid), "--json", figures, *uri,
                                *codec, *options], timeout=120)
                with open(figures, encoding="utf-8") as file:
                    rows.append((title, json.load(file)))
        finally:
            server.terminate()
            server.wait(15)
        print_table(rows)


main()
