/* SPDX-License-Identifier: MIT
 *
 * An event of the terminal becomes a line that waits, an event for the caller, or an action of this
 * file. Ctrl-C clears the line or ends a question. On an empty line it prints how to end the
 * client; a second Ctrl-C in a row becomes an event.
 */
#include "cli/console.h"

#include "chat/paragraph.h"
#include "chat/secret.h"
#include "chat/verb.h"
#include "chat/word.h"
#include "cli/history.h"
#include "cli/hold.h"
#include "cli/home.h"
#include "cli/tab.h"

#include "base/escape.h"
#include "terminal/terminal.h"
#include "io/log.h"
#include "io/tty.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

enum {
	LINE_MAX_SIZE = 2 * TEXT_SIZE_MAX, /* a text, and many names before it */
	PASTE_LINES_MAX = 8,
	ASKED_SIZE = 256,
	BURST_MS = 1000,
	HOME = 2,            /* where the further rows of a line begin, as those of a refusal do */
	STALL_MS = 500,      /* a terminal that takes nothing for so long is left as it is */
	BACKGROUND_MS = 200, /* how often to look whether this is the foreground again */
	OUT_SIZE_MAX = 16 * LINE_MAX_SIZE,
};

struct cli_console {
	struct loop *loop;
	struct link *link;
	struct cli_output *output;
	const struct settings *settings;
	struct terminal *t;
	struct tty_traits traits;
	struct loop_source source;
	bool has_ended;
	bool has_failed; /* and that was not its end */
	bool end_was_told;
	bool is_listening;  /* the loop has the source */
	bool is_leaving;    /* what is typed is for somebody else */
	bool is_background; /* the terminal is another job's: nothing is read, no prompt shown */
	struct loop_timer background;
	uint64_t heard_ms; /* when the terminal has sent something */
	struct loop_timer quiet;
	bool is_echoed;     /* the terminal shows by itself what is typed */
	bool is_shown;      /* prompt and line are shown */
	bool was_interrupt; /* the last event was Ctrl-C on an empty line */
	bool keeps_history;

	/* The question under way: the caller's, whether a paste is wanted, or a held line. */
	bool is_asking;
	bool asks_paste;
	bool asks_held; /* whether the line that was held back is to go */
	char question[ASKED_SIZE];
	bool is_secret; /* its answer */

	uint64_t unread;
	uint64_t quiet_until_ms; /* a message before that belongs to a burst that has rung */

	struct console_line lines[CONSOLE_WAITING_MAX]; /* a ring */
	size_t first;
	size_t count;
	struct buf given; /* the line that the client has */
	char given_to[COMMAND_ACCOUNT_SIZE];
	char aim[COMMAND_ACCOUNT_SIZE];       /* see console_aimed_at */
	char reply[COMMAND_ACCOUNT_SIZE + 8]; /* "/msg NAME ", or empty */
	bool given_is_hidden;
	struct cli_hold hold;
	struct cli_tab tab;
};

/* ---- printing ---- */

void console_draw(struct cli_console *c)
{
	unsigned columns;
	unsigned rows;
	struct view bytes;

	tty_size(&columns, &rows);
	terminal_resize(c->t, columns, rows);
	bytes = terminal_output(c->t);
	output_write(c->output, bytes);
	terminal_sent(c->t, bytes.size);
	tty_cover(terminal_has_page(c->t) && !c->traits.has_one_screen);
}

void console_page(struct cli_console *c, struct view rows, const char *footer)
{
	terminal_page(c->t, rows, view_of_string(footer));
}

bool console_has_page(const struct cli_console *c)
{
	return terminal_has_page(c->t);
}

uint64_t console_printed(const struct cli_console *c)
{
	return terminal_printed(c->t);
}

unsigned console_page_rows(const struct cli_console *c)
{
	return terminal_page_rows(c->t);
}

void console_print(struct cli_console *c, struct view lines)
{
	/* What does not fit is drawn first; one piece always fits then. */
	if (!terminal_print(c->t, lines)) {
		bool fitted;

		console_draw(c);
		fitted = terminal_print(c->t, lines);
		assert(fitted);
		(void)fitted;
	}
	console_draw(c);
}

void console_size(unsigned *columns, unsigned *rows)
{
	tty_size(columns, rows);
	if (*columns == 0 || *rows == 0) {
		*columns = 80;
		*rows = 24;
	}
}

