/* SPDX-License-Identifier: MIT
 *
 * The values that samples have (tests/protocol/samples.h), and how each stands in bytes: put by
 * hand, with puts of base/buf.h alone.
 */
#ifndef THREEFOLD_TESTS_PROTOCOL_VALUES_H
#define THREEFOLD_TESTS_PROTOCOL_VALUES_H

#include "protocol.h"

#include <stdio.h>
#include <stdlib.h>

static char setting_text[AUTH_SETTING_TEXT_SIZE];
static const uint64_t a_time = UINT64_C(1700000000123);
static struct buf *by_hand; /* of the sample that is being made */

static inline struct view a_setting(void)
{
	return view_of_string(setting_text);
}

static inline struct id an_id(uint8_t first)
{
	struct id id;

	for (size_t i = 0; i < ID_SIZE; i++)
		id.bytes[i] = (uint8_t)(first + i);
	return id;
}

static inline struct ulid a_ulid(uint8_t first)
{
	struct ulid ulid;

	for (size_t i = 0; i < ULID_SIZE; i++)
		ulid.bytes[i] = (uint8_t)(first ^ i);
	return ulid;
}

static inline void set_key(uint8_t key[KEY_SIZE], uint8_t first)
{
	for (size_t i = 0; i < KEY_SIZE; i++)
		key[i] = (uint8_t)(first - i);
}

static inline void hand(bool put)
{
	if (!put)
		abort();
}

static inline void hand_u8(uint8_t value)
{
	hand(buf_put_u8(by_hand, value));
}

static inline void hand_u16(uint16_t value)
{
	hand(buf_put_u16(by_hand, value));
}

static inline void hand_u32(uint32_t value)
{
	hand(buf_put_u32(by_hand, value));
}

static inline void hand_u64(uint64_t value)
{
	hand(buf_put_u64(by_hand, value));
}

static inline void hand_id(uint8_t first)
{
	hand(buf_put(by_hand, an_id(first).bytes, ID_SIZE));
}

static inline void hand_ulid(uint8_t first)
{
	hand(buf_put(by_hand, a_ulid(first).bytes, ULID_SIZE));
}

static inline void hand_key(uint8_t first)
{
	uint8_t key[KEY_SIZE];

	set_key(key, first);
	hand(buf_put(by_hand, key, KEY_SIZE));
}

static inline void hand_string(const char *string)
{
	hand(buf_put_view8(by_hand, view_of_string(string)));
}

static inline void hand_text(const char *text)
{
	hand(buf_put_view32(by_hand, view_of_string(text)));
}

/* What is said with an audience, in bytes that stand behind the text. */
static inline void hand_said(const char *text, const char *form, size_t size)
{
	hand(buf_put_u32(by_hand, (uint32_t)strlen(text) | UINT32_C(0x80000000)));
	hand(buf_put(by_hand, text, strlen(text)));
	hand(buf_put(by_hand, form, size));
}

/* To three, two of whom have these names; a notice to all; a notice to one. */
static const char to_three[] = "\1\3\0\3bob\5carol\x0c"
			       "eve~0123ABCD";
static const char notice_to_all[] = "\6";
static const char notice_to_one[] = "\4";

static inline struct place a_place(void)
{
	return (struct place){ a_time, an_id(70), a_ulid(71), 72 };
}

static inline void hand_place(void)
{
	hand_u64(a_time);
	hand_id(70);
	hand_ulid(71);
	hand_u64(72);
}

static inline struct entry an_entry(enum entry_state state)
{
	struct entry entry = { .id = an_id(40), .state = state };

	if (state == ENTRY_ALIVE) {
		entry.marks = MARK_ONLINE | MARK_HOLDER;
		entry.online_since_ms = a_time;
		entry.session = a_ulid(41);
		entry.share = 42;
		entry.epoch = 45;
		entry.name = view_of_string("bob");
		entry.setting = a_setting();
		set_key(entry.middle, 45);
		set_key(entry.lock, 46);
	}
	if (state == ENTRY_GONE) {
		entry.name = view_of_string("carol_2");
		set_key(entry.middle, 43);
		set_key(entry.delete_key, 44);
	}
	if (state == ENTRY_REMOVED) {
		entry.state = ENTRY_GONE;
		entry.by = GONE_BY_OPERATOR;
		entry.name = view_of_string("carol_2");
		set_key(entry.middle, 43);
		set_key(entry.lock, 44);
		set_key(entry.stamp, 45);
	}
	return entry;
}

static inline void hand_entry(enum entry_state state)
{
	hand_id(40);
	hand_u8((uint8_t)state);
	if (state == ENTRY_ALIVE) {
		hand_u8(2 | 4);
		hand_u64(a_time);
		hand_ulid(41);
		hand_u32(42);
		hand_u32(45);
		hand_string("bob");
		hand_string(setting_text);
		hand_key(45);
		hand_key(46);
	}
	if (state == ENTRY_GONE || state == ENTRY_REMOVED) {
		hand_string("carol_2");
		hand_key(43);
		hand_key(44);
	}
	if (state == ENTRY_REMOVED) {
		hand_u8(2);
		hand_key(45);
	}
}

#endif
