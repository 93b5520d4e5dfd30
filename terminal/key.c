/* SPDX-License-Identifier: MIT
 *
 * What a terminal sends for a key, as ECMA-48 and the manuals of xterm, rxvt and the Linux console
 * have it:
 *
 *   a control character     itself
 *   ESC x                   x with Alt, or Escape pressed before x: which of both is not asked
 *   ESC [ numbers letter    CSI; the second number, less 1, holds Shift (1), Alt (2), Ctrl (4)
 *   ESC O letter            SS3: the same keys in another mode
 *   ESC [ [ letter          the function keys of the Linux console
 *   ESC [ M and three       a mouse button, in the oldest form
 *   ESC ] P _ ^ X string    OSC, DCS, APC, PM, SOS: an answer of the terminal, up to BEL or ESC \
 *
 * A terminal may send one character of C1 for an Escape and what follows: 0x9b for ESC [, 0x9c for
 * ESC \. It stands as one byte, which begins no UTF-8, or as UTF-8. No key makes any of them.
 *
 * A terminal may answer late, and to another program's question. So a sequence that is not known is
 * ignored as a whole. A person who presses Escape and then types a word that begins with P or X has
 * sent the beginning of a string, too. If its front is that of an answer, it is one. Else it is one
 * if its end is there before a control character, and before the bytes cease to come.
 *
 * There is no other timeout: an Escape is decoded only when the next byte is there.
 */
#include "terminal/key.h"

#include "base/escape.h"

enum {
	BEL = 0x07,
	ESC = 0x1b,
	C1 = 0x80,
	C1_END = 0xa0,
	C1_OFFSET = 0x40, /* from the character behind an Escape to that of C1 */
	CSI_SIZE_MAX = 4096,
	MOUSE_BYTES = 3,
	STRING_SIZE_MAX = 4096, /* of one that does not begin as an answer */
	CSI_NUMBERS = 2,
	WITH_ALT_OR_CTRL = 2 | 4,
};

static enum key control_key(uint8_t byte)
{
	static const uint8_t keys[0x20] = {
		[0x01] = KEY_HOME,           /* A */
		[0x02] = KEY_LEFT,           /* B */
		[0x03] = KEY_INTERRUPT,      /* C */
		[0x04] = KEY_DELETE_OR_EOF,  /* D */
		[0x05] = KEY_END,            /* E */
		[0x06] = KEY_RIGHT,          /* F */
		[0x07] = KEY_CANCEL,         /* G */
		[0x08] = KEY_BACKSPACE,      /* H */
		[0x09] = KEY_TAB,            /* I */
		[0x0a] = KEY_ENTER,          /* J */
		[0x0b] = KEY_CUT_TO_END,     /* K */
		[0x0c] = KEY_CLEAR,          /* L */
		[0x0d] = KEY_ENTER,          /* M */
		[0x0e] = KEY_GO_NEXT,        /* N */
		[0x10] = KEY_GO_PREVIOUS,    /* P */
		[0x12] = KEY_FIND,           /* R */
		[0x15] = KEY_CUT_TO_HOME,    /* U */
		[0x17] = KEY_CUT_BLANK_LEFT, /* W */
		[0x19] = KEY_PUT_BACK,       /* Y */
		[0x1a] = KEY_SUSPEND,        /* Z */
	};

	if (byte == 0x7f)
		return KEY_BACKSPACE;
	assert(byte < 0x20);
	return (enum key)keys[byte];
}

static enum key alt_key(uint8_t byte)
{
	if (byte >= '1' && byte <= '9')
		return KEY_GO_NUMBER;
	switch (byte) {
	case 'a':
	case 'A':
		return KEY_GO_NEW;
	case 'n':
	case 'N':
		return KEY_DOWN;
	case 'p':
	case 'P':
		return KEY_UP;
	case 'b':
	case 'B':
		return KEY_WORD_LEFT;
	case 'f':
	case 'F':
		return KEY_WORD_RIGHT;
	case 'd':
	case 'D':
		return KEY_CUT_WORD_RIGHT;
	case 0x08:
	case 0x7f:
		return KEY_CUT_WORD_LEFT;
	case '\r':
	case '\n':
		return KEY_NEWLINE;
	default:
		return KEY_IGNORED;
	}
}

