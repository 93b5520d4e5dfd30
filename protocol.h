/* SPDX-License-Identifier: MIT
 *
 * protocol: what travels between a client and a replica. This header is the specification.
 *
 * TRANSPORT. TCP, one connection from a client to each of three replicas. Bytes are little-endian.
 * A frame is
 *
 *   u32  length    of all that follows this field: 6 to FRAME_SIZE_MAX - 4
 *   u8   type      enum frame_type
 *   u8   flags     FLAG_*; others must be 0
 *   u32  request   chosen by the client, given back in the reply; 0 in a push
 *   ...  payload   as the table below says, complete: too few or too many bytes are an error
 *
 * Widths: `id` 22 bytes, `ulid` 16, `uuid` 16, `key` 32 (fact/id.h, fact/fact.h); `name`,
 * `setting`: u8 length and bytes, valid by name_is_valid and auth_setting_is_valid; `text`: u32
 * length and bytes, 1 to TEXT_SIZE_MAX of them; `said`: a text, and if the highest bit of its
 * length is set (TEXT_HAS_AUDIENCE), which is then no part of the number, behind its bytes the form
 * of an audience (fact/audience.h); `place`: u64 sent, id sender, ulid session, u64
 * number; `x*`: as many x as the payload holds, also none; `x[n]`: n of them.
 *
 * Names that differ only in the case of ASCII letters are the same, wherever they are compared
 * here. Their order is that of name_compare (fact/name.h): the bytes of the names with A-Z as a-z,
 * and the shorter one first if it begins the other. What is told is the name as it was made.
 *
 * Times (clock, sent, online_since) are milliseconds since 1970 and at most NUMBER_MAX. The numbers
 * of a stream (number, first, last) are 1 to NUMBER_MAX, and first <= last. In a place the number
 * may be 0 too: all zero is the beginning; and all bits one is the end. Other integers may have any
 * value that the table does not rule out. `last` and `online` are 0 or 1.
 *
 * HANDSHAKE. The client's first frame is HELLO, the replica's first is WELCOME. A replica compares
 * what comes byte by byte with a HELLO; whatever cannot become one, or has no version in common,
 * gets one readable line of text that ends with a newline, and the connection is closed. (A client
 * recognizes such a line: its first four bytes are too large to be a length.)
 *
 * REPLIES. Every request gets exactly one reply, of type request type | FRAME_REPLY, on the same
 * connection. Replies come in the order of their requests, and each only after everything that the
 * replica had applied before it is on its disk. The first byte of each but WELCOME is an enum
 * status: STATUS_OK, or one that the table names for this request, or, if the connection may not
 * send it, STATUS_NO_SESSION (`in`) or STATUS_WRONG_PROOF (`proven`, `operator`). If the table
 * names nothing else for it, nothing follows the status. A reply fits its request:
 * protocol_contradiction has the rules. Pushes (FRAME_PUSH, FRAME_READ_ON, FRAME_ENDED,
 * FRAME_ERROR) come at any time and do not wait for the disk.
 *
 * TAGS (version 4). A LOGIN or an OPERATE with FLAG_KEYED has a public key as its client_nonce. On
 * its connection all requests behind it have FLAG_TAGGED, and behind their payload u8[8], which are
 * no part of it: a tag (fact/tag.h). It is of the whole frame before it. The key of the tags is
 * that of the last such LOGIN or OPERATE, whatever the answer. So who passes the connection on
 * cannot add a request, change one, or leave one out and go on. Behind the yes to such an OPERATE
 * replies have tags, too, by a key of their own. Who uses no keys has what version 3 has.
 *
 * Before a connection has proved anything (INTRODUCE, HANDOVER, RENEW, LOGIN, OPERATE), a frame
 * that needs a session or the operator key has at most STRANGER_FRAME_MAX bytes.
 *
 * A frame that breaks the rules here (length, type, flags, payload, tag, or not allowed now) is
 * answered with FRAME_ERROR and the connection is closed. No other connection notices.
 *
 * REQUESTS                        may     payload -> reply after status OK
 *
 * HELLO          u8[9] "threefold", u16 version_min, u16 version_max
 *   -> WELCOME (no status)        any     u16 version, uuid, key public,
 *                                         key nonce, u64 clock, u32 share_messages,
 *                                         u64 share_bytes, u32 silence_ms
 *        Versions begin at 1; version_min <= version_max. The version is the largest that both
 *        speak; the text below says what is from version 4 on. The public key is the replica's
 *        since its start, for boxes (fact/box.h), and part of every proof. The nonce is the
 *        replica's part of every proof on this connection. The end of the nonce tells that the
 *        replica speaks a later version than the one in this WELCOME (auth_nonce_is_lowered): if
 *        the client speaks one, too, somebody has changed its HELLO. A session whose client sends
 *        no frame for silence_ms (from SILENCE_MS_LEAST to SILENCE_MS_MOST) is ended. A client
 *        sends a PING at least every third of that.
 * PING           -                any  -> u64 clock, u64 facts, u64 sum
 *        The count of the replica's facts and the sum of their hashes (store.h). They are
 *        advice: nothing is decided by them. A client compares the answers of two replicas only
 *        if no count changed in between.
 * MEMBER         key nonce, uuid, key public
 *                                 any  -> key answer
 *        Does the replica with that uuid and public key belong to this cluster? If it is this one,
 *        answer is auth_member of its operator key; else the SHA-256 of that. So a client that asks
 *        two with one nonce sees whether they have the same operator key, and who has none learns
 *        nothing that he could answer with. STATUS_UNKNOWN: this replica has no operator key.
 *        With FLAG_BOXED (from version 4 on): has this one the secret of that public key? The nonce
 *        is a public key that the client has just drawn, and the answer is box_member. It needs no
 *        operator key. STATUS_UNKNOWN: it is another one, or the nonce cannot be a public key.
 * LOOKUP_NAME    name, u8 n, u8[n] suffix
 *                                 any  -> entry*, each ENTRY_ALIVE, at most LOOKUP_NAME_MAX
 *        The live accounts of that name, in any case: all confirmed ones, and the oldest
 *        LOOKUP_OTHERS_MAX unconfirmed ones. With a suffix (n = ID_SUFFIX_SIZE, else 0; upper case
 *        digits of fact/id.h): those whose id's text ends with it, at most LOOKUP_OTHERS_MAX.
 * LOOKUP_ID      id*              any  -> entry*, one for each id, in order
 *        At most LOOKUP_IDS_MAX ids. This is also the question 'gone?'.
 * INTRODUCE      id, name, setting, box, [u8[38] invitation]
 *                                 any  -> key answer
 *        box: key public, key seal, key stored_key, key server_key, key lock; the last four are
 *        closed for this replica and this connection (fact/box.h). The answer shows that the
 *        replica has opened them. The account is stored unconfirmed, and the connection has proved
 *        to own it, unless a later password is held here. A repetition gets the same answer.
 *        STATUS_TAKEN: another live account here has the name; entry of that holder (ENTRY_ALIVE).
 *        STATUS_GONE: this one is gone here; entry (ENTRY_GONE).
 *        STATUS_WRONG_PROOF: the id does not vouch for what was in the box. STATUS_DISK_FULL.
 *        STATUS_CLOCK: it has lapsed: the operator removed it, because nobody had confirmed it.
 *        STATUS_SLOW_DOWN: it would be new here, and the address has made too many in this minute;
 *        u32 wait, in ms, until it may make one again.
 *        A replica where registration is not open refuses what would be new there. Where it is
 *        closed: STATUS_CLOSED. Else the frame needs an invitation (fact/invitation.h), which
 *        stands in it with FLAG_VOUCHED, closed as the box is. STATUS_UNINVITED: there is none.
 *        STATUS_UNFIT: its stamp is wrong. STATUS_EXPIRED: by the replica's clock. All of this is
 *        from version 4 on. A client of version 3 hears STATUS_DISK_FULL: it knows no nearer one.
 * HANDOVER       id, name, setting, box, [key stamp]
 *                                 any  -> key answer
 *        INTRODUCE without the test of the name: a log-in gives the account to a replica that
 *        missed it. Where registration is not open, what would be new needs the stamp of a replica
 *        that has it, as LOGIN's reply tells it (epoch 0), with FLAG_VOUCHED.
 *        STATUS_UNINVITED: there is none, or it is wrong.
 *        This, too, is from version 4 on.
 * PASSWORD       id, name, setting, box, u32 epoch, u8 by, key middle, key stamp
 *                                 in   -> key answer, key stamp
 *        The account that is logged in here gets another password; the verifier in the box is of
 *        the epoch after the one that is held (fact/auth.h), which the log-in has proved. It has a
 *        new setting, which is also that of the box; lock and middle stay those of the first
 *        verifier, whatever the epoch. by is ACCOUNT_BY_OWNER; the epoch is at least 1. The stamp
 *        means nothing; that of the reply vouches for the account elsewhere. A repetition gets
 *        the same answer. This session stays; it was the only one, but for those that only send:
 *        each of them ends with its next SEND.
 *        STATUS_DIFFERENT: another password was set first. STATUS_WRONG_PROOF: it does not fit the
 *        account, or the epoch is not the next one. STATUS_UNKNOWN: this replica has no operator
 *        key, so it could not vouch. STATUS_DISK_FULL. STATUS_NO_SESSION.
 * RENEW          as PASSWORD      any  -> key answer
 *        HANDOVER of an account whose password was changed, also to a replica that holds an older
 *        one. Of two with one epoch that with the smaller setting stays; the other one is answered
 *        in the same way (account_verifier_compare). The stamp must be right, and by is what it was
 *        made for. If this changes the password, the session of the account that is here ends, if
 *        it is not on this connection. STATUS_WRONG_PROOF: stamp, or content, are not right. Others
 *        as HANDOVER.
 * CONFIRM        id               proven -> -
 *        On a connection that has proved to own the id. STATUS_TAKEN and STATUS_GONE as INTRODUCE
 *        (but what is confirmed here already is a yes), STATUS_CLOCK: the id is over CONFIRM_AGE_MS
 *        older than this replica's clock, or it has lapsed. STATUS_UNKNOWN, STATUS_DISK_FULL.
 * DELETE         id, name, key middle, key delete_key
 *                                 any  -> -
 *        A tombstone, which proves itself. It is also stored for an account that is unknown here.
 *        STATUS_WRONG_PROOF, STATUS_DISK_FULL. STATUS_SLOW_DOWN as INTRODUCE.
 * REMOVE         id, name, key middle, key lock, u8 by, key stamp
 *                                 any  -> key stamp
 *        A tombstone with a stamp (auth_gone_stamp). by is GONE_BY_OWNER or GONE_BY_OPERATOR. With
 *        FLAG_VOUCHED somebody carries what a replica has said, and the stamp must be right, on
 *        whatever connection. Without it it is the owner's word: only a connection that is logged
 *        in to the account, and not for SEND alone, may say it, by GONE_BY_OWNER; the stamp may be
 *        anything, and that of the reply vouches for it elsewhere. It is also stored for an account
 *        that is unknown here; beside a tombstone that wins over it, it is a yes.
 *        STATUS_WRONG_PROOF: name, middle and lock do not fit the id, the stamp is wrong, or this
 *        is not the owner. STATUS_UNKNOWN: this replica has no operator key, so it cannot check
 *        the stamp. STATUS_DISK_FULL, STATUS_SLOW_DOWN (as INTRODUCE): the stamp is right. From
 *        version 4 on.
 * LOGIN          id, ulid session, u32 dial, u32 epoch, key client_nonce, key proof
 *                                 any  -> key signature, key sealed, u8 by, key middle, key lock,
 *                                         key stamp
 *        The epoch is that of the password, as entries tell it; the proof is made with the setting
 *        beside it, and from version 4 on it is of session, dial, epoch and flags, too. sealed is
 *        the seal under auth_seal_mask. The rest says who has set the password, and what hands the
 *        account over (RENEW, HANDOVER); of epoch 0 all but the stamp is zero. A stamp of zeros:
 *        this replica has no operator key, or is of version 3 and the epoch is 0. The larger
 *        (session, dial) stays, on every replica.
 *        STATUS_CHANGED: a later password is held here.
 *        STATUS_TAKEN_OVER: a larger one is or was here: key signature, of auth_taken_over; that
 *        one: ulid session, u32 dial. Neither answer is believed without its signature.
 *        STATUS_GONE: entry (ENTRY_GONE). STATUS_UNKNOWN: the account is not known here, or only
 *        an earlier password: hand it over first (HANDOVER, RENEW). STATUS_CLOCK: it has lapsed,
 *        or the time of the session is more than SESSION_AHEAD_MS ahead of this replica's clock.
 *        Nobody could log in after the last session of the range.
 *        STATUS_WRONG_PROOF: also for a connection that is logged in to another account. After
 *        some of them from one address, for one account or for all together, this answer takes up
 *        to a second.
 *        With FLAG_SENDING the connection is logged in for SEND alone: it is not *the* session of
 *        the account. Any number of them are there beside it and beside each other; none displaces
 *        another or is online, and none is told of the mailbox (PASSWORD, PAGE, RECEIVED and
 *        STREAMS get STATUS_NO_SESSION). That the account is gone, or has another password, is
 *        noticed at a SEND: ENDED comes before its STATUS_NO_SESSION. Each has a stream of its own
 *        by its session. If places for connections are needed, these count as not logged in.
 * LOGOUT         ulid session     any  -> -
 *        Ends the session if this connection has it; OK in any case.
 * SEND           u64 sent, [ulid session], u16 n, (id recipient, u64 number)[n], said
 *                                 in   -> (u8 status, u8 online, u32 share)[n]
 *        One message to each recipient, n from 1 to RECIPIENTS_MAX. The stream is that of the
 *        session logged in here; with FLAG_SESSION that of the session named, for a repetition
 *        (without the flag there is no session in the payload). online: a session of the recipient
 *        is active here. share: parts in a million of this sender's share of that mailbox which are
 *        used; SHARE_FULL or more is full.
 *        Each status is one of: STATUS_OK (also if it was received already), STATUS_GONE,
 *        STATUS_DIFFERENT (the key is held with another text or audience, or, without
 *        FLAG_SESSION, another time sent), STATUS_DISK_FULL,
 *        STATUS_MAILBOX_FULL (twice the share), STATUS_GAPS, STATUS_SLOW_DOWN (the
 *        recipient is unknown here, and the address has written to too many such in this minute).
 *        STATUS_NO_SESSION for the whole: nothing was stored.
 * RECEIVED       (id sender, ulid session, u16 n, (u64 first, u64 last)[n])*
 *                                 in   -> -
 *        Numbers of streams to the account that is logged in here, n from 1 to RANGES_MAX, in any
 *        order.
 *        STATUS_NO_SESSION; STATUS_DISK_FULL, STATUS_MAILBOX_FULL, STATUS_GAPS,
 *        STATUS_SLOW_DOWN if some of it could not be stored.
 * STREAMS        (id sender, ulid session)*
 *                                 in   -> (entry of the sender, u16 n, (u64 first, u64 last)[n])*
 *        What is gone of these streams to the account that is logged in here, and who their senders
 *        are. From 1 to STREAMS_MAX; the answers are in order and may be fewer than the questions
 *        (at least one): ask again for the rest. n is bounded by the frame alone.
 * PAGE           place after, u32 bytes
 *                                 in   -> u8 last, place upto,
 *                                         (id sender, ulid session, u64 number, u64 sent, said)*
 *        The messages after a place in order of place, about as many bytes of them as asked for and
 *        at most PAGE_SIZE_MAX, at least one if there is one. `last` tells that there are no more.
 *        From then on the replica pushes whatever it adds or changes at or before `upto`, which for
 *        the last page, and for no other, is the end. A PAGE may also set the place back.
 * LIST           name prefix, name after_name, id after, u16 count
 *                                 any  -> u8 last, u16 n, key digest, u8[(n + 7) / 8] online,
 *                                         [(id, name)[n]]
 *        The next confirmed accounts in order of (name, id), so those of one name, in whatever
 *        case, in order of id; count from 1 to LIST_COUNT_MAX. The prefix is 0 to NAME_SIZE_MAX
 *        characters that names may have; an empty after_name asks from the first. Bit i % 8 of byte
 *        i / 8 of `online` is that of entry i; bits of no entry are 0.
 *        The digest is SHA-256 over `last` and the (id, name)[n] as they would stand in the
 *        payload. With FLAG_DIGEST the entries are left out; a reply has the flag if its request
 *        had it. n is at most LIST_COUNT_MAX.
 *
 * entry          id, u8 state;    state ENTRY_UNKNOWN (also if it has lapsed): nothing else
 *                ENTRY_ALIVE:     u8 marks, u64 online_since, ulid session, u32 share,
 *                                 u32 epoch, name, setting, key middle, key lock
 *                ENTRY_GONE:      name, key middle, key delete_key
 *                ENTRY_REMOVED:   name, key middle, key lock, u8 by, key stamp
 *        marks: MARK_*. online_since: 0 if not online. session: the largest that the replica has
 *        seen active since it started, or zero. share: as in SEND's reply, for the account that is
 *        logged in on this connection, else 0. epoch and setting are of its newest password, 0 and
 *        the first one if it was never changed. middle and lock are of its first verifier: they
 *        show that the id is that of an account with this name (auth_id_fits). ENTRY_REMOVED stands
 *        wherever ENTRY_GONE may: the account is gone by a stamp (REMOVE), which other replicas can
 *        check. A stamp of zeros: this replica has no operator key. It comes with version 4: to
 *        version 3 such an account has lapsed, and its mailbox is full (STATUS_MAILBOX_FULL).
 *
 * PUSHES
 *
 * PUSH           (id sender, ulid session, u64 number, u64 sent, said)*
 *                                 messages for the account that is logged in
 * READ_ON        place            more pushes than the replica queues: those after this place were
 *                                 dropped; it is the connection's place again, read on by pages
 *                                 from there
 * ENDED          u8 why, ulid session
 *                                 the session is over: STATUS_TAKEN_OVER, STATUS_GONE or
 *                                 STATUS_CHANGED (the password was changed); the proof is the
 *                                 answer to a LOGIN with it
 * ERROR          u8 why, text     the connection is closed after this; a sentence, UTF-8;
 *                                 why is any status but STATUS_OK
 *
 * OPERATOR (programs that hold the operator key; see fact/auth.h)
 *
 * OPERATE        key client_nonce, key proof
 *                                 any  -> key signature
 *        The proof is of purpose AUTH_OPERATOR. The signature shows that the replica holds the key
 *        too: without it nothing that follows is sent. STATUS_WRONG_PROOF.
 * DIGEST         u8 set, key nonce, bound after, next_bound*
 *                                 operator -> part*, one for each bound
 *        From 1 to PARTS_MAX bounds, which ascend. The first part is of the elements after `after`
 *        up to the first bound and with it, the second from there to the second bound, ...
 * SPLIT          u8 set, key nonce, bound after, bound upto, u32 step
 *                                 operator -> (next_bound, part)*
 *        The elements between two bounds in parts of `step` elements each, from 1 up; the bounds
 *        are this replica's choice. The last of at most PARTS_MAX parts ends with `upto` and has
 *        all that is left.
 * ELEMENTS       u8 set, bound after, bound upto, u32 bytes
 *                                 operator -> bound reached, fact*
 *        The elements between two bounds in their order, about as many bytes of them as asked for
 *        and at most PAGE_SIZE_MAX, at least one if there is one. `reached` is `upto` if there are
 *        no more; ask again after it if not.
 * STORE          fact*            operator -> -
 *        Each is checked as any copy (an id vouches for its account, a tombstone proves itself, and
 *        the operator for one with a stamp) and joined without limits. STATUS_DISK_FULL,
 *        STATUS_WRONG_PROOF: some were not stored.
 * FIGURES        -                operator -> text
 *        How the replica is: lines of a name, a blank, a value and a newline, in any order
 *        (protocol/figures.h). Whoever reads them passes over names that it does not know. A
 *        replica of before this request takes it for a frame that breaks the rules: so it is asked
 *        last.
 *
 * set            SET_GONE: tombstones and dead ranges; SET_LIVE: accounts and messages; SET_ALL
 * bound          u8 n, u8[n]: fact/bound.h, without the bytes 0xff at its end
 * next_bound     u8 m, u8 n, u8[n]: after m bytes that it has in common with the one before it in
 *                the list (all 0 before the first), m as large as can be
 * part           u32 count, u32 size, u8[16] digest: how many elements, how many bytes they are as
 *                facts (both at most 2^32 - 1), and the first 16 bytes of HMAC-SHA-256(nonce, these
 *                bytes). The nonce is random, so that nobody can prepare sets of equal digests.
 * fact           u8 kind (enum fact_kind), then
 *                account: id, name, setting, key seal, key stored_key, key server_key, key lock,
 *                u8 mark (enum account_mark), u32 epoch, and if that is not 0 u8 by, key middle;
 *                tombstone: id, name, key middle, key delete_key; or, with a kind that is
 *                FACT_REMOVED: id, name, key middle, key lock, u8 by;
 *                message: id recipient, id sender, ulid session, u64 number, u64 sent, said;
 *                burial: id recipient, id sender, ulid session, u64 first, u64 last
 *
 * EXAMPLE. At 1,700,000,000,123 ms the text "hi" is sent to the id 00 01 02 ... 15, number 3, in
 * request 7:
 *
 *   34 00 00 00  0b  00  07 00 00 00                    length 52, SEND, no flags, request 7
 *   7b 68 e5 cf 8b 01 00 00                             sent
 *   01 00                                               one recipient:
 *   00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f
 *   10 11 12 13 14 15  03 00 00 00 00 00 00 00          its id, number 3
 *   02 00 00 00  68 69                                  text
 *
 * and answered: stored; a session of the recipient is active here; 250 of a million of the share
 * are used.
 *
 *   0d 00 00 00  8b  00  07 00 00 00                    length 13, reply of SEND, request 7
 *   00                                                  status
 *   00  01  fa 00 00 00                                 of the recipient: status, online, share
 */
