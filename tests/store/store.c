/* SPDX-License-Identifier: MIT
 *
 * The store against a naive one: arrays of every account, every number of every stream, and
 * loops over all of them. Random facts go to both, and whatever can be asked is asked of both.
 * Few ids, few sessions, few numbers: so that everything meets everything.
 */
#include "store.h"
#include "tests/lib/tap.h"

static uint64_t all_steps = STORE_STEPS_ALL; /* of a walk */

enum {
	IDS = 6, /* 0 to IDS - 1; all may be recipients and senders */
	SESSIONS = 3,
	NUMBERS = 2600, /* at most; a world uses fewer */
	NAMES = 4,
	TEXTS = 8,
};

/* How large a world is, and how it is used. */
struct scale {
	unsigned ids;
	unsigned sessions;
	unsigned numbers;
	unsigned rounds;
	unsigned steps;
	unsigned check_every;
	bool bulk; /* fill and bury by the thousand */
};

struct cell {
	bool dead;
	bool live;
	uint8_t sent; /* 1 to 4 */
	uint8_t text;
};

struct naive {
	enum store_state state[IDS];
	bool confirmed[IDS];
	unsigned password[IDS];
	unsigned name[IDS];
	uint32_t strange[IDS];
	struct cell cells[IDS][IDS][SESSIONS][NUMBERS + 1];
};

static const struct scale *scale;
static struct naive naive;
static struct id ids[IDS];
static struct ulid sessions[SESSIONS];
static struct view texts[TEXTS]; /* with their audiences in ascending order */
static struct view audiences[TEXTS];
static uint8_t text_bytes[TEXTS][3000];
static const char *const names[NAMES] = { "anna", "bert", "BErt", "berTha" };
static const unsigned same_as[NAMES] = { 0, 1, 1, 3 }; /* the first of the same name */
static uint64_t random_state = 1;

static uint64_t random_u64(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state * UINT64_C(0x2545f4914f6cdd1d);
}

static unsigned below(unsigned limit)
{
	return (unsigned)(random_u64() >> 33) % limit;
}

/* Ids whose order is that of their index, though only late bytes say so for some. */
static void world_make(void)
{
	/* Two texts, a short one and a long one, are there with two audiences each. */
	static const size_t sizes[TEXTS] = { 5, 40, 40, 3000, 3000, 1024, 1025, 2000 };
	static const char letters[TEXTS] = "abbccdef";
	static const char all[] = "\2";
	static const char notice[] = "\4";
	static const char several[] = "\1\x09\0\1a\1b\1c\1d\1e\1f\1g\x0a"
				      "a_long.one";
	const struct view forms[TEXTS] = {
		{ 0 },
		{ 0 },
		view_of(all, 1),
		{ 0 },
		view_of(several, sizeof several - 1),
		view_of(several, sizeof several - 1),
		view_of(all, 1),
		view_of(notice, 1),
	};

	for (unsigned i = 0; i < IDS; i++)
		for (unsigned b = 0; b < ID_SIZE; b++)
			ids[i].bytes[b] = (uint8_t)(b < 12    ? 7 + i / 2
			                            : b == 12 ? i
			                                      : random_u64());
	for (unsigned i = 0; i < SESSIONS; i++)
		for (unsigned b = 0; b < ULID_SIZE; b++)
			sessions[i].bytes[b] = (uint8_t)(b == 15 ? i + 1 : 3);
	for (unsigned i = 0; i < TEXTS; i++) {
		memset(text_bytes[i], 'a', sizeof text_bytes[i]);
		text_bytes[i][0] = (uint8_t)letters[i];
		audiences[i] = forms[i];
		texts[i] = view_of(text_bytes[i], sizes[i]);
	}
}

/* ---- facts ---- */

/* `password`: twice the epoch, and which of the two of that epoch. */
enum { PASSWORDS = 8 };

