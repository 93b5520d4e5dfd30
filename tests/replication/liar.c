/* SPDX-License-Identifier: MIT
 *
 * Stories of a replica that lies: what it says contradicts the protocol, or never ends. Each lie is
 * told by each of the three in turn, to clients that do all that a client does. They get what the
 * other two say. See tests/replication/cluster.h for what the lines say.
 */
#include "tests/replication/cluster.h"

#include "replication/private.h"

static struct cluster k;
static uint64_t told; /* lies, so that no two are equal */

/* Decodes a frame if it is of this type; else passes it on. */
static bool is(struct view bytes, uint8_t type, struct frame *frame, struct buf *to)
{
	const char *why;

	if (bytes.data[4] == type && protocol_decode(bytes, frame, &why))
		return true;
	ALWAYS(buf_put(to, bytes.data, bytes.size), "there is room");
	return false;
}

static void say_instead(const struct frame *frame, struct buf *to)
{
	ALWAYS(protocol_encode(to, frame), "there is room");
}

/* ---- lies ---- */

/* Shows every account of a look-up with that state and epoch, and knows none at a log-in. */
static void shows_and_forgets(struct view bytes, struct buf *to, enum entry_state state,
                              uint32_t epoch)
{
	struct buf entries;
	struct reader reader;
	struct entry entry;
	struct frame f;

	bool by_name = bytes.data[4] == (FRAME_LOOKUP_NAME | FRAME_REPLY);

	if (bytes.data[4] == (FRAME_LOGIN | FRAME_REPLY)) {
		if (is(bytes, FRAME_LOGIN | FRAME_REPLY, &f, to)) {
			f.status = STATUS_UNKNOWN;
			say_instead(&f, to);
		}
		return;
	}
	if (!is(bytes, (by_name ? FRAME_LOOKUP_NAME : FRAME_LOOKUP_ID) | FRAME_REPLY, &f, to))
		return;
	buf_init(&entries, FRAME_SIZE_MAX);
	reader = reader_of(f.entries.entries);
	while (protocol_next_entry(&reader, &entry)) {
		if (entry.state == ENTRY_ALIVE)
			entry.state = state;
		entry.epoch = epoch;
		if (entry.state == ENTRY_UNKNOWN && by_name)
			continue;
		ALWAYS(protocol_put_entry(&entries, &entry), "there is room");
	}
	f.entries.entries = buf_view(&entries);
	say_instead(&f, to);
	buf_release(&entries);
}

static void never_knows(struct view bytes, struct buf *to)
{
	shows_and_forgets(bytes, to, ENTRY_UNKNOWN, 0);
}

/* A password that nobody has set. */
static void another_password(struct view bytes, struct buf *to)
{
	shows_and_forgets(bytes, to, ENTRY_ALIVE, 7);
}

/* The right one, with which nobody can log in. */
static void its_own_password(struct view bytes, struct buf *to)
{
	shows_and_forgets(bytes, to, ENTRY_ALIVE, 0);
}

static void list_stands_still(struct view bytes, struct buf *to)
{
	struct frame f;

	if (!is(bytes, FRAME_LIST | FRAME_REPLY, &f, to))
		return;
	f.listed.last = false;
	say_instead(&f, to);
}

static void page_stands_still(struct view bytes, struct buf *to)
{
	struct frame f;

	if (!is(bytes, FRAME_PAGE | FRAME_REPLY, &f, to))
		return;
	f.paged.last = false;
	memset(&f.paged.upto, 0, sizeof f.paged.upto);
	f.paged.messages.size = 0;
	say_instead(&f, to);
}

static void page_goes_on(struct view bytes, struct buf *to)
{
	struct frame f;

	if (!is(bytes, FRAME_PAGE | FRAME_REPLY, &f, to))
		return;
	f.paged.last = false;
	f.paged.upto = (struct place){ ++told, { { 0 } }, { { 0 } }, 1 };
	f.paged.messages.size = 0;
	say_instead(&f, to);
}

