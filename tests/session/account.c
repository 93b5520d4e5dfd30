/* SPDX-License-Identifier: MIT
 *
 * Accounts and sessions: create, hand over, confirm, delete, look up, list; log in and the table of
 * who takes over from whom; what a full disk refuses.
 */
#include "tests/session/fixture.h"

#include "base/sha256.h"

static struct frame lookup_of(const char *name, const char *suffix)
{
	struct frame frame = { .type = FRAME_LOOKUP_NAME };

	frame.lookup_name.name = view_of_string(name);
	frame.lookup_name.suffix = view_of_string(suffix);
	return frame;
}

static unsigned count_of(struct view entries)
{
	struct reader r = reader_of(entries);
	struct entry entry;
	unsigned count = 0;

	while (protocol_next_entry(&r, &entry))
		count++;
	return count;
}

static struct frame introduce(struct rig *r, struct peer *peer, const struct person *p)
{
	return rig_ask(r, peer, introduction(r, peer, p, FRAME_INTRODUCE));
}

static struct frame hand_over(struct rig *r, struct peer *peer, const struct person *p)
{
	return rig_ask(r, peer, introduction(r, peer, p, FRAME_HANDOVER));
}

static void test_create(void)
{
	struct rig r;
	struct person alice = person_make("alice", 1, CLOCK_MS);
	const struct account account = account_of(&alice);
	uint8_t want[KEY_SIZE];

	rig_open(&r);
	struct peer *peer = rig_join(&r);

	IS_U64(rig_entry(&r, peer, &alice).state, ENTRY_UNKNOWN,
	       "create: nobody is there at first");
	struct frame reply = introduce(&r, peer, &alice);

	IS_U64(reply.status, STATUS_OK, "create: an introduction is accepted");
	introduction_of(&r, peer, &account, FRAME_INTRODUCE, want);
	IS_BYTES(reply.introduced.signature, want, KEY_SIZE,
	         "create: the replica shows that it has opened the box");
	struct entry entry = rig_entry(&r, peer, &alice);

	IS_U64(entry.state, ENTRY_ALIVE, "create: then the account is known");
	IS_U64(entry.marks, MARK_HOLDER, "create: unconfirmed, and the only one of its name");
	OK(view_equal(entry.setting, view_of_string(setting_text)), "create: with its setting");
	IS_U64(introduce(&r, peer, &alice).status, STATUS_OK, "create: again, the same answer");
	IS_U64(r.position, 1, "create: and nothing more to journal");
	IS_U64(rig_ask(&r, peer, confirmation_of(&alice)).status, STATUS_OK,
	       "create: is confirmed");
	IS_U64(rig_entry(&r, peer, &alice).marks, MARK_HOLDER | MARK_CONFIRMED,
	       "create: is marked");
	IS_U64(rig_ask(&r, peer, confirmation_of(&alice)).status, STATUS_OK,
	       "create: confirmed twice");
	IS_U64(r.position, 2, "create: is confirmed once");
	rig_close(&r);
}

static void test_proof(void)
{
	struct rig r;
	struct person alice = person_make("alice", 1, CLOCK_MS);

	rig_open(&r);
	struct peer *peer = rig_join(&r);
	struct frame frame = introduction(&r, peer, &alice, FRAME_INTRODUCE);

	frame.introduce.box.parts[3][3] ^= 1;
	IS_U64(rig_ask(&r, peer, frame).status, STATUS_WRONG_PROOF,
	       "proof: a box that was changed is refused");
	frame.introduce.box.parts[3][3] ^= 1;
	memset(frame.introduce.box.public, 0, KEY_SIZE);
	IS_U64(rig_ask(&r, peer, frame).status, STATUS_WRONG_PROOF,
	       "proof: a box without a key is refused");
	struct account other = account_of(&alice);
	uint8_t answer[KEY_SIZE];

	other.verifier.lock[0] ^= 1;
	frame = introduction_of(&r, peer, &other, FRAME_INTRODUCE, answer);
	IS_U64(rig_ask(&r, peer, frame).status, STATUS_WRONG_PROOF,
	       "proof: an id that does not vouch for its content is refused");
	frame = introduction(&r, peer, &alice, FRAME_INTRODUCE);
	IS_U64(rig_ask(&r, rig_join(&r), frame).status, STATUS_WRONG_PROOF,
	       "proof: is worth nothing on another connection");
	IS_U64(rig_ask(&r, peer, confirmation_of(&alice)).status, STATUS_WRONG_PROOF,
	       "proof: a refused one proves nothing");
	IS_U64(r.position, 0, "proof: nothing was stored");
	rig_close(&r);
}

