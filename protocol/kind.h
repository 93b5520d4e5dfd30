/* SPDX-License-Identifier: MIT
 *
 * protocol_kind: the kinds of fields that payloads consist of, for protocol.c. Everybody else uses
 * protocol.h.
 */
#ifndef THREEFOLD_PROTOCOL_KIND_H
#define THREEFOLD_PROTOCOL_KIND_H

#include "protocol.h"

/* "threefold" without a NUL: the first bytes of a HELLO's payload. */
enum { MAGIC_SIZE = 9 };
extern const uint8_t protocol_magic[MAGIC_SIZE];

/* How a field looks on the wire: its width, and which values are valid. */
enum kind_index {
	KIND_NONE,       /* ends a list of fields */
	KIND_MAGIC,      /* MAGIC_SIZE bytes that begin a HELLO; no value */
	KIND_U32,        /* any number of 32 bits */
	KIND_U64,        /* any number of 64 bits */
	KIND_TIME,       /* u64, milliseconds since 1970 */
	KIND_VERSION,    /* u16, at least 1 */
	KIND_SILENCE,    /* u32, SILENCE_MS_LEAST to SILENCE_MS_MOST */
	KIND_LIST_COUNT, /* u16, 1 to LIST_COUNT_MAX */
	KIND_BOOL,       /* u8, 0 or 1 */
	KIND_WHY,        /* u8, a status that is a failure */
	KIND_WHY_ENDED,  /* u8, one of the three statuses that end a session */
	KIND_BY,         /* u8, enum account_by */
	KIND_GONE_BY,    /* u8, enum gone_by, but GONE_BY_KEY */
	KIND_BY_KEY,     /* no byte: enum gone_by, GONE_BY_KEY */
	KIND_ID,         /* ID_SIZE bytes */
	KIND_ULID,       /* ULID_SIZE bytes */
	KIND_KEY,        /* KEY_SIZE bytes: keys, nonces, proofs */
	KIND_PLACE,      /* a place in a mailbox */
	KIND_NAME,       /* a valid name */
	KIND_AFTER_NAME, /* a valid name, or empty: from the beginning */
	KIND_PREFIX,     /* what names may begin with; may be empty */
	KIND_SUFFIX,     /* the last digits of an id, upper case; may be empty */
	KIND_SETTING,    /* a verifier's setting, which says how to hash */
	KIND_TEXT,       /* 1 to TEXT_SIZE_MAX bytes */
	KIND_HOLDER,     /* an entry that is alive */
	KIND_GONE,       /* an entry that is gone */
	KIND_IDS,        /* this and the next seven are lists: all the rest of a payload */
	KIND_FOUND,
	KIND_ENTRIES,
	KIND_RESULTS,
	KIND_RECEIVED,
	KIND_QUESTIONS,
	KIND_ANSWERS,
	KIND_MESSAGES,
	KIND_SET,    /* u8, enum set */
	KIND_STEP,   /* u32, at least 1: elements in a part */
	KIND_BOUND,  /* a bound by itself */
	KIND_BOUNDS, /* this and the next three are lists, too */
	KIND_PARTS,
	KIND_SPLITS,
	KIND_FACTS,
	KIND_TEST_VERSIONS, /* these six read no bytes: they check fields before them */
	KIND_TEST_LAST,
	KIND_TEST_BOUNDS,
	KIND_TEST_SPLIT,
	KIND_TEST_ELEMENTS,
	KIND_INVITATION, /* of INTRODUCE, if it has the flag */
	KIND_STAMP,      /* of HANDOVER, the same */
	KIND_SEND,       /* all of a SEND: the flag decides which fields it has */
	KIND_LISTED,     /* all of LIST's reply: the flag and the count decide */
	KIND_COUNT,
};

/* What is known of a kind. `value` is the field in a struct frame. For tests, and from
 * KIND_INVITATION on, it is the whole frame, because their rules depend on several fields. Views in
 * a value point into the payload. */
struct kind {
	/* Reads and checks a value. NULL: it is good; else a phrase that says what is wrong. */
	const char *(*read)(struct reader *r, void *value);
	/* Writes a value at `to`, where the caller has made room; returns the byte after it. */
	uint8_t *(*write)(uint8_t *to, const void *value);
	size_t (*size)(const void *value); /* bytes on the wire; NULL: always `size_fixed` */
	size_t size_fixed;
};
/* The kinds by their index. KIND_NONE has no functions. */
extern const struct kind protocol_kinds[KIND_COUNT];

#endif