size_t console_columns(struct cli_console *c, const struct view *items, size_t count,
                       size_t rows_left)
{
	size_t shown;

	console_draw(c); /* also tells the size */
	shown = terminal_print_columns(c->t, items, count, rows_left + 1);
	console_draw(c);
	return shown;
}

bool console_wraps(const struct cli_console *c)
{
	return !c->is_echoed && setting_choice(c->settings, SETTING_WRAP) == WRAP_WORDS;
}

void console_print_line(struct cli_console *c, enum terminal_style style, const char *text)
{
	struct buf line;
	unsigned columns;
	unsigned rows;

	buf_init(&line, OUT_SIZE_MAX);
	terminal_put(&line, style, view_of_string(text));
	if (console_wraps(c)) {
		console_size(&columns, &rows);
		(void)paragraph_wrap(&line, 0, HOME, columns);
	}
	console_print(c, buf_view(&line));
	buf_release(&line);
}

static void say(struct cli_console *c, const char *text)
{
	console_print_line(c, STYLE_NOTICE, text);
}

void console_prompt(struct cli_console *c, const char *prompt, const char *own)
{
	char count[32] = "";
	char title[128];

	terminal_prompt(c->t, view_of_string(prompt));
	c->is_shown = prompt[0] != 0;
	terminal_show(c->t, c->is_shown && !c->is_background);
	if (c->unread > 0)
		(void)snprintf(count, sizeof count, "(%ju) ", (uintmax_t)c->unread);
	(void)snprintf(title, sizeof title, "%s%s%sthreefold", count, own,
	               own[0] != 0 ? " - " : "");
	terminal_title(c->t, view_of_string(title));
}

void console_status(struct cli_console *c, const char *status)
{
	terminal_status(c->t, view_of_string(status));
}

bool console_has_status(struct cli_console *c)
{
	unsigned columns;
	unsigned rows;

	tty_size(&columns, &rows);
	terminal_resize(c->t, columns, rows);
	return terminal_has_status(c->t);
}

void console_announce(struct cli_console *c)
{
	uint64_t now_ms = loop_now_ms(c->loop);

	c->unread++;
	if (setting_is_on(c->settings, SETTING_BELL) && now_ms >= c->quiet_until_ms)
		terminal_bell(c->t);
	c->quiet_until_ms = now_ms + BURST_MS;
}

void console_ring(struct cli_console *c)
{
	terminal_bell(c->t);
}

void console_colours(struct cli_console *c, bool is_plain)
{
	terminal_colours(c->t, !is_plain);
}

uint64_t console_unread_count(const struct cli_console *c)
{
	return c->unread;
}

/* ---- begin and end ---- */

static void listen_or_not(struct cli_console *c)
{
	bool wanted = !c->has_ended && !c->is_leaving && !c->is_background &&
	              terminal_room(c->t) > 0;

	if (wanted == c->is_listening)
		return;
	if (wanted) {
		int result = loop_add(c->loop, &c->source, LOOP_READ);

		c->is_listening = result == 0;
		if (result < 0) {
			c->has_ended = true;
			c->has_failed = true;
			log_own(LOG_ERROR, "cannot read the terminal: %s", strerror(-result));
		}
	} else {
		loop_remove(c->loop, &c->source);
		c->is_listening = false;
	}
}

bool console_has_failed(const struct cli_console *c)
{
	return c->has_failed;
}

/* Looks whether the terminal is this job's now. */
static void look_around(struct cli_console *c)
{
	bool was_background = c->is_background;

	c->is_background = !tty_is_in_foreground();
	if (c->is_background)
		loop_timer_set(c->loop, &c->background, loop_now_ms(c->loop) + BACKGROUND_MS);
	if (c->is_background == was_background)
		return;
	if (was_background) {
		tty_resume();
		terminal_redraw(c->t);
	}
	terminal_show(c->t, c->is_shown && !c->is_background);
	listen_or_not(c);
}

static void background_expired(struct loop_timer *timer)
{
	look_around(LOOP_OWNER(timer, struct cli_console, background));
}

static void quiet_expired(struct loop_timer *timer)
{
	terminal_quiet(LOOP_OWNER(timer, struct cli_console, quiet)->t);
}

/* What the keys so far have left open is ended by silence. */
static void wait_for_silence(struct cli_console *c)
{
	unsigned ms = terminal_quiet_ms(c->t);

	if (ms == 0)
		loop_timer_cancel(c->loop, &c->quiet);
	else
		loop_timer_set(c->loop, &c->quiet, c->heard_ms + ms);
}

