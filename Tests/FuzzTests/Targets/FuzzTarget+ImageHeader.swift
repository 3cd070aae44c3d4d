// SPDX-License-Identifier: Apache-2.0

@testable import Imaging

extension FuzzTarget {
  /// What a picture says of itself, by our own readers alone: without libgd some hundred times as many inputs as
  /// ``picture``.
  static let imageHeader = FuzzTarget(
    name: "image-header",
    seeds: picture.seeds + [
      // A GIF with an extension before its image, an extended WebP, and an orientation in Intel's order.
      Array("GIF89a\u{1}\0\u{1}\0\0\0\0!\u{1}\u{2}ab\0,\0\0\0\0\u{2}\0\u{3}\0\0".utf8),
      Array("RIFF\u{1e}\0\0\0WEBPVP8X\u{a}\0\0\0\0\0\0\0\u{7}\0\0\u{5}\0\0".utf8),
      [0xff, 0xd8, 0xff, 0xe1, 0, 34] + Array("Exif\0\0II*\0\u{8}\0\0\0\u{1}\0".utf8)
        + [0x12, 1, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xc0, 0, 7, 8, 0, 6, 0, 8]
        + [0xff, 0xda, 0, 2, 1, 0xff, 0, 2, 0xff, 0xd9],
    ]
  ) { bytes in
    if let header = try? ImageHeader.read(bytes) {
      hold(header.width > 0 && header.height > 0, "a picture has a size")
      hold(header.width >> 32 == 0 && header.height >> 32 == 0, "a size is four bytes at most")
      hold((1...max(1, bytes.count)).contains(header.passes), "each scan has its bytes")
      for (x, y) in [(0, 0), (header.width - 1, header.height - 1)] {
        let (width, height) = (header.width, header.height)
        let seen =
          header.orientation.isSideways
          ? (min(x, height - 1), min(y, width - 1)) : (x, y)
        let stored = header.orientation.stored(seen.0, seen.1, width: width, height: height)
        hold(
          (0..<width).contains(stored.x) && (0..<height).contains(stored.y),
          "what is seen is stored within the picture")
      }
      let again = try? ImageHeader.read(bytes + [0])
      hold(again?.width == header.width && again?.height == header.height, "an end says no size")
    }
    if let essential = PNGChunks.essential(bytes) {
      hold(essential.count <= bytes.count, "nothing is added")
      hold(PNGChunks.essential(essential) == essential, "what is essential stays")
    }
  }
}
