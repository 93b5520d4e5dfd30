/* SPDX-License-Identifier: MIT
 *
 * The faults. The seed of a run chooses which kinds of faults it has, so that runs differ. Within a
 * run they come one after another, at random times.
 *
 * A disk that is wiped, restored or swapped loses what its replica had acknowledged. The history
 * notes this, and from then on only the copies of the other replicas count. No other fault may lose
 * anything.
 */
#include "tests/simulate/simulate.h"

/* In one run of so many the operator sets passwords, often, and little else happens. None of these
 * runs is calm, or has a replica that lies. */
enum { RESETS_EVERY = 32, RESETS_AT = 9 };

#include <errno.h>

const char *const sim_fault_names[FAULT_END] = {
	"cut-both",      "cut-client",     "cut-replica",  "cut-silent",
	"stall-up",      "stall-down",     "partition",    "slow-reader",
	"kill",          "power",          "power-in-io",  "stop",
	"kill-all",      "freeze-replica", "crash-client", "crash-client-host",
	"freeze-client", "stall-output",   "fail-output",  "clock",
	"disk-full",     "fsync",          "descriptors",  "wipe",
	"restore",       "swap",           "repair",       "kill-repair",
	"freeze-repair",
};

void sim_fault_init(struct sim *s)
{
	static const uint64_t gaps[] = { 150, 400, 1000, 3000 };

	s->fault_gap = gaps[sim_random(s, 4)] * SIM_MS;
	s->fault_at = s->now + sim_around(s, s->fault_gap);
	for (uint32_t i = 0; i < FAULT_END; i++)
		if (sim_chance(s,
		               i == FAULT_WIPE || i == FAULT_RESTORE || i == FAULT_SWAP ? 15 : 35))
			s->faults_on |= 1u << i;
	if (s->options.calm || s->options.seed % 16 == 0) {
		s->faults_on = 0;
		s->fault_at = SIM_NEVER;
	}
	s->resets = !s->options.calm && s->options.seed % RESETS_EVERY == RESETS_AT;
	if (s->resets) {
		s->faults_on &= 1u << FAULT_CUT_BOTH | 1u << FAULT_PARTITION;
		s->faults_on |= 1u << FAULT_REPAIR;
		s->fault_gap = 1000 * SIM_MS;
	}
}

/* ---- connections ---- */

static struct sim_wire *some_wire(struct sim *s)
{
	uint32_t from = (uint32_t)sim_random(s, SIM_WIRES_MAX);

	for (uint32_t k = 0; k < SIM_WIRES_MAX; k++) {
		struct sim_wire *w = &s->wires[(from + k) % SIM_WIRES_MAX];

		if (w->used && w->client_open && w->replica_open && w->client != SIM_CLIENTS_MAX)
			return w;
	}
	return NULL;
}

/* The client's end is told that the connection has failed. */
static void end_down(struct sim *s, struct sim_wire *w, bool loses)
{
	sim_pipe_end(s, w, false, loses);
}

static bool cut(struct sim *s, enum sim_fault fault)
{
	struct sim_wire *w = some_wire(s);

	if (!w || (!sim_replica_awake(s, w->replica) && fault != FAULT_CUT_SILENT))
		return false;
	sim_trace(s, "the connection of client %u and replica %u: %s", w->client, w->replica,
	          sim_fault_names[fault]);
	if (fault == FAULT_CUT_SILENT) {
		w->up.lost = w->down.lost = true;
		w->up.count = w->down.count = 0;
		buf_clear(&w->up.flight);
		buf_clear(&w->down.flight);
		return true;
	}
	/* What is told later still brings, or loses, what was under way. */
	if (fault != FAULT_CUT_REPLICA)
		end_down(s, w, true);
	if (fault == FAULT_CUT_BOTH || fault == FAULT_CUT_REPLICA) {
		session_closed(
			s->replicas[w->replica].sessions, w->connection,
			(struct session_time){ SIM_EPOCH_MS + s->now / SIM_MS, s->now / SIM_MS });
		w->replica_open = false;
		w->close_at = SIM_NEVER;
		sim_pipe_end(s, w, false, sim_chance(s, 50));
		sim_replica_settle(s, w->replica);
	}
	if (fault == FAULT_CUT_CLIENT &&
	    sim_chance(s, 50)) /* and what it writes until it is told is lost */
		w->up.last_at = s->now + sim_around(s, 2000 * SIM_MS);
	return true;
}

