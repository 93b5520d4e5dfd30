/* SPDX-License-Identifier: MIT
 *
 * Stories of replicas that refuse: one of the three, or all of them, answer each request of a type
 * with the same status, whatever was asked. Whoever asks again without end what is refused without
 * end keeps client and servers busy for nothing. So every command must end, in so much time, and
 * costs no more than so many frames. See tests/replication/cluster.h for what the lines say.
 */
#include "tests/replication/cluster.h"

#include "replication/private.h"

#include "base/sha256.h"

static struct cluster k;

enum {
	ALICE,
	BOB,
	SETTLE_MS = 1500,     /* in which a dead one is dialled again */
	WAIT_MS = 5000,       /* a command waits for a live replica */
	COMMAND_MS = 30000,   /* a command takes no more */
	COMMAND_FRAMES = 300, /* in which a replica says no more than so much */
	FRAMES_MAX = 3000,    /* then it refuses no longer: the test is to end */
};

/* ---- refusing ---- */

struct refusal {
	uint8_t type;
	uint8_t status; /* enum status */
};

/* What is answered to requests of up to two types. */
struct row {
	struct refusal refusals[2];
};

static const struct row rows[] = {
	{ { { FRAME_INTRODUCE, STATUS_WRONG_PROOF } } },
	{ { { FRAME_INTRODUCE, STATUS_CLOCK } } },
	{ { { FRAME_INTRODUCE, STATUS_DISK_FULL } } },
	{ { { FRAME_INTRODUCE, STATUS_SLOW_DOWN } } },
	{ { { FRAME_INTRODUCE, STATUS_CLOSED } } },
	{ { { FRAME_INTRODUCE, STATUS_UNINVITED } } },
	{ { { FRAME_INTRODUCE, STATUS_UNFIT } } },
	{ { { FRAME_INTRODUCE, STATUS_EXPIRED } } },
	{ { { FRAME_INTRODUCE, STATUS_CLOCK }, { FRAME_DELETE, STATUS_DISK_FULL } } },
	{ { { FRAME_CONFIRM, STATUS_UNKNOWN } } },
	{ { { FRAME_CONFIRM, STATUS_WRONG_PROOF } } },
	{ { { FRAME_CONFIRM, STATUS_CLOCK } } },
	{ { { FRAME_CONFIRM, STATUS_DISK_FULL } } },
	{ { { FRAME_CONFIRM, STATUS_CLOCK }, { FRAME_DELETE, STATUS_DISK_FULL } } },
	{ { { FRAME_CONFIRM, STATUS_CLOCK }, { FRAME_DELETE, STATUS_WRONG_PROOF } } },
	{ { { FRAME_LOGIN, STATUS_GONE } } },
	{ { { FRAME_LOGIN, STATUS_UNKNOWN } } },
	{ { { FRAME_LOGIN, STATUS_WRONG_PROOF } } },
	{ { { FRAME_LOGIN, STATUS_CHANGED } } },
	{ { { FRAME_LOGIN, STATUS_CLOCK } } },
	{ { { FRAME_LOGIN, STATUS_UNKNOWN }, { FRAME_HANDOVER, STATUS_GONE } } },
	{ { { FRAME_LOGIN, STATUS_UNKNOWN }, { FRAME_HANDOVER, STATUS_WRONG_PROOF } } },
	{ { { FRAME_LOGIN, STATUS_UNKNOWN }, { FRAME_HANDOVER, STATUS_CLOCK } } },
	{ { { FRAME_LOGIN, STATUS_UNKNOWN }, { FRAME_HANDOVER, STATUS_DISK_FULL } } },
	{ { { FRAME_LOGIN, STATUS_UNKNOWN }, { FRAME_HANDOVER, STATUS_SLOW_DOWN } } },
	{ { { FRAME_LOGIN, STATUS_UNKNOWN }, { FRAME_HANDOVER, STATUS_UNINVITED } } },
	{ { { FRAME_LOGIN, STATUS_WRONG_PROOF }, { FRAME_HANDOVER, STATUS_GONE } } },
	{ { { FRAME_LOGIN, STATUS_WRONG_PROOF }, { FRAME_HANDOVER, STATUS_WRONG_PROOF } } },
	{ { { FRAME_LOGIN, STATUS_WRONG_PROOF }, { FRAME_HANDOVER, STATUS_CLOCK } } },
	{ { { FRAME_LOGIN, STATUS_WRONG_PROOF }, { FRAME_HANDOVER, STATUS_DISK_FULL } } },
	{ { { FRAME_LOGIN, STATUS_WRONG_PROOF }, { FRAME_HANDOVER, STATUS_SLOW_DOWN } } },
	{ { { FRAME_PASSWORD, STATUS_NO_SESSION } } },
	{ { { FRAME_PASSWORD, STATUS_DIFFERENT } } },
	{ { { FRAME_PASSWORD, STATUS_WRONG_PROOF } } },
	{ { { FRAME_PASSWORD, STATUS_UNKNOWN } } },
	{ { { FRAME_PASSWORD, STATUS_DISK_FULL } } },
	{ { { FRAME_PASSWORD, STATUS_DIFFERENT }, { FRAME_LOGIN, STATUS_CHANGED } } },
	{ { { FRAME_DELETE, STATUS_WRONG_PROOF } } },
	{ { { FRAME_DELETE, STATUS_DISK_FULL } } },
	{ { { FRAME_DELETE, STATUS_SLOW_DOWN } } },
	{ { { FRAME_LOGIN, STATUS_GONE }, { FRAME_REMOVE, STATUS_WRONG_PROOF } } },
	{ { { FRAME_LOGIN, STATUS_GONE }, { FRAME_REMOVE, STATUS_UNKNOWN } } },
	{ { { FRAME_LOGIN, STATUS_GONE }, { FRAME_REMOVE, STATUS_DISK_FULL } } },
	{ { { FRAME_LOGIN, STATUS_GONE }, { FRAME_REMOVE, STATUS_SLOW_DOWN } } },
	{ { { FRAME_SEND, STATUS_NO_SESSION } } },
	{ { { FRAME_STREAMS, STATUS_NO_SESSION } } },
	{ { { FRAME_PAGE, STATUS_NO_SESSION } } },
	{ { { FRAME_RECEIVED, STATUS_NO_SESSION } } },
	{ { { FRAME_RECEIVED, STATUS_DISK_FULL } } },
	{ { { FRAME_RECEIVED, STATUS_MAILBOX_FULL } } },
	{ { { FRAME_RECEIVED, STATUS_GAPS } } },
	{ { { FRAME_RECEIVED, STATUS_SLOW_DOWN } } },
	{ { { FRAME_MEMBER, STATUS_UNKNOWN } } },
	{ { { FRAME_MEMBER, STATUS_UNKNOWN }, { FRAME_LOGIN, STATUS_UNKNOWN } } },
	{ { { FRAME_MEMBER, STATUS_UNKNOWN }, { FRAME_LOGIN, STATUS_WRONG_PROOF } } },
	{ { { FRAME_MEMBER, STATUS_UNKNOWN }, { FRAME_LOGIN, STATUS_CHANGED } } },
};

