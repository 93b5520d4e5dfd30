/* SPDX-License-Identifier: MIT
 *
 * Stories of a replica that shows accounts, or even holds them, and does not belong to the cluster:
 * it has another operator key, or none. What it says that nobody can check counts for less than
 * what those say who belong. See tests/replication/cluster.h for what the lines say.
 */
#include "tests/replication/cluster.h"

#include "replication/private.h"

static struct cluster k;

#define CHEAP "$y$j7T$bybybybybybybybybybyb."
#define USUAL "$y$j9T$bybybybybybybybybybyb."

static void decode(struct view bytes, struct frame *f)
{
	const char *why;

	ALWAYS(protocol_decode(bytes, f, &why), "a frame of a replica");
}

static void encode(const struct frame *f, struct buf *to)
{
	ALWAYS(protocol_encode(to, f), "there is room");
}

/* Replica `i` starts again with what it held, as one that does not belong. */
static void make_stranger(uint32_t i, void (*lie)(struct view frame, struct buf *to))
{
	replica_kill(&k, i);
	k.replicas[i].stranger = true;
	k.replicas[i].lie = lie;
	replica_start(&k, i);
}

static void end(void)
{
	for (uint32_t i = 0; i < REPLICAS; i++) {
		k.replicas[i].stranger = false;
		k.replicas[i].lie = NULL;
		k.replicas[i].registration = REGISTRATION_OPEN;
	}
	cluster_free(&k);
}

/* Alice is made and logged out; one replica is a stranger then, and client 1 has just connected. */
static void begin(uint32_t stranger, void (*lie)(struct view frame, struct buf *to))
{
	cluster_start(&k, SHARE_USUAL, 1);
	say(&k, 0, "create alice pw");
	say(&k, 0, "logout");
	make_stranger(stranger, lie);
	pass(&k, 2000);
	(void)client_start(&k);
	pass(&k, 100);
	(void)heard(&k, 1);
}

/* ---- settings ---- */

static uint32_t epochs_more;
static const char *shown_setting;
static bool was_stretched; /* with that */

static void hear_stretch(const struct action *a)
{
	if (a->kind == ACTION_STRETCH)
		was_stretched |= view_compare(a->stretch.setting, view_of_string(shown_setting)) ==
		                 0;
}

/* Whoever is looked up has this password. */
static void show_setting(struct view bytes, struct buf *to)
{
	struct buf entries;
	struct reader reader;
	struct entry entry;
	struct frame f;

	decode(bytes, &f);
	if (f.type != (FRAME_LOOKUP_NAME | FRAME_REPLY) &&
	    f.type != (FRAME_LOOKUP_ID | FRAME_REPLY)) {
		encode(&f, to);
		return;
	}
	buf_init(&entries, FRAME_SIZE_MAX);
	reader = reader_of(f.entries.entries);
	while (protocol_next_entry(&reader, &entry)) {
		entry.epoch += epochs_more;
		entry.setting = view_of_string(shown_setting);
		ALWAYS(protocol_put_entry(&entries, &entry), "there is room");
	}
	f.entries.entries = buf_view(&entries);
	encode(&f, to);
	buf_release(&entries);
}

static void begin_setting(uint32_t stranger, uint32_t more, const char *setting)
{
	epochs_more = more;
	shown_setting = setting;
	was_stretched = false;
	begin(stranger, show_setting);
	k.clients[1].hear = hear_stretch;
}

/* The password is stretched under no setting that a stranger has chosen, beside those who are
 * known. */
static void test_setting(uint32_t stranger, uint32_t more, const char *setting)
{
	begin_setting(stranger, more, setting);
	IS_U64(member_known(k.clients[1].r), ALL_REPLICAS ^ BIT(stranger),
	       "setting: the others are known");
	say(&k, 1, "login alice pw");
	pass(&k, 3000);
	OK(has(heard(&k, 1), "result login ok copies="), "setting: the log-in succeeds");
	OK(!was_stretched, "setting: no proof is made under that of a stranger");
	end();
}

