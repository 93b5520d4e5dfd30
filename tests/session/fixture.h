/* SPDX-License-Identifier: MIT
 *
 * A replica without sockets and disk for the tests of session: bytes go in as from a network, facts
 * come out as to a journal, a sync is a call. Every fact that is given out goes into a second store
 * without limits, which must become the same: so nothing changes without being journalled. After
 * every step session_check looks at all invariants.
 */
#ifndef THREEFOLD_TESTS_SESSION_FIXTURE_H
#define THREEFOLD_TESTS_SESSION_FIXTURE_H

#include "session/session.h"
#include "tests/lib/tap.h"

enum { PEERS = 12, CLOCK_MS = 1000000, IN_SIZE_MAX = 64 * 1024 * 1024 };

struct peer {
	uint32_t number;
	struct buf in;  /* what has come from the replica */
	size_t offset;  /* of it, read */
	bool is_closed; /* SESSION_CLOSE, and what it says: */
	const char *why;
	bool is_urgent;
	unsigned resumed; /* SESSION_RESUME */
	unsigned told;    /* SESSION_WRITE */
	unsigned asked;   /* SESSION_ASKED */
	bool is_deaf;     /* takes no output by itself */
	uint32_t request;
	uint16_t version; /* of the protocol, as it was asked for */
};

struct rig {
	struct store *store;
	struct store *journal; /* the facts given out, joined */
	struct sessions *s;
	struct session_options options;
	struct session_time time;
	uint64_t position;
	uint64_t synced;
	bool is_slow; /* its disk syncs only when it is told to */
	struct peer peers[PEERS];
	unsigned reports; /* of what addresses were refused */
	unsigned notes[SESSION_NOTES];
	char noted[NAME_SIZE_MAX + 1]; /* of whom the last one was */
};

/* Of tests: the key that the three servers of a cluster share. */
static const uint8_t operator_key[KEY_SIZE] = "a key that three servers share!";

/* Somebody with a password that needs no stretch: P is the byte `who`, 32 times. */
struct person {
	char name[NAME_SIZE_MAX + 1];
	uint8_t stretched[KEY_SIZE];
	uint8_t delete_key[KEY_SIZE];
	struct account account;
	uint64_t number; /* last message sent */
};

static const char setting_text[] = "$y$j9T$k5jwnHTxqTDytfzywrjzz1";

static inline struct person person_make(const char *name, uint8_t who, uint64_t time_ms)
{
	struct person p = { .number = 0 };
	uint8_t seal[KEY_SIZE];

	snprintf(p.name, sizeof p.name, "%s", name);
	memset(p.stretched, who, KEY_SIZE);
	memset(seal, who ^ 0xff, KEY_SIZE);
	auth_verifier_make(p.stretched, seal, view_of_string(setting_text), &p.account.verifier);
	auth_delete_key(p.stretched, seal, p.delete_key);
	auth_id_make(time_ms, view_of_string(p.name), &p.account.verifier, &p.account.id);
	return p;
}

/* The name's view must point into the person where it stands now. */
static inline struct account account_of(const struct person *p)
{
	struct account account = p->account;

	account.name = view_of_string(p->name);
	return account;
}

static inline void rig_open_with(struct rig *r, struct session_options options)
{
	*r = (struct rig){ .store = store_new(), .journal = store_new(), .options = options };
	memset(r->options.uuid, 0x77, UUID_SIZE);
	memset(r->options.box_secret, 0x78, KEY_SIZE);
	if (r->options.limits.share_messages == 0)
		r->options.limits = (struct store_limits){ 1000000, UINT64_C(1) << 30,
			                                   STORE_GAPS_MAX };
	r->time = (struct session_time){ .clock_ms = CLOCK_MS, .monotonic_ms = 1 };
	r->s = session_new(&r->options, r->store);
	for (int i = 0; i < PEERS; i++) {
		r->peers[i].number = SESSION_NONE;
		buf_init(&r->peers[i].in, IN_SIZE_MAX);
	}
}

static inline void rig_open(struct rig *r)
{
	rig_open_with(r, (struct session_options){ .silence_ms = 6000 });
}

