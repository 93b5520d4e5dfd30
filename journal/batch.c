/* SPDX-License-Identifier: MIT
 *
 * Facts are printed into the buffer `fill`. When a batch begins, `fill` becomes `batch`, and the
 * job writes `batch` with one call and syncs it with one. Meanwhile the next batch fills the other
 * buffer: this is group commit. If so much comes that `fill` has the size of a batch, it waits in
 * `full`, behind others, and another one is filled.
 *
 * A batch begins with a line that says how many bytes of the journal are synced. That number is the
 * place where the batch itself will stand, and it is known only when the batch begins. So `fill`
 * keeps room for the line in front of the facts.
 *
 * Facts are printed with the numbers of their streams, and a batch knows which it uses. In which
 * file it will stand is known only when it begins: a compaction may turn to a new journal before.
 * So what the file has not named is named then, behind the mark.
 *
 * The journal is reserved ahead: behind its last line the file holds zeros. Most syncs then change
 * neither the size of the file nor its blocks, which makes them cheaper; and burials still fit when
 * the disk is full. Zeros behind the last line are therefore a clean end.
 */
#include "base/bug.h"
#include "journal/private.h"

#include "base/crc32c.h"
#include "io/file.h"
#include "journal/both.h"

#include <errno.h>
#include <stdio.h>

enum {
	RETRY_MS = 1000,          /* before what was put off is tried again */
	LARGE_BATCH = 128 << 10,  /* bytes: behind such a batch nothing is reserved */
	BATCH_KEPT_MAX = 4 << 20, /* bytes: a larger buffer is freed after its batch */
	NAME_LINE_SIZE_MAX = 192, /* of the line that names a stream */
	NAMED_USES_MAX = 64,      /* facts of a stream before a batch names it again */
	NAMED_AHEAD = 8,          /* names on their way from memory while one is looked at */
};

bool journal_is_no_room(int result)
{
	return result == -ENOSPC || result == -EDQUOT || result == -EFBIG;
}

void journal_put_off_job(struct journal *j)
{
	j->retry_ms = j->now_ms + RETRY_MS;
	j->is_put_off = true;
	(void)snprintf(j->put_off, sizeof j->put_off, "cannot %s '%s': %s", j->job.failed,
	               j->job.file, file_reason(-j->job.result));
}

int journal_failed(struct journal *j, int result, const char *what, const char *file)
{
	struct journal_job *job = &j->job;

	if (result < 0 && job->failed == NULL) {
		job->result = result;
		job->failed = what;
		job->file = file;
	}
	return result;
}

/* Keeps room for the line with the mark, if the buffer holds nothing yet. */
static void need_front(struct buf *b)
{
	static const uint8_t room[JOURNAL_SYNCED_SIZE_MAX];
	bool put = b->size != 0 || buf_put(b, room, sizeof room);

	assert(put);
	(void)put; /* the buffer has no maximum that could be reached */
}

void batch_init(struct journal_batch *b)
{
	buf_init(&b->bytes, JOURNAL_BUFFER_MAX);
	buf_init(&b->uses, JOURNAL_BUFFER_MAX);
}

void batch_release(struct journal_batch *b)
{
	buf_release(&b->bytes);
	buf_release(&b->uses);
}

static size_t uses_count(const struct journal_batch *b)
{
	return b->uses.size / sizeof(struct batch_use);
}

size_t batch_waiting(const struct journal *j)
{
	return j->full_size + j->fill.bytes.size;
}

size_t batch_waiting_max(const struct journal *j)
{
	return batch_waiting(j) + (j->full_uses + uses_count(&j->fill)) * NAME_LINE_SIZE_MAX;
}

/* The batch that is being filled has its size: the next fact begins another one. */
static void close_batch(struct journal *j)
{
	struct journal_batch *full = ring_add(&j->full, sizeof *full);

	j->fill.position = j->position;
	*full = j->fill;
	j->full_size += full->bytes.size;
	j->full_uses += uses_count(full);
	batch_init(&j->fill);
}

/* The batch remembers that it uses a stream. What is remembered of the stream itself is looked at
 * when the batch begins, for all of them together: it is in no cache if there are many. */
static void use_stream(struct journal *j, uint64_t number, const struct stream *stream)
{
	struct buf *uses = &j->fill.uses;
	struct batch_use use = { .number = number, .count = 1, .stream = *stream };
	struct batch_use *last = NULL;
	bool put;

	if (uses->size > 0)
		last = (struct batch_use *)(void *)(uses->data + uses->size - sizeof *last);
	if (last != NULL && last->number == number) {
		last->count++;
		return;
	}
	put = buf_put(uses, &use, sizeof use);
	assert(put);
	(void)put; /* the buffer has no maximum that could be reached */
}

/* The number of a message's stream. The store keeps it with the stream, so it is seldom searched
 * for. (The store may hold the message no more, if the same request has replaced it.) */
