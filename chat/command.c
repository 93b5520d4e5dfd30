/* SPDX-License-Identifier: MIT
 *
 * Both forms of a line become the same fields, and one pass over the command's row checks the
 * fields. So typed commands and JSON commands follow the same rules.
 */
#include "chat/command.h"

#include "base/escape.h"
#include "chat/key.h"
#include "chat/look.h"
#include "chat/say.h"
#include "chat/slip.h"
#include "chat/word.h"

#include <stdarg.h>
#include <stdio.h>

/* ---- words ---- */

bool command_duration(struct view text, uint64_t *ms)
{
	uint64_t value = 0;
	uint64_t unit = 100; /* milliseconds of the next digit after the point; 0: none */
	bool has_point = false;
	bool has_digit = false;

	for (size_t i = 0; i < text.size; i++) {
		uint8_t c = text.data[i];

		if (c == '.' && !has_point) {
			has_point = true;
			continue;
		}
		if (c < '0' || c > '9')
			return false;
		has_digit = true;
		if (has_point) {
			value += (uint64_t)(c - '0') * unit;
			unit /= 10;
		} else {
			value = value * 10 + (uint64_t)(c - '0') * 1000;
		}
		if (value > COMMAND_DURATION_MS_MAX)
			return false;
	}
	if (has_digit)
		*ms = value;
	return has_digit;
}

/* ---- a typed line becomes fields ---- */

static void put_field(struct command_fields *fields, enum field field, struct view value)
{
	fields->given |= FIELD_BIT(field);
	fields->values[field] = value;
	if (field != FIELD_TO)
		return;
	fields->to_count = 0;
	while (fields->to_count <= RECIPIENTS_MAX) {
		const uint8_t *comma = value.size == 0 ? NULL : memchr(value.data, ',', value.size);
		size_t size = comma == NULL ? value.size : (size_t)(comma - value.data);

		fields->to[fields->to_count++] = view_of(value.data, size);
		if (comma == NULL)
			break;
		value = view_of(comma + 1, value.size - size - 1);
	}
}

/* Takes an option, and its value from `rest`, if this word is an option that the command has. False
 * if it is not: then the word is an argument. */
static bool take_option(const struct verb_row *row, struct view word, struct view *rest,
                        struct command_fields *fields)
{
	const struct verb_option *option = verb_option(row, word);
	struct view value = { 0 };

	if (option == NULL)
		return false;
	if (option->has_value) {
		value = word_take(rest);
		if (value.size == 0)
			fields->wrong = "an option without its value";
	}
	put_field(fields, option->field, value);
	return true;
}

static void parse_arguments(const struct verb_row *row, struct view rest,
                            struct command_fields *fields)
{
	size_t place = 0;

	for (;;) {
		enum field field = place < 2 ? (enum field)row->arguments[place] : FIELD_END;
		struct view behind = rest;
		struct view word;

		word = word_take(&behind);
		/* Behind a name a text may begin with any word. */
		if ((field != FIELD_TEXT || place == 0) && word.size > 0 &&
		    take_option(row, word, &behind, fields)) {
			rest = behind;
			continue;
		}
		if (field == FIELD_TEXT) {
			if (rest.size > 0)
				put_field(fields, field, rest);
			return;
		}
		if (word.size == 0)
			return;
		rest = behind;
		if (field == FIELD_END) {
			fields->wrong = "too many arguments";
			return;
		}
		put_field(fields, field, word);
		place++;
	}
}

static bool is_number(struct view word)
{
	for (size_t i = 0; i < word.size; i++)
		if (word.data[i] < '0' || word.data[i] > '9')
			return false;
	return word.size > 0;
}

/* A number alone is the count, and not a name. */
static void prefer_count(const struct verb_row *row, struct command_fields *fields)
{
	if (row->arguments[1] != FIELD_COUNT || fields->given != FIELD_BIT(FIELD_NAME) ||
	    !is_number(fields->values[FIELD_NAME]))
		return;
	fields->given = FIELD_BIT(FIELD_COUNT);
	fields->values[FIELD_COUNT] = fields->values[FIELD_NAME];
	fields->values[FIELD_NAME] = view_of(NULL, 0);
}

