/* SPDX-License-Identifier: MIT
 *
 * server: one replica. One thread runs the loop, one waits for the disk, and one for memory.
 *
 * A turn of the loop: wait; read each connection that has sent something, once; write what needs no
 * disk (pushes first of all); commit; write the replies that waited for the commit. Session and
 * store decide what may be stored, who may ask and what is answered; journal decides how it stands
 * on the disk. This file reads the command line, and starts, drives and stops them.
 *
 * Start: bind (the port is part of the data directory's name), give up what is not needed, open and
 * load the data, listen, say so. Stop: accept no more, commit, write the replies, close, write the
 * snapshots, exit 0. A second signal ends the process at once, and nothing that was acknowledged is
 * lost.
 */
#include "io/address.h"
#include "io/file.h"
#include "io/key.h"
#include "io/log.h"
#include "io/options.h"
#include "io/sandbox.h"
#include "io/syncer.h"
#include "driver/commit.h"
#include "driver/peers.h"
#include "driver/verify.h"

#include <errno.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

_Static_assert((int)ADDRESS_ERR_SIZE == (int)ERR_SIZE, "one buffer for every sentence");
_Static_assert((int)KEY_ERR_SIZE == (int)ERR_SIZE, "one buffer for every sentence");
_Static_assert((int)SANDBOX_ERR_SIZE == (int)ERR_SIZE, "one buffer for every sentence");

enum {
	FILE_LIMIT_MIN = 16 << 20, /* of RLIMIT_FSIZE: the reserve, and what is stored beside it */
	GATHER_TURNS_MAX = 3,      /* of the loop, before what they brought is committed */
	GATHER_HEARD_MIN = 3,      /* connections that were heard */
	CONNECTIONS_MAX = 65536,
	DESCRIPTORS_KEPT = 64, /* that no connection gets */
};

/* ---- the command line ---- */

struct server_options {
	const char *host;
	uint16_t port;      /* 0: any */
	const char *data;   /* NULL: PORT in the folder of the state */
	const char *key;    /* NULL: beside the data, or in it */
	const char *user;   /* NULL: whoever started it */
	const char *verify; /* NULL: serve */
	uint64_t share_messages;
	uint64_t share_bytes;
	const char *registration; /* who may make an account */
	uint64_t limit_memory;    /* MiB */
	uint64_t limit_accounts;
	uint64_t limit_unknown;
	uint64_t limit_connections; /* 0: a part of all */
	bool limit_loopback;
	bool salvage;
	bool new_uuid;
	bool no_sandbox;
	bool verbose;
	bool quiet;
};

static const char purpose[] =
	"Serves one replica of a Threefold chat. Start three of them, best on three hosts;\n"
	"they never talk to each other. HOST is a name, an IPv4 or an IPv6 address of this host;\n"
	"PORT 0 picks a free one. The last line of a start, on stderr, tells the address, the\n"
	"data directory and how much was loaded.\n";

static const char notes[] =
	"Limits (an address is an IPv4 address, or the first 64 bits of an IPv6 address):\n"
	"  connections    as many as descriptors allow, at most 65536. If all are used, or an\n"
	"                 address has all that it may have, the oldest one that is not logged in\n"
	"                 is closed. A quarter is kept for those who log in.\n"
	"  passwords      After three wrong ones for an account from an address each answer takes\n"
	"                 longer, up to a second; and after 100 from an address for all accounts\n"
	"                 together. A right one is never delayed.\n"
	"  frames         11 KiB before a log-in, 256 KiB after it\n"
	"  silence        A connection that sends nothing, or reads nothing, for 6 s is closed.\n"
	"  What an address was refused is logged, once a minute. Wrong passwords and operator\n"
	"  keys are logged at once, ten a second at most.\n"
	"\n"
	"Files:\n"
	"  DIR/users.json, DIR/pending.json    accounts; messages that were not received yet\n"
	"  DIR/journal.jsonl                   what has changed since those were written\n"
	"  DIR/replica.json                    which replica this is: not to be copied\n"
	"  DIR/../operator.key                 the operator's key. If there is none, it is made:\n"
	"                                      copy it to the hosts of the others\n"
	"  DIR/operator.key                    goes first if it is there. The key is made here\n"
	"                                      if nothing can be made beside DIR\n"
	"  $STATE_DIRECTORY                    instead of 'data', if it is set\n"
	"\n"
	"Signals:\n"
	"  TERM, INT    stop cleanly; a second one at once\n"
	"  HUP          ends nothing: the log goes where it went. A changed key needs a new start\n"
	"  USR1         log counters\n"
	"\n"
	"Exit status:\n"
	"  0  stopped cleanly; or all is whole (--verify)\n"
	"  1  failed: the host is not known, the address cannot be had, the disk cannot be\n"
	"     written; or something is damaged (--verify)\n"
	"  2  wrong usage\n"
	"  3  the data was refused: damaged, in use by another server, of a newer format\n"
	"\n"
	"Examples:\n"
	"  " OPTIONS_NAME " 127.0.0.1 40001\n"
	"  " OPTIONS_NAME " ::1 40002 --data /var/lib/threefold/40002\n"
	"  " OPTIONS_NAME " --verify /backup/monday\n";

