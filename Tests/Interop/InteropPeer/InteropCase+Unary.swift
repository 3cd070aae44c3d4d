// SPDX-License-Identifier: Apache-2.0

import InteropMessages
import NIOCore
import RPCRuntime
import TrakSenseAPI

extension InteropCase {
  static let unary: [InteropCase] = [
    InteropCase(name: "empty_unary") { channel in
      let reply = try await channel.unary(
        GrpcTesting.TestServiceMethods.emptyCall, GrpcTesting.Empty().frame(),
        options: CallOptions())
      try expect(reply.message.readableBytes == 0, "the response is not empty")
    },
    InteropCase(name: "large_unary") { channel in try await large(channel) },
    InteropCase(name: "custom_metadata") { channel in
      let reply = try await channel.unary(
        GrpcTesting.TestServiceMethods.unaryCall, GrpcTesting.SimpleRequest.large.frame(),
        options: CallOptions(metadata: customMetadata))
      try expectEcho(initial: reply.initialMetadata, trailing: reply.trailingMetadata)
      let call = try await Service(channel: channel).fullDuplexCall(
        options: CallOptions(metadata: customMetadata))
      try await call.requests.write(
        GrpcTesting.StreamingOutputCallRequest(
          responseParameters: [GrpcTesting.ResponseParameters(size: 314_159)],
          payload: .zeros(271_828)))
      await call.requests.finish()
      for try await response in call.responses { try expect(response.payload, size: 314_159) }
      let metadata = await call.responses.metadata()
      try expectEcho(initial: metadata.initial, trailing: metadata.trailing)
    },
    InteropCase(name: "concurrent_large_unary") { channel in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<1_000 { group.addTask { try await large(channel) } }
        for try await _ in group {}
      }
    },
    InteropCase(name: "rpc_soak") { channel in
      for _ in 0..<200 { try await large(channel) }
    },
  ]

  private static func large(_ channel: any RPCChannel) async throws {
    let response = try await Service(channel: channel).unaryCall(.large)
    try expect(response.payload, size: 314_159)
  }

  static var customMetadata: Metadata {
    var metadata: Metadata = ["x-grpc-test-echo-initial": "test_initial_metadata_value"]
    metadata.addBinary([0xab, 0xab, 0xab], for: "x-grpc-test-echo-trailing-bin")
    return metadata
  }

  static func expectEcho(initial: Metadata, trailing: Metadata) throws {
    try expect(
      initial["x-grpc-test-echo-initial"] == "test_initial_metadata_value",
      "initial metadata is \(initial)")
    try expect(
      trailing.binary("x-grpc-test-echo-trailing-bin") == [0xab, 0xab, 0xab],
      "trailing metadata is \(trailing)")
  }
}
