// SPDX-License-Identifier: Apache-2.0

/// An ordered list of header fields in one block of bytes: two allocations however many fields.
struct HeaderList: Hashable, Sendable, ExpressibleByDictionaryLiteral {
  private struct Ends: Hashable {
    var name: Int32
    var value: Int32
  }

  private var bytes: [UInt8] = []
  private var ends: [Ends] = []

  init() {}

  init(dictionaryLiteral fields: (StaticString, String)...) {
    for (name, value) in fields { append(name, value) }
  }

  var count: Int { ends.count }

  /// Size as RFC 9113 §6.5.2 counts it: names and values in octets, and 32 more a field.
  var decodedSize: Int { bytes.count + 32 * ends.count }

  mutating func reserveCapacity(bytes byteCount: Int, fields: Int) {
    bytes.reserveCapacity(byteCount)
    ends.reserveCapacity(fields)
  }

  mutating func append(_ name: StaticString, _ value: String) {
    name.withUTF8Buffer { unsafe bytes.append(contentsOf: $0) }
    let nameEnd = Int32(bytes.count)
    bytes.append(contentsOf: value.utf8)
    ends.append(Ends(name: nameEnd, value: Int32(bytes.count)))
  }

  mutating func append(name: String, value: String) {
    bytes.append(contentsOf: name.utf8)
    let nameEnd = Int32(bytes.count)
    bytes.append(contentsOf: value.utf8)
    ends.append(Ends(name: nameEnd, value: Int32(bytes.count)))
  }

  mutating func append(name: UnsafeBufferPointer<UInt8>, value: UnsafeBufferPointer<UInt8>) {
    unsafe bytes.append(contentsOf: name)
    let nameEnd = Int32(bytes.count)
    unsafe bytes.append(contentsOf: value)
    ends.append(Ends(name: nameEnd, value: Int32(bytes.count)))
  }

  /// The value of the first field with this name.
  subscript(_ name: StaticString) -> String? {
    for index in 0..<count where self.name(index, is: name) { return value(index) }
    return nil
  }

  func name(_ index: Int, is name: StaticString) -> Bool {
    let range = nameRange(index)
    guard range.count == name.utf8CodeUnitCount else { return false }
    return name.withUTF8Buffer { expected in
      unsafe bytes.withUnsafeBufferPointer { all in
        unsafe UnsafeBufferPointer(rebasing: all[range]).elementsEqual(expected)
      }
    }
  }

  func name(_ index: Int) -> String { String(decoding: bytes[nameRange(index)], as: UTF8.self) }

  func value(_ index: Int) -> String { String(decoding: bytes[valueRange(index)], as: UTF8.self) }

  /// First byte of a name; 0 when it is empty.
  func nameLead(_ index: Int) -> UInt8 {
    let range = nameRange(index)
    return range.isEmpty ? 0 : bytes[range.lowerBound]
  }

  func value(_ index: Int, hasPrefix prefix: StaticString) -> Bool {
    let range = valueRange(index)
    let length = prefix.utf8CodeUnitCount
    guard range.count >= length else { return false }
    return prefix.withUTF8Buffer { expected in
      unsafe bytes.withUnsafeBufferPointer { all in
        unsafe all[range.lowerBound..<range.lowerBound + length].elementsEqual(expected)
      }
    }
  }

  /// Gives each field's bytes, valid during the call only.
  func withFields<Result>(
    _ body: (_ base: UnsafeBufferPointer<UInt8>, _ ranges: [(name: Range<Int>, value: Range<Int>)])
      -> Result
  ) -> Result {
    let ranges = (0..<count).map { (name: nameRange($0), value: valueRange($0)) }
    return unsafe bytes.withUnsafeBufferPointer { unsafe body($0, ranges) }
  }

  private func nameRange(_ index: Int) -> Range<Int> {
    (index == 0 ? 0 : Int(ends[index - 1].value))..<Int(ends[index].name)
  }

  private func valueRange(_ index: Int) -> Range<Int> {
    Int(ends[index].name)..<Int(ends[index].value)
  }
}
