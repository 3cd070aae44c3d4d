// SPDX-License-Identifier: Apache-2.0

extension MapShape {
  /// Declares the type in which the pairs of `field` cross to C.
  /// - Parameter fullName: the message that has the field.
  func declareEntry(
    _ fullName: String, of field: FieldShape, in text: inout SourceText
  ) throws(PluginError) {
    let label = "\(fullName).\(field.protoName)"
    let scope = entryType.split(separator: ".").dropLast().joined(separator: ".")
    let name = entryType.split(separator: ".").last.map(String.init) ?? entryType
    try text.block("extension \(scope)") { text throws(PluginError) in
      text.line("/// One pair of `\(field.protoName)`.")
      try text.block("package struct \(name): @unsafe CMapEntry") { text throws(PluginError) in
        text.line("package var key: \(key.element)")
        text.line("package var value: \(value.element)")
        text.line()
        try text.block("package init(key: \(key.element), value: \(value.element))") {
          text throws(PluginError) in
          text.line("self.key = key")
          text.line("self.value = value")
        }
        text.line()
        try text.declareC(entryCType, overhead: [key, value])
        text.line()
        try text.block(
          "package init(decoding c: UnsafePointer<\(entryCType)>) throws(ProtobufError)"
        ) { text throws(PluginError) in
          text.line("self.key = \(key.decoded(label))")
          text.line("self.value = \(value.decoded(label))\(value.isMessage ? " ?? .init()" : "")")
        }
        text.line()
        try text.block(
          "package func fill(_ c: UnsafeMutablePointer<\(entryCType)>, _ arena: inout Arena)"
        ) { text throws(PluginError) in
          text.line("unsafe c.pointee.key = \(key.encoded("self.key"))")
          text.line("unsafe c.pointee.value = \(value.encoded("self.value"))")
        }
      }
    }
  }
}
