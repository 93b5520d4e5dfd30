# SPDX-License-Identifier: MIT
"""A client beside replicas that lie: liar.py CLIENT NAME MODE LIARS PORT PORT PORT

Passes on what three true servers say, and what those of LIARS ("0", "012") say is changed as MODE wants. The client does
all that a client does, as NAME. One line tells what came of it: seconds, seconds of the processor, MiB at most, and the
results of the commands."""
import json, os, socket, struct, subprocess, sys, threading, time

WELCOME, LOGIN, PAGE, LIST, PUSH = 0x81, 0x89, 0x8e, 0x8f, 64
made = 0


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
    try:
        while True:
            got = client.recv(1 << 16)
            if not got:
                break
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


def main():
    program, name, mode, liars = sys.argv[1:5]
    ports = [proxy(mode if str(i) in liars else 'honest', int(p)) for i, p in enumerate(sys.argv[5:8])]
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
