/* SPDX-License-Identifier: MIT
 *
 * logout: the session ends because the user says so.
 *
 * It is over for this client at once, and cannot fail: a replica that does not hear of it frees the
 * session when the connection ends. The result waits for the live replicas all the same, so that
 * nobody is told "already logged in" after it. LOGOUT also goes to replicas that are not live, if
 * a log-in was written on their connection; their answers are not used.
 *
 * It begins when all that was handed out is shown, or never will be: what the user has seen is told
 * to the replicas before the session ends, so it does not come back. Nothing more is handed out
 * meanwhile.
 */
#include "replication/private.h"

static void logout_command(struct replication *r, struct op *op, const struct command *command)
{
	(void)command;
	op->state = OP_BUSY;
	r->is_leaving = true;
}

static void logout_begin(struct replication *r, struct op *op)
{
	struct frame frame = { .type = FRAME_LOGOUT, .session.session = r->session.ulid };
	uint8_t live = r->session.active ? r->live : 0;

	if (r->session.active) { /* it may have ended while this waited */
		login_tell_logout(r, &frame.session.session, live);
		login_session_clear(r);
	}
	if (live)
		op_multicast(r, op, &frame);
	else
		op_refuse(r, op, OUTCOME_OK, "");
}

void logout_settle(struct replication *r)
{
	if (!r->is_leaving || r->handed.count > 0)
		return;
	r->is_leaving = false;
	for (struct op *op = r->first_op; op != NULL; op = op->next)
		if (op->row == &logout_row && op->state == OP_BUSY)
			logout_begin(r, op);
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
