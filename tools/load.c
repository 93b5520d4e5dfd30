/* SPDX-License-Identifier: MIT
 *
 * A run goes through its states in order:
 *
 *   state       what happens                                           ends when
 *   PREPARING   accounts are made, by many links side by side; those   all are there, and in all
 *               who send, receive or idle stay logged in               processes (WAITING)
 *   MEETING     each sender writes to every recipient once, many at    all have
 *               a time: what is measured is no first acquaintance
 *   WARMING     the load, not measured                                 BENCH_WARM_MS, or a quarter
 *   MEASURING   the load                                               measure_ms
 *   DRAINING    nothing new; what is under way ends                    nothing is under way
 *
 * A member is one link with one account; a maker's account changes: it makes those that nobody is
 * logged in to. A sender is a member with requests in slots, another member to receive if it is
 * live delivery that is measured. Results come nearly in the order of the requests, so a slot is
 * looked for from the oldest one on.
 *
 * What fails is tried again after RETRY_MS: at once, it would keep the loop from ever turning.
 */
#include "tools/bench.h"

#include "io/log.h"
#include "io/options.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

enum {
	MEMBERS_AT_ONCE = 64, /* that dial and make their accounts side by side */
	RETRY_MS = 10,
	PROGRESS_MS = 200,
	BENCH_NAME_SIZE = 32,
	LIVE_SLOTS = 64, /* for each message in flight: one that was shown may wait for its disks */
	STAMP_SIZE = 16, /* at a text's beginning, so that no two are equal */
	DESCRIPTORS_OTHERS = 32,
	MEET_MAX = 1000000, /* acquaintances; where there are more, they are made as they come */
	MEET_AT_ONCE = 100, /* recipients of one message */
};
_Static_assert((int)MEET_AT_ONCE <= (int)RECIPIENTS_MAX, "one message to so many");

static const char password[] = BENCH_PASSWORD;

enum run_state { PREPARING, WAITING, MEETING, WARMING, MEASURING, DRAINING, ENDED };

enum member_kind { MEMBER_MAKER, MEMBER_SENDER, MEMBER_RECEIVER };

struct run;
struct sender;

struct member {
	struct run *run;
	struct sender *sender; /* NULL: a maker */
	struct link *link;     /* NULL: not begun, or done with */
	enum member_kind kind;
	bool is_prepared;
	uint64_t begun_ns;
	char name[BENCH_NAME_SIZE];
};

struct slot {
	uint32_t token; /* 0: free */
	uint64_t begun_ns;
};

struct sender {
	struct member self;
	struct member receiver; /* LIVE */
	struct slot *slots;     /* run->slots of them */
	uint32_t oldest;
	uint32_t under_way; /* requests without a result; LIVE: also messages not shown */
	uint32_t failed;    /* slots that wait for RETRY_MS */
	uint32_t met;       /* recipients */
	bool is_leaving;    /* LOGIN: the request under way is a log out */
	uint64_t last_result_ns;
	uint64_t *sent_ns; /* LIVE: by number, a ring */
	uint64_t sent;
	uint64_t shown;
	uint64_t random;
	uint64_t stamp;
	uint8_t *text;
};

struct run {
	const struct bench_options *options;
	const struct bench_key *key;
	const struct bench_share *share;
	struct tally *tally;
	enum run_state state;
	struct loop *loop;
	struct link_pool *pool;
	struct sender *senders;
	uint32_t senders_count;
	struct member *makers;
	uint32_t makers_count;
	uint32_t accounts_next; /* the next recipient that a maker makes */
	uint32_t members_begun;
	uint32_t members_busy; /* dialling, or making an account */
	uint32_t members_left; /* not prepared */
	uint32_t strangers;    /* senders that have not met all recipients */
	uint32_t ring_mask;
	uint32_t slots; /* of each sender */
	uint64_t under_way;
	uint64_t prepared_ns;
	uint64_t begin_ns; /* of what is measured */
	uint64_t end_ns;
	struct loop_timer phase; /* the end of the state */
	struct loop_timer retry;
	struct loop_timer progress;
	struct loop_source go;
	uint64_t moved; /* accounts made: somebody answers */
	uint64_t moved_before;
};

static uint64_t now_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static _Noreturn void give_up(enum exit_status status, const char *what, const char *why)
{
	log_plain(LOG_ERROR, "bench: %s: %s", what, why);
	exit((int)status);
}

/* ---- requests ---- */

static uint32_t two_to(uint64_t at_least)
{
	uint32_t size = 1;

	while (size < at_least)
		size *= 2;
	return size;
}

