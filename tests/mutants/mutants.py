#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""mutants: do the tests notice small wrong changes?

usage: tests/mutants/mutants.py [--count N] [--seed S] [--jobs J] [--at FILE:LINE]... [--only N]... [--list]

Makes N changes, one at a time, at random places of the pure parts and the journal, each in a copy of the committed
tree, and runs the unit tests and random schedules of the simulator until one of them fails. A line for each change
says which test noticed it. What no test notices is either a test that is missing, or a change that nobody can notice: such a
change stands in tests/mutants/equivalent, with the reason. The exit status is 0 if at least GOAL of them were noticed
(those that nobody can notice do not count). --list shows the changes that a seed draws and tries none;
--only tries those of these numbers.
"""
import argparse
import concurrent.futures
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading

GOAL = 0.9
SCHEDULES = 1000
TEST_SECONDS = 300  # of the processor: a test that takes longer has noticed, since the change made an endless loop
BUILD_SECONDS = 600
WAIT = 20  # times as long on a clock: the machine may be busy, and a test may wait for what never comes

# A folder's tests, nearest first: its own, then those of the folders above.
ABOVE = {
    'base': ['base', 'fact', 'store', 'session', 'replication', 'journal', 'reconcile', 'chat', 'terminal'],
    'fact': ['fact', 'store', 'protocol', 'session', 'replication', 'journal', 'reconcile'],
    'protocol': ['protocol', 'session', 'replication', 'reconcile'],
    'store': ['store', 'session', 'journal', 'reconcile'],
    'session': ['session'],
    'replication': ['replication'],
    'reconcile': ['reconcile'],
    'journal': ['journal'],
}

CHANGES = [
    (r' < ', ' <= '), (r' <= ', ' < '), (r' > ', ' >= '), (r' >= ', ' > '), (r' == ', ' != '), (r' != ', ' == '),
    (r' && ', ' || '), (r' \|\| ', ' && '), (r' \+ 1\b', ' + 2'), (r' - 1\b', ''), (r'\btrue;', 'false;'),
    (r'\bfalse;', 'true;'), (r'\bif \(!', 'if ('), (r' \|= ', ' = '), (r' \+= ', ' = '), (r'\bbreak;', ';'),
    (r'^(\t+)[a-z_]+\(.*\);$', r'\1;'),
]


def sources():
    names = subprocess.run(['git', 'ls-files', '*.c'], capture_output=True, text=True, check=True).stdout.split()
    return [n for n in names if folder_of(n) in ABOVE]


def folder_of(name):
    return name.split('/')[0] if '/' in name else name.removesuffix('.c')


def is_only_room(line, changed):
    """Whether all that changes is that an array has room for one more."""
    wider = re.sub(r'(\b(?:char|uint8_t) \w+\[[^]]*) \+ 1\]', r'\1 + 2]', line, count=1)
    return wider != line and wider == changed


def bug_lines(lines):
    """The numbers of the lines that speak of a deliberate bug, and of those that only such a bug would reach."""
    found = set()
    for number, line in enumerate(lines):
        text, margin = line.strip(), line[:len(line) - len(line.lstrip('\t'))]
        if 'BUG(' not in text:
            continue
        found.add(number)
        if '!BUG(' in text or ' || ' in text or not re.match(r'(} )?(else )?if \(', text):
            continue
        found.add(number + 1)
        while text.endswith('{') and not lines[number + 1].startswith(margin + '}'):
            number += 1
            found.add(number)
    return found


def functions(lines):
    """For each line the function that it stands in; '': in none."""
    found, inside = [], ''
    for line in lines:
        begin = re.match(r'[A-Za-z_].*?(\w+)\(', line)
        if begin:
            inside = begin.group(1)
        found.append(inside)
        if line.startswith('}'):
            inside = ''
    return found


def places():
    """All changes that can be made: (file, line number, what it becomes)."""
    found = []
    for name in sources():
        with open(name, encoding='utf-8') as f:
            lines = f.read().split('\n')
            off = bug_lines(lines)
            for number, line in enumerate(lines):
                text = line.strip()
                if number in off:
                    continue
                if text.startswith(('*', '/*', '#', '_Static_assert')) or 'case ' in text:
                    continue
                if 'assert(' in text or re.match(r'\w+_check\(', text):  # a right program does not need them
                    continue
                if text.startswith('explicit_bzero('):  # tests/listener/memory.py looks for what is not wiped
                    continue
                changed = {re.sub(a, b, line, count=1) for a, b in CHANGES if re.search(a, line)}
                changed = {c for c in changed if not is_only_room(line, c)}
                found.append((name, number, sorted(c for c in changed if c != line)))
    return [p for p in found if p[2]]


def run(command, folder, seconds):
    """The exit status; 124, or that of SIGXCPU: it took too long, and was killed with all that it started."""
    env = dict(os.environ, TZ='UTC', LC_ALL='C.UTF-8', BIN=folder, OUT='build', TMPDIR=folder + '/tmp')
    with subprocess.Popen(command, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL, start_new_session=True,
                          preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))) as process:
        try:
            return process.wait(seconds * WAIT)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return 124


class Copy:
    """A copy of the tree, with all tests built."""

    def __init__(self, parent, index):
        self.folder = f'{parent}/{index}'
        subprocess.run(['git', 'clone', '-q', '--shared', '.', self.folder], check=True)
        os.mkdir(self.folder + '/tmp')
        if self.make(['tests'], 3 * BUILD_SECONDS):
            sys.exit('the tree as it is does not build')

    def make(self, targets, seconds):
        # A place beyond an array's end is noticed by the tests under sanitizers, and here without them.
        flags = '-O1 -g0 -w -fsanitize=bounds-strict -fsanitize-undefined-trap-on-error'
        return run(['make', '-s', 'CC=gcc', 'CFLAGS=' + flags, *targets], self.folder, seconds)

    def tests(self, name):
        """Programs, in groups that are built together."""
        for part in ABOVE[folder_of(name)]:
            files = sorted(os.listdir(f'{self.folder}/tests/{part}'))
            units = [f'build/tests/{part}/{f[:-2]}' for f in files if f.endswith('.c')]
            # Quick ones first; these take seconds.
            units.sort(key=lambda u: u.endswith(('/size', '/crash', '/reconcile', 'journal/journal')))
            yield units, [[u] for u in units]
        simulate = 'build/tests/simulate/simulate'
        yield [simulate], [[simulate, '--seeds', '1', str(SCHEDULES), '--jobs', '1']]

    def noticed_by(self, name):
        """The first test that fails; None: no test does; '': it does not compile."""
        for programs, commands in self.tests(name):
            if self.make(programs, BUILD_SECONDS):
                return ''
            for command in commands:
                if run(command, self.folder, TEST_SECONDS):
                    return command[0].removeprefix('build/tests/')
        return None

    def try_change(self, name, number, becomes):
        path = f'{self.folder}/{name}'
        with open(path, encoding='utf-8') as f:
            old = f.read()
        lines = old.split('\n')
        lines[number] = becomes
        try:
            with open(path, 'w', encoding='utf-8') as f:
                f.write('\n'.join(lines))
            return self.noticed_by(name)
        finally:
            with open(path, 'w', encoding='utf-8') as f:
                f.write(old)


def equivalents():
    """Changes that nobody can notice: (file and function, the line that it becomes)."""
    known = set()
    with open('tests/mutants/equivalent', encoding='utf-8') as f:
        for line in f:
            if line.strip() and not line.startswith('#'):
                name, becomes = line.split(' | ')[:2]
                known.add((name, becomes.strip()))
    return known


def show(chosen):
    for index, (name, number, becomes) in enumerate(chosen, 1):
        with open(name, encoding='utf-8') as f:
            was = f.read().split('\n')[number].strip()
        print(f'{index} | {name}:{number + 1} | {was} -> {becomes.strip()}')


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--count', type=int, default=200)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--jobs', type=int, default=os.cpu_count())
    parser.add_argument('--at', action='append', metavar='FILE:LINE', help='all changes of this line; no random ones')
    parser.add_argument('--only', action='append', type=int, metavar='N', help='only the Nth change that is drawn')
    parser.add_argument('--list', action='store_true', help='show the changes that are drawn, and try none')
    options = parser.parse_args()
    os.chdir(os.path.dirname(os.path.abspath(__file__)) + '/../..')
    wanted = places()
    if options.at:
        chosen = [(n, k, c) for n, k, all_c in wanted if f'{n}:{k + 1}' in options.at for c in all_c]
    else:
        rand = random.Random(options.seed)
        rand.shuffle(wanted)
        chosen = [(n, k, rand.choice(c)) for n, k, c in wanted]
    if options.only:
        chosen = [chosen[n - 1] for n in options.only]
    if options.list:
        show(chosen if options.at or options.only else chosen[:options.count])
        return 0
    known = equivalents()
    count = len(chosen) if options.at or options.only else options.count
    done, noticed, excused = 0, 0, 0
    lock = threading.Lock()
    queue = iter(chosen)
    parent = tempfile.mkdtemp(prefix='threefold-mutants.')

    def work(index):
        nonlocal done, noticed, excused
        copy = Copy(parent, index)
        while True:
            with lock:
                change = next(queue, None)
                if change is None or done + excused >= count:
                    return
            name, number, becomes = change
            by = copy.try_change(name, number, becomes)
            with open(f'{copy.folder}/{name}', encoding='utf-8') as f:
                lines = f.read().split('\n')
            was, place = lines[number].strip(), f'{name}:{functions(lines)[number]}'.removesuffix(':')
            with lock:
                if by == '' or done + excused >= count:
                    continue
                if by is None and (place, becomes.strip()) in known:
                    excused += 1
                    result = 'cannot be noticed'
                else:
                    done += 1
                    noticed += by is not None
                    result = f'noticed by {by}' if by else 'NOT NOTICED'
                print(f'{result} | {name}:{number + 1} | {was} -> {becomes.strip()}', flush=True)

    try:
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            for future in [pool.submit(work, i) for i in range(options.jobs)]:
                future.result()
    finally:
        shutil.rmtree(parent, ignore_errors=True)
    print(f'{noticed} of {done} noticed; {excused} more that nobody can notice')
    return 0 if noticed >= GOAL * done else 1


if __name__ == '__main__':
    sys.exit(main())
