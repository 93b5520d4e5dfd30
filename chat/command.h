/* SPDX-License-Identifier: MIT
 *
 * command: the parser that makes a checked request of a line. A line is typed (`/msg bob hi`) or
 * JSON (`{"command":"msg","to":["bob"],"text":"hi"}`). The commands themselves are rows of
 * chat/verb.h.
 *
 * A typed line is cut at blanks into the command and its arguments (chat/word.h). A text is the
 * last argument: it begins behind the one blank after the argument before it and is all the rest of
 * the line. Options are only those that the command's row allows, and stand before the text; any
 * other word that begins with `-` is an argument.
 *
 * A line without a slash is plain text for the person that /talk chose. So is one that begins with
 * two slashes, without the first. A text that was probably meant as a command (chat/slip.h) is
 * refused, so that no password is sent to anybody.
 *
 * A request is checked in a fixed order, and the first failure is its outcome: the command is
 * known, the number of its arguments is right, then the form of each argument. Whether the user
 * must be logged in stands in the row too; the caller checks it, because only the caller knows.
 *
 * The keys of JSON are "command" and the fields of chat/verb.h. A key that the command does not
 * take, or a value of another type, is a usage error, which names the keys that it does. A number
 * may be given as a string. Every command may have a tag, which its result gives back.
 *
 *   struct command_parser p;
 *   command_parser_init(&p, asks);
 *   command_parse(&p, line, false, &request);
 *
 * The views in a request point into the line and into the parser. They live until the next call,
 * and not longer than the line.
 *
 * Pure but for the parser's own buffers. It neither knows who is logged in nor sends anything.
 */
#ifndef THREEFOLD_CHAT_COMMAND_H
#define THREEFOLD_CHAT_COMMAND_H

#include "chat/json.h"
#include "chat/setting.h"
#include "replication/replication.h"

enum {
	/* Room for the longest text with every byte as \u00XX, and 4,096 names. */
	COMMAND_LINE_SIZE_MAX = 1 << 20,
	COMMAND_DETAIL_SIZE = 400, /* of a sentence, with its NUL */
	COMMAND_PATTERN_SIZE_MAX = 256,
	COMMAND_COUNT_MAX = 1000, /* of /history */
	COMMAND_WAIT_COUNT_MAX = 1000000,
	COMMAND_TAG_SIZE_MAX = 64,
	COMMAND_ACCOUNT_SIZE = ID_TEXT_SIZE + NAME_SIZE_MAX + 1, /* of name_is_reference,
	                                                          * and a NUL */
};
/* The longest wait: about eleven days. */
#define COMMAND_DURATION_MS_MAX UINT64_C(1000000000)

struct command_request {
	enum verb verb;
	struct view word; /* the command as it was given, without the slash, cut to what is shown */
	uint32_t given;   /* fields, as bits */
	struct view name;
	struct view password;
	struct view new_password;
	struct invitation invitation; /* FIELD_INVITATION */
	bool take_over;
	struct view pattern; /* or the regular expression, if FIELD_REGEX is given */
	const struct view *to;
	size_t to_count;
	struct view text;
	bool is_notice;
	struct ulid session;  /* FIELD_ID: of the message that is sent again */
	uint64_t number;      /* and its number */
	uint64_t duration_ms; /* FIELD_SECONDS */
	bool is_on;           /* FIELD_STATE */
	uint32_t count;       /* FIELD_COUNT */
	enum setting setting; /* FIELD_SETTING */
	struct view value;    /* FIELD_VALUE: not checked */
	struct view tag;      /* of JSON; its data is NULL: none. Given also if refused */
	bool is_json;
	enum outcome outcome;             /* OUTCOME_OK, or why the request is refused */
	char detail[COMMAND_DETAIL_SIZE]; /* a sentence for the user; empty with OUTCOME_OK */
};

struct command_parser {
	bool asks;          /* a terminal: what is missing is asked for, and JSON is plain text */
	struct buf strings; /* of a JSON line, without escapes */
	struct view to[RECIPIENTS_MAX + 1]; /* the recipients of the last line */
};

/* Begins with no line read. `asks`: a person sits at a terminal, and the caller asks for what the
 * row allows to leave out. */
void command_parser_init(struct command_parser *p, bool asks);
/* Frees its memory; requests of this parser are not valid any more. */
void command_parser_release(struct command_parser *p);
/* Parses and checks one line of 1 to COMMAND_LINE_SIZE_MAX bytes, without its newline. `was_cut`:
 * the line was longer, and this is its front; such a line is always refused. Fills in all of
 * `request`; request->outcome tells whether it may be done. Its views point into the line or into
 * the parser, until the next command_parse. */
void command_parse(struct command_parser *p, struct view line, bool was_cut,
                   struct command_request *request);
/* The same for a line that is plain text whatever it begins with. It is checked as a text only. */
void command_parse_text(struct view line, struct command_request *request);
/* Overwrites the password of a request where the parser holds it, and takes it out of the request.
 * For when the command has begun, and whoever needs the password has a copy. */
void command_forget_password(struct command_parser *p, struct command_request *request);

/* Reads a number of seconds, as "1", "0.5", ".25", into milliseconds; more digits are dropped.
 * False if it is no number, or more than COMMAND_DURATION_MS_MAX; then *ms is untouched. */
bool command_duration(struct view text, uint64_t *ms);

#endif
