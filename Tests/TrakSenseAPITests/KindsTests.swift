// SPDX-License-Identifier: Apache-2.0

import Foundation
import NIOCore
import RPCRuntime
import SampleMessages
import TestSupport
import Testing

@testable import TrakSenseAPI

/// Messages with every kind of field, and what protoc prints for them.
private struct Kind: CustomTestStringConvertible, Sendable {
  let message: any ProtobufMessage
  let text: String
  /// protoc prints the parts of a map in an order of its own.
  var hasOneOrder = true

  var testDescription: String { "\(type(of: message).fullName) \(text.count)" }

  static let all: [Kind] = [
    Kind(message: SampleV1.Empty(), text: ""),
    Kind(message: SampleV1.Scalars(), text: ""),
    Kind(
      message: SampleV1.Scalars(
        aDouble: -0.1, aFloat: 1.5, anInt32: .min, anInt64: .min, aUint32: .max, aUint64: .max,
        aSint32: .min, aSint64: .min, aFixed32: .max, aFixed64: .max, aSfixed32: .min,
        aSfixed64: .min, aBool: true, aString: "é\0", someBytes: [0, 0xFF, 0x0A]),
      text: """
        a_double: -0.1
        a_float: 1.5
        an_int32: -2147483648
        an_int64: -9223372036854775808
        a_uint32: 4294967295
        a_uint64: 18446744073709551615
        a_sint32: -2147483648
        a_sint64: -9223372036854775808
        a_fixed32: 4294967295
        a_fixed64: 18446744073709551615
        a_sfixed32: -2147483648
        a_sfixed64: -9223372036854775808
        a_bool: true
        a_string: "\\303\\251\\000"
        some_bytes: "\\000\\377\\n"

        """),
    Kind(
      message: SampleV1.Lists(
        chunks: [[1], [], [2, 3]], flags: [true, false], levels: [.high, .low, .unrecognized(7)],
        numbers: [-1, 1], inners: [.init(depth: .deep), .init()]),
      text: """
        chunks: "\\001"
        chunks: ""
        chunks: "\\002\\003"
        flags: true
        flags: false
        levels: HIGH
        levels: LOW
        levels: 7
        numbers: -1
        numbers: 1
        inners {
          depth: DEEP
        }
        inners {
        }

        """),
    Kind(
      message: SampleV1.Maps(
        labels: ["a": "1", "b": "2"], blobs: ["k": [9]], byNumber: [-1: 0.5],
        innerByID: [.max: .init(depth: .shallow, default: [1])], levelByFlag: [true: .high],
        times: [-5: .init(seconds: 1)]),
      text: """
        labels {
          key: "a"
          value: "1"
        }
        labels {
          key: "b"
          value: "2"
        }
        blobs {
          key: "k"
          value: "\\t"
        }
        by_number {
          key: -1
          value: 0.5
        }
        inner_by_id {
          key: 18446744073709551615
          value {
            depth: SHALLOW
            default: "\\001"
          }
        }
        level_by_flag {
          key: true
          value: HIGH
        }
        times {
          key: -5
          value {
            seconds: 1
          }
        }

        """),
    Kind(message: SampleV1.Outer(choice: .raw([])), text: "raw: \"\"\n"),
    Kind(message: SampleV1.Outer(choice: .raw([0x80])), text: "raw: \"\\200\"\n"),
    Kind(
      message: SampleV1.Outer(choice: .inner(.init(depth: .deep))),
      text: "inner {\n  depth: DEEP\n}\n"),
    Kind(message: SampleV1.Outer(choice: .depth(.shallow)), text: "depth: SHALLOW\n"),
    Kind(message: SampleV1.Outer(choice: .yes(false)), text: "yes: false\n"),
    Kind(
      message: SampleV1.Outer(choice: .elsewhere(.init(level: .low))),
      text: "elsewhere {\n  level: LOW\n}\n"),
    Kind(
      message: SampleV1.WellKnown(
        any: ProtoAny(packing: ProtoTimestamp(seconds: 1)),
        list: [
          ProtoAny(packing: ProtoDuration(seconds: -1, nanos: -5)),
          ProtoAny(packing: ProtoAny(packing: ProtoTimestamp(seconds: 2))), ProtoAny(),
        ],
        duration: ProtoDuration(seconds: 3, nanos: 500_000_000), timestamp: .init(seconds: 4)),
      text: """
        any {
          [type.googleapis.com/google.protobuf.Timestamp] {
            seconds: 1
          }
        }
        list {
          [type.googleapis.com/google.protobuf.Duration] {
            seconds: -1
            nanos: -5
          }
        }
        list {
          [type.googleapis.com/google.protobuf.Any] {
            [type.googleapis.com/google.protobuf.Timestamp] {
              seconds: 2
            }
          }
        }
        list {
        }
        duration {
          seconds: 3
          nanos: 500000000
        }
        timestamp {
          seconds: 4
        }

        """),
    Kind(
      message: SampleV1.Names(
        json: "j", c: "c", arena: "a", value: "v", key: "k", class: ["class": "c"]),
      text: """
        json: "j"
        c: "c"
        arena: "a"
        value: "v"
        key: "k"
        class {
          key: "class"
          value: "c"
        }

        """),
  ]
}

