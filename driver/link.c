/* SPDX-License-Identifier: MIT
 *
 * A link is on the pool's list, once, from any event until the pool has settled it. Settling
 * takes the actions until there is none left, then writes what waits for each connection; a write
 * that fails is an event again, so it goes round until nothing comes of it.
 *
 * A peer is closed, dialling or connected. What replication was told last it knows, so a peer
 * that it closed is closed without a word, and one that broke is told once.
 */
#include "driver/link.h"

#include "io/stretcher.h"

#include <errno.h>
#include <unistd.h>

enum {
	/* Reads of one connection before the clock is looked at: more than its sockets' buffers
	 * hold. */
	CATCH_UP_READS_MAX = 256,
	/* A timer that is called so late shows that this process did not run: it was stopped, or
	 * the machine slept. */
	LATE_MS = 30,
	/* Then what it wrote just before, under an older time, gets so long to be answered. */
	LATE_GRACE_MS = 250,
};

struct peer {
	struct conn conn;
	uint8_t index;
	bool is_dialling;
	uint8_t tried; /* addresses in this try */
	uint8_t next;  /* the address that is dialled next */
};

struct link {
	struct link_pool *pool;
	struct replication *replication;
	const struct link_target *targets;
	void (*handle)(void *context, const struct action *action);
	void *context;
	struct link *next; /* on the pool's list */
	bool is_listed;
	struct loop_timer timer;
	uint64_t grace_ms; /* the timer is not set to an earlier time */
	struct peer peers[REPLICAS];
};

struct link_pool {
	struct loop *loop;
	struct conn_input input;
	struct stretcher *stretcher;
	struct link *first;
	struct link **last;
	size_t count;
};

static struct replication_time now(const struct link *k)
{
	return (struct replication_time){ .monotonic_ms = loop_now_ms(k->pool->loop) };
}

static void list(struct link *k)
{
	if (k->is_listed)
		return;
	k->is_listed = true;
	k->next = NULL;
	*k->pool->last = k;
	k->pool->last = &k->next;
}

static struct link *link_of(struct peer *peer)
{
	return LOOP_OWNER(peer - peer->index, struct link, peers);
}

/* ---- dial ---- */

static void fail(struct peer *peer, const char *why)
{
	struct link *k = link_of(peer);

	conn_close(&peer->conn);
	peer->is_dialling = false;
	replication_failed(k->replication, peer->index, why, now(k));
	list(k);
}

/* The next address that can be dialled at all; the outcome comes as an event. */
static void dial(struct peer *peer, int error)
{
	struct link *k = link_of(peer);
	const struct link_target *target = &k->targets[peer->index];

	assert(!conn_is_open(&peer->conn));
	while (peer->tried < target->count) {
		const struct address *address = &target->addresses[peer->next];
		int fd = address_dial(address);

		peer->tried++;
		peer->next = (uint8_t)((peer->next + 1u) % target->count);
		error = fd;
		if (fd < 0)
			continue;
		error = conn_open(&peer->conn, k->pool->loop, fd, true);
		if (error == 0) {
			peer->is_dialling = true;
			return;
		}
		(void)close(fd); /* nothing was written to it */
	}
	assert(error < 0);
	peer->next = 0;
	fail(peer, strerror(-error));
}

static void dialled(struct peer *peer)
{
	struct link *k = link_of(peer);
	int error = address_dialled(peer->conn.source.fd);

	peer->is_dialling = false;
	if (error < 0) {
		conn_close(&peer->conn);
		dial(peer, error);
		return;
	}
	/* This address was a good one: the next try begins with it. */
	peer->next = (uint8_t)((peer->next + k->targets[peer->index].count - 1) %
	                       k->targets[peer->index].count);
	replication_connected(k->replication, peer->index, now(k));
	list(k);
}

/* ---- bytes ---- */

/* Reads once; false if there is nothing more to be read now. */
static bool receive(struct peer *peer)
{
	struct link *k = link_of(peer);
	struct view bytes;
	size_t used;

	switch (conn_receive(&peer->conn, &k->pool->input, &bytes)) {
	case CONN_OK:
		used = replication_input(k->replication, peer->index, bytes, now(k));
		conn_used(&peer->conn, &k->pool->input, bytes, used);
		list(k);
		return true;
	case CONN_LATER:
		return false;
	case CONN_END:
		fail(peer, "closed the connection");
		return false;
	case CONN_FAILED:
		fail(peer, strerror(peer->conn.error));
		return false;
	}
	assert(false);
	return false;
}

static void peer_ready(struct loop_source *source, unsigned events)
{
	struct conn *conn = LOOP_OWNER(source, struct conn, source);
	struct peer *peer = LOOP_OWNER(conn, struct peer, conn);

	if (peer->is_dialling) {
		/* An answer may come with the end of the dial; it is still there in the next
		 * turn. */
		if ((events & (LOOP_WRITE | LOOP_FAILED)) != 0)
			dialled(peer);
		return;
	}
	if ((events & (LOOP_READ | LOOP_FAILED)) != 0)
		(void)receive(peer); /* what is left is told again */
	if ((events & LOOP_WRITE) != 0)
		list(link_of(peer));
}

/* Returns whether the write was an event for replication, too. */
static bool flush(struct peer *peer)
{
	struct link *k = link_of(peer);

	while (conn_is_open(&peer->conn) && !peer->is_dialling) {
		struct view bytes = replication_output(k->replication, peer->index);
		enum conn_status status;
		size_t sent;

		status = conn_send(&peer->conn, bytes, &sent);
		if (status == CONN_FAILED) {
			fail(peer, strerror(peer->conn.error));
			return true;
		}
		if (sent > 0)
			replication_output_sent(k->replication, peer->index, sent);
		if (status == CONN_LATER || sent == bytes.size)
			break;
	}
	return false;
}

