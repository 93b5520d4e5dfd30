/* SPDX-License-Identifier: MIT
 *
 * The requests of operators at one replica: who may, digests of ranges against a naive model,
 * splitting, pages of elements, facts that are brought, and that none of it holds the loop.
 */
#include "base/sha256.h"
#include "tests/session/fixture.h"

enum { MESSAGES = 2000 };

static const uint8_t nonce[KEY_SIZE] = { 1, 2, 3 };

static struct frame operate_of(struct rig *r, struct peer *peer, const uint8_t key[KEY_SIZE])
{
	struct frame frame = { .type = FRAME_OPERATE };
	struct auth auth = rig_auth(r, peer, NULL, AUTH_OPERATOR);

	memcpy(frame.operate.client_nonce, auth.client_nonce, KEY_SIZE);
	auth_operator(key, false, &auth, frame.operate.proof);
	return frame;
}

static struct peer *open_operator(struct rig *r)
{
	struct session_options options = { .silence_ms = 6000, .has_operator_key = true };

	memset(options.operator_key, 9, KEY_SIZE);
	rig_open_with(r, options);
	struct peer *peer = rig_join(r);
	struct frame reply = rig_ask(r, peer, operate_of(r, peer, options.operator_key));

	ALWAYS(reply.status == STATUS_OK, "rig: the operator is one");
	return peer;
}

static uint64_t state = 88172645463325252;

static uint64_t draw(uint64_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (state >> 16) % n;
}

static struct stream stream_of(uint32_t i)
{
	struct stream stream = { .recipient = { { (uint8_t)(i % 5) } } };

	stream.sender.bytes[3] = (uint8_t)(i % 7);
	stream.session.bytes[0] = 1;
	return stream;
}

/* Straight into both stores, as if it had been there at the start. */
static void put(struct rig *r, const struct fact *fact)
{
	store_apply(r->store, fact, NULL);
	store_apply(r->journal, fact, NULL);
}

static struct fact message_fact(uint32_t i)
{
	return (struct fact){
		.kind = FACT_MESSAGE,
		.message = { .stream = stream_of(i),
		             .number = 1 + i,
		             .sent_ms = 1000 + i,
		             .text = view_of_string("a text") },
	};
}

static void fill(struct rig *r, struct person *people, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		char name[16];

		snprintf(name, sizeof name, "p%u", i);
		people[i] = person_make(name, (uint8_t)(i + 1), CLOCK_MS + i);
		struct fact fact = { .kind = FACT_ACCOUNT, .account = account_of(&people[i]) };

		fact.account.confirmed = i % 2 == 0;
		put(r, &fact);
		if (i % 4 == 3) {
			fact = (struct fact){ .kind = FACT_TOMBSTONE };
			struct account account = account_of(&people[i]);

			auth_tombstone_make(&account, people[i].delete_key, &fact.tombstone);
			put(r, &fact);
		}
	}
	for (uint32_t i = 0; i < MESSAGES; i++) {
		struct fact fact = message_fact(i);

		if (i % 3 == 0)
			fact = (struct fact){ .kind = FACT_BURIAL,
				              .burial = { stream_of(i), { 1 + i, 1 + i } } };
		put(r, &fact);
	}
}

/* What a digest is, by the specification alone: all elements, in order, those of the set. */
static struct digest_part model(const struct store *s, uint8_t set, const struct bound *after,
                                const struct bound *upto)
{
	struct digest_part part = { .count = 0 };
	struct store_key key = { .streams = 0 };
	uint8_t digest[KEY_SIZE];
	struct fact fact;
	struct buf all;

	buf_init(&all, 64 * 1024 * 1024);
	while (store_next(s, &key, &fact)) {
		const struct bound bound = bound_of(&fact);
		bool is_gone = fact.kind == FACT_TOMBSTONE || fact.kind == FACT_BURIAL;

		if (bound_compare(&bound, after) <= 0 || bound_compare(&bound, upto) > 0 ||
		    (is_gone && set == SET_LIVE) || (!is_gone && set == SET_GONE))
			continue;
		protocol_put_fact(&all, &fact);
		part.count++;
	}
	part.size = (uint32_t)all.size;
	hmac_sha256(nonce, KEY_SIZE, all.data == NULL ? (const void *)"" : all.data, all.size,
	            digest);
	memcpy(part.digest, digest, DIGEST_SIZE);
	buf_release(&all);
	return part;
}

