/* SPDX-License-Identifier: MIT
 *
 * protocol_samples: at least one frame of each type and status, for tests/protocol/protocol.c.
 *
 * Each sample is made twice: as a struct frame, and by hand as the bytes that protocol.h's text
 * asks for, field by field, with puts of base/buf.h alone. So an order or a width that decoder and
 * encoder agree on but the specification does not cannot pass.
 */
#ifndef THREEFOLD_TESTS_PROTOCOL_SAMPLES_H
#define THREEFOLD_TESTS_PROTOCOL_SAMPLES_H

#include "tests/protocol/values.h"

enum { SAMPLES_MAX = 200 };

struct sample {
	struct frame frame;
	struct buf bytes; /* by hand */
	struct buf lists; /* what the frame's views point to */
};
static struct sample samples[SAMPLES_MAX];
static size_t sample_count;

/* ---- samples ---- */

#define REFUSED(status) (1u << STATUS_##status)
/* The refusals that each reply may have and that have nothing behind their status. */
static const uint32_t bare_refusals[FRAME_TYPE_REQUEST_END] = {
	[FRAME_INTRODUCE] = REFUSED(WRONG_PROOF) | REFUSED(DISK_FULL) | REFUSED(CLOCK) |
	                    REFUSED(CLOSED) | REFUSED(UNINVITED) | REFUSED(UNFIT) |
	                    REFUSED(EXPIRED),
	[FRAME_HANDOVER] = REFUSED(WRONG_PROOF) | REFUSED(DISK_FULL) | REFUSED(CLOCK) |
	                   REFUSED(UNINVITED),
	[FRAME_CONFIRM] = REFUSED(WRONG_PROOF) | REFUSED(DISK_FULL) | REFUSED(CLOCK) |
	                  REFUSED(UNKNOWN),
	[FRAME_DELETE] = REFUSED(WRONG_PROOF) | REFUSED(DISK_FULL),
	[FRAME_LOGIN] = REFUSED(WRONG_PROOF) | REFUSED(UNKNOWN) | REFUSED(CLOCK) | REFUSED(CHANGED),
	[FRAME_RENEW] = REFUSED(WRONG_PROOF) | REFUSED(DISK_FULL) | REFUSED(CLOCK),
	[FRAME_PASSWORD] = REFUSED(NO_SESSION) | REFUSED(DIFFERENT) | REFUSED(WRONG_PROOF) |
	                   REFUSED(UNKNOWN) | REFUSED(DISK_FULL),
	[FRAME_SEND] = REFUSED(NO_SESSION),
	[FRAME_RECEIVED] = REFUSED(NO_SESSION) | REFUSED(DISK_FULL) | REFUSED(MAILBOX_FULL) |
	                   REFUSED(GAPS) | REFUSED(SLOW_DOWN),
	[FRAME_STREAMS] = REFUSED(NO_SESSION),
	[FRAME_PAGE] = REFUSED(NO_SESSION),
	[FRAME_MEMBER] = REFUSED(UNKNOWN),
	[FRAME_OPERATE] = REFUSED(WRONG_PROOF),
	[FRAME_DIGEST] = REFUSED(WRONG_PROOF),
	[FRAME_SPLIT] = REFUSED(WRONG_PROOF),
	[FRAME_ELEMENTS] = REFUSED(WRONG_PROOF),
	[FRAME_STORE] = REFUSED(WRONG_PROOF) | REFUSED(DISK_FULL),
	[FRAME_FIGURES] = REFUSED(WRONG_PROOF),
	[FRAME_REMOVE] = REFUSED(WRONG_PROOF) | REFUSED(UNKNOWN) | REFUSED(DISK_FULL),
};

/* The next sample; its header is put by hand, and the status of a reply. */
static inline struct sample *sample(uint8_t type, uint8_t flags, enum status status)
{
	struct sample *s = &samples[sample_count++];
	bool is_push = type >= FRAME_PUSH && type < FRAME_REPLY;

	if (sample_count > SAMPLES_MAX)
		abort();
	buf_init(&s->bytes, FRAME_SIZE_MAX);
	buf_init(&s->lists, FRAME_SIZE_MAX);
	s->frame.type = type;
	s->frame.flags = flags;
	s->frame.request = is_push ? 0 : 0x01020304;
	s->frame.status = status;
	by_hand = &s->bytes;
	hand_u32(0); /* set by samples_make */
	hand_u8(type);
	hand_u8(flags);
	hand_u32(s->frame.request);
	if (type > FRAME_WELCOME)
		hand_u8((uint8_t)status);
	return s;
}

