// SPDX-License-Identifier: Apache-2.0

/// What a request's `content-type` says.
enum ContentType: Hashable, Sendable {
  case grpc
  case grpcWeb
  /// In base64.
  case grpcWebText

  /// Each name may be followed by a format or parameters: `application/grpc+proto`, `application/grpc; …`.
  private static let names: [(StaticString, ContentType)] = [
    ("application/grpc", .grpc), ("application/grpc-web", .grpcWeb),
    ("application/grpc-web-text", .grpcWebText),
  ]

  /// - Returns: nil for anything else.
  init?(_ value: UnsafeBufferPointer<UInt8>) {
    for (name, type) in Self.names where unsafe Self.has(name, value) {
      self = type
      return
    }
    return nil
  }

  private static func has(_ name: StaticString, _ value: UnsafeBufferPointer<UInt8>) -> Bool {
    let field = unsafe HeaderField(name: value, value: value)
    guard unsafe field.hasValuePrefix(name) else { return false }
    let length = name.utf8CodeUnitCount
    guard value.count > length else { return true }
    let next = unsafe value[length]
    return next == UInt8(ascii: "+") || next == UInt8(ascii: ";") || next == UInt8(ascii: " ")
  }
}