#ifndef THREEFOLD_PROTOCOL_H
#define THREEFOLD_PROTOCOL_H

#include "fact/audience.h"
#include "fact/auth.h"
#include "fact/bound.h"
#include "fact/box.h"
#include "fact/fact.h"
#include "fact/invitation.h"
#include "fact/tag.h"

enum {
	PROTOCOL_VERSION_MIN = 3,
	PROTOCOL_VERSION_MAX = 4,
	PROTOCOL_VERSION_VOUCHED = 4, /* the first with FLAG_VOUCHED and what refuses for it */
	PROTOCOL_VERSION_KEYED = 4,   /* the first with FLAG_KEYED */
	FRAME_HEADER_SIZE = 10,
	PROTOCOL_REQUEST_AT = 6,                    /* where the number of the request stands */
	STRANGER_FRAME_MAX = 1024,                  /* before a proof, of a kind that needs one */
	FRAME_SIZE_MAX = 256 * 1024,                /* a text, RECIPIENTS_MAX recipients and room */
	HELLO_SIZE = FRAME_HEADER_SIZE + 9 + 2 + 2, /* magic and two versions */
	FRAME_REPLY = 0x80,
	RECIPIENTS_MAX = 4096,
	LOOKUP_OTHERS_MAX = 8,
	LOOKUP_NAME_MAX = 64, /* entries in one answer, confirmed ones included */
	LOOKUP_IDS_MAX = 512,
	RANGES_MAX = 1024,
	STREAMS_MAX = 512,
	PAGE_SIZE_MAX = 128 * 1024,
	LIST_COUNT_MAX = 1000,
	SHARE_FULL = 1000000,
	SILENCE_MS_LEAST = 1000,
	SILENCE_MS_MOST = 24 * 60 * 60 * 1000,
	PARTS_MAX = 256, /* bounds, or parts, in one frame of an operator */
};
/* Bytes of what lists are made of, for those who count what still fits. */
enum {
	PLACE_SIZE = 8 + ID_SIZE + ULID_SIZE + 8, /* sent, sender, session, number */
	RECIPIENT_SIZE = ID_SIZE + 8,             /* id, number */
	RESULT_SIZE = 1 + 1 + 4,                  /* status, online, share */
	RANGE_SIZE = 8 + 8,                       /* first, last */
	QUESTION_SIZE = ID_SIZE + ULID_SIZE,      /* sender, session */
	MESSAGE_SIZE = QUESTION_SIZE + 8 + 8 + 4, /* without text and audience */
	/* without strings: */
	ENTRY_ALIVE_SIZE = ID_SIZE + 1 + 1 + 8 + ULID_SIZE + 4 + 4 + 1 + 1 + 2 * KEY_SIZE,
	ENTRY_GONE_SIZE = ID_SIZE + 1 + 1 + 2 * KEY_SIZE,    /* without the name */
	ENTRY_REMOVED_SIZE = ENTRY_GONE_SIZE + 1 + KEY_SIZE, /* the same */
	ENTRY_SIZE_MAX = ENTRY_ALIVE_SIZE + NAME_SIZE_MAX + SETTING_SIZE_MAX,
	DIGEST_SIZE = 16,
	PART_SIZE = 4 + 4 + DIGEST_SIZE, /* count, size, digest */
	/* The largest fact is a message: kind, stream, number, sent, text, audience. */
	FACT_SIZE_MAX = 1 + 2 * ID_SIZE + ULID_SIZE + 8 + 8 + 4 + TEXT_SIZE_MAX + AUDIENCE_SIZE_MAX,
};
/* Of the length of a text: an audience stands behind it. */
#define TEXT_HAS_AUDIENCE (UINT32_C(1) << 31)
/* A replica confirms no id that is older than its own clock by more than this. */
#define CONFIRM_AGE_MS UINT64_C(60000)
/* A hundred years: whatever a wrong clock says, from 1970 on, an honest session is nearer. */
#define SESSION_AHEAD_MS (UINT64_C(100) * 365 * 86400 * 1000)