static inline void samples_of_handshake(void)
{
	struct frame *f = &sample(FRAME_HELLO, 0, STATUS_OK)->frame;

	f->hello.version_min = 1;
	f->hello.version_max = 0x0203;
	hand(buf_put(by_hand, "threefold", 9));
	hand_u16(1);
	hand_u16(0x0203);
	f = &sample(FRAME_WELCOME, 0, STATUS_OK)->frame;
	f->welcome.version = 1;
	memcpy(f->welcome.uuid, a_ulid(9).bytes, UUID_SIZE);
	set_key(f->welcome.public, 7);
	set_key(f->welcome.nonce, 8);
	f->welcome.clock_ms = a_time;
	f->welcome.share_messages = 1000000;
	f->welcome.share_bytes = UINT64_C(1) << 60;
	f->welcome.silence_ms = 3000;
	hand_u16(1);
	hand_ulid(9);
	hand_key(7);
	hand_key(8);
	hand_u64(a_time);
	hand_u32(1000000);
	hand_u64(UINT64_C(1) << 60);
	hand_u32(3000);
	sample(FRAME_PING, 0, STATUS_OK);
	f = &sample(FRAME_PING | FRAME_REPLY, 0, STATUS_OK)->frame;
	f->pong.clock_ms = NUMBER_MAX;
	f->pong.facts = 5;
	f->pong.sum = UINT64_MAX;
	hand_u64(NUMBER_MAX);
	hand_u64(5);
	hand_u64(UINT64_MAX);
}

static inline void samples_of_look_ups(void)
{
	struct frame *f = &sample(FRAME_LOOKUP_NAME, 0, STATUS_OK)->frame;

	f->lookup_name.name = view_of_string("bob");
	hand_string("bob");
	hand_u8(0);
	f = &sample(FRAME_LOOKUP_NAME, 0, STATUS_OK)->frame;
	f->lookup_name.name = view_of_string("bob");
	f->lookup_name.suffix = view_of_string("0AZ9MNPQ");
	hand_string("bob");
	hand_string("0AZ9MNPQ");
	/* In the file of version 4 there is one with a tag, too: it asks about the first of these,
	 * and the tag is the first bytes of the second. */
	struct sample *s = sample(FRAME_LOOKUP_ID, 0, STATUS_OK);
	struct id id = an_id(1);

	hand(protocol_put_id(&s->lists, &id));
	id = an_id(2);
	hand(protocol_put_id(&s->lists, &id));
	s->frame.lookup_id.ids = buf_view(&s->lists);
	hand_id(1);
	hand_id(2);
	s = sample(FRAME_LOOKUP_NAME | FRAME_REPLY, 0, STATUS_OK);
	struct entry entry = an_entry(ENTRY_ALIVE);

	hand(protocol_put_entry(&s->lists, &entry));
	hand(protocol_put_entry(&s->lists, &entry));
	s->frame.entries.entries = buf_view(&s->lists);
	hand_entry(ENTRY_ALIVE);
	hand_entry(ENTRY_ALIVE);
	s = sample(FRAME_LOOKUP_ID | FRAME_REPLY, 0, STATUS_OK);
	for (enum entry_state state = ENTRY_UNKNOWN; state <= ENTRY_REMOVED; state++) {
		entry = an_entry(state);
		hand(protocol_put_entry(&s->lists, &entry));
		hand_entry(state);
	}
	s->frame.entries.entries = buf_view(&s->lists);
}

