#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""picture: README's first screen, from a real session.

usage: tools/picture.py FILE.svg

Starts three servers and two clients, and kills two of the servers with SIGKILL while one person types a line. What her
terminal shows is captured after each step. The file is an SVG that shows the steps in turn. BIN names the folder of the
programs. It needs tmux.
"""
import html
import os
import re
import subprocess
import sys
import tempfile
import time

COLUMNS, ROWS = 76, 14
CELL_WIDTH, CELL_HEIGHT = 8.4, 18
MARGIN = 12
STEP_SECONDS = 3
PATIENCE_SECONDS = 30
COLOURS = ['#1d1f21', '#cc6666', '#98b06a', '#d9b25f', '#81a2be', '#b294bb', '#8abeb7', '#c5c8c6']
FOREGROUND, BACKGROUND, DIM = '#c5c8c6', '#1d1f21', '#808683'


class Session:
    def __init__(self, folder):
        self.folder = folder
        self.bin = os.path.abspath(os.environ.get('BIN', '.'))
        self.servers = [None] * 3
        self.addresses = []
        self.windows = []
        self.frames = []

    # ---- processes ----

    def start_server(self, index):
        port = self.addresses[2 * index + 1] if len(self.addresses) == 6 else '0'
        log_name = f'{self.folder}/{index}.log'
        with open(log_name, 'w', encoding='utf-8') as log:
            self.servers[index] = subprocess.Popen(
                [f'{self.bin}/server', '127.0.0.1', port, '--data', f'{self.folder}/{index}'],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        with open(log_name, encoding='utf-8') as log:
            found = self.wait(lambda: re.search(r'serving (\S+):(\d+),', log.seek(0) or log.read()), log_name)
        if len(self.addresses) < 6:
            self.addresses += found.groups()

    def wait(self, condition, what):
        end = time.monotonic() + PATIENCE_SECONDS
        while not (result := condition()):
            if time.monotonic() > end:
                sys.exit(f'picture: waited in vain for {what}')
            time.sleep(0.02)
        return result

    def tmux(self, *arguments):
        return subprocess.run(['tmux', '-S', f'{self.folder}/tmux', '-f', '/dev/null', *arguments], check=True,
                              capture_output=True, text=True).stdout

    # ---- a person ----

    def open_client(self, name):
        with open(f'{self.folder}/{name}.password', 'w', encoding='utf-8') as f:
            f.write(name + ' has a password\n')
        home = f'{self.folder}/{name}'
        os.mkdir(home)
        self.tmux('new-session', '-d', '-s', name, '-x', str(COLUMNS), '-y', str(ROWS),
                  'env', f'HOME={home}', 'XDG_STATE_HOME=', 'XDG_CONFIG_HOME=', 'TERM=screen-256color', 'TZ=UTC',
                  f'{self.bin}/client', *self.addresses)
        self.wait(lambda: re.search(r'^.*> *$', self.screen(name), re.M), 'a prompt')
        self.type(name, f'/create {name}\n')
        for asked in ('password', 'again'):
            self.sees(name, asked)
            self.type(name, f'{name} has a password\n')
        self.sees(name, f'(?i)you are {name}')

    def type(self, name, text):
        for part in re.findall(r'[^\n]+|\n', text):
            self.tmux('send-keys', '-t', name, *(['Enter'] if part == '\n' else ['-l', '--', part]))

    def screen(self, name, *options):
        return self.tmux('capture-pane', '-p', *options, '-t', name)

    def sees(self, name, pattern):
        self.wait(lambda: re.search(pattern, self.screen(name), re.M), f'{pattern} at {name}')

    def take(self, name, caption):
        """One step of the picture."""
        lines = self.screen(name, '-e').split('\n')
        x, y = map(int, self.tmux('display', '-p', '-t', name, '#{cursor_x} #{cursor_y}').split())
        self.frames.append((caption, lines[:ROWS], (x, y)))

    def end(self):
        subprocess.run(['tmux', '-S', f'{self.folder}/tmux', 'kill-server'], check=False, capture_output=True)
        for server in self.servers:
            if server is not None and server.poll() is None:
                server.terminate()
                server.wait()


def play(s):
    for index in range(3):
        s.start_server(index)
    s.open_client('bob')
    s.open_client('ann')
    s.type('ann', '/talk bob\n')
    s.sees('ann', r'bob> *$')
    s.type('bob', '/msg ann are you coming tonight?\n')
    s.sees('ann', r'bob: are you coming')
    s.type('ann', 'yes! did you get')
    s.sees('ann', r'did you get *$')
    s.take('ann', 'ann types, while three servers hold what she has sent')
    for index in (0, 1):
        s.servers[index].kill()
        s.servers[index].wait()
    s.sees('ann', r'1 of 3|1/3')
    s.take('ann', 'kill -9: two of the three servers are gone, in the middle of her line')
    s.type('ann', ' the tickets?')
    s.sees('ann', r'the tickets\? *$')
    s.take('ann', 'her line is still there, and she goes on')
    s.type('ann', '\n')
    s.sees('ann', r'-> bob: yes! did you get the tickets\?')
    s.sees('bob', r'ann: yes! did you get the tickets\?')
    s.type('bob', '/msg ann both of them, see you there\n')
    s.sees('ann', r'both of them')
    s.take('ann', 'it is sent at once, and answered: nobody waits for a failover')
    for index in (0, 1):
        s.start_server(index)
    s.wait(lambda: not re.search(r'[12]/3', s.screen('ann').split('> ')[-1] + s.screen('ann')[-COLUMNS * 3:]),
           'three live replicas')
    s.type('ann', 'great')
    s.sees('ann', r'great *$')
    s.take('ann', 'the servers are back: all three are live again')


# ---- the drawing ----

def spans(line):
    """(column, text, style) of each run of one line with SGR sequences."""
    column, style, found = 0, {}, []
    for part in re.findall(r'\x1b\[[0-9;]*m|[^\x1b]+|\x1b', line):
        if part.startswith('\x1b['):
            style = sgr(dict(style), [int(n or 0) for n in part[2:-1].split(';')])
        else:
            found.append((column, part, style))
            column += len(part)
    return found


def sgr(style, numbers):
    while numbers:
        n = numbers.pop(0)
        if n == 0:
            style = {}
        elif n in (1, 2, 4, 7):
            style[n] = True
        elif n in (22, 24, 27):
            for off in {22: (1, 2), 24: (4,), 27: (7,)}[n]:
                style.pop(off, None)
        elif 30 <= n <= 37 or 90 <= n <= 97:
            style['colour'] = COLOURS[n % 10]
        elif n == 39:
            style.pop('colour', None)
        elif n in (38, 48):  # 256 colours or more: the nearest is not needed here
            numbers = numbers[2:] if numbers[:1] == [5] else numbers[4:]
    return style


def draw_line(y, line):
    out = []
    for column, text, style in spans(line):
        x = MARGIN + column * CELL_WIDTH
        colour = style.get('colour', DIM if style.get(2) else FOREGROUND)
        if style.get(7):
            out.append(f'<rect x="{x:.1f}" y="{y - 13}" width="{len(text) * CELL_WIDTH:.1f}" height="{CELL_HEIGHT}" '
                       f'fill="{colour}"/>')
            colour = BACKGROUND
        weight = ' font-weight="bold"' if style.get(1) else ''
        if text.strip():
            out.append(f'<text x="{x:.1f}" y="{y}" fill="{colour}"{weight} xml:space="preserve">'
                       f'{html.escape(text.rstrip())}</text>')
    return out


def draw(frames):
    width = 2 * MARGIN + COLUMNS * CELL_WIDTH
    height = 2 * MARGIN + (ROWS + 2) * CELL_HEIGHT
    total = STEP_SECONDS * len(frames)
    share = 100 / len(frames)
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
           f'viewBox="0 0 {width:.0f} {height:.0f}" font-family="monospace" font-size="14">',
           '<title>Two of three servers are killed while somebody types</title>',
           '<style>',
           # Where nothing moves, the step before the last is shown.
           f'.step {{ opacity: 0; animation: show {total}s step-end infinite; }}',
           '.step:nth-last-of-type(2) { opacity: 1; }',
           f'@keyframes show {{ 0% {{ opacity: 1; }} {share:.2f}% {{ opacity: 0; }} 100% {{ opacity: 0; }} }}',
           '</style>',
           f'<rect width="100%" height="100%" rx="6" fill="{BACKGROUND}"/>']
    for index, (caption, lines, (x, y)) in enumerate(frames):
        out.append(f'<g class="step" style="animation-delay: {index * STEP_SECONDS}s">')
        for row, line in enumerate(lines):
            out += draw_line(round(MARGIN + 14 + row * CELL_HEIGHT), line)
        out.append(f'<rect x="{MARGIN + x * CELL_WIDTH:.1f}" y="{MARGIN + y * CELL_HEIGHT:.0f}" '
                   f'width="{CELL_WIDTH}" height="{CELL_HEIGHT}" fill="{FOREGROUND}" opacity="0.6"/>')
        out.append(f'<text x="{MARGIN}" y="{height - MARGIN:.0f}" fill="{COLOURS[3]}">{html.escape(caption)}</text>')
        out.append('</g>')
    return '\n'.join(out + ['</svg>', ''])


def main():
    if len(sys.argv) != 2 or sys.argv[1].startswith('-'):
        print(__doc__.strip())
        sys.exit(0 if sys.argv[1:] == ['--help'] else 2)
    with tempfile.TemporaryDirectory(prefix='threefold-picture.') as folder:
        session = Session(folder)
        try:
            play(session)
        finally:
            session.end()
        with open(sys.argv[1], 'w', encoding='utf-8') as f:
            f.write(draw(session.frames))


if __name__ == '__main__':
    main()