/* He is alone: he may show an account as any other, but not so that guessing becomes cheaper. */
static void test_setting_alone(void)
{
	begin_setting(2, 1, CHEAP);
	replica_kill(&k, 0);
	replica_kill(&k, 1);
	pass(&k, 100);
	(void)heard(&k, 1);
	say(&k, 1, "login alice pw");
	pass(&k, 3000);
	OK(has(heard(&k, 1), "result login no-replica"), "alone: a cheap setting is not used");
	OK(!was_stretched, "alone: nor stretched");
	end();
	begin_setting(2, 1, USUAL);
	replica_kill(&k, 0);
	replica_kill(&k, 1);
	pass(&k, 100);
	say(&k, 1, "login alice pw");
	OK(was_stretched, "alone: the usual cost is");
	end();
}

/* ---- that a password was changed ---- */

static void say_changed(struct view bytes, struct buf *to)
{
	struct frame f;

	decode(bytes, &f);
	if (f.type == (FRAME_LOGIN | FRAME_REPLY))
		f.status = STATUS_CHANGED;
	encode(&f, to);
}

/* And shows a later one. */
static void show_changed(struct view bytes, struct buf *to)
{
	if (bytes.data[4] == (FRAME_LOGIN | FRAME_REPLY))
		say_changed(bytes, to);
	else
		show_setting(bytes, to);
}

static void test_changed(uint32_t stranger, void (*lie)(struct view frame, struct buf *to))
{
	epochs_more = 1;
	shown_setting = USUAL;
	begin(stranger, lie);
	say(&k, 1, "login alice pw");
	OK(has(heard(&k, 1), "result login ok copies=2"), "changed: a log-in goes on without him");
	OK(has(replication_why(k.clients[1].r, stranger), "was changed"),
	   "changed: it is said why");
	end();
}

/* Nobody is known, but he shows the very password that he calls changed. */
static void test_changed_unknown(void)
{
	begin(1, say_changed);
	replica_kill(&k, 2);
	client_cut(&k, 1, 0), client_cut(&k, 1, 1);
	client_stop(&k, 1);
	uint32_t client = client_start(&k);

	pass(&k, 100);
	IS_U64(member_known(k.clients[client].r), 0, "changed: nobody is known");
	say(&k, client, "login alice pw");
	OK(has(heard(&k, client), "result login ok copies=1"), "changed: a lie is found out");
	IS_STRING(replication_why(k.clients[client].r, 1),
	          "says that a password was changed which it shows", "changed: by the look-up");
	end();
}

static bool ends_now;

/* A replica that has said yes says that the session is over. */
static void end_changed(struct view bytes, struct buf *to)
{
	struct frame f, over = { .type = FRAME_ENDED, .status = STATUS_CHANGED };

	decode(bytes, &f);
	if (ends_now && f.type == (FRAME_LOGIN | FRAME_REPLY))
		f.status = STATUS_CHANGED;
	encode(&f, to);
	if (!ends_now || f.type != (FRAME_PING | FRAME_REPLY))
		return;
	over.session.session = k.clients[1].r->session.ulid;
	encode(&over, to);
}

static void test_session_changed(uint32_t stranger)
{
	ends_now = false;
	begin(stranger, end_changed);
	say(&k, 1, "login alice pw");
	OK(has(heard(&k, 1), "result login ok copies=3"), "session: he holds the account");
	ends_now = true;
	pass(&k, 4 * HEARTBEAT_MS);
	OK(!has(heard(&k, 1), "logged out"), "session: and cannot end it");
	OK(has(replication_why(k.clients[1].r, stranger), "was changed"),
	   "session: it is said why");
	say(&k, 1, "send alice hi");
	OK(has(heard(&k, 1), "result send ok copies=2"), "session: it goes on at the others");
	end();
}

/* ---- stamps, seals, who has set a password ---- */

/* Replica 2 has lost all it knew, and takes no account without a right stamp. The stranger gives
 * one by his own key. */