static inline void sample_of_account(uint8_t type, uint8_t flags)
{
	struct frame *f = &sample(type, flags, STATUS_OK)->frame;

	f->introduce.id = an_id(5);
	f->introduce.name = view_of_string("_alice.b-");
	f->introduce.setting = a_setting();
	set_key(f->introduce.box.public, 10);
	for (uint8_t part = 0; part < BOX_PARTS; part++)
		set_key(f->introduce.box.parts[part], (uint8_t)(11 + part));
	hand_id(5);
	hand_string("_alice.b-");
	hand_string(setting_text);
	for (uint8_t key = 10; key <= 14; key++)
		hand_key(key);
	if (type == FRAME_INTRODUCE && flags != 0) {
		memcpy(f->introduce.invitation.bytes, an_id(18).bytes, ID_SIZE);
		memcpy(f->introduce.invitation.bytes + ID_SIZE, a_ulid(19).bytes, ULID_SIZE);
		hand_id(18), hand_ulid(19);
	}
	if (type == FRAME_HANDOVER && flags != 0) {
		set_key(f->introduce.stamp, 17);
		hand_key(17);
	}
	if (type != FRAME_PASSWORD && type != FRAME_RENEW)
		return;
	f->introduce.epoch = 15;
	f->introduce.by = ACCOUNT_BY_OPERATOR;
	set_key(f->introduce.middle, 16);
	set_key(f->introduce.stamp, 17);
	hand_u32(15), hand_u8(1);
	hand_key(16), hand_key(17);
}

static inline void samples_of_creation(void)
{
	const uint8_t types[] = { FRAME_INTRODUCE, FRAME_HANDOVER, FRAME_RENEW, FRAME_CONFIRM };

	sample_of_account(FRAME_INTRODUCE, 0);
	sample_of_account(FRAME_INTRODUCE, FLAG_VOUCHED);
	sample_of_account(FRAME_HANDOVER, 0);
	sample_of_account(FRAME_HANDOVER, FLAG_VOUCHED);
	sample_of_account(FRAME_PASSWORD, 0);
	sample_of_account(FRAME_RENEW, 0);
	sample(FRAME_CONFIRM, 0, STATUS_OK)->frame.confirm.id = an_id(6);
	hand_id(6);
	for (size_t i = 0; i < sizeof types; i++) {
		struct frame *f;

		if (types[i] != FRAME_HANDOVER &&
		    types[i] != FRAME_RENEW) { /* which do at the name */
			f = &sample(types[i] | FRAME_REPLY, 0, STATUS_TAKEN)->frame;
			f->introduced.entry = an_entry(ENTRY_ALIVE);
			hand_entry(ENTRY_ALIVE);
		}
		f = &sample(types[i] | FRAME_REPLY, 0, STATUS_GONE)->frame;
		f->introduced.entry = an_entry(ENTRY_GONE);
		hand_entry(ENTRY_GONE);
		f = &sample(types[i] | FRAME_REPLY, 0, STATUS_GONE)->frame;
		f->introduced.entry = an_entry(ENTRY_REMOVED);
		hand_entry(ENTRY_REMOVED);
		f = &sample(types[i] | FRAME_REPLY, 0, STATUS_OK)->frame;
		if (types[i] == FRAME_CONFIRM)
			continue;
		set_key(f->introduced.signature, 16);
		hand_key(16);
	}
	const uint8_t slow[] = { FRAME_INTRODUCE, FRAME_HANDOVER, FRAME_RENEW, FRAME_DELETE,
		                 FRAME_REMOVE };

	for (size_t i = 0; i < sizeof slow; i++) {
		sample(slow[i] | FRAME_REPLY, 0, STATUS_SLOW_DOWN)->frame.slow_down.wait_ms = 54321;
		hand_u32(54321);
	}
	struct frame *f = &sample(FRAME_PASSWORD | FRAME_REPLY, 0, STATUS_OK)->frame;

	set_key(f->introduced.signature, 16);
	set_key(f->introduced.stamp, 17);
	hand_key(16), hand_key(17);
	f = &sample(FRAME_DELETE, 0, STATUS_OK)->frame;

	f->tombstone.id = an_id(7);
	f->tombstone.name = view_of_string("x");
	set_key(f->tombstone.middle, 17);
	set_key(f->tombstone.delete_key, 18);
	hand_id(7);
	hand_string("x");
	hand_key(17);
	hand_key(18);
	f = &sample(FRAME_REMOVE, FLAG_VOUCHED, STATUS_OK)->frame;
	f->remove.tombstone = (struct tombstone){ .id = an_id(7), .by = GONE_BY_OWNER };
	f->remove.tombstone.name = view_of_string("x");
	set_key(f->remove.tombstone.middle, 17);
	set_key(f->remove.tombstone.lock, 18);
	set_key(f->remove.stamp, 19);
	hand_id(7);
	hand_string("x");
	hand_key(17), hand_key(18);
	hand_u8(1);
	hand_key(19);
	f = &sample(FRAME_REMOVE | FRAME_REPLY, 0, STATUS_OK)->frame;
	set_key(f->introduced.stamp, 19);
	hand_key(19);
}

