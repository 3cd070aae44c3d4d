// SPDX-License-Identifier: Apache-2.0

import NIOCore
import SampleMessages
import TestSupport
import Testing

@testable import TrakSenseAPI

@Suite("JSON objects in messages", .timeLimit(.minutes(5)))
struct StructTests {
  static let object = ProtoStruct([
    "": .null, "n": .number(-0.0), "s": .string("é\0"), "b": .bool(false), "t": .bool(true),
    "o": .object(ProtoStruct(["inner": .list([])])),
    "l": .list([.null, .number(1.5), .list([.object(ProtoStruct())]), .string("")]),
    "long": .string(String(repeating: "x", count: 300)),
  ])

  @Test("protoc reads what is written, and what it writes is read")
  func foreign() async throws {
    let text = """
      object {
        fields {
          key: "l"
          value {
            list_value {
              values {
                null_value: NULL_VALUE
              }
              values {
                struct_value {
                }
              }
            }
          }
        }
        fields {
          key: "n"
          value {
            number_value: -1.5
          }
        }
      }
      objects {
      }
      objects {
        fields {
          key: "b"
          value {
            bool_value: true
          }
        }
      }
      flag {
      }
      number {
        value: 0.5
      }
      count {
        value: 4294967295
      }
      text {
        value: "x"
      }

      """
    let message = SampleV1.WellKnown(
      object: ProtoStruct(["n": .number(-1.5), "l": .list([.null, .object(ProtoStruct())])]),
      objects: [ProtoStruct(), ProtoStruct(["b": .bool(true)])], flag: ProtoBoolValue(false),
      number: ProtoDoubleValue(0.5), count: ProtoUInt32Value(.max), text: ProtoStringValue("x"))
    let bytes = try await Protoc.encode(text, as: SampleV1.WellKnown.fullName)
    #expect(try SampleV1.WellKnown(bytes: bytes) == message)
    #expect(try await Protoc.decode(message.bytes, as: SampleV1.WellKnown.fullName) == text)
  }

  @Test("an object survives both forms, alone and as a field; an empty one is not an absent one")
  func roundTrips() throws {
    let object = Self.object
    #expect(try ProtoStruct(bytes: object.bytes) == object)
    #expect(try ProtoStruct(json: object.json) == object)
    #expect(try ProtoStruct(bytes: []) == ProtoStruct())
    for present in [object, ProtoStruct()] {
      let message = SampleV1.WellKnown(object: present)
      #expect(try SampleV1.WellKnown(bytes: message.bytes) == message)
      #expect(try SampleV1.WellKnown(json: message.json) == message)
    }
    #expect(try SampleV1.WellKnown(bytes: []).object == nil)
    #expect(try SampleV1.WellKnown(json: Array(#"{"object":null}"#.utf8)).object == nil)
    #expect(
      String(decoding: ProtoStruct(["b": .number(1), "a": .number(.nan)]).json, as: UTF8.self)
        == #"{"a":"NaN","b":1.0}"#)
  }

