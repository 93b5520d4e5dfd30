/* SPDX-License-Identifier: MIT
 *
 * What `repair --status` prints: the forms of numbers, replicas that are dead or too old, and that
 * nobody's words leave their quotes.
 */
#include "tools/report.h"
#include "tests/lib/tap.h"

static struct figures figures;
static const uint8_t digest[REPORT_DIGEST_SIZE] = { 0xab, 0xcd };

/* One that tells, one that is too old, one that is dead. */
static struct report example(void)
{
	figures = (struct figures){ .version = "0.9",
		                    .registration = "closed",
		                    .uptime_ms = 90061007,
		                    .journal_bytes = 1536 };
	figures.requests[FRAME_SEND][STATUS_OK] = 5;
	figures.requests[FRAME_SEND][STATUS_NO_SESSION] = 1;
	figures.requests[FRAME_LOGIN][STATUS_WRONG_PROOF] = 2;
	figures.refused[FIGURES_SHARE] = 3;
	figures.sync_us[figures_bucket(100)] = 4;
	figures.sync_us[FIGURES_BUCKETS - 1] = 1;
	figures.sync_sum_us = 10000400;
	return (struct report){
		.cluster = "12345678",
		.is_same = true,
		.replicas = { { .address = "a:1",
		                .why = "",
		                .is_live = true,
		                .has_figures = true,
		                .figures = &figures,
		                .facts = 7,
		                .lacks = 2,
		                .digest = digest },
		              { .address = "b:1",
		                .why = "",
		                .is_live = true,
		                .facts = 9,
		                .digest = digest },
		              { .address = "c\"\\:1", .why = "it says \"\x1b[2J\"" } },
	};
}

static bool has(const struct buf *b, const char *text)
{
	return memmem(b->data, b->size, text, strlen(text)) != NULL;
}

static void test_text(void)
{
	struct report report = example();
	struct buf b;

	buf_init(&b, REPORT_SIZE_MAX);
	report_text(&b, &report);
	OK(has(&b, "live                   live                   dead\n"), "text: who is live");
	OK(has(&b, "0.9                    too old to tell        -\n"),
	   "text: and who is too old");
	OK(has(&b,
	       "\nregister                     closed                 -                      -\n"),
	   "text: who may make an account");
	OK(has(&b, "1 d 01:01:01"), "text: a time");
	OK(has(&b, "1.5 KiB"), "text: a size");
	OK(has(&b, "\nrequests SEND no-session     1 "), "text: a request and its outcome");
	OK(!has(&b, "requests PING"), "text: what nobody did is no row");
	OK(has(&b, "\nsync 50% within "), "text: times in parts");
	OK(has(&b, "^[[2J") && !has(&b, "\x1b"), "text: words of others are harmless");
	OK(has(&b, "cluster 12345678: 2 of 3 replicas live, which hold the same\n"),
	   "text: the sum");
	report.is_same = false;
	report.replicas[1].is_copy = true;
	buf_clear(&b);
	report_text(&b, &report);
	OK(has(&b, "live                   copy                   dead\n") &&
	           has(&b, "replica 1 has the uuid of another one") &&
	           has(&b, "1 of 3 replicas live"),
	   "text: a copy is no third replica");
	report.replicas[1].is_copy = false;
	report.replicas[2].is_refused = true;
	buf_clear(&b);
	report_text(&b, &report);
	OK(has(&b, "which differ\n"), "text: and that they differ");
	OK(has(&b, "live                   live                   refused\n"),
	   "text: who answers and does not belong is not dead");
	buf_release(&b);
}

static void test_json(void)
{
	struct report report = example();
	struct buf b;

	buf_init(&b, REPORT_SIZE_MAX);
	report_json(&b, &report);
	OK(has(&b,
	       "{\"cluster\":\"12345678\",\"live\":2,\"same\":true,\"replicas\":[{\"replica\":0,"),
	   "json: begins");
	OK(has(&b, "\"requests\":{\"LOGIN\":{\"wrong-proof\":2},"
	           "\"SEND\":{\"ok\":5,\"no-session\":1}},"),
	   "json: requests by type and outcome");
	OK(has(&b, "\"messages\":{},\"refused\":{\"share\":3},"), "json: other labels");
	OK(has(&b, "\"sync_us\":{\"count\":5,\"50%\":"), "json: times");
	OK(has(&b, ",\"version\":\"0.9\",\"register\":\"closed\","), "json: words");
	OK(has(&b, "\"tells\":false}"), "json: who is too old tells nothing");
	OK(has(&b, "\"reason\":\"it says \\\"\\u001b[2J\\\"\""),
	   "json: words of others are strings");
	IS_U64((uint64_t)((uint8_t *)memchr(b.data, '\n', b.size) - b.data), b.size - 1,
	       "json: one line");
	buf_release(&b);
}

static void test_prometheus(void)
{
	struct report report = example();
	struct buf b;

	buf_init(&b, REPORT_SIZE_MAX);
	report_prometheus(&b, &report);
	OK(has(&b, "threefold_up{replica=\"2\"} 0\n"), "prometheus: who is dead is 0");
	OK(has(&b, "# TYPE threefold_uptime_seconds gauge\nthreefold_uptime_seconds{replica=\"0\"} "
	           "90061.007\n"),
	   "prometheus: times are seconds");
	OK(has(&b, "threefold_journal_bytes{replica=\"0\"} 1536\n"), "prometheus: sizes are bytes");
	OK(has(&b,
	       "threefold_requests_total{replica=\"0\",type=\"SEND\",outcome=\"no-session\"} 1\n"),
	   "prometheus: labels");
	OK(has(&b, "threefold_refused_total{replica=\"0\",limit=\"gaps\"} 0\n"),
	   "prometheus: a limit that nobody met is 0, for an alarm to begin from");
	OK(has(&b, "threefold_sync_seconds_bucket{replica=\"0\",le=\"0.000064\"} 0\n"
	           "threefold_sync_seconds_bucket{replica=\"0\",le=\"0.000128\"} 4\n"),
	   "prometheus: buckets hold what is shorter, too");
	OK(has(&b, "le=\"+Inf\"} 5\nthreefold_sync_seconds_sum{replica=\"0\"} 10.000400\n"
	           "threefold_sync_seconds_count{replica=\"0\"} 5\n"),
	   "prometheus: the last is their count");
	OK(!has(&b, "replica=\"1\",type="), "prometheus: who is too old tells nothing");
	report.replicas[0].address = "c\"\\:1";
	buf_clear(&b);
	report_prometheus(&b, &report);
	OK(has(&b, "address=\"c\\\"\\\\:1\",version=\"0.9\",register=\"closed\","
	           "cluster=\"12345678\"} 1\n"),
	   "prometheus: quotes in a label are escaped");
	buf_release(&b);
}

int main(void)
{
	test_text();
	test_json();
	test_prometheus();
	return tap_done();
}