static void other_answers(struct view bytes, struct buf *to)
{
	struct frame f;

	if (!is(bytes, FRAME_LOOKUP_NAME | FRAME_REPLY, &f, to) || f.entries.entries.size == 0)
		return;
	f.type = FRAME_LOOKUP_ID | FRAME_REPLY;
	say_instead(&f, to);
}

static void answers_twice(struct view bytes, struct buf *to)
{
	struct frame f;

	if (!is(bytes, FRAME_PING | FRAME_REPLY, &f, to))
		return;
	say_instead(&f, to);
	say_instead(&f, to);
}

static void no_silence(struct view bytes, struct buf *to)
{
	struct frame f;

	if (!is(bytes, FRAME_WELCOME, &f, to))
		return;
	told++;
	say_instead(&f, to);
	buf_store_u32(to->data + to->size - 4, 0); /* the last field */
}

/* The same of the right account: whoever looks it up is told its id. */
static void gone_without_key(struct view bytes, struct buf *to)
{
	static struct id found;
	struct reader entries;
	struct entry entry;
	struct frame f;
	const char *why;

	if (bytes.data[4] == (FRAME_LOOKUP_NAME | FRAME_REPLY) &&
	    protocol_decode(bytes, &f, &why)) {
		entries = reader_of(f.entries.entries);
		if (protocol_next_entry(&entries, &entry))
			found = entry.id;
	}
	if (!is(bytes, FRAME_LOGIN | FRAME_REPLY, &f, to))
		return;
	f.status = STATUS_GONE;
	memset(&f.logged_in.entry, 0, sizeof f.logged_in.entry);
	f.logged_in.entry.id = found;
	f.logged_in.entry.state = ENTRY_GONE;
	f.logged_in.entry.name = view_of_string("alice");
	say_instead(&f, to);
}

static void taken_over_unsigned(struct view bytes, struct buf *to)
{
	struct frame f;

	if (!is(bytes, FRAME_LOGIN | FRAME_REPLY, &f, to))
		return;
	f.status = STATUS_TAKEN_OVER;
	memset(&f.logged_in, 0, sizeof f.logged_in);
	memset(&f.logged_in.session, 0x7f, sizeof f.logged_in.session);
	f.logged_in.dial = 1;
	say_instead(&f, to);
}

static void yes_unsigned(struct view bytes, struct buf *to)
{
	struct frame f;

	if (!is(bytes, FRAME_LOGIN | FRAME_REPLY, &f, to))
		return;
	f.status = STATUS_OK;
	memset(&f.logged_in, 0, sizeof f.logged_in);
	say_instead(&f, to);
}

static void gone_unproved(struct view bytes, struct buf *to)
{
	struct frame f;

	if (!is(bytes, FRAME_LOGIN | FRAME_REPLY, &f, to))
		return;
	f.status = STATUS_GONE;
	memset(&f.logged_in.entry, 0, sizeof f.logged_in.entry);
	f.logged_in.entry.state = ENTRY_GONE;
	f.logged_in.entry.name = view_of_string("alice");
	say_instead(&f, to);
}

/* Accounts that nobody made, in order, before all others. */
static void list_goes_on(struct view bytes, struct buf *to)
{
	struct buf entries;
	const uint8_t online[(LIST_COUNT_MAX + 7) / 8] = { 0 };
	struct frame f;
	struct sha256 h;
	char name[16];

	if (!is(bytes, FRAME_LIST | FRAME_REPLY, &f, to))
		return;
	buf_init(&entries, FRAME_SIZE_MAX);
	f.listed.last = false;
	f.listed.count = 500;
	for (uint32_t i = 0; i < 500; i++) {
		(void)snprintf(name, sizeof name, "a%010u", (unsigned)(told + i));
		ALWAYS(protocol_put_listed(&entries,
		                           &(struct list_item){ { { 1 } }, view_of_string(name) }),
		       "there is room");
	}
	if (!(f.flags & FLAG_DIGEST)) {
		f.listed.entries = buf_view(&entries);
		told += 500;
	}
	sha256_init(&h);
	sha256_update(&h, "", 1);
	sha256_update(&h, entries.data, entries.size);
	sha256_final(&h, f.listed.digest);
	f.listed.online = view_of(online, 500 / 8 + 1);
	say_instead(&f, to);
	buf_release(&entries);
}

