# SPDX-License-Identifier: MIT
#
# contenders: what takes part in turn. The floor (floor.c), and builds of Threefold, each with its own client.
#
# Processor time is what /proc tells of servers and client in a window inside the load, divided by the messages that
# this load makes in so long. So what goes before, as the making of accounts, is not in it.
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import time

TICK_S = 1 / os.sysconf('SC_CLK_TCK')
PATIENCE_S = 120
WINDOW = 0.9  # of the time that is measured


class Failed(Exception):
    """A sentence that says what cannot be measured, and why."""


def wait_for(what, condition, seconds=PATIENCE_S, pause_s=0.005):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise Failed(f'{what}: not within {seconds} s')
        time.sleep(pause_s)


def stat_of(pid):
    """The fields of /proc/PID/stat behind the name; none if it is gone."""
    try:
        with open(f'/proc/{pid}/stat') as f:
            return f.read().rpartition(')')[2].split()
    except OSError:
        return None


def below(pid):
    """The processes that a process has started."""
    found = []
    for name in os.listdir('/proc'):
        stat = stat_of(name) if name.isdigit() else None
        if stat and int(stat[1]) == pid:
            found.append(int(name))
    return found


def cpu_s(pids):
    """User and system time of these processes, all their threads included."""
    return sum((int(stat[11]) + int(stat[12])) * TICK_S for stat in map(stat_of, pids) if stat)


def resident_bytes(pid):
    with open(f'/proc/{pid}/status') as f:
        return int(re.search(r'VmRSS:\s+(\d+)', f.read()).group(1)) * 1024


class Load:
    """A program that loads, says that it is ready, and in its last line what it measured."""
    def __init__(self, command):
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        try:
            if 'ready' not in self.process.stdout.readline():
                raise Failed(self.process.stderr.read().strip()[-300:] or f'{command[0]} ended')
        except BaseException:
            self.end()
            raise

    def end(self):
        self.process.kill()
        self.process.communicate()

    def result(self):
        try:
            said, why = self.process.communicate(timeout=PATIENCE_S + 600)
        except BaseException:
            self.end()
            raise
        if self.process.returncode != 0:
            raise Failed(f'status {self.process.returncode}: {why.strip()[-300:]}')
        return json.loads(said.strip().rpartition('\n')[2])

    def measured(self, seconds, warm_s, servers):
        """The result, with the microseconds of processor of servers and of client for each message."""
        try:
            time.sleep(warm_s)
            client = [self.process.pid] + [pid for pid in below(self.process.pid) if pid not in servers]
            begin, before = time.monotonic(), [cpu_s(servers), cpu_s(client)]
            time.sleep(seconds * WINDOW)
            after, window = [cpu_s(servers), cpu_s(client)], time.monotonic() - begin
            is_inside = self.process.poll() is None  # a machine may be too busy to look in time
        except BaseException:
            self.end()
            raise
        result = self.result()
        if result['rate'] > 0 and is_inside:
            for name, was, now in zip(('servers_us', 'client_us'), before, after):
                result[name] = (now - was) * 1e6 / (result['rate'] * window)
        return result


class Floor:
    name = 'floor'

    def __init__(self, program, folder):
        self.program = program
        self.folder = folder

    def measure(self, how, case, seconds):
        load = Load([self.program, self.folder, str(case.senders), str(case.depth), str(int(seconds)), how,
                     str(case.size)])
        return load.measured(seconds, 0.5, below(load.process.pid))


class Build:
    """Three servers of one build, with its load generator."""
    def __init__(self, name, programs, folder, newest):
        self.name = name
        self.programs = programs
        self.newest = newest  # where a bench is that knows all options
        self.folder = f'{folder}/{name}'
        self.servers = {}  # number -> process
        self.ports = {}
        self.help = subprocess.run([programs + '/bench', '--help'], stdout=subprocess.PIPE, text=True).stdout
        os.mkdir(self.folder)

    def data(self, n):
        return f'{self.folder}/{n}'

    def log(self, n):
        with open(f'{self.folder}/{n}.log') as f:
            return f.read()

    def fresh(self):
        """Servers that hold nothing yet."""
        self.stop()
        for n in range(3):
            shutil.rmtree(self.data(n), ignore_errors=True)
            self.ports.pop(n, None)
            self.start(n)

    def start(self, n):
        """Returns once the server serves."""
        with open(f'{self.folder}/{n}.log', 'w') as log:
            self.servers[n] = subprocess.Popen(
                [self.programs + '/server', '127.0.0.1', str(self.ports.get(n, 0)), '--data', self.data(n)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        wait_for('a start', lambda: 'serving' in self.log(n) or self.servers[n].poll() is not None)
        serving = re.search(r'serving \S+:(\d+),', self.log(n))
        if serving is None:
            raise Failed(f'a server does not start: {self.log(n)[-300:]}')
        self.ports[n] = int(serving.group(1))

    def end(self, n, how=signal.SIGKILL):
        self.servers[n].send_signal(how)
        self.servers[n].wait()
        del self.servers[n]

    def stop(self):
        for n in list(self.servers):
            self.end(n)

    def pids(self):
        return [process.pid for process in self.servers.values()]

    def addresses(self):
        return [word for n in range(3) for word in ('127.0.0.1', str(self.ports[n]))]

    def report(self, n):
        """What a server says of itself when it is asked: the values by their names."""
        begin = len(self.log(n))
        self.servers[n].send_signal(signal.SIGUSR1)
        wait_for('a report', lambda: re.search(r'loop: .*\n', self.log(n)[begin:]))
        return {name: int(value) for name, value in re.findall(r' ([\w-]+)=(\d+)\b', self.log(n)[begin:])}

    def load(self, mode, seconds, **options):
        words = [word for name, value in options.items() for word in ('--' + name, str(value))]
        knows = all(f'--{name} ' in self.help for name in options)
        return Load([(self.programs if knows else self.newest) + '/bench', '--json', '--mode', mode,
                     '--seconds', str(seconds)] + words + self.addresses())

    def measure(self, case, seconds):
        options = {'senders': case.senders, 'depth': case.depth, 'text': case.size, 'users': case.users}
        if case.to > 1:
            options['to'] = case.to
        load = self.load(case.mode, seconds, **options)
        return load.measured(seconds, min(0.5, seconds / 4), self.pids())

    def fill(self, count, begun=lambda: None, **options):
        """Loads until a server holds so many messages. `begun` is called when the accounts are there."""
        load = self.load('store', 3600, **{'senders': 4, 'depth': 64, **options})
        try:
            begun()
            wait_for(f'{count} messages', lambda: self.report(0)['messages'] >= count, 600, 0.1)
        finally:
            load.end()


def all_files():
    """Raises the limit of open files as far as it may; all that is started inherits it."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
