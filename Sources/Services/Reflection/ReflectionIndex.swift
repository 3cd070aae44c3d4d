// SPDX-License-Identifier: Apache-2.0

import TrakSenseAPI

/// .proto files by what is asked for.
struct ReflectionIndex: Sendable {
  private var files: [String: ProtobufFile] = [:]
  private var fileOfSymbol: [String: String] = [:]
  private var fileOfExtension: [ProtobufFile.Extension: String] = [:]
  private var extensionNumbers: [String: [Int32]] = [:]

  /// - Parameter files: with everything they import; of several with one name the first counts.
  init(_ files: [ProtobufFile]) {
    for file in files where self.files[file.name] == nil {
      self.files[file.name] = file
      for symbol in file.symbols { fileOfSymbol[symbol] = file.name }
      for one in file.extensions {
        fileOfExtension[one] = file.name
        extensionNumbers[one.message, default: []].append(one.number)
      }
    }
  }

  func name(declaring symbol: String) -> String? { fileOfSymbol[symbol] }

  func name(declaring one: ProtobufFile.Extension) -> String? { fileOfExtension[one] }

  /// Ascending; nil when there is nothing of this name.
  func extensionNumbers(of message: String) -> [Int32]? {
    guard fileOfSymbol[message] != nil else { return nil }
    return extensionNumbers[message, default: []].sorted()
  }

  /// A file, then everything it imports, directly or not.
  /// - Parameter sent: names of the files that the caller has; of those, only the one asked for is given.
  /// - Returns: serialized descriptors; nil when there is no such file.
  func descriptors(of name: String, sent: inout Set<String>) -> [[UInt8]]? {
    guard let file = files[name] else { return nil }
    sent.insert(name)
    var descriptors = [file.descriptor]
    var waiting = file.imports[...]
    while let next = waiting.popFirst() {
      guard let imported = files[next], sent.insert(next).inserted else { continue }
      descriptors.append(imported.descriptor)
      waiting += imported.imports
    }
    return descriptors
  }
}