static void readable(struct loop_source *source, unsigned events)
{
	struct cli_console *c = LOOP_OWNER(source, struct cli_console, source);
	uint8_t bytes[4096];
	size_t room = terminal_room(c->t);
	ssize_t count;

	(void)events; /* whatever it was, a read tells */
	look_around(c);
	if (room == 0 || c->is_background) {
		listen_or_not(c);
		return;
	}
	count = read(source->fd, bytes, room < sizeof bytes ? room : sizeof bytes);
	if (count > 0)
		terminal_input(c->t, view_of(bytes, (size_t)count));
	else if (count == 0 || (errno != EINTR && errno != EAGAIN && tty_is_in_foreground()))
		c->has_ended = true;
	explicit_bzero(bytes, sizeof bytes);
	c->heard_ms = loop_now_ms(c->loop);
	listen_or_not(c);
}

struct cli_console *console_new(struct loop *l, struct link *link, struct cli_output *output,
                                const struct settings *settings, bool is_plain)
{
	struct cli_console *c = memory_alloc_zero(1, sizeof *c);
	struct terminal_options options = { .line_size_max = LINE_MAX_SIZE,
		                            .paste_lines_max = PASTE_LINES_MAX,
		                            .history_count_max = HISTORY_COUNT_MAX };
	char err[HISTORY_ERR_SIZE] = "";
	char why[HOME_ERR_SIZE];

	tty_traits(&c->traits);
	options.is_dumb = c->traits.is_dumb;
	options.is_plain = is_plain;
	options.rewraps = c->traits.rewraps;
	options.has_one_screen = c->traits.has_one_screen;
	c->loop = l;
	c->link = link;
	c->output = output;
	c->settings = settings;
	/* A terminal that cannot be switched is left as it is: it does lines. */
	if (tty_begin(STDIN_FILENO, output->source.fd, options.is_dumb) < 0)
		options.is_dumb = true;
	c->is_echoed = options.is_dumb;
	c->t = terminal_new(&options);
	terminal_show(c->t, false);
	buf_init(&c->given, LINE_MAX_SIZE);
	tab_init(&c->tab, link, c->t, LINE_MAX_SIZE);
	hold_init(&c->hold, LINE_MAX_SIZE);
	c->source = (struct loop_source){ .fd = STDIN_FILENO, .ready = readable };
	c->background.expired = background_expired;
	c->quiet.expired = quiet_expired;
	listen_or_not(c);
	look_around(c);
	/* Where nothing can be kept, cli/show.c says so. */
	c->keeps_history = setting_is_on(settings, SETTING_HISTORY) && home_can_keep(why) &&
	                   history_read(c->t, err);
	if (err[0] != 0)
		say(c, err);
	return c;
}

static void wipe(struct buf *b)
{
	buf_wipe(b);
	buf_release(b);
}

void console_free(struct cli_console *c)
{
	if (c == NULL)
		return;
	terminal_end(c->t);
	console_draw(c);
	output_wait(c->output, STALL_MS);
	c->has_ended = true;
	listen_or_not(c);
	loop_timer_cancel(c->loop, &c->background);
	loop_timer_cancel(c->loop, &c->quiet);
	tty_end();
	for (size_t i = 0; i < c->count; i++)
		wipe(&c->lines[(c->first + i) % CONSOLE_WAITING_MAX].text);
	wipe(&c->given);
	hold_release(&c->hold);
	tab_release(&c->tab);
	terminal_free(c->t);
	memory_free(c);
}

void console_leave(struct cli_console *c)
{
	c->is_leaving = tty_leave();
	listen_or_not(c);
}

bool console_is_echoed(const struct cli_console *c)
{
	return c->is_echoed;
}

size_t console_waiting(const struct cli_console *c)
{
	return c->count;
}

struct console_line *console_waiting_line(struct cli_console *c, size_t index)
{
	if (index >= c->count)
		return NULL;
	return &c->lines[(c->first + index) % CONSOLE_WAITING_MAX];
}

/* ---- questions ---- */

void console_drop_keys(struct cli_console *c)
{
	terminal_drop_input(c->t);
	listen_or_not(c);
}

static void ask(struct cli_console *c, const char *prompt, bool is_secret)
{
	(void)snprintf(c->question, sizeof c->question, "%s", prompt);
	c->is_secret = is_secret;
	terminal_ask(c->t, view_of_string(prompt), is_secret);
	(void)tty_echo(!is_secret);
}

bool console_can_hide(struct cli_console *c)
{
	(void)c; /* there is one terminal */
	if (tty_echo(false))
		return true;
	(void)tty_echo(true);
	return false;
}