static bool part_equal(const struct digest_part *a, const struct digest_part *b)
{
	return a->count == b->count && a->size == b->size &&
	       memcmp(a->digest, b->digest, DIGEST_SIZE) == 0;
}

static void test_who(void)
{
	struct rig r;
	struct peer *peer = open_operator(&r);
	struct peer *other = rig_join(&r);
	const uint8_t types[] = { FRAME_DIGEST, FRAME_SPLIT, FRAME_ELEMENTS, FRAME_STORE };
	uint8_t wrong[KEY_SIZE] = { 1 };
	uint32_t refused = 0;
	uint32_t answered = 0;

	for (size_t i = 0; i < sizeof types; i++) {
		struct frame frame = { .type = types[i] };
		struct bound end = bound_end();
		struct bound begin = bound_begin();
		struct buf b;

		buf_init(&b, 100);
		protocol_put_bound(&b, &begin, &end);
		if (types[i] == FRAME_DIGEST) {
			frame.digest.set = SET_ALL;
			frame.digest.bounds = buf_view(&b);
		} else if (types[i] == FRAME_SPLIT) {
			frame.split.set = SET_ALL;
			frame.split.upto = end;
			frame.split.step = 1;
		} else if (types[i] == FRAME_ELEMENTS) {
			frame.elements.set = SET_ALL;
			frame.elements.upto = end;
		}
		refused += rig_ask(&r, other, frame).status == STATUS_WRONG_PROOF;
		answered += rig_ask(&r, peer, frame).status == STATUS_OK;
		buf_release(&b);
	}
	IS_U64(refused, 4, "only an operator may ask about ranges and bring facts");
	IS_U64(answered, 4, "an operator may, also of an empty store");
	struct frame reply = rig_ask(&r, other, operate_of(&r, other, wrong));

	IS_U64(reply.status, STATUS_WRONG_PROOF, "another key is refused");
	rig_close(&r);
}

/* Bounds at random elements, in order, some of them short. */
static uint32_t draw_bounds(struct bound bounds[PARTS_MAX])
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < MESSAGES && count < PARTS_MAX - 1; i++) {
		const struct fact fact = message_fact(i);
		struct bound bound = bound_of(&fact);
		uint32_t cut = (uint32_t)draw(BOUND_SIZE);
		uint32_t at = 0;

		if (draw(30) != 0)
			continue;
		if (draw(3) == 0)
			memset(bound.bytes + cut, 0xff, BOUND_SIZE - cut);
		while (at < count && bound_compare(&bounds[at], &bound) < 0)
			at++;
		if (at < count && bound_compare(&bounds[at], &bound) == 0)
			continue;
		memmove(&bounds[at + 1], &bounds[at], (count - at) * sizeof bounds[0]);
		bounds[at] = bound;
		count++;
	}
	return count;
}

static void test_digest(void)
{
	struct rig r;
	struct person people[12];
	struct peer *peer = open_operator(&r);
	struct bound bounds[PARTS_MAX];
	uint32_t equal = 0;
	uint32_t asked = 0;
	struct buf b;

	fill(&r, people, 12);
	buf_init(&b, FRAME_SIZE_MAX);
	for (uint32_t round = 0; round < 40; round++) {
		struct frame frame = { .type = FRAME_DIGEST };
		struct bound before = bound_begin();
		uint32_t count = draw_bounds(bounds);
		struct digest_part part;

		buf_clear(&b);
		for (uint32_t i = 1; i < count; i++) {
			protocol_put_bound(&b, &before, &bounds[i]);
			before = bounds[i];
		}
		frame.digest.set = (uint8_t)(1 + draw(3));
		memcpy(frame.digest.nonce, nonce, KEY_SIZE);
		frame.digest.after = bounds[0];
		frame.digest.bounds = buf_view(&b);
		struct frame reply = rig_ask(&r, peer, frame);
		struct reader reader = reader_of(reply.digested.parts);

		for (uint32_t i = 1; i < count; i++) {
			struct digest_part want = model(r.store, frame.digest.set, &bounds[i - 1],
			                                &bounds[i]);

			asked++;
			equal += protocol_next_part(&reader, &part) && part_equal(&part, &want);
		}
	}
	OK(asked > 1000, "many ranges are asked about");
	IS_U64(equal, asked, "a digest is that of the elements between two bounds, of the set");
	buf_release(&b);
	rig_close(&r);
}

