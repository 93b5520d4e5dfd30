/* SPDX-License-Identifier: MIT
 *
 * Stories of accounts that were removed, as one replica says: whether that is believed, and what
 * becomes of a replica that makes it up. See tests/replication/cluster.h for what the lines say.
 */
#include "tests/replication/old.h"

#include "replication/private.h"

static struct cluster k;

enum { ALICE, BOB };

/* ---- what is true ---- */

/* Replicas (bits of `at`) learn that the account of this name was removed, as by repair. */
static struct id remove_at(unsigned at, const char *name)
{
	struct fact fact = { .kind = FACT_TOMBSTONE };
	struct account account;
	struct id id = { { 0 } };

	for (uint32_t i = 0; i < REPLICAS; i++) {
		if (!(at >> i & 1) ||
		    !store_holder(k.replicas[i].store, view_of_string(name), NULL, &account))
			continue;
		id = account.id;
		auth_tombstone_remove(&account, GONE_BY_OPERATOR, &fact.tombstone);
		fact.tombstone.name = view_of_string(name);
		(void)store_apply(k.replicas[i].store, &fact, NULL);
	}
	return id;
}

/* Which replicas have it gone by a stamp. */
static unsigned gone_at(const struct id *id)
{
	unsigned mask = 0;
	struct tombstone t;

	for (uint32_t i = 0; i < REPLICAS; i++)
		if (k.replicas[i].store != NULL &&
		    store_find(k.replicas[i].store, id, NULL, &t) == STORE_DEAD &&
		    t.by != GONE_BY_KEY)
			mask |= 1u << i;
	return mask;
}

/* Whether bob's session has ended, and he is told by whom. */
static bool is_told(void)
{
	const char *why = k.clients[BOB].ended_why;

	return why != NULL && has(why, "an operator has removed the account");
}

static void begin(void)
{
	cluster_start(&k, SHARE_USUAL, 2);
	say(&k, ALICE, "create alice pw");
	say(&k, BOB, "create bob pw");
	quiet(&k);
}

/* Whoever looks it up carries it on. */
static void test_carried(void)
{
	struct id id;

	for (uint32_t knows = 0; knows < REPLICAS; knows++) {
		begin();
		say(&k, BOB, "logout");
		(void)heard(&k, ALICE);
		id = remove_at(1u << knows, "bob");
		say(&k, ALICE, "send bob hi");
		OK(has(heard(&k, ALICE), "result send no-such-user"), "carried: it is gone");
		IS_U64(gone_at(&id), 7, "carried: and all have learned it");
		IS_U64(waiting_anywhere(&k, &id), 0, "carried: nobody holds mail for it");
		say(&k, ALICE, "look bob");
		OK(has(heard(&k, ALICE), "result look no-such-user"), "carried: so it stays");
		IS_U64(k.clients[ALICE].r->live, 7, "carried: nobody is dead for it");
		OK(k.clients[ALICE].r->claims == NULL, "carried: nothing is left to find out");
		cluster_free(&k);
	}
}

/* A message to somebody whom the sender knows from before. */
static void test_sent(void)
{
	struct id id;

	begin();
	say(&k, ALICE, "send bob one");
	say(&k, BOB, "logout");
	id = remove_at(4, "bob");
	(void)heard(&k, ALICE);
	say(&k, ALICE, "send bob two");
	OK(has(heard(&k, ALICE), "result send no-such-user"), "sent: it is refused as one deleted");
	IS_U64(gone_at(&id), 7, "sent: and all have learned it");
	cluster_free(&k);
}

/* The session of the account ends, also where it is learned from another client. */
static void test_session(void)
{
	begin();
	(void)remove_at(1, "bob");
	say(&k, ALICE, "send bob hi");
	pass(&k, 10);
	OK(is_told(), "session: it ends");
	say(&k, BOB, "login bob pw");
	OK(has(heard(&k, BOB), "result login wrong-password"), "session: nobody logs in");
	say(&k, BOB, "create bob new");
	OK(has(heard(&k, BOB), "result create ok copies=3"), "session: the name is free");
	cluster_free(&k);
}

