// SPDX-License-Identifier: Apache-2.0
package import Domain

/// From an upload to a small picture, step by step; each can say no.
package enum AvatarPicture {
  /// Blocks for as long as decoding takes.
  package static func encode(
    _ bytes: [UInt8], limits: AvatarLimits = AvatarLimits()
  ) throws(AvatarError) -> EncodedAvatar {
    guard bytes.count <= limits.maxBytes else { throw .tooLarge(limit: limits.maxBytes) }
    let header = try ImageHeader.read(bytes)
    try check(header, limits)
    let file = header.format == .png ? PNGChunks.essential(bytes) : bytes
    guard let file, let image = GDImage(decoding: file, as: header.format) else { throw .damaged }
    let scale = min(1, Double(limits.maxResultSide) / Double(max(image.width, image.height)))
    guard scale < 1 else { return try finish(image, header, limits) }
    let width = max(1, Int((Double(image.width) * scale).rounded()))
    let height = max(1, Int((Double(image.height) * scale).rounded()))
    guard let small = image.resized(width: width, height: height) else { throw .busy }
    return try finish(small, header, limits)
  }

  /// Before anything is decoded: a file of some bytes can promise gigabytes.
  private static func check(_ header: ImageHeader, _ limits: AvatarLimits) throws(AvatarError) {
    // Sides first: a product of two 32-bit numbers fits.
    guard max(header.width, header.height) <= limits.maxSide,
      header.width * header.height <= limits.maxPixels,
      header.width * header.height * header.passes <= limits.maxDecodedPixels
    else { throw .tooManyPixels }
  }

  /// Turns the picture as it wants to be seen and writes it: PNG if it was one and is transparent somewhere, else
  /// JPEG, on white.
  private static func finish(
    _ image: borrowing GDImage, _ header: ImageHeader, _ limits: AvatarLimits
  ) throws(AvatarError) -> EncodedAvatar {
    let isSideways = header.orientation.isSideways
    let width = isSideways ? image.height : image.width
    let height = isSideways ? image.width : image.height
    let keepsAlpha = header.format == .png && isTransparent(image)
    guard let result = GDImage(width: width, height: height) else { throw .busy }
    for y in 0..<height {
      for x in 0..<width {
        let place = header.orientation.stored(x, y, width: image.width, height: image.height)
        let color = image[place.x, place.y]
        result[x, y] = keepsAlpha ? color : onWhite(color)
      }
    }
    guard let bytes = keepsAlpha ? result.png() : result.jpeg(quality: limits.quality) else {
      throw .busy
    }
    return EncodedAvatar(
      bytes: bytes, contentType: keepsAlpha ? "image/png" : "image/jpeg",
      fileExtension: keepsAlpha ? "png" : "jpg", width: width, height: height)
  }

  private static func isTransparent(_ image: borrowing GDImage) -> Bool {
    for y in 0..<image.height {
      for x in 0..<image.width where image[x, y] >> 24 != 0 { return true }
    }
    return false
  }

  private static func onWhite(_ color: Int32) -> Int32 {
    let alpha = color >> 24
    guard alpha != 0 else { return color }
    let transparent = Int32(GDImage.maxAlpha)
    var mixed: Int32 = 0
    for shift in [16, 8, 0] as [Int32] {
      let part = color >> shift & 0xff
      mixed |= ((part * (transparent - alpha) + 0xff * alpha) / transparent) << shift
    }
    return mixed
  }
}
