/* SPDX-License-Identifier: MIT
 *
 * Frames that are written: piece by piece, into too little room, and what no caller may ask for.
 */
#include "tests/protocol/check.h"
#include "tests/protocol/samples.h"
#include "tests/lib/tap.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void test_begin_and_end(void)
{
	const struct sample *s = sample_of(FRAME_PUSH, 0, STATUS_OK);
	struct reader r = reader_of(s->frame.push.messages);
	struct message_item item;
	struct buf b;

	buf_init(&b, FRAME_SIZE_MAX);
	hand(buf_put(&b, "before", 6));
	size_t offset = protocol_begin(&b, FRAME_PUSH, 0, 0);

	IS_U64(offset, 6, "begin: gives the frame's offset");
	while (protocol_next_message(&r, &item))
		hand(protocol_put_message(&b, &item));
	protocol_end(&b, offset);
	OK(view_equal(view_of(b.data + offset, b.size - offset), buf_view(&s->bytes)),
	   "end: the frame is as if encoded");
	buf_release(&b);
	buf_init(&b, FRAME_HEADER_SIZE - 1);
	OK(protocol_begin(&b, FRAME_PUSH, 0, 0) == SIZE_MAX, "begin: without room it says so");
	IS_U64(b.size, 0, "begin: and appends nothing");
	buf_release(&b);
}

/* Whether the process ends by an assertion. */
static bool dies(void (*function)(struct frame *frame), const struct sample *s)
{
	pid_t child = fork();
	int status;

	if (child < 0)
		abort();
	if (child == 0) {
		struct frame frame = s->frame;
		struct buf b;

		if (freopen("/dev/null", "w", stderr) == NULL)
			_exit(1);
		buf_init(&b, FRAME_SIZE_MAX);
		function(&frame);
		(void)protocol_encode(&b, &frame);
		_exit(0);
	}
	if (waitpid(child, &status, 0) != child)
		abort();
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static void nothing_wrong(struct frame *frame)
{
	assert(frame != NULL);
}

static void no_type(struct frame *frame)
{
	frame->type = 0;
}

static void wrong_flag(struct frame *frame)
{
	frame->flags = 128;
}

static void wrong_time(struct frame *frame)
{
	frame->send.sent_ms = NUMBER_MAX + 1;
}

static void wrong_text(struct frame *frame)
{
	frame->send.text = view_of("\xff", 1);
}

static void wrong_count(struct frame *frame)
{
	frame->send.count = 2;
}

static void session_without_flag(struct frame *frame)
{
	frame->send.session = a_ulid(1);
}

static void push_with_request(struct frame *frame)
{
	frame->type = FRAME_PUSH;
	frame->push.messages = (struct view){ 0 };
}

/* Appends one item, of the kind with this number; *is_kind is false if there is none. */
static bool put_one(unsigned kind, struct buf *b, bool *is_kind)
{
	static const uint8_t ranges[RANGE_SIZE] = { [0] = 1, [8] = 2 };
	const struct view hi = view_of_string("hi");
	const struct fact fact = {
		.kind = FACT_MESSAGE,
		.message = { { an_id(1), an_id(2), { { 3 } } }, 1, 5, hi, view_of(NULL, 0) },
	};
	const struct bound begin = bound_begin(), bound = bound_of(&fact);
	const struct entry entry = an_entry(ENTRY_ALIVE);
	const struct stream_item item = { an_id(1), { { 3 } }, view_of(ranges, RANGE_SIZE), entry };
	const struct message_item message = { an_id(1), { { 3 } }, 1, 5, hi, view_of(NULL, 0) };

	*is_kind = true;
	switch (kind) {
	case 0:
		return protocol_put_id(b, &entry.id);
	case 1:
		return protocol_put_entry(b, &entry);
	case 2:
		return protocol_put_recipient(b, &(struct recipient){ an_id(1), 1 });
	case 3:
		return protocol_put_result(b, &(struct send_result){ STATUS_OK, true, 5 });
	case 4:
		return protocol_put_range(b, &(struct range){ 1, 2 });
	case 5:
		return protocol_put_received(b, &item);
	case 6:
		return protocol_put_question(b, &item);
	case 7:
		return protocol_put_answer(b, &item);
	case 8:
		return protocol_put_message(b, &message);
	case 9:
		return protocol_put_said(b, hi, view_of(NULL, 0));
	case 10:
		return protocol_put_listed(b, &(struct list_item){ an_id(1), hi });
	case 11:
		return protocol_put_bound(b, &begin, &bound);
	case 12:
		return protocol_put_split(b, &begin,
		                          &(struct split_part){ bound, { 1, 2, { 3 } } });
	case 13:
		return protocol_put_part(b, &(struct digest_part){ 1, 2, { 3 } });
	case 14:
		return protocol_put_fact(b, &fact);
	default:
		*is_kind = false;
		return false;
	}
}

/* An item goes where there is just room for it, and where there is a byte less it does not, and
 * leaves nothing. */
static void test_room(void)
{
	unsigned right = 0, kind;
	bool is_kind;

	for (kind = 0;; kind++) {
		struct buf all, b;

		buf_init(&all, FRAME_SIZE_MAX);
		bool is_put = put_one(kind, &all, &is_kind);

		for (size_t less = 0; is_put && less < 2; less++) {
			buf_init(&b, all.size - less);
			right += put_one(kind, &b, &is_kind) == (less == 0) &&
			         b.size == (less == 0 ? all.size : 0);
			buf_release(&b);
		}
		buf_release(&all);
		if (!is_kind)
			break;
	}
	IS_U64(kind, 15, "protocol: all kinds of items");
	IS_U64(right, 2 * kind, "protocol: an item is appended if there is room, or not at all");
}

static void test_assertions(void)
{
	const struct sample *s = sample_of(FRAME_SEND, 0, STATUS_OK);

	OK(!dies(nothing_wrong, s), "encode: what is right does not end the process");
	OK(dies(no_type, s), "encode: asserts the type");
	OK(dies(wrong_flag, s), "encode: asserts the flags");
	OK(dies(wrong_time, s), "encode: asserts times");
	OK(dies(wrong_text, s), "encode: asserts texts");
	OK(dies(wrong_count, s), "encode: asserts the count of recipients");
	OK(dies(session_without_flag, s), "encode: asserts that a session is flagged");
	OK(dies(push_with_request, s), "encode: asserts that a push has no request");
}

/* ---- mutations ---- */

int main(void)
{
	const uint8_t salt[16] = { 1, 2, 3 };

	auth_setting_make(salt, setting_text);
	samples_make();
	test_begin_and_end();
	test_room();
	test_assertions();
	for (size_t i = 0; i < sample_count; i++) {
		buf_release(&samples[i].bytes);
		buf_release(&samples[i].lists);
	}
	return tap_done();
}
