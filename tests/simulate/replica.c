/* SPDX-License-Identifier: MIT
 *
 * A replica's process: the shipped journal, store and sessions, driven as the server drives them.
 * Facts go to the journal in the order of the actions. One job of the disk is under way at a time,
 * and its I/O is done some time after it was begun. So a crash may come before it, after it or,
 * when the power is cut in an operation, in the middle.
 */
#include "tests/simulate/simulate.h"

#include <errno.h>

enum {
	CLOSE_MS = 1000,
	WIRE_SLICE = 4,      /* microseconds between slices of work */
	SLOW_SLICE = 100000, /* where the replicas have much else to do */
	LOOK_MS = 500,
	SLICE_PART = 8, /* of the time that a batch takes */
	BATCH_MAX = 16384,
	LINES_MAX = 4000,  /* bytes that stand beside a text */
	SMALL_FRAME = 120, /* bytes: a request of this size needs no slices */
};

void sim_replica_init(struct sim *s, uint32_t i)
{
	struct sim_replica *p = &s->replicas[i];

	p->disk = simdisk_new(s->options.seed * 3 + i);
	p->job_at = p->work_at = SIM_NEVER;
	p->start_at = 0;
}

bool sim_replica_awake(const struct sim *s, uint32_t i)
{
	return s->replicas[i].up && s->replicas[i].frozen_until <= s->now;
}

static struct session_time replica_time(const struct sim *s, uint32_t i)
{
	return (struct session_time){
		(uint64_t)((int64_t)(SIM_EPOCH_MS + s->now / SIM_MS) +
		           s->replicas[i].clock_offset_ms),
		s->now / SIM_MS,
	};
}

/* ---- starts and ends ---- */

static bool commit_all(struct sim_replica *p, char err[ERR_SIZE])
{
	while (journal_begin(p->journal, false)) {
		journal_run(p->journal);
		if (journal_end(p->journal, err) != 0)
			return false;
	}
	return true;
}

static void not_started(struct sim *s, uint32_t i, const char *err)
{
	struct sim_replica *p = &s->replicas[i];

	sim_trace(s, "replica %u cannot start: %s", i, err);
	journal_abandon(p->journal);
	p->journal = NULL;
	store_free(p->store);
	p->store = NULL;
	if (simdisk_is_stopped(p->disk))
		simdisk_crash(p->disk, (enum simdisk_loss)sim_random(s, SIMDISK_LOSS_COUNT));
	p->start_at = s->now + sim_around(s, 500 * SIM_MS);
}

static void begin_sessions(struct sim *s, uint32_t i)
{
	struct sim_replica *p = &s->replicas[i];
	struct session_options options = {
		.limits = { s->share_messages, 1 << 20, s->gaps },
		.addresses = { .accounts = SIM_ACCOUNTS_A_MINUTE },
		.has_operator_key = true,
		.registration = s->registration[i],
	};

	memcpy(options.operator_key, sim_operator_key, KEY_SIZE);
	memcpy(options.uuid, journal_uuid(p->journal), UUID_SIZE);
	sim_draw(s, p->box_secret, KEY_SIZE);
	memcpy(options.box_secret, p->box_secret, KEY_SIZE);
	p->base = journal_position(p->journal);
	p->appended = 0;
	p->sessions = session_new(&options, p->store);
	p->up = true;
	p->boot++;
	p->job = false;
	p->dead_host = false;
	p->room = JOURNAL_ROOM_ALL;
	p->look_at = s->now;
	p->work_at = SIM_NEVER;
	p->new_uuid = false;
}

