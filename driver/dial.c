/* SPDX-License-Identifier: MIT */
#include "driver/dial.h"

#include "io/options.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

/* ---- where the replicas are ---- */

/* "HOST:PORT", in brackets if the host has colons itself. */
static void write_text(struct dial_target *target, const char *host, unsigned port)
{
	bool brackets = strchr(host, ':') != NULL && host[0] != '[';

	(void)snprintf(target->text, sizeof target->text, brackets ? "[%.253s]:%u" : "%.253s:%u",
	               host, port);
}

enum {
	RESOLVE_MS = 3000, /* at the start; what takes longer is resolved when it is dialled */
	RESOLVE_AGAIN_MS = 1000, /* a name is not resolved more often */
	RESOLVE_LOOK_MS = 20,    /* between two looks whether there is an answer */
};

/* All names at once. The start does not wait long for one that cannot be resolved. */
static void resolve_targets(struct dial_target targets[REPLICAS])
{
	struct resolver *resolvers[REPLICAS] = { NULL };
	char err[ADDRESS_ERR_SIZE] = "";
	unsigned wait_ms = RESOLVE_MS; /* for all of them together */
	size_t unknown = 0;

	for (size_t i = 0; i < REPLICAS; i++)
		if (targets[i].name[0] != '\0')
			resolvers[i] = resolver_begin(targets[i].name, targets[i].port);
	for (size_t i = 0; i < REPLICAS; i++) {
		int count = 0;

		if (resolvers[i] != NULL && resolver_has_ended(resolvers[i], wait_ms))
			count = resolver_take(resolvers[i], targets[i].addresses, err);
		else if (resolvers[i] != NULL)
			wait_ms = 0; /* the others have had as long */
		resolver_free(resolvers[i]);
		unknown += count < 0;
		if (count > 0)
			targets[i].count = (size_t)count;
	}
	if (unknown == REPLICAS)
		options_wrong("%s", err);
}

void dial_targets_read(struct dial_target targets[REPLICAS], int words_count, char *const *words,
                       bool may_repeat)
{
	uint16_t ports[REPLICAS];
	char err[ADDRESS_ERR_SIZE];

	if (words_count != 2 * REPLICAS)
		options_wrong("three pairs of HOST and PORT are needed, not %d word%s", words_count,
		              words_count == 1 ? "" : "s");
	for (size_t i = 0; i < REPLICAS; i++) {
		const char *port = words[2 * i + 1];

		if (!options_port(port, false, &ports[i]))
			options_wrong("port '%.64s' is not a number from 1 to 65535", port);
		write_text(&targets[i], words[2 * i], ports[i]);
		for (size_t k = 0; k < i && !may_repeat; k++)
			if (strcmp(targets[i].text, targets[k].text) == 0)
				options_wrong("replica '%s' is given twice", targets[i].text);
	}
	for (size_t i = 0; i < REPLICAS; i++) {
		int count = address_read(words[2 * i], ports[i], targets[i].addresses, err);

		if (count < 0)
			options_wrong("%s", err);
		targets[i].count = (size_t)count;
		(void)snprintf(targets[i].name, sizeof targets[i].name, "%s",
		               count == 0 ? words[2 * i] : "");
		targets[i].port = ports[i];
	}
	resolve_targets(targets);
}

/* ---- the dial ---- */

static void resolved(struct loop_timer *timer);

void dial_init(struct dial *d, const struct dial_half *half, const struct dial_target *target,
               uint32_t index)
{
	assert(target->count >= 1 || target->name[0] != '\0');
	assert(target->count <= ADDRESS_MAX);
	*d = (struct dial){ .half = half, .target = target, .index = (uint8_t)index };
	d->count = target->count;
	memcpy(d->addresses, target->addresses, sizeof d->addresses);
	d->resolving.expired = resolved;
	d->resolved_ms = loop_now_ms(half->loop);
	d->conn.source.ready = half->ready;
	d->conn.source.fd = -1;
}

void dial_close(struct dial *d)
{
	conn_close(&d->conn);
	loop_timer_cancel(d->half->loop, &d->resolving);
	d->is_dialling = false;
}

void dial_release(struct dial *d)
{
	dial_close(d);
	resolver_free(d->resolver);
	d->resolver = NULL;
}

bool dial_is_connected(const struct dial *d)
{
	return conn_is_open(&d->conn) && !d->is_dialling;
}

static void fail(struct dial *d, const char *why)
{
	dial_close(d);
	d->half->failed(d, why);
}

/* Dials at the next address that can be dialled at all; the outcome comes as an event. `error`: of
 * the address before, a negative errno value. */
