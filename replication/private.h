/* SPDX-License-Identifier: MIT
 *
 * What the files of replication share; nobody else includes it. From the bottom up; each file calls
 * only files above it in this list:
 *
 *   act.c           actions that are given out; random bytes, the time, who has our session
 *   due.c           what is written to a replica, and the replies that are due for it
 *   tombstone.c     accounts that are gone: kept, and told to replicas
 *   op.c            a request as such: its state, its audience, its result
 *   contact.c       whom the user writes to, and the streams of our own
 *   member.c        which replicas belong to the cluster
 *   twin.c          one process that seems to answer at two indexes
 *   removed.c       accounts that were removed, as one replica says: whether that is true
 *   lookup.c        a name or an id becomes accounts
 *   person.c        how the sender of a message is shown
 *   stream.c        what of a stream is gone; telling the replicas what was received
 *   handed.c        messages that were handed out, until they are shown
 *   order.c         whether a message waits for those before it
 *   mailbox.c       three mailboxes merged; pushes; what may be shown
 *   vouched.c       what replicas vouch for of the account of a session
 *   proof.c         what a session shows one replica, and that of it
 *   login.c         log in, and the session that it begins
 *   create.c        create an account            (calls login.c)
 *   logout.c        log out                      (calls login.c)
 *   delete.c        delete the own account       (calls login.c)
 *   password.c      set another password         (calls login.c)
 *   send.c          a message to some
 *   look.c          whom a name means            (calls send.c)
 *   list.c          the accounts, page by page
 *   all.c           a message to all             (calls send.c and list.c)
 *   replicas.c      the table of replicas
 *   replica.c       one connection: its life, and where each frame goes
 *   replication.c   commands and events, and what settles after each of them
 *
 * One rule keeps the calls in that order. A part may learn something that concerns a part further
 * down the list. It only notes that, and replication_settle (replication.c) acts on it at the end
 * of the event. So a reply puts its request on the list of those to be looked at (op_settle); a
 * request that cannot trust a replica marks it (replica_doubt); what waits for a log-in to end
 * looks whether it has (login_is_written). No request is entered from within another one, but a
 * parent when its child ends.
 *
 * P is a password that was stretched (fact/auth.h), which only the caller can do: it takes long.
 */
#ifndef THREEFOLD_REPLICATION_PRIVATE_H
#define THREEFOLD_REPLICATION_PRIVATE_H

#include "base/map.h"
#include "base/pool.h"
#include "base/ring.h"
#include "fact/ranges.h"
#include "replication/member.h"
#include "replication/op.h"
#include "replication/replication.h"
#include "replication/twin.h"
#include "replication/vouched.h"

/* What is said of a replica that does not know an account which it has just stored. */
#define LIES_UNKNOWN "does not know the account that it has stored"

/* What is said of one that is not known (member.c), and says that a password was changed. */
#define CHANGED_UNKNOWN "says that a password was changed, and nobody vouches for it"

/* A set of replicas is a mask, one bit for each index. */
#define ALL_REPLICAS 7u
#define BIT(index)   ((uint8_t)(1u << (index)))

enum {
	REPLICATION_MAGIC = 0x33464c44,
	OUTPUT_SIZE_MAX = 64 * 1024 * 1024, /* a replica that lets more wait is as good as dead */
	CANDIDATES_MAX = 3 * LOOKUP_NAME_MAX,
	STREAMS_KEPT = 65536, /* with those that are still at work, if they are more */
	/* A replica that shows more than this that no other live one does goes on for ever: pushed
	 * streams in a time, messages in one merge. */
	ALONE_PUSHED_MAX = 4096,
	ALONE_PUSHED_MS = 10000,
	ALONE_MERGED_MAX = 131072,
	/* Of senders that no other replica knows: so many in one merge, if that takes so long. */
	STRANGE_MAX = 256,
	STRANGE_MS = 8000,
	SHORT_PAGES_MAX = 16, /* in a row, which are not as large as was asked for */
	/* READ_ONs, and no message of it was handed out: so many if that takes STRANGE_MS, or at
	 * once. */
	READ_ONS_MAX = 16,
	READ_ONS_AT_ONCE_MAX = 1024,
	/* A reply that takes a third of the reply timeout is slow. All that wait for it count; of
	 * what has counted, an eighth of the time that passes is forgotten. So many timeouts are
	 * too much, if another replica is quicker. */
	SLOW_PART = 3,
	/* By which a server may answer a wrong password later, on purpose (session/limit.h). */
	SLOW_GUESS_MS = 1000,
	SLOW_FORGET = 8,
	SLOW_TIMES_MAX = 3,
	/* A session that a look-up names may be so far ahead of the clock. */
	NAMED_AHEAD_MS = 24 * 60 * 60 * 1000,
	TOMBSTONES_KEPT = 64, /* told to every replica that becomes live */
};

/* How many replicas a set has. */
static inline uint32_t replica_count(uint8_t mask)
{
	return (uint32_t)(mask & 1) + (uint32_t)(mask >> 1 & 1) + (uint32_t)(mask >> 2 & 1);
}

/* The lowest index of a set that is not empty. */
static inline uint32_t replica_first(uint8_t mask)
{
	return mask & 1 ? 0 : mask & 2 ? 1 : 2;
}

struct stream_state;

/* ---- act.c: actions that are given out ---- */

