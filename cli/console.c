/* SPDX-License-Identifier: MIT
 *
 * Events of the terminal become lines that wait, answers, or things that are done here. Ctrl-C
 * clears the line or ends a question; on an empty line it says how to end, and the second one in a
 * row ends.
 *
 * For a name, Tab asks the replicas in the background and goes on; if the line is still the same
 * when the answer comes, it is completed. One such question is under way at a time.
 */
#include "cli/console.h"

#include "cli/client.h"
#include "chat/complete.h"
#include "cli/history.h"

#include "base/escape.h"
#include "terminal/terminal.h"
#include "io/tty.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

enum {
	LINE_MAX_SIZE = 2 * TEXT_SIZE_MAX, /* a text, and many names before it */
	PASTE_LINES_MAX = 8,
	NAMES_MAX = 200, /* that are listed for a completion; more are no help */
	ASKED_SIZE = 256,
	BURST_MS = 1000,
	OUT_SIZE_MAX = 16 * LINE_MAX_SIZE,
};

struct client_terminal {
	struct client *client;
	struct terminal *t;
	struct tty_traits traits;
	struct loop_source source;
	bool has_ended;
	bool is_listening; /* the loop has the source */
	int history;
	bool was_interrupt; /* the last event */
	bool asks_paste;
	char question[ASKED_SIZE]; /* the prompt of the question under way */
	bool is_secret;
	uint64_t unread;
	bool has_bell;
	uint64_t quiet_until_ms; /* a message before that belongs to a burst that has rung */

	struct client_queued lines[CLIENT_LINES_WAITING_MAX]; /* a ring */
	size_t first;
	size_t count;
	struct buf given; /* the line that the client has */

	/* A completion that waits for names. */
	uint32_t token; /* 0: none */
	uint64_t serial;
	struct buf before; /* what of the word stands before the name */
	char (*names)[DISPLAY_SIZE];
	size_t names_count;
};

static void put(struct buf *to, struct view bytes)
{
	bool fitted = buf_put(to, bytes.data, bytes.size);

	assert(fitted);
	(void)fitted;
}

/* ---- printing ---- */

void client_terminal_draw(struct client_terminal *ct)
{
	unsigned columns;
	unsigned rows;
	struct view bytes;

	tty_size(&columns, &rows);
	terminal_resize(ct->t, columns, rows);
	bytes = terminal_output(ct->t);
	output_write(&ct->client->output, bytes);
	terminal_sent(ct->t, bytes.size);
}

void client_terminal_print(struct client_terminal *ct, struct view lines)
{
	/* What does not fit is drawn first; one piece always fits then. */
	if (!terminal_print(ct->t, lines)) {
		bool fitted;

		client_terminal_draw(ct);
		fitted = terminal_print(ct->t, lines);
		assert(fitted);
		(void)fitted;
	}
	client_terminal_draw(ct);
}

void client_terminal_size(unsigned *columns, unsigned *rows)
{
	tty_size(columns, rows);
	if (*columns == 0 || *rows == 0) {
		*columns = 80;
		*rows = 24;
	}
}

size_t client_terminal_columns(struct client_terminal *ct, const struct view *items, size_t count,
                               size_t rows_left)
{
	size_t shown;

	client_terminal_draw(ct); /* also tells the size */
	shown = terminal_print_columns(ct->t, items, count, rows_left + 1);
	client_terminal_draw(ct);
	return shown;
}

static void say(struct client_terminal *ct, const char *text)
{
	struct buf line;

	buf_init(&line, OUT_SIZE_MAX);
	terminal_put(&line, STYLE_NOTICE, view_of_string(text));
	client_terminal_print(ct, buf_view(&line));
	buf_release(&line);
}

static void show_title(struct client_terminal *ct)
{
	char own[DISPLAY_SIZE];
	char count[32] = "";
	char title[128];

	if (ct->unread > 0)
		(void)snprintf(count, sizeof(count), "(%ju) ", (uintmax_t)ct->unread);
	(void)snprintf(title, sizeof(title), "%s%s%sthreefold", count,
	               client_is_logged_in(ct->client, own) ? own : "",
	               client_is_logged_in(ct->client, own) ? " - " : "");
	terminal_title(ct->t, view_of_string(title));
}

void client_terminal_prompt(struct client_terminal *ct, const char *prompt)
{
	terminal_prompt(ct->t, view_of_string(prompt));
	terminal_show(ct->t, prompt[0] != 0);
	show_title(ct);
}

void client_terminal_unread(struct client_terminal *ct)
{
	uint64_t now_ms = loop_now_ms(ct->client->loop);

	ct->unread++;
	if (ct->has_bell && now_ms >= ct->quiet_until_ms)
		terminal_bell(ct->t);
	ct->quiet_until_ms = now_ms + BURST_MS;
}