void sim_replica_start(struct sim *s, uint32_t i)
{
	struct sim_replica *p = &s->replicas[i];
	struct journal_options options = {
		.compact_size_min = 4096 + s->options.seed % 5 * 8192,
		.reserve_size = 8192,
		.batch_size_max = BATCH_MAX,
		.new_uuid = p->new_uuid,
	};
	struct journal_loaded loaded = { .facts = 0 };
	enum journal_status status;
	char err[ERR_SIZE] = "";

	assert(!p->up);
	p->start_at = SIM_NEVER;
	sim_draw(s, options.uuid, UUID_SIZE);
	p->store = store_new();
	store_slice_size(p->store, 1 + (uint32_t)(s->options.seed / 3 % 4));
	p->journal = NULL;
	status = journal_open(simdisk_disk(p->disk), &options, p->store, &p->journal, &loaded, err);
	if (status == JOURNAL_REFUSED && !simdisk_is_stopped(p->disk)) {
		sim_fail(s, "replica %u refuses its data: %s", i, err);
		return;
	}
	if (status != JOURNAL_OK || simdisk_is_stopped(p->disk)) {
		not_started(s, i, err);
		return;
	}
	sim_check_store(s, i, p->store);
	if (!commit_all(p, err) || simdisk_is_stopped(p->disk)) {
		not_started(s, i, err);
		return;
	}
	begin_sessions(s, i);
	s->produced->starts++;
	s->produced->torn += loaded.cut > 0;
	sim_trace(s, "replica %u starts with %llu facts, %llu replayed, %llu bytes cut", i,
	          (unsigned long long)loaded.facts, (unsigned long long)loaded.replayed,
	          (unsigned long long)loaded.cut);
	sim_replica_settle(s, i);
}

/* Every connection loses this end. */
static void drop_wires(struct sim *s, uint32_t i, bool host)
{
	for (uint32_t k = 0; k < SIM_WIRES_MAX; k++) {
		struct sim_wire *w = &s->wires[k];

		if (!w->used || w->replica != i || (!w->replica_open && !w->accepting))
			continue;
		w->replica_open = false;
		w->accepting = false;
		w->close_at = SIM_NEVER;
		if (host)
			w->down.lost = true;
		sim_pipe_end(s, w, false, host || sim_chance(s, 30));
		sim_wire_settle(s, w);
	}
}

static void end_process(struct sim *s, uint32_t i, bool host)
{
	struct sim_replica *p = &s->replicas[i];

	session_free(p->sessions);
	p->sessions = NULL;
	store_free(p->store);
	p->store = NULL;
	p->up = false;
	p->thaws = false;
	p->frozen_until = 0;
	p->job = false;
	p->job_at = p->work_at = SIM_NEVER;
	p->dead_host = host;
	drop_wires(s, i, host);
	p->start_at = s->now + sim_around(s, 800 * SIM_MS);
}

void sim_replica_crash(struct sim *s, uint32_t i, enum simdisk_loss loss, bool host)
{
	struct sim_replica *p = &s->replicas[i];

	if (!p->up)
		return;
	sim_trace(s, "replica %u crashes, loss %d%s", i, (int)loss, host ? ", and its host" : "");
	journal_abandon(p->journal);
	p->journal = NULL;
	end_process(s, i, host);
	simdisk_crash(p->disk, loss);
}

static size_t view_lines(struct view text)
{
	size_t count = 0;

	for (size_t i = 0; i < text.size; i++)
		count += text.data[i] == '\n';
	return count;
}

/* A clean stop that has written its snapshots leaves what any other replica would leave that holds
 * the same. */
static void check_files(struct sim *s, uint32_t i)
{
	struct sim_replica *p = &s->replicas[i];
	struct simdisk *disk = simdisk_new(1);
	struct store *store = store_new();
	struct journal_options options = { .reserve_size = 8192 };
	struct journal_loaded loaded;
	struct store_key after = { 0 };
	struct journal *journal;
	struct view text = { 0 };
	struct view twin = { 0 };
	struct fact fact;
	char err[ERR_SIZE];

	if (journal_open(simdisk_disk(disk), &options, store, &journal, &loaded, err) ==
	    JOURNAL_OK) {
		while (store_next(p->store, &after, &fact)) {
			(void)store_apply(store, &fact, NULL);
			(void)journal_append(journal, &fact);
		}
		(void)journal_close(journal, err);
	}
	(void)simdisk_get(p->disk, "journal.jsonl", &text);
	/* If they could not be written, the journal has more than its first line, the one before it
	 * stays, or there are none. */
	bool is_written = text.size > 0 && view_lines(text) == 1 &&
	                  !simdisk_get(p->disk, "journal.old.jsonl", &twin) &&
	                  simdisk_get(p->disk, "users.json", &twin);

	for (int f = 0; is_written && f < 2; f++) {
		const char *name = f == 0 ? "users.json" : "pending.json";

		if (!simdisk_get(p->disk, name, &text) || !simdisk_get(disk, name, &twin) ||
		    !view_equal(text, twin))
			sim_fail(s,
			         "replica %u has stopped cleanly, and its %s is another than "
			         "the one of a replica that holds the same",
			         i, name);
	}
	store_free(store);
	simdisk_free(disk);
}

