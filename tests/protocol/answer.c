/* SPDX-License-Identifier: MIT
 *
 * Which replies contradict their requests. For each rule there is a reply that fits, and beside it
 * those that differ from it in the one thing that the rule is about.
 */
#include "protocol.h"
#include "base/sha256.h"
#include "tests/lib/tap.h"

static struct buf list; /* of the reply that is being made */

static struct id an_id(uint8_t n)
{
	struct id id = { { 1, n } };

	return id;
}

static struct ulid a_ulid(uint8_t n)
{
	struct ulid ulid = { { 1, n } };

	return ulid;
}

/* Whether the reply contradicts, as the phrase says; "" if it fits. */
static void expect(const struct frame *request, struct frame *reply, const char *phrase,
                   const char *name)
{
	const char *why;

	reply->type = request->type | FRAME_REPLY;
	why = protocol_contradiction(request, reply);
	IS_STRING(why == NULL ? "" : why, phrase, name);
	buf_clear(&list);
}

/* ---- accounts ---- */

/* The n-th of that name, with an id that fits. */
static struct entry alive(uint8_t n, const char *name)
{
	static char setting[SETTING_SIZE_MAX + 1];
	const uint8_t salt[16] = { 1 };
	const uint8_t key[KEY_SIZE] = { n };
	struct entry entry = { .state = ENTRY_ALIVE, .name = view_of_string(name) };
	struct verifier verifier;

	auth_setting_make(salt, setting);
	entry.setting = view_of_string(setting);
	auth_verifier_make(key, key, entry.setting, &verifier);
	auth_middle(&verifier, entry.middle);
	memcpy(entry.lock, verifier.lock, KEY_SIZE);
	auth_id_make(n, entry.name, &verifier, &entry.id);
	return entry;
}

static void put_alive(uint8_t n, const char *name)
{
	struct entry entry = alive(n, name);

	ALWAYS(protocol_put_entry(&list, &entry), "there is room");
}

static void test_lookups(void)
{
	struct frame request = { .type = FRAME_LOOKUP_NAME };
	struct frame reply = { 0 };
	struct id ids[2] = { alive(1, "ann").id, alive(2, "bob").id };
	struct entry made_up;
	char text[ID_TEXT_SIZE + 1];

	request.lookup_name.name = view_of_string("ann");
	request.lookup_name.suffix = view_of_string("");
	put_alive(1, "ann");
	put_alive(2, "ann");
	reply.entries.entries = buf_view(&list);
	expect(&request, &reply, "", "look-up: two of that name");
	put_alive(1, "ann");
	put_alive(2, "anna");
	reply.entries.entries = buf_view(&list);
	expect(&request, &reply, "finds an account of another name", "look-up: of another name");
	id_to_text(&ids[0], text);
	request.lookup_name.suffix = view_of(text + ID_TEXT_SIZE - ID_SUFFIX_SIZE, ID_SUFFIX_SIZE);
	put_alive(1, "ann");
	reply.entries.entries = buf_view(&list);
	expect(&request, &reply, "", "look-up: the one with those digits");
	request.lookup_name.suffix = view_of_string("ZZZZZZZZ");
	put_alive(1, "ann");
	reply.entries.entries = buf_view(&list);
	expect(&request, &reply, "finds an account of another name", "look-up: with other digits");

	request = (struct frame){ .type = FRAME_LOOKUP_ID };
	request.lookup_id.ids = view_of(ids, sizeof ids);
	put_alive(1, "ann");
	put_alive(2, "bob");
	reply.entries.entries = buf_view(&list);
	expect(&request, &reply, "", "ids: one entry for each");
	put_alive(2, "bob");
	put_alive(1, "ann");
	reply.entries.entries = buf_view(&list);
	expect(&request, &reply, "answers about another account", "ids: in another order");
	put_alive(1, "ann");
	reply.entries.entries = buf_view(&list);
	expect(&request, &reply, "answers about another account", "ids: one is missing");
	put_alive(1, "ann");
	put_alive(2, "bob");
	put_alive(3, "eve");
	reply.entries.entries = buf_view(&list);
	expect(&request, &reply, "answers more than it was asked", "ids: one too many");

	made_up = alive(1, "ann");
	made_up.name = view_of_string("eve");
	request.lookup_id.ids = view_of(ids, ID_SIZE);
	ALWAYS(protocol_put_entry(&list, &made_up), "there is room");
	reply.entries.entries = buf_view(&list);
	expect(&request, &reply, "shows an account whose id does not fit its name",
	       "ids: under a name that was made up");
	request = (struct frame){ .type = FRAME_LOOKUP_NAME };
	request.lookup_name.name = view_of_string("eve");
	request.lookup_name.suffix = view_of_string("");
	ALWAYS(protocol_put_entry(&list, &made_up), "there is room");
	reply.entries.entries = buf_view(&list);
	expect(&request, &reply, "shows an account whose id does not fit its name",
	       "look-up: of an account that was made up");
}

