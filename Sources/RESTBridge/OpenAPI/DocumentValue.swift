// SPDX-License-Identifier: Apache-2.0

import JSONText

/// A JSON value that is put together; members stay in order.
indirect enum DocumentValue: Hashable, Sendable {
  /// A member of an object.
  struct Member: Hashable, Sendable {
    let name: String
    let value: DocumentValue
  }

  case object([Member])
  case array([DocumentValue])
  case text(String)
  case integer(Int64)
  /// As JSON writes it.
  case number(String)
  case bool(Bool)
  case null

  /// Puts an object together of pairs, leaving out those without a value.
  static func members(_ pairs: KeyValuePairs<String, DocumentValue?>) -> DocumentValue {
    .object(pairs.compactMap { name, value in value.map { Member(name: name, value: $0) } })
  }

  /// The object with further members.
  func with(_ others: KeyValuePairs<String, DocumentValue?>) -> DocumentValue {
    guard case .object(let own) = self, case .object(let more) = Self.members(others) else {
      return self
    }
    return .object(own + more)
  }

  /// The members of an object; of other values, none.
  var members: [Member] {
    if case .object(let members) = self { members } else { [] }
  }

  subscript(_ name: String) -> DocumentValue? { members.first { $0.name == name }?.value }

  /// The object with the members of another, which go before its own; objects in both become one. Of an array, the
  /// elements of the other, each on top of the first.
  func merged(with other: DocumentValue) -> DocumentValue {
    if case .array(let own) = self, let first = own.first, case .array(let others) = other {
      return .array(others.map { first.merged(with: $0) })
    }
    guard case .object(var merged) = self, case .object(let others) = other else { return other }
    for member in others {
      if let index = merged.firstIndex(where: { $0.name == member.name }) {
        merged[index] = Member(
          name: member.name, value: merged[index].value.merged(with: member.value))
      } else {
        merged.append(member)
      }
    }
    return .object(merged)
  }

  func write(to json: inout JSONWriter) {
    switch self {
    case .object(let members):
      json.beginObject()
      for member in members {
        json.key(member.name)
        member.value.write(to: &json)
      }
      json.endObject()
    case .array(let values):
      json.beginArray()
      for value in values { value.write(to: &json) }
      json.endArray()
    case .text(let text): json.string(text)
    case .integer(let number): json.integer(number)
    case .number(let text): json.raw(text.utf8)
    case .bool(let value): json.bool(value)
    case .null: json.null()
    }
  }
}

extension DocumentValue: ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral,
  ExpressibleByStringInterpolation, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral
{
  init(dictionaryLiteral pairs: (String, DocumentValue)...) {
    self = .object(pairs.map { Member(name: $0, value: $1) })
  }

  init(arrayLiteral values: DocumentValue...) { self = .array(values) }
  init(stringLiteral text: String) { self = .text(text) }
  init(integerLiteral number: Int64) { self = .integer(number) }
  init(booleanLiteral value: Bool) { self = .bool(value) }
}