void sim_replica_stop(struct sim *s, uint32_t i)
{
	struct sim_replica *p = &s->replicas[i];
	char err[ERR_SIZE];

	if (!p->up)
		return;
	if (p->job || simdisk_is_stopped(p->disk)) { /* a real one would wait for the job */
		if (p->job && !p->job_ran)
			journal_run(p->journal);
		if (p->job && journal_end(p->journal, err) != 0) {
			sim_replica_crash(s, i, SIMDISK_KILLED, false);
			return;
		}
		p->job = false;
	}
	if (journal_close(p->journal, err) != 0)
		sim_trace(s, "replica %u cannot stop cleanly: %s", i, err);
	else
		check_files(s, i);
	sim_trace(s, "replica %u stops", i);
	p->journal = NULL;
	end_process(s, i, false);
	simdisk_crash(p->disk, simdisk_is_stopped(p->disk) ? SIMDISK_TEARS : SIMDISK_KILLED);
}

void sim_replica_release(struct sim *s, uint32_t i)
{
	struct sim_replica *p = &s->replicas[i];

	session_free(p->sessions);
	journal_abandon(p->journal);
	store_free(p->store);
	for (uint32_t k = 0; k < SIM_BACKUPS; k++)
		simdisk_image_free(p->backups[k].image);
	simdisk_free(p->disk);
}

/* ---- connections ---- */

static struct sim_wire *wire_of(struct sim *s, uint32_t i, uint32_t connection)
{
	for (uint32_t k = 0; k < SIM_WIRES_MAX; k++)
		if (s->wires[k].used && s->wires[k].replica == i && s->wires[k].replica_open &&
		    s->wires[k].connection == connection)
			return &s->wires[k];
	return NULL;
}

void sim_replica_accept(struct sim *s, struct sim_wire *w)
{
	const struct limit_address from = {
		.bytes = { [10] = 0xff, [11] = 0xff, [12] = 10, [15] = (uint8_t)w->client }
	};
	sim_draw(s, w->nonce, sizeof w->nonce);
	memcpy(w->uuid, journal_uuid(s->replicas[w->replica].journal), UUID_SIZE);
	memcpy(w->box_secret, s->replicas[w->replica].box_secret, KEY_SIZE);
	w->accepting = false;
	w->connection = session_open(s->replicas[w->replica].sessions, w->nonce, &from,
	                             replica_time(s, w->replica));
	assert(w->connection != SESSION_NONE);
	w->replica_open = true;
	sim_replica_settle(s, w->replica);
}

void sim_replica_closed(struct sim *s, struct sim_wire *w)
{
	struct sim_replica *p = &s->replicas[w->replica];

	if (!w->replica_open)
		return;
	if (!sim_replica_awake(s, w->replica)) {
		w->up.end_at = p->frozen_until;
		return;
	}
	session_closed(p->sessions, w->connection, replica_time(s, w->replica));
	w->replica_open = false;
	w->close_at = SIM_NEVER;
	sim_pipe_end(s, w, false, false);
	sim_replica_settle(s, w->replica);
}

static void begin_close(struct sim *s, struct sim_wire *w, const char *why)
{
	sim_trace(s, "replica %u closes connection %u of client %u: %s", w->replica, w->connection,
	          w->client, why ? why : "-");
	w->closing = true;
	w->close_at = s->now + CLOSE_MS * SIM_MS;
}

static void act(struct sim *s, uint32_t i)
{
	struct sim_replica *p = &s->replicas[i];
	struct session_action action;

	while (session_next(p->sessions, &action)) {
		struct sim_wire *w;

		if (action.kind == SESSION_APPEND) {
			(void)journal_append(p->journal, action.fact);
			sim_register_check(s, i, action.fact);
			p->appended++;
			session_behind(p->sessions, journal_is_behind(p->journal));
			assert(journal_position(p->journal) == p->base + p->appended);
			continue;
		}
		w = wire_of(s, i, action.connection);
		assert(w != NULL);
		if (action.kind == SESSION_CLOSE)
			begin_close(s, w, action.why);
	}
}

/* Nothing is added while more waits for the disk than two batches. `waiting` and `appended` are
 * from before the call that may have done so. */
static void check_behind(struct sim *s, uint32_t i, size_t waiting, uint64_t appended)
{
	if (waiting <= 2 * BATCH_MAX)
		return;
	s->produced->behind++;
	if (s->replicas[i].appended > appended)
		sim_fail(s, "replica %u adds more while %zu bytes wait for the disk", i, waiting);
}