enum frame_type {
	FRAME_HELLO = 1,
	FRAME_WELCOME = 1 | FRAME_REPLY,
	FRAME_PING = 2,
	FRAME_LOOKUP_NAME,
	FRAME_LOOKUP_ID,
	FRAME_INTRODUCE,
	FRAME_HANDOVER,
	FRAME_CONFIRM,
	FRAME_DELETE,
	FRAME_LOGIN,
	FRAME_LOGOUT,
	FRAME_SEND,
	FRAME_RECEIVED,
	FRAME_STREAMS,
	FRAME_PAGE,
	FRAME_LIST,
	FRAME_OPERATE,
	FRAME_DIGEST,
	FRAME_SPLIT,
	FRAME_ELEMENTS,
	FRAME_STORE,
	FRAME_MEMBER,
	FRAME_PASSWORD,
	FRAME_RENEW,
	FRAME_FIGURES,
	FRAME_REMOVE,
	FRAME_TYPE_REQUEST_END, /* one more than the last request */

	FRAME_PUSH = 64,
	FRAME_READ_ON,
	FRAME_ENDED,
	FRAME_ERROR,
};

enum frame_flag {
	FLAG_SESSION = 1, /* SEND: a session is named */
	FLAG_DIGEST = 2,  /* LIST: no entries */
	FLAG_SENDING = 4, /* LOGIN: for SEND alone */
	FLAG_VOUCHED = 8, /* INTRODUCE: with an invitation; HANDOVER, REMOVE: with a stamp */
	FLAG_KEYED = 16,  /* LOGIN, OPERATE: tags follow */
	FLAG_BOXED = 32,  /* MEMBER: by the secret of the public key */
	FLAG_TAGGED =
		128, /* any request, a reply to an operator: its tag stands behind its payload */
};

