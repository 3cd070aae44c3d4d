// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Prints each figure as it is found, and keeps it as a line of JSON.
final class Report {
  private let file: FileHandle?

  /// - Parameter path: appended to; nil: only print.
  init(path: String?) {
    if let path, !FileManager.default.fileExists(atPath: path) {
      _ = FileManager.default.createFile(atPath: path, contents: nil)
    }
    file = path.flatMap { FileHandle(forWritingAtPath: $0) }
    // A file that cannot be sought is written from its start.
    _ = try? file?.seekToEnd()
  }

  func section(_ title: String) {
    print("\n\(title)")
    fflush(nil)
  }

  /// - Parameter target: as people say it, `≤ 60 MB`.
  func add(
    _ figure: String, _ value: Double, _ unit: String, digits: Int = 0, target: String? = nil,
    isMet: Bool? = nil
  ) {
    let number = String(format: "%.\(digits)f", value)
    let name = figure.padding(toLength: max(58, figure.count), withPad: " ", startingAt: 0)
    let space = String(repeating: " ", count: max(0, 12 - number.count))
    var line = "  \(name) \(space)\(number) \(unit)"
    if let target, let isMet { line += "   (target \(target): \(isMet ? "met" : "MISSED"))" }
    print(line)
    fflush(nil)
    let fields: [String: Any] = [
      "figure": figure, "value": value, "unit": unit, "target": target ?? "",
    ]
    if var json = try? JSONSerialization.data(withJSONObject: fields, options: [.sortedKeys]) {
      json.append(UInt8(ascii: "\n"))
      file?.write(json)
    }
  }

  func note(_ text: String) {
    print("  \(text)")
    fflush(nil)
  }
}
