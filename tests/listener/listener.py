# SPDX-License-Identifier: MIT
#
# listener: somebody on the way between a client and the servers, and somebody on the port of a dead server.
#
#   proxy RECORD PORT...           passes everything on, and writes it down: one JSON object for each piece
#   attack RECORD JOURNAL PORT...  what can be made of the record: prints `name value` lines
#   impostor PORT MODE HEARD TRUE  answers as MODE says; the types of the requests go to HEARD. TRUE: a server's port
#
# The attack is the formula of SCRAM: ClientKey = proof xor HMAC(StoredKey, Auth), for every 32 bytes that were heard as
# StoredKey. That it works with the right ones the journal of a server shows.
import json
import os
import re
import select
import socket
import struct
import sys
import threading

sys.path.insert(0, 'tests/flood')
import wire  # noqa: E402

MEMBER, ENDED, FLAG_KEYED = 21, 66, 16


def listen(port=0):
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(('127.0.0.1', port))
    s.listen(50)
    return s


# ---- proxy ----

record_lock = threading.Lock()


def pass_on(record, number, index, client, port):
    try:
        server = socket.create_connection(('127.0.0.1', port))
    except OSError:
        client.close()
        return
    other = {client: server, server: client}
    while True:
        for s in select.select([client, server], [], [])[0]:
            try:
                data = s.recv(1 << 18)
                other[s].sendall(data)
            except OSError:
                data = b''
            if not data:
                client.close()
                server.close()
                return
            with record_lock:
                record.write(json.dumps([number, index, s is client, data.hex()]) + '\n')
                record.flush()


def proxy(record, ports):
    record = open(record, 'w')
    listeners = [listen() for _ in ports]
    print(*(s.getsockname()[1] for s in listeners), flush=True)
    number = 0
    while True:
        for s in select.select(listeners, [], [])[0]:
            index = listeners.index(s)
            number += 1
            threading.Thread(target=pass_on, args=(record, number, index, s.accept()[0], ports[index]),
                             daemon=True).start()


# ---- attack ----

def frames(data):
    while len(data) >= 4 and len(data) >= 4 + struct.unpack_from('<I', data)[0]:
        size = 4 + struct.unpack_from('<I', data)[0]
        yield data[:size]
        data = data[size:]


def windows(data):
    return (data[at:at + 32] for at in range(len(data) - 31))


class Heard:
    """Log-ins and verifiers that were heard; all frames of requests by the replica they went to."""

    def __init__(self, path):
        streams = {}
        for line in open(path):
            number, index, up, data = json.loads(line)
            streams.setdefault((number, index), {True: b'', False: b''})[up] += bytes.fromhex(data)
        self.logins, self.bodies, self.requests, self.settings = [], [], [], {}
        for (number, index), both in streams.items():
            welcome = next(frames(both[False]), None)
            if welcome is None:
                continue
            version, uuid, public, nonce = welcome[10:12], welcome[12:28], welcome[28:60], welcome[60:92]
            name = b'threefold-2' if struct.unpack('<H', version)[0] < 4 else b'threefold-4'
            for one in frames(both[True]):
                kind, body = one[4], one[10:]
                self.requests.append((index, kind, one))
                if kind in (wire.INTRODUCE, wire.HANDOVER):
                    self.bodies.append(body)
                    size = body[22]
                    self.settings[body[:22]] = body[24 + size:24 + size + body[23 + size]]
                if kind == wire.LOGIN:
                    asked = (body[22:38], body[38:46] + bytes([one[5] & 127])) if one[5] & FLAG_KEYED else ()
                    purpose = b'\4' if asked else b'\2'
                    self.logins.append((body[:22], body[46:78], body[78:110], name, purpose, uuid, public, nonce, asked))
        self.all = b''.join(both[up] for both in streams.values() for up in (True, False))

    def client_key(self, stored):
        """What a candidate for StoredKey gives with any log-in that was heard."""
        for account, mine, proof, name, purpose, uuid, public, nonce, asked in self.logins:
            auth = b''.join(map(wire.part, (name, purpose, account, mine, nonce, uuid, public,
                                            self.settings.get(account, b'')) + asked))
            key = wire.xor(proof, wire.mac(stored, auth))
            if wire.digest(key) == stored:
                return key
        return None


