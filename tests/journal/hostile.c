/* SPDX-License-Identifier: MIT
 *
 * The same inputs each time for the fuzz target tests/fuzz/data.c: a short run of it for `make check`.
 */
#include "tests/fuzz/data.c"
#include "tests/fuzz/steady.h"

int main(void)
{
	fuzz_steadily(2000, 40);
	OK(true, "hostile: a start refuses and changes nothing, or goes on");
	return tap_done();
}
