/* SPDX-License-Identifier: MIT
 *
 * A snapshot is written in slices while facts go on arriving, so it shows the store at no single
 * moment. That does no harm: whatever it lacks, or has early, stands in the journal that was begun
 * before the snapshot, and a fact that is applied twice counts once.
 *
 * A slice is encoded on the caller's thread, which may look at the store. The job only writes it.
 *
 * The form of the file:
 *
 *   {"format":4,"users":[       the head, an object that is not closed
 *   {...},                      one element a line; a comma after each but the last
 *   {"crc":"..."},              after every kilobyte: the checksum of the bytes since the one
 *                               before. Damage is found where it is, and --salvage loses no more
 *   ],"count":N,"crc":"..."}    the tail: how many elements, and a checksum of everything before it
 *
 * In pending.json a line names a stream before the messages of it, and another one what several of
 * them say, before the first that says it: these two are no elements. The long texts follow the
 * messages, each once, however many messages share it.
 */
#include "journal/private.h"

#include "base/crc32c.h"
#include "base/sha256.h"
#include "journal/both.h"

enum {
	NAMED_USES_MAX = 32,      /* messages of a stream before it is named again */
	TEXT_CACHE_SIZE = 64,     /* digests of long texts that one slice remembers */
	SLICE_HASH_MAX = 1 << 20, /* bytes of long texts hashed for one slice: some 3 ms */
	SLICE_STEPS_MAX = 10000,  /* of the store's walk, in a slice */
};

/* Adds what was put since the last call to the checksum of the file, and to that of the block if
 * `in_block`. */
static void absorb(struct snapshot *s, bool in_block)
{
	const uint8_t *data = s->slice.data + s->hashed;
	size_t size = s->slice.size - s->hashed;

	assert(s->hashed <= s->slice.size);
	s->crc = crc32c(s->crc, data, size);
	if (in_block) {
		s->block_crc = crc32c(s->block_crc, data, size);
		s->block_size += size;
	}
	s->hashed = s->slice.size;
}

/* Ends a block with the checksum of its bytes, the comma before it included. */
static void close_block(struct snapshot *s)
{
	journal_line_put(&s->slice, ",\n");
	absorb(s, true);
	journal_line_put_block(&s->slice, s->block_crc);
	absorb(s, false);
	s->block_crc = 0;
	s->block_size = 0;
}

/* Every element but the first has a comma and a newline before it. */
static void element_begin(struct snapshot *s)
{
	journal_line_put(&s->slice, s->has_element ? ",\n" : "\n");
	s->has_element = true;
	s->begin = s->slice.size;
}

static void element_end(struct snapshot *s)
{
	journal_line_put(&s->slice, "}");
	both_check_printed(view_of(s->slice.data + s->begin, s->slice.size - s->begin));
	absorb(s, true);
	if (s->block_size >= SNAPSHOT_BLOCK_SIZE)
		close_block(s);
}

/* The count is of facts and long texts; what gives a number, and checksums of blocks, do not count.
 */
static void put_tail(struct snapshot *s)
{
	if (s->block_size > 0 && s->has_element)
		close_block(s);
	journal_line_put(&s->slice, "\n],\"count\":");
	journal_line_put_decimal(&s->slice, s->count);
	absorb(s, false);
	journal_line_put(&s->slice, ",\"crc\":\"");
	journal_line_put_hex(&s->slice, s->crc);
	journal_line_put(&s->slice, "\"}\n");
	s->hashed = s->slice.size; /* the file's checksum cannot cover itself */
	s->complete = true;
}

/* The head belongs to the first block, so its bytes count there, too. */
static void put_head(struct snapshot *s)
{
	journal_line_put_format(&s->slice, SNAPSHOT_FORMAT);
	journal_line_put(&s->slice, s->file == FILE_USERS ? ",\"users\":[" : ",\"pending\":[");
	absorb(s, true);
}

/* Digests of the texts that this slice has met. The store holds a text once that many messages
 * share, so the address names the text, as long as the store does not change: within a slice. */
struct text_cache {
	const uint8_t *data[TEXT_CACHE_SIZE];
	uint8_t digests[TEXT_CACHE_SIZE][KEY_SIZE];
	size_t hashed; /* bytes */
};

static const uint8_t *text_digest(struct text_cache *cache, struct view text)
{
	size_t at = (uintptr_t)text.data / 64 % TEXT_CACHE_SIZE;

	assert(text.size > STORE_TEXT_SHARED);
	if (cache->data[at] != text.data) {
		sha256(text.data, text.size, cache->digests[at]);
		cache->data[at] = text.data;
		cache->hashed += text.size;
	}
	return cache->digests[at];
}

/* users.json holds what the store gives first, accounts and tombstones; the rest is for
 * pending.json, in its own order. */
static enum store_step next_fact(struct journal *j, struct fact *fact, uint64_t *budget)
{
	struct snapshot *s = &j->snapshot;

