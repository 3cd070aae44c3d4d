// SPDX-License-Identifier: Apache-2.0

import Foundation
import Metrics
import TestSupport
import Testing

@testable import Prometheus

@Suite("Prometheus text", .timeLimit(.minutes(5)))
struct ExpositionTests {
  /// What the parser of Prometheus' own Python client makes of it.
  private struct Sample: Hashable, Decodable {
    var family: String
    var type: String
    var help: String
    var name: String
    var labels: [String: String]
    var value: String
  }

  private static let parser = """
    import json, sys
    from prometheus_client.parser import text_string_to_metric_families
    text = sys.stdin.buffer.read().decode()
    print(json.dumps([
        dict(family=f.name, type=f.type, help=f.documentation, name=s.name, labels=s.labels,
             value=repr(float(s.value)))
        for f in text_string_to_metric_families(text) for s in f.samples]))
    """

  private static func parse(_ text: String) async throws -> [Sample] {
    let output = try await Tool.python().text(["-c", parser], input: text)
    return try JSONDecoder().decode([Sample].self, from: Data(output.utf8))
  }

  @Test("Prometheus' own parser reads every kind of metric")
  func kinds() async throws {
    var settings = PrometheusRegistry.Settings()
    settings.help = ["calls_total": "Calls, \\ and\nmore."]
    settings.buckets = ["seconds": [0.5, 1]]
    let registry = PrometheusRegistry(settings)
    Counter(label: "calls_total", dimensions: [("who", "a\"b\\c\nd é")], factory: registry)
      .increment(by: 3)
    FloatingPointCounter(label: "litres_total", factory: registry).increment(by: 0.25)
    Gauge(label: "open", factory: registry).record(-7)
    registry.gauge("asked", [("of", "others")]) { 1.5 }
    let timer = Timer(label: "seconds", dimensions: [("m", "x")], factory: registry)
    for milliseconds in [400, 500, 501, 5_000] { timer.recordMilliseconds(milliseconds) }

    let samples = try await Self.parse(registry.text)
    func find(_ name: String, _ labels: [String: String] = [:]) -> Sample? {
      samples.first { $0.name == name && $0.labels == labels }
    }
    let calls = try #require(find("calls_total", ["who": "a\"b\\c\nd é"]))
    #expect(calls.value == "3.0")
    #expect(calls.type == "counter")
    #expect(calls.help == "Calls, \\ and\nmore.")
    #expect(find("litres_total")?.value == "0.25")
    #expect(find("open")?.value == "-7.0")
    #expect(find("open")?.type == "gauge")
    #expect(find("asked", ["of": "others"])?.value == "1.5")
    #expect(find("seconds_bucket", ["m": "x", "le": "0.5"])?.value == "2.0")
    #expect(find("seconds_bucket", ["m": "x", "le": "1"])?.value == "3.0")
    #expect(find("seconds_bucket", ["m": "x", "le": "+Inf"])?.value == "4.0")
    #expect(find("seconds_count", ["m": "x"])?.value == "4.0")
    #expect(find("seconds_sum", ["m": "x"])?.value == "6.401")
    #expect(find("seconds_sum", ["m": "x"])?.type == "histogram")
  }

  @Test("the text is this, byte for byte")
  func bytes() {
    var settings = PrometheusRegistry.Settings()
    settings.help = ["b_total": "Bees."]
    settings.buckets = ["a": [1, 2.5]]
    let registry = PrometheusRegistry(settings)
    for name in ["y", "x"] {
      Counter(label: "b_total", dimensions: [("z", "1"), ("n", name)], factory: registry)
        .increment()
    }
    let recorder = Recorder(label: "a", factory: registry)
    recorder.record(2)
    recorder.record(3)
    #expect(
      registry.text == """
        # TYPE a histogram
        a_bucket{le="1"} 0
        a_bucket{le="2.5"} 1
        a_bucket{le="+Inf"} 2
        a_sum 5
        a_count 2
        # HELP b_total Bees.
        # TYPE b_total counter
        b_total{n="x",z="1"} 1
        b_total{n="y",z="1"} 1

        """)
  }

  @Test(
    "names are made legal",
    arguments: [
      ("http.requests-total", "http_requests_total"), ("5xx", "_5xx"), ("", "_"), ("a:b", "a:b"),
      ("größe", "gr____e"),
    ])
  func names(label: String, expected: String) {
    #expect(MetricNames.metric(label) == expected)
  }

  @Test("a histogram's own label cannot be taken")
  func bucketLabel() {
    #expect(MetricLabels([("le", "1")]).text == "le_=\"1\"")
  }

  @Test(
    "numbers are written as Prometheus reads them",
    arguments: [
      (0, "0"), (-3, "-3"), (0.1, "0.1"), (1e14, "100000000000000"), (1e21, "1e+21"),
      (1e-7, "1e-07"), (.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"),
    ])
  func numbers(value: Double, expected: String) {
    #expect(MetricNames.number(value) == expected)
  }

  @Test("label values beyond the limit are counted together", arguments: [2, 3, 4])
  func cardinality(count: Int) {
    var settings = PrometheusRegistry.Settings()
    settings.maxSeries = 3
    let registry = PrometheusRegistry(settings)
    for index in 0..<count {
      for _ in 0..<2 {
        Counter(label: "c_total", dimensions: [("tenant", "\(index)")], factory: registry)
          .increment()
      }
    }
    let lines = registry.text.split(separator: "\n").filter { !$0.hasPrefix("#") }
    #expect(lines.count == count)
    #expect(lines.contains("c_total{tenant=\"_overflow\"} 2") == (count > 3))
  }

  @Test("metrics beyond the limit are not kept", arguments: [2, 3, 4])
  func families(count: Int) {
    var settings = PrometheusRegistry.Settings()
    settings.maxFamilies = 3
    let registry = PrometheusRegistry(settings)
    for index in 0..<count { Counter(label: "c\(index)", factory: registry).increment() }
    let lines = registry.text.split(separator: "\n").filter { !$0.hasPrefix("#") }
    #expect(lines.count == min(count, 3))
  }

  @Test("a name that is taken by another kind is not written twice")
  func conflict() {
    let registry = PrometheusRegistry()
    Counter(label: "n", factory: registry).increment()
    Gauge(label: "n", factory: registry).record(9)
    #expect(registry.text == "# TYPE n counter\nn 1\n")
  }

  @Test("nothing is lost when threads count at once")
  func concurrent() async {
    let registry = PrometheusRegistry()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask {
          for _ in 0..<10_000 {
            Counter(label: "c_total", factory: registry).increment()
            Timer(label: "t", factory: registry).recordNanoseconds(1_000_000_000)
          }
        }
      }
    }
    #expect(registry.text.contains("c_total 80000\n"))
    #expect(registry.text.contains("t_sum 80000\n"))
    #expect(registry.text.contains("t_count 80000\n"))
  }
}