/* An account that is gone, with a proof that is right. */
static struct entry gone(struct id *id)
{
	static struct account account;
	static char setting[SETTING_SIZE_MAX + 1];
	const uint8_t stretched[KEY_SIZE] = { 1 };
	const uint8_t seal[KEY_SIZE] = { 2 };
	const uint8_t salt[16] = { 3 };
	struct tombstone t;
	struct entry entry = { .state = ENTRY_GONE };
	uint8_t key[KEY_SIZE];

	auth_setting_make(salt, setting);
	account.name = view_of_string("ann");
	auth_verifier_make(stretched, seal, view_of_string(setting), &account.verifier);
	auth_id_make(1, account.name, &account.verifier, &account.id);
	auth_delete_key(stretched, seal, key);
	auth_tombstone_make(&account, key, &t);
	entry.id = *id = t.id;
	entry.name = t.name;
	memcpy(entry.middle, t.middle, KEY_SIZE);
	memcpy(entry.delete_key, t.delete_key, KEY_SIZE);
	return entry;
}

static void test_gone(void)
{
	static const uint8_t types[] = { FRAME_INTRODUCE, FRAME_HANDOVER, FRAME_RENEW,
		                         FRAME_CONFIRM, FRAME_LOGIN };
	struct id id;
	struct entry proved = gone(&id);

	for (size_t i = 0; i < sizeof types; i++) {
		struct frame request = { .type = types[i] };
		struct frame reply = { .status = STATUS_GONE };
		struct entry *entry = types[i] == FRAME_LOGIN ? &reply.logged_in.entry
		                                              : &reply.introduced.entry;

		*(types[i] == FRAME_LOGIN     ? &request.login.id
		  : types[i] == FRAME_CONFIRM ? &request.confirm.id
		                              : &request.introduce.id) = id;
		*entry = proved;
		expect(&request, &reply, "", "gone: with a proof");
		entry->delete_key[0] ^= 1;
		expect(&request, &reply, "says without a proof that an account is gone",
		       "gone: without one");
		*entry = proved;
		entry->id.bytes[0] ^= 1;
		expect(&request, &reply, "answers about another account", "gone: another one");
	}
}

