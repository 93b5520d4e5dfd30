#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
#
# handovers: a stranger gives replicas many accounts that all have one name.
#
#   tests/flood/handovers.py NAME COUNT PORT...
#
# Prints how many of them were taken, and how many bytes the answer to a question for the name has before and
# afterwards, at the first replica.
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import wire
from wire import Account, Conn, mac, part, xor

SOME = 50  # are on their way together
name, count = sys.argv[1], int(sys.argv[2])
conns = [Conn(int(port)) for port in sys.argv[3:]]
secret = os.urandom(32)
public = wire.x25519_public(secret)
shared = [wire.x25519(secret, conn.public) for conn in conns]


def answer_size():
    return len(conns[0].ask(wire.LOOKUP_NAME, bytes([len(name)]) + name.encode() + b'\0'))


# As Conn.introduction, but with one secret for all of them: that is what takes long.
def handover(conn, key, account):
    key = mac(key, part(b'Box') + conn.auth(wire.AUTH_INTRODUCE, account, public))
    parts = account.seal, account.stored, account.server, account.lock
    return account.body() + public + b''.join(xor(one, mac(key, b'Part' + bytes([n]))) for n, one in enumerate(parts))


taken = 0
before = answer_size()
for begin in range(0, count, SOME):
    accounts = [Account(name) for _ in range(min(SOME, count - begin))]
    for conn, key in zip(conns, shared):
        conn.socket.sendall(b''.join(conn.put(wire.HANDOVER, handover(conn, key, a)) for a in accounts))
        taken += sum(conn.receive()[2][0] == 0 for _ in accounts)
print(taken, before, answer_size())