@Suite("Every kind of field", .timeLimit(.minutes(5)))
struct KindsTests {
  @Test("protoc reads what is written and writes what is read", arguments: Kind.all)
  fileprivate func foreignPeer(_ kind: Kind) async throws {
    let type = type(of: kind.message)
    if !kind.text.contains("[type.googleapis.com") {
      #expect(try await Protoc.decode(kind.message.bytes, as: type.fullName) == kind.text)
      let foreign = try await Protoc.encode(kind.text, as: type.fullName)
      #expect(try type.init(bytes: foreign).equals(kind.message))
    }
    #expect(try type.init(bytes: kind.message.bytes).equals(kind.message))
    #expect(kind.message.frame().message == ByteBuffer(bytes: kind.message.bytes))
  }

  @Test("a message written as JSON and read is the same", arguments: Kind.all)
  fileprivate func jsonRoundTrip(_ kind: Kind) throws {
    let strict = JSONParsing(ignoreUnknown: false)
    #expect(
      try type(of: kind.message).init(json: kind.message.json, parsing: strict)
        .equals(kind.message))
  }

  @Test("Python's JSON mapping reads what is written and writes what is read")
  func foreignJSON() async throws {
    let kinds = Kind.all
    let lines = kinds.map {
      "\(type(of: $0.message).fullName)\t\(String(decoding: $0.message.json, as: UTF8.self))\n"
    }
    let root = Repository.root
    let answers = try await Tool.python().text(
      [
        "\(root)/Tests/TrakSenseAPITests/Foreign/json_peer.py",
        "\(root)/Tests/SampleMessages/proto", "sample/v1/kinds.proto", "sample/v1/other.proto",
      ], input: lines.joined()
    ).split(separator: "\n")
    try #require(answers.count == kinds.count)
    for (kind, answer) in zip(kinds, answers) {
      let type = type(of: kind.message)
      let parts = answer.split(separator: "\t", omittingEmptySubsequences: false)
      try #require(parts.count == 2)
      #expect(try type.init(bytes: bytes(hex: parts[0])).equals(kind.message), "\(answer)")
      #expect(try type.init(json: Array(parts[1].utf8)).equals(kind.message), "\(answer)")
    }
  }

  private func bytes(hex: Substring) -> [UInt8] {
    let digits = hex.compactMap(\.hexDigitValue)
    return stride(from: 0, to: digits.count - 1, by: 2).map {
      UInt8(digits[$0] * 16 + digits[$0 + 1])
    }
  }

  @Test("maps, bytes and well-known types have their JSON forms")
  func jsonForms() throws {
    func json(_ message: any ProtobufMessage) -> String {
      String(decoding: message.json, as: UTF8.self)
    }
    #expect(
      json(SampleV1.Maps(byNumber: [2: 1, -1: 0.5], levelByFlag: [true: .low, false: .high]))
        == #"{"labels":{},"blobs":{},"by_number":{"-1":0.5,"2":1.0},"inner_by_id":{},"#
        + #""level_by_flag":{"false":"HIGH","true":"LOW"},"times":{}}"#)
    #expect(json(SampleV1.Outer(choice: .raw([0xFB, 0xFF]))) == #"{"raw":"+/8="}"#)
    #expect(
      json(SampleV1.Outer(choice: .anything(ProtoAny(packing: ProtoTimestamp(seconds: 0)))))
        == #"{"anything":{"@type":"type.googleapis.com/google.protobuf.Timestamp","#
        + #""value":"1970-01-01T00:00:00Z"}}"#)
    #expect(
      json(
        SampleV1.Outer(
          choice: .anything(ProtoAny(packing: TraksenseV1.Gap(fromCursor: 1, toCursor: 2)))))
        == #"{"anything":{"@type":"type.googleapis.com/traksense.v1.Gap","#
        + #""from_cursor":"1","to_cursor":"2"}}"#)
    // A type that is not known can still be seen.
    #expect(
      json(ProtoAny(typeURL: "x/y.Z", value: [1])) == #"{"@type":"x/y.Z","value":"AQ=="}"#)
    for text in ["+/8=", "+/8", "-_8=", "-_8"] {
      #expect(
        try SampleV1.Outer(json: Array("{\"raw\":\"\(text)\"}".utf8))
          == .init(choice: .raw([0xFB, 0xFF])))
    }
  }

  @Test(
    "a wrong value is refused, naming the field and what was expected",
    arguments: [
      (#"{"raw":"a"}"#, "raw: expected base64"), (#"{"raw":"a==="}"#, "raw: expected base64"),
      (#"{"raw":"ab=c"}"#, "raw: expected base64"), (#"{"raw":"a b c"}"#, "raw: expected base64"),
      (#"{"raw":1}"#, "raw: expected a base64 string, found a number"),
      (#"{"anything":{"a":1}}"#, "anything: expected a member @type"),
      (#"{"anything":{"@type":"x/y.Z"}}"#, "anything: unknown type x/y.Z"),
      (
        #"{"anything":{"@type":"x/traksense.v1.Gap","to_cursor":[]}}"#,
        "anything.to_cursor: expected a 64-bit integer, found an array"
      ),
      (
        #"{"anything":{"@type":"x/google.protobuf.Duration","value":"3"}}"#,
        "anything: expected a duration such as 3.5s"
      ),
    ])
  func refuses(_ text: String, _ complaint: String) {
    let error = #expect(throws: JSONFieldError.self) {
      try SampleV1.Outer(json: Array(text.utf8))
    }
    #expect(error?.description == complaint)
  }

  @Test(
    "a wrong key or value of a map is refused, naming it",
    arguments: [
      (#"{"by_number":{"x":1}}"#, #"by_number["x"]: expected a key that is a 32-bit integer"#),
      (
        #"{"byNumber":{"2147483648":1}}"#,
        #"by_number["2147483648"]: expected a key that is a 32-bit integer"#
      ),
      (
        #"{"level_by_flag":{"yes":1}}"#,
        #"level_by_flag["yes"]: expected a key that is true or false"#
      ),
      (#"{"labels":{"a":"b","c":1}}"#, #"labels["c"]: expected a string, found a number"#),
      (
        #"{"inner_by_id":{"7":{"default":"?"}}}"#, #"inner_by_id["7"].default: expected base64"#
      ),
      (#"{"labels":[]}"#, "labels: expected an object, found an array"),
    ])
  func refusesMaps(_ text: String, _ complaint: String) {
    let error = #expect(throws: JSONFieldError.self) { try SampleV1.Maps(json: Array(text.utf8)) }
    #expect(error?.description == complaint)
  }

  @Test("of equal keys on the wire the last counts, and what is missing is the default")
  func mapsOnTheWire() throws {
    let pair: [UInt8] = [0x0A, 6, 0x0A, 1, 0x61, 0x12, 1, 0x31]
    let later: [UInt8] = [0x0A, 6, 0x12, 1, 0x32, 0x0A, 1, 0x61]
    #expect(try SampleV1.Maps(bytes: pair + later).labels == ["a": "2"])
    #expect(try SampleV1.Maps(bytes: [0x0A, 0]).labels == ["": ""])
    // inner_by_id without a value.
    #expect(try SampleV1.Maps(bytes: [0x22, 2, 0x08, 7]).innerByID == [7: .init()])
    #expect(throws: ProtobufError.invalidUTF8(field: "sample.v1.Maps.labels.value")) {
      try SampleV1.Maps(bytes: [0x0A, 6, 0x0A, 1, 0x61, 0x12, 1, 0xFF])
    }
  }

  @Test("a large map survives, and equal maps have equal bytes")
  func largeMap() throws {
    let pairs = (0..<5000).map { ("key-\($0)", String(repeating: "v", count: $0 % 100)) }
    let map = SampleV1.Maps(labels: Dictionary(uniqueKeysWithValues: pairs))
    #expect(try SampleV1.Maps(bytes: map.bytes) == map)
    #expect(
      SampleV1.Maps(labels: Dictionary(uniqueKeysWithValues: pairs.reversed())).bytes == map.bytes)
  }

  @Test(
    "durations are written and read",
    arguments: [
      ("0s", 0, 0), ("3.500s", 3, 500_000_000), ("-3.000000001s", -3, -1),
      ("-0.000001s", 0, -1000), ("315576000000s", 315_576_000_000, 0),
    ] as [(String, Int64, Int32)])
  func durations(_ text: String, _ seconds: Int64, _ nanos: Int32) throws {
    let duration = ProtoDuration(seconds: seconds, nanos: nanos)
    #expect(duration.text == text)
    #expect(ProtoDuration(text: text) == duration)
    #expect(ProtoDuration(duration.duration) == duration)
  }

  @Test(
    "what is no duration is refused",
    arguments: [
      "", "s", "1", "-s", ".5s", "1.s", "+1s", "1e3s", "1.5", " 1s", "1s ", "315576000001s",
      "315576000000.1s", "99999999999999999999s",
    ])
  func badDurations(_ text: String) {
    #expect(ProtoDuration(text: text) == nil)
  }

  @Test("a message that is packed is unpacked as its own type only")
  func anys() throws {
    let packed = ProtoAny(packing: SampleV1.Elsewhere(level: .low))
    #expect(packed.typeURL == "type.googleapis.com/sample.v1.Elsewhere")
    #expect(try packed.unpack(as: SampleV1.Elsewhere.self)?.level == .low)
    #expect(try packed.unpack(as: SampleV1.Scalars.self) == nil)
    #expect(throws: ProtobufError.self) {
      try ProtoAny(typeURL: packed.typeURL, value: [0xFF]).unpack(as: SampleV1.Elsewhere.self)
    }
  }

  @Test("a message that holds itself very many times is shown without using up the stack")
  func nestedAny() throws {
    var any = ProtoAny()
    for _ in 0..<2000 { any = ProtoAny(packing: any) }
    let text = String(decoding: any.json, as: UTF8.self)
    #expect(text.contains(#""value":{"@type":"#))
    #expect(text.hasSuffix(String(repeating: "}", count: 60)))
    let deep = String(repeating: #"{"@type":"x/google.protobuf.Any","value":"#, count: 1000)
    #expect(throws: JSONFieldError.self) { try ProtoAny(json: Array(deep.utf8)) }
  }
}