/* The same in a look-up, and of the sender of a stream. */
static void test_found_gone(void)
{
	struct frame request = { .type = FRAME_LOOKUP_ID };
	struct frame reply = { .status = STATUS_OK };
	struct stream_item item = { .session = a_ulid(1) };
	struct id id;
	struct entry proved = gone(&id), entry = proved;
	static struct buf question;

	request.lookup_id.ids = view_of(&id, ID_SIZE);
	ALWAYS(protocol_put_entry(&list, &proved), "there is room");
	reply.entries.entries = buf_view(&list);
	expect(&request, &reply, "", "gone, looked up: with a proof");
	entry.middle[0] ^= 1;
	ALWAYS(protocol_put_entry(&list, &entry), "there is room");
	reply.entries.entries = buf_view(&list);
	expect(&request, &reply, "says without a proof that an account is gone",
	       "gone, looked up: without one");

	request = (struct frame){ .type = FRAME_STREAMS };
	item.sender = id;
	buf_init(&question, FRAME_SIZE_MAX);
	ALWAYS(protocol_put_question(&question, &item), "there is room");
	request.streams.streams = buf_view(&question);
	item.entry = proved;
	ALWAYS(protocol_put_answer(&list, &item), "there is room");
	reply.streams.streams = buf_view(&list);
	expect(&request, &reply, "", "gone, a sender: with a proof");
	item.entry = entry;
	ALWAYS(protocol_put_answer(&list, &item), "there is room");
	reply.streams.streams = buf_view(&list);
	expect(&request, &reply, "says without a proof that an account is gone",
	       "gone, a sender: without one");
	item.entry = alive(1, "ann");
	item.entry.id = id;
	ALWAYS(protocol_put_answer(&list, &item), "there is room");
	reply.streams.streams = buf_view(&list);
	expect(&request, &reply, "shows an account whose id does not fit its name",
	       "alive, a sender: under a name that was made up");
	buf_release(&question);
}

static void test_refusals(void)
{
	struct frame request = { .type = FRAME_INTRODUCE };
	struct frame reply = { .status = STATUS_TAKEN };

	request.introduce.id = an_id(1);
	request.introduce.name = view_of_string("ann");
	reply.introduced.entry = alive(2, "ann");
	expect(&request, &reply, "", "taken: by another account of that name");
	reply.introduced.entry.lock[31] ^= 1;
	expect(&request, &reply, "shows an account whose id does not fit its name",
	       "taken: by one that was made up");
	request.type = FRAME_CONFIRM;
	request.confirm.id = an_id(1);
	expect(&request, &reply, "shows an account whose id does not fit its name",
	       "taken, at the end: by one that was made up");
	request = (struct frame){ .type = FRAME_INTRODUCE };
	request.introduce.id = an_id(1);
	request.introduce.name = view_of_string("ann");
	reply.introduced.entry.id = an_id(1);
	expect(&request, &reply, "names a holder of another name", "taken: by itself");
	reply.introduced.entry.id = an_id(2);
	reply.introduced.entry.name = view_of_string("bob");
	expect(&request, &reply, "names a holder of another name", "taken: of another name");

	request = (struct frame){ .type = FRAME_LOGIN };
	reply = (struct frame){ .status = STATUS_TAKEN_OVER };
	request.login.session = a_ulid(2);
	request.login.dial = 2;
	reply.logged_in.session = a_ulid(2);
	reply.logged_in.dial = 2;
	expect(&request, &reply, "", "taken over: by one as large");
	reply.logged_in.dial = 1;
	expect(&request, &reply, "names a smaller session as the larger one",
	       "taken over: by an earlier dial");
	reply.logged_in.session = a_ulid(3);
	expect(&request, &reply, "", "taken over: by a larger session");
	reply.logged_in.session = a_ulid(1);
	expect(&request, &reply, "names a smaller session as the larger one",
	       "taken over: by a smaller session");
	reply = (struct frame){ .status = STATUS_WRONG_PROOF };
	expect(&request, &reply, "", "refused: nothing else is said");
}

/* ---- messages ---- */

static void test_sent(void)
{
	struct frame request = { .type = FRAME_SEND, .send.count = 2 };
	struct frame reply = { 0 };
	const uint8_t results[3 * RESULT_SIZE] = { 0 };

	for (size_t count = 1; count <= 3; count++) {
		reply.sent.results = view_of(results, count * RESULT_SIZE);
		expect(&request, &reply, count == 2 ? "" : "answers for other recipients",
		       "sent: one result for each recipient");
	}
}

