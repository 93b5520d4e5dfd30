/* SPDX-License-Identifier: MIT
 *
 * setting: the table of what a person can choose about the client, and the values that are chosen.
 * `/set`, the config (cli/config.h), the command line and the completion all read this table. A new
 * setting is a value of enum setting, a row in chat/setting.c, and a question to `struct settings`
 * where it matters: setting_is_on, setting_choice or setting_text.
 *
 * Pure. One struct of values is made at the start and handed down; there is no other place that
 * knows what is chosen.
 */
#ifndef THREEFOLD_CHAT_SETTING_H
#define THREEFOLD_CHAT_SETTING_H

#include "base/buf.h"

enum setting {
	SETTING_BELL,
	SETTING_WRAP,
	SETTING_STATUS,
	SETTING_FOCUS,
	SETTING_COLOURS,
	SETTING_LOG,
	SETTING_HISTORY,
	SETTING_USER,
	SETTING_END,
};

/* The choices of a switch, and those of other settings, in the order of their rows. */
enum { SWITCH_OFF, SWITCH_ON };
enum { WRAP_WORDS, WRAP_TERMINAL };
enum { COLOURS_AUTO, COLOURS_ALWAYS, COLOURS_NEVER };

enum setting_kind {
	SETTING_CHOICE, /* one of `choices`; a switch is one of "off" and "on" */
	SETTING_NAME,   /* the name of an account, or nothing */
};

enum {
	SETTING_CHOICES_MAX = 4,
	SETTING_VALUE_SIZE = 80, /* of a value as it is written, with its NUL */
	SETTING_ERR_SIZE = 256,
	SETTING_TEXT_SIZE = 2048, /* of setting_table */
};

struct setting_row {
	const char *name;
	const char *other_name; /* another spelling of it; NULL: there is none */
	enum setting_kind kind;
	const char *choices[SETTING_CHOICES_MAX]; /* up to NULL */
	unsigned initial; /* the choice at first; a name is empty at first */
	const char *help; /* a phrase without a point */
};

/* Where a value comes from. A later one goes before an earlier one. */
enum setting_source {
	SETTING_INITIAL, /* it was never chosen */
	SETTING_KEPT,    /* the config */
	SETTING_FOR_RUN, /* the command line, or /set where nothing can be kept */
};

struct setting_value {
	enum setting_source source;
	unsigned choice;
	char text[SETTING_VALUE_SIZE]; /* of a name */
};

struct settings {
	struct setting_value values[SETTING_END];
};

/* The row of a setting below SETTING_END. */
const struct setting_row *setting_row(enum setting setting);
/* The setting of this name, in whatever case; SETTING_END if there is none. */
enum setting setting_find(struct view name);

/* Each setting as it is at first. */
void setting_init(struct settings *s);
/* Sets a value as it is written, in whatever case; "-" is the value at first. False if it is none
 * of the possible ones: then nothing has changed and `err` is a sentence that names them. */
bool setting_set(struct settings *s, enum setting setting, struct view value,
                 enum setting_source source, char err[SETTING_ERR_SIZE]);

/* Whether a switch is on. */
bool setting_is_on(const struct settings *s, enum setting setting);
/* The choice of a setting with choices: one of the enums above. */
unsigned setting_choice(const struct settings *s, enum setting setting);
/* The value as it is written; "" for a name that is not chosen. */
const char *setting_text(const struct settings *s, enum setting setting);

/* Writes a line for each setting: name, value, help. Without a newline at the end. The help is left
 * out if in so many columns it would take more than so many rows. */
void setting_table(const struct settings *s, size_t columns, size_t rows_max,
                   char text[SETTING_TEXT_SIZE]);
/* Writes all that there is to say of one: its value, what else it may be, its help. */
void setting_line(const struct settings *s, enum setting setting, char text[SETTING_TEXT_SIZE]);

#endif
