// SPDX-License-Identifier: Apache-2.0

import NIOSSL
import Synchronization

/// Certificate, key and client authorities of a TLS listener, read from files that may change while the
/// server runs: connections that stand keep what they began with, new ones get what was read last.
public final class ServerTLS: Sendable {
  /// TLS 1.2 suites that RFC 9113 §9.2.2 does not forbid; those of TLS 1.3 are all allowed.
  private static let cipherSuites: [NIOTLSCipher] = [
    .TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, .TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
    .TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, .TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
    .TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, .TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
  ]

  /// Which files.
  public let configuration: ServerTLSConfiguration
  private let state: Mutex<State>

  private struct State {
    var context: NIOSSLContext
    /// The files as they were when they were last looked at, whether that went well or not.
    var seen: [FileVersion?]
  }

  /// Reads the files.
  /// - Throws: what is wrong with the first bad one.
  public init(_ configuration: ServerTLSConfiguration) throws(ServerTLSError) {
    self.configuration = configuration
    let seen = FileVersion.of(configuration.files)
    state = Mutex(State(context: try Self.load(configuration), seen: seen))
  }

  /// Reads the files again; on an error, what was in use stays in use.
  /// - Throws: what is wrong with the first bad one.
  public func reload() throws(ServerTLSError) {
    // First, so that a change during the loading is seen later.
    let seen = FileVersion.of(configuration.files)
    state.withLock { $0.seen = seen }
    let context = try Self.load(configuration)
    state.withLock { $0.context = context }
  }

  /// True when a file is not what was last read.
  var hasChangedFiles: Bool {
    let now = FileVersion.of(configuration.files)
    return state.withLock { $0.seen != now }
  }

  /// What a new connection uses.
  var context: NIOSSLContext { state.withLock { $0.context } }

  private static func load(
    _ configuration: ServerTLSConfiguration
  ) throws(ServerTLSError) -> NIOSSLContext {
    let chain = try certificates(in: configuration.certificateChainFile)
    let key = try privateKey(in: configuration.privateKeyFile)
    var tls = TLSConfiguration.makeServerConfiguration(
      certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
    tls.minimumTLSVersion = .tlsv12
    tls.cipherSuiteValues = cipherSuites
    tls.applicationProtocols = ApplicationProtocol.allCases.map(\.rawValue)
    switch configuration.clientAuthentication {
    case .none: break
    case .optional(let file):
      tls.trustRoots = .certificates(try certificates(in: file))
      tls.certificateVerification = .optionalVerification
    case .required(let file):
      tls.trustRoots = .certificates(try certificates(in: file))
      tls.certificateVerification = .noHostnameVerification
    }
    // Clients that have several certificates choose by it.
    tls.sendCANameList = true
    do {
      return try NIOSSLContext(configuration: tls)
    } catch {
      throw ServerTLSError(
        file: configuration.privateKeyFile,
        reason: "does not belong to the certificate in \(configuration.certificateChainFile)")
    }
  }

  private static func certificates(in file: String) throws(ServerTLSError) -> [NIOSSLCertificate] {
    try FileVersion.checkReadable(file)
    do {
      let certificates = try NIOSSLCertificate.fromPEMFile(file)
      guard !certificates.isEmpty else { throw NIOSSLError.failedToLoadCertificate }
      return certificates
    } catch {
      throw ServerTLSError(file: file, reason: "holds no certificate in PEM form")
    }
  }

  private static func privateKey(in file: String) throws(ServerTLSError) -> NIOSSLPrivateKey {
    try FileVersion.checkReadable(file)
    do {
      return try NIOSSLPrivateKey(file: file, format: .pem)
    } catch {
      throw ServerTLSError(file: file, reason: "holds no unencrypted private key in PEM form")
    }
  }
}
