// SPDX-License-Identifier: Apache-2.0

import RPCRuntime
import Synchronization
import TrakSenseAPI

/// The services of people and tenants in memory: they answer with what they were asked, remember how they
/// were asked, and fail as they are told.
struct MemoryAccounts: Sendable {
  /// One call as a service saw it.
  struct Call: Sendable {
    var method: String
    var peer: String
    var authority: String
    var metadata: Metadata
    var json: String
  }

  final class Record: Sendable {
    let calls = Mutex<[Call]>([])
    /// Thrown by every call instead of an answer.
    let failure = Mutex<RPCError?>(nil)
    /// Rows of every list.
    let count = Mutex<UInt32>(0)

    /// Notes a call.
    func note(_ request: some ProtobufMessage, _ context: ServerContext) throws(RPCError) {
      calls.withLock {
        $0.append(
          Call(
            method: context.method.method, peer: context.peer, authority: context.authority,
            metadata: context.metadata, json: String(decoding: request.json, as: UTF8.self)))
      }
      if let failure = failure.withLock({ $0 }) { throw failure }
    }
  }

  let record = Record()
  let account: MemoryAccountService
  let media = MemoryMediaService()

  init() {
    account = MemoryAccountService(record: record)
  }

  var services: [any RPCService] {
    [
      MemoryAuthService(record: record), account, media, MemoryTeamService(record: record),
      MemoryTenantService(record: record), MemoryTelemetryQueryService(record: record),
      MemoryCatalogueServices(record: record),
    ]
  }

  /// The newest call; nil: there was none.
  var last: Call? { record.calls.withLock { $0.last } }
  var callCount: Int { record.calls.withLock { $0.count } }

  func fail(with error: RPCError?) { record.failure.withLock { $0 = error } }

  static let tokens = TraksenseV1.Tokens(
    accessToken: "new.access.jwt", refreshToken: "new.refresh.jwt", accessExpiresIn: 900,
    refreshExpiresIn: 604_800)
}

/// Gives the same tokens to everybody.
struct MemoryAuthService: TraksenseV1.AuthServiceProtocol {
  let record: MemoryAccounts.Record

