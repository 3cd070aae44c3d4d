// SPDX-License-Identifier: Apache-2.0

package import JSONText
import RPCRuntime

/// A `bytes` field: base64 in JSON; when reading, also of the alphabet that is safe in URLs (RFC 4648 §5).
extension [UInt8]: JSONFieldValue {
  package init(reading json: inout JSONFieldReader) throws(JSONFieldError) {
    let text = try json.token(expected: "a base64 string") { json throws(JSONError) in
      try json.readStringUTF8()
    }
    let standard = text.lazy.map { character in
      switch character {
      case UInt8(ascii: "-"): UInt8(ascii: "+")
      case UInt8(ascii: "_"): UInt8(ascii: "/")
      default: character
      }
    }
    guard let bytes = Base64.decode(standard) else { throw json.invalid("expected base64") }
    self = bytes
  }

  package func write(to json: inout JSONWriter) {
    json.string(String(decoding: Base64.encode(self, padded: true), as: UTF8.self))
  }
}
