// SPDX-License-Identifier: Apache-2.0

/// The labels of one series, in the order of their names.
struct MetricLabels: Hashable, Comparable {
  /// `name="value"` joined with commas; empty without labels.
  let text: String

  init(_ dimensions: [(String, String)]) {
    var seen: Set<String> = []
    text = dimensions.map { (MetricNames.label($0.0), MetricNames.escapedValue($0.1)) }
      .filter { seen.insert($0.0).inserted }
      .sorted { $0.0 < $1.0 }
      .map { "\($0.0)=\"\($0.1)\"" }
      .joined(separator: ",")
  }

  /// The same label names, each with a value that says that there were too many.
  init(overflowOf dimensions: [(String, String)]) {
    self.init(dimensions.map { ($0.0, "_overflow") })
  }

  static func < (left: MetricLabels, right: MetricLabels) -> Bool { left.text < right.text }
}
