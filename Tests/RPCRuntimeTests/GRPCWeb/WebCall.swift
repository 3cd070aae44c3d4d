// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import RPCRuntime

/// What curl made of a request, read as gRPC-Web.
struct WebReply {
  var status = 0
  /// Names in lower case.
  var headers: [String: String] = [:]
  var body: [UInt8] = []
  /// Flag and content of each frame.
  var frames: [(flag: UInt8, bytes: [UInt8])] = []

  /// - Parameter output: of `curl -i`.
  init(_ output: [UInt8]) throws {
    var rest = Data(output)
    // Informational responses come first.
    repeat {
      guard let end = rest.range(of: Data("\r\n\r\n".utf8)) else { throw NotHTTP(output: output) }
      let lines = String(decoding: rest[..<end.lowerBound], as: UTF8.self)
        .components(separatedBy: "\r\n")
      rest = rest[end.upperBound...]
      status = lines[0].split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
      headers = [:]
      for line in lines.dropFirst() {
        guard let colon = line.firstIndex(of: ":") else { continue }
        headers[line[..<colon].lowercased()] = line[line.index(after: colon)...]
          .trimmingCharacters(in: .whitespaces)
      }
    } while status < 200
    body = Array(rest)
    frames = Self.frames(
      headers["content-type"]?.contains("-text") == true ? Self.decoded(rest) : rest)
  }

  private struct NotHTTP: Error { let output: [UInt8] }

  private static func frames(_ body: Data) -> [(flag: UInt8, bytes: [UInt8])] {
    var rest = body
    var frames: [(UInt8, [UInt8])] = []
    while rest.count >= 5, let flag = rest.first {
      let length = rest.dropFirst().prefix(4).reduce(0) { $0 << 8 | Int($1) }
      frames.append((flag, Array(rest.dropFirst(5).prefix(length))))
      rest = rest.dropFirst(5 + length)
    }
    return frames
  }

  var messages: [String] {
    frames.filter { $0.flag == 0 }.map { String(decoding: $0.bytes, as: UTF8.self) }
  }

  /// The last frame, when it is one of trailers; else none.
  var trailers: [String: String] {
    guard let last = frames.last, last.flag == 0x80 else { return [:] }
    let lines = String(decoding: last.bytes, as: UTF8.self).components(separatedBy: "\r\n")
    return Dictionary(
      lines.filter { !$0.isEmpty }.map { line in
        let parts = line.split(separator: ":", maxSplits: 1).map(String.init)
        return (parts[0], parts[1].trimmingCharacters(in: .whitespaces))
      }, uniquingKeysWith: { $1 })
  }

  /// Base64 texts one behind the other, each with its padding.
  private static func decoded(_ text: Data) -> Data {
    var decoded = Data()
    var rest = text
    while !rest.isEmpty {
      // A text ends at the end of its padding.
      let padding = rest.firstIndex(of: UInt8(ascii: "="))
      let end = padding.map { rest[$0...].firstIndex { $0 != UInt8(ascii: "=") } ?? rest.endIndex }
      decoded += Data(base64Encoded: rest[..<(end ?? rest.endIndex)]) ?? Data()
      rest = rest[(end ?? rest.endIndex)...]
    }
    return decoded
  }
}

extension Loopback {
  /// How curl calls.
  struct WebForm: Sendable, CustomTestStringConvertible {
    let isHTTP2: Bool
    let isText: Bool

    static let all = [false, true].flatMap { isHTTP2 in
      [false, true].map { WebForm(isHTTP2: isHTTP2, isText: $0) }
    }

    var testDescription: String {
      "\(isHTTP2 ? "HTTP/2" : "HTTP/1.1"), \(isText ? "text" : "binary")"
    }

    var contentType: String { "application/grpc-web\(isText ? "-text" : "")" }

    func body(_ bytes: [UInt8]) -> [UInt8] {
      isText ? Array(Data(bytes).base64EncodedString().utf8) : bytes
    }
  }

  func address(_ method: MethodDescriptor) -> String {
    "http://127.0.0.1:\(port)\(method.path)"
  }

  func curl(
    _ form: WebForm, _ method: MethodDescriptor, _ body: [UInt8], _ headers: [String] = []
  ) async throws -> WebReply {
    let version = form.isHTTP2 ? "--http2-prior-knowledge" : "--http1.1"
    let fields = (["content-type: \(form.contentType)"] + headers).flatMap { ["-H", $0] }
    return try await WebReply(
      Tool.named("curl").output(
        ["-sSi", "--max-time", "60", version, "--data-binary", "@-"] + fields
          + [address(method)], input: form.body(body)))
  }
}
