/* SPDX-License-Identifier: MIT
 *
 * rows: how much room a text takes in a window.
 */
#ifndef THREEFOLD_TESTS_CHAT_ROWS_H
#define THREEFOLD_TESTS_CHAT_ROWS_H

#include <string.h>

/* Rows that a text takes when its lines are wrapped. */
static inline size_t rows_of(const char *text, size_t columns)
{
	size_t rows = 0;

	while (*text != 0) {
		size_t size = strcspn(text, "\n");

		rows += size <= columns ? 1 : (size + columns - 1) / columns;
		text += size + (text[size] == '\n');
	}
	return rows;
}

#endif
