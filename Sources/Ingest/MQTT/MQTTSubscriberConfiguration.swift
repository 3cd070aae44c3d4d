// SPDX-License-Identifier: Apache-2.0

/// How a subscriber behaves.
package struct MQTTSubscriberConfiguration: Sendable {
  package var endpoint: MQTTEndpoint
  /// The name of our session at the broker; must be ours alone, and stay the same over restarts, or
  /// messages that wait for the old name are never delivered.
  package var clientID: String
  /// Several subscribers of one group share the messages (`$share/<group>/…`); nil: this one gets all.
  /// A session remembers its subscription: change the client id together with the group.
  package var group: String?
  /// A batch is committed when it has this many points. Default 5,000: where PostgreSQL's rate levels.
  /// The broker caps it by what it sends unacknowledged: mosquitto's `max_inflight_messages`, default 20,
  /// must be raised for batches of more messages.
  package var maxBatchPoints = 5_000
  /// … or this many bytes of payload. Default 16 MiB; bounds memory.
  package var maxBatchBytes = 16 << 20
  /// … or when this long has passed since its first message. Default 10 ms; zero: when the socket is dry.
  package var maxBatchDelay: Duration = .milliseconds(10)
  /// MQTT keepalive; the broker gives us up after one and a half of it. Default 60 s.
  package var keepalive: Duration = .seconds(60)
  /// For how long a batch that cannot be committed now is tried again before the connection is dropped.
  /// Default 20 s; see ``effectiveRetryTime``.
  package var retryTime: Duration = .seconds(20)
  /// Between attempts to commit.
  package var retryBackoff = Backoff(initial: .milliseconds(50), maximum: .seconds(2))
  /// Between attempts to connect.
  package var connectBackoff = Backoff(initial: .milliseconds(100), maximum: .seconds(30))
  /// For CONNACK and SUBACK, and for writing when the broker does not read. Default 10 s.
  package var answerTimeout: Duration = .seconds(10)
  /// Numbers in 0..<1, for jitter.
  package var random: @Sendable () -> Double = { Double.random(in: 0..<1) }

  package init(endpoint: MQTTEndpoint, clientID: String, group: String? = nil) {
    self.endpoint = endpoint
    self.clientID = clientID
    self.group = group
  }

  /// All devices of all tenants.
  package var topicFilter: String {
    let devices = "tenants/+/devices/#"
    return group.map { "$share/\($0)/\(devices)" } ?? devices
  }

  /// At most half the keepalive. While a batch is uncommitted nothing can be written, not even a PINGREQ:
  /// libmosquitto's queue has one order, and the PUBACKs stand before it. The last packet may be one
  /// keepalive old by then, and the broker waits for one and a half: the other half is ours.
  package var effectiveRetryTime: Duration { min(retryTime, keepalive / 2) }
}
