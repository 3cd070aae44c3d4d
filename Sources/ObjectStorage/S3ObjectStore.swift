// SPDX-License-Identifier: Apache-2.0
import ByteText
import Credentials
package import Curl
package import Domain

/// Objects in a bucket of Amazon S3 or of a server that speaks its protocol. Requests are signed (AWS Signature
/// Version 4) by libcurl, over the body's digest.
package struct S3ObjectStore: ObjectStore {
  private let configuration: S3Configuration
  private let client: CurlClient

  /// Room for the text of an error where only a small object was asked for.
  private static let errorBytes = 64 << 10

  package init(_ configuration: S3Configuration, client: CurlClient) {
    self.configuration = configuration
    self.client = client
  }

  package func put(
    _ bytes: [UInt8], key: ObjectKey, contentType: String
  ) async throws(ObjectStoreError) {
    try ContentType.check(contentType)
    var request = try request(key, .put(bytes), body: bytes)
    request.headers.append(("content-type", contentType))
    let response = try await perform(request)
    guard response.code == 200 else { throw S3Failure(response).error }
  }

  package func get(_ key: ObjectKey, limit: Int) async throws(ObjectStoreError) -> StoredObject? {
    var request = try request(key, .get, body: [])
    request.maxResponseBytes = max(limit, Self.errorBytes)
    let response = try await perform(request, limit: limit)
    guard response.code == 200 else {
      let failure = S3Failure(response)
      if failure.isMissingObject { return nil }
      throw failure.error
    }
    guard response.body.count <= limit else { throw .tooLarge(limit) }
    return StoredObject(
      bytes: response.body, contentType: response.contentType ?? "application/octet-stream")
  }

  package func delete(_ key: ObjectKey) async throws(ObjectStoreError) {
    let response = try await perform(request(key, .delete, body: []))
    guard response.code == 204 || response.code == 200 else {
      let failure = S3Failure(response)
      if failure.isMissingObject { return }
      throw failure.error
    }
  }

  private func request(
    _ key: ObjectKey, _ operation: CurlRequest.Operation, body: [UInt8]
  ) throws(ObjectStoreError) -> CurlRequest {
    var request = CurlRequest(configuration.url(key.rawValue), operation)
    request.credentials = .init(
      user: configuration.accessKeyID, password: configuration.secretAccessKey)
    request.signature = "aws:amz:\(configuration.region):s3"
    // Required by S3, and libcurl signs the digest that it finds here; without it, a body that it has not read
    // yet would go unsigned.
    request.headers = [("x-amz-content-sha256", try Self.digest(body))]
    request.certificateAuthorities = configuration.certificateAuthorities
    request.connectTimeout = configuration.connectTimeout
    request.timeout = configuration.timeout
    return request
  }

  private func perform(
    _ request: CurlRequest, limit: Int? = nil
  ) async throws(ObjectStoreError) -> CurlResponse {
    do throws(CurlError) {
      return try await client.perform(request)
    } catch {
      if let limit, case .tooLarge = error { throw .tooLarge(limit) }
      throw error.isTransient ? .transient("\(error)") : .permanent("\(error)")
    }
  }

  /// SHA-256 in hexadecimal.
  private static func digest(_ bytes: [UInt8]) throws(ObjectStoreError) -> String {
    do throws(CryptoError) {
      return Hexadecimal.encode(try Digest.sha256(bytes))
    } catch {
      throw .permanent("SHA-256 is not to be had")
    }
  }
}
