/* SPDX-License-Identifier: MIT
 *
 * store/account: accounts and tombstones, and the live ones by name.
 *
 * All known ids stand in one tree by id, which is the order of store_next. The live accounts stand
 * in two trees by (name, id), the unconfirmed and the confirmed: so `list` costs what it returns,
 * and the holder of a name is the first of that name. A third tree by (name, end of the id) is for
 * names like `anna~7Q2K9XWM`. One sorted list of all would do for a small chat, but anybody may
 * make accounts, also many of one name.
 *
 *   what is known of an id    account      lapsed account    confirmed account   tombstone
 *   nothing                   held         held, with mark   held, with mark     held
 *   the account               no change    gets its mark     gets its mark       takes its place
 *   the account, lapsed       no change    no change         gets its mark       takes its place
 *   the account, confirmed    no change    no change         no change           takes its place
 *   the tombstone             no change    no change         no change           the smaller stays
 *
 * A lapsed account is in no tree by name: it has none, until somebody comes who knows that it was
 * confirmed. Its mailbox stays, because what was sent to a living account must not be lost by that.
 *
 * An account never changes, but for its mark and its password. So its record has just the size of
 * its strings.
 */
#include "base/bug.h"
#include "store/private.h"

enum { SUFFIX_BYTES = 5 }; /* 8 digits of base 32 are the last 40 bits */

static struct view name_of(const struct account_slot *slot)
{
	return view_of(slot->bytes, slot->name_size);
}

static const struct id *id_of(const struct store *s, const struct account_slot *slot)
{
	return &ident_at(s, slot->ident)->id;
}

/* ---- orders ---- */

static int compare_ident(const void *context, const void *key, uint32_t element)
{
	return id_compare(key, &ident_at(context, element)->id);
}

const struct tree_order ident_order = { compare_ident, NULL };

/* The key of the trees by name. */
struct name_key {
	struct view name;
	const struct id *id;
};

static int compare_name(const void *context, const void *key, uint32_t element)
{
	const struct name_key *name_key = key;
	const struct account_slot *slot = account_at(context, element);
	int order = name_compare(name_key->name, name_of(slot));

	return order ? order : id_compare(name_key->id, id_of(context, slot));
}

static const struct tree_order name_order = { compare_name, NULL };

/* By name, then the last bytes of the id, then all of it: so the accounts with one end stand
 * together, in order of id. */
static int compare_suffix(const void *context, const void *key, uint32_t element)
{
	const struct name_key *name_key = key;
	const struct account_slot *slot = account_at(context, element);
	const struct id *id = id_of(context, slot);
	size_t start = ID_SIZE - SUFFIX_BYTES;
	int order = name_compare(name_key->name, name_of(slot));

	if (order == 0)
		order = memcmp(name_key->id->bytes + start, id->bytes + start, SUFFIX_BYTES);
	return order ? order : id_compare(name_key->id, id);
}

static const struct tree_order suffix_order = { compare_suffix, NULL };

/* ---- slots ---- */

/* Copies bytes out of a slot; gives where the next ones stand. */
static const uint8_t *take(const uint8_t *from, uint8_t *to, size_t size)
{
	memcpy(to, from, size);
	return from + size;
}

/* Copies bytes into a slot; gives where the next ones go. */
static uint8_t *give(uint8_t *to, const void *from, size_t size)
{
	if (size > 0)
		memcpy(to, from, size);
	return to + size;
}

/* A slot with a name and room for `rest` bytes behind it. */
static uint32_t slot_new(struct store *s, uint32_t ident, struct view name, size_t rest)
{
	assert(name.size <= NAME_SIZE_MAX);
	uint32_t handle = arena_alloc(s->arena, sizeof(struct account_slot) + name.size + rest);
	struct account_slot *slot = account_at(s, handle);

	*slot = (struct account_slot){ .ident = ident, .name_size = (uint8_t)name.size };
	(void)give(slot->bytes, name.data, name.size); /* where the rest begins is name_size */
	return handle;
}

enum { LATER_SIZE = KEY_SIZE + 4 + 1 }; /* middle, epoch, by */

