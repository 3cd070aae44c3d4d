// SPDX-License-Identifier: Apache-2.0

/// A message as libmosquitto handed it over.
struct MQTTMessageIn: Sendable {
  let topic: String
  let payload: [UInt8]
}

/// What libmosquitto's callbacks leave for their client to find.
final class MosquittoInbox {
  /// Payloads are cut to this many bytes.
  let maxPayloadBytes: Int
  var messages: [MQTTMessageIn] = []
  /// Return code of CONNACK.
  var connectionReturnCode: Int32?
  /// Whether SUBACK granted the subscription.
  var isSubscribed: Bool?
  /// Packet ids of publishes that the broker acknowledged.
  var acknowledged: [Int32] = []

  init(maxPayloadBytes: Int) {
    self.maxPayloadBytes = maxPayloadBytes
  }
}
