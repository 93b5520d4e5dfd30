/* SPDX-License-Identifier: MIT
 *
 * U+FEFF in each encoding.
 */
#include "base/mark.h"

size_t mark_size(struct view front)
{
	const struct view mark = view_of_string("\xef\xbb\xbf");

	return view_starts_with(front, mark) ? mark.size : 0;
}

bool mark_is_wide(struct view front)
{
	uint8_t first;
	uint8_t second;

	if (front.size < 2)
		return false;
	first = front.data[0];
	second = front.data[1];
	return (first == 0xff && second == 0xfe) || (first == 0xfe && second == 0xff) ||
	       (first == 0) != (second == 0);
}
