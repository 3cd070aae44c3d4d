// SPDX-License-Identifier: Apache-2.0

import Domain
package import RPCRuntime

/// Lets the stores know until when a call's answer is of use: its deadline becomes the task's
/// ``CallDeadline``, and the statements' timeout from there.
package struct DeadlineInterceptor: CallBracket {
  package init() {}

  package func scope(_ context: ServerContext) -> (any CallScope)? {
    context.timeRemaining.map { TaskLocalScope(CallDeadline.$current, ContinuousClock.now + $0) }
  }
}
