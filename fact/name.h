/* SPDX-License-Identifier: MIT
 *
 * name: the form of an account's name, and of what people write and read in its place.
 *
 *   name         1 to NAME_SIZE_MAX of A-Z a-z 0-9 _ . - and the first is neither '-' nor '.'
 *   reference    what a person may write for an account that exists: its name, its name with '~'
 *                and the last ID_SUFFIX_SIZE digits of its id, or the whole id
 *   display      what a person reads: the name, or the name with '~' and the digits if the name
 *                alone would mean somebody else
 *
 * The three kinds of reference cannot be mistaken for each other: no name has a '~', and an id is
 * longer than a name can be. Servers, clients and files follow these rules alike.
 *
 * Names, and references, that differ only in the case of ASCII letters are the same: nobody can
 * hear the difference between bob and Bob, so two people with these names would be taken for each
 * other. An account shows its name as it was made. name_fold says which character stands for both;
 * who compares names does it by the functions here, on every replica and client.
 */
#ifndef THREEFOLD_FACT_NAME_H
#define THREEFOLD_FACT_NAME_H

#include "fact/id.h"

enum {
	NAME_SIZE_MAX = 32,
	/* Of a display, with a NUL; a reference fits, too. */
	DISPLAY_SIZE = NAME_SIZE_MAX + 1 + ID_SUFFIX_SIZE + 1,
};

/* The same for people: "a name has " NAME_FORM. */
#define NAME_FORM "1 to 32 of A-Z a-z 0-9 _ . - and does not begin with - or a dot"
_Static_assert(NAME_SIZE_MAX == 32, "the sentence is true");

/* Whether an account may have this name. */
bool name_is_valid(struct view name);
/* Whether `text`, which may be empty, has only characters of names and is no longer than a name. */
bool name_is_prefix(struct view text);
/* Whether `text` has the form of a reference, of any of the three kinds. The digits may be in
 * either case. Whether such an account exists is not known here. */
bool name_is_reference(struct view text);
/* The character that stands for both cases of a letter: the lower one, of ASCII's. Any other
 * character is itself. */
static inline uint8_t name_fold(uint8_t c)
{
	return view_lower(c);
}
/* <0, 0, >0: the order of names, which is that of the bytes of their folded characters; a name
 * comes before all longer ones that begin with it. So 0 if they are the same name. */
int name_compare(struct view a, struct view b);
/* Whether both are the same name, or the same reference. */
bool name_equal(struct view a, struct view b);
/* Whether `name` begins with `prefix`, in whatever case. */
bool name_starts_with(struct view name, struct view prefix);

/* Writes the display of an account and a NUL: the name alone if `plain`, else with digits. */
void name_display(char to[DISPLAY_SIZE], struct view name, const struct id *id, bool plain);

#endif
