// SPDX-License-Identifier: Apache-2.0

import ByteText

/// What of metadata goes over the wire, and how (gRPC over HTTP/2, "Custom-Metadata").
extension Metadata.Entry {
  /// Keys in the protocol's own name space that user code may set.
  private static let openReserved: Set<String> = [
    "grpc-status-details-bin", "grpc-retry-pushback-ms", "grpc-trace-bin", "grpc-tags-bin",
  ]

  /// Keys that HTTP gives a meaning, or HTTP/2 forbids (RFC 9113 §8.2.2).
  private static let transport: Set<String> = [
    "connection", "content-length", "content-type", "host", "keep-alive", "proxy-connection", "te",
    "trailer", "transfer-encoding", "upgrade",
  ]

  /// False for what is never sent: keys and values with characters that have no place there, text that is
  /// not base64 under a key that ends in `-bin`, and keys that belong to the protocol.
  public var isSendable: Bool {
    guard !key.isEmpty, key.utf8.allSatisfy(Self.isKeyByte),
      !Self.transport.contains(key), !Self.isReserved(key)
    else { return false }
    if Metadata.isBinary(key) { return Base64.decode(value.utf8) != nil }
    return value.utf8.allSatisfy { (0x20...0x7E).contains($0) }
  }

  /// True for the protocol's own keys, which are no metadata.
  static func isReserved(_ key: String) -> Bool {
    key.hasPrefix("grpc-") && !openReserved.contains(key)
  }

  private static func isKeyByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
      UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
      true
    default: false
    }
  }

  /// The value as it is sent. Space around it has no meaning, and HTTP/2 forbids it.
  fileprivate var wireValue: String {
    var bytes = Substring(value).utf8
    while bytes.first == 0x20 { bytes.removeFirst() }
    while bytes.last == 0x20 { bytes.removeLast() }
    // "Implementations … should emit un-padded values."
    if Metadata.isBinary(key) { while bytes.last == UInt8(ascii: "=") { bytes.removeLast() } }
    return String(Substring(bytes))
  }
}

extension HeaderList {
  /// Appends what may be sent.
  /// - Returns: the key of an entry that was left out; see ``Metadata/Entry/isSendable``.
  @discardableResult
  mutating func append(_ metadata: Metadata) -> String? {
    var refused: String?
    for entry in metadata.entries {
      if entry.isSendable {
        append(name: entry.key, value: entry.wireValue)
      } else {
        refused = entry.key
      }
    }
    return refused
  }

  /// What the other end's code added: everything but pseudo-headers and the protocol's own fields. Values
  /// of binary keys that were joined with commas become entries of their own.
  var customMetadata: Metadata {
    unsafe withFields { fields in
      var metadata = Metadata()
      while let field = unsafe fields.next() {
        switch unsafe field.lead {
        case UInt8(ascii: ":"): continue
        case UInt8(ascii: "c") where unsafe field.hasName("content-type"): continue
        case UInt8(ascii: "t") where unsafe field.hasName("te"): continue
        case UInt8(ascii: "g") where unsafe Metadata.Entry.isReserved(field.nameText): continue
        default:
          let key = unsafe field.nameText
          let value = unsafe field.valueText
          if Metadata.isBinary(key) {
            for part in value.split(separator: ",", omittingEmptySubsequences: false) {
              metadata.add(String(part), for: key)
            }
          } else {
            metadata.add(value, for: key)
          }
        }
      }
      return metadata
    }
  }
}
