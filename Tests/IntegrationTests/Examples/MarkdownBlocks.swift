// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestSupport

/// The fenced code blocks of a page.
struct MarkdownBlocks {
  struct Block: Hashable {
    /// `sh`, `python`, …
    let language: String
    let text: String
    /// Of its first line.
    let line: Int
  }

  let blocks: [Block]
  /// What stands in backticks in the rows of tables.
  let cells: [String]

  /// - Parameter path: from the root of the repository.
  init(page path: String) throws {
    let page = try String(contentsOfFile: "\(Repository.root)/\(path)", encoding: .utf8)
    var blocks: [Block] = []
    var cells: [String] = []
    var open: (language: String, line: Int, lines: [Substring])?
    for (index, line) in page.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    {
      if let block = open {
        if line == "```" {
          blocks.append(
            Block(
              language: block.language, text: block.lines.joined(separator: "\n"), line: block.line)
          )
          open = nil
        } else {
          open?.lines.append(line)
        }
      } else if line.hasPrefix("```") {
        open = (String(line.dropFirst(3)), index + 2, [])
      } else if line.hasPrefix("|") {
        cells += line.matches(of: /`([^`]+)`/).map { String($0.1) }
      }
    }
    self.blocks = blocks
    self.cells = cells
  }

  /// The only block of this kind that contains a text.
  func block(_ language: String, with text: String) throws -> String {
    let found = blocks.filter { $0.language == language && $0.text.contains(text) }
    guard let block = found.first, found.count == 1 else {
      throw ToolFailed(description: "\(found.count) \(language) blocks contain '\(text)'")
    }
    return block.text
  }

  /// The only piece of a table that contains a text.
  func cell(with text: String) throws -> String {
    let found = cells.filter { $0.contains(text) }
    guard let cell = found.first, found.count == 1 else {
      throw ToolFailed(description: "\(found.count) cells contain '\(text)'")
    }
    return cell
  }
}