/* `count` messages of fresh streams of fresh senders. */
static void make_up(struct buf *to, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		struct message_item item = { .number = 1,
			                     .sent_ms = 1,
			                     .text = view_of_string("x") };

		told++;
		for (int b = 0; b < 8; b++)
			item.sender.bytes[8 + b] = (uint8_t)(told >> (56 - 8 * b));
		ALWAYS(protocol_put_message(to, &item), "there is room");
	}
}

static void pages(struct view bytes, struct buf *to, uint32_t count)
{
	struct buf messages;
	struct frame f;

	if (!is(bytes, FRAME_PAGE | FRAME_REPLY, &f, to) || f.status != STATUS_OK)
		return;
	buf_init(&messages, FRAME_SIZE_MAX);
	make_up(&messages, count);
	f.paged.last = false;
	f.paged.messages = buf_view(&messages);
	f.paged.upto = (struct place){ 1, { { 0 } }, { { 0 } }, 1 };
	memcpy(f.paged.upto.sender.bytes, messages.data + messages.size - MESSAGE_SIZE - 1,
	       ID_SIZE);
	say_instead(&f, to);
	buf_release(&messages);
}

static void pages_of_one(struct view bytes, struct buf *to)
{
	pages(bytes, to, 1);
}

static void pages_of_many(struct view bytes, struct buf *to)
{
	pages(bytes, to, 64 * 1024 / (MESSAGE_SIZE + 1));
}

/* Behind every reply. */
static void pushes(struct view bytes, struct buf *to)
{
	struct frame f = { .type = FRAME_PUSH };
	struct buf messages;

	ALWAYS(buf_put(to, bytes.data, bytes.size), "there is room");
	if (bytes.data[4] < FRAME_REPLY || bytes.data[4] == FRAME_WELCOME)
		return;
	buf_init(&messages, FRAME_SIZE_MAX);
	make_up(&messages, 300);
	f.push.messages = buf_view(&messages);
	say_instead(&f, to);
	buf_release(&messages);
}

/* To everything that needs one. */
static void no_session(struct view bytes, struct buf *to)
{
	struct frame f;

	if (is(bytes, FRAME_PAGE | FRAME_REPLY, &f, to)) {
		f.status = STATUS_NO_SESSION;
		say_instead(&f, to);
	}
}

/* Behind every page, so that the next one is asked for. */
static void goes_back(struct view bytes, struct buf *to)
{
	struct frame f = { .type = FRAME_READ_ON };

	ALWAYS(buf_put(to, bytes.data, bytes.size), "there is room");
	if (bytes.data[4] == (FRAME_LOGIN | FRAME_REPLY)) /* also before the page comes */
		say_instead(&f, to);
	if (bytes.data[4] == (FRAME_PAGE | FRAME_REPLY) ||
	    bytes.data[4] == (FRAME_PING | FRAME_REPLY))
		say_instead(&f, to);
}

/* The uuid of the others in turn, which anybody can read in their greetings. */
static void others_uuid(struct view bytes, struct buf *to)
{
	struct frame f;

	if (!is(bytes, FRAME_WELCOME, &f, to))
		return;
	for (uint32_t i = 0; i < REPLICAS; i++)
		if (memcmp(k.replicas[i].uuid, f.welcome.uuid, UUID_SIZE) != 0) {
			memcpy(f.welcome.uuid, k.replicas[i].uuid, UUID_SIZE);
			break;
		}
	say_instead(&f, to);
}

