# SPDX-License-Identifier: MIT
#
# cases: the loads that are measured in turn, round by round: the floor, this build, the old one and each peer.
from contenders import Failed
from figures import show, table


class Case:
    def __init__(self, name, shape, mode='store', floor=None, size=100, to=1, users=1000):
        self.name, self.mode, self.floor, self.size, self.to, self.users = name, mode, floor, size, to, users
        self.senders, self.depth = map(int, shape.split('x'))


def of_shapes(words, shapes, **options):
    return [Case(f'{words} {shape}', shape, **options) for shape in shapes.split()]


# What is measured of each part: the floor appends, or, where nothing waits for a disk, keeps all in memory.
PARTS = {
    'sweep': of_shapes('store', '1x1 64x1 4x64 16x64', floor='append'),
    'live': of_shapes('live', '1x1 64x1', mode='live', floor='memory'),
    'fanout': of_shapes('1 text to 1,000', '1x1 4x4', to=1000),
    'sizes': of_shapes('20 bytes', '4x64', floor='append', size=20) +
             of_shapes('4 KiB', '4x64', floor='append', size=4096) +
             of_shapes('64 KiB', '4x16', floor='append', size=65536),
    'hot': of_shapes('1 recipient', '64x1 4x64 16x64', floor='append', users=1),
    'other': [Case('log-in 16x1', '16x1', mode='login'), Case('list of 1,000 4x1', '4x1', mode='list')],
}


def one(bench, case, who, number, measure):
    """Measures once. What cannot be measured is said, and the others go on."""
    bench.progress(f'round {number + 1}: {case.name}, {who.name}')
    try:
        values = measure()
    except (Failed, OSError, RuntimeError, ValueError, KeyError) as why:
        bench.say(f'{who.name}, {case.name}: not measured: {why}')
        return
    if values is not None:
        bench.figures.add(case.name, who.name, number, values)


def builds_of(bench, number):
    """Each second round begins with the other one, so that none has the better place."""
    return bench.builds[::-1] if number % 2 == 1 else bench.builds


def run_round(bench, cases, number):
    for build in bench.builds:
        build.fresh()
    for case in cases:
        if case.floor is not None:
            one(bench, case, bench.floor, number, lambda: bench.floor.measure(case.floor, case, bench.seconds))
        for build in builds_of(bench, number):
            one(bench, case, build, number, lambda: build.measure(case, bench.seconds))
    for build in bench.builds:
        build.stop()
    for peer in bench.peers:
        bench.progress(f'round {number + 1}: {peer.name} starts')
        try:
            peer.start()
            for case in cases:
                one(bench, case, peer, number, lambda: peer.measure(case, bench.seconds))
        except Exception as why:  # whatever its driver may say
            bench.say(f'{peer.name}: does not start: {why}')
        finally:
            peer.stop()


def run(bench, wanted):
    cases = [case for part, of in PARTS.items() if part in wanted for case in of]
    for number in range(bench.rounds if cases else 0):
        bench.note_others(number)
        run_round(bench, cases, number)
    bench.progress('')
    for part in PARTS:
        if part in wanted:
            print_part(bench, PARTS[part])


TITLES = {
    'sweep': 'Stored and acknowledged, senders x in flight of each, to 1,000 recipients who are not logged in',
    'live': 'Live delivery, from the command of the sender to what the recipient shows; the floor without fdatasync',
    'fanout': 'One text of 100 bytes to 1,000 recipients; the rate is of texts, and below it of deliveries stored',
    'sizes': 'Texts of other sizes, to 1,000 recipients',
    'hot': 'All to one recipient, who is not logged in',
    'other': 'Log-ins (with the log-out), and lists of all accounts of a run',
}


def print_part(bench, cases):
    f = bench.figures
    rows = []
    for case in cases:
        for who in bench.names():
            rate, p50, p99, servers, client = (f.median(case.name, who, name) for name in (
                'rate', 'p50_us', 'p99_us', 'servers_us', 'client_us'))
            if rate is None:
                continue
            rows.append([case.name, who, show(rate, 0 if rate >= 100 else 1), show(p50), show(p99), show(servers, 2),
                         show(client, 2), show(f.total(case.name, who, 'errors'))])
            if case.to > 1:
                rows.append(['', '', show(rate * case.to), '', '', show(servers and servers / case.to, 3),
                             show(client and client / case.to, 3), ''])
    part = next(name for name, of in PARTS.items() if of is cases)
    table(TITLES[part], ['', '', 'a second', 'p50 us', 'p99 us', 'CPU us, servers', 'CPU us, client', 'errors'], rows)