static inline void hand_login(void)
{
	hand_id(20);
	hand_ulid(21);
	hand_u32(22);
	hand_u32(39);
	hand_key(23);
	hand_key(24);
}

static inline void samples_of_sessions(void)
{
	struct frame *f = &sample(FRAME_LOGIN, 0, STATUS_OK)->frame;

	f->login.id = an_id(20);
	f->login.session = a_ulid(21);
	f->login.dial = 22;
	f->login.epoch = 39;
	set_key(f->login.client_nonce, 23);
	set_key(f->login.proof, 24);
	hand_login();
	const uint8_t flags_of_login[] = { FLAG_KEYED, FLAG_SENDING | FLAG_KEYED };

	for (size_t i = 0; i < sizeof flags_of_login; i++) {
		sample(FRAME_LOGIN, flags_of_login[i], STATUS_OK)->frame.login = f->login;
		hand_login();
	}
	f = &sample(FRAME_LOGIN | FRAME_REPLY, 0, STATUS_OK)->frame;
	set_key(f->logged_in.signature, 25);
	set_key(f->logged_in.sealed, 26);
	f->logged_in.by = ACCOUNT_BY_OPERATOR;
	set_key(f->logged_in.middle, 40);
	set_key(f->logged_in.lock, 41);
	set_key(f->logged_in.stamp, 42);
	hand_key(25);
	hand_key(26);
	hand_u8(1);
	for (uint8_t key = 40; key <= 42; key++)
		hand_key(key);
	f = &sample(FRAME_LOGIN | FRAME_REPLY, 0, STATUS_TAKEN_OVER)->frame;
	set_key(f->logged_in.signature, 34);
	f->logged_in.session = a_ulid(27);
	f->logged_in.dial = 28;
	hand_key(34);
	hand_ulid(27);
	hand_u32(28);
	f = &sample(FRAME_LOGIN | FRAME_REPLY, 0, STATUS_GONE)->frame;
	f->logged_in.entry = an_entry(ENTRY_GONE);
	hand_entry(ENTRY_GONE);
	sample(FRAME_LOGOUT, 0, STATUS_OK)->frame.session.session = a_ulid(29);
	hand_ulid(29);
	for (unsigned flags = 0; flags <= FLAG_BOXED; flags += FLAG_BOXED) {
		f = &sample(FRAME_MEMBER, (uint8_t)flags, STATUS_OK)->frame;
		set_key(f->member.nonce, 35);
		memcpy(f->member.uuid, a_ulid(36).bytes, UUID_SIZE);
		set_key(f->member.public, 37);
		hand_key(35);
		hand_ulid(36);
		hand_key(37);
	}
	f = &sample(FRAME_MEMBER | FRAME_REPLY, 0, STATUS_OK)->frame;
	set_key(f->introduced.signature, 38);
	hand_key(38);
	for (unsigned flags = 0; flags <= FLAG_KEYED; flags += FLAG_KEYED) {
		f = &sample(FRAME_OPERATE, (uint8_t)flags, STATUS_OK)->frame;
		set_key(f->operate.client_nonce, 30);
		set_key(f->operate.proof, 31);
		hand_key(30);
		hand_key(31);
	}
	f = &sample(FRAME_OPERATE | FRAME_REPLY, 0, STATUS_OK)->frame;
	set_key(f->introduced.signature, 32);
	hand_key(32);
}

static inline void sample_of_send(uint8_t flags, uint16_t count)
{
	struct sample *s = sample(FRAME_SEND, flags, STATUS_OK);

	s->frame.send.sent_ms = a_time;
	hand_u64(a_time);
	if (flags != 0) {
		s->frame.send.session = a_ulid(50);
		hand_ulid(50);
	}
	s->frame.send.count = count;
	hand_u16(count);
	for (uint16_t i = 0; i < count; i++) {
		const struct recipient recipient = { an_id((uint8_t)i), i + 1u };

		hand(protocol_put_recipient(&s->lists, &recipient));
		hand_id((uint8_t)i);
		hand_u64(i + 1u);
	}
	s->frame.send.recipients = buf_view(&s->lists);
	s->frame.send.text = view_of_string("gr\xc3\xbc\xc3\x9f dich\n");
	if (count == 3) {
		s->frame.send.audience = view_of(to_three, sizeof to_three - 1);
		hand_said("gr\xc3\xbc\xc3\x9f dich\n", to_three, sizeof to_three - 1);
		return;
	}
	hand_text("gr\xc3\xbc\xc3\x9f dich\n");
}