enum { SHARE_MESSAGES = 1000000, LIMIT_MAX = 1000000, MEMORY_MIB = 28 * 1024 };
#define SHARE_BYTES (UINT64_C(1) << 30)

/* What the command line says. */
static struct server_options given = { .registration = "open",
	                               .share_messages = SHARE_MESSAGES,
	                               .share_bytes = SHARE_BYTES,
	                               .limit_memory = MEMORY_MIB,
	                               .limit_accounts = LIMIT_ACCOUNTS_A_MINUTE,
	                               .limit_unknown = LIMIT_UNKNOWN_A_MINUTE };

static const struct option_row rows[] = {
	{ .name = "data",
	  .letter = 'd',
	  .kind = OPTION_TEXT,
	  .argument = "DIR",
	  .text = &given.data,
	  .help = "where the data is (default: data/PORT)" },
	{ .name = "key",
	  .letter = 'k',
	  .kind = OPTION_TEXT,
	  .argument = "FILE",
	  .text = &given.key,
	  .help = "the operator's key, made if absent (default: see\n"
	          "Files)" },
	{ .name = "register",
	  .kind = OPTION_TEXT,
	  .argument = "WHO",
	  .text = &given.registration,
	  .help = "who may make an account: 'open' (anybody, the\n"
	          "default), 'invited' (whoever has an invitation, see\n"
	          "repair --invite) or 'closed' (nobody). All three\n"
	          "servers need the same" },
	{ .name = "share-messages",
	  .kind = OPTION_NUMBER,
	  .argument = "N",
	  .number = &given.share_messages,
	  .min = 1,
	  .max = UINT32_MAX / 2,
	  .help = "how many messages of one sender may wait in one\n"
	          "mailbox (default: 1000000)" },
	{ .name = "share-bytes",
	  .kind = OPTION_NUMBER,
	  .argument = "N",
	  .number = &given.share_bytes,
	  .min = 1,
	  .max = NUMBER_MAX / 2,
	  .help = "and how many bytes of text (default: 1073741824)" },
	{ .name = "limit-memory",
	  .kind = OPTION_NUMBER,
	  .argument = "MIB",
	  .number = &given.limit_memory,
	  .min = 1,
	  .max = MEMORY_MIB,
	  .help = "how much memory all facts may take; then nothing new\n"
	          "is stored, and what was received is (default: 28672)" },
	{ .name = "limit-accounts",
	  .kind = OPTION_NUMBER,
	  .argument = "N",
	  .number = &given.limit_accounts,
	  .min = 1,
	  .max = LIMIT_MAX,
	  .help = "how many accounts one address may make in a minute\n"
	          "(default: 60)" },
	{ .name = "limit-unknown",
	  .kind = OPTION_NUMBER,
	  .argument = "N",
	  .number = &given.limit_unknown,
	  .min = 1,
	  .max = LIMIT_MAX,
	  .help = "and how many messages of or to accounts that this\n"
	          "replica does not know (default: 1000)" },
	{ .name = "limit-connections",
	  .kind = OPTION_NUMBER,
	  .argument = "N",
	  .number = &given.limit_connections,
	  .min = 1,
	  .max = LIMIT_MAX,
	  .help = "how many connections one address may have (default:\n"
	          "an eighth of all)" },
	{ .name = "limit-loopback",
	  .kind = OPTION_FLAG,
	  .flag = &given.limit_loopback,
	  .help = "these three hold for loopback addresses, too" },
	{ .name = "verify",
	  .once = true,
	  .kind = OPTION_TEXT,
	  .argument = "DIR",
	  .text = &given.verify,
	  .help = "serve nobody: read every file of this data\n"
	          "directory, or backup, and say what is damaged, and\n"
	          "where. Changes nothing" },
	{ .name = "salvage",
	  .kind = OPTION_FLAG,
	  .flag = &given.salvage,
	  .help = "set a damaged file aside and start with what is\n"
	          "whole; repair brings the rest back" },
	{ .name = "new-uuid",
	  .kind = OPTION_FLAG,
	  .flag = &given.new_uuid,
	  .help = "become another replica: for a data directory that\n"
	          "was copied from one that still runs" },
	{ .name = "user",
	  .kind = OPTION_TEXT,
	  .argument = "NAME",
	  .text = &given.user,
	  .help = "become this user once the port is bound; needs root.\n"
	          "The data must be that user's" },
	{ .name = "no-sandbox",
	  .kind = OPTION_FLAG,
	  .flag = &given.no_sandbox,
	  .help = "keep what a server does not need: other files, other\n"
	          "system calls" },
	{ .name = "verbose",
	  .letter = 'v',
	  .kind = OPTION_FLAG,
	  .flag = &given.verbose,
	  .help = "log who logs in from where, and connections, too" },
	{ .name = "quiet",
	  .letter = 'q',
	  .kind = OPTION_FLAG,
	  .flag = &given.quiet,
	  .help = "log start, stop and trouble only" },
	{ .name = NULL },
};

