// SPDX-License-Identifier: Apache-2.0

/// What an upload may cost.
package struct AvatarLimits: Sendable {
  /// Of the upload. Default 5 MiB; more is `.tooLarge`.
  package var maxBytes = 5 << 20
  /// Of the upload, as its header says. Default 40 million, a camera's; at four bytes each for libgd and, for
  /// PNG, four more for libpng, this bounds what one picture takes: 320 MB. More is `.tooManyPixels`.
  package var maxPixels = 40_000_000
  /// Width and height of the upload. Default 10,000; more is `.tooManyPixels`.
  package var maxSide = 10_000
  /// Pixels times scans of a JPEG file. Default 640 million: a largest picture in 16 scans, where cameras and
  /// programs make up to 10. A scan is few bytes and costs a walk over all pixels. More is `.tooManyPixels`.
  package var maxDecodedPixels = 640_000_000
  /// Width and height of the result. Default 512: the largest that the pages show, twice.
  package var maxResultSide = 512
  /// JPEG quality of the result, 0–100. Default 85.
  package var quality = 85

  package init() {}
}
