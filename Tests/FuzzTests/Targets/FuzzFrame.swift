// SPDX-License-Identifier: Apache-2.0

/// HTTP/2 frames for seeds, and for inputs that say what is in a frame but not how long it is.
enum FuzzFrame {
  static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

  static func make(kind: UInt8, flags: UInt8 = 0, stream: UInt32 = 0, _ payload: [UInt8] = [])
    -> [UInt8]
  {
    var bytes = Array(word(UInt32(payload.count)).dropFirst())
    bytes += [kind, flags]
    bytes += word(stream)
    bytes += payload
    return bytes
  }

  static let settings = make(kind: 4)
  static let settingsAck = make(kind: 4, flags: 1)

  static func headers(_ stream: UInt32, _ fields: [(String, String)], end: Bool = false) -> [UInt8]
  {
    make(kind: 1, flags: end ? 5 : 4, stream: stream, block(fields))
  }

  static func data(_ stream: UInt32, _ bytes: [UInt8], end: Bool = false) -> [UInt8] {
    make(kind: 0, flags: end ? 1 : 0, stream: stream, bytes)
  }

  /// A gRPC message with its prefix.
  static func message(_ text: String) -> [UInt8] {
    var bytes: [UInt8] = [0]
    bytes += word(UInt32(text.utf8.count))
    bytes += text.utf8
    return bytes
  }

  static func request(_ path: String, _ more: [(String, String)] = []) -> [(String, String)] {
    [
      (":method", "POST"), (":scheme", "http"), (":path", path), (":authority", "a"),
      ("content-type", "application/grpc"), ("te", "trailers"),
    ] + more
  }

  /// Literals without indexing (RFC 7541 §6.2.2), each shorter than 127 bytes.
  static func block(_ fields: [(String, String)]) -> [UInt8] {
    var bytes: [UInt8] = []
    for (name, value) in fields {
      bytes.append(0)
      for text in [name, value] {
        bytes.append(UInt8(text.utf8.count))
        bytes += text.utf8
      }
    }
    return bytes
  }

  private static func word(_ number: UInt32) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
  }
}
