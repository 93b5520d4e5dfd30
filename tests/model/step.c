/* SPDX-License-Identifier: MIT
 *
 * All that can happen next. First the eager steps, which any cluster does sooner or later: a frame
 * is taken or heard, a client starts its next command, redials, waits out its grace, a replica
 * restarts. Then the faults, as far as there are any left. A world without an eager step has come
 * to rest.
 */
#include "tests/model/model.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct setting setting;
bool narrating;
static char *story; /* of the step that is being made */

static const char *const kinds[KINDS] = {
	[INTRODUCE] = "introduce", [CONFIRM] = "confirm",   [DELETE] = "delete",
	[LOOK] = "look up",        [LOOK_ID] = "gone?",     [LOGIN] = "log in",
	[HANDOVER] = "hand over",  [LOGOUT] = "log out",    [PAGE] = "page",
	[STREAM] = "stream?",      [RECEIVED] = "received", [SEND] = "send",
	[PUSH] = "push",           [ENDED] = "ended",
};
static const char *const operations[] = { "-",    "create", "log in",  "log in (giving way)",
	                                  "send", "delete", "look up", "STEAL" };

void frame_name(const struct frame *frame, bool reply, char name[48])
{
	(void)snprintf(name, 48, "%s %u%s%u,%u", kinds[frame->kind], frame->about,
	               reply ? " = " : "/", frame->value, frame->extra);
}

void narrate(const char *format, ...)
{
	size_t used = strlen(story);
	va_list list;

	va_start(list, format);
	(void)vsnprintf(story + used, STORY_SIZE - used, format, list);
	va_end(list);
}

/* A copy of the world, for the next step; its story begins as given. */
static struct world *next(struct steps *steps, const struct world *w, const char *format, ...)
{
	struct world *v;
	va_list list;

	assert(steps->count < STEPS_MAX);
	v = &steps->worlds[steps->count];
	*v = *w;
	v->broken = 0;
	story = steps->stories[steps->count++];
	if (narrating) {
		va_start(list, format);
		(void)vsnprintf(story, STORY_SIZE, format, list);
		va_end(list);
	}
	return v;
}

static const char *name_of(const struct frame *frame, bool reply)
{
	static char name[48];

	if (narrating)
		frame_name(frame, reply, name);
	return name;
}

/* ---- eager steps ---- */

static void connection_steps(const struct world *w, struct steps *steps, unsigned c, unsigned r)
{
	const struct connection *k = &w->connections[c][r];
	const struct leftover *old = &w->leftovers[c][r];
	char n = (char)('A' + c);
	struct world *v;

	if (k->replica_open && k->up.count) {
		v = next(steps, w, "r%u takes '%s' from %c", r, name_of(&k->up.frames[0], false),
		         n);
		replica_take(v, c, r);
	}
	if (old->up.count) {
		v = next(steps, w, "r%u takes '%s' from an old connection of %c", r,
		         name_of(&old->up.frames[0], false), n);
		replica_take_leftover(v, c, r);
	}
	if (k->client_open && k->down.count) {
		v = next(steps, w, "%c hears '%s' from r%u", n, name_of(&k->down.frames[0], true),
		         r);
		client_hear(v, c, r);
	}
	if (k->client_open && !k->replica_open) {
		v = next(steps, w, "%c sees that r%u has closed", n, r);
		client_lost(v, c, r);
	}
	if (w->clients[c].life == RUNNING && !k->client_open && w->replicas[r].up) {
		v = next(steps, w, "%c redials r%u", n, r);
		client_dial(v, c, r);
	}
}

static bool guard_holds(const struct world *w, enum guard guard)
{
	switch (guard) {
	case ALWAYS_READY:
		return true;
	case WHEN_CREATED:
		return w->ledger.acknowledged[0] != 0;
	case WHEN_DELETED:
		return w->ledger.deleted[0] != 0;
	case WHEN_STORED:
		return w->ledger.stored[0] != 0;
	case WHEN_LOGGED_IN:
		return w->clients[0].account == 1;
	case WHEN_RIVAL_CREATED:
		return w->ledger.acknowledged[1] != 0;
	}
	return false;
}

