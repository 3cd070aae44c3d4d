// SPDX-License-Identifier: Apache-2.0

import Domain
import Foundation
import Imaging

extension FuzzTarget {
  /// Whatever is uploaded: a refusal, or a picture that is within its bounds and is one. libgd itself is not
  /// instrumented; the address sanitizer sees what it asks of malloc and memcpy.
  static let picture = FuzzTarget(
    name: "picture",
    // 8 × 6 pixels each: JPEG, a progressive one with an orientation, PNG, one with alpha, GIF, WebP lossy and
    // lossless.
    seeds: [
      "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDABALDA4MChAODQ4SERATGCgaGBYWGDEjJR0oOjM9PDkzODdASFxOQERXRTc4UG1RV19iZ2hnPk1xeXBkeFxlZ2P/2wBDARESEhgVGC8aGi9jQjhCY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2P/wAARCAAGAAgDASIAAhEBAxEB/8QAFQABAQAAAAAAAAAAAAAAAAAAAAP/xAAZEAEAAgMAAAAAAAAAAAAAAAAAAgUDETH/xAAUAQEAAAAAAAAAAAAAAAAAAAAC/8QAGxEAAQQDAAAAAAAAAAAAAAAAAgABAwQREyL/2gAMAwEAAhEDEQA/AIVlBhlrgAQCxhkkqdmXU3S//9k=",
      "/9j/4AAQSkZJRgABAQAAAQABAAD/4QAiRXhpZgAATU0AKgAAAAgAAQESAAMAAAABAAYAAAAAAAD/2wBDABALDA4MChAODQ4SERATGCgaGBYWGDEjJR0oOjM9PDkzODdASFxOQERXRTc4UG1RV19iZ2hnPk1xeXBkeFxlZ2P/2wBDARESEhgVGC8aGi9jQjhCY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2P/wgARCAAGAAgDASIAAhEBAxEB/8QAFQABAQAAAAAAAAAAAAAAAAAAAAP/xAAVAQEBAAAAAAAAAAAAAAAAAAABAv/aAAwDAQACEAMQAAABmJf/xAAWEAEBAQAAAAAAAAAAAAAAAAADAAH/2gAIAQEAAQUCMMv/xAAYEQACAwAAAAAAAAAAAAAAAAAAAwISMf/aAAgBAwEBPwFLJV0//8QAGBEAAgMAAAAAAAAAAAAAAAAAAAECESH/2gAIAQIBAT8BgrWn/8QAFBABAAAAAAAAAAAAAAAAAAAAAP/aAAgBAQAGPwJ//8QAFRABAQAAAAAAAAAAAAAAAAAAAAH/2gAIAQEAAT8hvf/aAAwDAQACAAMAAAAQ+//EABURAQEAAAAAAAAAAAAAAAAAAAAR/9oACAEDAQE/EI5//8QAFhEAAwAAAAAAAAAAAAAAAAAAAAER/9oACAECAQE/EFXH/8QAFhAAAwAAAAAAAAAAAAAAAAAAABEx/9oACAEBAAE/EFkP/9k=",
      "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAGCAIAAABxZ0isAAAAKUlEQVR42mNkYGCQw4ZYGDQYGBjYMRFcgg8NIUuIIiM0CRk4wpRQhiAAGYEEA3UrYSUAAAAASUVORK5CYII=",
      "iVBORw0KGgoAAAANSUhEUgAAAAgAAAAGCAYAAAD+Bd/7AAAAVElEQVR42nWMMQqAMBAERwiEJHfXHVoEmzT5/wst4lkoFsMuyzIbwAnlj8Rkh1xflOiJyQG5gVWwT4ZB1ugC3m4EvIVBwGSNXaFLEAYFU3Bdh/FwAUFgBka09xmIAAAAAElFTkSuQmCC",
      "R0lGODlhCAAGAIEAAJagjB6gHGlQMWkUDCH5BAEAAAEALAAAAAAIAAYAAAgdAAcIHEiwoIAAAQQoVAgAYUIBACI6jEhxIkUAAQEAOw==",
      "UklGRkgAAABXRUJQVlA4IDwAAADQAQCdASoIAAYAAsBMJbACdAD0Oh7B4AD+9LgCPuuqZsu4NHu4bnY77ynvBm6GIB/69qZ9CLtHPPM4wAA=",
      "UklGRkQAAABXRUJQVlA4TDcAAAAvB0ABELkyRPQ/dhHR/1AwaNtGUOGMP8YD8e+MxxyQCVjGzCfB5GDtPZxghuPSbA6h2b70yyECAA==",
    ].map { text in Data(base64Encoded: text).map { [UInt8]($0) } ?? [] }
  ) { bytes in
    var limits = AvatarLimits()
    limits.maxPixels = 1_000_000
    limits.maxDecodedPixels = 4_000_000
    guard let result = try? AvatarPicture.encode(bytes, limits: limits) else { return }
    hold(
      (1...512).contains(result.width) && (1...512).contains(result.height), "a picture is small")
    guard let again = try? AvatarPicture.encode(result.bytes, limits: limits) else {
      preconditionFailure("a picture that was written can be read")
    }
    hold(
      again.width == result.width && again.height == result.height
        && again.contentType == result.contentType, "a picture comes back")
  }
}