enum status {
	STATUS_OK = 0,
	STATUS_TAKEN,        /* another live account has the name */
	STATUS_GONE,         /* the account, or the recipient, is gone */
	STATUS_UNKNOWN,      /* no such account here */
	STATUS_WRONG_PROOF,  /* password, operator key or content do not fit */
	STATUS_CLOCK,        /* cannot confirm: too old for this replica's clock */
	STATUS_TAKEN_OVER,   /* a larger session is or was here */
	STATUS_NO_SESSION,   /* not logged in on this connection */
	STATUS_DIFFERENT,    /* held with another content */
	STATUS_DISK_FULL,    /* cannot store: disk or memory below the low-water mark */
	STATUS_MAILBOX_FULL, /* cannot store: twice the share */
	STATUS_GAPS,         /* cannot store: too many gaps in the stream */
	STATUS_MALFORMED,    /* the frame breaks the protocol */
	STATUS_SLOW,         /* closed: sent nothing, or read nothing, for too long */
	STATUS_BUSY,         /* closed: no room for another connection */
	STATUS_SLOW_DOWN,    /* this address has had what it may have in a minute */
	STATUS_CHANGED,      /* another password was set */
	STATUS_CLOSED,       /* nobody may make an account here */
	STATUS_UNINVITED,    /* it is new here, and nobody has vouched for it */
	STATUS_UNFIT,        /* this is no invitation of the operator */
	STATUS_EXPIRED,      /* it was one */
	STATUS_END,          /* one more than the last */
};