/* Another live account with the name: a no, the first time and every time. */
static void test_taken(void)
{
	struct rig r;
	struct person first = person_make("alice", 1, CLOCK_MS);
	struct person second = person_make("alice", 2, CLOCK_MS + 5);

	rig_open(&r);
	struct peer *peer = rig_join(&r);

	rig_create(&r, peer, &first);
	for (int i = 0; i < 2; i++) {
		struct frame reply = introduce(&r, peer, &second);

		IS_U64(reply.status, STATUS_TAKEN, "taken: a held name is refused each time");
		OK(id_equal(&reply.introduced.entry.id, &first.account.id),
		   "taken: the refusal names the holder");
		OK(view_equal(reply.introduced.entry.setting, view_of_string(setting_text)),
		   "taken: with his setting");
	}
	IS_U64(rig_ask(&r, peer, confirmation_of(&second)).status, STATUS_WRONG_PROOF,
	       "taken: a refused introduction proves nothing");
	IS_U64(hand_over(&r, peer, &second).status, STATUS_OK, "taken: a hand-over does not ask");
	IS_U64(introduce(&r, peer, &second).status, STATUS_TAKEN,
	       "taken: an introduction is refused although the account is here already");
	struct frame reply = rig_ask(&r, peer, confirmation_of(&second));

	IS_U64(reply.status, STATUS_TAKEN, "taken: confirm tests the name too");
	OK(id_equal(&reply.introduced.entry.id, &first.account.id), "taken: and names the holder");
	IS_U64(introduce(&r, peer, &first).status, STATUS_TAKEN,
	       "taken: the holder's own introduction meets the other");
	IS_U64(hand_over(&r, peer, &first).status, STATUS_OK, "taken: his hand-over does not");
	IS_U64(rig_ask(&r, peer, confirmation_of(&first)).status, STATUS_OK,
	       "taken: but what is confirmed stays a yes");
	IS_U64(rig_ask(&r, peer, deletion_of(&second)).status, STATUS_OK, "taken: take back");
	IS_U64(introduce(&r, peer, &first).status, STATUS_OK, "taken: then nobody is in the way");
	rig_close(&r);
}

static void test_gone(void)
{
	struct rig r;
	struct person alice = person_make("alice", 1, CLOCK_MS);
	struct person other = person_make("bob", 2, CLOCK_MS);

	rig_open(&r);
	struct peer *peer = rig_join(&r);

	rig_create(&r, peer, &alice);
	struct frame wrong = deletion_of(&alice);

	wrong.tombstone.delete_key[0] ^= 1;
	IS_U64(rig_ask(&r, peer, wrong).status, STATUS_WRONG_PROOF,
	       "gone: a made-up key deletes none");
	IS_U64(rig_ask(&r, rig_join(&r), deletion_of(&alice)).status, STATUS_OK,
	       "gone: a tombstone proves itself, whoever brings it");
	IS_U64(rig_ask(&r, peer, deletion_of(&alice)).status, STATUS_OK, "gone: twice is once");
	IS_U64(r.position, 3, "gone: and journalled once");
	struct frame reply = introduce(&r, peer, &alice);

	IS_U64(reply.status, STATUS_GONE, "gone: is not introduced again");
	OK(view_equal(reply.introduced.entry.name, view_of_string("alice")), "gone: with its name");
	IS_BYTES(reply.introduced.entry.delete_key, alice.delete_key, KEY_SIZE,
	         "gone: the refusal is the tombstone");
	IS_U64(hand_over(&r, peer, &alice).status, STATUS_GONE, "gone: is not handed over again");
	IS_U64(rig_ask(&r, peer, confirmation_of(&alice)).status, STATUS_GONE,
	       "gone: nor confirmed");
	IS_U64(rig_ask(&r, peer, login_of(&r, peer, &alice, 1, 1)).status, STATUS_GONE,
	       "gone: nor logged in to");
	IS_U64(rig_entry(&r, peer, &alice).state, ENTRY_GONE, "gone: a look up says so");
	IS_U64(rig_ask(&r, peer, deletion_of(&other)).status, STATUS_OK,
	       "gone: a tombstone may come before its account");
	IS_U64(introduce(&r, peer, &other).status, STATUS_GONE, "gone: which then does not come");
	struct person again = person_make("alice", 3, CLOCK_MS);

	IS_U64(introduce(&r, peer, &again).status, STATUS_OK, "gone: frees the name");
	rig_close(&r);
}

