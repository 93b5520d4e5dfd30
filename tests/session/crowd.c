/* SPDX-License-Identifier: MIT
 *
 * Who makes room when there is none: not those who are logged in, not those of other addresses, and
 * among strangers not the latest.
 */
#include "tests/session/fixture.h"

static struct limit_address address_of(uint8_t number)
{
	return (struct limit_address){
		.bytes = { [10] = 0xff, [11] = 0xff, [12] = 10, [15] = number }
	};
}

/* A peer that has shaken hands, or was refused. */
static struct peer *come(struct rig *r, uint8_t number)
{
	struct limit_address from = address_of(number);
	struct peer *peer = rig_connect_from(r, &from);

	if (peer->number != SESSION_NONE)
		rig_ask(r, peer, rig_hello());
	return peer;
}

static bool logs_in(struct rig *r, struct peer *peer, const struct person *p, uint64_t session)
{
	return rig_ask(r, peer, login_of(r, peer, p, session, 1)).status == STATUS_OK;
}

/* What the driver does: whoever is closed leaves. Gives how many did. */
static unsigned leave_closed(struct rig *r)
{
	unsigned count = 0;

	for (int i = 0; i < PEERS; i++)
		if (r->peers[i].number != SESSION_NONE && r->peers[i].is_closed) {
			rig_leave(r, &r->peers[i]);
			count++;
		}
	return count;
}

static bool is_here(const struct peer *peer)
{
	return peer->number != SESSION_NONE && !peer->is_closed;
}

static void test_one_address(void)
{
	struct rig r;
	struct person ann = person_make("ann", 1, CLOCK_MS);

	rig_open_with(&r, (struct session_options){ .connections_max = 100,
	                                            .addresses = { .connections = 3 } });
	struct peer *first = come(&r, 1);
	struct peer *other = come(&r, 2);

	rig_create(&r, first, &ann);
	OK(logs_in(&r, first, &ann, 1), "one address: somebody logs in");
	struct peer *second = come(&r, 1);
	struct peer *third = come(&r, 1);
	struct peer *fourth = come(&r, 1);

	OK(!is_here(second), "one address: the oldest stranger makes room");
	OK(is_here(first), "one address: who is logged in stays");
	OK(is_here(third) && is_here(fourth), "one address: as do the later ones");
	OK(is_here(other), "one address: and everybody else");
	struct frame frame = { .type = 0 };

	OK(rig_next(second, &frame) && frame.type == FRAME_ERROR && frame.status == STATUS_BUSY,
	   "one address: whoever is closed is told why");
	IS_U64(leave_closed(&r), 1, "one address: nobody else was closed");
	rig_tick(&r, 1000);
	IS_U64(r.reports, 1, "one address: the log is told of the address");
	rig_close(&r);
}

/* Connections that are being closed hold their slots until the driver has let them go. */
static void test_all_closing(void)
{
	struct rig r;
	struct peer *last[2];

	rig_open_with(&r, (struct session_options){ .connections_max = 8,
	                                            .addresses = { .connections = 2 } });
	for (unsigned i = 0; i < 8; i++)
		last[i % 2] = come(&r, 1);
	OK(is_here(last[0]) && is_here(last[1]), "closing: the two last are there");
	struct peer *late = come(&r, 1);

	OK(late->number == SESSION_NONE, "closing: with no slot left the next one is refused");
	OK(is_here(last[0]) && is_here(last[1]), "closing: and nobody is closed for it");
	IS_U64(leave_closed(&r), 6, "closing: the others leave");
	OK(is_here(come(&r, 1)), "closing: and then there is room");
	rig_close(&r);
}

static void test_all_logged_in(void)
{
	struct rig r;
	struct person ann = person_make("ann", 1, CLOCK_MS);
	struct person bob = person_make("bob", 2, CLOCK_MS);

	rig_open_with(&r, (struct session_options){ .connections_max = 100,
	                                            .addresses = { .connections = 2 } });
	struct peer *a = come(&r, 1);
	struct peer *b = come(&r, 1);

	rig_create(&r, a, &ann);
	rig_create(&r, b, &bob);
	OK(logs_in(&r, a, &ann, 1) && logs_in(&r, b, &bob, 2),
	   "all logged in: they have what the address may have");
	IS_U64(come(&r, 1)->number, SESSION_NONE, "all logged in: another one is refused");
	IS_STRING(session_refusal(r.s), "too many connections from this address",
	          "all logged in: and told why");
	OK(is_here(come(&r, 2)), "all logged in: another address gets in");
	rig_close(&r);
}

/* Strangers may have three quarters: of 8 connections 6. */
static void test_full(void)
{
	struct rig r;
	struct person ann = person_make("ann", 1, CLOCK_MS);

	rig_open_with(&r, (struct session_options){ .connections_max = 8,
	                                            .addresses = { .connections = 8 } });
	struct peer *honest = come(&r, 1);
	struct peer *hostile[5];

	for (int i = 0; i < 5; i++)
		hostile[i] = come(&r, 2);
	IS_U64(leave_closed(&r), 0, "full: six strangers have room");
	struct peer *ours = come(&r, 3);

	OK(is_here(ours), "full: the seventh gets in");
	OK(is_here(honest), "full: at no cost of an address with one");
	OK(!is_here(hostile[0]), "full: but of the one with the most, its oldest");
	IS_U64(leave_closed(&r), 1, "full: and of nobody else");
	rig_create(&r, ours, &ann);
	OK(logs_in(&r, ours, &ann, 1), "full: there is room to log in");
	unsigned left = 0;

	for (int i = 0; i < 20; i++) {
		(void)come(&r, 2);
		left += leave_closed(&r);
	}
	OK(is_here(ours), "full: a flood of dials does not close who is logged in");
	OK(is_here(honest), "full: nor the stranger of another address");
	IS_U64(left, 19, "full: but its own");
	rig_close(&r);
}

/* A log-out makes a stranger, who is the latest one then. */
static void test_log_out(void)
{
	struct rig r;
	struct person ann = person_make("ann", 1, CLOCK_MS);
	struct frame frame = { .type = FRAME_LOGOUT };

	rig_open_with(&r, (struct session_options){ .connections_max = 100,
	                                            .addresses = { .connections = 2 } });
	struct peer *a = come(&r, 1);

	rig_create(&r, a, &ann);
	OK(logs_in(&r, a, &ann, 1), "log out: first in");
	struct peer *b = come(&r, 1);

	frame.session.session = ulid_of(1);
	rig_ask(&r, a, frame);
	(void)come(&r, 1);
	OK(!is_here(b) && is_here(a), "log out: who was a stranger before goes first");
	(void)leave_closed(&r);
	(void)come(&r, 1);
	OK(!is_here(a), "log out: but after it he is one");
	rig_close(&r);
}

/* The loopback interface has no limit of its own, and makes room like others. */
static void test_loopback(void)
{
	struct rig r;

	rig_open_with(&r, (struct session_options){ .connections_max = 8,
	                                            .addresses = { .connections = 2 } });
	struct peer *first = rig_join(&r);

	for (int i = 0; i < 5; i++)
		(void)rig_join(&r);
	IS_U64(leave_closed(&r), 0, "loopback: may have more");
	OK(is_here(come(&r, 1)), "loopback: but who comes gets in");
	OK(!is_here(first), "loopback: at its cost");
	rig_close(&r);
}

int main(void)
{
	test_one_address();
	test_all_closing();
	test_all_logged_in();
	test_full();
	test_log_out();
	test_loopback();
	return tap_done();
}
