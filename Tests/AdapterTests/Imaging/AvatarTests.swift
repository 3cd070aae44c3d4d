// SPDX-License-Identifier: Apache-2.0

import Domain
import Foundation
import Imaging
import Testing

@Suite("An uploaded picture", .timeLimit(.minutes(5)))
struct AvatarTests {
  @Test(
    "becomes a small one of the same looks, without what its file told besides",
    arguments: [
      ("photo", "JPEG", 512, 384), ("jpeg-8000x5000", "JPEG", 512, 320),
      ("jpeg-700x400", "JPEG", 512, 293),
      ("jpeg-400x700", "JPEG", 293, 512), ("jpeg-511x40", "JPEG", 511, 40),
      ("jpeg-512x512", "JPEG", 512, 512), ("jpeg-513x512", "JPEG", 512, 511),
      ("jpeg-1x1", "JPEG", 1, 1), ("jpeg-9999x1", "JPEG", 512, 1),
      ("progressive-700x400", "JPEG", 512, 293), ("grey-700x400", "JPEG", 512, 293),
      ("cmyk-300x200", "JPEG", 300, 200), ("opaque-700x400", "JPEG", 512, 293),
      ("alpha-300x200", "JPEG", 300, 200), ("translucent-300x200", "PNG", 300, 200),
      ("translucent-700x400", "PNG", 512, 293), ("palette-300x200", "PNG", 300, 200),
      ("palette-700x400", "PNG", 512, 293), ("key-300x200", "PNG", 300, 200),
      ("key-700x400", "PNG", 512, 293), ("gif-300x200", "JPEG", 300, 200),
      ("gif-700x400", "JPEG", 512, 293), ("animated-300x200", "JPEG", 300, 200),
      ("webp-700x400", "JPEG", 512, 293), ("lossless-300x200", "JPEG", 300, 200),
      ("lossless-700x400", "JPEG", 512, 293),
    ])
  func looks(kind: String, format: String, width: Int, height: Int) async throws {
    let picture = try await Picture(kind)
    let result = try await GDAvatarEncoder().encode(picture.bytes)
    let seen = try await picture.compare(result)
    #expect(seen.format == format && seen.width == width && seen.height == height)
    #expect(result.width == width && result.height == height)
    #expect(result.contentType == "image/\(format.lowercased())")
    #expect(result.fileExtension == (format == "PNG" ? "png" : "jpg"))
    #expect(seen.difference < 6, "\(kind)")
    if format == "PNG" { #expect(seen.alphaDifference < 3) }
    #expect(seen.metadata == 0 && !seen.tellsSecrets)
  }

  @Test("is turned as the camera was held", arguments: 1...8)
  func orientation(value: Int) async throws {
    let picture = try await Picture("turned-\(value)")
    let result = try AvatarPicture.encode(picture.bytes)
    #expect(result.width == (value < 5 ? 60 : 40) && result.height == (value < 5 ? 40 : 60))
    let seen = try await picture.compare(result)
    #expect(seen.difference < 5)
    #expect(seen.metadata == 0 && !seen.tellsSecrets)
  }

  @Test("is refused when it is of another type", arguments: ["tiff", "bmp", "animatedwebp"])
  func otherTypes(kind: String) async throws {
    let picture = try await Picture("\(kind)-30x20")
    #expect(failure(picture.bytes) == .unsupportedType)
  }

  @Test(
    "is no picture, whatever it calls itself",
    arguments: [
      "", "x", "<svg xmlns='http://www.w3.org/2000/svg'/>", "%PDF-1.7", "RIFF1234WAVE", "GIF88a",
    ])
  func noPicture(text: String) {
    #expect(failure(Array(text.utf8)) == .unsupportedType)
  }

  @Test("may have 5 MiB and not a byte more")
  func bytes() async throws {
    for kind in ["jpeg-30x20", "opaque-30x20", "gif-30x20"] {
      var bytes = try await Picture(kind).bytes
      bytes += [UInt8](repeating: 0, count: (5 << 20) - 1 - bytes.count)
      for count in [(5 << 20) - 1, 5 << 20] {
        #expect(bytes.count == count)
        #expect(failure(bytes) == nil)
        bytes.append(0)
      }
      #expect(failure(bytes) == .tooLarge(limit: 5 << 20))
    }
  }

  @Test("is refused for its size before any pixel is made", arguments: PromisedSize.all)
  func promises(of format: PromisedSize) {
    // Within the limits these are headers without a picture.
    for (width, height) in [(10_000, 4_000), (4_000, 10_000), (10_000, 1), (6_324, 6_324)] {
      #expect(failure(format.file(width, height)) == .damaged, "\(format) \(width)×\(height)")
    }
    for (width, height) in [
      (10_000, 4_001), (4_001, 10_000), (10_001, 1), (1, 10_001), (6_325, 6_325),
      (format.most, format.most),
    ] {
      #expect(failure(format.file(width, height)) == .tooManyPixels, "\(format) \(width)×\(height)")
    }
  }

  @Test("is refused with a side of nothing", arguments: PromisedSize.all.filter(\.hasZero))
  func nothing(of format: PromisedSize) {
    for (width, height) in [(0, 5), (5, 0), (0, 0)] {
      #expect(failure(format.file(width, height)) == .damaged)
    }
  }

  @Test("is refused when its many scans would take for ever")
  func scans() async throws {
    let bytes = try await Picture("progressive-8x6").bytes
    var scans = 0
    for index in bytes.indices.dropLast() where bytes[index] == 0xff && bytes[index + 1] == 0xda {
      scans += 1
    }
    #expect(scans > 1)
    var limits = AvatarLimits()
    for (decoded, expected) in [
      (48 * scans - 1, AvatarError.tooManyPixels as AvatarError?), (48 * scans, nil),
      (48 * scans + 1, nil),
    ] {
      limits.maxDecodedPixels = decoded
      #expect(failure(bytes, limits) == expected)
    }
  }

  @Test(
    "is refused when it was cut",
    arguments: ["jpeg-50x40", "progressive-50x40", "translucent-50x40", "webp-50x40"])
  func cut(kind: String) async throws {
    let bytes = try await Picture(kind).bytes
    for count in [bytes.count / 4, bytes.count / 2, bytes.count * 3 / 4] {
      #expect(failure(Array(bytes.prefix(count))) == .damaged)
    }
  }

  @Test("does no harm, whatever happened to its bytes, and nothing is said on stderr")
  func damage() async throws {
    let files = try await [
      "jpeg-9x7", "progressive-9x7", "turned-6", "translucent-9x7", "palette-9x7", "gif-9x7",
      "webp-9x7",
      "lossless-9x7",
    ].asyncMap { try await Picture($0).bytes }
    let result = try await #require(
      processExitsWith: .success, observing: [\.standardErrorContent]
    ) { [files = files as [[UInt8]]] in
      var limits = AvatarLimits()
      limits.maxPixels = 1_000_000
      for file in files {
        for count in file.indices {
          _ = try? AvatarPicture.encode(Array(file.prefix(count)), limits: limits)
        }
        for index in file.indices {
          for change in [0x01, 0xff] as [UInt8] {
            var bytes = file
            bytes[index] ^= change
            _ = try? AvatarPicture.encode(bytes, limits: limits)
          }
        }
      }
    }
    #expect(String(decoding: result.standardErrorContent, as: UTF8.self) == "")
  }