static bool stall(struct sim *s, enum sim_fault fault)
{
	uint32_t c = (uint32_t)sim_random(s, s->clients_count + SIM_REPAIRS);
	uint32_t i = (uint32_t)sim_random(s, REPLICAS);
	uint64_t until = s->now + sim_around(s, 2500 * SIM_MS);

	if (c >= s->clients_count) /* a repair */
		c += SIM_CLIENTS_MAX + 1 - s->clients_count;
	if (fault != FAULT_STALL_DOWN)
		s->blocked_up[c][i] = until;
	if (fault != FAULT_STALL_UP)
		s->blocked_down[c][i] = until;
	sim_trace(s, "between client %u and replica %u: %s for %llu ms", c, i,
	          sim_fault_names[fault], (unsigned long long)((until - s->now) / SIM_MS));
	if (fault != FAULT_PARTITION)
		return true;
	for (uint32_t k = 0; k < SIM_WIRES_MAX; k++) {
		struct sim_wire *w = &s->wires[k];

		if (!w->used || w->client != c || w->replica != i || !w->client_open)
			continue;
		w->up.lost = w->down.lost = true;
		w->up.count = w->down.count = 0;
		buf_clear(&w->up.flight);
		buf_clear(&w->down.flight);
	}
	return true;
}

/* ---- replicas ---- */

static enum simdisk_loss power_loss(struct sim *s)
{
	return (enum simdisk_loss)(SIMDISK_LOSES + sim_random(s, SIMDISK_LOSS_COUNT - 1));
}

static uint32_t up_count(const struct sim *s)
{
	return (uint32_t)s->replicas[0].up + s->replicas[1].up + s->replicas[2].up;
}

static bool crash(struct sim *s, enum sim_fault fault, uint32_t i)
{
	struct sim_replica *p = &s->replicas[i];
	uint32_t stays = sim_chance(s, 30) ? 6 : 1;

	if (!p->up)
		return false;
	switch (fault) {
	case FAULT_KILL:
		sim_replica_crash(s, i, SIMDISK_KILLED, false);
		break;
	case FAULT_POWER:
		sim_replica_crash(s, i, power_loss(s), true);
		break;
	case FAULT_POWER_IN_IO:
		simdisk_stop(p->disk, 1 + sim_random(s, 12));
		return true;
	case FAULT_FSYNC:
		simdisk_fail(p->disk, SIMDISK_SYNC, 1 + sim_random(s, 4), EIO, false);
		return true;
	default:
		sim_replica_stop(s, i);
		break;
	}
	if (stays > 1)
		p->start_at = s->now + stays * sim_around(s, 1000 * SIM_MS);
	return true;
}

static bool crash_all(struct sim *s)
{
	if (up_count(s) == 0)
		return false;
	for (uint32_t i = 0; i < REPLICAS; i++)
		(void)crash(s, sim_chance(s, 50) ? FAULT_KILL : FAULT_POWER, i);
	return true;
}

/* Below a limit nothing new is stored; some time later there is room again. */
static bool fill_disk(struct sim *s, uint32_t i)
{
	struct sim_replica *p = &s->replicas[i];

	if (sim_chance(s, 40))
		simdisk_limit(p->disk, UINT64_MAX);
	else
		simdisk_limit(p->disk, simdisk_used(p->disk) +
		                               sim_random(s, sim_chance(s, 40) ? 3000 : 60000));
	return true;
}

/* Files cannot be opened for a while, or one of them. */
static bool take_descriptors(struct sim *s, uint32_t i)
{
	struct sim_replica *p = &s->replicas[i];

	p->lacks_descriptors = !p->lacks_descriptors || sim_chance(s, 40);
	if (p->lacks_descriptors) {
		bool ever = sim_chance(s, 50);

		simdisk_fail(p->disk, SIMDISK_OPEN, 1 + sim_random(s, 3), EMFILE, ever);
	} else
		simdisk_fail(p->disk, SIMDISK_OPEN, 0, EMFILE, false);
	return true;
}

static bool back_up(struct sim *s, uint32_t i)
{
	struct sim_backup *b = &s->replicas[i].backups[sim_random(s, SIM_BACKUPS)];

	if (s->replicas[i].new_uuid) /* the disk is still another's */
		return false;
	simdisk_image_free(b->image);
	b->image = simdisk_save(s->replicas[i].disk);
	b->at = s->now;
	b->replica = i;
	sim_trace(s, "replica %u is backed up", i);
	return true;
}

