// SPDX-License-Identifier: Apache-2.0

import ByteText
import RPCRuntime
import TrakSenseAPI

/// A request's query, every parameter of which must be known: one that is silently ignored makes clients
/// believe that it worked. `+` is a space, as forms and many clients write it; in times it is the sign of the offset.
struct QueryParameters {
  /// How a parameter may be given.
  enum Arity {
    case once
    /// Once, a time.
    case time
    case repeated
  }

  /// Names the tenant on hosts that name none; every reading route takes it.
  static let tenant = "tenant"

  private var values: [String: [String]] = [:]

  /// - Parameters:
  ///   - query: without `?`; nil when there is none.
  ///   - known: the route's own parameters.
  /// - Throws: 400 naming every parameter that is unknown, repeated or badly encoded.
  init(_ query: String?, known: [String: Arity]) throws(RESTError) {
    var problems: [FieldViolation] = []
    for pair in (query ?? "").split(separator: "&") {
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard let name = PercentDecoding.decode(parts[0], plusIsSpace: true) else {
        problems.append(.init(field: "query", description: "Invalid percent-encoding."))
        continue
      }
      guard let arity = name == Self.tenant ? .once : known[name] else {
        problems.append(.init(field: name, description: "Unknown parameter."))
        continue
      }
      let text = parts.count > 1 ? parts[1] : ""
      guard let value = PercentDecoding.decode(text, plusIsSpace: arity != .time) else {
        problems.append(.init(field: name, description: "Invalid percent-encoding."))
        continue
      }
      if arity != .repeated, values[name] != nil {
        problems.append(.init(field: name, description: "May be given only once."))
      }
      values[name, default: []].append(value)
    }
    if !problems.isEmpty { throw RESTError(fields: problems) }
  }

  /// Every value of a repeated parameter, in order.
  func all(_ name: String) -> [String] { values[name] ?? [] }

  /// The value of a parameter; nil when it is absent or empty.
  func text(_ name: String) -> String? {
    guard let value = values[name]?.first, !value.isEmpty else { return nil }
    return value
  }

  /// - Throws: 400 when the value is not an RFC 3339 time.
  func time(_ name: String) throws(RESTError) -> ProtoTimestamp? {
    guard let text = text(name) else { return nil }
    guard let time = ProtoTimestamp(rfc3339: text) else {
      throw RESTError(
        field: name,
        "Expected an RFC 3339 time with Z or an offset, such as 2025-01-01T12:00:00Z.")
    }
    return time
  }

  /// - Throws: 400 when the value is not an integer within `range`.
  func integer(_ name: String, in range: ClosedRange<Int>) throws(RESTError) -> Int? {
    guard let text = text(name) else { return nil }
    guard let value = Int(text), range.contains(value) else {
      throw RESTError(
        field: name, "Expected an integer from \(range.lowerBound) to \(range.upperBound).")
    }
    return value
  }
}
