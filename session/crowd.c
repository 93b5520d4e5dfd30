/* SPDX-License-Identifier: MIT
 *
 * session/crowd: who is connected from where, and who makes room when there is none.
 *
 * A connection that is not logged in, and is no operator's, is a stranger. There is no time to log
 * in: a person may sit at the prompt for as long as there is room. Room is made for a new
 * connection by closing a stranger,
 *
 *   if its address has as many as it may     the oldest stranger of that address
 *   if strangers have three quarters of      the oldest stranger of an address that has the most
 *   all, or everybody has all                of them
 *
 * and if there is none to close, the new one is refused. So those who log in keep their places, a
 * quarter of all is kept for them, and whoever holds many connections loses his own.
 *
 * Each address has a home: counts, and its strangers in the order in which they became strangers.
 * Homes stand in lists by the power of two of their count of strangers; so "the most" is exact up
 * to a factor of two, and nothing is ever searched.
 */
#include "base/bug.h"
#include "session/private.h"

/* ---- homes ---- */

static struct home *home_at(const struct sessions *s, uint32_t handle)
{
	return arena_at(&s->homes_arena, handle);
}

static uint64_t hash_of_handle(const void *context, uint32_t handle)
{
	const struct sessions *s = context;

	return siphash(&s->key, home_at(s, handle)->address, sizeof home_at(s, handle)->address);
}

static bool handle_has_address(const void *context, const void *key, uint32_t handle)
{
	const struct sessions *s = context;

	return memcmp(home_at(s, handle)->address, key, sizeof home_at(s, handle)->address) == 0;
}

static uint32_t home_find(const struct sessions *s, const uint8_t address[16])
{
	return table_find(&s->homes, siphash(&s->key, address, 16), handle_has_address, s, address);
}

/* The list of a count, from 1 on. */
static uint32_t class_of(uint32_t strangers)
{
	assert(strangers > 0);
	return 31 - (uint32_t)__builtin_clz(strangers);
}

static void class_remove(struct sessions *s, struct home *home)
{
	if (home->strangers == 0)
		return;
	struct crowd *crowd = &s->crowds[class_of(home->strangers)];

	if (home->previous != 0)
		home_at(s, home->previous)->next = home->next;
	else
		crowd->first = home->next;
	if (home->next != 0)
		home_at(s, home->next)->previous = home->previous;
	else
		crowd->last = home->previous;
}

static void class_add(struct sessions *s, struct home *home, uint32_t handle)
{
	if (home->strangers == 0)
		return;
	struct crowd *crowd = &s->crowds[class_of(home->strangers)];

	home->previous = crowd->last;
	home->next = 0;
	if (crowd->last != 0)
		home_at(s, crowd->last)->next = handle;
	else
		crowd->first = handle;
	crowd->last = handle;
}

static void set_strangers(struct sessions *s, uint32_t handle, uint32_t strangers)
{
	struct home *home = home_at(s, handle);
	bool stays = home->strangers > 0 && strangers > 0 &&
	             class_of(home->strangers) == class_of(strangers);

	if (!stays)
		class_remove(s, home);
	home->strangers = strangers;
	if (!stays)
		class_add(s, home, handle);
}

/* ---- strangers ---- */

static void stranger_add(struct sessions *s, struct connection *c)
{
	struct home *home = home_at(s, c->home);

	c->stranger_previous = home->strangers == 0 ? SESSION_NONE : home->last;
	c->stranger_next = SESSION_NONE;
	if (home->strangers == 0)
		home->first = c->number;
	else
		session_connection_at(s, home->last)->stranger_next = c->number;
	home->last = c->number;
	set_strangers(s, c->home, home->strangers + 1);
	s->strangers++;
	c->is_stranger = true;
}

static void stranger_remove(struct sessions *s, struct connection *c)
{
	struct home *home = home_at(s, c->home);

	assert(home->strangers > 0);
	if (c->stranger_previous == SESSION_NONE)
		home->first = c->stranger_next;
	else
		session_connection_at(s, c->stranger_previous)->stranger_next = c->stranger_next;
	if (c->stranger_next == SESSION_NONE)
		home->last = c->stranger_previous;
	else
		session_connection_at(s, c->stranger_next)->stranger_previous =
			c->stranger_previous;
	set_strangers(s, c->home, home->strangers - 1);
	s->strangers--;
	c->is_stranger = false;
}

