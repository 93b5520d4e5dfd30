/* SPDX-License-Identifier: MIT
 *
 * Every character at every place of every length, and the three kinds of reference.
 */
#include "tests/lib/tap.h"

#include "fact/name.h"

static void test_names(void)
{
	static const char allowed[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
	uint8_t name[NAME_SIZE_MAX + 1];

	OK(!name_is_valid(view_of(NULL, 0)), "name: nothing is none");
	for (size_t size = 1; size <= NAME_SIZE_MAX; size++)
		for (size_t at = 0; at < size; at++)
			for (int c = 0; c < 256; c++) {
				bool is_allowed = c != 0 && strchr(allowed, c) != NULL &&
				                  (at > 0 || (c != '-' && c != '.'));

				memset(name, 'a', sizeof name);
				name[at] = (uint8_t)c;
				ALWAYS(name_is_valid(view_of(name, size)) == is_allowed,
				       "name: every character at every place of every length");
			}
	OK(name_is_valid(view_of_string("_.-Z09")), "name: all kinds of characters");
	OK(!name_is_valid(view_of_string("-a")) && !name_is_valid(view_of_string(".a")),
	   "name: does not begin with - or a dot");
	OK(!name_is_valid(view_of_string("a~b")), "name: has no ~, which begins an id's digits");
	memset(name, 'a', sizeof name);
	OK(name_is_valid(view_of(name, NAME_SIZE_MAX)), "name: of 32 bytes");
	OK(!name_is_valid(view_of(name, NAME_SIZE_MAX + 1)), "name: not of 33");
}

static void test_prefixes(void)
{
	uint8_t name[NAME_SIZE_MAX + 1];

	memset(name, '-', sizeof name);
	OK(name_is_prefix(view_of(NULL, 0)), "prefix: nothing begins every name");
	OK(name_is_prefix(view_of(name, NAME_SIZE_MAX)), "prefix: of 32 bytes");
	OK(!name_is_prefix(view_of(name, NAME_SIZE_MAX + 1)), "prefix: not of 33");
	OK(!name_is_prefix(view_of_string("a~")), "prefix: has only characters of names");
}

static bool is_reference(const char *text)
{
	return name_is_reference(view_of_string(text));
}

static void test_references(void)
{
	OK(!name_is_reference(view_of(NULL, 0)), "reference: nothing is none");
	OK(is_reference("alice"), "reference: a name");
	OK(is_reference("01AAAAAAAA01AAAAAAAAAAAAAAAAAAAAAAAA"), "reference: an id");
	OK(!is_reference("01AAAAAAAA01AAAAAAAAAAAAAAAAAAAAAAAU"), "reference: an id has no U");
	OK(is_reference("alice~0123abcZ"), "reference: a name and eight digits of either case");
	OK(!is_reference("alice~0123abc"), "reference: not seven digits");
	OK(!is_reference("alice~0123abcZ0"), "reference: not nine digits");
	OK(!is_reference("alice~0123abcL"), "reference: L is no digit");
	OK(!is_reference("~0123abcZ"), "reference: not digits alone");
	OK(!is_reference("-alice~0123abcZ"), "reference: the name before the digits is valid");
}

/* How the sign of an order reads. */
static int sign(int order)
{
	return (order > 0) - (order < 0);
}

static int compare(const char *a, const char *b)
{
	int order = sign(name_compare(view_of_string(a), view_of_string(b)));

	ALWAYS(order == -sign(name_compare(view_of_string(b), view_of_string(a))),
	       "order: the other way round it is the other one");
	ALWAYS((order == 0) == name_equal(view_of_string(a), view_of_string(b)),
	       "order: none is the same name");
	return order;
}

static void test_order(void)
{
	for (int c = 0; c < 256; c++) {
		bool is_upper = c >= 'A' && c <= 'Z';

		ALWAYS(name_fold((uint8_t)c) == (is_upper ? c + 32 : c),
		       "fold: only A-Z stand for others, in any locale");
	}
	IS_U64(compare("bob", "BoB") == 0, true, "order: case does not count");
	OK(compare("Bob", "carl") < 0 && compare("bob", "Carl") < 0, "order: of the letters");
	OK(compare("bo", "BOB") < 0 && compare("BO", "bob") < 0, "order: the shorter one first");
	OK(compare("bob_1", "BOBA") < 0 && compare("bob-1", "bob.1") < 0,
	   "order: what is no letter comes before letters of either case");
	OK(compare("", "A") < 0 && compare("", "") == 0, "order: nothing comes before all");
	OK(name_equal(view_of_string("Bob~0123abcZ"), view_of_string("bOB~0123ABCz")),
	   "order: references, too");
	OK(name_starts_with(view_of_string("Bob"), view_of_string("bO")), "prefix: in any case");
	OK(name_starts_with(view_of_string("Bob"), view_of(NULL, 0)), "prefix: nothing fits all");
	OK(!name_starts_with(view_of_string("Bo"), view_of_string("bob")) &&
	           !name_starts_with(view_of_string("Bob"), view_of_string("ob")),
	   "prefix: not a longer one, nor another");
}

static void test_display(void)
{
	struct id id = { { 0 } };
	char shown[DISPLAY_SIZE];
	char longest[] = "abcdefghijklmnopqrstuvwxyz012345";

	id.bytes[ID_SIZE - 1] = 33;
	name_display(shown, view_of_string("bob"), &id, true);
	IS_STRING(shown, "bob", "display: the name alone");
	name_display(shown, view_of_string("bob"), &id, false);
	IS_STRING(shown, "bob~00000011", "display: with the last digits of the id");
	name_display(shown, view_of_string(longest), &id, false);
	IS_STRING(shown, "abcdefghijklmnopqrstuvwxyz012345~00000011", "display: the longest fits");
	OK(is_reference(shown), "display: can be written as a reference");
}

int main(void)
{
	test_names();
	test_prefixes();
	test_references();
	test_order();
	test_display();
	return tap_done();
}
