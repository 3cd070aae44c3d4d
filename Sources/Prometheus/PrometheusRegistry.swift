// SPDX-License-Identifier: Apache-2.0

package import CoreMetrics
import Synchronization

/// A backend of swift-metrics whose metrics are read as Prometheus text.
///
/// Making a metric takes a lock; counting in one is atomic additions. Metrics are kept for good, so
/// their number is bounded.
package final class PrometheusRegistry: MetricsFactory {
  /// What is known about metrics before they are made, by the name they are exported under.
  package struct Settings: Sendable {
    /// Help texts.
    package var help: [String: String] = [:]
    /// Upper bounds of histograms' buckets, rising.
    package var buckets: [String: [Double]] = [:]
    /// Bounds for those not named, in seconds: calls here take from a tenth of a millisecond on.
    package var defaultBuckets = [
      0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5,
      5, 10,
    ]
    /// Most series of one metric; further label values are counted together under `_overflow`.
    /// Default 1,000: some hundred methods with some ten outcomes, or a thousand tenants.
    package var maxSeries = 1_000
    /// Most metrics; further ones are not kept. Default 1,000.
    package var maxFamilies = 1_000

    package init() {}
  }

  /// `Content-Type` of ``text``.
  package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

  private let settings: Settings
  private let families = Mutex<[String: MetricFamily]>([:])

  package init(_ settings: Settings = Settings()) {
    self.settings = settings
  }

  /// All metrics in the text exposition format 0.0.4, ordered by name.
  package var text: String {
    // The cells are shared: nobody who counts waits for the writing.
    let families = families.withLock { $0 }
    var text = ""
    for (name, family) in families.sorted(by: { $0.key < $1.key }) {
      family.write(name, help: settings.help[name], to: &text)
    }
    return text
  }

  /// Exports a number that somebody else keeps.
  /// - Parameters:
  ///   - name: the metric's.
  ///   - dimensions: labels.
  ///   - read: called whenever the metrics are read; must return at once.
  package func gauge(
    _ name: String, _ dimensions: [(String, String)] = [], read: @escaping @Sendable () -> Double
  ) {
    _ = cell(name, dimensions, .gauge) { .read(read) }
  }

  /// As ``gauge(_:_:read:)``, for a number that only grows.
  package func counter(
    _ name: String, _ dimensions: [(String, String)] = [], read: @escaping @Sendable () -> Double
  ) {
    _ = cell(name, dimensions, .counter) { .read(read) }
  }

  // MARK: MetricsFactory

  package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
    let cell = cell(label, dimensions, .counter) { .counter(CounterCell()) }
    if case .counter(let counter) = cell { return counter }
    return NOOPMetricsHandler.instance
  }

  package func makeFloatingPointCounter(
    label: String, dimensions: [(String, String)]
  ) -> any FloatingPointCounterHandler {
    let cell = cell(label, dimensions, .counter) {
      .floatingPointCounter(FloatingPointCounterCell())
    }
    if case .floatingPointCounter(let counter) = cell { return counter }
    return NOOPMetricsHandler.instance
  }

  package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
    if let gauge = gauge(label, dimensions) { return gauge }
    return NOOPMetricsHandler.instance
  }

  package func makeRecorder(
    label: String, dimensions: [(String, String)], aggregate: Bool
  ) -> any RecorderHandler {
    if aggregate {
      if let histogram = histogram(label, dimensions) { return histogram }
    } else if let gauge = gauge(label, dimensions) {
      return gauge
    }
    return NOOPMetricsHandler.instance
  }

  package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
    if let histogram = histogram(label, dimensions) { return histogram }
    return NOOPMetricsHandler.instance
  }

  // A counter that vanished and came back would look like a restart: nothing is ever destroyed.

  package func destroyCounter(_ handler: any CounterHandler) {}
  package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
  package func destroyMeter(_ handler: any MeterHandler) {}
  package func destroyRecorder(_ handler: any RecorderHandler) {}
  package func destroyTimer(_ handler: any TimerHandler) {}

  // MARK: Cells

  private func gauge(_ label: String, _ dimensions: [(String, String)]) -> GaugeCell? {
    let cell = cell(label, dimensions, .gauge) { .gauge(GaugeCell()) }
    if case .gauge(let gauge) = cell { return gauge }
    return nil
  }

  private func histogram(_ label: String, _ dimensions: [(String, String)]) -> HistogramCell? {
    let bounds = settings.buckets[MetricNames.metric(label)] ?? settings.defaultBuckets
    let cell = cell(label, dimensions, .histogram) { .histogram(HistogramCell(bounds: bounds)) }
    if case .histogram(let histogram) = cell { return histogram }
    return nil
  }

  /// Finds or makes a series.
  /// - Returns: nil when the name is taken by a metric of another kind, or there are too many.
  private func cell(
    _ label: String, _ dimensions: [(String, String)], _ kind: MetricFamily.Kind,
    _ make: () -> MetricFamily.Cell
  ) -> MetricFamily.Cell? {
    let name = MetricNames.metric(label)
    let labels = MetricLabels(dimensions)
    let overflow = MetricLabels(overflowOf: dimensions)
    return families.withLock { families in
      if families[name] == nil {
        guard families.count < settings.maxFamilies else { return nil }
        families[name] = MetricFamily(kind)
      }
      guard let family = families[name], family.kind == kind else { return nil }
      if let known = family[labels] { return known }
      let isFull = family.series.count >= settings.maxSeries
      if isFull, let known = family[overflow] { return known }
      let cell = make()
      families[name]?[isFull ? overflow : labels] = cell
      return cell
    }
  }
}