  @Test("waits for its turn, and is refused when enough are waiting")
  func busy() async throws {
    let bytes = try await Picture("noise-1200x1200").bytes
    let encoder = try GDAvatarEncoder(threads: 1, maxWaiting: 1)
    let errors = await withTaskGroup(of: AvatarError?.self) { group in
      for _ in 0..<16 { group.addTask { await failure(encoder, bytes) } }
      return await group.reduce(into: []) { $0.append($1) }
    }
    #expect(errors.contains(nil) && errors.contains(.busy))
    #expect(errors.allSatisfy { $0 == nil || $0 == .busy })
    #expect(await failure(encoder, bytes) == nil)
  }

  private func failure(_ bytes: [UInt8], _ limits: AvatarLimits = AvatarLimits()) -> AvatarError? {
    do throws(AvatarError) {
      _ = try AvatarPicture.encode(bytes, limits: limits)
      return nil
    } catch {
      return error
    }
  }

  private func failure(_ encoder: some AvatarEncoder, _ bytes: [UInt8]) async -> AvatarError? {
    do throws(AvatarError) {
      _ = try await encoder.encode(bytes)
      return nil
    } catch {
      return error
    }
  }
}

extension Sequence {
  fileprivate func asyncMap<Value>(_ body: (Element) async throws -> Value) async rethrows
    -> [Value]
  {
    var values: [Value] = []
    for element in self { values.append(try await body(element)) }
    return values
  }
}

