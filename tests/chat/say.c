/* SPDX-License-Identifier: MIT
 *
 * chat/say: numbers and the ids of messages, written and read again.
 */
#include "chat/say.h"

#include "fact/fact.h"
#include "tests/lib/tap.h"

#include <inttypes.h>

static const uint64_t numbers[] = { 0, 1, 9, 10, 99, 100, 1234567890, NUMBER_MAX, UINT64_MAX };

static void test_numbers(void)
{
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		char want[32];
		struct buf to;

		buf_init(&to, sizeof want);
		(void)snprintf(want, sizeof want, "%" PRIu64, numbers[i]);
		say_number(&to, numbers[i]);
		OK(view_equal(buf_view(&to), view_of_string(want)), want);
		buf_release(&to);
	}
}

static void test_ids(void)
{
	const struct ulid session = { "abcdefghijklmno" };

	for (size_t i = 1; i < sizeof numbers / sizeof *numbers; i++) {
		char text[SAY_ID_SIZE];
		struct ulid read = { { 0 } };
		uint64_t number = 0;
		bool is_one;

		say_id(&session, numbers[i], text);
		is_one = say_id_read(view_of_string(text), &read, &number);
		if (numbers[i] > NUMBER_MAX)
			OK(!is_one, "id: no message has so large a number");
		else
			OK(is_one && ulid_equal(&read, &session) && number == numbers[i], text);
	}
}

int main(void)
{
	test_numbers();
	test_ids();
	return tap_done();
}