static inline struct peer *peer_of(struct rig *r, uint32_t number)
{
	for (int i = 0; i < PEERS; i++)
		if (r->peers[i].number == number)
			return &r->peers[i];
	return NULL;
}

static inline void rig_act(struct rig *r)
{
	struct session_action action;
	struct limit_report report;

	while (session_next_report(r->s, &report))
		r->reports++;
	while (session_next(r->s, &action)) {
		if (action.kind == SESSION_APPEND) {
			store_apply(r->journal, action.fact, NULL);
			r->position++;
			continue;
		}
		struct peer *peer = peer_of(r, action.connection);

		ALWAYS(peer != NULL, "session: an action is for a connection that is there");
		peer->told += action.kind == SESSION_WRITE;
		peer->resumed += action.kind == SESSION_RESUME;
		peer->asked += action.kind == SESSION_ASKED;
		if (action.kind == SESSION_NOTE) {
			r->notes[action.note]++;
			view_to_string(action.name, r->noted, sizeof r->noted);
			ALWAYS(action.from != NULL, "session: a note says from where");
		}
		if (action.kind != SESSION_CLOSE)
			continue;
		peer->is_closed = true;
		peer->why = action.why;
		peer->is_urgent = action.is_urgent;
	}
	session_check(r->s);
}

/* Takes up to `size_max` bytes of what may be written to a peer. */
static inline size_t rig_take(struct rig *r, struct peer *peer, size_t size_max)
{
	struct view output = session_output(r->s, peer->number);
	size_t size = output.size < size_max ? output.size : size_max;

	buf_put(&peer->in, output.data == NULL ? (const void *)"" : output.data, size);
	session_output_sent(r->s, peer->number, size);
	rig_act(r);
	return size;
}

static inline void rig_write(struct rig *r)
{
	for (int i = 0; i < PEERS; i++) {
		struct peer *peer = &r->peers[i];

		while (peer->number != SESSION_NONE && !peer->is_deaf &&
		       rig_take(r, peer, SIZE_MAX) > 0)
			;
	}
}

static inline void rig_sync(struct rig *r)
{
	r->synced = r->position;
	session_synced(r->s, r->position);
	rig_act(r);
	rig_write(r);
}

static inline void rig_settle(struct rig *r)
{
	rig_act(r);
	rig_write(r);
	if (!r->is_slow)
		rig_sync(r);
}

static inline void rig_work(struct rig *r)
{
	while (session_has_work(r->s)) {
		session_work(r->s, r->time);
		rig_settle(r);
	}
}

static inline void rig_tick(struct rig *r, uint64_t later_ms)
{
	r->time.monotonic_ms += later_ms;
	r->time.clock_ms += later_ms;
	session_tick(r->s, r->time);
	rig_settle(r);
}

/* `from` as for session_open. A peer that is refused has no number. */
static inline struct peer *rig_connect_from(struct rig *r, const struct limit_address *from)
{
	struct peer *peer = peer_of(r, SESSION_NONE);
	uint8_t nonce[KEY_SIZE];

	memset(nonce, (int)(peer - r->peers) + 1, KEY_SIZE);
	peer->number = session_open(r->s, nonce, from, r->time);
	peer->in.size = 0;
	peer->offset = 0;
	peer->is_closed = false;
	peer->why = NULL;
	peer->is_urgent = false;
	peer->is_deaf = false;
	peer->resumed = 0;
	peer->told = 0;
	peer->asked = 0;
	rig_settle(r);
	return peer;
}

static inline struct peer *rig_connect(struct rig *r)
{
	return rig_connect_from(r, NULL);
}

static inline void rig_leave(struct rig *r, struct peer *peer)
{
	session_closed(r->s, peer->number, r->time);
	peer->number = SESSION_NONE;
	rig_settle(r);
}

/* Feeds as much as is taken; gives how many bytes were. */
static inline size_t rig_feed(struct rig *r, struct peer *peer, struct view bytes)
{
	size_t used = 0;

	for (;;) {
		/* In memory of its own, so that a byte too far is seen. */
		uint8_t *copy = memory_alloc(bytes.size - used);

		if (bytes.size > used)
			memcpy(copy, bytes.data + used, bytes.size - used);
		size_t seen = session_expect(r->s, peer->number, view_of(copy, bytes.size - used));

		assert(seen <= bytes.size - used);

		size_t size = session_input(r->s, peer->number, view_of(copy, bytes.size - used),
		                            r->time);

		rig_act(r);
		memory_free(copy);
		if (size == 0)
			break;
		used += size;
	}
	rig_settle(r);
	return used;
}

