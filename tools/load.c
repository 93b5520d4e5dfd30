/* SPDX-License-Identifier: MIT
 *
 * A run goes through its states in order:
 *
 *   state       what happens                                           ends when
 *   PREPARING   many links create accounts at the same time; senders,  all accounts exist, also in
 *               receivers and idle clients stay logged in              other processes (WAITING)
 *   MEETING     each sender writes to every recipient once, so that    all have done so
 *               nothing measured is the first message of a pair
 *   WARMING     the load, not measured                                 WARM_MS, or a quarter
 *   MEASURING   the load                                               measure_ms
 *   DRAINING    nothing new; what is under way ends                    nothing is under way
 *
 * A member is one link with one account. A maker's account changes: a maker makes the accounts that
 * nobody is logged in to. A sender is a member that has a slot for each request in flight; for live
 * delivery it has a second member, which receives. Results come nearly in the order of the
 * requests, so the search for a slot begins at the oldest one.
 *
 * What fails is tried again after RETRY_MS. At once would keep the loop in one turn for ever.
 */
#include "tools/load.h"

#include "base/decimal.h"
#include "driver/link.h"
#include "io/file.h"
#include "io/log.h"
#include "io/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
	MEMBERS_AT_ONCE = 64, /* members that dial and create their accounts at the same time */
	RETRY_MS = 10,
	WARM_MS = 500,   /* WARMING takes at most this, and at most a quarter of measure_ms */
	WAIT_MS = 10000, /* how long to wait for a live replica, and for the last results */
	PROGRESS_MS = 200,
	NAME_SIZE = 32,
	LIVE_SLOTS = 64, /* for each message in flight: a shown one may still wait for disks */
	STAMP_SIZE = 16, /* of the number that begins a text, so that no two texts are equal */
	DESCRIPTORS_OTHERS = 32,
	MEET_MAX = 1000000, /* first messages in MEETING; with more pairs the state is skipped */
	MEET_AT_ONCE = 100, /* recipients of one first message */
};
_Static_assert((int)MEET_AT_ONCE <= (int)RECIPIENTS_MAX, "one message to so many");

static const char password[] = "a-password-of-bench";

enum load_state { PREPARING, WAITING, MEETING, WARMING, MEASURING, DRAINING, ENDED };

enum load_member_kind { MEMBER_MAKER, MEMBER_SENDER, MEMBER_RECEIVER };

struct load;
struct load_sender;

struct load_member {
	struct load *load;
	struct load_sender *sender; /* NULL: a maker */
	struct link *link;          /* NULL: not begun, or done with */
	enum load_member_kind kind;
	bool is_prepared;
	uint64_t begun_ns;
	char name[NAME_SIZE];
};

struct load_slot {
	uint32_t token; /* 0: free */
	uint64_t begun_ns;
};

struct load_sender {
	struct load_member self;
	struct load_member receiver; /* LIVE */
	struct load_slot *slots;     /* load->slots of them */
	uint32_t oldest;
	uint32_t under_way; /* requests without a result; LIVE: also messages not shown */
	uint32_t failed;    /* requests that wait to begin again: go_on */
	uint32_t met;       /* recipients that got a first message */
	bool is_leaving;    /* LOGIN: the request under way is a log-out */
	uint64_t last_result_ns;
	uint64_t *sent_ns; /* LIVE: by number, a ring */
	uint64_t sent;
	uint64_t shown;
	uint64_t random;
	uint64_t stamp;
	uint8_t *text;
};

