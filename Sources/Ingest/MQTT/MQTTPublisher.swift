// SPDX-License-Identifier: Apache-2.0
import DedicatedThread
package import Logging
import Synchronization

/// What is published.
package struct MQTTMessage: Hashable, Sendable {
  package var topic: String
  package var payload: [UInt8]
  /// Kept by the broker for those who subscribe later.
  package var retain = false

  package init(topic: String, payload: [UInt8]) {
    self.topic = topic
    self.payload = payload
  }
}

/// Publishes with QoS 1; what has returned, the broker has. Messages that were on their way when a
/// connection broke are sent again, so that the broker may get them twice.
package actor MQTTPublisher {
  package struct Configuration: Sendable {
    package var endpoint: MQTTEndpoint
    package var clientID: String
    /// Messages sent and not acknowledged. Default 1,000; the broker's `max_inflight_messages` is for
    /// the other direction.
    package var maxInflight = 1_000
    package var keepalive: Duration = .seconds(60)
    package var answerTimeout: Duration = .seconds(10)
    package var connectBackoff = Backoff(initial: .milliseconds(100), maximum: .seconds(30))
    /// Numbers in 0..<1, for jitter.
    package var random: @Sendable () -> Double = { Double.random(in: 0..<1) }

    package init(endpoint: MQTTEndpoint, clientID: String) {
      self.endpoint = endpoint
      self.clientID = clientID
    }
  }

  private nonisolated let thread: DedicatedThread
  package nonisolated var unownedExecutor: UnownedSerialExecutor {
    unsafe thread.asUnownedSerialExecutor()
  }

  private let configuration: Configuration
  private let logger: Logger
  private nonisolated let outbox = Outbox()
  private nonisolated let wakeUp: WakeUp
  private nonisolated let connectionCount = Mutex(0)

  /// - Throws: when the system has no thread or descriptor left.
  package init(configuration: Configuration, logger: Logger) throws {
    self.configuration = configuration
    self.logger = logger
    wakeUp = try WakeUp()
    thread = try DedicatedThread(name: "mqtt-publisher")
  }

  deinit {
    thread.shutdown()
  }

  /// Connections made so far.
  package nonisolated var connections: Int { connectionCount.withLock { $0 } }

  /// Messages that wait or are on their way.
  package nonisolated var unacknowledged: Int { outbox.unacknowledged }

  /// Returns when the broker has acknowledged all the messages. They wait, also for a connection, until
  /// ``run()`` ends; whether the calling task is cancelled makes no difference, they may be out already.
  /// - Throws: `.stopped`; `.failed` when a message can never be sent (a wildcard in its topic, a payload
  ///   beyond MQTT's 256 MiB): the request's other messages may have been.
  package nonisolated func publish(_ messages: [MQTTMessage]) async throws(MQTTError) {
    guard !messages.isEmpty else { return }
    let result: Result<Void, MQTTError> = await withCheckedContinuation { continuation in
      let isAccepted = outbox.append(Outbox.Request(messages, continuation))
      if isAccepted {
        wakeUp.wake()
      } else {
        continuation.resume(returning: .failure(.stopped))
      }
    }
    try result.get()
  }

  package nonisolated func publish(_ message: MQTTMessage) async throws(MQTTError) {
    try await publish([message])
  }

  /// Keeps the connection and sends what is published. Returns after ``stop()`` or cancellation; what is
  /// not acknowledged by then fails with `.stopped`.
  package func run() async {
    BrokenPipeSignal.blockOnThisThread()
    await withTaskCancellationHandler {
      var backoff = configuration.connectBackoff
      while !outbox.isClosed {
        do throws(MQTTError) {
          let client = try connect()
          backoff.reset()
          try serve(client)
          break
        } catch {
          outbox.sendAgain()
          logger.warning(
            "MQTT connection lost; connecting again",
            metadata: ["mqtt.broker": "\(configuration.endpoint)", "error": "\(error)"])
        }
        pause(backoff.next(random: configuration.random()))
      }
      outbox.failAll()
    } onCancel: {
      stop()
    }
  }

  package nonisolated func stop() {
    outbox.close()
    wakeUp.wake()
  }

  private func connect() throws(MQTTError) -> MosquittoClient {
    let client = try MosquittoClient(
      id: configuration.clientID, cleanSession: true, maxPayloadBytes: 0,
      inflight: configuration.maxInflight)
    try client.connect(
      to: configuration.endpoint, keepalive: configuration.keepalive, subscribingTo: nil,
      until: .now + configuration.answerTimeout)
    connectionCount.withLock { $0 += 1 }
    return client
  }

  /// Returns when the outbox was closed.
  private func serve(_ client: MosquittoClient) throws(MQTTError) {
    while !outbox.isClosed {
      while let message = outbox.next(window: configuration.maxInflight) {
        let packetID: Int32
        do throws(MQTTError) {
          packetID = try client.publish(message)
        } catch {
          if client.socket < 0 {
            outbox.returned(message)
            throw error
          }
          outbox.refused(message, error)
          continue
        }
        outbox.sent(message, as: packetID)
      }
      try client.write()
      SocketReadiness.wait(
        for: client.socket, client.wantsToWrite ? [.readable, .writable] : [.readable],
        orWake: wakeUp, upTo: .seconds(1))
      try client.read()
      outbox.acknowledged(client.inbox.acknowledged)
      client.inbox.acknowledged.removeAll(keepingCapacity: true)
      try client.keepAlive()
    }
    try client.disconnect(until: .now + configuration.answerTimeout)
  }

  private func pause(_ duration: Duration) {
    let end = ContinuousClock.now + duration
    while !outbox.isClosed, ContinuousClock.now < end {
      SocketReadiness.wait(for: -1, [], orWake: wakeUp, upTo: end - .now)
    }
  }
}

extension MosquittoClient {
  fileprivate func publish(_ message: Outbox.Item) throws(MQTTError) -> Int32 {
    let message = message.message
    return try publish(topic: message.topic, payload: message.payload, retain: message.retain)
  }
}
