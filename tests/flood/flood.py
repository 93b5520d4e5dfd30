#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
#
# flood: a real server, one honest client that measures, and one flood after the other.
#
#   tests/flood/flood.py [--seconds N] [--check] [FLOOD ...]
#
# For each flood it prints what the honest client saw right before it and during it: the round trip of a message
# (which waits for the disk) and of a ping, at the median and at the 99th percentile, and how long a new client
# needs from its dial to its log-in. RATIO is what is wanted. With --check it speaks TAP, and leaves twice as much room;
# and no message may take so long that a client would give the replica up.
#
# The attackers have a lower priority, so that the processors that they take are not what is measured.
import argparse
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import wire
from wire import Conn, frame

BIN = os.environ.get('BIN', '.')
ACCOUNTS = 1000
RATIO = 5
DEAD_MS = 3000  # a client waits so long for a reply


# ---- the server ----

class Server:
    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix='threefold-flood-')
        self.log = open(self.folder.name + '/log', 'w+b')
        self.process = subprocess.Popen([BIN + '/server', '127.0.0.1', '0', '--data', self.folder.name + '/data'],
                                        stderr=self.log)
        while b'serving' not in self.text():
            if self.process.poll() is not None:
                sys.exit(self.text().decode())
            time.sleep(0.01)
        self.port = int(self.text().split(b'serving ')[1].split(b',')[0].rsplit(b':', 1)[1])

    def text(self):
        with open(self.folder.name + '/log', 'rb') as f:
            return f.read()

    def stop(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.folder.cleanup()


# ---- the honest client ----

class Probe:
    def __init__(self, port):
        self.port = port
        self.conn = Conn(port)
        self.account = self.conn.create('honest')
        self.conn.login(self.account)
        self.number = 0
        self.newcomers = 0

    def measure(self, seconds):
        sends, pings, logins = [], [], []
        end = time.time() + seconds
        while time.time() < end or not pings:
            self.number += 1
            begin = time.perf_counter()
            answer = self.conn.ask(wire.SEND, wire.message([(self.account.id, self.number)], b'x' * 64))
            sends.append(time.perf_counter() - begin)
            assert answer[0] == 0, answer
            begin = time.perf_counter()
            self.conn.ask(wire.PING)
            pings.append(time.perf_counter() - begin)
            if len(pings) % 100 == 1:
                logins.append(self.newcomer())
            time.sleep(0.002)
        self.conn.ask(wire.RECEIVED, wire.received(self.account, self.conn.session, 1, self.number))
        return [[x * 1e3 for x in sorted(which)] for which in (sends, pings, logins)]

    def newcomer(self):
        begin = time.perf_counter()
        try:
            conn = Conn(self.port, 10)
            account = conn.create('new%d' % self.newcomers)
            conn.login(account)
            conn.socket.close()
            self.newcomers += 1
        except OSError:
            pass
        return time.perf_counter() - begin


def at(times, part):
    return times[min(len(times) - 1, int(len(times) * part))]


# ---- attackers ----

def dial(port):
    s = socket.create_connection(('127.0.0.1', port), 30)
    s.sendall(wire.hello())
    return s


def member(port, name):
    """A connection that is logged in, with its account."""
    conn = Conn(port)
    account = conn.create(name)
    conn.login(account)
    return conn, account


def pump(sockets, blob, read=True, pause=0):
    """Writes the blob to all of them for ever, and drops what comes."""
    poll = select.epoll()
    left = {}
    for s in sockets:
        s.setblocking(False)
        left[s.fileno()] = (s, memoryview(blob(s) if callable(blob) else blob))
        poll.register(s.fileno(), select.EPOLLIN | select.EPOLLOUT if read else select.EPOLLOUT)
    begin = dict(left)
    while left:
        for fd, events in poll.poll(1):
            s, rest = left[fd]
            try:
                if events & select.EPOLLIN:
                    s.recv(1 << 18)
                if events & select.EPOLLOUT:
                    rest = rest[s.send(rest):]
                    left[fd] = (s, rest if len(rest) > 0 else begin[fd][1])
            except BlockingIOError:
                pass
            except OSError:
                poll.unregister(fd)
                del left[fd]
        if pause:
            time.sleep(pause)
    time.sleep(3600)


def flood_of(count, blob, pause=0):
    return lambda port: pump([dial(port) for _ in range(count)], blob, pause=pause)


def digest_lists(count):
    return flood_of(count, frame(wire.LIST, wire.list_page(), 1, wire.FLAG_DIGEST) * 60)


def wrong_logins(port):
    conn = Conn(port)
    account = conn.create('victim')
    login = frame(wire.LOGIN, conn.login_of(account, wire.ulid())[:-32] + os.urandom(32), 1)
    pump([dial(port) for _ in range(50)], login * 100)


def unknown_ids(port):
    ids = b''.join(os.urandom(22) for _ in range(512))
    pump([dial(port) for _ in range(50)], frame(wire.LOOKUP_ID, ids, 1))


def amplify(port):
    """One frame of 4096 recipients that nobody has, and the longest text, again and again."""
    conn, _ = member(port, 'amplify')
    while True:
        conn.ask(wire.SEND, wire.message([(os.urandom(22), 1) for _ in range(4096)], b'\1' * 65536))


def messages(port):
    """Ten senders of short messages to ids that nobody has."""
    def blob(_):
        return b''.join(frame(wire.SEND, wire.message([(os.urandom(22), 1) for _ in range(400)], b'x'), n)
                        for n in range(20))
    pump([member(port, 'sender%d' % i)[0].socket for i in range(10)], blob)


def burials(port):
    """Ten accounts bury numbers of streams that nobody has sent."""
    sockets = {}
    for i in range(10):
        conn, account = member(port, 'grave%d' % i)
        sockets[conn.socket] = account

    def blob(s):
        item = b''.join(os.urandom(38) + struct.pack('<HQQ', 1, 1, 1) for _ in range(200))
        return b''.join(frame(wire.RECEIVED, item, n) for n in range(10))
    pump(list(sockets), blob)


def fill(conn, account, count):
    for first in range(1, count + 1, 4096):
        numbers = range(first, min(first + 4096, count + 1))
        assert conn.ask(wire.SEND, wire.message([(account.id, n) for n in numbers], b'x'))[0] == 0


def ghosts(port):
    """A mailbox is received as a whole, while other log-ins of the account ask for its first page."""
    conn, account = member(port, 'ghost')
    session = conn.session
    count = 200000
    first = 1
    while True:
        conn.login(account, wire.ulid()) if first > 1 else None
        session = conn.session
        fill(conn, account, count)
        other = Conn(port)
        conn.socket.sendall(conn.put(wire.RECEIVED, wire.received(account, session, 1, count)))
        other.login(account, b'\xff' * 16)
        end = time.time() + 1
        while time.time() < end:
            other.ask(wire.PAGE, wire.page())
        conn, first = Conn(port), first + 1
        account = conn.create('ghost%d' % first)
        conn.login(account)


def tombstones(port):
    def blob(_):
        return b''.join(frame(wire.DELETE, wire.Account('t%d' % n).tombstone(), n) for n in range(100))
    pump([dial(port) for _ in range(10)], blob)


def creations(port):
    conn = Conn(port)
    n = 0
    while True:
        n += 1
        conn.create('flood%d' % n)


def idle(port):
    sockets = [dial(port) for _ in range(1000)]
    while True:
        for s in sockets:
            s.sendall(frame(wire.PING))
        time.sleep(2)


def slow_loris(port):
    sockets = []
    while True:
        while len(sockets) < 1000:
            sockets.append(socket.create_connection(('127.0.0.1', port), 30))
        for s in list(sockets):
            try:
                s.send(wire.hello()[:1])
            except OSError:
                sockets.remove(s)
        time.sleep(0.5)


def dials(port):
    while True:
        s = socket.socket()
        s.setblocking(False)
        s.connect_ex(('127.0.0.1', port))
        s.close()


def handshakes(port):
    while True:
        with dial(port) as s:
            s.recv(200)


def half_frames(port):
    piece = struct.pack('<IBBI', 200000, wire.LOOKUP_ID, 0, 1) + bytes(150000)
    sockets = []
    while True:
        while len(sockets) < 500:
            s = dial(port)
            s.setblocking(False)
            try:
                s.send(piece)
            except OSError:
                pass
            sockets.append(s)
        time.sleep(0.2)
        for s in sockets[:100]:
            s.close()
        del sockets[:100]


def no_reader(port):
    """Asks for long replies, and takes none of them."""
    ask = frame(wire.LIST, wire.list_page(), 1) * 100
    while True:
        sockets = [dial(port) for _ in range(200)]
        for s in sockets:
            s.setblocking(False)
        end = time.time() + 4
        while time.time() < end:
            for s in sockets:
                try:
                    s.send(ask)
                except OSError:
                    pass
            time.sleep(0.2)
        for s in sockets:
            s.close()


floods = {
    'list1': digest_lists(1),
    'list50': digest_lists(50),
    'list1000': digest_lists(1000),
    'full-lists': flood_of(50, frame(wire.LIST, wire.list_page(), 1) * 60),
    'lookup-id': unknown_ids,
    'lookup-name': flood_of(50, frame(wire.LOOKUP_NAME, b'\6honest\0', 1) * 1000),
    'ping1': flood_of(1, frame(wire.PING) * 5000),
    'ping50': flood_of(50, frame(wire.PING) * 5000),
    'logins': wrong_logins,
    'amplify': amplify,
    'messages': messages,
    'burials': burials,
    'ghosts': ghosts,
    'tombstones': tombstones,
    'creations': creations,
    'idle': idle,
    'slow-loris': slow_loris,
    'dials': dials,
    'handshakes': handshakes,
    'half-frames': half_frames,
    'no-reader': no_reader,
}
sample = ['list50', 'amplify']


# ---- one flood ----

def attack(name, port):
    child = os.fork()
    if child != 0:
        return child
    try:
        os.nice(10)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        if 'VERBOSE' not in os.environ:
            os.dup2(os.open('/dev/null', os.O_WRONLY), 2)
        floods[name](port)
    finally:
        os._exit(1)


def run(name, seconds, accounts, settle):
    """What the honest client saw before the flood and during it."""
    server = Server()
    child = None
    try:
        maker = Conn(server.port)
        for n in range(accounts):
            maker.create('user%028d' % n)
        probe = Probe(server.port)
        quiet = probe.measure(seconds)
        child = attack(name, server.port)
        time.sleep(settle)
        try:
            busy = probe.measure(seconds)
        except OSError as error:  # it counts as dead
            busy = [[float('inf')]] * 3
            print('# %s' % error)
        return quiet, busy
    finally:
        if child is not None:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        server.stop()


def line(name, quiet, busy):
    cells = []
    for before, under in zip(quiet[:2], busy[:2]):
        cells.append('%6.2f %7.2f %7.2f %8.2f %6.1f' % (at(before, 0.5), at(before, 0.99), at(under, 0.5),
                                                        at(under, 0.99), at(under, 0.99) / at(before, 0.99)))
    return '%-12s %s   %s   %8.1f %8.1f' % (name, cells[0], cells[1], quiet[2][-1], busy[2][-1])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--seconds', type=float, default=5)
    parser.add_argument('--check', action='store_true')
    parser.add_argument('flood', nargs='*')
    options = parser.parse_args()
    names = options.flood or (sample if options.check else list(floods))
    if options.check:
        print('1..%d' % len(names))
    else:
        print('%-12s %-38s   %-38s   %s' % ('ms', 'message: quiet p50 p99, flood p50 p99, ratio',
                                            'ping: the same', 'longest new log-in, quiet, flood'))
    for number, name in enumerate(names, 1):
        quiet, busy = run(name, options.seconds, 200 if options.check else ACCOUNTS, 1 if options.check else 2)
        if not options.check:
            print(line(name, quiet, busy), flush=True)
            continue
        # Room for a busy machine: what is looked for made messages take seconds.
        limit = max(2 * RATIO * at(quiet[0], 0.99), 250)
        good = at(busy[0], 0.99) < limit and busy[0][-1] < DEAD_MS
        print('%s %d - %s: messages of others take as long as before, nearly' % ('ok' if good else 'not ok', number,
                                                                                 name))
        print('# ' + line(name, quiet, busy), flush=True)


main()