/* One that was away, and has learned it there, comes back. */
static void test_return(void)
{
	struct id id;

	begin();
	replica_kill(&k, 2);
	pass(&k, 100);
	id = remove_at(4, "bob");
	replica_start(&k, 2);
	pass(&k, 3000);
	OK(is_told(), "return: the session ends");
	IS_U64(gone_at(&id), 7, "return: and all have learned it");
	cluster_free(&k);
	begin();
	replica_kill(&k, 2);
	pass(&k, 100);
	id = remove_at(1, "bob");
	say(&k, ALICE, "look bob");
	IS_U64(gone_at(&id), 3, "return: those that are live");
	replica_start(&k, 2);
	pass(&k, 3000);
	IS_U64(gone_at(&id), 7, "return: one that was away is told when it is back");
	cluster_free(&k);
}

/* One that has no room for it says that the stamp is right all the same. */
static void test_full(void)
{
	struct id id;

	begin();
	say(&k, BOB, "logout");
	(void)heard(&k, ALICE);
	replica_kill(&k, 1);
	replica_wipe(&k, 1);
	replica_start(&k, 1);
	pass(&k, 3000);
	replica_full(&k, 1, true);
	(void)heard(&k, ALICE);
	id = remove_at(1, "bob");
	say(&k, ALICE, "look bob");
	OK(has(heard(&k, ALICE), "result look no-such-user"), "full: it is gone");
	IS_U64(gone_at(&id), 5, "full: where there is room");
	IS_U64(k.clients[ALICE].r->live, 7, "full: nobody is dead for it");
	cluster_free(&k);
}

/* Alone it is believed, as all that one replica says alone. */
static void test_alone(void)
{
	struct id id;

	begin();
	say(&k, BOB, "logout");
	replica_kill(&k, 1);
	replica_kill(&k, 2);
	pass(&k, 100);
	(void)heard(&k, ALICE);
	id = remove_at(1, "bob");
	say(&k, ALICE, "look bob");
	OK(has(heard(&k, ALICE), "result look no-such-user"), "alone: it is believed");
	replica_start(&k, 1);
	replica_start(&k, 2);
	pass(&k, 3000);
	say(&k, ALICE, "look bob");
	IS_U64(gone_at(&id), 7, "alone: and found out when others are there");
	cluster_free(&k);
}

/* The owner's own word, where an operator has set the password. */
static void test_owner(void)
{
	struct login_session *s;
	struct id id;

	begin();
	s = &k.clients[BOB].r->session;
	id = s->id;
	s->stretched[0] ^= 1; /* so the delete key cannot be derived */
	replica_kill(&k, 2);
	pass(&k, 100);
	(void)heard(&k, BOB);
	say(&k, BOB, "delete");
	OK(has(heard(&k, BOB), "result delete ok copies=2"), "owner: deletes it without a key");
	IS_U64(gone_at(&id), 3, "owner: by a stamp");
	replica_start(&k, 2);
	pass(&k, 3000);
	IS_U64(gone_at(&id), 7, "owner: which is told to the third");
	cluster_free(&k);
}

/* One of an earlier release beside two others: it has no words for it, and is not asked. */
static void test_old_replica(void)
{
	struct id id;

	begin();
	replica_speaks(&k, 1, 3);
	pass(&k, 4000);
	say(&k, BOB, "logout");
	(void)heard(&k, ALICE);
	id = remove_at(1, "bob");
	say(&k, ALICE, "send bob hi");
	OK(has(heard(&k, ALICE), "result send no-such-user"), "old replica: it is gone");
	IS_U64(gone_at(&id), 5, "old replica: those that know of removals have learned it");
	IS_U64(k.clients[ALICE].r->live, 7, "old replica: nobody is dead for it");
	cut_and_heal(&k, ALICE, 1);
	pass(&k, 4000);
	IS_U64(gone_at(&id), 5, "old replica: nor is it told when it is back");
	replica_speaks(&k, 1, 0);
	pass(&k, 4000);
	IS_U64(gone_at(&id), 7, "old replica: when it is upgraded, it is told");
	cluster_free(&k);
}

/* ---- lies ---- */

static const uint8_t *with; /* the stamp that the liar gives; NULL: random bytes */
static enum gone_by by = GONE_BY_OPERATOR;

/* What is alive is gone. */
static void make_gone(struct entry *entry)
{
	if (entry->state != ENTRY_ALIVE)
		return;
	entry->state = ENTRY_GONE;
	entry->by = by;
	if (with != NULL)
		memcpy(entry->stamp, with, KEY_SIZE);
	else
		draw(&k, entry->stamp, KEY_SIZE);
}

