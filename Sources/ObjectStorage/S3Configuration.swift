// SPDX-License-Identifier: Apache-2.0

/// A bucket and the key to it. Does not print its secret.
package struct S3Configuration: Sendable, CustomStringConvertible, CustomDebugStringConvertible {
  /// Where the bucket's name stands in a URL.
  package enum Addressing: Sendable {
    /// `https://host/bucket/key`
    case path
    /// `https://bucket.host/key`
    case virtualHost
  }

  /// What is wrong with the settings.
  package enum Problem: Error, Hashable, Sendable, CustomStringConvertible {
    case accessKey
    case bucket
    case region
    case endpoint

    package var description: String {
      switch self {
      case .accessKey: "an access key and its secret are needed"
      case .bucket: "not a bucket's name: 3–63 of a–z, 0–9, '.' and '-'"
      case .region: "not a region's name"
      case .endpoint: "not an http or https URL of a host, without a path"
      }
    }
  }

  let accessKeyID: String
  let secretAccessKey: String
  package let bucket: String
  package let region: String
  /// Scheme, host and perhaps port, without a slash at the end.
  package let endpoint: String
  package let addressing: Addressing
  /// PEM file of the authorities that are trusted instead of the system's.
  package var certificateAuthorities: String?
  /// For resolving, connecting and the TLS handshake. Default 5 s: a person waits.
  package var connectTimeout: Duration = .seconds(5)
  /// For one request, from the call to the answer's last byte. Default 20 s.
  package var timeout: Duration = .seconds(20)

  /// - Parameters:
  ///   - region: nil: `us-east-1`, which servers other than Amazon's take too.
  ///   - endpoint: nil: Amazon's in the region.
  ///   - addressing: nil: by path at an endpoint of one's own and for names with dots, which no certificate
  ///     covers; else by host.
  package init(
    accessKeyID: String, secretAccessKey: String, bucket: String, region: String? = nil,
    endpoint: String? = nil, addressing: Addressing? = nil
  ) throws(Problem) {
    guard !accessKeyID.isEmpty, !secretAccessKey.isEmpty else { throw .accessKey }
    let isLetterOrDigit = { (byte: UInt8) in
      (0x61...0x7a).contains(byte) || (0x30...0x39).contains(byte)
    }
    guard (3...63).contains(bucket.utf8.count),
      bucket.utf8.allSatisfy({ isLetterOrDigit($0) || $0 == 0x2d || $0 == 0x2e }),
      bucket.utf8.first.map(isLetterOrDigit) == true, bucket.utf8.last.map(isLetterOrDigit) == true,
      !bucket.contains("..")
    else { throw .bucket }
    let region = region ?? "us-east-1"
    guard (1...40).contains(region.utf8.count),
      region.utf8.allSatisfy({ isLetterOrDigit($0) || $0 == 0x2d })
    else { throw .region }
    self.accessKeyID = accessKeyID
    self.secretAccessKey = secretAccessKey
    self.bucket = bucket
    self.region = region
    self.endpoint = try Self.normalized(endpoint ?? "https://s3.\(region).amazonaws.com")
    self.addressing =
      addressing ?? (endpoint != nil || bucket.contains(".") ? .path : .virtualHost)
  }

  private static func normalized(_ endpoint: String) throws(Problem) -> String {
    let text = endpoint.hasSuffix("/") ? String(endpoint.dropLast()) : endpoint
    guard let scheme = ["https://", "http://"].first(where: text.hasPrefix) else { throw .endpoint }
    let host = text.dropFirst(scheme.count)
    let isHost = { (byte: UInt8) in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
        UInt8(ascii: ":"), UInt8(ascii: "["), UInt8(ascii: "]"):
        true
      default: false
      }
    }
    guard (1...253).contains(host.utf8.count), host.utf8.allSatisfy(isHost) else { throw .endpoint }
    return text
  }

  /// - Parameter path: needs no percent-encoding, as keys do not.
  func url(_ path: String) -> String {
    switch addressing {
    case .path: return "\(endpoint)/\(bucket)/\(path)"
    case .virtualHost:
      let parts = endpoint.split(separator: "/", maxSplits: 2)
      return "\(parts[0])//\(bucket).\(parts[1])/\(path)"
    }
  }

  package var description: String { "\(url(""))" }
  package var debugDescription: String { description }
}
