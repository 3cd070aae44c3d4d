// SPDX-License-Identifier: Apache-2.0

import Domain
import TrakSenseAPI

/// What a JSON object may be that is kept in the catalogue. The database writes numbers out, so that their
/// size is bounded as well: `1e300` would come back as 301 digits.
struct ObjectLimits {
  /// Of its JSON form, in bytes.
  var maxBytes: Int
  /// Objects and lists inside each other, the object included. Default 16.
  var maxDepth = 16

  private static let magnitudes = 1e-30...1e30

  /// - Returns: nil: none.
  func problem(of object: ProtoStruct) -> String? {
    if let problem = Self.problem(of: .object(object), depth: maxDepth) {
      return problem == .tooDeep ? "Must have no more than \(maxDepth) levels." : problem.rawValue
    }
    guard object.json.count <= maxBytes else {
      return "Must be no longer than \(maxBytes) bytes as JSON."
    }
    return nil
  }

  private enum Problem: String {
    case tooDeep
    case badText = "Must not contain the character U+0000."
    case badNumber = "Numbers must be 0 or between 1e-30 and 1e30 in size."
  }

  private static func problem(of value: ProtoValue, depth: Int) -> Problem? {
    switch value {
    case .null, .bool: return nil
    case .number(let number):
      return number == 0 || magnitudes.contains(number.magnitude) ? nil : .badNumber
    case .string(let text): return text.utf8.contains(0) ? .badText : nil
    case .object(let object):
      guard depth > 0 else { return .tooDeep }
      for (name, value) in object.fields {
        if name.utf8.contains(0) { return .badText }
        if let problem = problem(of: value, depth: depth - 1) { return problem }
      }
    case .list(let values):
      guard depth > 0 else { return .tooDeep }
      for value in values {
        if let problem = problem(of: value, depth: depth - 1) { return problem }
      }
    }
    return nil
  }
}

extension JSONObjectText {
  init(_ object: ProtoStruct) {
    self.init(String(decoding: object.json, as: UTF8.self))
  }

  /// - Returns: nil for what some other program stored that is no object, or nested beyond what is read.
  var object: ProtoStruct? {
    do throws(JSONFieldError) {
      return try ProtoStruct(json: Array(text.utf8))
    } catch {
      return nil
    }
  }
}