/* One minute behind the replica's clock, not more; ahead does not matter. */
static void test_clock(void)
{
	struct rig r;
	static const struct {
		const char *name;
		int64_t age_ms;
		enum status status;
	} rows[] = {
		{ "minute", 60000, STATUS_OK },
		{ "more", 60001, STATUS_CLOCK },
		{ "ahead", -700000, STATUS_OK },
		{ "old", 900000, STATUS_CLOCK },
	};

	rig_open(&r);
	struct peer *peer = rig_join(&r);

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct person p = person_make(rows[i].name, (uint8_t)(i + 1),
		                              (uint64_t)(CLOCK_MS - rows[i].age_ms));

		IS_U64(introduce(&r, peer, &p).status, STATUS_OK, "clock: introduced at any age");
		IS_U64(rig_ask(&r, peer, confirmation_of(&p)).status, rows[i].status,
		       "clock: confirmed if not over a minute old");
	}
	struct person minute = person_make("minute", 1, CLOCK_MS - 60000);

	r.time.clock_ms += 1000000;
	introduce(&r, peer, &minute);
	IS_U64(rig_ask(&r, peer, confirmation_of(&minute)).status, STATUS_OK,
	       "clock: what is confirmed stays so however old it gets");
	struct person unknown = person_make("unknown", 9, CLOCK_MS);

	IS_U64(rig_ask(&r, peer, confirmation_of(&unknown)).status, STATUS_WRONG_PROOF,
	       "clock: who was not introduced here has proved nothing");
	rig_close(&r);
}

static void test_lookup(void)
{
	struct rig r;
	struct person first = person_make("alice", 1, CLOCK_MS);
	char suffix[ID_TEXT_SIZE + 1];

	rig_open(&r);
	struct peer *peer = rig_join(&r);
	struct frame reply = rig_ask(&r, peer, lookup_of("alice", ""));

	IS_U64(reply.entries.entries.size, 0, "look up: nobody");
	rig_create(&r, peer, &first);
	for (uint8_t i = 2; i < 14; i++) {
		struct person other = person_make("alice", i, CLOCK_MS - 1000u + i);

		hand_over(&r, peer, &other);
	}
	reply = rig_ask(&r, peer, lookup_of("alice", ""));
	IS_U64(count_of(reply.entries.entries), 1 + LOOKUP_OTHERS_MAX,
	       "look up: the confirmed one and the oldest eight others");
	struct reader entries = reader_of(reply.entries.entries);
	struct entry entry;
	struct id before = { { 0 } };

	protocol_next_entry(&entries, &entry);
	OK(id_equal(&entry.id, &first.account.id), "look up: the confirmed one comes first");
	IS_U64(entry.marks, MARK_CONFIRMED | MARK_HOLDER, "look up: and is marked as the one");
	while (protocol_next_entry(&entries, &entry)) {
		ALWAYS(id_compare(&before, &entry.id) < 0, "look up: the others, oldest first");
		ALWAYS(entry.marks == 0, "look up: are no holders");
		before = entry.id;
	}
	struct person young = person_make("alice", 13, CLOCK_MS - 1000u + 13);

	id_to_text(&young.account.id, suffix);
	reply = rig_ask(&r, peer, lookup_of("alice", suffix + ID_TEXT_SIZE - ID_SUFFIX_SIZE));
	IS_U64(count_of(reply.entries.entries), 1, "look up: by suffix one that is not among them");
	reply = rig_ask(&r, peer, lookup_of("bob", suffix + ID_TEXT_SIZE - ID_SUFFIX_SIZE));
	IS_U64(count_of(reply.entries.entries), 0, "look up: a suffix alone finds nothing");
	rig_close(&r);
}

/* Of several unconfirmed accounts none counts. */
static void test_holder(void)
{
	struct rig r;
	struct person old = person_make("alice", 1, CLOCK_MS - 10);
	struct person young = person_make("alice", 2, CLOCK_MS);

	rig_open(&r);
	struct peer *peer = rig_join(&r);

	hand_over(&r, peer, &old);
	IS_U64(rig_entry(&r, peer, &old).marks, MARK_HOLDER, "holder: the only unconfirmed one");
	hand_over(&r, peer, &young);
	IS_U64(rig_entry(&r, peer, &old).marks, 0, "holder: of two unconfirmed not the older");
	IS_U64(rig_entry(&r, peer, &young).marks, 0, "holder: nor the younger");
	rig_ask(&r, peer, deletion_of(&old));
	IS_U64(rig_ask(&r, peer, confirmation_of(&young)).status, STATUS_OK, "holder: confirmed");
	IS_U64(rig_entry(&r, peer, &young).marks, MARK_HOLDER | MARK_CONFIRMED, "holder: counts");
	rig_close(&r);
}