/* Xorshift: which recipient is next need not be more random than that. */
static uint64_t draw(struct sender *s)
{
	s->random ^= s->random << 13;
	s->random ^= s->random >> 7;
	s->random ^= s->random << 17;
	return s->random;
}

static void recipient_name(const struct run *run, uint32_t number, char name[BENCH_NAME_SIZE])
{
	(void)snprintf(name, BENCH_NAME_SIZE, "%s-r%u", run->key->tag, number);
}

/* Decimal digits by hand: this is done for every message. */
static size_t put_number(char *to, uint64_t number)
{
	char digits[20];
	size_t count = 0;

	do {
		digits[count++] = (char)('0' + number % 10);
		number /= 10;
	} while (number != 0);
	for (size_t i = 0; i < count; i++)
		to[i] = digits[count - 1 - i];
	return count;
}

static void stamp_text(struct sender *s, size_t size)
{
	uint64_t stamp = ++s->stamp;

	for (size_t i = 0; i < STAMP_SIZE && i < size; i++, stamp >>= 4)
		s->text[i] = (uint8_t)("0123456789abcdef"[stamp & 15]);
}

static uint32_t send_message(struct run *run, struct sender *s)
{
	char name[BENCH_NAME_SIZE];
	struct view to;
	struct command command = { .kind = COMMAND_SEND, .names = &to, .names_count = 1 };

	stamp_text(s, run->options->text_size);
	command.text = view_of(s->text, run->options->text_size);
	if (run->options->mode == BENCH_LIVE) {
		to = view_of_string(s->receiver.name);
		s->sent_ns[++s->sent & run->ring_mask] = now_ns();
	} else {
		size_t prefix = strlen(run->key->tag);

		memcpy(name, run->key->tag, prefix);
		memcpy(name + prefix, "-r", 2);
		to = view_of(name,
		             prefix + 2 +
		                     put_number(name + prefix + 2, draw(s) % run->options->users));
	}
	return link_command(s->self.link, &command);
}

static struct command account_command(const struct run *run, enum command_kind kind,
                                      const char *name)
{
	return (struct command){
		.kind = kind,
		.name = view_of_string(name),
		.password = view_of_string(password),
		.stretched = run->key->stretched,
		.setting = view_of_string(run->key->setting),
	};
}

static uint32_t log_in_or_out(struct run *run, struct sender *s)
{
	char name[DISPLAY_SIZE];
	struct command command = account_command(run, COMMAND_LOGIN, s->self.name);

	s->is_leaving = replication_logged_in(link_replication(s->self.link), name);
	if (s->is_leaving)
		command = (struct command){ .kind = COMMAND_LOGOUT };
	return link_command(s->self.link, &command);
}

static uint32_t list_accounts(struct run *run, struct sender *s)
{
	char prefix[BENCH_NAME_SIZE];
	struct command command = { .kind = COMMAND_LIST };

	(void)snprintf(prefix, sizeof(prefix), "%s-r", run->key->tag);
	command.name = view_of_string(prefix);
	return link_command(s->self.link, &command);
}

static void begin_request(struct run *run, struct sender *s, struct slot *slot)
{
	assert(slot->token == 0);
	slot->begun_ns = now_ns();
	s->under_way++;
	run->under_way++;
	switch (run->options->mode) {
	case BENCH_LOGIN:
		slot->token = log_in_or_out(run, s);
		break;
	case BENCH_LIST:
		slot->token = list_accounts(run, s);
		break;
	default:
		slot->token = send_message(run, s);
		break;
	}
}

static struct slot *free_slot(const struct run *run, struct sender *s)
{
	for (uint32_t i = 0; i < run->slots; i++)
		if (s->slots[i].token == 0)
			return &s->slots[i];
	return NULL;
}

/* ---- results ---- */

static bool is_loaded(const struct run *run)
{
	return run->state == WARMING || run->state == MEASURING;
}

static void count_latency(struct run *run, uint64_t begun_ns, uint64_t at_ns)
{
	if (run->state == MEASURING && at_ns <= run->end_ns)
		tally_add(run->tally, at_ns - begun_ns);
}

/* The pause counts from the beginning of the measurement, and to its end. */
static void count_pause(struct run *run, struct sender *s, uint64_t at_ns)
{
	uint64_t since = s->last_result_ns > run->begin_ns ? s->last_result_ns : run->begin_ns;

	s->last_result_ns = at_ns;
	if (run->state != MEASURING)
		return;
	if (at_ns > run->end_ns)
		at_ns = run->end_ns;
	if (at_ns > since && run->tally->longest_pause_ns < at_ns - since)
		run->tally->longest_pause_ns = at_ns - since;
}

