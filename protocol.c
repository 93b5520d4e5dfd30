/* SPDX-License-Identifier: MIT
 *
 * One table says for each type how large its payload may be, who may send it, and which fields it
 * has. A field is a kind (protocol/kind.h) and the place of its value in struct frame. Reading and
 * writing a frame are two loops over the same fields, so they cannot disagree about order or width.
 * Rules for several values at once (SEND's flag and count, LIST's entries, the end in the last
 * page) are kinds of their own, which get the whole frame.
 *
 * The alternative was a pair of functions for each payload: twice the code, and the two functions
 * of a pair could disagree. The price is a call through a pointer for each field. SEND, the most
 * frequent frame, is one field.
 *
 * Decoding fills a frame on the stack and copies it to the caller only when all of it was right.
 * Encoding decodes its own result at once, which asserts everything that a peer would refuse.
 */
#include "protocol/kind.h"
#include "protocol/private.h"

enum {
	PAYLOAD_MAX = FRAME_SIZE_MAX - FRAME_HEADER_SIZE,
	REQUEST_MAX = PAYLOAD_MAX - TAG_SIZE,
	CREATION_SIZE = ID_SIZE + 1 + 1 + (1 + BOX_PARTS) * KEY_SIZE, /* without strings */
	TOMBSTONE_SIZE = ID_SIZE + 1 + 2 * KEY_SIZE,                  /* without its name */
	REMOVAL_SIZE = TOMBSTONE_SIZE + 1 + KEY_SIZE,                 /* the same */
	STRINGS_SIZE_MAX = NAME_SIZE_MAX + SETTING_SIZE_MAX,
	WELCOME_SIZE = 2 + UUID_SIZE + 2 * KEY_SIZE + 8 + 4 + 8 + 4,
	RENEWAL_SIZE = CREATION_SIZE + 4 + 1 + 2 * KEY_SIZE, /* the same */
	LOGIN_SIZE = ID_SIZE + ULID_SIZE + 4 + 4 + 2 * KEY_SIZE,
	SEND_SIZE_MAX = 8 + ULID_SIZE + 2 + RECIPIENTS_MAX * RECIPIENT_SIZE + 4 + TEXT_SIZE_MAX +
	                AUDIENCE_SIZE_MAX,
	LIST_SIZE = 1 + 1 + ID_SIZE + 2, /* without prefix and name */
};
_Static_assert(HELLO_SIZE == FRAME_HEADER_SIZE + MAGIC_SIZE + 2 + 2, "magic and two versions");
_Static_assert(FRAME_TYPE_REQUEST_END <= FRAME_PUSH, "requests and pushes are apart");
_Static_assert((int)FRAME_ERROR < (int)FRAME_REPLY, "pushes and replies are apart");
_Static_assert((int)SEND_SIZE_MAX <= (int)REQUEST_MAX, "the largest SEND fits");

struct protocol_field {
	enum kind_index kind; /* KIND_NONE: no more fields */
	size_t offset;        /* of its value in a struct frame */
};
struct payload {
	const struct protocol_field *fields;
	size_t used; /* bytes of a struct frame that reading it may have filled in */
};
/* The payload of a reply whose status is not STATUS_OK. A row without a payload ends the list. */
struct refusal {
	enum status status;
	const struct payload *payload;
};
struct format {
	struct protocol_row row;
	bool has_status;
	const struct payload *payload;
	const struct refusal *refusals;
};

/* ---- payloads: the fields in their order ---- */

#define AT(kind, member)                             \
	{                                            \
		kind, offsetof(struct frame, member) \
	}
#define WHOLE(kind)     \
	{               \
		kind, 0 \
	}
#define END                  \
	{                    \
		KIND_NONE, 0 \
	}
#define USED(member) (offsetof(struct frame, member) + sizeof(((struct frame *)0)->member))

static const struct protocol_field fields_hello[] = {
	WHOLE(KIND_MAGIC),
	AT(KIND_VERSION, hello.version_min),
	AT(KIND_VERSION, hello.version_max),
	WHOLE(KIND_TEST_VERSIONS),
	END,
};
static const struct protocol_field fields_welcome[] = {
	AT(KIND_VERSION, welcome.version),
	AT(KIND_ULID, welcome.uuid),
	AT(KIND_KEY, welcome.public),
	AT(KIND_KEY, welcome.nonce),
	AT(KIND_TIME, welcome.clock_ms),
	AT(KIND_U32, welcome.share_messages),
	AT(KIND_U64, welcome.share_bytes),
	AT(KIND_SILENCE, welcome.silence_ms),
	END,
};
static const struct protocol_field fields_nothing[] = { END };
static const struct protocol_field fields_pong[] = {
	AT(KIND_TIME, pong.clock_ms),
	AT(KIND_U64, pong.facts),
	AT(KIND_U64, pong.sum),
	END,
};
static const struct protocol_field fields_member[] = {
	AT(KIND_KEY, member.nonce),
	AT(KIND_ULID, member.uuid),
	AT(KIND_KEY, member.public),
	END,
};
static const struct protocol_field fields_lookup_name[] = {
	AT(KIND_NAME, lookup_name.name),
	AT(KIND_SUFFIX, lookup_name.suffix),
	END,
};
static const struct protocol_field fields_lookup_id[] = { AT(KIND_IDS, lookup_id.ids), END };
static const struct protocol_field fields_found[] = { AT(KIND_FOUND, entries.entries), END };
static const struct protocol_field fields_entries[] = { AT(KIND_ENTRIES, entries.entries), END };
/* An account that is brought. */
#define ACCOUNT_FIELDS                                                                      \
	AT(KIND_ID, introduce.id), AT(KIND_NAME, introduce.name),                           \
		AT(KIND_SETTING, introduce.setting), AT(KIND_KEY, introduce.box.public),    \
		AT(KIND_KEY, introduce.box.parts[0]), AT(KIND_KEY, introduce.box.parts[1]), \
		AT(KIND_KEY, introduce.box.parts[2]), AT(KIND_KEY, introduce.box.parts[3])