/// A file that is a header of some size and nothing else.
enum PromisedSize: String, Sendable {
  case png, jpeg, gifScreen, gifImage, webPLossy, webPLossless, webPExtended

  static let all: [PromisedSize] = [
    .png, .jpeg, .gifScreen, .gifImage, .webPLossy, .webPLossless, .webPExtended,
  ]

  /// The largest side that the format can write.
  var most: Int {
    switch self {
    case .png: 0x7fff_ffff
    case .jpeg, .gifScreen, .gifImage: 0xffff
    case .webPLossy: 0x3fff
    case .webPLossless: 0x4000
    case .webPExtended: 0x100_0000
    }
  }

  /// Whether the format can write a side of nothing; a screen without size is none of the picture's.
  var hasZero: Bool {
    switch self {
    case .png, .jpeg, .gifImage, .webPLossy: true
    case .gifScreen, .webPLossless, .webPExtended: false
    }
  }

  func file(_ width: Int, _ height: Int) -> [UInt8] {
    func big(_ value: Int, _ count: Int) -> [UInt8] {
      (0..<count).reversed().map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
    func little(_ value: Int, _ count: Int) -> [UInt8] { big(value, count).reversed() }
    func webP(_ kind: String, _ data: [UInt8]) -> [UInt8] {
      Array("RIFF".utf8) + little(data.count + 12, 4) + Array("WEBP\(kind)".utf8)
        + little(data.count, 4) + data
    }
    switch self {
    case .png:
      return [0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10] + big(13, 4) + Array("IHDR".utf8)
        + big(width, 4) + big(height, 4) + [8, 6, 0, 0, 0] + big(0, 4)
    case .jpeg:
      return [0xff, 0xd8, 0xff, 0xc0, 0, 11, 8] + big(height, 2) + big(width, 2) + [1, 1, 0x11, 0]
        + [0xff, 0xda, 0, 8, 1, 1, 0, 0, 0x3f, 0, 0xff, 0xd9]
    case .gifScreen:
      return Array("GIF89a".utf8) + little(width, 2) + little(height, 2) + [0, 0, 0, 0x2c]
        + little(0, 4) + little(1, 2) + little(1, 2) + [0]
    case .gifImage:
      // Behind a comment, and larger than the screen.
      return Array("GIF87a".utf8) + little(1, 2) + little(1, 2) + [0x80, 0, 0]
        + [UInt8](repeating: 0, count: 6) + [0x21, 0xfe, 2, 0x2c, 0x2c, 0, 0x2c] + little(0, 4)
        + little(width, 2) + little(height, 2) + [0]
    case .webPLossy:
      return webP("VP8 ", [0x30, 0, 0, 0x9d, 0x01, 0x2a] + little(width, 2) + little(height, 2))
    case .webPLossless:
      return webP("VP8L", [0x2f] + little((width - 1) | (height - 1) << 14, 4))
    case .webPExtended:
      return webP("VP8X", [0, 0, 0, 0] + little(width - 1, 3) + little(height - 1, 3))
    }
  }
}
