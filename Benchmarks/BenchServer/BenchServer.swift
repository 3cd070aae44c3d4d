// SPDX-License-Identifier: Apache-2.0

import Logging
import NIOPosix
import RPCRuntime
import TrakSenseAPI

/// A server for `make bench`: answers `Latest` from memory, one reading for each sensor asked for, so that
/// nothing but runtime and codec is measured. With `fanout` it serves the real service over memory, for live streams;
/// with `calls` BenchService; with `interceptors`, all that `serve` puts around a call.
/// Usage: BenchServer PORT [LOOPS [fanout | calls | interceptors]]
@main
struct BenchServer: TraksenseV1.TelemetryServiceProtocol {
  func latest(
    _ request: TraksenseV1.LatestRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.LatestResponse {
    let timestamp = ProtoTimestamp(microseconds: 1_735_732_800_000_000)
    var readings: [TraksenseV1.Reading] = []
    readings.reserveCapacity(request.sensorID.count)
    for (index, sensorID) in request.sensorID.enumerated() {
      readings.append(
        TraksenseV1.Reading(
          deviceID: request.deviceID, sensorID: sensorID, value: 23.5 + Double(index),
          unit: "°C", timestamp: timestamp, sensorType: "temp_supply"))
    }
    return TraksenseV1.LatestResponse(
      deviceID: request.deviceID, timestamp: timestamp, count: UInt32(readings.count),
      readings: readings)
  }

  func ingest(
    _ request: TraksenseV1.IngestRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.IngestResponse {
    throw RPCError(.unimplemented, "not measured")
  }

  func history(
    _ request: TraksenseV1.HistoryRequest,
    responses: MessageWriter<TraksenseV1.HistoryResponse>, context: ServerContext
  ) async throws(RPCError) {
    throw RPCError(.unimplemented, "not measured")
  }

  func subscribe(
    _ request: TraksenseV1.SubscribeRequest,
    responses: MessageWriter<TraksenseV1.SubscribeResponse>, context: ServerContext
  ) async throws(RPCError) {
    throw RPCError(.unimplemented, "not measured")
  }

  static func main() async throws {
    let arguments = CommandLine.arguments.dropFirst().compactMap { Int($0) }
    var limits = ServerLimits()
    limits.maxConcurrentStreams = 1000
    limits.maxRunningHandlers = 1000
    let group = MultiThreadedEventLoopGroup(
      numberOfThreads: arguments.count > 1 ? arguments[1] : 1)
    let mode = CommandLine.arguments.last
    let service: any RPCService =
      switch mode {
      case "fanout": try FanoutService.make()
      case "calls": CallsService()
      default: BenchServer()
      }
    let interceptors: [any ServerInterceptor] =
      switch mode {
      case "interceptors": try BenchInterceptors.all()
      case "fanout": [OneCaller(tenant: try BenchInterceptors.tenant())]
      default: []
      }
    let server = RPCServer(
      router: RPCRouter([service], interceptors: interceptors),
      limits: limits, group: group,
      logger: Logger(label: "bench"))
    try await server.start(host: "127.0.0.1", port: arguments.first ?? 0)
    try await Task.sleep(for: .seconds(86_400))
  }
}