static const struct protocol_field fields_introduce[] = { ACCOUNT_FIELDS, WHOLE(KIND_INVITATION),
	                                                  END };
static const struct protocol_field fields_handover[] = { ACCOUNT_FIELDS, WHOLE(KIND_STAMP), END };
static const struct protocol_field fields_renewal[] = {
	ACCOUNT_FIELDS,
	AT(KIND_STEP, introduce.epoch),
	AT(KIND_BY, introduce.by),
	AT(KIND_KEY, introduce.middle),
	AT(KIND_KEY, introduce.stamp),
	END,
};
static const struct protocol_field fields_stamped[] = {
	AT(KIND_KEY, introduced.signature),
	AT(KIND_KEY, introduced.stamp),
	END,
};
static const struct protocol_field fields_signature[] = { AT(KIND_KEY, introduced.signature), END };
static const struct protocol_field fields_holder[] = { AT(KIND_HOLDER, introduced.entry), END };
static const struct protocol_field fields_gone[] = { AT(KIND_GONE, introduced.entry), END };
static const struct protocol_field fields_slow_down[] = { AT(KIND_U32, slow_down.wait_ms), END };
static const struct protocol_field fields_confirm[] = { AT(KIND_ID, confirm.id), END };
static const struct protocol_field fields_delete[] = {
	AT(KIND_ID, tombstone.id),          AT(KIND_NAME, tombstone.name),
	AT(KIND_KEY, tombstone.middle),     AT(KIND_BY_KEY, tombstone.by),
	AT(KIND_KEY, tombstone.delete_key), END,
};
static const struct protocol_field fields_remove[] = {
	AT(KIND_ID, remove.tombstone.id),
	AT(KIND_NAME, remove.tombstone.name),
	AT(KIND_KEY, remove.tombstone.middle),
	AT(KIND_KEY, remove.tombstone.lock),
	AT(KIND_GONE_BY, remove.tombstone.by),
	AT(KIND_KEY, remove.stamp),
	END,
};
static const struct protocol_field fields_removed[] = { AT(KIND_KEY, introduced.stamp), END };
static const struct protocol_field fields_login[] = {
	AT(KIND_ID, login.id),
	AT(KIND_ULID, login.session),
	AT(KIND_U32, login.dial),
	AT(KIND_U32, login.epoch),
	AT(KIND_KEY, login.client_nonce),
	AT(KIND_KEY, login.proof),
	END,
};
static const struct protocol_field fields_logged_in[] = {
	AT(KIND_KEY, logged_in.signature),
	AT(KIND_KEY, logged_in.sealed),
	AT(KIND_BY, logged_in.by),
	AT(KIND_KEY, logged_in.middle),
	AT(KIND_KEY, logged_in.lock),
	AT(KIND_KEY, logged_in.stamp),
	END,
};
static const struct protocol_field fields_taken_over[] = {
	AT(KIND_KEY, logged_in.signature),
	AT(KIND_ULID, logged_in.session),
	AT(KIND_U32, logged_in.dial),
	END,
};
static const struct protocol_field fields_login_gone[] = { AT(KIND_GONE, logged_in.entry), END };
static const struct protocol_field fields_logout[] = { AT(KIND_ULID, session.session), END };
static const struct protocol_field fields_send[] = { WHOLE(KIND_SEND), END };
static const struct protocol_field fields_sent[] = { AT(KIND_RESULTS, sent.results), END };
static const struct protocol_field fields_received[] = { AT(KIND_RECEIVED, streams.streams), END };
static const struct protocol_field fields_questions[] = { AT(KIND_QUESTIONS, streams.streams),
	                                                  END };
