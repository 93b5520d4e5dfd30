/* SPDX-License-Identifier: MIT
 *
 * console: a person at the client: prompt, lines, questions, history and completion.
 * terminal/terminal.h knows keys and windows; this module knows what they mean in this chat. It
 * gives events to the caller. The caller decides what to do, and sets the prompt.
 *
 * A person can type lines while a command is under way: they wait their turn, so nobody has to stop
 * typing because a replica is slow. There is one exception: after a line that may lead to a
 * question (chat/secret.h), no line is taken, since what is typed then may be a password.
 *
 * A line that holds a password is neither kept in the history nor shown again. A line that would
 * send a password to somebody by a slip (chat/slip.h, chat/secret.h) is held back: it stands in the
 * line again, and the next Enter gives it as it is. So does a line with a password that the caller
 * has refused.
 *
 *   c = console_new(loop, link, output, settings, is_plain);
 *   while (console_next(c, lines, &event)) ...          once a turn, until there is no event
 *   console_prompt(c, prompt, name);
 *   console_draw(c);
 *   console_free(c);
 */
#ifndef THREEFOLD_CLI_CONSOLE_H
#define THREEFOLD_CLI_CONSOLE_H

#include "chat/conversation.h"
#include "chat/setting.h"
#include "cli/output.h"
#include "driver/link.h"
#include "terminal/terminal.h"

enum { CONSOLE_WAITING_MAX = 100 }; /* lines that wait their turn */

struct cli_console;

/* Switches the terminal to single keys, adds stdin to the loop, and reads the history. Loop, link,
 * output and settings must outlive the console. It asks the link for names that complete a word,
 * and the settings when something happens, so a change counts from the next time. is_plain: no
 * colours, until console_colours. */
struct cli_console *console_new(struct loop *l, struct link *link, struct cli_output *output,
                                const struct settings *settings, bool is_plain);
/* Whether CONSOLE_END means that the terminal cannot be waited for. That has been logged. */
bool console_has_failed(const struct cli_console *c);
/* Removes the prompt and switches the terminal back; NULL is fine. */
void console_free(struct cli_console *c);

/* ---- printing ---- */

/* Prints whole lines above what is typed. When it returns, they have left this process. */
void console_print(struct cli_console *c, struct view lines);
/* Prints one line of the client's own, broken between words as messages are. */
void console_print_line(struct cli_console *c, enum terminal_style style, const char *text);
/* Prints items in columns, as many as fit if `rows_left` rows and the prompt stay free below, and
 * returns how many that were. */
size_t console_columns(struct cli_console *c, const struct view *items, size_t count,
                       size_t rows_left);
/* The size of the window; 80 by 24 if it is not known. */
void console_size(unsigned *columns, unsigned *rows);
/* Whether the lines that are printed are broken between words, by the setting, and because the
 * window can be laid out. */
bool console_wraps(const struct cli_console *c);
/* Whether the terminal shows by itself what is typed, as a dumb one does. */
bool console_is_echoed(const struct cli_console *c);
/* Covers the window, as terminal_page does. */
void console_page(struct cli_console *c, struct view rows, const char *footer);
/* Whether it is covered. */
bool console_has_page(const struct cli_console *c);
/* How many rows were printed so far, as terminal_printed counts them. */
uint64_t console_printed(const struct cli_console *c);
/* How many rows a page has. */
unsigned console_page_rows(const struct cli_console *c);
/* Sets what stands before the line that is typed. If it is empty, neither is shown. `own` is the
 * account that is logged in, for the title of the window; empty: none. */
void console_prompt(struct cli_console *c, const char *prompt, const char *own);
/* Sets the row above the prompt; empty: none. */
void console_status(struct cli_console *c, const char *status);
/* Whether the window has room for such a row. */
bool console_has_status(struct cli_console *c);
/* Sets whether there are no colours from now on. */
void console_colours(struct cli_console *c, bool is_plain);
/* Brings the window up to date. */
void console_draw(struct cli_console *c);

/* ---- what the person does ---- */

/* What the caller does with the next line. */
enum console_lines {
	CONSOLE_CLOSED,  /* the caller takes no lines yet, or no more */
	CONSOLE_BUSY,    /* a line is under way: the next one waits its turn */
	CONSOLE_LOOKING, /* the same, and what is under way may be broken off */
	CONSOLE_FREE,    /* the caller takes it */
};

