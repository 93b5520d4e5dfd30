/* SPDX-License-Identifier: MIT
 *
 * lookup: a name or an id becomes accounts. The answers of all live replicas are joined, so one
 * that has missed something neither hides an account nor revives it.
 *
 *   phase  asks                                          when all have replied
 *   ASK    LOOKUP_NAME or LOOKUP_ID at every replica     GONE
 *   GONE   LOOKUP_ID: each replica about the accounts    it ends
 *          that others have shown and it has not
 *
 * GONE is there because a look-up by name does not answer with accounts that are gone: a replica
 * that has not shown an account may never have heard of it, or may know that it is gone.
 *
 * At the end an account is gone if any replica says so with a proof; those that showed it alive are
 * told. Else it is known if any replica knows it. Of several with one name the confirmed one
 * counts, of several confirmed ones the oldest, of several unconfirmed ones none. An id, and a name
 * with its digits, means one account only: if two fit, neither counts. Its password is the newest
 * that those show who are known (member.c).
 */
#include "base/bug.h"
#include "replication/private.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { PHASE_ASK, PHASE_GONE };

/* ---- asking ---- */

static struct lookup *make(struct replication *r, struct op *parent, void *purpose)
{
	struct lookup *l = (struct lookup *)op_new(r, &lookup_row, parent);

	l->purpose = purpose;
	l->found = -1;
	return l;
}

struct lookup *lookup_new(struct replication *r, struct op *parent, struct view text, void *purpose)
{
	struct lookup *l = make(r, parent, purpose);
	const uint8_t *tilde = memchr(text.data, '~', text.size);
	size_t name_size = tilde != NULL ? (size_t)(tilde - text.data) : text.size;

	assert(name_is_reference(text));
	assert(text.size <= sizeof l->text);
	memcpy(l->text, text.data, text.size);
	l->text_size = text.size;
	l->by_id = tilde == NULL && id_from_text(text, &l->id);
	if (!l->by_id)
		memcpy(l->name, text.data, name_size);
	for (size_t i = 0; tilde != NULL && i < ID_SUFFIX_SIZE; i++) {
		char c = (char)tilde[1 + i];

		l->suffix[i] = c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
	}
	op_begin(r, &l->op);
	return l;
}

struct lookup *lookup_id_new(struct replication *r, struct op *parent, const struct id *id,
                             void *purpose)
{
	struct lookup *l = make(r, parent, purpose);

	l->by_id = true;
	l->id = *id;
	op_begin(r, &l->op);
	return l;
}

static void start(struct replication *r, struct op *op)
{
	struct lookup *l = (struct lookup *)op;
	struct frame frame = { .type = FRAME_LOOKUP_NAME };

	op->phase = PHASE_ASK;
	l->era = r->era;
	l->count = 0;
	l->found = -1;
	if (l->by_id) {
		frame.type = FRAME_LOOKUP_ID;
		frame.lookup_id.ids = view_of(&l->id, ID_SIZE);
	} else {
		frame.lookup_name.name = view_of_string(l->name);
		frame.lookup_name.suffix = view_of_string(l->suffix);
	}
	op_multicast(r, op, &frame);
}

/* ---- joining the answers ---- */

/* The account of that id, added if it is new. NULL: there are too many; no honest replica shows so
 * many of one name. */
static struct lookup_account *get(struct lookup *l, const struct id *id)
{
	struct lookup_account *a;

	for (uint32_t i = 0; i < l->count; i++)
		if (id_equal(&l->accounts[i].id, id))
			return &l->accounts[i];
	if (l->count == CANDIDATES_MAX)
		return NULL;
	if (l->accounts == NULL)
		l->accounts = memory_alloc(CANDIDATES_MAX * sizeof *l->accounts);
	a = &l->accounts[l->count++];
	memset(a, 0, sizeof *a);
	a->id = *id;
	a->share = SHARE_UNKNOWN;
	return a;
}

/* Nobody proves the session that a look-up names. So one far ahead of the clock does not count: who
 * has had it says so at the log-in, signed. */
static bool is_plausible(const struct replication *r, const struct ulid *session)
{
	return BUG(any_session_named) ||
	       ulid_time_ms(session) <= replication_now(r) + NAMED_AHEAD_MS;
}

/* The largest session and the smallest share count: one replica may have missed a log-in, another
 * that mail was read. */
static void learn_alive(const struct replication *r, struct lookup_account *a, uint32_t index,
                        const struct entry *e)
{
	struct lookup_password *said = &a->said[index];
	uint8_t bit = BIT(index);

	a->alive |= bit;
	if (e->marks & MARK_CONFIRMED)
		a->confirmed |= bit;
	if (e->marks & MARK_ONLINE) {
		a->online = true;
		if (!a->online_since_ms || e->online_since_ms < a->online_since_ms)
			a->online_since_ms = e->online_since_ms;
	}
	if (ulid_compare(&e->session, &a->session) > 0 && is_plausible(r, &e->session))
		a->session = e->session;
	if (e->share < a->share)
		a->share = e->share;
	memcpy(a->name, e->name.data, e->name.size);
	a->name[e->name.size] = '\0';
	a->known |= member_known(r) & bit;
	said->epoch = e->epoch;
	memcpy(said->setting, e->setting.data, e->setting.size);
	said->setting[e->setting.size] = '\0';
}