static const struct protocol_field fields_answers[] = { AT(KIND_ANSWERS, streams.streams), END };
static const struct protocol_field fields_page[] = {
	AT(KIND_PLACE, page.after),
	AT(KIND_U32, page.bytes),
	END,
};
static const struct protocol_field fields_paged[] = {
	AT(KIND_BOOL, paged.last),
	AT(KIND_PLACE, paged.upto),
	WHOLE(KIND_TEST_LAST),
	AT(KIND_MESSAGES, paged.messages),
	END,
};
static const struct protocol_field fields_list[] = {
	AT(KIND_PREFIX, list.prefix),
	AT(KIND_AFTER_NAME, list.after_name),
	AT(KIND_ID, list.after),
	AT(KIND_LIST_COUNT, list.count),
	END,
};
static const struct protocol_field fields_listed[] = { WHOLE(KIND_LISTED), END };
static const struct protocol_field fields_operate[] = {
	AT(KIND_KEY, operate.client_nonce),
	AT(KIND_KEY, operate.proof),
	END,
};
static const struct protocol_field fields_digest[] = {
	AT(KIND_SET, digest.set),       AT(KIND_KEY, digest.nonce), AT(KIND_BOUND, digest.after),
	AT(KIND_BOUNDS, digest.bounds), WHOLE(KIND_TEST_BOUNDS),    END,
};
static const struct protocol_field fields_digested[] = { AT(KIND_PARTS, digested.parts), END };
static const struct protocol_field fields_split[] = {
	AT(KIND_SET, split.set),
	AT(KIND_KEY, split.nonce),
	AT(KIND_BOUND, split.after),
	AT(KIND_BOUND, split.upto),
	AT(KIND_STEP, split.step),
	WHOLE(KIND_TEST_SPLIT),
	END,
};
static const struct protocol_field fields_split_reply[] = { AT(KIND_SPLITS, split_reply.parts),
	                                                    END };
static const struct protocol_field fields_elements[] = {
	AT(KIND_SET, elements.set),   AT(KIND_BOUND, elements.after), AT(KIND_BOUND, elements.upto),
	AT(KIND_U32, elements.bytes), WHOLE(KIND_TEST_ELEMENTS),      END,
};
static const struct protocol_field fields_element_page[] = {
	AT(KIND_BOUND, element_page.reached),
	AT(KIND_FACTS, element_page.facts),
	END,
};
static const struct protocol_field fields_store[] = { AT(KIND_FACTS, store.facts), END };
static const struct protocol_field fields_figures[] = { AT(KIND_TEXT, figures.text), END };
static const struct protocol_field fields_push[] = { AT(KIND_MESSAGES, push.messages), END };
static const struct protocol_field fields_read_on[] = { AT(KIND_PLACE, read_on.place), END };
static const struct protocol_field fields_ended[] = {
	AT(KIND_WHY_ENDED, status),
	AT(KIND_ULID, session.session),
	END,
};
static const struct protocol_field fields_error[] = { AT(KIND_WHY, status),
	                                              AT(KIND_TEXT, error.text), END };

static const struct payload hello = { fields_hello, USED(hello) };
static const struct payload welcome = { fields_welcome, USED(welcome) };
static const struct payload nothing = { fields_nothing, USED(status) };
static const struct payload pong = { fields_pong, USED(pong) };
static const struct payload member = { fields_member, USED(member) };
static const struct payload lookup_name = { fields_lookup_name, USED(lookup_name) };
static const struct payload lookup_id = { fields_lookup_id, USED(lookup_id) };
static const struct payload found = { fields_found, USED(entries) };
static const struct payload entries = { fields_entries, USED(entries) };
static const struct payload introduce = { fields_introduce, USED(introduce) };
static const struct payload handover = { fields_handover, USED(introduce) };
static const struct payload renewal = { fields_renewal, USED(introduce) };
static const struct payload stamped = { fields_stamped, USED(introduced.stamp) };
static const struct payload signature = { fields_signature, USED(introduced.signature) };
static const struct payload holder = { fields_holder, USED(introduced.entry) };
static const struct payload gone = { fields_gone, USED(introduced.entry) };
static const struct payload slow_down = { fields_slow_down, USED(slow_down) };
static const struct payload confirm = { fields_confirm, USED(confirm) };
static const struct payload delete = { fields_delete, USED(tombstone) };
static const struct payload removal = { fields_remove, USED(remove) };
static const struct payload removed = { fields_removed, USED(introduced.stamp) };
static const struct payload login = { fields_login, USED(login) };
static const struct payload logged_in = { fields_logged_in, USED(logged_in.stamp) };
static const struct payload taken_over = { fields_taken_over, USED(logged_in.dial) };
static const struct payload login_gone = { fields_login_gone, USED(logged_in.entry) };
static const struct payload logout = { fields_logout, USED(session) };
static const struct payload send = { fields_send, USED(send) };
static const struct payload sent = { fields_sent, USED(sent) };
static const struct payload received = { fields_received, USED(streams) };
static const struct payload questions = { fields_questions, USED(streams) };
static const struct payload answers = { fields_answers, USED(streams) };
static const struct payload page = { fields_page, USED(page) };
static const struct payload paged = { fields_paged, USED(paged) };
static const struct payload list = { fields_list, USED(list) };
static const struct payload listed = { fields_listed, USED(listed) };
static const struct payload operate = { fields_operate, USED(operate) };
static const struct payload digest = { fields_digest, USED(digest) };
static const struct payload digested = { fields_digested, USED(digested) };
static const struct payload split = { fields_split, USED(split) };
static const struct payload split_reply = { fields_split_reply, USED(split_reply) };
static const struct payload elements = { fields_elements, USED(elements) };
static const struct payload element_page = { fields_element_page, USED(element_page) };
static const struct payload store = { fields_store, USED(store) };
static const struct payload figures = { fields_figures, USED(figures) };
static const struct payload push = { fields_push, USED(push) };
static const struct payload read_on = { fields_read_on, USED(read_on) };
static const struct payload ended = { fields_ended, USED(session) };
static const struct payload error = { fields_error, USED(error) };

