/* SPDX-License-Identifier: MIT */
#include "cli/recall.h"

#include <stdio.h>

/* Messages between two copies of one: what was handed out comes again as a whole, and own ones may
 * stand between. */
enum { DOUBLES_MAX = 2 * HANDED_COUNT_MAX };

static const char nothing_kept[] = "nothing is kept for this account: /log tells whether and where "
				   "messages are";

/* ---- lines ---- */

/* The key of a message that others have sent. */
struct recall_key {
	char from[DISPLAY_SIZE];
	struct ulid session;
	uint64_t number;
};

static bool is_known(const struct recall_key *keys, size_t count, const struct archive_line *kept)
{
	/* It comes again at the next log-in, not later. */
	for (size_t i = count; i > 0 && i + DOUBLES_MAX > count; i--)
		if (keys[i - 1].number == kept->number &&
		    ulid_equal(&keys[i - 1].session, &kept->session) &&
		    strcmp(keys[i - 1].from, kept->from) == 0)
			return true;
	return false;
}

static void put_own(struct transcript *t, const struct archive_line *kept,
                    const struct transcript_time *at)
{
	struct view to[ARCHIVE_NAMES_MAX];
	struct result result = { .kind = COMMAND_SEND,
		                 .outcome = kept->outcome,
		                 .detail = kept->detail,
		                 .stored = kept->stored,
		                 .has_id = kept->has_id,
		                 .session = kept->session,
		                 .number = kept->number };
	struct transcript_own own = { .to = to,
		                      .to_count = kept->to_count,
		                      .text = kept->text,
		                      .state = TRANSCRIPT_ENDED,
		                      .is_old = true,
		                      .outcome = kept->outcome,
		                      .detail = kept->detail,
		                      .result = &result };

	for (size_t i = 0; i < kept->to_count && i < ARCHIVE_NAMES_MAX; i++)
		to[i] = view_of_string(kept->to[i]);
	transcript_own(t, &own, at);
}

static void put_message(struct transcript *t, const struct archive_line *kept)
{
	struct transcript_time at = show_local_time(kept->sent_ms);
	struct shown shown = { .text = kept->text,
		               .sent_ms = kept->sent_ms,
		               .audience = view_of(kept->audience, kept->audience_size) };

	if (kept->is_own) {
		put_own(t, kept, &at);
		return;
	}
	(void)snprintf(shown.from, sizeof shown.from, "%s", kept->from);
	transcript_message(t, &shown, &at);
}

void recall_put(struct transcript *t, struct view lines, size_t count)
{
	struct recall_key *keys = memory_alloc((count + 1) * sizeof *keys);
	struct archive_line kept;
	struct buf strings;
	struct view line;
	size_t known = 0;

	buf_init(&strings, ARCHIVE_LINE_SIZE_MAX);
	for (size_t i = 0; i < count; i++) {
		(void)view_take_line(&lines, &line);
		if (!archive_read(line, &strings, &kept))
			continue;
		if (!kept.is_own && kept.has_id) {
			if (is_known(keys, known, &kept))
				continue;
			memcpy(keys[known].from, kept.from, DISPLAY_SIZE);
			keys[known].session = kept.session;
			keys[known++].number = kept.number;
		}
		put_message(t, &kept);
	}
	buf_release(&strings);
	memory_free(keys);
}

/* ---- /history and /search ---- */

static const char *plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

/* "the last 5 messages with bob", above them; `with` begins with a blank, or is empty. */
static void put_last(struct transcript *t, size_t count, const char *with)
{
	char text[256];

	if (count == 1)
		(void)snprintf(text, sizeof text, "the last message%.100s", with);
	else
		(void)snprintf(text, sizeof text, "the last %zu messages%.100s", count, with);
	transcript_rule(t, text);
}

void recall_init(struct cli_recall *r, struct cli_show *show, void (*done)(void *context),
                 void *context)
{
	*r = (struct cli_recall){ .show = show, .done = done, .context = context };
}

static bool is_broken_off(const struct piece_look *look)
{
	return atomic_load(&look->stops);
}

