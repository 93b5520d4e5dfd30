/* SPDX-License-Identifier: MIT
 *
 * The first word decides, without case, without up to three signs before it or in it, and with one
 * mistake. Then the number of arguments: a log-in has a name and a password, a sentence rarely has
 * three words, and its second is rarely a name.
 */
#include "chat/slip.h"

#include "chat/look.h"
#include "chat/verb.h"
#include "fact/name.h"

enum {
	SIGNS_MAX = 3,     /* that do not belong to the first word */
	ARGUMENTS_MAX = 3, /* no log-in has more */
	MISTAKES_SIZE_MIN = 4,
};

struct argument {
	const char *text;
	size_t size;
};

/* The parts of a line by its look. */
struct parts {
	struct look look;
	char first[VERB_WORD_SIZE_MAX]; /* the letters of the first word */
	size_t first_size;
	bool has_slash; /* a slash, or what looks like one, stands before it */
	struct argument arguments[ARGUMENTS_MAX];
	size_t count;  /* of arguments, options left out; more than ARGUMENTS_MAX are counted */
	size_t pieces; /* the same, if signs such as ':' part arguments, too */
};

/* What has a password among its arguments: after a name, or as the first. */
static const struct {
	const char *word;
	const char *meant;
	bool has_name;
} log_ins[] = {
	{ "login", "/login NAME PASSWORD", true },
	{ "logon", "/login NAME PASSWORD", true },
	{ "signin", "/login NAME PASSWORD", true },
	{ "create", "/create NAME PASSWORD", true },
	{ "register", "/create NAME PASSWORD", true },
	{ "signup", "/create NAME PASSWORD", true },
	{ "password", "/login NAME PASSWORD", false },
	{ "passwort", "/login NAME PASSWORD", false },
	{ "passwd", "/login NAME PASSWORD", false },
	{ "pass", "/login NAME PASSWORD", false },
	{ "pw", "/login NAME PASSWORD", false },
	{ "identify", "/login NAME PASSWORD", false },
	{ "auth", "/login NAME PASSWORD", false },
};

/* Words that are one mistake away from those, and no mistake. */
static const char *const words[] = { "logic", "logins", "crate", "created", "creates" };

/* What follows such a word in a sentence, where a log-in has a name. */
static const char *const followers[] = {
	"account", "accounts", "anything", "everything", "nothing",  "something", "a",
	"about",   "again",    "all",      "an",         "and",      "another",   "any",
	"are",     "as",       "at",       "back",       "be",       "button",    "but",
	"by",      "fail",     "failed",   "fails",      "first",    "for",       "form",
	"from",    "has",      "her",      "here",       "him",      "his",       "i",
	"if",      "in",       "into",     "is",         "it",       "its",       "manager",
	"me",      "mine",     "more",     "my",         "needed",   "new",       "no",
	"not",     "now",      "of",       "off",        "on",       "one",       "or",
	"our",     "out",      "page",     "please",     "prompt",   "reset",     "screen",
	"some",    "that",     "the",      "their",      "them",     "these",     "this",
	"those",   "to",       "too",      "two",        "up",       "us",        "via",
	"was",     "we",       "were",     "when",       "with",     "without",   "worked",
	"works",   "wrong",    "you",      "your",       "yourself",
};

