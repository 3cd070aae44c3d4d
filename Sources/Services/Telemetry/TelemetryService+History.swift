// SPDX-License-Identifier: Apache-2.0

import Domain
package import RPCRuntime
package import TrakSenseAPI

extension TelemetryService {
  /// Reads and sends page by page: the next page is not read before the caller has room for it.
  package func history(
    _ request: TraksenseV1.HistoryRequest,
    responses: MessageWriter<TraksenseV1.HistoryResponse>, context: ServerContext
  ) async throws(RPCError) {
    let wish = try HistoryWish(request, now: settings.clock.now(), limits: limits)
    let tenant = try context.tenant()
    let series = try await finder.sensors(
      device: request.deviceID, asset: request.assetTag, ids: request.sensorID,
      types: request.sensorType, of: tenant, context)
    let header = TraksenseV1.HistoryResponse(
      series: series.map { TraksenseV1.Series($0) }, interval: wish.range.interval.rawValue,
      from: ProtoTimestamp(wish.range.from), to: ProtoTimestamp(wish.range.to))
    var query = HistoryQuery(
      sensors: series.map(\.key), from: wish.range.from, to: wish.range.to,
      resolution: wish.range.interval.resolution, pageSize: limits.historyPage)
    switch wish.amount {
    case .points(let limit):
      try await send(header, &query, limit: limit ?? .max, wish, responses, tenant, context)
    case .downsampled(let count):
      let points = try await keptPoints.reduced(query, of: tenant, context) {
        $0.downsampled(to: count)
      }
      try await send(header, points, query.resolution, responses)
    }
  }

  private func send(
    _ header: TraksenseV1.HistoryResponse, _ query: inout HistoryQuery, limit: Int,
    _ wish: HistoryWish, _ responses: MessageWriter<TraksenseV1.HistoryResponse>,
    _ tenant: Tenant, _ context: ServerContext
  ) async throws(RPCError) {
    var message = header
    var left = limit
    var position = wish.position
    repeat {
      query.pageSize = min(limits.historyPage, left)
      let page = try await page(query, after: position, tenant, context)
      if !page.points.isEmpty {
        message.block = TraksenseV1.HistoryBlock(page.points, query.resolution)
      }
      left -= page.points.count
      position = page.next
      if let next = page.next, left == 0 {
        message.truncated = true
        message.nextCursor = wish.cursor(after: next).description
      }
      try await responses.write(message)
      message = TraksenseV1.HistoryResponse()
    } while position != nil && left > 0
  }

  private func send(
    _ header: TraksenseV1.HistoryResponse, _ points: [HistoryPoint],
    _ resolution: HistoryResolution, _ responses: MessageWriter<TraksenseV1.HistoryResponse>
  ) async throws(RPCError) {
    var message = header
    var start = 0
    repeat {
      let end = min(start + limits.historyPage, points.count)
      if start < end {
        message.block = TraksenseV1.HistoryBlock(Array(points[start..<end]), resolution)
      }
      try await responses.write(message)
      message = TraksenseV1.HistoryResponse()
      start = end
    } while start < points.count
  }

  private func page(
    _ query: HistoryQuery, after position: HistoryPosition?, _ tenant: Tenant,
    _ context: ServerContext
  ) async throws(RPCError) -> HistoryPage {
    do throws(StoreError) {
      return try await store.history(query, after: position, in: tenant)
    } catch {
      throw failure(error, context)
    }
  }
}

extension [HistoryPoint] {
  /// Each series thinned out by itself.
  /// - Parameter count: most points of each that stay.
  /// - Returns: in the order of before.
  fileprivate func downsampled(to count: Int) -> [HistoryPoint] {
    let series = Dictionary(grouping: self) { $0.sensorKey }
    return series.values.flatMap { points in
      LargestTriangles.positions(
        of: points.map { ($0.timestamp, $0.average) }, keeping: count
      ).map { points[$0] }
    }.sorted { ($0.timestamp, $0.sensorKey) < ($1.timestamp, $1.sensorKey) }
  }
}

extension TraksenseV1.HistoryBlock {
  fileprivate init(_ points: [HistoryPoint], _ resolution: HistoryResolution) {
    self.init(
      seriesKey: points.map(\.sensorKey), timestampUS: points.map(\.timestamp.microseconds),
      value: points.map(\.average))
    if case .buckets = resolution {
      minimum = points.map(\.minimum)
      maximum = points.map(\.maximum)
      count = points.map(\.count)
      last = points.map(\.last)
    }
  }
}