/* ---- fields are checked ---- */

static void refuse(struct command_request *request, enum outcome outcome, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void refuse(struct command_request *request, enum outcome outcome, const char *format, ...)
{
	va_list arguments;
	int size;

	assert(outcome != OUTCOME_OK);
	request->outcome = outcome;
	va_start(arguments, format);
	size = vsnprintf(request->detail, sizeof request->detail, format, arguments);
	va_end(arguments);
	assert(size >= 0);
	(void)size; /* a sentence that is too long is cut */
}

/* A refusal repeats at most so many bytes of a word that was wrong, and nothing behind a blank that
 * is none for the parser: it may be a password. */
static int shown_size(struct view v)
{
	v = look_first_word(v);
	return v.size < 40 ? (int)v.size : 40;
}

/* The two arguments that "%.*s" needs for a view. */
#define SHOWN(v) shown_size(v), (v).size == 0 ? "" : (const char *)(v).data

static void refuse_usage(const struct verb_row *row, struct command_request *request,
                         const char *why)
{
	char keys[KEY_SENTENCE_SIZE];

	if (request->is_json) {
		key_sentence(row, keys);
		refuse(request, OUTCOME_USAGE, "%s; %s", why, keys);
		return;
	}
	refuse(request, OUTCOME_USAGE, "%s; it is: /%s%s%s", why, row->name,
	       row->usage[0] == 0 ? "" : " ", row->usage);
}

/* The same for a wrong key, or one that is missing. */
static void refuse_key(const struct verb_row *row, struct command_request *request, const char *why,
                       struct view key)
{
	char text[COMMAND_DETAIL_SIZE];

	(void)snprintf(text, sizeof text, "%s: \"%.*s\"", why, SHOWN(key));
	refuse_usage(row, request, text);
}

/* The key of the first of these fields. */
static struct view first_key(uint32_t fields)
{
	enum field field = 0;

	assert(fields != 0);
	while ((fields & FIELD_BIT(field)) == 0)
		field++;
	return view_of_string(key_row(field)->key);
}

static bool check_count(const struct verb_row *row, const struct command_fields *fields, bool asks,
                        struct command_request *request)
{
	uint32_t needed = asks ? row->needed & ~(row->asked | row->may_lack) : row->needed;
	uint32_t either = FIELD_BIT(FIELD_PATTERN) | FIELD_BIT(FIELD_REGEX);
	uint32_t others = fields->given & ~(row->needed | row->optional);
	uint32_t missing = needed & ~fields->given;

	others &= ~FIELD_BIT(FIELD_TAG);
	if (fields->wrong_key.data != NULL)
		refuse_key(row, request, fields->wrong, fields->wrong_key);
	else if (fields->wrong != NULL)
		refuse_usage(row, request, fields->wrong);
	else if (others != 0 && fields->is_json)
		refuse_key(row, request, "a key that it does not have", first_key(others));
	else if (others != 0)
		refuse_usage(row, request, "an argument that this command does not have");
	else if (missing != 0 && fields->is_json)
		refuse_key(row, request, "a key is missing", first_key(missing));
	else if (missing != 0)
		refuse_usage(row, request, "too few arguments");
	else if ((fields->given & either) == either)
		refuse_usage(row, request, "a pattern and a regular expression at once");
	else
		return true;
	return false;
}

static bool refuse_name(struct command_request *request, struct view name, bool may_be_lost)
{
	refuse(request, OUTCOME_BAD_NAME, "'%.*s' is no name: one has " NAME_FORM "%s", SHOWN(name),
	       may_be_lost ? "; NAME~ with eight digits, or a full id, stands for an account too"
	                   : "");
	return false;
}

static bool check_name(const struct verb_row *row, struct command_request *request)
{
	if ((request->given & FIELD_BIT(FIELD_NAME)) == 0 || row->verb == VERB_HELP)
		return true;
	if (row->verb == VERB_CREATE)
		return name_is_valid(request->name) || refuse_name(request, request->name, false);
	return name_is_reference(request->name) || refuse_name(request, request->name, true);
}

/* Drops names that stand twice: a recipient gets one message. */
static void drop_doubles(struct view *to, size_t *count)
{
	size_t kept = 0;

	for (size_t i = 0; i < *count; i++) {
		size_t j = 0;

		while (j < kept && !name_equal(to[i], to[j]))
			j++;
		if (j == kept)
			to[kept++] = to[i];
	}
	*count = kept;
}

static bool check_to(struct command_fields *fields, struct command_request *request)
{
	if ((fields->given & FIELD_BIT(FIELD_TO)) == 0)
		return true;
	if (fields->to_count == 0 || fields->to_count > RECIPIENTS_MAX) {
		refuse(request, OUTCOME_USAGE, "a message has 1 to %d recipients", RECIPIENTS_MAX);
		return false;
	}
	for (size_t i = 0; i < fields->to_count; i++)
		if (!name_is_reference(fields->to[i]))
			return refuse_name(request, fields->to[i], true);
	drop_doubles(fields->to, &fields->to_count);
	request->to = fields->to;
	request->to_count = fields->to_count;
	return true;
}

static bool check_text(struct command_request *request)
{
	if ((request->given & FIELD_BIT(FIELD_TEXT)) == 0)
		return true;
	if (request->text.size > TEXT_SIZE_MAX) {
		refuse(request, OUTCOME_TOO_LONG,
		       "the text has %zu bytes; at most %d can be sent at once", request->text.size,
		       TEXT_SIZE_MAX);
		return false;
	}
	if (!message_text_is_valid(request->text)) {
		refuse(request, OUTCOME_BAD_TEXT,
		       request->text.size == 0 ? "the text is empty"
		                               : "the text is not valid UTF-8 without NUL");
		return false;
	}
	return true;
}

static bool check_password(struct command_request *request, enum field field, struct view password)
{
	if ((request->given & FIELD_BIT(field)) == 0)
		return true;
	if (password.size >= 1 && password.size <= PASSWORD_SIZE_MAX &&
	    memchr(password.data, 0, password.size) == NULL)
		return true;
	refuse(request, OUTCOME_USAGE, "a password has " PASSWORD_FORM " and no NUL");
	return false;
}

static bool check_invitation(const struct command_fields *fields, struct command_request *request)
{
	struct view text = fields->values[FIELD_INVITATION];

	if ((request->given & FIELD_BIT(FIELD_INVITATION)) == 0 ||
	    invitation_from_text(text, &request->invitation))
		return true;
	refuse(request, OUTCOME_INVITATION_WRONG,
	       "'%.*s' is no invitation: one has " INVITATION_FORM, SHOWN(text));
	return false;
}

static bool check_number(const struct command_fields *fields, struct command_request *request)
{
	const uint32_t count_max = request->verb == VERB_WAIT ? COMMAND_WAIT_COUNT_MAX
	                                                      : COMMAND_COUNT_MAX;
	struct view text = fields->values[FIELD_COUNT];
	uint32_t count = 0;

	if ((request->given & FIELD_BIT(FIELD_COUNT)) == 0)
		return true;
	for (size_t i = 0; is_number(text) && i < text.size && count <= count_max; i++)
		count = count * 10 + (uint32_t)(text.data[i] - '0');
	request->count = count;
	if (count >= 1 && count <= count_max)
		return true;
	refuse(request, OUTCOME_USAGE, "'%.*s' is no number from 1 to %u", SHOWN(text), count_max);
	return false;
}

static bool check_setting(const struct command_fields *fields, struct command_request *request)
{
	struct view name = fields->values[FIELD_SETTING];
	char names[COMMAND_DETAIL_SIZE] = "";
	size_t size = 0;

	request->value = fields->values[FIELD_VALUE];
	request->setting = setting_find(name);
	if ((request->given & FIELD_BIT(FIELD_SETTING)) == 0 || request->setting != SETTING_END)
		return true;
	for (enum setting i = 0; i < SETTING_END && size < sizeof names; i++)
		size += (size_t)snprintf(names + size, sizeof names - size, "%s%s",
		                         i == 0 ? "" : ", ", setting_row(i)->name);
	refuse(request, OUTCOME_USAGE, "there is no setting '%.*s'; there is: %.300s", SHOWN(name),
	       names);
	return false;
}

static bool check_others(const struct verb_row *row, const struct command_fields *fields,
                         struct command_request *request)
{
	const struct view *values = fields->values;

	if (request->pattern.size > COMMAND_PATTERN_SIZE_MAX ||
	    (request->pattern.size > 0 &&
	     memchr(request->pattern.data, 0, request->pattern.size) != NULL)) {
		refuse(request, OUTCOME_USAGE, "a pattern has at most %d bytes and no NUL",
		       COMMAND_PATTERN_SIZE_MAX);
		return false;
	}
	if ((request->given & FIELD_BIT(FIELD_SECONDS)) != 0 &&
	    !command_duration(values[FIELD_SECONDS], &request->duration_ms)) {
		refuse(request, OUTCOME_USAGE, "'%.*s' are no seconds; a number from 0 to %d is",
		       SHOWN(values[FIELD_SECONDS]), (int)(COMMAND_DURATION_MS_MAX / 1000));
		return false;
	}
	if ((request->given & FIELD_BIT(FIELD_STATE)) != 0) {
		struct view state = values[FIELD_STATE];

		request->is_on = view_equal_lower(state, view_of_string("on"));
		if (!request->is_on && !view_equal_lower(state, view_of_string("off"))) {
			refuse_usage(row, request, "neither on nor off");
			return false;
		}
	}
	if ((request->given & FIELD_BIT(FIELD_ID)) == 0)
		return true;
	if (request->to_count != 1) {
		refuse_usage(row, request, "an id belongs to a message to one recipient");
		return false;
	}
	if (!say_id_read(values[FIELD_ID], &request->session, &request->number)) {
		refuse(request, OUTCOME_USAGE,
		       "'%.*s' is no id of a message; a result names it, as "
		       "01ARZ3NDEKTSV4RRFFQ69G5FAV-7",
		       SHOWN(values[FIELD_ID]));
		return false;
	}
	return true;
}

/* A tag is kept before anything else is checked: whatever the result is, it has the tag. One that
 * could not be given back as it was is refused. */
static bool check_tag(const struct command_fields *fields, struct command_request *request)
{
	struct view tag = fields->values[FIELD_TAG];
	bool good = tag.size <= COMMAND_TAG_SIZE_MAX;
	size_t size;

	if ((fields->given & FIELD_BIT(FIELD_TAG)) == 0)
		return true;
	for (size_t i = 0; good && i < tag.size; i += size)
		good = escape_decode(view_of(tag.data + i, tag.size - i), &size) != ESCAPE_INVALID;
	if (good)
		request->tag = tag;
	else
		refuse(request, OUTCOME_USAGE, "a tag has at most %d bytes, and is valid UTF-8",
		       COMMAND_TAG_SIZE_MAX);
	return good;
}

static void check(const struct verb_row *row, struct command_fields *fields, bool asks,
                  struct command_request *request)
{
	bool is_regex = (fields->given & FIELD_BIT(FIELD_REGEX)) != 0;

	if (!check_count(row, fields, asks, request))
		return;
	request->given = fields->given & ~FIELD_BIT(FIELD_TAG);
	request->name = fields->values[FIELD_NAME];
	request->password = fields->values[FIELD_PASSWORD];
	request->new_password = fields->values[FIELD_NEW_PASSWORD];
	request->take_over = (fields->given & FIELD_BIT(FIELD_TAKE_OVER)) != 0;
	request->is_notice = (fields->given & FIELD_BIT(FIELD_NOTICE)) != 0;
	request->pattern = fields->values[is_regex ? FIELD_REGEX : FIELD_PATTERN];
	request->text = fields->values[FIELD_TEXT];
	if (!check_name(row, request) || !check_to(fields, request) || !check_text(request))
		return;
	if (!check_invitation(fields, request) ||
	    !check_password(request, FIELD_PASSWORD, request->password) ||
	    !check_password(request, FIELD_NEW_PASSWORD, request->new_password) ||
	    !check_number(fields, request) || !check_setting(fields, request))
		return;
	(void)check_others(row, fields, request); /* the request says how it ended */
}

/* ---- a line ---- */

static struct view front_of(struct view v, size_t size_max)
{
	return view_of(v.data, v.size < size_max ? v.size : size_max);
}

void command_parser_init(struct command_parser *p, bool asks)
{
	p->asks = asks;
	buf_init(&p->strings, COMMAND_LINE_SIZE_MAX);
}

void command_parser_release(struct command_parser *p)
{
	buf_wipe(&p->strings);
	buf_release(&p->strings);
}

/* One that was typed stands in the line, which is the caller's. */
static void forget(struct command_parser *p, struct view *password)
{
	if (password->size > 0 && p->strings.size > 0 && password->data >= p->strings.data &&
	    password->data < p->strings.data + p->strings.size)
		explicit_bzero(p->strings.data + (password->data - p->strings.data),
		               password->size);
	*password = view_of(NULL, 0);
}

void command_forget_password(struct command_parser *p, struct command_request *request)
{
	forget(p, &request->password);
	forget(p, &request->new_password);
}

/* A beginning of several commands, or of one that has to be written out. False if it is of none. */
static bool refuse_short(struct command_request *request, struct view word)
{
	char names[COMMAND_DETAIL_SIZE] = "";
	const struct verb_row *last = NULL;
	size_t count = 0;
	size_t left;
	size_t size = 0;

	for (enum verb verb = 0; verb < VERB_TEXT; verb++)
		count += verb_may_mean(word, verb_row(verb));
	left = count;
	for (enum verb verb = 0; verb < VERB_TEXT && size < sizeof names; verb++) {
		if (!verb_may_mean(word, verb_row(verb)))
			continue;
		last = verb_row(verb);
		size += (size_t)snprintf(names + size, sizeof names - size, "%s/%s",
		                         left == count ? ""
		                         : left == 1   ? " or "
		                                       : ", ",
		                         last->name);
		left--;
	}
	if (count == 1)
		refuse(request, OUTCOME_UNKNOWN_COMMAND, "/%s has to be written out", last->name);
	else if (count > 1)
		refuse(request, OUTCOME_UNKNOWN_COMMAND, "/%.*s may be %.300s: write more of it",
		       SHOWN(word), names);
	return count > 0;
}

static void refuse_unknown(struct command_request *request, struct view word, bool is_short)
{
	const struct verb_row *near = verb_nearest(word);

	if (is_short && refuse_short(request, word))
		return;
	if (request->is_json) {
		refuse(request, OUTCOME_UNKNOWN_COMMAND,
		       "there is no command \"%.*s\"%s%s%s; \"help\" lists all", SHOWN(word),
		       near == NULL ? "" : "; did you mean \"", near == NULL ? "" : near->name,
		       near == NULL ? "" : "\"?");
		return;
	}
	if (near != NULL)
		refuse(request, OUTCOME_UNKNOWN_COMMAND,
		       "there is no /%.*s; did you mean /%s? /help lists all", SHOWN(word),
		       near->name);
	else
		refuse(request, OUTCOME_UNKNOWN_COMMAND,
		       "there is no /%.*s; /help lists all commands, // sends a text that begins "
		       "with /",
		       SHOWN(word));
}

/* Plain text, unless a command was meant, which might tell a password to somebody. */
static void parse_plain(struct view line, struct command_request *request)
{
	const char *meant = slip_meant(line);

	request->verb = VERB_TEXT;
	request->word = view_of_string("text");
	request->given = FIELD_BIT(FIELD_TEXT);
	request->text = line;
	if (meant != NULL)
		refuse(request, OUTCOME_USAGE,
		       "this was sent to nobody: it looks like %s; as a text, /msg sends it",
		       meant);
	else
		(void)check_text(request); /* the request says how it ended */
}

static void parse_fields(struct command_parser *p, struct view line, bool was_cut,
                         struct command_fields *fields)
{
	bool is_json = line.data[0] == '{';

	if (is_json && was_cut) {
		fields->wrong = "a line that is too long";
	} else if (is_json) {
		command_fields_of_json(line, &p->strings, fields);
	} else {
		const struct verb_row *row;

		line = view_of(line.data + 1, line.size - 1);
		fields->word = line.size == 0 || word_is_blank(line.data[0]) ? view_of(line.data, 0)
		                                                             : word_take(&line);
		row = p->asks ? verb_typed(fields->word) : verb_find(fields->word);
		if (row != NULL)
			parse_arguments(row, line, fields);
		if (row != NULL)
			prefer_count(row, fields);
	}
}

void command_parse(struct command_parser *p, struct view line, bool was_cut,
                   struct command_request *request)
{
	struct command_fields fields = { .to = p->to };
	const struct verb_row *row;
	struct view rest = line;
	bool is_text = true;

	assert(line.size > 0);
	assert(line.size <= COMMAND_LINE_SIZE_MAX);
	*request = (struct command_request){ .verb = VERB_TEXT, .outcome = OUTCOME_OK };
	/* A command behind blanks of any kind is a command: as a text it might tell a password to
	 * somebody. */
	look_skip_blanks(&rest);
	if (rest.size > 0 && rest.data[0] == '/')
		line = rest;
	if (line.size > 1 && line.data[0] == '/' && line.data[1] == '/')
		line = view_of(line.data + 1, line.size - 1);
	else
		is_text = line.data[0] != '/' && (line.data[0] != '{' || p->asks);
	if (is_text) {
		parse_plain(line, request);
		return;
	}
	parse_fields(p, line, was_cut, &fields);
	row = p->asks ? verb_typed(fields.word) : verb_find(fields.word);
	request->word = front_of(look_first_word(fields.word), VERB_WORD_SIZE_MAX);
	if (row != NULL)
		request->word = view_of_string(row->name);
	request->is_json = fields.is_json;
	if (!check_tag(&fields, request)) {
		request->verb = row != NULL ? row->verb : VERB_TEXT;
	} else if (row != NULL) {
		request->verb = row->verb;
		check(row, &fields, p->asks, request);
		if (was_cut && request->outcome == OUTCOME_OK)
			refuse(request, OUTCOME_TOO_LONG, "a line has at most %d bytes",
			       COMMAND_LINE_SIZE_MAX);
	} else if (fields.word.data != NULL) {
		refuse_unknown(request, fields.word, p->asks);
	} else {
		refuse(request, was_cut ? OUTCOME_TOO_LONG : OUTCOME_USAGE,
		       "this is no command as JSON: %s",
		       fields.wrong != NULL ? fields.wrong : "no 'command'");
	}
}

void command_parse_text(struct view line, struct command_request *request)
{
	assert(line.size > 0);
	*request = (struct command_request){ .verb = VERB_TEXT,
		                             .outcome = OUTCOME_OK,
		                             .word = view_of_string("text"),
		                             .given = FIELD_BIT(FIELD_TEXT),
		                             .text = line };
	(void)check_text(request); /* the request says how it ended */
}
