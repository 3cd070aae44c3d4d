// SPDX-License-Identifier: Apache-2.0

import Credentials
package import Domain
package import RPCRuntime
package import TrakSenseAPI

/// `traksense.v1.MediaService`: files behind signed URLs.
package struct MediaService: TraksenseV1.MediaServiceProtocol {
  /// Bytes of a file in one message. Default 64 KiB.
  private static let chunk = 64 << 10

  private let desk: AccountDesk
  private let objects: any ObjectStore

  /// - Parameters:
  ///   - desk: knows the signatures.
  ///   - objects: keeps the files.
  package init(_ desk: AccountDesk, objects: any ObjectStore) {
    self.desk = desk
    self.objects = objects
  }

  package func fetch(
    _ request: TraksenseV1.FetchMediaRequest,
    responses: MessageWriter<TraksenseV1.FetchMediaResponse>, context: ServerContext
  ) async throws(RPCError) {
    guard let key = ObjectKey(request.key), try isSigned(request, context),
      let file = try await file(key, context)
    else { throw .notFound("key", "There is no such file, or its link has expired.") }
    var message = TraksenseV1.FetchMediaResponse(
      contentType: file.contentType, size: UInt32(clamping: file.bytes.count))
    var rest = file.bytes[...]
    repeat {
      message.data = Array(rest.prefix(Self.chunk))
      rest = rest.dropFirst(Self.chunk)
      try await responses.write(message)
      message = TraksenseV1.FetchMediaResponse()
    } while !rest.isEmpty
  }

  private func isSigned(
    _ request: TraksenseV1.FetchMediaRequest, _ context: ServerContext
  ) throws(RPCError) -> Bool {
    do throws(CryptoError) {
      return try desk.media.accepts(
        request.key, expires: request.expires, signature: request.signature, at: desk.now)
    } catch {
      throw desk.failure(error, context)
    }
  }

  private func file(
    _ key: ObjectKey, _ context: ServerContext
  ) async throws(RPCError) -> StoredObject? {
    do throws(ObjectStoreError) {
      // What is stored was made of something that is no larger.
      return try await objects.get(key, limit: desk.settings.maxAvatarBytes)
    } catch {
      throw desk.failure(error, context)
    }
  }
}
