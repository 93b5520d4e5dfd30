/* SPDX-License-Identifier: MIT
 *
 * The fuzz target of everything that is read line by line: a line of the data directory (by the
 * short way and by cJSON, which must agree wherever both take it), a user's command, a config, a
 * message that is kept.
 */
#include "cli/config.h"
#include "chat/archive.h"
#include "chat/script.h"
#include "journal/line.h"
#include "tests/lib/tap.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A message is printed with the number of its stream. */
static bool has_number(const struct element *element)
{
	return element->fact.kind == FACT_MESSAGE || element->in > 0;
}

/* An element that is read from a line must be read again from the line that is printed for it. */
static void check_element(struct view line)
{
	static struct journal_line_parser parser, again;
	struct element element, second;
	const char *wrong = NULL;
	struct buf out;

	journal_line_parser_init(&parser);
	journal_line_parser_init(&again);
	buf_init(&out, 1 << 24);
	if (!journal_line_parse(&parser, line, false, &element, &wrong)) {
		if (wrong == NULL)
			abort();
	} else if (element.kind == ELEMENT_FACT) {
		journal_line_put_fact(&out, &element.fact, has_number(&element) ? 1 : 0, NULL);
		(void)buf_put_u8(&out, '}'); /* which is left to who may seal it */
		if (!journal_line_parse(&again, buf_view(&out),
		                        journal_line_is_sealed(buf_view(&out)), &second, &wrong) ||
		    second.kind != element.kind || second.fact.kind != element.fact.kind)
			abort();
	}
	buf_release(&out);
	journal_line_parser_release(&parser);
	journal_line_parser_release(&again);
}

/* Whatever is read can be shown, and is found by its text. A message of others is read again from
 * the line that is printed for it. */
static void check_kept(struct view line)
{
	static struct archive_line kept;
	static struct archive_line again;
	static struct archive_query query;
	static struct script script;
	struct shown shown;
	struct buf strings;
	struct buf more;

	buf_init(&strings, ARCHIVE_LINE_SIZE_MAX);
	buf_init(&more, ARCHIVE_LINE_SIZE_MAX);
	(void)archive_query_init(&query, view_of_string("bob"), view_of(NULL, 0));
	(void)archive_fits(&query, line, &strings);
	(void)archive_query_init(&query, view_of(NULL, 0), view_of_string("A"));
	(void)archive_fits(&query, line, &strings);
	if (archive_read(line, &strings, &kept)) {
		if (!message_text_is_valid(kept.text) ||
		    (!kept.is_own && !name_is_reference(view_of_string(kept.from))))
			abort();
		shown = (struct shown){ .session = kept.session,
			                .number = kept.number,
			                .text = kept.text,
			                .sent_ms = kept.sent_ms };
		memcpy(shown.from, kept.is_own ? "bob" : kept.from, kept.is_own ? 4 : DISPLAY_SIZE);
		script_init(&script, true, NULL);
		script_message(&script, &shown);
		if (!archive_read(view_of(script.out.data, script.out.size - 1), &more, &again) ||
		    !view_equal(again.text, kept.text) || again.sent_ms != kept.sent_ms)
			abort();
		if (archive_query_init(&query, view_of(NULL, 0), kept.text) &&
		    !archive_fits(&query, view_of(script.out.data, script.out.size - 1), &more))
			abort();
		script_release(&script);
	}
	buf_release(&strings);
	buf_release(&more);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct command_parser commands;
	static struct command_request request;
	struct cli_config config;
	char err[CONFIG_ERR_SIZE] = "";
	struct view text = view_of(data, size);

	check_element(text);
	check_kept(text);
	if (!config_parse(text, "FILE", &config, err) && err[0] == 0)
		abort();
	if (size == 0 || size > COMMAND_LINE_SIZE_MAX || memchr(data, '\n', size) != NULL)
		return 0;
	for (unsigned asks = 0; asks < 2; asks++) {
		command_parser_init(&commands, asks != 0);
		command_parse(&commands, text, false, &request);
		if (request.outcome != OUTCOME_OK && request.detail[0] == 0)
			abort();
		command_parser_release(&commands);
	}
	return 0;
}