static struct frame list_of(const char *prefix, const char *after, uint16_t count, uint8_t flags)
{
	struct frame frame = { .type = FRAME_LIST, .flags = flags };

	frame.list.prefix = view_of_string(prefix);
	frame.list.after_name = view_of_string(after);
	frame.list.count = count;
	return frame;
}

static void test_list(void)
{
	struct rig r;
	struct person people[20];
	char name[NAME_SIZE_MAX];
	struct list_item item;

	rig_open(&r);
	struct peer *peer = rig_join(&r);

	for (uint8_t i = 0; i < 20; i++) {
		snprintf(name, sizeof name, "user%02d", 19 - i);
		people[i] = person_make(name, i + 1, CLOCK_MS + i);
		rig_create(&r, peer, &people[i]);
	}
	struct person hidden = person_make("user99", 99, CLOCK_MS);

	introduce(&r, peer, &hidden);
	rig_login(&r, &people[17], 1, false);
	struct frame reply = rig_ask(&r, peer, list_of("user", "", 1000, 0));
	struct reader items = reader_of(reply.listed.entries);
	unsigned count = 0;

	IS_U64(reply.listed.count, 20, "list: all that are confirmed");
	OK(reply.listed.last, "list: and no more");
	for (; protocol_next_listed(&items, &item); count++) {
		snprintf(name, sizeof name, "user%02u", count);
		ALWAYS(view_equal(item.name, view_of_string(name)), "list: in order of name");
	}
	IS_U64(reply.listed.online.data[0], 1 << 2, "list: with who is online");
	struct frame digest = rig_ask(&r, peer, list_of("user", "", 1000, FLAG_DIGEST));

	IS_U64(digest.listed.entries.size, 0, "list: a digest has no entries");
	IS_U64(digest.listed.count, 20, "list: but their count");
	reply = rig_ask(&r, peer, list_of("user", "", 1000, 0));
	struct frame part = rig_ask(&r, peer, list_of("user", "", 7, 0));

	OK(!part.listed.last, "list: a part says that there is more");
	IS_U64(part.listed.count, 7, "list: and has as many as asked for");
	part = rig_ask(&r, peer, list_of("user1", "user17", 3, 0));
	OK(part.listed.last, "list: exactly the last ones are the last");
	IS_U64(part.listed.count, 3, "list: an empty id begins with the first of its name");
	IS_U64(rig_ask(&r, peer, list_of("x", "", 5, 0)).listed.count, 0, "list: none is none");
	rig_close(&r);
}

/* One name in two cases: taken, found, listed; and what was made is told as it was made. */
static void test_case(void)
{
	struct rig r;
	struct person bob = person_make("Bob", 1, CLOCK_MS);
	struct person rival = person_make("bOB", 2, CLOCK_MS + 1);
	struct person carl = person_make("carl", 3, CLOCK_MS + 2);
	struct list_item item;
	struct entry entry;

	rig_open(&r);
	struct peer *peer = rig_join(&r);

	rig_create(&r, peer, &carl);
	rig_create(&r, peer, &bob);
	struct frame reply = introduce(&r, peer, &rival);

	IS_U64(reply.status, STATUS_TAKEN, "case: the name is taken in any case");
	OK(view_equal(reply.introduced.entry.name, view_of_string("Bob")),
	   "case: by the holder as it was made");
	reply = rig_ask(&r, peer, lookup_of("BOB", ""));
	struct reader entries = reader_of(reply.entries.entries);

	OK(protocol_next_entry(&entries, &entry) && id_equal(&entry.id, &bob.account.id) &&
	           view_equal(entry.name, view_of_string("Bob")),
	   "case: found by any case, and told as it was made");
	reply = rig_ask(&r, peer, list_of("bO", "", 10, 0));
	struct reader items = reader_of(reply.listed.entries);

	OK(reply.listed.count == 1 && protocol_next_listed(&items, &item) &&
	           view_equal(item.name, view_of_string("Bob")),
	   "case: listed by a prefix in any case");
	reply = rig_ask(&r, peer, list_of("", "BOBZ", 10, 0));
	items = reader_of(reply.listed.entries);
	OK(reply.listed.count == 1 && protocol_next_listed(&items, &item) &&
	           view_equal(item.name, view_of_string("carl")),
	   "case: the order of the list folds case");
	(void)rig_ask(&r, peer, deletion_of(&bob));
	IS_U64(introduce(&r, peer, &rival).status, STATUS_OK, "case: free when bob is gone");
	rig_close(&r);
}