/* Behind the name: what the owner's password is checked with. */
static uint32_t account_new(struct store *s, uint32_t ident, const struct account *account)
{
	const struct verifier *v = &account->verifier;

	assert(v->setting.size <= SETTING_SIZE_MAX);
	size_t later = account->epoch > 0 ? LATER_SIZE : 0;
	uint32_t handle = slot_new(s, ident, account->name,
	                           v->setting.size + 4 * (size_t)KEY_SIZE + later);
	struct account_slot *slot = account_at(s, handle);
	uint8_t *to = slot->bytes + slot->name_size;

	slot->setting_size = (uint8_t)v->setting.size;
	slot->mark = (uint8_t)account_mark(account);
	to = give(to, v->setting.data, v->setting.size);
	to = give(to, v->seal, KEY_SIZE);
	to = give(to, v->stored_key, KEY_SIZE);
	to = give(to, v->server_key, KEY_SIZE);
	to = give(to, v->lock, KEY_SIZE);
	slot->renewed = account->epoch > 0;
	if (slot->renewed) {
		to = give(to, account->middle, KEY_SIZE);
		to = buf_store_u32(to, account->epoch);
		*to = (uint8_t)account->by;
	}
	return handle;
}

/* Behind the name: what proves that the owner wanted it, or what the id is made of. */
static uint32_t tombstone_new(struct store *s, uint32_t ident, const struct tombstone *tombstone)
{
	uint32_t handle = slot_new(s, ident, tombstone->name, 2 * (size_t)KEY_SIZE);
	struct account_slot *slot = account_at(s, handle);
	uint8_t *to = slot->bytes + slot->name_size;

	slot->gone = true;
	slot->mark = (uint8_t)tombstone->by;
	to = give(to, tombstone->middle, KEY_SIZE);
	(void)give(to, tombstone->delete_key, KEY_SIZE); /* or the lock; the last one */
	return handle;
}

/* The fact in a slot. Its strings are views into the slot. */
static void account_fill(const struct store *s, const struct account_slot *slot,
                         struct account *account)
{
	const uint8_t *from = slot->bytes + slot->name_size;
	struct verifier *v = &account->verifier;

	assert(!slot->gone);
	account->id = *id_of(s, slot);
	account->name = name_of(slot);
	account->confirmed = slot->mark == ACCOUNT_CONFIRMED;
	account->lapsed = slot->mark == ACCOUNT_LAPSED;
	v->setting = view_of(from, slot->setting_size);
	from = take(from + slot->setting_size, v->seal, KEY_SIZE);
	from = take(from, v->stored_key, KEY_SIZE);
	from = take(from, v->server_key, KEY_SIZE);
	from = take(from, v->lock, KEY_SIZE);
	account->epoch = 0;
	account->by = ACCOUNT_BY_OWNER;
	if (slot->renewed) {
		from = take(from, account->middle, KEY_SIZE);
		account->epoch = buf_load_u32(from);
		account->by = from[4];
	}
}

/* The same for a tombstone. */
static void tombstone_fill(const struct store *s, const struct account_slot *slot,
                           struct tombstone *tombstone)
{
	const uint8_t *from = slot->bytes + slot->name_size;

	assert(slot->gone);
	tombstone->id = *id_of(s, slot);
	tombstone->name = name_of(slot);
	tombstone->by = (enum gone_by)slot->mark;
	from = take(from, tombstone->middle, KEY_SIZE);
	(void)take(from, tombstone->delete_key, KEY_SIZE); /* or the lock; the last one */
}

void account_fact(const struct store *s, uint32_t ident, struct fact *fact)
{
	const struct account_slot *slot = account_at(s, ident_at(s, ident)->account);

	if (slot->gone) {
		fact->kind = FACT_TOMBSTONE;
		tombstone_fill(s, slot, &fact->tombstone);
	} else {
		fact->kind = FACT_ACCOUNT;
		account_fill(s, slot, &fact->account);
	}
}

/* The hash of an account or a tombstone, as it counts in the sum of all elements. */
static uint64_t account_hash(const struct store *s, uint32_t ident)
{
	struct fact fact;

	account_fact(s, ident, &fact);
	return store_fact_hash(&fact);
}

/* ---- the join ---- */

/* Puts a live account into the trees by name, and counts it. */
static void index_add(struct store *s, uint32_t handle)
{
	const struct account_slot *slot = account_at(s, handle);
	struct name_key key = { name_of(slot), id_of(s, slot) };
	struct tree_use names = store_use(s, &name_order);
	struct tree_use suffixes = store_use(s, &suffix_order);

	if (slot->mark == ACCOUNT_LAPSED) {
		s->totals.lapsed++;
		return;
	}
	s->totals.accounts++;
	tree_add(&names, &s->names[slot->mark == ACCOUNT_CONFIRMED], &key, handle);
	tree_add(&suffixes, &s->suffixes, &key, handle);
}

