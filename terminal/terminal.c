/* SPDX-License-Identifier: MIT
 *
 * Bytes wait in `input` until terminal_next asks for events, one key after another: if the caller
 * asks for a password after an event, the keys after it belong to the answer. Between the marks of
 * a bracketed paste (ESC [ 200 ~, ESC [ 201 ~) nothing is a key.
 *
 *   state      bytes                     become
 *   keys       Enter                     LINE; waits while no lines are wanted
 *              ESC [ 200 ~               paste
 *              many lines at once        paste, one without marks
 *              the front of an answer    string
 *              others                    edits, or an event
 *   paste      all but ESC [ 201 ~       the paste, as far as the line has room
 *              ESC [ 201 ~               keys; the paste is inserted, or held for terminal_paste
 *              silence                   the same
 *              Ctrl-C, then silence      keys, after the paste is inserted; Ctrl-C counts
 *   string     up to its end             nothing
 *              silence                   keys
 */
#include "terminal/private.h"

#include "base/escape.h"

enum {
	COLUMNS_DEFAULT = 80,
	ROWS_DEFAULT = 24,
	STRING_SIZE_MAX = 1024 * 1024, /* of an answer; what is longer is none */
	/* Silence that ends something, in milliseconds: a paste or an answer, what may be an
	 * answer, a paste in which Ctrl-C came last. */
	QUIET_MS = 2000,
	QUIET_KEYS_MS = 300,
	QUIET_CTRL_C_MS = 100,
	QUIET_NO_MARKS_MS = 300, /* a paste that began without a mark: none will end it either */
	QUIET_ESCAPE_MS = 100,   /* Escape by itself, where it means something */
};

struct terminal *terminal_new(const struct terminal_options *options)
{
	struct terminal *t = memory_alloc_zero(1, sizeof *t);

	assert(options->line_size_max > 0);
	assert(options->line_size_max <= TERMINAL_LINE_SIZE_MAX);
	t->options = *options;
	t->is_shown = true;
	t->is_stale = true;
	buf_init(&t->input, TERMINAL_INPUT_SIZE_MAX);
	buf_init(&t->paste, options->line_size_max);
	edit_init(&t->line, options->line_size_max);
	edit_init(&t->draft, options->line_size_max);
	buf_init(&t->prompt, (size_t)ESCAPE_GROWTH_MAX * TERMINAL_PROMPT_SIZE_MAX + 16);
	buf_init(&t->question, (size_t)ESCAPE_GROWTH_MAX * TERMINAL_PROMPT_SIZE_MAX + 16);
	buf_init(&t->front, TERMINAL_FRONT_SIZE_MAX);
	buf_init(&t->front_by, TERMINAL_FRONT_SIZE_MAX);
	buf_init(&t->cut, options->line_size_max);
	buf_init(&t->event_text, options->line_size_max);
	page_init(&t->page);
	find_init(&t->find, options->line_size_max);
	buf_init(&t->status, (size_t)ESCAPE_GROWTH_MAX * TERMINAL_PROMPT_SIZE_MAX + 16);
	history_init(&t->history, options->history_count_max, options->line_size_max);
	buf_init(&t->above, SIZE_MAX / 4);
	buf_init(&t->title, (size_t)ESCAPE_GROWTH_MAX * TERMINAL_TITLE_SIZE_MAX + 16);
	buf_init(&t->out, SIZE_MAX / 4);
	buf_init(&t->drawn.shown, SIZE_MAX / 4);
	buf_init(&t->wanted.shown, SIZE_MAX / 4);
	buf_init(&t->status_drawn.shown, SIZE_MAX / 4);
	buf_init(&t->status_wanted.shown, SIZE_MAX / 4);
	terminal_resize(t, 0, 0);
	return t;
}

static void wipe_and_release(struct buf *b)
{
	buf_wipe(b);
	buf_release(b);
}

