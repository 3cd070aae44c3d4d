// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import JSONText
import RPCRuntime
import TrakSenseAPI

/// Puts a request's proto3 JSON form together: what the path says, else what cookies say, else the query or
/// the body.
struct RequestAssembly {
  private let route: TranscodedRoute
  private var json = JSONWriter()
  private var written: Set<String> = []

  init(_ route: TranscodedRoute) {
    self.route = route
    json.beginObject()
  }

  /// - Parameter parameters: by the names of the fields.
  /// - Throws: 404 for an id that cannot be one, 400 for another value that its field cannot hold.
  mutating func add(path parameters: [String: String]) throws(RESTError) {
    for (name, value) in parameters {
      guard let field = route.fields[name] else { continue }
      if field.kind == .uint32, !Self.isID(value) {
        throw RESTError(.notFound, detail: "Not found.")
      }
      written.insert(field.name)
      json.key(field.name)
      try write(value, of: field)
    }
  }

  /// Takes the tokens that the request asks for from the cookies that there are.
  mutating func add(_ cookies: SessionCookies) {
    let tokens = [
      (route.session.takesAccessToken, SessionCookies.accessName, cookies.access),
      (route.session.takesRefreshToken, SessionCookies.refreshName, cookies.refresh),
    ]
    for case (true, let name, let value?) in tokens {
      written.insert(name)
      json.key(name)
      json.string(value)
    }
  }

  /// - Throws: 400 for a value that its field cannot hold.
  mutating func add(_ query: QueryParameters) throws(RESTError) {
    for name in route.queryFields.keys {
      guard let field = route.fields[name] else { continue }
      let values = query.all(name).filter { field.kind == .text || !$0.isEmpty }
      guard let value = values.last, written.insert(name).inserted else { continue }
      json.key(field.name)
      guard field.isRepeated else {
        try write(value, of: field)
        continue
      }
      json.beginArray()
      for value in values { try write(value, of: field) }
      json.endArray()
    }
  }

  /// Takes the body's members that are fields of the request; others are ignored.
  /// - Parameter body: empty counts as an object without members.
  /// - Throws: 400 when it is not JSON or no object.
  mutating func add(body: [UInt8]) throws(RESTError) {
    var mask: [String] = []
    for (name, value) in try Self.members(of: body) {
      guard let field = route.fields[name], !written.contains(field.name),
        !(route.hasUpdateMask && field.name == TranscodedRoute.updateMask)
      else { continue }
      if !mask.contains(field.name) { mask.append(field.name) }
      json.key(field.name)
      json.raw(value)
    }
    guard route.hasUpdateMask else { return }
    json.key(TranscodedRoute.updateMask)
    json.string(mask.joined(separator: ","))
  }

  /// The message, ready to be sent.
  /// - Throws: 400 naming the field that is wrong.
  consuming func request() throws(RESTError) -> MessageFrame {
    json.endObject()
    do throws(JSONFieldError) {
      return try route.types.request(json: json.bytes)
    } catch {
      guard !error.path.isEmpty else { throw RESTError(.badRequest, detail: error.problem) }
      throw RESTError(field: error.path, Self.sentence(error.problem))
    }
  }

  private mutating func write(_ value: String, of field: HTTPRoute.Field) throws(RESTError) {
    switch (field.kind, value.lowercased()) {
    case (.bool, "true"), (.bool, "1"): json.bool(true)
    case (.bool, "false"), (.bool, "0"): json.bool(false)
    case (.bool, _): throw RESTError(field: field.name, "Expected true or false.")
    case (.uint32, _) where !Self.isID(value):
      throw RESTError(field: field.name, "Expected an unsigned 32-bit integer.")
    case (.uint32, _), (.number, _), (.text, _), (.time, _), (.object, _): json.string(value)
    }
  }

  private static func members(
    of body: [UInt8]
  ) throws(RESTError) -> [(name: String, value: ArraySlice<UInt8>)] {
    guard !body.isEmpty else { return [] }
    do throws(JSONError) {
      return try JSONMembers(body).members
    } catch {
      if case .typeMismatch(.object, let found) = error.reason, isWhole(body) {
        throw RESTError(
          field: "non_field_errors", "Invalid data. Expected an object, but got \(found.rawValue).")
      }
      throw RESTError(.badRequest, detail: "JSON parse error - \(error)")
    }
  }

  /// Whether a text is JSON, of whatever kind.
  private static func isWhole(_ text: [UInt8]) -> Bool {
    var json = JSONReader(text)
    do throws(JSONError) {
      try json.skipValue()
      try json.end()
      return true
    } catch {
      return false
    }
  }

  private static func isID(_ text: String) -> Bool {
    text.utf8.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 } && UInt32(text) != nil
  }

  /// `expected a number` → `Expected a number.`
  private static func sentence(_ problem: String) -> String {
    "\(problem.prefix(1).uppercased())\(problem.dropFirst())."
  }
}
