/* SPDX-License-Identifier: MIT
 *
 * pattern: which names /list shows: all, those with a beginning, a glob, or a regular expression.
 *
 *   all        an empty pattern
 *   beginning  a word without * and ?
 *   glob       with * (any characters, or none) and ? (one character); it fits a whole name
 *   regex      POSIX extended, anchored at the start of a name; its end is free
 *
 * An account that lost its name is shown as `name~digits`; a pattern that fits the name alone fits
 * it, too.
 *
 * The replicas know beginnings only, so that no stranger's pattern costs them time. They are asked
 * for pattern_prefix, and pattern_fits looks at what they answer. A glob costs at most as many
 * steps as the sizes of pattern and name multiplied. A regular expression whose cost would grow
 * without bounds is refused: one with back references or with large repetitions.
 */
#ifndef THREEFOLD_CHAT_PATTERN_H
#define THREEFOLD_CHAT_PATTERN_H

#include "base/buf.h"

#include <regex.h>

enum { PATTERN_ERR_SIZE = 256, PATTERN_REPEATS_MAX = 1000 };

enum pattern_kind { PATTERN_ALL, PATTERN_BEGINNING, PATTERN_GLOB, PATTERN_REGEX };

struct pattern {
	enum pattern_kind kind;
	char *text; /* NUL-terminated */
	regex_t regex;
};

/* Makes a pattern of `text`, which holds no NUL and is copied. False, and a sentence in `err`, if
 * it is no regular expression that can be used; then there is nothing to release. */
bool pattern_init(struct pattern *p, struct view text, bool is_regex, char err[PATTERN_ERR_SIZE]);
/* Frees it. A zeroed or released pattern is fine. */
void pattern_release(struct pattern *p);
/* What all names that fit begin with, as far as that is known. It holds only characters that names
 * may have, and lives as long as the pattern. */
struct view pattern_prefix(const struct pattern *p);
/* Whether a name may fit. False: none can, whatever accounts there are, so no replica needs to be
 * asked. */
bool pattern_is_possible(const struct pattern *p);
/* Whether a name fits. `name` is as it is shown, perhaps with `~` and digits. Then it fits, too, if
 * the name alone does. */
bool pattern_fits(const struct pattern *p, const char *name);

#endif
