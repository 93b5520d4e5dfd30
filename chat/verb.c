/* SPDX-License-Identifier: MIT
 *
 * The table of commands, and what is found in it: by name, by a name that is nearly right, and by
 * the form that other systems give to the same command.
 */
#include "chat/verb.h"

#include "chat/word.h"
#include "fact/auth.h"

static const struct verb_row rows[VERB_TEXT] = {
	[VERB_CREATE] = {
		.verb = VERB_CREATE,
		.name = "create",
		.usage = "NAME [--invite TEXT] [PASSWORD]",
		.summary = "make an account and log in",
		.help = "A name has " NAME_FORM "; a password has " PASSWORD_FORM ". "
		        "Without it a terminal asks for it, and does not show it. Some servers "
		        "want an invitation: their operator gives one.",
		.when = WHEN_OUT,
		.needed = FIELD_BIT(FIELD_NAME) | FIELD_BIT(FIELD_PASSWORD),
		.optional = FIELD_BIT(FIELD_INVITATION),
		.asked = FIELD_BIT(FIELD_PASSWORD),
		.arguments = { FIELD_NAME, FIELD_PASSWORD },
	},
	[VERB_LOGIN] = {
		.verb = VERB_LOGIN,
		.name = "login",
		.usage = "[--take-over] NAME [PASSWORD]",
		.summary = "log in",
		.help = "What was sent to you in the meantime is shown. Without PASSWORD a "
		        "terminal asks for it, and does not show it. "
		        "--take-over ends the session of another client.",
		.when = WHEN_OUT,
		.needed = FIELD_BIT(FIELD_NAME) | FIELD_BIT(FIELD_PASSWORD),
		.optional = FIELD_BIT(FIELD_TAKE_OVER),
		.asked = FIELD_BIT(FIELD_PASSWORD),
		.arguments = { FIELD_NAME, FIELD_PASSWORD },
	},
	[VERB_LOGOUT] = {
		.verb = VERB_LOGOUT,
		.name = "logout",
		.usage = "",
		.summary = "log out",
		.help = "The account stays; what is sent to it waits.",
		.when = WHEN_IN,
		.arguments = { FIELD_END, FIELD_END },
	},
	[VERB_DELETE] = {
		.verb = VERB_DELETE,
		.name = "delete",
		.usage = "NAME",
		.summary = "delete your own account",
		.is_whole = true,
		.help = "NAME is your own, to confirm it. "
		        "What you have sent is still delivered; the name becomes free.",
		.when = WHEN_IN,
		.needed = FIELD_BIT(FIELD_NAME),
		.asked = FIELD_BIT(FIELD_NAME),
		.arguments = { FIELD_NAME, FIELD_END },
	},
	[VERB_PASSWORD] = {
		.verb = VERB_PASSWORD,
		.name = "password",
		.usage = "[OLD [NEW]]",
		.summary = "change your password",
		.help = "A password has " PASSWORD_FORM ". A terminal asks for what is not given. "
		        "Every other session of the account ends.",
		.when = WHEN_IN,
		.needed = FIELD_BIT(FIELD_PASSWORD) | FIELD_BIT(FIELD_NEW_PASSWORD),
		.asked = FIELD_BIT(FIELD_PASSWORD) | FIELD_BIT(FIELD_NEW_PASSWORD),
		.arguments = { FIELD_PASSWORD, FIELD_NEW_PASSWORD },
	},
	[VERB_LIST] = {
		.verb = VERB_LIST,
		.name = "list",
		.usage = "[PATTERN | -E REGEX]",
		.summary = "who there is, and who is online",
		.help = "PATTERN is the beginning of a name or, with * and ?, the whole of one; "
		        "REGEX is a POSIX extended regular expression for its beginning.",
		.when = WHEN_ANY,
		.optional = FIELD_BIT(FIELD_PATTERN) | FIELD_BIT(FIELD_REGEX),
		.arguments = { FIELD_PATTERN, FIELD_END },
	},
	[VERB_MSG] = {
		.verb = VERB_MSG,
		.name = "msg",
		.usage = "[--id ID] NAME[,NAME...] TEXT",
		.summary = "send a message",
		.help = "It reaches who is offline at the next log-in. With the ID of a message "
		        "whose outcome is unknown it is sent again, and shown once. "
		        "--notice before NAME says that no program should answer it.",
		.when = WHEN_IN,
		.needed = FIELD_BIT(FIELD_TO) | FIELD_BIT(FIELD_TEXT),
		.optional = FIELD_BIT(FIELD_ID) | FIELD_BIT(FIELD_NOTICE),
		.arguments = { FIELD_TO, FIELD_TEXT },
	},
	[VERB_TALK] = {
		.verb = VERB_TALK,
		.name = "talk",
		.usage = "NAME",
		.summary = "choose whom plain lines go to",
		.help = "Lines without a command are sent to NAME from then on. Alt-1 to Alt-9, "
		        "Ctrl-N, Ctrl-P and Alt-A (something new) move between people; /talk "
		        "alone lists them.",
		.when = WHEN_IN,
		.needed = FIELD_BIT(FIELD_NAME),
		.may_lack = FIELD_BIT(FIELD_NAME),
		.arguments = { FIELD_NAME, FIELD_END },
	},
	[VERB_REPLY] = {
		.verb = VERB_REPLY,
		.name = "reply",
		.usage = "TEXT",
		.summary = "answer whoever wrote last",
		.help = "On a terminal only. As soon as it is typed it becomes /msg NAME, so that "
		        "you see whom it goes to. Tab on an empty line begins the same.",
		.when = WHEN_IN,
		.not_for_programs = "only a person's terminal has it: say whom, /msg NAME TEXT",
		.needed = FIELD_BIT(FIELD_TEXT),
		.arguments = { FIELD_TEXT, FIELD_END },
	},
	[VERB_ALL] = {
		.verb = VERB_ALL,
		.name = "all",
		.usage = "[--notice] TEXT",
		.summary = "send a message to everybody",
		.is_whole = true,
		.help = "To every other account, online or not. --notice says that no program "
		        "should answer.",
		.when = WHEN_IN,
		.needed = FIELD_BIT(FIELD_TEXT),
		.optional = FIELD_BIT(FIELD_NOTICE),
		.arguments = { FIELD_TEXT, FIELD_END },
	},
	[VERB_CHECK] = {
		.verb = VERB_CHECK,
		.name = "check",
		.usage = "",
		.summary = "how many messages came since the last look",
		.help = "The last look is the last /check, or the log-in. Messages are shown as "
		        "they come anyway.",
		.when = WHEN_IN,
		.arguments = { FIELD_END, FIELD_END },
	},
	[VERB_REPLICAS] = {
		.verb = VERB_REPLICAS,
		.name = "replicas",
		.usage = "",
		.summary = "the three servers and how they are",
		.help = "Address, state, which one leads, how many facts each holds, "
		        "whether they agree with the leader's, and how long a ping takes.",
		.when = WHEN_ANY,
		.arguments = { FIELD_END, FIELD_END },
	},
	[VERB_BELL] = {
		.verb = VERB_BELL,
		.name = "bell",
		.usage = "[on|off]",
		.summary = "ring when a message comes, or do not",
		.help = "The same as /set bell. It is off at first. It rings once for messages "
		        "that come less than a second apart, on a terminal only.",
		.when = WHEN_ANY,
		.not_for_programs = "there is no bell here: only a person's terminal has one",
		.needed = FIELD_BIT(FIELD_STATE),
		.may_lack = FIELD_BIT(FIELD_STATE),
		.arguments = { FIELD_STATE, FIELD_END },
	},
	[VERB_HISTORY] = {
		.verb = VERB_HISTORY,
		.name = "history",
		.usage = "[NAME] [N]",
		.summary = "what was said last",
		.help = "The last N messages (20) that are kept on this side: those with NAME, or "
		        "all. A number alone is N. PgUp shows them page by page. On a terminal "
		        "only.",
		.when = WHEN_IN,
		.not_for_programs = "nothing is kept here: only at a person's terminal it is",
		.optional = FIELD_BIT(FIELD_NAME) | FIELD_BIT(FIELD_COUNT),
		.arguments = { FIELD_NAME, FIELD_COUNT },
	},
	[VERB_SEARCH] = {
		.verb = VERB_SEARCH,
		.name = "search",
		.usage = "TEXT",
		.summary = "find a text in what was said",
		.help = "In all messages that are kept on this side. Upper and lower case of "
		        "A to Z are equal; the newest come last. Ctrl-C breaks it off. On a "
		        "terminal only.",
		.when = WHEN_IN,
		.not_for_programs = "nothing is kept here: only at a person's terminal it is",
		.needed = FIELD_BIT(FIELD_TEXT),
		.arguments = { FIELD_TEXT, FIELD_END },
	},
	[VERB_LOG] = {
		.verb = VERB_LOG,
		.name = "log",
		.usage = "[on|off]",
		.summary = "keep what is said, or do not",
		.help = "Without a word it tells where. It is kept in clear, for its owner alone; "
		        "what is kept already stays until its files are removed. On a terminal "
		        "only.",
		.when = WHEN_ANY,
		.not_for_programs = "nothing is kept here: only at a person's terminal it is",
		.optional = FIELD_BIT(FIELD_STATE),
		.arguments = { FIELD_STATE, FIELD_END },
	},
	[VERB_SET] = {
		.verb = VERB_SET,
		.name = "set",
		.usage = "[NAME [VALUE]]",
		.summary = "what can be chosen, and what is",
		.help = "Lists all settings, shows one, or changes one for good; VALUE - is what "
		        "it was at first. On a terminal only.",
		.when = WHEN_ANY,
		.not_for_programs = "there is nothing to set here: only a person's terminal has "
				    "settings",
		.optional = FIELD_BIT(FIELD_SETTING) | FIELD_BIT(FIELD_VALUE),
		.arguments = { FIELD_SETTING, FIELD_VALUE },
	},
	[VERB_FOCUS] = {
		.verb = VERB_FOCUS,
		.name = "focus",
		.usage = "[on|off]",
		.summary = "show the lines of one conversation only",
		.help = "The same as /set focus. Messages of others wait until you go there; the "
		        "row above the prompt counts them. On a terminal only.",
		.when = WHEN_ANY,
		.not_for_programs = "only a person's terminal has it",
		.needed = FIELD_BIT(FIELD_STATE),
		.may_lack = FIELD_BIT(FIELD_STATE),
		.arguments = { FIELD_STATE, FIELD_END },
	},
	[VERB_WAIT] = {
		.verb = VERB_WAIT,
		.name = "wait",
		.usage = "SECONDS [COUNT]",
		.summary = "do nothing for a while (for scripts)",
		.help = "Messages are shown meanwhile. It ends with the COUNTth one that was shown "
		        "since the last /wait, or the log-in.",
		.when = WHEN_ANY,
		.needed = FIELD_BIT(FIELD_SECONDS),
		.optional = FIELD_BIT(FIELD_COUNT),
		.arguments = { FIELD_SECONDS, FIELD_COUNT },
	},
	[VERB_HELP] = {
		.verb = VERB_HELP,
		.name = "help",
		.usage = "[COMMAND | keys]",
		.summary = "this list, more about a command, the keys",
		.help = "/help keys lists the keys; /help KEY says what one does, as in /help "
		        "Ctrl-R.",
		.when = WHEN_ANY,
		.optional = FIELD_BIT(FIELD_NAME),
		.arguments = { FIELD_NAME, FIELD_END },
	},
	[VERB_QUIT] = {
		.verb = VERB_QUIT,
		.name = "quit",
		.usage = "",
		.summary = "log out and end",
		.help = "As the end of the input does.",
		.when = WHEN_ANY,
		.arguments = { FIELD_END, FIELD_END },
	},
};

