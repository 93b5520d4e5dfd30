/* SPDX-License-Identifier: MIT
 *
 * console: a person at the client: prompt, lines, questions, history and completion. What
 * terminal/terminal.h does with keys and windows gets its meaning for this chat here. What to do
 * about it is the caller's: it is given events, and gives the prompt.
 *
 * Lines are taken while the caller has one under way, too: they wait their turn, so nobody has to
 * stop typing because a replica is slow. Only behind a line that may lead to a question no line is
 * taken, since what is typed then may be a password.
 *
 * A line that holds a password is neither kept in the history nor shown again.
 *
 *   c = console_new(loop, link, output, is_plain);
 *   while (console_next(c, lines, &event)) ...          once a turn, until there is no event
 *   console_prompt(c, prompt, name);
 *   console_draw(c);
 *   console_free(c);
 */
#ifndef THREEFOLD_CLI_CONSOLE_H
#define THREEFOLD_CLI_CONSOLE_H

#include "cli/output.h"
#include "driver/link.h"

enum { CONSOLE_WAITING_MAX = 100 }; /* lines that wait their turn */

struct cli_console;

/* Switches the terminal, takes stdin into the loop, and reads the history. Loop, link and output
 * must outlive it; the link is asked for names that complete a word. is_plain: no colours. */
struct cli_console *console_new(struct loop *l, struct link *link, struct cli_output *output,
                                bool is_plain);
/* Takes the prompt away and switches the terminal back; NULL is fine. */
void console_free(struct cli_console *c);

/* ---- printing ---- */

/* Prints whole lines above what is typed; they have left this process when it returns. */
void console_print(struct cli_console *c, struct view lines);
/* Prints items in columns, as many as fit if `rows_left` rows and the prompt stay free below, and
 * returns how many that were. */
size_t console_columns(struct cli_console *c, const struct view *items, size_t count,
                       size_t rows_left);
/* The size of the window; 80 by 24 if it is not known. */
void console_size(unsigned *columns, unsigned *rows);
/* Whether the terminal shows by itself what is typed, as a dumb one does. */
bool console_is_echoed(const struct cli_console *c);
/* What stands before the line; if it is empty, neither is shown. `own` is who is logged in, for
 * the title of the window; empty: nobody. */
void console_prompt(struct cli_console *c, const char *prompt, const char *own);
/* Brings the window up to date. */
void console_draw(struct cli_console *c);

/* ---- what the person does ---- */

/* What the caller does with the next line. */
enum console_lines {
	CONSOLE_CLOSED, /* nothing: it takes none yet, or no more */
	CONSOLE_BUSY,   /* it has one under way: the next one waits its turn */
	CONSOLE_FREE,   /* it takes it */
};

enum console_kind {
	CONSOLE_NOTHING, /* is never given */
	CONSOLE_LINE,    /* `text`, `is_text`, `was_shown` */
	CONSOLE_ANSWER,  /* to console_ask: `text`, which may be empty */
	CONSOLE_LEFT, /* Ctrl-C or Ctrl-D instead of an answer; console_ask_end is the caller's */
	CONSOLE_INTERRUPT, /* Ctrl-C, for the second time, or while no line is taken */
	CONSOLE_END,       /* Ctrl-D, or the terminal has gone */
};

struct console_event {
	enum console_kind kind;
	struct view text;
	bool is_text;   /* it came from a paste: no command, whatever it begins with */
	bool was_shown; /* while it waited; see console_waiting_line */
};

/* Does what the keys say until there is an event for the caller; false if there is none. Views
 * live until the next call. */
bool console_next(struct cli_console *c, enum console_lines lines, struct console_event *event);

/* A line that waits its turn. */
struct console_line {
	struct buf text;
	bool is_text;
	bool was_shown; /* is the caller's to set */
};

/* How many lines wait. When the caller takes no more, they are dropped. */
size_t console_waiting(const struct cli_console *c);
/* One of them; index 0 is the next one. NULL: there are not so many. It lives until the next call
 * of console_next. */
struct console_line *console_waiting_line(struct cli_console *c, size_t index);

/* Asks a question; the line under way is put aside meanwhile. The answer to a secret one is not
 * shown. */
void console_ask(struct cli_console *c, const char *prompt, bool is_secret);
/* Ends the question, if it is still there. Each console_ask is followed by another one or by this,
 * after the answer, too. */
void console_ask_end(struct cli_console *c);
/* Whether a question of console_ask has not ended. */
bool console_is_asking(const struct cli_console *c);
/* Forgets the keys that were pressed so far: they are no answer to a question that nobody had
 * read. */
void console_drop_keys(struct cli_console *c);

/* ---- what happens besides ---- */

/* SIGWINCH, SIGTSTP or SIGCONT came. */
void console_signalled(struct cli_console *c, int number);
/* A message has come. It counts in the title until a line is typed. */
void console_announce(struct cli_console *c);
/* How many have come since the last line. */
uint64_t console_unread_count(const struct cli_console *c);
/* Whether messages ring: once for those that come less than a second apart. */
void console_bell(struct cli_console *c, bool is_on);
/* Takes the action if it belongs to a completion: names that were asked for. False: it does not. */
bool console_take(struct cli_console *c, const struct action *action);

#endif
