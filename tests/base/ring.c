/* SPDX-License-Identifier: MIT
 *
 * base/ring against a counter: what is added in order is dropped in order, through every size.
 */
#include "base/ring.h"
#include "tests/lib/tap.h"

struct item {
	uint64_t number;
	uint8_t more[5];
};

int main(void)
{
	struct ring r = { 0 };
	uint64_t added = 0;
	uint64_t dropped = 0;
	uint64_t wrong = 0;
	uint32_t most = 0;

	/* It grows and shrinks in waves, so that its front stands at every place when it grows. */
	for (uint64_t step = 0; step < 20000; step++) {
		if (r.count == 0 || step * step % 7 < 3 + step / 4000 % 2) {
			struct item *item = ring_add(&r, sizeof *item);

			item->number = added++;
		} else {
			wrong += ((struct item *)ring_at(&r, 0, sizeof(struct item)))->number !=
			         dropped;
			ring_drop(&r);
			dropped++;
		}
		if (r.count > most)
			most = r.count;
		if (r.count > 0) {
			struct item *last = ring_at(&r, r.count - 1, sizeof *last);

			wrong += last->number != added - 1;
		}
	}
	printf("# at most %u items\n", most);
	IS_U64(wrong, 0, "ring: first in, first out, at each step");
	OK(most > 100, "ring: it grew several times");
	IS_U64(r.count, added - dropped, "ring: the count is what was added and not dropped");
	ring_release(&r);
	OK(r.items == NULL && r.count == 0 && r.capacity == 0, "ring: released, it is empty");
	return tap_done();
}
