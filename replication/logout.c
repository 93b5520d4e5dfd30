/* SPDX-License-Identifier: MIT
 *
 * logout: the session ends because the user says so.
 *
 * It is over for this client at once, and cannot fail: a replica that does not hear of it frees the
 * session when the connection ends. The result waits for the live replicas all the same, so that
 * nobody is told "already logged in" after it. LOGOUT also goes to replicas that are not live, if
 * a log-in was written on their connection; their answers are not used.
 */
#include "replication/private.h"

static void logout_command(struct replication *r, struct op *op, const struct command *command)
{
	struct frame frame = { .type = FRAME_LOGOUT, .session.session = r->session.ulid };
	uint8_t live = r->live;

	(void)command;
	login_tell_logout(r, &frame.session.session, live);
	login_session_clear(r);
	if (live)
		op_multicast(r, op, &frame);
	else
		op_refuse(r, op, OUTCOME_OK, "");
}

/* All have answered; or the connections, and with them the session, are gone everywhere. */
static void logout_end(struct replication *r, struct op *op)
{
	op_refuse(r, op, OUTCOME_OK, "");
}

const struct op_row logout_row = {
	.name = "log out",
	.size = sizeof(struct op),
	.command = logout_command,
	.advance = logout_end,
	.emptied = logout_end,
};