static void client_steps(const struct world *w, struct steps *steps, unsigned c)
{
	const struct client *k = &w->clients[c];
	const struct operation_row *row = client_row(w, c);
	char n = (char)('A' + c);
	struct world *v;

	if (client_may_start(w, c) && guard_holds(w, row->guard)) {
		v = next(steps, w, "%c %s to %s %u", n,
		         k->life == NOT_BEGUN ? "begins, and starts" : "starts",
		         operations[row->operation], row->about);
		if (k->life == NOT_BEGUN)
			client_begin(v, c, false);
		client_start(v, c);
	}
	if (k->life == CRASHED && setting.script->split[c]) {
		v = next(steps, w, "%c begins a new life", n);
		client_begin(v, c, true);
		client_settle(v, c);
	}
	for (unsigned m = 0; m < MESSAGES; m++)
		if (mailbox_waits_for_grace(w, c, m)) {
			v = next(steps, w, "%c has waited for what stands before message %u", n, m);
			v->clients[c].reading.grace |= BIT(m);
			client_settle(v, c);
		}
}

/* ---- faults ---- */

static void crash_steps(const struct world *w, struct steps *steps)
{
	for (unsigned r = 0; r < REPLICAS; r++) {
		struct world *v;

		if (!w->replicas[r].up)
			continue;
		if (w->ledger.crashes < setting.faults.crashes) {
			v = next(steps, w, "r%u CRASHES", r);
			v->ledger.crashes++;
			replica_crash(v, r, false);
		}
		if (w->ledger.wipes < setting.faults.wipes) {
			v = next(steps, w, "r%u LOSES ITS DISK", r);
			v->ledger.wipes++;
			replica_crash(v, r, true);
		}
	}
}

/* The first `kept` frames of a connection that its client leaves still arrive. */
static void leave_behind(struct world *v, const struct world *w, unsigned c, unsigned r,
                         unsigned kept)
{
	struct leftover *old = &v->leftovers[c][r];

	if (kept == 0)
		return;
	memset(old, 0, sizeof *old);
	old->seat = w->connections[c][r].seat;
	old->up.count = (uint8_t)kept;
	memcpy(old->up.frames, w->connections[c][r].up.frames, kept * sizeof(struct frame));
}

static void cut_steps(const struct world *w, struct steps *steps, unsigned c, unsigned r)
{
	const struct connection *k = &w->connections[c][r];
	unsigned most = w->leftovers[c][r].up.count ? 0 : k->up.count;
	struct world *v;

	if (!k->client_open || !k->replica_open || w->ledger.cuts == setting.faults.cuts)
		return;
	for (unsigned kept = 0; kept <= most; kept++) {
		v = next(steps, w, "CUT: %c gives r%u up, %u of its frames still arrive",
		         'A' + (int)c, r, kept);
		v->ledger.cuts++;
		leave_behind(v, w, c, r, kept);
		client_lost(v, c, r);
	}
	v = next(steps, w, "CUT: r%u closes its connection to %c", r, 'A' + (int)c);
	v->ledger.cuts++;
	v->connections[c][r].replica_open = 0;
	memset(&v->connections[c][r].seat, 0, sizeof(struct seat));
	memset(&v->connections[c][r].up, 0, sizeof(struct up));
}

static void death_steps(const struct world *w, struct steps *steps, unsigned c)
{
	unsigned most[REPLICAS];

	if (w->clients[c].life != RUNNING || w->ledger.deaths == setting.faults.deaths)
		return;
	for (unsigned r = 0; r < REPLICAS; r++)
		most[r] = w->leftovers[c][r].up.count ? 0 : w->connections[c][r].up.count;
	for (unsigned i = 0; i < (most[0] + 1) * (most[1] + 1) * (most[2] + 1); i++) {
		unsigned kept[REPLICAS] = { i % (most[0] + 1), i / (most[0] + 1) % (most[1] + 1),
			                    i / (most[0] + 1) / (most[1] + 1) };
		struct world *v = next(steps, w,
		                       "%c CRASHES, %u, %u, %u of its frames still arrive",
		                       'A' + (int)c, kept[0], kept[1], kept[2]);

		v->ledger.deaths++;
		memset(&v->clients[c], 0, sizeof(struct client));
		v->clients[c].life = CRASHED;
		for (unsigned r = 0; r < REPLICAS; r++) {
			leave_behind(v, w, c, r, kept[r]);
			memset(&v->connections[c][r], 0, sizeof(struct connection));
		}
	}
}