static void finish_one(struct run *run, struct sender *s)
{
	assert(s->under_way > 0);
	assert(run->under_way > 0);
	s->under_way--;
	run->under_way--;
	if (run->state == DRAINING && run->under_way == 0)
		run->state = ENDED;
}

/* The slot of a token, which is free then. */
static struct slot *take_slot(const struct run *run, struct sender *s, uint32_t token)
{
	uint32_t count = run->slots;

	for (uint32_t i = 0, at = s->oldest; i < count; i++, at = at + 1 == count ? 0 : at + 1) {
		if (s->slots[at].token != token)
			continue;
		s->slots[at].token = 0;
		if (i == 0)
			s->oldest = at + 1 == count ? 0 : at + 1;
		return &s->slots[at];
	}
	return NULL;
}

static void take_failure(struct run *run, struct sender *s)
{
	run->tally->errors++;
	finish_one(run, s);
	s->failed++;
	if (run->retry.place == 0)
		loop_timer_set(run->loop, &run->retry, loop_now_ms(run->loop) + RETRY_MS);
}

static void take_result(struct run *run, struct sender *s, const struct result *result)
{
	struct slot *slot = take_slot(run, s, result->token);
	uint64_t at_ns = now_ns();

	if (slot == NULL)
		give_up(EXIT_REFUSED, "a request", "its result came twice");
	count_pause(run, s, at_ns);
	if (result->outcome != OUTCOME_OK) {
		take_failure(run, s);
		return;
	}
	/* A message that somebody waits for ends when it is shown. */
	if (run->options->mode == BENCH_LIVE)
		return;
	if (!s->is_leaving)
		count_latency(run, slot->begun_ns, at_ns);
	finish_one(run, s);
	if (is_loaded(run))
		begin_request(run, s, slot);
}

/* In the order of the stream; its result may come before or after. */
static void take_shown(struct run *run, struct sender *s, const struct shown *shown)
{
	struct slot *slot;

	if (shown->number <= s->shown || shown->number > s->sent) {
		run->tally->errors++;
		return;
	}
	s->shown = shown->number;
	count_latency(run, s->sent_ns[shown->number & run->ring_mask], now_ns());
	finish_one(run, s);
	if (!is_loaded(run))
		return;
	slot = free_slot(run, s);
	if (slot != NULL)
		begin_request(run, s, slot);
	else
		s->failed++; /* it goes on with the next result */
}

/* LIVE: shown before its result, so the next message had to wait for the slot. */
static void go_on(struct run *run, struct sender *s)
{
	struct slot *slot;

	while (is_loaded(run) && s->failed > 0 && (slot = free_slot(run, s)) != NULL) {
		s->failed--;
		begin_request(run, s, slot);
	}
}

static void retry_expired(struct loop_timer *timer)
{
	struct run *run = LOOP_OWNER(timer, struct run, retry);

	for (uint32_t i = 0; i < run->senders_count; i++)
		go_on(run, &run->senders[i]);
}

/* ---- states ---- */

static void set_phase(struct run *run, uint64_t ms)
{
	loop_timer_set(run->loop, &run->phase, loop_now_ms(run->loop) + ms);
}

static void measure(struct run *run)
{
	run->state = MEASURING;
	run->begin_ns = now_ns();
	run->end_ns = run->begin_ns + run->options->measure_ms * 1000000;
	set_phase(run, run->options->measure_ms);
}

/* True if there was anybody left to meet. */
static bool meet_more(struct run *run, struct sender *s)
{
	char names[MEET_AT_ONCE][BENCH_NAME_SIZE];
	struct view to[MEET_AT_ONCE];
	struct command command = { .kind = COMMAND_SEND, .names = to };

	for (; command.names_count < MEET_AT_ONCE && s->met < run->options->users; s->met++) {
		size_t i = command.names_count++;

		recipient_name(run, s->met, names[i]);
		to[i] = view_of_string(names[i]);
	}
	command.text = view_of_string("hello");
	if (command.names_count > 0)
		(void)link_command(s->self.link, &command);
	return command.names_count > 0;
}

static void warm_up(struct run *run);

static void take_meeting(struct run *run, struct sender *s, const struct result *result)
{
	if (result->outcome != OUTCOME_OK)
		give_up(EXIT_REFUSED, "cannot write to all recipients", result->detail);
	if (!meet_more(run, s) && --run->strangers == 0)
		warm_up(run);
}

