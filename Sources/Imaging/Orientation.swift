// SPDX-License-Identifier: Apache-2.0

/// How stored rows and columns lie in the picture that people see: EXIF tag 0x0112 (TIFF 6.0, "Orientation").
enum Orientation: Int {
  case upright = 1
  case mirrored
  case upsideDown
  case flipped
  case transposed
  case turnedRight
  case transversed
  case turnedLeft

  /// Reads an APP1 segment.
  /// - Returns: nil when it is no EXIF, or says nothing of this.
  init?(exif segment: ImageBytes) {
    guard segment.has("Exif\0\0", at: 0), let tiff = segment.part(6..<max(6, segment.count)) else {
      return nil
    }
    let isLittle = tiff.has("II*\0", at: 0)
    guard isLittle || tiff.has("MM\0*", at: 0) else { return nil }
    func number(_ offset: Int, _ count: Int) -> Int? {
      isLittle
        ? tiff.littleEndian(offset, count: count) : tiff.bigEndian(offset, count: count)
    }
    guard let directory = number(4, 4), let entries = number(directory, 2) else { return nil }
    for index in 0..<entries {
      let entry = directory + 2 + 12 * index
      guard let tag = number(entry, 2) else { return nil }
      // Type 3: SHORT.
      if tag == 0x0112, number(entry + 2, 2) == 3, let value = number(entry + 8, 2) {
        self.init(rawValue: value)
        return
      }
    }
    return nil
  }

  /// Width and height change places.
  var isSideways: Bool {
    switch self {
    case .upright, .mirrored, .upsideDown, .flipped: false
    case .transposed, .turnedRight, .transversed, .turnedLeft: true
    }
  }

  /// Where the pixel that is seen at (x, y) is stored, in a picture stored as `width` × `height`.
  func stored(_ x: Int, _ y: Int, width: Int, height: Int) -> (x: Int, y: Int) {
    switch self {
    case .upright: (x, y)
    case .mirrored: (width - 1 - x, y)
    case .upsideDown: (width - 1 - x, height - 1 - y)
    case .flipped: (x, height - 1 - y)
    case .transposed: (y, x)
    case .turnedRight: (y, height - 1 - x)
    case .transversed: (width - 1 - y, height - 1 - x)
    case .turnedLeft: (width - 1 - y, x)
    }
  }
}
