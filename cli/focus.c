/* SPDX-License-Identifier: MIT */
#include "cli/focus.h"

struct focus_line {
	uint64_t serial;
	char from[COMMAND_ACCOUNT_SIZE];
	struct buf lines;
};

void focus_clear(struct cli_focus *f)
{
	for (size_t i = 0; i < f->count; i++)
		buf_release(&f->all[i].lines);
	memory_free(f->all);
	*f = (struct cli_focus){ .last = f->last };
}

void focus_came(struct cli_focus *f, uint64_t serial, size_t size)
{
	assert(serial > f->last);
	f->last = serial;
	if (f->count > 0)
		f->bytes += size;
}

void focus_keep(struct cli_focus *f, struct view from, struct view lines)
{
	struct focus_line *line;

	assert(!focus_is_full(f));
	if (f->all == NULL)
		f->all = memory_alloc(FOCUS_COUNT_MAX * sizeof *f->all);
	line = &f->all[f->count++];
	*line = (struct focus_line){ .serial = f->last };
	view_to_string(from, line->from, sizeof line->from);
	if (f->count == 1)
		f->bytes = lines.size;
	buf_init(&line->lines, lines.size);
	buf_append(&line->lines, lines);
}

bool focus_is_full(const struct cli_focus *f)
{
	return f->count > 0 &&
	       (f->last - f->all[0].serial + 1 >= FOCUS_COUNT_MAX || f->bytes >= FOCUS_SIZE_MAX);
}

size_t focus_give(struct cli_focus *f, struct view from, struct buf *to)
{
	size_t kept = 0;
	size_t given = 0;

	for (size_t i = 0; i < f->count; i++) {
		struct focus_line *line = &f->all[i];

		if (from.size > 0 && !name_equal(view_of_string(line->from), from)) {
			f->all[kept++] = *line;
			continue;
		}
		buf_append(to, buf_view(&line->lines));
		buf_release(&line->lines);
		given++;
	}
	f->count = kept;
	return given;
}

uint64_t focus_shown(const struct cli_focus *f)
{
	return f->count > 0 ? f->all[0].serial - 1 : f->last;
}
