/* SPDX-License-Identifier: MIT
 *
 * Checks come in this order: the options, the number of addresses, the ports, a pair that stands
 * twice, unknown hosts, two pairs that are one address. Then the config is written, if the command
 * line asks for it. The client dials only after all checks.
 */
#include "cli/options.h"

#include "cli/config.h"
#include "chat/command.h"
#include "chat/window.h"

#include "io/log.h"
#include "io/options.h"
#include "io/password.h"
#include "io/tty.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { DAY_MS = 24 * 60 * 60 * 1000 };

static const char purpose[] =
	"Chats through the three replicas of a Threefold chat; any two of them may fail.\n"
	"HOST is a name, an IPv4 or an IPv6 address. On a terminal it is for a person:\n"
	"/help lists the commands. Otherwise, or with --json, it is for programs: one\n"
	"command a line, then it logs out and ends.\n";

static const char notes[] =
	"Without addresses those of $XDG_CONFIG_HOME/threefold/config count, by default\n"
	"~/.config/threefold/config: three lines 'replica = HOST PORT'. --save writes them.\n"
	"On a terminal /set keeps there what it changes, and an option goes before it.\n"
	"\n"
	"With --user a program needs --password-file as well. The log-in is then the first\n"
	"command, with a result of its own.\n"
	"\n"
	"Files, in $XDG_STATE_HOME/threefold/ (by default ~/.local/state/threefold/). They\n"
	"are made at a terminal only, for their owner alone, and hold clear text:\n"
	"  log/NAME~DIGITS/  what an account read and sent, one JSON object a line; PgUp,\n"
	"                    /history and /search show it. '--no-log', '/log off'\n"
	"  history           what was typed; Ctrl-R finds it. '--no-history'\n"
	"  talk/             whom plain lines go to after the next log-in\n"
	"\n"
	"Environment:\n"
	"  THREEFOLD_PASSWORD_FILE   as --password-file\n"
	"  NO_COLOR, TERM=dumb   plain text, as on a pipe; '--color always' has colours\n"
	"                        even then\n"
	"\n"
	"Signals:\n"
	"  TERM, INT, HUP    log out and end; a second one ends at once\n"
	"\n"
	"Exit status:\n"
	"  0  done\n"
	"  1  a command was refused, or its outcome is not known; or stdin or stdout failed, or\n"
	"     not all messages could be shown\n"
	"  2  the command line, the config or the password file is wrong, or no host is known\n"
	"     (with --save: one of them is not)\n"
	"  3  no replica could be reached\n";

/* What only this file uses of the command line. */
struct client_words {
	const char *color;
	const char *password_file;
	const char *password_source; /* where its name stands */
	bool save;
	bool no_log;
	bool no_history;
};

/* What the command line says. */
static struct client_options given = { .timeout_ms = 10000,
	                               .reply_timeout_ms = REPLY_TIMEOUT_MS,
	                               .window = WINDOW_SIZE,
	                               .min_copies = 1 };
static struct client_words words;

static const struct option_row rows[] = {
	{ .name = "json",
	  .kind = OPTION_FLAG,
	  .help = "script mode: one JSON object a line",
	  .flag = &given.json },
	{ .name = "user",
	  .kind = OPTION_TEXT,
	  .argument = "NAME",
	  .help = "log in at the start; the password is asked for",
	  .text = &given.user },
	{ .name = "password-file",
	  .kind = OPTION_TEXT,
	  .argument = "FILE",
	  .help = "its first line is the password of --user. Only\n"
	          "its owner may have access to it; it may be a pipe",
	  .text = &words.password_file },
	{ .name = "save",
	  .kind = OPTION_FLAG,
	  .help = "keep these addresses for the next time, when\n"
	          "'" OPTIONS_NAME "' alone is enough",
	  .flag = &words.save },
	{ .name = "no-log",
	  .kind = OPTION_FLAG,
	  .help = "do not keep what is said (see Files)",
	  .flag = &words.no_log },
	{ .name = "no-history",
	  .kind = OPTION_FLAG,
	  .help = "do not keep what is typed for the next time",
	  .flag = &words.no_history },
	{ .name = "color",
	  .kind = OPTION_TEXT,
	  .argument = "WHEN",
	  .help = "auto (without NO_COLOR), always or never",
	  .text = &words.color },
	{ .name = "operator",
	  .kind = OPTION_FLAG,
	  .help = "a person is told what becomes of each replica",
	  .flag = &given.is_operator },
	{ .name = "timeout",
	  .kind = OPTION_SECONDS,
	  .argument = "SECONDS",
	  .help = "a script waits so long for a live replica (10)",
	  .number = &given.timeout_ms,
	  .min = 1,
	  .max = DAY_MS },
	{ .name = "reply-timeout",
	  .kind = OPTION_SECONDS,
	  .argument = "SECONDS",
	  .help = "one that owes a reply for so long is dead (3)",
	  .number = &given.reply_timeout_ms,
	  .min = 10,
	  .max = DAY_MS },
	{ .name = "window",
	  .kind = OPTION_NUMBER,
	  .argument = "N",
	  .help = "so many messages of a script are under way\n"
	          "together (64)",
	  .number = &given.window,
	  .min = 1,
	  .max = WINDOW_SIZE_MAX },
	{ .name = "send-only",
	  .kind = OPTION_FLAG,
	  .help = "a script's log-ins are for sending alone: they\n"
	          "leave the mailbox as it is, need no session to be\n"
	          "free, and many may run at once",
	  .flag = &given.is_sending },
	{ .name = "take-over",
	  .kind = OPTION_FLAG,
	  .help = "a script's log-ins end the session of another\n"
	          "client",
	  .flag = &given.takes_over },
	{ .name = "stop-on-error",
	  .kind = OPTION_FLAG,
	  .help = "a script ends with the first command that is\n"
	          "refused; at most a window of messages was sent\n"
	          "behind it",
	  .flag = &given.stops_on_error },
	{ .name = "min-copies",
	  .kind = OPTION_NUMBER,
	  .argument = "K",
	  .help = "refuse what fewer than K replicas would hold (1)",
	  .number = &given.min_copies,
	  .min = 1,
	  .max = REPLICAS },
	{ .name = "idle-logout",
	  .kind = OPTION_SECONDS,
	  .argument = "SECONDS",
	  .help = "log out after so long without a command",
	  .number = &given.idle_ms,
	  .min = 1,
	  .max = DAY_MS },
	{ .name = NULL },
};