/* An action that waits to be taken. */
struct queued {
	struct action action;
	/* What the action points to, in memory or in a piece of the pool; freed when the next one
	 * is taken. */
	void *owned, *piece;
};

/* ---- due.c: replies that are due ---- */

/* What a reply is for. */
enum target {
	TARGET_OP,       /* a request */
	TARGET_PING,     /* the clock and the count of facts; perhaps a request, too */
	TARGET_JOIN,     /* the session's own log-in at a replica that returned */
	TARGET_HANDOVER, /* of its account, before a second TARGET_JOIN */
	TARGET_PROVE,    /* the session's log-in again where it is said to be over */
	TARGET_PAGE,
	TARGET_STREAMS,
	TARGET_MEMBER, /* whether a replica belongs to the cluster */
	TARGET_RECEIVED,
	TARGET_REMOVE, /* whether a stamp is right */
	TARGET_TELL,   /* a tombstone, a log-out: for nothing */
	TARGET_END,
};

/* The streams that one STREAMS frame asked about, in the order of its answers. */
struct stream_question {
	uint32_t count;
	struct stream_state *streams[];
};

/* A replica answers in the order in which it was asked, so these stand in a ring. */
struct due_reply {
	uint8_t target; /* enum target */
	uint8_t type;   /* of the request's frame */
	uint32_t request;
	struct op *op;                    /* TARGET_OP, and perhaps TARGET_PING */
	struct stream_question *question; /* TARGET_STREAMS; owned */
	uint64_t asked_ms;
	/* What the reply must fit: of a SEND how many recipients; of others, if they are compared,
	 * the request's bytes, which are owned. */
	uint16_t count;
	uint32_t size;
	uint8_t *bytes;
};

/* A reply that has come and counts later (removed.c). */
struct held_reply {
	struct held_reply *next;
	struct due_reply due;
	size_t size;
	uint8_t bytes[]; /* the frame */
};

/* ---- tombstone.c: what is gone ---- */

/* One that is told to every replica that becomes live. */
struct kept_tombstone {
	struct tombstone tombstone; /* its name: a view of `name` */
	char name[NAME_SIZE_MAX];
	uint8_t stamp[KEY_SIZE]; /* but of GONE_BY_KEY */
};

/* ---- removed.c: what one replica says is gone ---- */

/* An account that is gone by a stamp, as replicas say; there while a reply is held for it. */
struct claim {
	struct claim *next;
	struct tombstone tombstone; /* its name: a view of `name` */
	char name[NAME_SIZE_MAX];
	uint8_t stamp[KEY_SIZE];
	uint8_t from;                /* replicas that say so, in replies that are held */
	uint8_t asked;               /* these have not said yet whether the stamp is right */
	uint8_t right, wrong;        /* what they have said */
	uint32_t requests[REPLICAS]; /* the number of the question there */
};

/* ---- contact.c: whom we write to ---- */

/* A stream of our own: what this session has sent to one account. */
struct outbound {
	struct id id;
	uint64_t number; /* the last one drawn */
	bool full;       /* our share of the mailbox was used up when we last heard */
};

/* What the user calls somebody, and who that is. Kept for life: a name that gives another account
 * than the one written to before is a question to the user, in whatever session. */
struct contact {
	struct outbound *outbound; /* to `id`, in this session; NULL: not looked for */
	size_t size;
	struct id id;
	bool known;      /* `id` is the account that the name gave last */
	bool written_to; /* this client has written to somebody under this name, or tried to */
	bool keep;       /* false: rests on an unconfirmed account, ask each time */
	uint32_t era;    /* asked in */
	/* What every message reads stands before this line, or at its beginning. */
	char name[ID_TEXT_SIZE + DISPLAY_SIZE]; /* as the user wrote it last */
	char key[ID_TEXT_SIZE + DISPLAY_SIZE];  /* the same, folded */
	char display[DISPLAY_SIZE];
};

/* ---- person.c: senders ---- */

/* The sender of messages, by id. The masks hold what each replica said on its present
 * connection. */
struct person {
	struct id id;
	uint8_t answered; /* replicas that said who it is */
	uint8_t alive, holder, confirmed;
	bool gone;        /* one has said so */
	uint32_t streams; /* of his that are kept */
	bool named;       /* `name` is set */
	bool shown_as;    /* `display` is right until another replica becomes live */
	bool looking;     /* a look-up is under way */
	bool brief;       /* `display` rests on an unconfirmed account: not kept */
	bool stopped;     /* replicas ended of the question: it is never asked again */
	uint32_t era;     /* in which `display` was found */
	char name[NAME_SIZE_MAX + 1];
	char display[DISPLAY_SIZE];
	struct tombstone tombstone; /* if gone; its name: a view of `name` */
};

/* ---- stream.c, mailbox.c: what we receive ---- */

/* A message that has come and is not handed out yet. */
struct candidate {
	struct candidate *next;
	uint64_t number;
	uint64_t sent_ms;
	uint64_t arrived_ms;
	uint8_t from; /* replicas that have it */
	bool waited;  /* it was pending when the mailbox was read */
	bool merged;  /* the merge brought it: who else has it does not matter */
	uint16_t audience_size;
	uint32_t text_size;
	uint8_t said[]; /* the text, then the audience */
};

/* What we know of one stream to us. `handed`, `shown` and `gone` are kept for life, so nothing is
 * handed out twice in any session; all else only while a connection or a session lasts. */