void terminal_free(struct terminal *t)
{
	if (t == NULL)
		return;
	wipe_and_release(&t->input);
	wipe_and_release(&t->paste);
	edit_release(&t->line);
	edit_release(&t->draft);
	wipe_and_release(&t->cut);
	wipe_and_release(&t->event_text);
	history_release(&t->history);
	find_release(&t->find);
	page_dispose(&t->page);
	buf_release(&t->prompt);
	buf_release(&t->question);
	buf_release(&t->status);
	buf_release(&t->front);
	buf_release(&t->front_by);
	buf_release(&t->above);
	buf_release(&t->title);
	buf_release(&t->out);
	picture_release(&t->drawn);
	picture_release(&t->wanted);
	picture_release(&t->status_drawn);
	picture_release(&t->status_wanted);
	memory_free(t);
}

static uint32_t limited(unsigned value, uint32_t low, uint32_t high)
{
	return value < low ? low : value > high ? high : value;
}

/* What holds between two calls. */
static void check(const struct terminal *t)
{
	assert(t->input_used <= t->input.size);
	assert(t->out_used <= t->out.size);
	assert(t->line.cursor <= t->line.text.size);
	assert(t->line.text.size <= t->options.line_size_max);
	assert(t->draft.cursor <= t->draft.text.size);
	/* Only questions are secret; without one nothing is put aside. */
	assert(t->is_asking || !t->is_secret);
	assert(t->is_asking || t->draft.text.size == 0);
	assert(!t->is_pasting || !t->options.is_dumb);
	assert(t->paste_is_held || t->is_pasting || t->paste.size == 0);
	assert(!t->has_ended || !t->is_shown);
	assert(t->columns >= TERMINAL_COLUMNS_MIN);
	assert(t->rows >= 1);
}

void terminal_resize(struct terminal *t, unsigned columns, unsigned rows)
{
	if (columns == 0 || rows == 0) {
		columns = COLUMNS_DEFAULT;
		rows = ROWS_DEFAULT;
	}
	t->columns = limited(columns, TERMINAL_COLUMNS_MIN, TERMINAL_COLUMNS_MAX);
	t->rows = limited(rows, 1, TERMINAL_COLUMNS_MAX);
}

void terminal_show(struct terminal *t, bool shown)
{
	t->is_shown = shown && !t->has_ended;
}

/* ---- the line ---- */

struct view terminal_line(const struct terminal *t, size_t *cursor)
{
	*cursor = t->line.cursor;
	return buf_view(&t->line.text);
}

static void changed(struct terminal *t)
{
	t->serial++;
}

void terminal_set_line(struct terminal *t, struct view text)
{
	find_end(t, true);
	edit_set(&t->line, text);
	changed(t);
}

void terminal_put_aside(struct terminal *t, struct view text)
{
	if (!t->is_asking && t->line.text.size == 0) {
		terminal_set_line(t, text);
		return;
	}
	buf_wipe(&t->cut);
	(void)buf_put(&t->cut, text.data, text.size); /* it was a line, so it fits */
}

static void insert(struct terminal *t, struct view text)
{
	if (edit_insert(&t->line, text))
		changed(t);
	else
		t->rings = true;
}

static void move(struct terminal *t, size_t offset)
{
	edit_move(&t->line, offset);
	changed(t);
}

static bool is_cut(enum key key)
{
	return key == KEY_CUT_TO_END || key == KEY_CUT_TO_HOME || key == KEY_CUT_BLANK_LEFT ||
	       key == KEY_CUT_WORD_LEFT || key == KEY_CUT_WORD_RIGHT;
}

/* Takes out the bytes between the cursor and another offset, and keeps them for Ctrl-Y; cuts in a
 * row are kept as one piece. A secret is not kept. */