static void begin_load(struct run *run)
{
	const struct bench_options *o = run->options;
	bool has_strangers = o->mode == BENCH_STORE || o->mode == BENCH_FAILOVER;

	loop_timer_cancel(run->loop, &run->phase);
	if (!has_strangers || o->users * o->senders > MEET_MAX || run->senders_count == 0) {
		warm_up(run);
		return;
	}
	run->state = MEETING;
	run->strangers = run->senders_count;
	for (uint32_t i = 0; i < run->senders_count; i++)
		(void)meet_more(run, &run->senders[i]); /* there is at least one recipient */
}

static void warm_up(struct run *run)
{
	uint64_t warm_ms = run->options->measure_ms / 4;

	run->state = WARMING;
	if (run->share->ready_fd < 0)
		bench_announce(run->options);
	if (run->options->mode == BENCH_IDLE) {
		measure(run);
		return;
	}
	for (uint32_t i = 0; i < run->senders_count; i++)
		for (uint32_t k = 0; k < run->options->depth; k++)
			begin_request(run, &run->senders[i], &run->senders[i].slots[k]);
	set_phase(run, warm_ms < BENCH_WARM_MS ? warm_ms : BENCH_WARM_MS);
}

static void go_ready(struct loop_source *source, unsigned events)
{
	struct run *run = LOOP_OWNER(source, struct run, go);
	char byte;

	(void)events;
	if (read(source->fd, &byte, 1) != 1)
		exit(EXIT_REFUSED); /* the process that started this one has ended */
	loop_remove(run->loop, source);
	begin_load(run);
}

/* Makers are done with; the others wait for other processes. */
static void prepared(struct run *run)
{
	static const char byte = 'r';

	for (uint32_t i = 0; i < run->makers_count; i++) {
		link_free(run->makers[i].link);
		run->makers[i].link = NULL;
	}
	run->tally->measured_ns = now_ns() - run->prepared_ns;
	if (run->share->ready_fd < 0) {
		begin_load(run);
		return;
	}
	run->state = WAITING;
	loop_timer_cancel(run->loop, &run->phase);
	if (write(run->share->ready_fd, &byte, 1) != 1)
		exit(EXIT_REFUSED);
	run->go = (struct loop_source){ .fd = run->share->go_fd, .ready = go_ready };
	if (loop_add(run->loop, &run->go, LOOP_READ) != 0)
		give_up(EXIT_REFUSED, "cannot wait for the other processes", strerror(errno));
}

static void end_measuring(struct run *run)
{
	if (run->options->mode == BENCH_IDLE) {
		run->state = ENDED;
		return;
	}
	for (uint32_t i = 0; i < run->senders_count; i++)
		count_pause(run, &run->senders[i], run->end_ns);
	run->tally->measured_ns = run->end_ns - run->begin_ns;
	run->state = run->under_way == 0 ? ENDED : DRAINING;
	set_phase(run, BENCH_WAIT_MS);
}

static void phase_expired(struct loop_timer *timer)
{
	struct run *run = LOOP_OWNER(timer, struct run, phase);

	switch (run->state) {
	case PREPARING:
		if (run->moved == run->moved_before)
			give_up(EXIT_NO_REPLICA, "cannot make accounts",
			        "no replica has answered for 10 s");
		run->moved_before = run->moved;
		set_phase(run, BENCH_WAIT_MS);
		break;
	case WARMING:
		measure(run);
		break;
	case MEASURING:
		end_measuring(run);
		break;
	case DRAINING:
		run->tally->errors += run->under_way;
		run->state = ENDED;
		break;
	case WAITING:
	case MEETING:
	case ENDED:
		break;
	}
}

static void progress_expired(struct loop_timer *timer)
{
	struct run *run = LOOP_OWNER(timer, struct run, progress);
	static const char *const states[] = {
		[PREPARING] = "making accounts",
		[WAITING] = "waiting",
		[MEETING] = "meeting",
		[WARMING] = "warming up",
		[MEASURING] = "measuring",
		[DRAINING] = "finishing",
		[ENDED] = "done",
	};
	uint64_t count = run->state == PREPARING ? run->moved : run->tally->count;

	(void)fprintf(stderr, "\rbench: %-16s %12ju", states[run->state], (uintmax_t)count);
	loop_timer_set(run->loop, timer, loop_now_ms(run->loop) + PROGRESS_MS);
}

