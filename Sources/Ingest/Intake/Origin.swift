// SPDX-License-Identifier: Apache-2.0
import Domain

/// Where a point stands in the batch.
struct PointPosition: Hashable, Sendable {
  let delivery: Int
  let point: Int
}

/// The points of a batch that name the same tenant, in order.
struct TenantGroup: Sendable {
  /// As sent; empty when nothing could be made out.
  let tenant: String
  var positions: [PointPosition]
}

/// A point that will not be stored.
struct Refused: Sendable {
  let position: PointPosition
  let refusal: Refusal
}

/// A refused point of which nobody would hear, with what is kept of it.
struct SetAside: Sendable {
  let position: PointPosition
  let point: QuarantinedPoint
}

/// What became of one tenant's part of a batch.
struct Settled: Sendable {
  var outcomes: [(PointPosition, PointOutcome)] = []
  /// Points for which the tenant has no place.
  var unroutable: [Refused] = []
}

/// The batch as it came, to look points and their messages up.
struct Origin: Sendable {
  let deliveries: [Delivery]
  let limits: IngestLimits

  subscript(position: PointPosition) -> IncomingPoint {
    deliveries[position.delivery].points[position.point]
  }

  func isCall(_ position: PointPosition) -> Bool {
    deliveries[position.delivery].source == .call
  }

  /// Splits refused points into those to keep and those to give back to their caller.
  func separate(_ refused: [Refused]) -> (kept: [SetAside], given: [Refused]) {
    var kept: [SetAside] = []
    var given: [Refused] = []
    var perMessage: [Int: Int] = [:]
    for item in refused { perMessage[item.position.delivery, default: 0] += 1 }
    var lastDelivery: Int?
    for item in refused {
      guard case .mqtt(let topic, var payload) = deliveries[item.position.delivery].source else {
        given.append(item)
        continue
      }
      let isFirst = lastDelivery != item.position.delivery
      lastDelivery = item.position.delivery
      let copies = perMessage[item.position.delivery, default: 1]
      if !isFirst, copies * payload.count > limits.maxQuarantineBytesPerMessage { payload = [] }
      let point = QuarantinedPoint(
        refusal: item.refusal, topic: topic, payload: payload, index: item.position.point)
      kept.append(SetAside(position: item.position, point: point))
    }
    return (kept, given)
  }
}
