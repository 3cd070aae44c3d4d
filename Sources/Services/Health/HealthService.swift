// SPDX-License-Identifier: Apache-2.0

package import RPCRuntime
package import TrakSenseAPI

/// `grpc.health.v1.Health` over statuses that are kept elsewhere ("GRPC Health Checking Protocol").
package struct HealthService: GrpcHealthV1.HealthProtocol {
  /// Services up to which List answers. Default 100, as the protocol asks for.
  package static let listLimit = 100

  private let statuses: HealthStatuses

  /// - Parameter statuses: what is told.
  package init(_ statuses: HealthStatuses) {
    self.statuses = statuses
  }

  package func check(
    _ request: GrpcHealthV1.HealthCheckRequest, context: ServerContext
  ) async throws(RPCError) -> GrpcHealthV1.HealthCheckResponse {
    guard let status = statuses[request.service] else {
      throw RPCError(.notFound, "unknown service \(request.service)")
    }
    return .init(status: status)
  }

  package func list(
    _ request: GrpcHealthV1.HealthListRequest, context: ServerContext
  ) async throws(RPCError) -> GrpcHealthV1.HealthListResponse {
    let all = statuses.all
    guard all.count <= Self.listLimit else {
      throw RPCError(.resourceExhausted, "more than \(Self.listLimit) services")
    }
    return .init(statuses: all.mapValues { .init(status: $0) })
  }

  package func watch(
    _ request: GrpcHealthV1.HealthCheckRequest,
    responses: MessageWriter<GrpcHealthV1.HealthCheckResponse>, context: ServerContext
  ) async throws(RPCError) {
    var known: HealthStatuses.Status?
    while let status = await statuses.next(after: known, of: request.service) {
      try await responses.write(.init(status: status))
      known = status
    }
    // Open for ever, it would keep the server from ending.
    throw RPCError(.unavailable, "the server is stopping")
  }
}
