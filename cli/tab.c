/* SPDX-License-Identifier: MIT */
#include "cli/tab.h"

#include "chat/complete.h"

enum { NAMES_MAX = 200 }; /* names listed for a completion; more do not help */

void tab_init(struct cli_tab *tab, struct link *link, struct terminal *t, size_t line_size_max)
{
	*tab = (struct cli_tab){ .link = link, .t = t, .line_size_max = line_size_max };
	buf_init(&tab->before, line_size_max);
}

void tab_release(struct cli_tab *tab)
{
	buf_release(&tab->before);
	memory_free(tab->names);
}

/* Completes with the names that came, each after the part of the word that stands before it. */
static void complete_names(struct cli_tab *tab)
{
	struct view *words = memory_alloc((tab->names_count + 1) * sizeof *words);
	struct buf *memory = memory_alloc((tab->names_count + 1) * sizeof *memory);

	for (size_t i = 0; i < tab->names_count; i++) {
		buf_init(&memory[i], tab->line_size_max + DISPLAY_SIZE);
		buf_append(&memory[i], buf_view(&tab->before));
		buf_append(&memory[i], view_of_string(tab->names[i]));
		words[i] = buf_view(&memory[i]);
	}
	terminal_complete(tab->t, tab->serial, words, tab->names_count);
	for (size_t i = 0; i < tab->names_count; i++)
		buf_release(&memory[i]);
	memory_free(memory);
	memory_free(words);
}

static void ask_for_names(struct cli_tab *tab, const struct terminal_event *event,
                          size_t name_offset)
{
	struct view text = event->text;
	struct view name = view_of(text.data + name_offset, text.size - name_offset);

	if (name.size > NAME_SIZE_MAX || tab->token != 0 ||
	    replication_live(link_replication(tab->link)) == 0) {
		terminal_bell(tab->t);
		return;
	}
	buf_clear(&tab->before);
	buf_append(&tab->before,
	           view_of(text.data + event->word_offset, name_offset - event->word_offset));
	tab->serial = event->serial;
	tab->names_count = 0;
	if (tab->names == NULL)
		tab->names = memory_alloc_zero(NAMES_MAX, sizeof *tab->names);
	tab->token = link_command(
		tab->link,
		&(struct command){ .kind = COMMAND_LIST, .name = name, .enough = NAMES_MAX });
}

void tab_complete(struct cli_tab *tab, const struct terminal_event *event)
{
	size_t name_offset;
	enum complete_kind kind = complete_kind(event->text, event->word_offset, &name_offset);
	struct complete_words words;

	if (kind == COMPLETE_NAME) {
		ask_for_names(tab, event, name_offset);
		return;
	}
	complete_words(kind, event->text, event->word_offset, &words);
	terminal_complete(tab->t, event->serial, words.words, words.count);
}

bool tab_take(struct cli_tab *tab, const struct action *action)
{
	if (action->kind == ACTION_RESULT && tab->token != 0 &&
	    action->result->token == tab->token) {
		complete_names(tab);
		tab->token = 0;
		return true;
	}
	if (action->kind != ACTION_USERS || tab->token == 0 || action->token != tab->token)
		return false;
	for (size_t i = 0; i < action->users_count && tab->names_count < NAMES_MAX; i++)
		memcpy(tab->names[tab->names_count++], action->users[i].name, DISPLAY_SIZE);
	return true;
}
