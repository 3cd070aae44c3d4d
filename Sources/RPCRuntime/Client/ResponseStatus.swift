// SPDX-License-Identifier: Apache-2.0

/// Reads how a call ended from response headers or trailers.
enum ResponseStatus {
  /// - Returns: nil for OK.
  static func error(trailers: HeaderList) -> RPCError? {
    guard let text = trailers["grpc-status"] else {
      return RPCError(.unknown, "response ended without grpc-status")
    }
    guard let number = UInt8(text), let code = StatusCode(rawValue: number) else {
      return RPCError(.unknown, "unknown grpc-status '\(text)'")
    }
    if code == .ok { return nil }
    return RPCError(
      code, trailers["grpc-message"].map(PercentEncoding.decode) ?? "",
      metadata: trailers.customMetadata)
  }

  /// Checks the headers of a response that has no gRPC status.
  /// - Returns: nil when messages may follow (gRPC "HTTP to gRPC Status Code Mapping").
  static func error(headers: HeaderList) -> RPCError? {
    let status = headers[":status"] ?? ""
    let code: StatusCode
    switch status {
    case "200":
      guard headers["content-type"]?.hasPrefix("application/grpc") == true else {
        return RPCError(.unknown, "response is not gRPC: content-type is missing or different")
      }
      return nil
    case "400": code = .internalError
    case "401": code = .unauthenticated
    case "403": code = .permissionDenied
    case "404": code = .unimplemented
    case "429", "502", "503", "504": code = .unavailable
    default: code = .unknown
    }
    return RPCError(code, "HTTP status \(status)")
  }

  /// The status of a stream reset before its trailers (gRPC over HTTP/2, "Errors").
  static func error(reset code: HTTP2ErrorCode) -> RPCError {
    switch code {
    case .refusedStream: RPCError(.unavailable, "stream refused by the server")
    case .cancel: RPCError(.cancelled, "stream cancelled by the server")
    case .enhanceYourCalm: RPCError(.resourceExhausted, "server asks to slow down")
    case .inadequateSecurity: RPCError(.permissionDenied, "transport security is inadequate")
    case .noError, .protocolError, .internalError, .flowControlError, .settingsTimeout,
      .streamClosed, .frameSizeError, .compressionError, .connectError, .http11Required:
      RPCError(.internalError, "stream reset: \(code)")
    }
  }
}
