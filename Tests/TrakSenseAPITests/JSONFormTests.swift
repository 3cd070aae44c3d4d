// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing
import TrakSenseAPI

@Suite("JSON form", .timeLimit(.minutes(5)))
struct JSONFormTests {
  @Test("a message written and read is the same", arguments: Sample.all)
  func roundTrip(_ sample: Sample) throws {
    #expect(try type(of: sample.message).init(json: sample.message.json).equals(sample.message))
    let strict = JSONParsing(ignoreUnknown: false)
    #expect(
      try type(of: sample.message).init(json: sample.message.json, parsing: strict)
        .equals(sample.message))
  }

  static let written: [(any ProtobufMessage, String)] = [
    (
      TraksenseV1.Reading(),
      #"{"device_id":"","sensor_id":"","value":0.0,"unit":"","timestamp":null,"sensor_type":""}"#
    ),
    (
      Sample.reading,
      #"{"device_id":"ahu-1","sensor_id":"temp-supply-air-of-the-first-floor","value":-23.45,"#
        + #""unit":"°C","timestamp":"2025-01-01T12:00:00.123456Z","sensor_type":"temperature"}"#
    ),
    (
      TraksenseV1.HistoryBlock(
        seriesKey: [.max], timestampUS: [-1, 0], value: [.nan, .infinity, -.infinity, 1e21]),
      #"{"series_key":["9223372036854775807"],"timestamp_us":["-1","0"],"#
        + #""value":["NaN","Infinity","-Infinity",1e+21],"minimum":[],"maximum":[],"count":[],"#
        + #""last":[]}"#
    ),
    (TraksenseV1.SubscribeResponse(), "{}"),
    (
      TraksenseV1.SubscribeResponse(event: .gap(.init(fromCursor: 1, toCursor: 2))),
      #"{"gap":{"from_cursor":"1","to_cursor":"2"}}"#
    ),
    (
      TraksenseV1.IngestResponse(results: [.init(outcome: .stored)], stored: 1),
      #"{"results":[{"outcome":"STORED","reason":"","field":"","message":""}],"stored":1,"#
        + #""duplicates":0,"refused":0}"#
    ),
    (
      TraksenseV1.IngestResult(outcome: .unrecognized(9), reason: "\"\\\n"),
      #"{"outcome":9,"reason":"\"\\\n","field":"","message":""}"#
    ),
    (ProtoTimestamp(seconds: 0), #""1970-01-01T00:00:00Z""#),
  ]

  @Test(
    "messages are written with the .proto's names, zeros and nulls", arguments: 0..<written.count)
  func writes(_ index: Int) {
    let (message, expected) = Self.written[index]
    #expect(String(decoding: message.json, as: UTF8.self) == expected)
    var appended = Array("x".utf8)
    message.appendJSON(to: &appended)
    #expect(String(decoding: appended, as: UTF8.self) == "x" + expected)
  }

  @Test(
    "all spellings of a value are read",
    arguments: [
      #"{"cursor":7,"series_key":[1],"timestamp_us":[-1],"value":[0.5]}"#,
      #"{"cursor":"7","seriesKey":["1"],"timestampUs":["-1"],"value":["0.5"]}"#,
      #" { "cursor" : 7.0 , "series_key" : [ 1e0 ] , "timestampUs" : ["-1.0"], "value" : [5e-1] } "#,
      #"{"cursor":1,"cursor":7,"series_key":[1],"timestamp_us":[-1],"value":[0.5],"x":{"y":[1]}}"#,
      #"{"c\u0075rsor":7,"series_key":[1],"timestamp_us":[-1],"value":[0.5]}"#,
    ])
  func spellings(_ text: String) throws {
    #expect(
      try TraksenseV1.ReadingBlock(json: Array(text.utf8))
        == .init(cursor: 7, seriesKey: [1], timestampUS: [-1], value: [0.5]))
  }

  @Test("null stands for what is not set")
  func nulls() throws {
    let text = #"{"device_id":null,"timestamp":null,"count":null,"readings":null}"#
    #expect(try TraksenseV1.LatestResponse(json: Array(text.utf8)) == .init())
    let oneof = #"{"gap":{"from_cursor":"1"},"start":null}"#
    #expect(
      try TraksenseV1.SubscribeResponse(json: Array(oneof.utf8))
        == .init(event: .gap(.init(fromCursor: 1))))
  }

  @Test("enums are read by name and by number")
  func enums() throws {
    for (text, expected) in [
      ("\"GAP\"", TraksenseV1.SlowReaderPolicy.gap), ("\"CLOSE\"", .close), ("1", .gap),
      ("0", .close),
      ("9", .unrecognized(9)), ("null", .close), ("\"LATER\"", .close),
    ] {
      let json = Array("{\"slow_reader\":\(text)}".utf8)
      #expect(try TraksenseV1.SubscribeRequest(json: json).slowReader == expected, "\(text)")
    }
  }

  @Test("special doubles are read from strings")
  func specialDoubles() throws {
    let text = #"{"value":["NaN","Infinity","-Infinity","-1.5e3"]}"#
    let value = try TraksenseV1.HistoryBlock(json: Array(text.utf8)).value
    #expect(value.count == 4)
    #expect(value[0].isNaN)
    #expect(value[1...] == [.infinity, -.infinity, -1500])
  }

  struct Wrong: Sendable, CustomTestStringConvertible {
    let type: any ProtobufMessage.Type
    let text: String
    let path: String
    let problem: String
    var kind = JSONFieldError.Kind.invalidValue
    var testDescription: String { text }
  }

  static let wrong: [Wrong] = [
    Wrong(
      type: TraksenseV1.IngestRequest.self, text: #"{"readings":[{"value":"x"}]}"#,
      path: "readings[0].value", problem: "expected a number"),
    Wrong(
      type: TraksenseV1.IngestRequest.self,
      text: #"{"readings":[{},{"value":1},{"device_id":true}]}"#, path: "readings[2].device_id",
      problem: "expected a string, found a boolean"),
    Wrong(
      type: TraksenseV1.IngestRequest.self, text: #"{"readings":[{"deviceId":{}}]}"#,
      path: "readings[0].device_id", problem: "expected a string, found an object"),
    Wrong(
      type: TraksenseV1.IngestRequest.self, text: #"{"readings":{}}"#, path: "readings",
      problem: "expected an array, found an object"),
    Wrong(
      type: TraksenseV1.IngestRequest.self, text: #"{"readings":[1]}"#, path: "readings[0]",
      problem: "expected an object, found a number"),
    Wrong(
      type: TraksenseV1.IngestRequest.self, text: #"{"readings":[null]}"#, path: "readings[0]",
      problem: "expected an object, found null"),
    Wrong(
      type: TraksenseV1.IngestRequest.self, text: "[]", path: "",
      problem: "expected an object, found an array"),
    Wrong(
      type: TraksenseV1.IngestRequest.self, text: "null", path: "",
      problem: "expected an object, found null"),
    Wrong(
      type: TraksenseV1.Reading.self, text: #"{"value":[]}"#, path: "value",
      problem: "expected a number, found an array"),
    Wrong(
      type: TraksenseV1.Reading.self, text: #"{"value":1e999}"#, path: "value",
      problem: "expected a number"),
    Wrong(
      type: TraksenseV1.Reading.self, text: #"{"value":""}"#, path: "value",
      problem: "expected a number"),
    Wrong(
      type: TraksenseV1.Reading.self, text: #"{"value":" 1"}"#, path: "value",
      problem: "expected a number"),
    Wrong(
      type: TraksenseV1.Reading.self, text: #"{"value":"1 "}"#, path: "value",
      problem: "expected a number"),
    Wrong(
      type: TraksenseV1.Reading.self, text: #"{"timestamp":1735732800}"#, path: "timestamp",
      problem: "expected an RFC 3339 time, found a number"),
    Wrong(
      type: TraksenseV1.Reading.self, text: #"{"timestamp":"2025-01-01T12:00:00"}"#,
      path: "timestamp",
      problem: "expected an RFC 3339 time such as 2025-01-01T12:00:00Z"),
    Wrong(
      type: TraksenseV1.LatestRequest.self, text: #"{"sensor_id":["a",2]}"#, path: "sensor_id[1]",
      problem: "expected a string, found a number"),
    Wrong(
      type: TraksenseV1.LatestResponse.self, text: #"{"count":-1}"#, path: "count",
      problem: "expected an unsigned 32-bit integer"),
    Wrong(
      type: TraksenseV1.LatestResponse.self, text: #"{"count":4294967296}"#, path: "count",
      problem: "expected an unsigned 32-bit integer"),
    Wrong(
      type: TraksenseV1.LatestResponse.self, text: #"{"count":1.5}"#, path: "count",
      problem: "expected an unsigned 32-bit integer"),
    Wrong(
      type: TraksenseV1.Gap.self, text: #"{"from_cursor":9223372036854775808}"#,
      path: "from_cursor", problem: "expected a 64-bit integer"),
    Wrong(
      type: TraksenseV1.Gap.self, text: #"{"from_cursor":"x"}"#, path: "from_cursor",
      problem: "expected a 64-bit integer"),
    Wrong(
      type: TraksenseV1.Gap.self, text: #"{"from_cursor":true}"#, path: "from_cursor",
      problem: "expected a 64-bit integer, found a boolean"),
    Wrong(
      type: TraksenseV1.SubscribeRequest.self, text: #"{"slow_reader":true}"#, path: "slow_reader",
      problem: "expected one of CLOSE, GAP, found a boolean"),
    Wrong(
      type: TraksenseV1.SubscribeRequest.self, text: #"{"slow_reader":1.5}"#, path: "slow_reader",
      problem: "expected one of CLOSE, GAP"),
    Wrong(
      type: TraksenseV1.SubscribeResponse.self, text: #"{"block":{"value":[1,{}]}}"#,
      path: "block.value[1]", problem: "expected a number, found an object"),
    Wrong(
      type: TraksenseV1.Reading.self, text: #"{"value":1"#, path: "",
      problem: "unexpected end at byte 10", kind: .malformed),
    Wrong(
      type: TraksenseV1.Reading.self, text: #"{"value":x}"#, path: "value",
      problem: "expected a value at byte 9", kind: .malformed),
    Wrong(
      type: TraksenseV1.Reading.self, text: "{}x", path: "",
      problem: "unexpected bytes after the value at byte 2", kind: .malformed),
    Wrong(
      type: TraksenseV1.Reading.self, text: "", path: "", problem: "unexpected end at byte 0",
      kind: .malformed),
  ]

  @Test("a wrong value is refused, naming the field and what was expected", arguments: wrong)
  func refuses(_ wrong: Wrong) {
    let error = #expect(throws: JSONFieldError.self) {
      try wrong.type.init(json: Array(wrong.text.utf8))
    }
    #expect(error == JSONFieldError(wrong.kind, path: wrong.path, problem: wrong.problem))
  }

  @Test("unknown names are refused when asked to, naming their place")
  func unknown() {
    let strict = JSONParsing(ignoreUnknown: false)
    for (text, path) in [
      (#"{"x":1}"#, "x"), (#"{"readings":[{},{"temperature":1}]}"#, "readings[1].temperature"),
    ] {
      let error = #expect(throws: JSONFieldError.self) {
        try TraksenseV1.IngestRequest(json: Array(text.utf8), parsing: strict)
      }
      #expect(error == JSONFieldError(.unknownField, path: path, problem: "unknown field"))
    }
    let error = #expect(throws: JSONFieldError.self) {
      try TraksenseV1.SubscribeRequest(
        json: Array(#"{"slow_reader":"LATER"}"#.utf8), parsing: strict)
    }
    #expect(error?.description == "slow_reader: expected one of CLOSE, GAP")
  }

  @Test("JSON cut at any byte is refused", arguments: Sample.all)
  func truncated(_ sample: Sample) {
    let json = sample.message.json
    for length in 0..<json.count {
      #expect(throws: JSONFieldError.self) {
        try type(of: sample.message).init(json: Array(json[..<length]))
      }
    }
  }
}
