// SPDX-License-Identifier: Apache-2.0

/// All series of one metric.
struct MetricFamily {
  enum Kind: String {
    case counter
    case gauge
    case histogram
  }

  enum Cell {
    case counter(CounterCell)
    case floatingPointCounter(FloatingPointCounterCell)
    case gauge(GaugeCell)
    case histogram(HistogramCell)
    /// Asked for when the metrics are read.
    case read(@Sendable () -> Double)
  }

  let kind: Kind
  private(set) var series: [MetricLabels: Cell] = [:]

  init(_ kind: Kind) {
    self.kind = kind
  }

  subscript(_ labels: MetricLabels) -> Cell? {
    get { series[labels] }
    set { series[labels] = newValue }
  }

  /// Appends the family (exposition format 0.0.4).
  func write(_ name: String, help: String?, to text: inout String) {
    guard !series.isEmpty else { return }
    if let help { text += "# HELP \(name) \(MetricNames.escapedHelp(help))\n" }
    text += "# TYPE \(name) \(kind.rawValue)\n"
    for (labels, cell) in series.sorted(by: { $0.key < $1.key }) {
      switch cell {
      case .counter(let cell): Self.write(name, labels.text, cell.value, to: &text)
      case .floatingPointCounter(let cell): Self.write(name, labels.text, cell.value, to: &text)
      case .gauge(let cell): Self.write(name, labels.text, cell.value, to: &text)
      case .read(let read): Self.write(name, labels.text, read(), to: &text)
      case .histogram(let cell): Self.write(name, labels.text, cell, to: &text)
      }
    }
  }

  private static func write(
    _ name: String, _ labels: String, _ value: Double, to text: inout String
  ) {
    text += name
    if !labels.isEmpty { text += "{\(labels)}" }
    text += " \(MetricNames.number(value))\n"
  }

  /// Buckets are cumulative, and the last one counts everything: what `_count` says.
  private static func write(
    _ name: String, _ labels: String, _ cell: HistogramCell, to text: inout String
  ) {
    let (counts, sum) = cell.snapshot
    let prefix = labels.isEmpty ? "" : labels + ","
    var total: Int64 = 0
    for (count, bound) in zip(counts, cell.bounds + [.infinity]) {
      total += count
      write(
        "\(name)_bucket", "\(prefix)le=\"\(MetricNames.number(bound))\"", Double(total), to: &text)
    }
    write("\(name)_sum", labels, sum, to: &text)
    write("\(name)_count", labels, Double(total), to: &text)
  }
}
