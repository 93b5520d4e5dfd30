/* SPDX-License-Identifier: MIT
 *
 * A bucket is one number: the time at which it is full again. Taking one moves that time on by what
 * one costs; a bucket is empty when it would be full only after more than a minute. (This is the
 * generic cell rate algorithm. It needs no tick that fills buckets.)
 */
#include "session/limit.h"

#include "base/bug.h"
#include "base/memory.h"

#include <assert.h>
#include <string.h>

enum { SETS = LIMIT_ADDRESSES / LIMIT_WAYS, BUCKETS = LIMIT_UNKNOWN + 1, REPORT_STEP_MS = 1000 };
_Static_assert((SETS & (SETS - 1)) == 0, "a hash chooses a set by its low bits");
#define MINUTE_US UINT64_C(60000000)

struct limit_row {
	uint8_t address[16];
	uint64_t used_ms;
	uint64_t full_us[BUCKETS];
	uint64_t due_ms; /* before that there is no report */
	uint32_t refused[LIMIT_KINDS];
	bool is_used;
};

struct limit_guesses {
	uint64_t tag; /* the hash of account and address */
	uint64_t used_ms;
	uint32_t count; /* 0: free */
};

void limit_init(struct limit *l, const struct limit_options *options, struct siphash_key key)
{
	*l = (struct limit){ .options = *options, .key = key, .due_ms = UINT64_MAX };
	if (l->options.accounts == 0)
		l->options.accounts = LIMIT_ACCOUNTS_A_MINUTE;
	if (l->options.unknown == 0)
		l->options.unknown = LIMIT_UNKNOWN_A_MINUTE;
	l->rows = memory_alloc_zero(LIMIT_ADDRESSES, sizeof *l->rows);
	l->guesses = memory_alloc_zero(LIMIT_ADDRESSES, sizeof *l->guesses);
}

void limit_release(struct limit *l)
{
	memory_free(l->rows);
	memory_free(l->guesses);
	l->rows = NULL;
	l->guesses = NULL;
}

void limit_key_of(const struct limit_address *from, uint8_t key[16])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	memcpy(key, from->bytes, 16);
	if (memcmp(key, mapped, sizeof mapped) != 0)
		memset(key + 8, 0, 8);
}

bool limit_counts(const struct limit *l, const struct limit_address *from)
{
	return !from->is_local || l->options.is_for_loopback;
}

/* The row of an address, made if there is none. */
static struct limit_row *row_of(struct limit *l, const struct limit_address *from, uint64_t now_ms)
{
	uint8_t key[16];

	limit_key_of(from, key);
	if (BUG(one_bucket_for_all))
		memset(key, 0, sizeof key);
	struct limit_row *set = l->rows + siphash(&l->key, key, sizeof key) % SETS * LIMIT_WAYS;
	struct limit_row *oldest = set;

	for (struct limit_row *row = set; row < set + LIMIT_WAYS; row++) {
		if (row->is_used && memcmp(row->address, key, sizeof key) == 0) {
			row->used_ms = now_ms;
			return row;
		}
		if (!row->is_used || (oldest->is_used && row->used_ms < oldest->used_ms))
			oldest = row;
	}
	*oldest = (struct limit_row){ .used_ms = now_ms, .is_used = true };
	memcpy(oldest->address, key, sizeof key);
	return oldest;
}

/* Reports come at whole seconds: so a look at all rows is worth it. */
static void count_refusal(struct limit *l, struct limit_row *row, enum limit_kind kind,
                          uint64_t now_ms)
{
	uint64_t due_ms = row->due_ms > now_ms ? row->due_ms : now_ms;

	l->refused[kind]++;
	row->refused[kind] += row->refused[kind] < UINT32_MAX;
	row->due_ms = (due_ms + REPORT_STEP_MS - 1) / REPORT_STEP_MS * REPORT_STEP_MS;
	if (row->due_ms < l->due_ms)
		l->due_ms = row->due_ms;
}

void limit_refused(struct limit *l, enum limit_kind kind, const struct limit_address *from,
                   uint64_t now_ms)
{
	count_refusal(l, row_of(l, from, now_ms), kind, now_ms);
}

