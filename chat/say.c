/* SPDX-License-Identifier: MIT */
#include "chat/say.h"

#include "base/escape.h"

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

void say_foreign(struct buf *to, const char *text)
{
	escape_for_terminal(to, view_of_string(text));
}
