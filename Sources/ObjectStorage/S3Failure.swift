// SPDX-License-Identifier: Apache-2.0
import Curl
import Domain

/// What an S3 server says when it says no: a status, and an XML document with a code.
struct S3Failure {
  let status: Int
  /// `NoSuchKey`, `SignatureDoesNotMatch`, …; nil when there is none.
  let code: String?

  init(_ response: CurlResponse) {
    status = response.code
    code = Self.code(in: response.body)
  }

  /// A missing bucket is 404 too, and something else altogether.
  var isMissingObject: Bool { status == 404 && (code == nil || code == "NoSuchKey") }

  var error: ObjectStoreError {
    let text = "the server answered \(status)\(code.map { " \($0)" } ?? "")"
    // RequestTimeout comes with 400: the body did not arrive in time.
    let isTransient =
      status >= 500 || status == 408 || status == 429 || code == "RequestTimeout"
      || code == "OperationAborted"
    return isTransient ? .transient(text) : .permanent(text)
  }

  /// The text of the first `Code` element, if it is a plain word: nothing else of the document is of use, and it
  /// goes into logs.
  private static func code(in body: [UInt8]) -> String? {
    let text = String(decoding: body.prefix(4_096), as: UTF8.self)
    guard let start = text.firstRange(of: "<Code>"),
      let end = text[start.upperBound...].firstRange(of: "</Code>")
    else { return nil }
    let code = text[start.upperBound..<end.lowerBound]
    guard (1...64).contains(code.utf8.count),
      code.utf8.allSatisfy({ (0x41...0x5a).contains($0) || (0x61...0x7a).contains($0) })
    else { return nil }
    return String(code)
  }
}