void console_ask(struct cli_console *c, const char *prompt, bool is_secret)
{
	c->is_asking = true;
	c->asks_held = false; /* the line stays where it is */
	ask(c, prompt, is_secret);
}

void console_ask_end(struct cli_console *c)
{
	c->is_asking = false;
	terminal_ask_cancel(c->t);
	(void)tty_echo(true);
}

bool console_is_asking(const struct cli_console *c)
{
	return c->is_asking;
}

static void take_paste(struct cli_console *c, const struct terminal_event *event)
{
	char text[160];

	if (event->is_too_large) {
		(void)snprintf(text, sizeof text,
		               "this paste of %ju line%s does not fit into one message and was "
		               "dropped; send it in parts",
		               (uintmax_t)event->lines, event->lines == 1 ? "" : "s");
		terminal_paste(c->t, false);
		say(c, text);
		return;
	}
	(void)snprintf(text, sizeof text, "paste %ju lines into one message? (y/n) ",
	               (uintmax_t)event->lines);
	c->asks_paste = true;
	ask(c, text, false);
}

/* Takes the answer to the question whether a paste is wanted. */
static void end_paste(struct cli_console *c, struct view answer)
{
	c->asks_paste = false;
	terminal_paste(c->t, answer.size > 0 && (answer.data[0] | 0x20) == 'y');
}

/* ---- lines ---- */

/* Prints the question with its answer, so that they stay visible. */
static void show_answer(struct cli_console *c, struct view answer)
{
	struct buf out;

	if (c->traits.is_dumb)
		return;
	buf_init(&out, OUT_SIZE_MAX);
	terminal_put(&out, STYLE_DIM, view_of_string(c->question));
	if (!c->is_secret)
		terminal_put(&out, STYLE_DIM, answer);
	console_print(c, buf_view(&out));
	buf_release(&out);
}

/* A /talk decides about the lines behind it. */
static void follow_talk(struct cli_console *c, const struct console_line *line)
{
	struct view name;

	if (!line->is_text && !line->is_overtaken &&
	    conversation_of_line(buf_view(&line->text), &name))
		view_to_string(name, c->aim, sizeof c->aim);
}

void console_aim(struct cli_console *c, struct view name, bool overtakes)
{
	view_to_string(name, c->aim, sizeof c->aim);
	for (size_t i = 0; i < c->count; i++) {
		struct console_line *line = &c->lines[(c->first + i) % CONSOLE_WAITING_MAX];

		line->is_overtaken = line->is_overtaken || overtakes;
		follow_talk(c, line);
	}
}

struct view console_aimed_at(const struct cli_console *c)
{
	return view_of_string(c->aim);
}

void console_know(struct cli_console *c, struct view password)
{
	hold_know(&c->hold, password);
}

/* On a terminal that edits by itself the person types it again. */
static void put_back(struct cli_console *c, struct view line)
{
	if (!c->is_echoed)
		terminal_put_aside(c->t, line);
}

/* The line waits for its turn. */
static void keep_line(struct cli_console *c, struct view text, bool is_text, bool is_hidden)
{
	struct console_line *line;

	assert(c->count < CONSOLE_WAITING_MAX);
	line = &c->lines[(c->first + c->count++) % CONSOLE_WAITING_MAX];
	*line = (struct console_line){ .is_text = is_text, .is_hidden = is_hidden };
	buf_init(&line->text, LINE_MAX_SIZE);
	buf_append(&line->text, text);
	memcpy(line->to, c->aim, sizeof line->to);
	follow_talk(c, line);
	if (!is_hidden)
		terminal_history_add(c->t, text);
	if (!is_hidden && c->keeps_history && setting_is_on(c->settings, SETTING_HISTORY))
		history_append(text);
}

/* What was held back goes, and leaves the line that is typed. */
static void let_go(struct cli_console *c)
{
	struct view line;
	bool is_text;

	terminal_set_line(c->t, view_of_string(""));
	hold_let_go(&c->hold, &line, &is_text);
	keep_line(c, line, is_text, true);
}

/* Takes the answer to that. A sentence that begins with y, typed without looking, is no yes. */
static void end_held(struct cli_console *c, struct view answer)
{
	c->asks_held = false;
	if (view_equal_lower(answer, view_of_string("y")) ||
	    view_equal_lower(answer, view_of_string("yes")))
		let_go(c);
}

