/* SPDX-License-Identifier: MIT
 *
 * verb: the table of commands: how each is written, what it takes, what the help says of it; and
 * how a row is found. A new command is a value of enum verb, a row in chat/verb.c, and one
 * in cli/run.c, which says what is done.
 *
 * Pure. Rows are constant.
 */
#ifndef THREEFOLD_CHAT_VERB_H
#define THREEFOLD_CHAT_VERB_H

#include "base/buf.h"

/* Longer words are close to no command. */
enum { VERB_WORD_SIZE_MAX = 64 };

enum verb {
	VERB_CREATE,
	VERB_LOGIN,
	VERB_LOGOUT,
	VERB_DELETE,
	VERB_PASSWORD,
	VERB_LIST,
	VERB_MSG,
	VERB_TALK,
	VERB_REPLY,
	VERB_ALL,
	VERB_CHECK,
	VERB_REPLICAS,
	VERB_BELL,
	VERB_FOCUS,
	VERB_HISTORY,
	VERB_SEARCH,
	VERB_LOG,
	VERB_SET,
	VERB_WAIT,
	VERB_HELP,
	VERB_QUIT,
	VERB_TEXT, /* plain text, which is no command; the last, so that all others are rows */
	VERB_END,
};

/* What a command may be given. chat/key.h says which key of JSON each is. */
enum field {
	FIELD_NAME,
	FIELD_PASSWORD,
	FIELD_TAKE_OVER,
	FIELD_PATTERN,
	FIELD_REGEX,
	FIELD_TO,
	FIELD_TEXT,
	FIELD_ID,
	FIELD_SECONDS,
	FIELD_STATE,
	FIELD_COUNT,
	FIELD_SETTING,
	FIELD_VALUE,
	FIELD_NOTICE,
	FIELD_NEW_PASSWORD,
	FIELD_INVITATION,
	FIELD_TAG, /* of every command as JSON; in no row */
	FIELD_END,
};
#define FIELD_BIT(field) (UINT32_C(1) << (field))

/* Whether one must be logged in, or must not be. */
enum verb_when { WHEN_ANY, WHEN_IN, WHEN_OUT };

struct verb_row {
	enum verb verb;
	const char *name;    /* without the slash */
	const char *usage;   /* what follows the name; "": nothing */
	const char *summary; /* a phrase for the list of all */
	const char *help;    /* sentences */
	enum verb_when when;
	const char *not_for_programs; /* why only a person's terminal has it; NULL: all have it */
	bool is_whole;                /* it is never abbreviated */
	uint32_t needed;              /* fields, as bits */
	uint32_t optional;            /* fields, as bits */
	uint32_t asked;               /* of those needed, what the client asks for on a terminal */
	uint32_t
		may_lack; /* of those needed, what may lack on a terminal: it tells what there is */
	uint8_t arguments[2]; /* fields, in their order; FIELD_END: none */
};

/* The row of a command; NULL for VERB_TEXT. */
const struct verb_row *verb_row(enum verb verb);
/* The row of this name, which is given without the slash; NULL if there is none. */
const struct verb_row *verb_find(struct view name);
/* The row of a name as a person types it: whole, or a part from its front that fits no other row.
 * What cannot be undone, or reaches everybody, is never abbreviated. NULL if there is none. */
const struct verb_row *verb_typed(struct view name);
/* Whether this word, which verb_typed does not know, might mean a command: it is the front of its
 * name. */
bool verb_may_mean(struct view word, const struct verb_row *row);
/* Takes the first word from `line`. The row of the command that it is; NULL if it is none. */
const struct verb_row *verb_of_line(struct view *line);
/* The row that a wrong name was probably meant to be; NULL if none is near. */
const struct verb_row *verb_nearest(struct view wrong);
/* The least number of insertions, deletions, replacements and swaps of neighbours that turn one
 * word into the other, upper and lower case being equal. Both have at most VERB_WORD_SIZE_MAX
 * bytes. */
size_t verb_distance(struct view a, struct view b);
/* How the command is written here that `line` means in another chat system; NULL if the line has
 * no such form. */
const char *verb_foreign(struct view line);

/* An option is a word before or between the arguments. */
struct verb_option {
	const char *word;
	enum field field;
	bool has_value; /* it is the next word */
};
/* The option of this command that the word is; NULL: it is none, but an argument. */
const struct verb_option *verb_option(const struct verb_row *row, struct view word);
/* How many arguments stand in `line`, which begins behind the command: options and their values are
 * none. */
size_t verb_count_arguments(const struct verb_row *row, struct view line);

#endif