struct stream_state {
	struct stream key;
	struct person *person;
	uint8_t answered;     /* replicas that said what is gone of it, on this connection */
	uint8_t asked;        /* those that are asked, and have not said it yet */
	uint8_t telling;      /* is on the lists of these replicas */
	uint8_t brought;      /* replicas that have shown a message of it */
	uint32_t questions;   /* STREAMS about it that are not answered */
	uint32_t in_hand;     /* messages of it that are handed out and not shown */
	struct ranges handed; /* handed out: never again in this life */
	struct ranges shown;  /* of them, what has left the process: may be told */
	struct ranges gone;
	uint64_t whole;                  /* up to here nothing is waited for any more; order.c */
	uint32_t vainly;                 /* r->changes when it was waited for in vain; 0: never */
	struct ranges told[REPLICAS];    /* `received`, on this connection; counts only if */
	uint32_t told_since[REPLICAS];   /* this is the replica's `refusals` */
	struct ranges to_tell[REPLICAS]; /* of them, what is not written yet */
	struct candidate *candidates;    /* by number */
	size_t held_size;                /* bytes of them */
	struct stream_state *held_next, *held_previous; /* those with candidates */
	struct stream_state *tell_next[REPLICAS];
};

/* ---- handed.c: what waits to be shown ---- */

/* A message that was handed out and is not shown yet. */
struct handed {
	struct stream_state *stream;
	uint64_t number;
	uint32_t size; /* of what it says */
};

/* A message of a page, or one that was pushed while pages are read. */
struct page_item {
	struct page_item *next;
	struct place place;
	bool pushed;
	uint16_t audience_size;
	uint32_t text_size;
	uint8_t said[]; /* the text, then the audience */
};

/* One replica's mailbox while it is read in pages. Items stand in order of place; those behind
 * `upto` were pushed, and something that is not read yet may belong before them. */
struct reading {
	bool active;       /* more pages are wanted */
	bool asked;        /* a page is under way */
	bool back;         /* `upto` went back meanwhile: that page must not move it on */
	struct place upto; /* everything at or before it has come, in pages or pushes */
	struct page_item *first, *last;
	size_t size;
};

/* ---- replica.c: one connection ---- */

/* How far it has come. replica.c says what leads from one to the next. Everything behind
 * REPLICA_DIALLING has a connection. */
enum replica_state {
	REPLICA_DOWN, /* redial at redial_ms */
	REPLICA_DIALLING,
	REPLICA_GREETING, /* HELLO and PING are written */
	REPLICA_PINGING,  /* WELCOME is there */
	REPLICA_WAITING,  /* answered; a log-in that it is no part of is under way */
	REPLICA_JOINING,  /* the session's own log-in there */
	REPLICA_LIVE,
};

/* A replica, and the connection to it. What belongs to the connection is forgotten when it ends;
 * the clock, why it is not live, and as whom it is known are kept. */
struct replica {
	enum replica_state state;
	const char *doubt; /* why it dies when all is settled next; NULL: it does not */
	bool lies;         /* it dies, or has died, because it contradicted the protocol */
	bool is_slow;      /* or because it is too slow: the pause is as long */
	bool handed;       /* it has stored the account of this session on this connection */
	bool failed_once;  /* has failed since the start: counts for `ready` */
	bool write_told;   /* ACTION_WRITE was given, and nothing taken since */
	bool welcomed;
	bool login_written;    /* on this connection */
	bool joined;           /* logged in on this connection */
	uint32_t joined_epoch; /* with the password of this epoch */
	uint32_t login_epoch;  /* that of the last LOGIN, which may be under way */
	uint32_t login_dial;   /* the same */
	uint8_t uuid[UUID_SIZE];
	uint8_t public[KEY_SIZE]; /* of its process; kept when the connection ends */
	uint16_t version;         /* of the protocol on this connection */
	struct twin twin;         /* who answers there, and since when */
	uint16_t ended_with;      /* since then: the targets that count in r->ends, as bits */
	uint8_t nonce[KEY_SIZE];
	uint8_t box_answer[KEY_SIZE];   /* what it must answer to the last box */
	uint8_t login_nonce[KEY_SIZE];  /* ours, of the last LOGIN: it signs that */
	bool is_tagged;                 /* requests get tags, by `tags` */
	struct tag_key tags, next_tags; /* the second behind the LOGIN that is written next */
	struct ulid ended_session;      /* the last session that it said is over */
	uint32_t prove;                 /* the LOGIN by whose answer it proves that; 0: none */
	struct membership member;
	bool is_known; /* as a member of the cluster, while it has these two: */
	uint8_t known_uuid[UUID_SIZE], known_public[KEY_SIZE];
	bool says_changed;   /* JOINING: that the password was changed; it is not believed yet */
	bool lacks_account;  /* JOINING: it does not know the account, and is not given it yet */
	bool lacks_password; /* live, but it may lack that of the session, and is not told it yet */
	uint32_t silence_ms; /* after which it drops a client */
	bool clock_known;
	int64_t clock_offset_ms; /* its clock less our monotonic time */
	bool facts_known;
	uint64_t facts, sum;
	uint64_t round_trip_ms; /* of the last ping; if facts_known */
	uint32_t next_request;
	struct buf out;
	struct ring due;         /* of struct due_reply */
	struct held_reply *held; /* in order */
	uint64_t due_since_ms;   /* of the oldest reply due, or when the one before it came */
	uint64_t slow_ms; /* that slow replies have taken, at slow_at_ms; kept when it dies */
	uint64_t slow_at_ms;
	uint64_t heard_ms; /* what was asked then is answered, and all before it */
	uint64_t sent_ms;  /* of the last frame */
	uint64_t redial_ms;
	uint32_t backoff_ms;
	uint32_t liar_backoff_ms; /* the same after a lie */
	uint64_t live_ms;         /* since when it is live, or was the last time */
	bool has_served;          /* a command's yes came from it on this connection */
	char why[WHY_SIZE];       /* it is not live */
	struct reading reading;
	uint32_t alone_pushed; /* streams since alone_ms that it alone has pushed messages of */
	uint64_t alone_ms;
	uint32_t alone_merged; /* messages of this merge that it alone has shown */
	uint32_t strange;      /* of them, of senders that no other one knows, since strange_ms */
	uint64_t strange_ms;
	uint32_t read_ons; /* since read_on_ms, with no message of it handed out */
	uint64_t read_on_ms;
	uint32_t page_size;   /* of its last page, if there was to be another one; else 0 */
	uint32_t short_pages; /* in a row, which had room for what the next one began with */
	uint64_t claim;       /* accounts that it has listed in one walk; 0: as many as it may */
	uint32_t claim_ping;  /* whose answer says whether it may */
	struct stream_state *tell_first; /* streams with something in to_tell */
	uint32_t refusals;               /* of what it was told, ever */
	uint32_t tell_count;             /* numbers there, */
	uint64_t tell_ms;                /* and when they are told; if there are any */
	struct stream_state **ask;       /* streams to ask about */
	uint32_t ask_count, ask_capacity;
};