/* Keeps what was typed, or holds it back. */
static void take_typed(struct cli_console *c, const struct terminal_event *event)
{
	char why[HOLD_WHY_SIZE];
	char own[DISPLAY_SIZE];
	struct hold_place place = { .is_logged_in = link_is_logged_in(c->link, own),
		                    .has_aim = c->aim[0] != 0,
		                    .now_ms = loop_now_ms(c->loop) };
	enum hold_verdict verdict;

	c->unread = 0;
	if (event->text.size == 0)
		return;
	verdict = hold_line(&c->hold, event->text, event->is_pasted, place, why);
	if (verdict == HOLD_NOTHING)
		keep_line(c, event->text, event->is_pasted,
		          hold_hides(&c->hold, event->text, place.is_logged_in));
	else if (verdict == HOLD_RELEASED)
		let_go(c);
	else
		put_back(c, event->text);
	if (verdict == HOLD_BACK)
		say(c, why);
	else if (verdict == HOLD_TOO_SOON)
		terminal_bell(c->t);
	c->asks_held = verdict == HOLD_ASK;
	if (c->asks_held)
		ask(c, "send it as it stands? (y/n) ", false);
}

bool console_hides(const struct cli_console *c)
{
	return c->given_is_hidden;
}

void console_give_back(struct cli_console *c)
{
	if (c->given_is_hidden)
		put_back(c, buf_view(&c->given));
}

/* Whether the person may finish another line now. */
static bool wants_lines(const struct cli_console *c, enum console_lines lines)
{
	const struct console_line *last;

	if (lines == CONSOLE_CLOSED)
		return false;
	if (c->is_asking || c->asks_paste || c->asks_held || c->count == 0)
		return true;
	last = &c->lines[(c->first + c->count - 1) % CONSOLE_WAITING_MAX];
	return c->count < CONSOLE_WAITING_MAX && !secret_may_follow(buf_view(&last->text));
}

static void give_waiting(struct cli_console *c, struct console_event *event)
{
	struct console_line *first = &c->lines[c->first];

	wipe(&c->given);
	c->given = first->text;
	memcpy(c->given_to, first->to, sizeof c->given_to);
	c->given_is_hidden = first->is_hidden;
	*event = (struct console_event){ .kind = CONSOLE_LINE,
		                         .text = buf_view(&c->given),
		                         .is_text = first->is_text,
		                         .was_shown = first->was_shown,
		                         .to = view_of_string(c->given_to),
		                         .is_overtaken = first->is_overtaken };
	*first = (struct console_line){ .is_text = false };
	c->first = (c->first + 1) % CONSOLE_WAITING_MAX;
	c->count--;
}

/* ---- Tab ---- */

void console_reply(struct cli_console *c, struct view name)
{
	char reply[sizeof c->reply] = "";

	if (name.size > 0)
		(void)snprintf(reply, sizeof reply, "/msg %.*s ", (int)name.size,
		               (const char *)name.data);
	if (strcmp(reply, c->reply) == 0)
		return;
	memcpy(c->reply, reply, sizeof c->reply);
	terminal_replace(c->t, view_of_string(name.size > 0 ? "/reply " : ""),
	                 view_of_string(reply));
}

static void take_tab(struct cli_console *c, const struct terminal_event *event)
{
	size_t cursor;

	if (terminal_line(c->t, &cursor).size == 0 && c->reply[0] != 0)
		terminal_set_line(c->t, view_of_string(c->reply));
	else
		tab_complete(&c->tab, event);
}

bool console_take(struct cli_console *c, const struct action *action)
{
	return tab_take(&c->tab, action);
}

/* ---- events ---- */

/* Gives the terminal back to the shell until the person continues this process. */
static void suspend(struct cli_console *c)
{
	terminal_show(c->t, false);
	console_draw(c);
	output_wait(c->output, STALL_MS);
	tty_suspend();
	look_around(c);
	terminal_show(c->t, c->is_shown && !c->is_background);
	terminal_redraw(c->t);
}

void console_signalled(struct cli_console *c, int number)
{
	if (number == SIGTSTP) {
		suspend(c);
	} else if (number == SIGCONT) {
		tty_resume();
		look_around(c);
		terminal_redraw(c->t);
	}
	/* SIGWINCH ended the loop's wait: the next drawing asks for the size. */
}

/* Ctrl-C or Ctrl-D instead of an answer. */
static enum console_kind leave_question(struct cli_console *c)
{
	if (c->asks_held)
		end_held(c, view_of(NULL, 0));
	else if (c->asks_paste)
		end_paste(c, view_of(NULL, 0));
	else
		return CONSOLE_LEFT;
	return CONSOLE_NOTHING;
}

