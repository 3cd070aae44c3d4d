// SPDX-License-Identifier: Apache-2.0

import Domain
import RPCRuntime
import TrakSenseAPI

/// Reads what a request wants to change, and collects all that is wrong with it.
struct CatalogueInput {
  private let fields: FieldSelection
  /// Fields that must be there are asked for although the request does not name them.
  private let isWhole: Bool
  private(set) var problems = FieldProblems()

  /// - Parameters:
  ///   - mask: of a request that changes something.
  ///   - isWhole: for a new thing, or one that is replaced.
  init(_ mask: ProtoFieldMask? = nil, isWhole: Bool) {
    fields = FieldSelection(mask)
    self.isWhole = isWhole
  }

  func changes(_ field: String, isSet: Bool) -> Bool { fields.changes(field, isSet: isSet) }

  mutating func add(_ field: String, _ problem: String) { problems.add(field, problem) }

  /// - Throws: INVALID_ARGUMENT with all that is wrong.
  func check() throws(RPCError) { try problems.check() }

  // MARK: What must be there

  mutating func required(_ text: String, _ field: String, maxLength: Int) -> String? {
    guard isWhole || changes(field, isSet: !text.isEmpty) else { return nil }
    let value = problems.required(text, field, maxLength: maxLength)
    return problems.mentions(field) ? nil : value
  }

  mutating func required(id: UInt32, _ field: String) -> Int64? {
    guard isWhole || changes(field, isSet: id != 0) else { return nil }
    guard id != 0 else {
      problems.add(field, FieldProblems.isRequired)
      return nil
    }
    return Int64(id)
  }

  mutating func required<Word: CatalogueWord>(
    word text: String, _ field: String, as type: Word.Type = Word.self
  ) -> Word? {
    guard isWhole || changes(field, isSet: !text.isEmpty) else { return nil }
    guard !text.isEmpty else {
      problems.add(field, FieldProblems.isRequired)
      return nil
    }
    return problems.word(text, field)
  }

  /// A name within MQTT topics.
  /// - Parameter make: nil for what is none.
  mutating func required<Name>(
    level text: String, _ field: String, maxLength: Int, _ make: (String) -> Name?
  ) -> Name? {
    guard let text = required(text, field, maxLength: maxLength) else { return nil }
    guard let name = make(text) else {
      problems.add(field, "Must not contain '/', '+' or '#'.")
      return nil
    }
    return name
  }

  // MARK: What may be there

  mutating func line(_ text: String, _ field: String, maxLength: Int) -> String? {
    guard changes(field, isSet: !text.isEmpty) else { return nil }
    return problems.line(text, field, maxLength: maxLength)
  }

  mutating func text(_ text: String, _ field: String, maxLength: Int) -> String? {
    guard changes(field, isSet: !text.isEmpty) else { return nil }
    return problems.text(text, field, maxLength: maxLength)
  }

  mutating func word<Word: CatalogueWord>(
    _ text: String, _ field: String, as type: Word.Type = Word.self
  ) -> Word? {
    guard changes(field, isSet: !text.isEmpty) else { return nil }
    return problems.word(text, field)
  }

  /// - Returns: nil: not changed; a nil in it: there is none from now on.
  mutating func coordinate(
    _ text: ProtoStringValue?, _ field: String, _ axis: Coordinate.Axis
  ) -> Coordinate?? {
    guard changes(field, isSet: text != nil) else { return nil }
    guard let text else { return .some(nil) }
    guard let coordinate = Coordinate(text.value.trimmed, axis) else {
      problems.add(
        field,
        "Must be a number from -\(axis.limit) to \(axis.limit) with no more than 6 decimals.")
      return nil
    }
    return coordinate
  }

  mutating func date(_ text: ProtoStringValue?, _ field: String) -> CalendarDate?? {
    guard changes(field, isSet: text != nil) else { return nil }
    guard let text else { return .some(nil) }
    guard let date = CalendarDate(text.value) else {
      problems.add(field, "Must be a date such as 2025-01-31.")
      return nil
    }
    return date
  }

  mutating func time(_ time: ProtoTimestamp?, _ field: String) -> Timestamp?? {
    guard changes(field, isSet: time != nil) else { return nil }
    guard let time else { return .some(nil) }
    guard let timestamp = Timestamp(time) else {
      problems.add(field, "Must be a time of the years 1 to 9999.")
      return nil
    }
    return timestamp
  }

  mutating func number(_ number: ProtoDoubleValue?, _ field: String) -> Double?? {
    guard changes(field, isSet: number != nil) else { return nil }
    guard let number else { return .some(nil) }
    guard number.value.isFinite else {
      problems.add(field, "Must be a finite number.")
      return nil
    }
    return number.value
  }

  mutating func object(_ object: ProtoStruct?, _ field: String, _ limits: ObjectLimits)
    -> ProtoStruct?
  {
    guard changes(field, isSet: object != nil) else { return nil }
    let object = object ?? ProtoStruct()
    if let problem = limits.problem(of: object) {
      problems.add(field, problem)
      return nil
    }
    return object
  }
}

extension FieldProblems {
  /// - Returns: nil for what is no such word, which is added with those that are.
  mutating func word<Word: CatalogueWord>(
    _ text: String, _ field: String, as type: Word.Type = Word.self
  ) -> Word? {
    if let word = Word(anyCase: text.trimmed) { return word }
    addChoice(text, field, Word.list)
    return nil
  }

  /// - Parameter list: the words that there are.
  mutating func addChoice(_ text: String, _ field: String, _ list: String) {
    add(field, "\"\(text.prefix(50))\" is not a valid choice: \(list).")
  }
}