/* Behind every answer to a ping, of the sessions that run. */
static void end_sessions(struct view bytes, struct buf *to, enum status why)
{
	struct frame f = { .type = FRAME_ENDED, .status = why };

	ALWAYS(buf_put(to, bytes.data, bytes.size), "there is room");
	if (bytes.data[4] != (FRAME_PING | FRAME_REPLY))
		return;
	for (uint32_t client = 0; client < 2; client++) {
		if (k.clients[client].r == NULL || !k.clients[client].r->session.active)
			continue;
		f.session.session = k.clients[client].r->session.ulid;
		say_instead(&f, to);
	}
}

static void ends_taken_over(struct view bytes, struct buf *to)
{
	end_sessions(bytes, to, STATUS_TAKEN_OVER);
}

static void ends_gone(struct view bytes, struct buf *to)
{
	end_sessions(bytes, to, STATUS_GONE);
}

/* Of everybody who is looked up by his name. */
static void found_with(struct view bytes, struct buf *to, void (*alter)(struct entry *entry))
{
	struct buf entries;
	struct reader reader;
	struct entry entry;
	struct frame f;

	if (!is(bytes, FRAME_LOOKUP_NAME | FRAME_REPLY, &f, to) || f.status != STATUS_OK)
		return;
	buf_init(&entries, FRAME_SIZE_MAX);
	reader = reader_of(f.entries.entries);
	while (protocol_next_entry(&reader, &entry)) {
		alter(&entry);
		ALWAYS(protocol_put_entry(&entries, &entry), "there is room");
	}
	f.entries.entries = buf_view(&entries);
	say_instead(&f, to);
	buf_release(&entries);
}

/* Of every recipient of a message. */
static void sent_with(struct view bytes, struct buf *to, enum status status)
{
	struct buf results;
	struct send_result result;
	struct reader reader;
	struct frame f;

	if (!is(bytes, FRAME_SEND | FRAME_REPLY, &f, to) || f.status != STATUS_OK)
		return;
	buf_init(&results, FRAME_SIZE_MAX);
	reader = reader_of(f.sent.results);
	while (protocol_next_result(&reader, &result)) {
		result.status = status;
		ALWAYS(protocol_put_result(&results, &result), "there is room");
	}
	f.sent.results = buf_view(&results);
	say_instead(&f, to);
	buf_release(&results);
}

static void sent_to_gone(struct view bytes, struct buf *to)
{
	sent_with(bytes, to, STATUS_GONE);
}

static void sent_different(struct view bytes, struct buf *to)
{
	sent_with(bytes, to, STATUS_DIFFERENT);
}

/* Of whom a message came: an entry of the same name. */
static void sender_is_gone(struct view bytes, struct buf *to)
{
	struct buf answers;
	struct stream_item item;
	struct reader reader;
	struct frame f;

	if (!is(bytes, FRAME_STREAMS | FRAME_REPLY, &f, to) || f.status != STATUS_OK)
		return;
	buf_init(&answers, FRAME_SIZE_MAX);
	reader = reader_of(f.streams.streams);
	while (protocol_next_answer(&reader, &item)) {
		item.entry.state = ENTRY_GONE;
		item.entry.name = view_of_string("bob");
		ALWAYS(protocol_put_answer(&answers, &item), "there is room");
	}
	f.streams.streams = buf_view(&answers);
	say_instead(&f, to);
	buf_release(&answers);
}

/* Somebody has the name: an account that nobody made. */
static void name_is_taken(struct view bytes, struct buf *to)
{
	char setting[SETTING_SIZE_MAX + 1];
	const uint8_t salt[16] = { 1 };
	struct entry entry = { .id = { { 1, 2, 3 } }, .state = ENTRY_ALIVE };
	struct frame f;

	if (!is(bytes, FRAME_INTRODUCE | FRAME_REPLY, &f, to))
		return;
	auth_setting_make(salt, setting);
	entry.marks = MARK_CONFIRMED;
	entry.name = view_of_string("bob");
	entry.setting = view_of_string(setting);
	f.status = STATUS_TAKEN;
	f.introduced.entry = entry;
	say_instead(&f, to);
}

