// SPDX-License-Identifier: Apache-2.0

import AdminServer
import Ingest
import Logging
import NIOCore
import Persistence
import Prometheus
import RPCRuntime
import Services

/// What operators can see of a running server: the interceptors that watch its calls, and the metrics.
struct Observability: Sendable {
  let registry: PrometheusRegistry
  private let log: CallLogInterceptor
  private let metrics: MetricsInterceptor

  init(logger: Logger) {
    var settings = PrometheusRegistry.Settings()
    settings.help = Self.help
    registry = PrometheusRegistry(settings)
    log = CallLogInterceptor(logger: logger)
    metrics = MetricsInterceptor(factory: registry)
  }

  /// Outermost first: the trace is there for the line, and both see what the others refuse.
  var interceptors: [any ServerInterceptor] { [log, metrics] }

  var observer: any ServerObserver { Observers(log: log, metrics: metrics) }

  /// Exports what the parts of the server count themselves.
  func watch(_ server: RPCServer, _ pool: PostgresPool, _ subscriber: MQTTSubscriber) {
    registry.gauge("grpc_server_connections") { Double(server.statistics.connections) }
    registry.gauge("grpc_server_streams") { Double(server.statistics.streams) }
    for (state, read) in Self.connections {
      registry.gauge("traksense_database_connections", [("state", state)]) {
        Double(read(pool.statistics))
      }
    }
    registry.gauge("traksense_database_waiting_calls") { Double(pool.statistics.waiting) }
    registry.gauge("traksense_mqtt_connected") { subscriber.counters.isConnected ? 1 : 0 }
    for (name, read) in Self.ingestCounters {
      registry.counter(name) { Double(read(subscriber.counters)) }
    }
    for (outcome, read) in Self.pointCounters {
      registry.counter("traksense_mqtt_points_total", [("outcome", outcome)]) {
        Double(read(subscriber.counters))
      }
    }
  }

  /// Exports what the tenants' jobs do.
  func watch(_ jobs: JobRunner) {
    registry.gauge("traksense_jobs_overdue_seconds") { jobs.overdue.inSeconds }
    for (index, (job, _)) in jobs.statistics.enumerated() {
      for (outcome, read) in Self.turnCounters {
        registry.counter("traksense_job_turns_total", [("job", job), ("outcome", outcome)]) {
          Double(read(jobs.statistics[index].tally))
        }
      }
      registry.counter("traksense_job_seconds_total", [("job", job)]) {
        jobs.statistics[index].tally.duration.inSeconds
      }
    }
  }

  private static let turnCounters: [(String, @Sendable (JobRunner.Tally) -> Int)] = [
    ("worked", { $0.worked }), ("quiet", { $0.quiet }), ("failed", { $0.failed }),
  ]

  private typealias PoolNumber = @Sendable (PostgresPool.Statistics) -> Int
  private typealias IngestNumber = @Sendable (IngestCounters) -> Int

  private static let connections: [(String, PoolNumber)] = [
    ("idle", { $0.idle }), ("used", { $0.open - $0.idle }),
  ]

  private static let ingestCounters: [(String, IngestNumber)] = [
    ("traksense_mqtt_batches_total", { $0.batches }),
    ("traksense_mqtt_messages_total", { $0.messages }),
    ("traksense_mqtt_payload_bytes_total", { $0.payloadBytes }),
    ("traksense_mqtt_retries_total", { $0.retries }),
    ("traksense_mqtt_abandoned_batches_total", { $0.abandonedBatches }),
    ("traksense_mqtt_connections_total", { $0.connections }),
  ]

  private static let pointCounters: [(String, IngestNumber)] = [
    ("stored", { $0.stored }), ("duplicate", { $0.duplicates }),
    ("quarantined", { $0.quarantined }),
  ]

  private static let help = [
    "grpc_server_started_total": "Calls begun on the server.",
    "grpc_server_handled_total": "Calls ended on the server, by the status that the caller got.",
    "grpc_server_msg_received_total": "Request messages given to handlers.",
    "grpc_server_msg_sent_total": "Response messages sent by handlers.",
    "grpc_server_handling_seconds": "Time from the start of a call's handler to its end.",
    "grpc_server_connections": "gRPC connections open.",
    "grpc_server_streams": "gRPC calls open on connections; in-process calls are not among them.",
    "traksense_database_connections": "Connections to PostgreSQL.",
    "traksense_database_waiting_calls": "Callers that wait for a connection to PostgreSQL.",
    "traksense_mqtt_connected": "1 while the connection to the broker stands.",
    "traksense_mqtt_batches_total": "Batches committed and acknowledged.",
    "traksense_mqtt_messages_total": "MQTT messages committed and acknowledged.",
    "traksense_mqtt_payload_bytes_total": "Their payloads, in bytes.",
    "traksense_mqtt_retries_total": "Commits of a batch that failed and were tried again.",
    "traksense_mqtt_abandoned_batches_total": "Batches given back to the broker unacknowledged.",
    "traksense_mqtt_connections_total": "Connections made to the broker.",
    "traksense_jobs_overdue_seconds": "For how long the job that waits longest has been due.",
    "traksense_job_turns_total": "Turns of jobs for tenants, by whether there was something to do.",
    "traksense_job_seconds_total": "Time of those turns.",
    "traksense_mqtt_points_total": "Points of those messages, by what became of them.",
  ]
}

private struct Observers: ServerObserver {
  let log: CallLogInterceptor
  let metrics: MetricsInterceptor

  func callRejected(_ call: RejectedCall) {
    log.callRejected(call)
    metrics.callRejected(call)
  }
}

extension Duration {
  fileprivate var inSeconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}