static const struct options options = { .program = "client",
	                                .usage = "[HOST PORT HOST PORT HOST PORT]",
	                                .purpose = purpose,
	                                .notes = notes,
	                                .rows = rows };

static bool share_an_address(const struct dial_target *a, const struct dial_target *b)
{
	for (size_t i = 0; i < a->count; i++)
		for (size_t j = 0; j < b->count; j++)
			if (address_equal(&a->addresses[i], &b->addresses[j]))
				return true;
	return false;
}

/* ---- what belongs together ---- */

/* A file that the environment names is used only if there is a --user. */
static void use_environment(const struct client_options *o)
{
	static const char name[] = "THREEFOLD_PASSWORD_FILE";
	const char *path = getenv(name);

	words.password_source = "option '--password-file'";
	if (words.password_file != NULL || o->user == NULL || path == NULL || path[0] == 0)
		return;
	words.password_file = path;
	words.password_source = name;
}

static void read_user(struct client_options *o)
{
	char err[PASSWORD_ERR_SIZE];

	if (o->user != NULL && !name_is_reference(view_of_string(o->user)))
		options_wrong("option '--user': '%.64s' is no name: one has " NAME_FORM, o->user);
	if (o->is_terminal && (o->is_sending || o->takes_over))
		options_wrong("option '--%s' is for scripts; here /login has --take-over",
		              o->is_sending ? "send-only" : "take-over");
	if (o->is_sending && o->takes_over)
		options_wrong("option '--take-over' ends a session, and '--send-only' needs "
		              "none to be free");
	if (words.password_file != NULL && o->user == NULL)
		options_wrong("option '--password-file' is for '--user NAME', which is "
		              "missing");
	if (words.password_file != NULL &&
	    !password_read(words.password_file, o->password, &o->password_size, err))
		options_wrong("%s: %s", words.password_source, err);
	if (o->user != NULL && words.password_file == NULL && !o->is_terminal)
		options_wrong("option '--user' needs '--password-file FILE' without a terminal "
		              "and with --json: nobody can be asked for the password "
		              "(THREEFOLD_PASSWORD_FILE names one, too)");
}

/* What the command line says goes before the config. */
static void put_settings(struct client_options *o)
{
	char err[SETTING_ERR_SIZE];

	if (words.color != NULL &&
	    (strcmp(words.color, "-") == 0 ||
	     !setting_set(&o->settings, SETTING_COLOURS, view_of_string(words.color),
	                  SETTING_FOR_RUN, err)))
		options_wrong("option '--color' is auto, always or never, not '%.64s'",
		              words.color);
	if (o->user != NULL && o->user != o->kept_user)
		(void)setting_set(&o->settings, SETTING_USER, view_of_string(o->user),
		                  SETTING_FOR_RUN, err); /* it is checked already */
	if (words.no_log)
		(void)setting_set(&o->settings, SETTING_LOG, view_of_string("off"), SETTING_FOR_RUN,
		                  err);
	if (words.no_history)
		(void)setting_set(&o->settings, SETTING_HISTORY, view_of_string("off"),
		                  SETTING_FOR_RUN, err);
}

/* ---- the config ---- */