  func register(
    _ request: TraksenseV1.RegisterRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.RegisterResponse {
    try record.note(request, context)
    return .init(user: .init(email: request.email), message: "Welcome.")
  }

  func login(
    _ request: TraksenseV1.LoginRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.LoginResponse {
    try record.note(request, context)
    return .init(
      user: .init(username: request.usernameOrEmail), message: "Signed in.",
      tenant: .init(slug: "umc", domain: context.authority), tokens: MemoryAccounts.tokens)
  }

  func logout(
    _ request: TraksenseV1.LogoutRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.LogoutResponse {
    try record.note(request, context)
    return .init(message: "Signed out.")
  }

  func refresh(
    _ request: TraksenseV1.RefreshRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.RefreshResponse {
    try record.note(request, context)
    guard !request.refreshToken.isEmpty else {
      throw RPCError(.unauthenticated, "No refresh token.")
    }
    return .init(message: "Refreshed.", detail: "Refreshed.", tokens: MemoryAccounts.tokens)
  }

  func requestPasswordReset(
    _ request: TraksenseV1.RequestPasswordResetRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.RequestPasswordResetResponse {
    try record.note(request, context)
    return .init(message: "Mailed.")
  }

  func validatePasswordReset(
    _ request: TraksenseV1.ValidatePasswordResetRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.ValidatePasswordResetResponse {
    try record.note(request, context)
    return .init(valid: true, email: "o…@umc.com")
  }

  func confirmPasswordReset(
    _ request: TraksenseV1.ConfirmPasswordResetRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.ConfirmPasswordResetResponse {
    try record.note(request, context)
    return .init(message: "Set.")
  }

  func validateInvite(
    _ request: TraksenseV1.ValidateInviteRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.ValidateInviteResponse {
    try record.note(request, context)
    return .init(id: 1)
  }

  func acceptInvite(
    _ request: TraksenseV1.AcceptInviteRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.AcceptInviteResponse {
    try record.note(request, context)
    return .init(message: "Joined.")
  }
}

/// Keeps the picture that it was sent.
final class MemoryAccountService: TraksenseV1.AccountServiceProtocol {
  let record: MemoryAccounts.Record
  /// The sizes of the parts of the uploads that were whole.
  let uploads = Mutex<[[Int]]>([])
  /// The newest upload that was whole.
  let picture = Mutex<[UInt8]>([])
  /// Uploads that ended before they were whole.
  let broken = Mutex(0)

  init(record: MemoryAccounts.Record) {
    self.record = record
  }

  func getMe(
    _ request: TraksenseV1.GetMeRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.User {
    try record.note(request, context)
    return .init(id: 7, username: "own")
  }

  func updateMe(
    _ request: TraksenseV1.UpdateMeRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.UpdateMeResponse {
    try record.note(request, context)
    return .init(message: "Changed.")
  }

  func changePassword(
    _ request: TraksenseV1.ChangePasswordRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.ChangePasswordResponse {
    try record.note(request, context)
    return .init(message: "Changed.", tokens: MemoryAccounts.tokens)
  }

  func uploadAvatar(
    _ requests: RequestMessages<TraksenseV1.UploadAvatarRequest>, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.AvatarResponse {
    try record.note(TraksenseV1.UploadAvatarRequest(), context)
    var sizes: [Int] = []
    var bytes: [UInt8] = []
    do throws(RPCError) {
      for try await request in requests {
        sizes.append(request.data.count)
        bytes += request.data
      }
    } catch {
      broken.withLock { $0 += 1 }
      throw error
    }
    guard bytes != Array("no picture".utf8), !bytes.isEmpty else {
      throw RPCError(
        .invalidArgument, "not a picture",
        violations: [.init(field: "data", description: "Not a picture.")])
    }
    uploads.withLock { $0.append(sizes) }
    picture.withLock { $0 = bytes }
    return .init(avatar: .init("https://umc.localhost/media/a"), message: "Uploaded.")
  }

  func deleteAvatar(
    _ request: TraksenseV1.DeleteAvatarRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.AvatarResponse {
    try record.note(request, context)
    return .init(message: "Removed.")
  }

  func listSessions(
    _ request: TraksenseV1.ListSessionsRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.ListSessionsResponse {
    try record.note(request, context)
    return .init()
  }

  func revokeSession(
    _ request: TraksenseV1.RevokeSessionRequest, context: ServerContext
  ) async throws(RPCError) -> ProtoEmpty {
    try record.note(request, context)
    return .init()
  }

  func revokeOtherSessions(
    _ request: TraksenseV1.RevokeOtherSessionsRequest, context: ServerContext
  ) async throws(RPCError) -> TraksenseV1.RevokeOtherSessionsResponse {
    try record.note(request, context)
    return .init(revoked: 2)
  }
}

/// One file, in parts.
final class MemoryMediaService: TraksenseV1.MediaServiceProtocol {
  static let parts = [Array("<svg>".utf8), Array(repeating: 7, count: 100_000)] as [[UInt8]]
  /// What the file says to be larger than it is.
  let surplus = Mutex<UInt32>(0)

  func fetch(
    _ request: TraksenseV1.FetchMediaRequest,
    responses: MessageWriter<TraksenseV1.FetchMediaResponse>, context: ServerContext
  ) async throws(RPCError) {
    guard request.key == "avatars/1/a b.svg", request.expires == "99", request.signature == "s+/="
    else { throw RPCError(.notFound, "Not found.") }
    let size = Self.parts.map(\.count).reduce(0, +)
    let surplus = surplus.withLock { $0 }
    try await responses.write(
      .init(contentType: "image/svg+xml", size: UInt32(size) + surplus, data: Self.parts[0]))
    for part in Self.parts.dropFirst() { try await responses.write(.init(data: part)) }
  }
}
