// SPDX-License-Identifier: Apache-2.0

import Domain

extension AuditActor {
  /// An operator at the command line, for the audit.
  static var command: AuditActor {
    AuditActor(name: "command", origin: CallOrigin(), at: WallClock.system.now())
  }
}
