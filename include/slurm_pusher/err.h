// SPDX-License-Identifier: Apache-2.0
/*
 * err: why something failed, and what the caller can do about it.
 *
 * A function that can fail returns 0, or a negative `enum err_code`, and takes
 * a `struct err *` as its last argument. The code says what the caller can DO;
 * the text is a whole sentence for a log line that says WHY. Whoever notices
 * the failure sets it, once; callers put their own context in front of it on
 * the way up; whoever stops its way reports it. On success it is untouched.
 *
 * The text lives in the struct: failing never allocates. A NULL err is fine
 * everywhere, for callers that only want the code.
 */
#ifndef SLURM_PUSHER_ERR_H
#define SLURM_PUSHER_ERR_H

enum err_code {
	ERR_NOMEM = -1,   /* give up this piece of work, keep living */
	ERR_IO = -2,      /* the outside world refused; errno's words are in the text */
	ERR_FORMAT = -3,  /* the input is wrong; the text names the place */
	ERR_LIMIT = -4,   /* a bound was reached; the text names it */
	ERR_TIMEOUT = -5, /* a deadline passed */
	ERR_BUSY = -6,    /* somebody else holds it */
	ERR_FAILED = -7,  /* a program we ran failed */
};

struct err {
	int code;
	char text[496];
};

/* Sets code and text, printf-like; is the code, so that it can stand in a return. A macro, so
 * that whoever reads the caller (compiler, analyser) sees that the code is negative. */
#define err_set(err, code, ...)                                                                    \
	__extension__({                                                                            \
		err_write((err), (code), __VA_ARGS__);                                             \
		(code);                                                                            \
	})

/* As err_set(), with ": " and the words for `error` (an errno) appended. */
#define err_errno(err, code, error, ...)                                                           \
	__extension__({                                                                            \
		err_write_errno((err), (code), (error), __VA_ARGS__);                              \
		(code);                                                                            \
	})

__attribute__((format(printf, 3, 4))) void err_write(struct err *err, int code, const char *format,
						     ...);
__attribute__((format(printf, 4, 5))) void err_write_errno(struct err *err, int code, int error,
							   const char *format, ...);

/* Puts "<text>: " in front of what is there; returns the code that is there. */
__attribute__((format(printf, 2, 3))) int err_prefix(struct err *err, const char *format, ...);

#endif
