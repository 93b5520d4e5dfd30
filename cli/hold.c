/* SPDX-License-Identifier: MIT
 *
 * The line that is held back is kept here to be compared, and wiped at the next Enter.
 */
#include "cli/hold.h"

#include "chat/look.h"
#include "chat/slip.h"
#include "chat/verb.h"
#include "chat/word.h"
#include "io/file.h"

#include <stdio.h>

enum { TOO_SOON_MS = 300 }; /* a key that is held down repeats sooner */

void hold_init(struct cli_hold *h, size_t line_size_max)
{
	uint8_t key[SIPHASH_KEY_SIZE] = { 0 };

	*h = (struct cli_hold){ .entered_ms = 0 };
	(void)file_random(key, sizeof key); /* the program has had some before: it does not fail */
	secret_known_init(&h->known, key);
	buf_init(&h->held, line_size_max);
}

void hold_release(struct cli_hold *h)
{
	buf_wipe(&h->held);
	buf_release(&h->held);
	explicit_bzero(&h->known, sizeof h->known);
}

void hold_know(struct cli_hold *h, struct view password)
{
	secret_know(&h->known, password);
	if (password.size > 0)
		h->next = SECRET_NEXT_NONE;
}

/* Whether the line is, or would be, a text for somebody. */
static bool is_for_somebody(struct view line, bool is_text)
{
	const struct verb_row *row = verb_of_line(&line);

	return is_text || row == NULL || (row->needed & FIELD_BIT(FIELD_TEXT)) != 0;
}

/* Whether the line is a text for the parser though it begins with a slash: it has two. */
static bool has_two_slashes(struct view line)
{
	return line.size > 1 && line.data[0] == '/' && line.data[1] == '/';
}

/* Whether the line may be the password that the command before it did not ask for. */
static bool may_be_awaited(enum secret_next next, struct view line, bool is_text)
{
	if (!is_text && line.size > 0 && line.data[0] == '/')
		return false;
	return next == SECRET_NEXT_ANY || (next == SECRET_NEXT_WORD && word_count(line) == 1);
}

/* False if it need not be held back. `next`: what the line before it makes of it. */
static bool is_slip(const struct cli_hold *h, struct view line, bool is_text, enum secret_next next,
                    char why[HOLD_WHY_SIZE])
{
	const char *meant = NULL;
	bool is_known = secret_is_known(&h->known, line) && is_for_somebody(line, is_text);
	bool is_awaited;

	look_skip_blanks(&line);
	if (has_two_slashes(line))
		meant = slip_meant(view_of(line.data + 1, line.size - 1));
	else if (line.size > 0 && (is_text || line.data[0] != '/'))
		meant = slip_meant(line);
	is_awaited = may_be_awaited(next, line, is_text);
	if (meant == NULL && !is_known && !is_awaited)
		return false;
	(void)snprintf(why, HOLD_WHY_SIZE,
	               "this was sent to nobody: it %s%s; Enter once more sends it as it stands",
	               meant != NULL ? "looks like "
	               : is_known    ? "holds your password"
	                             : "may be the password of the log-in before it",
	               meant != NULL ? meant : "");
	return true;
}

/* A line that is to go as it stands is a text, unless it is a command for the parser. */
static void take_as_it_stands(struct view *line, bool *is_text)
{
	struct view rest = *line;

	look_skip_blanks(&rest);
	if (!*is_text && has_two_slashes(rest))
		*line = view_of(rest.data + 1, rest.size - 1);
	else if (rest.size > 0 && rest.data[0] == '/')
		return;
	*is_text = true;
}

enum hold_verdict hold_line(struct cli_hold *h, struct view *line, bool *is_text, bool is_logged_in,
                            uint64_t now_ms, char why[HOLD_WHY_SIZE])
{
	enum secret_next next = h->next;
	bool is_second = line->size > 0 && view_equal(*line, buf_view(&h->held));
	bool is_soon = now_ms < h->entered_ms + TOO_SOON_MS;

	h->entered_ms = now_ms;
	if (is_second && is_soon)
		return HOLD_TOO_SOON;
	buf_wipe(&h->held);
	if (is_second) {
		*is_text = *is_text || h->held_is_text;
		h->next = SECRET_NEXT_NONE;
		take_as_it_stands(line, is_text);
		return HOLD_RELEASED;
	}
	h->next = is_logged_in && !*is_text ? secret_next(*line) : SECRET_NEXT_NONE;
	if (!is_slip(h, *line, *is_text, next, why))
		return HOLD_NOTHING;
	buf_append(&h->held, *line);
	h->held_is_text = *is_text;
	return HOLD_BACK;
}

bool hold_hides(const struct cli_hold *h, struct view line, bool is_logged_in)
{
	if (secret_is_in(line) || secret_is_known(&h->known, line))
		return true;
	look_skip_blanks(&line);
	return line.size > 0 && line.data[0] != '/' && word_count(line) == 1 && !is_logged_in;
}