static void other_faults(const struct world *w, struct steps *steps)
{
	struct world *v;

	if (!w->repair.step && w->ledger.repairs < setting.faults.repairs) {
		v = next(steps, w, "repair begins");
		v->ledger.repairs++;
		v->repair.step = 1;
	}
	if (w->repair.step > REPLICAS && w->ledger.stops < setting.faults.stops) {
		v = next(steps, w, "repair is KILLED");
		v->ledger.stops++;
		memset(&v->repair, 0, sizeof v->repair);
	}
	for (unsigned r = 0; r < REPLICAS; r++)
		if (w->ledger.clocks < setting.faults.clocks &&
		    (w->ledger.started & NOT(w->replicas[r].late))) {
			v = next(steps, w, "two minutes pass on the clock of r%u", r);
			v->ledger.clocks++;
			v->replicas[r].late |= w->ledger.started;
		}
}

/* ---- all of them ---- */

void world_steps(const struct world *w, struct steps *steps)
{
	steps->count = 0;
	for (unsigned c = 0; c < CLIENTS; c++) {
		for (unsigned r = 0; r < REPLICAS; r++)
			connection_steps(w, steps, c, r);
		client_steps(w, steps, c);
	}
	for (unsigned r = 0; r < REPLICAS; r++)
		if (!w->replicas[r].up)
			next(steps, w, "r%u restarts", r)->replicas[r].up = 1;
	if (w->repair.step)
		repair_step(next(steps, w, "repair goes on (%u)", w->repair.step));
	steps->eager = steps->count;
	other_faults(w, steps);
	crash_steps(w, steps);
	for (unsigned c = 0; c < CLIENTS; c++) {
		for (unsigned r = 0; r < REPLICAS; r++)
			cut_steps(w, steps, c, r);
		death_steps(w, steps, c);
	}
	for (unsigned i = 0; i < steps->count; i++) {
		for (unsigned c = 0; c < CLIENTS; c++)
			client_settle(&steps->worlds[i], c); /* one may be waiting to leave */
		promise_state(&steps->worlds[i]);
	}
}

static void make_account(struct world *w, unsigned x, uint8_t by, uint8_t gone)
{
	for (unsigned r = 0; r < REPLICAS; r++) {
		if (has(by, r))
			replica_apply(&w->replicas[r], &w->ledger, BIT(x), BIT(x), 0, 0);
		if (has(gone, r))
			replica_apply(&w->replicas[r], &w->ledger, 0, 0, BIT(x), 0);
	}
	w->ledger.acknowledged[x] = w->ledger.granted[x] = by;
	w->ledger.deleted[x] = gone;
	if (gone)
		w->ledger.wanted_gone |= BIT(x);
}

/* What a creation has left that a crash has ended. */
static void make_rest(struct world *w, unsigned x)
{
	const struct script *s = setting.script;

	if (s->half[x]) /* confirmed by the first one, copied to the others */
		w->ledger.granted[x] = BIT(lowest(s->half[x]));
	for (unsigned r = 0; r < REPLICAS; r++) {
		if (has(s->half[x] | s->held[x], r))
			w->replicas[r].known |= BIT(x);
		if (has(s->half[x], r))
			w->replicas[r].confirmed |= BIT(x);
	}
}

static void make_message(struct world *w, unsigned m)
{
	const struct script *s = setting.script;

	if (!(s->mailed[m] | s->received[m]))
		return;
	w->ledger.recipient[m] = 1;
	w->ledger.sent |= BIT(m);
	w->ledger.stored[m] = s->mailed[m] | s->received[m];
	if (s->received[m])
		w->ledger.shown |= BIT(m);
	for (unsigned r = 0; r < REPLICAS; r++) {
		if (has(s->mailed[m] & NOT(s->received[m]), r))
			w->replicas[r].added |= BIT(m);
		if (has(s->received[m], r))
			w->replicas[r].buried |= BIT(m);
	}
}

void world_init(struct world *w)
{
	const struct script *s = setting.script;

	memset(w, 0, sizeof *w);
	for (unsigned r = 0; r < REPLICAS; r++)
		w->replicas[r].up = 1;
	for (unsigned x = 0; x < ACCOUNTS; x++) {
		make_account(w, x, s->made[x], s->deleted[x]);
		make_rest(w, x);
	}
	for (unsigned m = 0; m < MESSAGES; m++)
		make_message(w, m);
	for (unsigned c = 0; c < CLIENTS; c++)
		if (!s->offline[c])
			client_begin(w, c, false);
}
