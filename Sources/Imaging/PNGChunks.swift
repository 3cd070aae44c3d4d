// SPDX-License-Identifier: Apache-2.0
import CZlib

/// A PNG file's chunks (PNG §5.3): length, type, data, checksum.
enum PNGChunks {
  /// What pixels are made of, in the order in which they come (PNG §5.6).
  private enum Kind: Int {
    case header = 0x4948_4452
    case palette = 0x504c_5445
    case transparency = 0x7452_4e53
    case pixels = 0x4944_4154
    case end = 0x4945_4e44

    var rank: Int {
      switch self {
      case .header: 1
      case .palette: 2
      case .transparency: 3
      case .pixels: 4
      case .end: 5
      }
    }
  }

  /// Where IHDR says it: 0 grey, 2 RGB, 3 palette, 4 and 6 with alpha (PNG §11.2.1).
  private static let colorType = 25

  /// The file without the chunks that do not matter to its pixels: texts, profiles and dates, some of them
  /// compressed, are only work for the decoder. libpng writes to stderr what it thinks of chunks that are not as
  /// they should be, and libgd does not keep it from that: so it gets none. (What is wrong with the compressed
  /// pixels themselves, under a right checksum, still makes a line there.)
  /// - Returns: nil when the file is damaged.
  static func essential(_ bytes: [UInt8]) -> [UInt8]? {
    let file = ImageBytes(bytes[...])
    var output = Array(bytes.prefix(8))
    var rank = 0
    var place = 8
    while rank < Kind.end.rank {
      guard let length = file.bigEndian(place, count: 4), length <= bytes.count,
        let type = file.bigEndian(place + 4, count: 4),
        let sum = file.bigEndian(place + 8 + length, count: 4)
      else { return nil }
      let chunk = bytes[place..<(place + 12 + length)]
      place = chunk.endIndex
      guard let kind = Kind(rawValue: type) else {
        // A first letter in upper case: no decoder may pass over it (PNG §5.4).
        if type >> 29 & 1 == 0 { return nil }
        continue
      }
      let fits =
        switch (kind, file[colorType]) {
        case (.header, _), (.pixels, _): true
        case (.palette, 2), (.palette, 3), (.palette, 6):
          (3...768).contains(length) && length % 3 == 0
        case (.transparency, 0): length == 2
        case (.transparency, 2): length == 6
        case (.transparency, 3): (1...256).contains(length) && rank == Kind.palette.rank
        case (.palette, _), (.transparency, _): false
        case (.end, _): length == 0 && rank == Kind.pixels.rank
        }
      guard fits, kind.rank > rank || kind == .pixels && rank == kind.rank,
        checksum(Array(chunk.dropFirst(4).dropLast(4))) == sum
      else { return nil }
      rank = kind.rank
      output += chunk
    }
    return output
  }

  private static func checksum(_ bytes: [UInt8]) -> Int {
    unsafe Int(crc32(0, bytes, UInt32(bytes.count)))
  }
}
