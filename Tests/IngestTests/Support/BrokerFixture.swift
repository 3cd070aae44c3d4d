// SPDX-License-Identifier: Apache-2.0
import DevStack
import Domain
import Glibc
import Ingest
import Logging
import Testing

/// A broker of one's own with a client that publishes, and a way to run subscribers against it.
struct BrokerFixture {
  let folder: TemporaryDirectory
  let broker: PrivateMosquitto
  let publisher: MQTTPublisher

  static let quiet: Logger = {
    var logger = Logger(label: "test")
    logger.logLevel = .error
    return logger
  }()

  /// Runs `body` beside the publisher, and takes everything down again.
  static func with<Result: Sendable>(
    _ body: (BrokerFixture) async throws -> Result
  ) async throws -> Result {
    let folder = try TemporaryDirectory()
    let broker = try PrivateMosquitto(directory: folder.path)
    try await broker.start()
    var configuration = MQTTPublisher.Configuration(
      endpoint: MQTTEndpoint(host: "127.0.0.1", port: broker.port), clientID: "publisher")
    configuration.connectBackoff = Backoff(initial: .milliseconds(10), maximum: .milliseconds(100))
    let publisher = try MQTTPublisher(configuration: configuration, logger: quiet)
    let fixture = BrokerFixture(folder: folder, broker: broker, publisher: publisher)
    let running = Task { await publisher.run() }
    func end() async {
      publisher.stop()
      await running.value
      await broker.stop()
    }
    do {
      let result = try await body(fixture)
      await end()
      return result
    } catch {
      await end()
      throw error
    }
  }

  func configuration(port: UInt16? = nil) -> MQTTSubscriberConfiguration {
    var configuration = MQTTSubscriberConfiguration(
      endpoint: MQTTEndpoint(host: "127.0.0.1", port: port ?? broker.port),
      clientID: "traksense-test")
    configuration.connectBackoff = Backoff(initial: .milliseconds(10), maximum: .milliseconds(100))
    configuration.retryBackoff = Backoff(initial: .milliseconds(5), maximum: .milliseconds(50))
    return configuration
  }

  /// Runs `body` beside a subscriber, then stops the subscriber. Its subscription is granted behind the
  /// messages that wait for it.
  func subscribed<Result: Sendable>(
    _ configuration: MQTTSubscriberConfiguration, _ intake: any ReadingIntake,
    awaitingSubscription: Bool = true, _ body: (MQTTSubscriber) async throws -> Result
  ) async throws -> Result {
    let subscriber = try MQTTSubscriber(
      configuration: configuration, intake: intake, logger: Self.quiet)
    let running = Task { await subscriber.run() }
    func end() async {
      subscriber.stop()
      await running.value
    }
    do {
      if awaitingSubscription {
        try #require(await eventually { subscriber.counters.isSubscribed })
      }
      let result = try await body(subscriber)
      await end()
      return result
    } catch {
      await end()
      throw error
    }
  }

  /// Makes the subscriber's session, so that what is published from now on waits for it.
  func makeSession(_ configuration: MQTTSubscriberConfiguration) async throws {
    try await subscribed(configuration, IntakeFixture().intake) { _ in }
  }

  /// Readings of one sensor, a second apart each.
  static func messages(
    _ numbers: Range<Int>, tenant: String = "acme"
  ) -> [MQTTMessage] {
    numbers.map { number in
      MQTTMessage(
        topic: "tenants/\(tenant)/devices/dev-1/sensors/s0",
        payload: Array(#"{"value":20,"unit":"°C","timestamp":\#(1_735_732_800 - number)}"#.utf8))
    }
  }
}