static void test_list_digest(void)
{
	struct rig a;
	struct rig b;
	struct person people[3] = {
		person_make("anna", 1, CLOCK_MS),
		person_make("bert", 2, CLOCK_MS),
		person_make("carl", 3, CLOCK_MS),
	};
	uint8_t digest[KEY_SIZE];

	rig_open(&a);
	rig_open(&b);
	struct peer *at_a = rig_join(&a);
	struct peer *at_b = rig_join(&b);

	for (int i = 0; i < 3; i++) {
		rig_create(&a, at_a, &people[i]);
		rig_create(&b, at_b, &people[2 - i]);
	}
	memcpy(digest, rig_ask(&a, at_a, list_of("", "", 2, 0)).listed.digest, KEY_SIZE);
	IS_BYTES(rig_ask(&b, at_b, list_of("", "", 2, FLAG_DIGEST)).listed.digest, digest, KEY_SIZE,
	         "digest: equal pages of two replicas have equal digests");
	OK(memcmp(rig_ask(&b, at_b, list_of("", "", 3, 0)).listed.digest, digest, KEY_SIZE) != 0,
	   "digest: another page has another");
	rig_ask(&b, at_b, deletion_of(&people[2]));
	OK(memcmp(rig_ask(&b, at_b, list_of("", "", 2, 0)).listed.digest, digest, KEY_SIZE) != 0,
	   "digest: `last` is part of it");
	rig_close(&a);
	rig_close(&b);
}

/* ---- log in ---- */

static void test_login(void)
{
	struct rig r;
	struct person alice = person_make("alice", 1, CLOCK_MS);
	uint8_t seal[KEY_SIZE];
	uint8_t server_key[KEY_SIZE];

	rig_open(&r);
	struct peer *peer = rig_join(&r);

	IS_U64(rig_ask(&r, peer, login_of(&r, peer, &alice, 5, 1)).status, STATUS_UNKNOWN,
	       "log in: an account that is not here must be handed over first");
	hand_over(&r, peer, &alice);
	struct frame wrong = login_of(&r, peer, &alice, 5, 1);

	wrong.login.proof[0] ^= 1;
	IS_U64(rig_ask(&r, peer, wrong).status, STATUS_WRONG_PROOF, "log in: a wrong proof");
	IS_U64(rig_entry(&r, peer, &alice).online_since_ms, 0, "log in: opens nothing");
	struct frame reply = rig_ask(&r, peer, login_of(&r, peer, &alice, 5, 1));
	struct auth auth = rig_auth(&r, peer, &alice, AUTH_LOGIN);

	IS_U64(reply.status, STATUS_OK, "log in: with the right one");
	auth_server_key(alice.stretched, server_key);
	auth_seal_mask(server_key, &auth, reply.logged_in.sealed, seal);
	IS_BYTES(seal, alice.account.verifier.seal, KEY_SIZE, "log in: the owner learns his seal");
	struct entry entry = rig_entry(&r, peer, &alice);

	IS_U64(entry.marks, MARK_ONLINE | MARK_HOLDER,
	       "log in: he is online, and never confirmed by it");
	IS_U64(entry.online_since_ms, CLOCK_MS, "log in: since now");
	struct ulid session = ulid_of(5);

	OK(ulid_equal(&entry.session, &session), "log in: with this session");
	struct frame logout = { .type = FRAME_LOGOUT };

	logout.session.session = ulid_of(4);
	IS_U64(rig_ask(&r, peer, logout).status, STATUS_OK, "log out: of another session is ok");
	OK(rig_entry(&r, peer, &alice).online_since_ms != 0, "log out: and does nothing");
	logout.session.session = session;
	IS_U64(rig_ask(&r, peer, logout).status, STATUS_OK, "log out: of this one");
	entry = rig_entry(&r, peer, &alice);
	IS_U64(entry.online_since_ms, 0, "log out: ends it");
	OK(ulid_equal(&entry.session, &session), "log out: but the session is remembered");
	IS_U64(r.position, 1, "log in: sessions are not state");
	peer = rig_login(&r, &alice, 6, false);
	IS_U64(rig_ask(&r, peer, confirmation_of(&alice)).status, STATUS_OK,
	       "log in: proves to own the account, as an introduction does");
	rig_close(&r);
}

/* Whether the account's holder says that a larger session is there. */
static bool is_signed(struct rig *r, struct peer *peer, const struct person *p,
                      const struct frame *reply)
{
	const struct auth auth = rig_auth(r, peer, p, AUTH_LOGIN);
	uint8_t server_key[KEY_SIZE], want[KEY_SIZE];

	auth_server_key(p->stretched, server_key);
	auth_taken_over(server_key, &auth, &reply->logged_in.session, reply->logged_in.dial, want);
	return memcmp(reply->logged_in.signature, want, KEY_SIZE) == 0;
}

