/* SPDX-License-Identifier: MIT
 *
 * What only a person's terminal has is refused to programs before it comes here (chat/verb.h).
 */
#include "cli/here.h"

#include <stdio.h>

void here_init(struct cli_here *h, struct cli_show *show, struct settings *settings,
               void (*done)(void *context), void *context)
{
	*h = (struct cli_here){ .show = show, .settings = settings };
	recall_init(&h->recall, show, done, context);
}

static bool refuse(struct script_answer *a, const char *detail)
{
	a->outcome = OUTCOME_USAGE;
	a->detail = detail;
	return true;
}

static bool do_check(struct cli_here *h, const struct command_request *q, struct script_answer *a)
{
	(void)q;
	a->has_messages = true;
	a->messages = h->unseen;
	h->unseen = 0;
	return true;
}

static bool do_help(struct cli_here *h, const struct command_request *q, struct script_answer *a)
{
	a->text = explain_topic(h->show->console, q->name, h->text.explained);
	return a->text != NULL ||
	       refuse(a, "there is no such command; /help lists all, /help keys the keys");
}

/* Programs are told of messages one by one, and name whom they answer. What a person types is /msg
 * before it is entered, if somebody has written (cli/console.h). */
static bool do_reply(struct cli_here *h, const struct command_request *q, struct script_answer *a)
{
	(void)q;
	if (conversation_last(&h->show->conversations).size == 0)
		return refuse(a, "nobody has written to you yet");
	return refuse(a, "nobody was seen to get this: type it anew, or use /msg NAME TEXT");
}

/* Without a name: with one it is not for this place. */
static bool do_talk(struct cli_here *h, const struct command_request *q, struct script_answer *a)
{
	(void)q;
	conversation_list(&h->show->conversations, h->text.talk);
	a->text = h->text.talk;
	return true;
}

/* ---- settings ---- */

/* Changes a setting, and what is shown in another way because of it. */
static bool change(struct cli_here *h, enum setting setting, struct view value,
                   struct script_answer *a)
{
	if (!set_change(h->settings, setting, value, h->text.changed))
		return refuse(a, h->text.changed);
	show_settings(h->show, h->settings);
	a->text = h->text.changed;
	return true;
}

/* Tells what is set. */
static bool tell(struct cli_here *h, enum setting setting, struct script_answer *a)
{
	setting_line(h->settings, setting, h->text.listed);
	a->text = h->text.listed;
	return true;
}

/* Turns a setting on or off, or tells which it is. */
static bool turn(struct cli_here *h, enum setting setting, const struct command_request *q,
                 struct script_answer *a)
{
	if ((q->given & FIELD_BIT(FIELD_STATE)) == 0)
		return tell(h, setting, a);
	return change(h, setting, view_of_string(q->is_on ? "on" : "off"), a);
}

/* Below the table there are the rows of the status and of the prompt. */
static void put_table(struct cli_here *h)
{
	unsigned columns;
	unsigned rows;

	console_size(&columns, &rows);
	setting_table(h->settings, columns, rows > 2 ? rows - 2 : 0, h->text.listed);
}

static bool do_set(struct cli_here *h, const struct command_request *q, struct script_answer *a)
{
	if ((q->given & FIELD_BIT(FIELD_VALUE)) != 0)
		return change(h, q->setting, q->value, a);
	if ((q->given & FIELD_BIT(FIELD_SETTING)) != 0)
		return tell(h, q->setting, a);
	put_table(h);
	a->text = h->text.listed;
	return true;
}

static bool do_bell(struct cli_here *h, const struct command_request *q, struct script_answer *a)
{
	return turn(h, SETTING_BELL, q, a);
}

static bool do_focus(struct cli_here *h, const struct command_request *q, struct script_answer *a)
{
	return turn(h, SETTING_FOCUS, q, a);
}

/* ---- what was said ---- */

/* The setting may be for this run alone: what counts is what is told here. */
static bool do_log(struct cli_here *h, const struct command_request *q, struct script_answer *a)
{
	const struct cli_archive *archive = h->show->archive;

	if ((q->given & FIELD_BIT(FIELD_STATE)) != 0)
		(void)turn(h, SETTING_LOG, q, a);
	*a = (struct script_answer){ .outcome = OUTCOME_OK, .detail = h->text.log };
	if (!archive_is_on(archive))
		a->detail = "what is said is not kept";
	else if (archive_folder(archive)[0] == 0)
		a->detail = "what is said is kept after a log-in";
	else
		(void)snprintf(h->text.log, sizeof h->text.log, "what is said is %s %s",
		               archive_lost(archive) > 0
		                       ? "not kept, because nothing can be written to"
		                       : "kept in",
		               archive_folder(archive));
	return true;
}

static bool do_history(struct cli_here *h, const struct command_request *q, struct script_answer *a)
{
	bool has_count = (q->given & FIELD_BIT(FIELD_COUNT)) != 0;
	const char *why = recall_history(&h->recall, q->name, has_count ? q->count : RECALL_COUNT);

	return why != NULL && refuse(a, why);
}

static bool do_search(struct cli_here *h, const struct command_request *q, struct script_answer *a)
{
	const char *why = recall_search(&h->recall, q->text);

	return why != NULL && refuse(a, why);
}

bool here_do(struct cli_here *h, const struct command_request *q, struct script_answer *a)
{
	static bool (*const doing[VERB_END])(struct cli_here * h, const struct command_request *q,
	                                     struct script_answer *a) = {
		[VERB_CHECK] = do_check, [VERB_HELP] = do_help,       [VERB_REPLY] = do_reply,
		[VERB_SET] = do_set,     [VERB_BELL] = do_bell,       [VERB_FOCUS] = do_focus,
		[VERB_LOG] = do_log,     [VERB_HISTORY] = do_history, [VERB_SEARCH] = do_search,
		[VERB_TALK] = do_talk,
	};

	assert(doing[q->verb] != NULL);
	return doing[q->verb](h, q, a);
}
