// SPDX-License-Identifier: Apache-2.0

import RPCRuntime
import Services
import Testing
import TrakSenseAPI

@Suite("Reflection service", .timeLimit(.minutes(5)))
struct ReflectionServiceTests {
  typealias Request = GrpcReflectionV1.ServerReflectionRequest
  typealias Answer = GrpcReflectionV1.ServerReflectionResponse.MessageResponse

  private static let extended = ProtobufFile(
    name: "x/extension.proto", imports: ["google/rpc/status.proto"], symbols: ["x.note"],
    extensions: [
      .init(of: "google.rpc.Status", number: 1001), .init(of: "google.rpc.Status", number: 1000),
    ], descriptor: "x")

  private var client: GrpcReflectionV1.ServerReflectionClient {
    let health = HealthService(HealthStatuses())
    return .init(
      channel: InProcessChannel(
        router: RPCRouter([
          health,
          ReflectionService(
            of: [health], files: ProtobufSchema.trakSenseAPI.files + [Self.extended]),
        ])))
  }

  /// Asks one question after the other on one stream.
  private func ask(_ questions: Request.MessageRequest?...) async throws -> [Answer] {
    let call = try await client.serverReflectionInfo()
    var answers = call.responses.makeAsyncIterator()
    var heard: [Answer] = []
    for question in questions {
      let request = Request(host: "h", messageRequest: question)
      try await call.requests.write(request)
      let response = try #require(try await answers.next())
      #expect(response.validHost == "h")
      #expect(response.originalRequest == request)
      heard.append(try #require(response.messageResponse))
    }
    await call.requests.finish()
    #expect(try await answers.next() == nil)
    return heard
  }

  private func descriptor(_ name: String) throws -> [UInt8] {
    try #require(ProtobufSchema.trakSenseAPI.files.first { $0.name == name }).descriptor
  }

  @Test("all services that are served are listed, reflection itself too")
  func list() async throws {
    let answer = try await ask(.listServices("")).first
    #expect(
      answer
        == .listServicesResponse(
          .init(service: [
            .init(name: "grpc.health.v1.Health"),
            .init(name: "grpc.reflection.v1.ServerReflection"),
            .init(name: "grpc.reflection.v1alpha.ServerReflection"),
          ])))
  }

  @Test(
    "a file is found by its name and by everything it declares",
    arguments: [
      .fileByFilename("google/rpc/status.proto"), .fileContainingSymbol("google.rpc.Status"),
      .fileContainingSymbol("google.rpc.Status.details"),
    ] as [Request.MessageRequest])
  func files(_ question: Request.MessageRequest) async throws {
    #expect(
      try await ask(question)
        == [
          .fileDescriptorResponse(
            .init(fileDescriptorProto: [
              try descriptor("google/rpc/status.proto"),
              try descriptor("google/protobuf/any.proto"),
            ]))
        ])
  }

  @Test(
    "services, methods, nested types and enum values are found",
    arguments: [
      "grpc.health.v1.Health", "grpc.health.v1.Health.Watch",
      "grpc.health.v1.HealthCheckResponse.ServingStatus",
      "grpc.health.v1.HealthCheckResponse.SERVING",
    ])
  func symbols(_ symbol: String) async throws {
    #expect(
      try await ask(.fileContainingSymbol(symbol))
        == [
          .fileDescriptorResponse(
            .init(fileDescriptorProto: [try descriptor("grpc/health/v1/health.proto")]))
        ])
  }

  @Test("what a stream has carried is sent again only when it is asked for")
  func noRepetition() async throws {
    let answers = try await ask(
      .fileByFilename("google/protobuf/any.proto"), .fileByFilename("google/rpc/status.proto"),
      .fileByFilename("google/rpc/status.proto"))
    #expect(
      answers
        == [
          .fileDescriptorResponse(
            .init(fileDescriptorProto: [try descriptor("google/protobuf/any.proto")])),
          .fileDescriptorResponse(
            .init(fileDescriptorProto: [try descriptor("google/rpc/status.proto")])),
          .fileDescriptorResponse(
            .init(fileDescriptorProto: [try descriptor("google/rpc/status.proto")])),
        ])
  }

  @Test("extensions are found, and their numbers listed in order")
  func extensions() async throws {
    let answers = try await ask(
      .allExtensionNumbersOfType("google.rpc.Status"),
      .allExtensionNumbersOfType("google.rpc.Help"),
      .fileContainingExtension(
        .init(containingType: "google.rpc.Status", extensionNumber: 1000)))
    #expect(
      answers[0]
        == .allExtensionNumbersResponse(
          .init(baseTypeName: "google.rpc.Status", extensionNumber: [1000, 1001])))
    #expect(
      answers[1] == .allExtensionNumbersResponse(.init(baseTypeName: "google.rpc.Help")))
    guard case .fileDescriptorResponse(let files) = answers[2] else {
      Issue.record("\(answers[2])")
      return
    }
    #expect(files.fileDescriptorProto.count == 3)
    #expect(files.fileDescriptorProto.first == [UInt8(ascii: "x")])
  }

  @Test("what is not known is an answer, and the stream goes on")
  func unknown() async throws {
    let answers = try await ask(
      .fileByFilename("x.proto"), .fileContainingSymbol("x.Y"),
      .fileContainingExtension(.init(containingType: "google.rpc.Status", extensionNumber: 7)),
      .allExtensionNumbersOfType("x.Y"), nil, .listServices("*"))
    let messages = answers.dropLast().map { answer in
      guard case .errorResponse(let error) = answer else { return "\(answer)" }
      return "\(error.errorCode) \(error.errorMessage)"
    }
    #expect(
      messages == [
        "5 unknown file x.proto", "5 unknown symbol x.Y",
        "5 unknown extension 7 of google.rpc.Status", "5 unknown message x.Y",
        "3 nothing is asked for",
      ])
    guard case .listServicesResponse = answers.last else {
      Issue.record("the stream did not go on")
      return
    }
  }
}