static void test_split(void)
{
	struct rig r;
	struct person people[12];
	struct peer *peer = open_operator(&r);
	uint32_t equal = 0;
	uint32_t parts = 0;
	uint32_t even = 0;
	size_t size = 0;

	fill(&r, people, 12);
	for (uint32_t step = 1; step < 20000; step = step * 3 + 1) {
		for (uint8_t set = SET_GONE; set <= SET_ALL; set++) {
			struct frame frame = { .type = FRAME_SPLIT };

			frame.split.set = set;
			memcpy(frame.split.nonce, nonce, KEY_SIZE);
			frame.split.after = bound_begin();
			frame.split.upto = bound_end();
			frame.split.step = step;
			struct frame reply = rig_ask(&r, peer, frame);
			struct reader reader = reader_of(reply.split_reply.parts);
			struct split_part split = { .upto = bound_begin() };
			struct bound before = bound_begin();
			uint32_t count = 0;

			size += reply.split_reply.parts.size;
			while (protocol_next_split(&reader, &split)) {
				struct digest_part want = model(r.store, set, &before, &split.upto);

				equal += part_equal(&split.part, &want);
				even += split.part.count == step || bound_is_end(&split.upto);
				before = split.upto;
				count++;
			}
			ALWAYS(count <= PARTS_MAX, "no more parts than a frame has");
			ALWAYS(bound_is_end(&before), "the last part ends where the range does");
			parts += count;
		}
	}
	IS_U64(equal, parts, "the parts of a split are what a digest of them would be");
	IS_U64(even, parts, "each has as many elements as were asked for, the last one the rest");
	OK(size / parts < PART_SIZE + 12, "a bound costs a few bytes");
	rig_close(&r);
}

static void test_elements(void)
{
	struct rig r;
	struct person people[12];
	struct peer *peer = open_operator(&r);

	fill(&r, people, 12);
	for (uint8_t set = SET_GONE; set <= SET_ALL; set++) {
		struct store *copy = store_new();
		struct bound after = bound_begin();
		uint32_t pages = 0;
		uint32_t ordered = 0;

		while (!bound_is_end(&after)) {
			struct frame frame = { .type = FRAME_ELEMENTS };
			struct bound before = after;
			struct fact fact;

			frame.elements.set = set;
			frame.elements.after = after;
			frame.elements.upto = bound_end();
			frame.elements.bytes = (uint32_t)(1 + draw(10000));
			struct frame reply = rig_ask(&r, peer, frame);
			struct reader reader = reader_of(reply.element_page.facts);

			after = reply.element_page.reached;
			while (protocol_next_fact(&reader, &fact)) {
				const struct bound bound = bound_of(&fact);

				store_apply(copy, &fact, NULL);
				ordered += bound_compare(&before, &bound) < 0 &&
				           bound_compare(&bound, &after) <= 0;
				before = bound;
			}
			pages++;
		}
		struct store_totals totals;
		struct bound begin = bound_begin();
		struct bound end = bound_end();
		struct digest_part want = model(r.store, set, &begin, &end);
		struct digest_part got = model(copy, SET_ALL, &begin, &end);

		store_totals(copy, &totals);
		OK(pages > 3, "the elements come in pages");
		IS_U64(ordered, totals.facts, "in order, each once, none beyond what was reached");
		OK(part_equal(&got, &want), "all of the set and nothing else");
		store_free(copy);
	}
	rig_close(&r);
}

