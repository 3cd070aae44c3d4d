// SPDX-License-Identifier: Apache-2.0

import NIOSSL

/// Who the client proved to be, by a certificate that one of the listener's authorities signed.
public struct PeerIdentity: Hashable, Sendable, CustomStringConvertible {
  /// One reference, because each call's context holds it.
  private let names: Names

  private final class Names: Sendable {
    let commonName: String?
    let dnsNames: [String]
    let uris: [String]
    let emailAddresses: [String]
    let serialNumber: String
    let issuer: String?

    init(_ certificate: NIOSSLCertificate) {
      commonName = certificate.subjectName.last { $0.type == .commonName }?.value
      issuer = certificate.issuerName.last { $0.type == .commonName }?.value
      serialNumber = certificate.serialNumber.map { byte in
        (byte < 16 ? "0" : "") + String(byte, radix: 16)
      }.joined()
      var dnsNames: [String] = []
      var uris: [String] = []
      var emailAddresses: [String] = []
      for name in certificate._subjectAlternativeNames() {
        let text = String(decoding: name.contents, as: UTF8.self)
        switch name.nameType {
        case .dnsName: dnsNames.append(text)
        case .uri: uris.append(text)
        case .email: emailAddresses.append(text)
        default: break
        }
      }
      self.dnsNames = dnsNames
      self.uris = uris
      self.emailAddresses = emailAddresses
    }
  }

  init(_ certificate: NIOSSLCertificate) {
    names = Names(certificate)
  }

  /// CN of the subject.
  public var commonName: String? { names.commonName }
  /// Subject alternative names that are host names.
  public var dnsNames: [String] { names.dnsNames }
  /// Subject alternative names that are URIs.
  public var uris: [String] { names.uris }
  /// Subject alternative names that are e-mail addresses.
  public var emailAddresses: [String] { names.emailAddresses }
  /// The certificate's number, lower-case hexadecimal; unique for its issuer.
  public var serialNumber: String { names.serialNumber }
  /// CN of the certificate's issuer.
  public var issuer: String? { names.issuer }

  /// The workload's name, when this is an X.509-SVID: one URI, and that one `spiffe://` (SPIFFE X.509-SVID
  /// §2).
  public var spiffeID: String? {
    guard uris.count == 1, let uri = uris.first, uri.hasPrefix("spiffe://") else { return nil }
    return uri
  }

  /// The most specific name, for logs.
  public var description: String {
    spiffeID ?? commonName ?? dnsNames.first ?? "certificate \(serialNumber)"
  }

  /// Equal when issuer, number and names are.
  public static func == (one: PeerIdentity, other: PeerIdentity) -> Bool {
    one.serialNumber == other.serialNumber && one.issuer == other.issuer
      && one.commonName == other.commonName && one.dnsNames == other.dnsNames
      && one.uris == other.uris && one.emailAddresses == other.emailAddresses
  }

  /// By issuer and number.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(serialNumber)
    hasher.combine(issuer)
  }
}