static void put_password(struct account *account, unsigned password)
{
	static const char *const settings[] = { "$y$j9T$salt", "$y$j9T$sale", "$y$j9T$salt" };

	account->epoch = password / 2;
	if (account->epoch == 0)
		return;
	account->verifier.setting = view_of_string(settings[password % 3]);
	account->by = password % 2 != 0 ? ACCOUNT_BY_OPERATOR : ACCOUNT_BY_OWNER;
	memset(account->middle, account->id.bytes[0], KEY_SIZE);
	memset(account->verifier.stored_key, (int)password, KEY_SIZE);
}

static struct fact account_fact(unsigned id, unsigned name, bool confirmed)
{
	struct fact fact = { .kind = FACT_ACCOUNT };

	fact.account.id = ids[id];
	fact.account.name = view_of_string(names[name]);
	fact.account.confirmed = confirmed;
	fact.account.verifier.setting = view_of_string("$y$j9T$salt");
	memset(fact.account.verifier.seal, (int)id + 1, KEY_SIZE);
	memset(fact.account.verifier.lock, (int)id + 50, KEY_SIZE);
	memset(fact.account.verifier.stored_key, (int)id + 100, KEY_SIZE);
	memset(fact.account.verifier.server_key, (int)id + 150, KEY_SIZE);
	return fact;
}

static struct fact tombstone_fact(unsigned id, unsigned name)
{
	struct fact fact = { .kind = FACT_TOMBSTONE };

	fact.tombstone.id = ids[id];
	fact.tombstone.name = view_of_string(names[name]);
	memset(fact.tombstone.middle, (int)id + 1, KEY_SIZE);
	memset(fact.tombstone.delete_key, (int)id + 9, KEY_SIZE);
	return fact;
}

static struct stream stream_of(unsigned r, unsigned s, unsigned k)
{
	return (struct stream){ ids[r], ids[s], sessions[k] };
}

static struct fact message_fact(unsigned r, unsigned s, unsigned k, uint64_t n, unsigned sent,
                                unsigned text)
{
	struct fact fact = { .kind = FACT_MESSAGE };

	fact.message = (struct message){ stream_of(r, s, k), n, sent, texts[text],
		                         audiences[text] };
	return fact;
}

static struct fact burial_fact(unsigned r, unsigned s, unsigned k, uint64_t first, uint64_t last)
{
	struct fact fact = { .kind = FACT_BURIAL };

	fact.burial = (struct burial){ stream_of(r, s, k), { first, last } };
	return fact;
}

/* ---- the naive store ---- */

static void naive_clear(void)
{
	memset(&naive, 0, sizeof naive);
	for (unsigned i = 0; i < IDS; i++)
		naive.name[i] = below(NAMES);
}

/* Calls for each cell of the world; a macro because it is a fourfold loop. */
#define EACH_STREAM(r, s, k)                              \
	for (unsigned r = 0; r < scale->ids; r++)         \
		for (unsigned s = 0; s < scale->ids; s++) \
			for (unsigned k = 0; k < scale->sessions; k++)
#define EACH_NUMBER(n) for (unsigned n = 1; n <= scale->numbers; n++)

static bool naive_holds(unsigned r, unsigned s, unsigned k)
{
	EACH_NUMBER(n)
	if (naive.cells[r][s][k][n].live || naive.cells[r][s][k][n].dead)
		return true;
	return false;
}

static void naive_share(unsigned recipient, unsigned sender, uint32_t *messages, uint64_t *bytes)
{
	bool unknown = naive.state[recipient] == STORE_UNKNOWN;

	*messages = sender == recipient ? naive.strange[recipient] : 0;
	*bytes = 0;
	for (unsigned r = 0; r < scale->ids; r++) {
		if (unknown ? naive.state[r] != STORE_UNKNOWN : r != recipient)
			continue;
		for (unsigned k = 0; k < scale->sessions; k++) {
			unsigned live = 0;

			EACH_NUMBER(n)
			{
				const struct cell *cell = &naive.cells[r][sender][k][n];

				live += cell->live;
				if (cell->live)
					*bytes += texts[cell->text].size +
					          audiences[cell->text].size;
			}
			*messages += live;
			*messages += !unknown && live == 0 && naive_holds(r, sender, k);
		}
	}
}

static bool is_used(const struct cell *cell)
{
	return cell->dead || cell->live;
}

