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
    let selection = try SensorSelection(
      device: request.deviceID, sensors: request.sensorID, types: request.sensorType,
      limit: limits.maxFilterValues)
    let range = try HistoryRange(request, now: settings.clock.now(), limits: limits)
    let tenant = try context.tenant()
    let series = try await sensors(selection, of: tenant, context)
    let announced = Set(series.map(\.key))
    var message = TraksenseV1.HistoryResponse(
      series: series.map { TraksenseV1.Series($0) }, interval: range.interval.rawValue,
      from: ProtoTimestamp(range.from), to: ProtoTimestamp(range.to))
    for device in selection.devices {
      let query = HistoryQuery(
        device: device.id, sensors: selection.filter.sensors, types: selection.types,
        from: range.from, to: range.to, resolution: range.interval.resolution,
        pageSize: limits.historyPage)
      var position: HistoryPosition?
      repeat {
        let page = try await page(query, after: position, tenant, context)
        // Sensors that were retired are in no dictionary, and so in no block.
        let points = page.points.filter { announced.contains($0.sensorKey) }
        if !points.isEmpty {
          message.block = TraksenseV1.HistoryBlock(points, query.resolution)
          try await responses.write(message)
          message = TraksenseV1.HistoryResponse()
        }
        position = page.next
      } while position != nil
    }
    // Nothing was sent: the header still is.
    if !message.interval.isEmpty { try await responses.write(message) }
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

extension TraksenseV1.HistoryBlock {
  fileprivate init(_ points: [HistoryPoint], _ resolution: HistoryResolution) {
    self.init(
      seriesKey: points.map(\.sensorKey), timestampUS: points.map(\.timestamp.microseconds),
      value: points.map(\.average))
    if case .buckets = resolution {
      minimum = points.map(\.minimum)
      maximum = points.map(\.maximum)
      count = points.map(\.count)
    }
  }
}
