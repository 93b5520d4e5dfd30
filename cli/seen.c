/* SPDX-License-Identifier: MIT */
#include "cli/seen.h"

#include <assert.h>

void seen_add(struct cli_seen *s, uint64_t place)
{
	s->places[s->count++ % SEEN_MAX] = place;
}

size_t seen_count(const struct cli_seen *s, uint64_t top)
{
	size_t known = s->count < SEEN_MAX ? (size_t)s->count : SEEN_MAX;
	size_t count = 0;

	assert(top > 0);
	while (count < known && s->places[(s->count - 1 - count) % SEEN_MAX] >= top)
		count++;
	return count;
}

void seen_clear(struct cli_seen *s)
{
	s->count = 0;
}