static inline bool rig_send(struct rig *r, struct peer *peer, struct frame *frame)
{
	struct buf b;

	buf_init(&b, FRAME_SIZE_MAX);
	frame->request = ++peer->request;
	if (frame->type == FRAME_HELLO)
		peer->version = frame->hello.version_max < PROTOCOL_VERSION_MAX
		                        ? frame->hello.version_max
		                        : PROTOCOL_VERSION_MAX;
	bool is_encoded = protocol_encode(&b, frame);
	size_t used = rig_feed(r, peer, buf_view(&b));

	ALWAYS(is_encoded, "rig: a request is encoded");
	buf_release(&b);
	return used > 0;
}

/* The next frame that has come; false if there is none. Its views live until more comes. */
static inline bool rig_next(struct peer *peer, struct frame *frame)
{
	struct view rest = view_of(peer->in.data + peer->offset, peer->in.size - peer->offset);
	const char *why = "";
	size_t size = 0;

	if (rest.size == 0 || !protocol_size(rest, &size) || size == 0 || size > rest.size)
		return false;
	bool is_decoded = protocol_decode(view_of(rest.data, size), frame, &why);

	ALWAYS(is_decoded, "rig: what the replica says is well formed");
	peer->offset += size;
	return is_decoded;
}

/* The type of the next frame, or 0. */
static inline uint8_t rig_next_type(struct peer *peer)
{
	struct frame frame;

	return rig_next(peer, &frame) ? frame.type : 0;
}

/* Sends, works and reads on until the reply; pushes before it are passed over. With a slow disk the
 * reply is left to the caller. */
static inline struct frame rig_ask(struct rig *r, struct peer *peer, struct frame frame)
{
	struct frame reply = { .type = 0 };
	bool is_sent = rig_send(r, peer, &frame);

	rig_work(r);
	while (!r->is_slow && rig_next(peer, &reply) && reply.type < FRAME_REPLY)
		;
	ALWAYS(is_sent, "rig: the request is taken");
	if (r->is_slow)
		return reply;
	ALWAYS(reply.type == (frame.type | FRAME_REPLY), "rig: the reply is of the request's type");
	ALWAYS(reply.request == frame.request, "rig: the reply has the request's number");
	return reply;
}

static inline struct frame rig_hello(void)
{
	struct frame hello = { .type = FRAME_HELLO };

	hello.hello.version_min = PROTOCOL_VERSION_MIN;
	hello.hello.version_max = PROTOCOL_VERSION_MAX;
	return hello;
}

/* A connection that has shaken hands. */
static inline struct peer *rig_join(struct rig *r)
{
	struct peer *peer = rig_connect(r);

	rig_ask(r, peer, rig_hello());
	return peer;
}

static inline struct auth rig_auth(struct rig *r, struct peer *peer, const struct person *p,
                                   enum auth_purpose purpose)
{
	struct auth auth = { .purpose = purpose, .version = peer->version };

	if (p != NULL) {
		auth.id = p->account.id;
		auth.setting = p->account.verifier.setting;
	}
	memset(auth.client_nonce, 0xcc, KEY_SIZE);
	memset(auth.server_nonce, (int)(peer - r->peers) + 1, KEY_SIZE);
	if (peer->version < PROTOCOL_VERSION_MAX)
		auth_nonce_lower(auth.server_nonce);
	memcpy(auth.uuid, r->options.uuid, UUID_SIZE);
	box_public(r->options.box_secret, auth.public);
	return auth;
}

/* INTRODUCE or HANDOVER of any account, perhaps with an invitation. The box is closed for this
 * connection. `answer` is what the replica is to answer. */
