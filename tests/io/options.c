/* SPDX-License-Identifier: MIT
 *
 * Command lines, good and bad; and the operator's key, with several processes that make it at the
 * same moment.
 */
#include "io/key.h"
#include "io/options.h"
#include "tests/lib/tap.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAKERS = 16, ROUNDS = 20 };

static bool quiet;
static const char *data;
static uint64_t number;
static uint64_t seconds;
static const char *once;
static uint32_t are_given;

static const struct option_row rows[] = {
	{ .name = "quiet", .letter = 'q', .kind = OPTION_FLAG, .help = "say less", .flag = &quiet },
	{ .name = "data",
	  .letter = 'd',
	  .kind = OPTION_TEXT,
	  .argument = "DIR",
	  .help = "a folder",
	  .text = &data },
	{ .name = "number",
	  .kind = OPTION_NUMBER,
	  .argument = "N",
	  .help = "a number\nof two lines",
	  .number = &number,
	  .min = 5,
	  .max = 100 },
	{ .name = "timeout-of-everything",
	  .kind = OPTION_SECONDS,
	  .argument = "SECONDS",
	  .help = "a time",
	  .number = &seconds,
	  .min = 100,
	  .max = 60000 },
	{ .name = "once",
	  .kind = OPTION_TEXT,
	  .argument = "WHAT",
	  .help = "one thing",
	  .text = &once,
	  .once = true },
	{ .name = NULL },
};
static const struct options options = { .program = "prog",
	                                .usage = "HOST PORT",
	                                .purpose = "Does it.\n",
	                                .notes = "\n  " OPTIONS_NAME " a 1\nEnds.\n",
	                                .rows = rows,
	                                .are_given = &are_given };
static char err[OPTIONS_ERR_SIZE];
static char positionals[256];

/* The words of a command line, and what is left of them, joined by spaces, in `positionals`. */
static enum options_result parse(const char *words)
{
	static char copy[512]; /* what is parsed points into it */
	char *argv[32] = { "prog" };
	int argc = 1;
	int first = 0;
	enum options_result result;

	quiet = false;
	data = NULL;
	number = 0;
	seconds = 0;
	err[0] = '\0';
	positionals[0] = '\0';
	(void)snprintf(copy, sizeof copy, "%s", words);
	for (char *word = strtok(copy, " "); word != NULL; word = strtok(NULL, " "))
		argv[argc++] = word;
	result = options_parse(&options, argc, argv, &first, err);
	for (int i = first; result == OPTIONS_OK && i < argc; i++) {
		strcat(positionals, argv[i]);
		strcat(positionals, i + 1 < argc ? " " : "");
	}
	return result;
}

static void test_good_lines(void)
{
	OK(parse("") == OPTIONS_OK && positionals[0] == '\0', "options: nothing is something");
	OK(parse("a -q b --number=7 c") == OPTIONS_OK && quiet && number == 7,
	   "options: they may stand anywhere");
	IS_STRING(positionals, "a b c", "options: what is left are the positionals, in order");
	OK(parse("--number 5 --number 100") == OPTIONS_OK && number == 100,
	   "options: the last one counts");
	OK(parse("-q -- -q --number") == OPTIONS_OK, "options: two dashes end them");
	IS_STRING(positionals, "-q --number", "options: what follows them is taken as it is");
	OK(parse("-qd x") == OPTIONS_OK && quiet && strcmp(data, "x") == 0,
	   "options: letters in one word");
	OK(parse("--qui") == OPTIONS_OK && quiet, "options: an abbreviation that fits one");
	OK(parse("--timeout-of-everything 1.25") == OPTIONS_OK && seconds == 1250,
	   "options: seconds with decimals");
	OK(parse("--once a -q --number 7 -q") == OPTIONS_OK &&
	           are_given == (1u | 1u << 2 | 1u << 4),
	   "options: which were given is told");
	OK(parse("x --help --wrong") == OPTIONS_HELP, "options: help");
	OK(parse("-V") == OPTIONS_VERSION, "options: version");
}