static void put_answer(uint8_t n)
{
	struct stream_item item = { .sender = an_id(n),
		                    .entry = { .id = an_id(n), .state = ENTRY_UNKNOWN } };

	ALWAYS(protocol_put_answer(&list, &item), "there is room");
}

static void test_streams(void)
{
	struct frame request = { .type = FRAME_STREAMS };
	struct frame reply = { 0 };
	struct buf questions;

	buf_init(&questions, 4096);
	for (uint8_t n = 1; n <= 2; n++)
		ALWAYS(protocol_put_question(&questions,
		                             &(struct stream_item){ .sender = an_id(n) }),
		       "there is room");
	request.streams.streams = buf_view(&questions);
	reply.streams.streams = buf_view(&list);
	expect(&request, &reply, "answers about no stream", "streams: no answer");
	put_answer(1);
	reply.streams.streams = buf_view(&list);
	expect(&request, &reply, "", "streams: the first of them");
	put_answer(1);
	put_answer(2);
	reply.streams.streams = buf_view(&list);
	expect(&request, &reply, "", "streams: all of them");
	put_answer(2);
	reply.streams.streams = buf_view(&list);
	expect(&request, &reply, "answers about another stream", "streams: the second one alone");
	for (uint8_t n = 1; n <= 3; n++)
		put_answer(n);
	reply.streams.streams = buf_view(&list);
	expect(&request, &reply, "answers about another stream", "streams: one too many");
	buf_release(&questions);
}

static void put_message(uint64_t sent_ms, uint64_t number)
{
	struct message_item item = { .sender = an_id(1),
		                     .session = a_ulid(1),
		                     .number = number,
		                     .sent_ms = sent_ms,
		                     .text = view_of_string("x") };

	ALWAYS(protocol_put_message(&list, &item), "there is room");
}

static void test_pages(void)
{
	static const struct {
		uint64_t first, second; /* times; 0: no such message */
		uint64_t upto;          /* 0: the end */
		bool last;
		const char *phrase, *name;
	} cases[] = {
		{ 6, 7, 7, false, "", "page: up to its last message" },
		{ 6, 7, 9, false, "", "page: beyond it" },
		{ 6, 7, 0, true, "", "page: the last" },
		{ 0, 0, 0, true, "", "page: nothing, and the last" },
		{ 0, 0, 5, false, "shows an empty page that is not the last",
		  "page: stands still" },
		{ 0, 0, 9, false, "shows an empty page that is not the last",
		  "page: nothing, and further" },
		{ 6, 7, 6, false, "shows messages beyond its page", "page: beyond its place" },
		{ 7, 6, 9, false, "shows a mailbox out of order", "page: back in time" },
		{ 6, 6, 9, false, "shows a mailbox out of order", "page: the same twice" },
		{ 5, 6, 9, false, "shows a mailbox out of order", "page: what was asked after" },
		{ 4, 6, 9, true, "shows a mailbox out of order", "page: what was before" },
		{ NUMBER_MAX, 0, 0, true, "", "page: the last time there is" },
	};
	struct frame request = { .type = FRAME_PAGE };

	request.page.after = (struct place){ 5, an_id(1), a_ulid(1), 1 };
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct frame reply = { .paged.last = cases[i].last };

		reply.paged.upto = cases[i].upto == 0 ? place_end()
		                                      : (struct place){ cases[i].upto, an_id(1),
			                                                a_ulid(1), 1 };
		if (cases[i].first > 0)
			put_message(cases[i].first, 1);
		if (cases[i].second > 0)
			put_message(cases[i].second, 1);
		reply.paged.messages = buf_view(&list);
		expect(&request, &reply, cases[i].phrase, cases[i].name);
	}
}

/* ---- lists ---- */

static void digest(struct frame *reply)
{
	uint8_t last = reply->listed.last;
	struct sha256 h;

	sha256_init(&h);
	sha256_update(&h, &last, 1);
	if (list.size > 0)
		sha256_update(&h, list.data, list.size);
	sha256_final(&h, reply->listed.digest);
	reply->listed.entries = buf_view(&list);
}

