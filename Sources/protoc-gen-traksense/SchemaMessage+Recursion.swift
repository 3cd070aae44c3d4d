// SPDX-License-Identifier: Apache-2.0

extension SchemaFile {
  /// Refuses messages that can contain themselves: protobuf-c unpacks without a limit on nesting, so that a
  /// peer could make it use up the stack.
  /// - Parameter files: all files whose types may be referred to.
  static func refuseRecursion(in files: [SchemaFile]) throws(PluginError) {
    var contents: [String: [String]] = [:]
    for file in files {
      for message in file.messages { message.collect(into: &contents, scope: ".\(file.package)") }
    }
    var finished: Set<String> = []
    var open: Set<String> = []
    func visit(_ name: String) throws(PluginError) {
      guard !finished.contains(name), let contained = contents[name] else { return }
      guard open.insert(name).inserted else {
        throw PluginError("\(name.dropFirst()) can contain itself, which is not supported")
      }
      for inner in contained { try visit(inner) }
      open.remove(name)
      finished.insert(name)
    }
    for name in contents.keys.sorted() { try visit(name) }
  }
}

extension SchemaMessage {
  /// Which messages each message holds.
  fileprivate func collect(into contents: inout [String: [String]], scope: String) {
    let name = "\(scope).\(self.name)"
    contents[name] = fields.filter { $0.type == .message }.map(\.typeName)
    for nested in messages { nested.collect(into: &contents, scope: name) }
  }
}