/* What others left to be freed delays no burial and no deletion; but what was asked before on the
 * same connection is answered first. */
static void check_waits_for_nobody(struct sim *s, const struct sim_wire *w, struct view frame)
{
	const struct sim_replica *p = &s->replicas[w->replica];
	uint8_t type = frame.data[4];

	if (w->closing || frame.size > SMALL_FRAME ||
	    (type != FRAME_RECEIVED && type != FRAME_DELETE) || !sim_tap_is_next(w, frame) ||
	    store_work_done(p->store) == store_work_given(p->store))
		return;
	s->produced->with_ghosts++;
	if (!session_takes_input(p->sessions, w->connection))
		sim_fail(s,
		         "replica %u: what was received, or a deletion, waits for what others left",
		         w->replica);
}

/* Whole frames, one after another, as long as the session takes them. */
static void feed(struct sim *s, struct sim_wire *w)
{
	struct sim_replica *p = &s->replicas[w->replica];
	size_t used = 0;

	while (used < w->up.arrived.size && !w->closing &&
	       session_takes_input(p->sessions, w->connection)) {
		struct view rest = view_of(w->up.arrived.data + used, w->up.arrived.size - used);
		(void)session_expect(p->sessions, w->connection, rest); /* as server_peers does */

		size_t waiting = journal_waiting_size(p->journal);
		uint64_t appended = p->appended;
		size_t size = session_input(p->sessions, w->connection, rest,
		                            replica_time(s, w->replica));

		act(s, w->replica);
		check_behind(s, w->replica, waiting, appended);
		if (size == 0)
			break;
		check_waits_for_nobody(s, w, view_of(rest.data, size));
		s->produced->frames++;
		used += size;
	}
	if (w->closing)
		used = w->up.arrived.size;
	buf_consume(&w->up.arrived, used);
}

void sim_replica_feed(struct sim *s, struct sim_wire *w)
{
	if (!sim_replica_awake(s, w->replica))
		return;
	feed(s, w);
	sim_replica_settle(s, w->replica);
}

static void flush(struct sim *s, struct sim_wire *w)
{
	struct sim_replica *p = &s->replicas[w->replica];

	if (w->down.ended)
		return;
	for (;;) {
		struct view output = session_output(p->sessions, w->connection);
		size_t sent = output.size ? sim_pipe_write(s, w, false, output) : 0;

		if (sent)
			session_output_sent(p->sessions, w->connection, sent);
		if (w->closing && output.size == sent)
			sim_pipe_end(s, w, false, false);
		if (sent == 0 || sent < output.size || w->down.ended)
			break;
	}
}

/* ---- the disk ---- */

static void look_at_room(struct sim *s, uint32_t i)
{
	struct sim_replica *p = &s->replicas[i];
	enum journal_room room = journal_room(p->journal, s->now / SIM_MS);

	if (room == p->room)
		return;
	p->room = room;
	p->was_full |= room != JOURNAL_ROOM_ALL;
	session_disk(p->sessions, (enum session_disk)room); /* in the same order */
	sim_trace(s, "replica %u: the disk has room for %s", i,
	          room == JOURNAL_ROOM_ALL       ? "all"
	          : room == JOURNAL_ROOM_BURIALS ? "burials"
	                                         : "nothing");
}

static void begin_job(struct sim *s, uint32_t i)
{
	struct sim_replica *p = &s->replicas[i];

	if (p->job)
		return;
	size_t waiting = journal_waiting_size(p->journal);

	look_at_room(s, i);
	if (!journal_begin(p->journal, s->now >= p->look_at)) {
		if (s->now >= p->look_at)
			p->look_at = s->now + LOOK_MS * SIM_MS;
		return;
	}
	waiting -= journal_waiting_size(p->journal);
	if (waiting > BATCH_MAX + s->longest + LINES_MAX)
		sim_fail(s, "replica %u: a batch of %zu bytes", i, waiting);
	p->job = true;
	p->job_ran = false;
	/* A disk takes long for a sync, and of a snapshot only the last slice has one. */
	p->job_at = s->now + sim_around(s, journal_job_is_batch(p->journal)
	                                           ? s->disk_delay
	                                           : s->disk_delay / SLICE_PART);
}

