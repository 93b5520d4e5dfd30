/* SPDX-License-Identifier: MIT
 *
 * The line that is held back is kept here to be compared, and wiped when another one is typed.
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
	buf_init(&h->let_go, line_size_max);
}

void hold_release(struct cli_hold *h)
{
	buf_wipe(&h->held);
	buf_release(&h->held);
	buf_wipe(&h->let_go);
	buf_release(&h->let_go);
	explicit_bzero(&h->known, sizeof h->known);
}

void hold_know(struct cli_hold *h, struct view password)
{
	secret_know(&h->known, password);
	if (password.size == 0)
		return;
	h->next = SECRET_NEXT_NONE;
	h->is_after_log_in = true;
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

/* Whether the line is made of the one that was held back: it has its last word. */
static bool is_made_of_held(const struct cli_hold *h, struct view line)
{
	struct view held = buf_view(&h->held);
	size_t end = held.size;
	size_t begin;

	while (end > 0 && held.data[end - 1] == ' ')
		end--;
	begin = end;
	while (begin > 0 && held.data[begin - 1] != ' ')
		begin--;
	return end > begin && memmem(line.data, line.size, held.data + begin, end - begin) != NULL;
}

/* Why the line is to be held back; NULL: it need not be. `next`: what the line before it makes of
 * it. */
static const char *find_slip(const struct cli_hold *h, struct view line, bool is_text,
                             enum secret_next next, const char **meant)
{
	bool is_known = secret_is_known(&h->known, line) && is_for_somebody(line, is_text);
	bool is_again = is_made_of_held(h, line) && is_for_somebody(line, is_text);

	*meant = "";
	look_skip_blanks(&line);
	if (has_two_slashes(line))
		*meant = slip_meant(view_of(line.data + 1, line.size - 1));
	else if (line.size > 0 && (is_text || line.data[0] != '/'))
		*meant = slip_meant(line);
	if (*meant != NULL && (*meant)[0] != 0)
		return "looks like ";
	*meant = "";
	if (is_known)
		return "holds your password";
	if (may_be_awaited(next, line, is_text))
		return "may be the password of the log-in before it";
	return is_again ? "has a word of the line that was held back" : NULL;
}

/* Whether nobody gets it, whatever it is. */
static bool reaches_nobody(struct view line, bool is_text, struct hold_place place)
{
	return !place.is_logged_in && !place.has_aim &&
	       (is_text || line.size == 0 || line.data[0] != '/' || has_two_slashes(line));
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

/* What the line makes of those behind it. */
static void look_ahead(struct cli_hold *h, struct view line, bool is_text, bool is_logged_in)
{
	enum secret_next next = is_text ? SECRET_NEXT_NONE : secret_next(line);
	bool is_log_in = next != SECRET_NEXT_NONE || secret_is_in(line);

	h->next = is_logged_in ? next : SECRET_NEXT_NONE;
	h->is_after_log_in = is_log_in || (h->is_after_log_in && !is_logged_in &&
	                                   line.data[0] != '/' && word_count(line) == 1);
}

enum hold_verdict hold_line(struct cli_hold *h, struct view line, bool is_text,
                            struct hold_place place, char why[HOLD_WHY_SIZE])
{
	enum secret_next next = h->next;
	bool is_second = line.size > 0 && view_equal(line, buf_view(&h->held));
	bool is_soon = place.now_ms < h->entered_ms + TOO_SOON_MS;
	const char *meant;
	const char *slip;

	h->entered_ms = place.now_ms;
	if (is_second && is_soon)
		return HOLD_TOO_SOON;
	if (is_second)
		return h->held_is_secret ? HOLD_ASK : HOLD_RELEASED;
	slip = find_slip(h, line, is_text, next, &meant);
	buf_wipe(&h->held);
	look_ahead(h, line, is_text, place.is_logged_in);
	if (slip == NULL || reaches_nobody(line, is_text, place))
		return HOLD_NOTHING;
	/* What is typed in its place may be the same password, without a mistake. */
	if (may_be_awaited(next, line, is_text))
		h->next = next;
	buf_append(&h->held, line);
	h->held_is_text = is_text;
	h->held_is_secret = meant[0] == 0 || secret_is_in(line);
	(void)snprintf(why, HOLD_WHY_SIZE, "this was sent to nobody: it %s%s; Enter once more %s",
	               slip, meant,
	               h->held_is_secret ? "asks whether to send it" : "sends it as it stands");
	return HOLD_BACK;
}

void hold_let_go(struct cli_hold *h, struct view *line, bool *is_text)
{
	struct buf held = h->held;

	buf_wipe(&h->let_go);
	h->held = h->let_go;
	h->let_go = held;
	*line = buf_view(&h->let_go);
	*is_text = h->held_is_text;
	h->next = SECRET_NEXT_NONE;
	take_as_it_stands(line, is_text);
}

/* Letters, and signs behind them: a word of a language, as far as one can see. */
static bool is_plain_word(struct view word)
{
	while (word.size > 0 && strchr(".,;:!?", word.data[word.size - 1]) != NULL)
		word.size--;
	for (size_t i = 0; i < word.size; i++) {
		uint8_t letter = view_lower(word.data[i]);

		if ((letter < 'a' || letter > 'z') && letter < 0x80 && letter != '\'')
			return false;
	}
	return true;
}

bool hold_hides(const struct cli_hold *h, struct view line, bool is_logged_in)
{
	if (secret_is_in(line) || secret_is_known(&h->known, line))
		return true;
	look_skip_blanks(&line);
	return line.size > 0 && line.data[0] != '/' && word_count(line) == 1 && !is_logged_in &&
	       (h->is_after_log_in || !is_plain_word(line));
}
