/* SPDX-License-Identifier: MIT
 *
 * The glob matcher goes back to the last star only. What stood before that star has matched as
 * early as it can, so an earlier star could find nothing more. The cost is quadratic at worst; the
 * usual recursion is exponential in the number of stars.
 *
 * The leftmost match of a regular expression begins at the start of the name if any match does. So
 * the expression is anchored by looking where its match begins. A `^` in front of the user's
 * expression would not anchor all of it: `a|b` or an unbalanced `)` would get around it.
 */
#include "chat/pattern.h"

#include "fact/fact.h"

#include <stdio.h>

/* A name that can be longer only by its `~` and digits. */
enum { FITTED_SIZE_MAX = 128 };

/* Why the expression would cost too much; NULL if it would not. Repetitions in a group multiply, so
 * the product of all of them is what counts. */
static const char *repeats_wrong(struct view text)
{
	uint64_t product = 1;

	for (size_t i = 0; i < text.size; i++) {
		uint64_t value = 0;
		uint64_t largest = 0;

		if (text.data[i] == '\\' && i + 1 < text.size) {
			i++;
			if (text.data[i] >= '1' && text.data[i] <= '9')
				return "a reference back to a group";
			continue;
		}
		if (text.data[i] != '{')
			continue;
		for (i++; i < text.size && text.data[i] != '}'; i++) {
			bool is_digit = text.data[i] >= '0' && text.data[i] <= '9';

			value = is_digit ? value * 10 + (uint64_t)(text.data[i] - '0') : 0;
			largest = value > largest ? value : largest;
			if (largest > PATTERN_REPEATS_MAX)
				return "too many repetitions";
		}
		product *= largest == 0 ? 1 : largest;
		if (product > PATTERN_REPEATS_MAX)
			return "too many repetitions";
	}
	return NULL;
}

static bool compile(struct pattern *p, struct view text, char err[PATTERN_ERR_SIZE])
{
	const char *wrong = repeats_wrong(text);
	char reason[128];
	int result;

	if (wrong == NULL) {
		result = regcomp(&p->regex, p->text, REG_EXTENDED | REG_ICASE);
		if (result == 0)
			return true;
		(void)regerror(result, &p->regex, reason, sizeof reason);
		wrong = reason;
	}
	(void)snprintf(err, PATTERN_ERR_SIZE,
	               "'%.80s' is no regular expression that can be used: %s", p->text, wrong);
	return false;
}

bool pattern_init(struct pattern *p, struct view text, bool is_regex, char err[PATTERN_ERR_SIZE])
{
	assert(text.size == 0 || memchr(text.data, 0, text.size) == NULL);
	*p = (struct pattern){ .text = memory_alloc(text.size + 1) };
	view_to_string(text, p->text, text.size + 1);
	if (is_regex)
		p->kind = PATTERN_REGEX;
	else if (text.size == 0)
		p->kind = PATTERN_ALL;
	else
		p->kind = strpbrk(p->text, "*?") != NULL ? PATTERN_GLOB : PATTERN_BEGINNING;
	if (!is_regex || compile(p, text, err))
		return true;
	memory_free(p->text);
	p->text = NULL;
	return false;
}

void pattern_release(struct pattern *p)
{
	if (p->text == NULL)
		return;
	if (p->kind == PATTERN_REGEX)
		regfree(&p->regex);
	memory_free(p->text);
	p->text = NULL;
}

struct view pattern_prefix(const struct pattern *p)
{
	size_t size = 0;

	assert(p->text != NULL);
	if (p->kind == PATTERN_REGEX)
		return view_of(p->text, 0);
	while (size < NAME_SIZE_MAX && p->text[size] != 0 &&
	       name_is_valid(view_of(p->text, size + 1)))
		size++;
	return view_of(p->text, size);
}

bool pattern_is_possible(const struct pattern *p)
{
	char next;

	assert(p->text != NULL);
	if (p->kind == PATTERN_REGEX)
		return true;
	next = p->text[pattern_prefix(p).size];
	return next == 0 || next == '*' || next == '?' || next == '~';
}

static bool glob_fits(const char *glob, const char *name)
{
	const char *star = NULL;  /* the last one met */
	const char *retry = NULL; /* where what follows it was last tried */

	while (*name != 0) {
		if (*glob == '*') {
			star = ++glob;
			retry = name;
		} else if (*glob == '?' || name_fold((uint8_t)*glob) == name_fold((uint8_t)*name)) {
			glob++;
			name++;
		} else if (star != NULL) {
			glob = star;
			name = ++retry;
		} else {
			return false;
		}
	}
	while (*glob == '*')
		glob++;
	return *glob == 0;
}

static bool fits(const struct pattern *p, const char *name)
{
	regmatch_t match;
	int result;

	switch (p->kind) {
	case PATTERN_ALL:
		return true;
	case PATTERN_BEGINNING:
		return name_starts_with(view_of_string(name), view_of_string(p->text));
	case PATTERN_GLOB:
		return glob_fits(p->text, name);
	case PATTERN_REGEX:
		result = regexec(&p->regex, name, 1, &match, 0);
		if (result == REG_ESPACE)
			memory_exhausted(0); /* how much it asked for is not told */
		return result == 0 && match.rm_so == 0;
	}
	assert(false);
	return false;
}

bool pattern_fits(const struct pattern *p, const char *name)
{
	const char *tilde = strchr(name, '~');
	char alone[FITTED_SIZE_MAX];

	assert(p->text != NULL);
	assert(strlen(name) < FITTED_SIZE_MAX);
	if (fits(p, name))
		return true;
	if (tilde == NULL)
		return false;
	(void)snprintf(alone, sizeof alone, "%.*s", (int)(tilde - name), name);
	return fits(p, alone);
}
