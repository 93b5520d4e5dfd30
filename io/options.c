/* SPDX-License-Identifier: MIT
 *
 * A thin layer on getopt_long, which does the permuting, abbreviations and `--`. Its own messages
 * are not used: they begin with the program's path and do not say what was expected. What went
 * wrong is found out from what it leaves behind.
 */
#include "io/options.h"

#include "io/log.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	HELP_SIZE_MAX = 8192,
	HELP_COLUMN = 27,
	/* What getopt_long returns for a row: beyond all characters. */
	CODE_FIRST = 256,
	CODE_HELP = CODE_FIRST + OPTIONS_MAX,
	CODE_VERSION,
};

/* Rows before the end of the table. */
static size_t row_count(const struct options *o)
{
	size_t count = 0;

	while (o->rows[count].name != NULL)
		count++;
	assert(count <= OPTIONS_MAX);
	return count;
}

bool options_number(const char *text, uint64_t min, uint64_t max, uint64_t *number)
{
	uint64_t value = 0;

	if (*text == '\0')
		return false;
	for (; *text != '\0'; text++) {
		if (*text < '0' || *text > '9' || __builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*text - '0'), &value))
			return false;
	}
	if (value < min || value > max)
		return false;
	*number = value;
	return true;
}

bool options_seconds(const char *text, uint64_t min_ms, uint64_t max_ms, uint64_t *ms)
{
	char digits[32]; /* the milliseconds: what stands before the point, and three digits */
	size_t whole = strcspn(text, ".");
	size_t decimals = text[whole] == '.' ? strlen(text + whole + 1) : 0;

	if (whole == 0 || decimals > 3 || whole + 4 > sizeof digits ||
	    (text[whole] == '.' && decimals == 0))
		return false;
	memcpy(digits, text, whole);
	memset(digits + whole, '0', 3);
	memcpy(digits + whole, text + whole + (text[whole] == '.'), decimals);
	digits[whole + 3] = '\0';
	return options_number(digits, min_ms, max_ms, ms);
}

bool options_port(const char *text, bool zero, uint16_t *port)
{
	uint64_t number;

	if (!options_number(text, zero ? 0 : 1, UINT16_MAX, &number))
		return false;
	*port = (uint16_t)number;
	return true;
}

/* Sets what a row names. */
static bool row_take(const struct option_row *row, const char *argument, char err[OPTIONS_ERR_SIZE])
{
	bool good = true;

	assert(row->kind == OPTION_FLAG || argument != NULL);
	switch (row->kind) {
	case OPTION_FLAG:
		*row->flag = true;
		break;
	case OPTION_TEXT:
		*row->text = argument;
		good = *argument != '\0';
		if (!good)
			(void)snprintf(err, OPTIONS_ERR_SIZE,
			               "option '--%s' needs a %s that is not empty", row->name,
			               row->argument);
		break;
	case OPTION_NUMBER:
		good = options_number(argument, row->min, row->max, row->number);
		if (!good)
			(void)snprintf(err, OPTIONS_ERR_SIZE,
			               "option '--%s' needs a number from %ju to %ju, not '%.64s'",
			               row->name, (uintmax_t)row->min, (uintmax_t)row->max,
			               argument);
		break;
	case OPTION_SECONDS:
		good = options_seconds(argument, row->min, row->max, row->number);
		if (!good)
			(void)snprintf(err, OPTIONS_ERR_SIZE,
			               "option '--%s' needs seconds from %g to %g, not '%.64s'",
			               row->name, (double)row->min / 1000, (double)row->max / 1000,
			               argument);
		break;
	}
	return good;
}

/* The tables that getopt_long reads. */
static void make_tables(const struct options *o, struct option longs[OPTIONS_MAX + 3],
                        char shorts[2 * OPTIONS_MAX + 4])
{
	size_t count = row_count(o);
	char *letter = shorts;

	/* A leading colon: an argument that is missing is told apart. */
	*letter++ = ':';
	for (size_t i = 0; i < count; i++) {
		const struct option_row *row = &o->rows[i];
		bool has_argument = row->kind != OPTION_FLAG;

		longs[i] = (struct option){ row->name,
			                    has_argument ? required_argument : no_argument, NULL,
			                    CODE_FIRST + (int)i };
		if (row->letter == 0)
			continue;
		*letter++ = row->letter;
		if (has_argument)
			*letter++ = ':';
	}
	*letter++ = 'h';
	*letter++ = 'V';
	*letter = '\0';
	longs[count] = (struct option){ "help", no_argument, NULL, CODE_HELP };
	longs[count + 1] = (struct option){ "version", no_argument, NULL, CODE_VERSION };
	longs[count + 2] = (struct option){ NULL, 0, NULL, 0 };
}

/* The row that getopt_long's answer means, or NULL. */
static const struct option_row *row_of(const struct options *o, int code)
{
	size_t count = row_count(o);

	for (size_t i = 0; i < count; i++)
		if (code == CODE_FIRST + (int)i ||
		    (o->rows[i].letter != 0 && code == o->rows[i].letter))
			return &o->rows[i];
	return NULL;
}

/* After '?' or ':': which option it was stands before optind if it is a long one, else in
 * optopt. */