static void step_job(struct sim *s, uint32_t i)
{
	struct sim_replica *p = &s->replicas[i];
	char err[ERR_SIZE];

	p->job_at = s->now + sim_around(s, 100);
	if (!p->job_ran) {
		journal_run(p->journal);
		p->job_ran = true;
		if (simdisk_is_stopped(p->disk)) {
			bool host = sim_chance(s, 50);

			sim_replica_crash(
				s, i, (enum simdisk_loss)sim_random(s, SIMDISK_LOSS_COUNT), host);
		}
		return;
	}
	p->job = false;
	p->job_at = SIM_NEVER;
	if (journal_end(p->journal, err) != 0) {
		sim_trace(s, "replica %u ends: %s", i, err);
		if (strstr(err, strerror(EMFILE)) != NULL || strstr(err, strerror(ENOSPC)) != NULL)
			sim_fail(s, "replica %u ends for want of what comes back: %s", i, err);
		sim_replica_crash(s, i, sim_chance(s, 70) ? SIMDISK_KILLED : SIMDISK_TEARS, false);
		return;
	}
	if (journal_synced(p->journal) > p->base)
		session_synced(p->sessions, journal_synced(p->journal) - p->base);
	session_behind(p->sessions, journal_is_behind(p->journal));
	sim_replica_settle(s, i);
}

/* ---- events ---- */

void sim_replica_settle(struct sim *s, uint32_t i)
{
	struct sim_replica *p = &s->replicas[i];

	if (!sim_replica_awake(s, i))
		return;
	act(s, i);
	for (uint32_t k = 0; k < SIM_WIRES_MAX; k++) {
		struct sim_wire *w = &s->wires[k];

		if (!w->used || w->replica != i || !w->replica_open)
			continue;
		flush(s, w);
		if (w->up.arrived.size && !w->closing &&
		    session_takes_input(p->sessions, w->connection))
			feed(s, w), flush(s, w);
	}
	act(s, i);
	begin_job(s, i);
	if (session_has_work(p->sessions) && p->work_at == SIM_NEVER)
		p->work_at = s->now + (s->slow_work ? sim_around(s, SLOW_SLICE) : WIRE_SLICE);
	if (s->step % 8 == 0)
		session_check(p->sessions);
	if (s->step % 256 == 0)
		store_check(p->store);
}

uint64_t sim_replica_next(const struct sim *s, uint32_t i)
{
	const struct sim_replica *p = &s->replicas[i];
	uint64_t next = p->work_at;
	uint64_t at;

	if (!p->up)
		return p->start_at;
	if (p->thaws)
		return p->frozen_until;
	if (p->job && p->job_at < next)
		next = p->job_at;
	at = session_deadline(p->sessions);
	if (at != UINT64_MAX && at * SIM_MS < next)
		next = at * SIM_MS;
	if (!p->job && (journal_compacting(p->journal) || p->room != JOURNAL_ROOM_ALL) &&
	    p->look_at < next)
		next = p->look_at;
	return next;
}

static void thaw(struct sim *s, uint32_t i)
{
	s->replicas[i].thaws = false;
	sim_trace(s, "replica %u goes on", i);
	for (uint32_t k = 0; k < SIM_WIRES_MAX; k++) {
		struct sim_wire *w = &s->wires[k];

		if (!w->used || w->replica != i)
			continue;
		if (w->accepting)
			sim_replica_accept(s, w);
		if (w->replica_open)
			sim_replica_feed(s, w);
	}
}

void sim_replica_step(struct sim *s, uint32_t i)
{
	struct sim_replica *p = &s->replicas[i];

	if (!p->up) {
		sim_replica_start(s, i);
	} else if (p->thaws) {
		thaw(s, i);
	} else if (p->job && p->job_at <= s->now) {
		step_job(s, i);
	} else if (p->work_at <= s->now) {
		p->work_at = SIM_NEVER;
		if (session_has_work(p->sessions) && (s->faults_on >> FAULT_STOP_REPLICA & 1) &&
		    !s->healed && sim_chance(s, 3)) {
			sim_replica_stop(s, i); /* in the middle of it */
			return;
		}
		size_t waiting = journal_waiting_size(p->journal);
		uint64_t appended = p->appended;

		if (session_has_work(p->sessions))
			session_work(p->sessions, replica_time(s, i));
		act(s, i);
		check_behind(s, i, waiting, appended);
		sim_replica_settle(s, i);
	} else {
		session_tick(p->sessions, replica_time(s, i));
		sim_replica_settle(s, i);
	}
}
