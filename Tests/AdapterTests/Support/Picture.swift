// SPDX-License-Identifier: Apache-2.0

import DevStack
import Domain
import Foundation
import TestSupport
import Testing

/// A picture made by Pillow: `Foreign/picture.py`.
struct Picture {
  let bytes: [UInt8]
  private let folder: TemporaryDirectory
  private var original: String { "\(folder.path)/original" }

  /// What Pillow says of a result beside its original.
  struct Comparison: Decodable {
    let format: String
    let width: Int
    let height: Int
    /// Mean distance of the colours on white, 0–255.
    let difference: Double
    let alphaDifference: Double
    /// Entries of EXIF and text chunks.
    let metadata: Int
    let tellsSecrets: Bool
  }

  init(_ kind: String) async throws {
    folder = try TemporaryDirectory()
    try await Run.script("picture.py", ["make", kind, "\(folder.path)/original"]).succeed()
    bytes = [UInt8](try Data(contentsOf: URL(filePath: "\(folder.path)/original")))
  }

  func compare(_ result: EncodedAvatar) async throws -> Comparison {
    let file = "\(folder.path)/\(UInt64.random(in: .min ... .max))"
    try Data(result.bytes).write(to: URL(filePath: file))
    return try await Run.script("picture.py", ["compare", original, file])
      .result(Comparison.self)
  }
}