/* ---- the whole ---- */

/* All that one client knows. replication_check asserts:
 *   - `live` are the replicas in REPLICA_LIVE, and the first of them leads;
 *   - a replica that is to be told `received` is live and has our session;
 *   - the audience of a request that is asking is live, and who is done is one of it;
 *   - a replica of which something is left to be settled is in `unsettled`;
 *   - the merge waits for a candidate only while it merges. */
struct replication {
	uint32_t magic;
	struct replication_options options;
	uint64_t now_ms;
	uint64_t started_ms;
	uint64_t random_count;
	bool ready;
	uint8_t live;      /* replicas in REPLICA_LIVE */
	uint8_t unsettled; /* those that replica_settle has to look at */
	int leader;        /* the first of them; -1: none */
	uint32_t era; /* counts replicas becoming live: what was learned in an earlier one is old */
	uint32_t ends[TARGET_END]; /* replicas that ended with such a request, since one answered */
	bool has_ends;             /* perhaps one of them is not 0 */
	uint32_t changes;          /* counts replicas becoming live and dying, from 1 */
	uint32_t token;            /* the last one given */
	struct replica replicas[REPLICAS];
	struct login_session session;
	/* What the session becomes if a change of its password took effect, of which nothing is
	 * known. */
	struct login_session maybe;
	bool has_maybe;
	/* What it was before it became that; until a replica has said yes to the new password. */
	struct login_session before;
	bool has_before;
	uint32_t backs;   /* takings back under way */
	uint32_t deletes; /* of the own account, under way */
	struct op *first_op, *last_op;
	struct op *settle_first, *settle_last; /* those to be looked at, in order */
	bool waiting_ops;                      /* perhaps some wait for a live replica */
	uint64_t turns;                        /* counts commands to send */
	struct op *sends, *last_send;          /* of them, those not written yet, in order */
	struct map contacts;                   /* by name */
	struct map outbounds;                  /* by id, of this session */
	struct map persons;                    /* by id */
	struct map streams;                    /* by key */
	struct stream_state *last_stream;      /* the one looked up last; may be NULL */
	struct ring stream_order;              /* of pointers to them, the oldest first */
	struct stream_state *held;             /* those with candidates */
	bool merging;
	bool merge_initial;          /* that merge is of a log-in: pushes wait for their place */
	struct candidate *merge_for; /* the merge waits until it is handed out; NULL: it goes on */
	size_t held_size;            /* bytes of all candidates */
	struct place merged;         /* what the merge has come to */
	uint64_t grace_ms;           /* when a held candidate is to be looked at again */
	struct ring handed;          /* of struct handed; no more than handed_count_max */
	size_t handed_size;          /* bytes of their texts */
	uint64_t handed_serial;      /* of the last one that was handed out */
	bool is_blind;               /* replication_blind: nothing is shown any more */
	bool is_leaving;             /* a log-out waits for them */
	struct ring actions;         /* of struct queued */
	void *owned, *piece;         /* by the action that was taken last */
	struct pool pool; /* requests, their texts and results; messages that have come */
	struct kept_tombstone tombstones[TOMBSTONES_KEPT];
	uint32_t tombstones_count;
	struct claim *claims; /* each with a `from` */
};

/* ---- act.c ---- */

/* `size` bytes that nobody can guess, from the seed. */
void replication_random(struct replication *r, void *to, size_t size);
/* Adds an action to the end of the queue, zeroed but for its kind, for the caller to fill in.
 * `owned`, which may be NULL, is freed after the action was taken. */
