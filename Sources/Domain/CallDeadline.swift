// SPDX-License-Identifier: Apache-2.0

/// Until when the call that this task works for is of use to anybody. Set around a handler by the service
/// layer; a store lets the database know, which then ends a statement by itself.
package enum CallDeadline {
  /// nil: nobody waits for a certain time only.
  @TaskLocal package static var current: ContinuousClock.Instant?
}
