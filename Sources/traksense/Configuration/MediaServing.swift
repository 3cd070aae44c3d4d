// SPDX-License-Identifier: Apache-2.0

import ObjectStorage

/// Where uploaded pictures are kept.
enum MediaServing: Sendable {
  case directory(String)
  case bucket(S3Configuration)

  /// Reads the settings.
  /// - Parameters:
  ///   - values: as they were given.
  ///   - problems: gets all that is wrong with them.
  init(_ values: [Setting: String], _ problems: inout [String]) {
    self = .directory(values[.mediaDirectory] ?? "")
    guard let bucket = values[.s3Bucket] else { return }
    do throws(S3Configuration.Problem) {
      self = .bucket(
        try S3Configuration(
          accessKeyID: values[.s3AccessKey] ?? "", secretAccessKey: values[.s3SecretKey] ?? "",
          bucket: bucket, region: values[.s3Region], endpoint: values[.s3Endpoint]))
    } catch {
      problems.append("\(Setting.s3Bucket.rawValue) and its neighbours: \(error)")
    }
  }
}