/* The words of --register. */
static const char *const registrations[] = {
	[REGISTRATION_OPEN] = "open",
	[REGISTRATION_INVITED] = "invited",
	[REGISTRATION_CLOSED] = "closed",
};

/* Who may make an account; REGISTRATION_CLOSED + 1: it is none of the words. */
static enum session_registration registration_of(const char *word)
{
	enum session_registration who = REGISTRATION_OPEN;

	while (who <= REGISTRATION_CLOSED && strcmp(word, registrations[who]) != 0)
		who++;
	return who;
}

/* --verify reads a directory and perhaps a key: all other options are for who serves. */
static void exclude_from_verify(uint32_t are_given)
{
	for (uint32_t i = 0; rows[i].name != NULL; i++)
		if ((are_given >> i & 1) && rows[i].text != &given.verify &&
		    rows[i].text != &given.key)
			options_wrong("'--verify' and '--%s' exclude each other", rows[i].name);
}

/* Help, version and mistakes end the program. The strings are those of `argv`. Whether the host can
 * be resolved and the data can be read is found out when they are needed. */
static void read_options(int argc, char **argv)
{
	static uint32_t are_given;
	static const struct options options = { .program = "server",
		                                .usage = "HOST PORT",
		                                .purpose = purpose,
		                                .notes = notes,
		                                .rows = rows,
		                                .are_given = &are_given };
	int first = options_read(&options, argc, argv);

	if (given.verify != NULL) {
		if (argc != first)
			options_wrong("'--verify' serves nobody: no HOST and PORT are expected");
		exclude_from_verify(are_given);
		return;
	}
	if (argc - first < 2)
		options_wrong("HOST and PORT are needed");
	if (argc - first > 2)
		options_wrong("only HOST and PORT are expected, not '%.64s'", argv[first + 2]);
	given.host = argv[first];
	if (!options_port(argv[first + 1], true, &given.port))
		options_wrong("PORT must be a number from 0 to 65535, not '%.64s'",
		              argv[first + 1]);
	if (registration_of(given.registration) > REGISTRATION_CLOSED)
		options_wrong("'--register' is open, invited or closed, not '%.64s'",
		              given.registration);
	if (given.verbose && given.quiet)
		options_wrong("'--verbose' and '--quiet' exclude each other");
}

/* ---- start ---- */

struct server {
	struct server_options options;
	char data[KEY_PATH_SIZE + 8]; /* of the default */
	char key[KEY_PATH_SIZE];
	struct address bound;
	int listener;
	struct loop *loop;
	struct disk *disk;
	struct store *store;
	struct journal *journal;
	struct sessions *sessions;
	struct peers *peers;
	struct committer *committer;
	struct syncer *preparer;
	void *memory;               /* that the preparer has made */
	struct loop_timer tick;     /* at session_deadline */
	struct loop_timer watchdog; /* if a supervisor asks for it */
	uint64_t watchdog_ms;
	uint64_t started_ms;
	bool is_stopping;
};

