// SPDX-License-Identifier: Apache-2.0

/// Where uploaded pictures are kept.
enum MediaServing: Sendable {
  struct Bucket: Sendable {
    var name: String
    var region: String
    /// nil: Amazon's.
    var endpoint: String?
    var accessKey: String
    var secretKey: Secret
  }

  case directory(String)
  case bucket(Bucket)

  /// Reads the settings.
  /// - Parameters:
  ///   - values: as they were given.
  ///   - problems: gets all that is wrong with them.
  init(_ values: [Setting: String], _ problems: inout [String]) {
    self = .directory(values[.mediaDirectory] ?? "")
    guard let name = values[.s3Bucket] else { return }
    guard let accessKey = values[.s3AccessKey], let secretKey = values[.s3SecretKey] else {
      problems.append(
        "\(Setting.s3Bucket.rawValue) needs \(Setting.s3AccessKey.rawValue) and "
          + Setting.s3SecretKey.rawValue)
      return
    }
    self = .bucket(
      Bucket(
        name: name, region: values[.s3Region] ?? "", endpoint: values[.s3Endpoint],
        accessKey: accessKey, secretKey: Secret(value: secretKey)))
  }
}
