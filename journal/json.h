/* SPDX-License-Identifier: MIT
 *
 * json: JSON, strictly, both ways. Nothing else in the tree calls cJSON.
 *
 * cJSON accepts more than a file format should. So json_parse looks at the text before cJSON does,
 * and at the tree after it. Besides what is no JSON at all, it refuses:
 *
 *   - invalid UTF-8, a byte order mark, NUL bytes and other control characters (RFC 8259, 7)
 *   - \u0000, which would cut a C string silently
 *   - numbers that are not whole, not in 0..2^53-1, or not written as plain digits: a tree holds
 *     numbers as doubles, and only these are exact there
 *   - a key that stands twice in one object (keys are compared byte by byte)
 *   - text after the value; more than JSON_DEPTH_MAX levels; more than JSON_MEMBERS_MAX members of
 *     an object
 *
 * Printing is unformatted, with keys in the order in which they were put: files that are equal byte
 * for byte depend on it. Integers are printed as plain digits (cJSON's own way gives 1e+15).
 *
 * Memory: a tree is the caller's, freed with json_free; views point into it. Memory that cannot be
 * had ends the process (base/buf.h). Threads: the first call must have returned before another
 * thread makes one.
 */
#ifndef THREEFOLD_JOURNAL_JSON_H
#define THREEFOLD_JOURNAL_JSON_H

#include "base/buf.h"

enum {
	JSON_SIZE_MAX = 1 << 20, /* two and a half times the longest text, all of it escaped */
	JSON_DEPTH_MAX = 8,
	JSON_MEMBERS_MAX = 64,
};

struct cJSON;

/* Reads a text of at most JSON_SIZE_MAX bytes. The tree, which the caller frees; or NULL, and in
 * *wrong what is wrong with the text: a phrase that lives for ever. */
struct cJSON *json_parse(struct view text, const char **wrong);
/* Frees a tree with all that is in it; NULL is fine. */
void json_free(struct cJSON *value);

/* The member of that key; NULL if there is none or `object` is NULL or no object. */
const struct cJSON *json_member(const struct cJSON *object, const char *key);
/* Whether this is an object, all of whose keys are among these `count`. False for NULL. */
bool json_has_only(const struct cJSON *object, const char *const *keys, size_t count);
/* Whether it is an array. False for NULL. */
bool json_is_array(const struct cJSON *value);
/* The first element of an array, or member of an object; NULL if it is empty. `container` is one of
 * these, not NULL. */
const struct cJSON *json_first(const struct cJSON *container);
/* The one after an element or a member; NULL at the end. */
const struct cJSON *json_next(const struct cJSON *element);
/* Read a value of each type. False if it is NULL or of another type; the output is then untouched.
 * A string's view points into the tree. */
bool json_string(const struct cJSON *value, struct view *string);
bool json_integer(const struct cJSON *value, uint64_t *integer);
bool json_boolean(const struct cJSON *value, bool *boolean);

/* Make an empty object, or an empty array. It is the caller's, until json_put hands it over. */
struct cJSON *json_object(void);
struct cJSON *json_array(void);
/* Put a value of each type, or a whole tree: a member at the end of an object, or, with a NULL key,
 * an element at the end of an array. Strings and keys are copied. A string is valid UTF-8 without
 * NUL; an integer is at most 2^53-1; `child` belongs to the container from then on. */
void json_put_string(struct cJSON *container, const char *key, struct view string);
void json_put_integer(struct cJSON *container, const char *key, uint64_t integer);
void json_put_boolean(struct cJSON *container, const char *key, bool boolean);
void json_put(struct cJSON *container, const char *key, struct cJSON *child);

/* Appends the value as one line, without a newline. False, and nothing is appended, if it would
 * pass the buffer's maximum. */
bool json_print(const struct cJSON *value, struct buf *out);

/* The bytes that json_escape may need for a string of `size` bytes, its quotes included. */
static inline size_t json_escaped_size_max(size_t size)
{
	assert(size <= SIZE_MAX / 6 - 2);
	return size * 6 + 2;
}
/* Writes the string with its quotes, exactly as cJSON prints it, to memory in which the caller has
 * made room. Returns the byte behind it. It does without cJSON, for speed: every message passes
 * through it. */
uint8_t *json_escape(uint8_t *to, struct view string);

#endif
