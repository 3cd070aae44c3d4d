// SPDX-License-Identifier: Apache-2.0

import Domain
package import RPCRuntime
package import TrakSenseAPI

extension TelemetryService {
  /// `start`, then events until the caller leaves, falls behind, or the server stops.
  ///
  /// A task keeps the memory of its deepest chain of frames until it ends, see ``ChildTask``: so the set-up
  /// has a task of its own, and one function follows the other instead of being in its frame.
  package func subscribe(
    _ request: TraksenseV1.SubscribeRequest,
    responses: MessageWriter<TraksenseV1.SubscribeResponse>, context: ServerContext
  ) async throws(RPCError) {
    let subscription = try await ChildTask.run { () async throws(RPCError) in
      let (start, subscription) = try await self.join(request, context)
      try await self.announce(start, responses)
      return subscription
    }
    try await pass(on: subscription, to: responses, context)
  }

  @inline(never)
  private func pass(
    on subscription: ReadingSubscription,
    to responses: MessageWriter<TraksenseV1.SubscribeResponse>, _ context: ServerContext
  ) async throws(RPCError) {
    while true {
      try await responses.write(frame: nextFrame(of: subscription, context))
    }
  }

  private typealias Joined = (start: LiveStart, subscription: ReadingSubscription)

  private func join(
    _ request: TraksenseV1.SubscribeRequest, _ context: ServerContext
  ) async throws(RPCError) -> Joined {
    let (selection, slowReader) = try wishes(request)
    let tenant = try context.tenant()
    let series = try await finder.sensors(selection, of: tenant, context)
    return try await join(tenant, selection, series, slowReader, context)
  }

  private func join(
    _ tenant: Tenant, _ selection: SensorSelection, _ series: [Sensor], _ slowReader: SlowReader,
    _ context: ServerContext
  ) async throws(RPCError) -> Joined {
    do throws(LiveError) {
      return try await hub.subscribe(
        to: tenant, filter: selection.filter, series: series, slowReader: slowReader)
    } catch {
      throw failure(error, context)
    }
  }

  private func wishes(
    _ request: TraksenseV1.SubscribeRequest
  ) throws(RPCError) -> (SensorSelection, SlowReader) {
    let selection = try SensorSelection(
      devices: request.deviceID, sensors: request.sensorID, types: request.sensorType,
      limit: limits.maxFilterValues)
    return (selection, try SlowReader(request.slowReader))
  }

  /// Sends `start`, and the sensors that do not fit into it.
  private func announce(
    _ start: LiveStart, _ responses: MessageWriter<TraksenseV1.SubscribeResponse>
  ) async throws(RPCError) {
    var rest = start.series[...]
    try await responses.write(frame: frame(start: start.cursor, takingFrom: &rest))
    while !rest.isEmpty {
      try await responses.write(frame: frame(takingFrom: &rest))
    }
  }

  private func frame(start cursor: Int64, takingFrom rest: inout ArraySlice<Sensor>) -> MessageFrame
  {
    let start = TraksenseV1.SubscribeStart(cursor: cursor, series: takeSeries(from: &rest))
    return TraksenseV1.SubscribeResponse(event: .start(start)).frame()
  }

  private func frame(takingFrom rest: inout ArraySlice<Sensor>) -> MessageFrame {
    let added = TraksenseV1.SeriesAdded(series: takeSeries(from: &rest))
    return TraksenseV1.SubscribeResponse(event: .series(added)).frame()
  }

  private func takeSeries(from rest: inout ArraySlice<Sensor>) -> [TraksenseV1.Series] {
    let taken = rest.prefix(max(1, limits.maxSeriesPerMessage))
    rest = rest.dropFirst(taken.count)
    return taken.map { TraksenseV1.Series($0) }
  }

  @inline(never)
  private func nextFrame(
    of subscription: ReadingSubscription, _ context: ServerContext
  ) async throws(RPCError) -> MessageFrame {
    do throws(LiveError) {
      return try await subscription.next().frame
    } catch {
      throw failure(error, context)
    }
  }
}

extension LiveEvent {
  fileprivate var frame: MessageFrame {
    @inline(never) get {
      switch self {
      case .series(let frame), .block(_, let frame): return frame
      case .gap(let range):
        let gap = TraksenseV1.Gap(fromCursor: range.lowerBound, toCursor: range.upperBound)
        return TraksenseV1.SubscribeResponse(event: .gap(gap)).frame()
      }
    }
  }
}

extension SlowReader {
  fileprivate init(_ policy: TraksenseV1.SlowReaderPolicy) throws(RPCError) {
    switch policy {
    case .close: self = .close
    case .gap: self = .gap
    case .unrecognized: throw .invalid("slow_reader", "Must be CLOSE or GAP.")
    }
  }
}
