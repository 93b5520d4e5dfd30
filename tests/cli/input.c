/* SPDX-License-Identifier: MIT
 *
 * Lines from a pipe and from a file: cut at every place, with and without a last newline, too
 * long ones; and that nothing is read that nobody wants.
 */
#include "tests/lib/tap.h"

#include "chat/command.h"
#include "cli/input.h"

#include <fcntl.h>
#include <unistd.h>

static struct loop *loop;
static struct cli_input input;
static int writer = -1;

static void open_pipe(void)
{
	int ends[2];

	ALWAYS(pipe2(ends, O_CLOEXEC) == 0, "a pipe");
	writer = ends[1];
	input_init(&input, loop, ends[0]);
}

static void close_input(void)
{
	int fd = input.source.fd;

	input_release(&input);
	(void)close(fd);
	if (writer >= 0)
		(void)close(writer);
	writer = -1;
}

static void feed(const void *bytes, size_t size)
{
	ssize_t count = write(writer, bytes, size);

	assert(count == (ssize_t)size);
	(void)count;
}

/* The next line, or "" if there is none yet; what it needs is read. */
static const char *next_line(void)
{
	static char text[256];
	struct view line;
	bool was_cut;

	for (int turn = 0; turn < 3; turn++) {
		if (input_line(&input, &line, &was_cut)) {
			assert(line.size < sizeof text);
			memcpy(text, line.data, line.size);
			text[line.size] = 0;
			return text;
		}
		input_want(&input, true);
		loop_turn(loop, 0);
	}
	return "";
}

static void test_pieces(void)
{
	static const char story[] = "one\ntwo words\n\nfour\n";
	bool right = true;

	for (size_t cut = 0; cut < sizeof story; cut++) {
		size_t front = cut < sizeof story - 1 ? cut : sizeof story - 1;
		char got[64] = "";

		open_pipe();
		if (front > 0)
			feed(story, front);
		for (int i = 0; i < 4; i++) {
			const char *line = next_line();

			if (line[0] == 0 && i * 5 > (int)front)
				break;
			(void)strcat(strcat(got, line), line[0] == 0 ? "" : ";");
		}
		feed(story + front, sizeof story - 1 - front);
		for (int i = 0; i < 4; i++) {
			const char *line = next_line();

			(void)strcat(strcat(got, line), line[0] == 0 ? "" : ";");
		}
		right = right && strcmp(got, "one;two words;four;") == 0;
		close_input();
	}
	OK(right, "lines come whole, wherever the pipe was cut");
}

static void test_end(void)
{
	open_pipe();
	feed("last", 4);
	IS_STRING(next_line(), "", "half a line is none");
	OK(!input_has_ended(&input), "and not the end");
	(void)close(writer);
	writer = -1;
	IS_STRING(next_line(), "last", "at the end it is one");
	IS_STRING(next_line(), "", "and the last");
	OK(input_has_ended(&input), "then the input has ended");
	close_input();

	input_init(&input, loop, -1);
	OK(input_has_ended(&input), "no descriptor has ended at once");
	input_release(&input);
}

static void test_unwanted(void)
{
	struct view line;
	bool was_cut;
	char left[8];
	int fd;

	open_pipe();
	feed("one\n", 4);
	(void)close(writer);
	writer = -1;
	fd = input.source.fd;
	for (int turn = 0; turn < 3; turn++)
		loop_turn(loop, 0);
	OK(!input_line(&input, &line, &was_cut), "what nobody wants is not read");
	OK(!loop_was_busy(loop), "and keeps no loop busy, though the pipe has ended");
	IS_U64(read(fd, left, sizeof left), 4, "it waits in the pipe");
	close_input();
}

static void test_long(void)
{
	char name[] = "/tmp/threefold.input.XXXXXX";
	const char *folder = getenv("TMPDIR");
	size_t sizes[3] = { COMMAND_LINE_SIZE_MAX, COMMAND_LINE_SIZE_MAX + 1, 3000000 };
	char *bytes = memory_alloc(3000001);
	char path[300];
	int fd;

	(void)snprintf(path, sizeof path, "%s%s", folder == NULL ? "" : folder,
	               folder == NULL ? name : name + 4);
	fd = mkstemp(path);
	assert(fd >= 0);
	(void)unlink(path);
	memset(bytes, 'x', 3000000);
	bytes[3000000] = '\n';
	for (int i = 0; i < 3; i++) {
		ssize_t count = write(fd, bytes + 3000000 - sizes[i], sizes[i] + 1);

		assert(count == (ssize_t)sizes[i] + 1);
		(void)count;
	}
	(void)lseek(fd, 0, SEEK_SET);
	input_init(&input, loop, fd);
	for (int i = 0; i < 3; i++) {
		struct view line = { 0 };
		bool was_cut = false;

		while (!input_line(&input, &line, &was_cut) && !input_has_ended(&input)) {
			input_want(&input, true);
			loop_turn(loop, 0);
		}
		IS_U64(line.size, COMMAND_LINE_SIZE_MAX, "a line has at most so many bytes");
		OK(was_cut == (i > 0), "one that had more is marked");
	}
	for (int i = 0; i < 30; i++)
		IS_STRING(next_line(), "", "the rest of it is no line");
	OK(input_has_ended(&input), "a file ends, too");
	memory_free(bytes);
	close_input();
}

/* What editors and other systems add to lines. */
static void test_marks(void)
{
	open_pipe();
	feed("\xef\xbb", 2);
	IS_STRING(next_line(), "", "half a byte order mark is no line");
	feed("\xbf/login a\r\nb\rc\n\r\n\xef\xbb\xbf"
	     "d\n",
	     22);
	IS_STRING(next_line(), "/login a", "a byte order mark is skipped, CR LF ends a line");
	IS_STRING(next_line(), "b\rc", "a CR within a line is kept");
	IS_STRING(next_line(), "", "a CR alone is an empty line");
	IS_STRING(next_line(),
	          "\xef\xbb\xbf"
	          "d",
	          "a mark elsewhere is kept");
	close_input();

	open_pipe();
	feed("a\n", 2);
	IS_STRING(next_line(), "a", "a short line waits for nothing");
	feed("\xef\xbb\xbf"
	     "b\n",
	     5);
	IS_STRING(next_line(),
	          "\xef\xbb\xbf"
	          "b",
	          "the next one is not the first");
	close_input();

	for (int i = 0; i < 4; i++) {
		static const char *const texts[] = { "\xff\xfe/\0q\0", "\xfe\xff\0/\0q",
			                             "/\0q\0l\0", "\0/\0q\0l" };

		open_pipe();
		feed(texts[i], 6);
		IS_STRING(next_line(), "", "UTF-16 has no line");
		OK(input.is_wide && input.error != 0 && input_has_ended(&input),
		   "it cannot be read");
		close_input();
	}
}

int main(void)
{
	loop = loop_new();
	test_pieces();
	test_end();
	test_unwanted();
	test_long();
	test_marks();
	loop_free(loop);
	return tap_done();
}
