// SPDX-License-Identifier: Apache-2.0

extension SchemaEnum {
  /// Declares the Swift enum.
  func declare(in text: inout SourceText) throws(PluginError) {
    guard let zero = values.first, zero.number == 0 else {
      throw PluginError("\(name): the first value must be 0")
    }
    // Aliases would make two cases of one number.
    guard Set(values.map(\.number)).count == values.count else {
      throw PluginError("\(name): values with equal numbers are not supported")
    }
    text.doc(comment, or: "The .proto's `\(name)`.")
    try text.block("public enum \(name): ProtobufEnum") { text throws(PluginError) in
      for value in values {
        text.doc(value.comment, or: "`\(value.name)`")
        text.line("case \(swiftCase(value))")
      }
      text.line("/// A number that this version of the .proto does not know.")
      text.line("case unrecognized(Int32)")
      text.line()
      text.line("/// The value of number 0.")
      text.line("public init() { self = .\(swiftCase(zero)) }")
      text.line()
      text.line("/// The value of this number.")
      try text.block("public init(rawValue: Int32)") { text throws(PluginError) in
        try text.block("switch rawValue") { text throws(PluginError) in
          for value in values {
            text.line("case \(value.number): self = .\(swiftCase(value))")
          }
          text.line("default: self = .unrecognized(rawValue)")
        }
      }
      text.line()
      text.line("/// The value's number.")
      try text.block("public var rawValue: Int32") { text throws(PluginError) in
        try text.block("switch self") { text throws(PluginError) in
          for value in values { text.line("case .\(swiftCase(value)): \(value.number)") }
          text.line("case .unrecognized(let number): number")
        }
      }
      text.line()
      text.line("/// The names of the .proto with their values.")
      text.line("public static var names: [(name: StaticString, value: Self)] {")
      text.line("  [")
      for value in values {
        text.line("    (\"\(value.name)\", .\(swiftCase(value))),")
      }
      text.line("  ]")
      text.line("}")
    }
  }

  private func swiftCase(_ value: Value) -> String { SwiftNames.enumCase(value.name, of: name) }
}
