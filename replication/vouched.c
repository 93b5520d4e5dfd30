/* SPDX-License-Identifier: MIT */
#include "replication/private.h"

#include <string.h>

static bool is_stamp(const uint8_t stamp[KEY_SIZE])
{
	static const uint8_t none[KEY_SIZE];

	return memcmp(stamp, none, KEY_SIZE) != 0;
}

void vouched_take(struct vouched *v, uint32_t index, const struct account *account,
                  const uint8_t stretched[KEY_SIZE], const uint8_t stamp[KEY_SIZE])
{
	uint8_t delete_key[KEY_SIZE];

	v->said |= BIT(index);
	v->known &= (uint8_t)~BIT(index);
	v->opens &= (uint8_t)~BIT(index);
	if (auth_account_delete_key(stretched, account, delete_key))
		v->opens |= BIT(index);
	explicit_bzero(delete_key, sizeof delete_key);
	memcpy(v->of[index].seal, account->verifier.seal, KEY_SIZE);
	memcpy(v->of[index].stamp, stamp, KEY_SIZE);
	v->of[index].by = account->by;
}

void vouched_know(struct vouched *v, uint8_t known)
{
	v->known |= v->said & known;
}

/* The first of `among`, those who are known before the others; REPLICAS: there is none. */
static uint32_t first_of(const struct vouched *v, uint8_t among)
{
	const uint8_t order[] = { v->known & v->opens, v->known, v->opens, ALL_REPLICAS };

	for (size_t at = 0; at < sizeof order; at++)
		if (among & order[at])
			return replica_first(among & order[at]);
	return REPLICAS;
}

void vouched_choose(const struct vouched *v, struct account *account)
{
	uint32_t index = first_of(v, v->said);

	if (index == REPLICAS)
		return;
	memcpy(account->verifier.seal, v->of[index].seal, KEY_SIZE);
	account->by = v->of[index].by;
}

bool vouched_is_reset(const struct vouched *v, const struct account *account)
{
	for (uint32_t i = 0; i < REPLICAS; i++)
		if ((v->said & v->known & BIT(i)) && v->of[i].by == ACCOUNT_BY_OPERATOR)
			return true;
	return account->by == ACCOUNT_BY_OPERATOR;
}

bool vouched_has_stamp(const struct vouched *v)
{
	for (uint32_t i = 0; i < REPLICAS; i++)
		if ((v->said & BIT(i)) && is_stamp(v->of[i].stamp))
			return true;
	return false;
}

/* Whose stamp comes next. A stamp is one of all that its replica has said. */
static uint32_t next_of(const struct vouched *v, uint32_t index, const struct account *account)
{
	uint8_t among = 0;

	for (uint32_t i = 0; i < REPLICAS; i++)
		if ((v->said & BIT(i)) && !(v->told[index] & BIT(i)) && is_stamp(v->of[i].stamp) &&
		    memcmp(v->of[i].seal, account->verifier.seal, KEY_SIZE) == 0 &&
		    v->of[i].by == account->by)
			among |= BIT(i);
	return first_of(v, among);
}

bool vouched_tell(struct vouched *v, uint32_t index, const struct account *account,
                  uint8_t stamp[KEY_SIZE])
{
	uint32_t from = next_of(v, index, account);

	memset(stamp, 0, KEY_SIZE);
	if (from == REPLICAS)
		return false;
	memcpy(stamp, v->of[from].stamp, KEY_SIZE);
	v->told[index] |= BIT(from);
	return true;
}

bool vouched_goes_on(const struct vouched *v, uint32_t index, const struct account *account,
                     enum status status)
{
	enum status refusal = account->epoch > 0 ? STATUS_WRONG_PROOF : STATUS_UNINVITED;

	return status == refusal && next_of(v, index, account) != REPLICAS;
}

const char *vouched_refused(const struct login_session *session, enum status status)
{
	switch (status) {
	case STATUS_CLOCK:
		return "its operator has removed this account";
	case STATUS_WRONG_PROOF:
		return session->account.epoch > 0
		               ? "does not believe the stamp of this password (has it another "
		                 "operator key?)"
		               : "says that this account does not fit its id";
	case STATUS_UNINVITED:
		return "takes only accounts that another replica vouches for, and none has (repair "
		       "copies this one)";
	case STATUS_SLOW_DOWN:
		return "takes no more accounts from this address in this minute";
	default:
		return "cannot store the account of this session (disk full)";
	}
}