/* Of a look-up by id, and of a log-in. */
static void lie(struct view bytes, struct buf *to)
{
	struct buf entries;
	struct reader reader;
	struct entry entry;
	struct frame f;
	const char *why;

	if (bytes.data[4] == (FRAME_LOOKUP_NAME | FRAME_REPLY) &&
	    protocol_decode(bytes, &f, &why)) {
		f.entries.entries = view_of(NULL, 0);
		ALWAYS(protocol_encode(to, &f), "there is room");
		return;
	}
	if (bytes.data[4] == (FRAME_REMOVE | FRAME_REPLY) && protocol_decode(bytes, &f, &why)) {
		f.status = STATUS_OK;
		memset(f.introduced.stamp, 1, KEY_SIZE);
		ALWAYS(protocol_encode(to, &f), "there is room");
		return;
	}
	if (bytes.data[4] != (FRAME_LOOKUP_ID | FRAME_REPLY) || !protocol_decode(bytes, &f, &why)) {
		buf_append(to, bytes);
		return;
	}
	buf_init(&entries, FRAME_SIZE_MAX);
	reader = reader_of(f.entries.entries);
	while (protocol_next_entry(&reader, &entry)) {
		make_gone(&entry);
		ALWAYS(protocol_put_entry(&entries, &entry), "there is room");
	}
	f.entries.entries = buf_view(&entries);
	ALWAYS(protocol_encode(to, &f), "there is room");
	buf_release(&entries);
}

static void test_lie(uint32_t liar, bool is_third_down)
{
	uint32_t third = (liar + 2) % REPLICAS;

	begin();
	if (is_third_down)
		replica_kill(&k, third);
	pass(&k, 100);
	(void)heard(&k, ALICE);
	k.replicas[liar].lie = lie;
	say(&k, ALICE, "send bob hi");
	OK(has(heard(&k, ALICE), "result send ok"), "lie: the mail is stored");
	OK(has(replication_why(k.clients[ALICE].r, liar), "was not removed"),
	   "lie: it is said why");
	OK(k.clients[ALICE].r->replicas[liar].lies, "lie: the liar is dead");
	pass(&k, 10);
	OK(k.clients[BOB].r->session.active, "lie: the session of who is not gone goes on");
	IS_U64(held(&k, "bob", true) & (is_third_down ? ~(1u << third) : 7u),
	       is_third_down ? 7u & ~(1u << third) : 7u, "lie: nobody has removed it");
	OK(k.clients[ALICE].r->tombstones_count == 0, "lie: nothing is kept of it");
	cluster_free(&k);
}

/* Of the account of the session: what the client then asks the others is no word of its owner. */
static void lie_of_login(struct view bytes, struct buf *to)
{
	struct account account;
	struct frame f;
	const char *why;

	ALWAYS(protocol_decode(bytes, &f, &why), "a frame of a replica");
	if (f.type == (FRAME_LOGIN | FRAME_REPLY)) {
		ALWAYS(store_holder(k.replicas[0].store, view_of_string("bob"), NULL, &account),
		       "he is");
		f.status = STATUS_GONE;
		f.logged_in.entry = (struct entry){ .id = account.id,
			                            .state = ENTRY_ALIVE,
			                            .name = account.name };
		auth_account_middle(&account, f.logged_in.entry.middle);
		memcpy(f.logged_in.entry.lock, account.verifier.lock, KEY_SIZE);
		make_gone(&f.logged_in.entry);
	}
	ALWAYS(protocol_encode(to, &f), "there is room");
}

static void lie_of_streams(struct view bytes, struct buf *to)
{
	struct stream_item item;
	struct reader reader;
	struct buf answers;
	struct frame f;
	const char *why;

	ALWAYS(protocol_decode(bytes, &f, &why), "a frame of a replica");
	if (f.type != (FRAME_STREAMS | FRAME_REPLY)) {
		buf_append(to, bytes);
		return;
	}
	buf_init(&answers, FRAME_SIZE_MAX);
	reader = reader_of(f.streams.streams);
	while (protocol_next_answer(&reader, &item)) {
		make_gone(&item.entry);
		ALWAYS(protocol_put_answer(&answers, &item), "there is room");
	}
	f.streams.streams = buf_view(&answers);
	ALWAYS(protocol_encode(to, &f), "there is room");
	buf_release(&answers);
}