/* How many elements a page of so many bytes has. */
static uint32_t page_count(struct rig *r, struct peer *peer, size_t bytes)
{
	struct frame frame = { .type = FRAME_ELEMENTS };
	struct fact fact;
	uint32_t count = 0;

	frame.elements.set = SET_ALL;
	frame.elements.after = bound_begin();
	frame.elements.upto = bound_end();
	frame.elements.bytes = (uint32_t)bytes;
	struct frame reply = rig_ask(r, peer, frame);
	struct reader reader = reader_of(reply.element_page.facts);

	while (protocol_next_fact(&reader, &fact))
		count++;
	return count;
}

/* One of version 3 has no word for a removal by a stamp. */
static void test_old_operator(void)
{
	struct person alice = person_make("alice", 1, CLOCK_MS);
	const struct account account = account_of(&alice);
	struct fact fact = { .kind = FACT_TOMBSTONE };
	struct frame hello = rig_hello();
	struct rig r;
	struct peer *peer = open_operator(&r);
	struct peer *old = rig_connect(&r);
	uint8_t key[KEY_SIZE];

	memset(key, 9, KEY_SIZE);
	hello.hello.version_max = 3;
	rig_ask(&r, old, hello);
	IS_U64(rig_ask(&r, old, operate_of(&r, old, key)).status, STATUS_OK,
	       "old operator: is one");
	auth_tombstone_remove(&account, GONE_BY_OPERATOR, &fact.tombstone);
	put(&r, &fact);
	fact = message_fact(1);
	put(&r, &fact);
	IS_U64(page_count(&r, peer, PAGE_SIZE_MAX), 2, "old operator: another one sees all");
	IS_U64(page_count(&r, old, PAGE_SIZE_MAX), 1, "old operator: it sees what it knows");
	rig_close(&r);
}

/* A page is as full as it can be: its size is a limit that is reached. */
static void test_page_size(void)
{
	struct rig r;
	struct peer *peer = open_operator(&r);
	struct store_key key = { .streams = 0 };
	struct fact fact;
	size_t size = 0;
	uint32_t count = 0;
	uint32_t full = 0;
	uint32_t one_less = 0;

	for (uint32_t i = 0; i < 100; i++) {
		fact = message_fact(i);
		fact.message.text.size = 1 + i % 5;
		put(&r, &fact);
	}
	while (store_next(r.store, &key, &fact)) {
		size += protocol_fact_size(&fact);
		count++;
		full += page_count(&r, peer, size) == count;
		one_less += page_count(&r, peer, size - 1) == (count == 1 ? 1 : count - 1);
	}
	IS_U64(count, 100, "page: there are many elements");
	IS_U64(full, count, "page: those that fit just so are all there");
	IS_U64(one_less, count, "page: with a byte less the last is not, but one always is");
	rig_close(&r);
}

static struct frame store_of(struct buf *b, const struct fact *facts, size_t count)
{
	struct frame frame = { .type = FRAME_STORE };

	buf_init(b, FRAME_SIZE_MAX);
	for (size_t i = 0; i < count; i++)
		protocol_put_fact(b, &facts[i]);
	frame.store.facts = buf_view(b);
	return frame;
}

static enum status bring(struct rig *r, struct peer *peer, const struct fact *fact)
{
	struct buf b;
	enum status status = rig_ask(r, peer, store_of(&b, fact, 1)).status;

	buf_release(&b);
	return status;
}

static bool journal_is_store(struct rig *r)
{
	struct bound begin = bound_begin();
	struct bound end = bound_end();
	struct digest_part store = model(r->store, SET_ALL, &begin, &end);
	struct digest_part journal = model(r->journal, SET_ALL, &begin, &end);

	return part_equal(&store, &journal);
}

