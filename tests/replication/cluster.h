/* SPDX-License-Identifier: MIT
 *
 * cluster: three replicas and some clients in one process, for the stories of unit tests.
 *
 * The network is immediate and in order, the disk is always synced, and time moves only when the
 * test says so. A replica can be down, wiped, cut off from one client, silent (takes nothing,
 * answers nothing), full, or wrong about the time. A link can hold back what goes one way, let so
 * many frames through, break after so many, or break at the client's end alone, so that what it had
 * written arrives late. What each client reported is kept as text, so that a test reads like a
 * story:
 *
 *   "live 0", "dead 1", "leader 0", "ready", "logged out", "message bob hi 3",
 *   "result send ok copies=3 online=1", "users alice+ bob-"
 */
#ifndef THREEFOLD_TESTS_REPLICATION_CLUSTER_H
#define THREEFOLD_TESTS_REPLICATION_CLUSTER_H

#include "replication/replication.h"
#include "session/session.h"
#include "base/sha256.h"
#include "tests/lib/tap.h"

enum { CLIENTS_MAX = 32, STORY_SIZE = 1 << 16, GHOSTS_MAX = 8 };
#define FREELY UINT32_MAX

struct cluster_link {
	bool open;     /* the client's end */
	bool accepted; /* the replica's end */
	bool cut;      /* nobody gets through */
	bool fragile;  /* breaks when as many frames as may pass have passed */
	uint32_t connection;
	uint32_t there; /* frames that may still pass to the replica, */
	uint32_t here;  /* and to the client; FREELY: all */
};

/* A connection whose client has given it up, and what is still on its way there. */
struct cluster_ghost {
	bool there;
	uint32_t index;
	uint32_t connection;
	struct buf bytes;
};

struct cluster_client {
	const char *ended_why; /* the last session; NULL: none ended */
	struct replication *r;
	struct cluster_link links[REPLICAS];
	struct result last;  /* without what it points to */
	uint64_t shown;      /* messages */
	bool stalls;         /* what it is handed does not leave it */
	uint64_t serial;     /* the last one that it was handed */
	uint64_t backwards;  /* of them, those that came behind a later one of their stream */
	struct ulid session; /* of the last one */
	uint64_t number;
	uint64_t users;
	struct replica_row rows[REPLICAS];         /* the last table */
	void (*hear)(const struct action *action); /* is told all, too; or NULL */
	bool counts_only;                          /* messages and users are counted, not told */
	char story[STORY_SIZE];
	size_t story_size;
	size_t read;
};

struct cluster_replica {
	struct store *store;
	struct sessions *sessions;
	bool up;
	bool silent;
	bool stuck; /* its disk hangs: it pushes, and answers nothing */
	bool full;
	/* If it lies: puts into `to` what the client gets instead of this frame. */
	void (*lie)(struct view frame, struct buf *to);
	int64_t clock_offset_ms;
	uint64_t appended;
	bool named;       /* has a uuid */
	bool stranger;    /* has another operator key than the others, when it starts next */
	bool keyless;     /* has none then */
	uint16_t version; /* the latest that it speaks then; 0: today's */
	struct cluster_replica *behind; /* whom one that is down passes everything on to; or NULL */
	enum session_registration registration; /* when it starts next */
	uint8_t uuid[UUID_SIZE];
};

struct cluster {
	struct cluster_replica replicas[REPLICAS];
	struct cluster_client clients[CLIENTS_MAX];
	uint32_t count;
	uint64_t now_ms;
	uint64_t random;
	uint32_t share_messages;
	struct cluster_ghost ghosts[GHOSTS_MAX];
	struct replication_options options;  /* of the next client */
	const struct invitation *invitation; /* with which accounts are created; NULL: none */
};

