// SPDX-License-Identifier: Apache-2.0

import Domain
import NIOCore
import RPCRuntime
import Services
import Testing
import TrakSenseAPI

/// The permission table against every kind of caller of every RPC.
@Suite("Permissions", .timeLimit(.minutes(5)))
struct PermissionTests {
  /// All RPCs that the server can have.
  static let methods = ProtobufSchema.trakSenseAPI.methods.map(\.method)

  /// Answers all of them, so that what a call ends with is the interceptor's verdict.
  private struct Everything: RPCService {
    var handlers: [RPCHandler] {
      (methods + [unlisted]).map { method in
        switch method.kind {
        case .unary: RPCHandler(unary: method) { _, _ throws(RPCError) in MessageFrame { _ in } }
        case .clientStreaming:
          RPCHandler(clientStreaming: method) { _, _ throws(RPCError) in MessageFrame { _ in } }
        case .serverStreaming: RPCHandler(serverStreaming: method) { _, _, _ throws(RPCError) in }
        case .bidirectional: RPCHandler(bidirectional: method) { _, _, _ throws(RPCError) in }
        }
      }
    }
  }

  private static let unlisted = MethodDescriptor(service: "t.T", method: "T", kind: .unary)

  @Test("the table names every RPC of the server, and no other")
  func complete() {
    #expect(Set(Self.methods.map(\.path)) == Set(PermissionTable.permissions.keys))
  }

  /// Somebody who calls on the host of `umc`.
  enum Caller: Hashable, Sendable, CaseIterable {
    case viewer, technician, operator_, admin, owner
    case suspended, inactive, nonMember, otherTenant
    case deactivated, signedOut
    case nothing, garbage
    case keyIngest, keyRead, keyAdmin, otherTenantsKey
    case installation
    case serviceViewer, serviceAdmin, stranger
    /// An owner, while the tenant is suspended.
    case ownerOfSuspended

    /// What counts of the caller; nil: nothing does.
    var role: Role? {
      switch self {
      case .viewer, .keyRead, .serviceViewer: .viewer
      case .technician: .technician
      case .operator_: .operator_
      case .admin, .keyAdmin, .serviceAdmin: .admin
      case .owner: .owner
      case .suspended, .inactive, .nonMember, .otherTenant, .deactivated, .signedOut, .nothing,
        .garbage, .keyIngest, .otherTenantsKey, .installation, .stranger, .ownerOfSuspended:
        nil
      }
    }

    var isPerson: Bool {
      switch self {
      case .viewer, .technician, .operator_, .admin, .owner: true
      default: false
      }
    }

    /// Credentials that count, whatever they open.
    var isKnown: Bool {
      role != nil || self == .keyIngest || self == .installation
    }

    var mayIngest: Bool {
      switch self {
      case .operator_, .admin, .owner, .keyIngest, .keyAdmin, .installation, .serviceAdmin: true
      default: false
      }
    }

    /// What the table says, spelt out a second time.
    func verdict(_ permission: Permission) -> StatusCode {
      if self == .ownerOfSuspended {
        return permission == .open || permission == .signIn ? .ok : .permissionDenied
      }
      switch permission {
      case .open, .openInTenant, .signIn: return .ok
      case .signedIn:
        // The session may be of another tenant.
        if isPerson || self == .otherTenant { return .ok }
        return isKnown || self == .otherTenantsKey ? .permissionDenied : .unauthenticated
      case .person: return isPerson ? .ok : isKnown ? .permissionDenied : .unauthenticated
      case .member(let least):
        guard isKnown else { return .unauthenticated }
        return role.map { $0 >= least } ?? false ? .ok : .permissionDenied
      case .ingest: return mayIngest ? .ok : isKnown ? .permissionDenied : .unauthenticated
      }
    }
  }

  @Test("every RPC lets in whom the table says, and nobody else", arguments: Caller.allCases)
  func everyRPC(caller: Caller) async throws {
    let fixture = try await AccountFixture(
      roles: ServiceRoles(["spiffe://test/viewer": .viewer, "admin.test": .admin]))
    let router = RPCRouter([Everything()], interceptors: [AccessInterceptor(fixture.gate)])
    let call = try await Call(caller, fixture)
    for method in Self.methods {
      let permission = try #require(PermissionTable.permission(for: method))
      let outcome = await call.outcome(method, router)
      #expect(
        outcome == caller.verdict(permission), "\(method.path) takes \(permission)")
    }
  }

  @Test("an RPC that is not in the table is refused to everybody", arguments: Caller.allCases)
  func unlisted(caller: Caller) async throws {
    let fixture = try await AccountFixture(roles: ServiceRoles(["admin.test": .admin]))
    let router = RPCRouter([Everything()], interceptors: [AccessInterceptor(fixture.gate)])
    let call = try await Call(caller, fixture)
    #expect(await call.outcome(Self.unlisted, router) == .permissionDenied)
  }
}

extension PermissionTests {
  /// What a caller brings.
  private struct Call {
    var metadata = Metadata()
    var identity: PeerIdentity?

    init(_ caller: Caller, _ fixture: AccountFixture) async throws {
      switch caller {
      case .viewer, .technician, .admin, .owner:
        try await bearer("\(caller)", fixture)
      case .operator_: try await bearer("operator", fixture)
      case .suspended, .inactive: try await bearer("\(caller)", fixture)
      case .nonMember: try await bearer("nobody", fixture)
      case .otherTenant:
        metadata.add(
          "Bearer \(try await fixture.session("owner", of: "acme").access)", for: "authorization")
      case .deactivated:
        try await bearer("owner", fixture)
        fixture.accounts.edit { state in
          for index in state.users.indices { state.users[index].account.isActive = false }
        }
      case .signedOut:
        try await bearer("owner", fixture)
        _ = fixture.accounts.edit { $0.revoke { _ in true } }
      case .nothing: break
      case .garbage: metadata.add("Bearer no.such.token", for: "authorization")
      case .keyIngest: metadata.add(try await fixture.apiKey([.ingest]), for: "x-api-key")
      case .keyRead: metadata.add(try await fixture.apiKey([.read]), for: "x-api-key")
      case .keyAdmin:
        metadata.add("Bearer \(try await fixture.apiKey([.admin]))", for: "authorization")
      case .otherTenantsKey:
        metadata.add(
          try await fixture.apiKey([.admin, .ingest, .read], of: "acme"), for: "x-api-key")
      case .installation: metadata.add(ServiceFixture.key, for: "x-device-token")
      case .serviceViewer: identity = try SampleCertificate.spiffe.identity()
      case .serviceAdmin: identity = try SampleCertificate.host.identity()
      case .stranger: identity = try SampleCertificate.stranger.identity()
      case .ownerOfSuspended:
        try await bearer("owner", fixture)
        fixture.accounts.suspend("umc")
      }
    }

    private mutating func bearer(_ name: String, _ fixture: AccountFixture) async throws {
      metadata.add("Bearer \(try await fixture.session(name).access)", for: "authorization")
    }

    /// What a call ends with.
    func outcome(_ method: MethodDescriptor, _ router: RPCRouter) async -> StatusCode {
      await CertifiedCall(router: router, identity: identity)
        .outcome(method, CallOptions(metadata: metadata, authority: "umc.localhost:8000"))
    }
  }
}