struct action *replication_act(struct replication *r, enum action_kind kind, void *owned);
/* The same, but the action owns a piece of r->pool. */
struct action *replication_act_piece(struct replication *r, enum action_kind kind, void *piece);
/* Frees all actions that were not taken, and what the last one owns. */
void replication_act_release(struct replication *r);
/* The replicas' time now, in milliseconds since 1970: replication_clock. */
uint64_t replication_now(const struct replication *r);
/* The set of replicas that are live and have this session. */
uint8_t replication_joined(const struct replication *r);
/* Frees the values of a map, one memory_free each, and empties it. */
void replication_empty(struct map *m);

/* ---- due.c ---- */

/* Writes a request and remembers what its reply is for. `op` is NULL if that is no request of ours.
 * The number of the request is set here. If too much output waits, the replica is doubted. */
void due_ask(struct replication *r, uint32_t index, const struct frame *frame, enum target target,
             struct op *op);
/* Writes a ping; its answer counts for `op`, too, if that is not NULL. */
void due_ping(struct replication *r, uint32_t index, struct op *op);
/* The same as due_ask for a request that the caller puts into `out` piece by piece. `question`,
 * which may be NULL, is taken over. Gives what due_end wants: the offset, or SIZE_MAX: no room. */
size_t due_begin(struct replication *r, uint32_t index, uint8_t type, uint8_t flags,
                 enum target target, struct op *op, struct stream_question *question);
/* Ends it. `fits`: all of it had room. If not, the replica is doubted. */
void due_end(struct replication *r, uint32_t index, size_t offset, bool fits);
/* Writes to a replica what was just written to another one, `from`, where it stands at `offset`. It
 * must be a request with nothing of its own (TARGET_OP). */
void due_repeat(struct replication *r, uint32_t index, uint32_t from, size_t offset);
/* Takes what was asked first and is due, for `reply`, which has come; the caller calls due_release
 * for it. False: none is due. */
bool due_take(struct replication *r, uint32_t index, const struct frame *reply,
              struct due_reply *due);
/* Frees what it owns. */
void due_release(struct due_reply *due);
/* A reply that was taken counts later: takes over what `due` owns, and copies the frame. */
void due_hold(struct replication *r, uint32_t index, struct due_reply *due, struct view frame);
/* Takes the first one that is held; the caller calls due_release for its `due`, and frees it. */
struct held_reply *due_take_held(struct replica *p);
/* Whether this reply, of the type that is due, contradicts its request: protocol_contradiction. */
const char *due_contradiction(const struct due_reply *due, const struct frame *reply);
/* The replica has ended by itself: marks the requests that it had to answer (is_struck), and counts
 * the others (r->ends), but for those that it had for longer than the reply timeout. */
void due_strike(struct replication *r, uint32_t index);
/* It greets again. If that is the same process as before, it was the network: what due_strike has
 * counted of this replica, and of no other, is taken back. */
void due_greeted(struct replication *r, uint32_t index, bool is_same);
/* Nobody has ended of such a request: its count begins again. */
void due_acquit(struct replication *r, enum target target);
/* Whether it has to answer this request, or its answer is held. */
bool due_has(const struct replica *p, const struct op *op);
/* The connection has ended: forgets what is due and what was to be written, and frees it. */
void due_clear(struct replica *p);
/* Whether a reply is due that is more than a ping's. */
bool due_is_work(const struct replica *p);
/* The replica dies when all is settled next, before any request is looked at. `why`: a phrase that
 * lives for ever; the first one counts. */
void replica_doubt(struct replication *r, uint32_t index, const char *why);
/* The same for one that has contradicted the protocol or itself: it is not dialled again soon. */
void replica_lies(struct replication *r, uint32_t index, const char *why);

/* ---- tombstone.c ---- */

/* protocol_knows, of the version that is spoken with the replica. */
bool tombstone_is_known_to(const struct replication *r, uint32_t index, const struct tombstone *t);
/* Writes it to a live replica: a DELETE, or a REMOVE with the stamp, if that one knows it. */
void tombstone_write(struct replication *r, uint32_t index, const struct tombstone *tombstone,
                     const uint8_t *stamp, enum target target);
/* Tells it to the live replicas of `to`, which showed the account alive, and keeps a copy, as
 * tombstone_keep. Nothing for one with a stamp: it was told by removed.c. */
void tombstone_tell(struct replication *r, uint8_t to, const struct tombstone *tombstone);
/* Keeps a copy of a tombstone, to be told to every replica that becomes live later. If there are
 * TOMBSTONES_KEPT, the oldest one is dropped. `stamp` is NULL if it needs none. */
void tombstone_keep(struct replication *r, const struct tombstone *tombstone, const uint8_t *stamp);
/* Whether that of an entry is kept, with its stamp. */
bool tombstone_is_kept(const struct replication *r, const struct entry *e);
/* Keeps the tombstone of this id no longer: the deletion was refused, or its outcome is unknown, so
 * it must not go on behind the user's back. */
void tombstone_forget(struct replication *r, const struct id *id);
/* A replica has become live: tells it all that are kept. */
void tombstone_tell_kept(struct replication *r, uint32_t index);

/* ---- removed.c ---- */

enum removed_verdict { REMOVED_WAITS, REMOVED_TRUE, REMOVED_LIE, REMOVED_DOUBTED };

/* Whether a reply says of an account that it was removed, which is to be found out yet. Then the
 * reply is held, with what `due` owns; `bytes` is its frame. */
bool removed_hold(struct replication *r, uint32_t index, struct due_reply *due,
                  const struct frame *frame, struct view bytes);
