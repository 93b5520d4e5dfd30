/* SPDX-License-Identifier: MIT
 *
 * Configs of a client, good and bad, and what is left of them after any damage: three replicas, or
 * one sentence.
 */
#include "cli/config.h"
#include "tests/lib/tap.h"

enum { ROUNDS = 20000 };

static struct cli_config config;
static char err[CONFIG_ERR_SIZE];

static bool parse(const char *text)
{
	memset(&config, 0, sizeof config);
	err[0] = 0;
	return config_parse(view_of_string(text), "FILE", &config, err);
}

static void test_good(void)
{
	OK(parse("replica = a 1\nreplica = b 22\nreplica = ::1 65535\n"), "three lines");
	IS_STRING(config.hosts[0], "a", "the first host");
	IS_STRING(config.ports[1], "22", "the second port");
	IS_STRING(config.hosts[2], "::1", "an IPv6 address");
	IS_STRING(config.ports[2], "65535", "the last port there is");
	IS_STRING(err, "", "nothing is said");
	OK(parse("# one\n\n \t\n\t#two\nreplica=a\t1\r\nreplica =b 1 \nreplica= c 1"),
	   "comments, blanks, CR LF, no newline at the end");
	IS_STRING(config.hosts[1], "b", "no blank is needed before the host");
	IS_STRING(config.ports[1], "1", "blanks at the end are none of the port");
	OK(parse("# \xff any byte may stand in a comment\nreplica = a 1\nreplica = b 1\n"
	         "replica = c 1\n"),
	   "comments may hold any bytes");
}

static void test_bad(void)
{
	static const struct {
		const char *text;
		const char *beginning;
	} cases[] = {
		{ "replica = a 1\n", "FILE: 1 replica instead of three" },
		{ "replica = a 1\nreplicas = b 1\n", "FILE:2: no line of a config" },
		{ "Replica = a 1\n", "FILE:1: no line of a config" },
		{ "replica\n", "FILE:1: no line of a config" },
		{ "= a 1\n", "FILE:1: no line of a config" },
		{ "replica a = 1\n", "FILE:1: no line of a config" },
		{ "replica == a 1\n", "FILE:1: no PORT" },
		{ "replica = a 65536\n", "FILE:1: no PORT" },
		{ "replica = a 000001\n", "FILE:1: no PORT" },
		{ "replica = a -1\n", "FILE:1: no PORT" },
		{ "replica = a:1\n", "FILE:1: no PORT" },
		{ "replica = a 1 # the first\n", "FILE:1: something after the PORT" },
		{ "replica = gr\xc3\xbc\xc3\x9f 1\n", "FILE:1: bytes that are no text" },
		{ "replica = a\x7f 1\n", "FILE:1: bytes that are no text" },
		{ "replica = a\r 1\n", "FILE:1: bytes that are no text" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		ALWAYS(!parse(cases[i].text), "a bad one is refused");
		OK(strncmp(err, cases[i].beginning, strlen(cases[i].beginning)) == 0,
		   cases[i].beginning);
		ALWAYS(config.hosts[0][0] == 0, "nothing is taken over");
	}
}

static void test_settings(void)
{
	OK(parse(""), "an empty config");
	OK(!config.has_replicas, "has no replicas");
	IS_STRING(setting_text(&config.settings, SETTING_WRAP), "words",
	          "and settings as at first");
	OK(parse("bell = on\nreplica = a 1\nwrap=terminal \r\nreplica = b 1\nreplica = c 1\n"
	         "user = ann\n"),
	   "settings stand anywhere");
	OK(config.has_replicas, "among the replicas, too");
	OK(setting_is_on(&config.settings, SETTING_BELL), "a switch");
	OK(setting_choice(&config.settings, SETTING_WRAP) == WRAP_TERMINAL, "a choice");
	IS_STRING(setting_text(&config.settings, SETTING_USER), "ann", "a name");
	OK(!parse("\nbell = maybe\n"), "a value that is none");
	OK(strstr(err, "FILE:2: bell is off or on, not 'maybe'; a line is") == err, "has its line");
	OK(!parse("bell = on off\n"), "two values");
	OK(!parse("bell =\n"), "no value");
	OK(parse("Bell = on\n"), "a setting in whatever case");
	OK(!parse("Bel = on\n"), "no such setting");
	OK(!parse("bell = on\nbell = on\n"), "one that stands twice");
}

static void edit_is(const char *text, const char *lines, const char *wanted, const char *name)
{
	struct buf to;

	buf_init(&to, 1024);
	config_edit(view_of_string(text), view_of_string("bell"), view_of_string(lines), &to);
	OK(view_equal(buf_view(&to), view_of_string(wanted)), name);
	buf_release(&to);
}

static void test_edit(void)
{
	edit_is("", "bell = on\n", "bell = on\n", "a line in an empty text");
	edit_is("a\nbell = off\nb", "bell = on\n", "a\nbell = on\nb", "the place of the old one");
	edit_is("a\nb", "bell = on\n", "a\nb\nbell = on\n", "the end, which gets a newline");
	edit_is("a\n", "bell = on\n", "a\nbell = on\n", "the end that has one");
	edit_is("bell=off", "bell = on\n", "bell = on\n", "a last line without an end");
	edit_is("a\n \tbell\t=x\nb\nbell = y\n", "", "a\nb\n", "all of them go");
	edit_is("a\nBell = off\nb", "bell = on\n", "a\nbell = on\nb", "whatever its case is");
	edit_is("# bell = x\nbells = y\nbell y\r\n", "", "# bell = x\nbells = y\nbell y\r\n",
	        "others stay, byte by byte");
}

static void test_limits(void)
{
	char text[1024];

	for (size_t size = CONFIG_HOST_SIZE - 1; size <= CONFIG_HOST_SIZE; size++) {
		(void)snprintf(text, sizeof text,
		               "replica = %0*d 1\nreplica = b 1\nreplica = c 1\n", (int)size, 7);
		OK(parse(text) == (size < CONFIG_HOST_SIZE), "a host has at most 253 bytes");
	}
}

/* One byte of a good config becomes another, or its end is lost. */
static void test_damage(void)
{
	static const char good[] = "# c\nreplica = a 1\nreplica = b 2\nreplica = c 3\n";
	unsigned refused = 0;
	uint32_t seed = 1;

	for (unsigned round = 0; round < ROUNDS; round++) {
		uint8_t *text = memory_alloc(sizeof good);
		size_t size = sizeof good - 1;

		memcpy(text, good, size);
		seed = seed * 1664525u + 1013904223u;
		text[(seed >> 8) % size] = (uint8_t)(seed >> 24);
		if (round % 3 == 0)
			size = (seed >> 12) % size;
		/* In memory of its own size, so that a read past its end is found. */
		text = memory_resize(text, size);
		err[0] = 0;
		if (!config_parse(view_of(text, size), "FILE", &config, err)) {
			refused++;
			ALWAYS(strncmp(err, "FILE:", 5) == 0, "a sentence names the file");
			for (const char *c = err; *c != 0; c++)
				ALWAYS(*c >= ' ' && *c <= '~', "and repeats nothing harmful");
		}
		memory_free(text);
	}
	OK(refused > ROUNDS / 3 && refused < ROUNDS, "damage is found, or does not matter");
}

int main(void)
{
	test_good();
	test_bad();
	test_settings();
	test_edit();
	test_limits();
	test_damage();
	return tap_done();
}