static void test_mistakes(void)
{
	static const struct {
		const char *words;
		const char *sentence;
	} cases[] = {
		{ "--wrong", "unknown option '--wrong'" },
		{ "a --wrong=3 b", "unknown option '--wrong=3'" },
		{ "-x", "unknown option '-x'" },
		{ "-qx", "unknown option '-x'" },
		{ "--data", "option '--data' needs a DIR" },
		{ "-d", "option '--data' needs a DIR" },
		{ "--data=", "option '--data' needs a DIR that is not empty" },
		{ "--quiet=yes", "option '--quiet=yes' takes no value" },
		{ "--number 4", "option '--number' needs a number from 5 to 100, not '4'" },
		{ "--number 101", "option '--number' needs a number from 5 to 100, not '101'" },
		{ "--number x", "option '--number' needs a number from 5 to 100, not 'x'" },
		{ "--once a b --once a", "option '--once' is given twice" },
		{ "--timeout-of-everything .5",
		  "option '--timeout-of-everything' needs seconds from 0.1 to 60, not '.5'" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char name[128];

		(void)snprintf(name, sizeof name, "options: what is wrong with '%s'",
		               cases[i].words);
		ALWAYS(parse(cases[i].words) == OPTIONS_WRONG, "options: a mistake is found");
		IS_STRING(err, cases[i].sentence, name);
	}
}

static void test_numbers(void)
{
	uint64_t n = 1;
	uint16_t port = 1;

	OK(options_number("18446744073709551615", 0, UINT64_MAX, &n) && n == UINT64_MAX,
	   "options: the largest number");
	OK(!options_number("18446744073709551616", 0, UINT64_MAX, &n) && n == UINT64_MAX,
	   "options: one more is none, and changes nothing");
	OK(!options_number("", 0, 9, &n) && !options_number("-1", 0, 9, &n) &&
	           !options_number("+1", 0, 9, &n) && !options_number(" 1", 0, 9, &n) &&
	           !options_number("1x", 0, 9, &n) && !options_number("0x1", 0, 9, &n),
	   "options: digits only");
	OK(options_port("65535", false, &port) && port == 65535, "options: the largest port");
	OK(!options_port("65536", false, &port), "options: one more is none");
	OK(!options_port("0", false, &port) && options_port("0", true, &port) && port == 0,
	   "options: port 0 where it means any");
	OK(options_seconds("10", 0, 99999, &n) && n == 10000, "options: whole seconds");
	OK(options_seconds("0.001", 0, 99999, &n) && n == 1, "options: a millisecond");
	OK(options_seconds("2.5", 0, 99999, &n) && n == 2500, "options: half a second");
	OK(!options_seconds("0.0001", 0, 99999, &n) && !options_seconds("1.", 0, 99999, &n) &&
	           !options_seconds(".", 0, 99999, &n) && !options_seconds("1.2.3", 0, 99999, &n) &&
	           !options_seconds("99999999999999999999999999999999999", 0, 9, &n),
	   "options: and no other form of them");
}

static void test_help(void)
{
	char text[4096];
	size_t size = options_help(&options, "called", text, sizeof text);
	bool has_tabs = strchr(text, '\t') != NULL;

	IS_U64(size, strlen(text), "options: the help knows its size");
	OK(strncmp(text, "usage: called HOST PORT [OPTION...]\n\nDoes it.\n", 46) == 0,
	   "options: it begins with the usage, and the name it was called by");
	OK(strstr(text, "\n  -q, --quiet              say less\n") != NULL,
	   "options: a row with a letter");
	OK(strstr(text, "\n      --number N           a number\n"
	                "                           of two lines\n") != NULL,
	   "options: a row of two lines");
	OK(strstr(text, "--timeout-of-everything SECONDS\n                           a time\n") !=
	           NULL,
	   "options: a long name takes a line of its own");
	OK(strstr(text, "-h, --help") != NULL && strstr(text, "-V, --version") != NULL,
	   "options: the two that every program has");
	OK(!has_tabs && strcmp(text + size - 6, "Ends.\n") == 0, "options: and the notes");
	OK(strstr(text, "\n\n  called a 1\nEnds.\n") != NULL, "options: which name it, too");
}

/* ---- the operator's key ---- */

static void test_key_path(void)
{
	char path[KEY_PATH_SIZE];

	key_path("data/40123", path);
	IS_STRING(path, "data/operator.key", "key: it stands beside the data directory");
	key_path("/var/lib/threefold/1/", path);
	IS_STRING(path, "/var/lib/threefold/operator.key", "key: a slash at the end is none");
	key_path("one", path);
	IS_STRING(path, "./operator.key", "key: beside a folder here is here");
	key_path("a/..", path);
	IS_STRING(path, "a/../../operator.key", "key: beside '..' is above it");
}

static void test_key(const char *folder)
{
	char path[KEY_PATH_SIZE];
	uint8_t key[KEY_SIZE];
	uint8_t again[KEY_SIZE] = { 0 };
	struct stat stat;
	FILE *file;

	(void)snprintf(path, sizeof path, "%s/a//b/c/1", folder);
	IS_U64(key_make_folders(path, err), 0, "key: the folders above a path are made");
	(void)snprintf(path, sizeof path, "%s/a/b/c", folder);
	OK(lstat(path, &stat) == 0 && (stat.st_mode & 0777) == 0700, "key: for the owner alone");
	(void)snprintf(path, sizeof path, "%s/a/b/c/1", folder);
	OK(lstat(path, &stat) != 0, "key: but not the last");
	IS_U64(key_make_folders(path, err), 0, "key: those that are there stay");
	(void)snprintf(path, sizeof path, "%s/operator.key", folder);
	IS_U64(key_read(path, key, err), KEY_FAILED, "key: none can be read where there is none");
	IS_U64(key_read_or_make(path, key, err), KEY_MADE, "key: it is made if it is absent");
	OK(lstat(path, &stat) == 0 && (stat.st_mode & 0777) == 0600 && stat.st_size == KEY_SIZE,
	   "key: 32 bytes for the owner alone");
	IS_U64(key_read_or_make(path, again, err), KEY_OK, "key: and then stays");
	IS_BYTES(again, key, KEY_SIZE, "key: what it is");
	chmod(path, 0640);
	OK(key_read(path, again, err) == KEY_REFUSED && strstr(err, "chmod 600") != NULL,
	   "key: one that others may read is refused");
	chmod(path, 0600);
	file = fopen(path, "a");
	fputc('x', file);
	fclose(file);
	OK(key_read(path, again, err) == KEY_REFUSED && strstr(err, "32 bytes") != NULL,
	   "key: one of another size is refused");
	if (truncate(path, 0) != 0)
		exit(1);
	IS_U64(key_read_or_make(path, again, err), KEY_REFUSED,
	       "key: an empty one is not replaced");
	(void)unlink(path);
}

/* All begin when the pipe's end is closed; each says what its key is. */
static bool race(const char *path)
{
	uint8_t keys[MAKERS][KEY_SIZE];
	int start[2];
	int answer[2];
	bool same = true;

	if (pipe(start) != 0 || pipe(answer) != 0)
		exit(1);
	for (int i = 0; i < MAKERS; i++)
		if (fork() == 0) {
			uint8_t key[KEY_SIZE];
			char byte;
			enum key_status status;

			close(start[1]);
			(void)!read(start[0], &byte, 1);
			status = key_read_or_make(path, key, err);
			if (status != KEY_OK && status != KEY_MADE)
				memset(key, i, sizeof key);
			_exit(write(answer[1], key, KEY_SIZE) != KEY_SIZE);
		}
	close(start[0]);
	close(start[1]);
	for (int i = 0; i < MAKERS; i++) {
		if (read(answer[0], keys[i], KEY_SIZE) != KEY_SIZE)
			exit(1);
		same &= memcmp(keys[i], keys[0], KEY_SIZE) == 0;
	}
	while (wait(NULL) > 0)
		;
	close(answer[0]);
	close(answer[1]);
	return same;
}

static void test_key_race(const char *folder)
{
	char path[KEY_PATH_SIZE];
	bool same = true;

	(void)snprintf(path, sizeof path, "%s/operator.key", folder);
	for (int round = 0; round < ROUNDS; round++) {
		same &= race(path);
		(void)unlink(path);
	}
	OK(same, "key: processes that start at once end with the same one");
	for (const char *name = "/a/b/c\0/a/b\0/a\0"; *name != '\0'; name += strlen(name) + 1) {
		(void)snprintf(path, sizeof path, "%s%s", folder, name);
		(void)rmdir(path);
	}
	IS_U64(rmdir(folder), 0, "key: nothing is left of making it");
}

int main(void)
{
	char folder[] = "/tmp/threefold-unit-XXXXXX";

	test_good_lines();
	test_mistakes();
	test_numbers();
	test_help();
	if (mkdtemp(folder) == NULL)
		exit(1);
	test_key_path();
	test_key(folder);
	test_key_race(folder);
	return tap_done();
}
