// SPDX-License-Identifier: Apache-2.0

// google/protobuf/struct.proto: Struct {map<string, Value> fields = 1}, Value {oneof: null_value = 1,
// number_value = 2, string_value = 3, bool_value = 4, struct_value = 5, list_value = 6}, ListValue {repeated
// Value values = 1}.

extension ProtoStruct {
  /// Decodes the binary form.
  /// - Throws: also when it is nested too deeply or has too many values.
  package init(wire bytes: [UInt8]) throws(ProtobufError) {
    self.init()
    try merge(wire: bytes)
  }

  /// Adds the members of a binary form; of equal names the last counts.
  package mutating func merge(wire bytes: [UInt8]) throws(ProtobufError) {
    var budget = StructBudget()
    try merge(bytes[...], &budget)
  }

  /// The binary form, its members ordered by name.
  package var wire: [UInt8] {
    var bytes: [UInt8] = []
    for (name, value) in fields.sorted(by: { $0.key < $1.key }) {
      var entry: [UInt8] = []
      entry.appendField(1, Array(name.utf8))
      entry.appendField(2, value.wire)
      bytes.appendField(1, entry)
    }
    return bytes
  }

  fileprivate mutating func merge(
    _ bytes: ArraySlice<UInt8>, _ budget: inout StructBudget
  ) throws(ProtobufError) {
    try budget.enter()
    var reader = WireReader(bytes, message: ProtoStruct.fullName)
    while let (number, field) = try reader.next() {
      guard number == 1, case .bytes(let entry) = field else { continue }
      try mergeEntry(entry, &budget)
    }
    budget.leave()
  }

  private mutating func mergeEntry(
    _ bytes: ArraySlice<UInt8>, _ budget: inout StructBudget
  ) throws(ProtobufError) {
    try budget.takeValue()
    var name = ""
    var value = ProtoValue.null
    var reader = WireReader(bytes, message: ProtoStruct.fullName)
    while let (number, field) = try reader.next() {
      switch (number, field) {
      case (1, .bytes(let text)):
        name = try WireReader.string(text, field: "google.protobuf.Struct.fields.key")
      case (2, .bytes(let inner)): try value.merge(inner, &budget)
      default: continue
      }
    }
    fields[name] = value
  }
}

extension ProtoValue {
  /// The binary form.
  fileprivate var wire: [UInt8] {
    var bytes: [UInt8] = []
    switch self {
    case .null: bytes = [1 << 3, 0]
    case .number(let number):
      bytes.append(2 << 3 | 1)
      for shift in stride(from: UInt64(0), to: 64, by: 8) {
        bytes.append(UInt8(truncatingIfNeeded: number.bitPattern >> shift))
      }
    case .string(let text): bytes.appendField(3, Array(text.utf8))
    case .bool(let value): bytes = [4 << 3, value ? 1 : 0]
    case .object(let object): bytes.appendField(5, object.wire)
    case .list(let values):
      var list: [UInt8] = []
      for value in values { list.appendField(1, value.wire) }
      bytes.appendField(6, list)
    }
    return bytes
  }

  /// Takes the fields of a binary form over what is there: of a choice the last counts, and objects and lists
  /// that come in parts are joined.
  fileprivate mutating func merge(
    _ bytes: ArraySlice<UInt8>, _ budget: inout StructBudget
  ) throws(ProtobufError) {
    var reader = WireReader(bytes, message: "google.protobuf.Value")
    while let (number, field) = try reader.next() {
      switch (number, field) {
      case (1, .varint): self = .null
      case (2, .fixed64(let bits)): self = .number(Double(bitPattern: bits))
      case (3, .bytes(let text)):
        self = .string(
          try WireReader.string(text, field: "google.protobuf.Value.string_value"))
      case (4, .varint(let value)): self = .bool(value != 0)
      case (5, .bytes(let inner)):
        var object = ProtoStruct()
        if case .object(let known) = self { object = known }
        self = .null
        try object.merge(inner, &budget)
        self = .object(object)
      case (6, .bytes(let inner)):
        var values: [ProtoValue] = []
        if case .list(let known) = self { values = known }
        self = .null
        try Self.append(inner, to: &values, &budget)
        self = .list(values)
      default: continue
      }
    }
  }

  private static func append(
    _ bytes: ArraySlice<UInt8>, to values: inout [ProtoValue], _ budget: inout StructBudget
  ) throws(ProtobufError) {
    try budget.enter()
    var reader = WireReader(bytes, message: "google.protobuf.ListValue")
    while let (number, field) = try reader.next() {
      guard number == 1, case .bytes(let inner) = field else { continue }
      try budget.takeValue()
      var value = ProtoValue.null
      try value.merge(inner, &budget)
      values.append(value)
    }
    budget.leave()
  }
}

/// What a binary form may still nest and hold.
private struct StructBudget {
  private var depth = ProtoStruct.maxDepth
  private var values = ProtoStruct.maxValues

  mutating func enter() throws(ProtobufError) {
    guard depth > 0 else { throw ProtobufError.malformed(message: ProtoStruct.fullName) }
    depth -= 1
  }

  mutating func leave() { depth += 1 }

  mutating func takeValue() throws(ProtobufError) {
    guard values > 0 else { throw ProtobufError.malformed(message: ProtoStruct.fullName) }
    values -= 1
  }
}

extension [UInt8] {
  /// Appends a field of bytes.
  fileprivate mutating func appendField(_ number: UInt8, _ content: [UInt8]) {
    append(number << 3 | 2)
    var rest = UInt64(content.count)
    while rest >= 0x80 {
      append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    append(UInt8(truncatingIfNeeded: rest))
    append(contentsOf: content)
  }
}
