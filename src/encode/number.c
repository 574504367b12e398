// SPDX-License-Identifier: Apache-2.0
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "slurm_pusher/encode.h"

#define DIGITS "0123456789"

/* Integers below this have at most DBL_DIG digits and are written out in full. */
static const double integers_below = 1e15;

/* Locales differ in the decimal point, which may be several bytes, and in nothing else. */
static void set_plain_point(char *number)
{
	char *point = number + strspn(number, "-" DIGITS);
	size_t n = strcspn(point, DIGITS "e");

	if (n == 0)
		return;
	*point = '.';
	memmove(point + 1, point + n, strlen(point + n) + 1);
}

static void add_fraction(double value, struct buf *out)
{
	/* Any DBL_DIG digits survive the way through a double, but for subnormal ones. */
	int digits = isnormal(value) ? DBL_DIG : 1;
	char text[48];

	do
		snprintf(text, sizeof text, "%.*g", digits, value);
	while (digits++ < DBL_DECIMAL_DIG && strtod(text, NULL) != value);
	set_plain_point(text);
	buf_adds(out, text);
}

void encode_number(double value, struct buf *out)
{
	if (isnan(value))
		buf_adds(out, "NaN");
	else if (isinf(value))
		buf_adds(out, value > 0 ? "+Inf" : "-Inf");
	else if (fabs(value) < integers_below && value == (double)(int64_t)value)
		buf_addf(out, "%" PRId64, (int64_t)value);
	else
		add_fraction(value, out);
}
