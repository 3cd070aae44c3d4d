// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOSSL

/// TLS as a client speaks it: 1.2 or later, ALPN `h2` required, the server's certificate verified.
public struct ClientTLS: Hashable, Sendable {
  /// Whose signatures count.
  public enum Roots: Hashable, Sendable {
    /// The certificate authorities that the system trusts.
    case system
    /// Those of a PEM file.
    case file(String)
  }

  /// What the client proves its own identity with (mTLS). Both files are PEM.
  public struct Identity: Hashable, Sendable {
    /// The client's certificate, then those between it and the root.
    public var certificateChainFile: String
    /// Its private key.
    public var privateKeyFile: String

    /// - Parameters:
    ///   - certificateChainFile: path of a PEM file.
    ///   - privateKeyFile: path of a PEM file.
    public init(certificateChainFile: String, privateKeyFile: String) {
      self.certificateChainFile = certificateChainFile
      self.privateKeyFile = privateKeyFile
    }
  }

  /// Default: the system's.
  public var roots: Roots
  /// nil: the server is not told who the client is.
  public var identity: Identity?
  /// The name asked for and verified instead of the target's own.
  public var serverName: String?
  /// Whether the certificate must be for the server's name or address. Only ever false in development.
  public var verifiesHostname: Bool

  /// - Parameters:
  ///   - roots: whose signatures count.
  ///   - identity: what the client proves its own identity with.
  ///   - serverName: the name asked for and verified instead of the target's own.
  ///   - verifiesHostname: whether the certificate must be for the server's name or address.
  public init(
    roots: Roots = .system, identity: Identity? = nil, serverName: String? = nil,
    verifiesHostname: Bool = true
  ) {
    self.roots = roots
    self.identity = identity
    self.serverName = serverName
    self.verifiesHostname = verifiesHostname
  }

  /// Reads the files.
  /// - Throws: FAILED_PRECONDITION, saying which of them cannot be used.
  func makeContext() throws(RPCError) -> NIOSSLContext {
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.minimumTLSVersion = .tlsv12
    configuration.applicationProtocols = [Self.applicationProtocol]
    configuration.certificateVerification =
      verifiesHostname ? .fullVerification : .noHostnameVerification
    switch roots {
    case .system: configuration.trustRoots = .default
    case .file(let path):
      configuration.trustRoots = .certificates(
        try Self.read(path) { try NIOSSLCertificate.fromPEMFile(path) })
    }
    if let identity {
      let chain = identity.certificateChainFile
      configuration.certificateChain = try Self.read(chain) {
        try NIOSSLCertificate.fromPEMFile(chain).map { .certificate($0) }
      }
      let key = identity.privateKeyFile
      configuration.privateKey = try Self.read(key) {
        .privateKey(try NIOSSLPrivateKey(file: key, format: .pem))
      }
    }
    return try Self.read("the TLS configuration") {
      try NIOSSLContext(configuration: configuration)
    }
  }

  /// RFC 9113 §3.2.
  static let applicationProtocol = "h2"

  private static func read<Value>(_ what: String, _ body: () throws -> Value) throws(RPCError)
    -> Value
  {
    do {
      return try body()
    } catch {
      throw RPCError(.failedPrecondition, "cannot use \(what): \(error)")
    }
  }
}
