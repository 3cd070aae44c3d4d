// SPDX-License-Identifier: Apache-2.0

package import RPCRuntime
package import TrakSenseAPI

/// `grpc.reflection.v1` and `v1alpha.ServerReflection`: what a server offers, from the descriptors that are
/// embedded in the generated code. The two versions have the same messages on the wire.
package struct ReflectionService: RPCService {
  private typealias Request = GrpcReflectionV1.ServerReflectionRequest
  private typealias Response = GrpcReflectionV1.ServerReflectionResponse

  private static let methods = [
    GrpcReflectionV1.ServerReflectionMethods.serverReflectionInfo,
    GrpcReflectionV1alpha.ServerReflectionMethods.serverReflectionInfo,
  ]

  private let index: ReflectionIndex
  private let services: [String]

  /// - Parameters:
  ///   - services: what the server offers beside this.
  ///   - files: in which those are declared, and all that they import.
  package init(of services: [any RPCService], files: [ProtobufFile]) {
    index = ReflectionIndex(files)
    let methods = services.flatMap(\.handlers).map(\.method) + Self.methods
    self.services = Set(methods.map(\.service)).sorted()
  }

  package var handlers: [RPCHandler] {
    Self.methods.map { method in
      RPCHandler(bidirectional: method) { requests, writer, _ async throws(RPCError) in
        try await answer(RequestMessages(requests), MessageWriter(writer))
      }
    }
  }

  private func answer(
    _ requests: RequestMessages<Request>, _ responses: MessageWriter<Response>
  ) async throws(RPCError) {
    var sent: Set<String> = []
    for try await request in requests {
      let answer: Response.MessageResponse
      do throws(RPCError) {
        answer = try self.answer(request, &sent)
      } catch {
        answer = .errorResponse(
          .init(errorCode: Int32(error.code.rawValue), errorMessage: error.message))
      }
      try await responses.write(
        Response(validHost: request.host, originalRequest: request, messageResponse: answer))
    }
  }

  private func answer(
    _ request: Request, _ sent: inout Set<String>
  ) throws(RPCError) -> Response.MessageResponse {
    switch request.messageRequest {
    case .fileByFilename(let name):
      return try file(name, "file \(name)", &sent)
    case .fileContainingSymbol(let symbol):
      return try file(index.name(declaring: symbol), "symbol \(symbol)", &sent)
    case .fileContainingExtension(let wanted):
      let one = ProtobufFile.Extension(of: wanted.containingType, number: wanted.extensionNumber)
      return try file(
        index.name(declaring: one), "extension \(one.number) of \(one.message)", &sent)
    case .allExtensionNumbersOfType(let message):
      guard let numbers = index.extensionNumbers(of: message) else {
        throw RPCError(.notFound, "unknown message \(message)")
      }
      return .allExtensionNumbersResponse(
        .init(baseTypeName: message, extensionNumber: numbers))
    case .listServices:
      return .listServicesResponse(.init(service: services.map { .init(name: $0) }))
    case nil:
      throw RPCError(.invalidArgument, "nothing is asked for")
    }
  }

  private func file(
    _ name: String?, _ wanted: String, _ sent: inout Set<String>
  ) throws(RPCError) -> Response.MessageResponse {
    guard let name, let descriptors = index.descriptors(of: name, sent: &sent) else {
      throw RPCError(.notFound, "unknown \(wanted)")
    }
    return .fileDescriptorResponse(.init(fileDescriptorProto: descriptors))
  }
}
