// SPDX-License-Identifier: Apache-2.0

import Domain
import TrakSenseAPI

extension ProtoTimestamp {
  init(_ timestamp: Timestamp) {
    self.init(microseconds: timestamp.microseconds)
  }
}

extension Timestamp {
  /// The instant, cut to microseconds.
  /// - Returns: nil outside the years 1–9999, or when `nanos` is not within 0…999,999,999
  ///   (google/protobuf/timestamp.proto).
  init?(_ proto: ProtoTimestamp) {
    let seconds = Self.rfc3339Range.lowerBound.microseconds / 1_000_000
    let lastSecond = Self.rfc3339Range.upperBound.microseconds / 1_000_000
    guard (seconds...lastSecond).contains(proto.seconds), (0...999_999_999).contains(proto.nanos)
    else { return nil }
    self.init(microseconds: proto.seconds * 1_000_000 + Int64(proto.nanos) / 1_000)
  }
}