static bool restore(struct sim *s, enum sim_fault fault, uint32_t i)
{
	struct sim_replica *p = &s->replicas[i];
	uint32_t from = fault == FAULT_SWAP ? (i + 1 + (uint32_t)sim_random(s, 2)) % REPLICAS : i;
	struct sim_backup *b = &s->replicas[from].backups[sim_random(s, SIM_BACKUPS)];

	if (!b->image)
		return back_up(s, from);
	sim_replica_crash(s, i, SIMDISK_KILLED, true);
	sim_trace(s, "replica %u gets the disk of replica %u of %llu us", i, from,
	          (unsigned long long)b->at);
	simdisk_restore(p->disk, b->image);
	/* Another's disk: nothing of what this one had said counts. */
	sim_check_lost(s, i, fault == FAULT_SWAP ? 0 : b->at);
	p->new_uuid = fault == FAULT_SWAP || sim_chance(s, 50);
	return true;
}

static bool wipe(struct sim *s, uint32_t i)
{
	sim_replica_crash(s, i, SIMDISK_KILLED, true);
	sim_trace(s, "replica %u is wiped", i);
	simdisk_wipe(s->replicas[i].disk);
	sim_check_lost(s, i, 0);
	return true;
}

static bool freeze_replica(struct sim *s, uint32_t i)
{
	struct sim_replica *p = &s->replicas[i];

	if (!p->up || p->thaws)
		return false;
	p->frozen_until = s->now + sim_around(s, (sim_chance(s, 50) ? 500 : 5000) * SIM_MS);
	p->thaws = true;
	sim_trace(s, "replica %u is stopped for %llu ms", i,
	          (unsigned long long)((p->frozen_until - s->now) / SIM_MS));
	return true;
}

static bool turn_clock(struct sim *s, uint32_t i)
{
	static const int64_t jumps[] = { 500, 5000, 65000, 4000000, 90000000 };
	int64_t jump = jumps[sim_random(s, 5)];

	s->replicas[i].clock_offset_ms = sim_chance(s, 30) ? 0 : sim_chance(s, 50) ? jump : -jump;
	s->replicas[i].clock_turned_at = s->now;
	sim_trace(s, "replica %u: the clock is off by %lld ms", i,
	          (long long)s->replicas[i].clock_offset_ms);
	return true;
}

/* ---- repairs ---- */

static bool repair(struct sim *s)
{
	static const uint32_t replies[] = { 0, 8000, 2000 };
	struct reconcile_options options = { .mode = RECONCILE_REPAIR };

	if (!sim_chance(s, 85))
		options.mode = RECONCILE_CHECK;
	options.reply_timeout_ms = replies[sim_random(s, 3)];
	options.connect_timeout_ms = sim_chance(s, 50) ? 1000 : 0;
	return sim_repair_start(s, &options) != NULL;
}

/* ---- clients ---- */

static bool freeze_client(struct sim *s, uint32_t c)
{
	struct sim_client *p = &s->clients[c];

	if (!p->up || p->thaws)
		return false;
	p->frozen_until = s->now + sim_around(s, (sim_chance(s, 50) ? 500 : 8000) * SIM_MS);
	p->thaws = true;
	sim_trace(s, "client %u is stopped for %llu ms", c,
	          (unsigned long long)((p->frozen_until - s->now) / SIM_MS));
	return true;
}

