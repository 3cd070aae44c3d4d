// SPDX-License-Identifier: Apache-2.0

/// Walks over the markers of a JPEG file (ITU-T T.81 annex B) up to its end, as libjpeg does.
enum JPEGHeader {
  /// - Returns: nil when there is no frame, no scan or no end.
  static func read(_ bytes: ImageBytes) -> ImageHeader? {
    var header: ImageHeader?
    var orientation = Orientation.upright
    var scans = 0
    var place = 2
    while let marker = nextMarker(bytes, &place) {
      switch marker {
      case 0xd9:
        guard var header, scans > 0 else { return nil }
        header.passes = scans
        header.orientation = orientation
        return header
      case 0x01, 0xd0...0xd8:
        continue
      default:
        guard let length = bytes.bigEndian(place, count: 2), length >= 2,
          let segment = bytes.part((place + 2)..<(place + max(2, length)))
        else { return nil }
        place += length
        switch marker {
        case 0xc0...0xcf where ![0xc4, 0xc8, 0xcc].contains(marker):
          guard header == nil, let height = segment.bigEndian(1, count: 2),
            let width = segment.bigEndian(3, count: 2)
          else { return nil }
          header = ImageHeader(format: .jpeg, width: width, height: height)
        case 0xda:
          scans += 1
        case 0xe1:
          if scans == 0, let found = Orientation(exif: segment) { orientation = found }
        default:
          break
        }
      }
    }
    return nil
  }

  /// Goes behind the next marker; whatever is before it, data of a scan too, is passed over. Within such data
  /// FF is followed by 00, and restart markers are no end of it (T.81 §B.1.1.5, §B.2.1).
  private static func nextMarker(_ bytes: ImageBytes, _ place: inout Int) -> Int? {
    while let byte = bytes[place] {
      place += 1
      guard byte == 0xff else { continue }
      while bytes[place] == 0xff { place += 1 }
      guard let code = bytes[place] else { return nil }
      place += 1
      if code != 0, !(0xd0...0xd7).contains(code) { return code }
    }
    return nil
  }
}
