// SPDX-License-Identifier: Apache-2.0

import NIOCore
package import RPCRuntime

/// An error's details as `google.rpc.Status` in the trailer `grpc-status-details-bin`.
extension RPCError {
  /// The trailer's name.
  static let detailsKey = "grpc-status-details-bin"
  /// Most bytes of the trailer before base64. Default 4 KiB: peers take 8 KiB of trailers or more. Of too many
  /// violations the first are sent.
  static let detailsLimit = 4 << 10

  /// The same error with its details in the metadata too; itself when it has none, or has them there already.
  var withEncodedDetails: RPCError {
    guard !details.isEmpty, metadata[Self.detailsKey] == nil else { return self }
    var sent = details
    var bytes = status(with: sent)
    while bytes.count > Self.detailsLimit, !sent.violations.isEmpty {
      sent.violations.removeLast((sent.violations.count + 1) / 2)
      bytes = status(with: sent)
    }
    guard bytes.count <= Self.detailsLimit else { return self }
    var error = self
    error.metadata.addBinary(bytes, for: Self.detailsKey)
    return error
  }

  /// The same error with the details that its metadata carry; itself when it has details, or none are there.
  package var withDecodedDetails: RPCError {
    guard details.isEmpty, let bytes = metadata.binary(Self.detailsKey),
      let status = Self.status(bytes)
    else { return self }
    var error = self
    error.details = ErrorDetails(status)
    return error
  }

  private func status(with details: ErrorDetails) -> [UInt8] {
    let status = GoogleRpc.Status(
      code: Int32(code.rawValue), message: message, details: details.messages)
    var buffer = ByteBuffer()
    status.encode(into: &buffer)
    return Array(buffer.readableBytesView)
  }

  private static func status(_ bytes: [UInt8]) -> GoogleRpc.Status? {
    do throws(ProtobufError) {
      return try GoogleRpc.Status(serialized: ByteBuffer(bytes: bytes))
    } catch {
      // The status itself came in headers of its own: what cannot be read only adds nothing.
      return nil
    }
  }
}