enum set { SET_GONE = 1, SET_LIVE = 2, SET_ALL = SET_GONE | SET_LIVE };
/* In a frame an account that is gone by a stamp is ENTRY_REMOVED. Once decoded it is ENTRY_GONE,
 * and `by` says by what. */
enum entry_state { ENTRY_UNKNOWN = 0, ENTRY_ALIVE = 1, ENTRY_GONE = 2, ENTRY_REMOVED = 3 };
/* The kind of a tombstone with a stamp, in a frame; once read it is FACT_TOMBSTONE. */
enum { FACT_REMOVED = 5 };
enum entry_mark {
	MARK_CONFIRMED = 1,
	MARK_ONLINE = 2,
	MARK_HOLDER = 4, /* of the live accounts here with this name, this is the one that counts (a
	                  * confirmed one before an unconfirmed one, then the older; the only
	                  * unconfirmed one) */
};

/* Who may send a request. */
enum protocol_may {
	MAY_ANY,      /* after the handshake */
	MAY_PROVEN,   /* the connection has proved to own the account */
	MAY_SESSION,  /* logged in; otherwise STATUS_NO_SESSION is the answer, not an error */
	MAY_OPERATOR, /* the connection has proved the operator key */
};

/* One row of the table that decoder, session, replication, tests and the fuzz dictionary read. */
struct protocol_row {
	uint8_t type;
	const char *name;
	uint8_t flags;        /* allowed, beside FLAG_TAGGED */
	uint32_t payload_min; /* bytes */
	uint32_t payload_max;
	enum protocol_may may; /* of requests */
	bool addition;         /* adds a fact: refused by a full disk (RECEIVED only in part) */
};
/* The row of a type; NULL if there is no such type. */
const struct protocol_row *protocol_row(uint8_t type);
/* A status in words, for logs: "wrong proof". The string lives for ever. */
const char *protocol_status_name(enum status status);
/* Whether a version of the protocol has words for a tombstone: those with a stamp came with version
 * 4, and an earlier one ends the connection for them. */