/* Whoever is looked up: an older account that nobody made. */
static void make_older(struct entry *entry)
{
	entry->id = (struct id){ { 0, 0, 0, 0, 1 } };
	entry->marks = MARK_CONFIRMED | MARK_HOLDER;
	entry->online_since_ms = 0;
}

static void another_holder(struct view bytes, struct buf *to)
{
	found_with(bytes, to, make_older);
}

static const struct {
	const char *name;
	void (*lie)(struct view frame, struct buf *to);
	const char *why; /* it is dead; NULL: it need not be found out */
} lies[] = {
	{ "knows no account, also after a hand-over", never_knows, LIES_UNKNOWN },
	{ "a list that stands still", list_stands_still, "lists fewer than it was asked" },
	{ "a page that stands still", page_stands_still, "an empty page that is not the last" },
	{ "a page that is empty, and goes on", page_goes_on, "an empty page that is not the last" },
	{ "a reply of another type", other_answers, "answers in the wrong order" },
	{ "a reply twice", answers_twice, "answers" },
	{ "no silence is allowed", no_silence, "a silence out of bounds" },
	{ "a list that never ends", list_goes_on, "lists more accounts than it has" },
	{ "pages of one message that never end", pages_of_one, "pages that are not full" },
	{ "full pages that never end", pages_of_many, "without end" },
	{ "pushes that never end", pushes, "without end" },
	{ "gone without the delete key", gone_without_key, "without a proof" },
	{ "taken over, not signed", taken_over_unsigned, "cannot prove" },
	{ "a log-in that is not signed", yes_unsigned, "cannot prove" },
	{ "gone without a proof", gone_unproved, "another account" },
	{ "no session, after a log-in", no_session, "has not ended it" },
	{ "goes back in a mailbox", goes_back, "goes back" },
	{ "another one's uuid", others_uuid, "" },
	{ "ends a session as taken over", ends_taken_over, "ends a session that is not over" },
	{ "ends a session as gone", ends_gone, "ends a session that is not over" },
	{ "a recipient who is gone", sent_to_gone, "a recipient that is not gone" },
	{ "a text that differs", sent_different, "" },
	{ "a holder of a name that was made up", name_is_taken, "" },
	{ "an older account that was made up", another_holder, "does not fit its name" },
	{ "a sender who is gone", sender_is_gone, "without a proof" },
	{ "a password that nobody has set", another_password, "that it has shown" },
	{ "a password that all have shown", its_own_password, "that it has shown" },
};

/* ---- the story ---- */

/* Whether so much is shown that no story can tell it. */
static bool is_flood(size_t at)
{
	return lies[at].lie == list_goes_on || lies[at].lie == pages_of_one ||
	       lies[at].lie == pages_of_many || lies[at].lie == pushes;
}

/* Everything that a client does; what it hears of it. The lie begins after the first creation. */
static void test_lie(size_t at, uint32_t liar)
{
	char story_name[128];
	const char *h;
	bool right;

	cluster_start(&k, SHARE_USUAL, 2);
	k.clients[0].counts_only = is_flood(at);
	k.clients[1].counts_only = is_flood(at);
	say(&k, 0, "create alice pw");
	say(&k, 0, "logout");
	k.replicas[liar].lie = lies[at].lie;
	for (uint32_t client = 0; client < 2; client++) {
		cut_and_heal(&k, client, liar);
	}
	pass(&k, 500);
	quiet(&k);
	say(&k, 1, "create bob pw");
	pass(&k, 100);
	say(&k, 1, "send alice hello");
	say(&k, 0, "login alice pw");
	pass(&k, 2000);
	say(&k, 0, "list");
	say(&k, 0, "send bob answer");
	say(&k, 0, "delete");
	pass(&k, 8000);
	h = heard(&k, 0);
	right = has(h, "result login ok") &&
	        (is_flood(at) || (has(h, "message bob hello") && has(h, "alice+"))) &&
	        has(h, "result list ok") && has(h, "result send ok copies=") &&
	        has(h, "result delete ok copies=") && replication_idle(k.clients[0].r);
	h = heard(&k, 1);
	right = right && has(h, "result create ok copies=") &&
	        (is_flood(at) || (has(h, "message ") && has(h, "answer 1")));
	for (uint32_t client = 0; client < 2; client++)
		right = right && k.clients[client].r->streams.count < STREAMS_KEPT + 20000;
	(void)snprintf(story_name, sizeof story_name, "%s: replica %u stops nobody", lies[at].name,
	               liar);
	if (!OK(right, story_name))
		printf("# %s\n# %s\n", k.clients[0].story, h);
	(void)snprintf(story_name, sizeof story_name, "%s: it is said why", lies[at].name);
	if (!OK(has(replication_why(k.clients[0].r, liar), lies[at].why), story_name))
		printf("# %s\n", replication_why(k.clients[0].r, liar));
	cluster_free(&k);
}

