/* SPDX-License-Identifier: MIT
 *
 * Registration that is not open. In some runs each replica takes who is invited or nobody, and
 * one at least takes who is invited. Clients have a good invitation, or none, or a bad one. The
 * liar has bad ones, and stamps of other accounts. Nothing that a replica adds may be an account
 * that was not begun with a good one, whoever brings it. And nobody is refused who has a good one,
 * or hands over what another replica has.
 */
#include "tests/simulate/simulate.h"

enum { EVERY = 8, EVERY_OF_LIES = 16, DAY_MS = 86400000 };

/* Nothing is drawn: other runs stay as they are. */
void sim_register_init(struct sim *s)
{
	uint64_t seed = s->options.seed;
	uint32_t only = (uint32_t)(seed / 64 % REPLICAS);
	const uint8_t random[16] = { (uint8_t)seed };
	uint8_t key[KEY_SIZE];

	s->is_gated = seed % EVERY == 2 || seed % EVERY_OF_LIES == 7;
	if (!s->is_gated)
		return;
	for (uint32_t i = 0; i < REPLICAS; i++)
		s->registration[i] = REGISTRATION_INVITED;
	if (seed / EVERY_OF_LIES % 4 == 1) /* one is closed */
		s->registration[only] = REGISTRATION_CLOSED;
	if (seed / EVERY_OF_LIES % 4 == 2) /* all others are */
		for (uint32_t i = 0; i < REPLICAS; i++)
			if (i != only)
				s->registration[i] = REGISTRATION_CLOSED;
	memcpy(key, sim_operator_key, KEY_SIZE);
	invitation_make(key, 2 * SIM_EPOCH_MS, random, &s->invitations[SIM_GOOD]);
	invitation_make(key, DAY_MS, random, &s->invitations[SIM_EXPIRED]);
	key[0]++;
	invitation_make(key, 2 * SIM_EPOCH_MS, random, &s->invitations[SIM_FOREIGN]);
	sim_trace(s, "registration is not open");
}

const struct invitation *sim_register_invitation(const struct sim *s, struct sim_attempt *attempt,
                                                 uint32_t number)
{
	enum sim_invitation which = number % 8 < SIM_INVITATIONS ? number % 8 : SIM_GOOD;

	if (!s->is_gated)
		return NULL;
	if (s->winding_up)
		which = SIM_GOOD;
	attempt->is_invited = which == SIM_GOOD;
	return which == SIM_NONE ? NULL : &s->invitations[which];
}

void sim_register_result(struct sim *s, const struct sim_attempt *t, enum outcome outcome)
{
	bool is_refused = outcome == OUTCOME_INVITATION_NEEDED ||
	                  outcome == OUTCOME_INVITATION_EXPIRED ||
	                  outcome == OUTCOME_INVITATION_WRONG;

	if (is_refused && (t->is_invited || !s->is_gated))
		sim_fail(s, "the creation of '%s' is refused for its invitation, which is good",
		         t->name);
}

void sim_register_answered(struct sim *s, uint32_t replica, uint8_t type, enum status status)
{
	if (type == FRAME_HANDOVER && status == STATUS_UNINVITED)
		sim_fail(s, "replica %u does not take an account that another one vouches for",
		         replica);
}

void sim_register_lie(struct sim *s, const struct account *account, struct frame *f)
{
	uint64_t how = s->is_gated ? sim_random(s, 3) : 0;
	struct account other = *account;

	if (how == 0)
		return;
	f->flags = FLAG_VOUCHED;
	f->introduce.invitation = s->invitations[how == 1 ? SIM_EXPIRED : SIM_FOREIGN];
	other.id.bytes[ID_SIZE - 1] ^= 1;
	auth_stamp(how == 1 ? sim_operator_key : f->introduce.invitation.bytes, &other,
	           f->introduce.stamp);
}

void sim_register_check(struct sim *s, uint32_t replica, const struct fact *fact)
{
	const struct sim_account *a;
	uint32_t at;

	if (!s->is_gated || fact->kind != FACT_ACCOUNT)
		return;
	at = sim_account_find(s, &fact->account.id);
	a = at == UINT32_MAX ? NULL : &s->history.accounts.items[at];
	if (a == NULL || a->by_liar || !s->history.attempts.items[a->attempt].is_invited)
		sim_fail(s, "replica %u adds account %u, which was made without a good invitation",
		         replica, at);
	s->produced->gated++;
}
