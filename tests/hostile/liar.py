# SPDX-License-Identifier: MIT
"""A client, or repair, beside replicas that lie: liar.py PROGRAM NAME MODE LIARS PORT PORT PORT [OPTION...]

Passes on what three true servers say, and what those of LIARS ("0", "012") say is changed as MODE wants. The client does
all that a client does, as NAME. One line tells what came of it: seconds, seconds of the processor, MiB at most, and the
results of the commands. repair gets the options, and the line ends with its exit status; then come the lines that it said."""
import json, os, socket, struct, subprocess, sys, threading, time

WELCOME, PING, INTRODUCE, LOGIN, SEND, PAGE, LIST, PUSH, ENDED = 0x81, 0x82, 0x85, 0x89, 0x8b, 0x8e, 0x8f, 64, 66
DIGEST, ELEMENTS = 0x91, 0x93
WELCOME_UUID = 2  # where it stands in the payload
made = 0
session = b''     # of the last LOGIN that was written
introduced = b''  # name and setting of the last INTRODUCE


def frame(kind, payload, request=0, flags=0):
    return struct.pack('<IBBI', 6 + len(payload), kind, flags, request) + payload


def messages(count):
    """Of fresh senders in fresh streams, all of one time, in order."""
    global made
    out = []
    for _ in range(count):
        made += 1
        sender = b'\1' * 8 + made.to_bytes(8, 'big') + b'\1' * 6
        out.append(sender + made.to_bytes(16, 'big') + struct.pack('<QQI', 1, 1, 1) + b'x')
    return b''.join(out), struct.pack('<Q', 1) + sender + made.to_bytes(16, 'big') + struct.pack('<Q', 1)


def flood(to):
    try:
        while True:
            to.sendall(frame(PUSH, messages(1000)[0]))
    except OSError:
        pass


def greeting(port):
    """The uuid and the public key that another server tells everybody."""
    s = socket.create_connection(('127.0.0.1', port))
    s.sendall(frame(1, b'threefold' + struct.pack('<HH', 1, 99)))
    data = b''
    while len(data) < 10 + WELCOME_UUID + 48:
        data += s.recv(1 << 16)
    s.close()
    return data[10 + WELCOME_UUID:10 + WELCOME_UUID + 48]


def elements():
    """Messages that nobody wrote, each behind the one before it."""
    global made
    out = b''
    for _ in range(500):
        made += 1
        at = b'\1' * 6 + made.to_bytes(16, 'big')
        out += b'\3' + at + at + b'\1' * 16 + struct.pack('<QQI', 1, 1, 1) + b'x'
    bound = b'\2' + at
    return bytes([len(bound)]) + bound + out


def lie(mode, kind, flags, request, payload, to):
    """What is said instead of a frame."""
    same = frame(kind, payload, request, flags)
    if mode == 'silence' and kind == WELCOME:
        return frame(kind, payload[:-4] + b'\0' * 4, request, flags)
    if mode == 'unknown' and kind == LOGIN:
        return frame(kind, b'\3', request, flags)
    if mode == 'list' and kind == LIST:
        return frame(kind, b'\0\0' + payload[2:], request, flags)
    if mode == 'page' and kind == PAGE:
        return frame(kind, b'\0\0' + b'\0' * 54, request, flags)
    if mode in ('one', 'pages') and kind == PAGE and payload[0] == 0:
        items, place = messages(1 if mode == 'one' else 950)
        return frame(kind, b'\0\0' + place + items, request, flags)
    if mode == 'pushes' and kind == PAGE:
        threading.Thread(target=flood, args=(to,), daemon=True).start()
    if mode == 'twice' and kind & 0x80 and kind != WELCOME:
        return same + same
    if mode == 'numbers' and kind not in (WELCOME, LOGIN):
        return frame(kind, payload[:1] + b'\xff' * (len(payload) - 1), request, flags)
    if mode == 'ended' and kind in (LOGIN, PING) and session:
        return same + frame(ENDED, b'\x06' + session)
    if mode in ('gone', 'different') and kind == SEND and payload[0] == 0:
        status = b'\2' if mode == 'gone' else b'\x08'
        return frame(kind, payload[:1] + status + payload[2:], request, flags)
    if mode == 'taken' and kind == INTRODUCE:
        text = introduced[1 + introduced[0]:]
        holder = os.urandom(22) + b'\1\1' + bytes(28) + introduced[:1 + introduced[0]] + text[:1 + text[0]]
        return frame(kind, b'\1' + holder + os.urandom(64), request, flags)
    if mode == 'uuid' and kind == WELCOME:
        return frame(kind, payload[:WELCOME_UUID] + greeting(another) + payload[WELCOME_UUID + 48:], request, flags)
    if mode == 'push' and kind == PING: # at once: what follows comes too late
        return same + frame(PUSH, messages(1000)[0])
    if mode == 'digests' and kind == DIGEST:
        return frame(kind, payload[:-1] + bytes([made & 255 ^ payload[-1] ^ 1]), request, flags)
    if mode == 'elements' and kind == ELEMENTS:
        return frame(kind, b'\0' + elements(), request, flags)
    if mode == 'drip' and kind != WELCOME:
        for byte in same[:-1]:
            to.sendall(bytes([byte]))
            time.sleep(0.3)
        return same[-1:]
    if mode == 'dumb' and kind != WELCOME:
        return b''
    if mode == 'noise':
        return os.urandom(64)
    return same


