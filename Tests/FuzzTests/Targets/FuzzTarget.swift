// SPDX-License-Identifier: Apache-2.0

/// A parser of what comes from outside, and what must hold whatever comes. A property that does not hold is
/// a failed precondition: the fuzzer takes any trap for a find.
struct FuzzTarget: Sendable {
  /// Names the target on the command line and its folder in `Tests/FuzzRegressions`.
  let name: String
  /// Inputs to begin with.
  let seeds: [[UInt8]]
  let run: @Sendable ([UInt8]) -> Void

  static let all: [FuzzTarget] = [
    .serverFrames, .serverBytes, .serverHTTP1, .clientBytes, .deframer, .requestHead, .text,
    .base64, .protobuf, .json, .mqtt, .journal, .picture, .imageHeader, .multipart, .historyCursor,
  ]
}

/// What a target must not see.
func hold(_ condition: Bool, _ property: @autoclosure () -> String) {
  precondition(condition, property())
}

/// Takes numbers and pieces from the front of an input.
struct FuzzInput {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: [UInt8]) { rest = bytes[...] }

  var isEmpty: Bool { rest.isEmpty }

  mutating func byte() -> UInt8 { rest.popFirst() ?? 0 }

  mutating func bytes(_ count: Int) -> [UInt8] {
    defer { rest = rest.dropFirst(count) }
    return Array(rest.prefix(count))
  }

  /// All that is left.
  mutating func remaining() -> [UInt8] { bytes(rest.count) }
}