static _Noreturn void die(enum exit_status status, const char *sentence)
{
	log_plain(LOG_ERROR, "threefold %s: %s", THREEFOLD_VERSION, sentence);
	exit((int)status);
}

/* Opens the log, keeps new files private, takes all descriptors that it may have, and ignores the
 * signals that must not end it. */
static void prepare_process(const struct server_options *o)
{
	struct rlimit limit;

	log_open(o->verbose ? LOG_DEBUG : o->quiet ? LOG_NOTICE : LOG_INFO);
	umask(077);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN); /* a file that may not grow: a write tells */
	(void)signal(SIGUSR1, SIG_IGN); /* until the loop takes it, */
	(void)signal(SIGHUP, SIG_IGN);  /* and this one */
	if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur < FILE_LIMIT_MIN)
		die(EXIT_REFUSED, "files may not grow as large as a journal must be: the limit of "
		                  "their size (ulimit -f, LimitFSIZE=) must be 16 MiB or more");
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	(void)setrlimit(RLIMIT_NOFILE, &limit); /* if it fails, fewer clients can connect */
}

/* From here on nothing needs root. Folders that are missing become the user's. */
static void become_user(const struct server *s)
{
	struct sandbox_user user;
	char err[ERR_SIZE];

	if (s->options.user == NULL)
		return;
	if (sandbox_user_find(s->options.user, &user, err) != 0)
		die(EXIT_USAGE, err);
	sandbox_user_own(&user, s->options.data);
	if (sandbox_user_become(&user, err) != 0)
		die(EXIT_REFUSED, err);
}

/* Says what a stranger who takes the server over would still have. */
static void report_rights(const struct server *s, const char *lacks)
{
	if (geteuid() == 0)
		log_line(LOG_WARNING,
		         "runs as root: '--user NAME' gives that up once the port is bound");
	if (lacks[0] != '\0')
		log_line(LOG_WARNING, "%s: the server can do more than it needs", lacks);
	else if (s->options.no_sandbox)
		log_line(LOG_INFO, "without a sandbox");
}

/* A name may have several addresses: the first that can be bound is taken. This comes before the
 * data is opened, since a port that the system picks becomes part of the folder's name. */
static void bind_address(struct server *s)
{
	struct address addresses[ADDRESS_MAX];
	char state[KEY_PATH_SIZE];
	char err[ERR_SIZE];
	int count = address_resolve(s->options.host, s->options.port, true, addresses, err);

	if (count < 0) /* perhaps not yet: a host's resolver comes up with its network */
		die(EXIT_REFUSED, err);
	s->listener = address_bind(addresses, (size_t)count, &s->bound, err);
	if (s->listener < 0)
		die(EXIT_REFUSED, err);
	if (s->options.data != NULL)
		return;
	key_state_folder(state);
	(void)snprintf(s->data, sizeof s->data, "%s/%u", state, (unsigned)address_port(&s->bound));
	s->options.data = s->data;
}

/* Locks the data: from here on no other server can use it. */
static void open_disk(struct server *s)
{
	char err[ERR_SIZE];
	bool is_locked = false;

	if (key_make_folders(s->options.data, err) != 0)
		die(EXIT_REFUSED, err);
	s->disk = disk_open_directory(s->options.data, &is_locked, err);
	if (s->disk == NULL)
		die(is_locked ? EXIT_DATA : EXIT_REFUSED, err);
}

/* A damaged key is no reason to make another one, since the other servers and repair hold the same
 * key: the operator has to decide. True: there was none, and it was made. */
static bool open_key(struct server *s, struct session_options *options)
{
	char err[ERR_SIZE];
	enum key_status status;

	if (s->options.key != NULL && strlen(s->options.key) >= sizeof s->key)
		die(EXIT_REFUSED, "the path of the operator's key is too long");
	if (s->options.key != NULL)
		(void)snprintf(s->key, sizeof s->key, "%s", s->options.key);
	else if (!key_place(s->options.data, s->key))
		die(EXIT_REFUSED, "the path of the data directory is too long");
	status = key_read_or_make(s->key, options->operator_key, err);
	if (status == KEY_REFUSED)
		die(EXIT_DATA, err);
	if (status == KEY_FAILED)
		die(EXIT_REFUSED, err);
	options->has_operator_key = true;
	return status == KEY_MADE;
}