bool protocol_knows(uint16_t version, const struct tombstone *tombstone);

/* ---- frames as structs ----
 * Views point into the frame's bytes. Lists are views of their encoded items, checked whole by
 * protocol_decode and walked with protocol_next_*; they are made with protocol_put_*. */

struct entry {
	struct id id;
	enum entry_state state;
	uint8_t marks;
	uint64_t online_since_ms;
	struct ulid session;
	uint32_t share;
	uint32_t epoch;
	struct view name;
	struct view setting;
	uint8_t middle[KEY_SIZE];
	uint8_t lock[KEY_SIZE];
	uint8_t delete_key[KEY_SIZE]; /* ENTRY_GONE, GONE_BY_KEY */
	enum gone_by by;              /* ENTRY_GONE; else GONE_BY_KEY */
	uint8_t stamp[KEY_SIZE];      /* not GONE_BY_KEY */
};
/* The tombstone that an entry which is gone shows. It keeps the view of its name. */
struct tombstone entry_tombstone(const struct entry *entry);
/* The entry of a tombstone, without a stamp. It keeps the view of the name. */
struct entry entry_of_tombstone(const struct tombstone *tombstone);

struct frame {
	uint8_t type;
	uint8_t flags;
	uint32_t request;
	enum status status; /* of replies, ENDED, ERROR; else STATUS_OK */
	union {
		struct {
			uint16_t version_min, version_max;
		} hello;
		struct {
			uint16_t version;
			uint8_t uuid[UUID_SIZE];
			uint8_t public[KEY_SIZE];
			uint8_t nonce[KEY_SIZE];
			uint64_t clock_ms;
			uint32_t share_messages;
			uint64_t share_bytes;
			uint32_t silence_ms;
		} welcome;
		struct {
			uint64_t clock_ms, facts, sum;
		} pong;
		struct {
			uint8_t nonce[KEY_SIZE];
			uint8_t uuid[UUID_SIZE];
			uint8_t public[KEY_SIZE];
		} member; /* the reply's answer is introduced.signature */
		struct {
			struct view name, suffix;
		} lookup_name;
		struct {
			struct view ids; /* ID_SIZE bytes each */
		} lookup_id;
		struct {
			struct view entries;
		} entries; /* replies of LOOKUP_NAME, LOOKUP_ID */
		struct {
			struct id id;
			struct view name, setting;
			struct box box;
			/* PASSWORD, RENEW */
			uint32_t epoch;
			uint8_t by;
			uint8_t middle[KEY_SIZE];
			uint8_t stamp[KEY_SIZE];      /* and HANDOVER with FLAG_VOUCHED */
			struct invitation invitation; /* INTRODUCE with FLAG_VOUCHED */
		} introduce;                          /* and handover */
		struct {
			uint8_t signature[KEY_SIZE]; /* STATUS_OK; or the answer of a box */
			uint8_t stamp[KEY_SIZE];     /* PASSWORD, REMOVE */
			struct entry entry;          /* STATUS_TAKEN, STATUS_GONE */
			/* Replies of INTRODUCE, HANDOVER, RENEW, PASSWORD, OPERATE, and of CONFIRM
			 * and REMOVE, which have no signature. */
		} introduced;
		struct {
			uint32_t wait_ms;
		} slow_down; /* replies of INTRODUCE, HANDOVER, DELETE, REMOVE: STATUS_SLOW_DOWN */
		struct {
			struct id id;
		} confirm;
		struct tombstone tombstone; /* delete */
		struct {
			struct tombstone tombstone; /* not GONE_BY_KEY */
			uint8_t stamp[KEY_SIZE];
		} remove;
		struct {
			struct id id;
			struct ulid session;
			uint32_t dial, epoch;
			uint8_t client_nonce[KEY_SIZE], proof[KEY_SIZE];
		} login;
		struct {
			uint8_t signature[KEY_SIZE]; /* STATUS_OK, STATUS_TAKEN_OVER */
			uint8_t sealed[KEY_SIZE];    /* STATUS_OK; and the next four */
			uint8_t by;
			uint8_t middle[KEY_SIZE], lock[KEY_SIZE], stamp[KEY_SIZE];
			struct ulid session; /* STATUS_TAKEN_OVER */
			uint32_t dial;
			struct entry entry; /* STATUS_GONE */
		} logged_in;
		struct {
			struct ulid session;
		} session; /* LOGOUT, ENDED */
		struct {
			uint64_t sent_ms;
			struct ulid session; /* zero without FLAG_SESSION */
			uint16_t count;
			struct view recipients; /* RECIPIENT_SIZE bytes each */
			struct view text, audience;
		} send;
		struct {
			struct view results; /* RESULT_SIZE bytes each */
		} sent;
		struct {
			struct view streams;
		} streams; /* RECEIVED, STREAMS, reply of STREAMS */
		struct {
			struct place after;
			uint32_t bytes;
		} page;
		struct {
			bool last;
			struct place upto;
			struct view messages;
		} paged;
		struct {
			struct view messages;
		} push;
		struct {
			struct place place;
		} read_on;
		struct {
			struct view text;
		} error;
		struct {
			struct view prefix, after_name;
			struct id after;
			uint16_t count;
		} list;
		struct {
			bool last;
			uint16_t count;
			uint8_t digest[KEY_SIZE];
			struct view online;  /* bit i % 8 of byte i / 8: entry i */
			struct view entries; /* empty with FLAG_DIGEST */
		} listed;
		struct {
			uint8_t client_nonce[KEY_SIZE], proof[KEY_SIZE];
		} operate;
		struct {
			uint8_t set; /* enum set */
			uint8_t nonce[KEY_SIZE];
			struct bound after;
			struct view bounds;
		} digest;
		struct {
			struct view parts;
		} digested;
		struct {
			uint8_t set;
			uint8_t nonce[KEY_SIZE];
			struct bound after, upto;
			uint32_t step;
		} split;
		struct {
			struct view parts;
		} split_reply;
		struct {
			uint8_t set;
			struct bound after, upto;
			uint32_t bytes;
		} elements;
		struct {
			struct bound reached;
			struct view facts;
		} element_page;
		struct {
			struct view facts;
		} store;
		struct {
			struct view text;
		} figures; /* the reply */
	};
};

