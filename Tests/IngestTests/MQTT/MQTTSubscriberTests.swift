// SPDX-License-Identifier: Apache-2.0
import DevStack
import Domain
import Foundation
import Glibc
import Ingest
import Synchronization
import TestSupport
import Testing

@Suite(.serialized, .timeLimit(.minutes(5)))
struct MQTTSubscriberTests {
  @Test("what devices publish is stored, and what they publish wrongly is quarantined")
  func stores() async throws {
    try await BrokerFixture.with { fixture in
      let memory = IntakeFixture()
      try await fixture.subscribed(fixture.configuration(), memory.intake) { subscriber in
        try await fixture.publisher.publish(BrokerFixture.messages(0..<500))
        try await fixture.publisher.publish(BrokerFixture.messages(0..<500, tenant: "globex"))
        try await fixture.publisher.publish(BrokerFixture.messages(0..<10, tenant: "nobody"))
        try await fixture.publisher.publish([
          MQTTMessage(topic: "tenants/acme/devices/dev-1/sensors/s0", payload: [0xFF, 0x00]),
          MQTTMessage(topic: "tenants/acme/devices/dev-1/sensors/s0", payload: []),
          MQTTMessage(topic: "tenants/acme/devices/dev-1/wrong", payload: Array("{}".utf8)),
        ])
        #expect(await eventually { subscriber.counters.messages == 1_013 })
        #expect(subscriber.counters.stored == 1_000)
        #expect(subscriber.counters.quarantined == 13)
        #expect(subscriber.counters.points == 1_013)
        #expect(subscriber.counters.connections == 1)
      }
      #expect(memory.store.storedCount == 1_000)
      #expect(memory.store.unroutable.count == 10)
      #expect(
        memory.store.quarantined("acme").map(\.refusal.reason).sorted { $0.rawValue < $1.rawValue }
          == [
            .malformedPayload, .malformedPayload, .malformedTopic,
          ])
    }
  }

  @Test("a foreign publisher's message arrives")
  func foreignPublisher() async throws {
    let publisher = try Tool.named("mosquitto_pub")
    try await BrokerFixture.with { fixture in
      let memory = IntakeFixture()
      try await fixture.subscribed(fixture.configuration(), memory.intake) { subscriber in
        for qos in ["0", "1", "2"] {
          try await Run(
            publisher,
            [
              "-p", "\(fixture.broker.port)", "-q", qos, "-t", "tenants/acme/devices/dev-1", "-m",
              #"{"timestamp":17357328\#(qos)0,"sensors":[{"sensor_id":"s1","value":1,"unit":"°C"}]}"#,
            ]
          ).succeed()
        }
        #expect(await eventually { subscriber.counters.stored == 3 })
      }
    }
  }

  @Test("no acknowledgement leaves before the commit has returned")
  func acknowledgementOrder() async throws {
    try await BrokerFixture.with { fixture in
      let relay = try RecordingRelay(to: fixture.broker.port)
      defer { relay.close() }
      let memory = IntakeFixture()
      try await fixture.subscribed(fixture.configuration(port: relay.port), memory.intake) { _ in
        memory.store.closeGate()
        try await fixture.publisher.publish(BrokerFixture.messages(0..<50))
        #expect(await eventually { memory.store.waiting == 1 })
        // The broker has delivered, the store has not committed: time for a wrong PUBACK to show.
        #expect(
          await !eventually(within: .milliseconds(500)) {
            !relay.packets(RecordingRelay.puback).isEmpty
          })
        let opened = ContinuousClock.now
        memory.store.openGate()
        #expect(await eventually { relay.packets(RecordingRelay.puback).count == 50 })
        #expect(relay.packets(RecordingRelay.puback).allSatisfy { $0.time > opened })
      }
      #expect(memory.store.storedCount == 50)
    }
  }

  @Test("a session that waited with messages acknowledges none of them before their commit")
  func acknowledgementOrderAfterConnect() async throws {
    try await BrokerFixture.with { fixture in
      try await fixture.makeSession(fixture.configuration())
      try await fixture.publisher.publish(BrokerFixture.messages(0..<300))
      let relay = try RecordingRelay(to: fixture.broker.port)
      defer { relay.close() }
      let memory = IntakeFixture()
      memory.store.closeGate()
      let subscriber = try MQTTSubscriber(
        configuration: fixture.configuration(port: relay.port), intake: memory.intake,
        logger: BrokerFixture.quiet)
      let running = Task { await subscriber.run() }
      #expect(await eventually { memory.store.waiting == 1 })
      #expect(
        await !eventually(within: .milliseconds(300)) {
          !relay.packets(RecordingRelay.puback).isEmpty
        })
      memory.store.openGate()
      #expect(await eventually { relay.packets(RecordingRelay.puback).count == 300 })
      subscriber.stop()
      await running.value
      #expect(memory.store.storedCount == 300)
    }
  }

  @Test("a commit that takes longer than the keepalive does not cost the connection")
  func slowCommit() async throws {
    try await BrokerFixture.with { fixture in
      let memory = IntakeFixture()
      var configuration = fixture.configuration()
      configuration.keepalive = .seconds(5)
      try await fixture.subscribed(configuration, memory.intake) { subscriber in
        memory.store.closeGate()
        try await fixture.publisher.publish(BrokerFixture.messages(0..<10))
        #expect(await eventually { memory.store.waiting == 1 })
        // The broker waits for one and a half keepalives.
        #expect(
          await !eventually(within: .seconds(6), every: .milliseconds(100)) {
            !subscriber.counters.isConnected
          })
        memory.store.openGate()
        #expect(await eventually { subscriber.counters.messages == 10 })
        try await fixture.publisher.publish(BrokerFixture.messages(10..<20))
        #expect(await eventually { subscriber.counters.stored == 20 })
        #expect(subscriber.counters.duplicates == 0)
        #expect(subscriber.counters.connections == 1)
      }
    }
  }

  @Test("messages of a connection that broke during the commit are delivered again")
  func brokenDuringCommit() async throws {
    try await BrokerFixture.with { fixture in
      let relay = try RecordingRelay(to: fixture.broker.port)
      defer { relay.close() }
      let memory = IntakeFixture()
      try await fixture.subscribed(fixture.configuration(port: relay.port), memory.intake) {
        subscriber in
        memory.store.closeGate()
        try await fixture.publisher.publish(BrokerFixture.messages(0..<20))
        #expect(await eventually { memory.store.waiting == 1 })
        relay.cut()
        memory.store.openGate()
        #expect(await eventually { subscriber.counters.messages >= 40 })
        #expect(subscriber.counters.stored == 20)
        #expect(subscriber.counters.duplicates == 20)
        #expect(subscriber.counters.connections == 2)
      }
    }
  }

  @Test("a store that fails for a while loses nothing and stores each reading once")
  func failingStore() async throws {
    try await BrokerFixture.with { fixture in
      let memory = IntakeFixture()
      let attempts = Mutex(0)
      memory.store.fail { _ in
        attempts.withLock { $0 += 1 }
        return .unavailable("down")
      }
      try await fixture.subscribed(fixture.configuration(), memory.intake) { subscriber in
        try await fixture.publisher.publish(BrokerFixture.messages(0..<1_000))
        #expect(await eventually { attempts.withLock { $0 } >= 5 })
        #expect(subscriber.counters.messages == 0)
        memory.store.fail(nil)
        #expect(await eventually { subscriber.counters.messages == 1_000 })
        #expect(subscriber.counters.retries >= 5)
        #expect(subscriber.counters.connections == 1)
      }
      #expect(memory.store.storedCount == 1_000)
      #expect(memory.store.state.withLock { $0.storedCounts.values.allSatisfy { $0 == 1 } })
    }
  }

  @Test("a tenant that fails for a while does not have the others' points kept again and again")
  func failingTenant() async throws {
    try await BrokerFixture.with { fixture in
      try await fixture.makeSession(fixture.configuration())
      let topic = "tenants/globex/devices/dev-1/sensors/s0"
      try await fixture.publisher.publish(
        BrokerFixture.messages(0..<5) + BrokerFixture.messages(0..<5, tenant: "globex")
          + [MQTTMessage(topic: topic, payload: Array("nonsense".utf8))])
      let memory = IntakeFixture()
      let failures = Mutex(0)
      memory.store.fail { batch in
        guard batch.tenant.slug.rawValue == "acme" else { return nil }
        failures.withLock { $0 += 1 }
        return .unavailable("locked")
      }
      var configuration = fixture.configuration()
      configuration.maxBatchPoints = 11
      configuration.maxBatchDelay = .seconds(1)
      try await fixture.subscribed(configuration, memory.intake, awaitingSubscription: false) {
        subscriber in
        #expect(await eventually { failures.withLock { $0 } >= 8 })
        #expect(memory.store.storedCount == 5)
        // With the batch, and once by itself.
        #expect(memory.store.quarantined("globex").count == 2)
        #expect(subscriber.counters.messages == 0)
        memory.store.fail(nil)
        #expect(await eventually { subscriber.counters.messages == 11 })
        #expect(subscriber.counters.batches == 1)
      }
      #expect(memory.store.storedCount == 10)
    }
  }

  @Test("a store that fails for longer than a batch may wait gets it from the broker again")
  func abandonedBatch() async throws {
    try await BrokerFixture.with { fixture in
      let relay = try RecordingRelay(to: fixture.broker.port)
      defer { relay.close() }
      let memory = IntakeFixture()
      memory.store.fail { _ in .overloaded }
      var configuration = fixture.configuration(port: relay.port)
      configuration.retryTime = .milliseconds(50)
      try await fixture.subscribed(configuration, memory.intake) { subscriber in
        try await fixture.publisher.publish(BrokerFixture.messages(0..<100))
        #expect(await eventually { subscriber.counters.abandonedBatches >= 3 })
        #expect(relay.packets(RecordingRelay.puback).isEmpty)
        memory.store.fail(nil)
        #expect(await eventually { subscriber.counters.stored == 100 })
        #expect(subscriber.counters.duplicates == 0)
      }
    }
  }

  @Test("a broker that is killed and comes back is subscribed again, and its messages arrive")
  func brokerKilled() async throws {
    try await BrokerFixture.with { fixture in
      let memory = IntakeFixture()
      try await fixture.subscribed(fixture.configuration(), memory.intake) { subscriber in
        try await fixture.publisher.publish(BrokerFixture.messages(0..<100))
        #expect(await eventually { subscriber.counters.stored == 100 })
        await fixture.broker.kill()
        #expect(await eventually { !subscriber.counters.isConnected })
        // Published into the void: the publisher waits for the broker to come back.
        async let published: Void = fixture.publisher.publish(BrokerFixture.messages(100..<200))
        try await fixture.broker.start()
        #expect(await eventually { subscriber.counters.isSubscribed })
        try await published
        // The session of a killed broker may be forgotten; what is published from here on arrives.
        try await fixture.publisher.publish(BrokerFixture.messages(200..<300))
        #expect(await eventually { memory.store.storedCount >= 200 })
        #expect(subscriber.counters.connections == 2)
      }
    }
  }

  @Test("messages that a broker had saved before it was killed arrive after it")
  func savedMessages() async throws {
    try await BrokerFixture.with { fixture in
      try await fixture.makeSession(fixture.configuration())
      try await fixture.publisher.publish(BrokerFixture.messages(0..<100))
      let state = "\(fixture.folder.path)/mosquitto.db"
      await fixture.broker.save()
      #expect(await eventually { FileManager.default.fileExists(atPath: state) })
      await fixture.broker.kill()
      try await fixture.broker.start()
      let memory = IntakeFixture()
      try await fixture.subscribed(fixture.configuration(), memory.intake) { subscriber in
        #expect(await eventually { subscriber.counters.stored == 100 })
      }
    }
  }

  @Test("a stop commits and acknowledges what was read, and nothing comes twice")
  func orderlyStop() async throws {
    try await BrokerFixture.with { fixture in
      let first = IntakeFixture()
      try await fixture.subscribed(fixture.configuration(), first.intake) { subscriber in
        first.store.closeGate()
        try await fixture.publisher.publish(BrokerFixture.messages(0..<10))
        #expect(await eventually { first.store.waiting == 1 })
        subscriber.stop()
        first.store.openGate()
      }
      #expect(first.store.storedCount == 10)
      let second = IntakeFixture()
      try await fixture.publisher.publish(BrokerFixture.messages(10..<11))
      try await fixture.subscribed(fixture.configuration(), second.intake) { subscriber in
        #expect(await eventually { subscriber.counters.messages >= 1 })
        #expect(subscriber.counters.messages == 1)
      }
      #expect(second.store.storedCount == 1)
    }
  }

  @Test("a batch is committed as soon as it is full", arguments: [9, 10, 11])
  func batchLimit(_ count: Int) async throws {
    try await BrokerFixture.with { fixture in
      try await fixture.makeSession(fixture.configuration())
      try await fixture.publisher.publish(BrokerFixture.messages(0..<count))
      let memory = IntakeFixture()
      var configuration = fixture.configuration()
      configuration.maxBatchPoints = 10
      configuration.maxBatchDelay = .milliseconds(500)
      try await fixture.subscribed(configuration, memory.intake) { subscriber in
        #expect(await eventually { subscriber.counters.stored == count })
      }
      let sizes = memory.store.commits.map(\.readings.count)
      #expect(sizes == (count > 10 ? [10, count - 10] : [count]))
    }
  }

  @Test("a batch is limited by its bytes too")
  func batchBytes() async throws {
    try await BrokerFixture.with { fixture in
      try await fixture.makeSession(fixture.configuration())
      let messages = BrokerFixture.messages(0..<10)
      try await fixture.publisher.publish(messages)
      let memory = IntakeFixture()
      var configuration = fixture.configuration()
      configuration.maxBatchBytes = messages[0].payload.count * 4
      configuration.maxBatchDelay = .milliseconds(500)
      try await fixture.subscribed(configuration, memory.intake) { subscriber in
        #expect(await eventually { subscriber.counters.stored == 10 })
      }
      #expect(memory.store.commits.map(\.readings.count) == [4, 4, 2])
    }
  }

  @Test("subscribers of one group share the messages, each once")
  func group() async throws {
    try await BrokerFixture.with { fixture in
      let memory = IntakeFixture()
      var one = fixture.configuration()
      one.group = "ingest"
      one.clientID = "node-1"
      var two = one
      two.clientID = "node-2"
      try await fixture.subscribed(one, memory.intake) { [two] first in
        try await fixture.subscribed(two, memory.intake) { second in
          try await fixture.publisher.publish(BrokerFixture.messages(0..<200))
          #expect(
            await eventually { first.counters.messages + second.counters.messages == 200 })
          #expect(first.counters.messages > 0)
          #expect(second.counters.messages > 0)
        }
      }
      #expect(memory.store.storedCount == 200)
    }
  }

  @Test("a message larger than allowed is quarantined, cut, and holds nobody up")
  func tooLarge() async throws {
    try await BrokerFixture.with { fixture in
      let memory = IntakeFixture()
      try await fixture.subscribed(fixture.configuration(), memory.intake) { subscriber in
        try await fixture.publisher.publish(
          MQTTMessage(
            topic: "tenants/acme/devices/dev-1", payload: Array(repeating: 0x20, count: 3 << 20)))
        try await fixture.publisher.publish(BrokerFixture.messages(0..<1))
        #expect(await eventually { subscriber.counters.messages == 2 })
      }
      #expect(memory.store.quarantined("acme").map(\.refusal.reason) == [.tooLarge])
      #expect(memory.store.quarantined("acme").map(\.payload.count) == [(1 << 20) + 1])
      #expect(memory.store.storedCount == 1)
    }
  }

  @Test("a broker that is not there does not keep a subscriber from stopping")
  func stopWithoutBroker() async throws {
    var configuration = MQTTSubscriberConfiguration(
      endpoint: MQTTEndpoint(host: "127.0.0.1", port: try FreePort.find()), clientID: "x")
    configuration.connectBackoff = Backoff(initial: .seconds(60), maximum: .seconds(60))
    let subscriber = try MQTTSubscriber(
      configuration: configuration, intake: IntakeFixture().intake, logger: BrokerFixture.quiet)
    let running = Task { await subscriber.run() }
    running.cancel()
    await running.value
    #expect(subscriber.counters.connections == 0)
  }
}
