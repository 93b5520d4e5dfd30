/* SPDX-License-Identifier: MIT
 *
 * A peer is closed, dialling or connected. Events are given to reconcile as they come; its actions
 * and its output are seen to once a turn, for all that the turn has brought.
 *
 * A host with several addresses is dialled at one after another.
 */
#include "tools/mend.h"

#include "io/conn.h"
#include "io/log.h"

#include <stdio.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

enum { PROGRESS_MS = 100, BAR_SIZE = 24 };

struct peer {
	struct conn conn;
	uint32_t index;
	bool is_dialling;
	size_t next; /* the address that is dialled next */
};

struct run {
	struct loop *loop;
	const struct repair_options *options;
	struct reconcile *r;
	struct store *collect; /* or NULL */
	struct conn_input input;
	struct peer peers[RECONCILE_MAX];
	bool is_done;
	bool is_terminal;
	bool is_shown;
	uint64_t shown_ms;
};

static struct run *run_of(struct peer *peer)
{
	return LOOP_OWNER(peer - peer->index, struct run, peers);
}

/* ---- dial ---- */

static void fail(struct peer *peer, const char *why)
{
	struct run *run = run_of(peer);

	conn_close(&peer->conn);
	peer->is_dialling = false;
	reconcile_failed(run->r, peer->index, why, loop_now_ms(run->loop));
}

/* The next address that can be dialled at all; the outcome comes as an event. */
static void dial(struct peer *peer, int error)
{
	struct run *run = run_of(peer);
	const struct repair_target *target = &run->options->targets[peer->index];

	assert(!conn_is_open(&peer->conn));
	while (peer->next < target->count) {
		int fd = address_dial(&target->addresses[peer->next++]);

		error = fd;
		if (fd < 0)
			continue;
		error = conn_open(&peer->conn, run->loop, fd, true);
		if (error == 0) {
			peer->is_dialling = true;
			return;
		}
		(void)close(fd); /* nothing was written to it */
	}
	assert(error < 0);
	fail(peer, strerror(-error));
}

static void dialled(struct peer *peer)
{
	struct run *run = run_of(peer);
	int error = address_dialled(peer->conn.source.fd);

	peer->is_dialling = false;
	if (error < 0) {
		conn_close(&peer->conn);
		dial(peer, error);
		return;
	}
	reconcile_connected(run->r, peer->index, loop_now_ms(run->loop));
}

/* ---- bytes ---- */

static void collect(struct run *run)
{
	struct reader r = reader_of(reconcile_collected(run->r));
	struct fact fact;

	while (run->collect != NULL && protocol_next_fact(&r, &fact)) {
		(void)store_apply(run->collect, &fact, NULL); /* new or not, it is there then */
		(void)store_work(run->collect, STORE_SLICE_MAX);
	}
}

static void receive(struct peer *peer)
{
	struct run *run = run_of(peer);
	size_t used = 0;
	struct view bytes;
	size_t size;

	switch (conn_receive(&peer->conn, &run->input, &bytes)) {
	case CONN_OK:
		do {
			size = reconcile_input(run->r, peer->index,
			                       view_of(bytes.data + used, bytes.size - used),
			                       loop_now_ms(run->loop));
			used += size;
			collect(run);
		} while (size > 0);
		/* What a replica sends that is lost by now is read, and dropped with it. */
		conn_used(&peer->conn, &run->input, bytes, used);
		return;
	case CONN_LATER:
		return;
	case CONN_END:
		fail(peer, "closed the connection");
		return;
	case CONN_FAILED:
		fail(peer, strerror(peer->conn.error));
		return;
	}
}

static void peer_ready(struct loop_source *source, unsigned events)
{
	struct conn *conn = LOOP_OWNER(source, struct conn, source);
	struct peer *peer = LOOP_OWNER(conn, struct peer, conn);

	if (peer->is_dialling) {
		/* An answer may come with the end of the dial; it is there in the next turn. */
		if ((events & (LOOP_WRITE | LOOP_FAILED)) != 0)
			dialled(peer);
		return;
	}
	if ((events & (LOOP_READ | LOOP_FAILED)) != 0)
		receive(peer);
}

static void flush(struct peer *peer)
{
	struct run *run = run_of(peer);

	while (conn_is_open(&peer->conn) && !peer->is_dialling) {
		struct view bytes = reconcile_output(run->r, peer->index);
		enum conn_status status;
		size_t sent;

		status = conn_send(&peer->conn, bytes, &sent);
		if (status == CONN_FAILED) {
			fail(peer, strerror(peer->conn.error));
			return;
		}
		if (sent > 0)
			reconcile_output_sent(run->r, peer->index, sent);
		if (status == CONN_LATER || sent == bytes.size)
			return;
	}
}

