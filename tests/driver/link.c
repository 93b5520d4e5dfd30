/* SPDX-License-Identifier: MIT
 *
 * Links against sockets of this test: addresses that are tried in turn, refused dials, bytes that
 * are no frame, a replica that says nothing, many links in one pool; and passwords stretched
 * beside the loop.
 */
#include "tests/driver/fixture.h"
#include "tests/lib/tap.h"

#include "driver/link.h"
#include "io/stretcher.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

static struct loop *loop;
static struct link_pool *pool;
static struct dial_target targets[REPLICAS];

struct told {
	uint32_t actions;
	uint32_t results;
	enum outcome outcome;
};

static void handle(void *context, const struct action *action)
{
	struct told *told = context;

	told->actions++;
	if (action->kind != ACTION_RESULT)
		return;
	told->results++;
	told->outcome = action->result->outcome;
}

static struct link *start(struct told *told, uint32_t reply_timeout_ms, uint32_t wait_ms)
{
	struct replication_options options = { .reply_timeout_ms = reply_timeout_ms,
		                               .wait_ms = wait_ms,
		                               .seed = { 1 } };

	return link_new(pool, targets, &options, handle, told);
}

static uint64_t turns_until_ms;

/* One turn; false when the time for all of it is over. */
static bool turn(void)
{
	if (turns_until_ms == 0)
		turns_until_ms = loop_now_ms(loop) + 60000;
	link_pool_settle(pool);
	loop_turn(loop, turns_until_ms);
	link_pool_settle(pool);
	return loop_now_ms(loop) < turns_until_ms;
}

static bool why_has(const struct link *k, uint32_t index, const char *words)
{
	return strstr(replication_why(link_replication(k), index), words) != NULL;
}

/* Whoever dials a socket that listens; -1 if nobody does in time. */
static int accept_one(int fd)
{
	int peer;

	do
		peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	while (peer < 0 && turn());
	return peer;
}

static void test_dials(void)
{
	struct told told = { 0 };
	int good;
	int closed[4];
	struct link *k;
	int peer = -1;

	turns_until_ms = 0;
	/* The first replica's name has three addresses, of which only the last one answers. */
	closed[0] = make_target(&targets[0], 0, false);
	closed[1] = make_target(&targets[0], 1, false);
	good = make_target(&targets[0], 2, true);
	closed[2] = make_target(&targets[1], 0, false);
	closed[3] = make_target(&targets[2], 0, false);
	k = start(&told, 300, 0);
	while (!why_has(k, 1, "refused") && turn())
		;
	OK(why_has(k, 1, "refused"), "a refused dial has its reason");
	peer = accept_one(good);
	OK(peer >= 0, "of several addresses the one that answers is found");
	while (!why_has(k, 0, "no reply") && turn())
		;
	OK(why_has(k, 0, "no reply"), "a replica that says nothing is dead");
	(void)close(peer);
	peer = accept_one(good);
	OK(peer >= 0, "it is dialled again, at the same address");
	(void)dprintf(peer, "HTTP/1.1 400 Bad Request\r\n\r\n");
	while (!why_has(k, 0, "HTTP") && turn())
		;
	OK(why_has(k, 0, "HTTP"), "a line that is no frame is its reason");
	replication_check(link_replication(k));
	link_free(k);
	(void)close(peer);
	(void)close(good);
	for (size_t i = 0; i < 4; i++)
		(void)close(closed[i]);
}

static void test_waiting(void)
{
	struct told told = { 0 };
	struct link *k;
	int fds[REPLICAS];

	turns_until_ms = 0;
	for (uint32_t i = 0; i < REPLICAS; i++)
		fds[i] = make_target(&targets[i], 0, false);
	k = start(&told, 100, 50);
	(void)link_command(k, &(struct command){ .kind = COMMAND_LIST });
	OK(told.results == 0, "a command has its result from a settled pool only");
	while (told.results == 0 && turn())
		;
	IS_U64(told.results, 1, "without a replica a command ends after its time");
	IS_STRING(outcome_code(told.outcome), "no-replica", "by its name");
	(void)link_command(k, &(struct command){ .kind = COMMAND_LOGOUT });
	link_pool_settle(pool);
	IS_U64(told.results, 2, "what is refused at once is told at once");
	IS_STRING(outcome_code(told.outcome), "not-logged-in", "by its name");
	OK(link_is_flushed(k), "nothing waits to be written");
	link_free(k);
	for (uint32_t i = 0; i < REPLICAS; i++)
		(void)close(fds[i]);
}