static void index_remove(struct store *s, uint32_t handle)
{
	const struct account_slot *slot = account_at(s, handle);
	struct name_key key = { name_of(slot), id_of(s, slot) };
	struct tree_use names = store_use(s, &name_order);
	struct tree_use suffixes = store_use(s, &suffix_order);

	if (slot->mark == ACCOUNT_LAPSED) {
		s->totals.lapsed--;
		return;
	}
	s->totals.accounts--;
	uint32_t removed = tree_remove(&names, &s->names[slot->mark == ACCOUNT_CONFIRMED], &key);

	assert(removed == handle);
	removed = tree_remove(&suffixes, &s->suffixes, &key);
	assert(removed == handle);
}

static enum store_state state_of(enum account_mark mark)
{
	return mark == ACCOUNT_LAPSED ? STORE_LAPSED : STORE_ALIVE;
}

/* Joins the mark. A larger one moves the account to another tree and changes its hash. */
static enum store_result account_join_mark(struct store *s, uint32_t ident, enum account_mark mark)
{
	uint32_t handle = ident_at(s, ident)->account;
	struct account_slot *slot = account_at(s, handle);

	bool is_larger = mark > slot->mark;

	if (BUG(lapsed_beats_confirmed) && slot->mark == ACCOUNT_CONFIRMED)
		is_larger = mark == ACCOUNT_LAPSED;
	if (!is_larger)
		return STORE_KNOWN;
	s->totals.sum -= account_hash(s, ident);
	index_remove(s, handle);
	slot->mark = (uint8_t)mark;
	index_add(s, handle);
	ident_at(s, ident)->state = (uint8_t)state_of(mark);
	s->totals.sum += account_hash(s, ident);
	return STORE_NEW;
}

/* The newer verifier takes the place of the older one, of which nothing is kept. The larger mark
 * stays. */
static enum store_result account_renew(struct store *s, uint32_t ident,
                                       const struct account *account)
{
	uint32_t old = ident_at(s, ident)->account;
	enum account_mark mark = account_mark(account);

	if (account_at(s, old)->mark > mark)
		mark = account_at(s, old)->mark;
	s->totals.sum -= account_hash(s, ident);
	index_remove(s, old);
	uint32_t new = account_new(s, ident, account);

	account_at(s, new)->mark = (uint8_t)mark;
	ident_at(s, ident)->account = new;
	ident_at(s, ident)->state = (uint8_t)state_of(mark);
	arena_free(s->arena, old);
	index_add(s, new);
	s->totals.sum += account_hash(s, ident);
	return STORE_REPLACED;
}

/* Whether the account has a verifier that wins over the one that is held. */
static bool is_newer(const struct store *s, uint32_t ident, const struct account *account)
{
	struct account held;

	account_fill(s, account_at(s, ident_at(s, ident)->account), &held);
	if (BUG(older_password_wins))
		return account->epoch != held.epoch;
	return account_verifier_compare(account, &held) < 0;
}

/* An id becomes known: it enters the tree of ids. */
static void ident_enter(struct store *s, uint32_t handle)
{
	struct tree_use use = store_use(s, &ident_order);
	struct ident *ident = ident_at(s, handle);

	assert(ident->state == STORE_UNKNOWN);
	tree_add(&use, &s->accounts, &ident->id, handle);
}

enum store_result account_apply(struct store *s, const struct account *account, uint32_t *entered)
{
	uint32_t handle = ident_get(s, &account->id);
	struct ident *ident = ident_at(s, handle);

	*entered = 0;
	if (ident->state == STORE_DEAD)
		return STORE_GONE;
	if (ident->state != STORE_UNKNOWN)
		return is_newer(s, handle, account)
		               ? account_renew(s, handle, account)
		               : account_join_mark(s, handle, account_mark(account));
	ident_enter(s, handle);
	*entered = ident->mailbox;
	ident->account = account_new(s, handle, account);
	ident->state = (uint8_t)state_of(account_mark(account));
	index_add(s, ident->account);
	s->totals.sum += account_hash(s, handle);
	return STORE_NEW;
}

/* Takes the mailbox of a gone account out of the tree and all counts, so that no question finds
 * it. Gives it to the caller; 0: there is none. */
static uint32_t detach(struct store *s, struct ident *ident)
{
	struct tree_use use = store_use(s, &mailbox_order);
	uint32_t handle = ident->mailbox;

	if (!handle)
		return 0;
	struct mailbox *mailbox = mailbox_at(s, handle);
	uint32_t removed = tree_remove(&use, &s->mailboxes, &ident->id);

	assert(removed == handle);
	mailbox->detached = true;
	ident->mailbox = 0;
	s->totals.messages -= mailbox->message_count;
	s->totals.ranges -= mailbox->range_count;
	s->totals.streams -= mailbox->stream_count;
	s->totals.sum -= mailbox->sum;
	return handle;
}

