/* SPDX-License-Identifier: MIT
 *
 * session/input: what comes in.
 *
 * The first frame of a connection is the handshake. It is followed by requests. A whole frame takes
 * these steps, and ends at the first that fails:
 *
 *   its length is one that a frame can have     else the connection is closed: malformed
 *   the frame is decoded (protocol_decode)      the same
 *   its tag is right, if it must have one       the same
 *   it is a request, and no second HELLO        the same
 *   this connection may send it (may_send)      else the request is refused with a status
 *   the handler of its type                     answers, at once or as a work (work.c)
 */
#include "base/bug.h"
#include "session/private.h"

#include <stdio.h>

enum { LINE_SIZE = 200 };

typedef void handler(struct sessions *s, struct connection *c, const struct frame *frame);

/* Indexed by type. HELLO has no handler: it is allowed once, before all others. */
static handler *const handlers[FRAME_TYPE_REQUEST_END] = {
	[FRAME_PING] = session_ping,           [FRAME_LOOKUP_NAME] = session_lookup_name,
	[FRAME_LOOKUP_ID] = session_lookup_id, [FRAME_INTRODUCE] = session_introduce,
	[FRAME_HANDOVER] = session_introduce,  [FRAME_CONFIRM] = session_confirm,
	[FRAME_DELETE] = session_delete,       [FRAME_LOGIN] = session_login,
	[FRAME_LOGOUT] = session_logout,       [FRAME_SEND] = session_send,
	[FRAME_RECEIVED] = session_received,   [FRAME_STREAMS] = session_streams,
	[FRAME_PAGE] = session_page,           [FRAME_LIST] = session_list,
	[FRAME_OPERATE] = session_operate,     [FRAME_DIGEST] = session_digest,
	[FRAME_SPLIT] = session_split,         [FRAME_ELEMENTS] = session_elements,
	[FRAME_STORE] = session_store,         [FRAME_MEMBER] = session_member,
	[FRAME_PASSWORD] = session_password,   [FRAME_RENEW] = session_renewal,
	[FRAME_FIGURES] = session_figures,     [FRAME_REMOVE] = session_remove,
};

/* A whole frame has come: the connection goes to the end of the list of silence. */
static void touch(struct sessions *s, struct connection *c)
{
	assert(c->listed[LIST_SILENCE]);
	session_list_remove(s, c, LIST_SILENCE);
	session_list_add(s, c, LIST_SILENCE);
}

/* ---- the handshake ---- */

/* Closes with a line of text, which a person may read who has connected with something else. */
static void refuse_hello(struct sessions *s, struct connection *c, const char *line,
                         const char *why)
{
	session_close(s, c, STATUS_MALFORMED, line, why, false);
	s->counts.closed_malformed++;
}

/* The largest version that both speak, or 0. */
static uint16_t common_version(const struct sessions *s, const struct frame *hello)
{
	uint16_t version = s->options.version_max;

	if (hello->hello.version_max < version)
		version = hello->hello.version_max;
	if (version < hello->hello.version_min || version < PROTOCOL_VERSION_MIN)
		return 0;
	return version;
}

/* The line says which side is too old. */
static void refuse_version(struct sessions *s, struct connection *c, const struct frame *hello)
{
	char line[LINE_SIZE];
	bool client_is_old = hello->hello.version_max < PROTOCOL_VERSION_MIN;

	snprintf(line, sizeof line,
	         "threefold: this replica speaks versions %d to %d of the protocol, the client %u "
	         "to %u: upgrade the %s\n",
	         PROTOCOL_VERSION_MIN, PROTOCOL_VERSION_MAX, hello->hello.version_min,
	         hello->hello.version_max, client_is_old ? "client" : "replica");
	refuse_hello(s, c, line, "no version in common");
}

/* Takes a whole HELLO and gives its size; 0: more bytes must come first. If a byte cannot be part
 * of a HELLO, the connection is closed at once. */
