// SPDX-License-Identifier: Apache-2.0
/*
 * test: what every unit test needs.
 */
#ifndef TEST_H
#define TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof *(a))

/* Fails with the error's text unless rc is 0. */
#define assert_ok(rc, err)                                                                         \
	do {                                                                                       \
		int rc_ = (rc);                                                                    \
		if (rc_ != 0)                                                                      \
			fail_msg("%d: %s", rc_, (err)->text);                                      \
	} while (0)

#endif