static inline void story(struct cluster_client *c, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
#include <stdarg.h>

static uint64_t all_steps = STORE_STEPS_ALL; /* of a walk */
static inline void story(struct cluster_client *c, const char *format, ...)
{
	va_list args;
	int size;

	va_start(args, format);
	size = vsnprintf(c->story + c->story_size, STORY_SIZE - c->story_size, format, args);
	va_end(args);
	if (size > 0 && c->story_size + (size_t)size + 1 < STORY_SIZE)
		c->story_size += (size_t)size;
}

static inline void draw(struct cluster *k, void *to, size_t size)
{
	uint8_t digest[32], number[8];

	while (size > 0) {
		size_t part = size < 32 ? size : 32;

		buf_store_u64(number, ++k->random);
		sha256(number, sizeof number, digest);
		memcpy(to, digest, part);
		to = (uint8_t *)to + part;
		size -= part;
	}
}

/* Who answers on the port of replica i. */
static inline struct cluster_replica *answers_at(struct cluster *k, uint32_t i)
{
	return k->replicas[i].behind != NULL ? k->replicas[i].behind : &k->replicas[i];
}

static inline void synced(struct cluster_replica *p)
{
	if (!p->stuck)
		session_synced(p->sessions, p->appended);
}

static inline struct session_time replica_time(const struct cluster *k, uint32_t i)
{
	return (struct session_time){ (uint64_t)((int64_t)(UINT64_C(1790000000000) + k->now_ms) +
		                                 k->replicas[i].clock_offset_ms),
		                      k->now_ms };
}

static inline struct replication_time client_time(const struct cluster *k)
{
	return (struct replication_time){ k->now_ms };
}

static inline void replica_start(struct cluster *k, uint32_t i)
{
	struct session_options options = { .limits = { k->share_messages, 1 << 30,
		                                       STORE_GAPS_MAX } };
	struct cluster_replica *p = &k->replicas[i];

	if (!p->named)
		draw(k, p->uuid, UUID_SIZE);
	p->named = true;
	memcpy(options.uuid, p->uuid, UUID_SIZE);
	draw(k, options.box_secret, KEY_SIZE);
	options.has_operator_key = !p->keyless;
	options.registration = p->registration;
	options.version_max = p->version;
	memset(options.operator_key, p->stranger ? 0x67 : 0x66, KEY_SIZE);
	if (!p->store)
		p->store = store_new();
	p->sessions = session_new(&options, p->store);
	p->up = true;
	p->appended = 0;
	session_disk(p->sessions, p->full ? SESSION_DISK_LOW : SESSION_DISK_OK);
}

/* All replicas are up and empty. `share`: as many messages of one sender a mailbox takes. */
static inline void cluster_init(struct cluster *k, uint32_t share)
{
	memset(k, 0, sizeof *k);
	k->share_messages = share;
	k->now_ms = 1000;
	for (uint32_t i = 0; i < REPLICAS; i++)
		replica_start(k, i);
}

static inline uint32_t client_start(struct cluster *k)
{
	struct cluster_client *c = &k->clients[k->count];

	draw(k, k->options.seed, KEY_SIZE);
	for (uint32_t i = 0; i < REPLICAS; i++)
		c->links[i].there = c->links[i].here = FREELY;
	c->r = replication_new(&k->options, client_time(k));
	return k->count++;
}

/* What is written to replica i stays where it is, or goes on. */
static inline void hold_there(struct cluster *k, uint32_t client, uint32_t i, bool holds)
{
	k->clients[client].links[i].there = holds ? 0 : FREELY;
}

/* The same for what it answers and pushes. */
static inline void hold_here(struct cluster *k, uint32_t client, uint32_t i, bool holds)
{
	k->clients[client].links[i].here = holds ? 0 : FREELY;
}

/* Lets so many more frames through to the client. */
static inline void let_here(struct cluster *k, uint32_t client, uint32_t i, uint32_t frames)
{
	k->clients[client].links[i].here = frames;
}

/* The connection breaks when the replica has taken so many more frames of this client: the last one
 * is done and not answered. */
static inline void break_after(struct cluster *k, uint32_t client, uint32_t i, uint32_t frames)
{
	k->clients[client].links[i].there = frames;
	k->clients[client].links[i].fragile = true;
}

static inline void replica_full(struct cluster *k, uint32_t i, bool full)
{
	k->replicas[i].full = full;
	if (k->replicas[i].up)
		session_disk(k->replicas[i].sessions, full ? SESSION_DISK_LOW : SESSION_DISK_OK);
}

/* The replica's end closes. */
static inline void close_there(struct cluster *k, struct cluster_client *c, uint32_t i)
{
	if (c->links[i].accepted && answers_at(k, i)->up)
		session_closed(answers_at(k, i)->sessions, c->links[i].connection,
		               replica_time(k, i));
	c->links[i].accepted = false;
}

static inline void close_here(struct cluster *k, struct cluster_client *c, uint32_t i,
                              const char *why)
{
	if (c->links[i].open) {
		c->links[i].open = false;
		replication_failed(c->r, i, why, client_time(k));
	}
}

static inline void client_cut(struct cluster *k, uint32_t client, uint32_t i)
{
	struct cluster_client *c = &k->clients[client];

	c->links[i].cut = true;
	close_there(k, c, i);
	close_here(k, c, i, "cut");
}

static inline void client_heal(struct cluster *k, uint32_t client, uint32_t i)
{
	struct cluster_link *link = &k->clients[client].links[i];

	link->cut = false;
	link->fragile = false;
	link->there = link->here = FREELY;
}

/* Only the client notices that the connection broke: what it had written is still on its way. */
static inline void client_lose(struct cluster *k, uint32_t client, uint32_t i)
{
	struct cluster_client *c = &k->clients[client];
	struct view out = replication_output(c->r, i);
	uint32_t at = 0;

	while (at < GHOSTS_MAX && k->ghosts[at].there)
		at++;
	assert(at < GHOSTS_MAX);
	assert(c->links[i].accepted);
	k->ghosts[at].there = true;
	k->ghosts[at].index = i;
	k->ghosts[at].connection = c->links[i].connection;
	buf_init(&k->ghosts[at].bytes, SIZE_MAX / 2);
	(void)buf_put(&k->ghosts[at].bytes, out.data, out.size);
	c->links[i].accepted = false;
	c->links[i].cut = true;
	close_here(k, c, i, "lost");
}

static inline void ghost_end(struct cluster *k, struct cluster_ghost *ghost)
{
	if (k->replicas[ghost->index].up)
		session_closed(k->replicas[ghost->index].sessions, ghost->connection,
		               replica_time(k, ghost->index));
	buf_release(&ghost->bytes);
	ghost->there = false;
}

/* What was on its way arrives, and nobody is there to hear the answer. */
static inline void ghosts_arrive(struct cluster *k)
{
	for (uint32_t at = 0; at < GHOSTS_MAX; at++) {
		struct cluster_ghost *ghost = &k->ghosts[at];
		struct cluster_replica *p = &k->replicas[ghost->index];
		size_t used = 1;

		while (ghost->there && p->up && used > 0) {
			struct session_action s;

			used = session_input(p->sessions, ghost->connection,
			                     buf_view(&ghost->bytes),
			                     replica_time(k, ghost->index));
			while (session_next(p->sessions, &s))
				p->appended += s.kind == SESSION_APPEND;
			buf_consume(&ghost->bytes, used);
		}
		if (ghost->there)
			ghost_end(k, ghost);
	}
}

static inline void client_stop(struct cluster *k, uint32_t client)
{
	struct cluster_client *c = &k->clients[client];

	for (uint32_t i = 0; i < REPLICAS; i++) {
		close_there(k, c, i);
		c->links[i].open = false;
	}
	replication_free(c->r);
	c->r = NULL;
}

static inline void replica_kill(struct cluster *k, uint32_t i)
{
	struct cluster_replica *p = &k->replicas[i];

	for (uint32_t at = 0; at < GHOSTS_MAX; at++)
		if (k->ghosts[at].there && k->ghosts[at].index == i)
			ghost_end(k, &k->ghosts[at]);
	p->up = false;
	session_free(p->sessions);
	p->sessions = NULL;
	for (uint32_t c = 0; c < k->count; c++) {
		k->clients[c].links[i].accepted = false;
		if (k->clients[c].r)
			close_here(k, &k->clients[c], i, "killed");
	}
}

static inline void replica_wipe(struct cluster *k, uint32_t i)
{
	store_free(k->replicas[i].store);
	k->replicas[i].store = NULL;
	k->replicas[i].named = false;
}

static inline void cluster_free(struct cluster *k)
{
	for (uint32_t c = 0; c < k->count; c++)
		if (k->clients[c].r)
			client_stop(k, c);
	for (uint32_t at = 0; at < GHOSTS_MAX; at++)
		if (k->ghosts[at].there)
			ghost_end(k, &k->ghosts[at]);
	for (uint32_t i = 0; i < REPLICAS; i++) {
		session_free(k->replicas[i].sessions);
		store_free(k->replicas[i].store);
	}
}

/* P is a digest here: crypt(3) is slow on purpose. */
static inline void stretch(struct cluster *k, struct cluster_client *c, const struct action *a)
{
	uint8_t p[KEY_SIZE];
	struct sha256 h;

	sha256_init(&h);
	sha256_update_part(&h, a->stretch.password.data, a->stretch.password.size);
	sha256_update_part(&h, a->stretch.setting.data, a->stretch.setting.size);
	sha256_final(&h, p);
	replication_stretched(c->r, a->stretch.token, p, client_time(k));
}

static inline void tell_result(struct cluster_client *c, const struct result *result)
{
	static const char *const kinds[] = { "create", "login", "logout", "delete",   "list",
		                             "look",   "send",  "all",    "replicas", "password" };

	c->last = *result;
	story(c, "result %s %s", kinds[result->kind], outcome_code(result->outcome));
	if (result->copies)
		story(c, " copies=%u", result->copies);
	if (result->kind == COMMAND_SEND || result->kind == COMMAND_ALL)
		story(c, " stored=%u online=%u", result->stored, result->online);
	if (result->mailbox_full)
		story(c, " full");
	if (result->unfinished)
		story(c, " unfinished");
	if (result->is_reset)
		story(c, " reset");
	for (size_t i = 0; i < result->users_count && i < 8; i++)
		story(c, " %s", result->users[i].name);
	story(c, "\n");
}

static inline void dial(struct cluster *k, struct cluster_client *c, uint32_t i)
{
	struct cluster_link *link = &c->links[i];
	uint8_t nonce[KEY_SIZE];

	if (!answers_at(k, i)->up || link->cut) {
		replication_failed(c->r, i, "connection refused", client_time(k));
		return;
	}
	draw(k, nonce, sizeof nonce);
	link->open = link->accepted = true;
	link->connection = session_open(answers_at(k, i)->sessions, nonce, NULL,
	                                replica_time(k, i));
	replication_connected(c->r, i, client_time(k));
}

static inline void tell_message(struct cluster *k, struct cluster_client *c,
                                const struct shown *shown)
{
	c->shown++;
	c->serial = shown->serial;
	if (!c->stalls)
		replication_shown(c->r, c->serial, client_time(k));
	c->backwards += ulid_equal(&c->session, &shown->session) && shown->number <= c->number;
	c->session = shown->session;
	c->number = shown->number;
	if (c->counts_only)
		return;
	story(c, "message %s %.*s %llu%s\n", shown->from, (int)shown->text.size,
	      (const char *)shown->text.data, (unsigned long long)shown->number,
	      shown->waited ? " waited" : "");
}

static inline void tell_users(struct cluster_client *c, const struct action *a)
{
	c->users += a->users_count;
	if (c->counts_only)
		return;
	story(c, "users");
	for (size_t i = 0; i < a->users_count; i++)
		story(c, " %s%s", a->users[i].name, a->users[i].online ? "+" : "-");
	story(c, "\n");
}

static inline void tell_replicas(struct cluster_client *c, const struct action *a)
{
	story(c, "replicas");
	memcpy(c->rows, a->rows, sizeof c->rows);
	for (uint32_t i = 0; i < REPLICAS; i++)
		story(c, " %s",
		      !a->rows[i].live           ? "dead"
		      : !a->rows[i].agrees_known ? "busy"
		      : a->rows[i].agrees        ? "agrees"
		                                 : "differs");
	story(c, "\n");
}

static inline void client_action(struct cluster *k, struct cluster_client *c,
                                 const struct action *a)
{
	switch (a->kind) {
	case ACTION_DIAL:
		dial(k, c, a->index);
		break;
	case ACTION_CLOSE:
		c->links[a->index].open = false;
		close_there(k, c, a->index);
		break;
	case ACTION_STRETCH:
		stretch(k, c, a);
		break;
	case ACTION_READY:
		story(c, "ready\n");
		break;
	case ACTION_REPLICA:
		story(c, "%s %u\n", a->live ? "live" : "dead", a->index);
		break;
	case ACTION_LEADER:
		story(c, "leader %u\n", a->index);
		break;
	case ACTION_RESULT:
		tell_result(c, a->result);
		break;
	case ACTION_MESSAGE:
		tell_message(k, c, a->shown);
		break;
	case ACTION_USERS:
		tell_users(c, a);
		break;
	case ACTION_LOGGED_OUT:
		story(c, "logged out\n");
		c->ended_why = a->why;
		break;
	case ACTION_REPLICAS:
		tell_replicas(c, a);
		break;
	default:
		break;
	}
}

/* How many bytes of the front of `out` may pass: as many frames as `frames` says, which are counted
 * down. */
static inline size_t passes(struct view out, uint32_t *frames)
{
	size_t used = 0;

	if (*frames == FREELY)
		return out.size;
	while (*frames > 0) {
		struct view rest = { out.data + used, out.size - used };
		size_t size;

		if (!protocol_size(rest, &size) || size == 0 || size > rest.size)
			break;
		used += size;
		--*frames;
	}
	return used;
}

/* What the client has written goes to replica i. */
static inline size_t carry_there(struct cluster *k, struct cluster_client *c, uint32_t i)
{
	struct cluster_replica *p = answers_at(k, i);
	struct view out = replication_output(c->r, i);
	size_t used = 0;

	out.size = passes(out, &c->links[i].there);
	while (used < out.size) {
		struct view rest = { out.data + used, out.size - used };
		size_t size = session_input(p->sessions, c->links[i].connection, rest,
		                            replica_time(k, i));
		struct session_action s;
		bool works = size == 0 && session_has_work(p->sessions);

		while (session_next(p->sessions, &s))
			p->appended += s.kind == SESSION_APPEND;
		if (size == 0 && !works)
			break;
		if (works)
			session_work(p->sessions, replica_time(k, i));
		while (session_next(p->sessions, &s))
			p->appended += s.kind == SESSION_APPEND;
		synced(p);
		used += size;
	}
	synced(p);
	replication_output_sent(c->r, i, used);
	return used;
}

/* Everything that one client wants done. True if there was anything. */
static inline bool client_pump(struct cluster *k, struct cluster_client *c)
{
	struct action a;
	bool any = false;

	while (replication_next(c->r, &a)) {
		if (c->hear != NULL)
			c->hear(&a);
		client_action(k, c, &a);
		any = true;
	}
	for (uint32_t i = 0; i < REPLICAS; i++) {
		struct cluster_link *link = &c->links[i];

		if (!link->open || !link->accepted || k->replicas[i].silent)
			continue;
		any |= carry_there(k, c, i) > 0;
		if (link->fragile && link->there == 0) {
			client_cut(k, (uint32_t)(c - k->clients), i);
			any = true;
		}
	}
	return any;
}

/* The next frame of what a replica says to a client, as it lies. Gives how many bytes of `out` that
 * was. */
static inline size_t replica_lies_to(struct cluster *k, struct cluster_client *c, uint32_t i,
                                     struct view out)
{
	struct buf said;
	size_t size, used;

	if (!protocol_size(out, &size) || size == 0 || size > out.size)
		return 0;
	buf_init(&said, 64 << 20);
	k->replicas[i].lie(view_of(out.data, size), &said);
	while (said.size > 0 && c->links[i].open) {
		used = replication_input(c->r, i, buf_view(&said), client_time(k));
		if (used == 0)
			break;
		buf_consume(&said, used);
	}
	buf_release(&said);
	return size;
}

static inline bool replica_pump(struct cluster *k, uint32_t i)
{
	struct cluster_replica *p = answers_at(k, i);
	struct session_action s;
	bool any = false;

	if (!p->up || k->replicas[i].silent)
		return false;
	while (session_has_work(p->sessions)) {
		session_work(p->sessions, replica_time(k, i));
		while (session_next(p->sessions, &s))
			p->appended += s.kind == SESSION_APPEND;
		any = true;
	}
	synced(p);
	for (uint32_t n = 0; n < k->count; n++) {
		struct cluster_client *c = &k->clients[n];
		struct view out;
		size_t used;

		if (!c->r || !c->links[i].accepted)
			continue;
		out = session_output(p->sessions, c->links[i].connection);
		out.size = passes(out, &c->links[i].here);
		if (!out.size)
			continue;
		if (!c->links[i].open)
			used = out.size;
		else if (k->replicas[i].lie != NULL)
			used = replica_lies_to(k, c, i, out);
		else
			used = replication_input(c->r, i, out, client_time(k));
		if (c->links[i].accepted)
			session_output_sent(p->sessions, c->links[i].connection, used);
		any = any || used > 0;
	}
	return any;
}

/* Until nothing moves. */
static inline void pump(struct cluster *k)
{
	bool any = true;

	for (uint32_t rounds = 0; any && rounds < 100000; rounds++) {
		any = false;
		for (uint32_t c = 0; c < k->count; c++)
			if (k->clients[c].r)
				any |= client_pump(k, &k->clients[c]);
		for (uint32_t i = 0; i < REPLICAS; i++)
			any |= replica_pump(k, i);
	}
	for (uint32_t c = 0; c < k->count; c++)
		if (k->clients[c].r)
			replication_check(k->clients[c].r);
}

static inline void pass(struct cluster *k, uint64_t ms)
{
	uint64_t end = k->now_ms + ms;

	pump(k);
	while (k->now_ms < end) {
		k->now_ms++;
		for (uint32_t i = 0; i < REPLICAS; i++)
			if (k->replicas[i].up && !k->replicas[i].silent &&
			    session_deadline(k->replicas[i].sessions) <= k->now_ms)
				session_tick(k->replicas[i].sessions, replica_time(k, i));
		for (uint32_t c = 0; c < k->count; c++)
			if (k->clients[c].r && replication_deadline(k->clients[c].r) <= k->now_ms)
				replication_tick(k->clients[c].r, client_time(k));
		pump(k);
	}
}

/* One command by words: "create bob pw", "login bob pw", "send bob,eve text", "all text", "list
 * pre", ... */
static inline void say(struct cluster *k, uint32_t client, const char *line)
{
	struct cluster_client *c = &k->clients[client];
	struct command command = { 0 };
	struct view names[8];
	char copy[1024], *word, *name;

	(void)snprintf(copy, sizeof copy, "%s", line);
	word = strtok(copy, " ");
	if (strcmp(word, "create") == 0 || strcmp(word, "login") == 0 ||
	    strcmp(word, "takeover") == 0) {
		command.kind = word[0] == 'c' ? COMMAND_CREATE : COMMAND_LOGIN;
		command.invitation = word[0] == 'c' ? k->invitation : NULL;
		command.take_over = word[0] == 't';
		command.name = view_of_string(strtok(NULL, " "));
		command.password = view_of_string(strtok(NULL, " "));
	} else if (strcmp(word, "send") == 0) {
		command.kind = COMMAND_SEND;
		name = strtok(NULL, " ");
		command.text = view_of_string(strtok(NULL, ""));
		for (name = strtok(name, ","); name; name = strtok(NULL, ","))
			names[command.names_count++] = view_of_string(name);
		command.names = names;
	} else if (strcmp(word, "all") == 0) {
		command.kind = COMMAND_ALL;
		command.text = view_of_string(strtok(NULL, ""));
	} else if (strcmp(word, "look") == 0) {
		command.kind = COMMAND_LOOK;
		command.name = view_of_string(strtok(NULL, " "));
	} else if (strcmp(word, "password") == 0) {
		command.kind = COMMAND_PASSWORD;
		command.password = view_of_string(strtok(NULL, " "));
		command.new_password = view_of_string(strtok(NULL, " "));
	} else if (strcmp(word, "list") == 0) {
		command.kind = COMMAND_LIST;
		name = strtok(NULL, " ");
		command.name = view_of_string(name ? name : "");
	} else {
		command.kind = strcmp(word, "logout") == 0   ? COMMAND_LOGOUT
		               : strcmp(word, "delete") == 0 ? COMMAND_DELETE
		                                             : COMMAND_REPLICAS;
	}
	(void)replication_command(c->r, &command, client_time(k));
	pump(k);
}

/* The message of `last` again, by its id, with this text. */
static inline void say_again(struct cluster *k, uint32_t client, const struct result *last,
                             const char *name, const char *text)
{
	struct view names[1] = { view_of_string(name) };
	struct command command = { .kind = COMMAND_SEND, .names = names, .names_count = 1 };

	command.text = view_of_string(text);
	command.has_id = true;
	command.session = last->session;
	command.number = last->number;
	(void)replication_command(k->clients[client].r, &command, client_time(k));
	pump(k);
}

/* An account that one or more replicas (bits of `at`) know, as if made long ago by somebody
 * else. */
static inline struct id put_account(struct cluster *k, unsigned at, const char *name, uint64_t ms,
                                    bool confirmed)
{
	struct fact fact = { .kind = FACT_ACCOUNT, .account = { .name = view_of_string(name) } };
	struct store_limits limits = { 1 << 20, 1 << 30, STORE_GAPS_MAX };
	uint8_t p[KEY_SIZE], seal[KEY_SIZE], random[16];
	char setting[SETTING_SIZE_MAX + 1];

	draw(k, p, sizeof p);
	draw(k, seal, sizeof seal);
	draw(k, random, sizeof random);
	auth_setting_make(random, setting);
	auth_verifier_make(p, seal, view_of_string(setting), &fact.account.verifier);
	auth_id_make(ms, fact.account.name, &fact.account.verifier, &fact.account.id);
	fact.account.confirmed = confirmed;
	for (uint32_t i = 0; i < REPLICAS; i++)
		if (at >> i & 1)
			(void)store_apply(k->replicas[i].store, &fact, &limits);
	return fact.account.id;
}

/* A message that some replicas hold. */
static inline void put_message(struct cluster *k, unsigned at, const struct stream *stream,
                               uint64_t number, uint64_t sent_ms, const char *text)
{
	struct fact fact = { .kind = FACT_MESSAGE,
		             .message = { .stream = *stream,
		                          .number = number,
		                          .sent_ms = sent_ms,
		                          .text = view_of_string(text) } };
	struct store_limits limits = { 1 << 30, UINT64_C(1) << 40, STORE_GAPS_MAX };

	for (uint32_t i = 0; i < REPLICAS; i++)
		if (at >> i & 1)
			(void)store_apply(k->replicas[i].store, &fact, &limits);
}

/* Which replicas (bits) hold a live account of that name, or a confirmed one. */
static inline unsigned held(const struct cluster *k, const char *name, bool confirmed)
{
	unsigned mask = 0;
	struct account account;

	for (uint32_t i = 0; i < REPLICAS; i++)
		if (k->replicas[i].store &&
		    store_holder(k->replicas[i].store, view_of_string(name), NULL, &account) &&
		    (account.confirmed || !confirmed))
			mask |= 1u << i;
	return mask;
}

/* Messages that replica i holds for that account. */
static inline uint32_t waiting(const struct cluster *k, uint32_t i, const struct id *id)
{
	struct place place = { 0 };
	struct message message;
	uint32_t count = 0;

	while (store_mailbox_next(k->replicas[i].store, id, &place, &message, &all_steps) ==
	       STORE_STEP_FOUND)
		count++;
	return count;
}

static inline bool has(const char *text, const char *part)
{
	return strstr(text, part) != NULL;
}

/* Messages that all replicas together hold for that account. */
static inline uint32_t waiting_anywhere(const struct cluster *k, const struct id *id)
{
	return waiting(k, 0, id) + waiting(k, 1, id) + waiting(k, 2, id);
}

/* What the client has reported since the last time. */
static inline const char *heard(struct cluster *k, uint32_t client)
{
	struct cluster_client *c = &k->clients[client];
	const char *from = c->story + c->read;

	c->read = c->story_size;
	return from;
}

/* ---- how a story begins ---- */

/* What has been reported so far, and in the next millisecond, is no part of the story. */
static inline void quiet(struct cluster *k)
{
	pass(k, 1);
	for (uint32_t c = 0; c < k->count; c++)
		(void)heard(k, c);
}

enum { SHARE_USUAL = 1000 };

/* So many clients, which have connected. */
static inline void cluster_start(struct cluster *k, uint32_t share, uint32_t clients)
{
	cluster_init(k, share);
	for (uint32_t c = 0; c < clients; c++)
		(void)client_start(k);
	quiet(k);
}

/* Alice is client 0, bob is client 1; the others are nobody yet. */
static inline void cluster_alice_bob(struct cluster *k, uint32_t share, uint32_t clients)
{
	cluster_start(k, share, clients);
	say(k, 0, "create alice pw");
	say(k, 1, "create bob pw");
	quiet(k);
}

/* ---- the same for all replicas ---- */

static inline void hold_all_here(struct cluster *k, uint32_t client, bool holds)
{
	for (uint32_t i = 0; i < REPLICAS; i++)
		hold_here(k, client, i, holds);
}

static inline void hold_all_there(struct cluster *k, uint32_t client, bool holds)
{
	for (uint32_t i = 0; i < REPLICAS; i++)
		hold_there(k, client, i, holds);
}

static inline void cut_all(struct cluster *k, uint32_t client)
{
	for (uint32_t i = 0; i < REPLICAS; i++)
		client_cut(k, client, i);
}

static inline void heal_all(struct cluster *k, uint32_t client)
{
	for (uint32_t i = 0; i < REPLICAS; i++)
		client_heal(k, client, i);
}

static inline void cut_and_heal(struct cluster *k, uint32_t client, uint32_t i)
{
	client_cut(k, client, i);
	client_heal(k, client, i);
}

/* All replicas' clocks are so far ahead. */
static inline void set_clocks(struct cluster *k, int64_t offset_ms)
{
	for (uint32_t i = 0; i < REPLICAS; i++)
		k->replicas[i].clock_offset_ms = offset_ms;
}

#endif
