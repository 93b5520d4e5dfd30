/* SPDX-License-Identifier: MIT
 *
 * Three walks over one table. What is known of a replica without asking it (whether it is live, its
 * facts, what it lacks) stands before the table's rows.
 */
#include "tools/report.h"

#include "base/escape.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

enum { LINE_SIZE = 512, CELL_SIZE = 48, NAME_WIDTH = 28, CELL_WIDTH = 22 };

/* Of the times of a row, for people and programs that keep no history. */
static const struct {
	const char *name;
	uint32_t permille;
} parts[] = { { "50%", 500 }, { "90%", 900 }, { "99%", 990 }, { "99.9%", 999 } };
enum { PARTS = sizeof parts / sizeof parts[0] };

__attribute__((format(printf, 2, 3))) static void put(struct buf *to, const char *format, ...)
{
	char line[LINE_SIZE];
	va_list list;
	int size;

	va_start(list, format);
	size = vsnprintf(line, sizeof line, format, list);
	va_end(list);
	assert(size >= 0 && size < (int)sizeof line);
	buf_append(to, view_of(line, (size_t)size));
}

static void put_hex(struct buf *to, const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		put(to, "%02x", bytes[i]);
}

static const char *state_of(const struct report_replica *replica)
{
	return replica->is_copy      ? "copy"
	       : replica->is_live    ? "live"
	       : replica->is_refused ? "refused"
	                             : "dead";
}

uint32_t report_live(const struct report *report)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < RECONCILE_MAX; i++)
		count += report->replicas[i].is_live && !report->replicas[i].is_copy;
	return count;
}

/* Whether any replica has something else than 0 there. */
static bool is_any(const struct report *report, const struct figures_row *row, uint32_t index)
{
	for (uint32_t i = 0; i < RECONCILE_MAX; i++)
		if (report->replicas[i].has_figures &&
		    figures_at(report->replicas[i].figures, row, index) != 0)
			return true;
	return false;
}

/* The buckets of a row of times. */
static const uint64_t *times_of(const struct figures *f, const struct figures_row *row)
{
	assert(row->kind == FIGURES_TIMES);
	return (const uint64_t *)((const uint8_t *)f + row->offset);
}

/* Whether a row stands among what is known without it, or in another one. */
static bool is_elsewhere(const struct figures_row *row)
{
	return row->offset == offsetof(struct figures, facts) || row->kind == FIGURES_SUM;
}

/* ---- for a person ---- */