static void cut(struct terminal *t, size_t offset)
{
	struct edit *l = &t->line;
	bool is_back = offset < l->cursor;
	size_t from = is_back ? offset : l->cursor;
	size_t to = is_back ? l->cursor : offset;
	struct view text;
	struct buf joined;

	assert(to <= l->text.size);
	if (from == to)
		return;
	text = view_of(l->text.data + from, to - from);
	if (!t->is_secret) {
		struct view before = is_cut(t->last_key) ? buf_view(&t->cut)
		                                         : (struct view){ .size = 0 };

		buf_init(&joined, t->cut.size_max);
		if (text.size + before.size > joined.size_max)
			before.size = 0;
		buf_append(&joined, is_back ? text : before);
		buf_append(&joined, is_back ? before : text);
		wipe_and_release(&t->cut);
		t->cut = joined;
	}
	edit_erase(l, from, to);
	changed(t);
}

static void erase(struct terminal *t, size_t from, size_t to)
{
	edit_erase(&t->line, from, to);
	changed(t);
}

static void walk_history(struct terminal *t, bool back)
{
	if (t->is_asking || !history_walk(&t->history, back, &t->line))
		t->rings = true;
	else
		changed(t);
}

/* ---- questions ---- */

static void swap_lines(struct terminal *t)
{
	struct edit line = t->line;

	t->line = t->draft;
	t->draft = line;
	changed(t);
}

/* In line mode a prompt is written once; what stands there already is left alone. */
static void prompt_changes(struct terminal *t)
{
	if (t->options.is_dumb)
		t->is_stale = true;
}

void terminal_ask(struct terminal *t, struct view prompt, bool is_secret)
{
	assert(!t->has_ended);
	find_end(t, false);
	terminal_page_end(t);
	if (!t->is_asking)
		swap_lines(t);
	edit_clear(&t->line);
	terminal_set_prompt(t, &t->question, prompt);
	t->is_asking = true;
	t->is_secret = is_secret;
	changed(t);
	prompt_changes(t);
}

static void end_question(struct terminal *t)
{
	assert(t->is_asking);
	edit_clear(&t->line);
	swap_lines(t);
	t->is_asking = false;
	t->is_secret = false;
}

void terminal_ask_cancel(struct terminal *t)
{
	if (!t->is_asking)
		return;
	end_question(t);
	prompt_changes(t);
}

/* ---- events ---- */

static void begin_event(const struct terminal *t, struct terminal_event *event,
                        enum terminal_event_kind kind)
{
	*event = (struct terminal_event){ .kind = kind, .was_asked = t->is_asking };
}

/* The line becomes the event's text, and an empty one begins. */
static void give_line(struct terminal *t, struct terminal_event *event)
{
	struct buf text = t->line.text;

	t->line.text = t->event_text;
	t->event_text = text;
	event->text = buf_view(&t->event_text);
	event->is_pasted = t->line.is_pasted;
	edit_clear(&t->line);
	changed(t);
	if (t->is_asking)
		end_question(t);
	else
		history_rest(&t->history);
}

static bool take_enter(struct terminal *t, struct terminal_event *event)
{
	begin_event(t, event, TERMINAL_LINE);
	/* The system has echoed the end of the line, but for one that it does not echo. */
	if (t->options.is_dumb) {
		if (t->is_secret)
			buf_append(&t->above, view_of_string("\n"));
		t->is_drawn = false;
	}
	give_line(t, event);
	return true;
}

static bool take_interrupt(struct terminal *t, struct terminal_event *event)
{
	begin_event(t, event, TERMINAL_INTERRUPT);
	if (!t->is_secret && t->line.text.size > 0) {
		buf_clear(&t->cut);
		buf_append(&t->cut, buf_view(&t->line.text));
	}
	give_line(t, event);
	if (event->was_asked) {
		buf_wipe(&t->event_text);
		event->text.size = 0;
	}
	return true;
}

static bool take_tab(struct terminal *t, struct terminal_event *event)
{
	const struct edit *l = &t->line;
	size_t at = l->cursor;

	if (t->is_asking)
		return false;
	begin_event(t, event, TERMINAL_COMPLETE);
	while (at > 0 && l->text.data[at - 1] != ' ' && l->text.data[at - 1] != '\n')
		at--;
	event->text = view_of(l->text.data, l->cursor);
	event->word_offset = at;
	event->serial = t->serial;
	return true;
}

