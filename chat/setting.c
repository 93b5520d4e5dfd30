/* SPDX-License-Identifier: MIT */
#include "chat/setting.h"

#include "fact/name.h"

#include <stdarg.h>
#include <stdio.h>

#define SWITCH              \
	{                   \
		"off", "on" \
	}

static const struct setting_row rows[SETTING_END] = {
	[SETTING_BELL] = {
		.name = "bell",
		.choices = SWITCH,
		.initial = SWITCH_OFF,
		.help = "ring when a message comes; once for those that come within a second",
	},
	[SETTING_WRAP] = {
		.name = "wrap",
		.choices = { "words", "terminal" },
		.initial = WRAP_WORDS,
		.help = "break long lines between words, or leave it to the terminal, for copying",
	},
	[SETTING_STATUS] = {
		.name = "status",
		.choices = SWITCH,
		.initial = SWITCH_ON,
		.help = "a line above the prompt that says where something new is",
	},
	[SETTING_FOCUS] = {
		.name = "focus",
		.choices = SWITCH,
		.initial = SWITCH_OFF,
		.help = "show the lines of the current conversation only",
	},
	[SETTING_COLOURS] = {
		.name = "colours",
		.other_name = "colors",
		.choices = { "auto", "always", "never" },
		.initial = COLOURS_AUTO,
		.help = "auto has none if NO_COLOR is set or the terminal is a dumb one",
	},
	[SETTING_LOG] = {
		.name = "log",
		.choices = SWITCH,
		.initial = SWITCH_ON,
		.help = "keep what was said in a file of yours",
	},
	[SETTING_HISTORY] = {
		.name = "history",
		.choices = SWITCH,
		.initial = SWITCH_ON,
		.help = "keep what you typed for the arrow keys of the next time",
	},
	[SETTING_USER] = {
		.name = "user",
		.kind = SETTING_NAME,
		.help = "log in to this account at the start",
	},
};

const struct setting_row *setting_row(enum setting setting)
{
	assert(setting < SETTING_END);
	return &rows[setting];
}

static bool has_name(const struct setting_row *row, struct view name)
{
	return view_equal_lower(name, view_of_string(row->name)) ||
	       (row->other_name != NULL && view_equal_lower(name, view_of_string(row->other_name)));
}

enum setting setting_find(struct view name)
{
	enum setting setting = 0;

	while (setting < SETTING_END && !has_name(&rows[setting], name))
		setting++;
	return setting;
}

/* ---- values ---- */

static void put_initial(struct setting_value *value, enum setting setting)
{
	*value = (struct setting_value){ .choice = rows[setting].initial };
}

void setting_init(struct settings *s)
{
	for (enum setting i = 0; i < SETTING_END; i++)
		put_initial(&s->values[i], i);
}

/* "on or off", "auto, always or never". */
static void put_choices(const struct setting_row *row, char text[SETTING_ERR_SIZE])
{
	size_t size = 0;

	text[0] = 0;
	for (size_t i = 0; i < SETTING_CHOICES_MAX && row->choices[i] != NULL; i++) {
		bool is_last = i + 1 == SETTING_CHOICES_MAX || row->choices[i + 1] == NULL;

		size += (size_t)snprintf(text + size, SETTING_ERR_SIZE - size, "%s%s",
		                         i == 0    ? ""
		                         : is_last ? " or "
		                                   : ", ",
		                         row->choices[i]);
		assert(size < SETTING_ERR_SIZE);
	}
}

static bool refuse(const struct setting_row *row, struct view value, char err[SETTING_ERR_SIZE])
{
	char choices[SETTING_ERR_SIZE];
	int shown = value.size < 40 ? (int)value.size : 40;

	put_choices(row, choices);
	(void)snprintf(err, SETTING_ERR_SIZE, "%s is %.100s, not '%.*s'", row->name,
	               row->kind == SETTING_NAME ? "the name of an account, or - for none"
	                                         : choices,
	               shown, value.size == 0 ? "" : (const char *)value.data);
	return false;
}

