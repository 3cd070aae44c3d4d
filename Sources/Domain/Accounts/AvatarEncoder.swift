// SPDX-License-Identifier: Apache-2.0

/// Makes a small, harmless picture of whatever somebody uploads. Port: implemented by `Imaging`.
package protocol AvatarEncoder: Sendable {
  /// What comes back holds nothing of the original but its pixels.
  func encode(_ bytes: [UInt8]) async throws(AvatarError) -> EncodedAvatar
}

package struct EncodedAvatar: Hashable, Sendable {
  package var bytes: [UInt8]
  /// `image/png` or `image/jpeg`.
  package var contentType: String
  /// Without a dot: `png` or `jpg`.
  package var fileExtension: String
  /// In pixels.
  package var width: Int
  package var height: Int

  package init(
    bytes: [UInt8], contentType: String, fileExtension: String, width: Int, height: Int
  ) {
    self.bytes = bytes
    self.contentType = contentType
    self.fileExtension = fileExtension
    self.width = width
    self.height = height
  }
}

/// Why an upload does not become a picture.
package enum AvatarError: Error, Hashable, Sendable, CustomStringConvertible {
  /// More bytes than the limit.
  case tooLarge(limit: Int)
  /// Not JPEG, PNG, GIF or WebP, whatever its name says; or an animated WebP.
  case unsupportedType
  /// It begins like a picture, and cannot be read.
  case damaged
  /// More pixels than anybody's portrait needs, or longer sides; said before any of them is decoded.
  case tooManyPixels
  /// Too many pictures are waiting. Worth trying again, later.
  case busy
  /// The caller no longer wants it.
  case cancelled

  package var description: String {
    switch self {
    case .tooLarge(let limit): "the picture is larger than \(limit) bytes"
    case .unsupportedType: "the file is not a JPEG, PNG, GIF or WebP picture"
    case .damaged: "the picture cannot be read"
    case .tooManyPixels: "the picture has too many pixels"
    case .busy: "too many pictures are being worked on"
    case .cancelled: "cancelled"
    }
  }
}