/* Runs of numbers that are used. */
static unsigned naive_runs(unsigned r, unsigned s, unsigned k)
{
	const struct cell *cells = naive.cells[r][s][k];
	unsigned count = 0;

	EACH_NUMBER(n)
	count += is_used(&cells[n]) && !is_used(&cells[n - 1]);
	return count;
}

/* Whether any number of these, or beside them, is used. */
static bool touches(const struct cell *cells, unsigned first, unsigned last)
{
	bool used = false;

	for (unsigned n = first - 1; n <= last + 1 && n <= scale->numbers; n++)
		used |= is_used(&cells[n]);
	return used;
}

static const unsigned ranks[PASSWORDS] = { 0, 0, 2, 1, 4, 3, 5, 6 }; /* the larger one wins */

static bool naive_mark(unsigned id, bool confirmed, bool lapsed)
{
	if ((naive.state[id] == STORE_ALIVE && (naive.confirmed[id] || (!confirmed && !lapsed))) ||
	    (naive.state[id] == STORE_LAPSED && !confirmed))
		return false;
	naive.state[id] = lapsed ? STORE_LAPSED : STORE_ALIVE;
	naive.confirmed[id] = confirmed;
	return true;
}

static enum store_result naive_account(unsigned id, bool confirmed, bool lapsed, unsigned password)
{
	enum store_state before = naive.state[id];
	if (before == STORE_DEAD)
		return STORE_GONE;
	bool is_marked = naive_mark(id, confirmed, lapsed);

	if (before != STORE_UNKNOWN && ranks[password] <= ranks[naive.password[id]])
		return is_marked ? STORE_NEW : STORE_KNOWN;
	naive.password[id] = password;
	return before == STORE_UNKNOWN ? STORE_NEW : STORE_REPLACED;
}

static enum store_result naive_tombstone(unsigned id)
{
	if (naive.state[id] == STORE_DEAD)
		return STORE_KNOWN;
	naive.state[id] = STORE_DEAD;
	naive.strange[id] = 0;
	memset(naive.cells[id], 0, sizeof naive.cells[id]);
	return STORE_NEW;
}

static enum store_result naive_message(unsigned r, unsigned s, unsigned k, unsigned n,
                                       unsigned sent, unsigned text,
                                       const struct store_limits *limits)
{
	struct cell *cell = &naive.cells[r][s][k][n];
	uint32_t messages;
	uint64_t bytes;

	if (naive.state[r] == STORE_DEAD)
		return STORE_GONE;
	if (cell->dead)
		return STORE_KNOWN;
	if (cell->live) {
		if (cell->sent == sent && cell->text == text)
			return STORE_KNOWN;
		if (sent > cell->sent || (sent == cell->sent && text > cell->text))
			return STORE_KEPT;
		*cell = (struct cell){ .live = true, .sent = (uint8_t)sent, .text = (uint8_t)text };
		return STORE_REPLACED;
	}
	naive_share(r, s, &messages, &bytes);
	if (limits && (messages >= 2 * limits->share_messages || bytes >= 2 * limits->share_bytes))
		return STORE_FULL;
	if (limits && !touches(naive.cells[r][s][k], n, n) && naive_runs(r, s, k) > limits->gaps)
		return STORE_GAPS;
	*cell = (struct cell){ .live = true, .sent = (uint8_t)sent, .text = (uint8_t)text };
	return STORE_NEW;
}

static enum store_result naive_burial(unsigned r, unsigned s, unsigned k, unsigned first,
                                      unsigned last, const struct store_limits *limits)
{
	struct cell *cells = naive.cells[r][s][k];
	bool all_dead = true;
	bool holds = naive_holds(r, s, k);
	uint32_t messages;
	uint64_t bytes;

	if (naive.state[r] == STORE_DEAD)
		return STORE_GONE;
	for (unsigned n = first; n <= last; n++)
		all_dead &= cells[n].dead;
	if (all_dead)
		return STORE_KNOWN;
	naive_share(r, r, &messages, &bytes);
	if (limits && !holds && messages >= 2 * limits->share_messages)
		return STORE_FULL;
	if (limits && !touches(cells, first, last) && naive_runs(r, s, k) > 3 * (limits->gaps + 1))
		return STORE_GAPS;
	naive.strange[r] += limits && !holds;
	for (unsigned n = first; n <= last; n++)
		cells[n] = (struct cell){ .dead = true };
	return STORE_NEW;
}

