// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "sample/v1/kinds.pb-c.h"
#include "sample/v1/other.pb-c.h"
#include "sample/v2/shapes.pb-c.h"