/* Of two tombstones that with the delete key stays, and of two with a stamp the owner's: the
 * smaller one. The id vouches for all else that they have, so its slot stays. */
static enum store_result account_bury_again(struct store *s, uint32_t ident,
                                            const struct tombstone *tombstone)
{
	struct account_slot *slot = account_at(s, ident_at(s, ident)->account);

	if (tombstone->by >= slot->mark)
		return STORE_KNOWN;
	s->totals.sum -= account_hash(s, ident);
	slot->mark = (uint8_t)tombstone->by;
	(void)give(slot->bytes + slot->name_size + KEY_SIZE, tombstone->delete_key, KEY_SIZE);
	s->totals.sum += account_hash(s, ident);
	return STORE_REPLACED;
}

enum store_result account_bury(struct store *s, const struct tombstone *tombstone,
                               uint32_t *detached)
{
	uint32_t handle = ident_get(s, &tombstone->id);
	struct ident *ident = ident_at(s, handle);

	*detached = 0;
	if (ident->state == STORE_DEAD)
		return account_bury_again(s, handle, tombstone);
	if (ident->state == STORE_UNKNOWN && BUG(stranger_not_buried))
		return STORE_NEW;
	if (ident->state != STORE_UNKNOWN) {
		s->totals.sum -= account_hash(s, handle);
		index_remove(s, ident->account);
		arena_free(s->arena, ident->account);
	} else {
		ident_enter(s, handle);
	}
	ident->account = tombstone_new(s, handle, tombstone);
	ident->state = STORE_DEAD;
	s->totals.tombstones++;
	s->totals.sum += account_hash(s, handle);
	*detached = detach(s, ident);
	return STORE_NEW;
}

/* ---- questions ---- */

enum store_state store_find(const struct store *s, const struct id *id, struct account *account,
                            struct tombstone *tombstone)
{
	assert(s->magic == STORE_MAGIC);
	uint32_t handle = ident_find(s, id);

	if (!handle)
		return STORE_UNKNOWN;
	const struct ident *ident = ident_at(s, handle);

	if ((ident->state == STORE_ALIVE || ident->state == STORE_LAPSED) && account != NULL)
		account_fill(s, account_at(s, ident->account), account);
	if (ident->state == STORE_DEAD && tombstone != NULL)
		tombstone_fill(s, account_at(s, ident->account), tombstone);
	return (enum store_state)ident->state;
}

/* The next account after a place in a tree by name, if it has the name (with `prefix`: if its name
 * begins so); else NULL. */
static const struct account_slot *name_after(const struct store *s, uint32_t root,
                                             const struct name_key *after, struct view name,
                                             bool prefix)
{
	struct tree_use use = store_use(s, &name_order);
	uint32_t handle = tree_next(&use, root, after, store_hint(s, WALK_NAMES));

	if (!handle)
		return NULL;
	const struct account_slot *slot = account_at(s, handle);
	bool is_fit = prefix ? name_starts_with(name_of(slot), name)
	                     : name_equal(name_of(slot), name);

	return is_fit ? slot : NULL;
}

/* The confirmed ones are asked first. If the first account of the name is `except`, the second one
 * is the answer. */
bool store_holder(const struct store *s, struct view name, const struct id *except,
                  struct account *holder)
{
	assert(s->magic == STORE_MAGIC);
	for (unsigned confirmed = 2; confirmed-- > 0;) {
		struct id after = { { 0 } };
		struct name_key key = { name, &after };
		const struct account_slot *slot = name_after(s, s->names[confirmed], &key, name,
		                                             false);

		if (slot != NULL && except != NULL && id_equal(id_of(s, slot), except)) {
			after = *except;
			slot = name_after(s, s->names[confirmed], &key, name, false);
		}
		if (slot == NULL)
			continue;
		if (holder != NULL)
			account_fill(s, slot, holder);
		return true;
	}
	return false;
}

bool store_name_next(const struct store *s, struct view name, bool confirmed, struct id *after,
                     struct account *account)
{
	assert(s->magic == STORE_MAGIC);
	struct name_key key = { name, after };
	const struct account_slot *slot = name_after(s, s->names[confirmed], &key, name, false);

	if (slot == NULL)
		return false;
	*after = *id_of(s, slot);
	if (account != NULL)
		account_fill(s, slot, account);
	return true;
}