void client_terminal_bell(struct client_terminal *ct, bool is_on)
{
	ct->has_bell = is_on;
}

uint64_t client_terminal_unread_count(const struct client_terminal *ct)
{
	return ct->unread;
}

/* ---- begin and end ---- */

static void listen_or_not(struct client_terminal *ct)
{
	bool wanted = !ct->has_ended && terminal_room(ct->t) > 0;

	if (wanted == ct->is_listening)
		return;
	if (wanted) {
		ct->has_ended = loop_add(ct->client->loop, &ct->source, LOOP_READ) < 0;
		ct->is_listening = !ct->has_ended;
	} else {
		loop_remove(ct->client->loop, &ct->source);
		ct->is_listening = false;
	}
}

static void readable(struct loop_source *source, unsigned events)
{
	struct client_terminal *ct = LOOP_OWNER(source, struct client_terminal, source);
	uint8_t bytes[4096];
	size_t room = terminal_room(ct->t);
	ssize_t count;

	(void)events; /* whatever it was, a read tells */
	if (room == 0) {
		listen_or_not(ct);
		return;
	}
	count = read(source->fd, bytes, room < sizeof(bytes) ? room : sizeof(bytes));
	if (count > 0)
		terminal_input(ct->t, view_of(bytes, (size_t)count));
	else if (count == 0 || (errno != EINTR && errno != EAGAIN))
		ct->has_ended = true;
	explicit_bzero(bytes, sizeof(bytes));
	listen_or_not(ct);
}

struct client_terminal *client_terminal_new(struct client *c)
{
	struct client_terminal *ct = mem_alloc_zero(1, sizeof(*ct));
	struct terminal_options options = { .line_size_max = LINE_MAX_SIZE,
		                            .paste_lines_max = PASTE_LINES_MAX,
		                            .history_count_max = HISTORY_COUNT_MAX };
	char err[HISTORY_ERR_SIZE];

	tty_traits(&ct->traits);
	options.is_dumb = ct->traits.is_dumb;
	options.is_plain = c->options.is_plain;
	options.rewraps = ct->traits.rewraps;
	ct->client = c;
	/* A terminal that cannot be switched is left as it is: it does lines. */
	if (tty_begin(STDIN_FILENO, STDOUT_FILENO, options.is_dumb) < 0)
		options.is_dumb = true;
	c->transcript.is_echoed = options.is_dumb;
	ct->t = terminal_new(&options);
	terminal_show(ct->t, false);
	buf_init(&ct->given, LINE_MAX_SIZE);
	buf_init(&ct->before, LINE_MAX_SIZE);
	ct->source = (struct loop_source){ .fd = STDIN_FILENO, .ready = readable };
	listen_or_not(ct);
	ct->history = history_open(ct->t, err);
	if (err[0] != 0)
		say(ct, err);
	return ct;
}

static void wipe(struct buf *b)
{
	if (b->capacity > 0)
		explicit_bzero(b->data, b->capacity);
	buf_release(b);
}

void client_terminal_free(struct client_terminal *ct)
{
	if (ct == NULL)
		return;
	terminal_end(ct->t);
	client_terminal_draw(ct);
	ct->has_ended = true;
	listen_or_not(ct);
	tty_end();
	if (ct->history >= 0)
		(void)close(ct->history);
	for (size_t i = 0; i < ct->count; i++)
		wipe(&ct->lines[(ct->first + i) % CLIENT_LINES_WAITING_MAX].text);
	wipe(&ct->given);
	buf_release(&ct->before);
	mem_free(ct->names);
	terminal_free(ct->t);
	mem_free(ct);
}

bool client_terminal_has_ended(const struct client_terminal *ct)
{
	return ct->has_ended;
}

size_t client_terminal_waiting(const struct client_terminal *ct)
{
	return ct->count;
}

struct client_queued *client_terminal_queued(struct client_terminal *ct, size_t index)
{
	if (index >= ct->count)
		return NULL;
	return &ct->lines[(ct->first + index) % CLIENT_LINES_WAITING_MAX];
}

/* ---- questions ---- */

void client_terminal_drop_keys(struct client_terminal *ct)
{
	terminal_drop_input(ct->t);
	listen_or_not(ct);
}

void client_terminal_ask(struct client_terminal *ct, const char *prompt, bool is_secret)
{
	(void)snprintf(ct->question, sizeof(ct->question), "%s", prompt);
	ct->is_secret = is_secret;
	terminal_ask(ct->t, view_of_string(prompt), is_secret);
	tty_echo(!is_secret);
}