/* The first start makes the key. If there is data already, the key was lost. */
static void report_key(const struct server *s, bool has_data)
{
	if (has_data)
		log_line(LOG_WARNING,
		         "'%.300s' was missing beside data, and another key was made: the other "
		         "servers and repair refuse it. Copy theirs there and start again",
		         s->key);
	else
		log_line(LOG_NOTICE,
		         "made the operator's key '%.300s': the other servers and repair need it. "
		         "Copy it to them before they start",
		         s->key);
}

/* Refused data stays as it is, so that a person can look at it, or use --salvage. */
static void load(struct server *s, struct journal_loaded *loaded)
{
	struct journal_options options = {
		.salvage = s->options.salvage,
		.new_uuid = s->options.new_uuid,
	};
	enum journal_status status;
	char err[ERR_SIZE];
	uint8_t random[SIPHASH_KEY_SIZE];

	if (!file_random(options.uuid, sizeof options.uuid))
		die(EXIT_REFUSED, "the system gives no random numbers");
	/* A random uuid says that it is one: version 4 of RFC 4122. */
	options.uuid[6] = (uint8_t)((options.uuid[6] & 0x0f) | 0x40);
	options.uuid[8] = (uint8_t)((options.uuid[8] & 0x3f) | 0x80);
	s->store = store_new();
	if (!file_random(random, sizeof random) ||
	    !file_random(options.secret, sizeof options.secret))
		die(EXIT_REFUSED, "the system gives no random numbers");
	store_limit_memory(s->store, s->options.limit_memory << 20);
	store_seed(s->store, random); /* nobody outside can make its tables slow */
	status = journal_open(s->disk, &options, s->store, &s->journal, loaded, err);
	if (status != JOURNAL_OK)
		die(status == JOURNAL_REFUSED ? EXIT_DATA : EXIT_REFUSED, err);
	/* The sessions count positions from 0, too. */
	assert(journal_position(s->journal) == 0);
}

/* ---- memory made in advance, on a thread of its own ---- */

static void prepare_memory(void *context)
{
	struct server *s = context;

	s->memory = store_memory_new();
}

static void memory_is_prepared(void *context)
{
	struct server *s = context;

	store_give_memory(s->store, s->memory);
	s->memory = NULL;
}

static void want_memory(struct server *s)
{
	if (store_wants_memory(s->store) && !syncer_is_running(s->preparer))
		syncer_start(s->preparer);
}

static void stop_preparing(struct server *s)
{
	if (syncer_is_running(s->preparer)) {
		syncer_wait(s->preparer);
		memory_is_prepared(s);
	}
	syncer_free(s->preparer);
}

/* ---- start, the rest of it ---- */

static void signalled(void *context, int number);
static void ticked(struct loop_timer *timer);
static void watched(struct loop_timer *timer);

/* Some descriptors are for files, and for connections of which nobody has heard yet. */
static uint32_t connections_max(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return CONNECTIONS_MAX;
	if (limit.rlim_cur <= 2 * DESCRIPTORS_KEPT)
		return limit.rlim_cur < 2 ? 1 : (uint32_t)limit.rlim_cur / 2;
	return limit.rlim_cur - DESCRIPTORS_KEPT < CONNECTIONS_MAX
	               ? (uint32_t)limit.rlim_cur - DESCRIPTORS_KEPT
	               : CONNECTIONS_MAX;
}

/* What met a limit, by which: of some of them the answer tells. */
static void fill_refused(const struct session_counts *c, struct figures *f)
{
	static const enum figures_limit limits[LIMIT_KINDS] = {
		[LIMIT_ACCOUNTS] = FIGURES_ACCOUNTS,
		[LIMIT_UNKNOWN] = FIGURES_UNKNOWN,
		[LIMIT_PASSWORDS] = FIGURES_PASSWORDS,
		[LIMIT_CONNECTIONS] = FIGURES_CONNECTIONS,
	};

	for (int kind = 0; kind < LIMIT_KINDS; kind++)
		f->refused[limits[kind]] = c->limited[kind];
	f->refused[FIGURES_SHARE] = c->messages[STATUS_MAILBOX_FULL] +
	                            c->replies[FRAME_RECEIVED][STATUS_MAILBOX_FULL];
	f->refused[FIGURES_GAPS] = c->messages[STATUS_GAPS] +
	                           c->replies[FRAME_RECEIVED][STATUS_GAPS];
	f->refused[FIGURES_ROOM] = c->messages[STATUS_DISK_FULL];
	for (int type = 0; type < FRAME_TYPE_REQUEST_END; type++)
		f->refused[FIGURES_ROOM] += c->replies[type][STATUS_DISK_FULL];
}

