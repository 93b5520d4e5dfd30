/* SPDX-License-Identifier: MIT */
#include "chat/notice.h"

#include <stdio.h>

#define FEWER "messages have fewer copies until the others are back"

static bool is_some(uint32_t live)
{
	return live > 0 && live < REPLICAS;
}

static void say_some(const struct notice *n, const char *rest, char text[NOTICE_SIZE])
{
	(void)snprintf(text, NOTICE_SIZE, "%u of %d replicas %s live%s", n->live, REPLICAS,
	               n->live == 1 ? "is" : "are", rest);
}

void notice_begin(struct notice *n, uint32_t live, uint64_t now_ms, char text[NOTICE_SIZE])
{
	*n = (struct notice){ .told = live == REPLICAS ? NOTICE_WELL : NOTICE_FEWER,
		              .live = live,
		              .since_ms = now_ms,
		              .lost_ms = now_ms,
		              .some_ms = now_ms };
	say_some(n, live == REPLICAS ? "" : ": " FEWER, text);
}

/* When it is told that there are fewer copies: those that stop one after the other are one trouble,
 * and none is left soon, or there are some for a while. */
static uint64_t fewer_deadline(const struct notice *n)
{
	uint64_t quiet_ms = n->lost_ms + NOTICE_FEWER_MS;
	uint64_t last_ms = n->since_ms + NOTICE_FEWER_MAX_MS;

	return quiet_ms < last_ms ? quiet_ms : last_ms;
}

/* When the state that is not told yet has lasted long enough; UINT64_MAX: there is none. */
uint64_t notice_deadline(const struct notice *n)
{
	switch (n->told) {
	case NOTICE_WELL:
		return is_some(n->live) ? fewer_deadline(n) : UINT64_MAX;
	case NOTICE_FEWER:
	case NOTICE_BACK:
		return n->live == REPLICAS ? n->since_ms + NOTICE_WELL_MS : UINT64_MAX;
	case NOTICE_NONE:
		return is_some(n->live) ? n->some_ms + NOTICE_BACK_MS : UINT64_MAX;
	}
	return UINT64_MAX;
}

static void take(struct notice *n, uint32_t live, uint64_t now_ms)
{
	if ((live == REPLICAS) != (n->live == REPLICAS) || (live == 0) != (n->live == 0))
		n->since_ms = now_ms;
	if (live < n->live)
		n->lost_ms = now_ms;
	if (n->live == 0)
		n->some_ms = now_ms;
	n->live = live;
}

bool notice_live(struct notice *n, uint32_t live, uint64_t now_ms, char text[NOTICE_SIZE])
{
	enum notice_told before = n->told;

	take(n, live, now_ms);
	if (live == 0) {
		n->told = NOTICE_NONE;
		(void)snprintf(text, NOTICE_SIZE, "%s", NOTICE_NONE_TEXT);
		return before != NOTICE_NONE;
	}
	if (live == REPLICAS && before == NOTICE_NONE) {
		n->told = NOTICE_WELL;
		(void)snprintf(text, NOTICE_SIZE, "all %d replicas are live again", REPLICAS);
		return true;
	}
	if (now_ms < notice_deadline(n))
		return false;
	if (before == NOTICE_WELL) {
		n->told = NOTICE_FEWER;
		say_some(n, ": " FEWER, text);
		return true;
	}
	if (before == NOTICE_NONE) {
		n->told = NOTICE_BACK;
		say_some(n, " again: " FEWER, text);
		return true;
	}
	n->told = NOTICE_WELL;
	(void)snprintf(text, NOTICE_SIZE, "all %d replicas are live again", REPLICAS);
	return before == NOTICE_FEWER;
}
