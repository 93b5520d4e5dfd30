/* SPDX-License-Identifier: MIT
 *
 * A command whose row has a password is a secret if the password stands in the line. So is any line
 * that looks like a log-in, be it a mistyped command, that of another program, or a text.
 */
#include "chat/secret.h"

#include "chat/look.h"
#include "chat/slip.h"
#include "chat/verb.h"
#include "chat/word.h"

enum { NEXT_SIZE_MAX = 256 }; /* a longer line is no command and a name */

static bool has_password(const struct verb_row *row)
{
	for (size_t i = 0; i < sizeof row->arguments; i++)
		if (row->arguments[i] == FIELD_PASSWORD)
			return true;
	return false;
}

/* Whether the line begins with a part of a command that has a password, and of others as well, so
 * that it is none of them. */
static bool may_mean_log_in(struct view line)
{
	struct view word = word_take(&line);

	if (word.size < 2 || word.data[0] != '/' || word_count_arguments(line) < 2)
		return false;
	word = view_of(word.data + 1, word.size - 1);
	for (enum verb verb = 0; verb < VERB_TEXT; verb++)
		if (has_password(verb_row(verb)) && verb_may_mean(word, verb_row(verb)))
			return true;
	return false;
}

/* Who has an invitation can let others in. */
static bool has_invitation(const struct verb_row *row, struct view rest)
{
	struct view word;

	while ((word = word_take(&rest)).size != 0) {
		const struct verb_option *option = verb_option(row, word);

		if (option != NULL && option->field == FIELD_INVITATION)
			return true;
	}
	return false;
}

/* Whether a line of this command holds its password; `rest` is what follows the command. An eye
 * sees more blanks than the parser, but an invitation is no password. */
static bool has_its_password(const struct verb_row *row, struct view line, struct view rest)
{
	for (size_t i = 0; i < sizeof row->arguments; i++)
		if (row->arguments[i] == FIELD_PASSWORD)
			return verb_count_arguments(row, rest) > i ||
			       (!has_invitation(row, rest) && slip_is_log_in(line));
	return false;
}

bool secret_is_in(struct view line)
{
	const struct verb_row *row;
	struct view rest;

	look_skip_blanks(&line);
	rest = line;
	row = verb_of_line(&rest);
	if (row == NULL)
		return may_mean_log_in(line) || slip_is_log_in(line);
	return has_its_password(row, line, rest) || has_invitation(row, rest);
}

bool secret_may_follow(struct view line)
{
	struct view rest = line;
	const struct verb_row *row = verb_of_line(&rest);

	return row != NULL && row->asked != 0 && !has_its_password(row, line, rest);
}

enum secret_next secret_next(struct view line)
{
	static const char any_password[] = " 7any-password7";
	struct view rest;
	const struct verb_row *row;
	struct buf whole;
	bool is_log_in;

	look_skip_blanks(&line);
	rest = line;
	row = verb_of_line(&rest);
	if (row != NULL)
		return has_password(row) && !has_its_password(row, line, rest) ? SECRET_NEXT_ANY
		                                                               : SECRET_NEXT_NONE;
	if (line.size > NEXT_SIZE_MAX || word_count(line) > 2 || slip_is_log_in(line))
		return SECRET_NEXT_NONE;
	buf_init(&whole, NEXT_SIZE_MAX + sizeof any_password);
	buf_append(&whole, line);
	buf_append_text(&whole, any_password);
	is_log_in = slip_is_log_in(buf_view(&whole));
	buf_release(&whole);
	return is_log_in ? SECRET_NEXT_WORD : SECRET_NEXT_NONE;
}

/* ---- passwords that were typed ---- */

/* In memory of its own, which the caller wipes and frees. */
static uint8_t *lower_copy(struct view text)
{
	uint8_t *copy = memory_alloc(text.size + 1);

	for (size_t i = 0; i < text.size; i++)
		copy[i] = view_lower(text.data[i]);
	return copy;
}

static void forget_copy(uint8_t *copy, size_t size)
{
	explicit_bzero(copy, size);
	memory_free(copy);
}

static bool is_of_word(uint8_t c)
{
	return c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z');
}

void secret_known_init(struct secret_known *k, const uint8_t random[SIPHASH_KEY_SIZE])
{
	*k = (struct secret_known){ .key = siphash_key_from(random) };
}

void secret_know(struct secret_known *k, struct view password)
{
	uint8_t *copy;
	uint64_t hash;

	if (password.size == 0)
		return;
	copy = lower_copy(password);
	hash = siphash(&k->key, copy, password.size);
	forget_copy(copy, password.size);
	for (size_t i = 0; i < SECRET_KNOWN_MAX; i++)
		if (k->sizes[i] == password.size && k->hashes[i] == hash)
			return;
	k->hashes[k->next] = hash;
	k->sizes[k->next] = password.size;
	k->next = (k->next + 1) % SECRET_KNOWN_MAX;
}

/* A text in lower case, and the part of it without signs and blanks at its ends. */
struct words {
	const uint8_t *data;
	size_t size;
	size_t begin;
	size_t end;
};

/* Whether what is left and right of a piece lets it be a password by itself. */
static bool may_stand(const struct words *w, size_t from, size_t size)
{
	size_t to = from + size;

	if (size >= SECRET_ANYWHERE_SIZE)
		return true;
	if (size < SECRET_WORD_SIZE)
		return from <= w->begin && to >= w->end;
	return (from == 0 || !is_of_word(w->data[from - 1])) &&
	       (to == w->size || !is_of_word(w->data[to]));
}

static bool holds(const struct secret_known *k, size_t known, const struct words *w)
{
	size_t size = k->sizes[known];

	for (size_t from = 0; size > 0 && from + size <= w->size; from++)
		if (may_stand(w, from, size) &&
		    siphash(&k->key, w->data + from, size) == k->hashes[known])
			return true;
	return false;
}

bool secret_is_known(const struct secret_known *k, struct view text)
{
	uint8_t *copy = lower_copy(text);
	struct words w = { .data = copy, .size = text.size, .end = text.size };
	bool is_known = false;

	while (w.begin < w.end && !is_of_word(copy[w.begin]))
		w.begin++;
	while (w.end > w.begin && !is_of_word(copy[w.end - 1]))
		w.end--;
	for (size_t i = 0; i < SECRET_KNOWN_MAX && !is_known; i++)
		is_known = holds(k, i, &w);
	forget_copy(copy, text.size);
	return is_known;
}