/* A reply has no other status than STATUS_OK and those of its list. */
static const struct refusal none[] = { { STATUS_OK, NULL } };
static const struct refusal introduction[] = {
	{ STATUS_TAKEN, &holder },
	{ STATUS_GONE, &gone },
	{ STATUS_WRONG_PROOF, &nothing },
	{ STATUS_CLOCK, &nothing },
	{ STATUS_DISK_FULL, &nothing },
	{ STATUS_SLOW_DOWN, &slow_down },
	{ STATUS_CLOSED, &nothing },
	{ STATUS_UNINVITED, &nothing },
	{ STATUS_UNFIT, &nothing },
	{ STATUS_EXPIRED, &nothing },
	{ STATUS_OK, NULL },
};
static const struct refusal handing_over[] = {
	{ STATUS_GONE, &gone },
	{ STATUS_WRONG_PROOF, &nothing },
	{ STATUS_CLOCK, &nothing },
	{ STATUS_DISK_FULL, &nothing },
	{ STATUS_SLOW_DOWN, &slow_down },
	{ STATUS_UNINVITED, &nothing },
	{ STATUS_OK, NULL },
};
static const struct refusal renewing[] = {
	{ STATUS_GONE, &gone },           { STATUS_WRONG_PROOF, &nothing },
	{ STATUS_CLOCK, &nothing },       { STATUS_DISK_FULL, &nothing },
	{ STATUS_SLOW_DOWN, &slow_down }, { STATUS_OK, NULL },
};
static const struct refusal changing[] = {
	{ STATUS_NO_SESSION, &nothing },  { STATUS_DIFFERENT, &nothing },
	{ STATUS_WRONG_PROOF, &nothing }, { STATUS_UNKNOWN, &nothing },
	{ STATUS_DISK_FULL, &nothing },   { STATUS_OK, NULL },
};
static const struct refusal confirmation[] = {
	{ STATUS_TAKEN, &holder },    { STATUS_GONE, &gone },
	{ STATUS_UNKNOWN, &nothing }, { STATUS_WRONG_PROOF, &nothing },
	{ STATUS_CLOCK, &nothing },   { STATUS_DISK_FULL, &nothing },
	{ STATUS_OK, NULL },
};
static const struct refusal log_in[] = {
	{ STATUS_TAKEN_OVER, &taken_over },
	{ STATUS_GONE, &login_gone },
	{ STATUS_UNKNOWN, &nothing },
	{ STATUS_WRONG_PROOF, &nothing },
	{ STATUS_CHANGED, &nothing },
	{ STATUS_CLOCK, &nothing },
	{ STATUS_OK, NULL },
};
static const struct refusal in_session[] = {
	{ STATUS_NO_SESSION, &nothing },
	{ STATUS_OK, NULL },
};
static const struct refusal receiving[] = {
	{ STATUS_NO_SESSION, &nothing },   { STATUS_DISK_FULL, &nothing },
	{ STATUS_MAILBOX_FULL, &nothing }, { STATUS_GAPS, &nothing },
	{ STATUS_SLOW_DOWN, &nothing },    { STATUS_OK, NULL },
};
static const struct refusal deletion[] = {
	{ STATUS_WRONG_PROOF, &nothing },
	{ STATUS_DISK_FULL, &nothing },
	{ STATUS_SLOW_DOWN, &slow_down },
	{ STATUS_OK, NULL },
};
static const struct refusal removing[] = {
	{ STATUS_WRONG_PROOF, &nothing },
	{ STATUS_UNKNOWN, &nothing },
	{ STATUS_DISK_FULL, &nothing },
	{ STATUS_SLOW_DOWN, &slow_down },
	{ STATUS_OK, NULL },
};
static const struct refusal asking_member[] = {
	{ STATUS_UNKNOWN, &nothing },
	{ STATUS_OK, NULL },
};
static const struct refusal operating[] = {
	{ STATUS_WRONG_PROOF, &nothing },
	{ STATUS_OK, NULL },
};
static const struct refusal storing[] = {
	{ STATUS_WRONG_PROOF, &nothing },
	{ STATUS_DISK_FULL, &nothing },
	{ STATUS_OK, NULL },
};

/* ---- the table ---- */

