# SPDX-License-Identifier: MIT
#
# wire: as much of a client as an attacker needs. protocol.h specifies the frames, fact/auth.h the proofs.
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
VERSION = int(os.environ.get('WIRE_VERSION', 1))
SETTING = b'$y$j9T$' + b'.' * 22


def digest(data):
    return hashlib.sha256(data).digest()


def mac(key, data):
    return hmac.new(key, data, hashlib.sha256).digest()


def xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b))


def part(data):
    return struct.pack('<I', len(data)) + data


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
        return (self.id + bytes([len(self.name)]) + self.name + bytes([len(SETTING)]) + SETTING + self.seal +
                self.stored + self.server + self.lock)

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
        self.nonce = payload[18:50]

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

    def proof(self, purpose, account, nonce):
        auth = (part(b'threefold-1') + part(bytes([purpose])) + part(account.id) + part(nonce) + part(self.nonce) +
                part(self.uuid) + part(SETTING))
        return xor(account.client, mac(account.stored, auth))

    def introduction(self, account):
        nonce = os.urandom(32)
        return account.body() + nonce + self.proof(AUTH_INTRODUCE, account, nonce)

    def login_of(self, account, session, dial=1):
        nonce = os.urandom(32)
        return account.id + session + struct.pack('<I', dial) + nonce + self.proof(AUTH_LOGIN, account, nonce)

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