static void test_store(void)
{
	struct rig r;
	struct peer *peer = open_operator(&r);
	struct person alice = person_make("alice", 1, 1);
	struct fact fact = { .kind = FACT_ACCOUNT, .account = account_of(&alice) };
	struct account held;

	fact.account.confirmed = true;
	IS_U64(bring(&r, peer, &fact), STATUS_OK, "an account is stored");
	OK(store_find(r.store, &alice.account.id, &held, NULL) == STORE_ALIVE && held.confirmed,
	   "with its mark, however old it is");
	fact.account.verifier.stored_key[0] ^= 1;
	IS_U64(bring(&r, peer, &fact), STATUS_WRONG_PROOF, "not under an id that is another's");
	fact = (struct fact){ .kind = FACT_TOMBSTONE };
	struct account account = account_of(&alice);

	auth_tombstone_make(&account, alice.delete_key, &fact.tombstone);
	fact.tombstone.delete_key[3] ^= 1;
	IS_U64(bring(&r, peer, &fact), STATUS_WRONG_PROOF, "a tombstone must prove itself");
	OK(store_find(r.store, &alice.account.id, NULL, NULL) == STORE_ALIVE, "or buries nobody");
	auth_tombstone_remove(&account, GONE_BY_OPERATOR, &fact.tombstone);
	fact.tombstone.name = view_of_string("bob");
	IS_U64(bring(&r, peer, &fact), STATUS_WRONG_PROOF, "what is removed has its own name");
	fact.tombstone.name = account.name;
	IS_U64(bring(&r, peer, &fact), STATUS_OK, "an operator removes an account");
	OK(store_find(r.store, &alice.account.id, NULL, NULL) == STORE_DEAD, "which is gone");
	auth_tombstone_make(&account, alice.delete_key, &fact.tombstone);
	IS_U64(bring(&r, peer, &fact), STATUS_OK, "one that does is stored");
	struct tombstone grave;

	OK(store_find(r.store, &alice.account.id, NULL, &grave) == STORE_DEAD &&
	           grave.by == GONE_BY_KEY,
	   "and wins over that");
	fact = message_fact(4);
	IS_U64(bring(&r, peer, &fact), STATUS_OK, "a message is stored");
	IS_U64(bring(&r, peer, &fact), STATUS_OK, "also again");
	fact.message.text = view_of_string("A smaller text");
	IS_U64(bring(&r, peer, &fact), STATUS_OK, "and one with another content joins");
	fact = (struct fact){ .kind = FACT_BURIAL, .burial = { stream_of(4), { 2, 9 } } };
	IS_U64(bring(&r, peer, &fact), STATUS_OK, "a range is stored");
	struct store_totals totals;

	store_totals(r.store, &totals);
	OK(totals.messages == 0 && totals.ranges == 1, "and buries the message");
	OK(journal_is_store(&r), "all of it went to the journal");
	rig_close(&r);
}

/* Of an account that nobody has confirmed. */
static void test_lapses(void)
{
	struct rig r;
	struct peer *peer = open_operator(&r);
	struct person alice = person_make("alice", 1, CLOCK_MS);
	struct fact fact = { .kind = FACT_ACCOUNT, .account = account_of(&alice) };
	struct frame got, message = { .type = FRAME_SEND };
	struct peer *sender = rig_join(&r), *session;
	const struct recipient recipient = { alice.account.id, 1 };
	struct buf b;

	(void)bring(&r, peer, &fact);
	session = rig_login(&r, &alice, 1, false);
	got = login_of(&r, sender, &alice, 2, 1);
	got.flags = FLAG_SENDING;
	IS_U64(rig_ask(&r, sender, got).status, STATUS_OK, "lapses: somebody only sends");
	fact.account.lapsed = true;
	IS_U64(bring(&r, peer, &fact), STATUS_OK, "lapses: the mark is taken");
	OK(rig_next(session, &got) && got.type == FRAME_ERROR && got.status == STATUS_CLOCK,
	   "lapses: the session is closed");
	buf_init(&b, RECIPIENT_SIZE);
	protocol_put_recipient(&b, &recipient);
	message.send.count = 1;
	message.send.recipients = buf_view(&b);
	message.send.text = view_of_string("hi");
	OK(rig_send(&r, sender, &message), "lapses: who only sends tries it once more");
	rig_work(&r);
	OK(rig_next(sender, &got) && got.type == FRAME_ERROR && got.status == STATUS_CLOCK,
	   "lapses: and is closed then");
	struct store_totals totals;

	store_totals(r.store, &totals);
	IS_U64(totals.messages, 0, "lapses: nothing was sent");
	buf_release(&b);
	rig_close(&r);
}