static void text_bytes(char cell[CELL_SIZE], uint64_t bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	double value = (double)bytes;
	size_t unit = 0;

	while (value >= 1024 && unit + 1 < sizeof units / sizeof units[0]) {
		value /= 1024;
		unit++;
	}
	(void)snprintf(cell, CELL_SIZE, unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
}

static void text_ms(char cell[CELL_SIZE], uint64_t ms)
{
	uint64_t seconds = ms / 1000;
	char days[CELL_SIZE / 2] = "";

	if (seconds >= 86400)
		(void)snprintf(days, sizeof days, "%" PRIu64 " d ", seconds / 86400);
	(void)snprintf(cell, CELL_SIZE, "%s%02u:%02u:%02u", days,
	               (unsigned)(seconds % 86400 / 3600), (unsigned)(seconds % 3600 / 60),
	               (unsigned)(seconds % 60));
}

static void text_value(char cell[CELL_SIZE], enum figures_unit unit, uint64_t value)
{
	switch (unit) {
	case FIGURES_COUNT:
		(void)snprintf(cell, CELL_SIZE, "%" PRIu64, value);
		return;
	case FIGURES_BYTES:
		text_bytes(cell, value);
		return;
	case FIGURES_MS:
		text_ms(cell, value);
		return;
	case FIGURES_US:
		(void)snprintf(cell, CELL_SIZE, "%.3f ms", (double)value / 1000);
		return;
	}
	assert(false); /* a row has one of these */
}

/* A line of the table: a name, and a cell for each replica. An empty one is a dash. */
static void text_line(struct buf *to, const char *name, char cells[RECONCILE_MAX][CELL_SIZE])
{
	put(to, "%-*s", NAME_WIDTH, name);
	for (uint32_t i = 0; i < RECONCILE_MAX; i++)
		put(to, " %-*s", i + 1 < RECONCILE_MAX ? CELL_WIDTH : 0,
		    cells[i][0] == '\0' ? "-" : cells[i]);
	put(to, "\n");
}

/* "requests SEND ok". */
static void text_name(char name[FIGURES_NAME_SIZE], const struct figures_row *row, uint32_t index)
{
	char labels[FIGURES_LABELS][FIGURES_NAME_SIZE] = { "", "" };
	uint32_t count = figures_labels(row, index, labels);

	(void)snprintf(name, FIGURES_NAME_SIZE, "%.16s%s%.20s%s%.20s", row->name,
	               count > 0 ? " " : "", labels[0], count > 1 ? " " : "", labels[1]);
	if (row->unit != FIGURES_COUNT) /* which the cell tells */
		name[strcspn(name, "_")] = '\0';
}

static void text_times(struct buf *to, const struct report *report, const struct figures_row *row)
{
	char cells[RECONCILE_MAX][CELL_SIZE];

	for (uint32_t part = 0; part < PARTS; part++) {
		char name[FIGURES_NAME_SIZE];

		memset(cells, 0, sizeof cells);
		for (uint32_t i = 0; i < RECONCILE_MAX; i++) {
			const struct report_replica *replica = &report->replicas[i];

			if (replica->has_figures)
				text_value(cells[i], row->unit,
				           figures_permille(times_of(replica->figures, row),
				                            parts[part].permille));
		}
		(void)snprintf(name, sizeof name, "%.*s %s within", (int)strcspn(row->name, "_"),
		               row->name, parts[part].name);
		text_line(to, name, cells);
	}
}

static void text_row(struct buf *to, const struct report *report, const struct figures_row *row,
                     uint32_t index)
{
	char cells[RECONCILE_MAX][CELL_SIZE] = { "" };
	char name[FIGURES_NAME_SIZE];

	if (row->by != FIGURES_ALONE && !is_any(report, row, index))
		return;
	for (uint32_t i = 0; i < RECONCILE_MAX; i++)
		if (report->replicas[i].has_figures)
			text_value(cells[i], row->unit,
			           figures_at(report->replicas[i].figures, row, index));
	text_name(name, row, index);
	text_line(to, name, cells);
}

/* What is known of each without its figures. */
static void text_head(struct buf *to, const struct report *report)
{
	static const char *const names[] = { "replica",  "state", "version",
		                             "register", "facts", "lacks" };
	enum { NAMES = sizeof names / sizeof names[0] };
	char cells[NAMES][RECONCILE_MAX][CELL_SIZE] = { { "" } };

	for (uint32_t i = 0; i < RECONCILE_MAX; i++) {
		const struct report_replica *replica = &report->replicas[i];

		(void)snprintf(cells[0][i], CELL_SIZE, "%u %.40s", i, replica->address);
		(void)snprintf(cells[1][i], CELL_SIZE, "%s", state_of(replica));
		if (!replica->is_live)
			continue;
		(void)snprintf(cells[2][i], CELL_SIZE, "%s",
		               replica->has_figures ? replica->figures->version
		                                    : "too old to tell");
		if (replica->has_figures)
			(void)snprintf(cells[3][i], CELL_SIZE, "%s",
			               replica->figures->registration);
		text_value(cells[4][i], FIGURES_COUNT, replica->facts);
		text_value(cells[5][i], FIGURES_COUNT, replica->lacks);
	}
	for (uint32_t k = 0; k < NAMES; k++)
		text_line(to, names[k], cells[k]);
}

static void text_foot(struct buf *to, const struct report *report)
{
	for (uint32_t i = 0; i < RECONCILE_MAX; i++) {
		const struct report_replica *replica = &report->replicas[i];

		if (replica->is_live) {
			put(to, "replica %u: digest ", i);
			put_hex(to, replica->digest, REPORT_DIGEST_SIZE);
			put(to, "\n");
			if (replica->is_copy)
				put(to, "replica %u " REPORT_COPY "\n", i);
		} else {
			put(to, "replica %u (%.80s): ", i, replica->address);
			escape_for_terminal(to, view_of_string(replica->why));
			put(to, "\n");
		}
	}
	put(to, "cluster %s: %u of %u replicas live%s\n", report->cluster, report_live(report),
	    RECONCILE_MAX,
	    report_live(report) < 2 ? ""
	    : report->is_same       ? ", which hold the same"
	                            : ", which differ");
}

void report_text(struct buf *to, const struct report *report)
{
	text_head(to, report);
	for (const struct figures_row *row = figures_rows; row->name != NULL; row++) {
		if (is_elsewhere(row))
			continue;
		if (row->kind == FIGURES_TIMES)
			text_times(to, report, row);
		else
			for (uint32_t i = 0; i < figures_count(row); i++)
				text_row(to, report, row, i);
	}
	text_foot(to, report);
}

/* ---- for a program ---- */

static void json_times(struct buf *to, const uint64_t *buckets, const char *name)
{
	put(to, ",\"%s\":{\"count\":%" PRIu64, name, figures_times(buckets));
	for (uint32_t part = 0; part < PARTS; part++)
		put(to, ",\"%s\":%" PRIu64, parts[part].name,
		    figures_permille(buckets, parts[part].permille));
	put(to, "}");
}

/* A row with labels is an object of them, without those that are 0; with two labels, an object of
 * objects. */
static void json_labelled(struct buf *to, const struct figures *f, const struct figures_row *row)
{
	char labels[FIGURES_LABELS][FIGURES_NAME_SIZE];
	char outer[FIGURES_NAME_SIZE] = "";
	const char *comma = "";

	put(to, ",\"%s\":{", row->name);
	for (uint32_t i = 0; i < figures_count(row); i++) {
		uint64_t value = figures_at(f, row, i);
		uint32_t count = figures_labels(row, i, labels);

		if (value == 0)
			continue;
		if (count == 2 && strcmp(outer, labels[0]) != 0) {
			put(to, "%s\"%s\":{", outer[0] == '\0' ? "" : "},", labels[0]);
			comma = "";
			memcpy(outer, labels[0], sizeof outer);
		}
		put(to, "%s\"%s\":%" PRIu64, comma, labels[count - 1], value);
		comma = ",";
	}
	put(to, outer[0] == '\0' ? "}" : "}}");
}

static void json_figures(struct buf *to, const struct figures *f)
{
	put(to, ",\"version\":");
	escape_for_json(to, view_of_string(f->version));
	if (f->registration[0] != '\0') {
		put(to, ",\"register\":");
		escape_for_json(to, view_of_string(f->registration));
	}
	for (const struct figures_row *row = figures_rows; row->name != NULL; row++) {
		if (is_elsewhere(row))
			continue;
		if (row->kind == FIGURES_TIMES)
			json_times(to, times_of(f, row), row->name);
		else if (row->by == FIGURES_ALONE)
			put(to, ",\"%s\":%" PRIu64, row->name, figures_at(f, row, 0));
		else
			json_labelled(to, f, row);
	}
}

static void json_replica(struct buf *to, const struct report_replica *replica, uint32_t index)
{
	put(to, "{\"replica\":%u,\"address\":", index);
	escape_for_json(to, view_of_string(replica->address));
	put(to, ",\"state\":\"%s\"", state_of(replica));
	if (!replica->is_live) {
		put(to, ",\"reason\":");
		escape_for_json(to, view_of_string(replica->why));
	} else {
		put(to, ",\"facts\":%" PRIu64 ",\"lacks\":%" PRIu64 ",\"digest\":\"",
		    replica->facts, replica->lacks);
		put_hex(to, replica->digest, REPORT_DIGEST_SIZE);
		put(to, "\",\"tells\":%s", replica->has_figures ? "true" : "false");
	}
	if (replica->has_figures)
		json_figures(to, replica->figures);
	put(to, "}");
}

void report_json(struct buf *to, const struct report *report)
{
	put(to, "{\"cluster\":\"%s", report->cluster);
	put(to, "\",\"live\":%u,\"same\":%s,\"replicas\":[", report_live(report),
	    report->is_same ? "true" : "false");
	for (uint32_t i = 0; i < RECONCILE_MAX; i++) {
		if (i > 0)
			put(to, ",");
		json_replica(to, &report->replicas[i], i);
	}
	put(to, "]}\n");
}

/* ---- for Prometheus ---- */

/* How many of the unit are one of the base unit, and what its metrics are called. */
static const struct {
	uint32_t parts;
	const char *suffix; /* in place of what the row's name says of the unit */
} bases[] = {
	[FIGURES_COUNT] = { 1, "" },
	[FIGURES_BYTES] = { 1, "_bytes" },
	[FIGURES_MS] = { 1000, "_seconds" },
	[FIGURES_US] = { 1000000, "_seconds" },
};

/* The name of a metric: threefold_uptime_seconds, threefold_requests_total. */
static void metric_name(char name[FIGURES_NAME_SIZE], const struct figures_row *row)
{
	size_t size = row->unit == FIGURES_COUNT ? strlen(row->name) : strcspn(row->name, "_");

	(void)snprintf(name, FIGURES_NAME_SIZE, "threefold_%.*s%s%s", (int)size, row->name,
	               bases[row->unit].suffix, row->kind == FIGURES_COUNTER ? "_total" : "");
}

static void metric_head(struct buf *to, const char *name, const char *type, const char *help)
{
	put(to, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* A number in the base unit; digits enough for each microsecond. */
static void metric_value(struct buf *to, enum figures_unit unit, uint64_t value)
{
	uint32_t parts_of_one = bases[unit].parts;
	int digits = parts_of_one == 1000 ? 3 : 6;

	if (parts_of_one == 1)
		put(to, "%" PRIu64, value);
	else
		put(to, "%" PRIu64 ".%0*" PRIu64, value / parts_of_one, digits,
		    value % parts_of_one);
}

static void metric_row(struct buf *to, const struct figures *f, const struct figures_row *row,
                       const char *name, uint32_t replica)
{
	char labels[FIGURES_LABELS][FIGURES_NAME_SIZE];

	for (uint32_t i = 0; i < figures_count(row); i++) {
		uint64_t value = figures_at(f, row, i);
		uint32_t count = figures_labels(row, i, labels);

		if (value == 0 && row->by != FIGURES_ALONE && row->by != FIGURES_BY_LIMIT)
			continue;
		put(to, "%s{replica=\"%u\"", name, replica);
		for (uint32_t k = 0; k < count; k++)
			put(to, ",%s=\"%s\"", figures_label_name(row, k), labels[k]);
		put(to, "} ");
		metric_value(to, row->unit, value);
		put(to, "\n");
	}
}

/* A histogram: how many took at most so long, for each bound; the row behind it is the sum. */
static void metric_times(struct buf *to, const struct figures *f, const struct figures_row *row,
                         const char *name, uint32_t replica)
{
	const uint64_t *buckets = times_of(f, row);
	uint64_t count = 0;

	for (uint32_t i = 0; i < FIGURES_BUCKETS; i++) {
		count += buckets[i];
		put(to, "%s_bucket{replica=\"%u\",le=\"", name, replica);
		if (i + 1 < FIGURES_BUCKETS)
			metric_value(to, row->unit, figures_bucket_us(i));
		else
			put(to, "+Inf");
		put(to, "\"} %" PRIu64 "\n", count);
	}
	put(to, "%s_sum{replica=\"%u\"} ", name, replica);
	metric_value(to, row->unit, figures_at(f, row + 1, 0));
	put(to, "\n%s_count{replica=\"%u\"} %" PRIu64 "\n", name, replica, count);
}

static void metric(struct buf *to, const struct report *report, const struct figures_row *row)
{
	static const char *const types[] = {
		[FIGURES_GAUGE] = "gauge",
		[FIGURES_COUNTER] = "counter",
		[FIGURES_TIMES] = "histogram",
	};
	char name[FIGURES_NAME_SIZE];

	metric_name(name, row);
	metric_head(to, name, types[row->kind], row->help);
	for (uint32_t i = 0; i < RECONCILE_MAX; i++) {
		const struct report_replica *replica = &report->replicas[i];

		if (!replica->has_figures)
			continue;
		if (row->kind == FIGURES_TIMES)
			metric_times(to, replica->figures, row, name, i);
		else
			metric_row(to, replica->figures, row, name, i);
	}
}

/* The value of a label, in quotes. */
static void put_quoted(struct buf *to, const char *text)
{
	put(to, "\"");
	for (; *text != '\0'; text++)
		put(to, *text == '"' || *text == '\\' ? "\\%c" : "%c", *text);
	put(to, "\"");
}

/* What is known of each without its figures. */
static void metrics_head(struct buf *to, const struct report *report)
{
	static const char *const names[] = { "threefold_up", "threefold_facts", "threefold_lacks",
		                             "threefold_info" };

	metric_head(to, names[0], "gauge", "whether the replica takes part");
	for (uint32_t i = 0; i < RECONCILE_MAX; i++)
		put(to, "%s{replica=\"%u\"} %d\n", names[0], i,
		    report->replicas[i].is_live && !report->replicas[i].is_copy);
	metric_head(to, names[1], "gauge", "facts of all kinds");
	for (uint32_t i = 0; i < RECONCILE_MAX; i++)
		if (report->replicas[i].is_live)
			put(to, "%s{replica=\"%u\"} %" PRIu64 "\n", names[1], i,
			    report->replicas[i].facts);
	metric_head(to, names[2], "gauge", "facts that others hold and this one does not");
	for (uint32_t i = 0; i < RECONCILE_MAX; i++)
		if (report->replicas[i].is_live)
			put(to, "%s{replica=\"%u\"} %" PRIu64 "\n", names[2], i,
			    report->replicas[i].lacks);
	metric_head(to, names[3], "gauge", "always 1: what the replica is, in its labels");
	for (uint32_t i = 0; i < RECONCILE_MAX; i++) {
		const struct report_replica *replica = &report->replicas[i];

		if (!replica->has_figures)
			continue;
		put(to, "%s{replica=\"%u\",address=", names[3], i);
		put_quoted(to, replica->address);
		put(to, ",version=");
		put_quoted(to, replica->figures->version);
		put(to, ",register=");
		put_quoted(to, replica->figures->registration);
		put(to, ",cluster=\"%s\"} 1\n", report->cluster);
	}
	metric_head(to, "threefold_same", "gauge", "whether those that are live hold the same");
	put(to, "threefold_same %d\n", report->is_same);
}

void report_prometheus(struct buf *to, const struct report *report)
{
	metrics_head(to, report);
	for (const struct figures_row *row = figures_rows; row->name != NULL; row++)
		if (!is_elsewhere(row))
			metric(to, report, row);
	put(to, "# EOF\n"); /* so it is seen whether a file is whole */
}
