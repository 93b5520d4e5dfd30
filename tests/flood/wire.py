# SPDX-License-Identifier: MIT
#
# wire: as much of a client as an attacker needs. protocol.h specifies the frames, fact/auth.h the proofs, fact/box.h
# the boxes.
# The key that a client stretches out of a password is any 32 bytes here.
import hashlib
import hmac
import os
import socket
import struct
import time

PING, LOOKUP_NAME, LOOKUP_ID, INTRODUCE, HANDOVER, CONFIRM, DELETE, LOGIN = 2, 3, 4, 5, 6, 7, 8, 9
SEND, RECEIVED, STREAMS, PAGE, LIST = 11, 12, 13, 14, 15
HELLO, REPLY, ERROR = 1, 0x80, 67
FLAG_SESSION, FLAG_DIGEST = 1, 2
AUTH_INTRODUCE, AUTH_LOGIN = 1, 2
VERSION = 3
SETTING = b'$y$j9T$' + b'.' * 22


def digest(data):
    return hashlib.sha256(data).digest()


def mac(key, data):
    return hmac.new(key, data, hashlib.sha256).digest()


def xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b))


def part(data):
    return struct.pack('<I', len(data)) + data


def x25519(secret, public):
    """RFC 7748, as it is written there."""
    p = 2**255 - 19
    k = int.from_bytes(secret, 'little') & ~7 & (2**255 - 1) | 2**254
    x1 = int.from_bytes(public, 'little') % 2**255 % p
    x2, z2, x3, z3, swap = 1, 0, x1, 1, 0
    for bit in range(254, -1, -1):
        if swap ^ (k >> bit & 1):
            x2, x3, z2, z3 = x3, x2, z3, z2
        swap = k >> bit & 1
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        aa, bb, da, cb = a * a % p, b * b % p, d * a % p, c * b % p
        e = aa - bb
        x2, z2 = aa * bb % p, e * (aa + 121665 * e) % p
        x3, z3 = (da + cb) ** 2 % p, x1 * (da - cb) ** 2 % p
    if swap:
        x2, z2 = x3, z3
    return (x2 * pow(z2, p - 2, p) % p).to_bytes(32, 'little')


def x25519_public(secret):
    return x25519(secret, b'\x09' + bytes(31))


def frame(kind, payload=b'', request=0, flags=0):
    return struct.pack('<IBBI', 6 + len(payload), kind, flags, request) + payload


def hello():
    return frame(HELLO, b'threefold' + struct.pack('<HH', VERSION, VERSION))


def ulid():
    return int(time.time() * 1000).to_bytes(6, 'big') + os.urandom(10)


class Account:
    def __init__(self, name):
        self.name = name.encode()
        self.key = os.urandom(32)
        self.seal = os.urandom(32)
        self.client = mac(self.key, b'Client Key')
        self.stored = digest(self.client)
        self.server = mac(self.key, b'Server Key')
        self.delete = mac(self.key, b'Delete Key' + self.seal)
        self.lock = digest(self.delete)
        self.middle = digest(part(SETTING) + part(self.seal) + part(self.stored) + part(self.server))
        ms = int(time.time() * 1000)
        self.id = ms.to_bytes(6, 'big') + digest(
            part(struct.pack('<Q', ms)) + part(self.name) + part(self.middle) + part(self.lock))[:16]

    def body(self):
        return self.id + bytes([len(self.name)]) + self.name + bytes([len(SETTING)]) + SETTING

    def tombstone(self):
        return self.id + bytes([len(self.name)]) + self.name + self.middle + self.delete


class Conn:
    def __init__(self, port, timeout=60):
        self.socket = socket.create_connection(('127.0.0.1', port), timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.input = b''
        self.request = 0
        self.socket.sendall(hello())
        payload = self.receive()[2]
        self.uuid = payload[2:18]
        self.public = payload[18:50]
        self.nonce = payload[50:82]

    def receive(self):
        while True:
            if len(self.input) >= 4:
                size = struct.unpack_from('<I', self.input)[0] + 4
                if len(self.input) >= size:
                    one, self.input = self.input[:size], self.input[size:]
                    return one[4], struct.unpack_from('<I', one, 6)[0], one[10:]
            more = self.socket.recv(1 << 18)
            if not more:
                raise ConnectionError('closed: %r' % self.input[:100])
            self.input += more

    def put(self, kind, payload=b'', flags=0):
        self.request += 1
        return frame(kind, payload, self.request, flags)

    def ask(self, kind, payload=b'', flags=0):
        self.socket.sendall(self.put(kind, payload, flags))
        while True:
            kind, request, answer = self.receive()
            if kind == ERROR:
                raise ConnectionError(repr(answer))
            if kind & REPLY and request == self.request:
                return answer

    def auth(self, purpose, account, nonce):
        return (part(b'threefold-2') + part(bytes([purpose])) + part(account.id) + part(nonce) + part(self.nonce) +
                part(self.uuid) + part(self.public) + part(SETTING))

    def proof(self, purpose, account, nonce):
        return xor(account.client, mac(account.stored, self.auth(purpose, account, nonce)))

    def introduction(self, account):
        secret = os.urandom(32)
        public = x25519_public(secret)
        key = mac(x25519(secret, self.public), part(b'Box') + self.auth(AUTH_INTRODUCE, account, public))
        parts = account.seal, account.stored, account.server, account.lock
        return account.body() + public + b''.join(
            xor(one, mac(key, b'Part' + bytes([n]))) for n, one in enumerate(parts))

    def login_of(self, account, session, dial=1):
        nonce = os.urandom(32)
        return account.id + session + struct.pack('<II', dial, 0) + nonce + self.proof(AUTH_LOGIN, account, nonce)

    def create(self, name):
        account = Account(name)
        for kind, payload in (INTRODUCE, self.introduction(account)), (CONFIRM, account.id):
            answer = self.ask(kind, payload)
            assert answer[0] == 0, (name, kind, answer[0])
        return account

    def login(self, account, session=None):
        self.session = session or ulid()
        answer = self.ask(LOGIN, self.login_of(account, self.session))
        assert answer[0] == 0, answer[0]


def message(recipients, text, session=b''):
    """The payload of a SEND. recipients: pairs of an id and a number."""
    return (struct.pack('<Q', int(time.time() * 1000)) + session + struct.pack('<H', len(recipients)) +
            b''.join(i + struct.pack('<Q', n) for i, n in recipients) + struct.pack('<I', len(text)) + text)


def list_page(count=1000):
    return b'\0\0' + bytes(22) + struct.pack('<H', count)


def received(account, session, first, last):
    return account.id + session + struct.pack('<HQQ', 1, first, last)


def page(size=65536):
    return bytes(54) + struct.pack('<I', size)