/* A liar that is the only live one says that it holds another text under the key of a new message,
 * which it has stored. That refuses nothing. */
static void test_alone(void)
{
	struct id id;

	cluster_alice_bob(&k, SHARE_USUAL, 2);
	id = k.clients[1].last.id;
	say(&k, 0, "send bob zero");
	say(&k, 1, "logout");
	client_cut(&k, 0, 1), client_cut(&k, 0, 2);
	quiet(&k);
	k.replicas[0].lie = sent_different;
	(void)heard(&k, 0);
	say(&k, 0, "send bob one");
	pass(&k, 500);
	OK(has(heard(&k, 0), "result send unknown-outcome"),
	   "alone: that another text is held is no outcome");
	IS_U64(waiting(&k, 0, &id), 1, "alone: it has stored it");
	cluster_free(&k);
}

/* The last session there is, of whoever is looked up. */
static void make_last(struct entry *entry)
{
	memset(&entry->session, 0xff, sizeof entry->session);
}

static void last_session(struct view bytes, struct buf *to)
{
	found_with(bytes, to, make_last);
}

/* Nobody is led to the end of the range, behind which no log-in is larger. */
static void test_last_session(void)
{
	for (uint32_t liar = 0; liar < REPLICAS; liar++) {
		cluster_start(&k, SHARE_USUAL, 1);
		say(&k, 0, "create alice pw");
		say(&k, 0, "logout");
		k.replicas[liar].lie = last_session;
		for (int i = 0; i < 3; i++) {
			(void)heard(&k, 0);
			say(&k, 0, "login alice pw");
			pass(&k, 500);
			OK(has(heard(&k, 0), "result login ok"), "last session: logged in");
			IS_U64(k.clients[0].r->live, ALL_REPLICAS, "last session: everywhere");
			OK(ulid_time_ms(&k.clients[0].r->session.ulid) <
			           replication_now(k.clients[0].r) + 60000,
			   "last session: one of today is drawn");
			say(&k, 0, "logout");
		}
		cluster_free(&k);
	}
}

/* The greeting tells the client. */
static void set_clocks_and_dial(int64_t offset_ms)
{
	set_clocks(&k, offset_ms);
	for (uint32_t i = 0; i < REPLICAS; i++)
		client_cut(&k, 0, i);
	for (uint32_t i = 0; i < REPLICAS; i++)
		client_heal(&k, 0, i);
	pass(&k, 3000);
}

/* A session far ahead of the clock, which a replica has in truth (its clock was wrong), is said by
 * nobody's look-up that counts, but proved at the log-in, and the next one is larger. */
static void test_session_ahead(void)
{
	cluster_start(&k, SHARE_USUAL, 1);
	set_clocks_and_dial(10 * (int64_t)NAMED_AHEAD_MS);
	say(&k, 0, "create alice pw");
	say(&k, 0, "logout");
	set_clocks_and_dial(0);
	(void)heard(&k, 0);
	say(&k, 0, "login alice pw");
	pass(&k, 500);
	OK(has(heard(&k, 0), "result login ok"), "session ahead: logged in above it");
	IS_U64(k.clients[0].r->live, ALL_REPLICAS, "session ahead: everywhere");
	OK(ulid_time_ms(&k.clients[0].r->session.ulid) >
	           replication_now(k.clients[0].r) + NAMED_AHEAD_MS,
	   "session ahead: the larger one was proved");
	cluster_free(&k);
}

