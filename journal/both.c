/* SPDX-License-Identifier: MIT
 *
 * both: see journal/both.h. It ends the process: nothing that such a journal holds can be believed.
 */
#include "journal/both.h"

#ifdef BOTH_WAYS
#include "journal/json.h"

#include <stdio.h>
#include <stdlib.h>

static void differ(struct view line, struct view other)
{
	(void)fprintf(stderr, "both ways differ:\n%.*s\n%.*s\n", (int)line.size, line.data,
	              (int)other.size, other.data);
	abort();
}

/* cJSON alone prints a number of 16 digits as 9e+15, where json.c makes it print digits. Such a
 * line is not compared. */
static bool is_comparable(struct view printed)
{
	static const char large[] = "e+15";

	return memmem(printed.data, printed.size, large, sizeof large - 1) == NULL;
}

void both_check_printed(struct view object)
{
	const char *wrong = "";
	struct cJSON *tree = json_parse(object, &wrong);
	struct buf again;

	buf_init(&again, SIZE_MAX / 4);
	if (tree == NULL || !json_print(tree, &again))
		differ(object, view_of_string(wrong));
	if (is_comparable(buf_view(&again)) && !view_equal(buf_view(&again), object))
		differ(object, buf_view(&again));
	json_free(tree);
	buf_release(&again);
}

/* All that a message or a burial says, printed. A stream that is no number stands before it. */
static void print(struct buf *out, const struct element *e)
{
	bool is_burial = e->kind == ELEMENT_FACT && e->fact.kind == FACT_BURIAL;
	bool is_message = e->kind == ELEMENT_FACT && e->fact.kind == FACT_MESSAGE;

	buf_init(out, SIZE_MAX / 4);
	journal_line_put_decimal(out, e->kind);
	journal_line_put_decimal(out, e->in);
	journal_line_put_decimal(out, e->is_nameless);
	if (e->kind != ELEMENT_SAID)
		journal_line_put_stream(
			out, 1, is_burial ? &e->fact.burial.stream : &e->fact.message.stream);
	if (is_message || is_burial)
		journal_line_put_fact(out, &e->fact, 1, NULL);
	else if (e->kind == ELEMENT_SAME || e->kind == ELEMENT_REFERENCE)
		journal_line_put_same(out, 1, e->fact.message.number);
	else if (e->kind == ELEMENT_SAYS)
		journal_line_put_says(out, 1, e->fact.message.number, e->said);
	else if (e->kind == ELEMENT_SAID)
		journal_line_put_said(out, e->said, &e->fact.message);
	if (e->kind == ELEMENT_REFERENCE) {
		journal_line_put_text(out, e->digest, e->fact.message.audience);
		journal_line_put_decimal(out, e->fact.message.sent_ms);
		journal_line_put_decimal(out, e->text_size);
	}
}

void both_check_number(const struct named *n, uint64_t number, const struct stream *stream)
{
	const struct name *name = named_find(n, stream);

	if (name == NULL || name->number != number)
		abort();
}

void both_check_read(const struct element *a, const struct element *b)
{
	struct buf x;
	struct buf y;

	print(&x, a);
	print(&y, b);
	if (!view_equal(buf_view(&x), buf_view(&y)))
		differ(buf_view(&x), buf_view(&y));
	buf_release(&x);
	buf_release(&y);
}
#endif