/* ---- comparing ---- */

static bool same_text(struct view a, struct view b)
{
	return view_equal(a, b);
}

static bool same_message(const struct message *m, unsigned r, unsigned s, unsigned k, unsigned n)
{
	const struct cell *cell = &naive.cells[r][s][k][n];
	struct stream stream = stream_of(r, s, k);

	return stream_compare(&m->stream, &stream) == 0 && m->number == n &&
	       m->sent_ms == cell->sent && same_text(m->text, texts[cell->text]) &&
	       view_equal(m->audience, audiences[cell->text]);
}

static unsigned range_end(unsigned r, unsigned s, unsigned k, unsigned n)
{
	while (n < scale->numbers && naive.cells[r][s][k][n + 1].dead)
		n++;
	return n;
}

static bool same_range(const struct fact *fact, unsigned r, unsigned s, unsigned k, unsigned n)
{
	struct stream stream = stream_of(r, s, k);

	return fact->kind == FACT_BURIAL && stream_compare(&fact->burial.stream, &stream) == 0 &&
	       fact->burial.range.first == n && fact->burial.range.last == range_end(r, s, k, n);
}

static bool starts_range(unsigned r, unsigned s, unsigned k, unsigned n)
{
	const struct cell *cells = naive.cells[r][s][k];

	return cells[n].dead && !cells[n - 1].dead;
}

/* All elements in order of key; also the sum. */
static bool same_walk(const struct store *store)
{
	struct store_key after = { 0 };
	struct store_totals totals;
	struct fact fact;
	uint64_t sum = 0;
	uint64_t facts = 0;

	for (unsigned i = 0; i < scale->ids; i++) {
		if (naive.state[i] == STORE_UNKNOWN)
			continue;
		if (!store_next(store, &after, &fact))
			return false;
		if (naive.state[i] != STORE_DEAD &&
		    (fact.kind != FACT_ACCOUNT || !id_equal(&fact.account.id, &ids[i]) ||
		     fact.account.confirmed != naive.confirmed[i] ||
		     fact.account.lapsed != (naive.state[i] == STORE_LAPSED) ||
		     fact.account.verifier.lock[31] != i + 50 ||
		     fact.account.verifier.seal[0] != i + 1 ||
		     fact.account.verifier.setting.size != 11))
			return false;
		if (naive.state[i] == STORE_DEAD &&
		    (fact.kind != FACT_TOMBSTONE || !id_equal(&fact.tombstone.id, &ids[i]) ||
		     fact.tombstone.middle[31] != i + 1 || fact.tombstone.delete_key[31] != i + 9))
			return false;
		sum += store_fact_hash(&fact);
		facts++;
	}
	EACH_STREAM(r, s, k)
	EACH_NUMBER(n)
	{
		bool live = naive.cells[r][s][k][n].live;

		if (!live && !starts_range(r, s, k, n))
			continue;
		if (!store_next(store, &after, &fact))
			return false;
		if (live && (fact.kind != FACT_MESSAGE || !same_message(&fact.message, r, s, k, n)))
			return false;
		if (!live && !same_range(&fact, r, s, k, n))
			return false;
		sum += store_fact_hash(&fact);
		facts++;
	}
	store_totals(store, &totals);
	if (totals.facts != facts || store_next(store, &after, &fact))
		return false;
	return totals.sum == sum || store_work_given(store) != store_work_done(store);
}

/* One mailbox by place. With `fact`s from pending or messages from the mailbox: `next` says
 * which. */