static bool take_delete_or_eof(struct terminal *t, struct terminal_event *event)
{
	if (t->line.text.size > 0) {
		erase(t, t->line.cursor, edit_right(&t->line));
		return false;
	}
	begin_event(t, event, TERMINAL_EOF);
	if (t->is_asking)
		end_question(t);
	return true;
}

/* ---- pastes ---- */

static void end_paste(struct terminal *t)
{
	t->paste_is_held = false;
	buf_wipe(&t->paste);
}

void terminal_paste(struct terminal *t, bool inserted)
{
	bool is_front = t->line.cursor == 0;

	if (!t->paste_is_held)
		return;
	if (inserted && !t->paste_is_cut && t->paste.size > 0) {
		insert(t, buf_view(&t->paste));
		if (is_front && t->paste_lines > 0 && t->line.cursor > 0)
			t->line.is_pasted = true;
		complete_front(t);
	}
	end_paste(t);
}

/* Adds to the paste; CR, LF and both together are one newline, and one at the end is none. */
static void add_paste(struct terminal *t, struct view bytes)
{
	for (size_t i = 0; i < bytes.size; i++) {
		uint8_t byte = bytes.data[i];
		bool was_return = t->paste_was_return;

		t->paste_was_return = byte == '\r';
		if (byte == '\n' && was_return)
			continue;
		if (byte == '\r' || byte == '\n') {
			/* The one before was in the middle, then. */
			if (t->paste_ends_in_newline && !buf_put_u8(&t->paste, '\n'))
				t->paste_is_cut = true;
			t->paste_lines += t->paste_ends_in_newline;
			t->paste_ends_in_newline = true;
			continue;
		}
		if (t->paste_ends_in_newline && !buf_put_u8(&t->paste, '\n'))
			t->paste_is_cut = true;
		t->paste_lines += t->paste_ends_in_newline;
		t->paste_ends_in_newline = false;
		if (!buf_put_u8(&t->paste, byte))
			t->paste_is_cut = true;
	}
}

/* An answer to a question is one line: the first. */
static void paste_answer(struct terminal *t)
{
	struct view text = buf_view(&t->paste);
	struct view line;

	(void)view_take_line(&text, &line);
	if (t->paste_is_cut)
		t->rings = true;
	else
		insert(t, line);
	end_paste(t);
}

/* The paste is complete, or was broken off by Ctrl-C: then nobody is asked. */
static bool take_paste(struct terminal *t, bool is_broken_off, struct terminal_event *event)
{
	struct buf clean;

	t->is_pasting = false;
	buf_init(&clean, t->paste.size_max);
	if (!edit_clean(&clean, buf_view(&t->paste)))
		t->paste_is_cut = true;
	wipe_and_release(&t->paste);
	t->paste = clean;
	if (t->paste.size > t->options.line_size_max - t->line.text.size)
		t->paste_is_cut = true;
	if (t->is_asking) {
		paste_answer(t);
		return false;
	}
	t->paste_is_held = true;
	if (is_broken_off || (!t->paste_is_cut && (t->options.paste_lines_max == 0 ||
	                                           t->paste_lines < t->options.paste_lines_max))) {
		terminal_paste(t, true);
		return false;
	}
	begin_event(t, event, TERMINAL_PASTE);
	event->lines = t->paste_lines + 1;
	event->is_too_large = t->paste_is_cut;
	event->text = buf_view(&t->paste);
	return true;
}

static void begin_paste(struct terminal *t)
{
	end_paste(t);
	t->is_pasting = true;
	t->paste_has_marks = true;
	t->paste_may_go_on = false;
	t->paste_lines = 0;
	t->paste_is_cut = false;
	t->paste_ends_in_newline = false;
	t->paste_was_return = false;
}

/* ---- input ---- */

size_t terminal_room(const struct terminal *t)
{
	return TERMINAL_INPUT_SIZE_MAX - (t->input.size - t->input_used);
}

