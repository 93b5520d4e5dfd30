/* SPDX-License-Identifier: MIT
 *
 * options: reads the command line of a program by a table, and makes the text of --help from the
 * same table.
 *
 * Every program has -h/--help and -V/--version; they need no row. Options and positionals may be
 * mixed, and `--` ends the options. After a mistake the program prints one sentence, not the whole
 * help, and ends with status 2.
 *
 *   static const struct option_row rows[] = {
 *           { .name = "data", .kind = OPTION_TEXT, .argument = "DIR", .text = &data, ... },
 *           { .name = NULL },
 *   };
 *   static const struct options options = { .program = "server", .rows = rows, ... };
 *   first = options_read(&options, argc, argv);    from argv[first] on: the positionals
 *
 * The exit statuses of all four programs are defined here, too.
 */
#ifndef THREEFOLD_IO_OPTIONS_H
#define THREEFOLD_IO_OPTIONS_H

#include "base/buf.h"

#define THREEFOLD_VERSION "0.2.0"

enum exit_status {
	EXIT_DONE = 0,
	EXIT_REFUSED = 1, /* refused, failed, or differs (repair --check, as diff does) */
	EXIT_USAGE = 2,
	/* No replica reachable, key refused, or data refused: damaged, locked, of a newer
	 * format. Supervisors need not try again. */
	EXIT_DATA = 3,
	EXIT_NO_REPLICA = 3,
	EXIT_FEWER = 4, /* repair: they hold the same, but fewer than three are live */
};

enum option_kind {
	OPTION_FLAG,    /* `flag` becomes true; no argument */
	OPTION_TEXT,    /* `text` becomes the argument */
	OPTION_NUMBER,  /* `number` becomes it; decimal digits, from min to max */
	OPTION_SECONDS, /* `number` becomes it in ms; up to three decimals; min and max in ms */
};

struct option_row {
	const char *name; /* NULL: the table's end */
	char letter;      /* 0: none */
	enum option_kind kind;
	const char *argument; /* its name in the help */
	const char *help;     /* lines of at most 60 characters, without an end */
	bool once;            /* given twice it is a mistake; else the last one counts */
	bool *flag;
	const char **text;
	uint64_t *number;
	uint64_t min;
	uint64_t max;
};

struct options {
	const char *program; /* which of the four it is; its file may have another name */
	const char *usage;   /* the positionals, as 'HOST PORT' */
	const char *purpose; /* paragraphs that stand before the options, with their newlines */
	const char *notes;   /* and those behind them */
	const struct option_row *rows;
	uint32_t *are_given; /* if not NULL: the bits of the rows that were given, from 1 << 0 on */
};

enum {
	OPTIONS_MAX = 32, /* rows of a table: bits of `are_given` */
	OPTIONS_ERR_SIZE = 512,
};

/* In a text of the help: the name that the program was called by. */
#define OPTIONS_NAME "\1"

enum options_result { OPTIONS_OK, OPTIONS_HELP, OPTIONS_VERSION, OPTIONS_WRONG };

/* Reads the command line. Sets the variables that the rows name, moves the positionals after the
 * options, and sets *first to the index of the first positional. OPTIONS_WRONG: `err` says what is
 * wrong. May be called more than once in a process. */
enum options_result options_parse(const struct options *o, int argc, char **argv, int *first,
                                  char err[OPTIONS_ERR_SIZE]);
/* Writes the whole text of --help to `to`, with a NUL, and returns its length; `name` is what the
 * program was called by. Asserts that `size` is enough. */
size_t options_help(const struct options *o, const char *name, char *to, size_t size);

/* Reads the command line for main. Returns the index of the first positional. --help and --version
 * print to stdout and end the program; a mistake prints to stderr and ends it, too. */
int options_read(const struct options *o, int argc, char **argv);
/* Prints "NAME: SENTENCE; try 'NAME --help'", where NAME is what the program was called by, and
 * ends it with EXIT_USAGE. */
_Noreturn void options_wrong(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Reads a number of decimal digits, without a sign, from min to max. False if it is none of these;
 * then *number is untouched. */
bool options_number(const char *text, uint64_t min, uint64_t max, uint64_t *number);
/* Reads seconds, as "2", "0.25" or "1.5", into milliseconds. False as above. */
bool options_seconds(const char *text, uint64_t min_ms, uint64_t max_ms, uint64_t *ms);
/* Reads a port: 1 to 65535, and 0 if `zero`. False as above. */
bool options_port(const char *text, bool zero, uint16_t *port);

#endif
