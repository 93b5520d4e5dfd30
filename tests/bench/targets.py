# SPDX-License-Identifier: MIT
#
# targets: what is wanted of each figure, and the two tables at the end.
from cases import PARTS
from figures import show, table
from kills import added_us

OURS = 'ours'

# case, figure: what ours divided by another's has to be
RATIOS = {
    ('store 1x1', 'p50_us'): [('floor', '<=', 1.0)],
    ('store 64x1', 'rate'): [('floor', '>=', 1.0)],
    ('store 4x64', 'rate'): [('floor', '>=', 0.75), ('redis', '>=', 2.5)],
    ('store 16x64', 'rate'): [('floor', '>=', 0.55), ('redis', '>=', 3.0)],
    ('live 64x1', 'p50_us'): [('floor', '<=', 2.5)],
}
LARGE_RATIO = 0.95

# words, case, figure, what it has to be, the factor and the decimals with which it is printed
FIGURES = [
    ('1 text to 1,000: deliveries stored a second', '1 text to 1,000 4x4', 'rate', '>=', 1000000, 1000, 0),
    ('journal of a message of 100 bytes, bytes', 'bytes, to 1', 'journal', '<=', 170, 1, 1),
    ('snapshot of it', 'bytes, to 1', 'snapshot', '<=', 160, 1, 1),
    ('memory of it', 'bytes, to 1', 'memory', '<=', 147, 1, 1),
    ('journal of each of 1,000 recipients, bytes', 'bytes, to 1000', 'journal', '<=', 60, 1, 1),
    ('snapshot of each', 'bytes, to 1000', 'snapshot', '<=', 60, 1, 1),
    ('memory of each', 'bytes, to 1000', 'memory', '<=', 60, 1, 1),
    ('memory of an idle client, bytes', 'idle', 'memory', '<=', 857, 1, 0),
    ('start after kill -9, s', 'start', 'crash_s', '<=', 1.0, 1, 2),
    ('start after a clean stop, s', 'start', 'clean_s', '<=', 0.6, 1, 2),
]
KILL_MS = 0.5


def verdict(value, sign, wanted):
    if value is None:
        return ''
    return 'met' if (value >= wanted if sign == '>=' else value <= wanted) else 'missed'


def print_ratios(bench):
    """Ours divided by each other one, by the figure that counts; a second row where both do."""
    f = bench.figures
    others = [name for name in bench.names() if name != OURS]
    rows = []
    for case in [case for of in PARTS.values() for case in of]:
        for name, words in (('rate', 'rate'), ('p50_us', 'p50')):
            ratios = [f.ratio(case.name, name, OURS, other) for other in others]
            if any(ratio is not None for ratio in ratios):
                rows.append([case.name, words] + [show(ratio, 2) for ratio in ratios])
        cpu = [f.ratio(case.name, 'all_us', OURS, other) for other in others]
        if any(ratio is not None for ratio in cpu):
            rows.append([case.name, 'CPU'] + [show(ratio, 2) for ratio in cpu])
    if rows:
        table('Ours divided by each other one: medians of the ratios of each round. CPU is of a message, of all servers and the '
              'client', ['', ''] + others, rows)


def print_targets(bench):
    f = bench.figures
    rows = []

    def row(words, sign, wanted, value, digits, beside=None):
        if value is not None:
            rows.append([words, f'{sign} {show(wanted, digits)}', show(value, digits), show(beside, digits),
                         verdict(value, sign, wanted)])

    for (case, name), wanted in RATIOS.items():
        for other, sign, bound in wanted:
            row(f'{case}, {"p50" if name == "p50_us" else name} / {other}', sign, bound, f.ratio(case, name, OURS, other), 2,
                f.ratio(case, name, 'old', other))
    for words, case, name, sign, bound, factor, digits in FIGURES:
        mine, theirs = (f.median(case, who, name) for who in (OURS, 'old'))
        row(words, sign, bound, None if mine is None else mine * factor, digits,
            None if theirs is None else theirs * factor)
    kill, old_kill = (added_us(f, who) for who in (OURS, 'old'))
    row('what a kill adds, ms', '<=', KILL_MS, None if kill is None else kill / 1e3, 1,
        None if old_kill is None else old_kill / 1e3)
    for shape in ('1x1', '64x1', '4x64', '16x64'):
        row(f'large / empty {shape}, rate', '>=', LARGE_RATIO, f.ratio(f'large {shape}', 'rate', 'large', OURS), 2)
    if rows:
        table('Against the targets', ['', 'target', 'ours', 'old', ''], rows)