static inline void sample_of_sent(void)
{
	struct sample *s = sample(FRAME_SEND | FRAME_REPLY, 0, STATUS_OK);
	const enum status statuses[] = { STATUS_OK,        STATUS_GONE,         STATUS_DIFFERENT,
		                         STATUS_DISK_FULL, STATUS_MAILBOX_FULL, STATUS_GAPS };

	for (uint8_t i = 0; i < 6; i++) {
		const struct send_result result = { statuses[i], i % 2 == 1, 999u * i };

		hand(protocol_put_result(&s->lists, &result));
		hand_u8((uint8_t)statuses[i]);
		hand_u8(i % 2);
		hand_u32(999u * i);
	}
	s->frame.sent.results = buf_view(&s->lists);
}

/* Ranges 1..1, 3..4, 5..7 and so on, put to `to` and by hand. */
static inline struct view make_ranges(struct buf *to, uint16_t count)
{
	size_t begin = to->size;

	for (uint16_t i = 0; i < count; i++) {
		const struct range range = { 2u * i + 1, 3u * i + 1 };

		hand(protocol_put_range(to, &range));
		hand_u64(range.first);
		hand_u64(range.last);
	}
	return count == 0 ? buf_view(to) : view_of(to->data + begin, to->size - begin);
}

static inline void samples_of_streams(void)
{
	struct sample *s = sample(FRAME_RECEIVED, 0, STATUS_OK);
	struct stream_item item = { .sender = an_id(60), .session = a_ulid(61) };
	struct buf ranges;

	buf_init(&ranges, 1000);
	for (uint16_t count = 1; count <= 3; count++) {
		buf_clear(&ranges);
		hand_id(60);
		hand_ulid(61);
		hand_u16(count);
		item.ranges = make_ranges(&ranges, count);
		hand(protocol_put_received(&s->lists, &item));
	}
	s->frame.streams.streams = buf_view(&s->lists);
	s = sample(FRAME_STREAMS, 0, STATUS_OK);
	for (uint8_t i = 0; i < 3; i++) {
		hand(protocol_put_question(&s->lists, &item));
		hand_id(60);
		hand_ulid(61);
	}
	s->frame.streams.streams = buf_view(&s->lists);
	s = sample(FRAME_STREAMS | FRAME_REPLY, 0, STATUS_OK);
	for (uint16_t i = 0; i < 3; i++) {
		buf_clear(&ranges);
		item.entry = an_entry((enum entry_state)i);
		hand_entry((enum entry_state)i);
		hand_u16(i);
		item.ranges = make_ranges(&ranges, i);
		hand(protocol_put_answer(&s->lists, &item));
	}
	s->frame.streams.streams = buf_view(&s->lists);
	buf_release(&ranges);
}

static inline struct view make_messages(struct buf *to)
{
	const char *const texts[] = { "hi", "x", "not \xff UTF-8, but checked by nobody here" };

	for (uint8_t i = 0; i < 3; i++) {
		struct message_item item = {
			an_id(i), a_ulid(i), i + 1u, a_time + i, view_of_string(texts[i]), { 0 }
		};

		if (i == 1)
			item.audience = view_of(notice_to_all, 1);
		hand(protocol_put_message(to, &item));
		hand_id(i);
		hand_ulid(i);
		hand_u64(i + 1u);
		hand_u64(a_time + i);
		if (i == 1)
			hand_said(texts[i], notice_to_all, 1);
		else
			hand_text(texts[i]);
	}
	return buf_view(to);
}

