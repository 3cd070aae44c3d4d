// SPDX-License-Identifier: Apache-2.0
import DevStack
import Ingest
import Testing

@Suite(.serialized, .timeLimit(.minutes(5)))
struct MQTTPublisherTests {
  @Test("more messages than the window has room for are all acknowledged")
  func window() async throws {
    try await BrokerFixture.with { fixture in
      try await fixture.publisher.publish(BrokerFixture.messages(0..<5_000))
      try await fixture.publisher.publish([])
      #expect(fixture.publisher.connections == 1)
    }
  }

  @Test("what was not acknowledged when the broker died is sent to the next one")
  func brokerDies() async throws {
    try await BrokerFixture.with { fixture in
      try await fixture.publisher.publish(BrokerFixture.messages(0..<1))
      await fixture.broker.freeze()
      async let published: Void = fixture.publisher.publish(BrokerFixture.messages(0..<3_000))
      await fixture.broker.kill()
      try await fixture.broker.start()
      try await published
      #expect(fixture.publisher.connections == 2)
    }
  }

  @Test("a message that can never be sent fails alone")
  func impossible() async throws {
    try await BrokerFixture.with { fixture in
      let bad = MQTTMessage(topic: "tenants/+/x", payload: [])
      await #expect(throws: MQTTError.self) {
        try await fixture.publisher.publish(BrokerFixture.messages(0..<3) + [bad])
      }
      try await fixture.publisher.publish(BrokerFixture.messages(3..<6))
      #expect(fixture.publisher.connections == 1)
      #expect(fixture.publisher.unacknowledged == 0)
    }
  }

  @Test("a stopped publisher says so, to those who wait and to those who come later")
  func stopped() async throws {
    try await BrokerFixture.with { fixture in
      await fixture.broker.kill()
      let publisher = fixture.publisher
      let published = Task { try await publisher.publish(BrokerFixture.messages(0..<3)) }
      try #require(await eventually { publisher.unacknowledged > 0 })
      publisher.stop()
      await #expect(throws: MQTTError.stopped) { try await published.value }
      await #expect(throws: MQTTError.stopped) {
        try await fixture.publisher.publish(BrokerFixture.messages(0..<1))
      }
    }
  }
}