static bool same_places(const struct store *store, unsigned r, struct store_pending *pending)
{
	struct place after = { 0 };
	struct message message;
	struct fact fact;

	for (unsigned sent = 1; sent <= 4; sent++)
		for (unsigned s = 0; s < scale->ids; s++)
			for (unsigned k = 0; k < scale->sessions; k++)
				EACH_NUMBER(n)
				{
					const struct cell *cell = &naive.cells[r][s][k][n];

					if (!cell->live || cell->sent != sent)
						continue;
					if (pending) {
						if (store_pending_next(store, pending, &fact,
						                       &all_steps) !=
						            STORE_STEP_FOUND ||
						    fact.kind != FACT_MESSAGE)
							return false;
						message = fact.message;
					} else if (store_mailbox_next(store, &ids[r], &after,
					                              &message, &all_steps) !=
					           STORE_STEP_FOUND) {
						return false;
					}
					if (!same_message(&message, r, s, k, n))
						return false;
				}
	return pending ||
	       store_mailbox_next(store, &ids[r], &after, &message, &all_steps) != STORE_STEP_FOUND;
}

static bool same_pending(const struct store *store)
{
	struct store_pending after;
	struct fact fact;

	memset(&after, 0, sizeof after);
	for (unsigned r = 0; r < scale->ids; r++) {
		for (unsigned s = 0; s < scale->ids; s++)
			for (unsigned k = 0; k < scale->sessions; k++)
				EACH_NUMBER(n)
				{
					if (!starts_range(r, s, k, n))
						continue;
					if (store_pending_next(store, &after, &fact, &all_steps) !=
					            STORE_STEP_FOUND ||
					    !same_range(&fact, r, s, k, n))
						return false;
				}
		if (!same_places(store, r, &after))
			return false;
	}
	return store_pending_next(store, &after, &fact, &all_steps) != STORE_STEP_FOUND;
}

static bool same_streams(const struct store *store)
{
	EACH_STREAM(r, s, k)
	{
		struct stream stream = stream_of(r, s, k);
		struct range range;
		uint64_t after = 0;

		if (store_holds(store, &stream) != naive_holds(r, s, k))
			return false;
		EACH_NUMBER(n)
		{
			if (!starts_range(r, s, k, n))
				continue;
			if (!store_range_next(store, &stream, after, &range) || range.first != n ||
			    range.last != range_end(r, s, k, n))
				return false;
			after = range.last;
		}
		if (store_range_next(store, &stream, after, &range))
			return false;
	}
	return true;
}

static bool same_shares(const struct store *store)
{
	for (unsigned r = 0; r < scale->ids; r++)
		for (unsigned s = 0; s < scale->ids; s++) {
			uint32_t messages, want_messages;
			uint64_t bytes, want_bytes;

			store_share(store, &ids[r], &ids[s], &messages, &bytes);
			naive_share(r, s, &want_messages, &want_bytes);
			if (messages != want_messages || bytes != want_bytes)
				return false;
		}
	return true;
}

/* The naive answer to store_name_next, store_suffix_next (`by_suffix`) and store_list_next is a
 * loop. */
static bool same_names(const struct store *store)
{
	struct account account;

	for (unsigned name = 0; name < NAMES; name++) {
		struct view view = view_of_string(names[name]);

		for (unsigned confirmed = 0; confirmed < 2; confirmed++) {
			struct id after = { { 0 } };

			for (unsigned i = 0; i < scale->ids; i++)
				if (naive.state[i] == STORE_ALIVE &&
				    same_as[naive.name[i]] == same_as[name] &&
				    naive.confirmed[i] == confirmed) {
					if (!store_name_next(store, view, confirmed, &after,
					                     &account) ||
					    !id_equal(&account.id, &ids[i]) ||
					    !id_equal(&after, &ids[i]))
						return false;
				}
			if (store_name_next(store, view, confirmed, &after, &account))
				return false;
		}
		for (unsigned except = 0; except <= scale->ids; except++) {
			unsigned want = IDS;
			bool found = store_holder(
				store, view, except < scale->ids ? &ids[except] : NULL, &account);

			for (unsigned i = scale->ids; i-- > 0;)
				if (naive.state[i] == STORE_ALIVE &&
				    same_as[naive.name[i]] == same_as[name] && i != except &&
				    (want == IDS || naive.confirmed[i] >= naive.confirmed[want]))
					want = i;
			if (found != (want < IDS) || (found && !id_equal(&account.id, &ids[want])))
				return false;
		}
	}
	return true;
}