/* ---- actions ---- */

static void act(struct link *k, const struct action *action)
{
	struct peer *peer = &k->peers[action->index];

	switch (action->kind) {
	case ACTION_DIAL:
		peer->tried = 0;
		dial(peer, -EADDRNOTAVAIL);
		break;
	case ACTION_CLOSE:
		conn_close(&peer->conn);
		peer->is_dialling = false;
		break;
	case ACTION_WRITE:
		break; /* all connections are flushed when no action is left */
	case ACTION_STRETCH:
		if (stretcher_begin(k->pool->stretcher, k, action->stretch.token,
		                    action->stretch.password, action->stretch.setting) < 0)
			replication_stretched(k->replication, action->stretch.token, NULL, now(k));
		break;
	default:
		k->handle(k->context, action);
		break;
	}
}

static void settle(struct link *k)
{
	struct action action;
	uint64_t deadline;
	bool again;

	do {
		while (replication_next(k->replication, &action))
			act(k, &action);
		again = false;
		for (uint32_t i = 0; i < REPLICAS; i++)
			again = flush(&k->peers[i]) || again;
	} while (again);
	deadline = replication_deadline(k->replication);
	if (deadline == LOOP_NEVER)
		loop_timer_cancel(k->pool->loop, &k->timer);
	else
		loop_timer_set(k->pool->loop, &k->timer,
		               deadline > k->grace_ms ? deadline : k->grace_ms);
}

static void expired(struct loop_timer *timer)
{
	struct link *k = LOOP_OWNER(timer, struct link, timer);
	uint64_t now_ms = loop_now_ms(k->pool->loop);

	for (uint32_t i = 0; i < REPLICAS; i++)
		for (unsigned reads = 0; reads < CATCH_UP_READS_MAX; reads++)
			if (!conn_is_open(&k->peers[i].conn) || k->peers[i].is_dialling ||
			    !receive(&k->peers[i]))
				break;
	if (now_ms > timer->deadline_ms + LATE_MS)
		k->grace_ms = now_ms + LATE_GRACE_MS;
	else if (replication_deadline(k->replication) <= now_ms)
		replication_tick(k->replication, now(k));
	list(k);
}

static void stretched(void *owner, uint32_t token, const uint8_t *key)
{
	struct link *k = owner;

	replication_stretched(k->replication, token, key, now(k));
	list(k);
}

/* ---- the pool ---- */

struct link_pool *link_pool_new(struct loop *l)
{
	struct link_pool *p = memory_alloc_zero(1, sizeof(*p));

	p->loop = l;
	p->last = &p->first;
	p->stretcher = stretcher_new(l, stretched);
	conn_input_init(&p->input, FRAME_SIZE_MAX);
	return p;
}

void link_pool_free(struct link_pool *p)
{
	if (p == NULL)
		return;
	assert(p->count == 0);
	stretcher_free(p->stretcher);
	conn_input_release(&p->input);
	memory_free(p);
}

void link_pool_settle(struct link_pool *p)
{
	while (p->first != NULL) {
		struct link *k = p->first;

		settle(k);
		/* Only now is it taken off: what it did to itself meanwhile is settled already. */
		assert(p->first == k);
		p->first = k->next;
		if (p->first == NULL)
			p->last = &p->first;
		k->is_listed = false;
	}
}

/* ---- a link ---- */

struct link *link_new(struct link_pool *p, const struct link_target *targets,
                      const struct replication_options *options,
                      void (*handle)(void *context, const struct action *action), void *context)
{
	struct link *k = memory_alloc_zero(1, sizeof(*k));

	assert(handle != NULL);
	*k = (struct link){ .pool = p, .targets = targets, .handle = handle, .context = context };
	k->timer.expired = expired;
	for (uint32_t i = 0; i < REPLICAS; i++) {
		assert(targets[i].count >= 1);
		assert(targets[i].count <= ADDRESS_MAX);
		k->peers[i].index = (uint8_t)i;
		k->peers[i].conn.source.ready = peer_ready;
		k->peers[i].conn.source.fd = -1;
	}
	k->replication = replication_new(options, now(k));
	p->count++;
	list(k);
	return k;
}

void link_free(struct link *k)
{
	struct link **place;

	if (k == NULL)
		return;
	stretcher_forget(k->pool->stretcher, k);
	loop_timer_cancel(k->pool->loop, &k->timer);
	for (uint32_t i = 0; i < REPLICAS; i++)
		conn_close(&k->peers[i].conn);
	replication_free(k->replication);
	place = &k->pool->first;
	while (k->is_listed && *place != k)
		place = &(*place)->next;
	if (k->is_listed) {
		*place = k->next;
		if (*place == NULL)
			k->pool->last = place;
	}
	k->pool->count--;
	memory_free(k);
}

uint32_t link_command(struct link *k, const struct command *command)
{
	uint32_t token = replication_command(k->replication, command, now(k));

	list(k);
	return token;
}

const struct replication *link_replication(const struct link *k)
{
	return k->replication;
}

struct replication_time link_time(const struct link *k)
{
	return now(k);
}

bool link_is_flushed(struct link *k)
{
	for (uint32_t i = 0; i < REPLICAS; i++)
		if (conn_is_open(&k->peers[i].conn) && !k->peers[i].is_dialling &&
		    replication_output(k->replication, i).size > 0)
			return false;
	return true;
}