/* Takes in a reply to REMOVE, by the number of its request. */
void removed_answered(struct replication *r, uint32_t index, uint32_t request,
                      const struct frame *frame);
/* The connection has ended: what was said on it counts no longer. */
void removed_lost(struct replication *r, uint32_t index);
/* What became of a reply that is held. If it is true, the reply counts now. If it is a lie, or is
 * not believed, the replica is doubted. */
enum removed_verdict removed_settle(struct replication *r, uint32_t index,
                                    const struct due_reply *due, const struct frame *frame);

/* ---- contact.c ---- */

/* What is known of a name that the user has written, which is valid by name_is_reference; made, if
 * it is new. It lives until contact_release. */
struct contact *contact_get(struct replication *r, struct view name);
/* Frees all contacts. */
void contact_release(struct replication *r);
/* Our stream to an account; made, if this session has sent nothing to it. It lives until
 * outbound_clear. */
struct outbound *outbound_get(struct replication *r, const struct id *id);
/* The same for a contact that is known. */
struct outbound *outbound_of(struct replication *r, struct contact *contact);
/* The session has ended: frees its streams, and no contact points to one any more. */
void outbound_clear(struct replication *r);

/* ---- lookup.c ---- */

/* A share of a mailbox that no replica has named. */
#define SHARE_UNKNOWN UINT32_MAX

/* The password of an account. No setting: there is none that could be used. */
struct lookup_password {
	uint32_t epoch;
	char setting[SETTING_SIZE_MAX + 1];
};

/* What replicas say of one account; masks have a bit for each replica. */
struct lookup_account {
	struct id id;
	uint8_t alive;     /* replicas that show it alive */
	uint8_t answered;  /* replicas that said anything about it */
	uint8_t confirmed; /* by these */
	bool online;
	bool gone;
	uint64_t online_since_ms;
	struct ulid session; /* the largest named */
	uint32_t share;      /* of his mailbox that we use: the smallest named, or SHARE_UNKNOWN */
	char name[NAME_SIZE_MAX + 1];
	uint8_t known; /* of `alive`, those who were known then (member.c) */
	struct lookup_password said[REPLICAS], password;
	uint8_t newest;             /* replicas that show the one that counts */
	struct tombstone tombstone; /* its name: a view of `name` */
};

/* A look-up. When it has ended, `accounts` are those that are alive, in order of id. */
struct lookup {
	struct op op;
	char text[ID_TEXT_SIZE + DISPLAY_SIZE]; /* what was asked */
	size_t text_size;
	struct id id; /* asked by id */
	bool by_id;
	char name[NAME_SIZE_MAX + 1];
	char suffix[ID_SUFFIX_SIZE + 1];
	void *purpose;                   /* of the parent */
	struct lookup_account *accounts; /* NULL: nobody has shown any */
	uint32_t count;
	uint32_t era;     /* in which it was asked */
	int found;        /* the index of the one that counts; -1: none does */
	bool unconfirmed; /* what was found rests on an unconfirmed account */
};

/* Begins a look-up as a child of `parent`, whose row->child hears of its end; the outcome is OK, or
 * that no replica could be reached. `text`: a name, name~digits or a full id. */
struct lookup *lookup_new(struct replication *r, struct op *parent, struct view text,
                          void *purpose);
/* The same for an account whose id is known. */
struct lookup *lookup_id_new(struct replication *r, struct op *parent, const struct id *id,
                             void *purpose);
/* How the account at index `at` is shown: plain if it is the one that its name gives. */
void lookup_display(const struct lookup *l, uint32_t at, char display[DISPLAY_SIZE]);

/* ---- person.c ---- */

/* What is known of an account that sends; made, if it is new. It lives until person_release. */
struct person *person_get(struct replication *r, const struct id *id);
/* Takes in what one replica says of who it is. */
void person_learn(struct person *p, uint32_t index, const struct entry *e);
/* Whether `display` is right. If not, it is found out, and the caller asks again when something has
 * changed. */
bool person_is_settled(struct replication *r, struct person *p);
/* The replica died, or the session ended: what it said counts no longer. */
void person_lost(struct replication *r, uint32_t index);
/* A stream of his is kept no longer. If that was the last one, so is he. */
void person_drop(struct replication *r, struct person *p);
/* Frees all persons; stream_release calls it. */
void person_release(struct replication *r);

/* ---- stream.c ---- */

/* What is known of a stream to the account that is logged in; made, if it is new. It lives until
 * stream_release; but of the oldest, if there are more than STREAMS_KEPT, those are forgotten in
 * which nothing is under way. That is when another one is made. */
struct stream_state *stream_get(struct replication *r, const struct id *sender,
                                const struct ulid *session);
/* The same, but NULL if it is not known. */
struct stream_state *stream_known(struct replication *r, const struct id *sender,
                                  const struct ulid *session);
/* A replica has shown a message of the stream. One that pushes streams which no other replica shows
 * has no end: ALONE_PUSHED_MAX. */
void stream_brought(struct replication *r, struct stream_state *s, uint32_t index, bool pushed);
/* Whether every replica that is live and has our session has said what is gone of the stream. If
 * not, those that have not are asked. */
bool stream_is_settled(struct replication *r, struct stream_state *s);
/* Takes in the answer to a question: what is gone of each stream, and who its sender is. The
 * question stays the caller's. */
