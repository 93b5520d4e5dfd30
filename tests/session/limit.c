/* SPDX-License-Identifier: MIT
 *
 * What one address may cost: buckets, delays of wrong passwords, reports; and that what one address
 * does is never at another's cost.
 */
#include "session/limit.h"
#include "tests/lib/tap.h"

#include <string.h>

static const struct siphash_key key = { 1, 2 };

static struct limit_address address_of(uint32_t number)
{
	struct limit_address a = { .bytes = { [10] = 0xff, [11] = 0xff, [12] = 10 } };

	a.bytes[13] = (uint8_t)(number >> 16);
	a.bytes[14] = (uint8_t)(number >> 8);
	a.bytes[15] = (uint8_t)number;
	return a;
}

static struct limit open_limit(struct limit_options options)
{
	struct limit l;

	limit_init(&l, &options, key);
	return l;
}

/* How many of `tries` are granted at this moment. */
static uint32_t granted(struct limit *l, const struct limit_address *a, uint32_t tries,
                        uint64_t now_ms)
{
	uint32_t wait_ms;
	uint32_t count = 0;

	for (uint32_t i = 0; i < tries; i++)
		count += limit_take(l, LIMIT_ACCOUNTS, a, now_ms, &wait_ms);
	return count;
}

static void test_bucket(void)
{
	struct limit l = open_limit((struct limit_options){ .accounts = 60 });
	struct limit_address a = address_of(1);
	struct limit_address b = address_of(2);
	uint64_t now_ms = 1000000;
	uint32_t wait_ms = 0;

	IS_U64(granted(&l, &a, 1000, now_ms), 60, "bucket: what a minute allows is there at once");
	IS_U64(granted(&l, &b, 1, now_ms), 1, "bucket: another address has its own");
	OK(!limit_take(&l, LIMIT_ACCOUNTS, &a, now_ms, &wait_ms), "bucket: it is empty");
	OK(wait_ms >= 1000 && wait_ms <= 1001, "bucket: and says when there is one again");
	IS_U64(granted(&l, &a, 10, now_ms + wait_ms), 1, "bucket: then there is");
	OK(limit_take(&l, LIMIT_UNKNOWN, &a, now_ms, &wait_ms), "bucket: each kind has its own");
	IS_U64(granted(&l, &a, 1000, now_ms + 30000), 29, "bucket: it fills evenly");
	IS_U64(granted(&l, &a, 1000, now_ms + 3600000), 60, "bucket: and never over its size");
	limit_release(&l);
}

static void test_loopback(void)
{
	struct limit l = open_limit((struct limit_options){ .accounts = 3 });
	struct limit_address local = address_of(1);

	local.is_local = true;
	IS_U64(granted(&l, &local, 1000, 1000), 1000, "loopback: is not limited");
	limit_release(&l);
	l = open_limit((struct limit_options){ .accounts = 3, .is_for_loopback = true });
	IS_U64(granted(&l, &local, 1000, 1000), 3, "loopback: but if it is asked for");
	limit_release(&l);
}

static void test_networks(void)
{
	struct limit l = open_limit((struct limit_options){ .accounts = 3 });
	struct limit_address a = { .bytes = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 } };
	struct limit_address b = a;

	b.bytes[8] = 7;
	IS_U64(granted(&l, &a, 2, 1000), 2, "IPv6: an address");
	IS_U64(granted(&l, &b, 9, 1000), 1, "IPv6: and others of its network are one");
	b.bytes[7] = 1;
	IS_U64(granted(&l, &b, 9, 1000), 3, "IPv6: another network is another one");
	limit_release(&l);
}

/* More addresses than there are rows: memory stays, and who comes is served. */
static void test_many(void)
{
	struct limit l = open_limit((struct limit_options){ .accounts = 1 });
	struct limit_address busy = address_of(0xffffff);
	uint32_t wait_ms;
	uint32_t served = 0;
	uint32_t again = 0;

	for (uint32_t i = 0; i < 3 * LIMIT_ADDRESSES; i++) {
		struct limit_address a = address_of(i);

		served += limit_take(&l, LIMIT_ACCOUNTS, &a, 1000 + i, &wait_ms);
		again += limit_take(&l, LIMIT_ACCOUNTS, &busy, 1000 + i, &wait_ms);
	}
	IS_U64(served, 3 * LIMIT_ADDRESSES, "many: each new address is served");
	IS_U64(again, 1, "many: and who is refused all the time stays refused");
	limit_release(&l);
}