static _Noreturn void end_wrong(const char *err)
{
	/* Nothing is wrong with the command line. */
	log_own(LOG_ERROR, "%s", err);
	exit(EXIT_USAGE);
}

/* A person's settings. With addresses on the command line nobody needs a config, so a wrong one is
 * told and stops nothing. */
static void use_settings(struct client_options *o, bool has_addresses)
{
	struct cli_config config;
	char path[HOME_PATH_SIZE];
	char err[CONFIG_ERR_SIZE];
	bool is_missing;

	if (!o->is_terminal || !config_path(path))
		return;
	if (config_read(path, &config, &is_missing, err)) {
		o->settings = config.settings;
		(void)snprintf(o->kept_user, sizeof o->kept_user, "%s",
		               setting_text(&config.settings, SETTING_USER));
		if (o->user == NULL && o->kept_user[0] != 0)
			o->user = o->kept_user;
	} else if (!is_missing && has_addresses) {
		log_own(LOG_ERROR, "nothing is set as you chose it: %s", err);
	} else if (!is_missing) {
		end_wrong(err);
	}
}

/* ---- addresses ---- */

/* The config's words instead of those that were not given. */
static void use_config(struct cli_config *config, char *pairs[2 * REPLICAS])
{
	char path[HOME_PATH_SIZE];
	char err[CONFIG_ERR_SIZE];
	bool is_missing;

	if (!config_path(path))
		options_wrong("three pairs of HOST and PORT are needed, not 0 words");
	if (!config_read(path, config, &is_missing, err)) {
		if (is_missing)
			options_wrong("three pairs of HOST and PORT are needed (with --save they "
			              "are kept in '%.300s', and '%s' alone is enough)",
			              path, log_name());
		end_wrong(err);
	}
	if (!config->has_replicas) {
		(void)snprintf(err, sizeof err,
		               "%s: 0 replicas instead of three; there is a line for each: "
		               "replica = HOST PORT, and '%s --save' writes them",
		               path, log_name());
		end_wrong(err);
	}
	for (size_t i = 0; i < REPLICAS; i++) {
		pairs[2 * i] = config->hosts[i];
		pairs[2 * i + 1] = config->ports[i];
	}
}

static void save(char *pairs[2 * REPLICAS])
{
	struct cli_config config;
	char path[HOME_PATH_SIZE];
	char err[CONFIG_ERR_SIZE];

	if (!config_path(path))
		options_wrong("option '--save': neither XDG_CONFIG_HOME nor HOME says "
		              "where");
	for (size_t i = 0; i < REPLICAS; i++) {
		uint16_t port = 0;
		bool good = options_port(pairs[2 * i + 1], false, &port);

		assert(good);
		(void)good;
		(void)snprintf(config.hosts[i], CONFIG_HOST_SIZE, "%s", pairs[2 * i]);
		(void)snprintf(config.ports[i], CONFIG_PORT_SIZE, "%u", port);
	}
	if (!config_write_replicas(path, &config, err)) {
		log_own(LOG_ERROR, "option '--save': %s", err);
		exit(EXIT_REFUSED);
	}
	log_own(LOG_INFO, "the addresses are kept in '%s': '%s' alone is enough now", path,
	        log_name());
}

/* One host may have two names, or an address and a name. */
static void refuse_twins(const struct client_options *o)
{
	for (size_t i = 0; i < REPLICAS; i++)
		for (size_t j = 0; j < i; j++)
			if (share_an_address(&o->targets[i], &o->targets[j]))
				options_wrong(
					"'%s' and '%s' are one address: a replica is given twice",
					o->targets[j].text, o->targets[i].text);
}

void client_options_read(struct client_options *o, int argc, char **argv)
{
	struct cli_config config;
	char *pairs[2 * REPLICAS];
	int first = options_read(&options, argc, argv);
	int count = argc - first;

	*o = given;
	setting_init(&o->settings);
	o->is_terminal = !o->json && tty_is_there(STDIN_FILENO, STDOUT_FILENO);
	if (count != 2 * REPLICAS && count != 0)
		options_wrong("three pairs of HOST and PORT are needed, not %d word%s", count,
		              count == 1 ? "" : "s");
	if (count == 0 && words.save)
		options_wrong("option '--save' keeps the three pairs of HOST and PORT that stand "
		              "beside it: they are missing");
	put_settings(o);
	use_environment(o);
	read_user(o);
	use_settings(o, count > 0);
	put_settings(o);
	if (count == 0)
		use_config(&config, pairs);
	else
		for (int i = 0; i < count; i++)
			pairs[i] = argv[first + i];
	dial_targets_read(o->targets, 2 * REPLICAS, pairs, false);
	refuse_twins(o);
	for (size_t i = 0; i < REPLICAS && words.save; i++)
		if (o->targets[i].count == 0)
			options_wrong("unknown host '%.256s': nothing is saved", pairs[2 * i]);
	if (words.save)
		save(pairs);
}