void stream_answers(struct replication *r, uint32_t index, struct stream_question *question,
                    const struct frame *frame);
/* To each of `to`: the message was received. Told when it is due (RECEIVED_MS). Nothing happens if
 * it is neither shown nor gone: what was only handed out is told to nobody. */
void stream_tell(struct replication *r, struct stream_state *s, uint8_t to, uint64_t number);
/* The replica had no room for what it was told, perhaps also for what it was told before: none of
 * it counts, if it shows such a message again. */
void stream_refused(struct replication *r, uint32_t index);
/* Writes the questions, and the `received` that is due. */
void stream_settle(struct replication *r);
/* Writes all `received` that has gathered: no later time will do. */
void stream_flush(struct replication *r);
/* What has gathered is told to nobody. */
void stream_drop_received(struct replication *r);
/* The monotonic time, in ms, at which `received` is due; UINT64_MAX: nothing has gathered. */
uint64_t stream_deadline(const struct replication *r);
/* The replica died, or the session ended: what was asked there and told it counts no longer. */
void stream_lost(struct replication *r, uint32_t index);
/* Frees all streams and persons. No stream has candidates any more (mailbox_clear). */
void stream_release(struct replication *r);
/* Whether nothing is left to ask or without a reply. `received` that is not due yet is no work. */
bool stream_is_idle(const struct replication *r);

/* ---- handed.c ---- */

/* Whether one more may be handed out. */
bool handed_has_room(const struct replication *r);
/* A message is handed out, for which there is room (handed_has_room). `size`: bytes of its text.
 * Gives its serial. */
uint64_t handed_add(struct replication *r, struct stream_state *s, uint64_t number, uint32_t size);
/* All up to this serial are shown: they may be told from now on, and are told to those who have the
 * session that they came in. */
void handed_shown(struct replication *r, uint64_t serial);
/* Forgets those that are left: they never will be shown. */
void handed_drop(struct replication *r);

/* ---- order.c ---- */

/* Whether a candidate, the first of its stream, waits for numbers before it. It does not wait for
 * what is gone, nor a second time for what did not come in time. If it waits, r->grace_ms is no
 * later than the end of that, and who may still have them is asked. */
bool order_waits(struct replication *r, struct stream_state *s, const struct candidate *c);
/* This number is handed out: nothing below it is waited for any more. */
void order_handed(struct stream_state *s, uint64_t number);

/* ---- mailbox.c ---- */

/* A log-in: pages from everybody who has the session. */
void mailbox_begin(struct replication *r);
/* Reads this replica's pages after a place; NULL: from the beginning. */
void mailbox_read(struct replication *r, uint32_t index, const struct place *after);
/* Takes in the reply to a PAGE. This and the next two drop what belongs to no session. */
void mailbox_page(struct replication *r, uint32_t index, const struct frame *frame);
/* Takes in a PUSH. */
void mailbox_push(struct replication *r, uint32_t index, const struct frame *frame);
/* A replica has dropped the pushes behind a place: reads on from there. */
void mailbox_read_on(struct replication *r, uint32_t index, const struct place *place);
/* The replica died: forgets what was read of its mailbox and is not merged yet. */
void mailbox_lost(struct replication *r, uint32_t index);
/* The session ended: forgets all that has come and was not handed out. */
void mailbox_clear(struct replication *r);
/* Merges on, hands out what may be, asks for pages. Called when anything has changed. */
void mailbox_settle(struct replication *r);
/* Looks whether r->grace_ms has come; then what was held back is looked at again. */
void mailbox_tick(struct replication *r);

/* ---- proof.c ---- */

/* Fills in a LOGIN frame with its proof for this replica, for the session that runs or for one that
 * is made. From then on the log-in counts as written there. */
void proof_frame(struct replication *r, uint32_t index, const struct login_session *session,
                 struct frame *frame);
/* Fills in a HANDOVER frame with the account in a box for this replica, and the next stamp that it
 * has not been told. The views point into `session`. */
void proof_handover(struct replication *r, uint32_t index, struct login_session *session,
                    struct frame *frame);
/* Closes the box of a frame with the account; of an INTRODUCE its invitation, too. */
void proof_close_box(struct replication *r, uint32_t index, const struct login_session *session,
                     struct frame *frame);
/* Makes a PASSWORD, which gives this account to a replica where another one is logged in. */
void proof_password(struct replication *r, uint32_t index, struct login_session *session,
                    struct frame *frame);
/* Whether the replica has opened the last box that it was sent: `frame` is its yes. If not, it is
 * doubted. */
bool proof_is_opened(struct replication *r, uint32_t index, const struct frame *frame);
/* Whether the replica's answer to LOGIN, which is STATUS_OK or STATUS_TAKEN_OVER, is signed by
 * somebody who holds the verifier of the session's account. If not, it is doubted: whoever listens
 * on a port can say both. */
bool proof_is_signed(struct replication *r, uint32_t index, const struct login_session *session,
                     const struct frame *frame);
/* Takes in what a yes that is signed vouches for, and makes the account of it. False: the replica
 * does not hold what the id vouches for, and is doubted. */
bool proof_takes_yes(struct replication *r, uint32_t index, struct login_session *session,
                     const struct frame *frame);
/* Of `among`, who have said yes on their connections of now, some may be known. */
void proof_know(struct replication *r, struct login_session *session, uint8_t among);

/* ---- login.c ---- */