static const struct row *row;  /* of the story */
static bool is_odd;            /* each second one is answered rightly */
static uint32_t asked;         /* of those that are refused */
static uint32_t frames;        /* that the refusing ones have said */
static struct tombstone grave; /* of alice */

/* The status that is answered to a request of this type; STATUS_OK: the right one. A password that
 * was changed is handed over by another frame, which has a stamp always. */
static uint8_t refusal_of(uint8_t type)
{
	bool is_renewal = type == FRAME_RENEW;

	if (is_renewal)
		type = FRAME_HANDOVER;
	for (size_t i = 0; i < 2; i++)
		if (row->refusals[i].status != STATUS_OK && row->refusals[i].type == type)
			return is_renewal && row->refusals[i].status == STATUS_UNINVITED
			               ? STATUS_OK
			               : row->refusals[i].status;
	return STATUS_OK;
}

static struct entry grave_entry(void)
{
	struct tombstone removed = grave;

	if (refusal_of(FRAME_REMOVE) == STATUS_OK)
		return entry_of_tombstone(&grave);
	removed.by = GONE_BY_OPERATOR; /* with a stamp of zeros */
	sha256(grave.delete_key, KEY_SIZE, removed.lock);
	return entry_of_tombstone(&removed);
}

/* Who knows no account at a log-in shows none. */
static void forget(struct view bytes, struct buf *to)
{
	struct reader reader;
	struct entry entry;
	struct buf entries;
	struct frame f;
	const char *why;

	ALWAYS(protocol_decode(bytes, &f, &why), "an answer to a look-up");
	buf_init(&entries, FRAME_SIZE_MAX);
	reader = reader_of(f.entries.entries);
	while (f.type == (FRAME_LOOKUP_ID | FRAME_REPLY) && protocol_next_entry(&reader, &entry)) {
		if (entry.state == ENTRY_ALIVE)
			entry.state = ENTRY_UNKNOWN;
		ALWAYS(protocol_put_entry(&entries, &entry), "there is room");
	}
	f.entries.entries = buf_view(&entries);
	ALWAYS(protocol_encode(to, &f), "there is room");
	buf_release(&entries);
}

