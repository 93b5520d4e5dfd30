/* SPDX-License-Identifier: MIT
 *
 * Frames of earlier versions of the protocol that are still spoken: what an older peer sends is
 * read, and what it reads is sent.
 *
 * tests/protocol/version-3 has the frames of version 3 as the first release that speaks it sends
 * them, a line each: its name, and all bytes in hex; version-4 those of version 4. Nothing in them
 * changes any more. A later field stands behind those of today, under a flag or where it can be
 * missing; a later sample, and a later item of a list, behind those that are there. `frames
 * --print` prints such a file of today's samples, for the next version.
 */
#include "tests/protocol/check.h"
#include "tests/protocol/samples.h"
#include "tests/lib/tap.h"

enum { LINE_MAX = 8192, TYPES = UINT8_MAX + 1 };

static int print(void)
{
	for (size_t i = 0; i < sample_count; i++) {
		const struct frame *frame = &samples[i].frame;
		struct view bytes = buf_view(&samples[i].bytes);

		printf("%s ", protocol_row(frame->type)->name);
		for (size_t offset = 0; offset < bytes.size; offset++)
			printf("%02x", bytes.data[offset]);
		printf("\n");
	}
	return 0;
}

/* A test's own file has no others. */
static uint8_t digit(char c)
{
	const char *digits = "0123456789abcdef";
	const char *found = strchr(digits, c);

	if (found == NULL || c == '\0')
		abort();
	return (uint8_t)(found - digits);
}

/* The bytes of a line, without its newline; false at the end of the file. */
static bool next_line(FILE *file, char *name, uint8_t *bytes, size_t *size)
{
	char line[LINE_MAX];
	char hex[LINE_MAX];

	if (fgets(line, sizeof line, file) == NULL)
		return false;
	if (sscanf(line, "%63s %8191s", name, hex) != 2 || strchr(line, '\n') == NULL)
		abort();
	*size = strlen(hex) / 2;
	for (size_t i = 0; i < *size; i++)
		bytes[i] = (uint8_t)(digit(hex[2 * i]) << 4 | digit(hex[2 * i + 1]));
	return true;
}

/* Whether one of today's samples is that frame, or has more behind its payload. So fields that
 * changed their places are seen, which decoder and encoder would agree on. */
static bool is_begun_by(struct view old)
{
	for (size_t i = 0; i < sample_count; i++) {
		struct view now = buf_view(&samples[i].bytes);

		if (now.size >= old.size && now.data[4] == old.data[4] &&
		    memcmp(now.data + 6, old.data + 6, old.size - 6) == 0)
			return true;
	}
	return false;
}

/* `last` is the last kind of request of that version. */
static void test_version(const char *path, uint8_t last)
{
	FILE *file = fopen(path, "r");
	bool has_type[TYPES] = { false };
	uint8_t bytes[LINE_MAX];
	char name[64];
	size_t size;
	size_t count = 0;
	size_t wrong = 0;

	OK(file != NULL, "frames: the file of the version is there");
	if (file == NULL)
		return;
	for (; next_line(file, name, bytes, &size); count++) {
		const struct protocol_row *row = protocol_row(bytes[4]);
		bool is_known = row != NULL && strcmp(row->name, name) == 0;
		bool is_read = is_known && check_bytes(bytes, size);
		bool is_same = is_begun_by(view_of(bytes, size));

		has_type[bytes[4]] = true;
		if (is_known && is_read && is_same)
			continue;
		wrong++;
		printf("# line %zu, %s: %s\n", count + 1, name,
		       !is_known  ? "the type has another name"
		       : !is_read ? "it is refused now"
		                  : "its fields stand elsewhere now, or its sample is gone");
	}
	(void)fclose(file);
	OK(count > 100, "frames: there are many");
	IS_U64(wrong, 0, "frames: each is read, encodes to the same bytes, and means the same");
	for (uint8_t type = FRAME_HELLO; type <= last; type++)
		ALWAYS(has_type[type] && has_type[type | FRAME_REPLY],
		       "frames: of each request, and of its reply, there is one");
	for (uint8_t type = FRAME_PUSH; type <= FRAME_ERROR; type++)
		ALWAYS(has_type[type], "frames: and of each push");
}

int main(int argc, char **argv)
{
	const uint8_t salt[16] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };

	auth_setting_make(salt, setting_text);
	samples_make();
	if (argc == 2 && strcmp(argv[1], "--print") == 0)
		return print();
	test_version("tests/protocol/version-3", FRAME_FIGURES);
	test_version("tests/protocol/version-4", FRAME_REMOVE);
	OK(PROTOCOL_VERSION_MIN <= 3, "frames: version 3 is still spoken");
	OK(PROTOCOL_VERSION_MAX >= 4, "frames: so is version 4");
	for (size_t i = 0; i < sample_count; i++) {
		buf_release(&samples[i].bytes);
		buf_release(&samples[i].lists);
	}
	return tap_done();
}
