/* SPDX-License-Identifier: MIT
 *
 * Invitations: whose they are, until when they are good, and their one text.
 */
#include "tests/lib/tap.h"

#include "fact/invitation.h"

static const uint8_t key[KEY_SIZE] = "a key that three servers share!";
static const uint8_t other[KEY_SIZE] = "the key of another three of them";
static const uint8_t random_bytes[16] = { 1, 2, 3, 250, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };

static void test_stamp(void)
{
	struct invitation a, b;

	invitation_make(key, 1234567, random_bytes, &a);
	OK(invitation_is_right(key, &a), "invitation: it is the operator's");
	OK(!invitation_is_right(other, &a), "invitation: and not another one's");
	IS_U64(invitation_expiry_ms(&a), 1234567, "invitation: it says until when it is good");
	for (size_t bit = 0; bit < 8 * INVITATION_SIZE; bit++) {
		b = a;
		b.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		ALWAYS(!invitation_is_right(key, &b), "invitation: no bit of it may differ");
	}
	invitation_make(key, ID_TIME_MS_MAX, random_bytes, &b);
	OK(invitation_is_right(key, &b) && invitation_expiry_ms(&b) == ID_TIME_MS_MAX,
	   "invitation: up to the last time there is");
}

static void test_text(void)
{
	char text[INVITATION_TEXT_SIZE + 1], lower[INVITATION_TEXT_SIZE + 1];
	struct invitation a, b;

	invitation_make(key, 1234567, random_bytes, &a);
	invitation_to_text(&a, text);
	IS_U64(strlen(text), INVITATION_TEXT_SIZE, "text: of a fixed size");
	OK(invitation_from_text(view_of_string(text), &b) && memcmp(&a, &b, sizeof a) == 0,
	   "text: says all");
	for (size_t i = 0; i <= INVITATION_TEXT_SIZE; i++)
		lower[i] = (char)view_lower((uint8_t)text[i]);
	OK(invitation_from_text(view_of_string(lower), &b) && memcmp(&a, &b, sizeof a) == 0,
	   "text: in either case");
	b = a;
	for (size_t size = 0; size < INVITATION_TEXT_SIZE; size++)
		ALWAYS(!invitation_from_text(view_of(text, size), &b), "text: not a part of it");
	for (size_t i = 0; i < INVITATION_TEXT_SIZE; i++) {
		char wrong[INVITATION_TEXT_SIZE + 1];

		memcpy(wrong, text, sizeof wrong);
		wrong[i] = 'U';
		ALWAYS(!invitation_from_text(view_of_string(wrong), &b), "text: digits alone");
	}
	OK(memcmp(&a, &b, sizeof a) == 0, "text: what is none changes nothing");
}

int main(void)
{
	test_stamp();
	test_text();
	return tap_done();
}
