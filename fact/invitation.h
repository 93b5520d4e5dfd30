/* SPDX-License-Identifier: MIT
 *
 * invitation: what lets a stranger make an account where registration is not open.
 *
 *   content    = expiry, 128 random bits                  in the form of an id (fact/id.h)
 *   stamp      = first 128 bits of HMAC(operator key, "invite" content)
 *   invitation = content stamp
 *
 * "invite" and content each have their length before them there (hmac_update_part). An operator
 * makes one, and every replica can check it: neither keeps anything. It is good for any number of
 * accounts until it expires, by the clock of the replica that is asked.
 *
 * As text it is INVITATION_TEXT_SIZE digits of base 32: those of an id and of a ULID, in either
 * case. That it has the form says nothing of the stamp.
 *
 * Pure.
 */
#ifndef THREEFOLD_FACT_INVITATION_H
#define THREEFOLD_FACT_INVITATION_H

#include "fact/fact.h"

enum {
	INVITATION_SIZE = ID_SIZE + ULID_SIZE,
	INVITATION_TEXT_SIZE = ID_TEXT_SIZE + ULID_TEXT_SIZE,
};
/* For people: "an invitation has " INVITATION_FORM. */
#define INVITATION_FORM "62 letters and digits"
_Static_assert(INVITATION_TEXT_SIZE == 62, "the sentence is true");

struct invitation {
	uint8_t bytes[INVITATION_SIZE];
};

/* Makes one that is good up to `expiry_ms`, milliseconds since 1970, at most ID_TIME_MS_MAX. */
void invitation_make(const uint8_t key[KEY_SIZE], uint64_t expiry_ms, const uint8_t random[16],
                     struct invitation *invitation);
/* Whether an operator with this key has made it. */
bool invitation_is_right(const uint8_t key[KEY_SIZE], const struct invitation *invitation);
/* The last millisecond at which it is good. */
uint64_t invitation_expiry_ms(const struct invitation *invitation);
/* Writes INVITATION_TEXT_SIZE characters and a NUL. */
void invitation_to_text(const struct invitation *invitation, char text[INVITATION_TEXT_SIZE + 1]);
/* Reads exactly INVITATION_TEXT_SIZE characters, in either case. False, and `invitation` is
 * untouched, if they are anything else. */
bool invitation_from_text(struct view text, struct invitation *invitation);

#endif
