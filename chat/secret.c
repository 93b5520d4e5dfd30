/* SPDX-License-Identifier: MIT
 *
 * A password is a second argument. A person who mistypes a command, or types the command of another
 * program, has typed the password all the same. So every line with two arguments is a secret, but
 * for commands that take no password, and for plain text.
 */
#include "chat/secret.h"

#include "chat/verb.h"
#include "chat/word.h"

bool secret_is_in(struct view line)
{
	struct view rest = line;
	const struct verb_row *row = verb_of_line(&rest);

	word_skip_blanks(&line);
	if (line.size == 0)
		return false;
	if (line.data[0] != '/') {
		const char *ours = verb_foreign(line);

		if (ours == NULL || strncmp(ours, "/msg", 4) == 0)
			return false;
	}
	if (row != NULL && (row->needed & FIELD_BIT(FIELD_PASSWORD)) == 0)
		return false;
	return word_count_arguments(rest) >= 2;
}

bool secret_may_follow(struct view line)
{
	struct view rest = line;
	const struct verb_row *row = verb_of_line(&rest);

	return row != NULL && row->asked != 0 && !secret_is_in(line);
}