static void test_own_claim(uint32_t liar, void (*of)(struct view bytes, struct buf *to),
                           const char *line)
{
	begin();
	by = GONE_BY_OWNER;
	k.replicas[liar].lie = of;
	if (of == lie_of_login)
		cut_and_heal(&k, BOB, liar);
	say(&k, BOB, line);
	pass(&k, 4000);
	OK(k.clients[BOB].r->session.active, "own claim: the session goes on");
	IS_U64(held(&k, "bob", true), 7, "own claim: no replica has removed the account");
	OK(k.clients[BOB].r->replicas[liar].lies, "own claim: the liar is dead");
	by = GONE_BY_OPERATOR;
	cluster_free(&k);
}

static void test_stamp_of_another(void)
{
	struct tombstone t;
	struct account account;
	static uint8_t stamp[KEY_SIZE];
	uint8_t key[KEY_SIZE];

	begin();
	say(&k, BOB, "logout");
	ALWAYS(store_holder(k.replicas[0].store, view_of_string("alice"), NULL, &account),
	       "she is");
	auth_tombstone_remove(&account, GONE_BY_OPERATOR, &t);
	memset(key, 0x66, sizeof key); /* that of all three */
	auth_gone_stamp(key, &t, stamp);
	with = stamp;
	k.replicas[1].lie = lie;
	(void)heard(&k, ALICE);
	say(&k, ALICE, "send bob hi");
	OK(has(heard(&k, ALICE), "result send ok"), "another's: a stamp is of one account");
	OK(k.clients[ALICE].r->replicas[1].lies, "another's: the liar is dead");
	with = NULL;
	cluster_free(&k);
}

/* Two of version 3, which cannot check it, and a third one, which belongs to them or not. */
static void begin_unchecked(bool is_stranger)
{
	begin();
	k.replicas[2].stranger = is_stranger;
	replica_kill(&k, 2);
	replica_start(&k, 2);
	for (uint32_t i = 0; i < 2; i++)
		replica_speaks(&k, i, 3);
	client_stop(&k, BOB);
	pass(&k, 4000);
	say(&k, ALICE, "logout");
	pass(&k, 4000);
	IS_U64(k.clients[ALICE].r->live, 7, "unchecked: all three are live");
	(void)heard(&k, ALICE);
}

static void test_unchecked(void)
{
	struct account account;
	char line[8 + ID_TEXT_SIZE] = "look ";

	begin_unchecked(true);
	k.replicas[2].lie = lie;
	say(&k, ALICE, "look bob");
	OK(has(heard(&k, ALICE), "result look ok"), "unchecked: a stranger is not believed");
	OK(has(replication_why(k.clients[ALICE].r, 2), "was not removed"),
	   "unchecked: it is said why");
	OK(!k.clients[ALICE].r->replicas[2].lies, "unchecked: nobody knows that it has lied");
	pass(&k, 4000);
	replica_kill(&k, 0), replica_kill(&k, 1);
	pass(&k, 100);
	(void)heard(&k, ALICE);
	ALWAYS(store_holder(k.replicas[2].store, view_of_string("bob"), NULL, &account), "he is");
	id_to_text(&account.id, line + strlen(line));
	say(&k, ALICE, line);
	OK(has(heard(&k, ALICE), "result look no-such-user"), "unchecked: but alone it is");
	IS_U64(k.clients[ALICE].r->live, 4, "unchecked: alone it stays live");
	cluster_free(&k);
	begin_unchecked(false);
	(void)remove_at(4, "bob");
	say(&k, ALICE, "look bob");
	OK(has(heard(&k, ALICE), "result look no-such-user"), "unchecked: one that is known is");
	IS_U64(k.clients[ALICE].r->live, 7, "unchecked: nobody is dead for it");
	cluster_free(&k);
}

int main(void)
{
	test_carried();
	test_sent();
	test_session();
	test_return();
	test_full();
	test_alone();
	test_owner();
	test_old_replica();
	for (uint32_t liar = 0; liar < REPLICAS; liar++) {
		test_lie(liar, false);
		test_lie(liar, true);
	}
	for (uint32_t liar = 0; liar < REPLICAS; liar++) {
		test_own_claim(liar, lie_of_login, "list");
		test_own_claim(liar, lie, "look bob");
		test_own_claim(liar, lie_of_streams, "send bob note");
	}
	test_stamp_of_another();
	test_unchecked();
	return tap_done();
}