static void test_guesses(void)
{
	struct limit l = open_limit((struct limit_options){ .accounts = 0 });
	struct limit_address a = address_of(1);
	struct limit_address b = address_of(2);
	struct id ann = { { 1 } };
	struct id bob = { { 2 } };
	static const uint32_t wanted[] = { 0, 0, 0, 125, 250, 500, 1000, 1000, 1000 };

	for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
		IS_U64(limit_guess_ms(limit_guess(&l, &ann, &a, 5000)), wanted[i],
		       "guesses: the delay grows, up to its end");
	IS_U64(limit_guess(&l, &bob, &a, 5000), 0, "guesses: another account is another count");
	IS_U64(limit_guess(&l, &ann, &b, 5000), 0, "guesses: and so is another address");
	IS_U64(limit_guess(&l, &ann, &a, 4999 + LIMIT_GUESS_FORGET_MS), 4,
	       "guesses: kept for long");
	IS_U64(limit_guess(&l, &ann, &a, 5000 + 2 * LIMIT_GUESS_FORGET_MS), 0,
	       "guesses: and forgotten at last");
	a.is_local = true;
	for (int i = 0; i < LIMIT_GUESSES_FREE; i++)
		(void)limit_guess(&l, &ann, &a, 5000 + 4 * LIMIT_GUESS_FORGET_MS);
	OK(limit_guess(&l, &ann, &a, 5000 + 4 * LIMIT_GUESS_FORGET_MS) > 0,
	   "guesses: loopback is slowed, too");
	limit_release(&l);
}

/* More accounts than there are rows: their rows push each other out. */
static void test_many_guesses(void)
{
	struct limit l = open_limit((struct limit_options){ .accounts = 0 });
	struct limit_address a = address_of(1);
	struct limit_address b = address_of(2);
	uint32_t free = 0;

	for (uint32_t i = 1; i <= 3 * LIMIT_ADDRESSES; i++) {
		struct id id = { { (uint8_t)i, (uint8_t)(i >> 8), 1 } };

		free += limit_guess(&l, &id, &a, 5000 + i) == 0;
	}
	IS_U64(free, LIMIT_GUESSES_ALL, "guesses: of all accounts only so many are free");
	IS_U64(limit_guess(&l, &(struct id){ { 7 } }, &b, 50000), 0,
	       "guesses: another address does not pay for them");
	limit_release(&l);
}

static void test_reports(void)
{
	struct limit l = open_limit((struct limit_options){ .accounts = 1 });
	struct limit_address a = address_of(1);
	struct limit_address b = address_of(2);
	struct limit_report report;

	IS_U64(limit_deadline(&l), UINT64_MAX, "reports: without a refusal there is none");
	(void)granted(&l, &a, 4, 10500);
	(void)granted(&l, &b, 2, 10500);
	IS_U64(limit_deadline(&l), 11000, "reports: the first comes soon");
	OK(!limit_next_report(&l, 10999, &report), "reports: but not before its time");
	uint32_t sum = 0;
	for (int i = 0; i < 2; i++) {
		OK(limit_next_report(&l, 11000, &report), "reports: one for each address");
		sum += report.refused[LIMIT_ACCOUNTS];
	}
	IS_U64(sum, 4, "reports: with the count");
	OK(!limit_next_report(&l, 11000, &report), "reports: and then no other");
	IS_U64(limit_deadline(&l), UINT64_MAX, "reports: none is due");
	(void)granted(&l, &a, 300, 12000);
	IS_U64(limit_deadline(&l), 71000, "reports: the next one comes a minute later");
	OK(limit_next_report(&l, 71000, &report), "reports: it does");
	IS_U64(report.refused[LIMIT_ACCOUNTS], 300, "reports: with what came in between");
	OK(report.address[15] == 1, "reports: and names the address");
	limit_refused(&l, LIMIT_CONNECTIONS, &b, 200000);
	OK(limit_next_report(&l, 200000, &report) && report.refused[LIMIT_CONNECTIONS] == 1,
	   "reports: of what others refuse, too");
	limit_release(&l);
}

int main(void)
{
	test_bucket();
	test_loopback();
	test_networks();
	test_many();
	test_guesses();
	test_many_guesses();
	test_reports();
	return tap_done();
}
