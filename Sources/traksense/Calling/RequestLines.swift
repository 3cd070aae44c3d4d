// SPDX-License-Identifier: Apache-2.0

/// Where the requests of a call come from, in JSON.
enum RequestLines: Sendable {
  case arguments([String])
  case standardInput(StandardInput)

  /// - Returns: the next request, empty lines passed over; nil when there are no more.
  mutating func next() async -> String? {
    switch self {
    case .arguments(let texts):
      self = .arguments(Array(texts.dropFirst()))
      return texts.first
    case .standardInput(let input):
      while let line = await input.nextLine() {
        if !line.allSatisfy(\.isWhitespace) { return line }
      }
      return nil
    }
  }
}
