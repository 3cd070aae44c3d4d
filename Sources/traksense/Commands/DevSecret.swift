// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The key that signs the tokens of `traksense dev`: made once, so that people stay signed in over a restart.
enum DevSecret {
  /// - Parameter directory: where the private databases are.
  static func key(in directory: String) throws -> Secret {
    let file = "\(directory)/secret-key"
    if let bytes = FileManager.default.contents(atPath: file) {
      return Secret(value: String(decoding: bytes, as: UTF8.self))
    }
    var generator = SystemRandomNumberGenerator()
    let key = (0..<4).map { _ in String(generator.next() as UInt64, radix: 16) }.joined()
    let isWritten = FileManager.default.createFile(
      atPath: file, contents: Data(key.utf8), attributes: [.posixPermissions: 0o600])
    guard isWritten else {
      throw CocoaError(.fileWriteUnknown, userInfo: [NSFilePathErrorKey: file])
    }
    return Secret(value: key)
  }
}
