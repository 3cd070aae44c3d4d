// SPDX-License-Identifier: Apache-2.0

/// A value that protobuf-c reads and writes through a C struct. Strings are `bytes` to C (see
/// Scripts/generate.sh), so that their length is known both ways.
package protocol CStruct {
  /// protobuf-c's struct; its first member is a `ProtobufCMessage`.
  associatedtype C

  /// Writes protobuf-c's initial values over uninitialized memory.
  static func initialize(_ c: UnsafeMutablePointer<C>)

  /// Most bytes of a message on the wire without the characters and elements of its fields: a tag and a
  /// number for each.
  static var wireOverhead: Int { get }

  /// Copies out of C.
  init(decoding c: UnsafePointer<C>) throws(ProtobufError)

  /// Sets the members of an initialized struct; what they point to is in the arena.
  func fill(_ c: UnsafeMutablePointer<C>, _ arena: inout Arena)
}

/// One pair of a map field, which is a message on the wire.
package protocol CMapEntry: CStruct {
  associatedtype Key: ProtobufMapKey
  associatedtype Value

  var key: Key { get }
  var value: Value { get }

  init(key: Key, value: Value)
}