enum { LINKS = 200 };

static void test_many(void)
{
	static struct told told[LINKS];
	struct link *links[LINKS];
	int fds[REPLICAS];
	bool right = true;
	uint32_t ended = 0;

	turns_until_ms = 0;
	for (uint32_t i = 0; i < REPLICAS; i++)
		fds[i] = make_target(&targets[i], 0, i == 0);
	for (uint32_t n = 0; n < LINKS; n++) {
		links[n] = start(&told[n], 200, 100);
		(void)link_command(links[n], &(struct command){ .kind = COMMAND_LIST });
	}
	/* Some are freed while they still have something to say. */
	for (uint32_t n = 0; n < LINKS; n += 3) {
		link_free(links[n]);
		links[n] = NULL;
	}
	while (ended < LINKS - (LINKS + 2) / 3 && turn()) {
		ended = 0;
		for (uint32_t n = 0; n < LINKS; n++)
			ended += links[n] != NULL && told[n].results == 1;
	}
	for (uint32_t n = 0; n < LINKS; n++)
		right = right && told[n].results == (links[n] != NULL);
	OK(right, "each of many links has its own result, those that were freed none");
	for (uint32_t n = 0; n < LINKS; n++)
		link_free(links[n]);
	for (uint32_t i = 0; i < REPLICAS; i++)
		(void)close(fds[i]);
}

static uint32_t order[8];
static uint32_t order_count;
static uint8_t keys[8][KEY_SIZE];
static bool made[8];

static void stretched(void *owner, uint32_t token, const uint8_t *key)
{
	(void)owner;
	assert(order_count < 8);
	made[token] = key != NULL;
	if (key != NULL)
		memcpy(keys[token], key, KEY_SIZE);
	order[order_count++] = token;
}

static void test_stretcher(void)
{
	struct stretcher *s = stretcher_new(loop, stretched);
	struct view password = view_of_string("secret");
	char setting[AUTH_SETTING_TEXT_SIZE];
	uint8_t want[KEY_SIZE];
	uint8_t random[16] = { 1, 2, 3 };
	int first;
	int second;

	turns_until_ms = 0;
	auth_setting_make(random, setting);
	OK(stretcher_begin(s, &first, 0, password, view_of_string(setting)) == 0, "a job begins");
	(void)stretcher_begin(s, &second, 1, password, view_of_string(setting));
	(void)stretcher_begin(s, &first, 2, password, view_of_string("$1$fast$"));
	(void)stretcher_begin(s, &second, 3, password, view_of_string(setting));
	(void)stretcher_begin(s, &first, 4, view_of_string("other"), view_of_string(setting));
	IS_U64(order_count, 0, "none is told of outside a turn");
	stretcher_forget(s, &second);
	while (order_count < 3 && turn())
		;
	IS_U64(order_count, 3, "those that were not forgotten are told of");
	OK(order[0] == 0 && order[1] == 2 && order[2] == 4, "in their order");
	OK(auth_stretch(password, view_of_string(setting), want), "the same on this thread");
	IS_BYTES(keys[0], want, KEY_SIZE, "the key is the password's");
	OK(!made[2], "a setting that is not ours makes none");
	OK(made[4] && memcmp(keys[4], want, KEY_SIZE) != 0, "another password has another key");
	(void)stretcher_begin(s, &first, 5, password, view_of_string(setting));
	(void)stretcher_begin(s, &first, 6, password, view_of_string(setting));
	stretcher_free(s);
	IS_U64(order_count, 3, "what is under way at the end is told to nobody");
}

int main(void)
{
	loop = loop_new();
	pool = link_pool_new(loop);
	test_dials();
	test_waiting();
	test_many();
	test_stretcher();
	link_pool_free(pool);
	loop_free(loop);
	return tap_done();
}