	if (s->file == FILE_PENDING)
		return store_pending_next(j->store, &s->pending_after, fact, budget);
	return store_next(j->store, &s->users_after, fact) &&
	                       (fact->kind == FACT_ACCOUNT || fact->kind == FACT_TOMBSTONE)
	               ? STORE_STEP_FOUND
	               : STORE_STEP_END;
}

/* The number of a stream in this file, which names it before its first message and, from time to
 * time, again. */
static uint64_t name_stream(struct snapshot *s, const struct stream *stream)
{
	struct name *name = named_find(&s->named, stream);

	if (name != NULL && ++name->uses < NAMED_USES_MAX)
		return name->number;
	if (name == NULL)
		name = named_add(&s->named, stream);
	name->uses = 0;
	element_begin(s);
	journal_line_put_stream(&s->slice, name->number, stream);
	element_end(s);
	return name->number;
}

/* The number in this file of what a message says, which it says before the first that does; 0: no
 * other message says the same. */
static uint64_t name_said(struct journal *j, const struct message *message)
{
	struct snapshot *s = &j->snapshot;
	uint64_t *mark = message->audience.size > 0 ? store_said_mark(j->store, message) : NULL;

	if (mark == NULL)
		return 0;
	if (*mark <= s->said_before) {
		*mark = ++s->said_last;
		element_begin(s);
		journal_line_put_said(&s->slice, *mark - s->said_before, message);
		element_end(s);
	}
	return *mark - s->said_before;
}

static void put_fact(struct journal *j, const struct fact *fact, struct text_cache *cache)
{
	struct snapshot *s = &j->snapshot;
	bool is_message = fact->kind == FACT_MESSAGE;
	bool is_long = is_message && fact->message.text.size > STORE_TEXT_SHARED;
	uint64_t in = is_message ? name_stream(s, &fact->message.stream) : 0;
	uint64_t said = is_message ? name_said(j, &fact->message) : 0;

	element_begin(s);
	if (said > 0)
		journal_line_put_says(&s->slice, in, fact->message.number, said);
	else
		journal_line_put_fact(&s->slice, fact, in,
		                      is_long ? text_digest(cache, fact->message.text) : NULL);
	element_end(s);
	s->count++;
}

/* The next element. STORE_STEP_LATER: the budget is used up. */
static enum store_step put_element(struct journal *j, struct text_cache *cache, uint64_t *budget)
{
	struct snapshot *s = &j->snapshot;
	enum store_step step = STORE_STEP_END;
	struct fact fact;
	struct view text;

	if (!s->in_texts)
		step = next_fact(j, &fact, budget);
	if (step == STORE_STEP_FOUND)
		put_fact(j, &fact, cache);
	if (step != STORE_STEP_END)
		return step;
	s->in_texts = true;
	if (s->file == FILE_USERS || !store_text_next(j->store, s->text_after, &text))
		return STORE_STEP_END;
	element_begin(s);
	journal_line_put_text(&s->slice, s->text_after, text);
	element_end(s);
	s->count++;
	return STORE_STEP_FOUND;
}

void snapshot_begin(struct journal *j, enum journal_file file)
{
	struct snapshot *s = &j->snapshot;
	struct buf slice = s->slice;
	struct named named;

	assert(s->handle < 0);
	named_release(&s->named);
	named = s->named; /* its secret */
	*s = (struct snapshot){ .file = file,
		                .handle = -1,
		                .slice = slice,
		                .named = named,
		                .said_before = s->said_last,
		                .said_last = s->said_last };
	buf_clear(&s->slice);
}

void snapshot_release(struct snapshot *s)
{
	buf_release(&s->slice);
	named_release(&s->named);
}

/* A slice ends when it is large enough to write, or when hashing long texts, or passing over
 * what the store has still to free, has taken long enough: the caller's loop waits for it. It
 * may be empty then. */
void snapshot_begin_slice(struct journal *j)
{
	struct snapshot *s = &j->snapshot;
	struct text_cache cache = { .hashed = 0 };
	uint64_t budget = SLICE_STEPS_MAX;
	enum store_step step = STORE_STEP_FOUND;

	assert(j->step == STEP_USERS || j->step == STEP_PENDING);
	assert(!s->complete);
	s->offset += s->slice.size;
	buf_clear(&s->slice);
	s->hashed = 0;
	if (s->offset == 0)
		put_head(s);
	while (step == STORE_STEP_FOUND && s->slice.size < j->slice_size &&
	       cache.hashed < SLICE_HASH_MAX)
		step = put_element(j, &cache, &budget);
	if (step == STORE_STEP_END)
		put_tail(s);
	assert(s->hashed == s->slice.size);
	j->job.kind = JOB_SLICE;
	j->job.data = s->slice.data;
	j->job.size = s->slice.size;
	j->job.handle = s->handle;
}