static size_t take_hello(struct sessions *s, struct connection *c, struct view bytes)
{
	struct frame hello;
	const char *why = NULL;
	bool whole = false;

	if (!protocol_hello_begins(bytes, &whole)) {
		char line[LINE_SIZE];

		snprintf(line, sizeof line,
		         "threefold: this is a replica of a threefold chat and expects the "
		         "handshake of its client, versions %d to %d of the protocol\n",
		         PROTOCOL_VERSION_MIN, PROTOCOL_VERSION_MAX);
		refuse_hello(s, c, line, "no handshake");
		return bytes.size;
	}
	if (!whole)
		return 0;
	bool is_decoded = protocol_decode(view_of(bytes.data, HELLO_SIZE), &hello, &why);

	assert(is_decoded);
	uint16_t version = common_version(s, &hello);

	if (version == 0) {
		refuse_version(s, c, &hello);
		return HELLO_SIZE;
	}
	struct frame welcome = {
		.type = FRAME_WELCOME,
		.request = hello.request,
		.welcome = {
			.version = version,
			.clock_ms = s->time.clock_ms,
			.share_messages = s->options.limits.share_messages,
			.share_bytes = s->options.limits.share_bytes,
			.silence_ms = s->options.silence_ms,
		},
	};

	if (version < s->options.version_max)
		auth_nonce_lower(c->nonce);
	c->version = version;
	memcpy(welcome.welcome.uuid, s->options.uuid, UUID_SIZE);
	memcpy(welcome.welcome.public, s->public, KEY_SIZE);
	memcpy(welcome.welcome.nonce, c->nonce, KEY_SIZE);
	c->state = CONNECTION_OPEN;
	touch(s, c);
	session_reply(s, c, &welcome);
	return HELLO_SIZE;
}

/* ---- requests ---- */

/* Closes after a frame that no client of ours sends. Replies that are held go first. */
static void refuse_frame(struct sessions *s, struct connection *c, const char *what)
{
	char text[LINE_SIZE];

	snprintf(text, sizeof text, "the replica does not understand this client: %s", what);
	session_close(s, c, STATUS_MALFORMED, text, "malformed frame", true);
	s->counts.closed_malformed++;
}

/* STATUS_OK if this connection may send this request. */
static enum status may_send(const struct connection *c, const struct frame *frame,
                            enum protocol_may may)
{
	switch (may) {
	case MAY_ANY:
		return STATUS_OK;
	case MAY_PROVEN:
		assert(frame->type == FRAME_CONFIRM);
		return !id_is_zero(&c->proven) && id_equal(&c->proven, &frame->confirm.id)
		               ? STATUS_OK
		               : STATUS_WRONG_PROOF;
	case MAY_SESSION:
		if (c->is_sending && frame->type != FRAME_SEND && !BUG(sender_reads))
			return STATUS_NO_SESSION;
		return id_is_zero(&c->account) ? STATUS_NO_SESSION : STATUS_OK;
	case MAY_OPERATOR:
		return c->is_operator || BUG(anybody_repairs) ? STATUS_OK : STATUS_WRONG_PROOF;
	}
	assert(false); /* a row of the table has one of these */
	return STATUS_WRONG_PROOF;
}

/* From a decoded frame to its handler. */
static void dispatch(struct sessions *s, struct connection *c, const struct frame *frame)
{
	const struct protocol_row *row = protocol_row(frame->type);

	assert(row != NULL);
	if (frame->type >= FRAME_TYPE_REQUEST_END || handlers[frame->type] == NULL) {
		refuse_frame(s, c,
		             frame->type == FRAME_HELLO ? "a second handshake"
		                                        : "a frame that is no request");
		return;
	}
	uint64_t appended = s->appended;
	enum status status = may_send(c, frame, row->may);

	if (status == STATUS_OK)
		handlers[frame->type](s, c, frame);
	else
		session_answer(s, c, frame, status);
	assert(s->appended == appended || session_adds(row));
}

/* Whether a request waits until the disk has caught up, because it adds something. */
static bool must_wait(const struct sessions *s, const struct connection *c,
                      const struct frame *frame)
{
	const struct protocol_row *row = protocol_row(frame->type);

	return s->behind && row != NULL && session_adds(row) &&
	       may_send(c, frame, row->may) == STATUS_OK;
}

/* The most bytes that a frame may have which begins so. A connection that has never proved anything
 * may send what needs no log-in; whatever else it sends is refused, so little of it is kept. */