struct load {
	const struct load_options *options;
	const struct load_key *key;
	const struct load_share *share;
	struct tally *tally;
	enum load_state state;
	struct loop *loop;
	struct link_pool *pool;
	struct load_sender *senders;
	uint32_t senders_count;
	struct load_member *makers;
	uint32_t makers_count;
	uint32_t accounts_next; /* the next recipient that a maker makes */
	uint32_t members_begun;
	uint32_t members_busy; /* dialling, or making an account */
	uint32_t members_left; /* not prepared */
	uint32_t strangers;    /* senders that have not met all recipients */
	uint32_t ring_mask;
	uint32_t slots;              /* of each sender */
	struct view *to;             /* the recipients of one message, options->to of them ... */
	char (*to_names)[NAME_SIZE]; /* ... and their names */
	uint64_t under_way;
	uint64_t prepared_ns;
	uint64_t begin_ns; /* of what is measured */
	uint64_t end_ns;
	struct loop_timer phase; /* the end of the state */
	struct loop_timer retry;
	struct loop_timer progress;
	struct loop_source go;
	uint64_t moved; /* accounts made so far; if it does not grow, no replica answers */
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
	log_own(LOG_ERROR, "%s: %s", what, why);
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

/* Xorshift, which is random enough to choose the next recipient. */
static uint64_t draw(struct load_sender *s)
{
	s->random ^= s->random << 13;
	s->random ^= s->random >> 7;
	s->random ^= s->random << 17;
	return s->random;
}

/* The name of a recipient: a view of `name`, which also ends with a NUL. */
static struct view recipient_name(const struct load *load, uint64_t number, char name[NAME_SIZE])
{
	size_t size = strlen(load->key->tag);