/* The table: what the second log-in does to the first, (session, dial) against (5, 5). */
static void test_take_over(void)
{
	static const struct {
		uint64_t session;
		uint32_t dial;
		bool here;   /* on the same connection */
		bool active; /* the first one still is */
		enum status status;
		uint8_t told; /* what the first connection hears */
		bool closed;
	} rows[] = {
		{ 6, 1, false, true, STATUS_OK, FRAME_ENDED, false },
		{ 5, 6, false, true, STATUS_OK, 0, true },
		{ 5, 5, false, true, STATUS_TAKEN_OVER, 0, false },
		{ 5, 4, false, true, STATUS_TAKEN_OVER, 0, false },
		{ 4, 9, false, true, STATUS_TAKEN_OVER, 0, false },
		{ 6, 1, false, false, STATUS_OK, 0, false },
		{ 5, 6, false, false, STATUS_OK, 0, false },
		{ 5, 5, false, false, STATUS_TAKEN_OVER, 0, false },
		{ 4, 9, false, false, STATUS_TAKEN_OVER, 0, false },
		{ 5, 5, true, true, STATUS_OK, 0, false },
		{ 5, 6, true, true, STATUS_OK, 0, false },
		{ 6, 1, true, true, STATUS_OK, 0, false },
		{ 5, 4, true, true, STATUS_TAKEN_OVER, 0, false },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct rig r;
		struct person alice = person_make("alice", 1, CLOCK_MS);
		struct session_counts counts;
		struct ulid five = ulid_of(5);
		struct frame got;

		rig_open(&r);
		struct peer *first = rig_join(&r);

		rig_create(&r, first, &alice);
		rig_ask(&r, first, login_of(&r, first, &alice, 5, 5));
		if (!rows[i].active)
			rig_leave(&r, first);
		r.time.clock_ms += 7;
		struct peer *second = rows[i].here ? first : rig_join(&r);
		struct frame reply = rig_ask(
			&r, second, login_of(&r, second, &alice, rows[i].session, rows[i].dial));

		IS_U64(reply.status, rows[i].status, "take over: by the table");
		if (reply.status == STATUS_TAKEN_OVER) {
			OK(ulid_equal(&reply.logged_in.session, &five) && reply.logged_in.dial == 5,
			   "take over: a refusal names the larger one");
			OK(is_signed(&r, second, &alice, &reply), "take over: and is signed");
		}
		if (rows[i].active && !rows[i].here) {
			IS_U64(rig_next(first, &got) ? got.type : 0, rows[i].told,
			       "take over: who is displaced is told");
			IS_U64(first->is_closed, rows[i].closed, "take over: or left behind");
		}
		session_counts(r.s, &counts);
		IS_U64(counts.sessions, rows[i].active || rows[i].status == STATUS_OK,
		       "take over: one session stays");
		if (rows[i].session == 5 && rows[i].status == STATUS_OK && rows[i].active)
			IS_U64(rig_entry(&r, second, &alice).online_since_ms, CLOCK_MS,
			       "take over: a redial is online since before");
		rig_close(&r);
	}
}

/* A session far ahead of the clock would be the last one. What is refused leaves nothing. */
static void test_session_ahead(void)
{
	struct rig r;
	struct person alice = person_make("alice", 1, CLOCK_MS);
	const uint64_t most = CLOCK_MS + SESSION_AHEAD_MS;

	rig_open(&r);
	struct peer *peer = rig_join(&r);

	rig_create(&r, peer, &alice);
	IS_U64(rig_ask(&r, peer, login_of(&r, peer, &alice, ID_TIME_MS_MAX, 1)).status,
	       STATUS_CLOCK, "session ahead: the last one is refused");
	IS_U64(rig_ask(&r, peer, login_of(&r, peer, &alice, most + 1, 1)).status, STATUS_CLOCK,
	       "session ahead: and one that is just too far");
	struct entry entry = rig_entry(&r, peer, &alice);

	IS_U64(ulid_time_ms(&entry.session), 0, "session ahead: they are not remembered");
	IS_U64(rig_ask(&r, peer, login_of(&r, peer, &alice, most, 1)).status, STATUS_OK,
	       "session ahead: a wrong clock's is accepted");
	r.time.clock_ms++;
	IS_U64(rig_ask(&r, peer, login_of(&r, peer, &alice, most + 1, 1)).status, STATUS_OK,
	       "session ahead: there is always a larger one");
	rig_close(&r);
}