def replay(port, one):
    """The status that a replica gives a frame that was heard on another connection."""
    conn = wire.Conn(port)
    answer = conn.ask(one[4], one[10:])
    conn.socket.close()
    return answer[0]


def attack(record, journal, ports):
    heard = Heard(record)
    stored = [bytes.fromhex(key) for key in re.findall(r'"stored_key":"([0-9a-f]{64})"', open(journal).read())]
    print('introductions', sum(k == wire.INTRODUCE for _, k, _ in heard.requests))
    print('handovers', sum(k == wire.HANDOVER for _, k, _ in heard.requests))
    print('logins', len(heard.logins))
    print('with-the-file', sum(heard.client_key(s) is not None for s in stored))
    print('stored-heard', sum(s in heard.all for s in stored))
    print('keys', sum(heard.client_key(w) is not None for body in heard.bodies for w in windows(body)))
    statuses = {}
    for _, kind, one in heard.requests:
        if kind in (wire.INTRODUCE, wire.HANDOVER, wire.LOGIN):
            for port in ports:
                statuses.setdefault(replay(port, one), 0)
    print('replays', *sorted(statuses))


# ---- impostor ----

def answer(mode, kind, body, uuid, secret, true, nonce):
    if kind == wire.PING:
        return b'\0' + struct.pack('<QQQ', 1, 0, 0)
    if kind == MEMBER:
        if mode == 'relay':
            conn = wire.Conn(true)
            said = conn.ask(MEMBER, body)
            conn.socket.close()
            return said
        return b'\0' + os.urandom(32)
    if kind == wire.LOOKUP_NAME:
        return b'\0'
    if kind == wire.LOOKUP_ID:
        return b'\0' + b''.join(body[at:at + 22] + b'\0' for at in range(0, len(body), 22))
    if kind == wire.LOGIN:
        return {
            'taken-over': b'\6' + os.urandom(32) + b'\xff' * 16 + struct.pack('<I', 9),
            'gone': b'\2' + body[:22] + b'\2\3eve' + os.urandom(64),
            'yes': b'\0' + os.urandom(64) + bytes(97),
            'ended': b'\3',
        }.get(mode, b'\3')
    if kind in (wire.INTRODUCE, wire.HANDOVER):
        return b'\0' + os.urandom(32)
    return b'\0'


def serve(client, mode, heard, true):
    uuid, secret, nonce, data = os.urandom(16), os.urandom(32), os.urandom(32), b''
    while True:
        try:
            more = client.recv(1 << 18)
        except OSError:
            more = b''
        if not more:
            return
        data += more
        for one in frames(data):
            data = data[len(one):]
            kind, request, body = one[4], struct.unpack_from('<I', one, 6)[0], one[10:]
            heard.write('%d\n' % kind)
            heard.flush()
            if kind == wire.HELLO:
                said = (struct.pack('<H', wire.VERSION) + uuid + wire.x25519_public(secret) + nonce +
                        struct.pack('<QIQI', 1, 1000, 1 << 20, 6000))
            else:
                said = answer(mode, kind, body, uuid, secret, true, nonce)
            try:
                if mode == 'ended' and kind == wire.LOGIN:
                    client.sendall(wire.frame(ENDED, b'\6' + body[22:38]))
                if said is not None:
                    client.sendall(wire.frame(kind | wire.REPLY, said, request))
            except OSError:
                return


def impostor(port, mode, heard, true):
    s, heard = listen(port), open(heard, 'a')
    print('listens', flush=True)
    while True:
        threading.Thread(target=serve, args=(s.accept()[0], mode, heard, true), daemon=True).start()


if sys.argv[1] == 'proxy':
    proxy(sys.argv[2], [int(p) for p in sys.argv[3:]])
elif sys.argv[1] == 'attack':
    attack(sys.argv[2], sys.argv[3], [int(p) for p in sys.argv[4:]])
else:
    impostor(int(sys.argv[2]), sys.argv[3], sys.argv[4], int(sys.argv[5]))