/* Whether a log-in is written somewhere and has not ended: then it is not known yet whose session a
 * replica should have. */
bool login_is_written(const struct replication *r);
/* Logs in to an account that was just made, as a child of `parent`. `made` is copied. */
void login_created(struct replication *r, struct op *parent, const struct login_session *made);
/* LOGOUT, on every connection on which a log-in was written, but on those of `but`. */
void login_tell_logout(struct replication *r, const struct ulid *session, uint8_t but);
/* A session that is not active ended there: perhaps that of a log-in which is still under way. */
void login_ended(struct replication *r, uint32_t index, const struct ulid *session);
/* The session ends without being asked to: its account was deleted, or another log-in has taken it
 * over. Nothing if it was our own deletion, which is under way. */
void login_session_lost(struct replication *r, enum status why);
/* The session ends if replicas have ended again and again of what is asked for it. Of use only with
 * r->has_ends. */
void login_session_settle(struct replication *r);
/* Forgets the session and what belongs to it. */
void login_session_clear(struct replication *r);
/* Whether the session `by` runs: what was said in one is done in no other. */
static inline bool login_session_is(const struct replication *r, const struct ulid *by)
{
	return r->session.active && ulid_equal(&r->session.ulid, by);
}

/* ---- logout.c ---- */

/* If all that was handed out is shown, or never will be: lets those that wait for that log out. */
void logout_settle(struct replication *r);

/* ---- send.c ---- */

/* What became of the recipients of some sends. */
struct send_sum {
	uint32_t stored, online, copies;
	enum outcome outcome; /* the first that was not OK */
};

/* Sends one message to `count` accounts that are known, 1 to RECIPIENTS_MAX, in the session `by`,
 * as a child of `parent`. Ids and text are copied. */
void send_chunk(struct replication *r, struct op *parent, const struct ulid *by,
                const struct id *ids, uint32_t count, struct view text, bool is_notice);
/* Adds one that has ended to the sum. `sum` is zeroed before the first one. */
void send_chunk_sum(const struct op *op, struct send_sum *sum);
/* A sentence about an outcome of a send. It lives for ever. */
const char *send_explain(enum outcome outcome);

/* ---- list.c ---- */

/* A walk through the joined list of accounts, page by page. */
struct list_cursor {
	char prefix[NAME_SIZE_MAX];
	size_t prefix_size;
	char after_name[NAME_SIZE_MAX]; /* of the last account so far; empty at first */
	size_t after_name_size;
	struct id after;
	uint64_t listed[REPLICAS]; /* accounts that each has listed so far */
	/* The last name that was shown alone: who follows with it has lost it. */
	char plain_name[NAME_SIZE_MAX];
	size_t plain_name_size;
	bool last; /* nothing is left */
};

/* One page. When it has ended with OUTCOME_OK, `users` are those of this page and the cursor stands
 * behind them. An account that lost its name is shown by name~digits. */
struct list_page {
	struct op op;
	struct list_cursor *cursor;
	struct list_cursor next; /* what the cursor will be when it has ended */
	struct user *users;
	uint32_t count;
	struct list_part *parts; /* REPLICAS of them: what each has listed */
	uint8_t *missing;        /* of each of users: replicas that did not list it */
};

/* Begins one as a child of `parent`, which keeps the cursor until it ends; a zeroed cursor with a
 * prefix is at the beginning. */
void list_page_new(struct replication *r, struct op *parent, struct list_cursor *cursor);

/* ---- password.c, and the kinds of requests ---- */

/* A replica holds a later password than the session was begun with. If that may be the one that we
 * are setting, the session goes on with it, and the result is true. */
bool password_adopt(struct replication *r);
/* The reverse: the session goes on with the password from before. Nobody has said yes to the other
 * one; it is tried again if a replica holds a later one. */
void password_return(struct replication *r);
/* The session goes on with this account: what was proved of it, and P. */
void password_use(struct replication *r, const struct login_session *next);

extern const struct op_row create_row, login_row, password_row, logout_row, delete_row, send_row,
	all_row, list_row, list_page_row, look_row, replicas_row, lookup_row;

/* ---- replica.c ---- */

/* Sets up a replica, and dials it for the first time. */
void replica_init(struct replication *r, uint32_t index);
/* Frees what it holds. */
void replica_release(struct replication *r, uint32_t index);
/* The dial that was asked for has succeeded: writes HELLO and a PING. */
void replica_connected(struct replication *r, uint32_t index);
/* The dial or the connection has failed: the replica dies. `why` is copied. Nothing if it is
 * down. */
void replica_failed(struct replication *r, uint32_t index, const char *why);
/* Takes whole frames from the front of `bytes`, until the replica is down or doubted. Gives how
 * many bytes that was. */
size_t replica_input(struct replication *r, uint32_t index, struct view bytes);
/* Redials, pings, or dies because no reply has come, if it is time. */
void replica_tick(struct replication *r, uint32_t index);
/* The monotonic time, in ms, at which replica_tick has something to do. */
uint64_t replica_deadline(const struct replication *r, uint32_t index);
/* Those that are doubted die; those that waited for a log-in, or whose session has ended, go on. Of
 * use only if one is in r->unsettled: nearly no event changes anything of a replica. */
void replica_settle(struct replication *r);
/* Asserts that nothing is left to be settled of who is not in r->unsettled. */
void replica_check(const struct replication *r);

#endif
