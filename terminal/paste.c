/* SPDX-License-Identifier: MIT */
#include "terminal/private.h"

size_t paste_size(struct view from, bool *has_ended)
{
	const struct view end = view_of_string(PASTE_END_SEQUENCE);
	const uint8_t *found = from.size == 0 ? NULL
	                                      : memmem(from.data, from.size, end.data, end.size);
	size_t kept = end.size - 1;

	*has_ended = found != NULL;
	if (found != NULL)
		return (size_t)(found - from.data);
	if (from.size > 0 && from.data[from.size - 1] == CTRL_C) {
		while (from.size > 0 && from.data[from.size - 1] == CTRL_C)
			from.size--;
		return from.size;
	}
	if (kept > from.size)
		kept = from.size;
	while (kept > 0 && memcmp(from.data + from.size - kept, end.data, kept) != 0)
		kept--;
	return from.size - kept;
}

bool paste_goes_on(struct view bytes)
{
	for (size_t i = 0; i + 1 < bytes.size; i++)
		if (bytes.data[i] == '\r' || bytes.data[i] == '\n')
			return true;
	return false;
}

size_t paste_lines(struct view bytes)
{
	size_t count = 0;

	for (size_t i = 0; i < bytes.size; i++)
		count += bytes.data[i] == '\r' ||
		         (bytes.data[i] == '\n' && (i == 0 || bytes.data[i - 1] != '\r'));
	return count;
}