static void test_lists(void)
{
	static const struct {
		const char *names; /* a letter each */
		bool last;
		uint16_t count;
		const char *phrase, *name;
	} cases[] = {
		{ "de", false, 2, "", "list: as many as were asked for" },
		{ "d", true, 2, "", "list: fewer, and the last" },
		{ "", true, 2, "", "list: nothing, and the last" },
		{ "", false, 2, "lists fewer than it was asked, and says that there are more",
		  "list: nothing, and not the last" },
		{ "d", false, 2, "lists fewer than it was asked, and says that there are more",
		  "list: fewer, and not the last" },
		{ "def", false, 2, "lists more than it was asked", "list: one too many" },
		{ "ed", false, 2, "lists accounts out of order", "list: in another order" },
		{ "dd", false, 2, "lists accounts out of order", "list: the same twice" },
		{ "cd", false, 2, "lists accounts out of order", "list: the one asked after" },
		{ "dE", false, 2, "", "list: in the order of folded names" },
		{ "Ed", false, 2, "lists accounts out of order", "list: not in that of bytes" },
		{ "Ddx", true, 2, "lists more than it was asked", "list: one name in two cases" },
		{ "Dd", true, 2, "", "list: of one name in two cases by id" },
		{ "dD", true, 2, "lists accounts out of order", "list: not by the bytes of it" },
	};
	struct frame request = { .type = FRAME_LIST };

	request.list.count = 2;
	request.list.prefix = view_of_string("U");
	request.list.after_name = view_of_string("uc");
	request.list.after = an_id('c');
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct frame reply = { .listed.last = cases[i].last };

		for (const char *c = cases[i].names; *c != '\0'; c++) {
			char name[2] = { 'u', *c };
			struct list_item item = { an_id((uint8_t)*c), view_of(name, 2) };

			ALWAYS(protocol_put_listed(&list, &item), "there is room");
			reply.listed.count++;
		}
		digest(&reply);
		expect(&request, &reply, cases[i].phrase, cases[i].name);
	}
	struct frame reply = { .listed = { .last = true, .count = 1 } };
	struct list_item item = { an_id(1), view_of_string("x") };

	ALWAYS(protocol_put_listed(&list, &item), "there is room");
	digest(&reply);
	expect(&request, &reply, "lists a name that was not asked for", "list: another prefix");
	item.name = view_of_string("ux");
	ALWAYS(protocol_put_listed(&list, &item), "there is room");
	digest(&reply);
	reply.listed.digest[3] ^= 1;
	expect(&request, &reply, "lists what is not of its digest", "list: another digest");
	reply.flags = FLAG_DIGEST;
	expect(&request, &reply, "lists in another form than it was asked", "list: a digest");
	request.flags = FLAG_DIGEST;
	expect(&request, &reply, "", "list: a digest that was asked for");
}

/* ---- operators ---- */

static struct fact message_fact(uint64_t number)
{
	struct fact fact = { .kind = FACT_MESSAGE };

	fact.message = (struct message){
		{ an_id(1), an_id(2), a_ulid(1) }, number, 1, view_of_string("x"), { 0 }
	};
	return fact;
}

static struct bound bound_at(uint64_t number)
{
	struct fact fact = message_fact(number);

	return bound_of(&fact);
}

