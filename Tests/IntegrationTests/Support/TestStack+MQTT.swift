// SPDX-License-Identifier: Apache-2.0
import DevStack
import Foundation
import TestSupport

extension TestStack {
  /// Publishes with mosquitto_pub, QoS 1: returns when the broker has it.
  func publish(_ payload: String, to topic: String) async throws {
    let file = freshLog("payload")
    try Data(payload.utf8).write(to: URL(filePath: file))
    try await Run(
      Tool.named("mosquitto_pub").path,
      ["-h", "127.0.0.1", "-p", "\(broker.port)", "-q", "1", "-t", topic, "-f", file],
      log: freshLog("mosquitto_pub")
    ).succeed()
  }

  func publish(_ reading: Sample) async throws {
    try await publish(reading.payload, to: reading.topic)
  }

  /// Starts the paho client that publishes numbered readings.
  func publishNumbered(
    _ numbers: Range<Int>, perSecond: Int = 0, base: Int64
  ) async throws -> Run {
    try await python(
      "publish.py",
      [
        "\(broker.port)", "--first", "\(numbers.lowerBound)", "--count", "\(numbers.count)",
        "--per-second", "\(perSecond)", "--base", "\(base)",
      ])
  }
}

/// One reading as a test sends it.
struct Sample: Sendable {
  var tenant = "umc"
  var device = "ESP32-01"
  var sensor = "temp_001"
  var value = "21.5"
  var unit = "°C"
  /// RFC 3339.
  var timestamp: String

  /// Measured a number of milliseconds before now. Samples that belong together have one `now`: else their
  /// distances depend on how long it takes to make them.
  init(ago milliseconds: Int = 0, now: Date = Date()) {
    timestamp = Self.rfc3339(now.addingTimeInterval(-Double(milliseconds) / 1000))
  }

  /// As the server writes it: whole seconds have no fraction.
  static func rfc3339(_ date: Date) -> String {
    date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
      .replacing(".000Z", with: "Z")
  }

  var topic: String { "tenants/\(tenant)/devices/\(device)/sensors/\(sensor)" }

  /// What a device publishes on its topic.
  var payload: String { #"{"value":\#(value),"unit":"\#(unit)","timestamp":"\#(timestamp)"}"# }

  /// What a gateway posts.
  var body: String {
    #"{"tenant":"\#(tenant)","device_id":"\#(device)","sensor_id":"\#(sensor)","value":\#(value),"#
      + #""unit":"\#(unit)","timestamp":"\#(timestamp)"}"#
  }

  /// What an RPC sends, in the proto3 JSON form.
  var message: String {
    #"{"device_id":"\#(device)","sensor_id":"\#(sensor)","value":\#(value),"unit":"\#(unit)","#
      + #""timestamp":"\#(timestamp)"}"#
  }
}
