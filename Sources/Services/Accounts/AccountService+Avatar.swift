// SPDX-License-Identifier: Apache-2.0

import Credentials
import Domain
import Logging
package import RPCRuntime
package import TrakSenseAPI

extension AccountService {
  /// The multipart field over REST, and what is named when a picture is not taken.
  private static let field = "avatar"

  package func uploadAvatar(
    _ requests: RequestMessages<TraksenseV1.UploadAvatarRequest>, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.AvatarResponse {
    let upload = try await read(requests)
    let picture = try await picture(of: upload)
    let key = try newKey(picture.fileExtension, context)
    do throws(ObjectStoreError) {
      try await objects.put(picture.bytes, key: key, contentType: picture.contentType)
    } catch {
      throw desk.failure(error, context)
    }
    do throws(RPCError) {
      return try await setAvatar(key, "The picture is saved.", context)
    } catch {
      // Nobody will ever ask for it.
      await drop(key.rawValue)
      throw error
    }
  }

  package func deleteAvatar(
    _ request: TraksenseV1.DeleteAvatarRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.AvatarResponse {
    try await setAvatar(nil, "The picture is removed.", context)
  }

  /// All parts together.
  private func read(
    _ requests: RequestMessages<TraksenseV1.UploadAvatarRequest>
  ) async throws(RPCError) -> [UInt8] {
    let limit = desk.settings.maxAvatarBytes
    var bytes: [UInt8] = []
    for try await request in requests {
      guard bytes.count + request.data.count <= limit else {
        throw .invalid(Self.field, AvatarError.tooLarge(limit: limit).description)
      }
      bytes += request.data
    }
    guard !bytes.isEmpty else { throw .invalid(Self.field, FieldProblems.isRequired) }
    return bytes
  }

  private func picture(of upload: [UInt8]) async throws(RPCError) -> EncodedAvatar {
    do throws(AvatarError) {
      return try await encoder.encode(upload)
    } catch {
      switch error {
      case .busy:
        throw RPCError(
          .unavailable, error.description, retryAfter: desk.settings.retryAfter)
      case .cancelled: throw RPCError(.cancelled, error.description)
      case .tooLarge, .unsupportedType, .damaged, .tooManyPixels:
        throw .invalid(Self.field, error.description)
      }
    }
  }

  /// Random: a picture's URL tells nothing of whose it is, and a new one has a new URL.
  private func newKey(
    _ fileExtension: String, _ context: ServerContext
  ) throws(RPCError) -> ObjectKey {
    do throws(CryptoError) {
      if let key = ObjectKey("avatars/\(try SecureRandom.uuid()).\(fileExtension)") { return key }
    } catch {
      throw desk.failure(error, context)
    }
    throw RPCError(.internalError, "internal error")
  }

  /// Changes the account, then drops the picture that was there.
  private func setAvatar(
    _ key: ObjectKey?, _ text: String, _ context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.AvatarResponse {
    let person = try context.person()
    let old = try await desk.changed(context) { () async throws(AccountError) in
      try await ports.accounts.setAvatar(
        of: person.id, to: key?.rawValue, by: desk.actor(context))
    }
    if let old, old != key?.rawValue { await drop(old) }
    let user = try desk.message(
      try await desk.user(person.id, context), role: person.role, tenant: try context.tenant(),
      context)
    return TraksenseV1.AvatarResponse(user: user, avatar: user.avatar, message: text)
  }

  /// A picture that stays behind costs room and nothing else.
  private func drop(_ name: String) async {
    guard let key = ObjectKey(name) else { return }
    do throws(ObjectStoreError) {
      try await objects.delete(key)
    } catch {
      desk.logger.warning("old picture not deleted", metadata: ["error": "\(error)"])
    }
  }
}

extension AccountDesk {
  /// What the caller hears of an object store's failure; what an operator must mend is logged.
  func failure(_ error: ObjectStoreError, _ context: ServerContext) -> RPCError {
    switch error {
    case .transient:
      return RPCError(
        .unavailable, "the object store is not available", retryAfter: settings.retryAfter)
    case .permanent:
      logger.error(
        "object store failed",
        metadata: ["rpc.method": "\(context.method.path)", "error": "\(error)"])
      return RPCError(.internalError, "internal error")
    }
  }
}
