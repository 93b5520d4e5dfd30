/* SPDX-License-Identifier: MIT
 *
 * Events are given to reconcile as they come. Its actions are carried out, and its output is
 * written, once a turn, for all that the turn has brought.
 */
#include "driver/mend.h"

#include <stdio.h>
#include <unistd.h>

_Static_assert((int)RECONCILE_MAX == (int)REPLICAS, "a pair of HOST and PORT for each");

enum { PROGRESS_MS = 100, BAR_SIZE = 24 };

struct mend {
	struct dial_half half;
	struct conn_input input;
	struct dial dials[RECONCILE_MAX];
	struct loop *loop;
	struct reconcile *r;
	struct store *collect; /* or NULL */
	bool is_done;
	bool is_terminal;
	bool is_shown;
	uint64_t shown_ms;
};

/* ---- what stands behind a connection ---- */

static struct mend *mend_of(struct dial *d)
{
	return LOOP_OWNER(d - d->index, struct mend, dials);
}

static void connected(struct dial *d)
{
	struct mend *m = mend_of(d);

	reconcile_connected(m->r, d->index, loop_now_ms(m->loop));
}

static void failed(struct dial *d, const char *why)
{
	struct mend *m = mend_of(d);

	reconcile_failed(m->r, d->index, why, loop_now_ms(m->loop));
}

static void collect(struct mend *m)
{
	struct reader r = reader_of(reconcile_collected(m->r));
	struct fact fact;

	while (m->collect != NULL && protocol_next_fact(&r, &fact)) {
		(void)store_apply(m->collect, &fact, NULL); /* new or not, it is there then */
		(void)store_work(m->collect, STORE_SLICE_MAX);
	}
}

/* What a lost replica sends is read and not used; it is dropped when the connection is closed. */
static size_t input(struct dial *d, struct view bytes)
{
	struct mend *m = mend_of(d);
	size_t used = 0;
	size_t size;

	do {
		size = reconcile_input(m->r, d->index,
		                       view_of(bytes.data + used, bytes.size - used),
		                       loop_now_ms(m->loop));
		used += size;
		collect(m);
	} while (size > 0);
	return used;
}

static struct view output(struct dial *d)
{
	return reconcile_output(mend_of(d)->r, d->index);
}

static void output_sent(struct dial *d, size_t size)
{
	reconcile_output_sent(mend_of(d)->r, d->index, size);
}

/* ---- turns ---- */

/* A write that fails is an event again, so this is repeated until no action comes of it. */
static void settle(struct mend *m)
{
	struct reconcile_action action;
	bool again = true;

	while (again) {
		again = false;
		for (uint32_t i = 0; i < RECONCILE_MAX; i++)
			(void)dial_flush(&m->dials[i]); /* a failure has an action */
		while (reconcile_next(m->r, &action)) {
			again = true;
			if (action.kind == RECONCILE_DONE)
				m->is_done = true;
			if (action.kind == RECONCILE_CLOSE)
				dial_close(&m->dials[action.index]);
		}
	}
}

/* One line that is written over itself, and gone at the end. */
static void show_progress(struct mend *m)
{
	struct reconcile_progress progress;
	char bar[BAR_SIZE + 1];
	uint64_t now_ms = loop_now_ms(m->loop);
	size_t filled;

	if (!m->is_terminal || now_ms - m->shown_ms < PROGRESS_MS)
		return;
	m->shown_ms = now_ms;
	m->is_shown = true;
	reconcile_progress(m->r, &progress);
	filled = progress.total == 0 ? 0 : (size_t)(progress.done * BAR_SIZE / progress.total);
	memset(bar, '-', BAR_SIZE);
	memset(bar, '#', filled);
	bar[BAR_SIZE] = '\0';
	(void)fprintf(stderr, "\r\033[K[%s] %s: %ju of %ju, %ju stored", bar, progress.what,
	              (uintmax_t)progress.done, (uintmax_t)progress.total,
	              (uintmax_t)progress.stored);
	(void)fflush(stderr);
}

static void turn(struct mend *m)
{
	uint64_t until_ms = reconcile_deadline(m->r);
	uint64_t now_ms = loop_now_ms(m->loop);

	if (m->is_terminal && until_ms > now_ms + PROGRESS_MS)
		until_ms = now_ms + PROGRESS_MS;
	loop_turn(m->loop, until_ms);
	if (reconcile_deadline(m->r) <= loop_now_ms(m->loop))
		reconcile_tick(m->r, loop_now_ms(m->loop));
	settle(m);
	show_progress(m);
}

/* ---- a run ---- */

static void begin(struct mend *m, const struct mend_options *o, const uint8_t seed[KEY_SIZE])
{
	bool collects = m->collect != NULL;
	struct reconcile_options options = {
		.mode = o->check || collects ? RECONCILE_CHECK : RECONCILE_REPAIR,
		.count = RECONCILE_MAX,
		.least = collects || o->figures || o->ids != NULL ? 1 : 2,
		.figures = o->figures,
		.ids = o->ids,
		.seen = o->seen,
		.id_count = o->id_count,
		.connect_timeout_ms = (uint32_t)o->timeout_ms,
		.collect = collects,
		.accounts = o->accounts && collects,
	};

	if (options.mode == RECONCILE_REPAIR)
		options.bring = o->bring;

	memcpy(options.key, o->key, KEY_SIZE);
	memcpy(options.seed, seed, KEY_SIZE);
	m->r = reconcile_new(&options, loop_now_ms(m->loop));
	explicit_bzero(&options, sizeof options);
	for (uint32_t i = 0; i < RECONCILE_MAX; i++)
		dial_init(&m->dials[i], &m->half, &o->targets[i], i);
	for (uint32_t i = 0; i < RECONCILE_MAX; i++)
		dial_begin(&m->dials[i]);
}

/* If none has shown that it has our key, ours may be the odd one. */
static void doubt_key(const char *key_file, struct reconcile_result *result)
{
	for (uint32_t i = 0; i < RECONCILE_MAX; i++)
		if (result->replicas[i].state == RECONCILE_READY)
			return;
	for (uint32_t i = 0; i < RECONCILE_MAX; i++)
		if (result->replicas[i].is_refused)
			(void)snprintf(result->replicas[i].why, RECONCILE_WHY_SIZE,
			               "it has another operator key than '%.64s': --key FILE "
			               "gives that of the servers",
			               key_file);
}

void mend_run(struct loop *l, const struct mend_options *o, const uint8_t seed[KEY_SIZE],
              struct store *collect, struct reconcile_result *result, uint64_t *ms)
{
	struct mend m = {
		.half = {
			.loop = l,
			.buffer = &m.input,
			.ready = dial_ready,
			.connected = connected,
			.failed = failed,
			.input = input,
			.output = output,
			.output_sent = output_sent,
		},
		.loop = l,
		.collect = collect,
		.is_terminal = isatty(STDERR_FILENO) == 1,
	};
	uint64_t begun_ms;

	loop_turn(l, 0); /* reads the clock, which stood still between two runs */
	begun_ms = loop_now_ms(l);
	conn_input_init(&m.input, FRAME_SIZE_MAX);
	begin(&m, o, seed);
	settle(&m);
	while (!m.is_done)
		turn(&m);
	if (m.is_shown)
		(void)fprintf(stderr, "\r\033[K");
	reconcile_result(m.r, result);
	doubt_key(o->key_file, result);
	*ms = loop_now_ms(l) - begun_ms;
	for (uint32_t i = 0; i < RECONCILE_MAX; i++)
		dial_release(&m.dials[i]);
	reconcile_free(m.r);
	conn_input_release(&m.input);
}
