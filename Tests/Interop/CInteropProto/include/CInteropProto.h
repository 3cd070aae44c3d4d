// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "grpc/testing/messages.pb-c.h"
#include "grpc/testing/test.pb-c.h"
