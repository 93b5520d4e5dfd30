/* SPDX-License-Identifier: MIT
 *
 * protocol_kind: the kinds of fields that payloads consist of, for protocol.c. Everybody else uses
 * protocol.h.
 */
#ifndef THREEFOLD_PROTOCOL_KIND_H
#define THREEFOLD_PROTOCOL_KIND_H

#include "protocol.h"

enum { MAGIC_SIZE = 9 };
extern const uint8_t protocol_magic[MAGIC_SIZE];

enum kind_index {
	KIND_NONE, /* ends a list of fields */
	KIND_MAGIC,
	KIND_U32,
	KIND_U64,
	KIND_TIME,
	KIND_VERSION,
	KIND_LIST_COUNT,
	KIND_BOOL,
	KIND_WHY,
	KIND_WHY_ENDED,
	KIND_ID,
	KIND_ULID,
	KIND_KEY,
	KIND_PLACE,
	KIND_NAME,
	KIND_AFTER_NAME,
	KIND_PREFIX,
	KIND_SUFFIX,
	KIND_SETTING,
	KIND_TEXT,
	KIND_HOLDER,
	KIND_GONE,
	KIND_IDS,
	KIND_FOUND,
	KIND_ENTRIES,
	KIND_RESULTS,
	KIND_RECEIVED,
	KIND_QUESTIONS,
	KIND_ANSWERS,
	KIND_MESSAGES,
	KIND_SET,
	KIND_STEP,
	KIND_BOUND,
	KIND_BOUNDS,
	KIND_PARTS,
	KIND_SPLITS,
	KIND_FACTS,
	KIND_TEST_VERSIONS,
	KIND_TEST_LAST,
	KIND_TEST_ACCOUNT,
	KIND_TEST_BOUNDS,
	KIND_TEST_SPLIT,
	KIND_TEST_ELEMENTS,
	KIND_SEND,
	KIND_LISTED,
	KIND_COUNT,
};

/* `value` is the field's place in a struct frame, or all of it for the kinds that are said to need
 * that. `read` gives NULL, or the phrase that says what is wrong; `write` puts a value where there
 * is room and returns the byte after it. `size` NULL: always `size_fixed` bytes. */
struct kind {
	const char *(*read)(struct reader *r, void *value);
	uint8_t *(*write)(uint8_t *to, const void *value);
	size_t (*size)(const void *value);
	size_t size_fixed;
};
extern const struct kind protocol_kinds[KIND_COUNT];

#endif