/* How this replica is, for an operator. */
static void tell(void *context, struct buf *to)
{
	struct server *s = context;
	struct session_counts sessions;
	struct commit_counts commits;
	struct store_totals store;

	session_counts(s->sessions, &sessions);
	committer_counts(s->committer, &commits);
	store_totals(s->store, &store);
	struct figures f = {
		.version = THREEFOLD_VERSION,
		.uptime_ms = loop_now_ms(s->loop) - s->started_ms,
		.connections = sessions.connections,
		.sessions = sessions.sessions,
		.accounts = store.accounts,
		.unconfirmed = store.unconfirmed,
		.tombstones = store.tombstones,
		.pending = store.messages,
		.streams = store.streams,
		.ranges = store.ranges,
		.facts = store.facts,
		.store_bytes = store.memory,
		.journal_bytes = journal_size(s->journal),
		.free_bytes = journal_free(s->journal),
		.pushes = sessions.pushes,
		.closed_malformed = sessions.closed_malformed,
		.closed_slow = sessions.closed_slow,
		.sync_sum_us = commits.took_us,
	};

	(void)snprintf(f.registration, sizeof f.registration, "%s", s->options.registration);
	memcpy(f.requests, sessions.replies, sizeof f.requests);
	memcpy(f.messages, sessions.messages, sizeof f.messages);
	memcpy(f.sync_us, commits.took, sizeof f.sync_us);
	fill_refused(&sessions, &f);
	bool is_put = figures_encode(to, &f);

	assert(is_put); /* all of the table is less than a text may have */
}

/* Nobody can connect before listen, so nobody waits for an answer while the data is loaded. Signals
 * become events here: until then one ends the process, which harms nothing. */
static void serve(struct server *s, struct session_options *options)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGUSR1, SIGHUP };
	char err[ERR_SIZE];

	memcpy(options->uuid, journal_uuid(s->journal), UUID_SIZE);
	if (!file_random(options->box_secret, KEY_SIZE))
		die(EXIT_REFUSED, "the system gives no random numbers");
	options->limits.share_messages = (uint32_t)s->options.share_messages;
	options->limits.share_bytes = s->options.share_bytes;
	options->limits.gaps = STORE_GAPS_MAX;
	options->addresses = (struct limit_options){
		.accounts = (uint32_t)s->options.limit_accounts,
		.unknown = (uint32_t)s->options.limit_unknown,
		.connections = (uint32_t)s->options.limit_connections,
		.is_for_loopback = s->options.limit_loopback,
	};
	options->registration = registration_of(s->options.registration);
	options->connections_max = connections_max();
	s->sessions = session_new(options, s->store);
	s->tick.expired = ticked;
	s->watchdog.expired = watched;
	s->loop = loop_new();
	if (s->loop == NULL || loop_signals(s->loop, signals, 4, signalled, s) != 0)
		die(EXIT_REFUSED, "the system gives no descriptors for the loop");
	s->started_ms = loop_now_ms(s->loop);
	if (address_listen(s->listener, &s->bound, err) != 0)
		die(EXIT_REFUSED, err);
	if (peers_new(s->loop, s->sessions, s->journal, s->listener, &s->peers) != 0)
		die(EXIT_REFUSED, "the system cannot wait for connections");
	s->committer = committer_new(s->loop, s->journal, s->sessions, s->peers);
	if (s->committer == NULL)
		die(EXIT_REFUSED, "the system gives no thread for the disk");
	peers_answer(s->peers, tell, s);
	s->preparer = syncer_new(s->loop, prepare_memory, memory_is_prepared, s);
	if (s->preparer == NULL)
		die(EXIT_REFUSED, "the system gives no thread for memory");
}

/* Whoever can put files there can put other data in the place of these. */
static void report_modes(const struct server *s)
{
	char path[KEY_PATH_SIZE];
	unsigned mode;

	if (file_is_shared_folder(s->options.data, &mode))
		log_plain(LOG_WARNING,
		          "others may write in the data directory '%s' (mode %03o): chmod 700 it",
		          s->options.data, mode);
	(void)snprintf(path, sizeof path, "%s", s->key);
	if (file_is_shared_folder(dirname(path), &mode))
		log_plain(LOG_WARNING,
		          "others may write in '%s', the folder of the operator's key (mode %03o)",
		          path, mode);
}

