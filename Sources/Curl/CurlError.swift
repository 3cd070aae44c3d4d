// SPDX-License-Identifier: Apache-2.0
import CCurl

/// Why a transfer did not come to its end. Texts are libcurl's own, without addresses and data.
package enum CurlError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The server cannot be found or reached, or the connection broke.
  case unreachable(String)
  /// One of the request's timeouts passed.
  case timedOut
  /// TLS is required and cannot be had, or the certificate is not to be trusted.
  case untrusted(String)
  /// An SMTP server said no (RFC 5321 §4.2.1): 4yz for now, 5yz for good.
  case refused(replyCode: Int)
  /// The response's body is larger.
  case tooLarge(limit: Int)
  /// The calling task was cancelled.
  case cancelled
  /// As many transfers as may wait are waiting.
  case busy
  /// Such a request cannot be made.
  case invalid(String)
  /// Anything else that libcurl reports.
  case failed(code: Int, String)

  /// True when the same request may succeed later.
  package var isTransient: Bool {
    switch self {
    case .unreachable, .timedOut, .busy: true
    case .refused(let replyCode): replyCode < 500
    case .untrusted, .tooLarge, .cancelled, .invalid, .failed: false
    }
  }

  package var description: String {
    switch self {
    case .unreachable(let reason): "not reachable: \(reason)"
    case .timedOut: "timed out"
    case .untrusted(let reason): "not trusted: \(reason)"
    case .refused(let replyCode): "refused with \(replyCode)"
    case .tooLarge(let limit): "the response is larger than \(limit) bytes"
    case .cancelled: "cancelled"
    case .busy: "too many transfers are waiting"
    case .invalid(let reason): "not a possible request: \(reason)"
    case .failed(let code, let reason): "failed (libcurl \(code)): \(reason)"
    }
  }

  /// - Parameters:
  ///   - replyCode: the last that an SMTP server sent; 0 for other protocols.
  ///   - exceededLimit: the body's limit, if that is why the transfer was given up.
  init(_ code: CURLcode, replyCode: Int, exceededLimit: Int?) {
    let text = unsafe curl_easy_strerror(code).map { unsafe String(cString: $0) } ?? "unknown"
    switch code {
    case CURLE_ABORTED_BY_CALLBACK:
      self = .cancelled
    case CURLE_OPERATION_TIMEDOUT:
      self = .timedOut
    case CURLE_PEER_FAILED_VERIFICATION, CURLE_USE_SSL_FAILED, CURLE_SSL_CACERT_BADFILE,
      CURLE_SSL_ISSUER_ERROR, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER:
      self = .untrusted(text)
    case CURLE_WRITE_ERROR where exceededLimit != nil:
      self = .tooLarge(limit: exceededLimit ?? 0)
    case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL:
      self = .invalid(text)
    case _ where (400..<600).contains(replyCode):
      self = .refused(replyCode: replyCode)
    case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT, CURLE_SSL_CONNECT_ERROR,
      CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_GOT_NOTHING, CURLE_PARTIAL_FILE,
      CURLE_HTTP2, CURLE_HTTP2_STREAM, CURLE_WEIRD_SERVER_REPLY, CURLE_SEND_FAIL_REWIND:
      self = .unreachable(text)
    default:
      self = .failed(code: Int(code.rawValue), text)
    }
  }
}