/* The larger epoch counts. Of two passwords of one every replica keeps the smaller setting in the
 * end. */
static int compare_passwords(const struct lookup_password *a, const struct lookup_password *b)
{
	if (a->epoch != b->epoch)
		return a->epoch < b->epoch ? -1 : 1;
	return -strcmp(a->setting, b->setting);
}

/* Who shows a password chooses how it is stretched, and is given a proof of it. So those who are
 * known decide (member.c), whatever others show. If none of them shows the account, the others do,
 * but not so that guessing becomes cheaper than usual. */
static void choose_password(const struct replication *r, struct lookup_account *a)
{
	uint8_t known = a->known | (member_known(r) & a->alive);
	uint8_t from = known && !BUG(setting_of_anybody) ? known : a->alive;

	for (uint32_t i = 0; i < REPLICAS; i++) {
		const struct lookup_password *said = &a->said[i];

		if ((from & BIT(i)) &&
		    (known || auth_setting_is_standard(view_of_string(said->setting))) &&
		    (a->password.setting[0] == '\0' || compare_passwords(said, &a->password) > 0))
			a->password = *said;
	}
	for (uint32_t i = 0; i < REPLICAS; i++)
		if ((a->alive & BIT(i)) && compare_passwords(&a->said[i], &a->password) == 0)
			a->newest |= BIT(i);
}

static void learn_gone(struct lookup_account *a, const struct entry *e)
{
	a->gone = true;
	a->tombstone = entry_tombstone(e);
	memcpy(a->name, e->name.data, e->name.size);
	a->name[e->name.size] = '\0';
}

static void reply(struct replication *r, struct op *op, uint32_t index, const struct frame *frame)
{
	struct lookup *l = (struct lookup *)op;
	struct reader entries;
	struct entry e;

	if (frame->status != STATUS_OK || (BUG(answer_not_joined) && r->leader != (int)index))
		return;
	entries = reader_of(frame->entries.entries);
	while (protocol_next_entry(&entries, &e)) {
		struct lookup_account *a = get(l, &e.id);

		if (a == NULL)
			continue;
		a->answered |= BIT(index);
		if (e.state == ENTRY_ALIVE)
			learn_alive(r, a, index, &e);
		else if (e.state == ENTRY_GONE)
			learn_gone(a, &e);
	}
}

/* Ids begin with a time: the oldest comes first. */
static int by_id(const void *a, const void *b)
{
	return id_compare(&((const struct lookup_account *)a)->id,
	                  &((const struct lookup_account *)b)->id);
}

/* What is gone is told to those that showed it alive, and leaves the list. What nobody shows alive
 * leaves it, too. */
static void bury(struct replication *r, struct lookup *l)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < l->count; i++) {
		struct lookup_account *a = &l->accounts[i];

		if (a->gone) {
			a->tombstone.name = view_of_string(a->name);
			tombstone_tell(r, a->alive, &a->tombstone);
		} else if (a->alive) {
			choose_password(r, a);
			if (kept != i)
				l->accounts[kept] = *a;
			kept++;
		}
	}
	l->count = kept;
	if (kept > 1)
		qsort(l->accounts, kept, sizeof *l->accounts, by_id);
}

static void finish(struct replication *r, struct lookup *l)
{
	bury(r, l);
	for (uint32_t i = 0; i < l->count && l->found < 0; i++)
		if (l->accounts[i].confirmed)
			l->found = (int)i;
	if (l->by_id || l->suffix[0])
		l->found = l->count == 1 ? 0 : -1;
	else if (l->found < 0 && l->count == 1)
		l->found = 0;
	l->unconfirmed = l->found >= 0 && !l->accounts[l->found].confirmed;
	op_end(r, &l->op, op_result(r, &l->op, OUTCOME_OK, ""));
}

static void advance(struct replication *r, struct op *op)
{
	struct lookup *l = (struct lookup *)op;
	struct frame frame = { .type = FRAME_LOOKUP_ID };

	if (op->phase == PHASE_GONE) {
		finish(r, l);
		return;
	}
	op->phase = PHASE_GONE;
	for (uint32_t i = 0; i < REPLICAS; i++) {
		struct id ids[CANDIDATES_MAX];
		uint32_t count = 0;

		if (!(op->audience & BIT(i)))
			continue;
		for (uint32_t k = 0; k < l->count; k++)
			if (!(l->accounts[k].answered & BIT(i)))
				ids[count++] = l->accounts[k].id;
		frame.lookup_id.ids = view_of(ids, count * ID_SIZE);
		if (count > 0)
			op_ask(r, op, i, &frame);
	}
	op_resume(r, op);
}

static void release(struct replication *r, struct op *op)
{
	(void)r;
	memory_free(((struct lookup *)op)->accounts);
}

void lookup_display(const struct lookup *l, uint32_t at, char display[DISPLAY_SIZE])
{
	bool plain = !l->by_id && !l->suffix[0] && (int)at == l->found;

	assert(at < l->count);
	name_display(display, view_of_string(l->accounts[at].name), &l->accounts[at].id, plain);
}

const struct op_row lookup_row = {
	.name = "look up",
	.size = sizeof(struct lookup),
	.start = start,
	.reply = reply,
	.advance = advance,
	.release = release,
};
