// SPDX-License-Identifier: Apache-2.0
#include "slurm_pusher/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

__attribute__((format(printf, 3, 0))) static void write_text(struct err *err, int code,
							     const char *format, va_list args)
{
	err->code = code;
	vsnprintf(err->text, sizeof err->text, format, args);
}

void err_write(struct err *err, int code, const char *format, ...)
{
	va_list args;

	if (!err)
		return;
	va_start(args, format);
	write_text(err, code, format, args);
	va_end(args);
}

void err_write_errno(struct err *err, int code, int error, const char *format, ...)
{
	char words[128];
	va_list args;
	size_t used;

	if (!err)
		return;
	va_start(args, format);
	write_text(err, code, format, args);
	va_end(args);
	used = strlen(err->text);
	snprintf(err->text + used, sizeof err->text - used, ": %s",
		 strerror_r(error, words, sizeof words));
}

int err_prefix(struct err *err, const char *format, ...)
{
	char before[sizeof err->text], after[sizeof err->text];
	va_list args;

	if (!err)
		return ERR_FAILED;
	va_start(args, format);
	vsnprintf(before, sizeof before, format, args);
	va_end(args);
	memcpy(after, err->text, sizeof after);
	/* What does not fit is cut: the cause comes last, the place first. */
	(void)!snprintf(err->text, sizeof err->text, "%.200s: %.290s", before, after);
	return err->code;
}
