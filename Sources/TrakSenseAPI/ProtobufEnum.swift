// SPDX-License-Identifier: Apache-2.0

/// An enum of the .proto. Numbers that are not known are kept.
public protocol ProtobufEnum: Hashable, Sendable {
  /// The value of number 0.
  init()

  /// The value of this number.
  init(rawValue: Int32)

  /// The value's number.
  var rawValue: Int32 { get }

  /// The names of the .proto with their values.
  static var names: [(name: StaticString, value: Self)] { get }
}
