// SPDX-License-Identifier: Apache-2.0

/// `google.protobuf.Duration`: a span of time, possibly negative.
public struct ProtoDuration: ProtobufMessage {
  /// `google.protobuf.Duration`
  public static var fullName: String { "google.protobuf.Duration" }

  /// Whole seconds, -315,576,000,000 to 315,576,000,000.
  public var seconds: Int64 = 0
  /// Nanoseconds besides, -999,999,999 to 999,999,999, of the same sign as the seconds.
  public var nanos: Int32 = 0

  /// No time.
  public init() {}

  /// - Parameters:
  ///   - seconds: whole seconds.
  ///   - nanos: nanoseconds besides, of the same sign.
  public init(seconds: Int64, nanos: Int32 = 0) {
    self.seconds = seconds
    self.nanos = nanos
  }

  /// - Parameter duration: digits beyond nanoseconds are cut.
  public init(_ duration: Duration) {
    let (seconds, attoseconds) = duration.components
    self.seconds = seconds
    nanos = Int32(attoseconds / 1_000_000_000)
  }

  /// The same as a Swift duration.
  public var duration: Duration { .seconds(seconds) + .nanoseconds(Int64(nanos)) }
}

extension ProtoDuration {
  /// The largest number of seconds, of either sign: about 10,000 years.
  private static let largest: Int64 = 315_576_000_000

  /// `3.5s`: seconds with none, three, six or nine digits of fraction ("ProtoJSON Format").
  var text: String {
    let isNegative = seconds < 0 || nanos < 0
    let whole = "\(isNegative ? "-" : "")\(seconds.magnitude)"
    guard nanos != 0 else { return "\(whole)s" }
    let digits = String(nanos.magnitude)
    var fraction = String(repeating: "0", count: max(0, 9 - digits.count)) + digits
    while fraction.hasSuffix("000") { fraction.removeLast(3) }
    return "\(whole).\(fraction)s"
  }

  /// Parses ``text``; digits beyond nanoseconds are cut.
  /// - Returns: nil when `text` is anything else or out of range.
  init?(text: String) {
    guard text.hasSuffix("s") else { return nil }
    var rest = text.dropLast()
    let isNegative = rest.first == "-"
    if isNegative { rest.removeFirst() }
    let parts = rest.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    func isNumber(_ part: Substring) -> Bool {
      !part.isEmpty && part.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }
    guard let whole = parts.first, parts.allSatisfy(isNumber), let seconds = Int64(whole),
      seconds <= Self.largest
    else { return nil }
    let digits = parts.count > 1 ? parts[1].prefix(9) : ""
    let nanos = Int32(digits + String(repeating: "0", count: 9 - digits.count)) ?? 0
    guard seconds < Self.largest || nanos == 0 else { return nil }
    self.init(seconds: isNegative ? -seconds : seconds, nanos: isNegative ? -nanos : nanos)
  }
}