static inline struct frame introduction_with(struct rig *r, struct peer *peer,
                                             const struct account *account, uint8_t type,
                                             const struct invitation *invitation,
                                             uint8_t answer[KEY_SIZE])
{
	struct frame frame = { .type = type };
	struct auth auth = rig_auth(r, peer, NULL, AUTH_INTRODUCE);
	uint8_t secret[KEY_SIZE];

	frame.introduce.id = auth.id = account->id;
	frame.introduce.name = account->name;
	frame.introduce.setting = auth.setting = account->verifier.setting;
	memset(secret, 0x79, sizeof secret);
	if (invitation != NULL) {
		frame.flags = FLAG_VOUCHED;
		frame.introduce.invitation = *invitation;
	}
	box_close_invited(&frame.introduce.box, secret, &auth, &account->verifier,
	                  invitation != NULL ? &frame.introduce.invitation : NULL, answer);
	return frame;
}

static inline struct frame introduction_of(struct rig *r, struct peer *peer,
                                           const struct account *account, uint8_t type,
                                           uint8_t answer[KEY_SIZE])
{
	return introduction_with(r, peer, account, type, NULL, answer);
}

/* The same of a person. */
static inline struct frame introduction(struct rig *r, struct peer *peer, const struct person *p,
                                        uint8_t type)
{
	const struct account account = account_of(p);
	uint8_t answer[KEY_SIZE];

	return introduction_of(r, peer, &account, type, answer);
}

static inline struct frame confirmation_of(const struct person *p)
{
	struct frame frame = { .type = FRAME_CONFIRM };

	frame.confirm.id = p->account.id;
	return frame;
}

static inline struct frame deletion_of(const struct person *p)
{
	struct frame frame = { .type = FRAME_DELETE };
	struct account account = account_of(p);

	auth_tombstone_make(&account, p->delete_key, &frame.tombstone);
	return frame;
}

static inline struct ulid ulid_of(uint64_t value)
{
	struct ulid ulid;
	uint8_t random[10] = { 0 };

	ulid_make(&ulid, value, random);
	return ulid;
}

static inline struct frame login_of(struct rig *r, struct peer *peer, const struct person *p,
                                    uint64_t session, uint32_t dial)
{
	struct frame frame = { .type = FRAME_LOGIN };
	struct auth auth = rig_auth(r, peer, p, AUTH_LOGIN);

	frame.login.id = p->account.id;
	frame.login.session = ulid_of(session);
	frame.login.dial = dial;
	frame.login.epoch = p->account.epoch;
	memcpy(frame.login.client_nonce, auth.client_nonce, KEY_SIZE);
	auth_proof(p->stretched, &auth, frame.login.proof);
	return frame;
}

/* What `p` is with another password: P is the byte `who`. */
static inline struct person renewed(const struct person *p, uint8_t who)
{
	static const char setting[] = "$y$j9T$k5jwnHTxqTDytfzywrjzz/";
	struct person next = *p;

	memset(next.stretched, who, KEY_SIZE);
	auth_account_middle(&p->account, next.account.middle);
	next.account.epoch++;
	auth_verifier_renew(next.stretched, p->delete_key, view_of_string(setting),
	                    &next.account.verifier);
	return next;
}

/* PASSWORD, or RENEW with the stamp of this key. */
static inline struct frame renewal_of(struct rig *r, struct peer *peer, const struct person *p,
                                      uint8_t type, const uint8_t key[KEY_SIZE])
{
	const struct account account = account_of(p);
	uint8_t answer[KEY_SIZE];
	struct frame frame = introduction_of(r, peer, &account, type, answer);

	frame.introduce.epoch = account.epoch;
	frame.introduce.by = (uint8_t)account.by;
	memcpy(frame.introduce.middle, account.middle, KEY_SIZE);
	if (key != NULL)
		auth_stamp(key, &account, frame.introduce.stamp);
	return frame;
}

static inline struct frame page_of(const struct place *after, uint32_t bytes)
{
	struct frame frame = { .type = FRAME_PAGE };

	frame.page.after = *after;
	frame.page.bytes = bytes;
	return frame;
}

/* An account, made and confirmed here. */
static inline void rig_create(struct rig *r, struct peer *peer, const struct person *p)
{
	struct frame reply = rig_ask(r, peer, introduction(r, peer, p, FRAME_INTRODUCE));

	ALWAYS(reply.status == STATUS_OK, "rig: an introduction");
	reply = rig_ask(r, peer, confirmation_of(p));
	ALWAYS(reply.status == STATUS_OK, "rig: a confirmation");
}