static bool is_letter(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_sign(char c)
{
	return c != 0 && strchr(":=,;|/", c) != NULL;
}

static bool is_word(const char *text, size_t size, const char *word)
{
	return strlen(word) == size && memcmp(text, word, size) == 0;
}

static bool is_among(const char *text, size_t size, const char *const *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (is_word(text, size, list[i]))
			return true;
	return false;
}
#define IS_AMONG(text, size, list) is_among(text, size, list, sizeof(list) / sizeof(list)[0])

/* Takes the first word, as far as its first sign; false if it is none. */
static bool take_first(struct parts *p, const char **at)
{
	size_t signs = 0;

	while (**at != 0 && !is_letter(**at)) {
		p->has_slash = p->has_slash || **at == '/';
		if (**at != ' ' && ++signs > SIGNS_MAX)
			return false;
		(*at)++;
	}
	for (; **at != 0 && **at != ' '; (*at)++) {
		if (is_letter(**at) && p->first_size < sizeof p->first)
			p->first[p->first_size++] = **at;
		else if (p->first_size >= 2 && is_sign(**at) && (*at)[1] != 0)
			break;
		else if (++signs > SIGNS_MAX)
			return false;
	}
	return p->first_size > 0;
}

static void take_arguments(struct parts *p, const char *at)
{
	bool is_option = false;
	bool was_blank = true;
	bool was_sign = true;

	for (; *at != 0; at++) {
		if (*at == ' ') {
			was_blank = was_sign = true;
			continue;
		}
		if (was_blank)
			is_option = at[0] == '-' && at[1] != 0 && at[1] != ' ';
		if (was_blank && !is_option) {
			if (p->count < ARGUMENTS_MAX)
				p->arguments[p->count] = (struct argument){ .text = at };
			p->count++;
		}
		if (!is_option && p->count > 0 && p->count <= ARGUMENTS_MAX)
			p->arguments[p->count - 1].size++;
		p->pieces += was_sign && !is_sign(*at) && !is_option;
		was_sign = is_sign(*at);
		was_blank = false;
	}
}

static bool take_apart(const char *text, struct parts *p)
{
	p->first_size = p->count = p->pieces = 0;
	p->has_slash = false;
	if (!take_first(p, &text))
		return false;
	take_arguments(p, text);
	return true;
}

/* A word of a sentence: letters, and perhaps a sign at its end. */
static bool is_plain(struct argument a)
{
	size_t size = a.size;

	if (size > 0 && strchr(".,!?", a.text[size - 1]) != NULL)
		size--;
	for (size_t i = 0; i < size; i++)
		if (!is_letter(a.text[i]) && a.text[i] != '\'')
			return false;
	return size > 0;
}

static bool is_sentence(const struct parts *p)
{
	if (p->count == 0)
		return true;
	for (size_t i = 0; i < p->count && i < ARGUMENTS_MAX; i++)
		if (!is_plain(p->arguments[i]))
			return false;
	return IS_AMONG(p->arguments[0].text, p->arguments[0].size, followers);
}

/* The row of log_ins that begins as the word does, which stands behind a slash; SIZE_MAX: none. */
static size_t find_front(struct view first)
{
	const struct verb_row *near = verb_nearest(first);

	for (size_t i = 0; i < sizeof log_ins / sizeof log_ins[0]; i++) {
		struct view word = view_of_string(log_ins[i].word);

		if (word.size >= MISTAKES_SIZE_MIN && view_starts_with(first, word))
			return i;
		if (near != NULL && strcmp(near->name, log_ins[i].word) == 0)
			return i;
	}
	return SIZE_MAX;
}

/* The row of log_ins whose word this is, or nearly is; SIZE_MAX: none. */
static size_t find_log_in(const struct parts *p, bool is_command)
{
	struct view first = view_of(p->first, p->first_size);
	bool may_be_wrong = p->first_size >= MISTAKES_SIZE_MIN &&
	                    (is_command || p->has_slash ||
	                     !IS_AMONG(p->first, p->first_size, words));

	for (size_t i = 0; i < sizeof log_ins / sizeof log_ins[0]; i++)
		if (is_word(p->first, p->first_size, log_ins[i].word))
			return i;
	for (size_t i = 0; may_be_wrong && i < sizeof log_ins / sizeof log_ins[0]; i++) {
		struct view word = view_of_string(log_ins[i].word);

		if (word.size >= MISTAKES_SIZE_MIN + 1 && verb_distance(first, word) <= 1)
			return i;
	}
	return is_command ? find_front(first) : SIZE_MAX;
}

/* How the log-in is written that the parts look like; NULL: none. */
static const char *log_in_of(const struct parts *p, bool is_command)
{
	size_t row = find_log_in(p, is_command);
	size_t least;

	if (row == SIZE_MAX || p->look.is_cut)
		return NULL;
	least = log_ins[row].has_name ? 2 : 1;
	/* Behind a slash nobody writes a sentence. */
	if (is_command || p->has_slash)
		return p->count >= least || p->pieces >= least ? log_ins[row].meant : NULL;
	if (p->count != least && p->pieces != least && (log_ins[row].has_name || p->count != 2))
		return NULL;
	return is_sentence(p) ? NULL : log_ins[row].meant;
}

/* `>> bob: hi`, as other programs say it to bob. */
static bool is_to_a_name(const char *text)
{
	size_t size = 0;

	if (strncmp(text, ">>", 2) != 0)
		return false;
	text += text[2] == ' ' ? 3 : 2;
	while (text[size] != 0 && text[size] != ':' && text[size] != ' ')
		size++;
	return text[size + (text[size] == ' ')] == ':' && name_is_valid(view_of(text, size));
}

/* `Delete bob pw`, `Deliver bob pw`, of another program, with its capital letter. */
static bool is_capital(struct view line, const struct parts *p)
{
	static const char *const capitals[] = { "delete", "deliver" };

	look_skip_blanks(&line);
	return line.size > 0 && line.data[0] == 'D' && p->count == 2 && !is_sentence(p) &&
	       IS_AMONG(p->first, p->first_size, capitals);
}

/* A whole log-in that begins somewhere in the text. */
static const char *log_in_within(struct parts *p)
{
	const char *meant = NULL;
	const char *at = p->look.text;

	while (meant == NULL && at[0] != 0 && (at = strchr(at + 1, '/')) != NULL)
		if (take_apart(at, p) && p->count <= 2)
			meant = log_in_of(p, false);
	return meant;
}

static const char *meant_by(struct view line, struct parts *p)
{
	bool is_apart = take_apart(p->look.text, p);
	const char *meant = is_apart ? log_in_of(p, false) : NULL;

	if (meant != NULL)
		return meant;
	if (is_to_a_name(p->look.text))
		return "/msg NAME TEXT";
	if (is_apart && is_capital(line, p))
		return "/delete NAME or /check";
	if (is_apart && p->look.is_disguised && p->look.text[1] != ' ' && p->first_size > 1 &&
	    verb_find(view_of(p->first, p->first_size)) != NULL)
		return "a command, which begins with the slash /";
	return p->look.is_cut ? NULL : log_in_within(p);
}

const char *slip_meant(struct view line)
{
	struct parts p;
	const char *meant;

	look_at(line, &p.look);
	meant = meant_by(line, &p);
	explicit_bzero(&p, sizeof p);
	return meant;
}

bool slip_is_log_in(struct view line)
{
	struct parts p;
	bool is;

	look_at(line, &p.look);
	is = take_apart(p.look.text, &p) &&
	     (log_in_of(&p, p.look.text[0] == '/') != NULL || is_capital(line, &p));
	is = is || (p.look.text[0] != '/' && !p.look.is_cut && log_in_within(&p) != NULL);
	explicit_bzero(&p, sizeof p);
	return is;
}
