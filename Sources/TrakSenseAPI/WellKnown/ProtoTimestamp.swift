// SPDX-License-Identifier: Apache-2.0

/// `google.protobuf.Timestamp`: an instant on the UTC time line, without leap seconds.
public struct ProtoTimestamp: ProtobufMessage {
  /// `google.protobuf.Timestamp`
  public static var fullName: String { "google.protobuf.Timestamp" }

  /// Seconds since 1970-01-01T00:00:00Z.
  public var seconds: Int64 = 0
  /// Nanoseconds that follow, 0 to 999,999,999, also before 1970.
  public var nanos: Int32 = 0

  /// 1970-01-01T00:00:00Z.
  public init() {}

  /// - Parameters:
  ///   - seconds: since 1970-01-01T00:00:00Z.
  ///   - nanos: nanoseconds that follow, 0 to 999,999,999.
  public init(seconds: Int64, nanos: Int32 = 0) {
    self.seconds = seconds
    self.nanos = nanos
  }

  /// - Parameter microseconds: since 1970-01-01T00:00:00Z.
  public init(microseconds: Int64) {
    var (whole, rest) = microseconds.quotientAndRemainder(dividingBy: 1_000_000)
    if rest < 0 {
      whole -= 1
      rest += 1_000_000
    }
    seconds = whole
    nanos = Int32(rest) * 1000
  }

  /// Microseconds since 1970-01-01T00:00:00Z, rounded down; the nearest there is when out of range.
  public var microseconds: Int64 {
    let (rest, remainder) = Int64(nanos).quotientAndRemainder(dividingBy: 1000)
    let fraction = remainder < 0 ? rest - 1 : rest
    // In the wider type neither step can overflow.
    let sum = Int128(seconds) * 1_000_000 + Int128(fraction)
    return Int64(clamping: sum)
  }
}
