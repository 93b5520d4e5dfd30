/* SPDX-License-Identifier: MIT
 *
 * Names and files are separate, as in a file system. There are two tables of names, the cache's and
 * the disk's, and a name may lead to another file in each. A change of the cache's table is also
 * kept in a list; a power cut loses some or all changes of the list, and sync_names makes the
 * disk's table equal to the cache's. A file is freed only when no table, list or handle leads to
 * it.
 */
#include "tests/simulate/simdisk.h"

#include <errno.h>
#include <stdlib.h>

enum {
	PAGE_SIZE = 4096,
	SECTOR_SIZE = 512,
	NAME_MAX_SIZE = 64,
	HANDLES_MAX = 64,
	CLEAN = 0, /* of a page: as on the disk, or marked so by a failed sync */
	DIRTY = 1,
};

struct bytes {
	uint8_t *data;
	size_t size;
	size_t capacity;
};

struct file {
	struct bytes cache;
	struct bytes disk;
	uint8_t *pages; /* CLEAN or DIRTY, of the cache's capacity */
	size_t page_count;
	bool size_dirty;
	unsigned uses; /* entries, changes and handles that lead here */
};

struct entry {
	char name[NAME_MAX_SIZE];
	struct file *file;
};

struct table {
	struct entry *entries; /* by name */
	size_t count;
};

/* A change of names that is not on the disk: `to` leads to `file` (NULL: to none), and `from` to
 * none. */
struct change {
	char from[NAME_MAX_SIZE]; /* empty: no second name */
	char to[NAME_MAX_SIZE];
	struct file *file;
};

struct handle {
	struct file *file;
	bool writes;
};

struct simdisk {
	struct disk disk; /* first, as disk.h wants it */
	uint64_t random;
	uint64_t limit;
	struct table names; /* in the cache */
	struct table disk_names;
	struct change *changes;
	size_t change_count;
	struct handle handles[HANDLES_MAX];
	uint64_t counts[12];
	unsigned fail_kinds;
	uint64_t fail_in;
	int fail_error;
	bool fail_ever;
	uint64_t stop_in;
	bool stopped;
	const struct file *spoiled; /* of which this sector cannot be read */
	uint64_t spoiled_at;
};

struct simdisk_image {
	struct table names;
};

/* ---- chance ---- */