/* ---- look-ups ---- */

const struct verb_row *verb_row(enum verb verb)
{
	assert(verb < VERB_END);
	return verb < VERB_TEXT ? &rows[verb] : NULL;
}

const struct verb_row *verb_find(struct view name)
{
	for (size_t i = 0; i < VERB_TEXT; i++)
		if (view_equal(name, view_of_string(rows[i].name)))
			return &rows[i];
	return NULL;
}

bool verb_may_mean(struct view word, const struct verb_row *row)
{
	return word.size > 0 && view_starts_with(view_of_string(row->name), word);
}

const struct verb_row *verb_typed(struct view name)
{
	const struct verb_row *row = verb_find(name);
	size_t count = 0;

	if (row != NULL)
		return row;
	for (size_t i = 0; i < VERB_TEXT; i++)
		if (verb_may_mean(name, &rows[i])) {
			row = &rows[i];
			count++;
		}
	return count == 1 && !row->is_whole ? row : NULL;
}

const struct verb_row *verb_of_line(struct view *line)
{
	struct view word = word_take(line);

	if (word.size < 2 || word.data[0] != '/')
		return NULL;
	return verb_typed(view_of(word.data + 1, word.size - 1));
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Optimal string alignment. The three rows are the last ones of the usual table. */
size_t verb_distance(struct view a, struct view b)
{
	size_t row[3][VERB_WORD_SIZE_MAX + 1];

	assert(a.size <= VERB_WORD_SIZE_MAX);
	assert(b.size <= VERB_WORD_SIZE_MAX);
	for (size_t j = 0; j <= b.size; j++)
		row[0][j] = j;
	for (size_t i = 1; i <= a.size; i++) {
		size_t *now = row[i % 3];
		const size_t *before = row[(i + 2) % 3];

		now[0] = i;
		for (size_t j = 1; j <= b.size; j++) {
			bool same = view_lower(a.data[i - 1]) == view_lower(b.data[j - 1]);

			now[j] = least(before[j - 1] + (same ? 0 : 1),
			               least(before[j], now[j - 1]) + 1);
			if (i > 1 && j > 1 &&
			    view_lower(a.data[i - 1]) == view_lower(b.data[j - 2]) &&
			    view_lower(a.data[i - 2]) == view_lower(b.data[j - 1]))
				now[j] = least(now[j], row[(i + 1) % 3][j - 2] + 1);
		}
	}
	return row[a.size % 3][b.size];
}

/* What other programs call our commands. */
static const struct {
	const char *other;
	enum verb verb;
} synonyms[] = {
	{ "send", VERB_MSG },        { "tell", VERB_MSG },         { "whisper", VERB_MSG },
	{ "query", VERB_TALK },      { "chat", VERB_TALK },        { "to", VERB_TALK },
	{ "say", VERB_ALL },         { "broadcast", VERB_ALL },    { "register", VERB_CREATE },
	{ "signup", VERB_CREATE },   { "signin", VERB_LOGIN },     { "connect", VERB_LOGIN },
	{ "exit", VERB_QUIT },       { "bye", VERB_QUIT },         { "disconnect", VERB_LOGOUT },
	{ "who", VERB_LIST },        { "names", VERB_LIST },       { "users", VERB_LIST },
	{ "remove", VERB_DELETE },   { "drop", VERB_DELETE },      { "unregister", VERB_DELETE },
	{ "status", VERB_REPLICAS }, { "servers", VERB_REPLICAS }, { "sleep", VERB_WAIT },
	{ "deliver", VERB_CHECK },   { "commands", VERB_HELP },    { "?", VERB_HELP },
	{ "beep", VERB_BELL },       { "settings", VERB_SET },     { "options", VERB_SET },
	{ "answer", VERB_REPLY },
};

const struct verb_row *verb_nearest(struct view wrong)
{
	const struct verb_row *nearest = NULL;
	size_t best = 3;

	for (size_t i = 0; i < sizeof synonyms / sizeof synonyms[0]; i++)
		if (view_equal_lower(wrong, view_of_string(synonyms[i].other)))
			return &rows[synonyms[i].verb];
	if (wrong.size == 0 || wrong.size > VERB_WORD_SIZE_MAX)
		return NULL;
	for (size_t i = 0; i < VERB_TEXT; i++) {
		struct view name = view_of_string(rows[i].name);
		size_t distance = verb_distance(wrong, name);

		/* The beginning of a command is near, however much is missing. */
		if (wrong.size < name.size &&
		    view_equal_lower(wrong, view_of(name.data, wrong.size)))
			distance = 1;
		if (distance < best && distance < wrong.size + (wrong.size == 1)) {
			best = distance;
			nearest = &rows[i];
		}
	}
	return nearest;
}

/* `bob-> hi`, `bob -> hi`: a name, then an arrow. */
static bool is_arrow_form(struct view line)
{
	size_t size = 0;

	while (size < line.size && name_is_valid(view_of(line.data, size + 1)))
		size++;
	/* A name may end in '-', and here the arrow's does not belong to it. */
	if (size > 1 && line.data[size - 1] == '-' && size < line.size && line.data[size] == '>')
		return true;
	if (size == 0)
		return false;
	line = view_of(line.data + size, line.size - size);
	word_skip_blanks(&line);
	return view_starts_with(line, view_of_string("->"));
}

const char *verb_foreign(struct view line)
{
	static const struct {
		const char *word;
		size_t words_min, words_max; /* of the whole line */
		const char *ours;
	} forms[] = {
		{ "send", 3, SIZE_MAX, "/msg NAME TEXT" },
		{ "LA", 1, 1, "/list" },
		{ "DA", 1, 1, "/delete" },
		{ "C", 1, 1, "/create NAME" },
		{ "L", 1, 1, "/login NAME" },
		{ "Q", 1, 1, "/quit" },
		{ "create", 1, 1, "/create NAME" },
		{ "login", 1, 1, "/login NAME" },
		{ "logout", 1, 1, "/logout" },
		{ "list", 1, 1, "/list" },
		{ "check", 1, 1, "/check" },
		{ "delete", 1, 1, "/delete" },
		{ "help", 1, 1, "/help" },
		{ "quit", 1, 1, "/quit" },
		{ "Create", 3, 3, "/create NAME PASSWORD" },
		{ "Delete", 3, 3, "/delete" },
		{ "Deliver", 2, 3, "/check" },
	};
	struct view rest;
	struct view first;
	size_t words;

	word_skip_blanks(&line);
	if (view_starts_with(line, view_of_string(">>")) || is_arrow_form(line))
		return "/msg NAME TEXT";
	rest = line;
	first = word_take(&rest);
	words = word_count(line);
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
		bool is_send = forms[i].words_max == SIZE_MAX;
		struct view word = view_of_string(forms[i].word);

		if (words < forms[i].words_min || words > forms[i].words_max)
			continue;
		if (is_send ? view_equal_lower(first, word) : view_equal(first, word))
			return forms[i].ours;
	}
	return NULL;
}

/* ---- options ---- */

const struct verb_option *verb_option(const struct verb_row *row, struct view word)
{
	static const struct verb_option options[] = {
		{ "--take-over", FIELD_TAKE_OVER, false },
		{ "--id", FIELD_ID, true },
		{ "--notice", FIELD_NOTICE, false },
		{ "--invite", FIELD_INVITATION, true },
		{ "-E", FIELD_REGEX, true },
	};

	for (size_t i = 0; i < sizeof options / sizeof options[0]; i++)
		if ((row->optional & FIELD_BIT(options[i].field)) != 0 &&
		    view_equal(word, view_of_string(options[i].word)))
			return &options[i];
	return NULL;
}

size_t verb_count_arguments(const struct verb_row *row, struct view line)
{
	size_t count = 0;
	struct view word;

	while ((word = word_take(&line)).size != 0) {
		const struct verb_option *option = verb_option(row, word);

		count += option == NULL;
		if (option != NULL && option->has_value)
			(void)word_take(&line);
	}
	return count;
}
