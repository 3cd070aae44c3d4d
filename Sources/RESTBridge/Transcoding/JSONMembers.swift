// SPDX-License-Identifier: Apache-2.0

import JSONText

/// The members of a JSON object, as they stand in its text.
struct JSONMembers {
  /// In order; names may repeat.
  let members: [(name: String, value: ArraySlice<UInt8>)]

  /// - Throws: when the text is not JSON, or is another value than an object.
  init(_ text: [UInt8]) throws(JSONError) {
    var json = JSONReader(text)
    var members: [(String, ArraySlice<UInt8>)] = []
    try json.beginObject()
    while let key = try json.nextKey() {
      // Moves to where the value starts.
      _ = try json.peek()
      let start = json.offset
      try json.skipValue()
      members.append((key.description, text[start..<json.offset]))
    }
    try json.end()
    self.members = members
  }
}
