// SPDX-License-Identifier: Apache-2.0

import ByteText
package import JSONText

/// A `bytes` field: base64 in JSON; when reading, also of the alphabet that is safe in URLs (RFC 4648 §5).
extension [UInt8]: JSONFieldValue {
  package init(reading json: inout JSONFieldReader) throws(JSONFieldError) {
    let text = try json.token(expected: "a base64 string") { json throws(JSONError) in
      try json.readStringUTF8()
    }
    guard let bytes = Base64.decode(text, in: .either) else {
      throw json.invalid("expected base64")
    }
    self = bytes
  }

  package func write(to json: inout JSONWriter) {
    json.string(Base64.text(self))
  }
}
