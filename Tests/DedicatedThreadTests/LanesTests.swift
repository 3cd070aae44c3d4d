// SPDX-License-Identifier: Apache-2.0

import DedicatedThread
import Testing

@Suite("Lanes")
struct LanesTests {
  @Test("share the work, and say no when enough of it waits", arguments: [0, 1, 2])
  func sharing(maxWaiting: Int) {
    let lanes = Lanes(count: 2, maxWaiting: maxWaiting)
    let claimed = (0..<(2 + maxWaiting)).map { _ in lanes.claim() }
    #expect(claimed == Array([0, 1, 0, 1].prefix(2 + maxWaiting)))
    #expect(lanes.claim() == nil)
    lanes.release(1)
    #expect(lanes.claim() == 1)
    #expect(lanes.claim() == nil)
  }
}
