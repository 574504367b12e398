// SPDX-License-Identifier: Apache-2.0
#include "slurm_pusher/log.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "slurm_pusher/buf.h"
#include "slurm_pusher/clock.h"
#include "slurm_pusher/utf8.h"

enum { LINE_MAX_BYTES = 4096, VALUE_MAX_BYTES = 1024 };

static const struct {
	const char *name;
	int priority; /* of syslog, for the journal */
} levels[] = {
	[LOG_LEVEL_DEBUG] = { "debug", 7 },
	[LOG_LEVEL_INFO] = { "info", 6 },
	[LOG_LEVEL_WARN] = { "warn", 4 },
	[LOG_LEVEL_ERROR] = { "error", 3 },
};

static enum log_level lowest = LOG_LEVEL_INFO;
static bool to_journal; /* which adds the time itself */

static bool find_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char ours[64];
	struct stat st;

	if (!stream || fstat(STDERR_FILENO, &st) < 0)
		return false;
	snprintf(ours, sizeof(ours), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	return strcmp(stream, ours) == 0;
}

void log_open(enum log_level level)
{
	lowest = level;
	to_journal = find_journal();
}

bool log_level_parse(const char *text, enum log_level *out)
{
	if (strcasecmp(text, "warning") == 0)
		text = "warn";
	for (size_t i = 0; i < sizeof(levels) / sizeof(*levels); i++) {
		if (strcasecmp(text, levels[i].name) == 0) {
			*out = (enum log_level)i;
			return true;
		}
	}
	return false;
}

/* What a terminal or the journal would take for more than text. */
static bool is_escaped(uint32_t c)
{
	return c < ' ' || (c >= 0x7f && c < 0xa0) || c == 0xfffd;
}

static void add_quoted(struct buf *line, const char *value)
{
	size_t end = line->len + VALUE_MAX_BYTES;
	uint32_t c;

	buf_addc(line, '"');
	for (size_t size; *value != '\0' && line->len < end; value += size) {
		size = utf8_read(value, &c);
		if (c == '"' || c == '\\')
			buf_addc(line, '\\');
		if (is_escaped(c))
			buf_addf(line, "\\u%04x", c);
		else
			buf_add(line, value, size);
	}
	buf_adds(line, *value != '\0' ? "...\"" : "\"");
}

static bool is_plain(const char *value)
{
	size_t n = 0;

	while (value[n] > ' ' && value[n] < 0x7f && !strchr("\"=\\", value[n]))
		n++;
	return n > 0 && n <= VALUE_MAX_BYTES && value[n] == '\0';
}

void log_field(struct buf *line, const char *key, const char *value)
{
	buf_addf(line, " %s=", key);
	if (is_plain(value))
		buf_adds(line, value);
	else
		add_quoted(line, value);
}

static void add_time(struct buf *line)
{
	int64_t now_ms = clock_wall_ms();
	time_t now_s = (time_t)(now_ms / 1000);
	struct tm utc;
	char text[32];

	gmtime_r(&now_s, &utc);
	strftime(text, sizeof(text), "%FT%T", &utc);
	buf_addf(line, "ts=%s.%03dZ ", text, (int)(now_ms % 1000));
}

/* Appends the fields, of which a line that gets too long keeps the first ones, whole. */
static void add_fields(struct buf *line, const char *message, va_list fields)
{
	const char *key = "msg", *value = message;

	do {
		size_t whole = line->len;
		log_field(line, key, value);
		if (line->failed) {
			line->len = whole;
			return;
		}
		key = va_arg(fields, const char *);
		if (key)
			value = va_arg(fields, const char *);
	} while (key);
}

/* One write, so that lines of several processes do not mix. */
static void write_line(struct buf *line)
{
	if (!line->ptr)
		return;
	line->ptr[line->len] = '\n'; /* where the NUL was: a full buffer has no other place */
	if (write(STDERR_FILENO, line->ptr, line->len + 1) < 0)
		return; /* there is nobody left to tell */
}

static void log_line(enum log_level level, const char *message, va_list fields)
{
	struct buf line;

	if (level < lowest)
		return;
	buf_init(&line, LINE_MAX_BYTES - 1);
	if (to_journal)
		buf_addf(&line, "<%d>", levels[level].priority);
	else
		add_time(&line);
	buf_addf(&line, "level=%s", levels[level].name);
	add_fields(&line, message, fields);
	write_line(&line);
	buf_done(&line);
}

void log_debug(const char *message, ...)
{
	va_list fields;

	va_start(fields, message);
	log_line(LOG_LEVEL_DEBUG, message, fields);
	va_end(fields);
}

void log_info(const char *message, ...)
{
	va_list fields;

	va_start(fields, message);
	log_line(LOG_LEVEL_INFO, message, fields);
	va_end(fields);
}

void log_warn(const char *message, ...)
{
	va_list fields;

	va_start(fields, message);
	log_line(LOG_LEVEL_WARN, message, fields);
	va_end(fields);
}

void log_error(const char *message, ...)
{
	va_list fields;

	va_start(fields, message);
	log_line(LOG_LEVEL_ERROR, message, fields);
	va_end(fields);
}
