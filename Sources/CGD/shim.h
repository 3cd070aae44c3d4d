// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <gd.h>

static inline void ts_gd_ignore(int priority, const char *format, va_list arguments) {
  (void)priority;
  (void)format;
  (void)arguments;
}

// libgd writes what is wrong with an image to stderr, which belongs to the program. Plain glue: a va_list cannot
// be passed over in Swift.
static inline void ts_gd_be_silent(void) { gdSetErrorMethod(ts_gd_ignore); }