static void test_disk_full(void)
{
	struct rig r;
	struct peer *peer = open_operator(&r);
	struct person alice = person_make("alice", 1, CLOCK_MS);
	struct person bob = person_make("bob", 2, CLOCK_MS);
	struct fact fact = { .kind = FACT_ACCOUNT, .account = account_of(&alice) };
	struct fact held = message_fact(4);

	bring(&r, peer, &fact);
	bring(&r, peer, &held);
	session_disk(r.s, SESSION_DISK_LOW);
	IS_U64(bring(&r, peer, &fact), STATUS_OK, "what is held is no addition");
	fact.account.confirmed = true;
	IS_U64(bring(&r, peer, &fact), STATUS_DISK_FULL, "a full disk refuses a mark");
	fact.account = account_of(&bob);
	IS_U64(bring(&r, peer, &fact), STATUS_DISK_FULL, "and an account");
	fact = message_fact(5);
	IS_U64(bring(&r, peer, &fact), STATUS_DISK_FULL, "and a message");
	fact = (struct fact){ .kind = FACT_BURIAL, .burial = { stream_of(5), { 1, 9 } } };
	IS_U64(bring(&r, peer, &fact), STATUS_DISK_FULL, "and a range of a stream not held");
	fact.burial.stream = stream_of(4);
	IS_U64(bring(&r, peer, &fact), STATUS_OK, "but what is held is buried");
	struct account account = account_of(&alice);

	fact = (struct fact){ .kind = FACT_TOMBSTONE };
	auth_tombstone_make(&account, alice.delete_key, &fact.tombstone);
	IS_U64(bring(&r, peer, &fact), STATUS_OK, "and who is held");
	OK(journal_is_store(&r), "the journal has what was stored");
	rig_close(&r);
}

/* A recipient who is logged in and has read to the end is given what repair brings. */
static void test_push(void)
{
	struct rig r;
	struct peer *peer = open_operator(&r);
	struct person alice = person_make("alice", 1, CLOCK_MS);
	struct frame got;
	struct fact fact = message_fact(1);

	rig_create(&r, peer, &alice);
	struct peer *reader = rig_login(&r, &alice, 1, true);

	fact.message.stream.recipient = alice.account.id;
	bring(&r, peer, &fact);
	OK(rig_next(reader, &got) && got.type == FRAME_PUSH, "a message that is brought is pushed");
	bring(&r, peer, &fact);
	OK(!rig_next(reader, &got), "once");
	struct account account = account_of(&alice);

	fact = (struct fact){ .kind = FACT_TOMBSTONE };
	auth_tombstone_make(&account, alice.delete_key, &fact.tombstone);
	bring(&r, peer, &fact);
	OK(rig_next(reader, &got) && got.type == FRAME_ENDED && got.status == STATUS_GONE,
	   "a tombstone that is brought ends the session");
	rig_close(&r);
}

/* However large the range, a slice is short, others are answered in between, and who leaves does
 * not leave work behind. */
