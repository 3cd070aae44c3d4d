// SPDX-License-Identifier: Apache-2.0

@testable import Services

extension FuzzTarget {
  /// Where a history goes on, as callers hand it back.
  static let historyCursor = FuzzTarget(
    name: "history-cursor",
    seeds: [
      Array("1.raw.0.1.0.5".utf8), Array("1.1d.-9223372036854775808.9223372036854775807.-1.0".utf8),
      Array("1..0.1.0.5".utf8),
    ]
  ) { bytes in
    let text = String(decoding: bytes, as: UTF8.self)
    guard let cursor = HistoryCursor(text) else { return }
    hold(cursor.description == text, "a cursor is written as it was read")
    hold(cursor.from < cursor.to, "a cursor's range is not empty")
  }
}
