// SPDX-License-Identifier: Apache-2.0
import DedicatedThread
package import Domain
package import Logging
import Synchronization

/// Brings telemetry from the broker into the intake, and acknowledges what was committed, and only that.
///
/// One turn: read until the batch is full, the socket has been dry, or the batch is old enough → commit
/// → write the PUBACKs. While a commit runs the socket is not read, so that a slow database slows the
/// broker down instead of filling this process.
///
/// - A commit that fails for now is tried again with the batch kept in memory, for
///   ``MQTTSubscriberConfiguration/effectiveRetryTime``; then the connection is dropped with nothing
///   acknowledged, and the broker delivers it all again to the next one.
/// - A lost connection costs nothing but duplicates, which the store recognises.
///
/// The thread blocks in poll(2), reads and resolves names: the actor has it for itself.
package actor MQTTSubscriber {
  private nonisolated let thread: DedicatedThread
  package nonisolated var unownedExecutor: UnownedSerialExecutor {
    unsafe thread.asUnownedSerialExecutor()
  }

  private let configuration: MQTTSubscriberConfiguration
  private let intake: any ReadingIntake
  private let decoder: MessageDecoder
  private let maxPayloadBytes: Int
  private let logger: Logger
  private nonisolated let counterBox = CounterBox()
  private nonisolated let wakeUp: WakeUp
  private nonisolated let isStopping = Mutex(false)

  /// - Throws: when the system has no thread or descriptor left.
  package init(
    configuration: MQTTSubscriberConfiguration, intake: any ReadingIntake,
    limits: IngestLimits = IngestLimits(), logger: Logger
  ) throws {
    self.configuration = configuration
    self.intake = intake
    self.logger = logger
    decoder = MessageDecoder(limits: limits)
    // One byte more than allowed shows the decoder that it was too large.
    maxPayloadBytes = limits.maxMessageBytes + 1
    wakeUp = try WakeUp()
    thread = try DedicatedThread(name: "mqtt-subscriber")
  }

  deinit {
    thread.shutdown()
  }

  /// For metrics; from any thread.
  package nonisolated var counters: IngestCounters { counterBox.snapshot }

  /// Subscribes, and stays at it over all interruptions. Returns after ``stop()``, with the batch at hand
  /// committed and acknowledged, and DISCONNECT sent. Cancelling its task is a stop too, except that a
  /// store which heeds cancellation gives the batch up; the broker will deliver it again.
  package func run() async {
    BrokenPipeSignal.blockOnThisThread()
    await withTaskCancellationHandler {
      var backoff = configuration.connectBackoff
      while !mustStop {
        do throws(MQTTError) {
          let client = try connect()
          backoff.reset()
          try await serve(client)
        } catch .stopped {
          break
        } catch {
          logger.warning(
            "MQTT connection lost; connecting again",
            metadata: ["mqtt.broker": "\(configuration.endpoint)", "error": "\(error)"])
        }
        countDisconnected()
        pause(backoff.next(random: configuration.random()))
      }
      countDisconnected()
    } onCancel: {
      stop()
    }
  }

  /// Asks ``run()`` to come to an orderly end.
  package nonisolated func stop() {
    isStopping.withLock { $0 = true }
    wakeUp.wake()
  }

  // MARK: - One connection

  private func connect() throws(MQTTError) -> MosquittoClient {
    let client = try MosquittoClient(
      id: configuration.clientID, cleanSession: false, maxPayloadBytes: maxPayloadBytes)
    try client.connect(
      to: configuration.endpoint, keepalive: configuration.keepalive,
      subscribingTo: configuration.topicFilter, until: answerDeadline)
    counterBox.update {
      $0.connections += 1
      $0.isConnected = true
    }
    logger.info(
      "MQTT connected",
      metadata: [
        "mqtt.broker": "\(configuration.endpoint)", "mqtt.filter": "\(configuration.topicFilter)",
      ])
    return client
  }

  private func serve(_ client: MosquittoClient) async throws(MQTTError) {
    var subscribedBy: ContinuousClock.Instant? = answerDeadline
    while true {
      if client.inbox.messages.isEmpty {
        // Nothing is uncommitted: whatever is queued may leave.
        try client.flush(until: answerDeadline)
        if mustStop {
          try client.disconnect(until: answerDeadline)
          throw .stopped
        }
        SocketReadiness.wait(
          for: client.socket, [.readable], orWake: wakeUp, upTo: .seconds(1))
      }
      let batch = try readBatch(from: client)
      if batch.isEmpty {
        try client.keepAlive()
      } else {
        try await commit(batch)
        try client.flush(until: answerDeadline)
      }
      if let deadline = subscribedBy,
        try isSubscribed(client, by: batch.isEmpty ? deadline : nil)
      {
        subscribedBy = nil
        counterBox.update { $0.isSubscribed = true }
      }
    }
  }

  private func isSubscribed(
    _ client: MosquittoClient, by deadline: ContinuousClock.Instant?
  ) throws(MQTTError) -> Bool {
    switch client.inbox.isSubscribed {
    case true?: return true
    case false?: throw .subscriptionRefused(configuration.topicFilter)
    case nil:
      // The SUBACK comes behind the messages that waited for us: late counts once they have ended.
      guard let deadline, deadline < .now else { return false }
      throw .timedOut("SUBSCRIBE")
    }
  }

  /// Reads until the batch is full, too old, or the socket is dry for as long as it may wait.
  private func readBatch(from client: MosquittoClient) throws(MQTTError) -> MessageBatch {
    var batch = MessageBatch(
      maxPoints: configuration.maxBatchPoints, maxBytes: configuration.maxBatchBytes)
    var deadline: ContinuousClock.Instant?
    while true {
      take(from: client.inbox, into: &batch)
      if batch.isFull || mustStop { return batch }
      if deadline == nil, !batch.isEmpty { deadline = .now + configuration.maxBatchDelay }
      try client.read()
      guard client.inbox.messages.isEmpty else {
        if let deadline, deadline <= .now {
          take(from: client.inbox, into: &batch)
          return batch
        }
        continue
      }
      // No message came out: the socket is dry, or there was another packet or a part of one.
      let patience = deadline.map { max($0 - .now, .zero) } ?? .zero
      let hasMore = SocketReadiness.wait(
        for: client.socket, [.readable], orWake: wakeUp, upTo: patience)
      if !hasMore, deadline.map({ $0 <= .now }) ?? true { return batch }
    }
  }

  private func take(from inbox: MosquittoInbox, into batch: inout MessageBatch) {
    // All of them, also beyond a limit: their PUBACKs are queued. A read brings one, or with TLS
    // those that were decrypted together.
    for message in inbox.messages {
      batch.append(
        decoder.decode(topic: message.topic, payload: message.payload),
        payloadBytes: message.payload.count)
    }
    inbox.messages.removeAll(keepingCapacity: true)
  }

  // MARK: - Committing

  /// Returns when all of the batch is committed. After a failure each tenant's part is tried by itself,
  /// in turn: what has gone through is not sent again, and a tenant whose tables are locked keeps
  /// nobody else's readings out of the database.
  private func commit(_ batch: MessageBatch) async throws(MQTTError) {
    var backoff = configuration.retryBackoff
    let deadline = ContinuousClock.now + configuration.effectiveRetryTime
    var pending = [batch.deliveries]
    var settled: [[PointOutcome]] = []
    while let part = pending.first {
      let error: StoreError
      do {
        settled += try await intake.accept(part)
        pending.removeFirst()
        continue
      } catch let failure {
        error = failure
      }
      let delay = backoff.next(random: configuration.random())
      guard error.isTransient, !mustStop, ContinuousClock.now + delay < deadline else {
        counterBox.update { $0.abandonedBatches += 1 }
        throw .notCommitted("\(error)")
      }
      pending.removeFirst()
      pending += part.dividedByTenant()
      counterBox.update { $0.retries += 1 }
      logger.debug("commit failed; trying again", metadata: ["error": "\(error)"])
      pause(delay)
    }
    count(batch, settled)
  }

  private func countDisconnected() {
    counterBox.update {
      $0.isConnected = false
      $0.isSubscribed = false
    }
  }

  private func count(_ batch: MessageBatch, _ outcomes: [[PointOutcome]]) {
    counterBox.update { counters in
      counters.batches += 1
      counters.messages += batch.deliveries.count
      counters.payloadBytes += batch.payloadBytes
      for outcome in outcomes.joined() {
        switch outcome {
        case .stored: counters.stored += 1
        case .duplicate: counters.duplicates += 1
        case .quarantined, .refused: counters.quarantined += 1
        }
      }
    }
  }

  // MARK: - Time and stopping

  private var mustStop: Bool { isStopping.withLock { $0 } }

  private var answerDeadline: ContinuousClock.Instant { .now + configuration.answerTimeout }

  /// Sleeps, unless it is time to stop.
  private func pause(_ duration: Duration) {
    let end = ContinuousClock.now + duration
    while !mustStop, ContinuousClock.now < end {
      SocketReadiness.wait(for: -1, [], orWake: wakeUp, upTo: end - .now)
    }
  }
}
