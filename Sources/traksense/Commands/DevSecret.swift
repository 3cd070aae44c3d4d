// SPDX-License-Identifier: Apache-2.0

import Credentials
import Domain
import Persistence
import Foundation
import Services

/// What `traksense dev` makes once, so that people stay signed in and programs let in over a restart.
enum DevSecret {
  /// The key that signs tokens.
  /// - Parameter directory: where the private databases are.
  static func key(in directory: String) throws -> Secret {
    if let key = read("secret-key", directory) { return Secret(value: key) }
    let key = try SecureRandom.token()
    try write(key, "secret-key", directory)
    return Secret(value: key)
  }

  /// An API key that reads the sample tenant.
  static func apiKey(
    in directory: String, of tenant: Tenant, _ database: Database
  ) async throws -> String {
    if let key = read("api-key", directory) { return key }
    let secret = try APIKeyText()
    _ = try await database.people.apiKeys.create(
      NewAPIKey(
        name: "traksense dev", prefix: secret.prefix, digest: try secret.digest(), scopes: [.read],
        expiresAt: nil), for: tenant, by: .command)
    try write(secret.text, "api-key", directory)
    return secret.text
  }

  private static func read(_ name: String, _ directory: String) -> String? {
    FileManager.default.contents(atPath: "\(directory)/\(name)").map {
      String(decoding: $0, as: UTF8.self)
    }
  }

  private static func write(_ text: String, _ name: String, _ directory: String) throws {
    let file = "\(directory)/\(name)"
    let isWritten = FileManager.default.createFile(
      atPath: file, contents: Data(text.utf8), attributes: [.posixPermissions: 0o600])
    guard isWritten else {
      throw CocoaError(.fileWriteUnknown, userInfo: [NSFilePathErrorKey: file])
    }
  }
}