static void test_stamp(uint32_t stranger, bool is_changed)
{
	begin(stranger, NULL);
	if (is_changed) {
		say(&k, 0, "login alice pw");
		say(&k, 0, "password pw two");
		say(&k, 0, "logout");
	}
	client_stop(&k, 1);
	replica_kill(&k, 2);
	replica_wipe(&k, 2);
	k.replicas[2].registration = REGISTRATION_INVITED;
	replica_start(&k, 2);
	pass(&k, 3000);

	uint32_t client = client_start(&k);

	pass(&k, 100);
	say(&k, client, is_changed ? "login alice two" : "login alice pw");
	OK(has(k.clients[client].story, "result login ok copies=3"),
	   "stamp: one that lacks the account is told it with a right one");
	IS_U64(held(&k, "alice", false), 7, "stamp: and has it");
	end();
}

/* The session began at the stranger alone, so there is no stamp but his. Then the others come. */
static void test_stamp_later(bool is_changed)
{
	begin(1, NULL);
	if (is_changed) {
		say(&k, 0, "login alice pw");
		say(&k, 0, "password pw two");
		say(&k, 0, "logout");
	}
	client_stop(&k, 1);
	replica_kill(&k, 0);
	replica_kill(&k, 2);
	replica_wipe(&k, 2);
	pass(&k, 3000);

	uint32_t client = client_start(&k);

	pass(&k, 100);
	say(&k, client, is_changed ? "login alice two" : "login alice pw");
	OK(has(heard(&k, client), "result login ok copies=1"), "later: logged in at him alone");
	k.replicas[2].registration = REGISTRATION_INVITED;
	replica_start(&k, 0);
	replica_start(&k, 2);
	pass(&k, 8000);
	IS_U64(k.clients[client].r->live, ALL_REPLICAS, "later: the session runs at all three");
	IS_U64(held(&k, "alice", false), 7, "later: who lacked the account has it");
	end();
}

/* Nobody was known at the log-in, and the stranger's stamp is the first one. */
static void test_stamps(bool is_changed)
{
	begin(0, NULL);
	if (is_changed) {
		say(&k, 0, "login alice pw");
		say(&k, 0, "password pw two");
		say(&k, 0, "logout");
	}
	client_stop(&k, 1);
	replica_kill(&k, 2);
	replica_wipe(&k, 2);

	uint32_t client = client_start(&k);

	pass(&k, 100);
	say(&k, client, is_changed ? "login alice two" : "login alice pw");
	OK(has(heard(&k, client), "result login ok copies=2"), "stamps: logged in at both");
	k.replicas[2].registration = REGISTRATION_INVITED;
	replica_start(&k, 2);
	pass(&k, 3000);
	IS_U64(held(&k, "alice", false), 7, "stamps: if one is refused, the next one is told");
	IS_U64(k.clients[client].r->live, ALL_REPLICAS, "stamps: and nobody is left out for it");
	end();
}

static void spoil_seal(struct view bytes, struct buf *to)
{
	struct frame f;

	decode(bytes, &f);
	if (f.type == (FRAME_LOGIN | FRAME_REPLY) && f.status == STATUS_OK &&
	    f.logged_in.lock[0] | f.logged_in.lock[1]) {
		f.logged_in.sealed[0] ^= 1;
		f.logged_in.by = ACCOUNT_BY_OPERATOR;
	}
	encode(&f, to);
}

/* The owner's delete key is in the seal, and is not lost. */
static void test_seal(uint32_t stranger)
{
	uint8_t delete_key[KEY_SIZE];
	const struct login_session *s;

	begin(stranger, spoil_seal);
	say(&k, 0, "login alice pw");
	say(&k, 0, "password pw two");
	OK(has(heard(&k, 0), "result password ok copies=3"), "seal: a later password");
	say(&k, 0, "logout");
	say(&k, 1, "login alice two");
	s = &k.clients[1].r->session;
	OK(has(heard(&k, 1), "result login ok copies=3\n"),
	   "seal: he does not say who has set the password");
	OK(auth_account_delete_key(s->stretched, &s->account, delete_key),
	   "seal: nor what is in it");
	say(&k, 1, "password two three");
	OK(auth_account_delete_key(s->stretched, &s->account, delete_key),
	   "seal: it is handed on with the next password");
	end();
}

