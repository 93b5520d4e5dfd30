/* SPDX-License-Identifier: MIT
 *
 * contact: whom the user writes to, and the streams of our own.
 *
 * A contact is a name, in whatever case the user writes it, and the account that it gave last; it
 * is kept for the life of this object. An outbound is the stream of the present session to an
 * account, in which messages are numbered; a new session begins new ones. A contact points to the
 * outbound of its account, because every message needs both: outbound_clear cuts that.
 */
#include "replication/private.h"

#include <assert.h>
#include <string.h>

enum { KEY_SIZE_MAX = sizeof((struct contact *)NULL)->key };

static struct contact *find(const struct replication *r, struct view name, char key[KEY_SIZE_MAX])
{
	assert(name.size <= KEY_SIZE_MAX);
	for (size_t i = 0; i < name.size; i++)
		key[i] = (char)name_fold(name.data[i]);
	return map_get(&r->contacts, view_of(key, name.size));
}

bool replication_spelled(const struct replication *r, struct view name, char shown[DISPLAY_SIZE])
{
	char key[KEY_SIZE_MAX];
	const struct contact *contact = find(r, name, key);

	if (contact == NULL || contact->display[0] == 0)
		return false;
	memcpy(shown, contact->display, DISPLAY_SIZE);
	return true;
}

struct contact *contact_get(struct replication *r, struct view name)
{
	char key[KEY_SIZE_MAX];
	struct contact *contact = find(r, name, key);

	if (contact == NULL) {
		contact = memory_alloc_zero(1, sizeof *contact);
		memcpy(contact->key, key, name.size);
		contact->size = name.size;
		map_put(&r->contacts, view_of(contact->key, contact->size), contact);
	}
	memcpy(contact->name, name.data, name.size);
	return contact;
}

void contact_release(struct replication *r)
{
	replication_empty(&r->contacts);
}

struct outbound *outbound_get(struct replication *r, const struct id *id)
{
	struct outbound *outbound = map_get(&r->outbounds, view_of(id, ID_SIZE));

	if (outbound != NULL)
		return outbound;
	outbound = memory_alloc_zero(1, sizeof *outbound);
	outbound->id = *id;
	map_put(&r->outbounds, view_of(&outbound->id, ID_SIZE), outbound);
	return outbound;
}

struct outbound *outbound_of(struct replication *r, struct contact *contact)
{
	if (contact->outbound == NULL)
		contact->outbound = outbound_get(r, &contact->id);
	assert(id_equal(&contact->outbound->id, &contact->id));
	return contact->outbound;
}

void outbound_clear(struct replication *r)
{
	struct contact *contact;
	uint32_t place = 0;

	replication_empty(&r->outbounds);
	while ((contact = map_next(&r->contacts, &place)) != NULL)
		contact->outbound = NULL;
}