void client_terminal_ask_end(struct client_terminal *ct)
{
	terminal_ask_cancel(ct->t);
	tty_echo(true);
}

static void take_paste(struct client_terminal *ct, const struct terminal_event *event)
{
	char text[160];

	if (event->is_too_large) {
		(void)snprintf(text, sizeof(text),
		               "this paste of %ju line%s does not fit into one message and was "
		               "dropped; send it in parts",
		               (uintmax_t)event->lines, event->lines == 1 ? "" : "s");
		terminal_paste(ct->t, false);
		say(ct, text);
		return;
	}
	(void)snprintf(text, sizeof(text), "paste %ju lines into one message? (y/n) ",
	               (uintmax_t)event->lines);
	ct->asks_paste = true;
	client_terminal_ask(ct, text, false);
}

/* The answer to that. */
static void end_paste(struct client_terminal *ct, struct view answer)
{
	ct->asks_paste = false;
	terminal_paste(ct->t, answer.size > 0 && (answer.data[0] | 0x20) == 'y');
}

/* ---- lines ---- */

/* The question stays to be seen, with what was answered. */
static void show_answer(struct client_terminal *ct, struct view answer)
{
	struct buf out;

	if (ct->traits.is_dumb)
		return;
	buf_init(&out, OUT_SIZE_MAX);
	terminal_put(&out, STYLE_DIM, view_of_string(ct->question));
	if (!ct->is_secret)
		terminal_put(&out, STYLE_DIM, answer);
	client_terminal_print(ct, buf_view(&out));
	buf_release(&out);
}

static void keep_line(struct client_terminal *ct, const struct terminal_event *event)
{
	struct view text = event->text;
	struct client_queued *line;

	ct->unread = 0;
	if (text.size == 0)
		return;
	assert(ct->count < CLIENT_LINES_WAITING_MAX);
	line = &ct->lines[(ct->first + ct->count++) % CLIENT_LINES_WAITING_MAX];
	buf_init(&line->text, LINE_MAX_SIZE);
	put(&line->text, text);
	line->is_text = event->is_pasted;
	line->was_shown = false;
	if (!secret_is_in(text)) {
		terminal_history_add(ct->t, text);
		history_append(ct->history, text);
	}
}

/* Whether another line may be finished now. */
static bool wants_lines(const struct client_terminal *ct)
{
	const struct client_queued *last;

	if (ct->client->state != CLIENT_RUNNING)
		return false;
	if (ct->client->question != ASK_COMMAND || ct->asks_paste)
		return true;
	if (ct->count == 0)
		return true;
	last = &ct->lines[(ct->first + ct->count - 1) % CLIENT_LINES_WAITING_MAX];
	return ct->count < CLIENT_LINES_WAITING_MAX && !secret_may_follow(buf_view(&last->text));
}

static bool give_waiting(struct client_terminal *ct, struct view *line, bool *is_text,
                         bool *was_shown)
{
	struct client_queued *first = &ct->lines[ct->first];

	if (ct->count == 0)
		return false;
	wipe(&ct->given);
	ct->given = first->text;
	*is_text = first->is_text;
	*was_shown = first->was_shown;
	*first = (struct client_queued){ .is_text = false };
	ct->first = (ct->first + 1) % CLIENT_LINES_WAITING_MAX;
	ct->count--;
	*line = buf_view(&ct->given);
	return true;
}

/* ---- completion ---- */

/* What Tab may put there, each with what of the word stands before it. */
static void complete_names(struct client_terminal *ct)
{
	struct view *words = mem_alloc((ct->names_count + 1) * sizeof(*words));
	struct buf *memory = mem_alloc((ct->names_count + 1) * sizeof(*memory));

	for (size_t i = 0; i < ct->names_count; i++) {
		buf_init(&memory[i], LINE_MAX_SIZE + DISPLAY_SIZE);
		put(&memory[i], buf_view(&ct->before));
		put(&memory[i], view_of_string(ct->names[i]));
		words[i] = buf_view(&memory[i]);
	}
	terminal_complete(ct->t, ct->serial, words, ct->names_count);
	for (size_t i = 0; i < ct->names_count; i++)
		buf_release(&memory[i]);
	mem_free(memory);
	mem_free(words);
}

static void ask_for_names(struct client_terminal *ct, const struct terminal_event *event,
                          size_t name_offset)
{
	struct view text = event->text;
	struct view name = view_of(text.data + name_offset, text.size - name_offset);

	if (name.size > NAME_SIZE_MAX || ct->token != 0 ||
	    replication_live(link_replication(ct->client->link)) == 0) {
		terminal_bell(ct->t);
		return;
	}
	buf_clear(&ct->before);
	put(&ct->before, view_of(text.data + event->word_offset, name_offset - event->word_offset));
	ct->serial = event->serial;
	ct->names_count = 0;
	if (ct->names == NULL)
		ct->names = mem_alloc_zero(NAMES_MAX, sizeof(*ct->names));
	ct->token = link_command(
		ct->client->link,
		&(struct command){ .kind = COMMAND_LIST, .name = name, .enough = NAMES_MAX });
}