/* Of CSI and SS3, by the letter. */
static enum key letter_key(uint8_t letter, bool by_word)
{
	switch (letter) {
	case 'A':
		return KEY_UP;
	case 'B':
		return KEY_DOWN;
	case 'C':
		return by_word ? KEY_WORD_RIGHT : KEY_RIGHT;
	case 'D':
		return by_word ? KEY_WORD_LEFT : KEY_LEFT;
	case 'F':
		return KEY_END;
	case 'H':
		return KEY_HOME;
	case 'c': /* rxvt, Ctrl-Right and Ctrl-Left */
		return KEY_WORD_RIGHT;
	case 'd':
		return KEY_WORD_LEFT;
	case 'M': /* the keypad's Enter */
		return KEY_ENTER;
	default:
		return KEY_IGNORED;
	}
}

/* Of CSI ... ~, by the first number. */
static enum key number_key(uint32_t number, bool by_word)
{
	switch (number) {
	case 1:
	case 7:
		return KEY_HOME;
	case 4:
	case 8:
		return KEY_END;
	case 3:
		return by_word ? KEY_CUT_WORD_RIGHT : KEY_DELETE;
	case 5:
		return KEY_PAGE_UP;
	case 6:
		return KEY_PAGE_DOWN;
	case 200:
		return KEY_PASTE;
	case 201:
		return KEY_PASTE_END;
	default:
		return KEY_IGNORED;
	}
}

/* Button, column and row follow ESC [ M, which ends at `at`: each a byte of 32 and more, or one
 * character of UTF-8. A terminal sends 0 for what is too large. */
static size_t mouse_decode(struct view from, size_t at, enum key *key)
{
	*key = KEY_IGNORED;
	for (int i = 0; i < MOUSE_BYTES; i++) {
		if (at == from.size)
			return 0;
		if (from.data[at] > 0 && from.data[at] < 0x20)
			return at;
		at++;
		if (from.data[at - 1] >= 0xc2 && at < from.size && (from.data[at] & 0xc0) == 0x80)
			at++;
	}
	return at;
}

/* `from` begins with ESC [, which has `front` bytes, and is longer. */
static size_t csi_decode(struct view from, size_t front, enum key *key)
{
	uint32_t numbers[CSI_NUMBERS] = { 0 };
	size_t index = 0;
	size_t size = front;
	bool is_known = true;
	bool by_word;

	if (from.data[front] == '[') {
		*key = KEY_IGNORED;
		return from.size < front + 2 ? 0 : front + 2;
	}
	if (from.data[front] == 'M')
		return mouse_decode(from, front + 1, key);
	while (size < from.size && from.data[size] >= 0x20 && from.data[size] < 0x40) {
		uint8_t byte = from.data[size++];

		if (byte == ';')
			index++;
		else if (byte < '0' || byte > '9' || index >= CSI_NUMBERS)
			is_known = false;
		else if (numbers[index] < 1000)
			numbers[index] = numbers[index] * 10 + (uint32_t)(byte - '0');
		if (size > CSI_SIZE_MAX) {
			*key = KEY_IGNORED;
			return size;
		}
	}
	if (size == from.size)
		return 0;
	by_word = numbers[1] > 0 && ((numbers[1] - 1) & WITH_ALT_OR_CTRL) != 0;
	*key = KEY_IGNORED;
	/* A control character breaks a sequence off, and counts itself. */
	if (from.data[size] < 0x20 || from.data[size] > 0x7e)
		return size;
	if (is_known && from.data[size] == '~')
		*key = number_key(numbers[0], by_word);
	else if (is_known && from.data[size] != 'M' && from.data[size] != 'c' &&
	         from.data[size] != 'd')
		*key = letter_key(from.data[size], by_word);
	return size + 1;
}

