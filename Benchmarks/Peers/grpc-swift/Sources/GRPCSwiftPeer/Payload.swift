// SPDX-License-Identifier: Apache-2.0

import GRPCCore

/// `traksense.bench.v1.Payload`.
struct Payload: Sendable {
  var body: [UInt8]
}

/// `traksense.bench.v1.DownloadRequest`.
struct DownloadRequest: Sendable {
  var messages = 0
  var bytes = 0
}

/// `traksense.bench.v1.SlowRequest`.
struct SlowRequest: Sendable {
  var waitMilliseconds = 0
  var busyMicroseconds = 0
}

struct PayloadSerializer: MessageSerializer {
  func serialize<Bytes: GRPCContiguousBytes>(_ message: Payload) throws -> Bytes {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(message.body.count + 6)
    if !message.body.isEmpty {
      bytes.append(1 << 3 | 2)
      var length = message.body.count
      while length >= 0x80 {
        bytes.append(UInt8(length & 0x7f) | 0x80)
        length >>= 7
      }
      bytes.append(UInt8(length))
      bytes += message.body
    }
    return Bytes(bytes)
  }
}

struct PayloadDeserializer: MessageDeserializer {
  func deserialize<Bytes: GRPCContiguousBytes>(_ serialized: Bytes) throws -> Payload {
    try serialized.withUnsafeBytes { bytes in
      guard !bytes.isEmpty else { return Payload(body: []) }
      var index = 1
      let length = try Varint.read(bytes, &index)
      guard bytes[0] == 1 << 3 | 2, index + length == bytes.count else { throw Varint.Malformed() }
      return Payload(body: Array(bytes[index...]))
    }
  }
}

struct DownloadRequestDeserializer: MessageDeserializer {
  func deserialize<Bytes: GRPCContiguousBytes>(_ serialized: Bytes) throws -> DownloadRequest {
    let (messages, bytes) = try serialized.withUnsafeBytes { try Varint.readTwoFields($0) }
    return DownloadRequest(messages: messages, bytes: bytes)
  }
}

struct SlowRequestDeserializer: MessageDeserializer {
  func deserialize<Bytes: GRPCContiguousBytes>(_ serialized: Bytes) throws -> SlowRequest {
    let (wait, busy) = try serialized.withUnsafeBytes { try Varint.readTwoFields($0) }
    return SlowRequest(waitMilliseconds: wait, busyMicroseconds: busy)
  }
}

enum Varint {
  struct Malformed: Error {}

  static func read(_ bytes: UnsafeRawBufferPointer, _ index: inout Int) throws -> Int {
    var value = 0
    for shift in stride(from: 0, to: 35, by: 7) {
      guard index < bytes.count else { throw Malformed() }
      value |= Int(bytes[index] & 0x7f) << shift
      index += 1
      if bytes[index - 1] < 0x80 { return value }
    }
    throw Malformed()
  }

  /// The values of fields 1 and 2, in a message that has no others.
  static func readTwoFields(_ bytes: UnsafeRawBufferPointer) throws -> (Int, Int) {
    var values = (0, 0)
    var index = 0
    while index < bytes.count {
      let field = try read(bytes, &index)
      let value = try read(bytes, &index)
      switch field {
      case 1 << 3: values.0 = value
      case 2 << 3: values.1 = value
      default: throw Malformed()
      }
    }
    return values
  }
}