static void test_ended(void)
{
	struct rig r;
	struct person alice = person_make("alice", 1, CLOCK_MS);
	struct person bob = person_make("bob", 2, CLOCK_MS);
	struct frame got;

	rig_open(&r);
	struct peer *other = rig_join(&r);

	rig_create(&r, other, &alice);
	rig_create(&r, other, &bob);
	struct peer *a = rig_login(&r, &alice, 5, true);

	IS_U64(rig_ask(&r, a, login_of(&r, a, &bob, 9, 1)).status, STATUS_WRONG_PROOF,
	       "ended: a connection has one account at a time");
	struct peer *b = rig_login(&r, &alice, 6, true);

	OK(rig_next(a, &got), "ended: a larger session displaces");
	IS_U64(got.type, FRAME_ENDED, "ended: the client is told that it has ended");
	IS_U64(got.status, STATUS_TAKEN_OVER, "ended: that it was taken over");
	OK(!a->is_closed, "ended: the connection stays");
	IS_U64(rig_tell(&r, a, &bob, 1, 1, "x").status, STATUS_NO_SESSION,
	       "ended: without a session");
	IS_U64(rig_ask(&r, a, login_of(&r, a, &bob, 9, 1)).status, STATUS_OK,
	       "ended: it may log in to another account then");
	rig_ask(&r, other, deletion_of(&alice));
	OK(rig_next(b, &got) && got.type == FRAME_ENDED, "ended: a deletion ends a session");
	IS_U64(got.status, STATUS_GONE, "ended: as gone");
	struct frame deletion = deletion_of(&bob);

	rig_send(&r, a, &deletion);
	OK(rig_next(a, &got) && got.type == FRAME_ENDED, "ended: by its own connection too");
	OK(rig_next(a, &got) && got.type == (FRAME_DELETE | FRAME_REPLY),
	   "ended: which gets a reply");
	rig_close(&r);
}

/* What a full disk refuses, and what it answers as ever. */
static void test_disk_full(void)
{
	struct rig r;
	struct person alice = person_make("alice", 1, CLOCK_MS);
	struct person bob = person_make("bob", 2, CLOCK_MS);
	struct person carl = person_make("carl", 3, CLOCK_MS);
	struct person dora = person_make("dora", 4, CLOCK_MS);

	rig_open(&r);
	struct peer *peer = rig_join(&r);

	rig_create(&r, peer, &alice);
	introduce(&r, peer, &bob);
	rig_ask(&r, peer, deletion_of(&dora));
	struct peer *a = rig_login(&r, &alice, 5, true);

	rig_tell(&r, a, &bob, 1, 1, "held");
	rig_tell(&r, a, &alice, 1, 1, "mine");
	session_disk(r.s, SESSION_DISK_LOW);
	uint64_t position = r.position;

	IS_U64(introduce(&r, peer, &carl).status, STATUS_DISK_FULL, "full: no new account");
	IS_U64(hand_over(&r, peer, &carl).status, STATUS_DISK_FULL, "full: nor by hand-over");
	IS_U64(introduce(&r, peer, &bob).status, STATUS_OK, "full: a known one as ever");
	IS_U64(rig_ask(&r, peer, confirmation_of(&bob)).status, STATUS_DISK_FULL,
	       "full: no new mark");
	introduce(&r, peer, &alice);
	IS_U64(rig_ask(&r, peer, confirmation_of(&alice)).status, STATUS_OK,
	       "full: an old one as ever");
	IS_U64(rig_ask(&r, peer, deletion_of(&carl)).status, STATUS_DISK_FULL,
	       "full: no tombstone of an account that is not known");
	IS_U64(rig_ask(&r, peer, deletion_of(&dora)).status, STATUS_OK, "full: an old one as ever");
	IS_U64(rig_tell(&r, a, &bob, 2, 1, "new").status, STATUS_DISK_FULL, "full: no new message");
	IS_U64(rig_tell(&r, a, &bob, 1, 1, "held").status, STATUS_OK, "full: a held one as ever");
	IS_U64(rig_tell(&r, a, &bob, 1, 1, "else").status, STATUS_DIFFERENT,
	       "full: nor another content");
	IS_U64(rig_tell(&r, a, &dora, 1, 1, "x").status, STATUS_GONE, "full: gone as ever");
	IS_U64(rig_bury(&r, a, &bob, 1, 1, 9), STATUS_DISK_FULL,
	       "full: no burial in a stream that is not held");
	IS_U64(r.position, position, "full: nothing was added");
	IS_U64(rig_bury(&r, a, &alice, 5, 1, 1), STATUS_OK, "full: a burial of what is held");
	IS_U64(rig_tell(&r, a, &alice, 1, 1, "mine").status, STATUS_OK,
	       "full: what was received is ok");
	IS_U64(rig_ask(&r, peer, deletion_of(&bob)).status, STATUS_OK, "full: who is known may go");
	session_disk(r.s, SESSION_DISK_OK);
	IS_U64(introduce(&r, peer, &carl).status, STATUS_OK, "full: with room all is as before");
	rig_close(&r);
}