struct recipient {
	struct id id;
	uint64_t number;
};
struct send_result {
	enum status status;
	bool online;
	uint32_t share;
};
/* Of RECEIVED and STREAMS: the sender's half of a stream, and ranges. */
struct stream_item {
	struct id sender;    /* in an answer the entry's id */
	struct ulid session; /* zero in an answer: it is that of the question */
	struct view ranges;  /* RECEIVED and the reply of STREAMS: RANGE_SIZE bytes each */
	struct entry entry;  /* the reply of STREAMS */
};
struct message_item {
	struct id sender;
	struct ulid session;
	uint64_t number;
	uint64_t sent_ms;
	struct view text, audience;
};
struct list_item {
	struct id id;
	struct view name;
};
struct digest_part {
	uint32_t count;
	uint32_t size;
	uint8_t digest[DIGEST_SIZE];
};
struct split_part {
	struct bound upto;
	struct digest_part part;
};

/* How many bytes the frame at the start of `bytes` has in all, or 0 if its length field is not
 * there yet. False if it can be no frame (too short or too long). */
bool protocol_size(struct view bytes, size_t *size);
/* Looks at the front of `bytes`. True if a SEND in the connection's own session begins there; then
 * *recipient is its first recipient. Nothing else of the frame is checked. */
bool protocol_peek_send(struct view bytes, struct id *recipient);
/* Whether a frame, of which the header is there, has a tag. */
bool protocol_is_tagged(struct view bytes);
/* Adds a tag to the request that stands at `offset` at the end of `b`. False if it is too large for
 * that, or `b` may not grow so far (the request then stays as it is). */
bool protocol_tag(struct buf *b, size_t offset, struct tag_key *key);
/* Appends a copy of a request, with another number, and without its tag. False if `b` may not grow
 * so far (nothing is appended). */
