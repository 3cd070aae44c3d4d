// SPDX-License-Identifier: Apache-2.0

import Foundation
import TrakSenseAPI

/// Lines that are seen at once, also where output goes to a pipe.
enum Output {
  static func say(_ line: String) { write(line, to: .standardOutput) }

  static func complain(_ text: String) { write(text, to: .standardError) }

  private static func write(_ text: String, to file: FileHandle) {
    do {
      try file.write(contentsOf: Data((text + "\n").utf8))
    } catch {
      // Whoever was reading has left; nobody is there to be told.
      exit(EXIT_FAILURE)
    }
  }

  /// A value with at most three decimals.
  static func number(_ value: Double) -> String {
    value.formatted(.number.grouping(.never).precision(.fractionLength(0...3)))
  }

  /// A time in UTC, to the millisecond.
  static func time(_ microseconds: Int64) -> String {
    ProtoTimestamp(microseconds: microseconds / 1000 * 1000).rfc3339
  }

  /// Left-aligned, so wide or, with two spaces behind, wider.
  static func column(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(2, width - text.count))
  }
}