static bool same_suffixes(const struct store *store)
{
	for (unsigned i = 0; i < scale->ids; i++) {
		struct view name = view_of_string(names[naive.name[i]]);
		struct id after = { { 0 } };
		struct account account;
		char text[ID_TEXT_SIZE + 1];
		bool alive = naive.state[i] == STORE_ALIVE;

		id_to_text(&ids[i], text);
		struct view suffix = view_of_string(text + ID_TEXT_SIZE - ID_SUFFIX_SIZE);

		if (store_suffix_next(store, name, suffix, &after, &account) != alive)
			return false;
		if (alive && (!id_equal(&account.id, &ids[i]) ||
		              store_suffix_next(store, name, suffix, &after, &account)))
			return false;
	}
	return true;
}

static bool same_list(const struct store *store)
{
	static const char *const prefixes[] = { "", "A", "ber", "bert", "bERTha", "c" };

	for (size_t p = 0; p < sizeof prefixes / sizeof prefixes[0]; p++) {
		struct view prefix = view_of_string(prefixes[p]);
		struct view after_name = view_of(NULL, 0);
		struct id after = { { 0 } };
		struct account account;

		for (unsigned name = 0; name < NAMES; name++)
			for (unsigned i = 0; i < scale->ids; i++) {
				if (naive.state[i] != STORE_ALIVE || !naive.confirmed[i] ||
				    same_as[naive.name[i]] != name ||
				    strncasecmp(names[name], prefixes[p], prefix.size) != 0)
					continue;
				if (!store_list_next(store, prefix, after_name, &after, &account) ||
				    !id_equal(&account.id, &ids[i]))
					return false;
				after_name = view_of_string(names[naive.name[i]]);
				after = account.id;
			}
		if (store_list_next(store, prefix, after_name, &after, &account))
			return false;
	}
	return true;
}

static bool same_password(const struct account *account, unsigned id)
{
	struct account want = account_fact(id, naive.name[id], false).account;

	put_password(&want, naive.password[id]);
	return account_verifier_compare(account, &want) == 0 &&
	       memcmp(account->verifier.lock, want.verifier.lock, KEY_SIZE) == 0 &&
	       (want.epoch == 0 || memcmp(account->middle, want.middle, KEY_SIZE) == 0);
}

static bool same_states(const struct store *store)
{
	for (unsigned i = 0; i < scale->ids; i++) {
		struct account account;
		struct tombstone tombstone;
		enum store_state state = store_find(store, &ids[i], &account, &tombstone);

		if (state != naive.state[i])
			return false;
		if (state == STORE_ALIVE &&
		    (account.confirmed != naive.confirmed[i] || !same_password(&account, i)))
			return false;
		if (state == STORE_DEAD && !id_equal(&tombstone.id, &ids[i]))
			return false;
	}
	return true;
}

/* ---- random worlds ---- */

static enum store_result step_account(struct store *store, enum store_result *want)
{
	unsigned id = below(scale->ids);
	bool confirmed = below(3) == 0;
	bool lapsed = !confirmed && below(4) == 0;
	unsigned password = below(3) == 0 ? below(PASSWORDS) : 0;
	struct fact fact = account_fact(id, naive.name[id], confirmed);

	fact.account.lapsed = lapsed;
	put_password(&fact.account, password);
	*want = naive_account(id, confirmed, lapsed, password);
	return store_apply(store, &fact, NULL);
}

static enum store_result step_message(struct store *store, const struct store_limits *limits,
                                      enum store_result *want)
{
	unsigned r = below(scale->ids);
	unsigned s = below(scale->ids);
	unsigned k = below(scale->sessions);
	unsigned n = 1 + below(scale->numbers);
	unsigned sent = 1 + below(4);
	unsigned text = below(TEXTS);
	struct fact fact = message_fact(r, s, k, n, sent, text);