/* A new connection on which somebody is logged in; with his mailbox read to the end if `reads`. */
static inline struct peer *rig_login(struct rig *r, const struct person *p, uint64_t session,
                                     bool reads)
{
	const struct place beginning = { 0 };
	struct peer *peer = rig_join(r);
	struct frame reply = rig_ask(r, peer, login_of(r, peer, p, session, 1));

	ALWAYS(reply.status == STATUS_OK, "rig: a log-in");
	if (reads) {
		reply = rig_ask(r, peer, page_of(&beginning, PAGE_SIZE_MAX));
		ALWAYS(reply.status == STATUS_OK && reply.paged.last, "rig: a page");
	}
	return peer;
}

/* One message to one recipient. */
static inline struct frame rig_message(struct rig *r, struct peer *peer, const struct person *to,
                                       uint64_t number, uint64_t sent_ms, struct view text)
{
	struct frame frame = { .type = FRAME_SEND };
	const struct recipient recipient = { to->account.id, number };
	struct buf b;

	buf_init(&b, RECIPIENT_SIZE);
	protocol_put_recipient(&b, &recipient);
	frame.send.sent_ms = sent_ms;
	frame.send.count = 1;
	frame.send.recipients = buf_view(&b);
	frame.send.text = text;
	struct frame reply = rig_ask(r, peer, frame);

	buf_release(&b);
	return reply;
}

/* The same, and what came of it. */
static inline struct send_result rig_tell(struct rig *r, struct peer *peer, const struct person *to,
                                          uint64_t number, uint64_t sent_ms, const char *text)
{
	struct send_result result = { .status = STATUS_END };
	struct frame reply = rig_message(r, peer, to, number, sent_ms, view_of_string(text));

	if (reply.status != STATUS_OK)
		return (struct send_result){ .status = reply.status };
	struct reader results = reader_of(reply.sent.results);

	protocol_next_result(&results, &result);
	return result;
}

/* RECEIVED of one range. */
static inline enum status rig_bury(struct rig *r, struct peer *peer, const struct person *sender,
                                   uint64_t session, uint64_t first, uint64_t last)
{
	struct frame frame = { .type = FRAME_RECEIVED };
	struct stream_item item = { .sender = sender->account.id, .session = ulid_of(session) };
	const struct range range = { first, last };
	struct buf ranges;
	struct buf list;

	buf_init(&ranges, RANGE_SIZE);
	buf_init(&list, 100);
	protocol_put_range(&ranges, &range);
	item.ranges = buf_view(&ranges);
	protocol_put_received(&list, &item);
	frame.streams.streams = buf_view(&list);
	struct frame reply = rig_ask(r, peer, frame);

	buf_release(&ranges);
	buf_release(&list);
	return reply.status;
}

/* The entry of one id, as this connection is told. */
static inline struct entry rig_entry(struct rig *r, struct peer *peer, const struct person *p)
{
	struct frame frame = { .type = FRAME_LOOKUP_ID };
	struct entry entry = { .state = ENTRY_UNKNOWN };

	frame.lookup_id.ids = view_of(p->account.id.bytes, ID_SIZE);
	struct frame reply = rig_ask(r, peer, frame);
	struct reader entries = reader_of(reply.entries.entries);

	protocol_next_entry(&entries, &entry);
	return entry;
}

static inline bool rig_same(const struct store *a, const struct store *b)
{
	struct store_totals x;
	struct store_totals y;

	store_totals(a, &x);
	store_totals(b, &y);
	return x.facts == y.facts && x.sum == y.sum;
}

static inline void rig_close(struct rig *r)
{
	rig_work(r);
	OK(rig_same(r->store, r->journal), "session: all that changed was given to the journal");
	for (int i = 0; i < PEERS; i++) {
		if (r->peers[i].number != SESSION_NONE)
			rig_leave(r, &r->peers[i]);
		buf_release(&r->peers[i].in);
	}
	session_free(r->s);
	store_free(r->store);
	store_free(r->journal);
}

#endif
