// SPDX-License-Identifier: Apache-2.0

public import Tracing

/// Where a call stands in a distributed trace (W3C Trace Context, level 1).
public struct TraceContext: Hashable, Sendable {
  /// Longest `tracestate` passed on, in bytes (§3.3.1.5 asks for at least 512).
  private static let maxStateBytes = 512

  /// 32 lower-case hexadecimal digits.
  public let traceID: String
  /// The header `traceparent`, as it came.
  public let parent: String
  /// The header `tracestate`; empty: none.
  public let state: String

  /// Reads the headers.
  /// - Returns: nil when `parent` is not valid, which is to be ignored (§3.2.2.3). A `state` that is too
  ///   long is left out.
  public init?(parent: String, state: String? = nil) {
    let bytes = Array(parent.utf8)
    // version "-" trace-id "-" parent-id "-" trace-flags; later versions may append "-…" (§3.2.4).
    guard bytes.count >= 55, bytes[2] == Self.dash, bytes[35] == Self.dash, bytes[52] == Self.dash,
      Self.isHex(bytes[0..<2]), Self.isHex(bytes[3..<35]), Self.isHex(bytes[36..<52]),
      Self.isHex(bytes[53..<55]), !Self.isZero(bytes[3..<35]), !Self.isZero(bytes[36..<52])
    else { return nil }
    switch (bytes[0], bytes[1]) {
    case (UInt8(ascii: "f"), UInt8(ascii: "f")): return nil
    case (UInt8(ascii: "0"), UInt8(ascii: "0")): guard bytes.count == 55 else { return nil }
    default:
      guard bytes.count == 55 || bytes[55] == Self.dash, bytes.count <= 128 else { return nil }
    }
    traceID = String(decoding: bytes[3..<35], as: UTF8.self)
    self.parent = parent
    let state = state ?? ""
    self.state = state.utf8.count <= Self.maxStateBytes ? state : ""
  }

  private static let dash = UInt8(ascii: "-")

  private static func isHex(_ bytes: ArraySlice<UInt8>) -> Bool {
    bytes.allSatisfy { byte in
      (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
    }
  }

  private static func isZero(_ bytes: ArraySlice<UInt8>) -> Bool {
    bytes.allSatisfy { $0 == UInt8(ascii: "0") }
  }
}

/// Where an incoming trace stands in the call's context and in the task's `ServiceContext`.
public enum TraceContextKey: ServerContextKey, ServiceContextKey {
  /// The headers, read.
  public typealias Value = TraceContext
}
