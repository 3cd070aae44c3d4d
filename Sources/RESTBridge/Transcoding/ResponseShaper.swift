// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import JSONText
import RPCRuntime
import TrakSenseAPI

/// What a browser gets of a response's JSON form: without the tokens, which become cookies, and with the
/// addresses of a list's neighbouring pages.
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
    guard route.isPage || route.givesTokens else {
      self.json = json
      return
    }
    let members: JSONMembers
    do throws(JSONError) {
      members = try JSONMembers(json)
    } catch {
      throw RPCError(.internalError, "response is no JSON object: \(error)")
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
      if route.isPage, name == PageLinks.count {
        let links = links(UInt64(String(decoding: value, as: UTF8.self)) ?? 0)
        Self.write("next", links.next, to: &writer)
        Self.write("previous", links.previous, to: &writer)
      }
    }
    writer.endObject()
    self.json = writer.bytes
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
