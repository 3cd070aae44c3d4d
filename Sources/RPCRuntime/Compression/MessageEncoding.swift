// SPDX-License-Identifier: Apache-2.0

/// What messages may be compressed with (gRPC "Compression").
enum MessageEncoding: String, Hashable, Sendable {
  case identity
  case gzip

  /// The value of `grpc-accept-encoding`: all of them.
  static let accepted = "identity,gzip"

  /// - Parameter list: a `grpc-accept-encoding`.
  /// - Returns: true when it names gzip.
  static func namesGzip(_ list: UnsafeBufferPointer<UInt8>) -> Bool {
    var start = 0
    while start < list.count {
      var end = start
      while end < list.count, unsafe list[end] != UInt8(ascii: ",") { end += 1 }
      let name = unsafe UnsafeBufferPointer(rebasing: unsafe list[start..<end])
      if unsafe name.trimmed.elementsEqual("gzip".utf8) { return true }
      start = end + 1
    }
    return false
  }
}

extension UnsafeBufferPointer<UInt8> {
  /// Without spaces and tabs at both ends.
  fileprivate var trimmed: Slice<Self> {
    var rest = unsafe self[...]
    while let first = unsafe rest.first, first == 0x20 || first == 0x09 {
      unsafe rest.removeFirst()
    }
    while let last = unsafe rest.last, last == 0x20 || last == 0x09 { unsafe rest.removeLast() }
    return unsafe rest
  }
}