static void refuse(struct view bytes, struct buf *to)
{
	uint8_t type = bytes.data[4];
	uint8_t status = type > FRAME_REPLY ? refusal_of(type & (uint8_t)~FRAME_REPLY) : STATUS_OK;
	struct frame f;
	const char *why;

	if (refusal_of(FRAME_LOGIN) == STATUS_UNKNOWN && frames < FRAMES_MAX &&
	    (type == (FRAME_LOOKUP_NAME | FRAME_REPLY) ||
	     type == (FRAME_LOOKUP_ID | FRAME_REPLY))) {
		frames++;
		forget(bytes, to);
		return;
	}
	if (status == STATUS_OK || ++frames > FRAMES_MAX || (is_odd && ++asked % 2 == 0) ||
	    !protocol_decode(bytes, &f, &why)) {
		frames += status == STATUS_OK;
		ALWAYS(buf_put(to, bytes.data, bytes.size), "there is room");
		return;
	}
	f.status = status;
	if (status == STATUS_GONE && type == (FRAME_LOGIN | FRAME_REPLY))
		f.logged_in.entry = grave_entry();
	else if (status == STATUS_GONE)
		f.introduced.entry = grave_entry();
	if (status == STATUS_SLOW_DOWN && type != (FRAME_RECEIVED | FRAME_REPLY))
		f.slow_down.wait_ms = 1000;
	ALWAYS(protocol_encode(to, &f), "there is room");
}

/* ---- time ---- */

static uint64_t deadline(void)
{
	uint64_t until = UINT64_MAX;

	for (uint32_t c = 0; c < k.count; c++)
		if (k.clients[c].r != NULL && replication_deadline(k.clients[c].r) < until)
			until = replication_deadline(k.clients[c].r);
	for (uint32_t i = 0; i < REPLICAS; i++)
		if (session_deadline(k.replicas[i].sessions) < until)
			until = session_deadline(k.replicas[i].sessions);
	return until;
}

/* From one event to the next. */
static void run_until(uint64_t end)
{
	pump(&k);
	while (k.now_ms < end) {
		uint64_t next = deadline();

		k.now_ms = next > end ? end - 1 : next > k.now_ms ? next - 1 : k.now_ms;
		pass(&k, 1);
	}
}

/* ---- the story ---- */

static uint32_t results(void)
{
	const char *at = k.clients[ALICE].story;
	uint32_t count = 0;

	while ((at = strstr(at, "result ")) != NULL) {
		at++;
		count++;
	}
	return count;
}