static void put_history(struct cli_recall *r, const struct piece_look *look)
{
	struct transcript *t = &r->show->transcript;
	char with[COMMAND_ACCOUNT_SIZE + 8] = "";
	char text[256];

	if (r->name[0] != 0)
		(void)snprintf(with, sizeof with, " with %s", r->name);
	if (look->count == 0 && is_broken_off(look)) {
		transcript_rule(t, "broken off: nothing was found so far");
		return;
	}
	if (look->count == 0) {
		(void)snprintf(text, sizeof text, "nothing that was said%s is kept", with);
		transcript_rule(t, text);
		return;
	}
	put_last(t, look->count, with);
	t->is_unfolded = look->count == 1;
	recall_put(t, buf_view(&look->lines), look->count);
	t->is_unfolded = false;
	transcript_rule(t, is_broken_off(look) ? "broken off: there may be older ones"
	                                       : "end of what was kept");
}

static void put_found(struct cli_recall *r, const struct piece_look *look)
{
	struct transcript *t = &r->show->transcript;
	char text[sizeof r->text + 128];

	recall_put(t, buf_view(&look->lines), look->count);
	if (is_broken_off(look))
		(void)snprintf(text, sizeof text,
		               "broken off: %ju message%s so far hold%s '%s'; older ones may",
		               (uintmax_t)look->found, plural(look->found),
		               look->found == 1 ? "s" : "", r->text);
	else if (look->found == 0)
		(void)snprintf(text, sizeof text, "no message that is kept holds '%s'", r->text);
	else if (look->found > look->count)
		(void)snprintf(text, sizeof text, "%ju messages hold '%s': these are the last %zu",
		               (uintmax_t)look->found, r->text, look->count);
	else
		(void)snprintf(text, sizeof text, "%ju message%s hold%s '%s'",
		               (uintmax_t)look->found, plural(look->found),
		               look->found == 1 ? "s" : "", r->text);
	transcript_rule(t, text);
}

static void found(void *context, const struct piece_look *look)
{
	struct cli_recall *r = context;
	char text[128];

	r->is_under_way = false;
	transcript_waited_end(&r->show->transcript);
	if (r->is_search)
		put_found(r, look);
	else
		put_history(r, look);
	if (look->error != 0) {
		(void)snprintf(text, sizeof text, "not all that is kept can be read: %.64s",
		               strerror(look->error));
		show_notice(r->show, text);
	}
	r->done(r->context);
}

static const char *begin(struct cli_recall *r, size_t wanted)
{
	struct archive_query query;
	struct view text = view_of_string(r->text);

	if (!archive_query_init(&query, view_of_string(r->name), text) ||
	    !archive_look(r->show->archive, &query, wanted, r->is_search, found, r))
		return nothing_kept;
	r->is_under_way = true;
	progress_begin(&r->show->progress, r->is_search ? "/search" : "/history", "Ctrl-C ends it");
	return NULL;
}

const char *recall_history(struct cli_recall *r, struct view name, size_t count)
{
	view_to_string(name, r->name, sizeof r->name);
	r->text[0] = 0;
	r->is_search = false;
	return begin(r, count);
}

const char *recall_search(struct cli_recall *r, struct view text)
{
	if (text.size > ARCHIVE_TEXT_SIZE_MAX)
		return "the text is too long: at most 256 bytes can be searched for";
	view_to_string(text, r->text, sizeof r->text);
	r->name[0] = 0;
	r->is_search = true;
	return begin(r, RECALL_FOUND_MAX);
}

bool recall_is_under_way(const struct cli_recall *r)
{
	return r->is_under_way;
}

void recall_break_off(struct cli_recall *r)
{
	if (r->is_under_way)
		archive_stop(r->show->archive);
}

/* ---- at a log-in ---- */

void recall_last(struct cli_show *show, struct view name)
{
	struct archive_query query;
	struct piece_look look = { .query = &query,
		                   .wanted = RECALL_LAST_COUNT,
		                   .bytes_max = RECALL_LAST_SIZE };
	char with[COMMAND_ACCOUNT_SIZE + 8] = "";

	if (!archive_query_init(&query, name, view_of(NULL, 0)) ||
	    !archive_look_now(show->archive, &look))
		return;
	if (look.count > 0) {
		if (name.size > 0)
			(void)snprintf(with, sizeof with, " with %.*s", (int)name.size,
			               (const char *)name.data);
		put_last(&show->transcript, look.count, with);
		recall_put(&show->transcript, buf_view(&look.lines), look.count);
		transcript_rule(&show->transcript, "end of what was kept");
	}
	piece_look_release(&look);
}