static inline void samples_of_mailbox(void)
{
	struct sample *s = sample(FRAME_PAGE, 0, STATUS_OK);

	s->frame.page.after = a_place();
	s->frame.page.bytes = 65536;
	hand_place();
	hand_u32(65536);
	s = sample(FRAME_PAGE | FRAME_REPLY, 0, STATUS_OK);
	s->frame.paged.upto = a_place();
	hand_u8(0);
	hand_place();
	s->frame.paged.messages = make_messages(&s->lists);
	s = sample(FRAME_PAGE | FRAME_REPLY, 0, STATUS_OK);
	s->frame.paged.last = true;
	s->frame.paged.upto = place_end();
	hand_u8(1);
	for (size_t i = 0; i < 54; i++)
		hand_u8(0xff);
	s->frame.paged.messages = make_messages(&s->lists);
	s = sample(FRAME_PUSH, 0, STATUS_OK);
	s->frame.push.messages = make_messages(&s->lists);
	sample(FRAME_READ_ON, 0, STATUS_OK)->frame.read_on.place = a_place();
	hand_place();
	s = sample(FRAME_ENDED, 0, STATUS_TAKEN_OVER);
	s->frame.session.session = a_ulid(73);
	hand_u8(STATUS_TAKEN_OVER);
	hand_ulid(73);
	s = sample(FRAME_ERROR, 0, STATUS_MALFORMED);
	s->frame.error.text = view_of_string("no.");
	hand_u8(STATUS_MALFORMED);
	hand_text("no.");
}

static inline void sample_of_listed(uint8_t flags, uint16_t count)
{
	struct sample *s = sample(FRAME_LIST | FRAME_REPLY, flags, STATUS_OK);
	uint8_t *online = buf_reserve(&s->lists, (count + 7u) / 8 + 1);

	s->frame.listed.last = count % 2 == 1;
	s->frame.listed.count = count;
	set_key(s->frame.listed.digest, 80);
	hand_u8(count % 2);
	hand_u16(count);
	hand_key(80);
	/* All that are there are online. */
	for (uint16_t i = 0; i < (count + 7) / 8; i++) {
		unsigned entries = count - 8u * i >= 8 ? 8 : count % 8u;

		online[i] = (uint8_t)((1u << entries) - 1);
		hand_u8(online[i]);
	}
	buf_added(&s->lists, (count + 7u) / 8);
	s->frame.listed.online.size = (count + 7u) / 8;
	for (uint16_t i = 0; flags == 0 && i < count; i++) {
		const struct list_item item = { an_id((uint8_t)i), view_of_string("dave") };

		hand(protocol_put_listed(&s->lists, &item));
		hand_id((uint8_t)i);
		hand_string("dave");
	}
	size_t online_size = s->frame.listed.online.size;

	s->frame.listed.online.data = s->lists.data;
	s->frame.listed.entries = view_of(s->lists.data + online_size, s->lists.size - online_size);
}

static inline void samples_of_lists(void)
{
	struct frame *f = &sample(FRAME_LIST, FLAG_DIGEST, STATUS_OK)->frame;

	f->list.prefix = view_of_string(".-b");
	f->list.after_name = view_of_string("bob");
	f->list.after = an_id(81);
	f->list.count = 1000;
	hand_string(".-b");
	hand_string("bob");
	hand_id(81);
	hand_u16(1000);
	f = &sample(FRAME_LIST, 0, STATUS_OK)->frame;
	f->list.after = an_id(82);
	f->list.count = 1;
	hand_string("");
	hand_string("");
	hand_id(82);
	hand_u16(1);
	sample_of_listed(0, 0);
	sample_of_listed(0, 8);
	sample_of_listed(0, 11);
	sample_of_listed(FLAG_DIGEST, 11);
}

/* ---- operators ---- */

static const char *const bound_texts[] = { "\x00\x05\x06", "\x00\x05", "\x01" };
static const size_t bound_sizes[] = { 3, 2, 1 };
/* The same, each behind the one before it (the first behind zeros): shared, size, bytes. */
static const char *const bound_forms[] = { "\x01\x02\x05\x06", "\x02\x00", "\x00\x01\x01" };
static const size_t bound_form_sizes[] = { 4, 2, 3 };

static inline struct bound a_bound(int i)
{
	struct bound bound = bound_end();

	memcpy(bound.bytes, bound_texts[i], bound_sizes[i]);
	return bound;
}

static inline void hand_bound(int i)
{
	hand_u8((uint8_t)bound_sizes[i]);
	hand(buf_put(by_hand, bound_texts[i], bound_sizes[i]));
}