static const char *password; /* of alice */
static char wrong[256];

/* A command of alice, which must end. */
static void tell(const char *line)
{
	uint32_t before = results();
	uint32_t frames_before = frames;
	uint64_t end = k.now_ms + COMMAND_MS;

	say(&k, ALICE, line);
	while (results() == before && k.now_ms < end)
		run_until(k.now_ms + 100);
	if (wrong[0] != '\0')
		return;
	if (results() == before)
		(void)snprintf(wrong, sizeof wrong, "'%s' does not end", line);
	else if (frames - frames_before > COMMAND_FRAMES)
		(void)snprintf(wrong, sizeof wrong, "'%s' costs %u frames", line,
		               frames - frames_before);
}

static void dig_grave(void)
{
	const struct login_session *s = &k.clients[ALICE].r->session;
	uint8_t delete_key[KEY_SIZE];

	ALWAYS(auth_account_delete_key(s->stretched, &s->account, delete_key), "she may");
	auth_tombstone_make(&s->account, delete_key, &grave);
	grave.name = view_of_string("alice");
}

/* These replicas; alice dials them. */
static void refuse_from_now_on(uint8_t mask)
{
	for (uint32_t i = 0; i < REPLICAS; i++) {
		k.replicas[i].lie = mask >> i & 1 ? refuse : NULL;
		if (mask >> i & 1) {
			cut_and_heal(&k, ALICE, i);
		}
	}
	run_until(k.now_ms + SETTLE_MS);
}

static void live_on(void)
{
	uint32_t before = frames;

	say(&k, BOB, "send alice hello");
	run_until(k.now_ms + 10000);
	if (wrong[0] == '\0' && frames - before > COMMAND_FRAMES)
		(void)snprintf(wrong, sizeof wrong, "a session costs %u frames", frames - before);
}

/* As alice, whatever has ended the session before. */
static void tell_in(const char *line)
{
	char command[64];

	run_until(k.now_ms + SETTLE_MS); /* who is dialled again takes part */
	if (!k.clients[ALICE].r->session.active) {
		(void)snprintf(command, sizeof command, "takeover alice %s", password);
		tell(command);
	}
	tell(line);
}

static void change_password(const char *new)
{
	char command[64];

	(void)snprintf(command, sizeof command, "password %s %s", password, new);
	tell_in(command);
	if (k.clients[ALICE].last.kind == COMMAND_PASSWORD &&
	    k.clients[ALICE].last.outcome == OUTCOME_OK)
		password = new;
}

static void begin(bool is_changed)
{
	frames = asked = 0;
	wrong[0] = '\0';
	password = "pw";
	cluster_start(&k, SHARE_USUAL, 2);
	for (uint32_t c = 0; c < 2; c++)
		k.clients[c].r->options.wait_ms = WAIT_MS;
	say(&k, ALICE, "create alice pw");
	say(&k, BOB, "create bob pw");
	if (is_changed)
		change_password("old");
	dig_grave();
	say(&k, BOB, "send alice hi");
}

static bool is_of_creation(const struct row *of)
{
	return of->refusals[0].type == FRAME_INTRODUCE || of->refusals[0].type == FRAME_CONFIRM;
}

/* Everything that alice does; in a session that runs already, or from the log-in on. */
static void test_row(size_t at, uint8_t mask, bool is_changed, bool is_late)
{
	char name[160];

	row = &rows[at];
	begin(is_changed);
	if (!is_late)
		say(&k, ALICE, "logout");
	refuse_from_now_on(mask);
	if (is_of_creation(row)) {
		tell("create carol pw");
		tell("logout");
	}
	tell_in("send bob one");
	live_on();
	tell_in("all two");
	tell("list");
	tell("look bob");
	change_password("new");
	tell_in("send bob three");
	refuse_from_now_on(mask);
	live_on();
	tell_in("logout");
	tell_in("delete");
	tell("logout");
	refuse_from_now_on(0);
	tell("list");
	(void)snprintf(name, sizeof name, "stubborn: %s %s, %s%s%s: all ends",
	               protocol_row(row->refusals[0].type)->name,
	               protocol_status_name(row->refusals[0].status), mask == 7 ? "all" : "one",
	               is_changed ? ", a later password" : "", is_late ? ", in a session" : "");
	if (!OK(wrong[0] == '\0', name))
		printf("# %s\n%s\n", wrong, k.clients[ALICE].story);
	cluster_free(&k);
}