  @Test("an object that comes in parts is joined; of equal names and of a choice the last counts")
  func parts() throws {
    func member(_ name: String, _ value: ProtoValue) -> [UInt8] {
      ProtoStruct([name: value]).bytes
    }
    let parts = [member("a", .number(1)), member("b", .bool(true)), member("a", .string("x"))]
    let joined = ProtoStruct(["a": .string("x"), "b": .bool(true)])
    #expect(try ProtoStruct(bytes: parts.flatMap(\.self)) == joined)
    let fields: [UInt8] = parts.flatMap { part -> [UInt8] in [0x2A, UInt8(part.count)] + part }
    #expect(try SampleV1.WellKnown(bytes: fields).object == joined)
    // value {bool_value: true, list_value {null}, list_value {null}} under no name.
    let list: [UInt8] = [0x32, 4, 0x0A, 2, 0x08, 0]
    let value: [UInt8] = [0x20, 1] + list + list
    let entry = [0x12, UInt8(value.count)] + value
    #expect(
      try ProtoStruct(bytes: [0x0A, UInt8(entry.count)] + entry)
        == ProtoStruct(["": .list([.null, .null])]))
    // Fields that are not known, of every type.
    let unknown: [UInt8] = [
      0x78, 0x96, 0x01, 0x79, 1, 2, 3, 4, 5, 6, 7, 8, 0x7A, 1, 0, 0x7D, 1, 2, 3, 4,
    ]
    #expect(try ProtoStruct(bytes: unknown + parts[0] + unknown) == ProtoStruct(["a": .number(1)]))
  }

  @Test(
    "bytes that are no object are refused",
    arguments: [
      [0x0A], [0x0A, 2, 0x0A], [0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01],
      [0x0A, 2, 0x0A, 5], [0x0B], [0x0C], [0x0E], [0x0F], [0x02, 0], [0x80],
      [0x0A, 4, 0x12, 2, 0x11, 1], [0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F],
      [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF],
    ] as [[UInt8]])
  func malformed(_ bytes: [UInt8]) {
    #expect(throws: ProtobufError.self) { try ProtoStruct(bytes: bytes) }
  }

  @Test("names and texts that are not UTF-8 are refused")
  func invalidText() {
    #expect(throws: ProtobufError.invalidUTF8(field: "google.protobuf.Struct.fields.key")) {
      try ProtoStruct(bytes: [0x0A, 3, 0x0A, 1, 0xFF])
    }
    #expect(throws: ProtobufError.invalidUTF8(field: "google.protobuf.Value.string_value")) {
      try ProtoStruct(bytes: [0x0A, 5, 0x12, 3, 0x1A, 1, 0xFF])
    }
  }

  @Test("objects and lists nest 64 deep and no deeper, in both forms", arguments: [63, 64, 65])
  func depth(_ levels: Int) throws {
    for isList in [false, true] {
      var value = ProtoValue.null
      for _ in 1..<levels {
        value = isList ? .list([value]) : .object(ProtoStruct(["a": value]))
      }
      let object = ProtoStruct(["a": value])
      if levels <= ProtoStruct.maxDepth {
        #expect(try ProtoStruct(bytes: object.bytes) == object)
        #expect(try ProtoStruct(json: object.json) == object)
      } else {
        #expect(throws: ProtobufError.self) { try ProtoStruct(bytes: object.bytes) }
        #expect(throws: JSONFieldError.self) { try ProtoStruct(json: object.json) }
      }
    }
  }

  @Test("nesting without end neither uses up the stack nor takes long")
  func bomb() {
    // struct_value within struct_value, each with the right length, a million bytes in all.
    var bytes: [UInt8] = []
    while bytes.count < 100_000 {
      for tag: UInt8 in [0x2A, 0x12, 0x0A] {
        var length: [UInt8] = []
        var rest = bytes.count
        while rest >= 0x80 {
          length.append(UInt8(rest & 0x7F) | 0x80)
          rest >>= 7
        }
        length.append(UInt8(rest))
        bytes.insert(contentsOf: [tag] + length, at: 0)
      }
    }
    #expect(throws: ProtobufError.self) { try ProtoStruct(bytes: bytes) }
    let deep = String(repeating: "[", count: 1 << 20)
    #expect(throws: JSONFieldError.self) { try ProtoStruct(json: Array(#"{"a":\#(deep)"#.utf8)) }
  }

  @Test("values are counted, in both forms")
  func count() throws {
    let limit = ProtoStruct.maxValues
    for (count, isFine) in [(limit - 1, true), (limit, false)] {
      let object = ProtoStruct(["a": .list(Array(repeating: .null, count: count))])
      if isFine {
        #expect(try ProtoStruct(bytes: object.bytes) == object)
        #expect(try ProtoStruct(json: object.json) == object)
      } else {
        #expect(throws: ProtobufError.self) { try ProtoStruct(bytes: object.bytes) }
        #expect(throws: JSONFieldError.self) { try ProtoStruct(json: object.json) }
      }
    }
    // 2 bytes each: refused before they take memory.
    let empty = Array(repeating: [0x0A, 0] as [UInt8], count: 1 << 20).flatMap(\.self)
    #expect(throws: ProtobufError.self) { try ProtoStruct(bytes: empty) }
  }

  @Test("an object cut or changed anywhere is refused or is an object")
  func mutated() {
    var random = SeededGenerator(seed: 11)
    let bytes = Self.object.bytes
    for length in 0..<bytes.count { check(Array(bytes[..<length])) }
    for index in bytes.indices {
      for _ in 0..<8 {
        var mutated = bytes
        mutated[index] = UInt8.random(in: 0...255, using: &random)
        check(mutated)
      }
    }
  }

  private func check(_ bytes: [UInt8]) {
    guard let object = try? ProtoStruct(bytes: bytes) else { return }
    let again = object.bytes
    // NaN is not equal to itself; the bytes are.
    #expect((try? ProtoStruct(bytes: again))?.bytes == again)
  }

  @Test("wrapped values are plain JSON values, and null is none")
  func wrappers() throws {
    let json = #"{"flag":false,"number":"1.5","count":7,"text":""}"#
    let message = try SampleV1.WellKnown(json: Array(json.utf8))
    #expect(message.flag == ProtoBoolValue(false) && message.number == ProtoDoubleValue(1.5))
    #expect(message.count == ProtoUInt32Value(7) && message.text == ProtoStringValue(""))
    #expect(try SampleV1.WellKnown(bytes: message.bytes) == message)
    #expect(
      try SampleV1.WellKnown(json: Array(#"{"flag":null,"number":null}"#.utf8))
        == SampleV1.WellKnown())
    for bad in [#"{"flag":1}"#, #"{"count":-1}"#, #"{"number":"x"}"#, #"{"object":[]}"#] {
      #expect(throws: JSONFieldError.self) { try SampleV1.WellKnown(json: Array(bad.utf8)) }
    }
  }
}