bool limit_take(struct limit *l, enum limit_kind kind, const struct limit_address *from,
                uint64_t now_ms, uint32_t *wait_ms)
{
	uint32_t a_minute = kind == LIMIT_ACCOUNTS ? l->options.accounts : l->options.unknown;
	uint64_t now_us = now_ms * 1000;

	assert((unsigned)kind < (unsigned)BUCKETS);
	assert(a_minute > 0);
	*wait_ms = 0;
	if (!limit_counts(l, from))
		return true;
	struct limit_row *row = row_of(l, from, now_ms);
	uint64_t *full_us = &row->full_us[kind];
	uint64_t then_us = (*full_us > now_us ? *full_us : now_us) + MINUTE_US / a_minute;

	if (then_us <= now_us + MINUTE_US) {
		*full_us = then_us;
		return true;
	}
	*wait_ms = (uint32_t)((then_us - now_us - MINUTE_US) / 1000) + 1;
	count_refusal(l, row, kind, now_ms);
	return false;
}

/* ---- passwords ---- */

static struct limit_guesses *guesses_of(struct limit *l, const struct id *account,
                                        const struct limit_address *from, uint64_t now_ms)
{
	uint8_t key[ID_SIZE + 16];

	memcpy(key, account->bytes, ID_SIZE);
	limit_key_of(from, key + ID_SIZE);
	if (BUG(owner_locked_out))
		memset(key + ID_SIZE, 0, 16);
	uint64_t tag = siphash(&l->key, key, sizeof key);
	struct limit_guesses *set = l->guesses + tag % SETS * LIMIT_WAYS;
	struct limit_guesses *oldest = set;

	for (struct limit_guesses *g = set; g < set + LIMIT_WAYS; g++) {
		if (g->count > 0 && g->tag == tag && now_ms - g->used_ms < LIMIT_GUESS_FORGET_MS)
			return g;
		if (g->used_ms < oldest->used_ms)
			oldest = g;
	}
	*oldest = (struct limit_guesses){ .tag = tag };
	return oldest;
}

/* Counts one more. How many steps the answer is late: 0 while there are free ones. */
static uint32_t guess_steps(struct limit_guesses *g, uint32_t free, uint64_t now_ms)
{
	g->used_ms = now_ms;
	if (g->count < free + LIMIT_GUESS_STEPS)
		g->count++;
	return g->count > free ? g->count - free : 0;
}

/* Beside the row for the account there is one for all accounts of the address. It is used at each
 * wrong password, so rows of other accounts, however many, do not push it out. */
uint32_t limit_guess(struct limit *l, const struct id *account, const struct limit_address *from,
                     uint64_t now_ms)
{
	const struct id all = { { 0 } };
	uint32_t steps = guess_steps(guesses_of(l, account, from, now_ms), LIMIT_GUESSES_FREE,
	                             now_ms);
	uint32_t steps_all = guess_steps(guesses_of(l, &all, from, now_ms), LIMIT_GUESSES_ALL,
	                                 now_ms);

	if (steps_all > steps)
		steps = steps_all;
	if (steps == 0 || BUG(guesses_not_slowed))
		return 0;
	limit_refused(l, LIMIT_PASSWORDS, from, now_ms);
	return steps;
}

/* ---- reports ---- */

bool limit_next_report(struct limit *l, uint64_t now_ms, struct limit_report *report)
{
	static const uint32_t none[LIMIT_KINDS];

	if (now_ms < l->due_ms)
		return false;
	l->due_ms = UINT64_MAX;
	for (struct limit_row *row = l->rows; row < l->rows + LIMIT_ADDRESSES; row++) {
		if (memcmp(row->refused, none, sizeof none) == 0)
			continue;
		if (now_ms < row->due_ms) {
			if (row->due_ms < l->due_ms)
				l->due_ms = row->due_ms;
			continue;
		}
		memcpy(report->address, row->address, sizeof report->address);
		memcpy(report->refused, row->refused, sizeof report->refused);
		memset(row->refused, 0, sizeof row->refused);
		row->due_ms = now_ms + LIMIT_REPORT_MS;
		l->due_ms = now_ms; /* there may be more */
		return true;
	}
	return false;
}

void limit_report_all(struct limit *l)
{
	for (struct limit_row *row = l->rows; row < l->rows + LIMIT_ADDRESSES; row++)
		row->due_ms = 0;
	l->due_ms = 0;
}

uint64_t limit_deadline(const struct limit *l)
{
	return l->due_ms;
}