/* The last bytes of all ids whose text ends with `suffix`. False if no id's text does. */
static bool suffix_decode(struct view suffix, uint8_t bytes[SUFFIX_BYTES])
{
	uint64_t value = 0;

	if (suffix.size != ID_SUFFIX_SIZE)
		return false;
	for (size_t i = 0; i < suffix.size; i++) {
		int digit = id_digit(suffix.data[i]);

		if (digit < 0 || suffix.data[i] > 'Z')
			return false;
		value = value << 5 | (uint64_t)digit;
	}
	for (size_t i = 0; i < SUFFIX_BYTES; i++)
		bytes[i] = (uint8_t)(value >> (8 * (SUFFIX_BYTES - 1 - i)));
	return true;
}

bool store_suffix_next(const struct store *s, struct view name, struct view suffix,
                       struct id *after, struct account *account)
{
	assert(s->magic == STORE_MAGIC);
	struct id place = *after;
	struct name_key key = { name, &place };
	struct tree_use use = store_use(s, &suffix_order);
	uint8_t *end = place.bytes + ID_SIZE - SUFFIX_BYTES;
	uint8_t bytes[SUFFIX_BYTES];

	if (!suffix_decode(suffix, bytes))
		return false;
	/* The walk begins at the zero id with this end, which could be an account of its own: so
	 * the first step takes what is at that place, too. */
	memcpy(end, bytes, SUFFIX_BYTES);
	uint32_t handle = id_is_zero(after) ? tree_from(&use, s->suffixes, &key)
	                                    : tree_next(&use, s->suffixes, &key, NULL);

	if (!handle)
		return false;
	const struct account_slot *slot = account_at(s, handle);
	const struct id *id = id_of(s, slot);

	if (!name_equal(name_of(slot), name) ||
	    memcmp(id->bytes + ID_SIZE - SUFFIX_BYTES, bytes, SUFFIX_BYTES) != 0)
		return false;
	*after = *id;
	if (account != NULL)
		account_fill(s, slot, account);
	return true;
}

bool store_list_next(const struct store *s, struct view prefix, struct view after_name,
                     const struct id *after, struct account *account)
{
	assert(s->magic == STORE_MAGIC);
	struct id zero = { { 0 } };
	struct name_key key = { after_name, after == NULL ? &zero : after };

	/* A place before the prefix, as the beginning is, becomes the first that could have it. */
	if (name_compare(after_name, prefix) < 0)
		key = (struct name_key){ prefix, &zero };
	const struct account_slot *slot = name_after(s, s->names[1], &key, prefix, true);

	if (slot == NULL)
		return false;
	account_fill(s, slot, account);
	return true;
}

/* Each known id is in its trees and in no other, and the counts are right. */
void account_check(const struct store *s)
{
	struct tree_use idents = store_use(s, &ident_order);
	struct tree_use names = store_use(s, &name_order);
	struct tree_use suffixes = store_use(s, &suffix_order);
	uint64_t alive = 0;
	uint64_t lapsed = 0;
	uint64_t gone = 0;
	struct id id = { { 0 } };

	tree_check(&idents, s->accounts);
	tree_check(&names, s->names[0]);
	tree_check(&names, s->names[1]);
	tree_check(&suffixes, s->suffixes);
	for (uint32_t h; (h = tree_next(&idents, s->accounts, &id, NULL)) != 0;) {
		const struct ident *ident = ident_at(s, h);
		const struct account_slot *slot = account_at(s, ident->account);
		struct name_key key = { name_of(slot), &ident->id };

		assert(id_compare(&id, &ident->id) < 0);
		assert(slot->ident == h);
		assert(ident_find(s, &ident->id) == h);
		bool is_alive = !slot->gone && slot->mark != ACCOUNT_LAPSED;

		assert(slot->gone == (ident->state == STORE_DEAD));
		assert(is_alive == (ident->state == STORE_ALIVE));
		for (unsigned i = 0; i < 2; i++) {
			bool here = is_alive && (slot->mark == ACCOUNT_CONFIRMED) == i;

			assert(tree_find(&names, s->names[i], &key) == (here ? ident->account : 0));
		}
		assert(tree_find(&suffixes, s->suffixes, &key) == (is_alive ? ident->account : 0));
		if (slot->gone)
			assert(ident->mailbox == 0);
		*(slot->gone ? &gone : is_alive ? &alive : &lapsed) += 1;
		id = ident->id;
	}
	assert(alive == s->totals.accounts);
	assert(lapsed == s->totals.lapsed);
	assert(gone == s->totals.tombstones);
	assert(tree_count(s->arena, s->names[0]) + tree_count(s->arena, s->names[1]) == alive);
	assert(tree_count(s->arena, s->suffixes) == alive);
}
