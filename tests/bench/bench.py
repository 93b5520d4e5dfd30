#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
#
# bench: what `make bench` does. It measures Threefold beside the floor (floor.c), the least that three durable copies
# cost on this machine; if wanted also beside another build and beside what else one would use. All take turns, round by
# round, because figures of different minutes do not compare. Each part prints its figures; at the end come one table of
# ratios and one of the targets. By the environment:
#
#   PARTS='sweep live ...'   what is measured; by default all parts below but `large`
#   ROUNDS=3  MEASURE=2      how often, and seconds of each run (whole ones: those of floor and peers are)
#   OLD=DIR                  another build, its four programs in DIR, takes part
#   PEERS=1                  and so do the peers of ../shared/peers that are installed; or some: PEERS='redis nats'
#   KILLS=40  IDLE=10000 (clients)  STORED=1000000 (messages)
#   LARGE='1000000 10000000 1000000'   accounts, messages and streams of `large`: 6 GB of memory, 10 GB of disk
#
#   sweep    messages stored, 1x1 to 16x64         live     messages shown to who is logged in
#   fanout   one text to 1,000 recipients          sizes    20 bytes, 4 KiB, 64 KiB
#   hot      all to one recipient                  other    log-ins and lists
#   kill     what a killed leader costs            idle     memory of an idle client
#   bytes    of a message on disk and in memory    start    after kill -9 and a clean stop; repair
#   mailbox  a log-in to a large one               large    beside a large state
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import cases
import contenders
import kills
import peers
import state
import targets
from figures import Figures, say

OURS = 'ours'
ALONE = {'kill': kills.run, **state.PARTS}  # parts that are no rounds of loads
TOP = os.path.dirname(os.path.abspath(__file__)) + '/../..'


def setting(name, default):
    return os.environ.get(name) or default


class Bench:
    """What the parts need: the settings, who takes part, and what was measured."""
    def __init__(self, folder):
        out = setting('OUT', 'build')
        self.folder = folder
        self.started = []  # builds that have to be stopped
        self.peers = []
        self.programs = os.path.abspath(setting('BIN', '.'))
        self.seconds = max(1, int(float(setting('MEASURE', '2'))))
        self.rounds = int(setting('ROUNDS', '3'))
        self.kills = int(setting('KILLS', '40'))
        self.idle = int(setting('IDLE', '10000'))
        self.stored = int(setting('STORED', '1000000'))
        self.large = [int(word) for word in setting('LARGE', '1000000 10000000 1000000').split()]
        self.grow = out + '/tests/bench/grow'
        self.figures = Figures()
        self.others = []
        self.floor = contenders.Floor(out + '/tests/bench/floor', folder)
        self.builds = [self.build_beside(OURS)]
        if os.environ.get('OLD'):
            self.builds.append(self.build_beside('old', os.path.abspath(os.environ['OLD'])))
        if os.environ.get('PEERS'):
            self.peers = peers.find(os.environ['PEERS'], folder, say)

    def build_beside(self, name, programs=None):
        build = contenders.Build(name, programs or self.programs, self.folder, self.programs)
        self.started.append(build)
        return build

    def names(self):
        return [self.floor.name] + [who.name for who in self.builds + self.peers]

    def say(self, *words):
        self.progress('')
        say(*words)

    def progress(self, words):
        if sys.stderr.isatty():
            print(f'\r\033[K{words}', end='', file=sys.stderr, flush=True)

    def note_others(self, number):
        """How many processors others use, before a round begins."""
        self.progress(f'round {number + 1}')
        before, begin = busy_s(), time.monotonic()
        time.sleep(0.5)
        self.others.append((busy_s() - before) / (time.monotonic() - begin))

    def stop(self):
        for who in self.started + self.peers:
            who.stop()


def busy_s():
    with open('/proc/stat') as f:
        fields = [int(word) for word in f.readline().split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) * contenders.TICK_S


def first(path, begin):
    with open(path) as f:
        return next((line.split(':', 1)[1].strip() for line in f if line.startswith(begin)), 'unknown')


def commit(folder):
    def git(*words):
        return subprocess.run(['git', '-C', folder, *words], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    name = git('rev-parse', '--short=12', 'HEAD').stdout.strip()
    return (name or 'unknown') + (' (with changes)' if name and git('diff', '--quiet', 'HEAD').returncode else '')


def print_machine(bench):
    memory = int(first('/proc/meminfo', 'MemTotal').split()[0]) / 1048576
    lines = [('machine', f'{os.cpu_count()} cores of {first("/proc/cpuinfo", "model name")}, {memory:.0f} GiB, '
                         f'Linux {os.uname().release}'),
             ('date', f'{time.strftime("%Y-%m-%d", time.gmtime())}, load of the last minute before: {os.getloadavg()[0]:.2f}'),
             ('method', f'medians of {bench.rounds} rounds, runs of {bench.seconds} s, all in turn; texts of 100 bytes'),
             ('ours', commit(TOP))]
    lines += [(build.name, commit(build.programs)) for build in bench.builds[1:]]
    lines += [(peer.name, f'acknowledged means: {peer.promise}') for peer in bench.peers]
    for name, words in lines:
        say(f'{name}:'.ljust(11) + words)
    say()


def measure(bench, wanted):
    unknown = [part for part in wanted if part not in cases.PARTS and part not in ALONE]
    if unknown:
        sys.exit(f'bench: no part is called {", ".join(unknown)}')
    print_machine(bench)
    cases.run(bench, wanted)
    for part, run in ALONE.items():
        if part in wanted:
            try:
                run(bench)
            except contenders.Failed as why:
                bench.say(f'{part}: not measured: {why}\n')
    targets.print_ratios(bench)
    targets.print_targets(bench)
    if bench.others:
        say('Processors that others used before each round: ' + ' '.join(f'{share:.2f}' for share in bench.others))


def main():
    default = [part for part in [*cases.PARTS, *ALONE] if part != 'large']
    folder = tempfile.mkdtemp(prefix='threefold-bench.')
    os.chmod(folder, 0o755)  # a peer may give its rights up
    os.environ['XDG_STATE_HOME'] = folder + '/state'
    os.environ['XDG_CONFIG_HOME'] = folder + '/config'
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    contenders.all_files()
    bench = None
    try:
        bench = Bench(folder)
        measure(bench, setting('PARTS', '').split() or default)
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        if bench is not None:
            bench.stop()
        shutil.rmtree(folder, ignore_errors=True)


main()