/* ---- members ---- */

static void handle(void *context, const struct action *action);

static void begin_member(struct run *run, struct member *m)
{
	struct replication_options options = { .wait_ms = BENCH_WAIT_MS };

	if (getrandom(options.seed, sizeof(options.seed), 0) != (ssize_t)sizeof(options.seed))
		give_up(EXIT_REFUSED, "no random numbers", strerror(errno));
	m->begun_ns = now_ns();
	m->link = link_new(run->pool, run->options->targets, &options, handle, m);
	run->members_busy++;
}

static struct member *member_at(struct run *run, uint32_t number)
{
	bool is_live = run->options->mode == BENCH_LIVE;

	if (number < run->makers_count)
		return &run->makers[number];
	number -= run->makers_count;
	if (!is_live)
		return &run->senders[number].self;
	return number % 2 == 0 ? &run->senders[number / 2].self
	                       : &run->senders[number / 2].receiver;
}

static uint32_t members_count(const struct run *run)
{
	return run->makers_count + run->senders_count * (run->options->mode == BENCH_LIVE ? 2 : 1);
}

static void begin_members(struct run *run)
{
	while (run->members_busy < MEMBERS_AT_ONCE && run->members_begun < members_count(run))
		begin_member(run, member_at(run, run->members_begun++));
}

static void member_prepared(struct run *run, struct member *m)
{
	assert(!m->is_prepared);
	assert(run->members_left > 0);
	m->is_prepared = true;
	run->members_busy--;
	run->members_left--;
	if (run->options->mode == BENCH_IDLE && m->kind == MEMBER_SENDER)
		tally_add(run->tally, now_ns() - m->begun_ns);
}

static void make_account(struct run *run, struct member *m)
{
	struct command command;

	if (m->kind == MEMBER_MAKER) {
		if (run->accounts_next >= run->options->users) {
			member_prepared(run, m);
			return;
		}
		recipient_name(run, run->accounts_next, m->name);
		run->accounts_next += run->share->processes;
	}
	command = account_command(run, COMMAND_CREATE, m->name);
	(void)link_command(m->link, &command);
}

/* A maker logs out of what it has made and makes the next. */
static void take_preparation(struct run *run, struct member *m, const struct result *result)
{
	if (result->outcome == OUTCOME_NO_REPLICA)
		give_up(EXIT_NO_REPLICA, "cannot make accounts", result->detail);
	if (result->outcome != OUTCOME_OK)
		give_up(EXIT_REFUSED, "cannot make accounts", result->detail);
	run->moved++;
	if (m->kind != MEMBER_MAKER)
		member_prepared(run, m);
	else if (result->kind == COMMAND_CREATE)
		(void)link_command(m->link, &(struct command){ .kind = COMMAND_LOGOUT });
	else
		make_account(run, m);
}

/* Whoever idles has nothing to lose but a replica, or the session. */
static void count_loss(struct run *run, const struct action *action)
{
	if (run->options->mode == BENCH_IDLE && run->state == MEASURING &&
	    (action->kind == ACTION_LOGGED_OUT || !action->live))
		run->tally->errors++;
}

static void handle(void *context, const struct action *action)
{
	struct member *m = context;
	struct run *run = m->run;

	switch (action->kind) {
	case ACTION_READY:
		make_account(run, m);
		break;
	case ACTION_RESULT:
		if (!m->is_prepared)
			take_preparation(run, m, action->result);
		else if (m->kind == MEMBER_SENDER && run->state == MEETING)
			take_meeting(run, m->sender, action->result);
		else if (m->kind == MEMBER_SENDER)
			take_result(run, m->sender, action->result);
		if (run->options->mode == BENCH_LIVE && m->is_prepared && m->sender != NULL)
			go_on(run, m->sender);
		break;
	case ACTION_MESSAGE:
		if (m->kind == MEMBER_RECEIVER)
			take_shown(run, m->sender, action->shown);
		break;
	case ACTION_REPLICA:
	case ACTION_LOGGED_OUT:
		count_loss(run, action);
		break;
	default:
		break;
	}
}

/* ---- a run ---- */

