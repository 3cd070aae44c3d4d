// SPDX-License-Identifier: Apache-2.0
import DedicatedThread
package import Domain
import Files

/// Objects as files of one folder.
///
/// A file is the content type, a line feed, and the bytes: both come and go together, also when this process is
/// killed. Its name is the key with `+` for `/`, a character that keys do not have: no key names anything
/// outside the folder, and none is another's folder.
package final class DirectoryObjectStore: ObjectStore {
  private let folder: Folder
  private let thread: DedicatedThread

  /// - Parameter path: is made when missing, for this user alone.
  package init(path: String) throws {
    folder = try Folder(path: path)
    thread = try DedicatedThread(name: "objects")
  }

  package func put(
    _ bytes: [UInt8], key: ObjectKey, contentType: String
  ) async throws(ObjectStoreError) {
    try ContentType.check(contentType)
    let head = Array("\(contentType)\n".utf8)
    try await run { folder throws(FolderError) in
      try folder.write(head, bytes, as: Self.name(key))
    }
  }

  package func get(_ key: ObjectKey, limit: Int) async throws(ObjectStoreError) -> StoredObject? {
    let limitOfFile = limit.addingReportingOverflow(ContentType.maxLength + 1)
    let file = try await run(limit: limit) { folder throws(FolderError) in
      try folder.read(Self.name(key), limit: limitOfFile.overflow ? .max : limitOfFile.partialValue)
    }
    guard let file else { return nil }
    guard let end = file.prefix(ContentType.maxLength + 1).firstIndex(of: UInt8(ascii: "\n")) else {
      throw .permanent("a file without a content type")
    }
    guard file.count - end - 1 <= limit else { throw .tooLarge(limit) }
    return StoredObject(
      bytes: Array(file[(end + 1)...]), contentType: String(decoding: file[..<end], as: UTF8.self))
  }

  package func delete(_ key: ObjectKey) async throws(ObjectStoreError) {
    try await run { folder throws(FolderError) in try folder.remove(Self.name(key)) }
  }

  private static func name(_ key: ObjectKey) -> String {
    String(key.rawValue.map { $0 == "/" ? "+" : $0 })
  }

  /// - Parameter limit: of the object, for what is said of a file that is too large.
  private func run<Value: Sendable>(
    limit: Int? = nil, _ body: @escaping @Sendable (Folder) throws(FolderError) -> Value
  ) async throws(ObjectStoreError) -> Value {
    do throws(FolderError) {
      return try await thread.run { [folder] () throws(FolderError) in try body(folder) }
    } catch {
      if case .tooLarge = error, let limit { throw .tooLarge(limit) }
      throw error.isTransient ? .transient("\(error)") : .permanent("\(error)")
    }
  }
}

extension ObjectStoreError {
  static func tooLarge(_ limit: Int) -> ObjectStoreError {
    .permanent("the object is larger than \(limit) bytes")
  }
}