static size_t size_max(const struct connection *c, uint8_t type)
{
	const struct protocol_row *row = protocol_row(type);
	size_t size = FRAME_HEADER_SIZE + TAG_SIZE + (row == NULL ? 0 : row->payload_max);
	bool needs_login = row == NULL || row->may == MAY_SESSION || row->may == MAY_OPERATOR;

	if (!needs_login || !id_is_zero(&c->proven) || c->is_operator)
		return size;
	return size < STRANGER_FRAME_MAX ? size : STRANGER_FRAME_MAX;
}

/* Makes the key of the tags, if this is the first frame that has one. */
static bool has_tag_key(struct sessions *s, struct connection *c)
{
	const struct id nobody = { { 0 } };
	uint8_t public[KEY_SIZE];
	struct auth auth;

	if (c->tags != TAGS_AGREED)
		return c->tags == TAGS_KEYED;
	session_spend(c, COST_INTRODUCE);
	memcpy(public, c->tag.public, KEY_SIZE);
	session_auth(s, c, AUTH_TAG, &nobody, (struct view){ 0 }, public, &auth);
	c->tags = TAGS_KEYED;
	return tag_key_make(&c->tag.key, NULL, s->options.box_secret, public, &auth);
}

/* A real replica of version 3 knows of no such flag either. */
static bool is_of_later_version(const struct connection *c, const struct frame *frame)
{
	return c->version < PROTOCOL_VERSION_KEYED &&
	       (frame->flags & (FLAG_KEYED | FLAG_BOXED)) != 0;
}

/* NULL: the tag of a whole frame is right, or it has none and needs none. Else a phrase for what is
 * wrong. */
static const char *take_tag(struct sessions *s, struct connection *c, struct view bytes)
{
	if (!protocol_is_tagged(bytes))
		return c->tags == TAGS_NONE || BUG(tag_not_needed) ? NULL : "a frame without a tag";
	if (c->tags == TAGS_NONE)
		return "a tag, and no key for it";
	return has_tag_key(s, c) && tag_take(&c->tag.key, bytes) ? NULL : "a tag that is wrong";
}

size_t session_input(struct sessions *s, uint32_t connection, struct view bytes,
                     struct session_time time)
{
	session_begin(s, time);
	struct connection *c = session_connection_at(s, connection);
	struct frame frame;
	const char *why = NULL;
	size_t size = 0;

	if (!c->listed[LIST_SILENCE] || bytes.size == 0)
		return 0;
	if (c->state == CONNECTION_NEW)
		return take_hello(s, c, bytes);
	if (!protocol_size(bytes, &size)) {
		refuse_frame(s, c, "a length that no frame has");
		return bytes.size;
	}
	if (size == 0)
		return 0;
	/* Before the rest of it has come: a half frame has to be kept. */
	if (bytes.size > 4 && size > size_max(c, bytes.data[4])) {
		refuse_frame(s, c, "a frame that is too large");
		return bytes.size;
	}
	if (bytes.size < size)
		return 0;
	bool is_decoded = protocol_decode(view_of(bytes.data, size), &frame, &why);

	if (is_decoded && must_wait(s, c, &frame)) {
		session_list_add(s, c, LIST_BEHIND);
		session_settle(s, c);
		return 0;
	}
	touch(s, c);
	s->counts.frames++;
	session_spend(c, COST_FRAME + size / COST_BYTES);
	if (is_decoded && is_of_later_version(c, &frame))
		why = "a flag of a later version";
	else if (is_decoded)
		why = take_tag(s, c, view_of(bytes.data, size));
	if (why != NULL)
		refuse_frame(s, c, why);
	else
		dispatch(s, c, &frame);
	session_relieve(s);
	return size;
}

enum { EXPECT_MIN = 3 }; /* messages; for fewer it costs more than it saves */

size_t session_expect(const struct sessions *s, uint32_t connection, struct view bytes)
{
	const struct connection *c = session_connection_at(s, connection);
	struct id recipients[STORE_EXPECT_MAX];
	size_t count = 0;
	size_t at = 0;
	size_t size;

	while (count < STORE_EXPECT_MAX) {
		struct view rest = view_of(bytes.data + at, bytes.size - at);

		if (!protocol_size(rest, &size) || size == 0 || size > rest.size)
			break;
		count += protocol_peek_send(view_of(rest.data, size), &recipients[count]);
		at += size;
	}
	if (count >= EXPECT_MIN && !id_is_zero(&c->account))
		store_expect(s->store, &c->account, &c->session, recipients, count);
	return at;
}
