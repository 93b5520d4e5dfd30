/* SPDX-License-Identifier: MIT
 *
 * The fuzz target of the data directory: a start, plain or with --salvage, on files that were valid
 * before the input changed them. A start that refuses changes nothing. One that goes on can be used
 * and stopped, and the next start finds the same.
 *
 * The input is a list of changes: a byte for the file and the kind, two or three for the place, and
 * what is put there.
 */
#include "tests/simulate/simdisk.c"

#include "tests/journal/fixture.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const fuzz_names[] = { "journal.jsonl",     "users.json",   "pending.json",
	                                  "journal.old.jsonl", "replica.json", "pending.json.new",
	                                  "users.json.new" };
enum { FUZZ_NAMES = sizeof fuzz_names / sizeof fuzz_names[0] };

static uint32_t fuzz_take(struct view *in, uint32_t bytes)
{
	uint32_t value = 0;

	for (; bytes > 0 && in->size > 0; bytes--) {
		value = value << 8 | in->data[0];
		*in = view_of(in->data + 1, in->size - 1);
	}
	return value;
}

/* One change of a file that is there. */
static void fuzz_change(struct life *l, struct view *in)
{
	uint32_t what = fuzz_take(in, 1);
	const char *name = fuzz_names[what % FUZZ_NAMES];
	struct view content;
	struct buf copy;
	uint8_t piece[64];
	size_t at, part;

	if (!simdisk_get(l->sim, name, &content) || content.size == 0) {
		simdisk_put(l->sim, name, view_of_string("{}\n"));
		return;
	}
	copy = copy_of(l, name);
	at = fuzz_take(in, 3) % copy.size;
	part = fuzz_take(in, 1) % 64 + 1;
	part = part < copy.size - at ? part : copy.size - at;
	switch (what / FUZZ_NAMES % 6) {
	case 0:
		copy.data[at] ^= (uint8_t)(part | 1);
		break;
	case 1:
		copy.size = at;
		break;
	case 2: /* other bytes */
		for (size_t i = 0; i < part; i++)
			copy.data[at + i] = (uint8_t)fuzz_take(in, 1);
		break;
	case 3: /* a piece twice */
		memcpy(piece, copy.data + at, part);
		(void)buf_put(&copy, piece, part);
		break;
	case 4: /* a piece less */
		memmove(copy.data + at, copy.data + at + part, copy.size - at - part);
		copy.size -= part;
		break;
	case 5:
		simdisk_delete(l->sim, name);
		buf_release(&copy);
		return;
	}
	simdisk_put(l->sim, name, buf_view(&copy));
	buf_release(&copy);
}

/* The content of all files, in one digest. */
static void fuzz_digest(const struct life *l, uint8_t digest[SHA256_SIZE])
{
	struct sha256 h;
	struct view content;

	sha256_init(&h);
	for (size_t i = 0; i < FUZZ_NAMES; i++)
		if (simdisk_get(l->sim, fuzz_names[i], &content) && content.size > 0)
			sha256_update_part(&h, content.data, content.size);
	sha256_final(&h, digest);
}

/* A start, and what comes after it. */
static void fuzz_start(struct life *l)
{
	uint8_t before[SHA256_SIZE], after[SHA256_SIZE];
	uint64_t sum;

	fuzz_digest(l, before);
	if (reopen(l) != JOURNAL_OK) {
		fuzz_digest(l, after);
		if (l->err[0] == '\0' ||
		    (!l->options.salvage && memcmp(before, after, SHA256_SIZE) != 0))
			abort();
		return;
	}
	append_some(l, 2);
	if (!life_run(l, true, 20))
		abort();
	sum = store_sum(l->store);
	if (!life_close(l))
		abort();
	l->options.salvage = false;
	if (life_open(l) != JOURNAL_OK || store_sum(l->store) != sum)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view in = view_of(data, size);
	uint32_t how = fuzz_take(&in, 1);
	struct life l;

	if (how & 1)
		life_with_old(&l, 5);
	else
		life_with(&l, 5, 60, 6);
	journal_abandon(l.journal);
	l.journal = NULL;
	while (in.size > 0)
		fuzz_change(&l, &in);
	l.options.salvage = (how & 2) != 0;
	fuzz_start(&l);
	life_end(&l);
	return 0;
}
