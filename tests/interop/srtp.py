# SPDX-License-Identifier: Apache-2.0
"""SRTP as RFC 3711 has it, sending only: AES_CM_128_HMAC_SHA1_80, without roll-over and MKI.

Written apart from the server's own, so that it may disagree with it; AES comes from libcrypto."""
import base64
import ctypes
import ctypes.util
import hashlib
import hmac
import os
import struct

CRYPTO = ctypes.CDLL(ctypes.util.find_library("crypto"))
CRYPTO.EVP_CIPHER_CTX_new.restype = ctypes.c_void_p
CRYPTO.EVP_aes_128_ctr.restype = ctypes.c_void_p


def aes_ctr(key, counter, data):
    context = ctypes.c_void_p(CRYPTO.EVP_CIPHER_CTX_new())
    out, size = ctypes.create_string_buffer(len(data) + 16), ctypes.c_int()
    good = (CRYPTO.EVP_EncryptInit_ex(context, ctypes.c_void_p(CRYPTO.EVP_aes_128_ctr()), None, key, counter)
            and CRYPTO.EVP_EncryptUpdate(context, out, ctypes.byref(size), data, len(data)))
    CRYPTO.EVP_CIPHER_CTX_free(context)
    assert good and size.value == len(data)
    return out.raw[:len(data)]


class Sender:
    """One direction of one source under one master key of 30 octets, the last 14 of them salt."""

    def __init__(self, master=None):
        self.master = master or os.urandom(30)
        key, salt = self.master[:16], self.master[16:]

        def derive(label, size):  # §4.3.1, with a key derivation rate of 0.
            block = int.from_bytes(salt, "big") ^ (label << 48)
            return aes_ctr(key, (block << 16).to_bytes(16, "big"), bytes(size))
        self.key, self.authentication, self.salt = derive(0, 16), derive(1, 20), derive(2, 14)

    def line(self, tag=1, suite="AES_CM_128_HMAC_SHA1_80"):
        """The attribute of SDP that tells the peer (RFC 4568)."""
        return f"a=crypto:{tag} {suite} inline:{base64.b64encode(self.master).decode()}\r\n"

    def packet(self, sequence, payload, ssrc=0x4C594345, payload_type=0):
        header = struct.pack(">BBHII", 0x80, payload_type, sequence, sequence * len(payload), ssrc)
        counter = (int.from_bytes(self.salt, "big") << 16) ^ (ssrc << 64) ^ (sequence << 16)
        sealed = header + aes_ctr(self.key, counter.to_bytes(16, "big"), payload)
        tag = hmac.new(self.authentication, sealed + bytes(4), hashlib.sha1).digest()[:10]
        return sealed + tag
