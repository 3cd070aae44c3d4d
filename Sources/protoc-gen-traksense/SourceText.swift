// SPDX-License-Identifier: Apache-2.0

/// Source text that knows its indentation.
struct SourceText {
  private(set) var text = ""
  private var depth = 0

  /// Appends a line; an empty one without indentation.
  mutating func line(_ content: String = "") {
    if !content.isEmpty { text += String(repeating: "  ", count: depth) + content }
    text += "\n"
  }

  /// Appends `header {`, what `body` appends, and `}`.
  mutating func block(
    _ header: String, _ body: (inout SourceText) throws(PluginError) -> Void
  ) throws(PluginError) {
    line("\(header) {")
    depth += 1
    try body(&self)
    depth -= 1
    line("}")
  }

  /// Appends a doc comment: the .proto's comment or else `fallback`.
  mutating func doc(_ comment: String?, or fallback: String) {
    let lines = (comment ?? fallback).split(separator: "\n", omittingEmptySubsequences: false)
    var trimmed = lines.map { $0.drop { $0 == " " } }
    while trimmed.last?.isEmpty == true { trimmed.removeLast() }
    for content in trimmed { line(content.isEmpty ? "///" : "/// \(content)") }
  }
}