static bool is_control(uint8_t byte)
{
	return byte < 0x20 || byte == 0x7f;
}

/* The character of C1 at the front, and in *size its bytes; 0: there is none. */
static uint8_t c1_at(struct view from, size_t *size)
{
	uint32_t character;

	*size = 1;
	if (from.data[0] >= C1 && from.data[0] < C1_END)
		return from.data[0];
	character = escape_decode(from, size);
	return character >= C1 && character < C1_END ? (uint8_t)character : 0;
}

/* How many bytes stand for ESC and *kind at the front; 0: none. */
static size_t front_of_sequence(struct view from, uint8_t *kind)
{
	size_t size;
	uint8_t c1 = c1_at(from, &size);

	*kind = c1 - C1_OFFSET;
	if (c1 != 0)
		return size;
	*kind = from.size >= 2 ? from.data[1] : 0;
	return from.size >= 2 && from.data[0] == ESC ? 2 : 0;
}

static bool is_kind_of_string(uint8_t kind)
{
	return kind != 0 && strchr("]P_^X", kind) != NULL;
}

bool key_begins_string(struct view from)
{
	uint8_t kind;

	return from.size > 0 && front_of_sequence(from, &kind) > 0 && is_kind_of_string(kind);
}

/* Whether this is what answers begin with: a number or a sign (OSC, DCS), a picture's state (APC),
 * a window's title (OSC). */
static bool is_front_of_answer(uint8_t kind, uint8_t first)
{
	bool is_number = first >= '0' && first <= '9';

	switch (kind) {
	case ']':
		return is_number || first == 'l' || first == 'L';
	case 'P':
		return is_number || (first > ' ' && first < 0x7f && strchr("!$+=>?{|", first));
	case '_':
		return first == 'G';
	default:
		return false;
	}
}

static struct view rest_of(struct view from, size_t at)
{
	if (at == 0)
		return from; /* which may be empty, and nowhere */
	return view_of(from.data + at, from.size - at);
}

/* Whether the bytes may be the front of one character whose rest has not come yet. */
static bool is_front(struct view from)
{
	size_t size = from.data[0] >= 0xf0 ? 4 : from.data[0] >= 0xe0 ? 3 : 2;

	if (from.data[0] < 0xc2 || from.data[0] > 0xf4 || from.size >= size)
		return false;
	for (size_t i = 1; i < from.size; i++)
		if ((from.data[i] & 0xc0) != 0x80)
			return false;
	return true;
}

/* Where a control character stands, or one whose rest has not come; `end` or more, if there is none
 * before it. */
static size_t find_control(struct view from, size_t at, size_t end)
{
	size_t size;

	while (at < from.size && at < end && !is_control(from.data[at])) {
		struct view rest = rest_of(from, at);

		if (from.data[at] < C1) {
			at++;
			continue;
		}
		if (c1_at(rest, &size) != 0 || is_front(rest))
			break;
		at += size;
	}
	return at;
}

/* How many bytes the end of a string has at the front; 0: what stands there is none. */
static size_t end_of_string(struct view from)
{
	uint8_t kind;
	size_t size = front_of_sequence(from, &kind);

	return from.data[0] == BEL ? 1 : kind == '\\' ? size : 0;
}

/* Whether it takes more bytes to know what stands at the front. */
static bool is_open(struct view from)
{
	return from.size == 0 || is_front(from) || (from.size == 1 && from.data[0] == ESC);
}

/* `from` begins with what stands for ESC and `kind`, which has `front` bytes. */
static size_t string_decode(struct view from, size_t front, uint8_t kind, bool is_quiet,
                            enum key *key)
{
	size_t at = front;
	size_t end;

