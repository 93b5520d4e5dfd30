/* SPDX-License-Identifier: MIT
 *
 * The table of figures, and lines of it. Lines are looked up from where the last one was found: a
 * server writes them in the order of the table, so each is the next, or soon after it.
 */
#include "protocol/figures.h"

#include "base/decimal.h"

#include <stdio.h>

#define ROW(member, kind, unit, by, help)                                    \
	{                                                                    \
#member, help, FIGURES_##kind, FIGURES_##unit, FIGURES_##by, \
			offsetof(struct figures, member)                     \
	}

const struct figures_row figures_rows[] = {
	ROW(uptime_ms, GAUGE, MS, ALONE, "time since the start"),
	ROW(connections, GAUGE, COUNT, ALONE, "connections that are open"),
	ROW(sessions, GAUGE, COUNT, ALONE, "accounts that are logged in"),
	ROW(accounts, GAUGE, COUNT, ALONE, "accounts that live"),
	ROW(unconfirmed, GAUGE, COUNT, ALONE, "accounts that nobody has confirmed"),
	ROW(tombstones, GAUGE, COUNT, ALONE, "accounts that were deleted"),
	ROW(pending, GAUGE, COUNT, ALONE, "messages that were not received yet"),
	ROW(streams, GAUGE, COUNT, ALONE, "streams: sessions of a sender to a recipient"),
	ROW(ranges, GAUGE, COUNT, ALONE, "ranges of numbers that were received"),
	ROW(facts, GAUGE, COUNT, ALONE, "facts of all kinds"),
	ROW(store_bytes, GAUGE, BYTES, ALONE, "memory of all facts"),
	ROW(journal_bytes, GAUGE, BYTES, ALONE, "size of the journal"),
	ROW(free_bytes, GAUGE, BYTES, ALONE, "room on the disk of the data"),
	ROW(pushes, COUNTER, COUNT, ALONE, "messages that were pushed to sessions"),
	ROW(closed_malformed, COUNTER, COUNT, ALONE, "connections that broke the protocol"),
	ROW(closed_slow, COUNTER, COUNT, ALONE, "connections that were too slow, or silent"),
	ROW(requests, COUNTER, COUNT, BY_REQUEST, "requests that were answered"),
	ROW(messages, COUNTER, COUNT, BY_OUTCOME, "messages that were sent, for each recipient"),
	ROW(refused, COUNTER, COUNT, BY_LIMIT, "what met a limit"),
	ROW(sync_us, TIMES, US, BY_TIME, "writes of what has changed to the disk"),
	ROW(sync_sum_us, SUM, US, ALONE, "time of all these together"),
	{ .name = NULL },
};

static const char *const limits[FIGURES_LIMITS] = {
	[FIGURES_ACCOUNTS] = "accounts",   [FIGURES_UNKNOWN] = "unknown",
	[FIGURES_PASSWORDS] = "passwords", [FIGURES_CONNECTIONS] = "connections",
	[FIGURES_SHARE] = "share",         [FIGURES_GAPS] = "gaps",
	[FIGURES_ROOM] = "room",
};

/* ---- rows ---- */

uint32_t figures_count(const struct figures_row *row)
{
	static const uint32_t counts[] = {
		[FIGURES_ALONE] = 1,
		[FIGURES_BY_REQUEST] = FRAME_TYPE_REQUEST_END * STATUS_END,
		[FIGURES_BY_OUTCOME] = STATUS_END,
		[FIGURES_BY_LIMIT] = FIGURES_LIMITS,
		[FIGURES_BY_TIME] = FIGURES_BUCKETS,
	};

	return counts[row->by];
}

static size_t offset_of(const struct figures_row *row, uint32_t index)
{
	assert(index < figures_count(row));
	return row->offset + index * sizeof(uint64_t);
}

uint64_t figures_at(const struct figures *f, const struct figures_row *row, uint32_t index)
{
	uint64_t value;

	memcpy(&value, (const uint8_t *)f + offset_of(row, index), sizeof value);
	return value;
}