	*want = naive_message(r, s, k, n, sent, text, limits);
	/* A look ahead, at who is known, unknown and gone, makes no difference to anything. */
	store_expect(store, &ids[s], &sessions[k], ids, below(scale->ids + 1));
	return store_apply(store, &fact, limits);
}

static enum store_result step_burial(struct store *store, const struct store_limits *limits,
                                     enum store_result *want)
{
	unsigned r = below(scale->ids);
	unsigned s = below(scale->ids);
	unsigned k = below(scale->sessions);
	unsigned first = 1 + below(scale->numbers);
	unsigned width = below(scale->bulk && below(4) == 0 ? scale->numbers : 4);
	unsigned last = first + width < scale->numbers ? first + width : scale->numbers;
	struct fact fact = burial_fact(r, s, k, first, last);

	*want = naive_burial(r, s, k, first, last, limits);
	return store_apply(store, &fact, limits);
}

/* Many messages of one stream, so that a burial of it goes in slices. */
static bool step_bulk(struct store *store)
{
	unsigned r = below(scale->ids);
	unsigned s = below(scale->ids);
	unsigned k = below(scale->sessions);
	bool same = true;

	EACH_NUMBER(n)
	{
		unsigned sent = 1 + n * 4 / (scale->numbers + 1);
		unsigned text = below(3);
		struct fact fact = message_fact(r, s, k, n, sent, text);

		same &= naive_message(r, s, k, n, sent, text, NULL) ==
		        store_apply(store, &fact, NULL);
	}
	return same;
}

static bool step(struct store *store, unsigned *pressed)
{
	static const struct store_limits limits = { 12, 9000, 3 };
	const struct store_limits *some = !scale->bulk && below(2) ? &limits : NULL;
	enum store_result got, want;
	unsigned kind = below(1000);
	unsigned deadly = scale->bulk ? 500 : 1500;

	if (below(deadly) == 0) {
		unsigned id = below(scale->ids);
		struct fact fact = tombstone_fact(id, naive.name[id]);

		want = naive_tombstone(id);
		got = store_apply(store, &fact, NULL);
	} else if (kind < 8) {
		got = step_account(store, &want);
	} else if (kind < 12 && scale->bulk) {
		return step_bulk(store);
	} else if (kind < 300) {
		got = step_burial(store, some, &want);
	} else if (kind < 340) {
		(void)store_work(store, 1 + below(200)); /* whether there is more is asked below */
		return true;
	} else {
		got = step_message(store, some, &want);
	}
	pressed[got]++;
	return got == want;
}

static void compare_all(const struct store *store)
{
	store_check(store);
	ALWAYS(same_walk(store), "a walk shows what the naive store holds, in order of key");
	for (unsigned r = 0; r < scale->ids; r++)
		ALWAYS(same_places(store, r, NULL), "a mailbox is in order of place");
	ALWAYS(same_pending(store), "pending is by mailbox, ranges first");
	ALWAYS(same_streams(store), "a stream's ranges are maximal");
	if (store_work_given(store) ==
	    store_work_done(store)) /* else a stream may not be read yet */
		ALWAYS(same_shares(store), "shares are what is live, and streams that were read");
	ALWAYS(same_names(store), "names lead to their accounts");
	ALWAYS(same_suffixes(store), "a suffix leads to its account");
	ALWAYS(same_list(store), "a list is of confirmed accounts by name and id");
	ALWAYS(same_states(store), "accounts are unknown, alive or dead");
}