static uint64_t number_of(struct journal *j, const struct stream *stream)
{
	uint32_t *mark = store_mark(j->store, stream);
	const struct name *name;

	if (mark != NULL && named_is_recent(&j->named, *mark)) {
		both_check_number(&j->named, *mark, stream);
		return *mark;
	}
	name = named_find(&j->named, stream);
	if (name == NULL)
		name = named_add(&j->named, stream);
	if (mark != NULL)
		*mark = name->number <= UINT32_MAX ? (uint32_t)name->number : 0;
	return name->number;
}

static void put_line(struct journal *j, const struct fact *fact, uint64_t in, const uint8_t *digest)
{
	struct buf *out = &j->fill.bytes;
	size_t begin = out->size;

	journal_line_put_fact(out, fact, in, digest);
	journal_line_seal(out, begin);
}

static void put_text(struct journal *j, const uint8_t digest[KEY_SIZE], struct view text)
{
	struct buf *out = &j->fill.bytes;
	size_t begin = out->size;

	journal_line_put_text(out, digest, text);
	journal_line_seal(out, begin);
	if (BUG(batch_cut_behind_text)) {
		close_batch(j);
		need_front(&j->fill.bytes);
	}
}

static void put_same(struct journal *j, uint64_t in, uint64_t number)
{
	struct buf *out = &j->fill.bytes;
	size_t begin = out->size;

	journal_line_put_same(out, in, number);
	journal_line_seal(out, begin);
}

/* A long text is put once in a batch, before the first message that has it. (The store may hold the
 * message no more, if the same request has replaced it: then its text is in its line.) A batch is
 * written as a whole, so no reference is without its text. */
static void put_message(struct journal *j, const struct fact *fact)
{
	const struct message *m = &fact->message;
	uint64_t in = number_of(j, &m->stream);
	uint64_t mark = BUG(text_once_for_all) ? 0 : j->mark;
	uint8_t digest[KEY_SIZE];
	bool is_first = false;
	bool refers;

	use_stream(j, in, &m->stream);
	if (same_equals(&j->same, m)) {
		put_same(j, in, m->number);
		return;
	}
	same_keep(&j->same, m);
	refers = m->text.size > STORE_TEXT_SHARED &&
	         store_text_once(j->store, m, mark, digest, &is_first);
	if (refers && is_first)
		put_text(j, digest, m->text);
	put_line(j, fact, in, refers ? digest : NULL);
}

/* A burial in a stream without a number is shorter than a name for it. */
static void put_fact(struct journal *j, const struct fact *fact)
{
	const struct stream *stream = &fact->burial.stream;
	const struct name *name = NULL;

	if (fact->kind == FACT_MESSAGE) {
		put_message(j, fact);
		return;
	}
	if (fact->kind == FACT_BURIAL)
		name = named_find(&j->named, stream);
	if (name != NULL)
		use_stream(j, name->number, stream);
	put_line(j, fact, name != NULL ? name->number : 0, NULL);
}

/* The fact is printed at once, so the caller may free it. */
uint64_t journal_append(struct journal *j, const struct fact *fact)
{
	assert(j->magic == JOURNAL_MAGIC);
	assert(fact != NULL);
	if ((j->fill.bytes.size >= j->batch_size_max || uses_count(&j->fill) >= NAMED_MAX) &&
	    !BUG(batch_unbounded))
		close_batch(j);
	if (j->fill.bytes.size == 0) {
		j->mark++;
		same_forget(&j->same);
	}
	need_front(&j->fill.bytes);
	put_fact(j, fact);
	return ++j->position;
}

/* Whether the batch that begins must name a stream: the file has not, or not for long. */
static bool must_name(struct journal *j, struct name *name, uint32_t count)
{
	bool is_first = name->batch != j->begun;

	name->batch = j->begun;
	name->uses += count;
	if (!is_first || (name->file == j->file && name->uses < NAMED_USES_MAX))
		return false;
	name->file = j->file;
	name->uses = 0;
	return true;
}

/* Puts the lines that name what the batch uses and this file has not named. */
static void put_names(struct journal *j, const struct buf *uses, struct buf *out)
{
	const struct batch_use *use = (const struct batch_use *)(const void *)uses->data;
	size_t count = uses->size / sizeof *use;

	j->begun++;
	for (size_t i = 0; i < count; i++) {
		size_t begin = out->size;
		struct name *name = named_get(&j->named, use[i].number);

		if (i + NAMED_AHEAD < count)
			named_prefetch(&j->named, use[i + NAMED_AHEAD].number);
		if (name != NULL && !must_name(j, name, use[i].count))
			continue;
		journal_line_put_stream(out, use[i].number, &use[i].stream);
		journal_line_seal(out, begin);
	}
}

/* Names streams behind the room for the mark, and before what is there. */
static void insert_names(struct journal *j, const struct buf *uses)
{
	struct buf *b = &j->batch;
	struct buf lines;
	uint8_t *end;

	buf_init(&lines, JOURNAL_BUFFER_MAX);
	put_names(j, uses, &lines);
	end = buf_reserve(b, lines.size);
	assert(end != NULL);
	if (lines.size > 0) {
		uint8_t *at = b->data + JOURNAL_SYNCED_SIZE_MAX;

		memmove(at + lines.size, at, (size_t)(end - at));
		memcpy(at, lines.data, lines.size);
		buf_added(b, lines.size);
	}
	buf_release(&lines);
}

