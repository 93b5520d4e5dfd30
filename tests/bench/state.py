# SPDX-License-Identifier: MIT
#
# state: what is kept. Bytes of a message on disk and in memory, an idle client, how long a start takes, a log-in to a
# large mailbox, and servers that hold much beside those that hold nothing.
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import time

from cases import Case, one, builds_of
from contenders import Failed, resident_bytes, wait_for
from figures import show, table

COUNTED = 300000   # messages of which the bytes are taken: fewer than make a journal compact itself
MAILBOX = 100000
BLOCK = 1 << 20


def names_of(bench):
    return [build.name for build in bench.builds]


def used_bytes(path):
    """The size of a file without the zeros at its end, which were reserved."""
    size = os.path.getsize(path)
    with open(path, 'rb') as f:
        while size > 0:
            begin = max(0, size - BLOCK)
            f.seek(begin)
            rest = f.read(size - begin).rstrip(b'\0')
            if rest:
                return begin + len(rest)
            size = begin
    return 0


# ---- bytes of a message ----

def sample(build):
    return {'messages': build.report(0)['messages'], 'journal': used_bytes(build.data(0) + '/journal.jsonl'),
            'memory': resident_bytes(build.servers[0].pid)}


def cost(build, to):
    """Bytes of journal, snapshot and memory of each message stored for one recipient. The journal and the memory count
    from when the accounts are there; a snapshot has some thousand short messages more."""
    before = {}
    build.fresh()
    build.fill(COUNTED, begun=lambda: before.update(sample(build)), senders=4, depth=64 if to == 1 else 1,
               **({'to': to} if to > 1 else {}))
    wait_for('quiet', lambda: build.report(0)['messages'] == build.report(0)['messages'], 30, 0.2)
    after = sample(build)
    count = after['messages'] - before['messages']
    if after['journal'] < before['journal']:
        raise Failed('the journal was compacted meanwhile')
    build.end(0, signal.SIGTERM)
    found = {name: (after[name] - before[name]) / count for name in ('journal', 'memory')}
    found['snapshot'] = os.path.getsize(build.data(0) + '/pending.json') / after['messages']
    build.stop()
    return found


def bytes_of_messages(bench):
    f = bench.figures
    for build in bench.builds:
        for to in (1, 1000):
            bench.progress(f'bytes of a message to {to}, {build.name}')
            f.add(f'bytes, to {to}', build.name, 0, cost(build, to))
    bench.progress('')
    table(f'Bytes of a message of 100 bytes stored for one recipient, of {COUNTED:,} by 4 senders to 1,000 recipients',
          ['', '', 'journal', 'snapshot', 'memory'],
          [[words, who] + [show(f.median(f'bytes, to {to}', who, name), 1) for name in ('journal', 'snapshot', 'memory')]
           for to, words in ((1, 'a text to one'), (1000, 'a text to 1,000, each'))
           for who in names_of(bench)])


def idle(bench):
    f = bench.figures
    for build in bench.builds:
        bench.progress(f'{bench.idle} idle clients, {build.name}')
        build.fresh()
        before = [resident_bytes(pid) for pid in build.pids()]
        load = build.load('idle', 4, senders=bench.idle)
        after = [resident_bytes(pid) for pid in build.pids()]
        each = statistics.median(b - a for a, b in zip(before, after)) / bench.idle
        f.add('idle', build.name, 0, {'memory': each, 'errors': load.result()['errors']})
        build.stop()
    bench.progress('')
    table(f'An idle client, of {bench.idle:,}, with the account that it made', ['', 'bytes of memory of each server', 'errors'],
          [[who, f.median('idle', who, 'memory'), f.total('idle', who, 'errors')] for who in names_of(bench)])


# ---- start ----

def drop_cached(folder):
    """What is in a folder has to be read from the disk again."""
    os.sync()
    for name in os.listdir(folder):
        fd = os.open(f'{folder}/{name}', os.O_RDONLY)
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(fd)


def start_s(build):
    drop_cached(build.data(0))
    begin = time.monotonic()
    build.start(0)
    return time.monotonic() - begin


