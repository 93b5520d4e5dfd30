/* SPDX-License-Identifier: MIT
 *
 * Settings (chat/setting.h): each value that a row allows is taken, any other is refused with those
 * that are possible, and what is written reads back as it was.
 */
#include "chat/setting.h"
#include "tests/lib/tap.h"

static struct settings settings;
static char err[SETTING_ERR_SIZE];

static bool set(enum setting setting, const char *value)
{
	err[0] = 0;
	return setting_set(&settings, setting, view_of_string(value), SETTING_KEPT, err);
}

static void test_rows(void)
{
	for (enum setting i = 0; i < SETTING_END; i++) {
		const struct setting_row *row = setting_row(i);

		ALWAYS(setting_find(view_of_string(row->name)) == i, "a row is found by its name");
		ALWAYS(strlen(row->name) <= 8, "which has room in the table");
		ALWAYS(row->help[strlen(row->help) - 1] != '.', "the help is a phrase");
		ALWAYS(row->kind == SETTING_NAME || row->choices[row->initial] != NULL,
		       "its first value is one of its choices");
	}
	OK(setting_find(view_of_string("colors")) == SETTING_COLOURS, "colours have two spellings");
	OK(setting_find(view_of_string("Colors")) == SETTING_COLOURS, "whatever the case");
	OK(setting_find(view_of_string("BELL")) == SETTING_BELL, "of any name");
	OK(setting_find(view_of_string("bel")) == SETTING_END, "a part of a name is none");
	OK(setting_find(view_of(NULL, 0)) == SETTING_END, "nor is nothing");
}

static void test_values(void)
{
	setting_init(&settings);
	for (enum setting i = 0; i < SETTING_END; i++) {
		const struct setting_row *row = setting_row(i);

		ALWAYS(settings.values[i].source == SETTING_INITIAL, "nothing is chosen at first");
		for (size_t k = 0; k < SETTING_CHOICES_MAX && row->choices[k] != NULL; k++) {
			ALWAYS(set(i, row->choices[k]), "each choice may be set");
			ALWAYS(setting_choice(&settings, i) == k, "and is set then");
			ALWAYS(strcmp(setting_text(&settings, i), row->choices[k]) == 0, "by name");
			ALWAYS(settings.values[i].source == SETTING_KEPT, "it has its source");
		}
		ALWAYS(set(i, "-"), "each has a value at first");
		ALWAYS(row->kind == SETTING_NAME || setting_choice(&settings, i) == row->initial,
		       "which it gets again");
		ALWAYS(!set(i, ""), "nothing is no value");
	}
	OK(set(SETTING_BELL, "on") && setting_is_on(&settings, SETTING_BELL), "a switch is on");
	OK(set(SETTING_BELL, "off") && !setting_is_on(&settings, SETTING_BELL), "and off");
}

static void test_refusals(void)
{
	setting_init(&settings);
	OK(!set(SETTING_BELL, "loud"), "a value that is none");
	IS_STRING(err, "bell is off or on, not 'loud'", "the sentence has the possible ones");
	OK(!set(SETTING_COLOURS, "On"), "another");
	IS_STRING(err, "colours is auto, always or never, not 'On'", "three of them");
	OK(set(SETTING_BELL, "ON") && setting_is_on(&settings, SETTING_BELL),
	   "case does not count");
	OK(set(SETTING_BELL, "-"), "the first value again");
	OK(!set(SETTING_WRAP, "words,terminal"), "two at once");
	OK(set(SETTING_USER, "ann"), "a name");
	IS_STRING(setting_text(&settings, SETTING_USER), "ann", "is kept");
	OK(!set(SETTING_USER, "an/n"), "what is no name is refused");
	IS_STRING(err, "user is the name of an account, or - for none, not 'an/n'", "as such");
	IS_STRING(setting_text(&settings, SETTING_USER), "ann", "and the old one stays");
	OK(set(SETTING_USER, "-"), "no name");
	IS_STRING(setting_text(&settings, SETTING_USER), "", "is nothing");
	OK(!set(SETTING_BELL, "0123456789012345678901234567890123456789 and more"), "a long one");
	IS_STRING(err, "bell is off or on, not '0123456789012345678901234567890123456789'",
	          "is cut");
}

static void test_texts(void)
{
	char text[SETTING_TEXT_SIZE];
	size_t lines = 1;

	setting_init(&settings);
	setting_table(&settings, 40, 10, text);
	OK(strstr(text, "bell     ") == text && strstr(text, "\nstatus   ") != NULL &&
	           strstr(text, "ring when") == NULL,
	   "a small window gets names and values");
	setting_table(&settings, 80, 22, text);
	for (const char *c = text; *c != 0; c++)
		lines += *c == '\n';
	IS_U64(lines, SETTING_END, "the table has a line for each");
	OK(strncmp(text, "bell     off       ring when", 28) == 0, "with name, value and help");
	OK(strstr(text, "for this run") == NULL, "nothing is for this run only");
	OK(setting_set(&settings, SETTING_WRAP, view_of_string("terminal"), SETTING_FOR_RUN, err),
	   "for this run");
	setting_line(&settings, SETTING_WRAP, text);
	OK(strncmp(text, "wrap is terminal for this run; it may be words or terminal\n  break",
	           66) == 0,
	   "one of them");
	setting_line(&settings, SETTING_USER, text);
	OK(strncmp(text, "user is -\n  log in", 18) == 0, "a name that is not chosen");
}

int main(void)
{
	test_rows();
	test_values();
	test_refusals();
	test_texts();
	return tap_done();
}
