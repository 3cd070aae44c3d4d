// SPDX-License-Identifier: Apache-2.0

/// An ordered list of header fields in one block of bytes: one allocation however many fields.
struct HeaderList: Hashable, Sendable, ExpressibleByDictionaryLiteral {
  private var layout: [UInt8] = []
  private(set) var count = 0

  init() {}

  init(dictionaryLiteral fields: (StaticString, String)...) {
    for (name, value) in fields { append(name, value) }
  }

  /// Copies `count` fields laid out as ``HeaderFields`` reads them.
  init(layout: UnsafeRawBufferPointer, count: Int) {
    self.layout = unsafe Array(layout)
    self.count = count
  }

  /// Size as RFC 9113 §6.5.2 counts it: names and values in octets, and 32 more a field.
  var decodedSize: Int { unsafe layout.count + (32 - HeaderFields.prefixLength) * count }

  mutating func append(_ name: StaticString, _ value: String) {
    var value = value
    name.withUTF8Buffer { name in
      value.withUTF8 { unsafe append(HeaderField(name: name, value: $0)) }
    }
  }

  mutating func append(name: String, value: String) {
    var name = name
    var value = value
    name.withUTF8 { name in
      value.withUTF8 { unsafe append(HeaderField(name: name, value: $0)) }
    }
  }

  private mutating func append(_ field: HeaderField) {
    let start = layout.count
    layout.append(contentsOf: repeatElement(0, count: unsafe field.laidOutLength))
    unsafe layout.withUnsafeMutableBytes { unsafe field.lay(at: $0.baseAddress, offset: start) }
    count += 1
  }

  /// The value of the first field with this name.
  subscript(_ name: StaticString) -> String? {
    unsafe withFields { fields in
      while let field = unsafe fields.next() {
        if unsafe field.hasName(name) { return unsafe field.valueText }
      }
      return nil
    }
  }

  /// Gives the fields in order; their bytes are valid during the call only.
  func withFields<Result, Failure: Error>(
    _ body: (inout HeaderFields) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try unsafe layout.withUnsafeBufferPointer { bytes throws(Failure) in
      var fields = unsafe HeaderFields(UnsafeRawBufferPointer(bytes))
      return try unsafe body(&fields)
    }
  }
}
