// SPDX-License-Identifier: Apache-2.0
package import Domain

/// Turns an MQTT message into a delivery; whatever is wrong with it becomes points that say so.
package struct MessageDecoder: Sendable {
  private let payloads: PayloadDecoder

  package init(limits: IngestLimits = IngestLimits()) {
    payloads = PayloadDecoder(limits: limits)
  }

  /// - Returns: a delivery of at least one point.
  package func decode(topic: String, payload: [UInt8]) -> Delivery {
    let points: [IncomingPoint]
    do {
      points = payloads.decode(payload, from: try TopicPath(topic))
    } catch {
      points = [.unreadable(tenant: TopicPath.tenantText(in: topic), error)]
    }
    return Delivery(points: points, source: .mqtt(topic: topic, payload: payload))
  }
}