static void label_outcome(uint32_t status, char label[FIGURES_NAME_SIZE])
{
	(void)snprintf(label, FIGURES_NAME_SIZE, "%s", protocol_status_name((enum status)status));
	for (char *at = label; *at != '\0'; at++)
		if (*at == ' ')
			*at = '-';
}

/* A type without a row has no requests, and so no name. */
static void label_request(uint32_t type, char label[FIGURES_NAME_SIZE])
{
	const struct protocol_row *row = protocol_row((uint8_t)type);

	(void)snprintf(label, FIGURES_NAME_SIZE, "%s", row == NULL ? "none" : row->name);
}

static void label_time(uint32_t bucket, char label[FIGURES_NAME_SIZE])
{
	if (bucket + 1 < FIGURES_BUCKETS)
		label[decimal_put(label, figures_bucket_us(bucket))] = '\0';
	else
		(void)snprintf(label, FIGURES_NAME_SIZE, "more");
}

uint32_t figures_labels(const struct figures_row *row, uint32_t index,
                        char labels[FIGURES_LABELS][FIGURES_NAME_SIZE])
{
	switch (row->by) {
	case FIGURES_ALONE:
		return 0;
	case FIGURES_BY_REQUEST:
		label_request(index / STATUS_END, labels[0]);
		label_outcome(index % STATUS_END, labels[1]);
		return 2;
	case FIGURES_BY_OUTCOME:
		label_outcome(index, labels[0]);
		return 1;
	case FIGURES_BY_LIMIT:
		(void)snprintf(labels[0], FIGURES_NAME_SIZE, "%s", limits[index]);
		return 1;
	case FIGURES_BY_TIME:
		label_time(index, labels[0]);
		return 1;
	}
	assert(false); /* a row has one of these */
	return 0;
}

const char *figures_label_name(const struct figures_row *row, uint32_t place)
{
	static const char *const names[][FIGURES_LABELS] = {
		[FIGURES_ALONE] = { NULL },           [FIGURES_BY_REQUEST] = { "type", "outcome" },
		[FIGURES_BY_OUTCOME] = { "outcome" }, [FIGURES_BY_LIMIT] = { "limit" },
		[FIGURES_BY_TIME] = { "le" },
	};

	return place < FIGURES_LABELS ? names[row->by][place] : NULL;
}

/* ---- times ---- */

uint64_t figures_bucket_us(uint32_t bucket)
{
	assert(bucket < FIGURES_BUCKETS);
	return bucket + 1 < FIGURES_BUCKETS ? (uint64_t)FIGURES_BUCKET_FIRST_US << bucket
	                                    : UINT64_MAX;
}

uint32_t figures_bucket(uint64_t us)
{
	uint32_t bucket = 0;

	while (us > figures_bucket_us(bucket))
		bucket++;
	return bucket;
}

uint64_t figures_times(const uint64_t buckets[FIGURES_BUCKETS])
{
	uint64_t count = 0;

	for (uint32_t i = 0; i < FIGURES_BUCKETS; i++)
		count += buckets[i];
	return count;
}

uint64_t figures_permille(const uint64_t buckets[FIGURES_BUCKETS], uint32_t permille)
{
	uint64_t count = figures_times(buckets);
	uint64_t place = count / 1000 * permille + (count % 1000 * permille + 999) / 1000;
	uint64_t from_us = 0;

	for (uint32_t i = 0; i + 1 < FIGURES_BUCKETS && count > 0; i++) {
		uint64_t upto_us = figures_bucket_us(i);

		if (place <= buckets[i])
			return from_us + (uint64_t)((double)(upto_us - from_us) * (double)place /
			                            (double)(buckets[i] == 0 ? 1 : buckets[i]));
		place -= buckets[i];
		from_us = upto_us;
	}
	return from_us;
}

/* ---- lines ---- */

/* The whole name of a number, with its labels. */
static void name_of(const struct figures_row *row, uint32_t index, char name[FIGURES_NAME_SIZE])
{
	char labels[FIGURES_LABELS][FIGURES_NAME_SIZE] = { "", "" };
	uint32_t count = figures_labels(row, index, labels);

	(void)snprintf(name, FIGURES_NAME_SIZE, "%.16s%s%.20s%s%.20s", row->name,
	               count > 0 ? "." : "", labels[0], count > 1 ? "." : "", labels[1]);
}

