// SPDX-License-Identifier: Apache-2.0

import Domain

extension Actor {
  /// An operator at the command line, for the audit.
  static var command: Actor {
    Actor(name: "command", origin: CallOrigin(), at: WallClock.system.now())
  }
}
