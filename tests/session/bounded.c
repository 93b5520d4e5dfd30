/* SPDX-License-Identifier: MIT
 *
 * What one connection may cost the others: the cost of each request is counted.
 */
#include "tests/session/fixture.h"

static uint64_t cost_of(struct rig *r, struct peer *peer, struct frame frame)
{
	(void)session_spent(r->s, peer->number);
	rig_ask(r, peer, frame);
	rig_work(r);
	return session_spent(r->s, peer->number);
}

static void test_cost(void)
{
	struct rig r;
	struct person people[60];
	char name[NAME_SIZE_MAX];
	struct frame ping = { .type = FRAME_PING };
	struct frame list = { .type = FRAME_LIST, .flags = FLAG_DIGEST };
	struct frame ids = { .type = FRAME_LOOKUP_ID };
	struct buf b;

	rig_open(&r);
	struct peer *peer = rig_join(&r);

	buf_init(&b, 60 * ID_SIZE);
	for (uint8_t i = 0; i < 60; i++) {
		snprintf(name, sizeof name, "user%02d", i);
		people[i] = person_make(name, i + 1, CLOCK_MS + i);
		rig_create(&r, peer, &people[i]);
		buf_put(&b, people[i].account.id.bytes, ID_SIZE);
	}
	uint64_t cheap = cost_of(&r, peer, ping);

	OK(cheap >= 1, "cost: every request costs something");
	IS_U64(session_spent(r.s, peer->number), 0, "cost: what was asked for is told once");
	list.list.count = 3;
	uint64_t few = cost_of(&r, peer, list);

	list.list.count = 60;
	OK(cost_of(&r, peer, list) >= few + 57 / 3,
	   "cost: a list by its accounts, also a digest of it");
	ids.lookup_id.ids = buf_view(&b);
	OK(cost_of(&r, peer, ids) >= 60, "cost: a look-up by its ids");
	OK(!session_is_known(r.s, peer->number), "cost: who is not logged in is a stranger");
	struct peer *known = rig_login(&r, &people[0], 1, false);

	(void)session_spent(r.s, known->number);
	rig_tell(&r, known, &people[1], 1, 1, "x");
	uint64_t one = session_spent(r.s, known->number);

	OK(session_is_known(r.s, known->number), "cost: and who is, is known");
	OK(one >= cheap + 3, "cost: a message by its line in the journal");
	buf_release(&b);
	rig_close(&r);
}

int main(void)
{
	test_cost();
	return tap_done();
}
