// SPDX-License-Identifier: Apache-2.0

import RPCRuntime

/// An HTTP/2 frame made by hand, right or wrong (RFC 9113 §4.1), and header blocks in the one HPACK form
/// that needs no state: literals without indexing (RFC 7541 §6.2.2).
struct RawFrame {
  enum Kind: UInt8 {
    case data, headers, priority, reset, settings, pushPromise, ping, goAway, windowUpdate
    case continuation
  }

  static let endStream: UInt8 = 0x1
  static let ack: UInt8 = 0x1
  static let endHeaders: UInt8 = 0x4
  static let padded: UInt8 = 0x8

  /// Raw, because unknown types are sent too.
  var kind: UInt8
  var flags: UInt8
  var stream: UInt32
  var payload: [UInt8]

  init(kind: UInt8, flags: UInt8, stream: UInt32, payload: [UInt8]) {
    self.kind = kind
    self.flags = flags
    self.stream = stream
    self.payload = payload
  }

  init(_ kind: Kind, flags: UInt8 = 0, stream: UInt32 = 0, _ payload: [UInt8] = []) {
    self.init(kind: kind.rawValue, flags: flags, stream: stream, payload: payload)
  }

  var bytes: [UInt8] {
    let length = payload.count
    return Self.word(UInt32(length)).dropFirst() + [kind, flags] + Self.word(stream) + payload
  }

  func has(_ kind: Kind) -> Bool { self.kind == kind.rawValue }

  /// The 32-bit number at `offset` of the payload.
  func number(at offset: Int = 0) -> UInt32 {
    payload.dropFirst(offset).prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
  }

  static func word(_ number: UInt32) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
  }

  // MARK: Frames

  static let preface = Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8)

  static func settings(_ values: [(id: UInt8, value: UInt32)] = []) -> RawFrame {
    RawFrame(.settings, values.flatMap { [0, $0.id] + word($0.value) })
  }

  static let settingsAck = RawFrame(.settings, flags: ack)

  static func ping(ack isAck: Bool = false) -> RawFrame {
    RawFrame(.ping, flags: isAck ? ack : 0, Array("8 octets".utf8))
  }

  static func reset(_ stream: UInt32, _ code: UInt32 = 8) -> RawFrame {
    RawFrame(.reset, stream: stream, word(code))
  }

  static func windowUpdate(_ stream: UInt32, _ increment: UInt32) -> RawFrame {
    RawFrame(.windowUpdate, stream: stream, word(increment))
  }

  static func goAway() -> RawFrame { RawFrame(.goAway, word(0) + word(0)) }

  static func priority(_ stream: UInt32, on other: UInt32 = 0) -> RawFrame {
    RawFrame(.priority, stream: stream, word(other) + [15])
  }

  /// - Parameter padding: bytes of padding; nil: no PADDED flag.
  static func data(
    _ stream: UInt32, _ bytes: [UInt8], end: Bool = false, padding: UInt8? = nil
  ) -> RawFrame {
    var flags = end ? endStream : 0
    var payload = bytes
    if let padding {
      flags |= padded
      payload = [padding] + bytes + [UInt8](repeating: 0, count: Int(padding))
    }
    return RawFrame(.data, flags: flags, stream: stream, payload)
  }

  static func headers(
    _ stream: UInt32, _ fields: Fields, end: Bool = false, complete: Bool = true
  ) -> RawFrame {
    RawFrame(
      .headers, flags: (end ? endStream : 0) | (complete ? endHeaders : 0), stream: stream,
      block(fields))
  }

  static func continuation(_ stream: UInt32, _ block: [UInt8], complete: Bool = false) -> RawFrame {
    RawFrame(.continuation, flags: complete ? endHeaders : 0, stream: stream, block)
  }

  // MARK: Header blocks

  typealias Fields = [(name: String, value: String)]

  static func block(_ fields: Fields) -> [UInt8] {
    fields.flatMap { [0] + text($0.name) + text($0.value) }
  }

  /// A string literal without Huffman coding (RFC 7541 §5.2).
  static func text(_ text: String) -> [UInt8] { integer(text.utf8.count) + Array(text.utf8) }

  /// A number with a 7-bit prefix (RFC 7541 §5.1).
  private static func integer(_ number: Int) -> [UInt8] {
    guard number >= 127 else { return [UInt8(number)] }
    var rest = number - 127
    var bytes: [UInt8] = [127]
    while rest >= 128 {
      bytes.append(UInt8(rest & 127) | 128)
      rest >>= 7
    }
    return bytes + [UInt8(rest)]
  }

  // MARK: Calls

  /// The header fields of a call; `extra` replaces fields of the same name, and drops them when empty.
  static func request(_ method: MethodDescriptor, _ extra: Fields = []) -> Fields {
    let usual: Fields = [
      (":method", "POST"), (":scheme", "http"), (":path", method.path), (":authority", "test"),
      ("content-type", "application/grpc"), ("te", "trailers"),
    ]
    let kept = usual.filter { field in !extra.contains { $0.name == field.name } }
    let pseudo = extra.filter { $0.name.hasPrefix(":") && !$0.value.isEmpty }
    return pseudo + kept + extra.filter { !$0.name.hasPrefix(":") }
  }

  /// The frames of many streams, one after the other.
  static func each(_ indices: Range<UInt32>, _ frames: (UInt32) -> [UInt8]) -> [UInt8] {
    indices.flatMap { index -> [UInt8] in frames(index * 2 + 1) }
  }

  /// The same frame many times.
  static func repeated(_ count: Int, _ frame: RawFrame) -> [UInt8] {
    Array([[UInt8]](repeating: frame.bytes, count: count).joined())
  }

  /// A message with its prefix; `announced` lies about its length.
  static func message(_ text: String, flag: UInt8 = 0, announced: UInt32? = nil) -> [UInt8] {
    [flag] + word(announced ?? UInt32(text.utf8.count)) + Array(text.utf8)
  }

  /// A whole call with one message.
  static func call(
    _ stream: UInt32, _ method: MethodDescriptor, _ text: String = "", end: Bool = true
  ) -> [UInt8] {
    headers(stream, request(method)).bytes + data(stream, message(text), end: end).bytes
  }
}