/* Nobody is known: a seal that opens the lock is right, whoever shows it. */
static void test_seal_unknown(void)
{
	uint8_t delete_key[KEY_SIZE];
	const struct login_session *s;

	begin(0, spoil_seal);
	say(&k, 0, "login alice pw");
	say(&k, 0, "password pw two");
	say(&k, 0, "logout");
	client_stop(&k, 1);
	replica_kill(&k, 2);

	uint32_t client = client_start(&k);

	pass(&k, 100);
	IS_U64(member_known(k.clients[client].r), 0, "seal: nobody is known");
	say(&k, client, "login alice two");
	OK(has(heard(&k, client), "result login ok copies=2\n"), "seal: logged in at both");
	s = &k.clients[client].r->session;
	OK(auth_account_delete_key(s->stretched, &s->account, delete_key),
	   "seal: the one that opens the lock counts");
	end();
}

/* An operator has set the password of alice, at the first two. The seal closes nothing then. */
static void reset(const char *password)
{
	static const uint8_t seal[KEY_SIZE] = { 7 };
	struct store_limits limits = { 1 << 20, 1 << 30, STORE_GAPS_MAX };
	struct fact fact = { .kind = FACT_ACCOUNT };
	uint8_t p[KEY_SIZE], lock[KEY_SIZE];
	struct account *a = &fact.account, copy;
	struct sha256 h;

	ALWAYS(store_holder(k.replicas[0].store, view_of_string("alice"), NULL, a), "she is there");
	copy = *a;
	sha256_init(&h); /* as stretch does it */
	sha256_update_part(&h, password, strlen(password));
	sha256_update_part(&h, USUAL, strlen(USUAL));
	sha256_final(&h, p);
	auth_account_middle(&copy, a->middle);
	memcpy(lock, a->verifier.lock, KEY_SIZE);
	auth_verifier_make(p, seal, view_of_string(USUAL), &a->verifier);
	memcpy(a->verifier.lock, lock, KEY_SIZE);
	a->epoch = account_next_epoch(a->epoch, ACCOUNT_BY_OPERATOR);
	a->by = ACCOUNT_BY_OPERATOR;
	(void)store_apply(k.replicas[1].store, &fact, &limits); /* `fact` has views of the first */
	(void)store_apply(k.replicas[0].store, &fact, &limits);
}

static void hide_reset(struct view bytes, struct buf *to)
{
	struct frame f;

	decode(bytes, &f);
	if (f.type == (FRAME_LOGIN | FRAME_REPLY) && f.status == STATUS_OK &&
	    f.logged_in.by == ACCOUNT_BY_OPERATOR) {
		f.logged_in.sealed[0] ^= 1;
		f.logged_in.by = ACCOUNT_BY_OWNER;
	}
	encode(&f, to);
}

/* The owner is told, and who lacks that password is told what its stamp was made for. */
static void test_reset(uint32_t stranger)
{
	begin(stranger, hide_reset);
	client_stop(&k, 1);
	reset("two");
	replica_kill(&k, 2);
	replica_wipe(&k, 2);
	k.replicas[2].registration = REGISTRATION_INVITED;
	replica_start(&k, 2);

	uint32_t client = client_start(&k);

	pass(&k, 100);
	say(&k, client, "login alice two");
	OK(has(heard(&k, client), "result login ok copies=3 reset\n"),
	   "reset: the owner is told, whatever a stranger says");
	IS_U64(held(&k, "alice", false), 7, "reset: and who lacked the account");
	end();
}

int main(void)
{
	for (uint32_t i = 0; i < REPLICAS; i++) {
		test_setting(i, 1, CHEAP);
		test_setting(i, 1, USUAL);
		test_setting(i, 0, CHEAP);
		test_changed(i, say_changed);
		test_changed(i, show_changed);
		test_session_changed(i);
		test_seal(i);
	}
	test_setting_alone();
	test_changed_unknown();
	test_seal_unknown();
	for (uint32_t i = 0; i < 2; i++) {
		test_stamp(i, false);
		test_stamp(i, true);
		test_stamp_later(i);
		test_stamps(i);
		test_reset(i);
	}
	return tap_done();
}
