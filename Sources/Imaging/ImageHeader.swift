// SPDX-License-Identifier: Apache-2.0
import Domain

/// What a picture says of itself before any pixel is decoded. Read from its bytes alone: names and declared
/// types are not asked.
struct ImageHeader: Hashable {
  enum Format {
    case jpeg, png, gif, webP
  }

  var format: Format
  /// In pixels, as stored.
  var width: Int
  var height: Int
  /// How often the decoder goes over all pixels: once, but for JPEG files of several scans.
  var passes = 1
  /// How a JPEG file wants to be turned (EXIF tag 0x0112).
  var orientation = Orientation.upright

  init(format: Format, width: Int, height: Int) {
    self.format = format
    self.width = width
    self.height = height
  }

  /// - Throws: `.unsupportedType`, or `.damaged`.
  static func read(_ bytes: [UInt8]) throws(AvatarError) -> ImageHeader {
    let bytes = ImageBytes(bytes[...])
    let header: ImageHeader?
    if bytes.bigEndian(0, count: 3) == 0xff_d8ff {
      header = JPEGHeader.read(bytes)
    } else if bytes.bigEndian(0, count: 4) == 0x8950_4e47 {
      header = readPNG(bytes)
    } else if bytes.has("GIF87a", at: 0) || bytes.has("GIF89a", at: 0) {
      header = readGIF(bytes)
    } else if bytes.has("RIFF", at: 0), bytes.has("WEBP", at: 8) {
      header = try readWebP(bytes)
    } else {
      throw .unsupportedType
    }
    guard let header, header.width > 0, header.height > 0 else { throw .damaged }
    return header
  }

  /// The IHDR chunk, which is always the first (PNG §11.2.1).
  private static func readPNG(_ bytes: ImageBytes) -> ImageHeader? {
    guard bytes.bigEndian(4, count: 4) == 0x0d0a_1a0a, bytes.bigEndian(8, count: 4) == 13,
      bytes.has("IHDR", at: 12), let width = bytes.bigEndian(16, count: 4),
      let height = bytes.bigEndian(20, count: 4)
    else { return nil }
    return ImageHeader(format: .png, width: width, height: height)
  }

  /// The logical screen or the first image, whichever is larger (GIF89a §18, §20).
  private static func readGIF(_ bytes: ImageBytes) -> ImageHeader? {
    guard let screenWidth = bytes.littleEndian(6, count: 2),
      let screenHeight = bytes.littleEndian(8, count: 2), let flags = bytes[10]
    else { return nil }
    var place = 13 + (flags & 0x80 == 0 ? 0 : 3 << ((flags & 7) + 1))
    while bytes[place] == 0x21 {
      place += 2
      while let length = bytes[place], length != 0 { place += 1 + length }
      place += 1
    }
    guard bytes[place] == 0x2c, let width = bytes.littleEndian(place + 5, count: 2),
      let height = bytes.littleEndian(place + 7, count: 2), width > 0, height > 0
    else { return nil }
    return ImageHeader(
      format: .gif, width: max(width, screenWidth), height: max(height, screenHeight))
  }

  /// The first chunk: lossy (RFC 6386 §9.1), lossless (RFC 9649 §3.4) or extended (RFC 9649 §2.7).
  private static func readWebP(_ bytes: ImageBytes) throws(AvatarError) -> ImageHeader? {
    let size: (width: Int, height: Int)
    if bytes.has("VP8 ", at: 12) {
      guard bytes.bigEndian(23, count: 3) == 0x9d01_2a,
        let width = bytes.littleEndian(26, count: 2), let height = bytes.littleEndian(28, count: 2)
      else { return nil }
      size = (width & 0x3fff, height & 0x3fff)
    } else if bytes.has("VP8L", at: 12) {
      guard bytes[20] == 0x2f, let bits = bytes.littleEndian(21, count: 4) else { return nil }
      size = ((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1)
    } else if bytes.has("VP8X", at: 12) {
      guard let flags = bytes[20], let width = bytes.littleEndian(24, count: 3),
        let height = bytes.littleEndian(27, count: 3)
      else { return nil }
      // libwebp's simple decoder, which libgd uses, knows no animations.
      if flags & 2 != 0 { throw .unsupportedType }
      size = (width + 1, height + 1)
    } else {
      return nil
    }
    return ImageHeader(format: .webP, width: size.width, height: size.height)
  }
}
