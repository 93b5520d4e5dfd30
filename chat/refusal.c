/* SPDX-License-Identifier: MIT
 *
 * What was refused before any replica was asked has its advice already (chat/command.c,
 * cli/run.c). What the replicas refused gets it here. At most NAMES_SHOWN_MAX of the accounts
 * concerned are named: a person needs an example, not all of four thousand names.
 */
#include "chat/refusal.h"

#include "chat/say.h"
#include "terminal/terminal.h"

enum { NAMES_SHOWN_MAX = 8 };

/* What can be done about it; "" if the sentence says so itself. */
static const char *advice(const struct result *r)
{
	bool is_creation = r->kind == COMMAND_CREATE;

	switch (r->outcome) {
	case OUTCOME_NAME_TAKEN:
		return "choose another name, or /login NAME if it is yours";
	case OUTCOME_BAD_NAME:
		return is_creation ? "choose another name" : "/list shows the names";
	case OUTCOME_NO_SUCH_USER:
		return "/list shows who there is";
	case OUTCOME_WRONG_PASSWORD:
		return r->kind == COMMAND_PASSWORD ? "/password tries again"
		                                   : "/login NAME tries again";
	case OUTCOME_ALREADY_LOGGED_IN:
		return "/login --take-over NAME moves it here";
	case OUTCOME_NOT_LOGGED_IN:
		return "/login NAME logs in";
	case OUTCOME_LOGGED_IN:
		return "/logout first";
	case OUTCOME_TOO_LONG:
		return "send it in parts";
	case OUTCOME_MAILBOX_FULL:
		return "try again then";
	case OUTCOME_DISK_FULL:
		return "nothing changed; the operator of the servers can make room";
	case OUTCOME_TOO_FEW_REPLICAS:
		return "/replicas shows which are dead; try again when they are back";
	case OUTCOME_CLOCK:
		return "if it stays so, the operator of the servers can set their clocks";
	case OUTCOME_NO_REPLICA:
		return "/replicas shows why; try again when one is live";
	case OUTCOME_DIFFERENT_TEXT:
		return "without --id it is a new message";
	case OUTCOME_SEVERAL:
		return "write NAME~ and the eight digits";
	case OUTCOME_STOPPED:
		return "tell the operator of the servers, and do not try it again";
	case OUTCOME_REGISTRATION_CLOSED:
		return "ask the operator of the servers";
	case OUTCOME_INVITATION_NEEDED:
	case OUTCOME_INVITATION_EXPIRED:
		return "ask the operator of the servers for one; /create NAME --invite TEXT takes "
		       "it";
	case OUTCOME_INVITATION_WRONG:
		return "copy the whole of it: /create NAME --invite TEXT";
	case OUTCOME_SLOW_DOWN:
		return r->wait_ms == 0 ? "try again in a minute" : "";
	default:
		return "";
	}
}

/* How to find out what is not known, or how to do it again without harm. */
static void put_unknown(struct buf *to, const struct result *r)
{
	char id[SAY_ID_SIZE];

	switch (r->kind) {
	case COMMAND_SEND:
		if (!r->has_id) {
			say_own(to, "; sending it again may show it twice");
			break;
		}
		say_id(&r->session, r->number, id);
		say_own(to, "; /msg --id %s NAME TEXT sends it again, and it is shown once", id);
		break;
	case COMMAND_ALL:
		say_own(to, "; sending it again may show it twice");
		break;
	case COMMAND_CREATE:
	case COMMAND_DELETE:
		say_own(to, "; /login NAME shows whether the account is there");
		break;
	case COMMAND_PASSWORD:
		say_own(to, "; /password, or /login NAME, shows which password it is");
		break;
	default:
		say_own(to, "; /replicas shows who is live; then try again");
		break;
	}
}

static void put_names(struct buf *to, const struct result *r)
{
	size_t shown = r->users_count < NAMES_SHOWN_MAX ? r->users_count : NAMES_SHOWN_MAX;

	for (size_t i = 0; i < shown; i++)
		say_own(to, "%s%s", i == 0 ? " (" : ", ", r->users[i].name);
	if (shown < r->users_count)
		say_own(to, " and %zu more", r->users_count - shown);
	if (shown > 0)
		say_own(to, ")");
}

static void put_result(struct buf *to, const struct result *r, const char *since)
{
	const char *next = advice(r);

	put_names(to, r);
	if (r->since_ms != 0 && since[0] != 0)
		say_own(to, " (since %.64s)", since);
	if (r->stored > 0)
		say_own(to, "; stored for %u, %u of them online", r->stored, r->online);
	if (r->outcome == OUTCOME_UNKNOWN)
		put_unknown(to, r);
	else if (r->wait_ms != 0)
		say_own(to, "; try again in %u s", (r->wait_ms + 999) / 1000);
	else if (next[0] != 0)
		say_own(to, "; %s", next);
}

void refusal_put(struct buf *to, const struct script_answer *answer, const char *since)
{
	bool is_unknown = answer->outcome == OUTCOME_UNKNOWN;
	const char *why = answer->detail;
	struct buf line;

	assert(answer->outcome != OUTCOME_OK);
	assert(answer->detail != NULL);
	buf_init(&line, REFUSAL_SIZE_MAX);
	if (why[0] == 0)
		why = is_unknown ? "it may or may not have been done"
		                 : outcome_code(answer->outcome);
	/* The sentence of replication/ is for programs; advice() tells a person the command. */
	if (answer->outcome == OUTCOME_ALREADY_LOGGED_IN)
		why = "another session of this account is active";
	/* The word tells it from news also where there is no colour. */
	say_own(&line, "%s%.400s", is_unknown ? "" : "refused: ", why);
	if (answer->result != NULL)
		put_result(&line, answer->result, since);
	terminal_put(to, is_unknown ? STYLE_NOTICE : STYLE_ERROR, buf_view(&line));
	(void)buf_put_u8(to, '\n');
	buf_release(&line);
}