def start(bench):
    f = bench.figures
    for build in bench.builds:
        bench.progress(f'{bench.stored} messages, {build.name}')
        build.fresh()
        build.fill(bench.stored)
        count = build.report(0)['messages']
        build.end(0)
        shutil.copytree(build.data(0), build.data('crashed'))
        f.add('start', build.name, 0, {'messages': count, 'repair_s': repair_s(build)})
        build.stop()
    for number in range(bench.rounds):
        for build in builds_of(bench, number):
            bench.progress(f'start {number + 1}, {build.name}')
            shutil.rmtree(build.data(0))
            shutil.copytree(build.data('crashed'), build.data(0))
            crash = start_s(build)
            build.end(0, signal.SIGTERM)
            clean = start_s(build)
            f.add('start', build.name, number, {'crash_s': crash, 'clean_s': clean})
            build.end(0)
    bench.progress('')
    table('Start with messages of 100 bytes that are in no cache, until it serves, seconds',
          ['', 'messages', 'after kill -9', 'after a clean stop', 'a wiped replica, by repair'],
          [[who, f.median('start', who, 'messages')] + [show(f.median('start', who, name), 2) for name in ('crash_s', 'clean_s', 'repair_s')]
           for who in names_of(bench)])


def repair_s(build):
    """Server 0 was killed. It starts again, server 2 loses what it has, and repair gives it back."""
    build.start(0)
    build.end(2)
    shutil.rmtree(build.data(2))
    build.start(2)
    begin = time.monotonic()
    done = subprocess.run([build.programs + '/repair', '--key', build.folder + '/operator.key'] + build.addresses(),
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise Failed(f'repair: {done.stdout[-300:]}')
    return time.monotonic() - begin


# ---- a large mailbox ----

def client(build):
    return subprocess.Popen([build.programs + '/client', '--json'] + build.addresses(), stdin=subprocess.PIPE,
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def mailbox(bench):
    rows = []
    for build in bench.builds:
        bench.progress(f'a mailbox of {MAILBOX}, {build.name}')
        build.fresh()
        build.fill(MAILBOX, users=1, senders=16)
        name = re.search(r'[a-z0-9]+-r0', client(build).communicate('/list\n')[0]).group()
        reader = client(build)
        at = {}
        count = 0
        reader.stdin.write(f'/login {name} a-password-of-bench\n/check\n')
        reader.stdin.close()
        for line in reader.stdout:
            event = json.loads(line)
            kind = event['event'] if event['event'] != 'result' else event.get('command')
            at.setdefault(kind, time.monotonic())
            at['last ' + kind] = time.monotonic()
            count += kind == 'message'
        reader.wait()
        build.stop()
        rows.append([build.name, count, show((at['login'] - at['ready']) * 1e3),
                     show((at['message'] - at['login']) * 1e3), show((at['last message'] - at['login']) * 1e3)])
    bench.progress('')
    table('A log-in to a large mailbox, ms', ['', 'messages', 'log-in', 'first message after it', 'last'], rows)


# ---- a large state ----

SHAPES = '1x1 64x1 4x64 16x64'.split()


def large(bench):
    f = bench.figures
    empty, grown = bench.builds[0], bench.build_beside('large')
    bench.progress('growing')
    for n in range(3):
        os.mkdir(grown.data(n))
        subprocess.run([bench.grow, grown.data(n), str(n + 1)] + [str(count) for count in bench.large], check=True)
        grown.start(n)
    empty.fresh()
    loaded_ms = re.search(r'facts in (\d+) ms', grown.log(0)).group(1)
    for number in range(bench.rounds):
        for shape in SHAPES:
            case = Case(f'large {shape}', shape)
            for build in (empty, grown):
                one(bench, case, build, number, lambda: build.measure(case, bench.seconds))
    turns = grown.report(0)
    bench.progress('')
    rows = []
    for shape in SHAPES:
        key = f'large {shape}'
        rows.append([shape] + [show(f.median(key, who, 'rate')) for who in (empty.name, 'large')] +
                    [show(f.ratio(key, 'rate', 'large', empty.name), 2)] +
                    [show(f.median(key, who, 'p50_us')) for who in (empty.name, 'large')] +
                    [show(f.ratio(key, 'p50_us', 'large', empty.name), 2)])
    table('Beside %s accounts, %s messages that wait and %s streams that were read' % tuple(f'{n:,}' for n in bench.large),
          ['', 'empty, a second', 'large', 'ratio', 'empty, p50 us', 'large', 'ratio'], rows)
    bench.say(f'Loading took {loaded_ms} ms; {resident_bytes(grown.servers[0].pid) >> 20} MiB resident; turns of the loop over '
              f'5 ms: {turns["over-5-ms"]}, the longest {turns["longest-us"]} us\n')
    grown.stop()
    empty.stop()


PARTS = {'idle': idle, 'bytes': bytes_of_messages, 'start': start, 'mailbox': mailbox, 'large': large}