static void start(struct server *s)
{
	struct session_options options = { .has_operator_key = false };
	struct journal_loaded loaded = { .facts = 0 };
	char address[ADDRESS_TEXT_SIZE];
	char lacks[ERR_SIZE] = "";
	bool has_new_key;
	struct timespec begin;
	struct timespec end;

	bind_address(s);
	become_user(s);
	(void)clock_gettime(CLOCK_MONOTONIC, &begin);
	open_disk(s);
	has_new_key = open_key(s, &options);
	if (!s->options.no_sandbox)
		(void)sandbox_enter(s->options.data, lacks); /* `lacks` says it all */
	load(s, &loaded);
	(void)clock_gettime(CLOCK_MONOTONIC, &end);
	serve(s, &options);
	explicit_bzero(&options, sizeof options);
	address_text(&s->bound, address);
	report_rights(s, lacks);
	report_modes(s);
	if (has_new_key)
		report_key(s, loaded.facts > 0);
	log_lines(LOG_WARNING, loaded.warnings);
	bool is_open = registration_of(s->options.registration) == REGISTRATION_OPEN;

	/* The last line of a start: whoever waits for it finds all the others above it. */
	log_plain(LOG_NOTICE, "threefold %s: serving %s, data '%s', loaded %ju facts in %ld ms%s%s",
	          THREEFOLD_VERSION, address, s->options.data, (uintmax_t)loaded.facts,
	          (end.tv_sec - begin.tv_sec) * 1000 + (end.tv_nsec - begin.tv_nsec) / 1000000,
	          is_open ? "" : ", register ", is_open ? "" : s->options.registration);
	(void)log_notify("READY=1");
	s->watchdog_ms = log_watchdog_ms();
	if (s->watchdog_ms != 0)
		watched(&s->watchdog);
}

/* ---- the loop ---- */

/* A connection was silent for too long, or something else is due in a session. */
static void ticked(struct loop_timer *timer)
{
	struct server *s = LOOP_OWNER(timer, struct server, tick);

	session_tick(s->sessions, peers_time(s->peers));
	peers_act(s->peers);
}

/* Tells the supervisor that the loop still turns, unless the disk hangs: a server whose syncs do
 * not come back answers nobody, and its clients wait. */
static void watched(struct loop_timer *timer)
{
	struct server *s = LOOP_OWNER(timer, struct server, watchdog);

	if (committer_waits_ms(s->committer) < s->watchdog_ms)
		(void)log_notify("WATCHDOG=1");
	loop_timer_set(s->loop, timer, loop_now_ms(s->loop) + s->watchdog_ms);
}

/* The deadline moves with nearly every frame. The timer is only set again if it has moved. */
static void set_tick(struct server *s)
{
	uint64_t deadline_ms = session_deadline(s->sessions);

	if (deadline_ms == LOOP_NEVER)
		loop_timer_cancel(s->loop, &s->tick);
	else if (s->tick.place == 0 || s->tick.deadline_ms != deadline_ms)
		loop_timer_set(s->loop, &s->tick, deadline_ms);
}

/* Under load, clients that have sent something meanwhile are read, too, before anything is
 * committed: a larger commit costs the disk hardly more. For one or two connections this is not
 * worth a look. */
static void gather(struct server *s)
{
	for (unsigned i = 0; i < GATHER_TURNS_MAX && peers_heard(s->peers) >= GATHER_HEARD_MIN &&
	                     loop_was_busy(s->loop) && !loop_is_late(s->loop);
	     i++)
		loop_turn(s->loop, 0);
}

/* Long work proceeds by one slice a turn, however busy the server is: a client waits for it. */
static void turn(struct server *s)
{
	bool has_more = peers_have_input(s->peers) || session_has_work(s->sessions);

	set_tick(s);
	peers_begin_turn(s->peers);
	loop_turn(s->loop, has_more ? 0 : committer_deadline(s->committer));
	gather(s);
	peers_continue_known(s->peers);
	if (session_has_work(s->sessions)) {
		session_work(s->sessions, peers_time(s->peers));
		peers_act(s->peers);
	}
	peers_write(s->peers);
	committer_turn(s->committer);
	peers_write(s->peers);
	peers_continue(s->peers);
	peers_write(s->peers);
	want_memory(s);
}

