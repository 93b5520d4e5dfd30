/* SPDX-License-Identifier: MIT
 *
 * What is told of the replicas to somebody who only wants to talk (chat/notice.h).
 */
#include "chat/notice.h"

#include "tests/lib/tap.h"

#define NONE "no replica is live; the client keeps trying, and what you type waits"
#define ALL  "all 3 replicas are live again"

static struct notice n;
static uint64_t now;
static unsigned lines;

/* So many are live from now on, for so long: the last line of that time, "" if there is none. */
static const char *live(uint32_t count, uint64_t ms)
{
	static char text[NOTICE_SIZE];
	static char last[NOTICE_SIZE];
	uint64_t end = now + ms;

	last[0] = 0;
	for (;;) {
		if (notice_live(&n, count, now, text)) {
			memcpy(last, text, sizeof last);
			lines++;
		}
		if (notice_deadline(&n) > end)
			break;
		now = notice_deadline(&n);
	}
	now = end;
	return last;
}

static void begin(uint32_t count)
{
	char text[NOTICE_SIZE];

	now = 1000;
	lines = 0;
	notice_begin(&n, count, now, text);
}

static void test_begin(void)
{
	char text[NOTICE_SIZE];

	notice_begin(&n, 3, 0, text);
	IS_STRING(text, "3 of 3 replicas are live", "all are there");
	IS_U64(notice_deadline(&n), UINT64_MAX, "then nothing is to be told");
	notice_begin(&n, 1, 0, text);
	IS_STRING(text,
	          "1 of 3 replicas is live: messages have fewer copies until the others are back",
	          "one is there");
	begin(2);
	IS_STRING(live(3, 10000), ALL, "and that it is over");
}

static void test_one_dies(void)
{
	begin(3);
	IS_STRING(live(2, NOTICE_FEWER_MS - 1), "", "for a moment it may be a new start");
	IS_STRING(live(2, 1),
	          "2 of 3 replicas are live: messages have fewer copies until the others are back",
	          "then it is told");
	IS_STRING(live(1, 60000), "", "another death is no news of that kind");
	IS_STRING(live(2, 60000), "", "nor is its return");
	IS_STRING(live(3, NOTICE_WELL_MS - 1), "", "all are there");
	IS_STRING(live(3, 1), ALL, "and stay: that is told");
	IS_STRING(live(3, 60000), "", "once");
	IS_U64(lines, 2, "two lines in all");
}

static void test_none(void)
{
	begin(3);
	IS_STRING(live(0, 10), NONE, "none is live: that is told at once");
	IS_STRING(live(0, 60000), "", "and once");
	IS_STRING(live(1, NOTICE_BACK_MS - 1), "", "one is back");
	IS_STRING(live(1, 1),
	          "1 of 3 replicas is live again: messages have fewer copies until the others are "
	          "back",
	          "for some time: that is told");
	IS_STRING(live(3, 60000), "", "the others come without a word");
	IS_STRING(live(2, 60000),
	          "2 of 3 replicas are live: messages have fewer copies until the others are back",
	          "another day it begins anew");
	IS_STRING(live(0, 10), NONE, "and may become worse");
	IS_STRING(live(3, 10), ALL, "all at once are told at once");
}

static void test_restarts(void)
{
	begin(3);
	for (uint32_t i = 0; i < 3; i++) {
		(void)live(2, 2000);
		(void)live(3, 2000);
	}
	(void)live(3, 60000);
	IS_U64(lines, 0, "three quick restarts, one after the other, are no news");
	for (uint32_t i = 0; i < 3; i++) {
		(void)live(2, 10000);
		(void)live(3, 2000);
	}
	(void)live(3, 60000);
	IS_U64(lines, 2, "three slow ones are two lines");
	lines = 0;
	(void)live(2, 300), (void)live(1, 300), (void)live(0, 2000);
	(void)live(1, 300), (void)live(2, 300), (void)live(3, 60000);
	IS_U64(lines, 2, "all three at once, too");
	lines = 0;
	(void)live(0, 2000), (void)live(1, 4000), (void)live(2, 4000), (void)live(3, 60000);
	IS_U64(lines, 2, "also if they come back slowly");
	lines = 0;
	for (uint32_t i = 0; i < 100; i++)
		(void)live(0, 500), (void)live(1, 500);
	IS_U64(lines, 1, "one that comes and goes is one line");
	(void)live(3, 60000);
	lines = 0;
	(void)live(2, 4000), (void)live(1, 4000), (void)live(0, 20000);
	IS_U64(lines, 1, "all that stop one by one are one line");
	(void)live(1, 2000), (void)live(2, 2000), (void)live(3, 60000);
	IS_U64(lines, 2, "and one more when they are back");
	lines = 0;
	for (uint32_t i = 0; i < 7; i++)
		(void)live(2, 1000), (void)live(1, 1000);
	IS_U64(lines, 0, "of two, one comes and goes: that puts the line off");
	(void)live(2, 1000);
	IS_U64(lines, 1, "but not for ever");
}

int main(void)
{
	test_begin();
	test_one_dies();
	test_none();
	test_restarts();
	return tap_done();
}