static void dial_next(struct dial *d, int error)
{
	assert(!conn_is_open(&d->conn));
	while (d->tried < d->count) {
		int fd = address_dial(&d->addresses[d->next]);

		d->tried++;
		d->next = (uint8_t)((d->next + 1u) % d->count);
		error = fd < 0 ? fd : conn_open(&d->conn, d->half->loop, fd, true);
		if (error == 0) {
			d->is_dialling = true;
			return;
		}
		if (fd >= 0)
			(void)close(fd); /* nothing was written to it */
	}
	assert(error < 0);
	d->next = 0;
	fail(d, strerror(-error));
}

/* Takes the answer, if there is one. False: the name has no address now; what was known of it
 * stays. */
static bool take_answer(struct dial *d, char err[ADDRESS_ERR_SIZE])
{
	struct address addresses[ADDRESS_MAX];
	int count = resolver_take(d->resolver, addresses, err);

	resolver_free(d->resolver);
	d->resolver = NULL;
	if (count < 0)
		return false;
	if ((size_t)count != d->count ||
	    memcmp(addresses, d->addresses, (size_t)count * sizeof *addresses) != 0)
		d->next = 0;
	d->count = (size_t)count;
	memcpy(d->addresses, addresses, (size_t)count * sizeof *addresses);
	return true;
}

/* A try that waits looks whether its name has an address now. */
static void resolved(struct loop_timer *timer)
{
	struct dial *d = LOOP_OWNER(timer, struct dial, resolving);
	char err[ADDRESS_ERR_SIZE] = "the system gives no thread";

	if (d->resolver != NULL && !resolver_has_ended(d->resolver, 0))
		loop_timer_set(d->half->loop, timer, loop_now_ms(d->half->loop) + RESOLVE_LOOK_MS);
	else if (d->resolver != NULL && take_answer(d, err))
		dial_next(d, -EADDRNOTAVAIL);
	else
		fail(d, err);
}

static void resolve_again(struct dial *d)
{
	uint64_t now_ms = loop_now_ms(d->half->loop);
	char err[ADDRESS_ERR_SIZE];

	if (d->resolver != NULL && resolver_has_ended(d->resolver, 0))
		(void)take_answer(d, err); /* what was known is tried again */
	if (d->resolver != NULL || (d->count > 0 && now_ms - d->resolved_ms < RESOLVE_AGAIN_MS))
		return;
	d->resolved_ms = now_ms;
	d->resolver = resolver_begin(d->target->name, d->target->port);
}

void dial_begin(struct dial *d)
{
	d->tried = 0;
	if (d->target->name[0] != '\0')
		resolve_again(d);
	if (d->count > 0)
		dial_next(d, -EADDRNOTAVAIL);
	else
		loop_timer_set(d->half->loop, &d->resolving, loop_now_ms(d->half->loop));
}

static void dialled(struct dial *d)
{
	int error = address_dialled(d->conn.source.fd);

	d->is_dialling = false;
	if (error < 0) {
		conn_close(&d->conn);
		dial_next(d, error);
		return;
	}
	/* This address was a good one: the next try begins with it. */
	d->next = (uint8_t)((d->next + d->count - 1) % d->count);
	d->half->connected(d);
}

/* ---- bytes ---- */

bool dial_receive(struct dial *d)
{
	struct conn_input *buffer = d->half->buffer;
	struct view bytes;

	assert(dial_is_connected(d));
	switch (conn_receive(&d->conn, buffer, &bytes)) {
	case CONN_OK:
		conn_used(&d->conn, buffer, bytes, d->half->input(d, bytes));
		return true;
	case CONN_LATER:
		return false;
	case CONN_END:
		fail(d, "closed the connection");
		return false;
	case CONN_FAILED:
		fail(d, strerror(d->conn.error));
		return false;
	}
	assert(false);
	return false;
}

void dial_ready(struct loop_source *source, unsigned events)
{
	struct dial *d = LOOP_OWNER(source, struct dial, conn.source);

	if (!d->is_dialling) {
		if ((events & (LOOP_READ | LOOP_FAILED)) != 0)
			(void)dial_receive(d); /* what is left is told again */
	} else if ((events & (LOOP_WRITE | LOOP_FAILED)) != 0) {
		/* An answer may come with the end of the dial. It is still there next turn. */
		dialled(d);
	}
}

bool dial_flush(struct dial *d)
{
	while (dial_is_connected(d)) {
		struct view bytes = d->half->output(d);
		enum conn_status status;
		size_t sent;

		status = conn_send(&d->conn, bytes, &sent);
		if (status == CONN_FAILED) {
			fail(d, strerror(d->conn.error));
			return true;
		}
		if (sent > 0)
			d->half->output_sent(d, sent);
		if (status == CONN_LATER || sent == bytes.size)
			break;
	}
	return false;
}
