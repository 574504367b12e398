// SPDX-License-Identifier: Apache-2.0
#include <ctype.h>
#include <stdio.h>

#include "slurm_pusher/schema.h"

enum { MAX_LINES = 100, MAX_LINE = 1024 };

void problems_init(struct problems *p)
{
	*p = (struct problems){ 0 };
	buf_init(&p->errors, MAX_LINES * MAX_LINE * 2);
	buf_init(&p->warnings, MAX_LINES * MAX_LINE * 2);
}

void problems_done(struct problems *p)
{
	if (!p)
		return;
	buf_done(&p->errors);
	buf_done(&p->warnings);
}

/* Texts quoted from a file may hold line breaks and worse; a problem is one line. */
static void flatten(char *line)
{
	for (; *line; line++)
		if (iscntrl((unsigned char)*line))
			*line = ' ';
}

__attribute__((format(printf, 4, 0))) static void line_add(struct buf *lines, size_t *n,
							   const struct tree *where,
							   const char *format, va_list args)
{
	char text[MAX_LINE];

	++*n;
	if (*n == MAX_LINES + 1)
		buf_adds(lines, "and more\n");
	if (*n > MAX_LINES)
		return;
	vsnprintf(text, sizeof(text), format, args);
	flatten(text);
	if (where && where->line)
		buf_addf(lines, "%s:%d:%d: ", where->file, where->line, where->column);
	else if (where)
		buf_addf(lines, "%s: ", where->file);
	buf_addf(lines, "%s\n", text);
}

void problem_add(struct problems *p, const struct tree *where, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	line_add(&p->errors, &p->n_errors, where, format, args);
	va_end(args);
}

void warning_add(struct problems *p, const struct tree *where, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	line_add(&p->warnings, &p->n_warnings, where, format, args);
	va_end(args);
}
