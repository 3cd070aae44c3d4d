// SPDX-License-Identifier: Apache-2.0

import Domain
import Foundation

extension WallClock {
  /// The machine's clock.
  static let system = WallClock {
    Timestamp(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000))
  }
}
