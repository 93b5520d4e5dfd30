/* SPDX-License-Identifier: MIT
 *
 * The forger. In some runs somebody stands between clients and replicas, and adds requests of his
 * own to connections that are logged in: a message, or that its account is gone. He knows all that
 * travels, and no key. So each of them ends its connection, and does nothing else.
 */
#include "tests/simulate/simulate.h"

enum { FORGES_EVERY = 32, FORGES_AT = 30 };

void sim_forge_init(struct sim *s)
{
	s->forges = !s->options.calm && s->options.seed % FORGES_EVERY == FORGES_AT;
}

/* A connection that is logged in, and on which a request begins next. */
static struct sim_wire *some_session(struct sim *s)
{
	uint32_t from = (uint32_t)sim_random(s, SIM_WIRES_MAX);

	for (uint32_t k = 0; k < SIM_WIRES_MAX; k++) {
		struct sim_wire *w = &s->wires[(from + k) % SIM_WIRES_MAX];

		if (w->used && w->client < SIM_CLIENTS_MAX && w->client_open && w->replica_open &&
		    w->has_login && w->up_tap.size == 0 && !w->up.ended && !w->up.lost)
			return w;
	}
	return NULL;
}

static bool put_message(struct buf *to, const struct id *account)
{
	struct frame f = { .type = FRAME_SEND, .request = 77 };
	struct recipient recipient = { *account, 1 };
	struct buf list;

	buf_init(&list, RECIPIENT_SIZE);
	bool is_put = protocol_put_recipient(&list, &recipient);

	f.send.count = 1;
	f.send.recipients = buf_view(&list);
	f.send.text = view_of_string("forged");
	is_put = is_put && protocol_encode(to, &f);
	buf_release(&list);
	return is_put;
}

static bool put_removal(struct sim *s, struct buf *to, const struct sim_wire *w)
{
	struct frame f = { .type = FRAME_REMOVE, .request = 77 };
	struct account account;

	if (store_find(s->replicas[w->replica].store, &w->account, &account, NULL) != STORE_ALIVE)
		return false;
	auth_tombstone_remove(&account, GONE_BY_OWNER, &f.remove.tombstone);
	return protocol_encode(to, &f);
}

void sim_forge_step(struct sim *s)
{
	struct sim_wire *w = s->forges && sim_chance(s, 60) ? some_session(s) : NULL;
	struct buf b;

	if (w == NULL)
		return;
	buf_init(&b, FRAME_SIZE_MAX);
	if (sim_chance(s, 50) ? put_message(&b, &w->account) : put_removal(s, &b, w)) {
		sim_trace(s, "a request is added between client %u and replica %u", w->client,
		          w->replica);
		sim_pipe_forge(s, w, buf_view(&b));
		s->produced->forged++;
	}
	buf_release(&b);
}
