/* SPDX-License-Identifier: MIT
 *
 * reference: prints docs/json.md (`make docs`).
 */
#include "chat/reference.h"

#include <stdio.h>

int main(void)
{
	struct buf text;
	bool is_written;

	buf_init(&text, REFERENCE_SIZE_MAX);
	reference_put(&text);
	is_written = fwrite(text.data, 1, text.size, stdout) == text.size && fflush(stdout) == 0;
	buf_release(&text);
	return is_written ? 0 : 1;
}
