/* SPDX-License-Identifier: MIT
 *
 * key: which key a person pressed, told by the bytes that a terminal sends for it.
 */
#ifndef THREEFOLD_TERMINAL_KEY_H
#define THREEFOLD_TERMINAL_KEY_H

#include "base/buf.h"

enum key {
	KEY_IGNORED,
	KEY_TEXT,
	KEY_ENTER,
	KEY_NEWLINE, /* breaks the line, and does not send it */
	KEY_TAB,
	KEY_LEFT,
	KEY_RIGHT,
	KEY_WORD_LEFT,
	KEY_WORD_RIGHT,
	KEY_HOME,
	KEY_END,
	KEY_UP,
	KEY_DOWN,
	KEY_BACKSPACE,
	KEY_DELETE,
	KEY_DELETE_OR_EOF,
	KEY_CUT_TO_END,
	KEY_CUT_TO_HOME,
	KEY_CUT_BLANK_LEFT, /* back to a blank */
	KEY_CUT_WORD_LEFT,
	KEY_CUT_WORD_RIGHT,
	KEY_PUT_BACK,
	KEY_CLEAR,
	KEY_FIND,
	KEY_CANCEL,
	KEY_ESCAPE, /* by itself */
	KEY_PAGE_UP,
	KEY_PAGE_DOWN,
	KEY_GO_NEXT,
	KEY_GO_PREVIOUS,
	KEY_GO_NEW,
	KEY_GO_NUMBER, /* key_number says which */
	KEY_INTERRUPT,
	KEY_SUSPEND,
	KEY_PASTE, /* what follows is pasted, up to KEY_PASTE_END */
	KEY_PASTE_END,
	KEY_STRING, /* what follows is an answer of the terminal: see key_string_size */
};

#define PASTE_BEGIN_SEQUENCE "\033[200~"
#define PASTE_END_SEQUENCE   "\033[201~"

/* Finds the key at the front of `from`, which is not empty, and returns how many bytes it has; 0 if
 * more bytes are needed to tell. is_quiet: none have come for a while, so that what may be the
 * front of an answer of the terminal is none. KEY_TEXT is a run of valid UTF-8 without control
 * characters. */
size_t key_decode(struct view from, bool is_quiet, enum key *key);
/* Whether `from` begins as a string of the terminal does, whose end key_decode may wait for. */
bool key_begins_string(struct view from);
/* How many bytes at the front belong to the string that KEY_STRING began. *has_ended: it ends with
 * them. A control character ends it, too, and does not belong to it. */
size_t key_string_size(struct view from, bool *has_ended);
/* The same for a terminal in line mode: it sends lines, without a key among them. */
size_t key_decode_line(struct view from, enum key *key);
/* The number of KEY_GO_NUMBER, 1 to 9, of whose bytes this is the view. */
unsigned key_number(struct view key);

#endif