static bool inflict(struct sim *s, enum sim_fault fault)
{
	uint32_t i = (uint32_t)sim_random(s, REPLICAS);
	uint32_t c = (uint32_t)sim_random(s, s->clients_count);
	uint64_t time;
	bool host;

	switch (fault) {
	case FAULT_CUT_BOTH:
	case FAULT_CUT_CLIENT:
	case FAULT_CUT_REPLICA:
	case FAULT_CUT_SILENT:
		return cut(s, fault);
	case FAULT_STALL_UP:
	case FAULT_STALL_DOWN:
	case FAULT_PARTITION:
		return stall(s, fault);
	case FAULT_SLOW_READER:
		s->pipe_size = sim_chance(s, 50) ? 600 : 65536;
		return true;
	case FAULT_KILL:
	case FAULT_POWER:
	case FAULT_POWER_IN_IO:
	case FAULT_FSYNC:
	case FAULT_STOP_REPLICA:
		return crash(s, fault, s->lying < REPLICAS ? s->lying : i);
	case FAULT_KILL_ALL:
		return sim_chance(s, 25) && crash_all(s);
	case FAULT_FREEZE_REPLICA:
		return freeze_replica(s, i);
	case FAULT_CRASH_CLIENT:
	case FAULT_CRASH_CLIENT_HOST:
		sim_client_crash(s, c, fault == FAULT_CRASH_CLIENT_HOST);
		return true;
	case FAULT_FREEZE_CLIENT:
		return freeze_client(s, c);
	case FAULT_STALL_OUTPUT:
		return sim_client_stall_output(s, c);
	case FAULT_FAIL_OUTPUT:
		return sim_chance(s, 50) && sim_client_fail_output(s, c);
	case FAULT_CLOCK:
		return turn_clock(s, i);
	case FAULT_DESCRIPTORS:
		return take_descriptors(s, i);
	case FAULT_DISK_FULL:
		return fill_disk(s, i);
	case FAULT_WIPE:
		return sim_chance(s, 40) && wipe(s, i);
	case FAULT_RESTORE:
	case FAULT_SWAP:
		return restore(s, fault, i);
	case FAULT_REPAIR:
		return repair(s);
	case FAULT_KILL_REPAIR:
		host = sim_chance(s, 30);
		return sim_repair_kill(s, (uint32_t)sim_random(s, SIM_REPAIRS), host);
	case FAULT_FREEZE_REPAIR:
		time = sim_around(s, 3000 * SIM_MS);
		return sim_repair_freeze(s, (uint32_t)sim_random(s, SIM_REPAIRS), time);
	case FAULT_END:
		break;
	}
	return false;
}

static void count_fault(struct sim *s, enum sim_fault fault)
{
	s->produced->faults[fault]++;
	for (uint32_t c = 0; c < s->clients_count; c++)
		for (uint32_t i = 0; i < SIM_COMMANDS_MAX; i++)
			if (s->clients[c].commands[i].token)
				s->produced->faults_in[s->clients[c].commands[i].command.kind]
						      [fault]++;
}

void sim_fault_step(struct sim *s)
{
	enum sim_fault fault = (enum sim_fault)sim_random(s, FAULT_END);

	sim_relay_step(s);
	sim_forge_step(s);
	s->fault_at = s->now + sim_around(s, s->fault_gap);
	for (uint32_t i = 0; i < FAULT_END && !(s->faults_on >> fault & 1); i++)
		fault = (enum sim_fault)((fault + 1) % FAULT_END);
	if (!(s->faults_on >> fault & 1))
		return;
	count_fault(s, fault);
	if (!inflict(s, fault))
		s->produced->faults[fault]--;
}

/* Everything works again. What was lost stays lost. */
void sim_heal(struct sim *s)
{
	s->healed = true;
	s->fault_at = SIM_NEVER;
	memset(s->blocked_up, 0, sizeof s->blocked_up);
	memset(s->blocked_down, 0, sizeof s->blocked_down);
	s->pipe_size = 65536;
	sim_relay_end(s);
	if ((s->lies_of_strangers || s->lies_of_greetings) && s->replicas[s->lying].up)
		sim_replica_crash(s, s->lying, SIMDISK_KILLED, false); /* an honest one returns */
	for (uint32_t i = 0; i < REPLICAS; i++) {
		struct sim_replica *p = &s->replicas[i];

		simdisk_limit(p->disk, UINT64_MAX);
		simdisk_fail(p->disk, SIMDISK_ALL, 0, EIO, false);
		simdisk_stop(p->disk, 0);
		p->clock_offset_ms = 0;
		p->clock_turned_at = s->now;
		if (!p->up)
			p->start_at = s->now;
		if (p->thaws)
			p->frozen_until = s->now;
	}
	for (uint32_t c = 0; c < s->clients_count; c++) {
		if (!s->clients[c].up)
			s->clients[c].start_at = s->now;
		if (s->clients[c].thaws)
			s->clients[c].frozen_until = s->now;
		s->clients[c].stalled_until = 0;
		s->clients[c].output_delay = 0;
	}
	for (uint32_t k = 0; k < SIM_REPAIRS; k++)
		if (s->repairs[k].thaws)
			s->repairs[k].frozen_until = s->now;
	sim_trace(s, "everything works again");
}