enum console_kind {
	CONSOLE_NOTHING, /* for console.c: the key made no event; console_next skips it */
	CONSOLE_LINE,    /* `text`, `is_text`, `was_shown` */
	CONSOLE_ASIDE,   /* `text`: a /replicas while what is under way waits for a replica */
	CONSOLE_ANSWER,  /* to console_ask: `text`, which may be empty */
	CONSOLE_LEFT, /* Ctrl-C or Ctrl-D instead of an answer; console_ask_end is the caller's */
	CONSOLE_MOVE, /* a key moves to another conversation: `move`, `number` */
	CONSOLE_INTERRUPT, /* Ctrl-C, for the second time, or while no line is taken */
	CONSOLE_BREAK,     /* Ctrl-C while the caller is CONSOLE_LOOKING */
	CONSOLE_END,       /* Ctrl-D, or the terminal has gone */
	CONSOLE_PAGE,      /* PgUp and the keys of a page: `rows` */
};

struct console_event {
	enum console_kind kind;
	struct view text;
	int rows;       /* so far the page is to go on; below 0: back */
	bool is_text;   /* it came from a paste, so it is no command, even if it begins with '/' */
	bool was_shown; /* the caller showed it while it waited: see console_waiting_line */
	struct view to; /* LINE: whom plain text went to when it was finished; empty: nobody */
	bool is_overtaken; /* LINE: since then a key has moved to another conversation */
	enum conversation_move move;
	size_t number;
};

/* Handles keys until there is an event for the caller; false if there is none. `lines` says what
 * the caller does with a line now. Views live until the next call. */
bool console_next(struct cli_console *c, enum console_lines lines, struct console_event *event);

/* Whether the last line that console_next gave may hold a password: it is not to be shown. */
bool console_hides(const struct cli_console *c);
/* Puts the last line that console_next gave back into the line that is typed, if the history does
 * not have it; if another one is being typed, Ctrl-Y has it. For a line that was refused. */
void console_give_back(struct cli_console *c);
/* Tells a password that the person has typed. */
void console_know(struct cli_console *c, struct view password);

/* A line that waits its turn. */
struct console_line {
	struct buf text;
	bool is_text;
	bool is_hidden;                /* the history does not have it: it may hold a password */
	bool was_shown;                /* set by the caller */
	char to[COMMAND_ACCOUNT_SIZE]; /* as in struct console_event */
	bool is_overtaken;
};

/* How many lines wait. Those that still wait when the client ends are lost. */
size_t console_waiting(const struct cli_console *c);
/* A line that waits; index 0 is the next one. NULL if `index` is not below console_waiting. The
 * line lives until the next call of console_next. */
struct console_line *console_waiting_line(struct cli_console *c, size_t index);

/* Whether what is typed can be hidden. If not, a password must not be asked for. Call it just
 * before the question. */
bool console_can_hide(struct cli_console *c);
/* Sets whom plain text goes to. The lines that wait keep whom they went to, and a /talk among them
 * counts for the prompt and for what is typed behind it, unless this `overtakes` it: then a key has
 * chosen anew. */
void console_aim(struct cli_console *c, struct view name, bool overtakes);
/* Whom plain text goes to that is finished now. A /talk counts from its Enter on, before it is
 * carried out: so the prompt names whom the next line goes to, or it goes to nobody. The view lives
 * until the next call of console_aim or console_next. */
struct view console_aimed_at(const struct cli_console *c);

/* Sets who wrote last, whom Tab on an empty line and "/reply " answer; empty: nobody has. Either
 * becomes "/msg NAME " in the line at once: so it goes to whom one sees, whoever writes. */
void console_reply(struct cli_console *c, struct view name);

/* Asks a question. The line that is being typed is put aside until it ends. The answer to a secret
 * question is not shown. */
void console_ask(struct cli_console *c, const char *prompt, bool is_secret);
/* Ends the question, if there is one. The caller follows each console_ask with another one or with
 * this call, also after an answer. */
void console_ask_end(struct cli_console *c);
/* Whether a question of console_ask has not ended. */
bool console_is_asking(const struct cli_console *c);
/* No line is taken any more: keys are left to whoever reads the terminal next, and Ctrl-C is a
 * signal again. */
void console_leave(struct cli_console *c);
/* Drops the keys pressed so far. Called before a question that the person cannot have expected, so
 * that keys meant for a line do not answer it. */
void console_drop_keys(struct cli_console *c);

/* ---- other events ---- */

/* Handles a signal: SIGWINCH, SIGTSTP or SIGCONT. */
void console_signalled(struct cli_console *c, int number);
/* Counts a message that has come. The window's title shows the count until a line is typed. */
void console_announce(struct cli_console *c);
/* How many have come since the last line. */
uint64_t console_unread_count(const struct cli_console *c);
/* Rings because a key can do nothing. */
void console_ring(struct cli_console *c);
/* Takes the action if it is the answer to a completion. False if it is not. */
bool console_take(struct cli_console *c, const struct action *action);

#endif