/* Whether what waits is a paste without marks: so many lines come together from no fingers. Taken
 * as keys, each would be sent, and one that is a command would be done. With a mark in it nothing
 * is guessed: then this terminal marks its pastes, and the lines before it were typed. Nor if it
 * begins with a slash: a program that drives the client writes commands, and its lines ahead. */
static bool is_unmarked_paste(const struct terminal *t, struct view waiting)
{
	const struct view mark = view_of_string(PASTE_BEGIN_SEQUENCE);
	const struct view first = t->line.text.size > 0 ? buf_view(&t->line.text) : waiting;

	return !t->options.is_dumb && t->options.paste_lines_max > 0 && !t->is_pasting &&
	       !t->is_in_string && waiting.size > 0 && first.data[0] != '/' &&
	       paste_lines(waiting) >= t->options.paste_lines_max &&
	       memmem(waiting.data, waiting.size, mark.data, mark.size) == NULL;
}

void terminal_input(struct terminal *t, struct view bytes)
{
	size_t left = t->input.size - t->input_used;

	assert(bytes.size <= terminal_room(t));
	/* All the room at once: memory that grew would leave its bytes behind. */
	if (t->input.capacity == 0)
		(void)buf_reserve(&t->input, TERMINAL_INPUT_SIZE_MAX);
	if (t->input_used > 0) {
		memmove(t->input.data, t->input.data + t->input_used, left);
		explicit_bzero(t->input.data + left, t->input_used);
		t->input.size = left;
		t->input_used = 0;
	}
	buf_append(&t->input, bytes);
	t->is_quiet = false;
	if ((t->paste_may_go_on && left == 0 && paste_goes_on(bytes)) ||
	    is_unmarked_paste(t, buf_view(&t->input))) {
		begin_paste(t);
		t->paste_has_marks = false;
	}
}

static struct view input_left(const struct terminal *t)
{
	if (t->input.size == t->input_used)
		return (struct view){ .size = 0 };
	return view_of(t->input.data + t->input_used, t->input.size - t->input_used);
}

/* What has been taken may have been a password. */
static void consume(struct terminal *t, size_t size)
{
	assert(size <= t->input.size - t->input_used);
	explicit_bzero(t->input.data + t->input_used, size);
	t->input_used += size;
}

/* Half a paste would be taken for keys. So if there is any part of a paste, nothing is dropped; an
 * answer then takes only its first line. */
void terminal_drop_input(struct terminal *t)
{
	struct view left = input_left(t);
	struct view paste = view_of_string(PASTE_BEGIN_SEQUENCE);

	if (left.size > 0 && !t->is_pasting &&
	    memmem(left.data, left.size, paste.data, paste.size) == NULL)
		consume(t, left.size);
}

/* While Enter waits: if Ctrl-C stands after it, drops everything up to the Ctrl-C. */
static bool skip_to_interrupt(struct terminal *t)
{
	struct view left = input_left(t);
	const uint8_t *found = memchr(left.data, CTRL_C, left.size);

	if (found == NULL)
		return false;
	consume(t, (size_t)(found - left.data));
	return true;
}

static void do_edit(struct terminal *t, enum key key)
{
	struct edit *l = &t->line;

	switch (key) {
	case KEY_LEFT:
		move(t, edit_left(l));
		break;
	case KEY_RIGHT:
		move(t, edit_right(l));
		break;
	case KEY_WORD_LEFT:
		move(t, edit_word_left(l));
		break;
	case KEY_WORD_RIGHT:
		move(t, edit_word_right(l));
		break;
	case KEY_HOME:
		move(t, 0);
		break;
	case KEY_END:
		move(t, l->text.size);
		break;
	case KEY_BACKSPACE:
		erase(t, edit_left(l), l->cursor);
		break;
	case KEY_DELETE:
		erase(t, l->cursor, edit_right(l));
		break;
	case KEY_CUT_TO_END:
		cut(t, l->text.size);
		break;
	case KEY_CUT_TO_HOME:
		cut(t, 0);
		break;
	case KEY_CUT_BLANK_LEFT:
		cut(t, edit_blank_left(l));
		break;
	case KEY_CUT_WORD_LEFT:
		cut(t, edit_word_left(l));
		break;
	case KEY_CUT_WORD_RIGHT:
		cut(t, edit_word_right(l));
		break;
	default:
		break;
	}
}

