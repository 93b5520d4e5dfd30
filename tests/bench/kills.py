# SPDX-License-Identifier: MIT
#
# kills: what it costs a sender that the leader is killed. A second of eight steady senders with a kill in its middle, and one
# without, in turn; of each the longest time that any sender waited between two results.
import statistics
import time

from figures import show, table

SENDERS = 8
USERS = 100
FRESH_EVERY = 4  # new servers after so many kills: the kernel takes a large process down before it closes its sockets


def steady(build, kill):
    load = build.load('failover', 1, senders=SENDERS, users=USERS)
    try:
        if kill:
            time.sleep(0.75)  # in the middle of what is measured
            build.end(0)
    except BaseException:
        load.end()
        raise
    values = load.result()
    if kill:
        build.start(0)
    return {'pause_us': values['longest_pause_us'], 'errors': values['errors']}


class Shape:
    senders, depth, size = SENDERS, 1, 100


def run(bench):
    f = bench.figures
    for number in range(bench.kills):
        for build in bench.builds:
            bench.progress(f'kill {number + 1}, {build.name}')
            if number % FRESH_EVERY == 0:
                build.fresh()
            f.add('kill', build.name, number, steady(build, True))
            f.add('no kill', build.name, number, steady(build, False))
        if number % FRESH_EVERY == 0:
            for how in ('append', 'memory'):
                f.add('no kill', f'floor, {how}', number,
                      {'pause_us': bench.floor.measure(how, Shape, 1)['max_us']})
    for build in bench.builds:
        build.stop()
    for peer in bench.peers:
        if peer.three:
            bench.progress(f'kill, {peer.name}')
            peer_kill(bench, peer)
    bench.progress('')
    print_table(bench)


def peer_kill(bench, peer):
    try:
        peer.start()
        bench.figures.add('kill', peer.name, 0, {'pause_us': peer.failover_ms() * 1e3})
    except Exception as why:  # whatever its driver may say
        bench.say(f'{peer.name}, kill: not measured: {why}')
    finally:
        peer.stop()


def added_us(figures, who):
    """What a kill adds: by the difference of the medians."""
    with_kill, without = figures.median('kill', who, 'pause_us'), figures.median('no kill', who, 'pause_us')
    return None if None in (with_kill, without) else with_kill - without


def print_table(bench):
    f = bench.figures
    rows = []
    for who in [build.name for build in bench.builds] + ['floor, append', 'floor, memory'] + [p.name for p in bench.peers]:
        kills, others = f.values('kill', who, 'pause_us'), f.values('no kill', who, 'pause_us')
        pairs = [kills[number] - others[number] for number in kills if number in others]
        if kills or others:
            rows.append([who, show(f.median('kill', who, 'pause_us')), show(max(kills.values(), default=None)),
                         show(f.median('no kill', who, 'pause_us')), show(max(others.values(), default=None)),
                         show(added_us(f, who)), show(statistics.median(pairs) if pairs else None),
                         show(f.total('kill', who, 'errors') if who in [b.name for b in bench.builds] else None)])
    table(f'Longest pause of any of {SENDERS} senders in a second, us; the leader killed by kill -9, {bench.kills} times '
          '(a peer: once, its median client)',
          ['', 'kill', 'most', 'no kill', 'most', 'added', 'of pairs', 'errors'], rows)