/* ---- turns ---- */

/* A write that fails is an event again, so it goes round until nothing comes of it. */
static void settle(struct run *run)
{
	struct reconcile_action action;
	bool again = true;

	while (again) {
		again = false;
		for (uint32_t i = 0; i < RECONCILE_MAX; i++)
			flush(&run->peers[i]);
		while (reconcile_next(run->r, &action)) {
			again = true;
			if (action.kind == RECONCILE_DONE)
				run->is_done = true;
			if (action.kind != RECONCILE_CLOSE)
				continue;
			conn_close(&run->peers[action.index].conn);
			run->peers[action.index].is_dialling = false;
		}
	}
}

/* One line that is written over itself, and gone at the end. */
static void show_progress(struct run *run)
{
	struct reconcile_progress progress;
	char bar[BAR_SIZE + 1];
	uint64_t now_ms = loop_now_ms(run->loop);
	size_t filled;

	if (!run->is_terminal || now_ms - run->shown_ms < PROGRESS_MS)
		return;
	run->shown_ms = now_ms;
	run->is_shown = true;
	reconcile_progress(run->r, &progress);
	filled = progress.total == 0 ? 0 : (size_t)(progress.done * BAR_SIZE / progress.total);
	memset(bar, '-', BAR_SIZE);
	memset(bar, '#', filled);
	bar[BAR_SIZE] = '\0';
	(void)fprintf(stderr, "\r\033[K[%s] %s: %ju of %ju, %ju stored", bar, progress.what,
	              (uintmax_t)progress.done, (uintmax_t)progress.total,
	              (uintmax_t)progress.stored);
	(void)fflush(stderr);
}

static void turn(struct run *run)
{
	uint64_t until_ms = reconcile_deadline(run->r);
	uint64_t now_ms = loop_now_ms(run->loop);

	if (run->is_terminal && until_ms > now_ms + PROGRESS_MS)
		until_ms = now_ms + PROGRESS_MS;
	loop_turn(run->loop, until_ms);
	if (reconcile_deadline(run->r) <= loop_now_ms(run->loop))
		reconcile_tick(run->r, loop_now_ms(run->loop));
	settle(run);
	show_progress(run);
}

/* ---- a run ---- */

static void begin(struct run *run, const uint8_t key[KEY_SIZE])
{
	const struct repair_options *o = run->options;
	struct reconcile_options options = {
		.mode = o->check || run->collect != NULL ? RECONCILE_CHECK : RECONCILE_REPAIR,
		.count = RECONCILE_MAX,
		.least = run->collect != NULL ? 1 : 2,
		.connect_timeout_ms = (uint32_t)o->timeout_ms,
		.collect = run->collect != NULL,
	};

	memcpy(options.key, key, KEY_SIZE);
	/* So few bytes are given whole, once the system's generator has been seeded. */
	if (getrandom(options.seed, KEY_SIZE, 0) != KEY_SIZE) {
		log_plain(LOG_ERROR, "repair: the system gives no random numbers");
		_exit(1);
	}
	run->r = reconcile_new(&options, loop_now_ms(run->loop));
	explicit_bzero(&options, sizeof(options));
	for (uint32_t i = 0; i < RECONCILE_MAX; i++) {
		run->peers[i] = (struct peer){ .index = i };
		run->peers[i].conn.source.ready = peer_ready;
		run->peers[i].conn.source.fd = -1;
	}
	for (uint32_t i = 0; i < RECONCILE_MAX; i++)
		dial(&run->peers[i], -1);
}

void repair_run(struct loop *l, const struct repair_options *o, const uint8_t key[KEY_SIZE],
                struct store *collect, struct reconcile_result *result, uint64_t *ms)
{
	struct run run = {
		.loop = l,
		.options = o,
		.collect = collect,
		.is_terminal = isatty(STDERR_FILENO) == 1,
	};
	uint64_t begun_ms;

	loop_turn(l, 0); /* reads the clock, which stood still between two runs */
	begun_ms = loop_now_ms(l);
	conn_input_init(&run.input, FRAME_SIZE_MAX);
	begin(&run, key);
	settle(&run);
	while (!run.is_done)
		turn(&run);
	if (run.is_shown)
		(void)fprintf(stderr, "\r\033[K");
	reconcile_result(run.r, result);
	*ms = loop_now_ms(l) - begun_ms;
	for (uint32_t i = 0; i < RECONCILE_MAX; i++)
		conn_close(&run.peers[i].conn);
	reconcile_free(run.r);
	conn_input_release(&run.input);
}
