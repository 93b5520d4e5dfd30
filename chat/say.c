/* SPDX-License-Identifier: MIT */
#include "chat/say.h"

#include "base/escape.h"
#include "fact/fact.h"

#include <stdarg.h>
#include <stdio.h>

void say_own(struct buf *to, const char *format, ...)
{
	char text[512];
	va_list values;
	int size;

	va_start(values, format);
	size = vsnprintf(text, sizeof text, format, values);
	va_end(values);
	assert(size >= 0);
	assert((size_t)size < sizeof text);
	buf_append(to, view_of(text, (size_t)size));
}

void say_number(struct buf *to, uint64_t number)
{
	char digits[DECIMAL_SIZE_MAX];

	buf_append(to, view_of(digits, decimal_put(digits, number)));
}

void say_foreign(struct buf *to, const char *text)
{
	escape_for_terminal(to, view_of_string(text));
}

size_t say_audience(char text[SAY_AUDIENCE_SIZE], struct view form)
{
	const struct audience audience = audience_of(form);
	struct buf to;

	text[0] = '\0';
	if (form.size == 0)
		return 0;
	buf_init(&to, SAY_AUDIENCE_SIZE);
	say_own(&to, audience.is_notice ? " [notice" : " [");
	if (audience.is_notice && audience.kind != AUDIENCE_ONE)
		say_own(&to, " ");
	if (audience.kind == AUDIENCE_ALL)
		say_own(&to, "to all");
	else if (audience.count > SAY_NAMES_MAX)
		say_own(&to, "to %u", audience.count);
	for (size_t i = 0; audience.count <= SAY_NAMES_MAX && i < audience.names_count; i++)
		say_own(&to, "%s%.*s", i == 0 ? "to " : ", ", (int)audience.names[i].size,
		        (const char *)audience.names[i].data);
	say_own(&to, "]");

	size_t size = to.size;

	assert(size < SAY_AUDIENCE_SIZE);
	memcpy(text, to.data, size);
	text[size] = '\0';
	buf_release(&to);
	return size;
}

void say_id(const struct ulid *session, uint64_t number, char text[SAY_ID_SIZE])
{
	ulid_to_text(session, text);
	text[ULID_TEXT_SIZE] = '-';
	text[ULID_TEXT_SIZE + 1 + decimal_put(text + ULID_TEXT_SIZE + 1, number)] = '\0';
}

bool say_id_read(struct view text, struct ulid *session, uint64_t *number)
{
	uint64_t value = 0;

	if (text.size < ULID_TEXT_SIZE + 2 || text.data[ULID_TEXT_SIZE] != '-')
		return false;
	if (!ulid_from_text(view_of(text.data, ULID_TEXT_SIZE), session))
		return false;
	for (size_t i = ULID_TEXT_SIZE + 1; i < text.size; i++) {
		uint8_t c = text.data[i];

		if (c < '0' || c > '9' || (value == 0 && c == '0'))
			return false;
		value = value * 10 + (uint64_t)(c - '0');
		if (value > NUMBER_MAX)
			return false;
	}
	*number = value;
	return true;
}
