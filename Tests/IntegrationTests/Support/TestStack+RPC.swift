// SPDX-License-Identifier: Apache-2.0
import DevStack
import Foundation
import TestSupport

/// A unary call for the Python client to make.
struct RPCCall: Encodable, Sendable {
  var name: String
  var method = "Ingest"
  /// The request in the proto3 JSON form.
  var request: RawJSON?
  /// The request in bytes, when it is none that a library would write.
  var hex: String?
  var metadata: [String: String] = ["x-tenant": "umc", "x-api-key": TestStack.ingestKey]
  var authority = ""
  var isSignedIn = true

  static func latest(_ device: String, name: String = "latest", tenant: String = "umc") -> RPCCall {
    RPCCall(
      name: name, method: "Latest", request: RawJSON(#"{"device_id":"\#(device)"}"#),
      metadata: ["x-tenant": tenant])
  }

  static func ingest(_ samples: [Sample], name: String = "ingest", tenant: String = "") -> RPCCall {
    RPCCall(
      name: name,
      request: RawJSON(
        #"{"tenant":"\#(tenant)","readings":[\#(samples.map(\.message).joined(separator: ","))]}"#))
  }
}

/// JSON text within JSON.
struct RawJSON: Encodable, Sendable {
  private let value: JSONFragment

  init(_ text: String) {
    // A test that writes bad JSON here sends null and fails.
    value = (try? JSONDecoder().decode(JSONFragment.self, from: Data(text.utf8))) ?? .null
  }

  func encode(to encoder: any Encoder) throws { try value.encode(to: encoder) }
}

private enum JSONFragment: Codable, Sendable {
  case null
  case bool(Bool)
  case number(Double)
  case string(String)
  case array([JSONFragment])
  case object([String: JSONFragment])

  init(from decoder: any Decoder) throws {
    let box = try decoder.singleValueContainer()
    if box.decodeNil() {
      self = .null
    } else if let value = try? box.decode(Bool.self) {
      self = .bool(value)
    } else if let value = try? box.decode(Double.self) {
      self = .number(value)
    } else if let value = try? box.decode(String.self) {
      self = .string(value)
    } else if let value = try? box.decode([JSONFragment].self) {
      self = .array(value)
    } else {
      self = .object(try box.decode([String: JSONFragment].self))
    }
  }

  func encode(to encoder: any Encoder) throws {
    var box = encoder.singleValueContainer()
    switch self {
    case .null: try box.encodeNil()
    case .bool(let value): try box.encode(value)
    case .number(let value): try box.encode(value)
    case .string(let value): try box.encode(value)
    case .array(let value): try box.encode(value)
    case .object(let value): try box.encode(value)
    }
  }
}

/// What the Python client heard.
struct RPCAnswer: Decodable {
  struct Response: Decodable {
    let deviceId: String?
    let count: Int?
    let readings: [LatestAnswer.Reading]?
    let stored: Int?
    let duplicates: Int?
    let refused: Int?
  }

  let name: String
  let code: String
  let details: String
  let response: Response?
}

/// A line of subscribe.py.
struct SubscriberLine: Decodable {
  struct Point: Decodable, Hashable {
    let device: String
    let sensor: String
    let unit: String
    let microseconds: Int64
    let value: Double
  }

  let subscriber: Int
  let event: String
  let cursor: Int?
  let points: [Point]?
  let code: String?
  let start: Int?
  let cursors: [Int]?
  let gaps: Int?
  let total: Int?
  let digest: String?
}

extension TestStack {
  /// Makes calls with Python's grpcio; those that show no key show that of the tenant that they name.
  func call(_ calls: [RPCCall]) async throws -> [RPCAnswer] {
    let file = freshLog("calls")
    let calls = calls.map { call in
      var call = call
      let tenant = call.metadata["x-tenant"] ?? (call.authority.hasPrefix("acme.") ? "acme" : "umc")
      if call.metadata["x-api-key"] == nil, call.isSignedIn {
        call.metadata["x-api-key"] = key(of: tenant)
      }
      return call
    }
    try JSONEncoder().encode(calls).write(to: URL(filePath: file))
    let run = try await python("call.py", [rpcAddress, file])
    try await run.succeed()
    return run.lines(RPCAnswer.self)
  }

  /// Starts Python subscribers and waits until each has its `start`.
  func subscribe(_ arguments: [String], subscribers: Int = 1) async throws -> Run {
    let run = try await python(
      "subscribe.py", [rpcAddress, "--subscribers", "\(subscribers)"] + arguments)
    try await run.wait(for: "the start of each") {
      run.lines(SubscriberLine.self).count { $0.event == "start" } == subscribers
    }
    return run
  }
}
