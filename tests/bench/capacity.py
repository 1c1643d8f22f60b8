#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The capacity run: capacity.py path/to/lyceum path/to/confload-sources [participants…]

Builds confload beside the project's own build, serves on loopback, and runs classes of one speaker and
many who listen, then meetings in which everybody speaks. Bounded: each run is 10 s."""
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


def main():
    confload = build()
    with tempfile.TemporaryDirectory() as data:
        for number in range(1, 26):
            subprocess.run([LYCEUM, "room", "add", f"meet{number}", "--data", data], check=True)
        server = subprocess.Popen([LYCEUM, "serve", "--data", data, "--bind", "127.0.0.1", "--sip-port",
                                   "0", "--sips-port", "0", "--log-level", "error"],
                                  stdout=subprocess.PIPE, text=True)
        said = ""
        while "data" not in said:
            said += server.stdout.readline()
        port = re.search(r"sip:demo@\S*:(\d+)", said)[1]
        runs = [("class of 100, Opus", ["--participants", "100", "--speakers", "1"]),
                ("class of 400, Opus", ["--participants", "400", "--speakers", "1"]),
                ("class of 200, G.711", ["--participants", "200", "--speakers", "1", "--codec", "pcmu"]),
                ("25 meetings of 4, all speak", ["--uri", "sip:meet1@127.0.0.1", "--rooms", "25",
                                                 "--participants", "100", "--speakers", "4"]),
                ("class of 1000, Opus", ["--participants", "1000", "--speakers", "1", "--ramp", "100"])]
        try:
            for title, options in runs:
                uri = [] if "--uri" in options else ["--uri", "sip:demo@127.0.0.1"]
                codec = [] if "--codec" in options else ["--codec", "opus"]
                ramp = [] if "--ramp" in options else ["--ramp", "40"]
                print(f"\n== {title}", flush=True)
                subprocess.run([confload, "--server", f"127.0.0.1:{port}", "--seconds", "10",
                                "--server-pid", str(server.pid), *uri, *codec, *ramp, *options],
                               timeout=120)
        finally:
            server.terminate()
            server.wait(15)


main()
