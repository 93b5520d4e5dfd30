/* SPDX-License-Identifier: MIT
 *
 * A name's characters are those that need no quotes on a command line and no escape in a terminal.
 */
#include "fact/name.h"

_Static_assert((int)ID_TEXT_SIZE > (int)NAME_SIZE_MAX, "no name reads as an id");
_Static_assert((int)ID_TEXT_SIZE < (int)DISPLAY_SIZE, "every reference fits");

static bool is_name_character(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '.' || c == '-';
}

bool name_is_prefix(struct view text)
{
	assert(text.data != NULL || text.size == 0);
	if (text.size > NAME_SIZE_MAX)
		return false;
	for (size_t i = 0; i < text.size; i++)
		if (!is_name_character(text.data[i]))
			return false;
	return true;
}

bool name_is_valid(struct view name)
{
	return name_is_prefix(name) && name.size >= 1 && name.data[0] != '-' && name.data[0] != '.';
}

bool name_is_reference(struct view text)
{
	const uint8_t *tilde = text.size == 0 ? NULL : memchr(text.data, '~', text.size);
	struct id id;

	if (tilde == NULL)
		return name_is_valid(text) || id_from_text(text, &id);

	size_t size = (size_t)(tilde - text.data);

	if (text.size - size - 1 != ID_SUFFIX_SIZE || !name_is_valid(view_of(text.data, size)))
		return false;
	for (size_t i = size + 1; i < text.size; i++)
		if (id_digit(text.data[i]) < 0)
			return false;
	return true;
}

/* Each look-up of a name makes a dozen of these, and most bytes of two names that stand near each
 * other are the same. So only those that differ are folded. */
int name_compare(struct view a, struct view b)
{
	size_t size = a.size < b.size ? a.size : b.size;
	const uint8_t *x = a.data;
	const uint8_t *y = b.data;

	for (size_t i = 0; i < size; i++) {
		int order = x[i] == y[i] ? 0 : name_fold(x[i]) - name_fold(y[i]);

		if (order != 0)
			return order;
	}
	return (a.size > b.size) - (a.size < b.size);
}

bool name_equal(struct view a, struct view b)
{
	return a.size == b.size && name_compare(a, b) == 0;
}

bool name_starts_with(struct view name, struct view prefix)
{
	return name.size >= prefix.size &&
	       name_compare(view_of(name.data, prefix.size), prefix) == 0;
}

void name_display(char to[DISPLAY_SIZE], struct view name, const struct id *id, bool plain)
{
	char text[ID_TEXT_SIZE + 1];

	assert(name.size <= NAME_SIZE_MAX);
	memcpy(to, name.data, name.size);
	to[name.size] = '\0';
	if (plain)
		return;
	id_to_text(id, text);
	to[name.size] = '~';
	memcpy(to + name.size + 1, text + ID_TEXT_SIZE - ID_SUFFIX_SIZE, ID_SUFFIX_SIZE);
	to[name.size + 1 + ID_SUFFIX_SIZE] = '\0';
}