bool setting_set(struct settings *s, enum setting setting, struct view value,
                 enum setting_source source, char err[SETTING_ERR_SIZE])
{
	const struct setting_row *row = setting_row(setting);
	struct setting_value new_value;

	put_initial(&new_value, setting);
	new_value.source = source;
	if (view_equal(value, view_of_string("-"))) {
		/* It is the value at first. */
	} else if (row->kind == SETTING_NAME) {
		if (value.size >= SETTING_VALUE_SIZE || !name_is_reference(value))
			return refuse(row, value, err);
		memcpy(new_value.text, value.data, value.size);
	} else {
		size_t i = 0;

		while (i < SETTING_CHOICES_MAX && row->choices[i] != NULL &&
		       !view_equal_lower(value, view_of_string(row->choices[i])))
			i++;
		if (i == SETTING_CHOICES_MAX || row->choices[i] == NULL)
			return refuse(row, value, err);
		new_value.choice = (unsigned)i;
	}
	s->values[setting] = new_value;
	return true;
}

bool setting_is_on(const struct settings *s, enum setting setting)
{
	assert(strcmp(setting_row(setting)->choices[SWITCH_ON], "on") == 0);
	return s->values[setting].choice == SWITCH_ON;
}

unsigned setting_choice(const struct settings *s, enum setting setting)
{
	assert(setting_row(setting)->kind == SETTING_CHOICE);
	return s->values[setting].choice;
}

const char *setting_text(const struct settings *s, enum setting setting)
{
	const struct setting_row *row = setting_row(setting);

	return row->kind == SETTING_NAME ? s->values[setting].text
	                                 : row->choices[s->values[setting].choice];
}

/* ---- what is shown ---- */

/* Appends to a text that has room for it. */
__attribute__((format(printf, 3, 4))) static void put(char text[SETTING_TEXT_SIZE], size_t *size,
                                                      const char *format, ...)
{
	va_list values;
	int count;

	va_start(values, format);
	count = vsnprintf(text + *size, SETTING_TEXT_SIZE - *size, format, values);
	va_end(values);
	assert(count >= 0);
	assert((size_t)count < SETTING_TEXT_SIZE - *size);
	*size += (size_t)count;
}

static const char *shown_text(const struct settings *s, enum setting setting)
{
	const char *text = setting_text(s, setting);

	return text[0] == 0 ? "-" : text;
}

void setting_table(const struct settings *s, size_t columns, size_t rows_max,
                   char text[SETTING_TEXT_SIZE])
{
	size_t size = 0;
	size_t count = 0;

	for (enum setting i = 0; i < SETTING_END; i++) {
		size_t begin = size;

		put(text, &size, "%s%-8s %-9s %s%s", i == 0 ? "" : "\n", rows[i].name,
		    shown_text(s, i), rows[i].help,
		    s->values[i].source == SETTING_FOR_RUN ? " (for this run)" : "");
		count += 1 + (size - begin) / columns;
	}
	if (count <= rows_max)
		return;
	size = 0;
	for (enum setting i = 0; i < SETTING_END; i++)
		put(text, &size, "%s%-8s %s", i == 0 ? "" : "\n", rows[i].name, shown_text(s, i));
}

void setting_line(const struct settings *s, enum setting setting, char text[SETTING_TEXT_SIZE])
{
	const struct setting_row *row = setting_row(setting);
	char choices[SETTING_ERR_SIZE];
	size_t size = 0;

	put_choices(row, choices);
	put(text, &size, "%s is %s%s", row->name, shown_text(s, setting),
	    s->values[setting].source == SETTING_FOR_RUN ? " for this run" : "");
	if (row->kind == SETTING_CHOICE)
		put(text, &size, "; it may be %s", choices);
	put(text, &size, "\n  %s", row->help);
}
