/* SPDX-License-Identifier: MIT
 *
 * pattern: which names /list shows: all, those with a beginning, a glob, or a regular expression.
 *
 *   all        an empty pattern
 *   beginning  a word without * and ?
 *   glob       with * (any characters, or none) and ? (one character); it fits a whole name
 *   regex      POSIX extended, anchored at the start of a name; its end is free
 *
 * What is shown of an account that lost its name is `name~digits`; a pattern that fits the name
 * alone fits it, too.
 *
 * The replicas know beginnings only, so that no stranger's pattern costs them time:
 * pattern_prefix is what they are asked for, the rest is looked at here. A glob costs at most
 * pattern times name steps; of regular expressions those are refused whose cost grows out of
 * bounds (back references, large repetitions).
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

/* `text` holds no NUL. False, and a sentence in `err`, if it is no regular expression; there is
 * nothing to release then. */
bool pattern_init(struct pattern *p, struct view text, bool is_regex, char err[PATTERN_ERR_SIZE]);
void pattern_release(struct pattern *p);
/* What all names that fit begin with, as far as it is known, and made of what names are made of. */
struct view pattern_prefix(const struct pattern *p);
/* False: no name can fit, whatever accounts there are, so nobody needs to be asked. */
bool pattern_is_possible(const struct pattern *p);
bool pattern_fits(const struct pattern *p, const char *name);

#endif