	memcpy(name, load->key->tag, size);
	memcpy(name + size, "-r", 2);
	size += 2;
	size += decimal_put(name + size, number);
	name[size] = '\0';
	return view_of(name, size);
}

/* Writes another number into the front of the text. */
static void stamp_text(struct load_sender *s, size_t size)
{
	uint64_t stamp = ++s->stamp;

	for (size_t i = 0; i < STAMP_SIZE && i < size; i++, stamp >>= 4)
		s->text[i] = (uint8_t)("0123456789abcdef"[stamp & 15]);
}

/* Draws one recipient. If a message goes to several, the others are those who follow. */
static void draw_recipients(struct load *load, struct load_sender *s)
{
	uint64_t first = draw(s);

	for (uint64_t i = 0; i < load->options->to; i++)
		load->to[i] = recipient_name(load, (first + i) % load->options->users,
		                             load->to_names[i]);
}

static uint32_t send_message(struct load *load, struct load_sender *s)
{
	struct command command = { .kind = COMMAND_SEND, .names = load->to, .names_count = 1 };

	stamp_text(s, load->options->text_size);
	command.text = view_of(s->text, load->options->text_size);
	if (load->options->mode == LOAD_LIVE) {
		load->to[0] = view_of_string(s->receiver.name);
		s->sent_ns[++s->sent & load->ring_mask] = now_ns();
	} else {
		draw_recipients(load, s);
		command.names_count = load->options->to;
	}
	return link_command(s->self.link, &command);
}

static struct command account_command(const struct load *load, enum command_kind kind,
                                      const char *name)
{
	return (struct command){
		.kind = kind,
		.name = view_of_string(name),
		.password = view_of_string(password),
		.stretched = load->key->stretched,
		.setting = view_of_string(load->key->setting),
	};
}

static uint32_t log_in_or_out(struct load *load, struct load_sender *s)
{
	char name[DISPLAY_SIZE];
	struct command command = account_command(load, COMMAND_LOGIN, s->self.name);

	s->is_leaving = link_is_logged_in(s->self.link, name);
	if (s->is_leaving)
		command = (struct command){ .kind = COMMAND_LOGOUT };
	return link_command(s->self.link, &command);
}

static uint32_t list_accounts(struct load *load, struct load_sender *s)
{
	char prefix[NAME_SIZE];
	struct command command = { .kind = COMMAND_LIST };

	(void)snprintf(prefix, sizeof prefix, "%s-r", load->key->tag);
	command.name = view_of_string(prefix);
	return link_command(s->self.link, &command);
}

static void begin_request(struct load *load, struct load_sender *s, struct load_slot *slot)
{
	assert(slot->token == 0);
	slot->begun_ns = now_ns();
	s->under_way++;
	load->under_way++;
	switch (load->options->mode) {
	case LOAD_LOGIN:
		slot->token = log_in_or_out(load, s);
		break;
	case LOAD_LIST:
		slot->token = list_accounts(load, s);
		break;
	default:
		slot->token = send_message(load, s);
		break;
	}
}

static struct load_slot *free_slot(const struct load *load, struct load_sender *s)
{
	for (uint32_t i = 0; i < load->slots; i++)
		if (s->slots[i].token == 0)
			return &s->slots[i];
	return NULL;
}

/* ---- results ---- */

static bool is_loaded(const struct load *load)
{
	return load->state == WARMING || load->state == MEASURING;
}

static void count_latency(struct load *load, uint64_t begun_ns, uint64_t at_ns)
{
	if (load->state == MEASURING && at_ns <= load->end_ns)
		tally_add(load->tally, at_ns - begun_ns);
}

/* A pause counts only as far as it lies within the time that is measured. */
static void count_pause(struct load *load, struct load_sender *s, uint64_t at_ns)
{
	uint64_t since = s->last_result_ns > load->begin_ns ? s->last_result_ns : load->begin_ns;

	s->last_result_ns = at_ns;
	if (load->state != MEASURING)
		return;
	if (at_ns > load->end_ns)
		at_ns = load->end_ns;
	if (at_ns > since && load->tally->longest_pause_ns < at_ns - since)
		load->tally->longest_pause_ns = at_ns - since;
}

static void finish_one(struct load *load, struct load_sender *s)
{
	assert(s->under_way > 0);
	assert(load->under_way > 0);
	s->under_way--;
	load->under_way--;
	if (load->state == DRAINING && load->under_way == 0)
		load->state = ENDED;
}

/* Finds the slot of a token and frees it. NULL: none has it. */
static struct load_slot *take_slot(const struct load *load, struct load_sender *s, uint32_t token)
{
	uint32_t count = load->slots;

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

static void take_failure(struct load *load, struct load_sender *s)
{
	load->tally->errors++;
	finish_one(load, s);
	s->failed++;
	if (load->retry.place == 0)
		loop_timer_set(load->loop, &load->retry, loop_now_ms(load->loop) + RETRY_MS);
}

static void take_result(struct load *load, struct load_sender *s, const struct result *result)
{
	struct load_slot *slot = take_slot(load, s, result->token);
	uint64_t at_ns = now_ns();

	if (slot == NULL)
		give_up(EXIT_REFUSED, "a request", "its result came twice");
	count_pause(load, s, at_ns);
	if (result->outcome != OUTCOME_OK) {
		take_failure(load, s);
		return;
	}
	/* With live delivery, a message ends when it is shown. */
	if (load->options->mode == LOAD_LIVE)
		return;
	if (!s->is_leaving)
		count_latency(load, slot->begun_ns, at_ns);
	finish_one(load, s);
	if (is_loaded(load))
		begin_request(load, s, slot);
}

/* A message was shown. They come in the order of the stream; the result comes before or after. */
static void take_shown(struct load *load, struct load_sender *s, const struct shown *shown)
{
	struct load_slot *slot;

	if (shown->number <= s->shown || shown->number > s->sent) {
		load->tally->errors++;
		return;
	}
	s->shown = shown->number;
	count_latency(load, s->sent_ns[shown->number & load->ring_mask], now_ns());
	finish_one(load, s);
	if (!is_loaded(load))
		return;
	slot = free_slot(load, s);
	if (slot != NULL)
		begin_request(load, s, slot);
	else
		s->failed++; /* the next result begins it */
}

/* Begins requests again that wait: for RETRY_MS, or, with live delivery, for a free slot, because
 * the message before was shown before its result came. */
static void go_on(struct load *load, struct load_sender *s)
{
	struct load_slot *slot;

	while (is_loaded(load) && s->failed > 0 && (slot = free_slot(load, s)) != NULL) {
		s->failed--;
		begin_request(load, s, slot);
	}
}

static void retry_expired(struct loop_timer *timer)
{
	struct load *load = LOOP_OWNER(timer, struct load, retry);

	for (uint32_t i = 0; i < load->senders_count; i++)
		go_on(load, &load->senders[i]);
}

/* ---- states ---- */

static void set_phase(struct load *load, uint64_t ms)
{
	loop_timer_set(load->loop, &load->phase, loop_now_ms(load->loop) + ms);
}

static void measure(struct load *load)
{
	load->state = MEASURING;
	load->begin_ns = now_ns();
	load->end_ns = load->begin_ns + load->options->measure_ms * 1000000;
	set_phase(load, load->options->measure_ms);
}

/* Writes to the next recipients that the sender has not met. False if there are none. */
static bool meet_more(struct load *load, struct load_sender *s)
{
	char names[MEET_AT_ONCE][NAME_SIZE];
	struct view to[MEET_AT_ONCE];
	struct command command = { .kind = COMMAND_SEND, .names = to };

	for (; command.names_count < MEET_AT_ONCE && s->met < load->options->users; s->met++) {
		size_t i = command.names_count++;

		to[i] = recipient_name(load, s->met, names[i]);
	}
	command.text = view_of_string("hello");
	if (command.names_count > 0)
		(void)link_command(s->self.link, &command);
	return command.names_count > 0;
}

static void warm_up(struct load *load);

static void take_meeting(struct load *load, struct load_sender *s, const struct result *result)
{
	if (result->outcome != OUTCOME_OK)
		give_up(EXIT_REFUSED, "cannot write to all recipients", result->detail);
	if (!meet_more(load, s) && --load->strangers == 0)
		warm_up(load);
}

static void begin_load(struct load *load)
{
	const struct load_options *o = load->options;
	bool has_strangers = o->mode == LOAD_STORE || o->mode == LOAD_FAILOVER;

	loop_timer_cancel(load->loop, &load->phase);
	if (!has_strangers || o->users * o->senders > MEET_MAX || load->senders_count == 0) {
		warm_up(load);
		return;
	}
	load->state = MEETING;
	load->strangers = load->senders_count;
	for (uint32_t i = 0; i < load->senders_count; i++)
		(void)meet_more(load, &load->senders[i]); /* there is at least one recipient */
}

static void warm_up(struct load *load)
{
	uint64_t warm_ms = load->options->measure_ms / 4;

	load->state = WARMING;
	if (load->share->ready_fd < 0)
		load_announce(load->options);
	if (load->options->mode == LOAD_IDLE) {
		measure(load);
		return;
	}
	for (uint32_t i = 0; i < load->senders_count; i++)
		for (uint32_t k = 0; k < load->options->depth; k++)
			begin_request(load, &load->senders[i], &load->senders[i].slots[k]);
	set_phase(load, warm_ms < WARM_MS ? warm_ms : WARM_MS);
}

static void go_ready(struct loop_source *source, unsigned events)
{
	struct load *load = LOOP_OWNER(source, struct load, go);
	char byte;

	(void)events;
	if (read(source->fd, &byte, 1) != 1)
		exit(EXIT_REFUSED); /* the process that started this one has ended */
	loop_remove(load->loop, source);
	begin_load(load);
}

/* All accounts exist: frees the makers, and waits for the other processes, if there are any. */
static void prepared(struct load *load)
{
	static const char byte = 'r';

	for (uint32_t i = 0; i < load->makers_count; i++) {
		link_free(load->makers[i].link);
		load->makers[i].link = NULL;
	}
	load->tally->measured_ns = now_ns() - load->prepared_ns;
	if (load->share->ready_fd < 0) {
		begin_load(load);
		return;
	}
	load->state = WAITING;
	loop_timer_cancel(load->loop, &load->phase);
	if (write(load->share->ready_fd, &byte, 1) != 1)
		exit(EXIT_REFUSED);
	load->go = (struct loop_source){ .fd = load->share->go_fd, .ready = go_ready };
	if (loop_add(load->loop, &load->go, LOOP_READ) != 0)
		give_up(EXIT_REFUSED, "cannot wait for the other processes", strerror(errno));
}

static void end_measuring(struct load *load)
{
	if (load->options->mode == LOAD_IDLE) {
		load->state = ENDED;
		return;
	}
	for (uint32_t i = 0; i < load->senders_count; i++)
		count_pause(load, &load->senders[i], load->end_ns);
	load->tally->measured_ns = load->end_ns - load->begin_ns;
	load->state = load->under_way == 0 ? ENDED : DRAINING;
	set_phase(load, WAIT_MS);
}

static void phase_expired(struct loop_timer *timer)
{
	struct load *load = LOOP_OWNER(timer, struct load, phase);

	switch (load->state) {
	case PREPARING:
		if (load->moved == load->moved_before)
			give_up(EXIT_NO_REPLICA, "cannot make accounts",
			        "no replica has answered for 10 s");
		load->moved_before = load->moved;
		set_phase(load, WAIT_MS);
		break;
	case WARMING:
		measure(load);
		break;
	case MEASURING:
		end_measuring(load);
		break;
	case DRAINING:
		load->tally->errors += load->under_way;
		load->state = ENDED;
		break;
	case WAITING:
	case MEETING:
	case ENDED:
		break;
	}
}

static void progress_expired(struct loop_timer *timer)
{
	struct load *load = LOOP_OWNER(timer, struct load, progress);
	static const char *const states[] = {
		[PREPARING] = "making accounts",
		[WAITING] = "waiting",
		[MEETING] = "meeting",
		[WARMING] = "warming up",
		[MEASURING] = "measuring",
		[DRAINING] = "finishing",
		[ENDED] = "done",
	};
	uint64_t count = load->state == PREPARING ? load->moved : load->tally->count;

	(void)fprintf(stderr, "\r%s: %-16s %12ju", log_name(), states[load->state],
	              (uintmax_t)count);
	loop_timer_set(load->loop, timer, loop_now_ms(load->loop) + PROGRESS_MS);
}

/* ---- members ---- */

static void handle(void *context, const struct action *action);

static void begin_member(struct load *load, struct load_member *m)
{
	struct replication_options options = { .wait_ms = WAIT_MS };

	if (!file_random(options.seed, sizeof options.seed))
		give_up(EXIT_REFUSED, "no random numbers", strerror(errno));
	m->begun_ns = now_ns();
	m->link = link_new(load->pool, load->options->targets, &options, handle, m);
	load->members_busy++;
}

static struct load_member *member_at(struct load *load, uint32_t number)
{
	bool is_live = load->options->mode == LOAD_LIVE;

