/* SPDX-License-Identifier: MIT
 *
 * decimal: a number in decimal digits. By hand and inline, since each message has some.
 */
#ifndef THREEFOLD_BASE_DECIMAL_H
#define THREEFOLD_BASE_DECIMAL_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { DECIMAL_SIZE_MAX = 20 }; /* digits of the largest number */

/* Writes the digits, without a NUL, to room for DECIMAL_SIZE_MAX of them. Returns how many. */
static inline size_t decimal_put(void *to, uint64_t number)
{
	char digits[DECIMAL_SIZE_MAX];
	size_t at = sizeof digits;

	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number != 0);
	memcpy(to, digits + at, sizeof digits - at);
	return sizeof digits - at;
}

#endif