static void test_slices(void)
{
	struct rig r;
	struct person people[12];
	struct peer *peer = open_operator(&r);
	struct peer *other = rig_join(&r);
	struct frame frame = { .type = FRAME_SPLIT };
	struct frame ping = { .type = FRAME_PING };
	uint32_t slices = 0;

	fill(&r, people, 12);
	for (uint32_t i = MESSAGES; i < 20 * MESSAGES; i++) {
		const struct fact fact = message_fact(i);

		put(&r, &fact);
	}
	frame.split.set = SET_ALL;
	frame.split.upto = bound_end();
	frame.split.step = 1000;
	rig_send(&r, peer, &frame);
	OK(session_has_work(r.s), "a large range is not answered at once");
	OK(!session_takes_input(r.s, peer->number), "its asker waits");
	rig_send(&r, other, &ping);
	IS_U64(rig_next_type(other), FRAME_PING | FRAME_REPLY, "others are answered meanwhile");
	while (session_has_work(r.s)) {
		session_work(r.s, r.time);
		rig_settle(&r);
		slices++;
	}
	OK(slices > 30, "it is worked off in slices");
	IS_U64(rig_next_type(peer), FRAME_SPLIT | FRAME_REPLY, "and answered after the last");

	/* Only what is gone, of which there is little: the walk over the rest is sliced too. */
	frame.split.set = SET_GONE;
	rig_send(&r, peer, &frame);
	for (slices = 0; session_has_work(r.s); slices++) {
		session_work(r.s, r.time);
		rig_settle(&r);
	}
	OK(slices > 20, "so is a walk that finds little");
	rig_next_type(peer);

	/* Elements change between slices. */
	rig_send(&r, peer, &frame);
	for (uint32_t i = 0; session_has_work(r.s); i++) {
		struct fact fact = message_fact((uint32_t)draw(20 * MESSAGES));
		const struct fact burial = {
			.kind = FACT_BURIAL,
			.burial = { fact.message.stream,
			            { fact.message.number, fact.message.number + 100 } },
		};

		put(&r, &burial);
		session_work(r.s, r.time);
		rig_settle(&r);
	}
	IS_U64(rig_next_type(peer), FRAME_SPLIT | FRAME_REPLY, "changes meanwhile do no harm");
	rig_send(&r, peer, &frame);
	rig_leave(&r, peer);
	session_work(r.s, r.time);
	rig_settle(&r);
	OK(!session_has_work(r.s), "a question ends with the connection that asked");
	rig_close(&r);
}

/* A STORE of much is sliced, too, and each of its facts is there when it is answered. */
static void test_store_slices(void)
{
	struct rig r;
	struct peer *peer = open_operator(&r);
	struct fact facts[1000];
	struct store_totals totals;
	struct buf b;
	uint32_t slices = 0;

	for (uint32_t i = 0; i < 1000; i++)
		facts[i] = message_fact(i);
	struct frame frame = store_of(&b, facts, 1000);

	rig_send(&r, peer, &frame);
	for (; session_has_work(r.s); slices++) {
		session_work(r.s, r.time);
		rig_settle(&r);
	}
	OK(slices >= 1, "many facts are stored in slices");
	IS_U64(rig_next_type(peer), FRAME_STORE | FRAME_REPLY, "and answered after the last");
	store_totals(r.store, &totals);
	IS_U64(totals.messages, 1000, "all of them are there");
	/* One burial frees them all, in slices; the answer comes when they are freed. */
	for (uint32_t i = 0; i < 1000; i++)
		facts[i] = (struct fact){ .kind = FACT_BURIAL,
			                  .burial = { stream_of(i), { 1, 5000 } } };
	buf_release(&b);
	frame = store_of(&b, facts, 35);
	struct frame reply = rig_ask(&r, peer, frame);

	IS_U64(reply.status, STATUS_OK, "burials are stored");
	store_totals(r.store, &totals);
	IS_U64(totals.messages, 0, "and free what they bury");
	OK(journal_is_store(&r), "the journal has all of it");
	buf_release(&b);
	rig_close(&r);
}

static void tell(struct rig *r, uint32_t number, const char *text)
{
	session_tell(r->s, number, view_of_string(text));
	rig_settle(r);
}

