/* SPDX-License-Identifier: MIT
 *
 * client_terminal: a person at the client: prompt, lines, questions, history and completion. What
 * terminal/terminal.h does with keys and windows gets its meaning for this chat here.
 *
 * Lines are taken while a command is under way, too: they wait their turn, so nobody's typing stops
 * because a replica is slow. Only behind a line that may lead to a question they are not taken,
 * since what is typed then may be a password.
 *
 * A line that holds a password is neither kept in the history nor shown again.
 */
#ifndef THREEFOLD_CLI_CONSOLE_H
#define THREEFOLD_CLI_CONSOLE_H

#include "replication/replication.h"

struct client;
struct client_terminal;

enum { CLIENT_LINES_WAITING_MAX = 100 };

/* A line that waits its turn. */
struct client_queued {
	struct buf text;
	bool is_text;
	bool was_shown;
};

/* Switches the terminal; the loop has stdin from here on. */
struct client_terminal *client_terminal_new(struct client *c);
/* Takes the prompt away and switches the terminal back; NULL is fine. */
void client_terminal_free(struct client_terminal *ct);

/* Prints whole lines above what is typed; they have left this process when it returns. */
void client_terminal_print(struct client_terminal *ct, struct view lines);
/* The same in columns; how many there was room for, with `rows_left` rows and the prompt below. */
size_t client_terminal_columns(struct client_terminal *ct, const struct view *items, size_t count,
                               size_t rows_left);
/* Of the window, as far as it is known. */
void client_terminal_size(unsigned *columns, unsigned *rows);
/* What stands before the line; empty: neither is shown. */
void client_terminal_prompt(struct client_terminal *ct, const char *prompt);
/* Brings the window up to date. */
void client_terminal_draw(struct client_terminal *ct);

/* Does what the keys say, and gives the next line, if `is_free`, or the answer to a question. The
 * view lives until the next call. is_text: it came from a paste, and is no command whatever it
 * begins with. was_shown: see client_terminal_queued. */
bool client_terminal_line(struct client_terminal *ct, bool is_free, struct view *line,
                          bool *is_text, bool *was_shown);
/* Nothing more will be typed. */
bool client_terminal_has_ended(const struct client_terminal *ct);
/* Lines that wait their turn; they are dropped when no more are taken. */
size_t client_terminal_waiting(const struct client_terminal *ct);
/* One of them, from 0, the next; NULL: there are not so many. `was_shown` is the caller's to set.
 * It lives until the next call of client_terminal_line. */
struct client_queued *client_terminal_queued(struct client_terminal *ct, size_t index);

/* Keys that were pressed before a question was read are no answer to it. */
void client_terminal_drop_keys(struct client_terminal *ct);
void client_terminal_ask(struct client_terminal *ct, const char *prompt, bool is_secret);
void client_terminal_ask_end(struct client_terminal *ct);

/* SIGWINCH, SIGTSTP, SIGCONT. */
void client_terminal_signalled(struct client_terminal *ct, int number);
/* A message has come; counted in the title until a line is typed. */
void client_terminal_unread(struct client_terminal *ct);
uint64_t client_terminal_unread_count(const struct client_terminal *ct);
/* Whether messages ring; once for those that come less than a second apart. */
void client_terminal_bell(struct client_terminal *ct, bool is_on);
/* True if the action belongs to a completion: the names that were asked for. */
bool client_terminal_take(struct client_terminal *ct, const struct action *action);

#endif