static inline struct digest_part a_part(uint8_t first)
{
	struct digest_part part = { .count = first, .size = 1000u * first };

	memcpy(part.digest, a_ulid(first).bytes, DIGEST_SIZE);
	return part;
}

static inline void hand_part(uint8_t first)
{
	hand_u32(first);
	hand_u32(1000u * first);
	hand_ulid(first);
}

static inline void samples_of_digests(void)
{
	struct sample *s = sample(FRAME_DIGEST, 0, STATUS_OK);
	struct bound before = bound_begin();

	s->frame.digest.set = SET_LIVE;
	set_key(s->frame.digest.nonce, 90);
	hand_u8(2);
	hand_key(90);
	/* After the beginning: 69 bytes, all 0. */
	hand_u8(69);
	for (int i = 0; i < 69; i++)
		hand_u8(0);
	for (int i = 0; i < 3; i++) {
		const struct bound bound = a_bound(i);

		hand(protocol_put_bound(&s->lists, &before, &bound));
		hand(buf_put(by_hand, bound_forms[i], bound_form_sizes[i]));
		before = bound;
	}
	s->frame.digest.bounds = buf_view(&s->lists);
	s = sample(FRAME_DIGEST | FRAME_REPLY, 0, STATUS_OK);
	for (uint8_t i = 91; i < 94; i++) {
		const struct digest_part part = a_part(i);

		hand(protocol_put_part(&s->lists, &part));
		hand_part(i);
	}
	s->frame.digested.parts = buf_view(&s->lists);
	s = sample(FRAME_SPLIT, 0, STATUS_OK);
	s->frame.split.set = SET_GONE;
	set_key(s->frame.split.nonce, 94);
	s->frame.split.after = a_bound(0);
	s->frame.split.upto = bound_end();
	s->frame.split.step = 4000000000;
	hand_u8(1);
	hand_key(94);
	hand_bound(0);
	hand_u8(0);
	hand_u32(4000000000);
	s = sample(FRAME_SPLIT | FRAME_REPLY, 0, STATUS_OK);
	before = bound_begin();
	for (int i = 0; i < 3; i++) {
		const struct split_part split = { a_bound(i), a_part((uint8_t)(95 + i)) };

		hand(protocol_put_split(&s->lists, &before, &split));
		hand(buf_put(by_hand, bound_forms[i], bound_form_sizes[i]));
		hand_part((uint8_t)(95 + i));
		before = split.upto;
	}
	s->frame.split_reply.parts = buf_view(&s->lists);
}

static inline void hand_stream(uint8_t first)
{
	hand_id(first);
	hand_id((uint8_t)(first + 1));
	hand_ulid((uint8_t)(first + 2));
}

static inline struct stream a_stream(uint8_t first)
{
	return (struct stream){ an_id(first), an_id((uint8_t)(first + 1)),
		                a_ulid((uint8_t)(first + 2)) };
}

/* Up to its epoch. */
static inline void hand_account(void)
{
	hand_u8(1);
	hand_id(100);
	hand_string("erin");
	hand_string(setting_text);
	for (uint8_t key = 101; key <= 104; key++)
		hand_key(key);
	hand_u8(2); /* confirmed */
}