/* The caller answers; until then the next request waits, and its answer comes behind. */
static void test_figures(void)
{
	struct rig r;
	struct peer *peer = open_operator(&r);
	struct peer *stranger = rig_join(&r);
	struct frame frame = { .type = FRAME_FIGURES };
	struct frame ping = { .type = FRAME_PING };
	struct frame reply;

	IS_U64(rig_ask(&r, stranger, frame).status, STATUS_WRONG_PROOF,
	       "figures: only for an operator");
	IS_U64(stranger->asked, 0, "figures: the caller is not asked for others");
	OK(rig_send(&r, peer, &frame), "figures: asked for");
	IS_U64(peer->asked, 1, "figures: the caller is asked");
	OK(!session_takes_input(r.s, peer->number), "figures: until it answers, nothing is taken");
	OK(!rig_next(peer, &reply), "figures: and nothing is answered");
	tell(&r, stranger->number, "uptime_ms 1\n");
	OK(!rig_next(stranger, &reply), "figures: who has not asked is told nothing");
	tell(&r, peer->number, "uptime_ms 5\n");
	OK(rig_next(peer, &reply) && reply.type == (FRAME_FIGURES | FRAME_REPLY) &&
	           view_equal(reply.figures.text, view_of_string("uptime_ms 5\n")),
	   "figures: what the caller tells is the answer");
	tell(&r, peer->number, "uptime_ms 6\n");
	OK(!rig_next(peer, &reply), "figures: one answer to one question");
	IS_U64(rig_ask(&r, peer, ping).status, STATUS_OK, "figures: the connection goes on");
	OK(rig_send(&r, peer, &frame), "figures: asked for again");
	session_unread(r.s, peer->number, r.time);
	rig_act(&r);
	OK(peer->is_closed, "figures: the connection is closed meanwhile");
	tell(&r, peer->number, "uptime_ms 7\n");
	IS_U64(rig_next_type(peer), FRAME_ERROR, "figures: then there is no answer but the reason");
	OK(!rig_next(peer, &reply), "figures: and nothing behind it");
	rig_close(&r);
}

static void test_counts(void)
{
	struct rig r;
	struct peer *peer = open_operator(&r);
	struct frame figures = { .type = FRAME_FIGURES };
	struct session_counts counts;

	(void)rig_ask(&r, rig_join(&r), figures);
	(void)rig_ask(&r, peer, (struct frame){ .type = FRAME_PING });
	session_counts(r.s, &counts);
	IS_U64(counts.replies[FRAME_HELLO][STATUS_OK], 2, "counts: greetings");
	IS_U64(counts.replies[FRAME_OPERATE][STATUS_OK], 1, "counts: proofs");
	IS_U64(counts.replies[FRAME_PING][STATUS_OK], 1, "counts: pings");
	IS_U64(counts.replies[FRAME_FIGURES][STATUS_WRONG_PROOF], 1, "counts: refusals");
	rig_close(&r);
}

static void test_notes(void)
{
	struct rig r;
	struct peer *peer = open_operator(&r);
	const uint8_t other[KEY_SIZE] = { 8 };
	struct person alice = person_make("alice", 1, CLOCK_MS);

	IS_U64(r.notes[SESSION_OPERATOR], 1, "notes: an operator");
	(void)rig_ask(&r, peer, operate_of(&r, peer, other));
	IS_U64(r.notes[SESSION_WRONG_KEY], 1, "notes: a wrong key");
	IS_STRING(r.noted, "", "notes: which is nobody's");
	peer = rig_join(&r);
	(void)rig_ask(&r, peer, introduction(&r, peer, &alice, FRAME_INTRODUCE));
	struct frame frame = login_of(&r, peer, &alice, 5, 1);
	uint8_t right = frame.login.proof[0];

	frame.login.proof[0] ^= 1;
	(void)rig_ask(&r, peer, frame);
	IS_U64(r.notes[SESSION_WRONG_PASSWORD], 1, "notes: a wrong password");
	IS_STRING(r.noted, "alice", "notes: for whom");
	IS_U64(r.notes[SESSION_LOGGED_IN], 0, "notes: nobody is logged in by it");
	frame.login.proof[0] = right;
	(void)rig_ask(&r, peer, frame);
	(void)rig_ask(&r, peer, frame);
	IS_U64(r.notes[SESSION_LOGGED_IN], 1, "notes: a log-in, once, however often it is asked");
	rig_close(&r);
}

int main(void)
{
	test_notes();
	test_figures();
	test_counts();
	test_who();
	test_digest();
	test_split();
	test_elements();
	test_old_operator();
	test_page_size();
	test_store();
	test_lapses();
	test_disk_full();
	test_push();
	test_slices();
	test_store_slices();
	return tap_done();
}