static void test_elements(void)
{
	static const struct {
		uint64_t first, second;
		uint64_t reached;
		uint8_t set;
		const char *phrase, *name;
	} cases[] = {
		{ 6, 7, 9, SET_LIVE, "", "elements: all of them" },
		{ 6, 7, 7, SET_ALL, "", "elements: the first of them" },
		{ 0, 0, 9, SET_LIVE, "", "elements: none" },
		{ 0, 0, 7, SET_LIVE, "shows an empty page that is not the last",
		  "elements: none, and not the last" },
		{ 6, 7, 9, SET_GONE, "shows elements of another set", "elements: of another set" },
		{ 7, 6, 9, SET_LIVE, "shows elements out of order", "elements: in another order" },
		{ 5, 6, 9, SET_LIVE, "shows elements out of order", "elements: the one before" },
		{ 6, 7, 6, SET_LIVE, "shows elements that are not of the range",
		  "elements: beyond the page" },
		{ 6, 7, 10, SET_LIVE, "shows elements that are not of the range",
		  "elements: beyond the range" },
		{ 0, 0, 5, SET_LIVE, "shows elements that are not of the range",
		  "elements: stands still" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct frame request = { .type = FRAME_ELEMENTS };
		struct frame reply = { .element_page.reached = bound_at(cases[i].reached) };
		uint64_t numbers[2] = { cases[i].first, cases[i].second };

		request.elements.set = cases[i].set;
		request.elements.after = bound_at(5);
		request.elements.upto = bound_at(9);
		for (size_t k = 0; k < 2; k++) {
			struct fact fact = message_fact(numbers[k]);

			if (numbers[k] > 0)
				ALWAYS(protocol_put_fact(&list, &fact), "there is room");
		}
		reply.element_page.facts = buf_view(&list);
		expect(&request, &reply, cases[i].phrase, cases[i].name);
	}
}

static void test_parts(void)
{
	static const struct {
		uint64_t upto[2];
		uint32_t count[2];
		const char *phrase, *name;
	} cases[] = {
		{ { 7, 9 }, { 3, 3 }, "", "split: as was asked" },
		{ { 7, 9 }, { 3, 1 }, "", "split: fewer in the last part" },
		{ { 7, 9 }, { 3, 4 }, "splits into other parts", "split: more in the last part" },
		{ { 7, 9 }, { 2, 3 }, "splits into other parts", "split: fewer in the first part" },
		{ { 7, 8 }, { 3, 3 }, "splits another range", "split: not to the end" },
		{ { 4, 9 }, { 3, 3 }, "splits another range", "split: before the beginning" },
	};
	struct frame request = { .type = FRAME_SPLIT };
	struct frame reply = { 0 };
	struct bound before;

	request.split.after = bound_at(5);
	request.split.upto = bound_at(9);
	request.split.step = 3;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		before = bound_begin();
		for (size_t k = 0; k < 2; k++) {
			struct split_part part = { bound_at(cases[i].upto[k]),
				                   { .count = cases[i].count[k] } };

			ALWAYS(protocol_put_split(&list, &before, &part), "there is room");
			before = part.upto;
		}
		reply.split_reply.parts = buf_view(&list);
		expect(&request, &reply, cases[i].phrase, cases[i].name);
	}
	struct buf bounds;
	const uint8_t parts[3 * PART_SIZE] = { 0 };

	buf_init(&bounds, 4096);
	before = bound_begin();
	for (uint64_t k = 6; k < 8; k++) {
		struct bound bound = bound_at(k);

		ALWAYS(protocol_put_bound(&bounds, &before, &bound), "there is room");
		before = bound;
	}
	request = (struct frame){ .type = FRAME_DIGEST };
	request.digest.bounds = buf_view(&bounds);
	for (size_t count = 1; count <= 3; count++) {
		reply.digested.parts = view_of(parts, count * PART_SIZE);
		expect(&request, &reply, count == 2 ? "" : "answers about other parts",
		       "digests: one for each part");
	}
	buf_release(&bounds);
}

int main(void)
{
	buf_init(&list, FRAME_SIZE_MAX);
	test_lookups();
	test_gone();
	test_found_gone();
	test_refusals();
	test_sent();
	test_streams();
	test_pages();
	test_lists();
	test_elements();
	test_parts();
	OK(protocol_is_compared(FRAME_PAGE) && !protocol_is_compared(FRAME_PING),
	   "whether there is a rule is known");
	buf_release(&list);
	return tap_done();
}
