// SPDX-License-Identifier: Apache-2.0

/// Keeps files outside of the database. Port: implemented by `ObjectStorage`.
package protocol ObjectStore: Sendable {
  /// Returns when the object is stored for good; one of the same key is replaced as a whole.
  /// - Parameter contentType: 1–100 characters of printable ASCII, as in `image/png`.
  func put(
    _ bytes: [UInt8], key: ObjectKey, contentType: String
  ) async throws(ObjectStoreError)

  /// - Parameter limit: a larger object, in bytes, is an error.
  /// - Returns: nil when there is no such object.
  func get(_ key: ObjectKey, limit: Int) async throws(ObjectStoreError) -> StoredObject?

  /// An object that is not there is as good as deleted.
  func delete(_ key: ObjectKey) async throws(ObjectStoreError)
}

package struct StoredObject: Hashable, Sendable {
  package var bytes: [UInt8]
  package var contentType: String

  package init(bytes: [UInt8], contentType: String) {
    self.bytes = bytes
    self.contentType = contentType
  }
}

/// Why a store could not do it. Carries neither keys nor data.
package enum ObjectStoreError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Worth trying again, later.
  case transient(String)
  /// Trying again will not mend it: wrong credentials, no such bucket, a fault of this program.
  case permanent(String)

  package var isTransient: Bool {
    switch self {
    case .transient: true
    case .permanent: false
    }
  }

  package var description: String {
    switch self {
    case .transient(let reason): "the object store is not available: \(reason)"
    case .permanent(let reason): "the object store failed: \(reason)"
    }
  }
}
