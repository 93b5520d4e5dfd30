/* SPDX-License-Identifier: MIT
 *
 * Patterns of /list: each kind by example, globs against a naive matcher, and patterns that must
 * not cost much.
 */
#include "tests/lib/tap.h"

#include "chat/pattern.h"

static uint64_t seed = 5;

static uint32_t draw(uint32_t below)
{
	seed = seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)(seed >> 33) % below;
}

static bool fits(const char *text, bool is_regex, const char *name)
{
	char err[PATTERN_ERR_SIZE];
	struct pattern p;
	bool result;

	if (!pattern_init(&p, view_of_string(text), is_regex, err))
		return false;
	result = pattern_fits(&p, name);
	pattern_release(&p);
	return result;
}

static void test_kinds(void)
{
	OK(fits("", false, "alice"), "no pattern fits all");
	OK(fits("al", false, "alice") && !fits("li", false, "alice"),
	   "a word is the beginning of a name");
	OK(fits("alice", false, "alice") && !fits("alicex", false, "alice"),
	   "a whole name is one, too");
	OK(!fits("bl", false, "alice"), "another letter is another");
	OK(fits("a*e", false, "alice") && !fits("a*c", false, "alice"), "a glob fits a whole name");
	OK(fits("?lice", false, "alice") && !fits("?alice", false, "alice"),
	   "a ? is one character");
	OK(fits("*", false, "alice") && fits("**", false, "a"), "stars fit anything");
	OK(fits("aL", false, "Alice") && fits("*CE", false, "Alice") &&
	           fits("AL?CE", false, "alice"),
	   "case does not count");
	OK(fits("E.e", true, "evE") && !fits("[^e]", true, "Eve"), "nor in a regular expression");
	OK(fits("e", true, "eve") && !fits("v", true, "eve"), "regex: e begins with e");
	OK(fits(".v", true, "eve") && !fits(".e", true, "eve"), "regex: .v has v second");
	OK(fits(".*v", true, "eve") && !fits(".*x", true, "eve"), "regex: .*v has v anywhere");
	OK(fits("x|v|ev", true, "eve") && !fits("x|v", true, "eve"),
	   "regex: each branch is anchored");
	OK(fits("eve$", true, "eve") && !fits("ev$", true, "eve"),
	   "regex: the end is free unless asked for");
	OK(fits("", true, "eve"), "regex: an empty one fits all");
	OK(fits("bob", false, "bob~0123ABCD"), "a beginning fits who lost the name");
	OK(fits("b?b", false, "bob~0123ABCD"), "a glob fits the name that was lost");
	OK(fits("bob~0*", false, "bob~0123ABCD") && !fits("bob~0*", false, "bob"),
	   "or what is shown");
	OK(fits("bob$", true, "bob~0123ABCD"), "so does a regular expression");
}

static const char *prefix(const char *text, bool is_regex, bool *possible)
{
	static char copy[64];
	char err[PATTERN_ERR_SIZE];
	struct pattern p;
	struct view v;

	if (!pattern_init(&p, view_of_string(text), is_regex, err))
		return "?";
	v = pattern_prefix(&p);
	memcpy(copy, v.data, v.size);
	copy[v.size] = 0;
	*possible = pattern_is_possible(&p);
	pattern_release(&p);
	return copy;
}

static void test_prefix(void)
{
	bool possible = false;

	IS_STRING(prefix("", false, &possible), "", "all: no beginning");
	OK(possible, "all: possible");
	IS_STRING(prefix("ali", false, &possible), "ali", "a word is its own beginning");
	IS_STRING(prefix("a.b*c", false, &possible), "a.b", "a glob's beginning ends at the star");
	OK(possible, "and is possible");
	IS_STRING(prefix("*c", false, &possible), "", "a star has none");
	OK(possible, "and is possible");
	IS_STRING(prefix("bob~01", false, &possible), "bob", "digits after ~ are looked at here");
	OK(possible, "and are possible");
	IS_STRING(prefix("bob!", false, &possible), "bob", "a beginning that no name has");
	OK(!possible, "is impossible");
	(void)prefix("-x", false, &possible);
	OK(!possible, "no name begins with -");
	(void)prefix("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false, &possible);
	OK(!possible, "no name has 33 characters");
	(void)prefix("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false, &possible);
	OK(possible, "but 32");
	IS_STRING(prefix("alice", true, &possible), "",
	          "a regular expression is looked at here alone");
}

static void test_refused(void)
{
	static const char *const wrong[] = { "(",
		                             "[a",
		                             "a{2,1}",
		                             "*a{1001}",
		                             "(a{100}){100}",
		                             "(a)\\1",
		                             "a{99999999999999999999}",
		                             "\\" };
	char err[PATTERN_ERR_SIZE];
	struct pattern p;

	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		err[0] = 0;
		OK(!pattern_init(&p, view_of_string(wrong[i]), true, err), wrong[i]);
		OK(strstr(err, wrong[i]) != NULL, "the refusal repeats the expression");
	}
	OK(fits("a{2}", true, "aa"), "a few repetitions are allowed");
	OK(fits("a\\{", true, "a{"), "an escaped brace is none");
}

/* The usual recursion, which is right and slow. */
static bool naive(const char *glob, const char *name)
{
	if (*glob == 0)
		return *name == 0;
	if (*glob == '*')
		return naive(glob + 1, name) || (*name != 0 && naive(glob, name + 1));
	return *name != 0 && (*glob == '?' || *glob == *name) && naive(glob + 1, name + 1);
}

static void test_random(void)
{
	unsigned fitted = 0;
	bool same = true;

	for (int round = 0; round < 100000; round++) {
		static const char letters[] = "ab*?*";
		char glob[12] = "*";
		char name[12] = "";
		uint32_t size = draw(9);
		uint32_t length = draw(10);
		bool want;

		for (uint32_t i = 0; i < size; i++)
			glob[i] = letters[draw(5)];
		glob[size == 0 ? 1 : size] = 0;
		for (uint32_t i = 0; i < length; i++)
			name[i] = letters[draw(2)];
		if (strpbrk(glob, "*?") == NULL)
			continue;
		want = naive(glob, name);
		fitted += want;
		same = same && fits(glob, false, name) == want;
	}
	OK(same, "a glob fits what the naive matcher says, 100,000 times");
	OK(fitted > 10000, "often it does");
}

static void test_cost(void)
{
	char name[33];
	char glob[257];

	memset(name, 'a', 32);
	name[32] = 0;
	for (size_t i = 0; i < 256; i += 2)
		memcpy(glob + i, "*a", 2);
	memcpy(glob + 254, "*b", 3);
	OK(!fits(glob, false, name), "128 stars end at once");
	OK(!fits("(a*)*(a*)*(a*)*b", true, name), "stars of stars in an expression, too");
}

int main(void)
{
	test_kinds();
	test_prefix();
	test_refused();
	test_random();
	test_cost();
	return tap_done();
}