static bool put_line(struct buf *to, const char *name, const void *value, size_t size)
{
	return buf_put(to, name, strlen(name)) && buf_put_u8(to, ' ') && buf_put(to, value, size) &&
	       buf_put_u8(to, '\n');
}

bool figures_encode(struct buf *to, const struct figures *f)
{
	bool is_put = put_line(to, "version", f->version, strlen(f->version)) &&
	              put_line(to, "register", f->registration, strlen(f->registration));

	for (const struct figures_row *row = figures_rows; row->name != NULL; row++) {
		for (uint32_t i = 0; i < figures_count(row); i++) {
			uint64_t value = figures_at(f, row, i);
			char name[FIGURES_NAME_SIZE];
			char digits[DECIMAL_SIZE_MAX];

			if (value == 0 && row->by != FIGURES_ALONE)
				continue;
			name_of(row, i, name);
			is_put = is_put && put_line(to, name, digits, decimal_put(digits, value));
		}
	}
	return is_put;
}

/* A place in the table. */
struct cursor {
	const struct figures_row *row;
	uint32_t index;
};

static struct cursor cursor_next(struct cursor at)
{
	if (++at.index < figures_count(at.row))
		return at;
	at.row++;
	at.index = 0;
	if (at.row->name == NULL)
		at.row = figures_rows;
	return at;
}

/* Finds the place of a name, from `at` on and around. Gives the one after it; *found tells which it
 * was, and is untouched if there is none of that name. */
static struct cursor find(struct cursor at, struct view name, struct cursor *found)
{
	struct cursor here = at;

	do {
		char own[FIGURES_NAME_SIZE] = "";

		if (view_starts_with(name, view_of_string(here.row->name)))
			name_of(here.row, here.index, own);
		if (view_equal(name, view_of_string(own))) {
			*found = here;
			return cursor_next(here);
		}
		here = cursor_next(here);
	} while (here.row != at.row || here.index != at.index);
	return at;
}

static bool read_number(struct view text, uint64_t *number)
{
	uint64_t value = 0;

	for (size_t i = 0; i < text.size; i++) {
		if (text.data[i] < '0' || text.data[i] > '9' ||
		    __builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(text.data[i] - '0'), &value))
			return false;
	}
	*number = value;
	return text.size > 0;
}

static bool read_word(struct view text, char word[FIGURES_WORD_SIZE])
{
	for (size_t i = 0; i < text.size; i++)
		if (text.data[i] <= ' ' || text.data[i] >= 0x7f)
			return false;
	if (text.size >= FIGURES_WORD_SIZE)
		return false;
	view_to_string(text, word, FIGURES_WORD_SIZE);
	return true;
}

/* Where the value of this name is kept, if that is a word; else NULL. */
static char *word_of(struct figures *f, struct view name)
{
	if (view_equal(name, view_of_string("version")))
		return f->version;
	return view_equal(name, view_of_string("register")) ? f->registration : NULL;
}

/* A value that is no number is for a later version, as an unknown name is. */
bool figures_decode(struct view text, struct figures *f)
{
	struct cursor at = { figures_rows, 0 };
	struct view line;

	memset(f, 0, sizeof *f);
	while (text.size > 0) {
		if (text.data[text.size - 1] != '\n' || !view_take_line(&text, &line))
			return false;
		const uint8_t *blank = memchr(line.data, ' ', line.size);

		if (blank == NULL || blank == line.data)
			return false;
		struct view name = view_of(line.data, (size_t)(blank - line.data));
		struct view value = view_of(blank + 1, line.size - name.size - 1);
		struct cursor found = { NULL, 0 };
		char *word = word_of(f, name);
		uint64_t number;

		if (word != NULL) {
			if (!read_word(value, word))
				return false;
			continue;
		}
		if (name.size >= FIGURES_NAME_SIZE || !read_number(value, &number))
			continue;
		at = find(at, name, &found);
		if (found.row != NULL)
			memcpy((uint8_t *)f + offset_of(found.row, found.index), &number,
			       sizeof number);
	}
	return true;
}