bool protocol_repeat(struct buf *b, struct view frame, uint32_t request);
/* Checks one whole frame completely: length, type, flags, payload, every string, number, place and
 * list. On false nothing was filled in and *why is a phrase that says what was wrong ("a name that
 * is not valid"). Of `out` only the header and the member of the payload are filled in. A tag is
 * passed over, and FLAG_TAGGED is not in its flags. That texts
 * are UTF-8 is checked in SEND only (the others come from replicas); names and settings always. */
bool protocol_decode(struct view frame, struct frame *out, const char **why);
/* Whether a reply, decoded, contradicts the request that it answers: NULL, or a phrase that says
 * how ("shows a mailbox out of order"), which lives for ever. Of the request only what the rules
 * need must be there: of a SEND the count, of all others what protocol_decode fills in. No replica
 * that keeps to this page is ever found out, whatever it holds, because the rules are these:
 *   - entries, results and answers are of the ids, names, recipients and streams asked about, in
 *     their order;
 *   - an account that is said to be alive has an id that fits its name;
 *   - what is said to be gone, anywhere, is the account asked about and proves it; a holder of
 *     a name is another account; a larger session is not smaller;
 *   - messages, accounts and elements come in order, behind the place asked for and within the
 *     range; a page that is not the last has one item at least, a LIST as many as were asked for;
 *     a LIST has its own digest; parts end where they should. */
const char *protocol_contradiction(const struct frame *request, const struct frame *reply);
/* Whether there is a rule for replies to requests of this type: else the request need not be
 * kept. */
bool protocol_is_compared(uint8_t type);
/* Appends one frame. False if `b` may not grow so far (nothing is appended). Asserts what
 * protocol_decode would refuse. */
bool protocol_encode(struct buf *b, const struct frame *frame);
/* Begins a frame whose payload the caller puts straight into `b`, a reply's status first: for the
 * paths where a copy would count. Writes the header and returns the frame's offset in `b`;
 * SIZE_MAX, and nothing is appended, if there is no room. To give up the caller sets b->size back
 * to the offset. */
size_t protocol_begin(struct buf *b, uint8_t type, uint8_t flags, uint32_t request);
/* Ends that frame: sets its length, and asserts that its type may have that. */
void protocol_end(struct buf *b, size_t offset);

/* Whether `bytes`, however few, can begin a HELLO; *whole when all of it is there (protocol_decode
 * then accepts that frame; more bytes may follow it). Its versions need not be ours. */
bool protocol_hello_begins(struct view bytes, bool *whole);

/* Read the next item of each kind from a list that protocol_decode has checked. False at the end;
 * the output is then untouched. Views in it point into the frame. */
bool protocol_next_id(struct reader *r, struct id *id);
bool protocol_next_entry(struct reader *r, struct entry *entry);
bool protocol_next_recipient(struct reader *r, struct recipient *recipient);
bool protocol_next_result(struct reader *r, struct send_result *result);
bool protocol_next_range(struct reader *r, struct range *range);
bool protocol_next_received(struct reader *r, struct stream_item *item); /* of RECEIVED */
bool protocol_next_question(struct reader *r, struct stream_item *item); /* of STREAMS */
bool protocol_next_answer(struct reader *r, struct stream_item *item);   /* of its reply */
bool protocol_next_message(struct reader *r, struct message_item *item);
bool protocol_next_listed(struct reader *r, struct list_item *item);
/* The form of a bound depends on the bound before it in the list. Before the call `bound` (and
 * split->upto) is that one, or bound_begin() for the first; after it, the bound that was read.
 * False at the end. */
bool protocol_next_bound(struct reader *r, struct bound *bound);
bool protocol_next_split(struct reader *r, struct split_part *split);
/* Read the next part of DIGEST's reply, and the next fact; false at the end. */
bool protocol_next_part(struct reader *r, struct digest_part *part);
bool protocol_next_fact(struct reader *r, struct fact *fact);

/* Append one item of each kind to a payload, in the form that protocol_next_* reads. False, and
 * nothing is appended, if there is no room. They assert what protocol_decode would refuse. */
bool protocol_put_id(struct buf *b, const struct id *id);
bool protocol_put_entry(struct buf *b, const struct entry *entry);
bool protocol_put_recipient(struct buf *b, const struct recipient *recipient);
bool protocol_put_result(struct buf *b, const struct send_result *result);
bool protocol_put_range(struct buf *b, const struct range *range);
bool protocol_put_received(struct buf *b, const struct stream_item *item);
bool protocol_put_question(struct buf *b, const struct stream_item *item);
bool protocol_put_answer(struct buf *b, const struct stream_item *item);
bool protocol_put_message(struct buf *b, const struct message_item *item);
/* What a SEND ends with: the audience is empty, or has its form. */
bool protocol_put_said(struct buf *b, struct view text, struct view audience);
bool protocol_put_listed(struct buf *b, const struct list_item *item);
/* The same for items whose form depends on the bound before them in the list; bound_begin() for the
 * first. */
bool protocol_put_bound(struct buf *b, const struct bound *before, const struct bound *bound);
bool protocol_put_split(struct buf *b, const struct bound *before, const struct split_part *split);
/* The same for the other two of an operator. */
bool protocol_put_part(struct buf *b, const struct digest_part *part);
bool protocol_put_fact(struct buf *b, const struct fact *fact);
/* How many bytes protocol_put_fact appends: at most FACT_SIZE_MAX. */
size_t protocol_fact_size(const struct fact *fact);
/* Writes a place. It may be the end; else its time and its number are at most NUMBER_MAX. */
void protocol_put_place(uint8_t to[PLACE_SIZE], const struct place *place);

#endif
