/* SPDX-License-Identifier: MIT
 *
 * The same inputs each time for the fuzz target tests/fuzz/client.c: a short run of it for `make check`.
 */
#include "tests/fuzz/client.c"
#include "tests/fuzz/steady.h"

int main(void)
{
	fuzz_steadily(600, 400);
	OK(true, "hostile: whatever replicas say, a client goes on, and honest ones are heard");
	return tap_done();
}