#define REQUEST(type, flags, min, max, may, addition, payload)                                   \
	[FRAME_##type] = {                                                                       \
		{ FRAME_##type, #type, flags, min, max, may, addition }, false, &(payload), none \
	}
#define REPLY(type, flags, max, payload, refusals)                                               \
	[FRAME_##type | FRAME_REPLY] = { { FRAME_##type | FRAME_REPLY, #type "_REPLY", flags, 1, \
		                           1 + (max), MAY_ANY, false },                          \
		                         true,                                                   \
		                         &(payload),                                             \
		                         refusals }
#define OTHER(type, min, max, payload)                                                        \
	[FRAME_##type] = {                                                                    \
		{ FRAME_##type, #type, 0, min, max, MAY_ANY, false }, false, &(payload), none \
	}

/* A type without a row here does not exist. The sizes of replies do not count the status. */
static const struct format formats[UINT8_MAX + 1] = {
	REQUEST(HELLO, 0, HELLO_SIZE - FRAME_HEADER_SIZE, HELLO_SIZE - FRAME_HEADER_SIZE, MAY_ANY,
	        false, hello),
	REQUEST(PING, 0, 0, 0, MAY_ANY, false, nothing),
	REQUEST(LOOKUP_NAME, 0, 3, 2 + NAME_SIZE_MAX + ID_SUFFIX_SIZE, MAY_ANY, false, lookup_name),
	REQUEST(LOOKUP_ID, 0, 0, (LOOKUP_IDS_MAX * ID_SIZE), MAY_ANY, false, lookup_id),
	REQUEST(INTRODUCE, FLAG_VOUCHED, CREATION_SIZE + 2,
	        CREATION_SIZE + STRINGS_SIZE_MAX + INVITATION_SIZE, MAY_ANY, true, introduce),
	REQUEST(HANDOVER, FLAG_VOUCHED, CREATION_SIZE + 2,
	        CREATION_SIZE + STRINGS_SIZE_MAX + KEY_SIZE, MAY_ANY, true, handover),
	REQUEST(CONFIRM, 0, ID_SIZE, ID_SIZE, MAY_PROVEN, true, confirm),
	REQUEST(DELETE, 0, TOMBSTONE_SIZE + 1, TOMBSTONE_SIZE + NAME_SIZE_MAX, MAY_ANY, true,
	        delete),
	REQUEST(LOGIN, FLAG_SENDING | FLAG_KEYED, LOGIN_SIZE, LOGIN_SIZE, MAY_ANY, false, login),
	REQUEST(LOGOUT, 0, ULID_SIZE, ULID_SIZE, MAY_ANY, false, logout),
	REQUEST(SEND, FLAG_SESSION, 8 + 2 + RECIPIENT_SIZE + 4 + 1, SEND_SIZE_MAX, MAY_SESSION,
	        true, send),
	REQUEST(RECEIVED, 0, 0, REQUEST_MAX, MAY_SESSION, false, received),
	REQUEST(STREAMS, 0, QUESTION_SIZE, (STREAMS_MAX * QUESTION_SIZE), MAY_SESSION, false,
	        questions),
	REQUEST(PAGE, 0, PLACE_SIZE + 4, PLACE_SIZE + 4, MAY_SESSION, false, page),
	REQUEST(LIST, FLAG_DIGEST, LIST_SIZE, LIST_SIZE + 2 * NAME_SIZE_MAX, MAY_ANY, false, list),
	REQUEST(OPERATE, FLAG_KEYED, 2 * KEY_SIZE, 2 * KEY_SIZE, MAY_ANY, false, operate),
	REQUEST(DIGEST, 0, 1 + KEY_SIZE + 1 + 2,
	        1 + KEY_SIZE + 1 + BOUND_SIZE + PARTS_MAX * (2 + BOUND_SIZE), MAY_OPERATOR, false,
	        digest),
	REQUEST(SPLIT, 0, 1 + KEY_SIZE + 2 + 4, 1 + KEY_SIZE + 2 * (1 + BOUND_SIZE) + 4,
	        MAY_OPERATOR, false, split),
	REQUEST(ELEMENTS, 0, 1 + 2 + 4, 1 + 2 * (1 + BOUND_SIZE) + 4, MAY_OPERATOR, false,
	        elements),
	REQUEST(STORE, 0, 0, REQUEST_MAX, MAY_OPERATOR, true, store),
	REQUEST(PASSWORD, 0, RENEWAL_SIZE + 2, RENEWAL_SIZE + STRINGS_SIZE_MAX, MAY_SESSION, true,
	        renewal),
	REQUEST(RENEW, 0, RENEWAL_SIZE + 2, RENEWAL_SIZE + STRINGS_SIZE_MAX, MAY_ANY, true,
	        renewal),
	REQUEST(MEMBER, FLAG_BOXED, 2 * KEY_SIZE + UUID_SIZE, 2 * KEY_SIZE + UUID_SIZE, MAY_ANY,
	        false, member),
	REQUEST(FIGURES, 0, 0, 0, MAY_OPERATOR, false, nothing),
	REQUEST(REMOVE, FLAG_VOUCHED, REMOVAL_SIZE + 1, REMOVAL_SIZE + NAME_SIZE_MAX, MAY_ANY, true,
	        removal),

	OTHER(WELCOME, WELCOME_SIZE, WELCOME_SIZE, welcome),
	REPLY(PING, 0, 3 * 8, pong, none),
	REPLY(LOOKUP_NAME, 0, (LOOKUP_NAME_MAX * ENTRY_SIZE_MAX), found, none),
	REPLY(LOOKUP_ID, 0, (LOOKUP_IDS_MAX * ENTRY_SIZE_MAX), entries, none),
	REPLY(INTRODUCE, 0, ENTRY_SIZE_MAX, signature, introduction),
	REPLY(HANDOVER, 0, ENTRY_SIZE_MAX, signature, handing_over),
	REPLY(CONFIRM, 0, ENTRY_SIZE_MAX, nothing, confirmation),
	REPLY(DELETE, 0, 4, nothing, deletion),
	REPLY(PASSWORD, 0, 2 * KEY_SIZE, stamped, changing),
	REPLY(RENEW, 0, ENTRY_SIZE_MAX, signature, renewing),
	REPLY(LOGIN, 0, 5 * KEY_SIZE + 1, logged_in, log_in),
	REPLY(LOGOUT, 0, 0, nothing, none),
	REPLY(SEND, 0, (RECIPIENTS_MAX * RESULT_SIZE), sent, in_session),
	REPLY(RECEIVED, 0, 0, nothing, receiving),
	REPLY(STREAMS, 0, PAYLOAD_MAX - 1, answers, in_session),
	REPLY(PAGE, 0, 1 + PLACE_SIZE + PAGE_SIZE_MAX, paged, in_session),
	REPLY(LIST, FLAG_DIGEST,
	      1 + 2 + KEY_SIZE + LIST_COUNT_MAX / 8 +
	              LIST_COUNT_MAX * (ID_SIZE + 1 + NAME_SIZE_MAX),
	      listed, none),
	REPLY(OPERATE, 0, KEY_SIZE, signature, operating),
	REPLY(MEMBER, 0, KEY_SIZE, signature, asking_member),
	REPLY(DIGEST, 0, (PARTS_MAX * PART_SIZE), digested, operating),
	REPLY(SPLIT, 0, (PARTS_MAX * (2 + BOUND_SIZE + PART_SIZE)), split_reply, operating),
	REPLY(ELEMENTS, 0, 1 + BOUND_SIZE + PAGE_SIZE_MAX, element_page, operating),
	REPLY(STORE, 0, 0, nothing, storing),
	REPLY(FIGURES, 0, 4 + TEXT_SIZE_MAX, figures, operating),
	REPLY(REMOVE, 0, KEY_SIZE, removed, removing),

	OTHER(PUSH, 0, PAYLOAD_MAX, push),
	OTHER(READ_ON, PLACE_SIZE, PLACE_SIZE, read_on),
	OTHER(ENDED, 1 + ULID_SIZE, 1 + ULID_SIZE, ended),
	OTHER(ERROR, 1 + 4 + 1, 1 + 4 + TEXT_SIZE_MAX, error),
};
_Static_assert(LIST_COUNT_MAX % 8 == 0, "the bits of the largest page fill their bytes");

static const struct format *format_of(uint8_t type)
{
	return formats[type].row.name == NULL ? NULL : &formats[type];
}

const struct protocol_row *protocol_row(uint8_t type)
{
	const struct format *format = format_of(type);

	assert(format == NULL || format->row.type == type);
	return format == NULL ? NULL : &format->row;
}

bool protocol_knows(uint16_t version, const struct tombstone *tombstone)
{
	return tombstone->by == GONE_BY_KEY || version >= PROTOCOL_VERSION_VOUCHED;
}

const char *protocol_status_name(enum status status)
{
	static const char *const names[STATUS_END] = {
		[STATUS_OK] = "ok",
		[STATUS_TAKEN] = "taken",
		[STATUS_GONE] = "gone",
		[STATUS_UNKNOWN] = "unknown",
		[STATUS_WRONG_PROOF] = "wrong proof",
		[STATUS_CLOCK] = "clock",
		[STATUS_TAKEN_OVER] = "taken over",
		[STATUS_NO_SESSION] = "no session",
		[STATUS_DIFFERENT] = "different",
		[STATUS_DISK_FULL] = "disk full",
		[STATUS_MAILBOX_FULL] = "mailbox full",
		[STATUS_GAPS] = "gaps",
		[STATUS_MALFORMED] = "malformed",
		[STATUS_SLOW] = "slow",
		[STATUS_BUSY] = "busy",
		[STATUS_SLOW_DOWN] = "slow down",
		[STATUS_CHANGED] = "password changed",
		[STATUS_CLOSED] = "closed",
		[STATUS_UNINVITED] = "uninvited",
		[STATUS_UNFIT] = "unfit invitation",
		[STATUS_EXPIRED] = "expired invitation",
	};

	assert(status < STATUS_END);
	assert(names[status] != NULL);
	return names[status];
}

/* ---- frames ---- */

/* NULL: the type has no such status. */
static const struct payload *payload_of(const struct format *format, enum status status)
{
	if (!format->has_status || status == STATUS_OK)
		return format->payload;
	for (const struct refusal *refusal = format->refusals; refusal->payload != NULL; refusal++)
		if (refusal->status == status)
			return refusal->payload;
	return NULL;
}

static bool is_push(uint8_t type)
{
	return type >= FRAME_PUSH && type < FRAME_REPLY;
}

bool protocol_size(struct view bytes, size_t *size)
{
	assert(bytes.data != NULL || bytes.size == 0);
	if (bytes.size < 4) {
		*size = 0;
		return true;
	}
	uint32_t length = buf_load_u32(bytes.data);

	if (length < FRAME_HEADER_SIZE - 4 || length > FRAME_SIZE_MAX - 4)
		return false;
	*size = 4 + (size_t)length;
	return true;
}

bool protocol_peek_send(struct view bytes, struct id *recipient)
{
	size_t at = FRAME_HEADER_SIZE + 8 + 2; /* after the time and the count */

	if (bytes.size < at + ID_SIZE || bytes.data[4] != FRAME_SEND ||
	    (bytes.data[5] & ~FLAG_TAGGED) != 0)
		return false;
	memcpy(recipient->bytes, bytes.data + at, ID_SIZE);
	return true;
}

bool protocol_is_tagged(struct view bytes)
{
	assert(bytes.size >= FRAME_HEADER_SIZE);
	return (bytes.data[5] & FLAG_TAGGED) != 0;
}

static bool may_be_tagged(uint8_t type)
{
	return (type > FRAME_HELLO && type < FRAME_TYPE_REQUEST_END) || type > FRAME_WELCOME;
}

/* Reads the header, and checks that the payload, whose size it gives, has one that the type
 * allows. */
static const char *read_header(struct view bytes, const struct format **format, struct frame *frame,
                               size_t *payload_size)
{
	size_t size;

	if (bytes.size < FRAME_HEADER_SIZE)
		return "a frame that is shorter than its header";
	if (!protocol_size(bytes, &size) || size != bytes.size)
		return "a length that is not the frame's";
	*format = format_of(bytes.data[4]);
	if (*format == NULL)
		return "a type that is not known";
	const struct protocol_row *row = &(*format)->row;

	frame->type = bytes.data[4];
	frame->flags = bytes.data[5];
	frame->request = buf_load_u32(bytes.data + 6);
	frame->status = STATUS_OK;
	*payload_size = size - FRAME_HEADER_SIZE;
	if ((frame->flags & FLAG_TAGGED) != 0 && may_be_tagged(frame->type)) {
		frame->flags &= (uint8_t)~FLAG_TAGGED;
		if (*payload_size < TAG_SIZE)
			return WHY_SHORT;
		*payload_size -= TAG_SIZE;
	}
	if ((frame->flags & ~row->flags) != 0)
		return "a flag that the type does not have";
	if (is_push(frame->type) && frame->request != 0)
		return "a push with the number of a request";
	if (*payload_size < row->payload_min)
		return WHY_SHORT;
	return *payload_size <= row->payload_max ? NULL : WHY_LONG;
}

static const char *read_payload(struct view bytes, const struct format *format, struct frame *frame,
                                size_t *used)
{
	struct reader r = reader_of(bytes);

	if (format->has_status) {
		uint8_t status = reader_u8(&r);

		if (status >= STATUS_END)
			return WHY_STATUS;
		frame->status = status;
	}
	const struct payload *payload = payload_of(format, frame->status);

	if (payload == NULL)
		return WHY_STATUS;
	for (const struct protocol_field *field = payload->fields; field->kind != KIND_NONE;
	     field++) {
		const char *why = protocol_kinds[field->kind].read(&r, (uint8_t *)frame +
		                                                               field->offset);

		if (why != NULL)
			return why;
		assert(!r.failed);
	}
	*used = payload->used;
	return reader_left(&r) == 0 ? NULL : WHY_LONG;
}

bool protocol_decode(struct view frame, struct frame *out, const char **why)
{
	const struct format *format;
	struct frame scratch;
	size_t payload_size = 0;
	size_t used = 0;

	assert(out != NULL);
	*why = read_header(frame, &format, &scratch, &payload_size);
	if (*why == NULL)
		*why = read_payload(view_of(frame.data + FRAME_HEADER_SIZE, payload_size), format,
		                    &scratch, &used);
	if (*why != NULL)
		return false;
	assert(used >= USED(status));
	assert(used <= sizeof *out);
	memcpy(out, &scratch, used);
	return true;
}

static uint8_t *write_header(uint8_t *to, size_t size, uint8_t type, uint8_t flags,
                             uint32_t request)
{
	assert(size >= FRAME_HEADER_SIZE);
	assert(size <= FRAME_SIZE_MAX);
	assert(!is_push(type) || request == 0);
	to = buf_store_u32(to, (uint32_t)(size - 4));
	*to++ = type;
	*to++ = flags;
	return buf_store_u32(to, request);
}

static size_t payload_size(const struct payload *payload, const struct frame *frame)
{
	size_t size = 0;

	for (const struct protocol_field *field = payload->fields; field->kind != KIND_NONE;
	     field++) {
		const struct kind *kind = &protocol_kinds[field->kind];
		const uint8_t *value = (const uint8_t *)frame + field->offset;

		size += kind->size != NULL ? kind->size(value) : kind->size_fixed;
	}
	return size;
}

bool protocol_encode(struct buf *b, const struct frame *frame)
{
	const struct format *format = format_of(frame->type);

	assert(format != NULL);
	assert(frame->status < STATUS_END);
	const struct payload *payload = payload_of(format, frame->status);

	assert(payload != NULL);
	size_t size = FRAME_HEADER_SIZE + format->has_status + payload_size(payload, frame);

	assert(size - FRAME_HEADER_SIZE <= format->row.payload_max);
	uint8_t *begin = buf_reserve(b, size);

	if (begin == NULL)
		return false;
	uint8_t *to = write_header(begin, size, frame->type, frame->flags, frame->request);

	if (format->has_status)
		*to++ = (uint8_t)frame->status;
	for (const struct protocol_field *field = payload->fields; field->kind != KIND_NONE;
	     field++)
		to = protocol_kinds[field->kind].write(to, (const uint8_t *)frame + field->offset);
	assert(to == begin + size);
	struct frame read_back;
	const char *why;
	bool accepted = protocol_decode(view_of(begin, size), &read_back, &why);

	assert(accepted);
	buf_added(b, size);
	return true;
}

size_t protocol_begin(struct buf *b, uint8_t type, uint8_t flags, uint32_t request)
{
	const struct format *format = format_of(type);
	size_t offset = b->size;
	uint8_t *to = buf_reserve(b, FRAME_HEADER_SIZE);

	assert(format != NULL);
	assert((flags & ~format->row.flags) == 0);
	if (to == NULL)
		return SIZE_MAX;
	write_header(to, FRAME_HEADER_SIZE, type, flags, request);
	buf_added(b, FRAME_HEADER_SIZE);
	return offset;
}

void protocol_end(struct buf *b, size_t offset)
{
	assert(offset < b->size);
	assert(b->size - offset >= FRAME_HEADER_SIZE);
	uint8_t *begin = b->data + offset;
	size_t size = b->size - offset;
	const struct format *format = format_of(begin[4]);

	assert(format != NULL);
	assert(size - FRAME_HEADER_SIZE >= format->row.payload_min);
	assert(size - FRAME_HEADER_SIZE <= format->row.payload_max);
	buf_store_u32(begin, (uint32_t)(size - 4));
}

bool protocol_tag(struct buf *b, size_t offset, struct tag_key *key)
{
	size_t size = b->size - offset + TAG_SIZE;
	uint8_t *to = size <= FRAME_SIZE_MAX ? buf_reserve(b, TAG_SIZE) : NULL;

	assert(b->size - offset >= FRAME_HEADER_SIZE);
	if (to == NULL)
		return false;
	uint8_t *begin = b->data + offset;

	assert(may_be_tagged(begin[4]));
	assert((begin[5] & FLAG_TAGGED) == 0);
	buf_store_u32(begin, (uint32_t)(size - 4));
	begin[5] |= FLAG_TAGGED;
	tag_make(key, view_of(begin, size - TAG_SIZE), to);
	buf_added(b, TAG_SIZE);
	return true;
}

bool protocol_repeat(struct buf *b, struct view frame, uint32_t request)
{
	size_t size = frame.size - (protocol_is_tagged(frame) ? TAG_SIZE : 0);
	size_t offset = b->size;

	if (!buf_put(b, frame.data, size))
		return false;
	write_header(b->data + offset, size, frame.data[4], frame.data[5] & (uint8_t)~FLAG_TAGGED,
	             request);
	return true;
}

/* Bytes that have not come yet count as 0xff: if any bytes make the versions valid, these do. */
bool protocol_hello_begins(struct view bytes, bool *whole)
{
	const uint8_t versions_at = HELLO_SIZE - 4;
	uint8_t hello_bytes[HELLO_SIZE];
	size_t size = bytes.size < HELLO_SIZE ? bytes.size : HELLO_SIZE;
	uint8_t *to = write_header(hello_bytes, HELLO_SIZE, FRAME_HELLO, 0, 0);

	assert(bytes.data != NULL || bytes.size == 0);
	protocol_write_bytes(to, protocol_magic, MAGIC_SIZE);
	memset(hello_bytes + versions_at, 0xff, 4);
	for (size_t i = 0; i < size; i++) {
		bool is_free = (i >= 6 && i < FRAME_HEADER_SIZE) || i >= versions_at;

		if (is_free)
			hello_bytes[i] = bytes.data[i];
		else if (hello_bytes[i] != bytes.data[i])
			return false;
	}
	uint16_t version_min = buf_load_u16(hello_bytes + versions_at);
	uint16_t version_max = buf_load_u16(hello_bytes + versions_at + 2);

	if (version_min < 1 || version_min > version_max)
		return false;
	*whole = size == HELLO_SIZE;
	return true;
}
