/* SPDX-License-Identifier: MIT
 *
 * The fuzz target of the terminal's module: keys, pastes, lines that others wrote, windows of any
 * size. Nothing that others wrote may reach the window as a control character.
 */
#include "terminal/terminal.h"
#include "tests/lib/tap.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void draw(struct terminal *t)
{
	for (;;) {
		struct view bytes = terminal_output(t);

		if (bytes.size == 0)
			break;
		terminal_sent(t, bytes.size);
	}
}

/* Somebody's text in a line: escaped, it has no control character. */
static void print(struct terminal *t, struct view text)
{
	struct buf line;

	buf_init(&line, 1 << 20);
	terminal_put(&line, STYLE_NONE, text);
	for (size_t i = 0; i < line.size; i++)
		if (line.data[i] < 0x20 || line.data[i] == 0x7f)
			abort();
	if (!terminal_print(t, buf_view(&line)))
		draw(t);
	buf_release(&line);
}

/* Answers Tab with the line itself, copied to other memory, as the candidate. */
static void complete(struct terminal *t, const struct terminal_event *event)
{
	struct buf copy;
	struct view word;

	buf_init(&copy, 1 << 20);
	if (!buf_put(&copy, event->text.data, event->text.size))
		abort();
	word = buf_view(&copy);
	terminal_complete(t, event->serial, &word, 1);
	buf_release(&copy);
}

static void take_events(struct terminal *t)
{
	struct terminal_event event;

	while (terminal_next(t, true, &event)) {
		if (event.kind == TERMINAL_PASTE)
			terminal_paste(t, event.lines % 2 == 0);
		else if (event.kind == TERMINAL_LINE && !event.was_asked)
			terminal_history_add(t, event.text);
		else if (event.kind == TERMINAL_COMPLETE)
			complete(t, &event);
	}
}

/* After silence nothing is left open. */
static void be_quiet(struct terminal *t)
{
	if (terminal_quiet_ms(t) == 0)
		return;
	terminal_quiet(t);
	take_events(t);
	if (terminal_quiet_ms(t) != 0)
		abort();
}

static void type(struct terminal *t, struct view keys)
{
	while (keys.size > 0) {
		size_t room = terminal_room(t);
		size_t count = keys.size < room ? keys.size : room;

		if (count > 0)
			terminal_input(t, view_of(keys.data, count));
		keys = view_of(keys.data + count, keys.size - count);
		take_events(t);
	}
}

/* The first of two bytes says what to do, and the second with how many of the bytes that follow. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct terminal_options options = { .line_size_max = 4096,
		                            .paste_lines_max = 8,
		                            .history_count_max = 20,
		                            .is_dumb = size > 0 && data[0] % 8 == 7,
		                            .rewraps = size > 0 && data[0] % 2 == 1 };
	struct terminal *t = terminal_new(&options);

	terminal_prompt(t, view_of_string("to bob> "));
	terminal_status(t, view_of_string("\033[7m alice 2/3 [carol 3] \033[0m"));
	while (size >= 2) {
		uint8_t what = data[0];
		size_t count = data[1] < size - 2 ? data[1] : size - 2;
		struct view bytes = view_of(data + 2, count);

		data += 2 + count;
		size -= 2 + count;
		if (what < 160)
			type(t, bytes);
		else if (what < 210)
			print(t, bytes);
		else if (what < 240)
			terminal_resize(t, what, (unsigned)count);
		else
			terminal_set_line(t, bytes);
		if (what % 8 == 3)
			be_quiet(t);
		draw(t);
	}
	terminal_end(t);
	draw(t);
	terminal_free(t);
	return 0;
}
