// SPDX-License-Identifier: Apache-2.0

import Domain
import Testing

/// What every object store does.
struct ObjectStoreChecks {
  let store: any ObjectStore

  static func key(_ text: String) throws -> ObjectKey { try #require(ObjectKey(text)) }

  func all() async throws {
    try await keepsWhatItGets()
    try await replaces()
    try await forgets()
    try await holdsToTheLimit()
    try await refusesContentTypes()
  }

  private func keepsWhatItGets() async throws {
    let everyByte = (0..<70_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    for (name, bytes) in [
      ("avatars/a-b_c.1.png", everyByte), ("empty.bin", []), ("avatars/one", [10]),
      (String(repeating: "k", count: 150) + "/x.jpg", Array("image/x\n".utf8)),
    ] {
      let key = try Self.key(name)
      try await store.put(bytes, key: key, contentType: "image/png")
      let object = try await store.get(key, limit: 1 << 20)
      #expect(object == StoredObject(bytes: bytes, contentType: "image/png"))
    }
  }

  private func replaces() async throws {
    let key = try Self.key("avatars/replaced.png")
    try await store.put([1, 2, 3], key: key, contentType: "image/png")
    try await store.put([4], key: key, contentType: "image/jpeg")
    #expect(
      try await store.get(key, limit: 10) == StoredObject(bytes: [4], contentType: "image/jpeg"))
  }

  private func forgets() async throws {
    let key = try Self.key("avatars/forgotten.png")
    #expect(try await store.get(key, limit: 10) == nil)
    try await store.put([1], key: key, contentType: "image/png")
    try await store.delete(key)
    #expect(try await store.get(key, limit: 10) == nil)
    try await store.delete(key)
  }

  private func holdsToTheLimit() async throws {
    let key = try Self.key("avatars/limited.png")
    for count in [99, 100, 101, 200_000] {
      try await store.put([UInt8](repeating: 1, count: count), key: key, contentType: "image/png")
      let (error, object) = await got(key, limit: 100)
      #expect(object?.bytes.count == (count > 100 ? nil : count))
      #expect(error == (count > 100 ? .permanent("the object is larger than 100 bytes") : nil))
    }
  }

  private func refusesContentTypes() async throws {
    let key = try Self.key("avatars/typed.png")
    for type in [
      "", "image/png\r\nx-amz-acl: public-read", "ä", String(repeating: "x", count: 101),
    ] {
      let error = await failure { () throws(ObjectStoreError) in
        try await store.put([1], key: key, contentType: type)
      }
      #expect(error?.isTransient == false)
    }
    #expect(try await store.get(key, limit: 10) == nil)
  }

  private func got(_ key: ObjectKey, limit: Int) async -> (ObjectStoreError?, StoredObject?) {
    do throws(ObjectStoreError) {
      return (nil, try await store.get(key, limit: limit))
    } catch {
      return (error, nil)
    }
  }
}

/// How something failed; nil: it did not.
func failure(
  _ body: () async throws(ObjectStoreError) -> Void
) async -> ObjectStoreError? {
  do throws(ObjectStoreError) {
    try await body()
    return nil
  } catch {
    return error
  }
}
