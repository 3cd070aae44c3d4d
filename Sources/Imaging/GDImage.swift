// SPDX-License-Identifier: Apache-2.0
import CGD

/// The owner of one `gdImage`, used by one thread at a time.
@safe struct GDImage: ~Copyable {
  /// Fully transparent, as libgd counts; 0 is opaque.
  static let maxAlpha = 127

  private let raw: gdImagePtr

  /// An opaque black picture.
  /// - Returns: nil: out of memory.
  init?(width: Int, height: Int) {
    Self.beSilent
    guard let raw = unsafe gdImageCreateTrueColor(Int32(width), Int32(height)) else { return nil }
    unsafe self.raw = unsafe raw
    // Pixels replace what was there, with their alpha.
    unsafe gdImageAlphaBlending(raw, 0)
    unsafe gdImageSaveAlpha(raw, 1)
  }

  /// Decodes a file. Of an animated GIF the first picture; warnings of libjpeg, which most cameras' files
  /// deserve, do not count.
  /// - Returns: nil: damaged, or out of memory.
  init?(decoding bytes: [UInt8], as format: ImageHeader.Format) {
    Self.beSilent
    // libgd only reads from it.
    let decoded = unsafe bytes.withUnsafeBytes { buffer -> gdImagePtr? in
      let data = unsafe UnsafeMutableRawPointer(mutating: buffer.baseAddress)
      let count = Int32(buffer.count)
      switch format {
      case .jpeg: return unsafe gdImageCreateFromJpegPtrEx(count, data, 1)
      case .png: return unsafe gdImageCreateFromPngPtr(count, data)
      case .gif: return unsafe gdImageCreateFromGifPtr(count, data)
      case .webP: return unsafe gdImageCreateFromWebpPtr(count, data)
      }
    }
    guard let decoded = unsafe decoded else { return nil }
    unsafe raw = unsafe decoded
  }

  deinit {
    unsafe gdImageDestroy(raw)
  }

  var width: Int { unsafe Int(raw.pointee.sx) }
  var height: Int { unsafe Int(raw.pointee.sy) }

  /// The pixel as `alpha, red, green, blue`; alpha of 7 bits.
  subscript(x: Int, y: Int) -> Int32 {
    get {
      let color = unsafe gdImageGetTrueColorPixel(raw, Int32(x), Int32(y))
      // A colour that stands for transparency (PNG's tRNS chunk for RGB); palettes are resolved already.
      let isKey = unsafe raw.pointee.trueColor != 0 && color == raw.pointee.transparent
      return isKey ? color | Int32(Self.maxAlpha) << 24 : color
    }
    nonmutating set { unsafe gdImageSetPixel(raw, Int32(x), Int32(y), newValue) }
  }

  /// Makes the colour that stands for transparency transparent, so that it can be mixed with others.
  func resolveTransparentColor() {
    guard unsafe raw.pointee.trueColor != 0 && raw.pointee.transparent >= 0 else { return }
    unsafe gdImageAlphaBlending(raw, 0)
    for y in 0..<height {
      for x in 0..<width {
        let color = self[x, y]
        if color >> 24 == Self.maxAlpha { self[x, y] = color }
      }
    }
  }

  /// A copy of another size; each pixel is the mean of those that it covers.
  func resized(width: Int, height: Int) -> GDImage? {
    resolveTransparentColor()
    guard let copy = GDImage(width: width, height: height) else { return nil }
    unsafe gdImageCopyResampled(
      copy.raw, raw, 0, 0, 0, 0, Int32(width), Int32(height), Int32(self.width), Int32(self.height))
    return copy
  }

  // MARK: Encoding

  func png() -> [UInt8]? {
    var count: Int32 = 0
    return unsafe Self.take(gdImagePngPtr(raw, &count), count)
  }

  /// - Parameter quality: 0–100.
  func jpeg(quality: Int) -> [UInt8]? {
    var count: Int32 = 0
    return unsafe Self.take(gdImageJpegPtr(raw, &count, Int32(quality)), count)
  }

  @unsafe private static func take(_ memory: UnsafeMutableRawPointer?, _ count: Int32) -> [UInt8]? {
    guard let memory = unsafe memory else { return nil }
    defer { unsafe gdFree(memory) }
    return unsafe Array(UnsafeRawBufferPointer(start: memory, count: Int(count)))
  }

  /// Once per process, for ever.
  private static let beSilent: Void = ts_gd_be_silent()
}