/* Puts the line with the mark right before what `batch` holds, and makes all of it the job. The
 * line may be shorter than the room for it; what is left of the room is not written. */
static void begin(struct journal *j, uint64_t position)
{
	struct buf line;
	size_t front;

	assert(j->batch.size >= JOURNAL_SYNCED_SIZE_MAX);
	buf_init(&line, JOURNAL_SYNCED_SIZE_MAX * 2);
	journal_line_put_synced(&line, j->end);
	assert(line.size <= JOURNAL_SYNCED_SIZE_MAX);
	front = JOURNAL_SYNCED_SIZE_MAX - line.size;
	memcpy(j->batch.data + front, line.data, line.size);
	buf_release(&line);
	j->job.kind = JOB_BATCH;
	j->job.data = j->batch.data + front;
	j->job.size = j->batch.size - front;
	j->job.position = position;
	j->job.reserved = j->reserved;
}

void batch_begin(struct journal *j)
{
	struct buf empty = j->batch;
	uint64_t position = j->position;

	assert(empty.size == 0);
	if (j->full.count > 0) {
		struct journal_batch full = *(struct journal_batch *)ring_at(&j->full, 0,
		                                                             sizeof full);

		ring_drop(&j->full);
		buf_release(&j->batch);
		j->batch = full.bytes;
		position = full.position;
		j->full_size -= full.bytes.size;
		j->full_uses -= uses_count(&full);
		insert_names(j, &full.uses);
		buf_release(&full.uses);
	} else {
		assert(j->fill.bytes.size > JOURNAL_SYNCED_SIZE_MAX);
		j->batch = j->fill.bytes;
		j->fill.bytes = empty;
		insert_names(j, &j->fill.uses);
		buf_clear(&j->fill.uses);
	}
	begin(j, position);
}

void batch_begin_note(struct journal *j)
{
	assert(j->batch.size == 0);
	need_front(&j->batch);
	journal_line_put_note(&j->batch, &j->written);
	begin(j, j->synced);
	j->job.is_note = true;
}

/* Keeps zeros ahead of the end, a step at a time. A lack of room is no failure here: the batch has
 * its place already. Under a load of large batches each byte would be written twice, first as zero.
 * That costs more than a change of the file's size, which so many facts share. */
static int reserve(struct journal *j, uint64_t end)
{
	struct journal_job *job = &j->job;
	uint64_t step = j->reserve_size / RESERVE_STEPS + 1;
	uint64_t want = end + j->reserve_size;
	uint64_t from = job->reserved > end ? job->reserved : end;
	int result;

	if (job->reserved < end)
		job->reserved = end;
	if (job->size > LARGE_BATCH || from + step > want)
		return 0;
	if (want > from + 2 * step)
		want = from + 2 * step;
	result = j->disk->operations->reserve(j->disk, j->handle, want);
	if (result == 0)
		job->reserved = want;
	return journal_is_no_room(result) ? 0 : result;
}

void batch_run(struct journal *j)
{
	const struct disk_operations *o = j->disk->operations;
	struct journal_job *job = &j->job;
	const char *file = journal_names[FILE_JOURNAL];
	int result;

	job->crc = crc32c(j->crc, job->data, job->size);
	result = journal_failed(j, o->write(j->disk, j->handle, j->end, job->data, job->size),
	                        "write", file);
	/* Nothing of it counts yet, and it can be written over itself. */
	job->gives_up = journal_is_no_room(result) && !BUG(full_disk_ends_server);
	if (result < 0 || journal_failed(j, reserve(j, j->end + job->size), "reserve", file) < 0 ||
	    BUG(never_synced))
		return;
	/* The job remembers a failure. */
	(void)journal_failed(j, o->sync(j->disk, j->handle), "sync", file);
}

void batch_begin_again(struct journal *j)
{
	struct journal_job *job = &j->job;

	assert(j->has_kept);
	j->has_kept = false;
	*job = (struct journal_job){ .kind = JOB_BATCH,
		                     .data = job->data,
		                     .size = job->size,
		                     .position = job->position,
		                     .is_note = job->is_note,
		                     .handle = -1,
		                     .reserved = j->reserved,
		                     .room = -1 };
}

/* All that the job wrote is the journal's now, and its facts are on the disk. */
void batch_end(struct journal *j)
{
	if (j->job.gives_up) {
		j->has_kept = true;
		journal_put_off_job(j);
		return;
	}
	j->crc = j->job.crc;
	j->end += j->job.size;
	j->reserved = j->job.reserved;
	assert(j->reserved >= j->end);
	assert(j->job.position >= j->synced);
	j->synced = j->job.position;
	buf_clear(&j->batch);
	if (j->batch.capacity > BATCH_KEPT_MAX)
		buf_release(&j->batch);
}
