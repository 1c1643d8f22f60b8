# SPDX-License-Identifier: Apache-2.0
"""What the interop tests stand on: the built server, real phones, and an ear for tones.

Everything runs on 127.0.0.1, is bounded in time, and is ended by its pid."""
import hashlib
import json
import math
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
import wave

HERE = pathlib.Path(__file__).parent
HOST = "127.0.0.1"
LYCEUM = os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else "lyceum"


PORTS_GIVEN = set()


def free_port(row=1):
    """The first of a row of ports that are free for UDP and TCP, not given to anybody else, and none that
    the server takes for media or the system gives to whoever asks: it takes a while to bind them."""
    for _ in range(10_000):
        ports = range(first := random.randrange(2048, 16000, 2), first + row)
        if not PORTS_GIVEN.isdisjoint(ports) or not all(map(is_free, ports)):
            continue
        PORTS_GIVEN.update(ports)
        return first
    raise AssertionError("no ports are left")


def is_free(port):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
        try:
            udp.bind((HOST, port))
            tcp.bind((HOST, port))
        except OSError:
            return False
    return True


class Server:
    """lyceum serve on ports that it chose itself."""

    def __init__(self, *options, data=None, within=()):
        self.own_data = data is None
        self.data = data or tempfile.mkdtemp(prefix="lyceum-interop-")
        self.log_path = os.path.join(self.data, "log")
        self.log = open(self.log_path, "ab")
        said = self._start([*within, LYCEUM, "serve", "--data", self.data, "--sip-port", "0", "--sips-port", "0",
                            "--web-port", "0", *([] if "--bind" in options else ["--bind", HOST]), *options])
        # The port of a server that was killed may be somebody's connection for a moment.
        again_until = time.monotonic() + 10
        while not said and self.read_log().rstrip().endswith("Address already in use") and time.monotonic() < again_until:
            time.sleep(0.3)
            said = self._start(self.process.args)
        self.said = said
        ports = re.search(r"sip:demo@\S*:(\d+)", said), re.search(r"sips:demo@\S*:(\d+)", said)
        assert all(ports), f"the server did not start: {said}{self.read_log()}"
        link = re.search(r"#link=(\w+)", said)
        self.link = link[1] if link else ""  # By which the first administrator logs in.
        self.web_port = int(re.search(r"wss://\S*:(\d+)/sip", said)[1])
        self.port, self.tls_port = int(ports[0][1]), int(ports[1][1])

    def _start(self, command):
        """What it says until it is there; nothing: it does not start."""
        started, said = time.monotonic(), ""
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log, text=True)
        for line in self.process.stdout:
            said += line
            if line.strip().startswith("data"):
                break
        self.seconds_to_start = time.monotonic() - started
        return said

    def read_log(self):
        with open(self.log_path, errors="replace") as log:
            return log.read()

    def wait_for_log(self, text, seconds=10):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if text in self.read_log():
                return True
            time.sleep(0.05)
        return False

    def stop(self, with_signal=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(with_signal)
        status = self.process.wait(15)
        self.process.stdout.close()
        self.log.close()
        return status

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.stop()
        if self.own_data:
            shutil.rmtree(self.data, ignore_errors=True)


def command(*arguments, stdin=None):
    return subprocess.run([LYCEUM, *arguments], input=stdin, capture_output=True, text=True,
                          timeout=20)


def sipp(server, scenario, *options, transport="u1", calls=1, timeout=30, hertz=None):
    """Runs one SIPp scenario; raises with what it saw if a message was not as expected. With `hertz`,
    there is a tone for it to send."""
    with tempfile.TemporaryDirectory() as folder:
        if hertz:
            write_ulaw_tone(f"{folder}/tone.ul", hertz)
        result = subprocess.run(
            ["sipp", "-sf", str(HERE / "sipp" / scenario), "-m", str(calls), "-r", "20", "-i", HOST,
             "-p", str(free_port()), "-mp", str(free_port()), "-t", transport, "-timeout",
             f"{timeout}s", "-timeout_error", "-nostdin", "-trace_err", "-error_file",
             f"{folder}/errors", *options, f"{HOST}:{server.port}"],
            cwd=folder, capture_output=True, text=True, timeout=timeout + 15)
        errors = pathlib.Path(f"{folder}/errors")
        saw = errors.read_text(errors="replace") if errors.exists() else result.stdout[-1500:]
        assert result.returncode == 0, f"sipp {scenario} ended with {result.returncode}: {saw}"


class Skipped(Exception):
    """Why a test cannot be made here."""


class Network:
    """Two hosts of the test's own, network namespaces joined by a cable; gone when it ends."""

    SERVER, PHONE = "10.99.0.1", "10.99.0.2"

    def __enter__(self):
        self.hosts = [f"lyceum-{os.getpid()}-{side}" for side in ("server", "phone")]
        if os.geteuid() != 0 or not shutil.which("ip"):
            raise Skipped("network namespaces need root and iproute2")
        if subprocess.run(["ip", "netns", "add", self.hosts[0]], capture_output=True).returncode:
            raise Skipped("this machine allows no network namespaces")
        cable = f"ly{os.getpid()}"
        steps = [f"ip netns add {self.hosts[1]}",
                 f"ip link add {cable}a netns {self.hosts[0]} type veth peer name {cable}b netns {self.hosts[1]}"]
        for host, end, own, other in ((self.hosts[0], "a", self.SERVER, self.PHONE),
                                      (self.hosts[1], "b", self.PHONE, self.SERVER)):
            steps += [f"ip -n {host} addr add {own}/24 dev {cable}{end}",
                      f"ip -n {host} link set {cable}{end} up", f"ip -n {host} link set lo up",
                      f"ip -n {host} route add default via {other}"]
        for step in steps:
            subprocess.run(step.split(), check=True, timeout=10)
        return self

    def on(self, host):
        return ["ip", "netns", "exec", self.hosts[host]]

    def __exit__(self, *_):
        for host in self.hosts:
            subprocess.run(["ip", "netns", "del", host], capture_output=True)


def linphonec(network, uri, tone, folder, seconds):
    """Calls, plays a file, records what it hears; returns what it said."""
    os.makedirs(f"{folder}/.local/share/linphone")
    os.makedirs(f"{folder}/.config/linphone")
    pathlib.Path(f"{folder}/rc").write_text(
        "[sip]\nsip_port=5062\nsip_tcp_port=5062\n[video]\ncapture=0\ndisplay=0\n")
    phone = subprocess.Popen([*network.on(1), "linphonec", "-c", f"{folder}/rc"], text=True,
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, env={**os.environ, "HOME": folder})
    for pause, line in ((2, "soundcard use files"), (0, f"play {tone}"),
                        (0, f"record {folder}/heard.wav"), (0, f"call {uri}"),
                        (seconds, "terminate"), (1, "quit")):
        time.sleep(pause)
        phone.stdin.write(line + "\n")
        phone.stdin.flush()
    return phone.communicate(timeout=20)[0]


class NameServer:
    """A DNS server of the test's own: answers from `records` and notes what it was asked."""

    A, AAAA, SRV, NAPTR = 1, 28, 33, 35

    def __init__(self, records):
        self.records, self.asked = records, []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((HOST, 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    @staticmethod
    def name(text):
        labels = text.split(".") if text else []
        return b"".join(bytes([len(label)]) + label.encode() for label in labels) + b"\0"

    @classmethod
    def srv(cls, priority, port, target):
        return struct.pack(">HHH", priority, 0, port) + cls.name(target)

    @classmethod
    def naptr(cls, order, service, replacement, flags="s", regexp=""):
        texts = b"".join(bytes([len(text)]) + text.encode() for text in (flags, service, regexp))
        return struct.pack(">HH", order, 0) + texts + cls.name(replacement)

    def _serve(self):
        while True:
            try:
                query, peer = self.socket.recvfrom(512)
            except OSError:
                return
            labels, at = [], 12
            while query[at]:
                labels.append(query[at + 1:at + 1 + query[at]].decode().lower())
                at += 1 + query[at]
            question = query[12:at + 5]
            kind, = struct.unpack_from(">H", query, at + 1)
            self.asked.append((".".join(labels), kind))
            answers = self.records.get(self.asked[-1], [])
            reply = query[:2] + struct.pack(">HHHHH", 0x8580, 1, len(answers), 0, 0) + question
            for data in answers:
                reply += struct.pack(">HHHIH", 0xC00C, kind, 1, 60, len(data)) + data
            self.socket.sendto(reply, peer)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()


def write_tone(path, hertz, seconds=30, rate=48000, peak=6000):
    with wave.open(path, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        # Whole periods in a second: one second is made, the file repeats it.
        second = b"".join(struct.pack("<h", int(peak * math.sin(2 * math.pi * hertz * i / rate)))
                          for i in range(rate))
        out.writeframes(second * seconds)


def ulaw(sample):
    """G.711, by its definition: a sign, a segment, four bits within it; complemented."""
    magnitude = min(abs(sample), 32635) + 132
    segment = max(magnitude.bit_length() - 8, 0)
    return ~((0x80 if sample < 0 else 0) | segment << 4 | magnitude >> (segment + 3) & 15) & 0xFF


def write_ulaw_tone(path, hertz, peak=6000):
    """A second of it, in whole periods: for who repeats it."""
    pathlib.Path(path).write_bytes(bytes(ulaw(int(peak * math.sin(2 * math.pi * hertz * i / 8000)))
                                         for i in range(8000)))


def recorded(path, last_seconds=1.5, skip_seconds=0.0):
    """The samples of the end of a recording, and their rate."""
    data = pathlib.Path(path).read_bytes()
    # Still being written, a recording's header says nothing of its length: read what is there.
    rate, = struct.unpack_from("<I", data, 24)
    channels, = struct.unpack_from("<H", data, 22)
    start = data.index(b"data") + 8
    count = (len(data) - start) // 2
    samples = struct.unpack_from(f"<{count}h", data, start)[::channels]
    end = len(samples) - int(skip_seconds * rate)
    part = samples[max(0, end - int(last_seconds * rate)):end]
    assert len(part) > rate // 2, f"only {len(part)} samples were recorded"
    return part, rate


def tone_peak(path, hertz, **options):
    """The peak of one frequency in the end of a recording."""
    part, rate = recorded(path, **options)
    step = 2 * math.pi * hertz / rate
    real = sum(s * math.cos(step * i) for i, s in enumerate(part))
    imaginary = sum(s * math.sin(step * i) for i, s in enumerate(part))
    return 2 * math.hypot(real, imaginary) / len(part)


class Baresip:
    """A softphone that plays a tone from a file, records what it hears, and is remote-controlled."""

    RATES = {"PCMU": (8000, 1), "PCMA": (8000, 1), "G722": (16000, 1), "opus": (48000, 2)}

    def __init__(self, uri, codec="PCMU", transport="udp", hertz=440, user="phone", password="",
                 encryption="", nat="", registrar="", answers=False, host=HOST, port=0,
                 buddies=(), publishes=False):
        self.folder = tempfile.mkdtemp(prefix="lyceum-baresip-")
        # Beside the one for SIP, baresip takes the next one for TLS.
        self.control_port, self.console_port, self.port = free_port(), free_port(), port or free_port(2)
        rate, channels = self.RATES[codec]
        write_tone(f"{self.folder}/tone.wav", hertz, rate=rate)
        if channels == 2:
            self._make_stereo(f"{self.folder}/tone.wav")
        rtp = self.rtp = free_port(62)
        pathlib.Path(f"{self.folder}/config").write_text(f"""
poll_method epoll
sip_listen {host}:{self.port}
call_max_calls 4
audio_source aufile,{self.folder}/tone.wav
audio_player aufile,{self.folder}/heard.wav
audio_alert aufile,{self.folder}/alert.wav
ausrc_srate {rate}
auplay_srate {rate}
ausrc_channels {channels}
auplay_channels {channels}
rtp_ports {rtp}-{rtp + 60}
jitter_buffer_delay 1-5
net_interface {host}
module_path /usr/lib/baresip/modules
module g711.so
module g722.so
module opus.so
module aufile.so
module sndfile.so
module srtp.so
module dtls_srtp.so
module ice.so
module stun.so
rtcp_mux yes
module_tmp uuid.so
module_tmp account.so
module_app menu.so
module_app contact.so
module_app presence.so
module_app ctrl_tcp.so
ctrl_tcp_listen {HOST}:{self.control_port}
module cons.so
cons_listen {HOST}:{self.console_port}
snd_path {self.folder}
opus_bitrate 32000
""")
        name = f"{codec}/{rate if codec != 'G722' else 16000}/{channels}"
        security = f";mediaenc={encryption}" if encryption else ""
        security += f";medianat={nat}" if nat else ""
        security += ";answermode=auto" if answers else ""
        security += ";pubint=600" if publishes else ""
        auth = f";auth_user={user};auth_pass={password}" if password else ""
        pathlib.Path(f"{self.folder}/accounts").write_text(
            f"<sip:{user}@{registrar or host};transport={transport}>;regint={120 if registrar else 0};audio_codecs={name}{security}{auth}\n")
        pathlib.Path(f"{self.folder}/contacts").write_text(
            "".join(f"\"{buddy}\" <{buddy}>;presence=p2p\n" for buddy in buddies))
        self.output = open(f"{self.folder}/out", "wb")
        self.process = subprocess.Popen(
            ["baresip", "-f", self.folder, "-t", "60"], stdout=self.output,
            stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        self._connect()
        if uri:
            self.command("dial", uri)

    @staticmethod
    def _make_stereo(path):
        with wave.open(path) as mono:
            rate, frames = mono.getframerate(), mono.readframes(mono.getnframes())
        with wave.open(path, "wb") as out:
            out.setnchannels(2)
            out.setsampwidth(2)
            out.setframerate(rate)
            out.writeframes(b"".join(frames[i:i + 2] * 2 for i in range(0, len(frames), 2)))

    def _connect(self):
        for _ in range(100):
            try:
                self.control = socket.create_connection((HOST, self.control_port), 5)
                return
            except OSError:
                time.sleep(0.05)
        raise AssertionError("baresip did not start: " + self.said())

    def command(self, name, params=""):
        text = json.dumps({"command": name, "params": params, "token": "t"}).encode()
        self.control.sendall(str(len(text)).encode() + b":" + text + b",")

    def said(self):
        return pathlib.Path(f"{self.folder}/out").read_text(errors="replace")

    def wait_for(self, text, seconds=10):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if text in self.said():
                return
            time.sleep(0.05)
        raise AssertionError(f"baresip never said '{text}': {self.said()[-2000:]}")

    def wait_to_be_written(self, text, seconds=10):
        """On its console, where it says what somebody writes. To be called before he does."""
        console = socket.create_connection((HOST, self.console_port), 5)
        console.settimeout(1)

        def wait():
            deadline, told = time.monotonic() + seconds, ""
            with console:
                while text not in told:
                    assert time.monotonic() < deadline, f"baresip never told '{text}': {told[-2000:]}"
                    try:
                        told += console.recv(65536).decode(errors="replace")
                    except socket.timeout:
                        pass
        return wait

    def hears(self, hertz, **options):
        return tone_peak(self.recording(), hertz, **options)

    def loudness(self, last_seconds):
        """Of what was heard of late: the root of the mean square."""
        samples, _ = recorded(self.recording(), last_seconds)
        return math.sqrt(sum(each * each for each in samples) / len(samples))

    def recording(self):
        recordings = sorted(pathlib.Path(self.folder).glob("dump-*-dec.wav"))
        assert recordings, "nothing was recorded: " + self.said()[-1500:]
        return recordings[-1]

    def vanish(self):
        self.process.kill()
        self.process.wait(5)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            try:
                self.command("quit")
                self.process.wait(5)
            except (OSError, subprocess.TimeoutExpired):
                self.process.kill()
                self.process.wait(5)
        PORTS_GIVEN.difference_update(range(self.rtp, self.rtp + 62))
        self.control.close()
        self.output.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class Browser:
    """Chromium without a window, through chromedriver: a page that calls with WebRTC.

    SIP travels outside of the page: it makes the offer, the test carries it."""

    OFFER = """
        const done = arguments[arguments.length - 1], [hertz, redundant] = arguments;
        const audio = window.audio = new AudioContext({sampleRate: 48000});
        const tone = audio.createOscillator(), quiet = audio.createGain();
        tone.frequency.value = hertz; quiet.gain.value = 0.2;
        const out = audio.createMediaStreamDestination();
        tone.connect(quiet).connect(out); tone.start();
        const call = window.call = new RTCPeerConnection();
        call.addTrack(out.stream.getAudioTracks()[0], out.stream);
        if (redundant) {
            const codecs = RTCRtpSender.getCapabilities('audio').codecs;
            const isRed = codec => codec.mimeType === 'audio/red';
            call.getTransceivers()[0].setCodecPreferences(
                [...codecs.filter(isRed), ...codecs.filter(codec => !isRed(codec))]);
        }
        call.ontrack = event => {
            const player = window.player = new Audio();  // Chromium plays nothing without one.
            player.srcObject = event.streams[0] || new MediaStream([event.track]);
            player.muted = true; player.play();
            const ear = window.ear = audio.createAnalyser();
            ear.fftSize = 8192; ear.smoothingTimeConstant = 0;
            audio.createMediaStreamSource(player.srcObject).connect(ear);
        };
        call.onicegatheringstatechange = () => {
            if (call.iceGatheringState === 'complete') done(call.localDescription.sdp);
        };
        call.createOffer().then(offer => call.setLocalDescription(offer));
    """
    ANSWER = """
        const done = arguments[arguments.length - 1];
        call.onconnectionstatechange = () => {
            if (call.connectionState !== 'connecting') done(call.connectionState);
        };
        call.setRemoteDescription({type: 'answer', sdp: arguments[0]}).catch(e => done('' + e));
    """
    LISTEN = """
        const levels = new Float32Array(ear.frequencyBinCount);
        ear.getFloatFrequencyData(levels);
        return arguments[0].map(hertz => levels[Math.round(hertz * ear.fftSize / 48000)]);
    """

    SENDS = """
        const done = arguments[arguments.length - 1];
        call.getStats().then(stats => {
            const all = [...stats.values()];
            const out = all.find(one => one.type === 'outbound-rtp');
            done([out.bytesSent / out.packetsSent, out.targetBitrate / 8 / 50]);
        });
    """

    def __init__(self, hertz=None, redundant=False):
        if not shutil.which("chromedriver"):
            raise Skipped("chromium-driver is not installed")
        self.folder = tempfile.mkdtemp(prefix="lyceum-browser-")
        self.port = free_port()
        self.driver = subprocess.Popen(["chromedriver", f"--port={self.port}"],
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.session = None
        flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic",
                 "--no-first-run", "--disable-background-networking",
                 "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
                 f"--user-data-dir={self.folder}", "--allow-loopback-in-peer-connection",
                 "--disable-features=WebRtcHideLocalIpsWithMdns", "--ignore-certificate-errors",
                 "--autoplay-policy=no-user-gesture-required"]
        options = {"goog:chromeOptions": {"args": flags}, "timeouts": {"script": 20000}}
        deadline = time.monotonic() + 30
        while not self.session:
            try:
                self.session = self._ask("POST", "/session", {"capabilities": {
                    "alwaysMatch": options}})["sessionId"]
            except OSError:
                assert time.monotonic() < deadline, "chromedriver did not start"
                time.sleep(0.1)
        if hertz:
            self.offer = self._run(self.OFFER, hertz, redundant, waiting=True)

    def _ask(self, method, path, body):
        request = urllib.request.Request(f"http://{HOST}:{self.port}{path}", method=method,
                                         data=json.dumps(body).encode(),
                                         headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=40) as reply:
                return json.load(reply)["value"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"the browser says: {error.read().decode()[:500]}") from None

    def _run(self, script, *arguments, waiting=False):
        kind = "async" if waiting else "sync"
        return self._ask("POST", f"/session/{self.session}/execute/{kind}",
                         {"script": script, "args": list(arguments)})

    def join(self, server):
        """Calls by a phone that carries the browser's offer and the server's answer."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sip:
            sip.bind((HOST, 0))
            answer = call(sip, server, body=self.offer).split("\r\n\r\n", 1)[1]
        assert self._run(self.ANSWER, answer, waiting=True) == "connected"

    def sends(self):
        """Octets in a packet, and how many one copy of the sound has: it does not say RED."""
        return self._run(self.SENDS, waiting=True)

    def hears(self, *hertz):
        """The level of each tone in what comes in, in dB."""
        return self._run(self.LISTEN, list(hertz))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            if self.session:
                self._ask("DELETE", f"/session/{self.session}", {})
        finally:
            self.driver.terminate()
            self.driver.wait(10)
            shutil.rmtree(self.folder, ignore_errors=True)


class WebPhones(Browser):
    """A page with phones that speak SIP over WebSocket by JsSIP; each plays a tone of its own."""

    LIBRARY = HERE.parent.parent / "build" / "web" / "jssip.js"
    START = """
        const done = arguments[arguments.length - 1], [name, url, uri, hertz] = arguments;
        window.phones = window.phones || {};
        window.audio = window.audio || new AudioContext({sampleRate: 48000});
        const tone = audio.createOscillator(), quiet = audio.createGain();
        tone.frequency.value = hertz; quiet.gain.value = 0.2;
        const out = audio.createMediaStreamDestination();
        tone.connect(quiet).connect(out); tone.start();
        const phone = phones[name] = {stream: out.stream, said: []};
        const socket = new JsSIP.WebSocketInterface(url);
        phone.ua = new JsSIP.UA({sockets: [socket], uri, password: 'secret'});
        const media = {mediaStream: out.stream, pcConfig: {iceServers: []}};
        phone.dial = (target, extraHeaders) => phone.ua.call(target, {...media, extraHeaders});
        phone.ua.on('newRTCSession', ({session}) => {
            phone.session = session;
            const listen = () => session.connection.addEventListener('track', event => {
                const player = phone.player = new Audio();
                player.srcObject = event.streams[0] || new MediaStream([event.track]);
                player.muted = true; player.play();
                const ear = phone.ear = audio.createAnalyser();
                ear.fftSize = 8192; ear.smoothingTimeConstant = 0;
                audio.createMediaStreamSource(player.srcObject).connect(ear);
            });
            session.connection ? listen() : session.on('peerconnection', listen);
            for (const event of ['progress', 'confirmed', 'ended', 'failed'])
                session.on(event, info => phone.said.push(
                    event + (info && info.cause ? ': ' + info.cause : '')));
            if (session.direction === 'incoming') session.answer(media);
        });
        phone.ua.on('registered', () => done('registered'));
        phone.ua.on('registrationFailed', event => done('refused: ' + event.cause));
        phone.ua.start();
    """
    LEVELS = """
        const ear = phones[arguments[0]].ear;
        if (!ear) return null;
        const levels = new Float32Array(ear.frequencyBinCount);
        ear.getFloatFrequencyData(levels);
        return arguments[1].map(hertz => levels[Math.round(hertz * ear.fftSize / 48000)]);
    """

    def __init__(self, server):
        if not self.LIBRARY.exists():
            raise Skipped("JsSIP is not there: ./dev deps fetches it with npm")
        super().__init__()
        self._ask("POST", f"/session/{self.session}/url",
                  {"url": f"https://{HOST}:{server.web_port}/healthz"})  # Of ours, and no dashboard.
        self._run("window.JsSIP = new Function(arguments[0] + '; return JsSIP;')();",
                  self.LIBRARY.read_text())

    def start(self, name, server, hertz, secure=True):
        url = f"{'wss' if secure else 'ws'}://{HOST}:{server.web_port}/sip"
        return self._run(self.START, name, url, f"sip:{name}@{HOST}", hertz, waiting=True)

    def dial(self, name, uri, *headers):
        self._run("phones[arguments[0]].dial(arguments[1], arguments[2]);", name, uri, list(headers))

    def hang_up(self, name):
        self._run("phones[arguments[0]].session.terminate();", name)

    def forget(self, name):
        """What it has said is not said any more."""
        self._run("phones[arguments[0]].said = [];", name)

    def wait_for(self, name, event, seconds=10):
        deadline = time.monotonic() + seconds
        while True:
            said = self._run("return phones[arguments[0]].said;", name)
            if any(each.startswith(event) for each in said):
                return said
            assert time.monotonic() < deadline, f"{name} never said {event}: {said}"
            time.sleep(0.05)

    def phone_hears(self, name, *hertz):
        return self._run(self.LEVELS, name, list(hertz))


class Registrant:
    """A device of a member that registers by hand: REGISTER, 401, REGISTER with digest, 200."""

    def __init__(self, server, user, password):
        self.server, self.user, self.password = server, user, password
        self.phone = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.phone.bind((HOST, 0))
        self.phone.settimeout(5)
        self.port = self.phone.getsockname()[1]
        self.number = 0

    def ask(self, extra, contact):
        self.number += 1
        self.phone.sendto((
            f"REGISTER sip:{HOST} SIP/2.0\r\nVia: SIP/2.0/UDP {HOST}:{self.port};rport;"
            f"branch=z9hG4bK{self.user}{self.port}x{self.number}\r\nMax-Forwards: 70\r\n"
            f"From: <sip:{self.user}@{HOST}>;tag=1\r\nTo: <sip:{self.user}@{HOST}>\r\n"
            f"Call-ID: {self.user}-{self.port}\r\nCSeq: {self.number} REGISTER\r\n{contact}{extra}"
            "Content-Length: 0\r\n\r\n").encode(), (HOST, self.server.port))
        return self.phone.recv(65536).decode()

    def register(self, expires=3600):
        contact = f"Contact: <sip:{self.user}@{HOST}:{self.port}>;expires={expires}\r\n"
        challenge = self.ask("", contact)
        assert challenge.startswith("SIP/2.0 401"), challenge
        nonce = re.search(r'nonce="([^"]*)"', challenge)[1]

        def md5(text):
            return hashlib.md5(text.encode()).hexdigest()
        ha1, ha2 = md5(f"{self.user}:lyceum:{self.password}"), md5(f"REGISTER:sip:{HOST}")
        response = md5(f"{ha1}:{nonce}:00000001:c:auth:{ha2}")
        return self.ask(
            f'Authorization: Digest username="{self.user}", realm="lyceum", uri="sip:{HOST}", '
            f'nonce="{nonce}", nc=00000001, cnonce="c", qop=auth, algorithm=MD5, '
            f'response="{response}"\r\n', contact)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.phone.close()


def processor_seconds(pid):
    """What a process has used of the processor so far."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def exchange(server, text, seconds=2.0):
    """Sends one datagram and returns what comes back within the time, or None."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
        phone.bind((HOST, 0))
        phone.settimeout(seconds)
        phone.sendto(text if isinstance(text, bytes) else text.encode(), (HOST, server.port))
        try:
            return phone.recv(65536).decode(errors="replace")
        except TimeoutError:
            return None


def options_request(branch, extra="", uri="sip:demo@127.0.0.1"):
    return (f"OPTIONS {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {HOST}:9;rport;branch=z9hG4bK{branch}\r\n"
            f"Max-Forwards: 70\r\nFrom: <sip:t@{HOST}>;tag=1\r\nTo: <sip:demo@{HOST}>\r\n"
            f"Call-ID: {branch}\r\nCSeq: 1 OPTIONS\r\n{extra}Content-Length: 0\r\n\r\n")


def invite_request(port, record_route="", body=""):
    body = body or (f"v=0\r\no=- 1 1 IN IP4 {HOST}\r\ns=-\r\nc=IN IP4 {HOST}\r\nt=0 0\r\n"
            "m=audio 40000 RTP/AVP 0\r\n")
    return (f"INVITE sip:demo@{HOST} SIP/2.0\r\nVia: SIP/2.0/UDP {HOST}:{port};branch=z9hG4bKi{port}\r\n"
            f"Max-Forwards: 70\r\nFrom: <sip:t@{HOST}>;tag=1\r\nTo: <sip:demo@{HOST}>\r\n"
            f"Call-ID: invite-{port}\r\nCSeq: 1 INVITE\r\nContact: <sip:t@{HOST}:{port}>\r\n"
            + (f"Record-Route: <{record_route}>\r\n" if record_route else "") +
            f"Content-Type: application/sdp\r\nContent-Length: {len(body)}\r\n\r\n{body}")


def header_lines(message, *names):
    return "".join(line + "\r\n" for line in message.split("\r\n\r\n")[0].split("\r\n")
                   if line.split(":")[0] in names)


def ack_to(invite, answer):
    target = re.search(r"Contact: <([^>]*)>", answer)[1]
    return (f"ACK {target} SIP/2.0\r\n" + header_lines(invite, "Via").replace("z9hG4bKi", "z9hG4bKa")
            + header_lines(answer, "From", "To", "Call-ID")
            + "CSeq: 1 ACK\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n")


def call(phone, server, **invite):
    """Dials from a bound UDP socket and acknowledges the answer, which is returned."""
    phone.settimeout(5)
    request = invite_request(phone.getsockname()[1], **invite)
    phone.sendto(request.encode(), (HOST, server.port))
    answer = phone.recv(65536).decode()
    while " 100 " in answer.split("\r\n")[0]:
        answer = phone.recv(65536).decode()
    assert answer.startswith("SIP/2.0 200"), answer
    phone.sendto(ack_to(request, answer).encode(), (HOST, server.port))
    return answer


def reply_to(request, status):
    return (f"SIP/2.0 {status}\r\n" + header_lines(request, "Via", "From", "To", "Call-ID", "CSeq")
            + "Content-Length: 0\r\n\r\n")