/* splitmix64: tiny, and the same everywhere. */
static uint64_t random_next(struct simdisk *s)
{
	uint64_t z = (s->random += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static uint64_t random_below(struct simdisk *s, uint64_t limit)
{
	assert(limit > 0);
	return random_next(s) % limit;
}

/* ---- bytes and files ---- */

static void bytes_resize(struct bytes *b, size_t size)
{
	if (size > b->capacity) {
		size_t capacity = (size + size / 2 + PAGE_SIZE - 1) / PAGE_SIZE * PAGE_SIZE;

		b->data = memory_resize(b->data, capacity);
		b->capacity = capacity;
	}
	if (size > b->size)
		memset(b->data + b->size, 0, size - b->size);
	b->size = size;
}

static void bytes_copy(struct bytes *to, const struct bytes *from)
{
	bytes_resize(to, from->size);
	if (from->size > 0)
		memcpy(to->data, from->data, from->size);
}

static struct file *file_new(void)
{
	return memory_alloc_zero(1, sizeof(struct file));
}

static void file_use(struct file *f)
{
	if (f != NULL)
		f->uses++;
}

static void file_drop(struct file *f)
{
	if (f == NULL || --f->uses > 0)
		return;
	memory_free(f->cache.data);
	memory_free(f->disk.data);
	memory_free(f->pages);
	memory_free(f);
}

static void file_mark(struct file *f, size_t begin, size_t end)
{
	size_t need = (end + PAGE_SIZE - 1) / PAGE_SIZE;

	if (need > f->page_count) {
		f->pages = memory_resize(f->pages, need);
		memset(f->pages + f->page_count, CLEAN, need - f->page_count);
		f->page_count = need;
	}
	for (size_t page = begin / PAGE_SIZE; page < need; page++)
		f->pages[page] = DIRTY;
}

/* Grows or shrinks the cache. What is cut and given back reads as zeros, so those pages differ too.
 *  */
static void file_resize(struct file *f, size_t size)
{
	size_t low = size < f->cache.size ? size : f->cache.size;
	size_t high = size < f->cache.size ? f->cache.size : size;

	if (low == high)
		return;
	f->size_dirty = true;
	bytes_resize(&f->cache, size);
	file_mark(f, low, high);
}

static void file_sync(struct file *f)
{
	size_t size = f->cache.size;

	bytes_resize(&f->disk, size);
	for (size_t page = 0; page * PAGE_SIZE < size; page++) {
		size_t at = page * PAGE_SIZE;
		size_t count = size - at < PAGE_SIZE ? size - at : PAGE_SIZE;

		if (page < f->page_count && f->pages[page] == DIRTY)
			memcpy(f->disk.data + at, f->cache.data + at, count);
	}
	if (f->page_count > 0)
		memset(f->pages, CLEAN, f->page_count);
	f->size_dirty = false;
}

/* Linux after a failed sync: clean, though they are not on the disk. The size stays to be written.
 *  */
static void file_sync_fails(struct file *f)
{
	if (f->page_count > 0)
		memset(f->pages, CLEAN, f->page_count);
}

/* ---- tables of names ---- */

static size_t table_place(const struct table *t, const char *name)
{
	size_t at = 0;

	while (at < t->count && strcmp(t->entries[at].name, name) < 0)
		at++;
	return at;
}

static struct file *table_find(const struct table *t, const char *name)
{
	size_t at = table_place(t, name);

	return at < t->count && strcmp(t->entries[at].name, name) == 0 ? t->entries[at].file : NULL;
}

/* Makes a name lead to a file; NULL removes the name. */
static void table_set(struct table *t, const char *name, struct file *file)
{
	size_t at = table_place(t, name);
	bool is_there = at < t->count && strcmp(t->entries[at].name, name) == 0;

	assert(strlen(name) < NAME_MAX_SIZE);
	file_use(file);
	if (is_there)
		file_drop(t->entries[at].file);
	if (is_there && file != NULL) {
		t->entries[at].file = file;
	} else if (is_there) {
		t->count--;
		memmove(t->entries + at, t->entries + at + 1,
		        (t->count - at) * sizeof(struct entry));
	} else if (file != NULL) {
		t->entries = memory_resize(t->entries, (t->count + 1) * sizeof(struct entry));
		memmove(t->entries + at + 1, t->entries + at,
		        (t->count - at) * sizeof(struct entry));
		memcpy(t->entries[at].name, name, strlen(name) + 1);
		t->entries[at].file = file;
		t->count++;
	}
}

static void table_clear(struct table *t)
{
	for (size_t i = 0; i < t->count; i++)
		file_drop(t->entries[i].file);
	memory_free(t->entries);
	*t = (struct table){ 0 };
}

static void table_copy(struct table *to, const struct table *from)
{
	table_clear(to);
	for (size_t i = 0; i < from->count; i++)
		table_set(to, from->entries[i].name, from->entries[i].file);
}

static void change_apply(struct table *t, const struct change *c)
{
	if (c->from[0] != '\0')
		table_set(t, c->from, NULL);
	table_set(t, c->to, c->file);
}

static void change_add(struct simdisk *s, const char *from, const char *to, struct file *file)
{
	struct change c = { .file = file };

	assert(strlen(from) < NAME_MAX_SIZE && strlen(to) < NAME_MAX_SIZE);
	memcpy(c.from, from, strlen(from) + 1);
	memcpy(c.to, to, strlen(to) + 1);
	s->changes = memory_resize(s->changes, (s->change_count + 1) * sizeof c);
	s->changes[s->change_count++] = c;
	file_use(file);
	change_apply(&s->names, &c);
}

static void changes_clear(struct simdisk *s)
{
	for (size_t i = 0; i < s->change_count; i++)
		file_drop(s->changes[i].file);
	memory_free(s->changes);
	s->changes = NULL;
	s->change_count = 0;
}

/* ---- what every operation goes through ---- */

static struct simdisk *simdisk_of(struct disk *d)
{
	return (struct simdisk *)d;
}

static unsigned kind_index(unsigned kind)
{
	unsigned i = 0;

	while (kind >> i != 1)
		i++;
	assert(i < 12);
	return i;
}

static bool fails_now(struct simdisk *s, unsigned kind)
{
	if ((s->fail_kinds & kind) == 0 || s->fail_in == 0)
		return false;
	if (s->fail_in > 1) {
		s->fail_in--;
		return false;
	}
	if (!s->fail_ever)
		s->fail_in = 0;
	return true;
}

/* 0: go on. -EIO: the power is off. Else the error asked for. In the operation of the cut itself
 * *half says that it takes effect all the same, though nobody hears of it. */
static int begin(struct simdisk *s, unsigned kind, bool *half)
{
	*half = false;
	if (s->stopped)
		return -EIO;
	s->counts[kind_index(kind)]++;
	if ((kind & SIMDISK_CHANGES) != 0 && s->stop_in > 0 && --s->stop_in == 0) {
		s->stopped = true;
		*half = random_below(s, 2) == 0;
		return -EIO;
	}
	return fails_now(s, kind) ? -s->fail_error : 0;
}

static struct file *file_of(struct simdisk *s, int handle)
{
	assert(handle >= 0);
	assert(handle < HANDLES_MAX);
	assert(s->handles[handle].file != NULL);
	return s->handles[handle].file;
}

static bool fits(const struct simdisk *s, const struct file *f, uint64_t size)
{
	uint64_t used = simdisk_used(s);

	return size <= f->cache.size ||
	       (used <= s->limit && size - f->cache.size <= s->limit - used);
}

/* ---- operations ---- */

static int sim_open(struct disk *d, const char *name, enum disk_open how)
{
	struct simdisk *s = simdisk_of(d);
	struct file *f = table_find(&s->names, name);
	bool creates = how == DISK_CREATE || how == DISK_CREATE_LOG;
	bool half;
	int result = begin(s, SIMDISK_OPEN, &half);
	int handle = 0;

	if (result < 0)
		return result;
	if (f == NULL && !creates)
		return -ENOENT;
	while (handle < HANDLES_MAX && s->handles[handle].file != NULL)
		handle++;
	if (handle == HANDLES_MAX)
		return -EMFILE;
	if (f == NULL) {
		f = file_new();
		change_add(s, "", name, f);
	} else if (creates) {
		file_resize(f, 0);
	}
	file_use(f);
	s->handles[handle] = (struct handle){ .file = f, .writes = how > DISK_READ_ALL };
	return handle;
}

static int sim_close(struct disk *d, int handle)
{
	struct simdisk *s = simdisk_of(d);
	bool half;
	int result = begin(s, SIMDISK_CLOSE, &half);

	file_drop(file_of(s, handle));
	s->handles[handle].file = NULL;
	return result;
}

static int64_t sim_read(struct disk *d, int handle, uint64_t offset, void *data, size_t size)
{
	struct simdisk *s = simdisk_of(d);
	struct file *f = file_of(s, handle);
	bool half;
	int result = begin(s, SIMDISK_READ, &half);

	if (result < 0)
		return result;
	if (f == s->spoiled && offset < s->spoiled_at + SECTOR_SIZE &&
	    offset + size > s->spoiled_at)
		return -EIO;
	if (offset >= f->cache.size)
		return 0;
	if (size > f->cache.size - offset)
		size = f->cache.size - (size_t)offset;
	memcpy(data, f->cache.data + offset, size);
	return (int64_t)size;
}

static int sim_write(struct disk *d, int handle, uint64_t offset, const void *data, size_t size)
{
	struct simdisk *s = simdisk_of(d);
	struct file *f = file_of(s, handle);
	bool half;
	int result = begin(s, SIMDISK_WRITE, &half);

	assert(s->handles[handle].writes);
	if (result == 0 && !fits(s, f, offset + size))
		result = -ENOSPC;
	if ((result < 0 && !half) || size == 0)
		return result;
	if (offset + size > f->cache.size)
		file_resize(f, (size_t)offset + size);
	memcpy(f->cache.data + offset, data, size);
	file_mark(f, (size_t)offset, (size_t)offset + size);
	return result;
}

static int sim_sync(struct disk *d, int handle)
{
	struct simdisk *s = simdisk_of(d);
	struct file *f = file_of(s, handle);
	bool half;
	int result = begin(s, SIMDISK_SYNC, &half);

	if (result == 0 || half)
		file_sync(f);
	else if (!s->stopped)
		file_sync_fails(f);
	return result;
}

static int64_t sim_size(struct disk *d, int handle)
{
	struct simdisk *s = simdisk_of(d);
	bool half;
	int result = begin(s, SIMDISK_SIZE, &half);

	return result < 0 ? result : (int64_t)file_of(s, handle)->cache.size;
}

static int sim_truncate(struct disk *d, int handle, uint64_t size)
{
	struct simdisk *s = simdisk_of(d);
	bool half;
	int result = begin(s, SIMDISK_TRUNCATE, &half);

	assert(s->handles[handle].writes);
	if (result == 0 || half)
		file_resize(file_of(s, handle), (size_t)size);
	return result;
}

static int sim_reserve(struct disk *d, int handle, uint64_t size)
{
	struct simdisk *s = simdisk_of(d);
	struct file *f = file_of(s, handle);
	bool half;
	int result = begin(s, SIMDISK_RESERVE, &half);

	assert(s->handles[handle].writes);
	if (result == 0 && !fits(s, f, size))
		result = -ENOSPC;
	if ((result == 0 || half) && size > f->cache.size)
		file_resize(f, (size_t)size);
	return result;
}

static int sim_rename(struct disk *d, const char *from, const char *to)
{
	struct simdisk *s = simdisk_of(d);
	struct file *f = table_find(&s->names, from);
	bool half;
	int result = begin(s, SIMDISK_RENAME, &half);

	if (result == 0 && f == NULL)
		result = -ENOENT;
	if (f != NULL && (result == 0 || half))
		change_add(s, from, to, f);
	return result;
}

static int sim_remove(struct disk *d, const char *name)
{
	struct simdisk *s = simdisk_of(d);
	struct file *f = table_find(&s->names, name);
	bool half;
	int result = begin(s, SIMDISK_REMOVE, &half);

	if (result == 0 && f == NULL)
		result = -ENOENT;
	if (f != NULL && (result == 0 || half))
		change_add(s, "", name, NULL);
	return result;
}

static int sim_sync_names(struct disk *d)
{
	struct simdisk *s = simdisk_of(d);
	bool half;
	int result = begin(s, SIMDISK_SYNC_NAMES, &half);

	if (result < 0 && !half)
		return result;
	table_copy(&s->disk_names, &s->names);
	changes_clear(s);
	return result;
}

static int64_t sim_room(struct disk *d)
{
	struct simdisk *s = simdisk_of(d);
	uint64_t used = simdisk_used(s);
	bool half;
	int result = begin(s, SIMDISK_ROOM, &half);

	if (result < 0)
		return result;
	if (s->limit >= INT64_MAX)
		return INT64_MAX;
	return used > s->limit ? 0 : (int64_t)(s->limit - used);
}

static const struct disk_operations sim_operations = {
	.open = sim_open,
	.close = sim_close,
	.read = sim_read,
	.write = sim_write,
	.sync = sim_sync,
	.size = sim_size,
	.truncate = sim_truncate,
	.reserve = sim_reserve,
	.rename = sim_rename,
	.remove = sim_remove,
	.sync_names = sim_sync_names,
	.room = sim_room,
};

/* ---- the test's side ---- */

struct simdisk *simdisk_new(uint64_t seed)
{
	struct simdisk *s = memory_alloc_zero(1, sizeof *s);

	s->disk.operations = &sim_operations;
	s->random = seed;
	s->limit = UINT64_MAX;
	return s;
}

size_t simdisk_open_count(const struct simdisk *s)
{
	size_t count = 0;

	for (size_t i = 0; i < HANDLES_MAX; i++)
		count += s->handles[i].file != NULL;
	return count;
}

static void forget_process(struct simdisk *s)
{
	for (size_t i = 0; i < HANDLES_MAX; i++) {
		file_drop(s->handles[i].file);
		s->handles[i].file = NULL;
	}
	s->stopped = false;
	s->spoiled = NULL;
	s->stop_in = 0;
	s->fail_in = 0;
}

void simdisk_free(struct simdisk *s)
{
	if (s == NULL)
		return;
	forget_process(s);
	changes_clear(s);
	table_clear(&s->names);
	table_clear(&s->disk_names);
	memory_free(s);
}

struct disk *simdisk_disk(struct simdisk *s)
{
	return &s->disk;
}

void simdisk_seed(struct simdisk *s, uint64_t seed)
{
	s->random = seed;
}

void simdisk_limit(struct simdisk *s, uint64_t bytes)
{
	s->limit = bytes;
}

uint64_t simdisk_used(const struct simdisk *s)
{
	uint64_t used = 0;

	for (size_t i = 0; i < s->names.count; i++)
		used += s->names.entries[i].file->cache.size;
	return used;
}

uint64_t simdisk_count(const struct simdisk *s, unsigned kinds)
{
	uint64_t count = 0;

	for (unsigned i = 0; i < 12; i++)
		count += (kinds >> i & 1) != 0 ? s->counts[i] : 0;
	return count;
}

void simdisk_fail(struct simdisk *s, unsigned kinds, uint64_t n, int error, bool ever)
{
	assert(error > 0);
	s->fail_kinds = kinds;
	s->fail_in = n;
	s->fail_error = error;
	s->fail_ever = ever;
}

void simdisk_stop(struct simdisk *s, uint64_t n)
{
	s->stop_in = n;
}

bool simdisk_is_stopped(const struct simdisk *s)
{
	return s->stopped;
}

/* What a power cut leaves of a page: the old bytes, the new ones, or new ones up to a sector. */
static void page_survives(struct simdisk *s, struct file *f, struct bytes *result, size_t page,
                          enum simdisk_loss loss)
{
	size_t at = page * PAGE_SIZE;
	size_t sectors = PAGE_SIZE / SECTOR_SIZE;
	size_t keeps = loss == SIMDISK_KEEPS ? sectors : 0;

	if (loss == SIMDISK_TEARS || loss == SIMDISK_HARSH) {
		uint64_t choice = random_below(s, 3);

		keeps = choice == 0 ? 0 : choice == 1 ? sectors : random_below(s, sectors + 1);
	}
	for (size_t i = 0; i < keeps * SECTOR_SIZE && at + i < result->size; i++)
		result->data[at + i] = at + i < f->cache.size ? f->cache.data[at + i] : 0;
}

static void file_crash(struct simdisk *s, struct file *f, enum simdisk_loss loss)
{
	struct bytes result = { 0 };
	size_t size = f->disk.size;

	if (f->size_dirty &&
	    (loss == SIMDISK_KEEPS || (loss >= SIMDISK_TEARS && random_below(s, 2) == 0)))
		size = f->cache.size;
	bytes_copy(&result, &f->disk);
	bytes_resize(&result, size);
	for (size_t page = 0; page < f->page_count; page++)
		if (f->pages[page] == DIRTY)
			page_survives(s, f, &result, page, loss);
	memory_free(f->cache.data);
	f->cache = result;
	bytes_copy(&f->disk, &result);
	if (f->page_count > 0)
		memset(f->pages, CLEAN, f->page_count);
	f->size_dirty = false;
}

void simdisk_crash(struct simdisk *s, enum simdisk_loss loss)
{
	size_t keeps = loss == SIMDISK_KEEPS ? s->change_count : 0;

	forget_process(s);
	if (loss == SIMDISK_KILLED)
		return;
	if (loss == SIMDISK_TEARS)
		keeps = random_below(s, s->change_count + 1);
	for (size_t i = 0; i < s->change_count; i++)
		if (loss == SIMDISK_HARSH ? random_below(s, 2) == 0 : i < keeps)
			change_apply(&s->disk_names, &s->changes[i]);
	changes_clear(s);
	for (size_t i = 0; i < s->disk_names.count; i++)
		file_crash(s, s->disk_names.entries[i].file, loss);
	table_copy(&s->names, &s->disk_names);
}

static struct file *file_copy_disk(const struct file *from)
{
	struct file *f = file_new();

	bytes_copy(&f->disk, &from->disk);
	bytes_copy(&f->cache, &from->disk);
	return f;
}

struct simdisk_image *simdisk_save(const struct simdisk *s)
{
	struct simdisk_image *image = memory_alloc_zero(1, sizeof *image);

	for (size_t i = 0; i < s->disk_names.count; i++)
		table_set(&image->names, s->disk_names.entries[i].name,
		          file_copy_disk(s->disk_names.entries[i].file));
	return image;
}

void simdisk_wipe(struct simdisk *s)
{
	forget_process(s);
	changes_clear(s);
	table_clear(&s->names);
	table_clear(&s->disk_names);
}

void simdisk_restore(struct simdisk *s, const struct simdisk_image *image)
{
	simdisk_wipe(s);
	for (size_t i = 0; i < image->names.count; i++)
		table_set(&s->disk_names, image->names.entries[i].name,
		          file_copy_disk(image->names.entries[i].file));
	table_copy(&s->names, &s->disk_names);
}

void simdisk_image_free(struct simdisk_image *image)
{
	if (image == NULL)
		return;
	table_clear(&image->names);
	memory_free(image);
}

bool simdisk_get(const struct simdisk *s, const char *name, struct view *content)
{
	const struct file *f = table_find(&s->names, name);

	if (f == NULL)
		return false;
	*content = view_of(f->cache.data, f->cache.size);
	return true;
}

void simdisk_spoil(struct simdisk *s, const char *name, uint64_t byte)
{
	s->spoiled = table_find(&s->names, name);
	s->spoiled_at = byte / SECTOR_SIZE * SECTOR_SIZE;
}

void simdisk_put(struct simdisk *s, const char *name, struct view content)
{
	struct file *f = file_new();

	bytes_resize(&f->cache, content.size);
	if (content.size > 0)
		memcpy(f->cache.data, content.data, content.size);
	bytes_copy(&f->disk, &f->cache);
	table_set(&s->names, name, f);
	table_set(&s->disk_names, name, f);
}

void simdisk_delete(struct simdisk *s, const char *name)
{
	table_set(&s->names, name, NULL);
	table_set(&s->disk_names, name, NULL);
}

const char *simdisk_name(const struct simdisk *s, size_t i)
{
	return i < s->names.count ? s->names.entries[i].name : NULL;
}