/* While a question is open, nobody sees whom the line under way goes to. */
static bool take_go(struct terminal *t, struct terminal_event *event, enum key key,
                    struct view bytes)
{
	if (t->is_asking) {
		t->rings = true;
		return false;
	}
	begin_event(t, event, TERMINAL_GO);
	event->go = key == KEY_GO_NEXT       ? GO_NEXT
	            : key == KEY_GO_PREVIOUS ? GO_PREVIOUS
	            : key == KEY_GO_NEW      ? GO_NEW
	                                     : GO_NUMBER;
	if (key == KEY_GO_NUMBER)
		event->number = key_number(bytes);
	return true;
}

/* True if it makes an event. */
static bool do_key(struct terminal *t, enum key key, struct view bytes,
                   struct terminal_event *event)
{
	bool is_event;

	if (page_takes(t, key, bytes, &is_event, event))
		return is_event;
	if (find_takes(t, key, bytes))
		return false;
	switch (key) {
	case KEY_FIND:
		find_begin(t);
		return false;
	case KEY_TEXT:
		insert(t, bytes);
		complete_front(t);
		return false;
	case KEY_NEWLINE:
		if (!t->is_asking)
			insert(t, view_of_string("\n"));
		return false;
	case KEY_PUT_BACK:
		insert(t, buf_view(&t->cut));
		return false;
	case KEY_UP:
	case KEY_DOWN:
		walk_history(t, key == KEY_UP);
		return false;
	case KEY_CLEAR:
		t->clears = true;
		return false;
	case KEY_PASTE:
		begin_paste(t);
		return false;
	case KEY_STRING:
		t->is_in_string = true;
		t->string_size = 0;
		return false;
	case KEY_ENTER:
		t->paste_may_go_on = false;
		return take_enter(t, event);
	case KEY_TAB:
		return take_tab(t, event);
	case KEY_INTERRUPT:
		return take_interrupt(t, event);
	case KEY_DELETE_OR_EOF:
		return take_delete_or_eof(t, event);
	case KEY_GO_NEXT:
	case KEY_GO_PREVIOUS:
	case KEY_GO_NEW:
	case KEY_GO_NUMBER:
		return take_go(t, event, key, bytes);
	case KEY_SUSPEND:
		begin_event(t, event, TERMINAL_SUSPEND);
		return true;
	default:
		do_edit(t, key);
		return false;
	}
}

/* Takes what the paste has got; true if that makes an event. */
static bool continue_paste(struct terminal *t, struct terminal_event *event)
{
	bool has_ended;
	size_t size = paste_size(input_left(t), &has_ended);

	add_paste(t, view_of(t->input.data + t->input_used, size));
	consume(t, size);
	if (has_ended) {
		consume(t, strlen(PASTE_END_SEQUENCE));
		return take_paste(t, false, event);
	}
	return false;
}

/* Silence ends a paste. A Ctrl-C that came just before it was a key. */
static bool end_silent_paste(struct terminal *t, struct terminal_event *event)
{
	struct view left = input_left(t);

	if (left.size > 0 && left.data[0] == CTRL_C)
		return take_paste(t, true, event);
	consume(t, left.size); /* half the mark that ends it */
	t->paste_may_go_on = true;
	return take_paste(t, false, event);
}

/* Drops what an answer of the terminal has got. */
static void continue_string(struct terminal *t)
{
	bool has_ended;
	size_t size = key_string_size(input_left(t), &has_ended);

	consume(t, size);
	t->string_size += size;
	if (has_ended || t->string_size > STRING_SIZE_MAX)
		t->is_in_string = false;
}

