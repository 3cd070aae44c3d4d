// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// What `make fuzz` found once, and what it begins with, without a fuzzer.
@Suite("Inputs that were once too much", .timeLimit(.minutes(5)))
struct ReplayTests {
  @Test("do no harm any more", arguments: FuzzTarget.all.map(\.name))
  func replay(name: String) throws {
    let target = try #require(FuzzTarget.all.first { $0.name == name })
    for seed in target.seeds { target.run(seed) }
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("FuzzRegressions/\(name)")
    guard FileManager.default.fileExists(atPath: folder.path) else { return }
    for file in try FileManager.default.contentsOfDirectory(
      at: folder, includingPropertiesForKeys: nil)
    {
      target.run(Array(try Data(contentsOf: file)))
    }
  }
}
