// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import JSONText
import RPCRuntime
import TrakSenseAPI

/// What a browser gets of a response's JSON form: the one field that is the answer, if there is such; without the
/// tokens, which become cookies, and with the addresses of a list's neighbouring pages.
struct ResponseShaper {
  private(set) var json: [UInt8]
  /// Those that the response gave.
  private(set) var tokens: TraksenseV1.Tokens?

  /// - Parameters:
  ///   - links: makes the addresses for a list of so many rows; nil: the response is no list.
  ///   - json: the response's proto3 JSON form.
  /// - Throws: `.internalError` when it is not.
  init(
    _ json: [UInt8], of route: TranscodedRoute, links: (UInt64) -> PageLinks
  ) throws(RPCError) {
    guard route.isPage || route.givesTokens || route.binding.responseField != nil else {
      self.json = json
      return
    }
    if route.isPage, !route.givesTokens, route.binding.responseField == nil {
      self.json = try Self.page(json, links: links)
      return
    }
    let members: JSONMembers
    do throws(JSONError) {
      members = try JSONMembers(json)
    } catch {
      throw RPCError(.internalError, "response is no JSON object: \(error)")
    }
    if let field = route.binding.responseField {
      guard let member = members.members.first(where: { $0.name == field }) else {
        throw RPCError(.internalError, "response has no \(field)")
      }
      self.json = Array(member.value)
      return
    }
    var writer = JSONWriter()
    writer.beginObject()
    for (name, value) in members.members {
      if route.givesTokens, name == TranscodedRoute.tokens {
        tokens = try Self.tokens(value)
        continue
      }
      writer.key(name)
      writer.raw(value)
    }
    writer.endObject()
    self.json = writer.bytes
  }

  /// Puts the addresses behind the count. The rows, which are nearly all of the text, are not looked at.
  private static func page(
    _ json: [UInt8], links: (UInt64) -> PageLinks
  ) throws(RPCError) -> [UInt8] {
    var reader = JSONReader(json)
    do throws(JSONError) {
      try reader.beginObject()
      while let key = try reader.nextKey() {
        _ = try reader.peek()
        let start = reader.offset
        try reader.skipValue()
        guard key.description == PageLinks.count else { continue }
        let count = UInt64(String(decoding: json[start..<reader.offset], as: UTF8.self)) ?? 0
        var writer = JSONWriter(appendingTo: Array(json[..<start]))
        writer.raw(json[start..<reader.offset])
        let links = links(count)
        write("next", links.next, to: &writer)
        write("previous", links.previous, to: &writer)
        return writer.bytes + json[reader.offset...]
      }
    } catch {
      throw RPCError(.internalError, "response is no JSON object: \(error)")
    }
    throw RPCError(.internalError, "a list has no \(PageLinks.count)")
  }

  private static func tokens(
    _ value: ArraySlice<UInt8>
  ) throws(RPCError) -> TraksenseV1.Tokens? {
    guard value.first == UInt8(ascii: "{") else { return nil }
    do throws(JSONFieldError) {
      return try TraksenseV1.Tokens(json: Array(value))
    } catch {
      throw RPCError(.internalError, "response has malformed tokens")
    }
  }

  private static func write(
    _ name: StaticString, _ link: String?, to json: inout JSONWriter
  ) {
    json.key(name)
    if let link { json.string(link) } else { json.null() }
  }
}