/* What is said of one that does not take an account, at a log-in, and when it comes back. */
static void test_why(uint8_t status, bool is_changed, const char *why)
{
	const struct row refuses = { { { FRAME_LOGIN, STATUS_UNKNOWN },
		                       { FRAME_HANDOVER, status } } };

	row = &refuses;
	is_odd = false;
	begin(is_changed);
	refuse_from_now_on(1);
	OK(has(replication_why(k.clients[ALICE].r, 0), why), "stubborn: why, in a session");
	say(&k, ALICE, "logout");
	refuse_from_now_on(0);
	refuse_from_now_on(2);
	tell_in("send bob one");
	OK(has(k.clients[ALICE].story, "result send ok copies=2"), "stubborn: logged in at two");
	OK(has(replication_why(k.clients[ALICE].r, 1), why), "stubborn: why, at the log-in");
	cluster_free(&k);
}

static bool has_row(uint8_t type, uint8_t status)
{
	for (size_t at = 0; at < sizeof rows / sizeof rows[0]; at++) {
		row = &rows[at];
		if (refusal_of(type) == status)
			return true;
	}
	return false;
}

/* Every refusal that a client may hear has its stories. What needs a proof is not here: without it
 * the replica is a liar (tests/replication/liar.c). */
static void test_table(void)
{
	for (uint8_t type = FRAME_PING; type < FRAME_TYPE_REQUEST_END; type++) {
		const struct protocol_row *request = protocol_row(type);

		if (request == NULL || request->may == MAY_OPERATOR || type == FRAME_OPERATE)
			continue;
		for (uint8_t status = STATUS_OK + 1; status < STATUS_END; status++) {
			uint8_t bytes[FRAME_HEADER_SIZE + 1] = { 0 };
			const char *never, *why;
			struct frame f;

			buf_store_u32(bytes, sizeof bytes - 4);
			bytes[4] = type | FRAME_REPLY;
			bytes[sizeof bytes - 1] = STATUS_END;
			(void)protocol_decode(view_of(bytes, sizeof bytes), &f, &never);
			bytes[sizeof bytes - 1] = status;
			if (protocol_decode(view_of(bytes, sizeof bytes), &f, &why) ||
			    strcmp(why, never) != 0)
				OK(has_row(type, status) || status == STATUS_GONE ||
				           status == STATUS_TAKEN || status == STATUS_TAKEN_OVER,
				   "stubborn: each refusal has its stories");
		}
	}
}

int main(void)
{
	test_table();
	test_why(STATUS_CLOCK, false, "its operator has removed this account");
	test_why(STATUS_WRONG_PROOF, false, "does not fit its id");
	test_why(STATUS_WRONG_PROOF, true, "has it another operator key?");
	test_why(STATUS_SLOW_DOWN, false, "takes no more accounts from this address");
	test_why(STATUS_DISK_FULL, false, "disk full");
	test_why(STATUS_UNINVITED, false, "that another replica vouches for");
	for (size_t at = 0; at < sizeof rows / sizeof rows[0]; at++)
		for (uint32_t how = 0; how < 8; how++) {
			is_odd = how % 3 == 2;
			if (how > 1 && is_of_creation(&rows[at]))
				continue; /* it needs no session, and has one password */
			test_row(at, (uint8_t)(how & 1 ? 7 : 1u << at % REPLICAS), how & 2,
			         how & 4);
		}
	return tap_done();
}
