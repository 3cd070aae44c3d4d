// SPDX-License-Identifier: Apache-2.0

import Foundation
import TrakSenseAPI

/// Lines that are seen at once, also where output goes to a pipe.
enum Output {
  static func say(_ line: String) {
    FileHandle.standardOutput.write(Data((line + "\n").utf8))
  }

  static func complain(_ text: String) {
    FileHandle.standardError.write(Data((text + "\n").utf8))
  }

  /// A value with at most three decimals.
  static func number(_ value: Double) -> String {
    value.formatted(.number.grouping(.never).precision(.fractionLength(0...3)))
  }

  /// A time in UTC, to the millisecond.
  static func time(_ microseconds: Int64) -> String {
    ProtoTimestamp(microseconds: microseconds / 1000 * 1000).rfc3339
  }

  /// Left-aligned, at least so wide.
  static func column(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }
}
