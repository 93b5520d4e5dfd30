/* SPDX-License-Identifier: MIT
 *
 * The keys of commands as JSON, the sentence that lists them, and the table of what a program is
 * told (chat/key.h, chat/event.h): every row is there, and none stands for two things.
 */
#include "chat/key.h"

#include "chat/event.h"
#include "chat/reference.h"

#include "tests/lib/tap.h"

static void test_keys(void)
{
	for (enum field field = 0; field < FIELD_END; field++) {
		const struct key_row *row = key_row(field);

		ALWAYS(row->key != NULL && row->form != NULL && row->meaning != NULL,
		       "each field has a key, a form and a meaning");
		ALWAYS(key_find(view_of_string(row->key)) == field, "a key gives its own field");
	}
	OK(key_find(view_of_string("command")) == FIELD_END, "the command is no field of one");
	OK(key_find(view_of_string("tex")) == FIELD_END, "the front of a key is none");
	OK(key_find(view_of_string("textx")) == FIELD_END, "nor is more than one");
	OK(key_find(view_of_string("Text")) == FIELD_END, "nor one in another case");
	OK(key_find(view_of(NULL, 0)) == FIELD_END, "nor nothing");
}

static void sentence_is(enum verb verb, const char *want)
{
	char text[KEY_SENTENCE_SIZE];

	key_sentence(verb_row(verb), text);
	IS_STRING(text, want, want);
}

static void test_sentences(void)
{
	sentence_is(VERB_MSG, "msg has \"to\" and \"text\", and may have \"id\", \"notice\" and "
	                      "\"tag\"");
	sentence_is(VERB_LOGOUT, "logout may have \"tag\"");
	sentence_is(VERB_LIST, "list may have \"pattern\", \"regex\" and \"tag\"");
	sentence_is(VERB_TALK, "talk has \"name\", and may have \"tag\"");
	sentence_is(VERB_PASSWORD,
	            "password has \"password\" and \"new_password\", and may have \"tag\"");
	for (enum verb verb = 0; verb < VERB_TEXT; verb++) {
		char text[KEY_SENTENCE_SIZE];

		key_sentence(verb_row(verb), text);
		ALWAYS(strlen(text) < KEY_SENTENCE_SIZE - 1 && text[strlen(text) - 1] == '"',
		       "no sentence is cut");
	}
}

static bool same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static void test_events(void)
{
	for (enum event event = 0; event < EVENT_END; event++)
		ALWAYS(event_row(event)->name != NULL && event_row(event)->meaning != NULL,
		       "each event has a row");
	for (enum event_key key = 0; key < EVENT_KEY_END; key++) {
		const struct event_member *m = event_member(key);

		ALWAYS(m->name != NULL && m->form != NULL && m->meaning != NULL,
		       "each member has a row");
		for (enum event_key other = 0; other < key; other++)
			ALWAYS(m->event != event_member(other)->event ||
			               !same(m->list, event_member(other)->list) ||
			               !same(m->name, event_member(other)->name),
			       "an event has no member twice");
	}
	for (enum outcome outcome = OUTCOME_OK + 1; outcome < OUTCOME_END; outcome++)
		ALWAYS(event_refusal(outcome) != NULL, "each code has a meaning");
	for (enum verb verb = 0; verb < VERB_TEXT; verb++)
		ALWAYS((reference_sentence(verb) == NULL) ==
		               (verb_row(verb)->not_for_programs != NULL),
		       "the page has each command of programs, and no other");
}

int main(void)
{
	test_keys();
	test_sentences();
	test_events();
	return tap_done();
}