static void sender_init(struct run *run, struct sender *s, uint32_t number)
{
	const struct bench_options *o = run->options;

	s->self = (struct member){ .run = run, .sender = s, .kind = MEMBER_SENDER };
	s->receiver = (struct member){ .run = run, .sender = s, .kind = MEMBER_RECEIVER };
	(void)snprintf(s->self.name, BENCH_NAME_SIZE, "%s-s%u", run->key->tag, number);
	(void)snprintf(s->receiver.name, BENCH_NAME_SIZE, "%s-t%u", run->key->tag, number);
	s->random = (number + UINT64_C(1)) * 0x9e3779b97f4a7c15;
	s->stamp = (uint64_t)number << 40;
	if (o->mode == BENCH_IDLE)
		return;
	s->slots = memory_alloc_zero(run->slots, sizeof(*s->slots));
	s->text = memory_alloc(o->text_size);
	memset(s->text, 'm', o->text_size);
	if (o->mode == BENCH_LIVE)
		s->sent_ns = memory_alloc_zero(run->ring_mask + 1, sizeof(*s->sent_ns));
}

/* What is this process's part of `count` that are dealt out in turn. */
static uint32_t part_of(uint64_t count, const struct bench_share *share)
{
	return (uint32_t)((count + share->processes - 1 - share->process) / share->processes);
}

static bool has_recipients(const struct bench_options *o)
{
	return o->mode == BENCH_STORE || o->mode == BENCH_FAILOVER || o->mode == BENCH_LIST;
}

static void init(struct run *run)
{
	const struct bench_options *o = run->options;

	run->loop = loop_new();
	if (run->loop == NULL)
		give_up(EXIT_REFUSED, "cannot wait for events", strerror(errno));
	run->pool = link_pool_new(run->loop);
	run->prepared_ns = now_ns();
	run->phase.expired = phase_expired;
	run->retry.expired = retry_expired;
	run->progress.expired = progress_expired;
	run->slots = (uint32_t)o->depth * (o->mode == BENCH_LIVE ? LIVE_SLOTS : 1);
	run->ring_mask = two_to(2 * (uint64_t)run->slots) - 1;
	run->accounts_next = run->share->process;
	if (has_recipients(o))
		run->makers_count = part_of(o->users, run->share);
	if (run->makers_count > MEMBERS_AT_ONCE)
		run->makers_count = MEMBERS_AT_ONCE;
	run->makers = memory_alloc_zero(run->makers_count + 1, sizeof(*run->makers));
	for (uint32_t i = 0; i < run->makers_count; i++)
		run->makers[i] = (struct member){ .run = run, .kind = MEMBER_MAKER };
	run->senders_count = part_of(o->senders, run->share);
	run->senders = memory_alloc_zero(run->senders_count + 1, sizeof(*run->senders));
	for (uint32_t i = 0; i < run->senders_count; i++)
		sender_init(run, &run->senders[i], run->share->process + i * run->share->processes);
	run->members_left = members_count(run);
	set_phase(run, BENCH_WAIT_MS);
	if (isatty(STDERR_FILENO) && run->share->process == 0)
		progress_expired(&run->progress);
}

static void release(struct run *run)
{
	if (run->progress.place != 0)
		(void)fprintf(stderr, "\r%40s\r", "");
	for (uint32_t i = 0; i < run->senders_count; i++) {
		struct sender *s = &run->senders[i];

		link_free(s->self.link);
		link_free(s->receiver.link);
		memory_free(s->slots);
		memory_free(s->text);
		memory_free(s->sent_ns);
	}
	memory_free(run->senders);
	memory_free(run->makers);
	link_pool_free(run->pool);
	loop_timer_cancel(run->loop, &run->phase);
	loop_timer_cancel(run->loop, &run->retry);
	loop_timer_cancel(run->loop, &run->progress);
	loop_free(run->loop);
}

void bench_run(const struct bench_options *o, const struct bench_key *key,
               const struct bench_share *share, struct tally *tally)
{
	struct run run = { .options = o, .key = key, .share = share, .tally = tally };

	init(&run);
	while (run.state != ENDED) {
		if (run.state == PREPARING)
			begin_members(&run);
		link_pool_settle(run.pool);
		if (run.state == PREPARING && run.members_left == 0)
			prepared(&run);
		else if (run.state == PREPARING)
			begin_members(&run);
		link_pool_settle(run.pool);
		if (run.state != ENDED)
			loop_turn(run.loop, LOOP_NEVER);
		link_pool_settle(run.pool);
	}
	release(&run);
}

uint64_t bench_descriptors(const struct bench_options *o, uint64_t processes)
{
	uint64_t members = (o->senders + processes - 1) / processes;

	if (o->mode == BENCH_LIVE)
		members *= 2;
	if (has_recipients(o))
		members += MEMBERS_AT_ONCE;
	return REPLICAS * members + DESCRIPTORS_OTHERS;
}