/* For SIGUSR1. */
static void report(const struct server *s)
{
	struct session_counts sessions;
	struct store_totals store;
	struct loop_counts loop;
	struct commit_counts commits;

	session_counts(s->sessions, &sessions);
	store_totals(s->store, &store);
	loop_counts(s->loop, &loop);
	committer_counts(s->committer, &commits);
	log_line(LOG_NOTICE,
	         "up %ju s: connections=%ju sessions=%ju frames=%ju refused=%ju pushes=%ju "
	         "pushed-unsynced=%ju closed-malformed=%ju closed-slow=%ju",
	         (uintmax_t)(loop_now_ms(s->loop) - s->started_ms) / 1000,
	         (uintmax_t)sessions.connections, (uintmax_t)sessions.sessions,
	         (uintmax_t)sessions.frames, (uintmax_t)sessions.refused,
	         (uintmax_t)sessions.pushes, (uintmax_t)sessions.pushed_unsynced,
	         (uintmax_t)sessions.closed_malformed, (uintmax_t)sessions.closed_slow);
	log_line(LOG_NOTICE,
	         "store: facts=%ju sum=%016jx accounts=%ju unconfirmed=%ju tombstones=%ju "
	         "messages=%ju ranges=%ju streams=%ju memory=%ju",
	         (uintmax_t)store.facts, (uintmax_t)store.sum, (uintmax_t)store.accounts,
	         (uintmax_t)store.unconfirmed, (uintmax_t)store.tombstones,
	         (uintmax_t)store.messages, (uintmax_t)store.ranges, (uintmax_t)store.streams,
	         (uintmax_t)store.memory);
	log_line(LOG_NOTICE,
	         "loop: turns=%ju over-%d-ms=%ju longest-us=%ju syncs=%ju inline=%ju facts=%ju "
	         "batch-max=%ju",
	         (uintmax_t)loop.turns, LOOP_LONG_US / 1000, (uintmax_t)loop.turns_long,
	         (uintmax_t)loop.longest_us, (uintmax_t)commits.syncs,
	         (uintmax_t)commits.syncs_inline, (uintmax_t)commits.facts,
	         (uintmax_t)commits.batch_max);
}

static void signalled(void *context, int number)
{
	struct server *s = context;

	if (number == SIGUSR1) {
		report(s);
		return;
	}
	if (number == SIGHUP) {
		log_line(LOG_NOTICE, "goes on: %s reopens nothing, since the log is stderr",
		         strsignal(number));
		return;
	}
	log_line(LOG_NOTICE, "stopping: %s", strsignal(number));
	s->is_stopping = true;
}

/* ---- stop ---- */

/* From here on a signal ends the process, as it does by default. */
static void give_signals_back(void)
{
	sigset_t set;

	(void)signal(SIGTERM, SIG_DFL);
	(void)signal(SIGINT, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
}

/* The order matters: no new work, then what is under way, then its answers, then the snapshots. */
static enum exit_status stop(struct server *s)
{
	enum exit_status status = EXIT_DONE;
	char err[ERR_SIZE];

	give_signals_back();
	(void)log_notify("STOPPING=1");
	peers_stop_accepting(s->peers);
	committer_finish(s->committer);
	peers_write(s->peers);
	/* Clients turn to another replica now, and need not wait for the snapshots. */
	committer_free(s->committer);
	stop_preparing(s);
	peers_free(s->peers);
	if (journal_close(s->journal, err) != 0) {
		log_line(LOG_ERROR, "%s", err);
		status = EXIT_REFUSED;
	} else {
		log_line(LOG_NOTICE, "stopped");
	}
	loop_timer_cancel(s->loop, &s->tick);
	loop_timer_cancel(s->loop, &s->watchdog);
	loop_free(s->loop);
	session_free(s->sessions);
	store_free(s->store);
	disk_close_directory(s->disk);
	return status;
}

int main(int argc, char **argv)
{
	static struct server server;

	sandbox_hide_memory();
	read_options(argc, argv);
	if (given.verify != NULL)
		return (int)verify_run(given.verify, given.key);
	server.options = given;
	prepare_process(&server.options);
	start(&server);
	while (!server.is_stopping)
		turn(&server);
	return (int)stop(&server);
}
