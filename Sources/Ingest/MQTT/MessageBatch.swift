// SPDX-License-Identifier: Apache-2.0
import Domain

/// Messages that are read but not yet committed. Full with the message that reaches a limit, so that it
/// exceeds one by at most that message.
struct MessageBatch {
  private(set) var deliveries: [Delivery] = []
  private(set) var points = 0
  private(set) var payloadBytes = 0
  let maxPoints: Int
  let maxBytes: Int

  var isEmpty: Bool { deliveries.isEmpty }
  var isFull: Bool { points >= maxPoints || payloadBytes >= maxBytes }

  init(maxPoints: Int, maxBytes: Int) {
    self.maxPoints = maxPoints
    self.maxBytes = maxBytes
  }

  mutating func append(_ delivery: Delivery, payloadBytes bytes: Int) {
    deliveries.append(delivery)
    points += delivery.points.count
    payloadBytes += bytes
  }
}

extension [Delivery] {
  /// The deliveries of each tenant, in order. A message's topic names one tenant for all its points.
  func dividedByTenant() -> [[Delivery]] {
    var parts: [[Delivery]] = []
    var indices: [String: Int] = [:]
    for delivery in self {
      let tenant = delivery.points.first?.tenant ?? ""
      if let index = indices[tenant] {
        parts[index].append(delivery)
      } else {
        indices[tenant] = parts.count
        parts.append([delivery])
      }
    }
    return parts
  }
}
