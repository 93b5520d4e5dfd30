/* SPDX-License-Identifier: MIT
 *
 * command: what a user may say to the client. One table of commands, and the parser that makes a
 * checked request of a line, typed (`/msg bob hi`) or as JSON
 * (`{"command":"msg","to":["bob"],"text":"hi"}`).
 *
 * A typed line is cut at blanks (space, tab) into the command and its arguments. A text is the
 * last argument: all that follows the one blank after the argument before it, as it stands.
 * Options are only those that the table names for a command, and stand before the text; any other
 * word that begins with `-` is an argument. A line without the slash is plain text for the
 * conversation that was chosen by /talk, unless it has the form of another system's command,
 * which is never sent to anybody.
 *
 * A request is checked in the order in which refusals are promised: the command is known, the
 * number of its arguments, the form of each. Whether one must be logged in is a row of the table,
 * too, but checked by the caller, who knows it.
 *
 * JSON keys are the fields below; a key that the command does not take, or one with a value of
 * another type, is a usage error. A number may be given as a string.
 *
 *   struct command_parser p;
 *   command_parser_init(&p, asks);
 *   command_parse(&p, line, false, &request);      views live until the next call, or the line's
 * end
 *
 * Pure but for the parser's own buffers. It neither knows who is logged in nor sends anything.
 */
#ifndef THREEFOLD_CHAT_COMMAND_H
#define THREEFOLD_CHAT_COMMAND_H

#include "chat/json.h"
#include "replication/replication.h"

enum {
	/* Room for the longest text with every byte as \u00XX, and 4,096 names. */
	COMMAND_LINE_SIZE_MAX = 1 << 20,
	COMMAND_DETAIL_SIZE = 400,
	COMMAND_PATTERN_SIZE_MAX = 256,
	COMMAND_ACCOUNT_SIZE = ID_TEXT_SIZE + NAME_SIZE_MAX + 1, /* of name_is_reference,
	                                                          * and a NUL */
};
/* The longest duration that anybody may name: about eleven days. */
#define COMMAND_DURATION_MS_MAX UINT64_C(1000000000)

struct command_request {
	enum verb verb;
	/* The command as it was given, without the slash, cut to what is shown. */
	struct view word;
	uint16_t given; /* fields, as bits */
	struct view name;
	struct view password;
	bool take_over;
	struct view pattern; /* also the regular expression: then FIELD_REGEX is given */
	const struct view *to;
	size_t to_count;
	struct view text;
	struct ulid session; /* FIELD_ID */
	uint64_t number;
	uint64_t duration_ms; /* FIELD_SECONDS */
	bool is_on;           /* FIELD_STATE */
	enum outcome outcome; /* OUTCOME_OK, or why it cannot be done, and a sentence: */
	char detail[COMMAND_DETAIL_SIZE];
};

struct command_parser {
	bool asks;          /* on a terminal what is missing is asked for */
	struct buf strings; /* of a JSON line, without escapes */
	struct view to[RECIPIENTS_MAX + 1];
};

void command_parser_init(struct command_parser *p, bool asks);
void command_parser_release(struct command_parser *p);
/* The line, without its newline, is not empty. `was_cut`: it was longer than
 * COMMAND_LINE_SIZE_MAX, and this is its front. */
void command_parse(struct command_parser *p, struct view line, bool was_cut,
                   struct command_request *request);
/* The same for a line that is a text, whatever it begins with. */
void command_parse_text(struct view line, struct command_request *request);

/* "1", "0.5", ".25": seconds, at most COMMAND_DURATION_MS_MAX. */
bool command_duration(struct view text, uint64_t *ms);

#endif