static void take_tab(struct client_terminal *ct, const struct terminal_event *event)
{
	size_t name_offset;
	enum complete_kind kind = complete_kind(event->text, event->word_offset, &name_offset);
	struct complete_commands commands;

	if (kind == COMPLETE_NAME) {
		ask_for_names(ct, event, name_offset);
		return;
	}
	commands.count = 0;
	if (kind != COMPLETE_NOTHING)
		complete_commands(kind,
		                  view_of(event->text.data + event->word_offset,
		                          event->text.size - event->word_offset),
		                  &commands);
	terminal_complete(ct->t, event->serial, commands.words, commands.count);
}

bool client_terminal_take(struct client_terminal *ct, const struct action *action)
{
	if (action->kind == ACTION_RESULT && ct->token != 0 && action->result->token == ct->token) {
		complete_names(ct);
		ct->token = 0;
		return true;
	}
	if (action->kind != ACTION_USERS || ct->token == 0 || action->token != ct->token)
		return false;
	for (size_t i = 0; i < action->users_count && ct->names_count < NAMES_MAX; i++)
		memcpy(ct->names[ct->names_count++], action->users[i].name, DISPLAY_SIZE);
	return true;
}

/* ---- events ---- */

/* The terminal as it was, for the shell, until the person comes back. */
static void suspend(struct client_terminal *ct)
{
	terminal_show(ct->t, false);
	client_terminal_draw(ct);
	tty_suspend();
	terminal_show(ct->t, ct->client->state == CLIENT_RUNNING);
	terminal_redraw(ct->t);
}

void client_terminal_signalled(struct client_terminal *ct, int number)
{
	if (number == SIGTSTP) {
		suspend(ct);
	} else if (number == SIGCONT) {
		tty_resume();
		terminal_redraw(ct->t);
	}
	/* SIGWINCH ended the loop's wait: the next drawing asks for the size. */
}

static void take_interrupt(struct client_terminal *ct, const struct terminal_event *event)
{
	if (event->was_asked && ct->asks_paste)
		end_paste(ct, (struct view){ .size = 0 });
	else if (event->was_asked)
		client_drop_question(ct->client);
	else if (event->text.size > 0)
		return;
	else if (ct->was_interrupt || ct->client->state != CLIENT_RUNNING)
		client_interrupt(ct->client);
	else
		say(ct, "Ctrl-C once more, or Ctrl-D, ends the client");
}

/* True if there is an answer for the client. */
static bool take_event(struct client_terminal *ct, const struct terminal_event *event)
{
	if (event->was_asked)
		tty_echo(true);
	switch (event->kind) {
	case TERMINAL_LINE:
		if (!event->was_asked) {
			keep_line(ct, event);
			break;
		}
		show_answer(ct, event->text);
		if (!ct->asks_paste)
			return true;
		end_paste(ct, event->text);
		break;
	case TERMINAL_COMPLETE:
		take_tab(ct, event);
		break;
	case TERMINAL_PASTE:
		take_paste(ct, event);
		break;
	case TERMINAL_INTERRUPT:
		take_interrupt(ct, event);
		break;
	case TERMINAL_EOF:
		if (!event->was_asked)
			client_finish(ct->client);
		else if (ct->asks_paste)
			end_paste(ct, (struct view){ .size = 0 });
		else
			client_drop_question(ct->client);
		break;
	case TERMINAL_SUSPEND:
		suspend(ct);
		break;
	}
	return false;
}

bool client_terminal_line(struct client_terminal *ct, bool is_free, struct view *line,
                          bool *is_text, bool *was_shown)
{
	struct terminal_event event;

	*is_text = false;
	*was_shown = false;
	while (ct->client->state != CLIENT_ENDED && terminal_next(ct->t, wants_lines(ct), &event)) {
		bool is_answer = take_event(ct, &event);

		ct->was_interrupt = event.kind == TERMINAL_INTERRUPT && !event.was_asked &&
		                    event.text.size == 0;
		if (is_answer) {
			*line = event.text;
			return true;
		}
		/* One line at a time: what it does may concern the keys behind it. */
		if (is_free && ct->count > 0)
			break;
	}
	listen_or_not(ct);
	return is_free && give_waiting(ct, line, is_text, was_shown);
}