static void say_wrong(const struct options *o, int code, const char *word,
                      char err[OPTIONS_ERR_SIZE])
{
	const struct option_row *row = row_of(o, optopt);

	if (code == ':' && row != NULL)
		(void)snprintf(err, OPTIONS_ERR_SIZE, "option '--%s' needs a %s", row->name,
		               row->argument);
	else if (optopt >= CODE_FIRST)
		(void)snprintf(err, OPTIONS_ERR_SIZE, "option '%.64s' takes no value", word);
	else if (optopt != 0)
		(void)snprintf(err, OPTIONS_ERR_SIZE, "unknown option '-%c'", optopt);
	else
		(void)snprintf(err, OPTIONS_ERR_SIZE, "unknown option '%.64s'", word);
}

enum options_result options_parse(const struct options *o, int argc, char **argv, int *first,
                                  char err[OPTIONS_ERR_SIZE])
{
	struct option longs[OPTIONS_MAX + 3];
	char shorts[2 * OPTIONS_MAX + 4];
	uint32_t are_given = 0;
	int code;

	assert(argc >= 1);
	make_tables(o, longs, shorts);
	optind = 0; /* of the GNU libc: begins anew; musl takes it as 1 */
	opterr = 0;
	while ((code = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		const struct option_row *row = row_of(o, code);

		if (code == CODE_HELP || code == 'h')
			return OPTIONS_HELP;
		if (code == CODE_VERSION || code == 'V')
			return OPTIONS_VERSION;
		if (row == NULL) {
			say_wrong(o, code, argv[optind - 1], err);
			return OPTIONS_WRONG;
		}
		uint32_t bit = (uint32_t)1 << (row - o->rows);

		if (row->once && (are_given & bit)) {
			(void)snprintf(err, OPTIONS_ERR_SIZE, "option '--%s' is given twice",
			               row->name);
			return OPTIONS_WRONG;
		}
		are_given |= bit;
		if (!row_take(row, optarg, err))
			return OPTIONS_WRONG;
	}
	if (o->are_given != NULL)
		*o->are_given = are_given;
	assert(optind >= 1);
	assert(optind <= argc);
	*first = optind;
	return OPTIONS_OK;
}

/* ---- help ---- */

/* Text that grows in a fixed place. */
struct writer {
	const char *name; /* for OPTIONS_NAME */
	char *to;
	size_t size;
	size_t length;
};

__attribute__((format(printf, 2, 3))) static void put(struct writer *w, const char *format, ...)
{
	va_list values;
	int length;

	va_start(values, format);
	length = vsnprintf(w->to + w->length, w->size - w->length, format, values);
	va_end(values);
	assert(length >= 0);
	assert((size_t)length < w->size - w->length);
	w->length += (size_t)length;
}

/* Continues in column `indent` after each newline but the last. */
static void put_text(struct writer *w, const char *text, int indent)
{
	for (; *text != '\0'; text++) {
		if (*text == OPTIONS_NAME[0])
			put(w, "%s", w->name);
		else
			put(w, "%c", *text);
		if (*text == '\n' && text[1] != '\n')
			put(w, "%*s", indent, "");
	}
}

/* The help of a row begins in its column, on the next line if the option is too long for that. */
static void put_row(struct writer *w, char letter, const char *name, const char *argument,
                    const char *help)
{
	size_t begin = w->length;

	if (letter != 0)
		put(w, "  -%c, --%s", letter, name);
	else
		put(w, "      --%s", name);
	if (argument != NULL)
		put(w, " %s", argument);
	if (w->length - begin > HELP_COLUMN - 2)
		put(w, "\n%*s", HELP_COLUMN, "");
	else
		put(w, "%*s", (int)(HELP_COLUMN - (w->length - begin)), "");
	put_text(w, help, HELP_COLUMN);
	put(w, "\n");
}

size_t options_help(const struct options *o, const char *name, char *to, size_t size)
{
	struct writer w = { .name = name, .to = to, .size = size };

	put(&w, "usage: %s %s [OPTION...]\n\n", name, o->usage);
	put_text(&w, o->purpose, 0);
	put(&w, "\nOptions:\n");
	for (const struct option_row *row = o->rows; row->name != NULL; row++)
		put_row(&w, row->letter, row->name, row->argument, row->help);
	put_row(&w, 'h', "help", NULL, "show this and exit");
	put_row(&w, 'V', "version", NULL, "show the version and exit");
	if (o->notes != NULL) {
		put(&w, "\n");
		put_text(&w, o->notes, 0);
	}
	return w.length;
}

/* ---- for main ---- */

/* A help that could not be written, to a full disk say, was not given. */
static _Noreturn void say_and_exit(const char *text)
{
	bool written = fputs(text, stdout) >= 0 && fflush(stdout) == 0;

	exit(written ? EXIT_DONE : EXIT_REFUSED);
}

int options_read(const struct options *o, int argc, char **argv)
{
	char help[HELP_SIZE_MAX];
	char err[OPTIONS_ERR_SIZE];
	int first = 0;

	switch (options_parse(o, argc, argv, &first, err)) {
	case OPTIONS_HELP:
		(void)options_help(o, log_name(), help, sizeof help);
		say_and_exit(help);
	case OPTIONS_VERSION:
		(void)snprintf(help, sizeof help, "threefold %s %s\n", o->program,
		               THREEFOLD_VERSION);
		say_and_exit(help);
	case OPTIONS_WRONG:
		options_wrong("%s", err);
	case OPTIONS_OK:
		break;
	}
	return first;
}

void options_wrong(const char *format, ...)
{
	char sentence[OPTIONS_ERR_SIZE];
	va_list values;

	va_start(values, format);
	(void)vsnprintf(sentence, sizeof sentence, format, values);
	va_end(values);
	log_own(LOG_ERROR, "%s; try '%s --help'", sentence, log_name());
	exit(EXIT_USAGE);
}