	if (number < load->makers_count)
		return &load->makers[number];
	number -= load->makers_count;
	if (!is_live)
		return &load->senders[number].self;
	return number % 2 == 0 ? &load->senders[number / 2].self
	                       : &load->senders[number / 2].receiver;
}

static uint32_t members_count(const struct load *load)
{
	return load->makers_count +
	       load->senders_count * (load->options->mode == LOAD_LIVE ? 2 : 1);
}

static void begin_members(struct load *load)
{
	while (load->members_busy < MEMBERS_AT_ONCE && load->members_begun < members_count(load))
		begin_member(load, member_at(load, load->members_begun++));
}

static void member_prepared(struct load *load, struct load_member *m)
{
	assert(!m->is_prepared);
	assert(load->members_left > 0);
	m->is_prepared = true;
	load->members_busy--;
	load->members_left--;
	if (load->options->mode == LOAD_IDLE && m->kind == MEMBER_SENDER)
		tally_add(load->tally, now_ns() - m->begun_ns);
}

static void make_account(struct load *load, struct load_member *m)
{
	struct command command;

	if (m->kind == MEMBER_MAKER) {
		if (load->accounts_next >= load->options->users) {
			member_prepared(load, m);
			return;
		}
		(void)recipient_name(load, load->accounts_next, m->name);
		load->accounts_next += load->share->processes;
	}
	command = account_command(load, COMMAND_CREATE, m->name);
	(void)link_command(m->link, &command);
}

/* A maker logs out of what it has made and makes the next. */
static void take_preparation(struct load *load, struct load_member *m, const struct result *result)
{
	if (result->outcome == OUTCOME_NO_REPLICA)
		give_up(EXIT_NO_REPLICA, "cannot make accounts", result->detail);
	if (result->outcome != OUTCOME_OK)
		give_up(EXIT_REFUSED, "cannot make accounts", result->detail);
	load->moved++;
	if (m->kind != MEMBER_MAKER)
		member_prepared(load, m);
	else if (result->kind == COMMAND_CREATE)
		(void)link_command(m->link, &(struct command){ .kind = COMMAND_LOGOUT });
	else
		make_account(load, m);
}

/* An idle client can lose only a replica or its session; that is an error. */
static void count_loss(struct load *load, const struct action *action)
{
	if (load->options->mode == LOAD_IDLE && load->state == MEASURING &&
	    (action->kind == ACTION_LOGGED_OUT || !action->live))
		load->tally->errors++;
}

static void handle(void *context, const struct action *action)
{
	struct load_member *m = context;
	struct load *load = m->load;

	switch (action->kind) {
	case ACTION_READY:
		make_account(load, m);
		break;
	case ACTION_RESULT:
		if (!m->is_prepared)
			take_preparation(load, m, action->result);
		else if (m->kind == MEMBER_SENDER && load->state == MEETING)
			take_meeting(load, m->sender, action->result);
		else if (m->kind == MEMBER_SENDER)
			take_result(load, m->sender, action->result);
		if (load->options->mode == LOAD_LIVE && m->is_prepared && m->sender != NULL)
			go_on(load, m->sender);
		break;
	case ACTION_MESSAGE:
		link_shown(m->link, action->shown->serial); /* a tally is all that there is to it */
		if (m->kind == MEMBER_RECEIVER)
			take_shown(load, m->sender, action->shown);
		break;
	case ACTION_REPLICA:
	case ACTION_LOGGED_OUT:
		count_loss(load, action);
		break;
	default:
		break;
	}
}

/* ---- a run ---- */

static void sender_init(struct load *load, struct load_sender *s, uint32_t number)
{
	const struct load_options *o = load->options;

	s->self = (struct load_member){ .load = load, .sender = s, .kind = MEMBER_SENDER };
	s->receiver = (struct load_member){ .load = load, .sender = s, .kind = MEMBER_RECEIVER };
	(void)snprintf(s->self.name, NAME_SIZE, "%s-s%u", load->key->tag, number);
	(void)snprintf(s->receiver.name, NAME_SIZE, "%s-t%u", load->key->tag, number);
	s->random = (number + UINT64_C(1)) * 0x9e3779b97f4a7c15;
	s->stamp = (uint64_t)number << 40;
	if (o->mode == LOAD_IDLE)
		return;
	s->slots = memory_alloc_zero(load->slots, sizeof *s->slots);
	s->text = memory_alloc(o->text_size);
	memset(s->text, 'm', o->text_size);
	if (o->mode == LOAD_LIVE)
		s->sent_ns = memory_alloc_zero(load->ring_mask + 1, sizeof *s->sent_ns);
}

/* How many of `count` this process gets when they are dealt out in turn. */
static uint32_t part_of(uint64_t count, const struct load_share *share)
{
	return (uint32_t)((count + share->processes - 1 - share->process) / share->processes);
}

static bool has_recipients(const struct load_options *o)
{
	return o->mode == LOAD_STORE || o->mode == LOAD_FAILOVER || o->mode == LOAD_LIST;
}

static void init(struct load *load)
{
	const struct load_options *o = load->options;

	load->loop = loop_new();
	if (load->loop == NULL)
		give_up(EXIT_REFUSED, "cannot wait for events", strerror(errno));
	load->pool = link_pool_new(load->loop);
	load->prepared_ns = now_ns();
	load->phase.expired = phase_expired;
	load->retry.expired = retry_expired;
	load->progress.expired = progress_expired;
	load->slots = (uint32_t)o->depth * (o->mode == LOAD_LIVE ? LIVE_SLOTS : 1);
	load->ring_mask = two_to(2 * (uint64_t)load->slots) - 1;
	load->to = memory_alloc(o->to * sizeof *load->to);
	load->to_names = memory_alloc(o->to * sizeof *load->to_names);
	load->accounts_next = load->share->process;
	if (has_recipients(o))
		load->makers_count = part_of(o->users, load->share);
	if (load->makers_count > MEMBERS_AT_ONCE)
		load->makers_count = MEMBERS_AT_ONCE;
	load->makers = memory_alloc_zero(load->makers_count + 1, sizeof *load->makers);
	for (uint32_t i = 0; i < load->makers_count; i++)
		load->makers[i] = (struct load_member){ .load = load, .kind = MEMBER_MAKER };
	load->senders_count = part_of(o->senders, load->share);
	load->senders = memory_alloc_zero(load->senders_count + 1, sizeof *load->senders);
	for (uint32_t i = 0; i < load->senders_count; i++)
		sender_init(load, &load->senders[i],
		            load->share->process + i * load->share->processes);
	load->members_left = members_count(load);
	set_phase(load, WAIT_MS);
	if (isatty(STDERR_FILENO) && load->share->process == 0)
		progress_expired(&load->progress);
}

static void release(struct load *load)
{
	if (load->progress.place != 0)
		(void)fprintf(stderr, "\r%40s\r", "");
	for (uint32_t i = 0; i < load->senders_count; i++) {
		struct load_sender *s = &load->senders[i];

		link_free(s->self.link);
		link_free(s->receiver.link);
		memory_free(s->slots);
		memory_free(s->text);
		memory_free(s->sent_ns);
	}
	memory_free(load->senders);
	memory_free(load->makers);
	memory_free(load->to);
	memory_free(load->to_names);
	link_pool_free(load->pool);
	loop_timer_cancel(load->loop, &load->phase);
	loop_timer_cancel(load->loop, &load->retry);
	loop_timer_cancel(load->loop, &load->progress);
	loop_free(load->loop);
}

void load_run(const struct load_options *o, const struct load_key *key,
              const struct load_share *share, struct tally *tally)
{
	struct load load = { .options = o, .key = key, .share = share, .tally = tally };

	init(&load);
	while (load.state != ENDED) {
		if (load.state == PREPARING)
			begin_members(&load);
		link_pool_settle(load.pool);
		if (load.state == PREPARING && load.members_left == 0)
			prepared(&load);
		else if (load.state == PREPARING)
			begin_members(&load);
		link_pool_settle(load.pool);
		if (load.state != ENDED)
			loop_turn(load.loop, LOOP_NEVER);
		link_pool_settle(load.pool);
	}
	release(&load);
}

uint64_t load_descriptors(const struct load_options *o, uint64_t processes)
{
	uint64_t members = (o->senders + processes - 1) / processes;

	if (o->mode == LOAD_LIVE)
		members *= 2;
	if (has_recipients(o))
		members += MEMBERS_AT_ONCE;
	return REPLICAS * members + DESCRIPTORS_OTHERS;
}

void load_key_make(struct load_key *key)
{
	uint8_t random[16 + 4];

	if (!file_random(random, sizeof random))
		give_up(EXIT_REFUSED, "no random numbers", strerror(errno));
	auth_setting_make(random, key->setting);
	(void)snprintf(key->tag, sizeof key->tag, "b%02x%02x%02x%02x", random[16], random[17],
	               random[18], random[19]);
	if (!auth_stretch(view_of_string(password), view_of_string(key->setting), key->stretched))
		give_up(EXIT_REFUSED, "crypt(3) does not know yescrypt", strerror(errno));
}

void load_announce(const struct load_options *o)
{
	if (!o->json)
		return;
	(void)puts("{\"event\": \"ready\"}");
	(void)fflush(stdout);
}