static void world_test(const struct scale *size, const char *name)
{
	unsigned pressed[STORE_GAPS + 1] = { 0 };
	unsigned wrong = 0;
	unsigned sliced = 0;
	int failed_before = tap_failed;

	scale = size;
	for (unsigned round = 0; round < scale->rounds; round++) {
		struct store *store = store_new();

		store_seed(store,
		           (const uint8_t[SIPHASH_KEY_SIZE]){ round % 2 ? (uint8_t)round : 0 });
		naive_clear();
		for (unsigned i = 0; i < scale->steps; i++) {
			wrong += !step(store, pressed);
			sliced += store_work_given(store) != store_work_done(store);
			if (i % scale->check_every == scale->check_every - 1)
				compare_all(store);
		}
		while (store_work(store, 100))
			;
		compare_all(store);
		store_free(store);
	}
	printf("# %s: new %u known %u gone %u replaced %u kept %u full %u gaps %u, %u in slices\n",
	       name, pressed[STORE_NEW], pressed[STORE_KNOWN], pressed[STORE_GONE],
	       pressed[STORE_REPLACED], pressed[STORE_KEPT], pressed[STORE_FULL],
	       pressed[STORE_GAPS], sliced);
	IS_U64(wrong, 0, "store: every fact has the result that the naive store gives");
	OK(tap_failed == failed_before, name);
	OK(pressed[STORE_NEW] && pressed[STORE_KNOWN] && pressed[STORE_GONE] &&
	           pressed[STORE_REPLACED] && pressed[STORE_KEPT],
	   "store: the random facts met every rule of the join");
	OK(scale->bulk ? sliced > 100 : pressed[STORE_FULL] > 100 && pressed[STORE_GAPS] > 100,
	   "store: the random facts met what their world is for");
}

/* ---- order of arrival ---- */

enum { LIST_MAX = 1500 };

static struct fact list[LIST_MAX];

static void list_make(void)
{
	for (unsigned i = 0; i < LIST_MAX; i++) {
		unsigned r = below(IDS), s = below(IDS), k = below(SESSIONS);
		unsigned n = 1 + below(30);
		unsigned kind = below(100);

		if (kind < 3)
			list[i] = account_fact(r, naive.name[r], below(2));
		else if (kind == 3 && r == 0)
			list[i] = tombstone_fact(r, naive.name[r]);
		else if (kind < 40)
			list[i] = burial_fact(r, s, k, n, n + below(3));
		else
			list[i] = message_fact(r, s, k, n, 1 + below(4), below(TEXTS));
	}
}

/* One number for everything that comes out of a walk, in its order. */
static uint64_t walk_hash(const struct store *store)
{
	struct store_key key = { 0 };
	struct store_pending pending;
	struct fact fact;
	uint64_t hash = 0;

	memset(&pending, 0, sizeof pending);
	while (store_next(store, &key, &fact))
		hash = hash * 31 + store_fact_hash(&fact);
	while (store_pending_next(store, &pending, &fact, &all_steps) == STORE_STEP_FOUND)
		hash = hash * 31 + store_fact_hash(&fact);
	return hash;
}

static struct store *store_of_list(void)
{
	struct store *store = store_new();

	for (unsigned i = 0; i < LIST_MAX; i++)
		(void)store_apply(store, &list[i], NULL); /* the walk is what counts here */
	while (store_work(store, 7))
		;
	store_check(store);
	return store;
}

static void order_test(void)
{
	bool same = true;

	naive_clear();
	for (unsigned round = 0; round < 20; round++) {
		struct store_totals a, b;

		list_make();
		struct store *first = store_of_list();

		for (unsigned i = LIST_MAX; i-- > 1;) {
			unsigned j = below(i + 1);
			struct fact swap = list[i];

			list[i] = list[j];
			list[j] = swap;
		}
		struct store *second = store_of_list();

		for (unsigned i = 0; i < LIST_MAX; i += 3)
			(void)store_apply(second, &list[i], NULL); /* twice is once */
		store_totals(first, &a);
		store_totals(second, &b);
		same &= walk_hash(first) == walk_hash(second);
		same &= a.sum == b.sum && a.facts == b.facts && a.streams == b.streams;
		store_free(first);
		store_free(second);
	}
	OK(same, "store: the same facts in any order, also twice, give the same walks and sums");
}

int main(void)
{
	static const struct scale small = { IDS, SESSIONS, 24, 60, 4000, 500, false };
	static const struct scale tiny = { 3, 2, 60, 60, 1500, 100, false };
	static const struct scale large = { 3, 1, NUMBERS, 6, 2500, 250, true };

	world_make();
	world_test(&small, "store: answers as the naive store, many streams");
	world_test(&tiny, "store: answers as the naive store, few streams with many holes");
	world_test(&large, "store: answers as the naive store while burials go in slices");
	order_test();
	return tap_done();
}
