// SPDX-License-Identifier: Apache-2.0

import DevStack
import Domain
import Files
import Foundation
import Glibc
import ObjectStorage
import Testing

@Suite("Objects in a folder", .timeLimit(.minutes(5)))
struct DirectoryObjectStoreTests {
  private let folder: TemporaryDirectory
  private let path: String
  private let store: DirectoryObjectStore

  init() throws {
    folder = try TemporaryDirectory()
    path = "\(folder.path)/deeply/hidden/objects"
    store = try DirectoryObjectStore(path: path)
  }

  private var names: [String] {
    get throws { try FileManager.default.contentsOfDirectory(atPath: path).sorted() }
  }

  @Test("are kept, replaced, found and forgotten")
  func all() async throws {
    try await ObjectStoreChecks(store: store).all()
    #expect(try names.allSatisfy { !$0.hasPrefix("~") })
  }

  @Test("may have a key that begins another's")
  func nested() async throws {
    for name in ["a", "a/b", "a/b/c"] {
      let key = try ObjectStoreChecks.key(name)
      try await store.put(Array(name.utf8), key: key, contentType: "text/plain")
      #expect(try await store.get(key, limit: 9)?.bytes == Array(name.utf8))
    }
    #expect(try names == ["a", "a+b", "a+b+c"])
  }

  @Test("are there for another process, and private to the user")
  func durable() async throws {
    let key = try ObjectStoreChecks.key("avatars/a.png")
    try await store.put([1, 2], key: key, contentType: "image/png")
    let other = try DirectoryObjectStore(path: path)
    #expect(try await other.get(key, limit: 2)?.bytes == [1, 2])
    let file = try FileManager.default.attributesOfItem(atPath: "\(path)/avatars+a.png")
    #expect(file[.posixPermissions] as? Int == 0o600)
    let home = try FileManager.default.attributesOfItem(atPath: path)
    #expect(home[.posixPermissions] as? Int == 0o700)
  }

  @Test("do not lead out of the folder through a link")
  func links() async throws {
    let secret = "\(folder.path)/secret"
    try Data("text/plain\nsecret".utf8).write(to: URL(filePath: secret))
    try FileManager.default.createSymbolicLink(
      atPath: "\(path)/avatars+a.png", withDestinationPath: secret)
    let key = try ObjectStoreChecks.key("avatars/a.png")
    let error = await failure { () throws(ObjectStoreError) in
      _ = try await store.get(key, limit: 99)
    }
    #expect(error == .permanent("not a plain file"))
    // Writing replaces the link, not what it leads to.
    try await store.put([1], key: key, contentType: "image/png")
    #expect(try await store.get(key, limit: 9)?.bytes == [1])
    #expect(try String(contentsOfFile: secret, encoding: .utf8) == "text/plain\nsecret")
  }

  @Test("are plain files: nothing else is read, and nothing waits for a pipe")
  func pipes() async throws {
    let key = try ObjectStoreChecks.key("a.png")
    #expect(mkfifo("\(path)/a.png", 0o600) == 0)
    let pipe = await failure { () throws(ObjectStoreError) in _ = try await store.get(key, limit: 9)
    }
    #expect(pipe == .permanent("not a plain file"))
    let other = try ObjectStoreChecks.key("b.png")
    try FileManager.default.createDirectory(
      atPath: "\(path)/b.png", withIntermediateDirectories: false)
    let directory = await failure { () throws(ObjectStoreError) in
      _ = try await store.get(other, limit: 9)
    }
    #expect(directory == .permanent("not a plain file"))
    // What somebody put there without a content type.
    try Data(repeating: 65, count: 500).write(to: URL(filePath: "\(path)/c.png"))
    let third = try ObjectStoreChecks.key("c.png")
    let bare = await failure { () throws(ObjectStoreError) in
      _ = try await store.get(third, limit: 999)
    }
    #expect(bare == .permanent("a file without a content type"))
  }

  @Test("leave nothing behind when their writer is killed, after a while")
  func abandoned() throws {
    for (name, age) in [("~old", 3_700.0), ("~new", 3_000.0), ("kept", 9_000.0)] {
      let file = "\(path)/\(name)"
      try Data().write(to: URL(filePath: file))
      try FileManager.default.setAttributes(
        [.modificationDate: Date.now.addingTimeInterval(-age)], ofItemAtPath: file)
    }
    _ = try Folder(path: path)
    #expect(try names == ["kept", "~new"])
  }

  @Test("are whole whenever their writer is killed", arguments: [20, 45, 70, 95])
  func killed(milliseconds: Int) async throws {
    let path = self.path
    await #expect(processExitsWith: .signal(SIGKILL)) {
      [path = path as String, milliseconds = milliseconds as Int] in
      let store = try DirectoryObjectStore(path: path)
      let key = try ObjectStoreChecks.key("a")
      Thread.detachNewThread {
        usleep(UInt32(milliseconds) * 1000)
        kill(getpid(), SIGKILL)
      }
      for round in 0... {
        let byte = UInt8(truncatingIfNeeded: round)
        try await store.put(
          [UInt8](repeating: byte, count: 300_000), key: key, contentType: "text/\(byte)")
      }
    }
    let key = try ObjectStoreChecks.key("a")
    if let object = try await store.get(key, limit: 300_000) {
      let byte = try #require(object.bytes.first)
      #expect(object.bytes == [UInt8](repeating: byte, count: 300_000))
      #expect(object.contentType == "text/\(byte)")
    }
    try await store.put([1], key: key, contentType: "text/plain")
    #expect(try await store.get(key, limit: 1)?.bytes == [1])
  }

  @Test("fail for now when the folder is gone")
  func gone() async throws {
    try FileManager.default.removeItem(atPath: path)
    let key = try ObjectStoreChecks.key("a.png")
    let error = await failure { () throws(ObjectStoreError) in
      try await store.put([1], key: key, contentType: "image/png")
    }
    #expect(error?.isTransient == true)
  }

  @Test("have names that stay in the folder")
  func fileNames() throws {
    let folder = try Folder(path: path)
    for name in ["", ".", "..", "a/b", "/a", "~a", "a\0b", String(repeating: "x", count: 256)] {
      #expect(throws: FolderError.invalidName) { try folder.write([1], as: name) }
      #expect(throws: FolderError.invalidName) { try folder.read(name, limit: 1) }
      #expect(throws: FolderError.invalidName) { try folder.remove(name) }
    }
    try folder.write([1], as: String(repeating: "x", count: 255))
    for limit in [0, 1, 2] {
      let name = String(repeating: "x", count: 255)
      if limit == 0 {
        #expect(throws: FolderError.tooLarge(limit: 0)) { try folder.read(name, limit: limit) }
      } else {
        #expect(try folder.read(name, limit: limit) == [1])
      }
    }
  }
}