void session_crowd_settle(struct sessions *s, struct connection *c)
{
	bool is_open = c->state != CONNECTION_CLOSING;
	bool is_stranger = is_open && (id_is_zero(&c->account) || c->is_sending) && !c->is_operator;

	if (is_stranger && !c->is_stranger)
		stranger_add(s, c);
	if (!is_stranger && c->is_stranger)
		stranger_remove(s, c);
	if (is_open || c->home == 0)
		return;
	/* It counts no more while it is being closed. */
	struct home *home = home_at(s, c->home);

	assert(home->connections > 0);
	assert(s->open > 0);
	s->open--;
	if (--home->connections == 0) {
		assert(home->strangers == 0);
		table_remove(&s->homes, hash_of_handle(s, c->home), c->home, hash_of_handle, s);
		arena_free(&s->homes_arena, c->home);
	}
	c->home = 0;
}

void session_crowd_enter(struct sessions *s, struct connection *c)
{
	uint8_t address[16];

	limit_key_of(&c->from, address);
	c->home = home_find(s, address);
	if (c->home == 0) {
		c->home = arena_alloc(&s->homes_arena, sizeof(struct home));
		struct home *home = home_at(s, c->home);

		*home = (struct home){ .first = SESSION_NONE, .last = SESSION_NONE };
		memcpy(home->address, address, sizeof address);
		table_add(&s->homes, hash_of_handle(s, c->home), c->home, hash_of_handle, s);
	}
	home_at(s, c->home)->connections++;
	s->open++;
	session_crowd_settle(s, c);
}

/* ---- room ---- */

/* The oldest stranger of a home; NULL: it has none. */
static struct connection *oldest(const struct sessions *s, uint32_t handle)
{
	if (handle == 0 || home_at(s, handle)->strangers == 0)
		return NULL;
	return session_connection_at(s, home_at(s, handle)->first);
}

/* The first home of the list of those who have the most strangers. 0: there are no strangers. */
static uint32_t most_crowded(const struct sessions *s)
{
	for (uint32_t i = CROWDS; i-- > 0;)
		if (s->crowds[i].first != 0)
			return s->crowds[i].first;
	return 0;
}

bool session_crowd_has_room(const struct sessions *s, const struct limit_address *from,
                            struct connection **leaves, const char **why)
{
	uint8_t address[16];

	limit_key_of(from, address);
	uint32_t handle = home_find(s, address);
	uint32_t strangers_max = s->open_max - s->open_max / LIMIT_STRANGERS_PART;

	*leaves = NULL;
	*why = "too many connections from this address";
	if (limit_counts(&s->limit, from) && handle != 0 &&
	    home_at(s, handle)->connections >= s->limit.options.connections) {
		*leaves = oldest(s, handle);
		return *leaves != NULL;
	}
	*why = "too many connections";
	if (s->strangers < strangers_max && s->open < s->open_max)
		return true;
	*leaves = oldest(s, most_crowded(s));
	return *leaves != NULL;
}

bool session_is_over(struct sessions *s, const struct connection *c, enum limit_kind kind,
                     uint32_t *wait_ms)
{
	return !c->is_operator &&
	       !limit_take(&s->limit, kind, &c->from, s->time.monotonic_ms, wait_ms);
}

/* ---- invariants ---- */

static void check_home(const struct sessions *s, const struct home *home)
{
	uint32_t strangers = 0;
	uint32_t previous = SESSION_NONE;

	for (uint32_t n = home->strangers == 0 ? SESSION_NONE : home->first; n != SESSION_NONE;) {
		const struct connection *c = session_connection_at(s, n);

		assert(c->is_stranger);
		assert(c->stranger_previous == previous);
		assert(home_at(s, c->home) == home);
		previous = n;
		n = c->stranger_next;
		strangers++;
	}
	assert(home->strangers == strangers);
	assert(home->connections >= strangers);
}

void session_crowd_check(const struct sessions *s)
{
	uint32_t strangers = 0;

	for (uint32_t i = 0; i < CROWDS; i++)
		for (uint32_t h = s->crowds[i].first; h != 0; h = home_at(s, h)->next) {
			check_home(s, home_at(s, h));
			assert(class_of(home_at(s, h)->strangers) == i);
			strangers += home_at(s, h)->strangers;
		}
	assert(strangers == s->strangers);
	assert(s->strangers <= s->open);
	table_check(&s->homes, hash_of_handle, s);
}

void session_crowd_release(struct sessions *s)
{
	table_release(&s->homes);
	arena_release(&s->homes_arena);
}
