# SPDX-License-Identifier: Apache-2.0
"""Guesses a member's password from another host: guesser.py SERVER PORT TRIES; then asks whether it is
still answered. Says "answered" or "dropped"."""
import re
import socket
import sys

SERVER, PORT, TRIES = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
phone = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
phone.connect((SERVER, PORT))
phone.settimeout(2)
OWN = f"{phone.getsockname()[0]}:{phone.getsockname()[1]}"


def ask(method, number, extra=""):
    phone.send((f"{method} sip:{SERVER} SIP/2.0\r\nVia: SIP/2.0/UDP {OWN};rport;branch=z9hG4bK{OWN}{number}\r\n"
                f"Max-Forwards: 70\r\nFrom: <sip:alice@{SERVER}>;tag=1\r\nTo: <sip:alice@{SERVER}>\r\n"
                f"Call-ID: {OWN}\r\nCSeq: {number} {method}\r\nContact: <sip:alice@{OWN}>\r\n{extra}"
                "Content-Length: 0\r\n\r\n").encode())
    try:
        return phone.recv(65536).decode()
    except TimeoutError:
        return ""


answer = ask("REGISTER", 1)
for number in range(2, TRIES + 2):
    nonce = re.search(r'nonce="([^"]*)"', answer)
    if not nonce:
        break
    answer = ask("REGISTER", number, f'Authorization: Digest username="alice", realm="lyceum", uri="sip:{SERVER}", '
                 f'nonce="{nonce[1]}", nc=00000001, cnonce="c", qop=auth, algorithm=MD5, response="{number:032x}"\r\n')
print("answered" if ask("OPTIONS", 1000) else "dropped")