/* Inserts bytes that may be invalid UTF-8, as the lines of a dumb terminal are. */
static void insert_foreign(struct terminal *t, struct view bytes)
{
	struct buf clean;

	buf_init(&clean, 3 * bytes.size);
	(void)edit_clean(&clean, bytes);
	insert(t, buf_view(&clean));
	complete_front(t);
	wipe_and_release(&clean);
}

unsigned terminal_quiet_ms(const struct terminal *t)
{
	struct view left = input_left(t);

	if (t->is_pasting && left.size > 0 && left.data[0] == CTRL_C)
		return QUIET_CTRL_C_MS;
	if (t->is_pasting)
		return t->paste_has_marks ? QUIET_MS : QUIET_NO_MARKS_MS;
	if (t->is_in_string)
		return QUIET_MS;
	if ((t->find.is_on || t->page.is_on) && left.size == 1 && left.data[0] == 0x1b)
		return QUIET_ESCAPE_MS;
	return !t->options.is_dumb && key_begins_string(left) ? QUIET_KEYS_MS : 0;
}

void terminal_quiet(struct terminal *t)
{
	t->is_quiet = true;
}

/* Takes what belongs to a paste or an answer. False: nothing more is known of it now. */
static bool go_on(struct terminal *t, bool *is_event, struct terminal_event *event)
{
	if (t->is_in_string)
		continue_string(t);
	else
		*is_event = continue_paste(t, event);
	if (t->is_in_string && t->is_quiet)
		t->is_in_string = false;
	if (t->is_pasting && t->is_quiet)
		*is_event = end_silent_paste(t, event);
	return !t->is_in_string && !t->is_pasting;
}

bool terminal_next(struct terminal *t, bool wants_lines, struct terminal_event *event)
{
	check(t);
	buf_wipe(&t->event_text);
	while (t->input_used < t->input.size || t->is_quiet) {
		struct view left = input_left(t);
		enum key key;
		size_t size;
		bool is_event = false;

		if (t->is_pasting || t->is_in_string) {
			bool goes_on = go_on(t, &is_event, event);

			if (is_event)
				return true;
			if (!goes_on)
				break;
			continue;
		}
		if (left.size == 0)
			break;
		size = t->options.is_dumb ? key_decode_line(left, &key)
		                          : key_decode(left, t->is_quiet, &key);
		if (size == 0)
			break;
		if (key == KEY_ENTER && !wants_lines) {
			if (t->options.is_dumb || !skip_to_interrupt(t))
				break;
			continue;
		}
		assert(size <= left.size);
		left.size = size;
		if (t->options.is_dumb && key == KEY_TEXT)
			insert_foreign(t, left);
		else
			is_event = do_key(t, key, left, event);
		t->last_key = key;
		consume(t, size);
		if (is_event)
			return true;
	}
	t->is_quiet = false;
	return false;
}

bool terminal_wants_end(const struct terminal *t)
{
	struct view left = input_left(t);

	return !t->is_pasting && !t->is_in_string && left.size >= 2 &&
	       left.data[left.size - 1] == ('D' & 0x1f) &&
	       (left.data[left.size - 2] == '\r' || left.data[left.size - 2] == '\n');
}

/* ---- the window ---- */

void terminal_bell(struct terminal *t)
{
	t->rings = true;
}

void terminal_colours(struct terminal *t, bool are_shown)
{
	t->options.is_plain = !are_shown;
}

void terminal_redraw(struct terminal *t)
{
	t->is_drawn = false;
	t->is_stale = true;
}

struct view terminal_output(struct terminal *t)
{
	check(t);
	if (t->out_used == t->out.size) {
		buf_clear(&t->out);
		t->out_used = 0;
		page_draw(t);
	}
	if (t->out.size == 0)
		return (struct view){ .size = 0 };
	return view_of(t->out.data + t->out_used, t->out.size - t->out_used);
}

void terminal_sent(struct terminal *t, size_t size)
{
	assert(size <= t->out.size - t->out_used);
	t->out_used += size;
}

void terminal_end(struct terminal *t)
{
	terminal_title(t, (struct view){ .size = 0 });
	terminal_show(t, false);
	t->has_ended = true;
}
