/* SPDX-License-Identifier: MIT
 *
 * Which lines hold passwords (chat/secret.h).
 */
#include "chat/secret.h"

#include "tests/lib/tap.h"

static void secrets(void)
{
	static const struct {
		const char *line;
		bool is_secret;
		bool asks;
	} rows[] = {
		{ "/login bob", false, true },
		{ "/login bob geheim", true, false },
		{ "  /login bob geheim", true, false },
		{ "/login --take-over bob", false, true },
		{ "/login --take-over bob geheim", true, false },
		{ "/create bob geheim", true, false },
		{ "/logni bob geheim", true, false },
		{ "/delete", false, true },
		{ "/msg bob geheim", false, false },
		{ "/all of you", false, false },
		{ "/help login", false, false },
		{ "login bob geheim", false, false },
		{ ">> bob: geheim oder nicht", false, false },
		{ "Deliver bob geheim", true, false },
		{ "Create bob geheim", true, false },
		{ "and login bob geheim", false, false },
		{ "", false, false },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct view line = view_of_string(rows[i].line);

		OK(secret_is_in(line) == rows[i].is_secret, rows[i].line);
		OK(secret_may_follow(line) == rows[i].asks, rows[i].line);
	}
}

int main(void)
{
	secrets();
	return tap_done();
}
