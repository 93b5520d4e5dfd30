# SPDX-License-Identifier: MIT
#
# peers: what else one would use, started and loaded by the drivers of ../shared/peers, of which a copy is built. Here a
# peer takes part in turn, one case after the other, and its processor time is taken. That of a peer is of the whole run, its
# connecting included, because these drivers do not say when their load begins.
import importlib.machinery
import importlib.util
import os
import resource
import shutil
import subprocess

from contenders import Failed, cpu_s

WHERE = '../shared/peers'
DRIVERS = 'gcc make pkg-config librabbitmq-dev libnghttp2-dev'
WARM_S = 0.5  # of the drivers
SMALLEST = 24  # bytes of a text that they send


class Known:
    def __init__(self, name, driver, programs, packages, promise):
        self.name, self.driver, self.programs, self.packages, self.promise = name, driver, programs, packages, promise


KNOWN = [
    Known('redis', 'redis', ['redis-server', 'redis-sentinel'], 'redis-server redis-sentinel', 'fdatasync on three of three'),
    Known('nats', 'nats', ['nats-server'], 'nats-server', 'two of three have it in memory, no fsync'),
    Known('etcd', 'etcd', ['etcd'], 'etcd-server', 'fdatasync on two of three'),
    Known('rabbitmq', 'rabbitmq', ['/usr/lib/rabbitmq/bin/rabbitmq-server'], 'rabbitmq-server', 'fdatasync on two of three'),
    Known('mosquitto', 'mqtt', ['mosquitto'], 'mosquitto', 'one node, in memory'),
    Known('ngircd', 'irc', ['ngircd'], 'ngircd', 'one node, stores nothing'),
]


class Peer:
    def __init__(self, known, drivers):
        self.name = known.name
        self.promise = known.promise
        self.drivers = drivers
        self.peer = drivers.PEERS[known.driver]()
        self.three = self.peer.nodes == 3

    def start(self):
        self.peer.start()

    def stop(self):
        self.peer.stop()

    def pids(self):
        return [pid for process in self.peer.p.values() for pid in self.drivers.tree(process.pid)]

    def measure(self, case, seconds):
        """None if this is nothing that the peer does."""
        if case.mode not in ('store', 'live') or case.to > 1 or case.size < SMALLEST or not getattr(self.peer, case.mode):
            return None
        options = dict(self.peer.kw, c=case.senders, d=case.depth, s=case.size, t=int(seconds))
        if case.users != 1000:
            options['u'] = case.users
        if case.mode == 'live':
            self.peer.tag += 1
            options['tag'] = self.peer.tag
        if self.name == 'redis':  # so many writes, and one wait for the replicas, which a reader does not need
            options.update(d=1, b=case.depth)
            if case.mode == 'live':
                options['w'] = 0
        servers, client = cpu_s(self.pids()), resource.getrusage(resource.RUSAGE_CHILDREN)
        r = self.drivers.load(self.peer.proto, case.mode, self.peer.write_ports(), **options)
        now = resource.getrusage(resource.RUSAGE_CHILDREN)
        messages = r['msgs'] * (r['secs'] + WARM_S) / r['secs']
        if messages == 0:
            raise Failed('nothing was acknowledged')
        return {
            'rate': r['msgs_s'], 'p50_us': r['p50_us'], 'p99_us': r['p99_us'], 'errors': r['bad'],
            'servers_us': (cpu_s(self.pids()) - servers) * 1e6 / messages,
            'client_us': (now.ru_utime + now.ru_stime - client.ru_utime - client.ru_stime) * 1e6 / messages,
        }

    def failover_ms(self):
        """The longest time without an acknowledgement, of the median client, when the leader is killed."""
        found = {}
        self.drivers.record = lambda **values: found.update(values)
        self.drivers.failover(self.peer, 1)
        return found['median_ms']


def find(wanted, folder, say):
    """The peers that can take part: all, or those whose names are wanted. Says which cannot, and what is missing."""
    os.environ['PATH'] += ':/usr/local/sbin:/usr/sbin:/sbin'
    if not os.access(WHERE + '/run-peers', os.R_OK):
        say(f'peers: left out, {WHERE} is not there')
        return []
    present = []
    for known in KNOWN:
        if wanted != '1' and known.name not in wanted.split():
            continue
        if all(shutil.which(program) for program in known.programs):
            present.append(known)
        else:
            say(f'{known.name}: left out, apt-get install --no-install-recommends {known.packages}')
    copy = folder + '/peers'
    shutil.copytree(WHERE, copy)
    subprocess.run(['chmod', '-R', 'u+w', copy], check=True)
    made = subprocess.run(['make', '-s', '-C', copy], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if present and made.returncode != 0:
        say(f'peers: left out, their drivers do not build; apt-get install --no-install-recommends {DRIVERS}')
        return []
    loader = importlib.machinery.SourceFileLoader('run_peers', copy + '/run-peers')
    drivers = importlib.util.module_from_spec(importlib.util.spec_from_loader('run_peers', loader))
    loader.exec_module(drivers)
    drivers.TMP = folder
    return [Peer(known, drivers) for known in present]