/* One of each kind. */
static inline struct view make_facts(struct buf *to)
{
	struct fact fact = { .kind = FACT_ACCOUNT, .account = { .id = an_id(100) } };
	struct verifier *verifier = &fact.account.verifier;

	fact.account.name = view_of_string("erin");
	fact.account.confirmed = true;
	verifier->setting = a_setting();
	set_key(verifier->seal, 101);
	set_key(verifier->stored_key, 102);
	set_key(verifier->server_key, 103);
	set_key(verifier->lock, 104);
	hand(protocol_put_fact(to, &fact));
	hand_account();
	hand_u32(0);
	fact.account.epoch = 7;
	fact.account.by = ACCOUNT_BY_OPERATOR;
	set_key(fact.account.middle, 105);
	hand(protocol_put_fact(to, &fact));
	hand_account();
	hand_u32(7), hand_u8(1), hand_key(105);
	fact = (struct fact){ .kind = FACT_TOMBSTONE, .tombstone = { .id = an_id(105) } };
	fact.tombstone.name = view_of_string("frank");
	set_key(fact.tombstone.middle, 106);
	set_key(fact.tombstone.delete_key, 107);
	hand(protocol_put_fact(to, &fact));
	hand_u8(2);
	hand_id(105);
	hand_string("frank");
	hand_key(106), hand_key(107);
	fact = (struct fact){ .kind = FACT_MESSAGE, .message = { .stream = a_stream(108) } };
	fact.message.number = 111;
	fact.message.sent_ms = a_time;
	fact.message.text = view_of_string("na gut\n");
	hand(protocol_put_fact(to, &fact));
	hand_u8(3);
	hand_stream(108);
	hand_u64(111), hand_u64(a_time);
	hand_text("na gut\n");
	fact.message.audience = view_of(notice_to_one, 1);
	hand(protocol_put_fact(to, &fact));
	hand_u8(3);
	hand_stream(108);
	hand_u64(111), hand_u64(a_time);
	hand_said("na gut\n", notice_to_one, 1);
	fact = (struct fact){ .kind = FACT_BURIAL, .burial = { a_stream(112), { 7, NUMBER_MAX } } };
	hand(protocol_put_fact(to, &fact));
	hand_u8(4);
	hand_stream(112);
	hand_u64(7), hand_u64(NUMBER_MAX);
	fact = (struct fact){ .kind = FACT_TOMBSTONE, .tombstone = { .id = an_id(105) } };
	fact.tombstone.name = view_of_string("frank");
	fact.tombstone.by = GONE_BY_OPERATOR;
	set_key(fact.tombstone.middle, 106);
	set_key(fact.tombstone.lock, 107);
	hand(protocol_put_fact(to, &fact));
	hand_u8(5);
	hand_id(105);
	hand_string("frank");
	hand_key(106), hand_key(107);
	hand_u8(2);
	return buf_view(to);
}

static inline void samples_of_elements(void)
{
	struct sample *s = sample(FRAME_ELEMENTS, 0, STATUS_OK);

	s->frame.elements.set = SET_ALL;
	s->frame.elements.after = a_bound(0);
	s->frame.elements.upto = a_bound(1);
	s->frame.elements.bytes = 4096;
	hand_u8(3);
	hand_bound(0), hand_bound(1);
	hand_u32(4096);
	s = sample(FRAME_ELEMENTS | FRAME_REPLY, 0, STATUS_OK);
	s->frame.element_page.reached = a_bound(1);
	hand_bound(1);
	s->frame.element_page.facts = make_facts(&s->lists);
	s = sample(FRAME_STORE, 0, STATUS_OK);
	s->frame.store.facts = make_facts(&s->lists);
	sample(FRAME_FIGURES, 0, STATUS_OK);
	s = sample(FRAME_FIGURES | FRAME_REPLY, 0, STATUS_OK);
	s->frame.figures.text = view_of_string("uptime_ms 5\n");
	hand_text("uptime_ms 5\n");
}

static inline void samples_make(void)
{
	samples_of_handshake();
	samples_of_look_ups();
	samples_of_creation();
	samples_of_sessions();
	sample_of_send(0, 1);
	sample_of_send(FLAG_SESSION, 5);
	sample_of_send(0, 3);
	sample_of_sent();
	samples_of_streams();
	samples_of_mailbox();
	samples_of_lists();
	samples_of_digests();
	samples_of_elements();
	for (unsigned type = FRAME_PING; type < FRAME_TYPE_REQUEST_END; type++) {
		for (unsigned status = 0; status < STATUS_END; status++)
			if (bare_refusals[type] >> status & 1)
				sample((uint8_t)(type | FRAME_REPLY), 0, status);
		if (type == FRAME_DELETE || type == FRAME_LOGOUT || type == FRAME_RECEIVED ||
		    type == FRAME_STORE)
			sample((uint8_t)(type | FRAME_REPLY), 0, STATUS_OK);
	}
	for (size_t i = 0; i < sample_count; i++)
		buf_store_u32(samples[i].bytes.data, (uint32_t)(samples[i].bytes.size - 4));
}

static inline const struct sample *sample_of(uint8_t type, uint8_t flags, enum status status)
{
	for (size_t i = 0; i < sample_count; i++)
		if (samples[i].frame.type == type && samples[i].frame.flags == flags &&
		    samples[i].frame.status == status)
			return &samples[i];
	abort();
}

#endif
