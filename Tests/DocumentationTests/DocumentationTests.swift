// SPDX-License-Identifier: Apache-2.0
import DevStack
import Foundation
import TestSupport
import Testing

/// What `make docs` builds, from the very build that is tested.
@Suite("Documentation", .serialized, .timeLimit(.minutes(15)))
struct DocumentationTests {
  /// The folder of the build that this test belongs to.
  private static var build: String {
    get throws {
      let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
      var folder = URL(filePath: tests).deletingLastPathComponent()
      while folder.path != "/" {
        if FileManager.default.fileExists(atPath: folder.appending(path: "Modules").path) {
          return folder.path
        }
        folder.deleteLastPathComponent()
      }
      throw ToolFailed(description: "no build around \(tests)")
    }
  }

  @Test("pages build without a warning, their Swift compiles, and every public symbol is explained")
  func builds() async throws {
    let folder = try TemporaryDirectory()
    try await Run(
      "\(Repository.root)/Scripts/docs.sh", ["\(folder.path)/site", Self.build]
    ).succeed(within: .seconds(900))
    #expect(
      FileManager.default.fileExists(
        atPath: "\(folder.path)/site/documentation/traksenseapi/followreadingslive/index.html"))

    for module in ["TrakSenseAPI", "RPCRuntime"] {
      let data = try Data(contentsOf: URL(filePath: "\(folder.path)/site/\(module).symbols.json"))
      let graph = try JSONDecoder().decode(SymbolGraph.self, from: data)
      #expect(graph.symbols.count > 300)
      let silent = graph.symbols.filter { symbol in
        // A case's name may say it all.
        symbol.docComment == nil && symbol.kind.identifier != "swift.enum.case"
      }
      #expect(silent.map { $0.pathComponents.joined(separator: ".") } == [], "\(module)")
    }
  }

  private struct SymbolGraph: Decodable {
    struct Symbol: Decodable {
      struct Kind: Decodable { let identifier: String }
      struct Comment: Decodable {}
      let kind: Kind
      let pathComponents: [String]
      let docComment: Comment?
    }

    let symbols: [Symbol]
  }
}
