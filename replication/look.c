/* SPDX-License-Identifier: MIT
 *
 * look: whom a name means, for somebody who is about to write. It is a joined look-up and nothing
 * else: nothing is stored, and nobody is written to.
 */
#include "replication/private.h"

#include <assert.h>
#include <string.h>

struct look_op {
	struct op op;
	size_t size;
	char text[ID_TEXT_SIZE + NAME_SIZE_MAX]; /* a reference has no more */
};

static void command(struct replication *r, struct op *op, const struct command *command)
{
	struct look_op *l = (struct look_op *)op;

	assert(command->name.size <= sizeof l->text);
	memcpy(l->text, command->name.data, command->name.size);
	l->size = command->name.size;
	op_begin(r, op);
}

static void start(struct replication *r, struct op *op)
{
	struct look_op *l = (struct look_op *)op;

	(void)lookup_new(r, op, view_of(l->text, l->size), NULL);
}

static void child(struct replication *r, struct op *op, struct op *ended)
{
	const struct lookup *l = (struct lookup *)ended;
	struct result *result;

	if (ended->outcome != OUTCOME_OK) {
		op_refuse(r, op, op_unreached(ended),
		          ended->outcome == OUTCOME_STOPPED ? op_stopped
		                                            : "no replica could be reached");
		return;
	}
	if (l->found < 0) {
		enum outcome outcome = l->count > 1 ? OUTCOME_SEVERAL : OUTCOME_NO_SUCH_USER;

		op_refuse(r, op, outcome, send_explain(outcome));
		return;
	}
	result = op_result(r, op, OUTCOME_OK, "");
	result->id = l->accounts[l->found].id;
	lookup_display(l, (uint32_t)l->found, result->name);
	op_end(r, op, result);
}

const struct op_row look_row = {
	.name = "look",
	.size = sizeof(struct look_op),
	.command = command,
	.start = start,
	.child = child,
};