/* Three liars: a command ends, and says that nobody is left. */
static void test_all(void)
{
	cluster_start(&k, SHARE_USUAL, 1);
	say(&k, 0, "create alice pw");
	say(&k, 0, "logout");
	quiet(&k);
	for (uint32_t i = 0; i < REPLICAS; i++)
		k.replicas[i].lie = list_stands_still;
	say(&k, 0, "list");
	say(&k, 0, "login alice pw");
	IS_STRING(heard(&k, 0),
	          "dead 0\nleader 1\ndead 1\nleader 2\ndead 2\nresult list no-replica\n"
	          "result login no-replica\n",
	          "three liars: nothing waits for them");
	cluster_free(&k);
}

/* What one replica pushed while it was alone counts against it only until another one brings it, be
 * it in a page. */
static void test_brought_by_pages(void)
{
	cluster_alice_bob(&k, SHARE_USUAL, 2);
	k.clients[1].stalls = true; /* or else nobody has it any more */
	client_cut(&k, 1, 1), client_cut(&k, 1, 2);
	say(&k, 0, "send bob one");
	IS_U64(k.clients[1].r->replicas[0].alone_pushed, 1, "pages: one stream came from it alone");
	client_heal(&k, 1, 1);
	pass(&k, 3000);
	IS_U64(k.clients[1].r->replicas[0].alone_pushed, 0, "pages: which another one has, too");
	cluster_free(&k);
}

/* A page is enough for that. The merge, which waits for the page of a third one, may take long. */
static void test_brought_before_the_merge(void)
{
	const struct replication *r;

	cluster_alice_bob(&k, SHARE_USUAL, 2);
	r = k.clients[1].r;
	k.clients[1].stalls = true;
	client_cut(&k, 1, 1), client_cut(&k, 1, 2);
	say(&k, 0, "send bob one");
	client_heal(&k, 1, 1), client_heal(&k, 1, 2);
	hold_here(&k, 1, 1, true), hold_here(&k, 1, 2, true);
	for (uint32_t i = 1; i < REPLICAS; i++)
		for (uint32_t ms = 0; ms < 3000 && !r->replicas[i].joined; ms++) {
			let_here(&k, 1, i, k.clients[1].links[i].open);
			pass(&k, 1);
		}
	IS_U64(r->replicas[0].alone_pushed, 1,
	       "pages: both have joined, and their pages are on the way");
	hold_here(&k, 1, 1, false);
	pump(&k);
	OK(r->merging, "pages: the merge waits for one");
	IS_U64(r->replicas[0].alone_pushed, 0, "pages: the other one says who has the stream");
	cluster_free(&k);
}

/* Ends the session, and says that it has never heard of the account. */
static void ends_and_forgets(struct view bytes, struct buf *to)
{
	struct frame f;

	if (bytes.data[4] != (FRAME_LOGIN | FRAME_REPLY)) {
		end_sessions(bytes, to, STATUS_CHANGED);
	} else if (is(bytes, FRAME_LOGIN | FRAME_REPLY, &f, to)) {
		f.status = STATUS_UNKNOWN;
		say_instead(&f, to);
	}
}

/* With a changed password there is nothing that shows that an account is not unknown. So that is no
 * lie; but who does not know it takes no part. */
