#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""echo.py USER PASSWORD_FILE: answers each message with its own text, until SIGTERM or Ctrl-C.

It needs a client that knows its servers (threefold --save)."""
import asyncio
import json
import signal
import sys


class Chat:
    """A running `threefold --json`: commands go in, events come out."""

    def __init__(self, process):
        self.process = process
        self.results = {}  # by tag: commands whose result has not come
        self.count = 0

    async def command(self, name, **keys):
        """Gives a command and returns its result, which the tag finds among all that comes."""
        self.count += 1
        tag = str(self.count)
        result = self.results[tag] = asyncio.get_running_loop().create_future()
        line = json.dumps({"command": name, "tag": tag, **keys})
        self.process.stdin.write(line.encode() + b"\n")
        await self.process.stdin.drain()
        return await result

    async def events(self):
        """All events but the results of `command`, until the client has ended."""
        async for line in self.process.stdout:
            event = json.loads(line)
            result = self.results.pop(event.get("tag"), None)
            if result is None:
                yield event
            else:
                result.set_result(event)


def say(text):
    print(text, file=sys.stderr, flush=True)


async def answer(chat, message):
    # A notice, so that no other program answers it: two of them would never end.
    keys = {"to": message["from"], "text": message["text"], "notice": True}
    result = await chat.command("msg", **keys)
    if result.get("error") == "unknown-outcome":
        # Under its id it is stored once, whether or not it was stored before.
        result = await chat.command("msg", id=result["id"], **keys)
    if not result["ok"]:
        say(f"no answer to {message['from']}: {result['detail']}")


async def run(user, password_file):
    # In a session of its own: Ctrl-C is for this program, which then ends the client. A line may be long.
    chat = Chat(await asyncio.create_subprocess_exec(
        "threefold", "--json", "--user", user, "--password-file", password_file,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        start_new_session=True, limit=1 << 22))
    # At the end of its input the client finishes what it was given, logs out and ends.
    for number in signal.SIGTERM, signal.SIGINT:
        asyncio.get_running_loop().add_signal_handler(number, chat.process.stdin.close)
    answers = set()
    async for event in chat.events():
        if event["event"] == "message" and not event["notice"]:
            # A task of its own: its result is among the events that come next.
            if not chat.process.stdin.is_closing():
                task = asyncio.create_task(answer(chat, event))
                answers.add(task)
                task.add_done_callback(answers.discard)
        elif event["event"] == "result":  # of the log-in
            say(f"{user} is logged in" if event["ok"] else f"no log-in: {event['detail']}")
            if not event["ok"]:
                chat.process.stdin.close()
        elif event["event"] == "none-live":
            say("no server can be reached: answers wait")
        elif event["event"] == "live-again":
            say("a server can be reached again")
        elif event["event"] == "logged-out":
            say(f"logged out: {event['reason']}")
            chat.process.stdin.close()
    for task in answers:
        task.cancel()
    return await chat.process.wait()


sys.exit(asyncio.run(run(*sys.argv[1:3])))
