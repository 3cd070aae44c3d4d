// SPDX-License-Identifier: Apache-2.0

import Domain
import JSONText
import NIOCore
import Services
import TrakSenseAPI

@testable import Ingest

extension FuzzTarget {
  /// The first byte chooses the message type, the rest is its binary or JSON form. What decodes can be
  /// written in both forms and comes back.
  static let protobuf = FuzzTarget(
    name: "protobuf",
    seeds: types.indices.map { [UInt8($0)] } + samples
  ) { bytes in
    var input = FuzzInput(bytes)
    let choice = input.byte()
    let type = types[Int(choice & 0x7f) % types.count]
    check(type, input.remaining(), isJSON: choice & 0x80 != 0)
  }

  private static let types: [any ProtobufMessage.Type] = [
    TraksenseV1.Reading.self, TraksenseV1.IngestRequest.self, TraksenseV1.IngestResponse.self,
    TraksenseV1.IngestResult.self, TraksenseV1.LatestRequest.self,
    TraksenseV1.LatestResponse.self, TraksenseV1.HistoryRequest.self,
    TraksenseV1.HistoryResponse.self, TraksenseV1.Series.self, TraksenseV1.HistoryBlock.self,
    TraksenseV1.SubscribeRequest.self, TraksenseV1.SubscribeResponse.self,
    TraksenseV1.JournalBlock.self, TraksenseV1.LiveReading.self, TraksenseV1.Gap.self,
    ProtoStruct.self, TraksenseV1.SiteStats.self, TraksenseV1.CompleteAsset.self,
  ]

  private static var samples: [[UInt8]] {
    let reading = TraksenseV1.Reading(
      deviceID: "d", sensorID: "s", value: 23.5, unit: "°C",
      timestamp: ProtoTimestamp(microseconds: 1_735_732_800_000_000), sensorType: "t")
    let json = #"{"readings":[{"device_id":"d","value":1.5,"timestamp":"2025-01-01T00:00:00Z"}]}"#
    let object = ProtoStruct([
      "a": .list([.null, .number(1.5), .string("é")]), "b": .object(ProtoStruct(["": .bool(true)])),
    ])
    return [
      [0] + encoded(reading), [0x80] + reading.json, [0x81] + Array(json.utf8),
      [15] + encoded(object), [0x8F] + object.json,
    ]
  }

  private static func encoded(_ message: some ProtobufMessage) -> [UInt8] {
    var buffer = ByteBuffer()
    message.encode(into: &buffer)
    return Array(buffer.readableBytesView)
  }

  private static func check<Message: ProtobufMessage>(
    _ type: Message.Type, _ bytes: [UInt8], isJSON: Bool
  ) {
    let message: Message
    do {
      message =
        isJSON ? try Message(json: bytes) : try Message(serialized: ByteBuffer(bytes: bytes))
    } catch {
      return
    }
    let binary = encoded(message)
    do {
      // Compared as bytes, because NaN is not equal to itself.
      let again = try Message(serialized: ByteBuffer(bytes: binary))
      hold(encoded(again) == binary, "the binary form of \(Message.fullName) comes back")
      // JSON has one NaN only.
      let text = message.json
      let fromJSON = try Message(json: text)
      hold(fromJSON.json == text, "the JSON form of \(Message.fullName) comes back")
    } catch {
      preconditionFailure("\(Message.fullName) cannot read what it wrote: \(error)")
    }
  }

  /// A text that is accepted can be written and read again, and is then the same.
  static let json = FuzzTarget(
    name: "json",
    seeds: [
      #"{"a":[1,-0.5e+10,true,null,"\u00e9\ud83d\ude00\n"],"b":{}}"#, "[[[[]]]]", "1e999",
      "9223372036854775807", #""\ud800""#, " [ ] ",
    ].map { Array($0.utf8) }
  ) { bytes in
    guard let value = try? FuzzJSON.read(bytes) else { return }
    var writer = JSONWriter()
    value.write(to: &writer)
    guard let again = try? FuzzJSON.read(writer.bytes) else {
      preconditionFailure("what was written can be read")
    }
    hold(again == value, "JSON comes back")
  }

  /// `length, topic, payload`: every message becomes points.
  static let mqtt = FuzzTarget(
    name: "mqtt",
    seeds: [
      #"{"device_id":"d","timestamp":"2025-01-01T00:00:00Z","readings":[{"sensor_id":"s","value":1.5,"unit":"C"}]}"#,
      #"[{"bn":"d/","bt":1.7e9,"n":"s","u":"Cel","v":20.5},{"n":"t","v":NaN}]"#,
      #"{"value":1}"#,
    ].map { payload in
      let topic = Array("tenants/umc/sites/a/assets/b/telemetry".utf8)
      return [UInt8(topic.count)] + topic + Array(payload.utf8)
    }
  ) { bytes in
    var input = FuzzInput(bytes)
    let topic = String(decoding: input.bytes(Int(input.byte())), as: UTF8.self)
    let delivery = MessageDecoder().decode(topic: topic, payload: input.remaining())
    hold(!delivery.points.isEmpty, "a delivery has a point")
  }

  /// A block that decodes is written again with the same readings.
  static let journal = FuzzTarget(
    name: "journal",
    seeds: [[]]
      + [
        TraksenseV1.JournalBlock(
          series: [
            TraksenseV1.Series(
              seriesKey: 1, deviceID: "d", sensorID: "s", sensorType: "t", unit: "C")
          ], seriesKey: [1, 1], timestampUS: [5, 6], value: [1.5, 2.5])
      ].map(encoded)
  ) { bytes in
    let codec = JournalBlockCodec()
    guard let readings = codec.decode(bytes) else { return }
    let written = codec.encode(readings)
    guard let again = codec.decode(written) else {
      preconditionFailure("a block that was written can be read")
    }
    hold(again.count == readings.count, "no reading is lost")
    hold(codec.encode(again) == written, "a block comes back")
  }
}