/* Of itself a replica answers what only a holder of the operator key can; of others, the digest of
 * that. */
static void test_member(void)
{
	struct session_options options = { .silence_ms = 6000, .has_operator_key = true };
	struct frame frame = { .type = FRAME_MEMBER };
	uint8_t want[KEY_SIZE], digest[KEY_SIZE];
	struct rig r;

	memset(options.operator_key, 7, KEY_SIZE);
	rig_open_with(&r, options);
	struct peer *peer = rig_join(&r);

	memset(frame.member.nonce, 9, KEY_SIZE);
	memcpy(frame.member.uuid, r.options.uuid, UUID_SIZE);
	box_public(r.options.box_secret, frame.member.public);
	auth_member(options.operator_key, frame.member.uuid, frame.member.public,
	            frame.member.nonce, want);
	IS_BYTES(rig_ask(&r, peer, frame).introduced.signature, want, KEY_SIZE,
	         "member: a replica shows that it belongs");
	frame.member.public[0] ^= 1;
	auth_member(options.operator_key, frame.member.uuid, frame.member.public,
	            frame.member.nonce, want);
	sha256(want, KEY_SIZE, digest);
	IS_BYTES(rig_ask(&r, peer, frame).introduced.signature, digest, KEY_SIZE,
	         "member: of another public key it tells only the digest");
	frame.member.public[0] ^= 1;
	frame.member.uuid[0] ^= 1;
	auth_member(options.operator_key, frame.member.uuid, frame.member.public,
	            frame.member.nonce, want);
	sha256(want, KEY_SIZE, digest);
	IS_BYTES(rig_ask(&r, peer, frame).introduced.signature, digest, KEY_SIZE,
	         "member: and of another uuid");
	rig_close(&r);
	rig_open(&r);
	IS_U64(rig_ask(&r, rig_join(&r), frame).status, STATUS_UNKNOWN,
	       "member: without an operator key it says so");
	rig_close(&r);
}

/* By the secret of its public key a replica shows that it is the process which has told that key;
 * also without an operator key, and of no other one. */
static void test_member_boxed(void)
{
	struct frame frame = { .type = FRAME_MEMBER, .flags = FLAG_BOXED };
	uint8_t want[KEY_SIZE], secret[KEY_SIZE];
	struct rig r;

	rig_open(&r);
	struct peer *peer = rig_join(&r);

	memset(secret, 5, KEY_SIZE);
	box_public(secret, frame.member.nonce);
	memcpy(frame.member.uuid, r.options.uuid, UUID_SIZE);
	box_public(r.options.box_secret, frame.member.public);
	OK(box_member(secret, frame.member.public, frame.member.uuid, frame.member.public,
	              frame.member.nonce, want),
	   "boxed: a client knows the answer");
	IS_BYTES(rig_ask(&r, peer, frame).introduced.signature, want, KEY_SIZE,
	         "boxed: and so does the replica, without an operator key");
	frame.member.public[0] ^= 1;
	IS_U64(rig_ask(&r, peer, frame).status, STATUS_UNKNOWN, "boxed: of another key it says no");
	frame.member.public[0] ^= 1;
	frame.member.uuid[0] ^= 1;
	IS_U64(rig_ask(&r, peer, frame).status, STATUS_UNKNOWN, "boxed: and of another uuid");
	frame.member.uuid[0] ^= 1;
	memset(frame.member.nonce, 0, KEY_SIZE);
	IS_U64(rig_ask(&r, peer, frame).status, STATUS_UNKNOWN,
	       "boxed: and to what cannot be a public key");
	rig_close(&r);
}

int main(void)
{
	test_member();
	test_member_boxed();
	test_create();
	test_proof();
	test_taken();
	test_gone();
	test_clock();
	test_lookup();
	test_holder();
	test_list();
	test_case();
	test_list_digest();
	test_login();
	test_take_over();
	test_session_ahead();
	test_ended();
	test_disk_full();
	return tap_done();
}
