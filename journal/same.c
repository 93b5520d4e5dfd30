/* SPDX-License-Identifier: MIT
 *
 * same: see journal/same.h.
 */
#include "journal/same.h"

void same_init(struct same *s)
{
	s->is_known = false;
	buf_init(&s->text, TEXT_SIZE_MAX);
}

void same_release(struct same *s)
{
	buf_release(&s->text);
	s->is_known = false;
}

void same_keep(struct same *s, const struct message *message)
{
	bool put;

	s->is_known = message->audience.size > 0;
	if (!s->is_known)
		return;
	assert(message->audience.size <= sizeof s->audience);
	s->sent_ms = message->sent_ms;
	s->audience_size = message->audience.size;
	memcpy(s->audience, message->audience.data, message->audience.size);
	buf_clear(&s->text);
	put = buf_put(&s->text, message->text.data, message->text.size);
	assert(put);
	(void)put; /* no text is larger */
}

bool same_equals(const struct same *s, const struct message *message)
{
	return s->is_known && s->sent_ms == message->sent_ms &&
	       view_equal(view_of(s->audience, s->audience_size), message->audience) &&
	       view_equal(buf_view(&s->text), message->text);
}

void same_give(const struct same *s, struct message *message)
{
	assert(s->is_known);
	message->sent_ms = s->sent_ms;
	message->audience = view_of(s->audience, s->audience_size);
	message->text = buf_view(&s->text);
}
