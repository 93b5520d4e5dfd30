/* SPDX-License-Identifier: MIT
 *
 * conversation: with whom a person talks. Each other person is one conversation. It counts what has
 * come in it since it was the current one, which is the one that plain lines go to.
 *
 * They stand in the order in which they began, so each keeps its number. At most
 * CONVERSATION_COUNT_MAX are kept: for one more, the one goes that was used longest ago and has
 * nothing new. If all have something new, it is the one that was used longest ago. The current one
 * never goes, nor does that of whoever wrote last. What goes is only an entry of this list: the
 * messages were shown, or are kept elsewhere, and whoever writes again has an entry again.
 *
 * Pure.
 */
#ifndef THREEFOLD_CHAT_CONVERSATION_H
#define THREEFOLD_CHAT_CONVERSATION_H

#include "chat/command.h"

enum {
	CONVERSATION_COUNT_MAX = 1000,
	CONVERSATION_LISTED_MAX = 40,
	CONVERSATION_LIST_SIZE = (CONVERSATION_LISTED_MAX + 1) * (COMMAND_ACCOUNT_SIZE + 64),
	CONVERSATION_KEYS = 9, /* Alt-1 to Alt-9 */
};

struct conversation {
	char name[COMMAND_ACCOUNT_SIZE]; /* as others read it */
	struct id id;                    /* of the account, if it is known */
	bool has_id;
	uint64_t unread; /* messages since it was the current one */
	uint64_t used;   /* when it was used last, by a count of uses */
};

struct conversations {
	struct conversation *all; /* in the order in which they began */
	size_t count;
	size_t capacity;
	size_t current; /* an index; `count` or more: there is none */
	uint64_t uses;
	char last[COMMAND_ACCOUNT_SIZE]; /* who wrote last; empty: nobody has */
};

/* Begins with none. */
void conversation_init(struct conversations *c);
/* Forgets all and frees the memory. It may be used again. */
void conversation_clear(struct conversations *c);

/* ---- what happens ---- */

/* A message of `from` was shown. */
void conversation_came(struct conversations *c, struct view from);
/* A message went to `to`, so what was new from there is not new any more. */
void conversation_wrote(struct conversations *c, struct view to);
/* This is the account that is meant with a name of the list. Nothing if it is not there. */
void conversation_identify(struct conversations *c, struct view name, const struct id *id);
/* This one becomes the current one, and begins if it is not there. An empty name: there is no
 * current one. */
void conversation_talk(struct conversations *c, struct view name);

/* How one moves to another conversation. */
enum conversation_move {
	CONVERSATION_NEXT,     /* in their order, and after the last to the first */
	CONVERSATION_PREVIOUS, /* the other way */
	CONVERSATION_NEW,      /* the next one that has something new */
	CONVERSATION_NUMBER,   /* the one of this number, from 1 */
};
/* Moves there. False, and nothing changes, if there is no such conversation, or it is the current
 * one. `number` counts for CONVERSATION_NUMBER only. */
bool conversation_move(struct conversations *c, enum conversation_move how, size_t number);

/* ---- questions ---- */

/* The name of the current one; empty if there is none. The view lives until the next change. */
struct view conversation_current(const struct conversations *c);
/* Who wrote last; empty if nobody has. The view lives until the next change. */
struct view conversation_last(const struct conversations *c);
/* How many messages are new in all conversations but the current one. */
uint64_t conversation_unread(const struct conversations *c);
/* Whether the line is a /talk that chooses. Then sets `name` to whom it chooses, as a view into the
 * line; it is empty if the line will be refused, because plain lines go to nobody then. */
bool conversation_of_line(struct view line, struct view *name);
/* Lists them, a line each: the key or the number that goes there, who it is, and what is new there.
 * Without a newline at the end. A long list is cut, and says so. */
void conversation_list(const struct conversations *c, char text[CONVERSATION_LIST_SIZE]);
/* The conversation of this name; NULL if there is none. It lives until the next change. */
const struct conversation *conversation_find(const struct conversations *c, struct view name);

#endif
