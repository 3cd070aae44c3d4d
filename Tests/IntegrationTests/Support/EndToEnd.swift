// SPDX-License-Identifier: Apache-2.0
import Testing

/// Every test of this target: the real server with a real PostgreSQL and a real broker, seen by clients that
/// share no code with it. One at a time, so that each has the machine for itself.
@Suite(.serialized)
enum EndToEnd {}
