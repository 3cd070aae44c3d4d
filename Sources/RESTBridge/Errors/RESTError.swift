// SPDX-License-Identifier: Apache-2.0

import HTTPTypes
import Hummingbird
import JSONText
import NIOCore
import RPCRuntime

/// An answer that is not a success, in the contract's one error shape: `{"field":["what is wrong"]}` for a
/// request's wrong fields, `{"detail":"what is wrong"}` for everything else.
struct RESTError: Error, Hashable, Sendable {
  enum Body: Hashable, Sendable {
    case detail(String)
    /// Not empty.
    case fields([FieldViolation])
  }

  var status: HTTPResponse.Status
  var body: Body
  /// When the same request may succeed; set on transient failures only.
  var retryAfter: Duration?
  var headers: HTTPFields

  /// - Parameters:
  ///   - status: 4xx or 5xx.
  ///   - detail: for people.
  ///   - retryAfter: when the same request may succeed.
  ///   - headers: further headers.
  init(
    _ status: HTTPResponse.Status, detail: String, retryAfter: Duration? = nil,
    headers: HTTPFields = [:]
  ) {
    self.status = status
    body = .detail(detail)
    self.retryAfter = retryAfter
    self.headers = headers
  }

  /// A 400 that names one field.
  init(field: String, _ problem: String) {
    self.init(fields: [FieldViolation(field: field, description: problem)])
  }

  /// An answer that names fields.
  /// - Parameters:
  ///   - fields: not empty.
  ///   - status: 4xx.
  init(fields: [FieldViolation], status: HTTPResponse.Status = .badRequest) {
    self.status = status
    body = .fields(fields)
    headers = [:]
  }

  /// The error as it is sent.
  var response: Response {
    var response = Response(json: json, status: status)
    response.headers.append(contentsOf: headers)
    if let retryAfter { response.headers[.retryAfter] = "\(Self.wholeSeconds(retryAfter))" }
    if status == .unauthorized { response.headers[.wwwAuthenticate] = "Bearer" }
    return response
  }

  private var json: [UInt8] {
    var json = JSONWriter()
    json.beginObject()
    switch body {
    case .detail(let text):
      json.key("detail")
      json.string(text)
    case .fields(let violations):
      var written: Set<String> = []
      for violation in violations where written.insert(violation.field).inserted {
        json.key(violation.field)
        json.beginArray()
        for same in violations where same.field == violation.field {
          json.string(same.description)
        }
        json.endArray()
      }
    }
    json.endObject()
    return json.bytes
  }

  /// Rounded up, at least 1: `Retry-After: 0` would invite a storm.
  private static func wholeSeconds(_ duration: Duration) -> Int64 {
    let (seconds, attoseconds) = duration.components
    return max(1, attoseconds > 0 ? seconds + 1 : seconds)
  }
}

extension Response {
  /// An answer that is JSON.
  init(json: [UInt8], status: HTTPResponse.Status = .ok) {
    self.init(
      status: status,
      headers: [.contentType: "application/json", .cacheControl: "no-store"],
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: json)))
  }
}