	*key = KEY_STRING;
	if (from.size > front && is_front_of_answer(kind, from.data[front]))
		return front;
	*key = KEY_IGNORED;
	at = find_control(from, at, STRING_SIZE_MAX);
	end = at < from.size ? end_of_string(rest_of(from, at)) : 0;
	if (end > 0)
		return at + end;
	/* Alt with a letter that means nothing, and what was typed behind it; or nobody knows. */
	return at >= STRING_SIZE_MAX || is_quiet || !is_open(rest_of(from, at)) ? front : 0;
}

size_t key_string_size(struct view from, bool *has_ended)
{
	size_t at = find_control(from, 0, from.size);

	*has_ended = !is_open(rest_of(from, at));
	return *has_ended ? at + end_of_string(rest_of(from, at)) : at;
}

/* `from` begins with what stands for ESC and `kind`, which has `front` bytes. */
static size_t sequence_decode(struct view from, size_t front, uint8_t kind, bool is_quiet,
                              enum key *key)
{
	*key = KEY_IGNORED;
	if (is_kind_of_string(kind))
		return string_decode(from, front, kind, is_quiet, key);
	if (kind != '[' && kind != 'O')
		return front; /* of C1 */
	if (from.size == front)
		return 0;
	if (kind == '[')
		return csi_decode(from, front, key);
	*key = letter_key(from.data[front], false);
	/* ESC O is Alt-O, too: then a control character behind it is not part of it. */
	return from.data[front] < 0x20 ? front : front + 1;
}

static size_t escape_sequence_decode(struct view from, bool is_quiet, enum key *key)
{
	assert(from.data[0] == ESC);
	*key = KEY_ESCAPE;
	if (from.size < 2)
		return is_quiet ? 1 : 0;
	/* The first Escape of two stands for itself. */
	if (from.data[1] == ESC)
		return 1;
	if (is_kind_of_string(from.data[1]) || from.data[1] == '[' || from.data[1] == 'O')
		return sequence_decode(from, 2, from.data[1], is_quiet, key);
	*key = alt_key(from.data[1]);
	/* If Alt means nothing with this key, a control key counts without Alt. */
	return *key == KEY_IGNORED && (from.data[1] < 0x20 || from.data[1] > 0x7e) ? 1 : 2;
}

size_t key_decode(struct view from, bool is_quiet, enum key *key)
{
	size_t used = 0;
	size_t front;
	uint8_t c1;

	assert(from.size > 0);
	assert(key != NULL);
	if (from.data[0] == ESC)
		return escape_sequence_decode(from, is_quiet, key);
	c1 = c1_at(from, &front);
	if (c1 != 0)
		return sequence_decode(from, front, c1 - C1_OFFSET, is_quiet, key);
	if (is_control(from.data[0])) {
		*key = control_key(from.data[0]);
		return 1;
	}
	*key = KEY_TEXT;
	while (used < from.size && !is_control(from.data[used])) {
		struct view rest = rest_of(from, used);
		size_t size;

		if (c1_at(rest, &size) != 0 || escape_decode(rest, &size) == ESCAPE_INVALID)
			break;
		used += size;
	}
	if (used > 0 || is_front(from))
		return used;
	/* A byte that is no UTF-8 is no key. */
	*key = KEY_IGNORED;
	return 1;
}

unsigned key_number(struct view key)
{
	uint8_t last = key.data[key.size - 1];

	assert(key.size == 2);
	assert(last >= '1');
	assert(last <= '9');
	return (unsigned)(last - '0');
}

size_t key_decode_line(struct view from, enum key *key)
{
	size_t size = 0;

	if (from.data[0] == '\n' || from.data[0] == '\r') {
		*key = KEY_ENTER;
		return 1;
	}
	*key = KEY_TEXT;
	while (size < from.size && from.data[size] != '\n' && from.data[size] != '\r')
		size++;
	return size;
}
