/* SPDX-License-Identifier: MIT
 *
 * What was found out here has its sentence in `detail` already; what the replicas did gets it here.
 */
#include "chat/answer.h"

#include "chat/say.h"
#include "base/escape.h"

enum { LINE_SIZE_MAX = 16384 }; /* a path and some words */

static void put_done(struct buf *line, const struct result *r)
{
	switch (r->kind) {
	case COMMAND_CREATE:
	case COMMAND_LOGIN:
		say_own(line, "you are ");
		buf_append(line, view_of_string(r->name));
		break;
	case COMMAND_LOGOUT:
		say_own(line, "logged out");
		break;
	case COMMAND_DELETE:
		say_own(line, "the account is deleted");
		break;
	case COMMAND_PASSWORD:
		say_own(line, "the password is changed");
		break;
	default:
		say_own(line, "done");
		break;
	}
	if (r->copies > 0 && r->copies < REPLICAS)
		say_own(line, "; on %u of %d replicas only%s", r->copies, REPLICAS,
		        r->kind == COMMAND_PASSWORD ? SCRIPT_PASSWORD_ELSEWHERE : "");
}

static void put_count(struct buf *line, uint64_t count)
{
	if (count == 0)
		say_own(line, "nothing new since the last look");
	else
		say_own(line, "%ju message%s since the last look", (uintmax_t)count,
		        count == 1 ? "" : "s");
}

void answer_put(struct buf *to, const struct script_answer *a)
{
	struct buf line;

	assert(a->outcome == OUTCOME_OK);
	assert(a->detail != NULL);
	if (a->text != NULL) { /* it is ours, and its lines stay lines */
		buf_append(to, view_of_string(a->text));
		(void)buf_put_u8(to, '\n');
		return;
	}
	buf_init(&line, LINE_SIZE_MAX);
	if (a->has_messages)
		put_count(&line, a->messages);
	else if (a->result != NULL)
		put_done(&line, a->result);
	if (a->detail[0] != 0 && line.size > 0)
		say_own(&line, ": ");
	buf_append(&line, view_of_string(a->detail));
	if (line.size > 0) {
		escape_for_terminal(to, buf_view(&line));
		(void)buf_put_u8(to, '\n');
	}
	buf_release(&line);
}
