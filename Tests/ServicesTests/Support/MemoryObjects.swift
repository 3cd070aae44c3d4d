// SPDX-License-Identifier: Apache-2.0

import Domain
import Synchronization

/// Files in memory.
final class MemoryObjects: ObjectStore {
  private let objects = Mutex<[ObjectKey: StoredObject]>([:])
  private let failure = Mutex<ObjectStoreError?>(nil)

  var keys: Set<String> { objects.withLock { Set($0.keys.map(\.rawValue)) } }

  func fail(_ error: ObjectStoreError?) {
    failure.withLock { $0 = error }
  }

  func put(
    _ bytes: [UInt8], key: ObjectKey, contentType: String
  ) async throws(ObjectStoreError) {
    if let error = failure.withLock({ $0 }) { throw error }
    objects.withLock { $0[key] = StoredObject(bytes: bytes, contentType: contentType) }
  }

  func get(_ key: ObjectKey, limit: Int) async throws(ObjectStoreError) -> StoredObject? {
    if let error = failure.withLock({ $0 }) { throw error }
    return objects.withLock { $0[key] }
  }

  func delete(_ key: ObjectKey) async throws(ObjectStoreError) {
    if let error = failure.withLock({ $0 }) { throw error }
    objects.withLock { $0[key] = nil }
  }
}

/// Takes everything that begins with `P` for a picture.
struct MemoryEncoder: AvatarEncoder {
  func encode(_ bytes: [UInt8]) async throws(AvatarError) -> EncodedAvatar {
    switch bytes.first {
    case UInt8(ascii: "P"):
      EncodedAvatar(
        bytes: bytes, contentType: "image/png", fileExtension: "png", width: 1, height: 1)
    case UInt8(ascii: "B"): throw .busy
    default: throw .unsupportedType
    }
  }
}
