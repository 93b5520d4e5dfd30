/* SPDX-License-Identifier: MIT
 *
 * seeds: what the fuzzers begin with. One file for each frame of the samples that the protocol's
 * test has, as the decoder's target and the server's want it; and one for each fact of them, as a
 * line of the journal. So whatever has a sample is a seed, and none is out of date.
 *
 *   seeds DIR     writes DIR/protocol/, DIR/session/ and DIR/lines/, which are there
 */
#include "tests/protocol/samples.h"

#include "journal/line.h"

static const char *seeds_dir;

static void write_seed(const char *target, const char *what, size_t number, struct view bytes)
{
	char path[4096];
	FILE *f;

	(void)snprintf(path, sizeof path, "%s/%s/%s-%03zu", seeds_dir, target, what, number);
	f = fopen(path, "wb");
	if (f == NULL || fwrite(bytes.data, 1, bytes.size, f) != bytes.size || fclose(f) != 0) {
		perror(path);
		exit(1);
	}
}

/* A request, to a connection that is logged in and to one that is not (tests/fuzz/session.c). */
static void write_request(size_t number, struct view body)
{
	for (uint16_t peer = 0; peer < 2 && body.size < 0x8000; peer++) {
		struct buf b;

		buf_init(&b, FRAME_SIZE_MAX);
		hand(buf_put_u16(&b, (uint16_t)(peer << 15 | body.size)));
		hand(buf_put(&b, body.data, body.size));
		write_seed("session", peer == 0 ? "in" : "out", number, buf_view(&b));
		buf_release(&b);
	}
}

static void write_line(size_t number, const char *what, const struct fact *fact)
{
	struct buf b;

	buf_init(&b, 1 << 24);
	journal_line_put_fact(&b, fact, fact->kind == FACT_MESSAGE ? 1 : 0, NULL);
	hand(buf_put_u8(&b, '}'));
	write_seed("lines", what, number, buf_view(&b));
	buf_release(&b);
}

static void write_lines(struct view facts)
{
	struct reader reader = reader_of(facts);
	struct fact fact;

	for (size_t n = 0; protocol_next_fact(&reader, &fact); n++) {
		write_line(n, "fact", &fact);
		if (fact.kind != FACT_ACCOUNT)
			continue;
		fact.account.confirmed = false;
		fact.account.lapsed = true;
		write_line(n, "lapsed", &fact);
	}
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		(void)fprintf(stderr, "seeds DIR\n");
		return 2;
	}
	seeds_dir = argv[1];
	auth_setting_make((const uint8_t[16]){ 1 }, setting_text);
	samples_make();
	for (size_t i = 0; i < sample_count; i++) {
		const struct sample *s = &samples[i];
		struct view body = view_of(s->bytes.data + 4, s->bytes.size - 4);

		write_seed("protocol", "frame", i, body);
		if (s->frame.type < FRAME_TYPE_REQUEST_END)
			write_request(i, body);
	}
	write_lines(sample_of(FRAME_STORE, 0, STATUS_OK)->frame.store.facts);
	return 0;
}
