/* SPDX-License-Identifier: MIT
 *
 * The fuzz target of a whole client: the client's half, and what people and scripts read of it,
 * against one hostile replica of three, or three. The replicas are true ones, and the input changes
 * what they say (tests/fuzz/mutate.h); so it is nearly right, which is what is hard to refuse.
 *
 * Whatever they say, the invariants hold, nothing is kept without a bound, and beside two honest
 * replicas every command has its result.
 */
#include "chat/script.h"
#include "chat/transcript.h"
#include "tests/fuzz/mutate.h"
#include "tests/replication/cluster.h"

#include "replication/private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct cluster fuzz_k;
static struct mutate fuzz_m;
static uint32_t fuzz_results;
static struct script fuzz_scripts[2];
static struct transcript fuzz_transcript;
static struct buf fuzz_shown;

static void fuzz_lie(struct view frame, struct buf *to)
{
	mutate_frame(&fuzz_m, frame, to);
}

/* What a script and a person are told. */
static void fuzz_hear(const struct action *a)
{
	const struct transcript_time when = { .ms = 1, .year = 2026, .month = 1, .day = 1 };

	for (int i = 0; i < 2; i++) {
		struct script *s = &fuzz_scripts[i];

		buf_clear(&s->out);
		if (a->kind == ACTION_REPLICA)
			script_replica(s, a->index, a->live, a->why);
		else if (a->kind == ACTION_MESSAGE)
			script_message(s, a->shown);
		else if (a->kind == ACTION_USERS)
			script_users(s, a->users, a->users_count);
		else if (a->kind == ACTION_REPLICAS)
			script_replicas(s, a->rows);
		else if (a->kind == ACTION_LOGGED_OUT)
			script_logged_out(s, a->why);
		else if (a->kind == ACTION_RESULT)
			script_result(s, &(struct script_answer){ .command = view_of_string("x"),
			                                          .outcome = a->result->outcome,
			                                          .detail = a->result->detail,
			                                          .result = a->result });
	}
	buf_clear(&fuzz_shown);
	if (a->kind == ACTION_MESSAGE)
		transcript_message(&fuzz_transcript, a->shown, &when);
	else if (a->kind == ACTION_REPLICA)
		transcript_replica(&fuzz_transcript, a->index, a->live, a->why);
	else if (a->kind == ACTION_REPLICAS)
		transcript_replicas(&fuzz_transcript, a->rows);
	fuzz_results += a->kind == ACTION_RESULT;
}

/* In steps, because much time passes. */
static void fuzz_pass(uint64_t ms)
{
	struct cluster *k = &fuzz_k;

	for (uint64_t end = k->now_ms + ms; k->now_ms < end;) {
		k->now_ms += 25;
		for (uint32_t i = 0; i < REPLICAS; i++)
			if (session_deadline(k->replicas[i].sessions) <= k->now_ms)
				session_tick(k->replicas[i].sessions, replica_time(k, i));
		for (uint32_t c = 0; c < k->count; c++)
			if (replication_deadline(k->clients[c].r) <= k->now_ms)
				replication_tick(k->clients[c].r, client_time(k));
		pump(k);
	}
}

/* The commands of a life, from both clients. Gives how many. */
static uint32_t fuzz_life(void)
{
	static const char *const lines[] = { "create alice pw",
		                             "send bob hello",
		                             "list",
		                             "replicas",
		                             "send bob,alice again",
		                             "all everybody",
		                             "logout",
		                             "login alice pw",
		                             "list a",
		                             "send nobody x",
		                             "delete" };
	uint32_t count = sizeof lines / sizeof lines[0];

	for (uint32_t i = 0; i < count; i++) {
		say(&fuzz_k, 0, lines[i]);
		say(&fuzz_k, 1, "send alice answer");
		fuzz_pass(100);
	}
	return 2 * count;
}

static void fuzz_begin(void)
{
	static const char *const addresses[REPLICAS] = { "a:1", "b:2", "c:3" };

	fuzz_results = 0;
	cluster_start(&fuzz_k, SHARE_USUAL, 2);
	say(&fuzz_k, 1, "create bob pw");
	quiet(&fuzz_k);
	buf_init(&fuzz_shown, 64 << 20);
	transcript_init(&fuzz_transcript, &fuzz_shown, addresses);
	for (int i = 0; i < 2; i++)
		script_init(&fuzz_scripts[i], i == 0, addresses);
	fuzz_k.clients[0].hear = fuzz_hear;
	fuzz_k.clients[1].hear = fuzz_hear;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t commands;
	uint8_t who;

	memset(&fuzz_m, 0, sizeof fuzz_m);
	fuzz_m.in = view_of(data, size);
	who = mutate_byte(&fuzz_m);
	fuzz_begin();
	for (uint32_t i = 0; i < REPLICAS; i++)
		if ((who & 4) != 0 || who % 4 % REPLICAS == i)
			fuzz_k.replicas[i].lie = fuzz_lie;
	if (who & 8) /* a greeting lies, too */
		for (uint32_t i = 0; i < REPLICAS; i++) {
			client_cut(&fuzz_k, 0, i);
			client_heal(&fuzz_k, 0, i);
		}
	commands = fuzz_life();
	for (uint32_t i = 0; i < 120 && fuzz_results < commands; i++)
		fuzz_pass(500);
	if (!(who & 4) && fuzz_results != commands)
		abort();
	for (uint32_t c = 0; c < 2; c++) {
		replication_check(fuzz_k.clients[c].r);
		if (fuzz_k.clients[c].r->streams.count > STREAMS_KEPT)
			abort();
	}
	cluster_free(&fuzz_k);
	for (int i = 0; i < 2; i++)
		script_release(&fuzz_scripts[i]);
	buf_release(&fuzz_shown);
	return 0;
}
