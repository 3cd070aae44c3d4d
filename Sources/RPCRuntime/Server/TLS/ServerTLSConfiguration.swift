// SPDX-License-Identifier: Apache-2.0

/// The files of a TLS server, all PEM.
public struct ServerTLSConfiguration: Hashable, Sendable {
  /// Whether clients show a certificate (mTLS).
  public enum ClientAuthentication: Hashable, Sendable {
    /// They are not asked.
    case none
    /// Those that show one must show a valid one.
    /// - Parameter authorities: file of the certificates that may sign it.
    case optional(authorities: String)
    /// Without a valid one there is no connection.
    /// - Parameter authorities: file of the certificates that may sign it.
    case required(authorities: String)

    var authorities: String? {
      switch self {
      case .none: nil
      case .optional(let file), .required(let file): file
      }
    }
  }

  /// The server's certificate, followed by those between it and a root.
  public var certificateChainFile: String
  /// Its private key, not encrypted.
  public var privateKeyFile: String
  /// Whether clients show a certificate. Default: they are not asked.
  public var clientAuthentication: ClientAuthentication

  /// - Parameters:
  ///   - certificateChainFile: the server's certificate, then the intermediate ones.
  ///   - privateKeyFile: its private key.
  ///   - clientAuthentication: whether clients show a certificate.
  public init(
    certificateChainFile: String, privateKeyFile: String,
    clientAuthentication: ClientAuthentication = .none
  ) {
    self.certificateChainFile = certificateChainFile
    self.privateKeyFile = privateKeyFile
    self.clientAuthentication = clientAuthentication
  }

  var files: [String] {
    [certificateChainFile, privateKeyFile] + (clientAuthentication.authorities.map { [$0] } ?? [])
  }
}

/// A file that TLS cannot be served with.
public struct ServerTLSError: Error, Hashable, CustomStringConvertible {
  /// The file to look at.
  public let file: String
  /// What is wrong with it.
  public let reason: String

  /// File and reason.
  public var description: String { "\(file): \(reason)" }
}