def pump(mode, server, to):
    data = b''
    try:
        while True:
            got = server.recv(1 << 16)
            if not got:
                break
            data += got
            while len(data) >= 4:
                size = 4 + struct.unpack_from('<I', data)[0]
                if len(data) < size:
                    break
                kind, flags, request = struct.unpack_from('<BBI', data, 4)
                to.sendall(lie(mode, kind, flags, request, data[10:size], to))
                data = data[size:]
    except OSError:
        pass
    for s in (server, to):
        try:
            s.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def back(client, server):
    global session, introduced
    try:
        while True:
            got = client.recv(1 << 16)
            if not got:
                break
            if len(got) > 48 and got[4] == LOGIN & 0x7f:
                session = got[32:48]
            if len(got) > 32 and got[4] == INTRODUCE & 0x7f:
                introduced = got[32:]
            server.sendall(got)
    except OSError:
        pass
    for s in (server, client):
        try:
            s.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def proxy(mode, port):
    listener = socket.create_server(('127.0.0.1', 0))

    def serve():
        while True:
            client, _ = listener.accept()
            server = socket.create_connection(('127.0.0.1', port))
            threading.Thread(target=pump, args=(mode, server, client), daemon=True).start()
            threading.Thread(target=back, args=(client, server), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    return listener.getsockname()[1]


def repair(program, ports, options):
    args = [program] + options
    for port in ports:
        args += ['127.0.0.1', str(port)]
    begun = time.time()
    p = subprocess.Popen(args, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    threading.Timer(120, p.kill).start()
    said = p.stdout.read().decode()
    _, status, used = os.wait4(p.pid, 0)
    print('%.1f %.1f %d %d' % (time.time() - begun, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024,
                               os.waitstatus_to_exitcode(status)))
    print(said, end='')
    sys.stdout.flush()
    os._exit(0)


def main():
    global another
    program, name, mode, liars = sys.argv[1:5]
    another = int(sys.argv[5 + (int(liars[0]) + 1) % 3])
    ports = [proxy(mode if str(i) in liars else 'honest', int(p)) for i, p in enumerate(sys.argv[5:8])]
    if name == 'repair':
        repair(program, ports, sys.argv[8:])
    commands = ['/create %s secret' % name, '/msg %s hello' % name, '/list %s' % name, '/logout',
                '/login %s secret' % name, '/check', '/delete %s' % name]
    args = [program, '--json']
    for port in ports:
        args += ['127.0.0.1', str(port)]
    begun = time.time()
    p = subprocess.Popen(args, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    threading.Timer(60, p.kill).start()
    p.stdin.write(('\n'.join(commands) + '\n').encode())
    p.stdin.close()
    results, heard = [], False
    for line in p.stdout:
        event = json.loads(line)
        if event['event'] == 'result':
            results.append('%s:%s' % (event['command'], 'ok' if event['ok'] else event['error']))
        heard = heard or (event['event'] == 'message' and event['text'] == 'hello')
    _, _, used = os.wait4(p.pid, 0)
    print('%.1f %.1f %d %s %s' % (time.time() - begun, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024,
                                  'heard' if heard else 'missed', ' '.join(results)))
    sys.stdout.flush()
    os._exit(0)


main()
