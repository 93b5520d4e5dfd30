# SPDX-License-Identifier: MIT
#
# figures: what was measured, by case, contender and round; medians of it, and the tables that are printed.
#
# A ratio is made within one round, where both sides were measured seconds apart, and the median is taken of the rounds'
# ratios: the speed of a machine drifts more from round to round than most changes make.
import statistics


class Figures:
    def __init__(self):
        self.rounds = {}  # (case, who) -> {round: {name: value}}

    def add(self, case, who, number, values):
        if 'servers_us' in values:
            values = dict(values, all_us=values['servers_us'] + values['client_us'])
        self.rounds.setdefault((case, who), {}).setdefault(number, {}).update(values)

    def values(self, case, who, name):
        """What was measured, by round."""
        of = self.rounds.get((case, who), {})
        return {number: values[name] for number, values in of.items() if name in values}

    def median(self, case, who, name):
        """None if nothing was measured."""
        found = self.values(case, who, name).values()
        return statistics.median(found) if found else None

    def total(self, case, who, name):
        return sum(self.values(case, who, name).values())

    def ratio(self, case, name, who, other):
        mine, theirs = self.values(case, who, name), self.values(case, other, name)
        found = [mine[number] / theirs[number] for number in mine if theirs.get(number)]
        return statistics.median(found) if found else None


def say(*words):
    print(*words, flush=True)


def show(value, digits=0):
    if value is None:
        return '-'
    return value if isinstance(value, str) else f'{value:,.{digits}f}'


def table(title, head, rows):
    """Prints cells below each other: those without a head at the left, the others at the right."""
    rows = [[cell if isinstance(cell, str) else show(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in [head] + rows) for i in range(len(head))]
    say(title)
    for row in [head] + rows:
        cells = [cell.rjust(width) if words else cell.ljust(width) for cell, words, width in zip(row, head, widths)]
        say('  '.join(cells).rstrip())
    say()