static enum console_kind take_interrupt(struct cli_console *c, bool is_empty,
                                        enum console_lines lines)
{
	if (!is_empty)
		return CONSOLE_NOTHING;
	if (lines == CONSOLE_LOOKING)
		return CONSOLE_BREAK;
	if (c->was_interrupt || lines == CONSOLE_CLOSED)
		return CONSOLE_INTERRUPT;
	say(c, "Ctrl-C once more, or Ctrl-D, ends the client");
	return CONSOLE_NOTHING;
}

/* Why nothing goes on is wanted just when nothing goes on: /replicas asks nobody then. */
static bool is_aside(const struct cli_console *c, const struct terminal_event *event,
                     enum console_lines lines)
{
	struct view rest = event->text;
	const struct verb_row *row = verb_of_line(&rest);

	word_skip_blanks(&rest);
	return lines == CONSOLE_BUSY && !event->is_pasted && row != NULL &&
	       row->verb == VERB_REPLICAS && rest.size == 0 &&
	       replication_live(link_replication(c->link)) == 0;
}

static enum console_kind take_line(struct cli_console *c, const struct terminal_event *event,
                                   enum console_lines lines)
{
	if (!event->was_asked && is_aside(c, event, lines)) {
		terminal_history_add(c->t, event->text);
		return CONSOLE_ASIDE;
	}
	if (!event->was_asked) {
		take_typed(c, event);
		return CONSOLE_NOTHING;
	}
	show_answer(c, event->text);
	if (c->asks_held)
		end_held(c, event->text);
	else if (c->asks_paste)
		end_paste(c, event->text);
	else
		return CONSOLE_ANSWER;
	return CONSOLE_NOTHING;
}

/* Handles an event of the terminal, and returns what it means for the caller. */
static enum console_kind take_event(struct cli_console *c, const struct terminal_event *event,
                                    enum console_lines lines)
{
	if (event->was_asked)
		(void)tty_echo(true);
	switch (event->kind) {
	case TERMINAL_GO:
		return lines == CONSOLE_CLOSED ? CONSOLE_NOTHING : CONSOLE_MOVE;
	case TERMINAL_LINE:
		return take_line(c, event, lines);
	case TERMINAL_COMPLETE:
		take_tab(c, event);
		break;
	case TERMINAL_PASTE:
		take_paste(c, event);
		break;
	case TERMINAL_INTERRUPT:
		return event->was_asked ? leave_question(c)
		                        : take_interrupt(c, event->text.size == 0, lines);
	case TERMINAL_EOF:
		return event->was_asked ? leave_question(c) : CONSOLE_END;
	case TERMINAL_SUSPEND:
		suspend(c);
		break;
	case TERMINAL_PAGE:
		return CONSOLE_PAGE;
	}
	return CONSOLE_NOTHING;
}

static const enum conversation_move moves[] = {
	[GO_NEXT] = CONVERSATION_NEXT,
	[GO_PREVIOUS] = CONVERSATION_PREVIOUS,
	[GO_NEW] = CONVERSATION_NEW,
	[GO_NUMBER] = CONVERSATION_NUMBER,
};

bool console_next(struct cli_console *c, enum console_lines lines, struct console_event *event)
{
	struct terminal_event key;

	while (terminal_next(c->t, wants_lines(c, lines), &key)) {
		*event = (struct console_event){ .kind = take_event(c, &key, lines),
			                         .text = key.text,
			                         .move = moves[key.go],
			                         .number = key.number,
			                         .rows = key.rows };
		c->was_interrupt = key.kind == TERMINAL_INTERRUPT && !key.was_asked &&
		                   key.text.size == 0 && event->kind != CONSOLE_BREAK;
		if (event->kind != CONSOLE_NOTHING)
			return true;
		/* One line at a time: what it does may concern the keys behind it. */
		if (lines == CONSOLE_FREE && c->count > 0)
			break;
	}
	if (lines == CONSOLE_CLOSED && !c->end_was_told && terminal_wants_end(c->t)) {
		c->end_was_told = true;
		*event = (struct console_event){ .kind = CONSOLE_END };
		return true;
	}
	listen_or_not(c);
	wait_for_silence(c);
	if (lines == CONSOLE_FREE && c->count > 0) {
		give_waiting(c, event);
		return true;
	}
	if (!c->has_ended || c->end_was_told)
		return false;
	c->end_was_told = true;
	*event = (struct console_event){ .kind = CONSOLE_END };
	return true;
}
