// SPDX-License-Identifier: Apache-2.0

import Domain
package import RPCRuntime
package import TrakSenseAPI

extension TelemetryService {
  /// `start`, then events until the caller leaves, falls behind, or the server stops.
  package func subscribe(
    _ request: TraksenseV1.SubscribeRequest,
    responses: MessageWriter<TraksenseV1.SubscribeResponse>, context: ServerContext
  ) async throws(RPCError) {
    let selection = try SensorSelection(
      devices: request.deviceID, sensors: request.sensorID, types: request.sensorType,
      limit: limits.maxFilterValues)
    let slowReader = try SlowReader(request.slowReader)
    let subscription = try await begin(selection, slowReader, responses, context)
    while true {
      switch try await next(of: subscription, context) {
      case .series(let frame), .block(_, let frame):
        try await responses.write(frame: frame)
      case .gap(let range):
        let gap = TraksenseV1.Gap(fromCursor: range.lowerBound, toCursor: range.upperBound)
        try await responses.write(TraksenseV1.SubscribeResponse(event: .gap(gap)))
      }
    }
  }

  /// Joins and sends `start`; what was only needed for that is gone when it returns.
  private func begin(
    _ selection: SensorSelection, _ slowReader: SlowReader,
    _ responses: MessageWriter<TraksenseV1.SubscribeResponse>, _ context: ServerContext
  ) async throws(RPCError) -> ReadingSubscription {
    let tenant = try await tenant(of: context)
    let series = try await sensors(selection, of: tenant, context)
    let start: LiveStart
    let subscription: ReadingSubscription
    do throws(LiveError) {
      (start, subscription) = try await hub.subscribe(
        to: tenant, filter: selection.filter, series: series, slowReader: slowReader)
    } catch {
      throw failure(error, context)
    }
    var rest = start.series[...]
    let first = TraksenseV1.SubscribeStart(
      cursor: start.cursor, series: takeSeries(from: &rest))
    try await responses.write(TraksenseV1.SubscribeResponse(event: .start(first)))
    while !rest.isEmpty {
      let added = TraksenseV1.SeriesAdded(series: takeSeries(from: &rest))
      try await responses.write(TraksenseV1.SubscribeResponse(event: .series(added)))
    }
    return subscription
  }

  private func takeSeries(from rest: inout ArraySlice<Sensor>) -> [TraksenseV1.Series] {
    let taken = rest.prefix(max(1, limits.maxSeriesPerMessage))
    rest = rest.dropFirst(taken.count)
    return taken.map { TraksenseV1.Series($0) }
  }

  private func next(
    of subscription: ReadingSubscription, _ context: ServerContext
  ) async throws(RPCError) -> LiveEvent {
    do throws(LiveError) {
      return try await subscription.next()
    } catch {
      throw failure(error, context)
    }
  }
}

extension SlowReader {
  fileprivate init(_ policy: TraksenseV1.SlowReaderPolicy) throws(RPCError) {
    switch policy {
    case .close: self = .close
    case .gap: self = .gap
    case .unrecognized: throw .invalid("slow_reader", "must be CLOSE or GAP")
    }
  }
}