static void test_forgets_a_change(void)
{
	const char *h;

	cluster_start(&k, SHARE_USUAL, 1);
	say(&k, 0, "create alice one");
	say(&k, 0, "password one two");
	quiet(&k);
	k.replicas[2].lie = ends_and_forgets;
	pass(&k, HEARTBEAT_MS + 10);
	h = heard(&k, 0);
	OK(has(h, "dead 2") && !has(h, "logged out"), "forgets: who ends a session is dead");
	IS_STRING(replication_why(k.clients[0].r, 2), "lacks the password of this session",
	          "forgets: for what it does not know");
	say(&k, 0, "list");
	OK(has(heard(&k, 0), "users alice+"), "forgets: the session goes on");
	cluster_free(&k);
}

/* Says yes to a change, and gives nothing by which others could be told of it. */
static void gives_no_stamp(struct view bytes, struct buf *to)
{
	static const uint8_t none[KEY_SIZE];
	struct frame f;

	if (is(bytes, FRAME_PASSWORD | FRAME_REPLY, &f, to)) {
		memcpy(f.introduced.stamp, none, KEY_SIZE);
		say_instead(&f, to);
	}
}

/* Nobody can be told of the password then; the session goes on where it is known. */
static void test_no_stamp(void)
{
	cluster_start(&k, SHARE_USUAL, 1);
	say(&k, 0, "create alice one");
	k.replicas[2].lie = gives_no_stamp;
	say(&k, 0, "password one two");
	replica_kill(&k, 1);
	replica_wipe(&k, 1);
	pump(&k);
	replica_start(&k, 1);
	pass(&k, 60000);
	(void)heard(&k, 0);
	say(&k, 0, "list");
	OK(has(heard(&k, 0), "users alice+"), "no stamp: the session goes on");
	cluster_free(&k);
}

/* A liar is dialled again after a long pause, and a longer one: not as often as one that fails. */
static void test_pauses(void)
{
	cluster_start(&k, SHARE_USUAL, 1);
	k.replicas[1].lie = no_silence;
	cut_and_heal(&k, 0, 1);
	told = 0;
	pass(&k, 100000);
	OK(told >= 3 && told <= 5, "pauses: a liar is dialled again, and seldom");
	k.replicas[1].lie = NULL;
	pass(&k, 400000);
	(void)heard(&k, 0);
	say(&k, 0, "replicas");
	IS_STRING(heard(&k, 0), "replicas agrees agrees agrees\nresult replicas ok\n",
	          "pauses: and when it no longer lies, it takes part");
	cluster_free(&k);
}

static uint16_t version; /* of the greeting */

static void greet_in_version(struct view bytes, struct buf *to)
{
	struct frame f;
	const char *why;

	ALWAYS(protocol_decode(bytes, &f, &why), "a frame of a replica");
	if (f.type == FRAME_WELCOME)
		f.welcome.version = version;
	ALWAYS(protocol_encode(to, &f), "there is room");
}

/* HELLO has offered some. */
static void test_version(void)
{
	for (version = PROTOCOL_VERSION_MIN - 1; version <= PROTOCOL_VERSION_MAX + 1; version++) {
		bool is_offered = version >= PROTOCOL_VERSION_MIN &&
		                  version <= PROTOCOL_VERSION_MAX;

		cluster_start(&k, SHARE_USUAL, 0);
		k.replicas[1].lie = greet_in_version;
		(void)client_start(&k);
		pass(&k, 10);
		IS_U64(k.clients[0].r->live, is_offered ? 7 : 5,
		       "version: one that was not offered is refused");
		IS_U64(k.clients[0].r->replicas[1].lies, !is_offered,
		       "version: who greets in it is a liar");
		cluster_free(&k);
	}
}

int main(void)
{
	for (size_t at = 0; at < sizeof lies / sizeof lies[0]; at++)
		for (uint32_t liar = 0; liar < REPLICAS; liar++)
			if (!is_flood(at) || liar == at % REPLICAS) /* a flood takes its time */
				test_lie(at, liar);
	test_alone();
	test_last_session();
	test_session_ahead();
	test_all();
	test_forgets_a_change();
	test_no_stamp();
	test_brought_by_pages();
	test_brought_before_the_merge();
	test_pauses();
	test_version();
	return tap_done();
}
